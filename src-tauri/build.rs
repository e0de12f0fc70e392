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
    "delete_keys",
    "delete_profile",
    "drop_waiting_keys",
    "duplicate_profile",
    "end_orphans",
    "find_orphans",
    "give_up_session",
    "grant_credit",
    "interrupt_session",
    "keep_keys",
    "keep_waiting_keys",
    "leave_orphans",
    "list_keys",
    "list_profiles",
    "open_link",
    "open_questions",
    "open_session",
    "read_clipboard",
    "resize_session",
    "retry_session",
    "save_profile",
    "save_text",
    "send_input",
    "session_timeline",
    "sign_in",
    "sign_out",
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
