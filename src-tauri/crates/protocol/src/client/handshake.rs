//! The client's answer to a handshake request: a function of the request alone.
//!
//! Every requested action gets one entry, in order. Any status but success makes the agent end the session, so a
//! refusal carries the words a person will read.

use serde_json::Value;

use crate::payload::{
    ActionStatus, ActionType, HandshakeRequest, HandshakeResponse, KmsEncryptionParameters,
    ProcessedClientAction, RequestedClientAction, SessionType, SessionTypeParameters,
};
use crate::text;
use crate::version::CLIENT_VERSION;

/// Longest name of the agent's choosing that is repeated back to it, in characters.
const MAX_NAME_CHARS: usize = 100;

/// What to reply, and what it means for the session.
pub(super) struct Answer {
    pub(super) response: HandshakeResponse,
    pub(super) session_type: SessionType,
    pub(super) properties: Option<Value>,
    /// Whether the agent asked for encryption.
    pub(super) is_encrypted: bool,
    /// Why the agent will end the session, if it will.
    pub(super) refusal: Option<String>,
}

/// An action that was not carried out.
struct Refusal {
    status: ActionStatus,
    error: String,
}

pub(super) fn answer(request: &HandshakeRequest) -> Answer {
    // Every agent names a session type. Were one not to, a shell is what a session is without a handshake.
    let mut session_type = None;
    let mut is_encrypted = false;
    let mut processed = Vec::with_capacity(request.requested_client_actions.len());
    for action in &request.requested_client_actions {
        let outcome = match &action.action_type {
            ActionType::SessionType => take_session_type(action).map(|taken| {
                session_type.get_or_insert(taken);
            }),
            ActionType::KmsEncryption => {
                is_encrypted = true;
                Err(refuse_encryption(action))
            }
            ActionType::Other(name) => Err(Refusal {
                status: ActionStatus::Unsupported,
                error: format!("Unsupported action {}", shown(name)),
            }),
        };
        processed.push(report(action, outcome));
    }
    let errors: Vec<String> = processed
        .iter()
        .filter(|action| !action.error.is_empty())
        .map(|action| action.error.clone())
        .collect();
    let refusal = (!errors.is_empty()).then(|| errors.join("\n"));
    let (session_type, properties) = session_type.unwrap_or((SessionType::StandardStream, None));
    let response = HandshakeResponse {
        client_version: CLIENT_VERSION.to_owned(),
        processed_client_actions: processed,
        errors: (!errors.is_empty()).then_some(errors),
    };
    Answer {
        response,
        session_type,
        properties,
        is_encrypted,
        refusal,
    }
}

fn take_session_type(
    action: &RequestedClientAction,
) -> Result<(SessionType, Option<Value>), Refusal> {
    let failed = |error| Refusal {
        status: ActionStatus::Failed,
        error,
    };
    let parameters: SessionTypeParameters =
        serde_json::from_value(action.action_parameters.clone())
            .map_err(|_| failed("Unreadable parameters of action SessionType".to_owned()))?;
    match SessionType::from(parameters.session_type) {
        SessionType::Other(name) => Err(failed(format!("Unknown session type {}", shown(&name)))),
        known @ (SessionType::StandardStream
        | SessionType::InteractiveCommands
        | SessionType::NonInteractiveCommands
        | SessionType::Port) => Ok((
            known,
            Some(parameters.properties).filter(|value| !value.is_null()),
        )),
    }
}

fn refuse_encryption(action: &RequestedClientAction) -> Refusal {
    let parameters: Result<KmsEncryptionParameters, _> =
        serde_json::from_value(action.action_parameters.clone());
    let error = match parameters {
        Ok(parameters) => format!(
            "This client does not support session encryption with AWS KMS yet (key {})",
            shown(&parameters.kms_key_id)
        ),
        Err(_) => "This client does not support session encryption with AWS KMS yet".to_owned(),
    };
    Refusal {
        status: ActionStatus::Unsupported,
        error,
    }
}

fn report(action: &RequestedClientAction, outcome: Result<(), Refusal>) -> ProcessedClientAction {
    let (action_status, error) = match outcome {
        Ok(()) => (ActionStatus::Success, String::new()),
        Err(Refusal { status, error }) => (status, error),
    };
    let action_type = match &action.action_type {
        ActionType::Other(name) => ActionType::Other(name.chars().take(MAX_NAME_CHARS).collect()),
        known @ (ActionType::SessionType | ActionType::KmsEncryption) => known.clone(),
    };
    ProcessedClientAction {
        action_type,
        action_status,
        action_result: Value::Null,
        error,
    }
}

/// A name of the agent's choosing, fit for a sentence.
fn shown(name: &str) -> String {
    text::clean(name).chars().take(MAX_NAME_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(actions: &Value) -> HandshakeRequest {
        let body =
            json!({"AgentVersion": "3.3.987.0", "RequestedClientActions": actions}).to_string();
        HandshakeRequest::decode(body.as_bytes()).unwrap_or(HandshakeRequest {
            agent_version: String::new(),
            requested_client_actions: Vec::new(),
        })
    }

    fn session_type(name: &str) -> Value {
        json!({"ActionType": "SessionType", "ActionParameters": {"SessionType": name, "Properties": null}})
    }

    #[test]
    fn takes_on_every_known_session_type() {
        for name in [
            "Standard_Stream",
            "InteractiveCommands",
            "NonInteractiveCommands",
            "Port",
        ] {
            let answer = answer(&request(&json!([session_type(name)])));
            assert_eq!((answer.session_type.as_str(), answer.refusal), (name, None));
            let body = r#"{"ClientVersion":"1.2.764.0","ProcessedClientActions":[{"ActionType":"SessionType","ActionStatus":1,"ActionResult":null,"Error":""}],"Errors":null}"#;
            assert_eq!(answer.response.encode(), body);
        }
    }

    #[test]
    fn keeps_the_properties_of_a_port_session() {
        let properties = json!({"portNumber": "22"});
        let action = json!({"ActionType": "SessionType", "ActionParameters": {"SessionType": "Port", "Properties": properties}});
        assert_eq!(
            answer(&request(&json!([action]))).properties,
            Some(properties)
        );
    }

    #[test]
    fn refuses_each_action_it_cannot_do_and_says_which() {
        let kms = json!({"ActionType": "KMSEncryption", "ActionParameters": {"KMSKeyId": "arn:key\u{1b}[2J"}});
        let unknown = json!({"ActionType": "SomethingNew", "ActionParameters": [1]});
        let answer = answer(&request(&json!([session_type("Quantum"), kms, unknown])));
        let statuses: Vec<_> = answer
            .response
            .processed_client_actions
            .iter()
            .map(|action| action.action_status)
            .collect();
        assert_eq!(
            statuses,
            [
                ActionStatus::Failed,
                ActionStatus::Unsupported,
                ActionStatus::Unsupported
            ]
        );
        assert!(answer.is_encrypted);
        let refusal = answer.refusal.unwrap_or_default();
        for text in [
            "Unknown session type Quantum",
            "AWS KMS",
            "(key arn:key[2J)",
            "Unsupported action SomethingNew",
        ] {
            assert!(refusal.contains(text), "{refusal}");
        }
    }

    #[test]
    fn does_not_let_the_agent_inflate_the_answer() {
        let name = "x".repeat(100_000);
        let answer = answer(&request(
            &json!([{"ActionType": name}, session_type(&name)]),
        ));
        assert!(answer.response.encode().len() < 2000);
    }
}
