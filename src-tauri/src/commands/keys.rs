//! Keys that the person types. They come this way once and never go back.

use ipc::StoredKeys;
use secrecy::SecretString;
use tauri::State;

use super::Answer;
use crate::keys::Typed;
use crate::state::AppState;

#[tauri::command]
pub(crate) async fn list_keys(state: State<'_, AppState>) -> Answer<StoredKeys> {
    Ok(state.credentials.keys.list().await)
}

#[tauri::command]
pub(crate) async fn keep_keys(
    state: State<'_, AppState>,
    name: String,
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    replace: bool,
) -> Answer<()> {
    let typed = Typed {
        name,
        access_key_id,
        secret_access_key: SecretString::from(secret_access_key),
        session_token: session_token.map(SecretString::from),
    };
    state.credentials.keys.keep(typed, replace).await
}

#[tauri::command]
pub(crate) async fn keep_waiting_keys(
    state: State<'_, AppState>,
    only_for_this_run: bool,
) -> Answer<()> {
    state.credentials.keys.keep_waiting(only_for_this_run).await
}

#[tauri::command]
pub(crate) fn drop_waiting_keys(state: State<'_, AppState>) {
    state.credentials.keys.drop_waiting();
}

#[tauri::command]
pub(crate) async fn delete_keys(state: State<'_, AppState>, name: String) -> Answer<()> {
    state.credentials.keys.delete(&name).await
}
