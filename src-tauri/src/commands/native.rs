//! What the page may ask of the desktop around it: imports and exports, links, the menu, the window and its end.

use std::path::PathBuf;

use ipc::{
    CommandError, ErrorCode, Exported, ImportFrom, ImportPlace, ImportPreview, ImportSource,
    LinkRequest, MenuSection, Profile,
};
use profiles::ProfileId;
use profiles::import::TEXT_MAX;
use tauri::{AppHandle, State, WebviewWindow};
use tauri_plugin_dialog::{DialogExt as _, FilePath};
use tokio::sync::oneshot;

use super::Answer;
use crate::imports::{self, Source, refused};
use crate::state::AppState;
use crate::{convert, menu, native, window_state};

/// What an export is called unless the person says otherwise.
const EXPORT_NAME: &str = "sessiondeck-profiles.json";
/// More connections than anybody has.
const IDS_MAX: usize = 20_000;

#[tauri::command(async)]
pub(crate) fn import_places() -> Vec<ImportPlace> {
    imports::places(std::env::home_dir().as_deref())
}

/// `None`: the person chose no file.
#[tauri::command]
pub(crate) async fn preview_import(
    app: AppHandle,
    window: WebviewWindow,
    source: ImportSource,
    from: ImportFrom,
) -> Answer<Option<ImportPreview>> {
    let file = match from {
        ImportFrom::Text { text } if text.len() > TEXT_MAX => {
            return Err(refused(format!(
                "The text is longer than {TEXT_MAX} bytes."
            )));
        }
        ImportFrom::Text { text } => {
            let source = Source {
                kind: source,
                file: None,
                text,
            };
            return on_blocking_thread(app, move |state| Ok(Some(preview(state, &source)))).await;
        }
        ImportFrom::Usual => {
            let home = std::env::home_dir();
            imports::usual_file(source, home.as_deref())
                .ok_or_else(|| refused("The file is not there any more."))?
        }
        ImportFrom::Choose => match choose_file(&app, &window, source).await {
            Some(file) => file,
            None => return Ok(None),
        },
    };
    on_blocking_thread(app, move |state| {
        // Of the AWS configuration only the names of its profiles are wanted, which are known.
        let source = if source == ImportSource::AwsConfig {
            Source {
                kind: source,
                file: Some(file),
                text: String::new(),
            }
        } else {
            Source::read(source, file)?
        };
        Ok(Some(preview(state, &source)))
    })
    .await
}

#[tauri::command(async)]
pub(crate) fn run_import(
    state: State<'_, AppState>,
    id: u32,
    items: Vec<u32>,
    folder: String,
) -> Answer<u32> {
    let run = |store: &mut _| state.imports.run(store, id, &items, &folder);
    state.profiles.with_store(run)
}

#[tauri::command(async)]
pub(crate) fn undo_import(state: State<'_, AppState>) -> Answer<()> {
    state.profiles.with_store(|store| state.imports.undo(store))
}

/// Writes the person's own connections of these ids, or all where there are none, to a file that the person names now.
/// `None`: the person named none.
#[tauri::command]
pub(crate) async fn export_profiles(
    app: AppHandle,
    window: WebviewWindow,
    ids: Vec<String>,
) -> Answer<Option<Exported>> {
    if ids.len() > IDS_MAX {
        return Err(refused("That is too many connections."));
    }
    let ids = ids
        .iter()
        .map(|id| convert::profile_id(id))
        .collect::<Result<Vec<ProfileId>, CommandError>>()?;
    let (answer, chosen) = oneshot::channel();
    app.dialog()
        .file()
        .set_parent(&window)
        .set_title("Export connections")
        .set_file_name(EXPORT_NAME)
        .add_filter("Connections", &["json"])
        .save_file(move |path| drop(answer.send(path)));
    let Some(file) = path_of(chosen).await else {
        return Ok(None);
    };
    on_blocking_thread(app, move |state| {
        let profiles = state.profiles.with_store(|store| imports::own(store, &ids));
        imports::export(&profiles, &file).map(Some)
    })
    .await
}

