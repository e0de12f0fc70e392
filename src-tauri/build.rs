//! Gives the binary its window, icons and page, and lists the commands that the page may ask for.

/// Every command of the application. Listed here, each is refused unless a capability allows it by name; one that is
/// missing here would be open to every window.
const COMMANDS: &[&str] = &[
    "answer_mfa",
    "answer_question",
    "app_info",
    "attach_session",
    "aws_setup",
    "cancel_question",
    "change_settings",
    "close_session",
    "create_folder",
    "delete_keys",
    "delete_profiles",
    "drop_waiting_keys",
    "delete_theme",
    "duplicate_profile",
    "end_orphans",
    "find_orphans",
    "forget_recents",
    "give_up_session",
    "grant_credit",
    "interrupt_session",
    "keep_keys",
    "keep_waiting_keys",
    "leave_orphans",
    "list_keys",
    "list_profiles",
    "move_profiles",
    "list_themes",
    "open_link",
    "open_questions",
    "open_session",
    "open_settings_file",
    "read_clipboard",
    "rename_folder",
    "reset_profile",
    "resize_session",
    "retry_session",
    "revise_profiles",
    "save_profile",
    "save_theme",
    "send_input",
    "session_timeline",
    "settings",
    "sign_in",
    "sign_out",
    "undo_profiles",
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
