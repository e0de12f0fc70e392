//! The main window: where it may go, and what it must not do.

use tauri::webview::NewWindowResponse;
use tauri::{AppHandle, Manager as _, Url, WebviewUrl, WebviewWindowBuilder};
use tracing::warn;

use crate::state::AppState;
use crate::window_state::SMALLEST;

/// The label of the only window; the capability in `tauri.conf.json` names it.
pub(crate) const MAIN: &str = "main";

/// Opens the main window on the application's own page, which it can never leave.
pub(crate) fn open_main(app: &AppHandle) -> tauri::Result<()> {
    let screens = app.available_monitors().unwrap_or_default();
    let place = app.state::<AppState>().window.place(&screens);
    let mut builder = WebviewWindowBuilder::new(app, MAIN, WebviewUrl::App("index.html".into()))
        .title("Sessiondeck")
        .inner_size(place.width, place.height)
        .min_inner_size(SMALLEST.0, SMALLEST.1)
        .maximized(place.maximised)
        // The page drags tabs itself; a file dropped on it does nothing.
        .disable_drag_drop_handler()
        .on_navigation(|url| {
            let own = is_own_page(url);
            if !own {
                warn!(
                    scheme = url.scheme(),
                    "refused to leave the application's page"
                );
            }
            own
        })
        .on_new_window(|_, _| NewWindowResponse::Deny);
    if let Some((left, top)) = place.corner {
        builder = builder.position(left, top);
    }
    builder.build()?;
    Ok(())
}

/// Whether a URL is the application's own page: `tauri://localhost` on Linux and macOS, `http(s)://tauri.localhost` on
/// Windows, and Vite's server while developing.
fn is_own_page(url: &Url) -> bool {
    match (url.scheme(), url.host_str()) {
        ("tauri", Some("localhost")) | ("http" | "https", Some("tauri.localhost")) => true,
        ("http", Some("localhost")) => cfg!(debug_assertions) && url.port() == Some(5173),
        _ => false,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use super::*;

    #[test]
    fn only_the_own_page_may_be_visited() {
        for own in [
            "tauri://localhost/",
            "tauri://localhost/index.html",
            "http://tauri.localhost/",
        ] {
            assert!(is_own_page(&own.parse().unwrap()), "{own}");
        }
        for foreign in [
            "https://example.com/",
            "tauri://example.com/",
            "file:///etc/passwd",
            "data:text/html,x",
            "about:blank",
            "http://localhost:8080/",
            "https://tauri.localhost.example.com/",
        ] {
            assert!(!is_own_page(&foreign.parse().unwrap()), "{foreign}");
        }
    }
}
