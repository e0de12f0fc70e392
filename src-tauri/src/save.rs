//! Saves a terminal's text in the downloads folder, readable by its owner only, and never over another file.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use ipc::{CommandError, ErrorCode};
use tauri::{AppHandle, Manager as _};

/// More than the largest scrollback holds in practice; what is larger is a page gone wild.
const MAX_BYTES: usize = 256 * 1024 * 1024;
const MAX_NAME_CHARS: usize = 60;
/// After so many files of one name something else is wrong.
const MAX_FILES: u32 = 1_000;

/// Writes the text and tells the file.
pub(crate) async fn text(
    app: AppHandle,
    name: String,
    text: String,
) -> Result<String, CommandError> {
    if text.len() > MAX_BYTES {
        return Err(failed("The text is too large to save (256 MiB)."));
    }
    let paths = app.path();
    let folder = paths
        .download_dir()
        .or_else(|_| paths.home_dir().map(|home| home.join("Downloads")))
        .map_err(|_| failed("There is no downloads folder."))?;
    let write = move || write_new(&folder, &file_stem(&name), text.as_bytes());
    match tokio::task::spawn_blocking(write).await {
        Ok(Ok(file)) => Ok(file.display().to_string()),
        Ok(Err(error)) => Err(failed(&format!("The text could not be saved: {error}."))),
        Err(_) => Err(failed("The text could not be saved.")),
    }
}

/// A name that is a plain file name on every system, whatever the session is called.
fn file_stem(name: &str) -> String {
    let kept: String = name
        .chars()
        .map(|each| {
            let plain = each.is_alphanumeric() || matches!(each, ' ' | '-' | '_' | '.');
            if plain { each } else { '-' }
        })
        .take(MAX_NAME_CHARS)
        .collect();
    let kept = kept.trim_matches([' ', '.', '-']);
    if kept.is_empty() {
        "Terminal".to_owned()
    } else {
        format!("Terminal {kept}")
    }
}

fn write_new(folder: &Path, stem: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    for number in 1..=MAX_FILES {
        let name = if number == 1 {
            format!("{stem}.txt")
        } else {
            format!("{stem} {number}.txt")
        };
        let path = folder.join(name);
        match create_private(&path) {
            Ok(mut file) => {
                file.write_all(bytes)?;
                return Ok(path);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn create_private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}

fn failed(message: &str) -> CommandError {
    CommandError {
        code: ErrorCode::Internal,
        message: message.to_owned(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use super::*;

    #[test]
    fn names_of_sessions_become_plain_file_names() {
        assert_eq!(file_stem("web / checkout"), "Terminal web - checkout");
        assert_eq!(file_stem("../../etc/passwd"), "Terminal etc-passwd");
        assert_eq!(file_stem("...\u{0}\n"), "Terminal");
        assert!(file_stem(&"x".repeat(500)).len() < 80);
    }

    #[test]
    fn nothing_is_written_over_and_only_the_owner_may_read() {
        let folder = std::env::temp_dir().join(format!("sessiondeck-{}", uuid::Uuid::new_v4()));
        let first = write_new(&folder, "Terminal a", b"one").unwrap();
        let second = write_new(&folder, "Terminal a", b"two").unwrap();
        assert_eq!(std::fs::read(&first).unwrap(), b"one");
        assert_eq!(std::fs::read(&second).unwrap(), b"two");
        assert_eq!(second.file_name().unwrap(), "Terminal a 2.txt");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&first).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
