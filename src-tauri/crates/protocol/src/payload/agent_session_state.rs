//! The body of `agent_session_state`: the agent tells the service how the session is.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{PayloadError, from_json, to_json};

/// How a session is, as its agent says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AgentState {
    /// The agent has opened its channel.
    Connected,
    /// The program has ended and its output is out.
    Terminating,
}

/// `{"SchemaVersion":1,"SessionState":"Connected","SessionId":"…"}`. The service does not relay it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AgentSessionState {
    /// Version of this body; 1.
    pub schema_version: u32,
    /// How the session is.
    pub session_state: AgentState,
    /// Which session.
    pub session_id: String,
}

impl AgentSessionState {
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
