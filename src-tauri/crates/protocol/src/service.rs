//! Messages the service itself writes: how it ends a session and says whether the other end is there.
//!
//! Only the simulator's service calls this; a client merely has to understand the result.

use bytes::Bytes;
use uuid::Uuid;

use crate::message::{
    self, AgentMessage, EncodeError, Flags, MessageType, PayloadType, SequenceNumber,
};
use crate::payload::ChannelClosedBody;

/// Which header the service writes. Real ones have been seen with the short form on `channel_closed`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HeaderForm {
    /// 112 bytes, no payload type.
    #[default]
    WithoutPayloadType,
    /// 116 bytes, as clients and agents write.
    WithPayloadType,
}

/// Writes `channel_closed`.
///
/// # Errors
///
/// When `created_ms` is 0 or the body is too large for a message.
pub fn channel_closed(
    body: &ChannelClosedBody,
    form: HeaderForm,
    message_id: Uuid,
    created_ms: u64,
) -> Result<Bytes, EncodeError> {
    encode(
        &message(
            MessageType::ChannelClosed,
            body.encode(),
            message_id,
            created_ms,
        ),
        form,
    )
}

/// Writes `pause_publication`: the other end is absent.
///
/// # Errors
///
/// When `created_ms` is 0.
pub fn pause_publication(
    form: HeaderForm,
    message_id: Uuid,
    created_ms: u64,
) -> Result<Bytes, EncodeError> {
    encode(
        &message(
            MessageType::PausePublication,
            publication_body(),
            message_id,
            created_ms,
        ),
        form,
    )
}

/// Writes `start_publication`: the other end is there.
///
/// # Errors
///
/// When `created_ms` is 0.
pub fn start_publication(
    form: HeaderForm,
    message_id: Uuid,
    created_ms: u64,
) -> Result<Bytes, EncodeError> {
    encode(
        &message(
            MessageType::StartPublication,
            publication_body(),
            message_id,
            created_ms,
        ),
        form,
    )
}

/// Nobody reads it, but a message must have a payload.
fn publication_body() -> Bytes {
    Bytes::from_static(br#"{"SchemaVersion":1}"#)
}

fn message(
    message_type: MessageType,
    payload: Bytes,
    message_id: Uuid,
    created_ms: u64,
) -> AgentMessage {
    AgentMessage {
        message_type,
        schema_version: 1,
        created_ms,
        sequence_number: SequenceNumber(0),
        flags: Flags::NONE,
        message_id,
        payload_type: PayloadType::None,
        payload,
    }
}

fn encode(message: &AgentMessage, form: HeaderForm) -> Result<Bytes, EncodeError> {
    match form {
        HeaderForm::WithPayloadType => message.encode(),
        HeaderForm::WithoutPayloadType => message::encode_without_payload_type(message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_header_forms_read_back_alike() {
        let body = ChannelClosedBody {
            output: "bye".into(),
            ..ChannelClosedBody::default()
        };
        let read = |form| {
            let frame = channel_closed(&body, form, Uuid::from_u128(7), 9).unwrap_or_default();
            (frame.len(), AgentMessage::decode(frame))
        };
        let (short, from_short) = read(HeaderForm::WithoutPayloadType);
        let (long, from_long) = read(HeaderForm::WithPayloadType);
        assert_eq!(short + 4, long);
        assert_eq!(from_short, from_long);
        assert!(from_long.is_ok_and(|message| message.payload == body.encode()));
    }

    #[test]
    fn publications_are_messages_of_their_own_name() {
        for form in [HeaderForm::WithoutPayloadType, HeaderForm::WithPayloadType] {
            let types = [
                pause_publication(form, Uuid::nil(), 1),
                start_publication(form, Uuid::nil(), 1),
            ]
            .map(|frame| {
                AgentMessage::decode(frame.unwrap_or_default()).map(|message| message.message_type)
            });
            assert_eq!(
                types,
                [
                    Ok(MessageType::PausePublication),
                    Ok(MessageType::StartPublication)
                ]
            );
        }
    }
}
