//! What an [`AgentChannel`](super::AgentChannel) has to tell.

use std::fmt;

use bytes::Bytes;

use crate::io::Notice;
use crate::kms::DecryptRequest;
use crate::payload::{ChannelClosed, ChannelFlag};
use crate::terminal_size::TerminalSize;

/// News of a session for whoever runs its program.
#[derive(Clone, PartialEq, Eq)]
pub enum AgentEvent {
    /// The program may be started. Say [`set_ready`](super::AgentChannel::set_ready) once it takes input.
    Opened,
    /// The client has sent its data key: ask KMS to decrypt it and bring the answer with
    /// [`provide_data_key`](super::AgentChannel::provide_data_key), or say why there is none with
    /// [`refuse_data_key`](super::AgentChannel::refuse_data_key). It counts into the handshake's 15 seconds.
    DecryptDataKey(DecryptRequest),
    /// Bytes for the program.
    Input(Bytes),
    /// The size of the client's terminal.
    Resize(TerminalSize),
    /// The client raised a flag.
    Flag(ChannelFlag),
    /// The session cannot go on; the text is what the user is to see in `channel_closed`, in the official agent's words.
    HandshakeFailed(String),
    /// Something worth telling; the session goes on.
    Notice(Notice),
    /// The service closed the channel. Nothing comes after this.
    Closed(ChannelClosed),
    /// All numbers of the stream are used up. Nothing comes after this.
    SequenceExhausted,
}

impl From<Notice> for AgentEvent {
    fn from(notice: Notice) -> Self {
        Self::Notice(notice)
    }
}

// What is typed in a session stays out of logs.
impl fmt::Debug for AgentEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened => f.write_str("Opened"),
            Self::DecryptDataKey(request) => {
                f.debug_tuple("DecryptDataKey").field(request).finish()
            }
            Self::Input(bytes) => write!(f, "Input({} bytes)", bytes.len()),
            Self::Resize(size) => f.debug_tuple("Resize").field(size).finish(),
            Self::Flag(flag) => f.debug_tuple("Flag").field(flag).finish(),
            Self::HandshakeFailed(output) => {
                f.debug_tuple("HandshakeFailed").field(output).finish()
            }
            Self::Notice(notice) => f.debug_tuple("Notice").field(notice).finish(),
            Self::Closed(closed) => f.debug_tuple("Closed").field(closed).finish(),
            Self::SequenceExhausted => f.write_str("SequenceExhausted"),
        }
    }
}
