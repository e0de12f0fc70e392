//! The application among others on the desktop: one instance, links to it, and the wish to end it.

use ipc::LinkRequest;
use tauri::plugin::TauriPlugin;
use tauri::{AppHandle, Emitter as _, EventTarget, Manager as _, Window, WindowEvent, Wry};
use tauri_plugin_deep_link::DeepLinkExt as _;
use tracing::{info, warn};

use crate::deep_links;
use crate::quit::Decision;
use crate::state::AppState;
use crate::window::MAIN;

/// Hands a second start over to the first, which comes to the front and takes the links that came with it.
///
/// Whoever names a folder of settings of their own wants an instance of their own.
pub(crate) fn single_instance() -> Option<TauriPlugin<Wry>> {
    let own_folder = std::env::var_os(profiles::CONFIG_DIR_VARIABLE);
    if own_folder.is_some() && !cfg!(target_os = "linux") {
        return None;
    }
    let builder = tauri_plugin_single_instance::Builder::new().callback(
        |app: &AppHandle, arguments, _folder| {
            info!("started a second time; this one goes on");
            to_front(app);
            take_links(app, &arguments);
        },
    );
    #[cfg(target_os = "linux")]
    let builder = match own_folder {
        Some(folder) => {
            use std::hash::{DefaultHasher, Hash as _, Hasher as _};
            let mut hasher = DefaultHasher::new();
            folder.hash(&mut hasher);
            builder.dbus_id(format!("dev.sessiondeck.app.f{:016x}", hasher.finish()))
        }
        None => builder,
    };
    Some(builder.build())
}

/// Takes the links among the arguments and tells the page of them.
pub(crate) fn take_links(app: &AppHandle, arguments: &[String]) {
    let state = app.state::<AppState>();
    for link in deep_links::in_arguments(arguments) {
        state.deep_links.add(link);
    }
    tell_links(app);
}

/// All links that wait, as the page is to show them.
pub(crate) fn links(state: &AppState) -> Vec<LinkRequest> {
    let saved = state.profiles.with_store(|store| store.profiles());
    state.deep_links.requests(&saved, &aws_profiles(state))
}

/// The names of the AWS profiles of this computer.
pub(crate) fn aws_profiles(state: &AppState) -> Vec<String> {
    let files = state.credentials.broker.files();
    files
        .profiles()
        .map(|profile| profile.name().to_owned())
        .collect()
}

/// Tells the page which links wait now.
pub(crate) fn tell_links(app: &AppHandle) {
    let requests = links(&app.state::<AppState>());
    tell(app, ipc::LINKS_EVENT, requests);
}

fn tell<T: serde::Serialize + Clone>(app: &AppHandle, event: &str, what: T) {
    if let Err(error) = app.emit_to(EventTarget::webview_window(MAIN), event, what) {
        warn!(%error, "the window could not be told");
    }
}

/// Makes the system send links here where the package that brought the program does not: an AppImage, or a program that
/// was only copied, on Windows.
pub(crate) fn register_scheme(app: &AppHandle) {
    let is_appimage = cfg!(target_os = "linux") && std::env::var_os("APPIMAGE").is_some();
    if !(is_appimage || cfg!(windows)) {
        return;
    }
    if let Err(error) = app.deep_link().register_all() {
        warn!(%error, "links cannot be registered");
    }
}

/// Brings the window in front of all others.
pub(crate) fn to_front(app: &AppHandle) {
    let Some(window) = app.get_webview_window(MAIN) else {
        return;
    };
    let shown = window
        .unminimize()
        .and_then(|()| window.show())
        .and_then(|()| window.set_focus());
    if let Err(error) = shown {
        warn!(%error, "the window could not be brought to the front");
    }
}

/// A person wants to quit.
pub(crate) fn quit_wished(app: &AppHandle) {
    let state = app.state::<AppState>();
    match state.quitting.wished(state.sessions.open_count()) {
        Decision::Quit => app.exit(0),
        Decision::Ask(open) => {
            to_front(app);
            tell(app, ipc::QUIT_EVENT, open);
        }
    }
}

/// An item of the system's menu was chosen.
pub(crate) fn menu_chosen(app: &AppHandle, id: &str) {
    if id == crate::menu::QUIT {
        quit_wished(app);
    } else {
        tell(app, ipc::MENU_EVENT, id.to_owned());
    }
}

/// What happens to the window.
pub(crate) fn window_event(window: &Window, event: &WindowEvent) {
    if window.label() != MAIN {
        return;
    }
    let app = window.app_handle();
    let state = app.state::<AppState>();
    match event {
        WindowEvent::CloseRequested { api, .. } => {
            state.window.keep(window);
            match state.quitting.wished(state.sessions.open_count()) {
                Decision::Quit => {}
                Decision::Ask(open) => {
                    api.prevent_close();
                    tell(app, ipc::QUIT_EVENT, open);
                }
            }
        }
        WindowEvent::Moved(_) | WindowEvent::Resized(_) => state.window.changed(),
        WindowEvent::Destroyed
        | WindowEvent::Focused(_)
        | WindowEvent::ScaleFactorChanged { .. }
        | WindowEvent::DragDrop(_)
        | WindowEvent::ThemeChanged(_)
        | _ => {}
    }
}

/// Writes down where the window is, whenever it has come to rest.
pub(crate) fn keep_window(app: AppHandle) {
    tauri::async_runtime::spawn(async move {
        loop {
            app.state::<AppState>().window.settled().await;
            let Some(window) = app.get_webview_window(MAIN) else {
                return;
            };
            let window = window.as_ref().window();
            let kept = {
                let app = app.clone();
                tokio::task::spawn_blocking(move || app.state::<AppState>().window.keep(&window))
            };
            if kept.await.is_err() {
                return;
            }
        }
    });
}
