//! Which tabs and panes were open, kept for the next start.
//!
//! The page writes and reads it; here it is text of a bounded size that is JSON. It names profiles by their ids and holds
//! no secret, but is for its owner only like everything else in that folder.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

/// The most that is kept, in bytes; far more than 256 tabs need.
const MAX_BYTES: usize = 512 * 1024;

/// The file of the layout.
pub(crate) struct LayoutFile {
    path: PathBuf,
    /// One writes at a time.
    writing: Mutex<()>,
}

impl LayoutFile {
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            path: folder.join("layout.json"),
            writing: Mutex::default(),
        }
    }

    /// What was kept last; `None` where nothing was, or nothing that could be read.
    pub(crate) fn load(&self) -> Option<String> {
        let mut text = String::new();
        let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
        File::open(&self.path)
            .ok()?
            .take(limit)
            .read_to_string(&mut text)
            .ok()?;
        is_json(&text).then_some(text)
    }

    /// Keeps this in place of what was kept before. Whoever ends the program meanwhile leaves one of the two.
    ///
    /// # Errors
    ///
    /// Fails for what is too long or no JSON, and where the file cannot be written.
    pub(crate) fn save(&self, text: &str) -> io::Result<()> {
        if text.len() > MAX_BYTES || !is_json(text) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let _one = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        let new = self.path.with_extension("json.new");
        // What a killed run left behind; it may belong to anybody, so it is never written into.
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &self.path)
    }
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_ok()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use super::*;

    #[test]
    fn what_was_saved_last_is_loaded_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = LayoutFile::new(&folder.path().join("inner"));
        assert_eq!(file.load(), None);
        file.save(r#"{"tabs":[1]}"#).unwrap();
        file.save(r#"{"tabs":[]}"#).unwrap();
        assert_eq!(file.load().as_deref(), Some(r#"{"tabs":[]}"#));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(&file.path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert_eq!(
            fs::read_dir(folder.path().join("inner")).unwrap().count(),
            1
        );
    }

    #[test]
    fn what_is_no_layout_is_neither_kept_nor_given_out() {
        let folder = tempfile::tempdir().unwrap();
        let file = LayoutFile::new(folder.path());
        file.save("{}").unwrap();
        assert!(file.save("{").is_err());
        assert!(
            file.save(&format!("\"{}\"", "x".repeat(MAX_BYTES)))
                .is_err()
        );
        assert_eq!(file.load().as_deref(), Some("{}"));
        fs::write(&file.path, "{\"tabs\":[").unwrap();
        assert_eq!(file.load(), None);
    }

    #[test]
    fn a_run_that_was_killed_while_writing_is_in_nobodys_way() {
        let folder = tempfile::tempdir().unwrap();
        let file = LayoutFile::new(folder.path());
        fs::write(folder.path().join("layout.json.new"), "{\"ha").unwrap();
        file.save("{}").unwrap();
        assert_eq!(file.load().as_deref(), Some("{}"));
    }
}
