//! The body of `channel_closed`: the service ends the session, perhaps with a reason.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{PayloadError, from_json, to_json};
use crate::text;

/// How a session was ended, ready to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChannelClosed {
    /// Why, in words for people; empty after a normal end. Without control characters, see [`text::clean`].
    pub output: String,
    /// The session, as the service names it.
    pub session_id: Option<String>,
    /// The target, as the service names it.
    pub destination_id: Option<String>,
}

impl ChannelClosed {
    /// Takes what a person may see from a body. One that cannot be read still ends the session, without a reason.
    pub fn from_payload(payload: &[u8]) -> Self {
        let Ok(body) = ChannelClosedBody::decode(payload) else {
            return Self::default();
        };
        let named = |id: String| (!id.is_empty()).then(|| text::clean(&id));
        Self {
            output: text::clean(&body.output),
            session_id: named(body.session_id),
            destination_id: named(body.destination_id),
        }
    }
}

/// The body as it is on the wire. Any key may be missing.
///
/// ```text
/// {"MessageId":"<uuid>","CreatedDate":"2021-10-01T09:24:34.917Z","DestinationId":"<target>",
///  "SessionId":"<session>","MessageType":"channel_closed","SchemaVersion":1,"Output":""}
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ChannelClosedBody {
    /// Id of the message, again.
    #[serde(deserialize_with = "or_default")]
    pub message_id: String,
    /// When the service made it, ISO 8601.
    #[serde(deserialize_with = "or_default")]
    pub created_date: String,
    /// The target.
    #[serde(deserialize_with = "or_default")]
    pub destination_id: String,
    /// The session.
    #[serde(deserialize_with = "or_default")]
    pub session_id: String,
    /// Name of the message, again.
    #[serde(deserialize_with = "or_default")]
    pub message_type: String,
    /// Version of this body; 1.
    #[serde(deserialize_with = "or_default")]
    pub schema_version: u32,
    /// Why the session ended; empty after a normal end. Not cleaned.
    #[serde(deserialize_with = "or_default")]
    pub output: String,
}

/// A key of another kind than expected must not cost the reader the rest, least of all the reason.
fn or_default<'de, D: serde::Deserializer<'de>, T: serde::de::DeserializeOwned + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

impl ChannelClosedBody {
    /// Writes the body.
    pub fn encode(&self) -> Bytes {
        to_json(self)
    }

    /// Reads a body.
    ///
    /// # Errors
    ///
    /// When it is not a JSON object.
    pub fn decode(payload: &[u8]) -> Result<Self, PayloadError> {
        from_json(payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_survives_odd_neighbours_and_loses_control_characters() {
        let body = br#"{"MessageId":7,"SchemaVersion":"one","SessionId":null,"Output":"bad\u001b[2J\u0007news","Extra":[1]}"#;
        let closed = ChannelClosed::from_payload(body);
        assert_eq!(
            closed,
            ChannelClosed {
                output: "bad[2Jnews".into(),
                session_id: None,
                destination_id: None
            }
        );
    }

    #[test]
    fn an_unreadable_body_still_closes() {
        for body in [&b""[..], b"{", b"[]x", b"\xff\xfe", b"null", b"3"] {
            assert_eq!(
                ChannelClosed::from_payload(body),
                ChannelClosed::default(),
                "{body:?}"
            );
        }
    }
}
