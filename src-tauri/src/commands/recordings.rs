//! Recording sessions, and playing recordings.

use ipc::{
    RecordingCursor, RecordingFound, RecordingList, RecordingPage, RecordingStart, TerminalSize,
};
use tauri::State;
use tracing::warn;
use uuid::Uuid;

use super::{Answer, session_id, terminal_size};
use crate::state::AppState;

/// A title longer than this is no name of a connection.
const MAX_TITLE_CHARS: usize = 200;
/// Nobody looks for more.
const MAX_SEARCH_CHARS: usize = 1_000;

#[tauri::command(async)]
pub(crate) fn start_recording(
    state: State<'_, AppState>,
    id: String,
    title: String,
    size: TerminalSize,
) -> Answer<()> {
    let id = session_id(&id)?;
    state.sessions.must_be_live(id)?;
    let title: String = title.chars().take(MAX_TITLE_CHARS).collect();
    state.recordings.start(id, &title, terminal_size(size)?)
}

/// Records a session that is about to begin, where the settings want it of all. One that cannot be recorded begins all
/// the same.
pub(super) fn begin_by_default(state: &AppState, id: Uuid, title: &str) -> Answer<()> {
    let size = state.sessions.size_of(id)?;
    let wanted = state.settings.recording().is_some_and(|all| all.by_default);
    if wanted && let Err(error) = state.recordings.start(id, title, size) {
        warn!(error = error.message, "a session could not be recorded");
    }
    Ok(())
}

#[tauri::command(async)]
pub(crate) fn stop_recording(state: State<'_, AppState>, id: String) -> Answer<()> {
    state.recordings.stop(session_id(&id)?);
    Ok(())
}

#[tauri::command(async)]
pub(crate) fn list_recordings(state: State<'_, AppState>) -> Answer<RecordingList> {
    state.recordings.list()
}

#[tauri::command(async)]
pub(crate) fn begin_recording(state: State<'_, AppState>, name: String) -> Answer<RecordingStart> {
    state.recordings.begin(&name)
}

#[tauri::command(async)]
pub(crate) fn page_of_recording(
    state: State<'_, AppState>,
    name: String,
    cursor: RecordingCursor,
) -> Answer<RecordingPage> {
    state.recordings.page(&name, cursor)
}

#[tauri::command(async)]
pub(crate) fn find_in_recording(
    state: State<'_, AppState>,
    name: String,
    text: String,
) -> Answer<Vec<RecordingFound>> {
    let text: String = text.chars().take(MAX_SEARCH_CHARS).collect();
    state.recordings.find(&name, &text)
}

#[tauri::command(async)]
pub(crate) fn delete_recording(state: State<'_, AppState>, name: String) -> Answer<()> {
    state.recordings.remove(&name)
}
