//! The one binary message of the data channel, and what its fields mean.
//!
//! Both ends and the service between them exchange nothing else. The bytes are laid out in [`layout`], read and
//! written in `codec`; bodies are the business of [`crate::payload`].

mod codec;
mod fields;
pub(crate) mod layout;

use std::fmt;

use bytes::Bytes;
use uuid::Uuid;

pub use codec::{DecodeError, EncodeError};
pub(crate) use codec::{decode, encode_without_payload_type, is_of_type};
pub use fields::{Flags, MessageType, PayloadType, SequenceNumber};
pub use layout::{HEADER_LEN_BYTES, MAX_FRAME_LEN_BYTES};

/// One message between client, service and agent.
#[derive(Clone, PartialEq, Eq)]
pub struct AgentMessage {
    /// What kind of message this is.
    pub message_type: MessageType,
    /// Version of the framing; 1 today.
    pub schema_version: u32,
    /// When the sender made it, in milliseconds since 1970-01-01 UTC. Never 0.
    pub created_ms: u64,
    /// Position in its direction's stream; 0 for messages outside the stream.
    pub sequence_number: SequenceNumber,
    /// Marks of the first and last message. No receiver acts on them.
    pub flags: Flags,
    /// Identifies the message in acknowledgements.
    pub message_id: Uuid,
    /// What the payload of a stream message is; 0 elsewhere.
    pub payload_type: PayloadType,
    /// The body, never empty when sent.
    pub payload: Bytes,
}

impl AgentMessage {
    /// Writes the message in the form of the official client and agent.
    ///
    /// # Errors
    ///
    /// Refuses what no receiver accepts: an empty payload, a blank or over-long type, a date of 0, a message larger
    /// than [`MAX_FRAME_LEN_BYTES`].
    pub fn encode(&self) -> Result<Bytes, EncodeError> {
        codec::encode(self)
    }

    /// Reads one frame. The payload shares the frame's memory.
    ///
    /// # Errors
    ///
    /// Any frame that is cut short, contradicts itself or fails its digest; never panics. `pause_publication` and
    /// `start_publication` are read leniently, since nothing in them but the type has a meaning.
    pub fn decode(frame: Bytes) -> Result<Self, DecodeError> {
        decode(frame).map(|decoded| decoded.message)
    }
}

// What is typed and shown in a session stays out of logs.
impl fmt::Debug for AgentMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentMessage")
            .field("message_type", &self.message_type)
            .field("schema_version", &self.schema_version)
            .field("created_ms", &self.created_ms)
            .field("sequence_number", &self.sequence_number)
            .field("flags", &self.flags)
            .field("message_id", &self.message_id)
            .field("payload_type", &self.payload_type)
            .field("payload_len", &self.payload.len())
            .finish()
    }
}
