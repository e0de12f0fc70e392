//! Gives the binary its window, icons and page, and lists the commands that the page may ask for.

/// Every command of the application. Listed here, each is refused unless a capability allows it by name; one that is
/// missing here would be open to every window.
const COMMANDS: &[&str] = &[
    "answer_mfa",
    "app_info",
    "attach_session",
    "aws_setup",
    "cancel_question",
    "close_session",
    "create_folder",
    "delete_profiles",
    "duplicate_profile",
    "end_orphans",
    "find_orphans",
    "forget_recents",
    "give_up_session",
    "grant_credit",
    "interrupt_session",
    "leave_orphans",
    "list_profiles",
    "move_profiles",
    "open_link",
    "open_questions",
    "open_session",
    "read_clipboard",
    "rename_folder",
    "reset_profile",
    "resize_session",
    "retry_session",
    "revise_profiles",
    "save_profile",
    "send_input",
    "session_timeline",
    "sign_in",
    "sign_out",
    "undo_profiles",
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
