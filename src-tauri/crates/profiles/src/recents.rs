//! When connections were opened: a file of its own, so that the profile file changes only when a person changes it.
//!
//! Nothing depends on it. One that is damaged is moved aside and begun anew; one of a newer version is left alone, and
//! what happens meanwhile is remembered until the program ends.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::profile::ProfileId;
use files::{Contents, Files, OsFiles, replace_durably};

const FILE_NAME: &str = "recents.json";
const DAMAGED_NAME: &str = "recents.damaged.json";
const LOCK_NAME: &str = "recents.lock";
const SCHEMA: u32 = 1;
/// Most openings that are remembered.
const OPENINGS_MAX: usize = 500;
/// Largest file that is read, in bytes.
const SIZE_MAX: u64 = 256 * 1024;

/// One opening of a connection.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Opening {
    /// Which connection.
    pub id: ProfileId,
    /// When, in milliseconds since 1970.
    pub opened_ms: u64,
}

#[derive(Deserialize, Serialize)]
struct Recorded {
    schema: u32,
    openings: Vec<Opening>,
}

/// What a look at the file found.
enum OnDisk {
    Openings(Vec<Opening>),
    Damaged,
    /// Not to be replaced, because it cannot be read or is of a newer version.
    Untouchable(io::Error),
}

/// When connections were opened, the newest first.
pub struct Recents {
    folder: PathBuf,
    files: Box<dyn Files>,
    openings: Vec<Opening>,
}

impl fmt::Debug for Recents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recents")
            .field("folder", &self.folder)
            .field("openings", &self.openings.len())
            .finish_non_exhaustive()
    }
}

impl Recents {
    /// Reads the file in `folder`, which need not exist. Never fails.
    #[must_use]
    pub fn open(folder: impl Into<PathBuf>) -> Self {
        Self::with_files(folder.into(), Box::new(OsFiles))
    }

    pub(crate) fn with_files(folder: PathBuf, files: Box<dyn Files>) -> Self {
        let mut recents = Self {
            folder,
            files,
            openings: Vec::new(),
        };
        if let OnDisk::Openings(openings) = recents.look() {
            recents.openings = openings;
        }
        recents
    }

    /// All openings that are remembered, the newest first.
    #[must_use]
    pub fn openings(&self) -> &[Opening] {
        &self.openings
    }

    /// When each connection was last opened, in milliseconds since 1970.
    #[must_use]
    pub fn last_opened_ms(&self) -> BTreeMap<ProfileId, u64> {
        let mut last = BTreeMap::new();
        for opening in &self.openings {
            let at = last.entry(opening.id).or_insert(opening.opened_ms);
            *at = opening.opened_ms.max(*at);
        }
        last
    }

    /// Remembers that a connection was opened. It is remembered here even when it cannot be written.
    ///
    /// # Errors
    /// The file cannot be written, or is of a newer version.
    pub fn record(&mut self, id: ProfileId, opened_ms: u64) -> io::Result<()> {
        self.change(|openings| openings.push(Opening { id, opened_ms }))
    }

    /// Forgets one connection, as when it was deleted.
    ///
    /// # Errors
    /// The file cannot be written, or is of a newer version.
    pub fn forget(&mut self, id: ProfileId) -> io::Result<()> {
        self.change(|openings| openings.retain(|opening| opening.id != id))
    }

    /// Forgets all.
    ///
    /// # Errors
    /// The file cannot be written, or is of a newer version.
    pub fn clear(&mut self) -> io::Result<()> {
        self.change(Vec::clear)
    }

