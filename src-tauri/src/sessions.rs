//! The live sessions: who is open, how the page reaches each, and how all of them end.
//!
//! A session is set aside by `open`, so that the page can listen before anything happens, and begins with `attach`.
//! Each has one task beside the engine's: the pump, which turns news into events of the window. Both are waited for
//! when the application ends.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use engine::{
    Exit, Interrupt, Pace, SessionConfig, SessionHandle, SessionSource, SessionUpdate,
    SessionUpdates, State, TerminalSize, Timeline,
};
use ipc::{SessionEvent, SessionOpened};
use profiles::{LiveSession, ProfileId};
use tauri::{AppHandle, Emitter, EventTarget, Manager};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};
use uuid::Uuid;

use crate::present;
use crate::state::AppState;
use crate::window;

/// The most sessions that may be open at once: far more than anybody looks at, few enough for a page gone wild.
const MAX_SESSIONS: usize = 256;
/// Between two re-dials, whichever the sessions.
const DIAL_GAP: Duration = Duration::from_millis(200);
/// The longest that quitting waits for the sessions to end.
const QUIT_GRACE: Duration = Duration::from_secs(15);

/// Why a session cannot be reached.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionsError {
    /// No session has this id, or it has been closed.
    #[error("This session is not open any more.")]
    Unknown,
    /// It has begun already.
    #[error("This session has begun already.")]
    Begun,
    /// Too many are open.
    #[error("{MAX_SESSIONS} sessions are open; close some before opening more.")]
    TooMany,
    /// The application is ending.
    #[error("The application is closing.")]
    Closing,
}

enum Entry {
    SetAside {
        profile: ProfileId,
        size: TerminalSize,
    },
    Live(Arc<SessionHandle>),
}

/// All sessions of the application.
pub(crate) struct Sessions {
    entries: Mutex<Entries>,
    tracker: TaskTracker,
    /// Keeps the dials of sessions that lost the same network apart.
    pace: Pace,
    /// How many have begun and not ended.
    open: Arc<AtomicUsize>,
}

/// Counts a session for as long as it has not ended.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(open: &Arc<AtomicUsize>) -> Self {
        open.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(open))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Default for Sessions {
    fn default() -> Self {
        Self {
            entries: Mutex::default(),
            tracker: TaskTracker::default(),
            pace: Pace::shared(DIAL_GAP),
            open: Arc::default(),
        }
    }
}

#[derive(Default)]
struct Entries {
    by_id: HashMap<Uuid, Entry>,
    closing: bool,
}

impl Sessions {
    /// Sets a session aside for a profile.
    pub(crate) fn open(
        &self,
        profile: ProfileId,
        size: TerminalSize,
    ) -> Result<SessionOpened, SessionsError> {
        let mut entries = self.lock();
        if entries.closing {
            return Err(SessionsError::Closing);
        }
        if entries.by_id.len() >= MAX_SESSIONS {
            return Err(SessionsError::TooMany);
        }
        let id = Uuid::new_v4();
        entries.by_id.insert(id, Entry::SetAside { profile, size });
        let id = id.to_string();
        Ok(SessionOpened {
            event: ipc::session_event_name(&id),
            id,
        })
    }

    /// Whether a session is set aside or live, and has not been closed.
    pub(crate) fn knows(&self, id: Uuid) -> bool {
        self.lock().by_id.contains_key(&id)
    }

    /// The profile of a session that has not begun.
    pub(crate) fn profile_of(&self, id: Uuid) -> Result<ProfileId, SessionsError> {
        match self.lock().by_id.get(&id) {
            Some(Entry::SetAside { profile, .. }) => Ok(*profile),
            Some(Entry::Live(_)) => Err(SessionsError::Begun),
            None => Err(SessionsError::Unknown),
        }
    }

    /// The terminal's size of a session that has not begun.
    pub(crate) fn size_of(&self, id: Uuid) -> Result<TerminalSize, SessionsError> {
        match self.lock().by_id.get(&id) {
            Some(Entry::SetAside { size, .. }) => Ok(*size),
            Some(Entry::Live(_)) => Err(SessionsError::Begun),
            None => Err(SessionsError::Unknown),
        }
    }

