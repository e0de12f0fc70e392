//! One of the files as bytes, with a bound and without ever waiting for a device or pipe.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

/// The largest file that is read. The largest known in the field have some thousand profiles and are below 1 MiB.
pub const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;

/// What there is to read.
#[derive(Debug)]
pub(crate) enum Contents {
    /// No such file, or one that is nothing by design.
    Missing,
    /// The whole file; it may hold keys.
    Bytes(Zeroizing<Vec<u8>>),
    /// There is a file and it cannot be read; a sentence without its path.
    Unreadable(String),
}

pub(crate) fn read(path: &Path) -> Contents {
    if path.as_os_str().is_empty() || is_null_device(path) {
        return Contents::Missing;
    }
    match try_read(path) {
        Ok(contents) => contents,
        Err(error) => {
            let kind = error.kind();
            if [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory].contains(&kind) {
                Contents::Missing
            } else if kind == io::ErrorKind::PermissionDenied {
                Contents::Unreadable("this file may not be read: permission denied".to_owned())
            } else {
                Contents::Unreadable(format!("this file cannot be read: {error}"))
            }
        }
    }
}

fn try_read(path: &Path) -> io::Result<Contents> {
    // Asked before it is opened: opening a pipe waits for its writer.
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        let what = if metadata.is_dir() {
            "a folder"
        } else {
            "not a plain file"
        };
        return Ok(Contents::Unreadable(format!(
            "this is {what}, so nothing is read from it"
        )));
    }
    let too_large = || {
        Contents::Unreadable(format!(
            "this file is larger than {} MiB, so nothing is read from it",
            MAX_FILE_BYTES / 1024 / 1024
        ))
    };
    if metadata.len() > MAX_FILE_BYTES {
        return Ok(too_large());
    }
    // The whole of it up front: a buffer that grows leaves copies of keys behind.
    let room = usize::try_from(MAX_FILE_BYTES.min(metadata.len() + 64 * 1024)).unwrap_or_default();
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    fs::File::open(path)?
        .take(MAX_FILE_BYTES + 1)
        .read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|len| len > MAX_FILE_BYTES) {
        return Ok(too_large());
    }
    Ok(Contents::Bytes(bytes))
}

/// What people point the variables at to have no file.
fn is_null_device(path: &Path) -> bool {
    if cfg!(windows) {
        path.as_os_str().eq_ignore_ascii_case("nul")
    } else {
        path == Path::new("/dev/null")
    }
}
