//! The one owner of `settings.toml`.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use files::{Contents, Files as _, OsFiles, Subject, Timing, Watcher, replace_durably};
use tokio::sync::watch;

use crate::document::{self, Change, ChangeError, Reading};

const FILE_NAME: &str = "settings.toml";
const LOCK_NAME: &str = "settings.lock";
/// Largest file that is read, in bytes.
const SIZE_MAX: u64 = 256 * 1024;

/// Why settings were not changed. The file is as it was then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The wish cannot be fulfilled.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// The disk refused.
    #[error("the settings file cannot be written: {0}")]
    Disk(#[from] io::Error),
}

/// The settings on disk, as they change.
#[derive(Debug)]
pub struct SettingsStore {
    folder: PathBuf,
    watcher: Watcher<Reading>,
}

impl SettingsStore {
    /// Reads the file in `folder`, which need not exist, and watches it. Never fails.
    #[must_use]
    pub fn open(folder: &Path) -> Self {
        Self::open_with(folder, Timing::default())
    }

    /// As [`SettingsStore::open`], with other times.
    #[must_use]
    pub fn open_with(folder: &Path, timing: Timing) -> Self {
        let path = folder.join(FILE_NAME);
        let subject = Subject {
            name: "settings",
            paths: vec![path.clone()],
            load: Box::new(move || match text(&path) {
                Ok(text) => document::read(&text),
                Err(error) => {
                    Reading::unusable(None, &format!("The settings file cannot be read: {error}."))
                }
            }),
            is_same: PartialEq::eq,
        };
        Self {
            folder: folder.to_owned(),
            watcher: Watcher::start(subject, timing),
        }
    }

    /// Where the file is, or will be.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.join(FILE_NAME)
    }

    /// What the file said last.
    #[must_use]
    pub fn current(&self) -> Arc<Reading> {
        self.watcher.current()
    }

    /// Follows what the file says.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Arc<Reading>> {
        self.watcher.subscribe()
    }

    /// Makes all of these changes or none, and returns what holds then. Blocks on the disk.
    ///
    /// # Errors
    /// A wish is no good, the file cannot be changed as it is, or the disk refuses.
    pub fn change(&self, changes: &[Change]) -> Result<Arc<Reading>, StoreError> {
        OsFiles.create_folder(&self.folder)?;
        let _guard = OsFiles.lock(&self.folder.join(LOCK_NAME))?;
        // What is in the file now counts, not what was read some time ago.
        let old = text(&self.path())?;
        let new = document::change(&old, changes)?;
        if new != old {
            // A link to a file in a repository stays one.
            let path = std::fs::canonicalize(self.path()).unwrap_or_else(|_| self.path());
            replace_durably(&mut OsFiles, &path, new.as_bytes())?;
        }
        Ok(self.watcher.look())
    }

    /// Makes sure that there is a file to open in an editor.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn ensure_file(&self) -> Result<PathBuf, StoreError> {
        if !self.path().exists() {
            let new = document::change("", &[])?;
            OsFiles.create_folder(&self.folder)?;
            OsFiles.create_durably(&self.path(), new.as_bytes())?;
        }
        Ok(self.path())
    }
}

fn text(path: &Path) -> io::Result<String> {
    match OsFiles.read(path, SIZE_MAX) {
        Ok(Contents::Whole(bytes)) => String::from_utf8(bytes)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8")),
        Ok(Contents::TooLarge) => Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "it is too large",
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    fn size(to: i64) -> Vec<Change> {
        vec![Change {
            key: "terminal.fontSize".to_owned(),
            value: Some(json!(to)),
        }]
    }

    #[test]
    fn a_change_is_on_disk_and_told_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let store = SettingsStore::open(folder.path());
        let after = store.change(&size(20)).unwrap();
        assert_eq!(after.values["terminal"]["fontSize"], 20);
        let text = std::fs::read_to_string(store.path()).unwrap();
        assert!(text.contains("fontSize = 20"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(store.path())
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[tokio::test]
    async fn a_change_from_outside_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let store = SettingsStore::open_with(
            folder.path(),
            Timing {
                poll: Duration::from_secs(3_600),
                ..Timing::default()
            },
        );
        let mut told = store.subscribe();
        std::fs::write(store.path(), "[terminal]\nfontSize = 22\n").unwrap();
        let heard = told.wait_for(|reading| reading.values["terminal"]["fontSize"] == 22);
        tokio::time::timeout(Duration::from_secs(60), heard)
            .await
            .unwrap()
            .unwrap();
    }

    #[test]
    fn what_somebody_else_has_written_meanwhile_stays() {
        let folder = tempfile::tempdir().unwrap();
        let store = SettingsStore::open(folder.path());
        std::fs::write(store.path(), "appearance = \"dark\"\n").unwrap();
        let after = store.change(&size(20)).unwrap();
        assert_eq!(after.values["appearance"], "dark");
        assert_eq!(after.values["terminal"]["fontSize"], 20);
    }

    #[test]
    fn a_file_that_is_broken_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let store = SettingsStore::open(folder.path());
        std::fs::write(store.path(), "fontSize = = 3\n").unwrap();
        assert!(store.change(&size(20)).is_err());
        assert_eq!(
            std::fs::read_to_string(store.path()).unwrap(),
            "fontSize = = 3\n"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let real = elsewhere.path().join("my.toml");
        std::fs::write(&real, "").unwrap();
        std::os::unix::fs::symlink(&real, folder.path().join(FILE_NAME)).unwrap();
        let store = SettingsStore::open(folder.path());
        store.change(&size(20)).unwrap();
        assert!(
            std::fs::read_to_string(&real)
                .unwrap()
                .contains("fontSize = 20")
        );
        assert!(
            std::fs::symlink_metadata(store.path())
                .unwrap()
                .is_symlink()
        );
    }
}
