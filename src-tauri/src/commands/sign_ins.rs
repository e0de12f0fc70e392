//! A first sign-in, and the AWS profiles that come of it.

use ipc::{AddedLines, NewAwsProfiles, SsoAccount};
use tauri::State;

use super::Answer;
use crate::state::AppState;

#[tauri::command(async)]
pub(crate) fn remember_sign_in(
    state: State<'_, AppState>,
    start_url: String,
    region: String,
) -> Answer<String> {
    state.credentials.remember(&start_url, &region)
}

#[tauri::command]
pub(crate) async fn forget_sign_in(state: State<'_, AppState>, session: String) -> Answer<()> {
    state.credentials.forget(&session).await
}

#[tauri::command]
pub(crate) async fn sso_accounts(
    state: State<'_, AppState>,
    session: String,
) -> Answer<Vec<SsoAccount>> {
    state.credentials.accounts(&session).await
}

#[tauri::command]
pub(crate) async fn sso_roles(
    state: State<'_, AppState>,
    session: String,
    account_id: String,
) -> Answer<Vec<String>> {
    state.credentials.roles(&session, &account_id).await
}

#[tauri::command(async)]
pub(crate) fn preview_aws_profiles(
    state: State<'_, AppState>,
    wanted: NewAwsProfiles,
) -> Answer<AddedLines> {
    state.credentials.preview_profiles(&wanted)
}

/// `seen`: the lines as the person saw them; others are not written.
#[tauri::command(async)]
pub(crate) fn add_aws_profiles(
    state: State<'_, AppState>,
    wanted: NewAwsProfiles,
    seen: String,
) -> Answer<()> {
    state.credentials.add_profiles(&wanted, &seen)
}