    /// Begins a session that was set aside.
    pub(crate) fn attach(
        &self,
        app: &AppHandle,
        id: Uuid,
        source: Arc<dyn SessionSource>,
        record: Option<LiveSession>,
    ) -> Result<(), SessionsError> {
        let mut entries = self.lock();
        if entries.closing {
            return Err(SessionsError::Closing);
        }
        let entry = entries.by_id.get_mut(&id).ok_or(SessionsError::Unknown)?;
        let Entry::SetAside { size, .. } = *entry else {
            return Err(SessionsError::Begun);
        };
        let config = SessionConfig {
            size: Some(size),
            pace: self.pace.clone(),
            ..SessionConfig::default()
        };
        let (handle, updates) = SessionHandle::spawn(config, source, &self.tracker);
        *entry = Entry::Live(Arc::new(handle));
        drop(entries);
        let counted = Counted::new(&self.open);
        self.tracker
            .spawn(pump(app.clone(), id, updates, record, counted));
        Ok(())
    }

    /// Hands input to a session, waiting while it has enough.
    pub(crate) async fn send_input(
        &self,
        id: Uuid,
        epoch: u64,
        bytes: Bytes,
    ) -> Result<(), SessionsError> {
        let goes_on = self.live(id)?.send_input_since(epoch, bytes).await;
        goes_on.then_some(()).ok_or(SessionsError::Unknown)
    }

    /// Sends something ahead of all input that has not left yet, which is dropped.
    pub(crate) async fn interrupt(
        &self,
        id: Uuid,
        epoch: u64,
        interrupt: Interrupt,
    ) -> Result<(), SessionsError> {
        let goes_on = self.live(id)?.interrupt(epoch, interrupt).await;
        goes_on.then_some(()).ok_or(SessionsError::Unknown)
    }

    /// Tries at once what a session waits to try.
    pub(crate) fn try_now(&self, id: Uuid) -> Result<(), SessionsError> {
        self.live(id)?.try_now();
        Ok(())
    }

    /// Ends a session that seeks its connection.
    pub(crate) fn give_up(&self, id: Uuid) -> Result<(), SessionsError> {
        self.live(id)?.give_up();
        Ok(())
    }

    /// What happened to a session; also after its end, until it is closed.
    pub(crate) fn timeline(&self, id: Uuid) -> Result<Timeline, SessionsError> {
        Ok(self.live(id)?.timeline())
    }

    /// Tells a session its terminal's new size; before it begins, the size it will begin with.
    pub(crate) fn resize(&self, id: Uuid, new_size: TerminalSize) -> Result<(), SessionsError> {
        match self.lock().by_id.get_mut(&id) {
            Some(Entry::SetAside { size, .. }) => *size = new_size,
            Some(Entry::Live(handle)) => handle.resize(new_size),
            None => return Err(SessionsError::Unknown),
        }
        Ok(())
    }

    /// The page has worked off `bytes` of a session's output.
    pub(crate) fn grant_credit(&self, id: Uuid, bytes: usize) -> Result<(), SessionsError> {
        self.live(id)?.grant_credit(bytes);
        Ok(())
    }

    /// Ends a session and forgets it. One that is not there has been closed already.
    pub(crate) async fn close(&self, id: Uuid) {
        let entry = self.lock().by_id.remove(&id);
        if let Some(Entry::Live(handle)) = entry {
            close(&handle).await;
        }
    }

    /// Ends all sessions and waits for their tasks, at most [`QUIT_GRACE`].
    pub(crate) async fn close_all(&self) {
        let entries = {
            let mut entries = self.lock();
            entries.closing = true;
            std::mem::take(&mut entries.by_id)
        };
        info!(sessions = entries.len(), "closing all sessions");
        for entry in entries.values() {
            if let Entry::Live(handle) = entry {
                handle.cancel();
            }
        }
        drop(entries);
        self.tracker.close();
        if timeout(QUIT_GRACE, self.tracker.wait()).await.is_err() {
            warn!("some sessions did not end in time");
        }
    }

