//! The body of `acknowledge`: one stream message has arrived.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{PayloadError, from_json, to_json};
use crate::message::{AgentMessage, SequenceNumber};

/// Says that one stream message has arrived. Receivers match it by the number alone.
///
/// ```text
/// {"AcknowledgedMessageType":"output_stream_data","AcknowledgedMessageId":"<uuid>",
///  "AcknowledgedMessageSequenceNumber":0,"IsSequentialMessage":true}
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Acknowledge {
    /// Type of the message that arrived.
    pub acknowledged_message_type: String,
    /// Its id.
    pub acknowledged_message_id: Uuid,
    /// Its number.
    pub acknowledged_message_sequence_number: i64,
    /// Always true.
    pub is_sequential_message: bool,
}

impl Acknowledge {
    /// Makes the acknowledgement of `message`.
    pub fn of(message: &AgentMessage) -> Self {
        Self {
            acknowledged_message_type: message.message_type.as_str().to_owned(),
            acknowledged_message_id: message.message_id,
            acknowledged_message_sequence_number: message.sequence_number.0,
            is_sequential_message: true,
        }
    }

    /// Writes the body.
    pub fn encode(&self) -> Bytes {
        to_json(self)
    }

    /// Reads a body.
    ///
    /// # Errors
    ///
    /// When it is not the JSON above; other keys are ignored.
    pub fn decode(payload: &[u8]) -> Result<Self, PayloadError> {
        from_json(payload)
    }

    /// Reads only the number, all that a receiver goes by: peers need not agree on anything else.
    pub(crate) fn decode_number(payload: &[u8]) -> Result<SequenceNumber, PayloadError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Number {
            acknowledged_message_sequence_number: i64,
        }
        from_json(payload).map(
            |Number {
                 acknowledged_message_sequence_number: number,
             }| SequenceNumber(number),
        )
    }
}
