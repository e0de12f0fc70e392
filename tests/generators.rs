//! Generated input for property tests.

use bytes::Bytes;
use proptest::prelude::*;
use protocol::payload::Acknowledge;
use protocol::{AgentMessage, Flags, MessageType, PayloadType, SequenceNumber};
use uuid::Uuid;

/// Any message type: the known ones and names no one knows.
pub fn message_type() -> impl Strategy<Value = MessageType> {
    prop_oneof![
        4 => Just(MessageType::InputStreamData),
        4 => Just(MessageType::OutputStreamData),
        4 => Just(MessageType::Acknowledge),
        1 => Just(MessageType::ChannelClosed),
        1 => Just(MessageType::PausePublication),
        1 => Just(MessageType::StartPublication),
        1 => Just(MessageType::AgentSessionState),
        2 => "[a-z_]{1,32}".prop_map(|name| MessageType::from(name.as_str())),
        1 => "[ -~]{1,32}"
            .prop_filter("padding at either end does not read back", |name| name.trim() == name && !name.is_empty())
            .prop_map(|name| MessageType::from(name.as_str())),
    ]
}

/// Any payload type: mostly the known ones.
pub fn payload_type() -> impl Strategy<Value = PayloadType> {
    prop_oneof![9 => 0_u32..=13, 1 => any::<u32>()].prop_map(PayloadType::from)
}

/// A payload: bytes, JSON of some shape, or text.
pub fn payload() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        3 => proptest::collection::vec(any::<u8>(), 1..2000).prop_map(Bytes::from),
        1 => any::<i64>().prop_map(|number| {
            Acknowledge {
                acknowledged_message_type: "output_stream_data".into(),
                acknowledged_message_id: Uuid::nil(),
                acknowledged_message_sequence_number: number % 20,
                is_sequential_message: true,
            }
            .encode()
        }),
        1 => prop_oneof![
            Just(r#"{"AgentVersion":"3.3.987.0","RequestedClientActions":[{"ActionType":"SessionType","ActionParameters":{"SessionType":"Standard_Stream"}}]}"#),
            Just(r#"{"AgentVersion":"3.3.987.0","RequestedClientActions":[{"ActionType":"KMSEncryption","ActionParameters":{"KMSKeyId":"k"}}]}"#),
            Just(r#"{"HandshakeTimeToComplete":1,"CustomerMessage":"hello"}"#),
            Just(r#"{"cols":80,"rows":24}"#),
            Just(r#"{"Output":"gone"}"#),
            Just("EXIT_CODE: 3"),
            Just("\0\0\0\u{2}"),
        ].prop_map(|text: &str| Bytes::copy_from_slice(text.as_bytes())),
    ]
}

/// Any message that can be written.
pub fn message() -> impl Strategy<Value = AgentMessage> {
    let numbers = prop_oneof![6 => -1_i64..20, 1 => any::<i64>()];
    let fields = (
        message_type(),
        any::<u32>(),
        1_u64..,
        numbers,
        any::<u64>(),
        any::<u128>(),
        payload_type(),
        payload(),
    );
    fields.prop_map(
        |(message_type, schema_version, created_ms, number, flags, id, payload_type, payload)| {
            AgentMessage {
                message_type,
                schema_version,
                created_ms,
                sequence_number: SequenceNumber(number),
                flags: Flags(flags),
                message_id: Uuid::from_u128(id),
                payload_type,
                payload,
            }
        },
    )
}

/// A frame as a broken or hostile peer might send it: a valid one with bytes changed, cut or added.
pub fn mutated_frame() -> impl Strategy<Value = Vec<u8>> {
    let changes = proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8);
    (
        message(),
        changes,
        any::<prop::sample::Index>(),
        0_u8..4,
        proptest::collection::vec(any::<u8>(), 0..40),
    )
        .prop_map(|(message, changes, cut, how, extra)| {
            let mut frame = message.encode().map(Vec::from).unwrap_or_default();
            for (index, byte) in changes {
                // Mostly the header: that is where the decisions are.
                let at = index.index(frame.len().min(140));
                frame[at] = byte;
            }
            match how {
                1 => frame.truncate(cut.index(frame.len())),
                2 => frame.extend_from_slice(&extra),
                _ => {}
            }
            frame
        })
}
