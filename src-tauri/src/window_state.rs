//! Where the window was: size, place and whether it was maximised, kept through restarts and kills.
//!
//! It is written a moment after each change, not at the end, which may never come. What is read back is used as far as
//! it fits the screens that are there now.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tauri::{Monitor, WebviewWindow, Window};
use tokio::sync::Notify;
use tracing::warn;

use crate::own_files::{Readers, read_text, write_whole};

const FILE: &str = "window.json";
const FILE_MAX: usize = 4 * 1024;
/// Dragging changes the window at every frame; this long after the last change it is written down.
const SETTLED: Duration = Duration::from_millis(250);
/// How much of the top of the window must be on a screen, so that it can be taken hold of; logical pixels.
const HANDLE: (f64, f64) = (120.0, 24.0);

/// The smallest window that can be worked in; logical pixels.
pub(crate) const SMALLEST: (f64, f64) = (640.0, 400.0);
/// The size of a window that was never changed; logical pixels.
const USUAL: (f64, f64) = (1180.0, 760.0);
const LARGEST: f64 = 20_000.0;

/// A window's place, in logical pixels.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Place {
    pub(crate) width: f64,
    pub(crate) height: f64,
    /// Its top left corner; `None`: wherever the system puts it.
    pub(crate) corner: Option<(f64, f64)>,
    pub(crate) maximised: bool,
}

impl Default for Place {
    fn default() -> Self {
        Self {
            width: USUAL.0,
            height: USUAL.1,
            corner: None,
            maximised: false,
        }
    }
}

/// One screen, in logical pixels: left, top, width, height.
pub(crate) type Screen = (f64, f64, f64, f64);

impl Place {
    /// What can be used of it on these screens.
    fn fitted(mut self, screens: &[Screen]) -> Self {
        let sane = |value: f64, smallest: f64, usual: f64| {
            if value.is_finite() && value <= LARGEST {
                value.max(smallest)
            } else {
                usual
            }
        };
        self.width = sane(self.width, SMALLEST.0, USUAL.0);
        self.height = sane(self.height, SMALLEST.1, USUAL.1);
        self.corner = self.corner.filter(|&(left, top)| {
            screens.iter().any(|&(x, y, width, height)| {
                let seen = (left + self.width).min(x + width) - left.max(x);
                seen >= HANDLE.0 && top >= y - HANDLE.1 && top + HANDLE.1 <= y + height
            })
        });
        self
    }
}

/// The window's place on disk.
#[derive(Debug)]
pub(crate) struct WindowState {
    file: PathBuf,
    /// The last one written or read; that of a window neither maximised nor full screen.
    place: Mutex<Place>,
    changed: Arc<Notify>,
}

impl WindowState {
    /// Reads what is kept in `folder`; nonsense counts for nothing.
    pub(crate) fn open(folder: &Path) -> Self {
        let file = folder.join(FILE);
        let place = read_text(&file, FILE_MAX)
            .ok()
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default();
        Self {
            file,
            place: Mutex::new(place),
            changed: Arc::default(),
        }
    }

    /// Where to open the window.
    pub(crate) fn place(&self, screens: &[Monitor]) -> Place {
        let screens: Vec<Screen> = screens.iter().map(screen).collect();
        self.lock().fitted(&screens)
    }

    /// The window has been moved or resized.
    pub(crate) fn changed(&self) {
        self.changed.notify_one();
    }

    /// Waits until the window has been changed and has come to rest.
    pub(crate) async fn settled(&self) {
        let changed = Arc::clone(&self.changed);
        changed.notified().await;
        while tokio::time::timeout(SETTLED, changed.notified())
            .await
            .is_ok()
        {}
    }

