//! The desktop application: a window, the commands its page may call, and the map of live sessions.
//!
//! Commands parse, call one function and map the error. What a session is lives in `engine`, what AWS is in `aws`, what
//! a saved connection is in `profiles`; this crate joins them and owns what runs.

mod asking;
mod clipboard;
mod commands;
mod convert;
mod credentials;
mod deep_links;
mod demo;
mod imports;
mod keys;
mod layout;
mod link;
mod menu;
mod native;
mod opening;
mod orphans;
mod own_files;
mod present;
mod profiles_state;
mod profiles_watch;
mod quit;
mod recordings;
mod save;
mod sessions;
mod settings_state;
mod sign_ins;
mod state;
mod window;
mod window_state;

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
    let mut builder = tauri::Builder::default();
    // First of all, before anything of a second start happens.
    if let Some(plugin) = native::single_instance() {
        builder = builder.plugin(plugin);
    }
    let app = builder
        .plugin(tauri_plugin_deep_link::init())
        .plugin(tauri_plugin_dialog::init())
        .invoke_handler(tauri::generate_handler![
            commands::native::accept_link,
            commands::answer_mfa,
            commands::answer_question,
            commands::native::answer_quit,
            commands::app_info,
            commands::attach_session,
            commands::aws_setup,
            commands::cancel_question,
            settings_state::change_settings,
            commands::close_session,
            commands::profiles::create_folder,
            commands::keys::delete_keys,
            commands::profiles::delete_profiles,
            settings_state::delete_theme,
            commands::keys::drop_waiting_keys,
            commands::profiles::duplicate_profile,
            commands::end_orphans,
            commands::native::export_profiles,
            commands::find_orphans,
            commands::native::forget_link,
            commands::profiles::forget_recents,
            commands::give_up_session,
            commands::grant_credit,
            commands::native::import_places,
            commands::interrupt_session,
            commands::keys::keep_keys,
            commands::keys::keep_waiting_keys,
            commands::leave_orphans,
            commands::keys::list_keys,
            commands::profiles::list_profiles,
            settings_state::list_themes,
            commands::load_layout,
            commands::profiles::move_profiles,
            commands::open_link,
            commands::native::open_links,
            commands::open_questions,
            commands::open_session,
            settings_state::open_settings_file,
            commands::native::preview_import,
            commands::native::quit,
            commands::native::quit_shown,
            commands::read_clipboard,
            commands::profiles::rename_folder,
            commands::profiles::reset_profile,
            commands::resize_session,
            commands::retry_session,
            commands::profiles::revise_profiles,
            commands::native::run_import,
            commands::save_layout,
            commands::profiles::save_profile,
            commands::save_text,
            settings_state::save_theme,
            commands::send_input,
            commands::session_timeline,
            settings_state::settings,
            commands::native::show_menu,
            commands::sign_in,
            commands::sign_out,
            settings_state::system_fonts,
            commands::native::toggle_full_screen,
            commands::native::undo_import,
            commands::sign_ins::add_aws_profiles,
            commands::sign_ins::forget_sign_in,
            commands::sign_ins::preview_aws_profiles,
            commands::sign_ins::remember_sign_in,
            commands::sign_ins::sso_accounts,
            commands::sign_ins::sso_roles,
            commands::profiles::undo_profiles,
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
        .on_menu_event(|app, event| native::menu_chosen(app, event.id().as_ref()))
        .on_window_event(native::window_event)
        .setup(move |app| {
            app.manage(AppState::new(&dirs));
            app.state::<AppState>().credentials.tell(app.handle());
            profiles_watch::start(app.handle());
            recordings::prune_at_start(app.handle());
            app.state::<AppState>().settings.tell(app.handle());
            window::open_main(app.handle())?;
            native::keep_window(app.handle().clone());
            native::register_scheme(app.handle());
            native::take_links(app.handle(), &std::env::args().collect::<Vec<_>>());
            exit_on_signal(app.handle().clone());
            Ok(())
        })
        .build(tauri::generate_context!());
    match app {
        Ok(app) => {
            app.run(|app, event| {
                if let RunEvent::ExitRequested { api, .. } = &event {
                    app.state::<AppState>().exit_requested(app, api);
                }
                #[cfg(target_os = "macos")]
                if let RunEvent::Opened { urls } = &event {
                    let links: Vec<String> = urls.iter().map(ToString::to_string).collect();
                    native::to_front(app);
                    native::take_links(app, &links);
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
