//! Which sessions are open at the service, written down while they are: what a program that was killed leaves behind
//! there is found by the next one.
//!
//! Each running program has a file of its own in the folder `live`, beside a lock file that it holds for as long as it
//! runs. A file whose lock can be had belongs to a program that is gone. Nothing in it is secret.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use files::{Files as _, OsFiles, private};

const FOLDER: &str = "live";
const LOCK: &str = "lock";
const RECORD: &str = "json";
/// A record of more than this is none of ours.
const MOST_BYTES: u64 = 1024 * 1024;

/// A session that is open at the service, with what it takes to end it there.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LiveSession {
    /// The service's id of the session.
    pub session_id: String,
    /// What its connection was called.
    pub name: String,
    /// What it is on.
    pub target: String,
    /// Whose credentials it was started with; `None`: the default ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aws_profile: Option<String>,
    /// Where; `None`: what the AWS configuration says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// When it was started, in milliseconds since 1970.
    pub started_ms: u64,
}

#[derive(Debug, Default, Deserialize, Serialize)]
struct Record {
    /// By session id.
    live: BTreeMap<String, LiveSession>,
    /// Left behind by programs that are gone, until somebody has decided about them.
    #[serde(default)]
    orphans: BTreeMap<String, LiveSession>,
}

/// This program's record, and what others have left behind.
#[derive(Debug)]
pub struct LiveSessions {
    path: PathBuf,
    lock_path: PathBuf,
    record: Record,
    /// Held for as long as this program runs.
    _lock: File,
}

impl LiveSessions {
    /// Begins this program's record in `folder`, and takes over what programs that are gone have left in theirs.
    ///
    /// # Errors
    ///
    /// When nothing can be written there.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let folder = folder.join(FOLDER);
        OsFiles.create_folder(&folder)?;
        let left = abandoned(&folder)?;
        let name = Uuid::new_v4().to_string();
        let lock_path = folder.join(&name).with_extension(LOCK);
        let lock = create(&lock_path)?;
        lock.try_lock().map_err(io::Error::from)?;
        let mut sessions = Self {
            path: folder.join(&name).with_extension(RECORD),
            lock_path,
            record: Record::default(),
            _lock: lock,
        };
        for (_, path) in &left {
            // One that cannot be read holds nothing that could be acted on.
            let record = read(path).unwrap_or_default();
            sessions.record.orphans.extend(record.orphans);
            sessions.record.orphans.extend(record.live);
        }
        // Written down here before it is removed there: a kill in between loses nothing.
        sessions.write()?;
        for (lock, path) in left {
            let _ = fs::remove_file(&path);
            let _ = fs::remove_file(path.with_extension(LOCK));
            drop(lock);
        }
        Ok(sessions)
    }

    /// The sessions that programs which are gone have left open, as far as is known.
    pub fn orphans(&self) -> Vec<LiveSession> {
        self.record.orphans.values().cloned().collect()
    }

    /// Writes down that a session is open.
    ///
    /// # Errors
    ///
    /// When the record cannot be written.
    pub fn add(&mut self, session: LiveSession) -> io::Result<()> {
        self.record.live.insert(session.session_id.clone(), session);
        self.write()
    }

    /// Writes down that a session of this program has ended.
    ///
    /// # Errors
    ///
    /// When the record cannot be written.
    pub fn remove(&mut self, session_id: &str) -> io::Result<()> {
        if self.record.live.remove(session_id).is_none() {
            return Ok(());
        }
        self.write()
    }

    /// Forgets a session that was left behind: it has ended, or shall be left alone.
    ///
    /// # Errors
    ///
    /// When the record cannot be written.
    pub fn forget(&mut self, session_id: &str) -> io::Result<()> {
        if self.record.orphans.remove(session_id).is_none() {
            return Ok(());
        }
        self.write()
    }

    fn write(&self) -> io::Result<()> {
        if self.record.live.is_empty() && self.record.orphans.is_empty() {
            return match fs::remove_file(&self.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            };
        }
        let text = serde_json::to_vec_pretty(&self.record).map_err(io::Error::other)?;
        let new = self.path.with_extension("new");
        let mut file = create(&new)?;
        file.set_len(0)?;
        file.write_all(&text)?;
        drop(file);
        fs::rename(&new, &self.path)
    }
}

