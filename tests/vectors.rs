//! The recorded bytes of `vectors/`, as JSON values or as types.
//!
//! Files are part of the binary, so tests run from anywhere.

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// `messages.json`.
pub const MESSAGES: &str = include_str!("vectors/messages.json");
/// `ack.json`.
pub const ACK: &str = include_str!("vectors/ack.json");
/// `handshake.json`.
pub const HANDSHAKE: &str = include_str!("vectors/handshake.json");
/// `open_data_channel.json`.
pub const OPEN_DATA_CHANNEL: &str = include_str!("vectors/open_data_channel.json");
/// `kms.json`.
pub const KMS: &str = include_str!("vectors/kms.json");
/// `smux.json`.
pub const SMUX: &str = include_str!("vectors/smux.json");
/// `rtt.json`.
pub const RTT: &str = include_str!("vectors/rtt.json");
/// `versions.json`.
pub const VERSIONS: &str = include_str!("vectors/versions.json");

/// Reads a file.
///
/// # Panics
///
/// When it is not what the test takes it for.
pub fn load<T: DeserializeOwned>(file: &str) -> T {
    match serde_json::from_str(file) {
        Ok(value) => value,
        Err(error) => panic!("vector file: {error}"),
    }
}

/// Bytes written as hexadecimal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Hex(pub Vec<u8>);

impl TryFrom<String> for Hex {
    type Error = hex::FromHexError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        hex::decode(text).map(Self)
    }
}

impl From<&Hex> for bytes::Bytes {
    fn from(hex: &Hex) -> Self {
        Self::copy_from_slice(&hex.0)
    }
}

/// The fields of one message.
#[derive(Clone, Debug, Deserialize)]
pub struct MessageFields {
    /// Value of the first field.
    pub header_length: u32,
    /// Without padding.
    pub message_type: String,
    /// Version of the framing.
    pub schema_version: u32,
    /// Milliseconds since 1970.
    pub created_date: u64,
    /// Position in the stream.
    pub sequence_number: i64,
    /// Marks.
    pub flags: u64,
    /// As text; the wire has its halves swapped.
    pub message_id: uuid::Uuid,
    /// Number of the payload type.
    pub payload_type: u32,
    /// Bytes of payload.
    pub payload_length: usize,
    /// The payload.
    pub payload: Hex,
    /// SHA-256 of the payload.
    pub payload_digest: Hex,
}

impl From<&MessageFields> for protocol::AgentMessage {
    fn from(fields: &MessageFields) -> Self {
        Self {
            message_type: fields.message_type.as_str().into(),
            schema_version: fields.schema_version,
            created_ms: fields.created_date,
            sequence_number: protocol::SequenceNumber(fields.sequence_number),
            flags: protocol::Flags(fields.flags),
            message_id: fields.message_id,
            payload_type: fields.payload_type.into(),
            payload: (&fields.payload).into(),
        }
    }
}
