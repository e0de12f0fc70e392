//! What the application owns: the profiles, the live sessions, the demo's simulator, and how all of it ends.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use tauri::{AppHandle, ExitRequestApi, Manager};
use tracing::info;

use crate::asking::Asking;
use crate::credentials::Credentials;
use crate::deep_links::DeepLinks;
use crate::demo::Demo;
use crate::imports::Imports;
use crate::layout::LayoutFile;
use crate::orphans::LiveRecord;
use crate::profiles_state::ProfilesState;
use crate::quit::Quitting;
use crate::recordings::Recordings;
use crate::sessions::Sessions;
use crate::settings_state::SettingsState;
use crate::window_state::WindowState;

/// Where the application keeps its files.
pub(crate) struct Dirs {
    /// The saved connections.
    pub(crate) config: PathBuf,
    /// The log.
    pub(crate) logs: PathBuf,
}

impl Dirs {
    /// The platform's folders, or what the environment says instead.
    pub(crate) fn from_environment() -> Self {
        let config = profiles::config_dir()
            // No home folder at all: the working folder is better than no application.
            .unwrap_or_else(|| PathBuf::from(".sessiondeck"));
        Self {
            logs: config.join("logs"),
            config,
        }
    }
}

/// Everything that lives as long as the application.
pub(crate) struct AppState {
    pub(crate) profiles: ProfilesState,
    pub(crate) sessions: Sessions,
    pub(crate) demo: Demo,
    /// Which sessions are open at the service.
    pub(crate) live: LiveRecord,
    pub(crate) credentials: Credentials,
    pub(crate) imports: Imports,
    pub(crate) deep_links: DeepLinks,
    pub(crate) quitting: Quitting,
    pub(crate) window: WindowState,
    /// Which tabs were open.
    pub(crate) layout: LayoutFile,
    pub(crate) asking: Asking,
    pub(crate) settings: SettingsState,
    pub(crate) recordings: Recordings,
    ending: AtomicBool,
}

impl AppState {
    pub(crate) fn new(dirs: &Dirs) -> Self {
        Self {
            profiles: ProfilesState::open(&dirs.config),
            sessions: Sessions::default(),
            demo: Demo::default(),
            live: LiveRecord::open(&dirs.config),
            credentials: Credentials::open(&dirs.config),
            imports: Imports::default(),
            deep_links: DeepLinks::default(),
            quitting: Quitting::default(),
            window: WindowState::open(&dirs.config),
            layout: LayoutFile::new(&dirs.config),
            asking: Asking::default(),
            settings: SettingsState::open(&dirs.config),
            recordings: Recordings::open(dirs.config.join("recordings")),
            ending: AtomicBool::new(false),
        }
    }

    /// The last window has closed: ends the sessions first, then lets the application go.
    pub(crate) fn exit_requested(&self, app: &AppHandle, api: &ExitRequestApi) {
        if self.ending.swap(true, Ordering::AcqRel) {
            return;
        }
        if self.sessions.is_empty() && !self.demo.is_running() {
            self.live.close();
            return;
        }
        api.prevent_exit();
        let app = app.clone();
        tauri::async_runtime::spawn(async move {
            let state = app.state::<Self>();
            state.asking.close_all();
            state.sessions.close_all().await;
            state.demo.shut_down().await;
            state.live.close();
            info!("ended");
            app.exit(0);
        });
    }
}
