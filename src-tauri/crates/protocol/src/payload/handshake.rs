//! The bodies of payload types 5 to 9: what the agent asks of the client before a session, and the answers.
//!
//! Origin: official client, `src/message/handshakemessage.go`; agent, `agent/session/contracts/model.go`.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::{PayloadError, from_json, to_json};

/// Most actions a request may ask for. There are two kinds today; answers to more would only feed an attack.
const MAX_ACTIONS: usize = 32;

/// Longest request that is read. Real ones have a few hundred bytes; parsed JSON is many times as large as its text.
pub const MAX_REQUEST_LEN_BYTES: usize = 32 * 1024;

/// What kind of session this is. Unknown kinds are kept, to be named in the refusal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SessionType {
    /// A shell.
    StandardStream,
    /// A command with a terminal.
    InteractiveCommands,
    /// A command without a terminal.
    NonInteractiveCommands,
    /// A TCP connection or several.
    Port,
    /// Anything else.
    Other(String),
}

impl SessionType {
    /// Returns the name as written in the handshake and in documents.
    pub fn as_str(&self) -> &str {
        match self {
            Self::StandardStream => "Standard_Stream",
            Self::InteractiveCommands => "InteractiveCommands",
            Self::NonInteractiveCommands => "NonInteractiveCommands",
            Self::Port => "Port",
            Self::Other(name) => name,
        }
    }
}

impl From<String> for SessionType {
    fn from(name: String) -> Self {
        match name.as_str() {
            "Standard_Stream" => Self::StandardStream,
            "InteractiveCommands" => Self::InteractiveCommands,
            "NonInteractiveCommands" => Self::NonInteractiveCommands,
            "Port" => Self::Port,
            _ => Self::Other(name),
        }
    }
}

impl fmt::Display for SessionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What the agent can ask for. Unknown actions are kept, to be named in the answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ActionType {
    /// Take on a session type.
    SessionType,
    /// Set up session encryption.
    KmsEncryption,
    /// Anything else.
    Other(String),
}

impl ActionType {
    /// Returns the name as written in the handshake.
    pub fn as_str(&self) -> &str {
        match self {
            Self::SessionType => "SessionType",
            Self::KmsEncryption => "KMSEncryption",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for ActionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ActionType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ActionType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Ok(match name.as_str() {
            "SessionType" => Self::SessionType,
            "KMSEncryption" => Self::KmsEncryption,
            _ => Self::Other(name),
        })
    }
}

/// Payload type 5, agent to client: `{"AgentVersion":"…","RequestedClientActions":[…]}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct HandshakeRequest {
    /// The agent's version, four numbers.
    #[serde(default)]
    pub agent_version: String,
    /// What the client is to do, in order.
    #[serde(default, deserialize_with = "null_as_default")]
    pub requested_client_actions: Vec<RequestedClientAction>,
}

/// One thing the client is to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestedClientAction {
    /// Which.
    pub action_type: ActionType,
    /// With what; any JSON value.
    #[serde(default)]
    pub action_parameters: Value,
}

/// Parameters of [`ActionType::SessionType`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SessionTypeParameters {
    /// The session type's name.
    pub session_type: String,
    /// The document's properties for a port session, else null.
    #[serde(default)]
    pub properties: Value,
}

/// Parameters of [`ActionType::KmsEncryption`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct KmsEncryptionParameters {
    /// The key to ask KMS for a data key with.
    #[serde(rename = "KMSKeyId")]
    pub kms_key_id: String,
    /// Goes into the encryption context as it is, where present (agents since 3.3.808).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<String>,
}

/// Payload type 6, client to agent: `{"ClientVersion":"…","ProcessedClientActions":[…],"Errors":null}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct HandshakeResponse {
    /// The client's version, four numbers; the agent chooses features by it.
    #[serde(default)]
    pub client_version: String,
    /// One answer for each requested action, in order.
    #[serde(default, deserialize_with = "null_as_default")]
    pub processed_client_actions: Vec<ProcessedClientAction>,
    /// The texts of what went wrong; null when nothing did.
    #[serde(default)]
    pub errors: Option<Vec<String>>,
}

/// How one requested action went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ProcessedClientAction {
    /// Which.
    pub action_type: ActionType,
    /// How it went. Anything but success makes the agent end the session.
    pub action_status: ActionStatus,
    /// What came of it; any JSON value.
    #[serde(default)]
    pub action_result: Value,
    /// What went wrong, else empty.
    #[serde(default)]
    pub error: String,
}

/// How a requested action went, a number on the wire. Unknown numbers are kept: the official client writes 0 for
/// actions it does not support.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "i64", into = "i64")]
pub enum ActionStatus {
    /// 1.
    Success,
    /// 2.
    Failed,
    /// 3.
    Unsupported,
    /// Anything else.
    Other(i64),
}

impl From<i64> for ActionStatus {
    fn from(number: i64) -> Self {
        match number {
            1 => Self::Success,
            2 => Self::Failed,
            3 => Self::Unsupported,
            other => Self::Other(other),
        }
    }
}

impl From<ActionStatus> for i64 {
    fn from(status: ActionStatus) -> Self {
        match status {
            ActionStatus::Success => 1,
            ActionStatus::Failed => 2,
            ActionStatus::Unsupported => 3,
            ActionStatus::Other(other) => other,
        }
    }
}

