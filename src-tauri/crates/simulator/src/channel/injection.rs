//! Messages that are put into a client's way on request.

use bytes::Bytes;
use protocol::service::{self, HeaderForm};
use protocol::{AgentMessage, Flags, MessageType, PayloadType, SequenceNumber};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

use super::relay::fragments;
use crate::faults::Injection;
use crate::timestamp;

/// The WebSocket messages of an injection. `last` is the last acknowledgement the client was sent, if any.
pub(super) fn messages(injection: &Injection, last: &Bytes) -> Vec<Message> {
    match injection {
        Injection::Binary(bytes) => vec![Message::Binary(bytes.clone())],
        Injection::Text(text) => vec![Message::text(text.as_str())],
        Injection::Fragments(message, frames) => fragments(message, *frames),
        Injection::Ping(payload) => vec![Message::Ping(payload.clone())],
        Injection::Pause => vec![Message::Binary(publication(HeaderForm::default(), false))],
        Injection::Start => vec![Message::Binary(publication(HeaderForm::default(), true))],
        Injection::AcknowledgementStorm(count) => storm(*count, last),
    }
}

/// `start_publication`, or `pause_publication`.
pub(super) fn publication(form: HeaderForm, is_start: bool) -> Bytes {
    let (id, now) = (Uuid::new_v4(), timestamp::now_ms());
    let frame = if is_start {
        service::start_publication(form, id, now)
    } else {
        service::pause_publication(form, id, now)
    };
    // Fails for a date of 0 only; an empty frame is ignored.
    frame.unwrap_or_default()
}

/// Every other one is the last real one again; the rest are of numbers that cannot be under way.
fn storm(count: usize, last: &Bytes) -> Vec<Message> {
    let made_up = |index: usize| {
        let index = i64::try_from(index).unwrap_or_default();
        let number = if index % 4 == 1 {
            i64::MAX - index
        } else {
            -1 - index
        };
        acknowledgement(number)
    };
    let frame = |index: usize| {
        if index.is_multiple_of(2) && !last.is_empty() {
            last.clone()
        } else {
            made_up(index)
        }
    };
    (0..count).map(|i| Message::Binary(frame(i))).collect()
}

fn acknowledgement(number: i64) -> Bytes {
    let body = json!({
        "AcknowledgedMessageType": "input_stream_data",
        "AcknowledgedMessageId": Uuid::new_v4(),
        "AcknowledgedMessageSequenceNumber": number,
        "IsSequentialMessage": true,
    });
    let message = AgentMessage {
        message_type: MessageType::Acknowledge,
        schema_version: 1,
        created_ms: timestamp::now_ms().max(1),
        sequence_number: SequenceNumber(0),
        flags: Flags::SYN_FIN,
        message_id: Uuid::new_v4(),
        payload_type: PayloadType::None,
        payload: body.to_string().into(),
    };
    message.encode().unwrap_or_default()
}
