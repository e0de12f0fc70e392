//! The desktop application: a window, the commands its page may call, and the map of live sessions.
//!
//! Commands parse, call one function and map the error. What a session is lives in `engine`, what AWS is in `aws`, what
//! a saved connection is in `profiles`; this crate joins them and owns what runs.

mod clipboard;
mod commands;
mod convert;
mod credentials;
mod demo;
mod link;
mod opening;
mod orphans;
mod present;
mod profiles_state;
mod recordings;
mod sessions;
mod state;
mod window;

use std::process::ExitCode;

use tauri::{Manager, RunEvent};
use tracing::{error, info, warn};

use crate::state::AppState;

/// What the log should hold, in the form of `RUST_LOG`.
const LOG_VARIABLE: &str = "SESSIONDECK_LOG";

/// Runs the application until its last window is closed and every session has ended.
#[must_use]
pub fn run() -> ExitCode {
    let dirs = state::Dirs::from_environment();
    let wish = std::env::var(LOG_VARIABLE).unwrap_or_else(|_| "info".to_owned());
    if let Err(problem) = logging::init(&wish, &dirs.logs) {
        warn!(%problem, "going on without");
    }
    info!(version = env!("CARGO_PKG_VERSION"), "starting");
    let app = tauri::Builder::default()
        .invoke_handler(tauri::generate_handler![
            commands::answer_mfa,
            commands::app_info,
            commands::attach_session,
            commands::aws_setup,
            commands::cancel_question,
            commands::close_session,
            commands::delete_profile,
            commands::duplicate_profile,
            commands::end_orphans,
            commands::find_orphans,
            commands::give_up_session,
            commands::grant_credit,
            commands::interrupt_session,
            commands::leave_orphans,
            commands::list_profiles,
            commands::open_link,
            commands::open_questions,
            commands::open_session,
            commands::read_clipboard,
            commands::resize_session,
            commands::retry_session,
            commands::save_profile,
            commands::send_input,
            commands::session_timeline,
            commands::sign_in,
            commands::sign_out,
            commands::who_am_i,
            commands::write_clipboard,
            commands::recordings::begin_recording,
            commands::recordings::delete_recording,
            commands::recordings::find_in_recording,
            commands::recordings::list_recordings,
            commands::recordings::page_of_recording,
            commands::recordings::start_recording,
            commands::recordings::stop_recording,
        ])
        .setup(move |app| {
            app.manage(AppState::new(&dirs));
            app.state::<AppState>().credentials.tell(app.handle());
            window::open_main(app.handle())?;
            exit_on_signal(app.handle().clone());
            Ok(())
        })
        .build(tauri::generate_context!());
    match app {
        Ok(app) => {
            app.run(|app, event| {
                if let RunEvent::ExitRequested { api, .. } = event {
                    app.state::<AppState>().exit_requested(app, &api);
                }
            });
            ExitCode::SUCCESS
        }
        Err(error) => {
            error!(%error, "the window could not be opened");
            ExitCode::FAILURE
        }
    }
}

/// Ends in order when the system asks for it: at the end of a login session, or by `kill`.
#[cfg(unix)]
fn exit_on_signal(app: tauri::AppHandle) {
    use tokio::signal::unix::{SignalKind, signal};
    tauri::async_runtime::spawn(async move {
        let kinds = [
            SignalKind::terminate(),
            SignalKind::hangup(),
            SignalKind::interrupt(),
        ];
        let [Ok(mut terminate), Ok(mut hangup), Ok(mut interrupt)] = kinds.map(signal) else {
            warn!("signals cannot be listened to");
            return;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
            _ = interrupt.recv() => {}
        }
        info!("asked to end");
        app.exit(0);
    });
}

/// Other systems close the window, which ends in order by itself.
#[cfg(not(unix))]
fn exit_on_signal(_app: tauri::AppHandle) {}
