//! Reads and writes the bytes of a message.
//!
//! The official parsers crash on some malformed lengths and ignore others; this one checks every bound, copies
//! nothing and allocates nothing for a frame it refuses.

use bytes::{BufMut, Bytes, BytesMut};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::layout::{self, HEADER_LEN_BYTES, MAX_FRAME_LEN_BYTES, PAYLOAD_LENGTH_BYTES};
use super::{AgentMessage, Flags, MessageType, PayloadType, SequenceNumber};

/// Why a frame could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The frame is larger than any this crate reads.
    #[error("frame of {length} bytes is larger than {MAX_FRAME_LEN_BYTES}")]
    TooLarge {
        /// Bytes in the frame.
        length: usize,
    },
    /// The frame ended before a field did.
    #[error("truncated `{field}`: need {needed} bytes, have {available}")]
    Truncated {
        /// The field that is cut.
        field: &'static str,
        /// Bytes the frame would need to have.
        needed: usize,
        /// Bytes it has.
        available: usize,
    },
    /// The header length cannot be: it would end inside the fields every message has.
    #[error("header length {0} is below 112")]
    HeaderTooShort(u32),
    /// The message type is not text.
    #[error("message type is not UTF-8")]
    MessageTypeNotText,
    /// The message type is nothing but padding.
    #[error("message type is blank")]
    MessageTypeBlank,
    /// The date is 0.
    #[error("created date is zero")]
    CreatedDateZero,
    /// The payload length promises bytes that did not come.
    #[error("payload length {declared} is larger than the {present} bytes present")]
    PayloadLengthOverstated {
        /// What the field says.
        declared: u32,
        /// Bytes present.
        present: usize,
    },
    /// The payload is not what the sender took the digest of.
    #[error("payload digest does not match")]
    DigestMismatch,
}

/// Why a message could not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The payload is empty: no official part writes or needs such a message.
    #[error("payload is empty")]
    PayloadEmpty,
    /// The message would exceed what this crate reads.
    #[error("payload of {0} bytes is too large")]
    PayloadTooLarge(usize),
    /// The message type does not fit its field.
    #[error("message type of {0} bytes does not fit in 32")]
    MessageTypeTooLong(usize),
    /// The message type would not read back: blank, or padding at either end.
    #[error("message type is blank or padded")]
    MessageTypeBlank,
    /// The date is 0, which every receiver refuses.
    #[error("created date is zero")]
    CreatedDateZero,
}

/// A message and what was odd about its frame.
pub(crate) struct Decoded {
    pub(crate) message: AgentMessage,
    /// The payload length field, where it is smaller than the payload.
    pub(crate) understated_length: Option<u32>,
}

pub(super) fn encode(message: &AgentMessage) -> Result<Bytes, EncodeError> {
    encode_as(message, layout::HEADER_LENGTH_WITH_PAYLOAD_TYPE)
}

/// Writes the form without a payload type, which the service uses for its own messages.
pub(crate) fn encode_without_payload_type(message: &AgentMessage) -> Result<Bytes, EncodeError> {
    encode_as(message, layout::HEADER_LENGTH_WITHOUT_PAYLOAD_TYPE)
}

fn encode_as(message: &AgentMessage, header_length: u32) -> Result<Bytes, EncodeError> {
    let message_type = message.message_type.as_str();
    if message.payload.is_empty() {
        return Err(EncodeError::PayloadEmpty);
    }
    if message_type.len() > layout::MESSAGE_TYPE.len() {
        return Err(EncodeError::MessageTypeTooLong(message_type.len()));
    }
    if message_type.is_empty() || trim_padding(message_type) != message_type {
        return Err(EncodeError::MessageTypeBlank);
    }
    if message.created_ms == 0 {
        return Err(EncodeError::CreatedDateZero);
    }
    let too_large = || EncodeError::PayloadTooLarge(message.payload.len());
    let payload_length = u32::try_from(message.payload.len()).map_err(|_| too_large())?;
    if message.payload.len() > MAX_FRAME_LEN_BYTES - HEADER_LEN_BYTES {
        return Err(too_large());
    }

    let mut frame = BytesMut::with_capacity(HEADER_LEN_BYTES + message.payload.len());
    frame.put_u32(header_length);
    frame.put_slice(message_type.as_bytes());
    frame.put_bytes(b' ', layout::MESSAGE_TYPE.len() - message_type.len());
    frame.put_u32(message.schema_version);
    frame.put_u64(message.created_ms);
    frame.put_i64(message.sequence_number.0);
    frame.put_u64(message.flags.0);
    frame.put_slice(&swap_halves(message.message_id).into_bytes());
    frame.put_slice(&Sha256::digest(&message.payload));
    if header_length >= layout::HEADER_LENGTH_WITH_PAYLOAD_TYPE {
        frame.put_u32(message.payload_type.into());
    }
    frame.put_u32(payload_length);
    frame.put_slice(&message.payload);
    Ok(frame.freeze())
}

