//! The agent's side of the handshake: its request, its judgement of the answer, and its words.
//!
//! The words matter: they reach people through `channel_closed`, and clients explain them. Origin: agent,
//! `agent/session/datachannel/datachannel.go`, `PerformHandshake` and `handleHandshakeResponse`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{EncryptionPlan, HandshakePlan};
use crate::kms::{self, DecryptRequest};
use crate::payload::{
    ActionStatus, ActionType, HandshakeRequest, HandshakeResponse, KmsEncryptionParameters,
    KmsEncryptionResult, RequestedClientAction,
};
use crate::session_id::SessionId;
use crate::version;

/// The reason when no answer comes.
pub(super) const TIMED_OUT: &str = "Handshake timed out. Please ensure that you have the latest version of the session manager plugin.";

/// The reason when no proper answer to the challenge comes.
pub(super) const CHALLENGE_TIMED_OUT: &str = "Timed out waiting for encryption challenge.";

/// What the user is told of an encrypted session.
pub(super) const ENCRYPTED: &str = "This session is encrypted using AWS KMS.";

pub(super) fn request(agent_version: &str, plan: &HandshakePlan) -> HandshakeRequest {
    let session_type =
        json!({"SessionType": plan.session_type.as_str(), "Properties": plan.properties});
    let mut actions = vec![action(ActionType::SessionType, session_type)];
    if let Some(encryption) = &plan.encryption {
        let parameters = KmsEncryptionParameters {
            kms_key_id: encryption.kms_key_id.clone(),
            challenge: random_challenge(agent_version, encryption),
        };
        // Cannot fail: two strings.
        let parameters = serde_json::to_value(parameters).unwrap_or_default();
        actions.push(action(ActionType::KmsEncryption, parameters));
    }
    HandshakeRequest {
        agent_version: agent_version.to_owned(),
        requested_client_actions: actions,
    }
}

fn random_challenge(agent_version: &str, plan: &EncryptionPlan) -> Option<String> {
    version::sends_random_challenge(agent_version).then(|| STANDARD.encode(plan.random_challenge))
}

fn action(action_type: ActionType, action_parameters: Value) -> RequestedClientAction {
    RequestedClientAction {
        action_type,
        action_parameters,
    }
}

/// Judges the answer: returns what to ask KMS for where encryption is planned, or why the answer ends the session.
/// There is no optional action: any status but success counts.
pub(super) fn judge(
    response: &HandshakeResponse,
    agent_version: &str,
    session_id: &SessionId,
    encryption: Option<&EncryptionPlan>,
) -> Result<Option<DecryptRequest>, String> {
    let actions = &response.processed_client_actions;
    let is_failed = |status| status != ActionStatus::Success;
    if let Some(failed) = actions.iter().find(|a| is_failed(a.action_status)) {
        let status = i64::from(failed.action_status);
        return Err(format!(
            "{} failed on client with status {status} error: {}",
            failed.action_type, failed.error
        ));
    }
    let Some(plan) = encryption else {
        return Ok(None);
    };
    let result: KmsEncryptionResult = actions
        .iter()
        .find(|action| action.action_type == ActionType::KmsEncryption)
        .ok_or_else(|| "KMSEncryption was not answered by the client".to_owned())
        .and_then(|action| {
            serde_json::from_value(action.action_result.clone())
                .map_err(|error| format!("KMSEncryption was answered unreadably: {error}"))
        })?;
    let challenge = random_challenge(agent_version, plan);
    if plan.requires_challenge && challenge.is_some() && !result.challenge_acknowledgement {
        return Err(
            "The client did not acknowledge the KMS challenge, which this instance requires"
                .to_owned(),
        );
    }
    let challenge = challenge.filter(|_| result.challenge_acknowledgement);
    Ok(Some(DecryptRequest {
        key_id: plan.kms_key_id.clone(),
        ciphertext: result.kms_cipher_text_key,
        context: kms::encryption_context(session_id, &plan.target, challenge.as_deref()),
    }))
}

/// Returns the reason when KMS does not decrypt the client's data key.
pub(super) fn no_data_key(reason: &str) -> String {
    format!("Fetching data key failed: {reason}")
}

