//! Files as they change: a thread that the system wakes, and that looks now and then by itself.
//!
//! Watched are folders, not files: editors and tools replace files by renaming. A folder that does not exist
//! yet is waited for in the nearest one that does; links are followed, every folder on their way is watched. After each
//! wake everything is watched anew and only then read, so that no change falls between the two.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::watch;

/// Where links lead to links, the system stops at 40.
const MAX_LINKS: usize = 40;

/// When a [`Watcher`] looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How long nothing must happen after a change before the files are read.
    pub settle: Duration,
    /// Changes that never end are read after this long all the same.
    pub settle_at_most: Duration,
    /// How often to look without having been woken: some file systems tell of nothing.
    pub poll: Duration,
    /// Whether the system is asked to tell of changes.
    pub events: bool,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            settle: Duration::from_millis(150),
            settle_at_most: Duration::from_secs(1),
            poll: Duration::from_secs(15),
            events: true,
        }
    }
}

/// What is watched, and what is made of it.
pub struct Subject<T> {
    /// For the log and the thread.
    pub name: &'static str,
    /// The files; none of them need exist.
    pub paths: Vec<PathBuf>,
    /// Reads them.
    pub load: Box<dyn Fn() -> T + Send>,
    /// Whether two readings say the same.
    pub is_same: fn(&T, &T) -> bool,
}

impl<T> std::fmt::Debug for Subject<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subject")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Reads files again whenever they change. Dropping it ends that.
#[derive(Debug)]
pub struct Watcher<T> {
    current: watch::Receiver<Arc<T>>,
    wishes: Sender<Wake>,
}

/// Why the thread wakes.
#[derive(Debug)]
enum Wake {
    /// Something may have changed.
    Changed,
    /// Somebody waits until the files have been read.
    Look(Sender<()>),
    /// The watcher is gone.
    Stop,
}

impl<T: Send + Sync + 'static> Watcher<T> {
    /// Reads the files and watches them from then on.
    #[must_use]
    pub fn start(subject: Subject<T>, timing: Timing) -> Self {
        let (wishes, wakes) = mpsc::channel();
        let name = subject.name;
        let mut watched = Watched::new(subject.paths.clone(), name, &timing, &wishes);
        // Watched first, read afterwards.
        watched.again();
        let (publish, current) = watch::channel(Arc::new((subject.load)()));
        // Nobody waits for the thread at the end: it may hang in a file system that does not answer.
        let started = thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || run(&subject, timing, &wakes, &mut watched, &publish));
        if let Err(error) = started {
            tracing::warn!(%error, name, "changes of the files will not be noticed");
        }
        Self { current, wishes }
    }

    /// What the files said last.
    #[must_use]
    pub fn current(&self) -> Arc<T> {
        self.current.borrow().clone()
    }

    /// Follows what the files say; a value comes only when their contents have changed.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Arc<T>> {
        self.current.clone()
    }

    /// Looks at once, and returns what there is. Blocks while the files are read.
    #[must_use]
    pub fn look(&self) -> Arc<T> {
        let (done, looked) = mpsc::channel();
        if self.wishes.send(Wake::Look(done)).is_ok() {
            // Fails when the thread is gone; then there is nothing newer.
            let _ = looked.recv();
        }
        self.current()
    }
}

impl<T> Drop for Watcher<T> {
    fn drop(&mut self) {
        let _ = self.wishes.send(Wake::Stop);
    }
}

fn run<T>(
    subject: &Subject<T>,
    timing: Timing,
    wakes: &Receiver<Wake>,
    watched: &mut Watched,
    publish: &watch::Sender<Arc<T>>,
) {
    let mut waiting = Vec::new();
    loop {
        match wakes.recv_timeout(timing.poll) {
            Ok(Wake::Changed) => {
                let until = Instant::now() + timing.settle_at_most;
                loop {
                    let rest = until.saturating_duration_since(Instant::now());
                    match wakes.recv_timeout(timing.settle.min(rest)) {
                        Ok(Wake::Changed) => {}
                        Ok(Wake::Look(done)) => {
                            waiting.push(done);
                            break;
                        }
                        Err(RecvTimeoutError::Timeout) => break,
                        Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                    }
                }
            }
            Ok(Wake::Look(done)) => waiting.push(done),
            Err(RecvTimeoutError::Timeout) => {}
            Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => return,
        }
        watched.again();
        let read = (subject.load)();
        publish.send_if_modified(|current| {
            let changed = !(subject.is_same)(&read, current);
            if changed {
                *current = Arc::new(read);
            }
            changed
        });
        for done in waiting.drain(..) {
            let _ = done.send(());
        }
    }
}

/// The folders that the system watches for us.
struct Watched {
    files: Vec<PathBuf>,
    name: &'static str,
    watcher: Option<RecommendedWatcher>,
    folders: BTreeSet<PathBuf>,
    /// The files, under every name that an event may give them.
    names: Arc<Mutex<BTreeSet<PathBuf>>>,
}

