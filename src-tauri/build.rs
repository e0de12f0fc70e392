//! Gives the binary its window, icons and page, and lists the commands that the page may ask for.

/// Every command of the application. Listed here, each is refused unless a capability allows it by name; one that is
/// missing here would be open to every window.
const COMMANDS: &[&str] = &[
    "accept_link",
    "answer_mfa",
    "answer_quit",
    "answer_question",
    "app_info",
    "attach_session",
    "aws_setup",
    "cancel_question",
    "change_settings",
    "close_session",
    "delete_keys",
    "delete_profile",
    "drop_waiting_keys",
    "delete_theme",
    "duplicate_profile",
    "end_orphans",
    "export_profiles",
    "find_orphans",
    "forget_link",
    "give_up_session",
    "grant_credit",
    "import_places",
    "interrupt_session",
    "keep_keys",
    "keep_waiting_keys",
    "leave_orphans",
    "list_keys",
    "list_profiles",
    "load_layout",
    "list_themes",
    "open_link",
    "open_links",
    "open_questions",
    "open_session",
    "preview_import",
    "quit",
    "quit_shown",
    "open_settings_file",
    "read_clipboard",
    "resize_session",
    "retry_session",
    "run_import",
    "save_layout",
    "save_profile",
    "save_theme",
    "save_text",
    "send_input",
    "session_timeline",
    "show_menu",
    "sign_in",
    "sign_out",
    "toggle_full_screen",
    "undo_import",
    "settings",
    "sign_in",
    "sign_out",
    "system_fonts",
    "who_am_i",
    "write_clipboard",
];

fn main() {
    let manifest = tauri_build::AppManifest::new().commands(COMMANDS);
    let attributes = tauri_build::Attributes::new().app_manifest(manifest);
    if let Err(error) = tauri_build::try_build(attributes) {
        println!("cargo::error={error:#}");
    }
}
