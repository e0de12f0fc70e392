//! The system clipboard, text only.
//!
//! Reading it from the page is not dependable in every web view, so the page asks for it here. Each call runs on a
//! thread that may block: an X11 clipboard answers only as fast as the program that owns it.

use ipc::{CommandError, ErrorCode};

/// More than anybody pastes into a terminal; what is larger is refused rather than carried through three processes.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// What the clipboard holds; empty where it holds no text.
pub(crate) async fn read() -> Result<String, CommandError> {
    let text = blocking(|| match arboard::Clipboard::new()?.get_text() {
        Err(arboard::Error::ContentNotAvailable) => Ok(String::new()),
        other => other,
    })
    .await?;
    if text.len() > MAX_BYTES {
        return Err(failed(
            "The clipboard holds more text than a terminal can take (16 MiB).",
        ));
    }
    Ok(text)
}

/// Puts text on the clipboard.
pub(crate) async fn write(text: String) -> Result<(), CommandError> {
    if text.len() > MAX_BYTES {
        return Err(failed(
            "The selection is too large for the clipboard (16 MiB).",
        ));
    }
    blocking(move || keep(text)).await
}

/// On X11 and Wayland the clipboard's owner answers for its content, so one instance lives as long as the program.
fn keep(text: String) -> Result<(), arboard::Error> {
    use std::sync::{Mutex, PoisonError};
    static OWNER: Mutex<Option<arboard::Clipboard>> = Mutex::new(None);
    let mut owner = OWNER.lock().unwrap_or_else(PoisonError::into_inner);
    let clipboard = match &mut *owner {
        Some(clipboard) => clipboard,
        none => none.insert(arboard::Clipboard::new()?),
    };
    clipboard.set_text(text)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, arboard::Error> + Send + 'static,
) -> Result<T, CommandError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(failed(&format!(
            "The clipboard could not be used: {error}."
        ))),
        Err(_) => Err(failed("The clipboard could not be used.")),
    }
}

fn failed(message: &str) -> CommandError {
    CommandError {
        code: ErrorCode::Clipboard,
        message: message.to_owned(),
    }
}
