//! The bodies messages carry, each read once into a type that cannot be wrong.
//!
//! JSON bodies tolerate unknown keys and write theirs in the order of the official serializers, so that recorded
//! bytes compare equal. Whether a body may come at a given moment is for the state machines to say.

mod acknowledge;
mod agent_session_state;
mod channel_closed;
mod exit_code;
mod flag;
mod handshake;
mod size;

use bytes::Bytes;

pub use acknowledge::Acknowledge;
pub use agent_session_state::{AgentSessionState, AgentState};
pub use channel_closed::{ChannelClosed, ChannelClosedBody};
pub use exit_code::ExitCode;
pub use flag::ChannelFlag;
pub use handshake::{
    ActionStatus, ActionType, EncryptionChallenge, HandshakeComplete, HandshakeRequest,
    HandshakeResponse, KmsEncryptionParameters, KmsEncryptionResult, MAX_REQUEST_LEN_BYTES,
    ProcessedClientAction, RequestedClientAction, SessionType, SessionTypeParameters,
};
pub use size::{decode_size, encode_size};

/// Why a body could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PayloadError {
    /// The body is not the JSON it should be.
    #[error("unreadable JSON")]
    Json(#[from] serde_json::Error),
    /// A fixed-width body has another length.
    #[error("{available} bytes where {needed} are needed")]
    Length {
        /// Bytes the body has by definition.
        needed: usize,
        /// Bytes that came.
        available: usize,
    },
    /// A text body has another form.
    #[error("unreadable text")]
    Text,
    /// A value is outside the range the protocol can use.
    #[error("value out of range")]
    Range,
}

/// Reads a JSON body.
fn from_json<'a, T: serde::Deserialize<'a>>(payload: &'a [u8]) -> Result<T, PayloadError> {
    // Every body is an object; left alone, the reader would take a list for the fields in their order.
    if payload.trim_ascii_start().first() != Some(&b'{') {
        return Err(PayloadError::Text);
    }
    Ok(serde_json::from_slice(payload)?)
}

/// Writes a JSON body. Only called with types whose map keys are strings and whose fields cannot fail.
fn to_json<T: serde::Serialize>(body: &T) -> Bytes {
    serde_json::to_vec(body)
        .map(Bytes::from)
        .unwrap_or_default()
}
