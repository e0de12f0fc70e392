//! Which sessions are being recorded, and the folder of recordings.
//!
//! Only what a session shows is written, never what is typed. A recording that fails ends by itself and says so in its
//! tab; the session does not notice.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use engine::TerminalSize;
use ipc::{
    CommandError, ErrorCode, Recording, RecordingCursor, RecordingEvent, RecordingFound,
    RecordingList, RecordingPage, RecordingSettings, RecordingStart,
};
use recording::{Cursor, Event, EventKind, Name, Recorder, Retention, Shelf, ShelfError, Start};
use tauri::{AppHandle, Manager};
use tracing::{info, warn};
use uuid::Uuid;

use crate::state::AppState;

/// The recordings of the application.
pub(crate) struct Recordings {
    shelf: Shelf,
    running: Mutex<HashMap<Uuid, Arc<Running>>>,
}

struct Running {
    name: Name,
    recorder: Recorder,
}

impl Recordings {
    /// Those of a folder, which is made when first needed.
    pub(crate) fn open(folder: PathBuf) -> Self {
        Self {
            shelf: Shelf::new(folder),
            running: Mutex::default(),
        }
    }

    /// Begins to record a session; one that is recorded already goes on.
    pub(crate) fn start(
        &self,
        session: Uuid,
        title: &str,
        size: TerminalSize,
    ) -> Result<(), CommandError> {
        if self.lock().contains_key(&session) {
            return Ok(());
        }
        let now = SystemTime::now();
        let (name, file) = self
            .shelf
            .create(title, now)
            .map_err(|error| told(&error))?;
        let timestamp = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let start = Start {
            title: title.to_owned(),
            size: (size.cols(), size.rows()),
            timestamp,
            now: Instant::now(),
        };
        let recorder = Recorder::start(file, &start).map_err(|error| told(&error.into()))?;
        info!("a recording begins");
        let running = Arc::new(Running { name, recorder });
        self.lock().insert(session, running);
        Ok(())
    }

    /// Ends a session's recording, if there is one, once it is all on its way to the disk.
    /// Says whether there was one.
    pub(crate) fn stop(&self, session: Uuid) -> bool {
        // Dropped outside the lock: it waits for the writing.
        let stopped = self.lock().remove(&session);
        stopped.is_some()
    }

    /// A session showed something. Gives what to tell the person when the recording has failed with it.
    pub(crate) fn output(&self, session: Uuid, bytes: &Bytes) -> Option<String> {
        let running = self.running(session)?;
        running.recorder.output(Instant::now(), bytes);
        let trouble = running.recorder.trouble()?;
        warn!(%trouble, "a recording ended early");
        self.stop(session);
        Some(trouble.to_string())
    }

    /// A session's terminal has another size.
    pub(crate) fn resized(&self, session: Uuid, size: TerminalSize) {
        if let Some(running) = self.running(session) {
            running
                .recorder
                .resized(Instant::now(), size.cols(), size.rows());
        }
    }

    /// Something worth finding again happened to a session.
    pub(crate) fn marker(&self, session: Uuid, label: &str) {
        if let Some(running) = self.running(session) {
            running.recorder.marker(Instant::now(), label);
        }
    }

    /// Everything there is, the newest first.
    pub(crate) fn list(&self) -> Result<RecordingList, CommandError> {
        let running = self.names();
        let listed = self.shelf.list().map_err(|error| told(&error))?;
        Ok(RecordingList {
            recordings: listed
                .into_iter()
                .map(|each| Recording {
                    running: running.contains(&each.name),
                    name: each.name.as_str().to_owned(),
                    title: each.title,
                    started_ms: each.started_ms,
                    length_ms: each.length_ms,
                    len_bytes: each.len_bytes,
                })
                .collect(),
            folder: self.shelf.folder().display().to_string(),
        })
    }

    /// What a player must know before the first event.
    pub(crate) fn begin(&self, name: &str) -> Result<RecordingStart, CommandError> {
        let (header, cursor) = self
            .shelf
            .header(&parse(name)?)
            .map_err(|error| told(&error))?;
        Ok(RecordingStart {
            cols: header.cols,
            rows: header.rows,
            first: cursor_to_page(cursor),
        })
    }

    /// Some of its events.
    pub(crate) fn page(
        &self,
        name: &str,
        cursor: RecordingCursor,
    ) -> Result<RecordingPage, CommandError> {
        let cursor = Cursor {
            offset: cursor.offset,
            at_ms: cursor.at_ms,
        };
        let page = self
            .shelf
            .page(&parse(name)?, cursor)
            .map_err(|error| told(&error))?;
        Ok(RecordingPage {
            events: page.events.into_iter().filter_map(event_to_page).collect(),
            next: page.next.map(cursor_to_page),
        })
    }