pub(crate) fn decode(frame: Bytes) -> Result<Decoded, DecodeError> {
    if frame.len() > MAX_FRAME_LEN_BYTES {
        return Err(DecodeError::TooLarge {
            length: frame.len(),
        });
    }
    let fields = Fields(&frame);
    let header_length =
        u32::from_be_bytes(fields.read("header length", layout::HEADER_LENGTH.start)?);
    let message_type =
        message_type(&fields.read::<32>("message type", layout::MESSAGE_TYPE.start)?)?;
    let schema_version =
        u32::from_be_bytes(fields.read("schema version", layout::SCHEMA_VERSION.start)?);
    let created_ms = u64::from_be_bytes(fields.read("created date", layout::CREATED_DATE.start)?);
    let sequence_number =
        i64::from_be_bytes(fields.read("sequence number", layout::SEQUENCE_NUMBER.start)?);
    let flags = u64::from_be_bytes(fields.read("flags", layout::FLAGS.start)?);
    let message_id = swap_halves(Uuid::from_bytes(
        fields.read("message id", layout::MESSAGE_ID.start)?,
    ));
    let digest: [u8; 32] = fields.read("payload digest", layout::PAYLOAD_DIGEST.start)?;

    let body = if message_type.is_publication() {
        // The service's to write and nobody's to interpret: the official client skips every check on these two.
        fields.body(header_length).unwrap_or_default()
    } else {
        if created_ms == 0 {
            return Err(DecodeError::CreatedDateZero);
        }
        fields.body(header_length)?
    };
    let payload = frame.slice(body.payload_start.min(frame.len())..);
    let present = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    if !message_type.is_publication() {
        if body.declared > present {
            return Err(DecodeError::PayloadLengthOverstated {
                declared: body.declared,
                present: payload.len(),
            });
        }
        // An empty payload is exempt, as in the official client: there is nothing to protect.
        if !payload.is_empty() && Sha256::digest(&payload).as_slice() != digest {
            return Err(DecodeError::DigestMismatch);
        }
    }

    let understated_length =
        (body.declared < present && !message_type.is_publication()).then_some(body.declared);
    let message = AgentMessage {
        message_type,
        schema_version,
        created_ms,
        sequence_number: SequenceNumber(sequence_number),
        flags: Flags(flags),
        message_id,
        payload_type: body.payload_type,
        payload,
    };
    Ok(Decoded {
        message,
        understated_length,
    })
}

/// What lies beyond the fields every message has.
struct Body {
    payload_type: PayloadType,
    declared: u32,
    payload_start: usize,
}

impl Default for Body {
    fn default() -> Self {
        Self {
            payload_type: PayloadType::None,
            declared: 0,
            payload_start: usize::MAX,
        }
    }
}

/// Bounds-checked access to a frame.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn read<const N: usize>(
        &self,
        field: &'static str,
        start: usize,
    ) -> Result<[u8; N], DecodeError> {
        let needed = start.saturating_add(N);
        self.0
            .get(start..needed)
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or(DecodeError::Truncated {
                field,
                needed,
                available: self.0.len(),
            })
    }

    /// Reads payload type and length. The header length says where the length is, and whether there is a type.
    fn body(&self, header_length: u32) -> Result<Body, DecodeError> {
        if header_length < layout::HEADER_LENGTH_WITHOUT_PAYLOAD_TYPE {
            return Err(DecodeError::HeaderTooShort(header_length));
        }
        let payload_type = if header_length >= layout::HEADER_LENGTH_WITH_PAYLOAD_TYPE {
            u32::from_be_bytes(self.read("payload type", layout::PAYLOAD_TYPE.start)?).into()
        } else {
            PayloadType::None
        };
        let length_start = usize::try_from(header_length).unwrap_or(usize::MAX);
        let declared = u32::from_be_bytes(self.read("payload length", length_start)?);
        Ok(Body {
            payload_type,
            declared,
            payload_start: length_start.saturating_add(PAYLOAD_LENGTH_BYTES),
        })
    }
}

