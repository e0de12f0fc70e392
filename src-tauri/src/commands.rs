//! What the page may ask for. Each command parses its arguments, calls one function and maps the error.
//!
//! Arguments are treated as hostile: ids must be ones this program made, sizes are capped, and nothing that comes back
//! holds a secret. A command that is not listed in `build.rs` and named in the capability is refused before it gets here.

pub(crate) mod keys;
pub(crate) mod native;
pub(crate) mod profiles;
pub(crate) mod recordings;
pub(crate) mod sign_ins;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use engine::Interrupt;
use ipc::{
    AppInfo, AwsSetup, Caller, CommandError, ErrorCode, Orphan, Question, SessionOpened,
    SessionTimeline, TerminalSize,
};
use tauri::{AppHandle, State};
use uuid::Uuid;

use crate::asking::{self, Asking};
use crate::sessions::SessionsError;
use crate::state::AppState;
use crate::{clipboard, convert, link, opening, orphans, present, save};

type Answer<T> = Result<T, CommandError>;

/// A paste arrives in pieces; one larger than this is a page gone wild.
const MAX_INPUT_BYTES: usize = 256 * 1024;
/// What one interrupt may hold: a control character, or the end of a bracketed paste.
const MAX_INTERRUPT_BYTES: usize = 64;
/// No question takes more than some hundred characters.
const MAX_ANSWER_BYTES: usize = 4096;

#[tauri::command]
pub(crate) fn app_info() -> AppInfo {
    AppInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        platform: std::env::consts::OS.to_owned(),
    }
}

#[tauri::command(async)]
pub(crate) fn aws_setup(state: State<'_, AppState>) -> AwsSetup {
    state.credentials.setup()
}

#[tauri::command(async)]
pub(crate) fn open_questions(app: AppHandle) -> Vec<Question> {
    asking::all(&app)
}

#[tauri::command]
pub(crate) async fn sign_in(
    state: State<'_, AppState>,
    session: String,
    with_code: bool,
) -> Answer<()> {
    state.credentials.sign_in(&session, with_code).await
}

#[tauri::command]
pub(crate) async fn sign_out(state: State<'_, AppState>, session: String) -> Answer<()> {
    state.credentials.sign_out(&session).await
}

#[tauri::command]
pub(crate) async fn answer_mfa(state: State<'_, AppState>, id: u32, code: String) -> Answer<()> {
    state.credentials.answer_mfa(id, code).await
}

#[tauri::command]
pub(crate) fn cancel_question(state: State<'_, AppState>, id: u32) {
    if Asking::owns(id) {
        state.asking.cancel(id);
    } else {
        state.credentials.broker.cancel(id.into());
    }
}

#[tauri::command]
pub(crate) fn answer_question(state: State<'_, AppState>, id: u32, answer: String) -> Answer<()> {
    if answer.len() > MAX_ANSWER_BYTES {
        return Err(invalid("The answer is too long."));
    }
    state.asking.answer(id, &answer)
}

#[tauri::command]
pub(crate) async fn who_am_i(state: State<'_, AppState>, profile_id: String) -> Answer<Caller> {
    let profile = state.profiles.find(convert::profile_id(&profile_id)?)?;
    let connection = opening::connection(&profile).map_err(|error| invalid(&error.message))?;
    let settings = connect::settings(&connection);
    state.credentials.caller(&settings).await
}

/// What the page kept of its tabs, as it wrote it.
#[tauri::command(async)]
pub(crate) fn load_layout(state: State<'_, AppState>) -> Option<String> {
    state.layout.load()
}

#[tauri::command(async)]
pub(crate) fn save_layout(state: State<'_, AppState>, layout: String) -> Answer<()> {
    state.layout.save(&layout).map_err(|error| CommandError {
        code: ErrorCode::Internal,
        message: format!("The open tabs could not be kept for the next start: {error}."),
    })
}

#[tauri::command]
pub(crate) fn open_session(
    state: State<'_, AppState>,
    profile_id: String,
    size: TerminalSize,
    after: Option<String>,
) -> Answer<SessionOpened> {
    let profile = convert::profile_id(&profile_id)?;
    state.profiles.find(profile)?;
    let before = after.as_deref().map(session_id).transpose()?;
    let opened = state.sessions.open(profile, terminal_size(size)?)?;
    if let Some(before) = before {
        state.asking.follows(session_id(&opened.id)?, before);
    }
    Ok(opened)
}

#[tauri::command]
pub(crate) async fn attach_session(
    app: AppHandle,
    state: State<'_, AppState>,
    id: String,
) -> Answer<()> {
    let id = session_id(&id)?;
    let profile = state.profiles.find(state.sessions.profile_of(id)?)?;
    let record = opening::record(&profile);
    let opened = profile.id;
    recordings::begin_by_default(&state, id, &profile.draft.name)?;
    let source = opening::source(app.clone(), id, profile);
    state.sessions.attach(&app, id, source, record)?;
    profiles::opened(&app, opened);
    Ok(())
}

