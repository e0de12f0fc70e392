//! What passes between a state machine and whoever drives it.
//!
//! The same few types serve both ends of the channel; the events themselves belong to [`crate::client`] and
//! [`crate::agent`].

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use secrecy::SecretString;
use uuid::Uuid;

use crate::message::{DecodeError, MessageType, PayloadType, is_of_type};

/// What the caller's clocks say. Neither is read inside this crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Monotonic time since any fixed origin; deadlines are counted from the same one.
    pub elapsed: Duration,
    /// Milliseconds since 1970-01-01 UTC, the date written into messages.
    pub unix_ms: u64,
}

/// Source of message ids: random in the application, counted in tests.
pub trait MessageIds: Send {
    /// Returns an id that has not been used before.
    fn next_id(&mut self) -> Uuid;
}

impl<F: FnMut() -> Uuid + Send> MessageIds for F {
    fn next_id(&mut self) -> Uuid {
        self()
    }
}

/// One WebSocket message to write.
#[derive(Clone)]
pub enum Frame {
    /// The text frame that opens the channel. It holds the token.
    Open(SecretString),
    /// A binary frame: exactly one encoded message.
    Binary(Bytes),
}

impl Frame {
    /// Whether this frame may be written before earlier ones that are not written yet, except for the one that opens the
    /// channel. Acknowledgements may and should: they are small, and behind a long queue on a slow line they would come
    /// too late to keep the other end from sending everything again. The rest is numbered and of no use out of turn.
    pub fn may_overtake(&self) -> bool {
        match self {
            Self::Open(_) => false,
            Self::Binary(frame) => is_of_type(frame, &MessageType::Acknowledge),
        }
    }
}

// Sessions carry what people type, passwords included: sizes are enough for a log.
impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(_) => f.write_str("Open([REDACTED])"),
            Self::Binary(frame) => write!(f, "Binary({} bytes)", frame.len()),
        }
    }
}

/// Work for the caller after every `handle_*` or `send_*`, until there is none left.
#[derive(Clone, Debug)]
pub enum Output<E> {
    /// A message to write to the socket, in this order.
    Transmit(Frame),
    /// News for whoever shows the session.
    Event(E),
}

impl Notice {
    /// Returns how many bytes its texts have.
    pub(crate) fn held_bytes(&self) -> usize {
        match self {
            Self::CustomerMessage(text)
            | Self::HandshakeRefused(text)
            | Self::UnknownMessageType(text) => text.len(),
            Self::PeerAbsent
            | Self::PeerPresent
            | Self::Stalled(_)
            | Self::Recovered
            | Self::NoFirstMessage(_)
            | Self::MalformedFrame(_)
            | Self::PayloadLengthUnderstated { .. }
            | Self::MalformedPayload(..)
            | Self::MisdirectedMessage(_)
            | Self::UnknownPayloadType(_)
            | Self::UnexpectedPayload(_)
            | Self::OutputLost { .. } => 0,
        }
    }
}

/// Something worth telling, after which the session goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// Text the instance wants shown when the session starts, without control characters.
    CustomerMessage(String),
    /// The service says the other end is not there: nothing is sent until it is back.
    PeerAbsent,
    /// The other end is back.
    PeerPresent,
    /// Nothing has been acknowledged for this long although something should have been.
    Stalled(std::time::Duration),
    /// Acknowledgements arrive again after [`Notice::Stalled`].
    Recovered,
    /// No first message from the instance for this long.
    NoFirstMessage(std::time::Duration),
    /// This side could not do what the handshake asked; the instance is about to end the session.
    HandshakeRefused(String),
    /// A frame could not be read. It was dropped and not acknowledged.
    MalformedFrame(DecodeError),
    /// A frame whose payload length field is smaller than the payload; all bytes present were used.
    PayloadLengthUnderstated {
        /// What the field says, in bytes.
        declared: u32,
        /// Bytes present.
        present: u32,
    },
    /// A body of this payload type, or of this message when it has none, could not be read. It was ignored.
    MalformedPayload(MessageType, PayloadType),
    /// A message type this crate does not know. It was ignored.
    UnknownMessageType(String),
    /// A known message that is not for this end of the channel. It was ignored.
    MisdirectedMessage(MessageType),
    /// A payload type this crate does not know. It was acknowledged and ignored.
    UnknownPayloadType(u32),
    /// A known payload type at a moment it has no meaning. It was acknowledged and ignored.
    UnexpectedPayload(PayloadType),
    /// The session ended while messages were missing: this many that came after them could not be shown.
    OutputLost {
        /// Messages behind the gap.
        messages: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{AgentMessage, Flags, SequenceNumber};

    fn frame(message_type: MessageType) -> Frame {
        let message = AgentMessage {
            message_type,
            schema_version: 1,
            created_ms: 1,
            sequence_number: SequenceNumber(0),
            flags: Flags::NONE,
            message_id: Uuid::nil(),
            payload_type: PayloadType::None,
            payload: Bytes::from_static(b"acknowledge"),
        };
        Frame::Binary(message.encode().unwrap_or_default())
    }

    #[test]
    fn acknowledgements_alone_may_overtake() {
        assert!(frame(MessageType::Acknowledge).may_overtake());
        for other in [
            MessageType::InputStreamData,
            MessageType::OutputStreamData,
            MessageType::AgentSessionState,
            MessageType::from("acknowledgement"),
        ] {
            assert!(!frame(other.clone()).may_overtake(), "{other}");
        }
        assert!(!Frame::Binary(Bytes::from_static(b"acknowledge")).may_overtake());
        assert!(!Frame::Open(SecretString::from("{}")).may_overtake());
    }
}
