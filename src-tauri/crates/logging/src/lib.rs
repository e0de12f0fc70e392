//! The log, and why no secret reaches it.
//!
//! Two libraries on the way of a session print its token when TRACE is on: the AWS SDK's runtime (HTTP bodies and
//! outputs) and tungstenite (frames, and the signed upgrade request). [`caps`] holds them, and their like, at INFO
//! whatever the person asks for. A panic is logged without what its message was put together from. Behind that stands a second net: [`secret`] knows the secrets that are alive, and a line that
//! holds one in any common encoding is withheld. The application and the tests are the callers.

mod caps;
mod files;
mod init;
mod line;
mod panics;
mod secret;

pub use caps::{CappedFilter, capped_filter, is_capped, uncapped_filter};
pub use files::RotatingFile;
pub use init::{LogError, init, init_stderr};
pub use line::SafeWriter;
pub use panics::{describe_panic, log_panics};
pub use secret::{LiveSecret, watch};
