//! The agent's side of the handshake: its request, its judgement of the answer, and its words.
//!
//! The words matter: they reach people through `channel_closed`, and clients explain them. Origin: agent,
//! `agent/session/datachannel/datachannel.go`, `PerformHandshake` and `handleHandshakeResponse`.

use serde_json::{Value, json};

use super::HandshakePlan;
use crate::payload::{
    ActionStatus, ActionType, HandshakeRequest, HandshakeResponse, RequestedClientAction,
};

/// The reason when no answer comes.
pub(super) const TIMED_OUT: &str = "Handshake timed out. Please ensure that you have the latest version of the session manager plugin.";

pub(super) fn request(agent_version: &str, plan: &HandshakePlan) -> HandshakeRequest {
    let session_type =
        json!({"SessionType": plan.session_type.as_str(), "Properties": plan.properties});
    let mut actions = vec![action(ActionType::SessionType, session_type)];
    if let Some(kms_key_id) = &plan.kms_key_id {
        actions.push(action(
            ActionType::KmsEncryption,
            json!({"KMSKeyId": kms_key_id}),
        ));
    }
    HandshakeRequest {
        agent_version: agent_version.to_owned(),
        requested_client_actions: actions,
    }
}

fn action(action_type: ActionType, action_parameters: Value) -> RequestedClientAction {
    RequestedClientAction {
        action_type,
        action_parameters,
    }
}

/// Returns why the answer ends the session, if it does. There is no optional action: any status but success counts.
pub(super) fn failure(response: &HandshakeResponse) -> Option<String> {
    let failed = response
        .processed_client_actions
        .iter()
        .find(|action| action.action_status != ActionStatus::Success)?;
    let status = i64::from(failed.action_status);
    Some(format!(
        "{} failed on client with status {status} error: {}",
        failed.action_type, failed.error
    ))
}

/// Returns what the user is to see.
pub(super) fn output(reason: &str) -> String {
    format!("Encountered error while initiating handshake. {reason}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::SessionType;

    #[test]
    fn asks_for_the_session_type_first_and_for_encryption_when_there_is_a_key() {
        let plan = HandshakePlan {
            session_type: SessionType::Port,
            properties: Some(json!({"portNumber": "22"})),
            kms_key_id: Some("arn:key".into()),
        };
        let body = r#"{"AgentVersion":"3.3.987.0","RequestedClientActions":[{"ActionType":"SessionType","ActionParameters":{"SessionType":"Port","Properties":{"portNumber":"22"}}},{"ActionType":"KMSEncryption","ActionParameters":{"KMSKeyId":"arn:key"}}]}"#;
        let read = HandshakeRequest::decode(body.as_bytes()).ok();
        assert_eq!(read, Some(request("3.3.987.0", &plan)));
    }

    #[test]
    fn any_status_but_success_ends_the_session_in_the_agents_words() {
        let body = |status| {
            format!(
                r#"{{"ClientVersion":"1.2.764.0","ProcessedClientActions":[{{"ActionType":"SessionType","ActionStatus":1}},{{"ActionType":"KMSEncryption","ActionStatus":{status},"Error":"no key"}}]}}"#
            )
        };
        let failure_of = |status| {
            HandshakeResponse::decode(body(status).as_bytes())
                .ok()
                .and_then(|answer| failure(&answer))
        };
        assert_eq!(failure_of(1), None);
        for status in [0, 2, 3, 9] {
            let words =
                format!("KMSEncryption failed on client with status {status} error: no key");
            assert_eq!(failure_of(status), Some(words));
        }
    }
}
