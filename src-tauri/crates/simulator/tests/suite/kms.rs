//! Encrypted sessions, and the KMS behind them.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use protocol::{AgentMessage, PayloadType};
use serde_json::{Value, json};
use simulator::config::{DEFAULT_DOCUMENT, Document, DocumentKind, KmsKeyBehaviour};
use simulator::faults::{CallError, CallFault};
use simulator::{Config, Simulator};
use tokio_tungstenite::tungstenite::Message;

use futures_util::SinkExt as _;

use crate::client::{Client, config};
use crate::raw::{Raw, input};
use crate::signer::Caller;

fn encrypted(behaviour: KmsKeyBehaviour) -> Config {
    let mut config = config();
    config.encrypt_sessions(behaviour);
    config
}

#[tokio::test]
async fn a_shell_can_be_encrypted_with_agents_of_either_kind() {
    for (version, requires_challenge) in [
        ("3.3.807.0", false),
        ("3.3.987.0", false),
        ("3.3.987.0", true),
    ] {
        let mut config = encrypted(KmsKeyBehaviour::Enabled);
        config.agent.version = version.to_owned();
        config.agent.requires_kms_challenge = requires_challenge;
        let simulator = Simulator::start(config).await.unwrap();
        let mut client = Client::shell(&simulator).await;
        client.send("echo $((6*7))\r");
        client.read_until("42\r\n").await;
        let opened = client.opened.clone().unwrap();
        assert!(opened.is_encrypted && opened.handshake);
        let context = client.key_request.clone().unwrap().context;
        let has_challenge = context.contains_key("aws:ssm:RandomChallenge");
        assert_eq!(has_challenge, version == "3.3.987.0");

        // It stays so on the next connection.
        client.cut();
        client.reconnect().await;
        client.send("echo $((7*8))\r");
        client.read_until("56\r\n").await;
        simulator.shutdown().await;
    }
}