/// Returns what the user is to see.
pub(super) fn output(reason: &str) -> String {
    format!("Encountered error while initiating handshake. {reason}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::SessionType;

    fn plan(encryption: Option<EncryptionPlan>) -> HandshakePlan {
        HandshakePlan {
            session_type: SessionType::Port,
            properties: Some(json!({"portNumber": "22"})),
            encryption,
        }
    }

    fn encryption(requires_challenge: bool) -> EncryptionPlan {
        EncryptionPlan {
            kms_key_id: "arn:key".into(),
            target: "i-1".into(),
            requires_challenge,
            random_challenge: [0; 16],
            secret: [5; 64],
            first_nonce: [6; 12],
        }
    }

    fn verdict(
        actions: &str,
        agent_version: &str,
        plan: Option<&EncryptionPlan>,
    ) -> Result<Option<DecryptRequest>, String> {
        let body =
            format!(r#"{{"ClientVersion":"1.2.764.0","ProcessedClientActions":[{actions}]}}"#);
        let response =
            HandshakeResponse::decode(body.as_bytes()).map_err(|error| error.to_string())?;
        let session_id = SessionId::try_from("alice-1").map_err(|error| error.to_string())?;
        judge(&response, agent_version, &session_id, plan)
    }

    #[test]
    fn asks_for_the_session_type_first_and_for_encryption_when_there_is_a_key() {
        let encrypted = plan(Some(encryption(false)));
        for (version, parameters) in [
            ("3.3.807.0", r#"{"KMSKeyId":"arn:key"}"#),
            (
                "3.3.808.0",
                r#"{"KMSKeyId":"arn:key","Challenge":"AAAAAAAAAAAAAAAAAAAAAA=="}"#,
            ),
        ] {
            let body = format!(
                r#"{{"AgentVersion":"{version}","RequestedClientActions":[{{"ActionType":"SessionType","ActionParameters":{{"SessionType":"Port","Properties":{{"portNumber":"22"}}}}}},{{"ActionType":"KMSEncryption","ActionParameters":{parameters}}}]}}"#
            );
            let read = HandshakeRequest::decode(body.as_bytes()).ok();
            assert_eq!(read, Some(request(version, &encrypted)));
        }
        let plain = request("3.3.987.0", &plan(None));
        assert_eq!(plain.requested_client_actions.len(), 1);
    }

    #[test]
    fn any_status_but_success_ends_the_session_in_the_agents_words() {
        let verdict_of = |status| {
            verdict(
                &format!(
                    r#"{{"ActionType":"SessionType","ActionStatus":1}},{{"ActionType":"KMSEncryption","ActionStatus":{status},"Error":"no key"}}"#
                ),
                "3.3.987.0",
                None,
            )
        };
        assert_eq!(verdict_of(1), Ok(None));
        for status in [0, 2, 3, 9] {
            let words =
                format!("KMSEncryption failed on client with status {status} error: no key");
            assert_eq!(verdict_of(status), Err(words));
        }
    }

    #[test]
    fn the_context_holds_the_challenge_only_when_the_client_says_so() {
        let kms = |result: &str| {
            format!(r#"{{"ActionType":"KMSEncryption","ActionStatus":1,"ActionResult":{result}}}"#)
        };
        let acknowledged = kms(r#"{"KMSCipherTextKey":"AQID","ChallengeAcknowledgement":true}"#);
        let old = kms(r#"{"KMSCipherTextKey":"AQID","KMSCipherTextHash":null}"#);
        let contexts = |actions: &str, version, plan: &EncryptionPlan| {
            verdict(actions, version, Some(plan))
                .map(|request| request.map(|request| (request.ciphertext, request.context.len())))
        };
        let (free, strict) = (encryption(false), encryption(true));
        let with = Ok(Some((vec![1, 2, 3], 3)));
        let without = Ok(Some((vec![1, 2, 3], 2)));
        assert_eq!(contexts(&acknowledged, "3.3.987.0", &free), with);
        assert_eq!(contexts(&acknowledged, "3.3.987.0", &strict), with);
        assert_eq!(contexts(&old, "3.3.987.0", &free), without);
        assert_eq!(contexts(&acknowledged, "3.3.700.0", &free), without);
        assert_eq!(contexts(&old, "3.3.700.0", &strict), without);
        assert!(contexts(&old, "3.3.987.0", &strict).is_err());
        for unusable in [
            String::new(),
            kms("null"),
            kms(r#"{"KMSCipherTextKey":"?"}"#),
            r#"{"ActionType":"SessionType","ActionStatus":1}"#.to_owned(),
        ] {
            assert!(contexts(&unusable, "3.3.987.0", &free).is_err());
        }
    }
}