    fn change(&mut self, change: impl Fn(&mut Vec<Opening>)) -> io::Result<()> {
        change(&mut self.openings);
        put_in_order(&mut self.openings);
        self.files.create_folder(&self.folder)?;
        let _guard = self.files.lock(&self.folder.join(LOCK_NAME))?;
        match self.look() {
            // What another window has recorded counts too.
            OnDisk::Openings(mut openings) => {
                change(&mut openings);
                put_in_order(&mut openings);
                self.openings = openings;
            }
            OnDisk::Damaged => {
                let damaged = self.folder.join(DAMAGED_NAME);
                self.files.rename(&self.path(), &damaged)?;
            }
            OnDisk::Untouchable(error) => return Err(error),
        }
        self.write()
    }

    fn write(&mut self) -> io::Result<()> {
        let recorded = Recorded {
            schema: SCHEMA,
            openings: self.openings.clone(),
        };
        let mut bytes = serde_json::to_vec_pretty(&recorded).map_err(io::Error::other)?;
        bytes.push(b'\n');
        let path = self.path();
        replace_durably(self.files.as_mut(), &path, &bytes)
    }

    fn path(&self) -> PathBuf {
        self.folder.join(FILE_NAME)
    }

    fn look(&mut self) -> OnDisk {
        let path = self.path();
        match self.files.read(&path, SIZE_MAX) {
            Ok(Contents::Whole(bytes)) => decode(&bytes, &path),
            Ok(Contents::TooLarge) => OnDisk::Damaged,
            Err(error) if error.kind() == io::ErrorKind::NotFound => OnDisk::Openings(Vec::new()),
            Err(error) => OnDisk::Untouchable(error),
        }
    }
}

fn decode(bytes: &[u8], path: &Path) -> OnDisk {
    match serde_json::from_slice::<serde_json::Value>(bytes) {
        Ok(value) if value["schema"].as_u64() > Some(u64::from(SCHEMA)) => OnDisk::Untouchable(
            io::Error::new(io::ErrorKind::Unsupported, "the file is of a newer version"),
        ),
        Ok(value) if value["schema"] == SCHEMA => match Recorded::deserialize(value) {
            Ok(recorded) => {
                let mut openings = recorded.openings;
                put_in_order(&mut openings);
                OnDisk::Openings(openings)
            }
            Err(error) => {
                tracing::warn!(%error, path = %path.display(), "damaged");
                OnDisk::Damaged
            }
        },
        Ok(_) | Err(_) => OnDisk::Damaged,
    }
}