    /// How many sessions have begun and not ended.
    pub(crate) fn open_count(&self) -> usize {
        self.open.load(Ordering::Acquire)
    }

    /// Whether there is nothing to end.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().by_id.is_empty() && self.tracker.is_empty()
    }

    /// An error unless a session has begun and is not closed.
    pub(crate) fn must_be_live(&self, id: Uuid) -> Result<(), SessionsError> {
        self.live(id).map(drop)
    }

    fn live(&self, id: Uuid) -> Result<Arc<SessionHandle>, SessionsError> {
        match self.lock().by_id.get(&id) {
            Some(Entry::Live(handle)) => Ok(Arc::clone(handle)),
            Some(Entry::SetAside { .. }) | None => Err(SessionsError::Unknown),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn close(handle: &SessionHandle) {
    match handle.close().await {
        Exit::Ended(_) => {}
        Exit::Aborted => warn!("a session had to be cut off"),
    }
}

/// Carries one session's news to the window until there is no more.
async fn pump(
    app: AppHandle,
    id: Uuid,
    mut updates: SessionUpdates,
    mut record: Option<LiveSession>,
    counted: Counted,
) {
    let mut counted = Some(counted);
    let name = ipc::session_event_name(&id.to_string());
    while let Some(update) = updates.recv().await {
        if let (SessionUpdate::State(state), Some(record)) = (&update, &mut record) {
            keep_record(&app, record, state).await;
        }
        if matches!(update, SessionUpdate::State(State::Ended(_))) {
            drop(counted.take());
        }
        let failed = record_what_shows(&app, id, &update);
        let failed = failed.map(|message| SessionEvent::Notice { message });
        for event in present::event(update).into_iter().chain(failed) {
            if let Err(error) = app.emit_to(EventTarget::webview_window(window::MAIN), &name, event)
            {
                // The window is gone, and its sessions with it; their ends are still written down.
                warn!(%error, "an event could not be delivered");
            }
        }
    }
    // Waits for a disk.
    let ended = tokio::task::spawn_blocking(move || {
        let state = app.state::<AppState>();
        if state.recordings.stop(id)
            && let Some(settings) = state.settings.recording()
        {
            state.recordings.prune(&settings);
        }
    });
    if let Err(error) = ended.await {
        warn!(%error, "a recording could not be ended");
    }
}

/// Gives a session's recording, if there is one, what it must know; what to tell the person when that failed.
fn record_what_shows(app: &AppHandle, id: Uuid, update: &SessionUpdate) -> Option<String> {
    let state = app.state::<AppState>();
    match update {
        SessionUpdate::Output(bytes) | SessionUpdate::Stderr(bytes) => {
            state.recordings.output(id, bytes)
        }
        SessionUpdate::State(State::Reconnecting(_)) => {
            state.recordings.marker(id, "connection lost");
            None
        }
        SessionUpdate::State(State::Open { .. }) => {
            state.recordings.marker(id, "connected");
            None
        }
        SessionUpdate::State(_) | SessionUpdate::Notice(_) => None,
    }
}

/// Writes down that a session lives, and that it has ended.
async fn keep_record(app: &AppHandle, record: &mut LiveSession, state: &State) {
    let change: Box<dyn FnOnce(&AppState) + Send> = match state {
        State::Connecting { session_id } => {
            record.session_id = session_id.to_string();
            record.started_ms = present::unix_ms(SystemTime::now());
            let record = record.clone();
            Box::new(move |state| state.live.add(record))
        }
        State::Ended(_) => {
            let session_id = record.session_id.clone();
            Box::new(move |state| state.live.remove(&session_id))
        }
        State::Starting
        | State::WaitingForAgent
        | State::Handshake
        | State::Open { .. }
        | State::Reconnecting(_)
        | State::WaitingForSignIn { .. } => return,
    };
    let app = app.clone();
    // A disk may be slow.
    let written = tokio::task::spawn_blocking(move || change(&app.state::<AppState>())).await;
    if let Err(error) = written {
        warn!(%error, "a session could not be written down");
    }
}
