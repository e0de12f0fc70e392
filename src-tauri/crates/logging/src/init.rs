//! Sets the log up for a program: human-readable on standard error, JSON lines in a file.

use std::io;
use std::path::Path;

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{Layer, fmt};

use crate::caps::capped_filter;
use crate::files::RotatingFile;
use crate::line::SafeWriter;
use crate::panics::log_panics;

/// Five files of five megabytes beside the current one.
const FILE_BYTES: u64 = 5 * 1024 * 1024;
const FILES_KEPT: usize = 5;

/// Why there is no log.
#[derive(Debug)]
pub enum LogError {
    /// The log's folder or file cannot be written; standard error still has the log.
    File(io::Error),
    /// A log has been set up already.
    Twice(TryInitError),
}

impl std::fmt::Display for LogError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(error) => write!(f, "the log cannot be written to a file: {error}"),
            Self::Twice(error) => write!(f, "the log is set up already: {error}"),
        }
    }
}

impl std::error::Error for LogError {}

/// Sets the log up: `wish` as in `RUST_LOG` (`info`, `engine=debug`), within the caps; files in `folder`. Panics go to it
/// from here on, and nowhere else.
///
/// # Errors
///
/// When the file cannot be written: then standard error alone has the log. When it has been set up before.
pub fn init(wish: &str, folder: &Path) -> Result<(), LogError> {
    let human = fmt::layer()
        .with_ansi(false)
        .with_writer(SafeWriter::new(io::stderr))
        .with_filter(capped_filter(wish));
    let (file, problem) = match RotatingFile::open(folder, "sessiondeck", FILE_BYTES, FILES_KEPT) {
        Ok(file) => (Some(file), None),
        Err(error) => (None, Some(error)),
    };
    let machine = file.map(|file| {
        fmt::layer()
            .json()
            .with_writer(SafeWriter::new(file))
            .with_filter(capped_filter(wish))
    });
    tracing_subscriber::registry()
        .with(human)
        .with(machine)
        .try_init()
        .map_err(LogError::Twice)?;
    log_panics();
    match problem {
        Some(error) => Err(LogError::File(error)),
        None => Ok(()),
    }
}

/// Sets the log up for a program without files: human-readable on standard error, within the same caps.
///
/// # Errors
///
/// When it has been set up before.
pub fn init_stderr(wish: &str) -> Result<(), LogError> {
    let human = fmt::layer()
        .with_ansi(false)
        .with_writer(SafeWriter::new(io::stderr))
        .with_filter(capped_filter(wish));
    tracing_subscriber::registry()
        .with(human)
        .try_init()
        .map_err(LogError::Twice)
}
