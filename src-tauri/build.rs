//! Gives the binary its window, icons and page, and lists the commands that the page may ask for.

/// Every command of the application. Listed here, each is refused unless a capability allows it by name; one that is
/// missing here would be open to every window.
const COMMANDS: &[&str] = &[
    "answer_mfa",
    "app_info",
    "attach_session",
    "aws_setup",
    "begin_recording",
    "cancel_question",
    "close_session",
    "delete_profile",
    "delete_recording",
    "duplicate_profile",
    "end_orphans",
    "find_in_recording",
    "find_orphans",
    "give_up_session",
    "grant_credit",
    "interrupt_session",
    "leave_orphans",
    "list_profiles",
    "list_recordings",
    "open_link",
    "open_questions",
    "open_session",
    "page_of_recording",
    "read_clipboard",
    "resize_session",
    "retry_session",
    "save_profile",
    "send_input",
    "session_timeline",
    "sign_in",
    "sign_out",
    "start_recording",
    "stop_recording",
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