#[tauri::command(async)]
pub(crate) fn open_links(state: State<'_, AppState>) -> Vec<LinkRequest> {
    native::links(&state)
}

/// A connection to the place that a link asks for, which lasts as long as the application runs. The link is decided.
#[tauri::command(async)]
pub(crate) fn accept_link(app: AppHandle, state: State<'_, AppState>, id: u32) -> Answer<Profile> {
    let draft = state
        .deep_links
        .place(id)
        .ok_or_else(|| refused("This link does not wait any more."))?;
    let profile = profiles::Profile::new(ProfileId::random(), draft);
    state.profiles.keep_passing(profile.clone())?;
    forget(&app, &state, id);
    Ok(convert::profile_to_page(profile))
}

#[tauri::command(async)]
pub(crate) fn forget_link(app: AppHandle, state: State<'_, AppState>, id: u32) {
    forget(&app, &state, id);
}

/// A wish to quit, as by the window's close button: may be asked about.
#[tauri::command]
pub(crate) fn quit(app: AppHandle) {
    native::quit_wished(&app);
}

/// The person sees the question whether to quit.
#[tauri::command]
pub(crate) fn quit_shown(state: State<'_, AppState>) {
    state.quitting.shown();
}

#[tauri::command]
pub(crate) fn answer_quit(app: AppHandle, state: State<'_, AppState>, yes: bool) {
    state.quitting.answered(yes);
    if yes {
        app.exit(0);
    }
}

#[tauri::command]
pub(crate) fn show_menu(app: AppHandle, sections: Vec<MenuSection>) -> Answer<()> {
    menu::show(&app, &sections).map_err(internal)
}

#[tauri::command]
pub(crate) fn toggle_full_screen(window: WebviewWindow) -> Answer<()> {
    window_state::toggle_full_screen(&window).map_err(internal)
}

fn preview(state: &AppState, source: &Source) -> ImportPreview {
    let existing = state.profiles.with_store(|store| {
        store.refresh();
        store.profiles()
    });
    let aws_profiles = native::aws_profiles(state);
    state.imports.preview(source, &existing, &aws_profiles)
}

fn forget(app: &AppHandle, state: &AppState, id: u32) {
    state.deep_links.forget(id);
    native::tell_links(app);
}

async fn choose_file(
    app: &AppHandle,
    window: &WebviewWindow,
    source: ImportSource,
) -> Option<PathBuf> {
    let mut dialog = app
        .dialog()
        .file()
        .set_parent(window)
        .set_title("Import connections");
    // Files with a name of a kind; the others have names of every kind.
    dialog = match source {
        ImportSource::Csv => dialog.add_filter("Tables", &["csv", "tsv", "txt"]),
        ImportSource::Team => dialog.add_filter("Connections", &["json"]),
        ImportSource::AwsConfig
        | ImportSource::SshConfig
        | ImportSource::AwsGate
        | ImportSource::Commands => dialog,
    };
    if let Some(home) = std::env::home_dir() {
        dialog = dialog.set_directory(home);
    }
    let (answer, chosen) = oneshot::channel();
    dialog.pick_file(move |path| drop(answer.send(path)));
    path_of(chosen).await
}

/// What the person chose, if anything.
async fn path_of(chosen: oneshot::Receiver<Option<FilePath>>) -> Option<PathBuf> {
    chosen.await.ok().flatten()?.into_path().ok()
}

/// Disks may be slow, and large texts take their time.
async fn on_blocking_thread<T: Send + 'static>(
    app: AppHandle,
    run: impl FnOnce(&AppState) -> Answer<T> + Send + 'static,
) -> Answer<T> {
    use tauri::Manager as _;
    tokio::task::spawn_blocking(move || run(&app.state::<AppState>()))
        .await
        .unwrap_or_else(|error| Err(internal(error)))
}

fn internal(error: impl std::fmt::Display) -> CommandError {
    CommandError {
        code: ErrorCode::Internal,
        message: format!("{error}."),
    }
}
