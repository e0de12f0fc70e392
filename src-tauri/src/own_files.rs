//! Files that are read and written for a person: bounded, and whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use uuid::Uuid;

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// It is larger than what is looked at.
    #[error("It is larger than {0} bytes.")]
    TooLarge(usize),
    /// It is a folder, a device or the like.
    #[error("It is not a file.")]
    NotAFile,
    /// The system says so.
    #[error("It cannot be read: {0}.")]
    System(#[from] io::Error),
}

/// The text of a file. What is not UTF-8, as in a shell's history, has replacement characters in its place.
pub(crate) fn read_text(path: &Path, most_bytes: usize) -> Result<String, ReadError> {
    // Before it is opened: to open a pipe could wait for ever.
    if !fs::metadata(path)?.is_file() {
        return Err(ReadError::NotAFile);
    }
    let mut bytes = Vec::new();
    let limit = u64::try_from(most_bytes).unwrap_or(u64::MAX);
    File::open(path)?
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if bytes.len() > most_bytes {
        return Err(ReadError::TooLarge(most_bytes));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Who may read a file that is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Readers {
    /// Whoever may read the person's other files.
    Usual,
    /// The person only.
    Owner,
}

/// Writes a file beside its place first, so that whoever reads it sees the old or the new one, never a part.
pub(crate) fn write_whole(path: &Path, bytes: &[u8], readers: Readers) -> io::Result<()> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    let beside = path.with_file_name(format!(
        ".{}.{}.part",
        name.to_string_lossy(),
        Uuid::new_v4().simple()
    ));
    let written = (|| {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        restrict(&mut options, readers);
        let mut file = options.open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    })();
    if written.is_err() {
        // Nothing to be done about one that cannot be removed either.
        let _ = fs::remove_file(&beside);
    }
    written
}

#[cfg(unix)]
fn restrict(options: &mut OpenOptions, readers: Readers) {
    use std::os::unix::fs::OpenOptionsExt as _;
    if readers == Readers::Owner {
        options.mode(0o600);
    }
}

/// What is in a person's own folder is theirs alone on other systems.
#[cfg(not(unix))]
fn restrict(_options: &mut OpenOptions, _readers: Readers) {}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
pub(crate) mod tests {
    use super::*;

    /// A folder of its own for one test, which goes with it.
    pub(crate) struct Folder(pub(crate) std::path::PathBuf);

    impl Folder {
        pub(crate) fn new() -> Self {
            let folder = std::env::temp_dir().join(format!("sessiondeck-test-{}", Uuid::new_v4()));
            fs::create_dir(&folder).unwrap();
            Self(folder)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn only_files_of_a_bounded_size_are_read() {
        let folder = Folder::new();
        let file = folder.0.join("file");
        fs::write(&file, b"caf\xc3\xa9 \xff").unwrap();
        assert_eq!(read_text(&file, 7).unwrap(), "café \u{fffd}");
        assert!(matches!(read_text(&file, 6), Err(ReadError::TooLarge(6))));
        assert!(matches!(read_text(&folder.0, 6), Err(ReadError::NotAFile)));
        assert!(matches!(
            read_text(&folder.0.join("nothing"), 6),
            Err(ReadError::System(_))
        ));
    }

    #[test]
    fn what_is_written_takes_the_place_of_the_old_and_leaves_nothing_beside_it() {
        let folder = Folder::new();
        let file = folder.0.join("file.json");
        fs::write(&file, "a longer old one").unwrap();
        write_whole(&file, b"new", Readers::Owner).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        // A folder cannot be replaced by a file.
        let taken = folder.0.join("taken");
        fs::create_dir_all(taken.join("x")).unwrap();
        write_whole(&taken, b"new", Readers::Usual).unwrap_err();
        let mut names: Vec<_> = fs::read_dir(&folder.0)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        assert_eq!(names, ["file.json", "taken"]);
    }
}
