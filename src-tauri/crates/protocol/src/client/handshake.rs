//! The client's answer to a handshake request: a function of the request and of the data key, where it asks for one.
//!
//! Every requested action gets one entry, in order. Any status but success makes the agent end the session, so a
//! refusal carries the words a person will read. A request for encryption makes a [`Draft`] that waits for the key:
//! the agent takes one answer only, so nothing is said before everything is known.

use serde_json::Value;

use crate::kms::{self, DataKeyRequest};
use crate::payload::{
    ActionStatus, ActionType, HandshakeRequest, HandshakeResponse, KmsEncryptionParameters,
    KmsEncryptionResult, ProcessedClientAction, RequestedClientAction, SessionType,
    SessionTypeParameters,
};
use crate::session_id::SessionId;
use crate::text;
use crate::version::CLIENT_VERSION;

/// Longest name of the agent's choosing that is repeated back to it, in characters.
const MAX_NAME_CHARS: usize = 100;

/// Longest reason the caller gives that is passed on to the agent, in characters.
const MAX_REASON_CHARS: usize = 500;

/// Longest key id and challenge that are passed on to KMS, in bytes; its own limits are 2,048 and 8 KiB in all.
const MAX_KEY_ID_LEN_BYTES: usize = 2048;
const MAX_CHALLENGE_LEN_BYTES: usize = 1024;

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

/// An answer that may lack what only KMS can give.
pub(super) struct Draft {
    processed: Vec<ProcessedClientAction>,
    session_type: Option<(SessionType, Option<Value>)>,
    is_encrypted: bool,
    wanted: Option<Wanted>,
}

/// The action that waits for a data key.
struct Wanted {
    index: usize,
    request: DataKeyRequest,
    acknowledges_challenge: bool,
}

/// An action that was not carried out.
struct Refusal {
    status: ActionStatus,
    error: String,
}

fn failed(error: impl Into<String>) -> Refusal {
    Refusal {
        status: ActionStatus::Failed,
        error: error.into(),
    }
}

impl Draft {
    /// Reads what is asked for. `target` is what StartSession was asked for.
    pub(super) fn new(
        request: &HandshakeRequest,
        session_id: &SessionId,
        target: Option<&str>,
    ) -> Self {
        let mut draft = Self {
            processed: Vec::with_capacity(request.requested_client_actions.len()),
            session_type: None,
            is_encrypted: false,
            wanted: None,
        };
        for (index, action) in request.requested_client_actions.iter().enumerate() {
            let outcome = match &action.action_type {
                ActionType::SessionType => take_session_type(action).map(|taken| {
                    draft.session_type.get_or_insert(taken);
                }),
                ActionType::KmsEncryption if draft.is_encrypted => {
                    Err(failed("Encryption was asked for more than once"))
                }
                ActionType::KmsEncryption => {
                    draft.is_encrypted = true;
                    take_encryption(action, index, session_id, target)
                        .map(|wanted| draft.wanted = Some(wanted))
                }
                ActionType::Other(name) => Err(Refusal {
                    status: ActionStatus::Unsupported,
                    error: format!("Unsupported action {}", shown(name)),
                }),
            };
            draft.processed.push(report(action, outcome));
        }
        draft.forgo_key();
        draft
    }

    /// Where another action is refused, the session ends whatever KMS would say: it need not be asked.
    fn forgo_key(&mut self) {
        let refused = self.errors().into_iter().next();
        if let Some(error) = refused
            && let Some(wanted) = self.wanted.take()
        {
            self.set(
                wanted.index,
                Err(failed(format!("Not carried out: {error}"))),
            );
        }
    }

    /// Returns what to ask KMS for, if the answer waits for it.
    pub(super) fn data_key_request(&self) -> Option<&DataKeyRequest> {
        self.wanted.as_ref().map(|wanted| &wanted.request)
    }