/// Whether an encoded message says that it is of this type.
pub(crate) fn is_of_type(frame: &[u8], message_type: &MessageType) -> bool {
    frame
        .get(layout::MESSAGE_TYPE)
        .and_then(|field| field.strip_prefix(message_type.as_str().as_bytes()))
        .is_some_and(|padding| padding.iter().all(|&byte| byte == b' '))
}

fn message_type(field: &[u8]) -> Result<MessageType, DecodeError> {
    let text = std::str::from_utf8(field).map_err(|_| DecodeError::MessageTypeNotText)?;
    match trim_padding(text) {
        "" => Err(DecodeError::MessageTypeBlank),
        name => Ok(MessageType::from(name)),
    }
}

/// Senders pad with spaces; receivers also accept NUL.
fn trim_padding(text: &str) -> &str {
    text.trim_matches(|c: char| c == '\0' || c.is_whitespace())
}

/// The wire holds the less significant eight bytes first, each half in its natural order.
fn swap_halves(id: Uuid) -> Uuid {
    Uuid::from_u128(id.as_u128().rotate_left(64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> AgentMessage {
        AgentMessage {
            message_type: MessageType::InputStreamData,
            schema_version: 1,
            created_ms: 1_700_000_000_000,
            sequence_number: SequenceNumber(0),
            flags: Flags::NONE,
            message_id: Uuid::from_u128(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff),
            payload_type: PayloadType::Output,
            payload: Bytes::from_static(b"l"),
        }
    }

    #[test]
    fn writes_the_less_significant_half_of_the_id_first() {
        let frame = message().encode().unwrap_or_default();
        assert_eq!(
            frame[layout::MESSAGE_ID],
            hex_id("8899aabbccddeeff0011223344556677")
        );
    }

    fn hex_id(text: &str) -> [u8; 16] {
        u128::from_str_radix(text, 16)
            .map(u128::to_be_bytes)
            .unwrap_or_default()
    }

    #[test]
    fn the_form_without_payload_type_is_four_bytes_shorter_and_reads_back_as_type_none() {
        let message = AgentMessage {
            payload_type: PayloadType::None,
            ..message()
        };
        let frame = encode_without_payload_type(&message).unwrap_or_default();
        assert_eq!(frame.len(), HEADER_LEN_BYTES - 4 + 1);
        assert_eq!(AgentMessage::decode(frame), Ok(message));
    }

    #[test]
    fn refuses_types_that_would_not_read_back() {
        for name in ["", "  ", " x", "x\0"] {
            let message = AgentMessage {
                message_type: MessageType::Other(name.into()),
                ..message()
            };
            assert_eq!(
                message.encode(),
                Err(EncodeError::MessageTypeBlank),
                "{name:?}"
            );
        }
    }

    #[test]
    fn refuses_frames_and_payloads_beyond_the_limit() {
        let large = AgentMessage {
            payload: vec![0; MAX_FRAME_LEN_BYTES - HEADER_LEN_BYTES].into(),
            ..message()
        };
        let frame = large.encode().unwrap_or_default();
        assert_eq!(frame.len(), MAX_FRAME_LEN_BYTES);
        assert!(AgentMessage::decode(frame).is_ok());
        let larger = AgentMessage {
            payload: vec![0; MAX_FRAME_LEN_BYTES - HEADER_LEN_BYTES + 1].into(),
            ..message()
        };
        assert!(matches!(
            larger.encode(),
            Err(EncodeError::PayloadTooLarge(_))
        ));
        let length = MAX_FRAME_LEN_BYTES + 1;
        assert_eq!(
            AgentMessage::decode(vec![0; length].into()),
            Err(DecodeError::TooLarge { length })
        );
    }

    #[test]
    fn logs_sizes_and_never_payloads() {
        let message = AgentMessage {
            payload: Bytes::from_static(b"hunter2"),
            ..message()
        };
        let text = format!("{message:?}");
        assert!(
            !text.contains("hunter2") && text.contains("payload_len: 7"),
            "{text}"
        );
    }
}
