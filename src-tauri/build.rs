//! Gives the binary its window, icons and page, and lists the commands that the page may ask for.

/// Every command of the application. Listed here, each is refused unless a capability allows it by name; one that is
/// missing here would be open to every window.
const COMMANDS: &[&str] = &[
    "app_info",
    "attach_session",
    "aws_setup",
    "close_session",
    "delete_profile",
    "duplicate_profile",
    "give_up_session",
    "grant_credit",
    "interrupt_session",
    "list_profiles",
    "open_link",
    "open_session",
    "read_clipboard",
    "resize_session",
    "retry_session",
    "save_profile",
    "send_input",
    "session_timeline",
    "write_clipboard",
];

fn main() {
    let manifest = tauri_build::AppManifest::new().commands(COMMANDS);
    let attributes = tauri_build::Attributes::new().app_manifest(manifest);
    if let Err(error) = tauri_build::try_build(attributes) {
        println!("cargo::error={error:#}");
    }
}
