//! The few file operations that the application's own files are made of, as a trait, so that tests can make every one of
//! them fail.
//!
//! [`OsFiles`] is the real thing; [`replace_durably`] is how a small file is saved. A [`Watcher`] reads
//! files again whenever they change. What is created is for its owner only, whatever the process's umask says: files 0600,
//! folders 0700.

mod watcher;

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

pub use watcher::{Subject, Timing, Watcher};

/// How long to wait for another instance that is saving.
const LOCK_PATIENCE: Duration = Duration::from_secs(3);
/// How often to look whether it has finished.
const LOCK_INTERVAL: Duration = Duration::from_millis(10);

/// A file's contents, or that there is too much of it.
#[derive(Debug)]
pub enum Contents {
    /// All bytes.
    Whole(Vec<u8>),
    /// More than the limit.
    TooLarge,
}

/// Held while one instance changes the folder; dropping it lets the next one in.
pub trait Guard: Send {}

impl Guard for File {}

/// What the store asks of a file system.
pub trait Files: Send {
    /// Creates a folder and those above it that are missing.
    fn create_folder(&mut self, folder: &Path) -> io::Result<()>;
    /// Waits until no other instance holds the lock file, and takes it.
    fn lock(&mut self, path: &Path) -> io::Result<Box<dyn Guard>>;
    /// Reads a regular file of at most `limit` bytes.
    fn read(&mut self, path: &Path, limit: u64) -> io::Result<Contents>;
    /// Creates a file that must not exist, writes all bytes and waits until they are on the disk.
    fn create_durably(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Gives a file a second name, which must not exist.
    fn link(&mut self, from: &Path, to: &Path) -> io::Result<()>;
    /// Renames a file, taking the place of what has the new name.
    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&mut self, path: &Path) -> io::Result<()>;
    /// Lists what is in a folder.
    fn list(&mut self, folder: &Path) -> io::Result<Vec<PathBuf>>;
    /// Waits until the folder's entries are on the disk.
    fn sync_folder(&mut self, folder: &Path) -> io::Result<()>;
}

/// The operating system's file system.
#[derive(Debug)]
pub struct OsFiles;

impl Files for OsFiles {
    fn create_folder(&mut self, folder: &Path) -> io::Result<()> {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)
    }

    fn lock(&mut self, path: &Path) -> io::Result<Box<dyn Guard>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        private(&mut options);
        let file = options.open(path)?;
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Box::new(file)),
                Err(TryLockError::WouldBlock) if begun.elapsed() < LOCK_PATIENCE => {
                    thread::sleep(LOCK_INTERVAL);
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(io::Error::new(
                        io::ErrorKind::ResourceBusy,
                        "another instance is saving",
                    ));
                }
                // Some network file systems have no locks. Saving is atomic all the same, and a change by another
                // instance is still noticed by its contents.
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                    tracing::warn!(%error, "the file system has no locks");
                    return Ok(Box::new(file));
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }

    fn read(&mut self, path: &Path, limit: u64) -> io::Result<Contents> {
        // Asked before opening: to open a named pipe would wait for its other end for ever.
        if !fs::metadata(path)?.is_file() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "it is not a regular file",
            ));
        }
        let mut bytes = Vec::new();
        File::open(path)?
            .take(limit.saturating_add(1))
            .read_to_end(&mut bytes)?;
        let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Ok(if len > limit {
            Contents::TooLarge
        } else {
            Contents::Whole(bytes)
        })
    }

    fn create_durably(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut options = OpenOptions::new();
        // `create_new` follows no symbolic link.
        options.write(true).create_new(true);
        private(&mut options);
        let mut file = options.open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn link(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let Err(error) = fs::hard_link(from, to) else {
            return Ok(());
        };
        if matches!(
            error.kind(),
            io::ErrorKind::AlreadyExists | io::ErrorKind::NotFound
        ) {
            return Err(error);
        }
        // FAT and some network file systems know no second names: a copy does as well.
        let Contents::Whole(bytes) = self.read(from, u64::MAX - 1)? else {
            return Err(error);
        };
        self.create_durably(to, &bytes)
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn list(&mut self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        fs::read_dir(folder)?
            .map(|entry| Ok(entry?.path()))
            .collect()
    }

    fn sync_folder(&mut self, folder: &Path) -> io::Result<()> {
        if cfg!(windows) {
            // A folder cannot be opened as a file there; NTFS journals its entries.
            return Ok(());
        }
        match File::open(folder)?.sync_all() {
            // Some network file systems cannot; there is nothing more to do.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
                ) =>
            {
                Ok(())
            }
            result => result,
        }
    }
}

/// Saves a file whole: written beside it under a name that starts with a dot, renamed, and on the disk at the end.
///
/// # Errors
/// The disk refuses; either the old or the new contents are there, complete.
pub fn replace_durably(files: &mut dyn Files, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let temporary = folder.join(format!(".{}.tmp", name.to_string_lossy()));
    // One that a killed process left, or a link that somebody put there.
    let _ = files.remove(&temporary);
    files.create_durably(&temporary, bytes)?;
    files.rename(&temporary, path)?;
    files.sync_folder(folder)
}

/// For the owner only, and never through a symbolic link, which could lead anywhere.
pub fn private(options: &mut OpenOptions) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
        options.custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
    }
    #[cfg(not(unix))]
    let _ = options;
}