/// The newest first, and no more than are remembered.
fn put_in_order(openings: &mut Vec<Opening>) {
    openings.sort_by_key(|opening| std::cmp::Reverse(opening.opened_ms));
    openings.truncate(OPENINGS_MAX);
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use std::fs;

    use super::*;
    use crate::memory::{MemoryFiles, Random, folder};

    fn id(number: u128) -> ProfileId {
        ProfileId::from_number(number)
    }

    #[test]
    fn openings_are_remembered_the_newest_first() {
        let folder = tempfile::tempdir().unwrap();
        let mut recents = Recents::open(folder.path());
        for (number, ms) in [(1, 10), (2, 30), (1, 20)] {
            recents.record(id(number), ms).unwrap();
        }
        let reopened = Recents::open(folder.path());
        let order: Vec<_> = reopened
            .openings()
            .iter()
            .map(|opening| (opening.id, opening.opened_ms))
            .collect();
        assert_eq!(order, [(id(2), 30), (id(1), 20), (id(1), 10)]);
        assert_eq!(reopened.last_opened_ms(), [(id(1), 20), (id(2), 30)].into());
    }

    #[test]
    fn the_file_is_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let openings = (0..2 * OPENINGS_MAX as u64)
            .map(|ms| Opening {
                id: id(1),
                opened_ms: ms,
            })
            .collect();
        let text = serde_json::to_vec(&Recorded {
            schema: 1,
            openings,
        })
        .unwrap();
        fs::write(folder.path().join(FILE_NAME), text).unwrap();
        let mut recents = Recents::open(folder.path());
        recents.record(id(2), 5_000).unwrap();
        let reopened = Recents::open(folder.path());
        assert_eq!(reopened.openings().len(), OPENINGS_MAX);
        assert_eq!(reopened.openings()[0].id, id(2));
        assert_eq!(reopened.openings()[1].opened_ms, 999);
    }

    #[test]
    fn two_windows_remember_together_and_forget_together() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = Recents::open(folder.path());
        let mut second = Recents::open(folder.path());
        first.record(id(1), 1).unwrap();
        second.record(id(2), 2).unwrap();
        assert_eq!(second.openings().len(), 2);
        second.forget(id(1)).unwrap();
        first.record(id(3), 3).unwrap();
        assert_eq!(first.last_opened_ms(), [(id(2), 2), (id(3), 3)].into());
        first.clear().unwrap();
        assert_eq!(Recents::open(folder.path()).openings(), []);
    }

    #[test]
    fn a_damaged_file_is_moved_aside_and_a_newer_one_left_alone() {
        for (text, is_kept) in [
            ("", false),
            ("{", false),
            ("[]", false),
            (r#"{"schema": 1, "openings": 3}"#, false),
            (r#"{"schema": 2, "openings": {}}"#, true),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(FILE_NAME);
            fs::write(&path, text).unwrap();
            let mut recents = Recents::open(folder.path());
            assert_eq!(recents.openings(), [], "{text}");
            assert_eq!(recents.record(id(1), 1).is_err(), is_kept, "{text}");
            assert_eq!(recents.openings().len(), 1, "{text}");
            let kept = if is_kept {
                path
            } else {
                assert_eq!(Recents::open(folder.path()).openings().len(), 1, "{text}");
                folder.path().join(DAMAGED_NAME)
            };
            assert_eq!(fs::read_to_string(kept).unwrap(), text);
        }
    }

    #[test]
    fn a_failing_disk_or_a_power_cut_loses_nothing_that_was_written() {
        let record = |files: &MemoryFiles, number: u128| {
            let mut recents = Recents::with_files(folder(), Box::new(files.clone()));
            let written = recents.record(id(number), 1).is_ok();
            assert!(
                recents
                    .openings()
                    .iter()
                    .any(|opening| opening.id == id(number)),
                "it is remembered all the same"
            );
            written
        };
        let mut failed = 0;
        for at in 1..40 {
            for for_good in [false, true] {
                let files = MemoryFiles::default();
                assert!(record(&files, 1));
                {
                    let mut disk = files.disk();
                    disk.operations = 0;
                    disk.fail = Some((at, io::ErrorKind::StorageFull, for_good));
                }
                let written = record(&files, 2);
                failed += usize::from(!written);
                files.disk().fail = None;
                let files = if for_good {
                    let mut random = Random(at as u64 * 7919);
                    MemoryFiles::healthy(files.disk().after_power_cut(&mut random))
                } else {
                    files
                };
                let reopened = Recents::with_files(folder(), Box::new(files.clone()));
                let last = reopened.last_opened_ms();
                assert!(last.contains_key(&id(1)), "{at}: {last:?}");
                assert!(last.contains_key(&id(2)) || !written, "{at}: {last:?}");
                assert!(record(&files, 3), "{at}");
            }
        }
        assert!(failed > 10, "only {failed} failed");
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_for_its_owner_and_links_are_not_followed() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let folder = tempfile::tempdir().unwrap();
        let theirs = folder.path().join("theirs");
        fs::write(&theirs, "theirs").unwrap();
        let config = folder.path().join("config");
        fs::create_dir(&config).unwrap();
        symlink(&theirs, config.join(".recents.json.tmp")).unwrap();
        fs::hard_link(&theirs, config.join(FILE_NAME)).unwrap();
        let mut recents = Recents::open(&config);
        recents.record(id(1), 1).unwrap();
        assert_eq!(fs::read_to_string(&theirs).unwrap(), "theirs");
        let mode = fs::metadata(config.join(FILE_NAME))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