    /// Where a text shows.
    pub(crate) fn find(&self, name: &str, text: &str) -> Result<Vec<RecordingFound>, CommandError> {
        let found = self
            .shelf
            .find(&parse(name)?, text)
            .map_err(|error| told(&error))?;
        Ok(found
            .into_iter()
            .map(|each| RecordingFound {
                at_ms: each.at_ms,
                line: each.line,
            })
            .collect())
    }

    /// Removes one for good.
    pub(crate) fn remove(&self, name: &str) -> Result<(), CommandError> {
        let name = parse(name)?;
        if self.names().contains(&name) {
            return Err(CommandError {
                code: ErrorCode::InvalidArgument,
                message: "This session is still being recorded. Stop the recording first."
                    .to_owned(),
            });
        }
        self.shelf.remove(&name).map_err(|error| told(&error))
    }

    /// Removes what is too old or too much by the settings.
    pub(crate) fn prune(&self, settings: &RecordingSettings) {
        let days = u64::from(settings.retention_days);
        let retention = Retention {
            max_age: Some(Duration::from_hours(days * 24)),
            max_total_bytes: Some(u64::from(settings.max_total_mb) * 1_000_000),
        };
        match self
            .shelf
            .prune(retention, SystemTime::now(), &self.names())
        {
            Ok(gone) if gone.is_empty() => {}
            Ok(gone) => info!(recordings = gone.len(), "old recordings removed"),
            Err(error) => warn!(%error, "old recordings could not be looked for"),
        }
    }

    fn names(&self) -> Vec<Name> {
        self.lock().values().map(|each| each.name.clone()).collect()
    }

    fn running(&self, session: Uuid) -> Option<Arc<Running>> {
        self.lock().get(&session).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Arc<Running>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes what has become too old or too much since the last start. Nothing waits for it.
pub(crate) fn prune_at_start(app: &AppHandle) {
    let app = app.clone();
    tauri::async_runtime::spawn_blocking(move || {
        let state = app.state::<AppState>();
        if let Some(settings) = state.settings.recording() {
            state.recordings.prune(&settings);
        }
    });
}

fn parse(name: &str) -> Result<Name, CommandError> {
    name.parse().map_err(|error| told(&error))
}

fn told(error: &ShelfError) -> CommandError {
    CommandError {
        code: ErrorCode::InvalidArgument,
        message: format!("The recording cannot be used: {error}."),
    }
}

fn cursor_to_page(cursor: Cursor) -> RecordingCursor {
    RecordingCursor {
        offset: cursor.offset,
        at_ms: cursor.at_ms,
    }
}

/// What a player shows; what was typed, which files of other programs may hold, is left out.
fn event_to_page(Event { at_ms, kind }: Event) -> Option<RecordingEvent> {
    match kind {
        EventKind::Output(text) => Some(RecordingEvent::Output { at_ms, text }),
        EventKind::Resize(cols, rows) => Some(RecordingEvent::Resize { at_ms, cols, rows }),
        EventKind::Marker(label) => Some(RecordingEvent::Marker { at_ms, label }),
        EventKind::Exit(status) => Some(RecordingEvent::Marker {
            at_ms,
            label: format!("exit status {status}"),
        }),
        EventKind::Input(_) => None,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use super::*;

    fn size() -> TerminalSize {
        TerminalSize::new(80, 24).unwrap()
    }

    #[test]
    fn a_recording_is_listed_while_it_runs_and_stays_when_it_has_ended() {
        let folder = tempfile::tempdir().unwrap();
        let recordings = Recordings::open(folder.path().join("recordings"));
        let session = Uuid::new_v4();
        assert_eq!(recordings.output(session, &Bytes::from_static(b"x")), None);
        recordings.start(session, "web-1", size()).unwrap();
        recordings.start(session, "web-1", size()).unwrap();
        assert_eq!(
            recordings.output(session, &Bytes::from_static(b"hello\r\n")),
            None
        );
        let list = recordings.list().unwrap().recordings;
        assert_eq!(list.len(), 1);
        assert!(list[0].running);
        assert!(recordings.remove(&list[0].name).is_err());
        recordings.stop(session);
        let list = recordings.list().unwrap().recordings;
        assert!(!list[0].running);
        let begin = recordings.begin(&list[0].name).unwrap();
        let page = recordings.page(&list[0].name, begin.first).unwrap();
        assert!(matches!(
            page.events.as_slice(),
            [RecordingEvent::Output { text, .. }] if text == "hello\r\n"
        ));
        assert_eq!(recordings.find(&list[0].name, "HELLO").unwrap().len(), 1);
        recordings.remove(&list[0].name).unwrap();
        assert!(recordings.list().unwrap().recordings.is_empty());
    }

    #[test]
    fn names_from_the_page_lead_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let recordings = Recordings::open(folder.path().join("recordings"));
        for name in ["../profiles.json", "/etc/passwd", "..", ""] {
            assert!(recordings.begin(name).is_err(), "{name}");
            assert!(recordings.remove(name).is_err(), "{name}");
            assert!(recordings.find(name, "x").is_err(), "{name}");
        }
    }
}
