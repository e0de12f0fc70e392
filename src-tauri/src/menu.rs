//! The menu bar of macOS. Elsewhere there is none: the window has a button with the same entries instead.
//!
//! The page says what is in it, since the catalogue of actions and their keys is there; here it becomes the system's.

use ipc::{MenuItem, MenuSection};
use tauri::menu::{AboutMetadata, Menu, MenuItem as NativeItem, PredefinedMenuItem, Submenu};
use tauri::{AppHandle, Wry};

/// More than any menu has.
const ITEMS_MAX: usize = 100;

/// Shows these menus, where the system has a menu bar.
pub(crate) fn show(app: &AppHandle, sections: &[MenuSection]) -> tauri::Result<()> {
    if !cfg!(target_os = "macos") {
        return Ok(());
    }
    let menu = Menu::new(app)?;
    menu.append(&application_menu(app)?)?;
    let last = sections.len().saturating_sub(1);
    for (at, section) in sections.iter().take(ITEMS_MAX).enumerate() {
        // The system's own stands before the help, as everywhere.
        if at == last {
            menu.append(&window_menu(app)?)?;
        }
        menu.append(&submenu(app, section)?)?;
    }
    app.set_menu(menu)?;
    Ok(())
}

/// The menu that bears the application's name, which every application has.
fn application_menu(app: &AppHandle) -> tauri::Result<Submenu<Wry>> {
    let name = &app.package_info().name;
    let quit = NativeItem::with_id(app, QUIT, format!("Quit {name}"), true, Some("Cmd+Q"))?;
    Submenu::with_items(
        app,
        name,
        true,
        &[
            &PredefinedMenuItem::about(app, None, Some(AboutMetadata::default()))?,
            &PredefinedMenuItem::separator(app)?,
            &PredefinedMenuItem::services(app, None)?,
            &PredefinedMenuItem::separator(app)?,
            &PredefinedMenuItem::hide(app, None)?,
            &PredefinedMenuItem::hide_others(app, None)?,
            &PredefinedMenuItem::show_all(app, None)?,
            &PredefinedMenuItem::separator(app)?,
            &quit,
        ],
    )
}

/// What the system does with windows.
fn window_menu(app: &AppHandle) -> tauri::Result<Submenu<Wry>> {
    Submenu::with_items(
        app,
        "Window",
        true,
        &[
            &PredefinedMenuItem::minimize(app, None)?,
            &PredefinedMenuItem::maximize(app, None)?,
        ],
    )
}

/// The one item that is done here, since it must work whatever the page does.
pub(crate) const QUIT: &str = "quit";

fn submenu(app: &AppHandle, section: &MenuSection) -> tauri::Result<Submenu<Wry>> {
    let submenu = Submenu::new(app, &section.name, true)?;
    for item in section.items.iter().take(ITEMS_MAX) {
        // It is in the application's own menu.
        if item.id == QUIT {
            continue;
        }
        if item.apart {
            submenu.append(&PredefinedMenuItem::separator(app)?)?;
        }
        match predefined(app, &item.id, &item.name) {
            Some(system) => submenu.append(&system?)?,
            None => submenu.append(&native(app, item)?)?,
        }
    }
    Ok(submenu)
}

/// What the system does itself, in text fields as well.
fn predefined(
    app: &AppHandle,
    id: &str,
    name: &str,
) -> Option<tauri::Result<PredefinedMenuItem<Wry>>> {
    match id {
        "copy" => Some(PredefinedMenuItem::copy(app, Some(name))),
        "paste" => Some(PredefinedMenuItem::paste(app, Some(name))),
        "selectAll" => Some(PredefinedMenuItem::select_all(app, Some(name))),
        _ => None,
    }
}

/// With its key, or without one that the system does not know.
fn native(app: &AppHandle, item: &MenuItem) -> tauri::Result<NativeItem<Wry>> {
    let with =
        |chord: Option<&str>| NativeItem::with_id(app, item.id.as_str(), &item.name, true, chord);
    with(item.chord.as_deref()).or_else(|_| with(None))
}
