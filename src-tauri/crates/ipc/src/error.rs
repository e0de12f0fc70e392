//! How a command fails, as the window sees it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What went wrong, for the page to act on. Only what the page treats differently has a code of its own.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub enum ErrorCode {
    /// An argument was not of the form the command takes; the message says which.
    InvalidArgument,
    /// There is no profile with that id.
    UnknownProfile,
    /// There is no session with that id, or it has been closed.
    UnknownSession,
    /// The built-in profile cannot be changed or deleted.
    BuiltInProfile,
    /// The profile file could not be read or written.
    Store,
    /// The clipboard could not be read or written.
    Clipboard,
    /// Credentials are missing, or a sign-in came to nothing.
    Credentials,
    /// Something that should not happen; the message says what.
    Internal,
}

/// What a failed command rejects with.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct CommandError {
    /// What the page acts on.
    pub code: ErrorCode,
    /// One sentence for people, with the way on.
    pub message: String,
}
