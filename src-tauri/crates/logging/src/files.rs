//! The log's files: private, and of bounded size.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tracing_subscriber::fmt::MakeWriter;

/// A file that is set aside when it is full; the oldest of those set aside goes.
///
/// Named `<name>.log`, then `<name>.1.log` and so on; mode 0600 in a folder of mode 0700 where modes exist.
#[derive(Clone, Debug)]
pub struct RotatingFile {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    name: String,
    max_bytes: u64,
    kept: usize,
    file: File,
    len_bytes: u64,
}

impl RotatingFile {
    /// Opens `<folder>/<name>.log` to append to; `kept` full ones of at most `max_bytes` stay beside it.
    ///
    /// # Errors
    ///
    /// When the folder or the file cannot be made.
    pub fn open(folder: &Path, name: &str, max_bytes: u64, kept: usize) -> io::Result<Self> {
        create_private_dir(folder)?;
        let file = open_private(&folder.join(format!("{name}.log")))?;
        let len_bytes = file.metadata()?.len();
        Ok(Self {
            inner: Arc::new(Mutex::new(Inner {
                folder: folder.to_owned(),
                name: name.to_owned(),
                max_bytes,
                kept,
                file,
                len_bytes,
            })),
        })
    }
}

impl Inner {
    fn path(&self, number: usize) -> PathBuf {
        let name = &self.name;
        self.folder.join(match number {
            0 => format!("{name}.log"),
            n => format!("{name}.{n}.log"),
        })
    }

    fn rotate(&mut self) -> io::Result<()> {
        for number in (0..self.kept).rev() {
            match fs::rename(self.path(number), self.path(number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        self.file = open_private(&self.path(0))?;
        self.len_bytes = 0;
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let len = bytes.len() as u64;
        if self.len_bytes > 0 && self.len_bytes + len > self.max_bytes {
            self.rotate()?;
        }
        self.file.write_all(bytes)?;
        self.len_bytes += len;
        Ok(())
    }
}

impl Write for RotatingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .append(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for RotatingFile {
    type Writer = Self;

    fn make_writer(&'a self) -> Self::Writer {
        self.clone()
    }
}

fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}

fn create_private_dir(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use super::*;

    #[test]
    fn full_files_are_set_aside_and_the_oldest_goes() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = RotatingFile::open(folder.path(), "test", 10, 2).unwrap();
        for line in ["aaaaaaa\n", "bbbbbbb\n", "ccccccc\n", "ddddddd\n"] {
            log.write_all(line.as_bytes()).unwrap();
        }
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(
            [read("test.log"), read("test.1.log"), read("test.2.log")],
            ["ddddddd\n", "ccccccc\n", "bbbbbbb\n"]
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }

    #[cfg(unix)]
    #[test]
    fn files_are_private() {
        use std::os::unix::fs::PermissionsExt;
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("logs");
        RotatingFile::open(&folder, "test", 10, 2).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        assert_eq!(mode(&folder.join("test.log")), 0o600);
    }
}
