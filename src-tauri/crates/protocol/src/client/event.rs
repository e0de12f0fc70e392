//! What a [`DataChannel`](super::DataChannel) has to tell, and why it can fail.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use crate::io::Notice;
use crate::kms::{CipherError, DataKeyRequest};
use crate::payload::{ChannelClosed, ChannelFlag, SessionType};

/// News of a session for whoever shows it.
#[derive(Clone, PartialEq)]
pub enum ClientEvent {
    /// The agent has begun a handshake. It is answered already, unless [`ClientEvent::DataKeyNeeded`] follows.
    HandshakeRequested {
        /// The agent's version, where it says one.
        agent_version: Option<String>,
    },
    /// The agent wants the session encrypted: ask KMS for this and bring the answer with
    /// [`provide_data_key`](super::DataChannel::provide_data_key), or say why there is none with
    /// [`refuse_data_key`](super::DataChannel::refuse_data_key). The agent waits 15 seconds for it. Said once in a
    /// session, however often its connection is lost.
    DataKeyNeeded(DataKeyRequest),
    /// The session is open: input is sent from now on.
    Opened(SessionInfo),
    /// Bytes for the terminal, or of the forwarded stream.
    Output(Bytes),
    /// Bytes of a separated standard error.
    Stderr(Bytes),
    /// How the command ended.
    ExitCode(i32),
    /// Something worth telling; the session goes on.
    Notice(Notice),
    /// The agent raised a flag.
    FlagReceived(ChannelFlag),
    /// The service ended the session. Nothing comes after this.
    Closed(ChannelClosed),
    /// This end gave the session up. Nothing comes after this.
    Failed(ChannelError),
}

/// What is known of a session once it is open.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionInfo {
    /// The agent's version, where there was a handshake to say it.
    pub agent_version: Option<String>,
    /// What kind of session it is.
    pub session_type: SessionType,
    /// The document's properties, for a port session.
    pub properties: Option<Value>,
    /// Whether there was a handshake.
    pub handshake: bool,
    /// Whether input and output are encrypted between this end and the agent.
    pub is_encrypted: bool,
}

/// Why this end gave a session up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChannelError {
    /// The agent has not said anything since the channel was opened.
    #[error("the instance did not answer within {} seconds", .0.as_secs())]
    NoFirstMessage(Duration),
    /// The agent has not acknowledged anything for a long time while it should be there.
    #[error("the instance has not confirmed any input for {} seconds", .0.as_secs())]
    NoAcknowledgement(Duration),
    /// The agent did not finish the handshake.
    #[error("the instance did not finish the handshake within {} seconds", .0.as_secs())]
    HandshakeTimedOut(Duration),
    /// The agent's request cannot be read, so it cannot be answered.
    #[error("the instance sent a handshake that cannot be read")]
    HandshakeUnreadable,
    /// The handshake asked for something this end does not do.
    #[error("the handshake was refused: {0}")]
    HandshakeRefused(String),
    /// KMS's answer was never brought.
    #[error("no data key for the session's encryption came within {} seconds", .0.as_secs())]
    DataKeyTimedOut(Duration),
    /// The agent's challenge is not one.
    #[error("the instance sent an encryption challenge that cannot be read")]
    ChallengeUnreadable,
    /// The agent asked for encryption and finished the handshake without proving that it has the key.
    #[error("the instance asked for encryption and then finished the handshake without it")]
    EncryptionSkipped,
    /// Something in an encrypted session is not encrypted, or not with its key. The agent would repeat it for ever.
    #[error("the session's encryption failed: {0}")]
    Encryption(CipherError),
    /// Terminal data came before the handshake was complete.
    #[error("the instance sent data before it finished the handshake")]
    DataDuringHandshake,
    /// The handshake asked for encryption and then something came unencrypted.
    #[error("the instance asked for encryption and then sent unencrypted data")]
    PlaintextRefused,
    /// All numbers of the stream are used up.
    #[error("the session has used up its sequence numbers")]
    SequenceExhausted,
}

impl ClientEvent {
    /// Returns how many bytes it holds beside its own size: payloads, and texts of the peer's choosing.
    pub(super) fn held_bytes(&self) -> usize {
        match self {
            Self::Output(bytes) | Self::Stderr(bytes) => bytes.len(),
            Self::HandshakeRequested { agent_version } => {
                agent_version.as_ref().map_or(0, String::len)
            }
            Self::DataKeyNeeded(request) => {
                request.key_id.len() + request.context.values().map(String::len).sum::<usize>()
            }
            Self::Opened(info) => info.agent_version.as_ref().map_or(0, String::len),
            Self::Closed(closed) => closed.output.len(),
            Self::Notice(notice) => notice.held_bytes(),
            Self::ExitCode(_) | Self::FlagReceived(_) | Self::Failed(_) => 0,
        }
    }
}

impl From<Notice> for ClientEvent {
    fn from(notice: Notice) -> Self {
        Self::Notice(notice)
    }
}

// What a session shows stays out of logs.
impl fmt::Debug for ClientEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HandshakeRequested { agent_version } => f
                .debug_struct("HandshakeRequested")
                .field("agent_version", agent_version)
                .finish(),
            Self::DataKeyNeeded(request) => f.debug_tuple("DataKeyNeeded").field(request).finish(),
            Self::Opened(info) => f.debug_tuple("Opened").field(info).finish(),
            Self::Output(bytes) => write!(f, "Output({} bytes)", bytes.len()),
            Self::Stderr(bytes) => write!(f, "Stderr({} bytes)", bytes.len()),
            Self::ExitCode(code) => f.debug_tuple("ExitCode").field(code).finish(),
            Self::Notice(notice) => f.debug_tuple("Notice").field(notice).finish(),
            Self::FlagReceived(flag) => f.debug_tuple("FlagReceived").field(flag).finish(),
            Self::Closed(closed) => f.debug_tuple("Closed").field(closed).finish(),
            Self::Failed(error) => f.debug_tuple("Failed").field(error).finish(),
        }
    }
}
