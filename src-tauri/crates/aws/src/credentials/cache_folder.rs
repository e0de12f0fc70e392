//! The folders in which the AWS tools keep what they were given: `~/.aws/sso/cache` and `~/.aws/cli/cache`. What is
//! written here is theirs to read, in their shape, and as private as they keep it.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

/// A cached token is some kilobytes at most.
const MAX_BYTES: u64 = 1 << 20;
/// How long another writer of the same file is waited for.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);
const LOCK_INTERVAL: Duration = Duration::from_millis(20);

/// One such folder. It is made, for this user alone, when something is first written to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CacheFolder(PathBuf);

impl CacheFolder {
    pub(crate) fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// What is kept under this name. What is not there, or is not of this shape, is nothing.
    pub(crate) fn read<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let path = self.path(name);
        let size = fs::metadata(&path).ok()?;
        if !size.is_file() || size.len() > MAX_BYTES {
            return None;
        }
        let text = Zeroizing::new(fs::read(&path).ok()?);
        match serde_json::from_slice(&text) {
            Ok(value) => Some(value),
            Err(error) => {
                tracing::debug!(path = %path.display(), line = error.line(), "not of the expected shape");
                None
            }
        }
    }

    /// Keeps it under this name: whole or not at all, under a lock, readable by this user alone.
    pub(crate) fn write<T: Serialize>(&self, name: &str, value: &T) -> io::Result<()> {
        let text = Zeroizing::new(serde_json::to_vec(value)?);
        create_private(&self.0)?;
        let _lock = self.lock(name)?;
        // For its owner alone from the start.
        let mut file = NamedTempFile::with_suffix_in(".tmp", &self.0)?;
        file.write_all(&text)?;
        file.as_file().sync_all()?;
        file.persist(self.path(name)).map_err(|error| error.error)?;
        sync_folder(&self.0)
    }

    /// Removes what is kept under this name, if anything is.
    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.path(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name).with_extension("json")
    }

    fn lock(&self, name: &str) -> io::Result<File> {
        let path = self.0.join(name).with_extension("lock");
        let file = open_private(&path)?;
        let deadline = Instant::now() + LOCK_PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                    std::thread::sleep(LOCK_INTERVAL);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

#[cfg(unix)]
fn create_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}

#[cfg(not(unix))]
fn create_private(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

fn open_private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.create(true).write(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}

#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_removed() {
        let home = tempfile::tempdir().unwrap();
        let folder = CacheFolder::new(home.path().join("sso/cache"));
        assert_eq!(folder.read::<String>("a"), None);
        folder.remove("a").unwrap();
        folder.write("a", &"one").unwrap();
        folder.write("a", &"two").unwrap();
        assert_eq!(folder.read::<String>("a").as_deref(), Some("two"));
        assert_eq!(folder.read::<u32>("a"), None, "another shape");
        folder.remove("a").unwrap();
        assert_eq!(folder.read::<String>("a"), None);
    }

    #[cfg(unix)]
    #[test]
    fn everything_there_is_the_users_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("sso/cache");
        let folder = CacheFolder::new(&path);
        folder.write("a", &"secret").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o700);
        for entry in fs::read_dir(&path).unwrap() {
            let path = entry.unwrap().path();
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_planted_link_is_replaced_and_not_followed() {
        let home = tempfile::tempdir().unwrap();
        let folder = CacheFolder::new(home.path().join("cache"));
        fs::create_dir(home.path().join("cache")).unwrap();
        let victim = home.path().join("victim");
        fs::write(&victim, "theirs").unwrap();
        std::os::unix::fs::symlink(&victim, home.path().join("cache/a.json")).unwrap();
        folder.write("a", &"secret").unwrap();
        assert_eq!(fs::read_to_string(victim).unwrap(), "theirs");
    }

    #[test]
    fn writers_do_not_disturb_each_other() {
        let home = tempfile::tempdir().unwrap();
        let folder = CacheFolder::new(home.path().join("cache"));
        std::thread::scope(|scope| {
            for writer in 0..4_u64 {
                let folder = folder.clone();
                scope.spawn(move || {
                    for _ in 0..25 {
                        folder.write("a", &vec![writer; 1000]).unwrap();
                        let read: Vec<u64> = folder.read("a").unwrap();
                        assert!(read.len() == 1000 && read.iter().all(|n| *n == read[0]));
                    }
                });
            }
        });
    }
}