#[tauri::command]
pub(crate) async fn send_input(
    state: State<'_, AppState>,
    id: String,
    data: String,
    epoch: u64,
) -> Answer<()> {
    let bytes = input(&data, MAX_INPUT_BYTES)?;
    Ok(state
        .sessions
        .send_input(session_id(&id)?, epoch, bytes)
        .await?)
}

#[tauri::command]
pub(crate) async fn interrupt_session(
    state: State<'_, AppState>,
    id: String,
    epoch: u64,
    data: String,
    closing: String,
    always_close: bool,
) -> Answer<()> {
    let interrupt = Interrupt {
        bytes: input(&data, MAX_INTERRUPT_BYTES)?,
        closing: input(&closing, MAX_INTERRUPT_BYTES)?,
        always_close,
    };
    Ok(state
        .sessions
        .interrupt(session_id(&id)?, epoch, interrupt)
        .await?)
}

#[tauri::command]
pub(crate) fn retry_session(state: State<'_, AppState>, id: String) -> Answer<()> {
    // Credentials are asked for once for all sessions that wait for the same.
    state.credentials.broker.retry();
    Ok(state.sessions.try_now(session_id(&id)?)?)
}

#[tauri::command]
pub(crate) fn give_up_session(state: State<'_, AppState>, id: String) -> Answer<()> {
    Ok(state.sessions.give_up(session_id(&id)?)?)
}

#[tauri::command]
pub(crate) fn session_timeline(state: State<'_, AppState>, id: String) -> Answer<SessionTimeline> {
    Ok(present::timeline(
        &state.sessions.timeline(session_id(&id)?)?,
    ))
}

#[tauri::command]
pub(crate) fn resize_session(
    state: State<'_, AppState>,
    id: String,
    size: TerminalSize,
) -> Answer<()> {
    let (id, size) = (session_id(&id)?, terminal_size(size)?);
    state.sessions.resize(id, size)?;
    state.recordings.resized(id, size);
    Ok(())
}

#[tauri::command]
pub(crate) fn grant_credit(state: State<'_, AppState>, id: String, bytes: u32) -> Answer<()> {
    let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    Ok(state.sessions.grant_credit(session_id(&id)?, bytes)?)
}

#[tauri::command]
pub(crate) async fn find_orphans(state: State<'_, AppState>) -> Answer<Vec<Orphan>> {
    Ok(orphans::find(&state.live, &state.credentials.broker).await)
}

#[tauri::command]
pub(crate) async fn end_orphans(state: State<'_, AppState>) -> Answer<()> {
    orphans::end(&state.live, &state.credentials.broker).await
}

#[tauri::command(async)]
pub(crate) fn leave_orphans(state: State<'_, AppState>) {
    orphans::leave(&state.live);
}

#[tauri::command]
pub(crate) async fn close_session(state: State<'_, AppState>, id: String) -> Answer<()> {
    let id = session_id(&id)?;
    // In this order: once it is closed nobody is asked for it any more, and it ends as soon as nobody is.
    tokio::join!(state.sessions.close(id), async { state.asking.close(id) });
    Ok(())
}

#[tauri::command]
pub(crate) async fn read_clipboard() -> Answer<String> {
    clipboard::read().await
}

#[tauri::command]
pub(crate) async fn write_clipboard(text: String) -> Answer<()> {
    clipboard::write(text).await
}

#[tauri::command]
pub(crate) async fn save_text(app: AppHandle, name: String, text: String) -> Answer<String> {
    save::text(app, name, text).await
}

#[tauri::command]
pub(crate) async fn open_link(url: String) -> Answer<()> {
    link::open(url).await
}

impl From<SessionsError> for CommandError {
    fn from(error: SessionsError) -> Self {
        let code = match error {
            SessionsError::Unknown => ErrorCode::UnknownSession,
            SessionsError::Begun | SessionsError::TooMany => ErrorCode::InvalidArgument,
            SessionsError::Closing => ErrorCode::Internal,
        };
        Self {
            code,
            message: error.to_string(),
        }
    }
}

/// Bytes for a session out of base64.
fn input(data: &str, most_bytes: usize) -> Answer<Bytes> {
    if data.len() > most_bytes.div_ceil(3) * 4 {
        return Err(invalid("Too much input at once."));
    }
    let bytes = STANDARD
        .decode(data)
        .map_err(|_| invalid("Input must be base64."))?;
    Ok(Bytes::from(bytes))
}

fn session_id(text: &str) -> Answer<Uuid> {
    Uuid::parse_str(text).map_err(|_| SessionsError::Unknown.into())
}

fn terminal_size(size: TerminalSize) -> Answer<engine::TerminalSize> {
    engine::TerminalSize::new(size.cols, size.rows)
        .ok_or_else(|| invalid("A terminal has at least one column and one row."))
}

fn invalid(message: &str) -> CommandError {
    CommandError {
        code: ErrorCode::InvalidArgument,
        message: message.to_owned(),
    }
}