    /// Completes the answer with the encrypted data key, or with the reason why there is none.
    pub(super) fn complete(mut self, key: Result<Vec<u8>, &str>) -> Answer {
        if let Some(wanted) = self.wanted.take() {
            let outcome = key
                .map(|ciphertext| KmsEncryptionResult {
                    kms_cipher_text_key: ciphertext,
                    kms_cipher_text_hash: Value::Null,
                    challenge_acknowledgement: wanted.acknowledges_challenge,
                })
                .map_err(|reason| failed(shown_up_to(reason, MAX_REASON_CHARS)));
            self.set(wanted.index, outcome);
        }
        self.finish()
    }

    /// Completes an answer that waits for nothing.
    pub(super) fn finish(self) -> Answer {
        let errors = self.errors();
        let refusal = (!errors.is_empty()).then(|| errors.join("\n"));
        // Every agent names a session type. Were one not to, a shell is what a session is without a handshake.
        let (session_type, properties) = self
            .session_type
            .unwrap_or((SessionType::StandardStream, None));
        let response = HandshakeResponse {
            client_version: CLIENT_VERSION.to_owned(),
            processed_client_actions: self.processed,
            errors: (!errors.is_empty()).then_some(errors),
        };
        Answer {
            response,
            session_type,
            properties,
            is_encrypted: self.is_encrypted,
            refusal,
        }
    }

    fn errors(&self) -> Vec<String> {
        self.processed
            .iter()
            .filter(|action| action.action_status != ActionStatus::Success)
            .map(|action| action.error.clone())
            .collect()
    }

    fn set(&mut self, index: usize, outcome: Result<KmsEncryptionResult, Refusal>) {
        let Some(action) = self.processed.get_mut(index) else {
            return;
        };
        match outcome {
            // Cannot fail: a map of strings, with bytes as text.
            Ok(result) => action.action_result = serde_json::to_value(result).unwrap_or_default(),
            Err(Refusal { status, error }) => {
                action.action_status = status;
                action.error = error;
            }
        }
    }
}

