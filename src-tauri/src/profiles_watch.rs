//! Tells the window when the files of connections have changed outside of it: an editor, a checkout, another program.
//!
//! Folders are watched, not files, since most programs replace files by renaming; and everything is looked at now and
//! then besides, since some file systems tell of nothing. What is looked at only counts where its contents differ.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tauri::{AppHandle, Emitter, EventTarget, Manager};
use tracing::{debug, warn};

use crate::state::AppState;
use crate::window;

/// How long nothing must happen after a change before the files are read.
const SETTLE: Duration = Duration::from_millis(150);
/// Changes that never end are read after this long all the same.
const SETTLE_AT_MOST: Duration = Duration::from_secs(1);
/// How often to look without having been woken.
const POLL: Duration = Duration::from_secs(15);

/// Watches until the application ends. Nobody waits for the thread: a file system may never answer.
pub(crate) fn start(app: &AppHandle) {
    let app = app.clone();
    let started = thread::Builder::new()
        .name("profiles-watch".to_owned())
        .spawn(move || run(&app));
    if let Err(error) = started {
        warn!(%error, "changes of the profile file will not be noticed");
    }
}

fn run(app: &AppHandle) {
    let (wake, wakes) = mpsc::channel();
    let mut watcher = watcher(&wake);
    let mut watched = BTreeSet::new();
    loop {
        let folder = app.state::<AppState>().profiles.folder().to_owned();
        if let Some(watcher) = &mut watcher {
            // Watched first, looked at afterwards.
            watch(watcher, &mut watched, folders(&folder));
        }
        if app.state::<AppState>().profiles.look() {
            debug!("the connections have changed outside");
            let window = EventTarget::webview_window(window::MAIN);
            if let Err(error) = app.emit_to(window, ipc::PROFILES_EVENT, ()) {
                warn!(%error, "the window could not be told");
            }
        }
        if wakes.recv_timeout(POLL) == Err(RecvTimeoutError::Disconnected) {
            return;
        }
        let until = Instant::now() + SETTLE_AT_MOST;
        while Instant::now() < until && wakes.recv_timeout(SETTLE).is_ok() {}
    }
}

fn watcher(wake: &Sender<()>) -> Option<RecommendedWatcher> {
    let wake = wake.clone();
    let made = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Reading is what we do ourselves.
        if event.is_ok_and(|event| matches!(event.kind, EventKind::Access(_))) {
            return;
        }
        // Fails at the end of the application only.
        let _ = wake.send(());
    });
    made.inspect_err(|error| warn!(%error, "the profile file is only looked at now and then"))
        .ok()
}

/// The folders whose entries matter: the profile file's, the team's, and those that links in there lead to.
fn folders(folder: &Path) -> BTreeSet<PathBuf> {
    let mut folders = BTreeSet::from([folder.to_owned(), folder.join("team")]);
    for file in profiles::team_files(folder) {
        let target = file.canonicalize();
        folders.extend(target.ok().and_then(|file| Some(file.parent()?.to_owned())));
    }
    folders.retain(|folder| folder.is_dir());
    folders
}

fn watch(
    watcher: &mut RecommendedWatcher,
    watched: &mut BTreeSet<PathBuf>,
    wanted: BTreeSet<PathBuf>,
) {
    for gone in watched.difference(&wanted) {
        // One that does not exist any more is not watched any more either.
        let _ = watcher.unwatch(gone);
    }
    let mut kept = BTreeSet::new();
    for folder in wanted {
        // Again, even where it was: another folder may have taken its place.
        match watcher.watch(&folder, RecursiveMode::NonRecursive) {
            Ok(()) => {
                kept.insert(folder);
            }
            Err(error) => debug!(%error, folder = %folder.display(), "not watched"),
        }
    }
    *watched = kept;
}
