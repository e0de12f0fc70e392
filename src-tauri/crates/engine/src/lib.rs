//! Drives Session Manager sessions: one task each, over one WebSocket each.
//!
//! A [`SessionHandle`] owns a session's task; the task owns the socket, the `protocol::DataChannel` and every timer.
//! What it needs of AWS it asks a [`SessionSource`], so that no AWS type is named here; what happens it tells through a
//! bounded stream of [`SessionUpdate`]s. The application and the tests are its callers.

mod batch;
mod dial;
mod session;
mod source;
mod stream_url;
mod update;
mod wire;

pub use dial::DialError;
pub use session::{CLOSE_GRACE, Exit, SessionConfig, SessionHandle, SessionUpdates};
pub use source::{DialTerms, SessionSource, SourceError, SourceErrorKind, SourceFuture, Ticket};
pub use stream_url::{AllowedHost, AllowedHosts, Scheme, StreamUrl, StreamUrlError};
pub use update::{End, Lost, SessionUpdate, State};

pub use protocol::{Notice, SessionId, TerminalSize};