fn take_session_type(
    action: &RequestedClientAction,
) -> Result<(SessionType, Option<Value>), Refusal> {
    let parameters: SessionTypeParameters =
        serde_json::from_value(action.action_parameters.clone())
            .map_err(|_| failed("Unreadable parameters of action SessionType"))?;
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

fn take_encryption(
    action: &RequestedClientAction,
    index: usize,
    session_id: &SessionId,
    target: Option<&str>,
) -> Result<Wanted, Refusal> {
    let unreadable = || failed("Unreadable parameters of action KMSEncryption");
    let parameters: KmsEncryptionParameters =
        serde_json::from_value(action.action_parameters.clone()).map_err(|_| unreadable())?;
    let KmsEncryptionParameters {
        kms_key_id,
        challenge,
    } = parameters;
    let is_key_id = (1..=MAX_KEY_ID_LEN_BYTES).contains(&kms_key_id.len())
        && !kms_key_id.contains(char::is_control);
    let challenge = challenge.filter(|challenge| !challenge.is_empty());
    let is_challenge = challenge
        .as_ref()
        .is_none_or(|challenge| challenge.len() <= MAX_CHALLENGE_LEN_BYTES);
    if !is_key_id || !is_challenge {
        return Err(unreadable());
    }
    let target = target
        .filter(|target| !target.is_empty())
        .ok_or_else(|| failed("The session's target, which its key is bound to, is not known"))?;
    Ok(Wanted {
        index,
        acknowledges_challenge: challenge.is_some(),
        request: DataKeyRequest {
            context: kms::encryption_context(session_id, target, challenge.as_deref()),
            key_id: kms_key_id,
        },
    })
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
    shown_up_to(name, MAX_NAME_CHARS)
}

fn shown_up_to(text: &str, max_chars: usize) -> String {
    text::clean(text).chars().take(max_chars).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TARGET: &str = "i-0123456789abcdef0";

    fn request(actions: &Value) -> HandshakeRequest {
        let body =
            json!({"AgentVersion": "3.3.987.0", "RequestedClientActions": actions}).to_string();
        HandshakeRequest::decode(body.as_bytes()).unwrap_or(HandshakeRequest {
            agent_version: String::new(),
            requested_client_actions: Vec::new(),
        })
    }

    fn draft_for(actions: &Value, target: Option<&str>) -> Draft {
        let session_id = SessionId::try_from("alice-0a1b2c3d4e5f60718");
        session_id.map_or_else(
            |error| panic!("{error}"),
            |session_id| Draft::new(&request(actions), &session_id, target),
        )
    }

    fn draft(actions: &Value) -> Draft {
        draft_for(actions, Some(TARGET))
    }

    fn answer(actions: &Value) -> Answer {
        draft(actions).finish()
    }

    fn session_type(name: &str) -> Value {
        json!({"ActionType": "SessionType", "ActionParameters": {"SessionType": name, "Properties": null}})
    }

    fn encryption(parameters: &Value) -> Value {
        json!({"ActionType": "KMSEncryption", "ActionParameters": parameters})
    }

    fn statuses(answer: &Answer) -> Vec<ActionStatus> {
        answer
            .response
            .processed_client_actions
            .iter()
            .map(|action| action.action_status)
            .collect()
    }

    #[test]
    fn takes_on_every_known_session_type() {
        for name in [
            "Standard_Stream",
            "InteractiveCommands",
            "NonInteractiveCommands",
            "Port",
        ] {
            let answer = answer(&json!([session_type(name)]));
            assert_eq!((answer.session_type.as_str(), answer.refusal), (name, None));
            let body = r#"{"ClientVersion":"1.2.764.0","ProcessedClientActions":[{"ActionType":"SessionType","ActionStatus":1,"ActionResult":null,"Error":""}],"Errors":null}"#;
            assert_eq!(answer.response.encode(), body);
        }
    }

    #[test]
    fn keeps_the_properties_of_a_port_session() {
        let properties = json!({"portNumber": "22"});
        let action = json!({"ActionType": "SessionType", "ActionParameters": {"SessionType": "Port", "Properties": properties}});
        assert_eq!(answer(&json!([action])).properties, Some(properties));
    }

    #[test]
    fn asks_for_a_key_bound_to_session_target_and_challenge() {
        let kms = encryption(&json!({"KMSKeyId": "arn:key", "Challenge": "AAEC=="}));
        let draft = draft(&json!([session_type("Standard_Stream"), kms]));
        let mut context = kms::EncryptionContext::from([
            ("aws:ssm:SessionId", "alice-0a1b2c3d4e5f60718".to_owned()),
            ("aws:ssm:TargetId", TARGET.to_owned()),
            ("aws:ssm:RandomChallenge", "AAEC==".to_owned()),
        ]);
        let asked = DataKeyRequest {
            key_id: "arn:key".into(),
            context: context.clone(),
        };
        assert_eq!(draft.data_key_request(), Some(&asked));
        let body = r#"{"ClientVersion":"1.2.764.0","ProcessedClientActions":[{"ActionType":"SessionType","ActionStatus":1,"ActionResult":null,"Error":""},{"ActionType":"KMSEncryption","ActionStatus":1,"ActionResult":{"KMSCipherTextKey":"AQID","KMSCipherTextHash":null,"ChallengeAcknowledgement":true},"Error":""}],"Errors":null}"#;
        let answer = draft.complete(Ok(vec![1, 2, 3]));
        assert_eq!((answer.is_encrypted, answer.refusal), (true, None));
        assert_eq!(
            serde_json::from_slice::<Value>(&answer.response.encode()).ok(),
            serde_json::from_str::<Value>(body).ok()
        );

        // Agents before 3.3.808 send no challenge, and an empty one is none.
        context.remove("aws:ssm:RandomChallenge");
        for parameters in [
            json!({"KMSKeyId": "arn:key"}),
            json!({"KMSKeyId": "arn:key", "Challenge": ""}),
            json!({"KMSKeyId": "arn:key", "Challenge": null}),
        ] {
            let draft = draft_for(&json!([encryption(&parameters)]), Some(TARGET));
            assert_eq!(
                draft.data_key_request().map(|request| &request.context),
                Some(&context),
                "{parameters}"
            );
            let body = draft.complete(Ok(vec![1])).response.encode();
            let text = String::from_utf8_lossy(&body).into_owned();
            assert!(!text.contains("ChallengeAcknowledgement"), "{text}");
        }
    }

    #[test]
    fn answers_in_the_order_of_the_request() {
        let kms = encryption(&json!({"KMSKeyId": "k"}));
        let answer = draft(&json!([kms, session_type("Port")])).complete(Err("no permission\r\n"));
        let actions = &answer.response.processed_client_actions;
        assert_eq!(actions[0].action_type, ActionType::KmsEncryption);
        assert_eq!(actions[0].error, "no permission");
        assert_eq!(
            statuses(&answer),
            [ActionStatus::Failed, ActionStatus::Success]
        );
        assert_eq!(answer.refusal.as_deref(), Some("no permission"));
        assert_eq!(
            answer.response.errors,
            Some(vec!["no permission".to_owned()])
        );
    }

    #[test]
    fn does_not_ask_for_a_key_that_cannot_be_of_use() {
        let good = encryption(&json!({"KMSKeyId": "k"}));
        for (actions, target, error) in [
            (json!([good]), None, "target"),
            (json!([good]), Some(""), "target"),
            (
                json!([encryption(&json!({"KMSKeyId": ""}))]),
                Some(TARGET),
                "Unreadable",
            ),
            (
                json!([encryption(&json!({"KMSKeyId": "k\u{7}"}))]),
                Some(TARGET),
                "Unreadable",
            ),
            (
                json!([encryption(&json!({"KMSKeyId": "k".repeat(2049)}))]),
                Some(TARGET),
                "Unreadable",
            ),
            (
                json!([encryption(
                    &json!({"KMSKeyId": "k", "Challenge": "c".repeat(1025)})
                )]),
                Some(TARGET),
                "Unreadable",
            ),
            (
                json!([encryption(&json!({"KMSKeyId": "k", "Challenge": [1]}))]),
                Some(TARGET),
                "Unreadable",
            ),
            (json!([encryption(&json!([]))]), Some(TARGET), "Unreadable"),
            (json!([good, good]), Some(TARGET), "more than once"),
            (
                json!([good, {"ActionType": "Dance"}]),
                Some(TARGET),
                "Unsupported action Dance",
            ),
        ] {
            let draft = draft_for(&actions, target);
            assert_eq!(draft.data_key_request(), None, "{actions}");
            let answer = draft.finish();
            assert!(answer.is_encrypted);
            assert!(
                !statuses(&answer).contains(&ActionStatus::Success),
                "{actions}"
            );
            let refusal = answer.refusal.unwrap_or_default();
            assert!(refusal.contains(error), "{refusal}");
        }
    }

    #[test]
    fn refuses_each_action_it_cannot_do_and_says_which() {
        let unknown = json!({"ActionType": "Something\u{1b}[2JNew", "ActionParameters": [1]});
        let answer = answer(&json!([session_type("Quantum"), unknown]));
        assert_eq!(
            statuses(&answer),
            [ActionStatus::Failed, ActionStatus::Unsupported]
        );
        assert!(!answer.is_encrypted);
        let refusal = answer.refusal.unwrap_or_default();
        for text in [
            "Unknown session type Quantum",
            "Unsupported action Something[2JNew",
        ] {
            assert!(refusal.contains(text), "{refusal}");
        }
    }

    #[test]
    fn does_not_let_the_agent_inflate_the_answer() {
        let name = "x".repeat(30_000);
        let answer = answer(&json!([{"ActionType": name}, session_type(&name)]));
        assert!(answer.response.encode().len() < 2000);
    }
}
