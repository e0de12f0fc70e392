//! The person's settings and colour themes: the commands about them, and the event when the file changes.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ipc::{CommandError, ErrorCode, SettingChange, StoredTheme};
use settings::{Change, Reading, SettingsStore, Theme, ThemeError, Themes};
use tauri::{AppHandle, Emitter, State};
use tracing::{debug, warn};

use crate::state::AppState;

type Answer<T> = Result<T, CommandError>;

/// More changes at once than there are settings are a page gone wild.
const CHANGES_MAX: usize = 100;

/// The settings file, watched, and the themes beside it.
pub(crate) struct SettingsState {
    store: SettingsStore,
    themes: Themes,
}

impl SettingsState {
    pub(crate) fn open(folder: &Path) -> Self {
        Self {
            store: SettingsStore::open(folder),
            themes: Themes::new(folder),
        }
    }

    /// What is recorded, and for how long it is kept; the usual where the file cannot be read.
    pub(crate) fn recording(&self) -> Option<ipc::RecordingSettings> {
        let page = to_page(&self.store.current(), &self.store.path());
        page.ok().map(|page| page.settings.recording)
    }

    /// Tells the window of every change, until the application ends.
    pub(crate) fn tell(&self, app: &AppHandle) {
        let (app, mut changes, path) = (app.clone(), self.store.subscribe(), self.store.path());
        tauri::async_runtime::spawn(async move {
            while changes.changed().await.is_ok() {
                debug!("the settings have changed");
                let told = to_page(&changes.borrow_and_update(), &path)
                    .map(|settings| app.emit(ipc::SETTINGS_EVENT, settings));
                match told {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => warn!(%error, "the window could not be told"),
                    Err(error) => warn!(error = error.message, "the window could not be told"),
                }
            }
        });
    }
}

#[tauri::command(async)]
pub(crate) fn settings(state: State<'_, AppState>) -> Answer<ipc::SettingsState> {
    let store = &state.settings.store;
    to_page(&store.current(), &store.path())
}

#[tauri::command(async)]
pub(crate) fn change_settings(
    state: State<'_, AppState>,
    changes: Vec<SettingChange>,
) -> Answer<ipc::SettingsState> {
    if changes.len() > CHANGES_MAX {
        return Err(failed("Too many changes at once."));
    }
    let changes: Vec<Change> = changes
        .into_iter()
        .map(|SettingChange { key, value }| Change {
            key,
            value: Some(value).filter(|value| !value.is_null()),
        })
        .collect();
    let store = &state.settings.store;
    let reading = store
        .change(&changes)
        .map_err(|error| failed(&sentence(&error.to_string())))?;
    to_page(&reading, &store.path())
}

#[tauri::command(async)]
pub(crate) fn open_settings_file(state: State<'_, AppState>) -> Answer<()> {
    let path = state
        .settings
        .store
        .ensure_file()
        .map_err(|error| failed(&sentence(&error.to_string())))?;
    show(&path).map_err(|error| failed(&format!("No editor could be started: {error}.")))
}

#[tauri::command(async)]
pub(crate) fn system_fonts() -> Vec<String> {
    settings::monospace_families()
}

#[tauri::command(async)]
pub(crate) fn list_themes(state: State<'_, AppState>) -> Vec<StoredTheme> {
    let themes = state.settings.themes.list().into_iter();
    themes
        .map(|Theme { name, colours }| StoredTheme { name, colours })
        .collect()
}

#[tauri::command(async)]
pub(crate) fn save_theme(state: State<'_, AppState>, theme: StoredTheme) -> Answer<()> {
    let StoredTheme { name, colours } = theme;
    let saved = state.settings.themes.save(&Theme { name, colours });
    saved.map_err(|error| theme_error(&error))
}

#[tauri::command(async)]
pub(crate) fn delete_theme(state: State<'_, AppState>, name: String) -> Answer<()> {
    let deleted = state.settings.themes.delete(&name);
    deleted.map_err(|error| theme_error(&error))
}

fn to_page(reading: &Reading, path: &Path) -> Answer<ipc::SettingsState> {
    let typed = |values| {
        serde_json::from_value(values).map_err(|error| CommandError {
            code: ErrorCode::Internal,
            message: format!("The settings cannot be shown: {error}."),
        })
    };
    Ok(ipc::SettingsState {
        settings: typed(reading.values.clone())?,
        defaults: typed(settings::defaults())?,
        problems: reading
            .problems
            .iter()
            .map(|problem| ipc::SettingsProblem {
                line: problem.line.and_then(|line| u32::try_from(line).ok()),
                message: problem.message.clone(),
            })
            .collect(),
        read_only: reading.read_only.clone(),
        path: path.display().to_string(),
    })
}

/// Opens a file with what the system has for text.
fn show(path: &Path) -> io::Result<()> {
    let (program, arguments): (&str, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &["-t"])
    } else if cfg!(windows) {
        ("explorer", &[])
    } else {
        ("xdg-open", &[])
    };
    let mut child = Command::new(program)
        .args(arguments)
        .arg(PathBuf::from(path))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    // It may be the editor itself and last for hours; somebody must hear of its end.
    std::thread::spawn(move || child.wait());
    Ok(())
}

fn theme_error(error: &ThemeError) -> CommandError {
    failed(&sentence(&error.to_string()))
}

fn failed(message: &str) -> CommandError {
    CommandError {
        code: ErrorCode::InvalidArgument,
        message: message.to_owned(),
    }
}

/// An error's text as a sentence for people.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters
        .next()
        .map(|each| each.to_uppercase().to_string());
    let whole = format!("{}{}", first.unwrap_or_default(), characters.as_str());
    if whole.ends_with('.') {
        whole
    } else {
        format!("{whole}.")
    }
}