/// Result of a successful [`ActionType::KmsEncryption`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct KmsEncryptionResult {
    /// The data key as KMS encrypted it.
    #[serde(rename = "KMSCipherTextKey", with = "base64_bytes")]
    pub kms_cipher_text_key: Vec<u8>,
    /// Unused; null.
    #[serde(rename = "KMSCipherTextHash", default)]
    pub kms_cipher_text_hash: Value,
    /// Whether the request's challenge is in the encryption context; left out when it is not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub challenge_acknowledgement: bool,
}

/// Payload type 7, agent to client: `{"HandshakeTimeToComplete":<ns>,"CustomerMessage":"…"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct HandshakeComplete {
    /// How long the handshake took, in nanoseconds.
    #[serde(rename = "HandshakeTimeToComplete", default)]
    pub time_to_complete_ns: i64,
    /// Text to show, else empty. Not cleaned.
    #[serde(default)]
    pub customer_message: String,
}

/// Payload types 8 and 9, agent to client and back: `{"Challenge":"<base64>"}`, encrypted random bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct EncryptionChallenge {
    /// Nonce, ciphertext and tag.
    #[serde(with = "base64_bytes")]
    pub challenge: Vec<u8>,
}

impl HandshakeRequest {
    /// Writes the body.
    pub fn encode(&self) -> Bytes {
        to_json(self)
    }

    /// Reads a body.
    ///
    /// # Errors
    ///
    /// When it is not the JSON above, is longer than [`MAX_REQUEST_LEN_BYTES`], or asks for an absurd number of
    /// actions.
    pub fn decode(payload: &[u8]) -> Result<Self, PayloadError> {
        if payload.len() > MAX_REQUEST_LEN_BYTES {
            return Err(PayloadError::Range);
        }
        let request: Self = from_json(payload)?;
        if request.requested_client_actions.len() > MAX_ACTIONS {
            return Err(PayloadError::Range);
        }
        Ok(request)
    }
}

impl HandshakeResponse {
    /// Writes the body.
    pub fn encode(&self) -> Bytes {
        to_json(self)
    }

    /// Reads a body.
    ///
    /// # Errors
    ///
    /// When it is not the JSON above.
    pub fn decode(payload: &[u8]) -> Result<Self, PayloadError> {
        from_json(payload)
    }
}

impl HandshakeComplete {
    /// Writes the body.
    pub fn encode(&self) -> Bytes {
        to_json(self)
    }

    /// Reads a body.
    ///
    /// # Errors
    ///
    /// When it is not the JSON above.
    pub fn decode(payload: &[u8]) -> Result<Self, PayloadError> {
        from_json(payload)
    }
}

impl EncryptionChallenge {
    /// Writes the body.
    pub fn encode(&self) -> Bytes {
        to_json(self)
    }

    /// Reads a body.
    ///
    /// # Errors
    ///
    /// When it is not the JSON above.
    pub fn decode(payload: &[u8]) -> Result<Self, PayloadError> {
        from_json(payload)
    }
}

/// Go writes an empty list as null.
fn null_as_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Bytes as standard base64 with padding.
mod base64_bytes {
    use serde::de::Error as _;

    use super::*;

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        STANDARD
            .decode(String::deserialize(deserializer)?)
            .map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_may_carry_anything_in_parameters_and_beside_them() {
        let body = br#"{"AgentVersion":"9.9.9.9","New":1,"RequestedClientActions":[
            {"ActionType":"SessionType","ActionParameters":[1,{"a":null}],"Later":true},{"ActionType":"X"}]}"#;
        let request =
            HandshakeRequest::decode(body).map(|request| request.requested_client_actions);
        let request = request.unwrap_or_default();
        assert_eq!(request.len(), 2);
        assert_eq!(request[1].action_type, ActionType::Other("X".into()));
        assert_eq!(request[1].action_parameters, Value::Null);
    }

    #[test]
    fn a_request_for_hundreds_of_actions_is_refused() {
        let body = |count| {
            format!(
                r#"{{"RequestedClientActions":[{}]}}"#,
                vec![r#"{"ActionType":"X"}"#; count].join(",")
            )
        };
        assert!(HandshakeRequest::decode(body(MAX_ACTIONS).as_bytes()).is_ok());
        assert!(HandshakeRequest::decode(body(MAX_ACTIONS + 1).as_bytes()).is_err());
    }

    #[test]
    fn a_request_longer_than_any_is_not_even_read() {
        let body = |len: usize| format!(r#"{{"AgentVersion":"{}"}}"#, "9".repeat(len - 19));
        assert_eq!(body(100).len(), 100);
        assert!(HandshakeRequest::decode(body(MAX_REQUEST_LEN_BYTES).as_bytes()).is_ok());
        assert!(HandshakeRequest::decode(body(MAX_REQUEST_LEN_BYTES + 1).as_bytes()).is_err());
    }

    #[test]
    fn an_answer_keeps_the_status_the_official_client_gets_wrong() {
        let body = br#"{"ClientVersion":"1.2.764.0","ProcessedClientActions":[
            {"ActionType":"SomethingNew","ActionStatus":0,"ActionResult":3,"Error":"x"}],"Errors":["x"]}"#;
        let response =
            HandshakeResponse::decode(body).map(|response| response.processed_client_actions);
        assert_eq!(
            response.unwrap_or_default()[0].action_status,
            ActionStatus::Other(0)
        );
    }
}