impl Drop for LiveSessions {
    fn drop(&mut self) {
        // What is not decided yet stays for the next start.
        if self.record.live.is_empty() && self.record.orphans.is_empty() {
            let _ = fs::remove_file(&self.path);
            let _ = fs::remove_file(&self.lock_path);
        }
    }
}

/// The records in `folder` whose programs are gone, each with its lock, which is ours now.
fn abandoned(folder: &Path) -> io::Result<Vec<(File, PathBuf)>> {
    let mut left = Vec::new();
    for path in OsFiles.list(folder)? {
        if path.extension().is_none_or(|extension| extension != LOCK) {
            continue;
        }
        let Ok(lock) = File::options().read(true).write(true).open(&path) else {
            continue;
        };
        match lock.try_lock() {
            Ok(()) => left.push((lock, path.with_extension(RECORD))),
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => {}
        }
    }
    Ok(left)
}

fn read(path: &Path) -> Option<Record> {
    let is_small = fs::metadata(path).is_ok_and(|data| data.len() <= MOST_BYTES);
    let text = fs::read(path).ok().filter(|_| is_small)?;
    serde_json::from_slice(&text).ok()
}

/// Opens a file of our own for writing, for its owner only.
fn create(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    private(&mut options);
    options.open(path)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use super::*;

    fn session(id: &str) -> LiveSession {
        LiveSession {
            session_id: id.to_owned(),
            name: "Build server".to_owned(),
            target: "i-0123456789abcdef0".to_owned(),
            aws_profile: Some("corp".to_owned()),
            region: None,
            started_ms: 1,
        }
    }

    /// As a kill leaves it: the lock is gone, the files are not.
    fn kill(sessions: LiveSessions) {
        let sessions = std::mem::ManuallyDrop::new(sessions);
        // Closing the file lets go of the lock, as the end of a process does.
        sessions._lock.unlock().unwrap();
    }

    fn files(folder: &Path) -> usize {
        fs::read_dir(folder.join(FOLDER)).unwrap().count()
    }

    #[test]
    fn what_a_killed_program_left_is_found_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = LiveSessions::open(folder.path()).unwrap();
        first.add(session("a")).unwrap();
        first.add(session("b")).unwrap();
        first.remove("a").unwrap();
        kill(first);

        let mut second = LiveSessions::open(folder.path()).unwrap();
        assert_eq!(second.orphans(), [session("b")]);
        let third = LiveSessions::open(folder.path()).unwrap();
        assert_eq!(third.orphans(), [], "the second one has it in hand");
        drop(third);

        second.forget("b").unwrap();
        drop(second);
        assert_eq!(files(folder.path()), 0);
    }

    #[test]
    fn what_nobody_decided_about_is_asked_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = LiveSessions::open(folder.path()).unwrap();
        first.add(session("a")).unwrap();
        kill(first);
        // Neither a second kill nor an orderly end loses it.
        kill(LiveSessions::open(folder.path()).unwrap());
        drop(LiveSessions::open(folder.path()).unwrap());
        let last = LiveSessions::open(folder.path()).unwrap();
        assert_eq!(last.orphans(), [session("a")]);
    }

    #[test]
    fn sessions_of_a_program_that_runs_are_nobody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let mut running = LiveSessions::open(folder.path()).unwrap();
        running.add(session("a")).unwrap();
        let other = LiveSessions::open(folder.path()).unwrap();
        assert_eq!(other.orphans(), []);
    }

    #[test]
    fn an_orderly_end_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let mut sessions = LiveSessions::open(folder.path()).unwrap();
        sessions.add(session("a")).unwrap();
        sessions.remove("a").unwrap();
        drop(sessions);
        assert_eq!(files(folder.path()), 0);
    }

    #[test]
    fn a_damaged_record_stops_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let live = folder.path().join(FOLDER);
        fs::create_dir(&live).unwrap();
        fs::write(live.join("x.lock"), "").unwrap();
        fs::write(live.join("x.json"), "{ \"live\": [").unwrap();
        let sessions = LiveSessions::open(folder.path()).unwrap();
        assert_eq!(sessions.orphans(), []);
        drop(sessions);
        assert_eq!(files(folder.path()), 0);
    }
}
