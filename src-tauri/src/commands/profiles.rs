//! What the page may ask of the saved connections.

use ipc::{
    Profile, ProfileChange, ProfileDraft, ProfileList, ProfileOpening, ProfileSaved,
    ProfilesChanged, ProfilesUndone, TreeItem,
};
use profiles::ProfileId;
use tauri::{AppHandle, Emitter, EventTarget, Manager, State};
use tracing::warn;

use super::Answer;
use crate::state::AppState;
use crate::{convert, window};

#[tauri::command(async)]
pub(crate) fn list_profiles(state: State<'_, AppState>) -> ProfileList {
    state.profiles.list()
}

#[tauri::command(async)]
pub(crate) fn save_profile(
    state: State<'_, AppState>,
    id: Option<String>,
    draft: ProfileDraft,
    base: Option<ProfileDraft>,
) -> Answer<ProfileSaved> {
    let id = id.as_deref().map(convert::profile_id).transpose()?;
    state.profiles.save(id, draft, base)
}

#[tauri::command(async)]
pub(crate) fn duplicate_profile(state: State<'_, AppState>, id: String) -> Answer<Profile> {
    state.profiles.duplicate(convert::profile_id(&id)?)
}

#[tauri::command(async)]
pub(crate) fn delete_profiles(
    state: State<'_, AppState>,
    items: Vec<TreeItem>,
) -> Answer<ProfilesChanged> {
    state.profiles.delete(&convert::tree_items(&items)?)
}

#[tauri::command(async)]
pub(crate) fn move_profiles(
    state: State<'_, AppState>,
    items: Vec<TreeItem>,
    folder: String,
    before: Option<String>,
) -> Answer<ProfilesChanged> {
    let before = before.as_deref().map(convert::profile_id).transpose()?;
    let folder = convert::folder(&folder)?;
    state
        .profiles
        .move_items(&convert::tree_items(&items)?, &folder, before)
}

#[tauri::command(async)]
pub(crate) fn create_folder(state: State<'_, AppState>, folder: String) -> Answer<ProfilesChanged> {
    state.profiles.create_folder(&convert::folder(&folder)?)
}

#[tauri::command(async)]
pub(crate) fn rename_folder(
    state: State<'_, AppState>,
    folder: String,
    name: String,
) -> Answer<ProfilesChanged> {
    state
        .profiles
        .rename_folder(&convert::folder(&folder)?, &name)
}

#[tauri::command(async)]
pub(crate) fn revise_profiles(
    state: State<'_, AppState>,
    ids: Vec<String>,
    change: ProfileChange,
) -> Answer<ProfilesChanged> {
    let ids = ids
        .iter()
        .map(|id| convert::profile_id(id))
        .collect::<Result<Vec<ProfileId>, _>>()?;
    state.profiles.revise(&ids, &change)
}

#[tauri::command(async)]
pub(crate) fn reset_profile(state: State<'_, AppState>, id: String) -> Answer<ProfilesChanged> {
    state.profiles.reset(convert::profile_id(&id)?)
}

#[tauri::command(async)]
pub(crate) fn undo_profiles(state: State<'_, AppState>, undo: u32) -> Answer<ProfilesUndone> {
    state.profiles.undo(undo)
}

#[tauri::command(async)]
pub(crate) fn forget_recents(
    state: State<'_, AppState>,
    id: Option<String>,
) -> Answer<Vec<ProfileOpening>> {
    let id = id.as_deref().map(convert::profile_id).transpose()?;
    Ok(state.profiles.forget(id))
}

/// Writes down that a connection was opened, on a thread of its own, and tells the window.
pub(crate) fn opened(app: &AppHandle, id: ProfileId) {
    let app = app.clone();
    tauri::async_runtime::spawn_blocking(move || {
        let recents = app.state::<AppState>().profiles.opened(id);
        let window = EventTarget::webview_window(window::MAIN);
        if let Err(error) = app.emit_to(window, ipc::RECENTS_EVENT, recents) {
            warn!(%error, "the window could not be told");
        }
    });
}
