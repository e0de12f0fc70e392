//! Drives Session Manager sessions: one task each, over one WebSocket each.
//!
//! A [`SessionHandle`] owns a session's task; the task owns the socket, the `protocol::DataChannel` and every timer.
//! What it needs of AWS it asks a [`SessionSource`], so that no AWS type is named here; what happens it tells through a
//! bounded stream of [`SessionUpdate`]s. A connection that is lost is sought again until the session is over. The
//! application and the tests are its callers.

mod attempt;
mod backoff;
mod batch;
mod clock;
mod dial;
mod driver;
mod ending;
mod heartbeat;
mod held;
mod network;
mod proxy;
mod session;
mod source;
mod stream_url;
mod timeline;
mod update;
mod wire;
mod words;

pub use backoff::{Jitter, Pace, ReconnectPolicy};
pub use clock::WallClock;
pub use dial::DialError;
pub use heartbeat::Liveness;
pub use held::MAX_SESSION_BYTES;
pub use network::{Network, NetworkFuture, Transport};
pub use proxy::{ConnectAnswer, ConnectRefusal, HttpProxy};
pub use session::{CLOSE_GRACE, Exit, Interrupt, SessionConfig, SessionHandle, SessionUpdates};
pub use source::{
    DataKey, DialTerms, Resumed, SessionSource, SourceError, SourceErrorKind, SourceFuture, Ticket,
};
pub use stream_url::{AllowedHost, AllowedHosts, Gateway, Scheme, StreamUrl, StreamUrlError};
pub use timeline::{MAX_TIMELINE_ENTRIES, Moment, Timeline, TimelineEntry};
pub use update::{End, EndedBy, Lost, Outage, SessionUpdate, State};

pub use protocol::kms::DataKeyRequest;
pub use protocol::{ChannelError, Notice, SessionId, SessionInfo, SessionType, TerminalSize};