#[tokio::test]
async fn nothing_that_is_shown_is_readable_on_the_way() {
    let simulator = Simulator::start(encrypted(KmsKeyBehaviour::Enabled))
        .await
        .unwrap();
    let mut client = Client::shell(&simulator).await;
    client.frames.replace(Vec::new());
    client.send("echo se''cret\r");
    client.read_until("secret\r\n").await;
    let frames = client.frames.take().unwrap();
    let is_output = |frame: &&bytes::Bytes| {
        AgentMessage::decode((*frame).clone())
            .is_ok_and(|message| message.payload_type == PayloadType::Output)
    };
    let output: Vec<_> = frames.iter().filter(is_output).collect();
    assert!(!output.is_empty());
    for frame in output {
        assert!(!frame.windows(6).any(|window| window == b"secret"));
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn separated_output_and_the_exit_code_are_encrypted_too() {
    let mut config = config();
    let kind = DocumentKind::NonInteractiveCommands {
        commands: "sh -c 'echo out; echo err >&2; exit 7'".to_owned(),
        separate_output_stream: true,
    };
    let arn = config.encrypt_sessions(KmsKeyBehaviour::Enabled);
    config.documents.insert(
        "Separated".to_owned(),
        Document::new(kind).with_kms_key(&arn),
    );
    let simulator = Simulator::start(config).await.unwrap();
    let body = json!({"Target": simulator.target(), "DocumentName": "Separated"});
    let mut client = Client::start(Caller::of(&simulator), &body, None).await;
    assert_eq!(client.read_to_end().await, "");
    assert!(client.opened.clone().unwrap().is_encrypted);
    assert_eq!(
        (client.text().as_str(), &client.stderr[..], client.exit_code),
        ("out\n", &b"err\n"[..], Some(7))
    );
    simulator.shutdown().await;
}

#[tokio::test]
async fn an_agent_refuses_a_key_that_was_made_for_something_else() {
    let simulator = Simulator::start(encrypted(KmsKeyBehaviour::Enabled))
        .await
        .unwrap();
    let body = json!({"Target": simulator.target()});
    let caller = Caller::of(&simulator);
    let mut client = Client::start_as(caller, &body, None, Some("i-00000000000000000")).await;
    let output = client.read_to_end().await;
    assert!(
        output.starts_with(
            "Encountered error while initiating handshake. Fetching data key failed: Unable to retrieve data key, \
             Error when decrypting data key InvalidCiphertextException: \n\tstatus code: 400, request id: "
        ),
        "{output}"
    );
    simulator.shutdown().await;
}

#[tokio::test]
async fn an_instance_that_may_not_decrypt_says_so() {
    let simulator = Simulator::start(encrypted(KmsKeyBehaviour::DecryptDenied))
        .await
        .unwrap();
    let mut client = Client::shell(&simulator).await;
    let output = client.read_to_end().await;
    let words = "Error when decrypting data key AccessDeniedException: The ciphertext refers to a customer master key";
    assert!(output.contains(words), "{output}");
    simulator.shutdown().await;
}

#[tokio::test]
async fn kms_refuses_callers_in_its_own_words() {
    for (behaviour, kind, words) in [
        (
            KmsKeyBehaviour::Denied,
            "AccessDeniedException",
            "is not authorized to perform: kms:GenerateDataKey on resource: arn:aws:kms:",
        ),
        (
            KmsKeyBehaviour::Disabled,
            "DisabledException",
            " is disabled.",
        ),
        (
            KmsKeyBehaviour::PendingDeletion,
            "KMSInvalidStateException",
            " is pending deletion.",
        ),
    ] {
        let mut config = config();
        let arn = config.encrypt_sessions(behaviour);
        let simulator = Simulator::start(config).await.unwrap();
        let caller = Caller::of(&simulator);
        let body = json!({"KeyId": arn, "NumberOfBytes": 64});
        let answer = caller.call_kms("GenerateDataKey", &body).await;
        assert_eq!(answer.error(), (400, kind.to_owned()));
        let member = if behaviour == KmsKeyBehaviour::Denied {
            "Message"
        } else {
            "message"
        };
        let text = answer.json()[member].as_str().unwrap().to_owned();
        assert!(text.contains(words), "{text}");

        // The client tells the agent, and the agent ends the session.
        let mut client = Client::shell(&simulator).await;
        let output = client.read_to_end().await;
        let words = format!("KMSEncryption failed on client with status 2 error: {kind}");
        assert!(output.contains(&words), "{output}");
        simulator.shutdown().await;
    }
}

#[tokio::test]
async fn a_missing_key_is_not_found() {
    let mut config = config();
    let document = Document::new(DocumentKind::StandardStream).with_kms_key("alias/nothing");
    config
        .documents
        .insert(DEFAULT_DOCUMENT.to_owned(), document);
    let simulator = Simulator::start(config).await.unwrap();
    let answer = Caller::of(&simulator)
        .call_kms(
            "GenerateDataKey",
            &json!({"KeyId": "alias/nothing", "NumberOfBytes": 64}),
        )
        .await;
    assert_eq!(
        (answer.status, answer.json()),
        (
            400,
            json!({
                "__type": "NotFoundException",
                "message": "Alias arn:aws:kms:eu-west-1:000000000000:alias/nothing is not found.",
            })
        )
    );
    simulator.shutdown().await;
}

#[tokio::test]
async fn calls_of_kms_need_their_own_signature_and_can_go_wrong_too() {
    let mut config = config();
    let arn = config.encrypt_sessions(KmsKeyBehaviour::Enabled);
    let simulator = Simulator::start(config).await.unwrap();
    let caller = Caller::of(&simulator);
    let body = json!({"KeyId": arn, "NumberOfBytes": 64});
    let text = body.to_string();
    let headers = caller.sign("ssm", "POST", "/", "", text.as_bytes());
    let answer = caller
        .post("TrentService.GenerateDataKey", &headers, text.as_bytes())
        .await;
    assert_eq!(
        answer.error(),
        (403, "InvalidSignatureException".to_owned())
    );
    for (error, wanted) in [
        (CallError::Throttling, (400, "ThrottlingException")),
        (CallError::AccessDenied, (400, "AccessDeniedException")),
        (CallError::ExpiredToken, (403, "ExpiredTokenException")),
    ] {
        simulator.change_faults(|faults| {
            faults.calls = vec![CallFault::times("GenerateDataKey", error, 1)];
        });
        let (status, kind) = caller.call_kms("GenerateDataKey", &body).await.error();
        assert_eq!((status, kind.as_str()), wanted);
        let answer = caller.call_kms("GenerateDataKey", &body).await;
        assert_eq!(answer.status, 200);
    }
    simulator.shutdown().await;
}

/// Answers the handshake by hand, without the challenge in the context.
async fn answer_without_challenge(simulator: &Simulator, arn: &str) -> Raw {
    let caller = Caller::of(simulator);
    let started = caller.start(&json!({"Target": simulator.target()})).await;
    let mut raw = Raw::open(caller, &started).await;
    let request = raw.stream_frame().await.unwrap();
    assert_eq!(request.payload_type, PayloadType::HandshakeRequest);
    let body: Value = serde_json::from_slice(&request.payload).unwrap();
    let parameters = &body["RequestedClientActions"][1]["ActionParameters"];
    assert_eq!(parameters["KMSKeyId"], arn);
    let challenge = STANDARD.decode(parameters["Challenge"].as_str().unwrap());
    assert_eq!(challenge.unwrap().len(), 16);
    let context = json!({
        "aws:ssm:SessionId": raw.id,
        "aws:ssm:TargetId": simulator.target(),
    });
    let ask = json!({"KeyId": arn, "NumberOfBytes": 64, "EncryptionContext": context});
    let answer = raw.caller.call_kms("GenerateDataKey", &ask).await.json();
    let result = json!({"KMSCipherTextKey": answer["CiphertextBlob"], "KMSCipherTextHash": null});
    let response = json!({
        "ClientVersion": "1.2.764.0",
        "ProcessedClientActions": [
            {"ActionType": "SessionType", "ActionStatus": 1, "ActionResult": null, "Error": ""},
            {"ActionType": "KMSEncryption", "ActionStatus": 1, "ActionResult": result, "Error": ""},
        ],
        "Errors": null,
    });
    let payload = response.to_string();
    let frame = input(0, PayloadType::HandshakeResponse, payload.as_bytes());
    let frame = frame.encode().unwrap();
    raw.socket.send(Message::Binary(frame)).await.unwrap();
    raw
}

#[tokio::test]
async fn an_agent_insists_on_its_challenge_only_when_told_to() {
    for requires_challenge in [false, true] {
        let mut config = config();
        let arn = config.encrypt_sessions(KmsKeyBehaviour::Enabled);
        config.agent.requires_kms_challenge = requires_challenge;
        let simulator = Simulator::start(config).await.unwrap();
        let mut raw = answer_without_challenge(&simulator, &arn).await;
        let next = loop {
            let message = raw.stream_frame().await.unwrap();
            // The request may be repeated meanwhile: it is not acknowledged here.
            if message.payload_type != PayloadType::HandshakeRequest {
                break message;
            }
        };
        if requires_challenge {
            assert_eq!(next.message_type.as_str(), "channel_closed");
            let text = String::from_utf8_lossy(&next.payload).into_owned();
            assert!(text.contains("KMS challenge"), "{text}");
        } else {
            assert_eq!(next.payload_type, PayloadType::EncChallengeRequest);
        }
        simulator.shutdown().await;
    }
}

#[tokio::test]
async fn an_agent_that_cannot_encrypt_does_not() {
    let mut config = encrypted(KmsKeyBehaviour::Enabled);
    config.agent.version = "2.3.538.0".to_owned();
    let simulator = Simulator::start(config).await.unwrap();
    let mut client = Client::shell(&simulator).await;
    client.read_until("$ ").await;
    assert!(!client.opened.clone().unwrap().is_encrypted);
    tokio::time::timeout(Duration::from_secs(10), simulator.shutdown())
        .await
        .unwrap();
}
