//! Opens a link in the person's browser.
//!
//! The page has asked the person already; what it hands over is still parsed again here, since a page that was taken
//! over must not be able to start anything but a browser.

use ipc::{CommandError, ErrorCode};
use tauri::Url;

const MAX_LENGTH: usize = 8 * 1024;

/// Opens an http or https URL.
pub(crate) async fn open(text: String) -> Result<(), CommandError> {
    let url = web_url(&text)
        .ok_or_else(|| refused("Only links to http and https addresses are opened."))?;
    match tokio::task::spawn_blocking(move || webbrowser::open(url.as_str())).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(refused(&format!("No browser could be started: {error}."))),
        Err(_) => Err(refused("No browser could be started.")),
    }
}

fn web_url(text: &str) -> Option<Url> {
    if text.len() > MAX_LENGTH || text.chars().any(char::is_control) {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https")
        && url.host_str().is_some_and(|host| !host.is_empty());
    // A name or password in front of the host serves to make one host look like another.
    let has_user = !url.username().is_empty() || url.password().is_some();
    (is_web && !has_user).then_some(url)
}

fn refused(message: &str) -> CommandError {
    CommandError {
        code: ErrorCode::InvalidArgument,
        message: message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_web_addresses_are_opened() {
        for good in [
            "https://example.com/a?b#c",
            "http://127.0.0.1:8080/",
            "HTTPS://EXAMPLE.com",
        ] {
            assert!(web_url(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "example.com",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "data:text/html,x",
            "ssh://host",
            "vbscript:x",
            "https://",
            "https://user@example.com",
            "https://aws.amazon.com:x@evil.example/",
            "https://example.com/\nx",
            "--version",
            "https://example.com/\u{0}",
        ] {
            assert!(web_url(bad).is_none(), "{bad:?}");
        }
        assert!(web_url(&format!("https://example.com/{}", "a".repeat(MAX_LENGTH))).is_none());
    }
}
