//! The frames that open a channel, and the request an agent makes before its own.
//!
//! Each is one JSON text. The client's and the data-channel agent's hold the session's token, so they are written into
//! and read out of [`SecretString`]s. The simulator reads them; only the client's is written by this crate's machines.

use std::io;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The only schema of these frames.
pub const MESSAGE_SCHEMA_VERSION: &str = "1.0";

/// Why an opening frame could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// It is not the JSON it should be, or a key is missing. Without the detail, which could quote the token.
    #[error("not an open frame")]
    Json,
    /// It has a schema this crate does not know.
    #[error("unknown message schema version")]
    Schema,
}

/// First frame of a data channel, from either end.
///
/// ```text
/// {"MessageSchemaVersion":"1.0","RequestId":"<uuid>","TokenValue":"<token>",
///  "ClientInstanceId":"<agent only>","ClientId":"<uuid>","ClientVersion":"<client only>"}
/// ```
#[derive(Clone, Debug)]
pub struct OpenDataChannel {
    /// New for every connection.
    pub request_id: Uuid,
    /// What StartSession, or the latest ResumeSession, gave out.
    pub token: SecretString,
    /// The agent's instance id; absent from a client.
    pub client_instance_id: Option<String>,
    /// The same for every connection of one client to one session.
    pub client_id: Uuid,
    /// Four numbers; absent from an agent and from clients before 1.2.677.
    pub client_version: Option<String>,
}

/// What an agent posts to be given a token: the same, without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateDataChannel {
    /// New for every request.
    pub request_id: Uuid,
    /// The same for every connection of one agent to one session.
    pub client_id: Uuid,
}

/// First frame of an agent's control channel.
#[derive(Clone, Debug)]
pub struct OpenControlChannel {
    /// What an earlier connection was given; nothing on the first.
    pub cookie: Option<String>,
    /// New for every connection.
    pub request_id: Uuid,
    /// What the service gave out for this channel.
    pub token: SecretString,
    /// The agent's version, four numbers.
    pub agent_version: String,
    /// `linux`, `windows` or `macos`.
    pub platform_type: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DataChannelBody<'a, T> {
    message_schema_version: &'a str,
    request_id: Uuid,
    token_value: T,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_instance_id: Option<String>,
    client_id: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_version: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateDataChannelBody<'a> {
    message_schema_version: &'a str,
    request_id: Uuid,
    client_id: Uuid,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ControlChannelBody<'a, T> {
    #[serde(default)]
    cookie: Option<String>,
    message_schema_version: &'a str,
    request_id: Uuid,
    token_value: T,
    agent_version: String,
    platform_type: String,
}

impl OpenDataChannel {
    /// Writes the frame.
    pub fn encode(&self) -> SecretString {
        to_secret_json(&DataChannelBody {
            message_schema_version: MESSAGE_SCHEMA_VERSION,
            request_id: self.request_id,
            token_value: self.token.expose_secret(),
            client_instance_id: self.client_instance_id.clone(),
            client_id: self.client_id,
            client_version: self.client_version.clone(),
        })
    }

    /// Reads a frame; unknown keys are ignored.
    ///
    /// # Errors
    ///
    /// When a key is missing or has another type, or the schema is another one.
    pub fn decode(text: &str) -> Result<Self, OpenError> {
        let body: DataChannelBody<'_, String> =
            serde_json::from_str(text).map_err(|_| OpenError::Json)?;
        check_schema(body.message_schema_version)?;
        Ok(Self {
            request_id: body.request_id,
            token: body.token_value.into(),
            client_instance_id: body.client_instance_id,
            client_id: body.client_id,
            client_version: body.client_version,
        })
    }
}

impl CreateDataChannel {
    /// Writes the request.
    pub fn encode(&self) -> String {
        serde_json::to_string(&CreateDataChannelBody {
            message_schema_version: MESSAGE_SCHEMA_VERSION,
            request_id: self.request_id,
            client_id: self.client_id,
        })
        .unwrap_or_default()
    }

    /// Reads a request; unknown keys are ignored.
    ///
    /// # Errors
    ///
    /// When a key is missing or has another type, or the schema is another one.
    pub fn decode(text: &str) -> Result<Self, OpenError> {
        let body: CreateDataChannelBody<'_> =
            serde_json::from_str(text).map_err(|_| OpenError::Json)?;
        check_schema(body.message_schema_version)?;
        Ok(Self {
            request_id: body.request_id,
            client_id: body.client_id,
        })
    }
}

impl OpenControlChannel {
    /// Writes the frame.
    pub fn encode(&self) -> SecretString {
        to_secret_json(&ControlChannelBody {
            cookie: self.cookie.clone(),
            message_schema_version: MESSAGE_SCHEMA_VERSION,
            request_id: self.request_id,
            token_value: self.token.expose_secret(),
            agent_version: self.agent_version.clone(),
            platform_type: self.platform_type.clone(),
        })
    }

    /// Reads a frame; unknown keys are ignored.
    ///
    /// # Errors
    ///
    /// When a key is missing or has another type, or the schema is another one.
    pub fn decode(text: &str) -> Result<Self, OpenError> {
        let body: ControlChannelBody<'_, String> =
            serde_json::from_str(text).map_err(|_| OpenError::Json)?;
        check_schema(body.message_schema_version)?;
        Ok(Self {
            cookie: body.cookie,
            request_id: body.request_id,
            token: body.token_value.into(),
            agent_version: body.agent_version,
            platform_type: body.platform_type,
        })
    }
}

fn check_schema(version: &str) -> Result<(), OpenError> {
    if version == MESSAGE_SCHEMA_VERSION {
        Ok(())
    } else {
        Err(OpenError::Schema)
    }
}

/// Writes JSON into memory that is wiped when dropped. The length is counted first: a buffer that grew would leave
/// pieces of the token behind where it used to be.
fn to_secret_json<T: Serialize>(body: &T) -> SecretString {
    let mut length = CountBytes(0);
    let counted = serde_json::to_writer(&mut length, body);
    let mut json = Vec::with_capacity(length.0);
    let written = serde_json::to_writer(&mut json, body);
    debug_assert!(
        counted.is_ok() && written.is_ok(),
        "strings and ids cannot fail to serialise"
    );
    SecretString::from(String::from_utf8(json).unwrap_or_default())
}

struct CountBytes(usize);

impl io::Write for CountBytes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(token: &str) -> OpenDataChannel {
        OpenDataChannel {
            request_id: Uuid::from_u128(1),
            token: token.into(),
            client_instance_id: None,
            client_id: Uuid::from_u128(2),
            client_version: Some("1.2.764.0".into()),
        }
    }

    #[test]
    fn a_token_is_never_shown() {
        let open = open("secret-token");
        assert!(!format!("{open:?} {:?}", open.encode()).contains("secret-token"));
        let error =
            OpenDataChannel::decode(r#"{"TokenValue":"secret-token","MessageSchemaVersion":1}"#);
        assert!(error.is_err_and(|error| !format!("{error:?} {error}").contains("secret-token")));
    }

    #[test]
    fn a_token_of_any_characters_survives() {
        let token = "a\"b\\c\u{1}/+=ü";
        let read = OpenDataChannel::decode(open(token).encode().expose_secret());
        assert!(read.is_ok_and(|read| read.token.expose_secret() == token));
    }

    #[test]
    fn another_schema_is_refused() {
        let text = open("t")
            .encode()
            .expose_secret()
            .replace("\"1.0\"", "\"2.0\"");
        assert!(matches!(
            OpenDataChannel::decode(&text),
            Err(OpenError::Schema)
        ));
    }
}