impl Watched {
    fn new(
        files: Vec<PathBuf>,
        name: &'static str,
        timing: &Timing,
        wishes: &Sender<Wake>,
    ) -> Self {
        let names = Arc::new(Mutex::new(BTreeSet::new()));
        let watcher = timing
            .events
            .then(|| {
                let (wishes, names) = (wishes.clone(), Arc::clone(&names));
                notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
                    if event.map_or(true, |event| concerns(&event, &names)) {
                        let _ = wishes.send(Wake::Changed);
                    }
                })
            })
            .and_then(|watcher| {
                watcher
                    .inspect_err(|error| {
                        tracing::warn!(%error, name, "the files are only looked at now and then");
                    })
                    .ok()
            });
        Self {
            files,
            name,
            watcher,
            folders: BTreeSet::new(),
            names,
        }
    }

    /// Watches everything anew: a folder that was replaced has its old watch only.
    fn again(&mut self) {
        let Some(watcher) = &mut self.watcher else {
            return;
        };
        for folder in std::mem::take(&mut self.folders) {
            let _ = watcher.unwatch(&folder);
        }
        // A folder may come into being meanwhile, in one that was not watched a moment ago.
        loop {
            let mut names = BTreeSet::new();
            let mut folders = BTreeSet::new();
            for file in &self.files {
                follow(file, &mut names, &mut folders);
            }
            *self.names.lock().unwrap_or_else(PoisonError::into_inner) = names;
            let mut new = false;
            for folder in folders {
                if !self.folders.contains(&folder) {
                    if let Err(error) = watcher.watch(&folder, RecursiveMode::NonRecursive) {
                        tracing::debug!(%error, name = self.name, "a folder is not watched");
                    }
                    self.folders.insert(folder);
                    new = true;
                }
            }
            if !new {
                return;
            }
        }
    }
}

/// Whether an event may be a change of the files, or of a folder or link that leads to them.
fn concerns(event: &notify::Event, names: &Mutex<BTreeSet<PathBuf>>) -> bool {
    // Reading the files is an event too.
    if let EventKind::Access(access) = event.kind
        && access != AccessKind::Close(AccessMode::Write)
    {
        return false;
    }
    if event.need_rescan() || event.paths.is_empty() {
        return true;
    }
    let names = names.lock().unwrap_or_else(PoisonError::into_inner);
    event
        .paths
        .iter()
        .any(|path| names.iter().any(|name| name.starts_with(path)))
}

/// The names of a file, by links and without, and the folders in which a change may concern it.
fn follow(file: &Path, names: &mut BTreeSet<PathBuf>, folders: &mut BTreeSet<PathBuf>) {
    let mut next = Some(file.to_owned());
    for _ in 0..MAX_LINKS {
        let Some(path) = next.take().filter(|path| !path.as_os_str().is_empty()) else {
            return;
        };
        let Ok(path) = std::path::absolute(path) else {
            return;
        };
        names.insert(path.clone());
        // The folder and the one above it: of its own removal a folder's watch may not tell.
        let above = path.ancestors().skip(1).filter(|folder| folder.is_dir());
        for folder in above.take(2) {
            folders.insert(folder.to_owned());
            if let Ok(real) = fs::canonicalize(folder)
                && let Ok(rest) = path.strip_prefix(folder)
            {
                names.insert(real.join(rest));
            }
        }
        // A link as the file itself, or as one of its folders.
        next = path.ancestors().find_map(|link| {
            let target = fs::read_link(link).ok()?;
            let rest = path.strip_prefix(link).ok()?;
            let whole = link.parent()?.join(target);
            // `join` of nothing would end in a slash.
            Some(if rest.as_os_str().is_empty() {
                whole
            } else {
                whole.join(rest)
            })
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn concerning(kind: EventKind, path: &str) -> bool {
        let names = Mutex::new(BTreeSet::from([PathBuf::from("/home/ana/.aws/config")]));
        concerns(&notify::Event::new(kind).add_path(path.into()), &names)
    }

    #[test]
    fn reading_the_files_does_not_wake() {
        let config = "/home/ana/.aws/config";
        for access in [
            AccessKind::Read,
            AccessKind::Open(AccessMode::Any),
            AccessKind::Close(AccessMode::Read),
        ] {
            assert!(!concerning(EventKind::Access(access), config));
        }
        let written = EventKind::Access(AccessKind::Close(AccessMode::Write));
        assert!(concerning(written, config));
    }

    #[test]
    fn only_the_files_and_their_folders_wake() {
        for (path, wakes) in [
            ("/home/ana/.aws/config", true),
            ("/home/ana/.aws", true),
            ("/home/ana", true),
            ("/home/ana/.aws/config.swp", false),
            ("/home/ana/.mozilla", false),
            ("/home/ana/.aws/sso", false),
        ] {
            assert_eq!(concerning(EventKind::Any, path), wakes, "{path}");
        }
    }
}