    /// Writes down where the window is now. One that cannot say so is left as it was.
    pub(crate) fn keep(&self, window: &Window) {
        let Ok(now) = look_at(window) else { return };
        let mut place = self.lock();
        let next = match now {
            Now::FullScreen => return,
            Now::Maximised => Place {
                maximised: true,
                ..*place
            },
            Now::At(next) => next,
        };
        if next == *place {
            return;
        }
        *place = next;
        if let Err(error) = write(&self.file, next) {
            warn!(%error, "where the window is could not be written down");
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn write(file: &Path, place: Place) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    write_whole(file, &serde_json::to_vec(&place)?, Readers::Owner)
}

enum Now {
    FullScreen,
    Maximised,
    At(Place),
}

fn look_at(window: &Window) -> tauri::Result<Now> {
    if window.is_fullscreen()? || window.is_minimized()? {
        return Ok(Now::FullScreen);
    }
    if window.is_maximized()? {
        return Ok(Now::Maximised);
    }
    let scale = window.scale_factor()?;
    let size = window.inner_size()?.to_logical::<f64>(scale);
    // Wayland does not tell.
    let corner = window.outer_position().ok().map(|corner| {
        let corner = corner.to_logical::<f64>(scale);
        (corner.x, corner.y)
    });
    Ok(Now::At(Place {
        width: size.width,
        height: size.height,
        corner,
        maximised: false,
    }))
}

fn screen(monitor: &Monitor) -> Screen {
    let scale = monitor.scale_factor();
    let corner = monitor.position().to_logical::<f64>(scale);
    let size = monitor.size().to_logical::<f64>(scale);
    (corner.x, corner.y, size.width, size.height)
}

/// Full screen, or back.
pub(crate) fn toggle_full_screen(window: &WebviewWindow) -> tauri::Result<()> {
    window.set_fullscreen(!window.is_fullscreen()?)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use std::fs;

    use super::*;
    use crate::own_files::tests::Folder;

    const SCREENS: [Screen; 2] = [(0.0, 0.0, 1920.0, 1080.0), (1920.0, 0.0, 1280.0, 1024.0)];

    fn at(left: f64, top: f64) -> Place {
        Place {
            width: 900.0,
            height: 500.0,
            corner: Some((left, top)),
            maximised: false,
        }
    }

    #[test]
    fn a_place_on_any_screen_is_kept() {
        for (left, top) in [(10.0, 20.0), (2000.0, 500.0), (-700.0, 0.0), (1800.0, -5.0)] {
            let place = at(left, top);
            assert_eq!(place.fitted(&SCREENS), place, "{left} {top}");
        }
    }

    #[test]
    fn a_window_that_could_not_be_taken_hold_of_is_put_by_the_system() {
        for (left, top) in [
            (5000.0, 20.0),
            (-800.0, 0.0),
            (10.0, 1070.0),
            (10.0, -300.0),
        ] {
            let fitted = at(left, top).fitted(&SCREENS);
            assert_eq!(fitted.corner, None, "{left} {top}");
            assert_eq!((fitted.width, fitted.height), (900.0, 500.0));
        }
        assert_eq!(at(10.0, 20.0).fitted(&[]).corner, None);
    }

    #[test]
    fn nonsense_sizes_become_sane_ones() {
        let fitted = |width, height| {
            let place = Place {
                width,
                height,
                ..Place::default()
            };
            let fitted = place.fitted(&SCREENS);
            (fitted.width, fitted.height)
        };
        assert_eq!(fitted(1.0, -4.0), SMALLEST);
        assert_eq!(fitted(f64::NAN, f64::INFINITY), USUAL);
        assert_eq!(fitted(1e9, 500.0), (USUAL.0, 500.0));
    }

    #[test]
    fn it_is_read_back_as_written_and_nonsense_is_nothing() {
        let folder = Folder::new();
        let kept = || *WindowState::open(&folder.0).lock();
        assert_eq!(kept(), Place::default());
        let place = Place {
            maximised: true,
            ..at(10.0, 20.0)
        };
        write(&folder.0.join(FILE), place).unwrap();
        assert_eq!(kept(), place);
        for nonsense in ["", "[]", "{\"width\": \"wide\"}"] {
            fs::write(folder.0.join(FILE), nonsense).unwrap();
            assert_eq!(kept(), Place::default(), "{nonsense}");
        }
    }
}
