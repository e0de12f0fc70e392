//! Every recorded case, read and written, and counted so that none is skipped.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::time::Duration;

use bytes::Bytes;
use protocol::kms::{self, DataKey, NonceSequence};
use protocol::open::{CreateDataChannel, OpenControlChannel, OpenDataChannel};
use protocol::payload::{
    Acknowledge, ActionStatus, ActionType, ChannelClosedBody, EncryptionChallenge,
    HandshakeComplete, HandshakeRequest, HandshakeResponse, KmsEncryptionParameters,
    KmsEncryptionResult, SessionTypeParameters,
};
use protocol::rtt::RttEstimate;
use protocol::smux::{self, Command};
use protocol::version::{AgentFeatures, ClientFeatures};
use protocol::{
    AgentMessage, ChannelClosed, DecodeError, EncodeError, Flags, MessageType, PayloadType,
    SequenceNumber,
};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use testsuite::vectors::{self, Hex, MessageFields};
use uuid::Uuid;

// ---- messages.json

#[derive(Deserialize)]
struct Messages {
    encode: Vec<Encode>,
    decode_only: Vec<DecodeOnly>,
    encode_errors: Vec<EncodeFailure>,
}

#[derive(Deserialize)]
struct Encode {
    name: String,
    fields: MessageFields,
    hex: Hex,
    payload_utf8: Option<String>,
    total_length: usize,
}

#[derive(Deserialize)]
struct DecodeOnly {
    name: String,
    hex: Hex,
    client_parser: Value,
}

#[derive(Deserialize)]
struct EncodeFailure {
    name: String,
    message_type: String,
    payload: Hex,
}

#[test]
fn messages_are_written_and_read_as_recorded() {
    let cases = vectors::load::<Messages>(vectors::MESSAGES).encode;
    assert_eq!(cases.len(), 28);
    for Encode {
        name,
        fields,
        hex,
        payload_utf8,
        total_length,
    } in &cases
    {
        let message = AgentMessage::from(fields);
        assert_eq!(hex.0.len(), *total_length, "{name}");
        assert_eq!(message.encode().unwrap(), hex.0, "{name}");
        assert_eq!(AgentMessage::decode(hex.into()).unwrap(), message, "{name}");
        assert_eq!(
            Sha256::digest(&message.payload).as_slice(),
            fields.payload_digest.0,
            "{name}"
        );
        assert_eq!(
            (fields.header_length, fields.payload_length),
            (116, message.payload.len()),
            "{name}"
        );
        if let Some(text) = payload_utf8 {
            assert_eq!(message.payload, text.as_bytes(), "{name}");
        }
    }
}

#[test]
fn odd_frames_are_read_or_refused_as_they_should_be() {
    let cases = vectors::load::<Messages>(vectors::MESSAGES).decode_only;
    let outcome = |name: &str| {
        let case = cases.iter().find(|case| case.name == name).unwrap();
        AgentMessage::decode((&case.hex).into())
    };
    let hello = AgentMessage {
        message_type: MessageType::InputStreamData,
        schema_version: 1,
        created_ms: 1_700_000_000_000,
        sequence_number: SequenceNumber(9),
        flags: Flags::NONE,
        message_id: "00112233-4455-6677-8899-aabbccddeeff".parse().unwrap(),
        payload_type: PayloadType::Output,
        payload: Bytes::from_static(b"hello"),
    };
    for name in [
        "well_formed_reference",
        "message_type_nul_padded",
        "payload_length_too_small",
    ] {
        assert_eq!(outcome(name), Ok(hello.clone()), "{name}");
    }
    assert_eq!(
        outcome("empty_payload_frame"),
        Ok(AgentMessage {
            payload: Bytes::new(),
            ..hello
        })
    );
    let refused = [
        ("digest_mismatch", DecodeError::DigestMismatch),
        ("created_date_zero", DecodeError::CreatedDateZero),
        ("header_length_zero", DecodeError::HeaderTooShort(0)),
        (
            "payload_length_too_large",
            DecodeError::PayloadLengthOverstated {
                declared: 500,
                present: 5,
            },
        ),
        (
            "truncated_header_119_bytes",
            DecodeError::Truncated {
                field: "payload length",
                needed: 120,
                available: 119,
            },
        ),
        (
            "truncated_header_60_bytes",
            DecodeError::Truncated {
                field: "flags",
                needed: 64,
                available: 60,
            },
        ),
        (
            "empty_frame",
            DecodeError::Truncated {
                field: "header length",
                needed: 4,
                available: 0,
            },
        ),
        ("blank_message_type", DecodeError::MessageTypeBlank),
    ];
    for (name, error) in refused {
        assert_eq!(outcome(name), Err(error), "{name}");
    }
    assert!(matches!(
        outcome("header_length_beyond_frame"),
        Err(DecodeError::Truncated {
            field: "payload length",
            available: 125,
            ..
        })
    ));
    // The form the service writes: the official parsers get type and length wrong but the payload right.
    for (name, output) in [
        ("channel_closed_hl112_empty_output", ""),
        (
            "channel_closed_hl112_with_output",
            "----------ERROR-------\nSetting up data channel",
        ),
    ] {
        let message = outcome(name).unwrap();
        assert_eq!(
            (message.message_type, message.payload_type),
            (MessageType::ChannelClosed, PayloadType::None)
        );
        let case = cases.iter().find(|case| case.name == name).unwrap();
        assert_eq!(
            hex::encode(&message.payload),
            case.client_parser["payload"].as_str().unwrap(),
            "{name}"
        );
        let closed = ChannelClosed::from_payload(&message.payload);
        assert!(
            closed.output.starts_with(output) && closed.output.is_empty() == output.is_empty(),
            "{closed:?}"
        );
        assert_eq!(
            closed.session_id.as_deref(),
            Some("alice-0a1b2c3d4e5f60718")
        );
    }
    assert_eq!(cases.len(), 3 + 1 + refused.len() + 1 + 2);
}

#[test]
fn the_forms_of_channel_closed_are_written_as_recorded() {
    let file: Messages = vectors::load(vectors::MESSAGES);
    let write = |payload: &[u8], form, id: Uuid, created_ms| {
        let body = ChannelClosedBody::decode(payload).unwrap();
        assert_eq!(body.encode(), payload);
        protocol::service::channel_closed(&body, form, id, created_ms).unwrap()
    };
    let mut count = 0;
    for case in file
        .decode_only
        .iter()
        .filter(|case| case.name.starts_with("channel_closed_hl112"))
    {
        let read = AgentMessage::decode((&case.hex).into()).unwrap();
        let form = protocol::service::HeaderForm::WithoutPayloadType;
        assert_eq!(
            write(&read.payload, form, read.message_id, read.created_ms),
            case.hex.0,
            "{}",
            case.name
        );
        count += 1;
    }
    for case in file
        .encode
        .iter()
        .filter(|case| case.name.starts_with("channel_closed_hl116"))
    {
        let form = protocol::service::HeaderForm::WithPayloadType;
        let written = write(
            &case.fields.payload.0,
            form,
            case.fields.message_id,
            case.fields.created_date,
        );
        assert_eq!(written, case.hex.0, "{}", case.name);
        count += 1;
    }
    assert_eq!(count, 4);
}

#[test]
fn what_the_official_writers_refuse_is_refused() {
    let cases = vectors::load::<Messages>(vectors::MESSAGES).encode_errors;
    let outcomes: Vec<_> = cases
        .iter()
        .map(|case| {
            let message = AgentMessage {
                message_type: case.message_type.as_str().into(),
                schema_version: 1,
                created_ms: 1,
                sequence_number: SequenceNumber(0),
                flags: Flags::NONE,
                message_id: Uuid::nil(),
                payload_type: PayloadType::Output,
                payload: (&case.payload).into(),
            };
            (case.name.as_str(), message.encode().unwrap_err())
        })
        .collect();
    let expected = [
        ("empty_payload", EncodeError::PayloadEmpty),
        ("message_type_33_bytes", EncodeError::MessageTypeTooLong(33)),
    ];
    assert_eq!(outcomes, expected);
}

// ---- ack.json

#[derive(Deserialize)]
struct AckFile {
    bodies: Vec<AckCase>,
    frame_from_client_helper: AckFrame,
}

#[derive(Deserialize)]
struct AckCase {
    fields: AckFields,
    json: String,
    hex: Hex,
}

#[derive(Deserialize)]
struct AckFields {
    acknowledged_message_id: Uuid,
    acknowledged_message_type: String,
    acknowledged_sequence_number: i64,
    is_sequential_message: bool,
}

#[derive(Deserialize)]
struct AckFrame {
    fields: MessageFields,
    hex: Hex,
}

#[test]
fn acknowledgements_are_written_and_read_as_recorded() {
    let AckFile {
        bodies,
        frame_from_client_helper: frame,
    } = vectors::load(vectors::ACK);
    assert_eq!(bodies.len(), 4);
    for AckCase { fields, json, hex } in bodies {
        let body = Acknowledge {
            acknowledged_message_type: fields.acknowledged_message_type,
            acknowledged_message_id: fields.acknowledged_message_id,
            acknowledged_message_sequence_number: fields.acknowledged_sequence_number,
            is_sequential_message: fields.is_sequential_message,
        };
        assert_eq!(hex.0, json.as_bytes());
        assert_eq!(body.encode(), hex.0);
        assert_eq!(Acknowledge::decode(&hex.0).unwrap(), body);
    }
    let message = AgentMessage::from(&frame.fields);
    assert_eq!(message.encode().unwrap(), frame.hex.0);
    assert_eq!(AgentMessage::decode((&frame.hex).into()).unwrap(), message);
    let body = Acknowledge::decode(&message.payload).unwrap();
    assert_eq!(
        (message.flags, body.acknowledged_message_sequence_number),
        (Flags::SYN_FIN, 0)
    );
}

// ---- handshake.json

#[derive(Deserialize)]
struct HandshakeCase {
    name: String,
    payload_type: u32,
    json: String,
    hex: Hex,
}

#[test]
fn handshake_bodies_are_written_and_read_as_recorded() {
    let cases: Vec<HandshakeCase> = vectors::load(vectors::HANDSHAKE);
    assert_eq!(cases.len(), 19);
    for HandshakeCase {
        name,
        payload_type,
        json,
        hex,
    } in &cases
    {
        assert_eq!(hex.0, json.as_bytes(), "{name}");
        let written = match payload_type {
            5 => HandshakeRequest::decode(&hex.0).unwrap().encode(),
            6 => HandshakeResponse::decode(&hex.0).unwrap().encode(),
            7 => HandshakeComplete::decode(&hex.0).unwrap().encode(),
            8 | 9 => EncryptionChallenge::decode(&hex.0).unwrap().encode(),
            other => panic!("{name}: payload type {other}"),
        };
        // Parameters and results may be any JSON, whose keys come back sorted; two cases are sorted as a whole.
        let values =
            [&written[..], &hex.0].map(|json| serde_json::from_slice::<Value>(json).unwrap());
        assert_eq!(values[0], values[1], "{name}");
        let is_sorted = [
            "request_kms_no_challenge_old_agent",
            "response_kms_with_challenge_ack",
        ]
        .contains(&name.as_str());
        if !is_sorted {
            let text = in_recorded_order(&written);
            assert_eq!(&text, json, "{name}");
        }
    }
}

/// Puts the keys of parameters and results back in the order of their own types.
fn in_recorded_order(body: &[u8]) -> String {
    let mut text = String::from_utf8(body.to_vec()).unwrap();
    let body: Value = serde_json::from_slice(body).unwrap();
    let actions = ["RequestedClientActions", "ProcessedClientActions"]
        .map(|key| body[key].as_array().cloned());
    for action in actions.into_iter().flatten().flatten() {
        for key in ["ActionParameters", "ActionResult"] {
            let value = &action[key];
            let session = serde_json::from_value::<SessionTypeParameters>(value.clone())
                .map(|typed| serde_json::to_string(&typed).unwrap());
            let kms = serde_json::from_value::<KmsEncryptionParameters>(value.clone())
                .map(|typed| serde_json::to_string(&typed).unwrap());
            let result = serde_json::from_value::<KmsEncryptionResult>(value.clone())
                .map(|typed| serde_json::to_string(&typed).unwrap());
            if let Ok(typed) = session.or(kms).or(result) {
                text = text.replace(&value.to_string(), &typed);
            }
        }
    }
    text
}

#[test]
fn handshake_bodies_mean_what_their_names_say() {
    let cases: Vec<HandshakeCase> = vectors::load(vectors::HANDSHAKE);
    let body = |name: &str| &cases.iter().find(|case| case.name == name).unwrap().hex.0;
    let request = |name: &str| {
        HandshakeRequest::decode(body(name))
            .unwrap()
            .requested_client_actions
    };
    let response = |name: &str| HandshakeResponse::decode(body(name)).unwrap();

    let with_kms = request("request_standard_stream_kms");
    assert_eq!(
        with_kms
            .iter()
            .map(|action| &action.action_type)
            .collect::<Vec<_>>(),
        [&ActionType::SessionType, &ActionType::KmsEncryption]
    );
    let session: SessionTypeParameters =
        serde_json::from_value(with_kms[0].action_parameters.clone()).unwrap();
    assert_eq!(
        (session.session_type.as_str(), session.properties),
        ("Standard_Stream", Value::Null)
    );
    let kms: KmsEncryptionParameters =
        serde_json::from_value(with_kms[1].action_parameters.clone()).unwrap();
    assert_eq!(kms.challenge.as_deref(), Some("AAECAwQFBgcICQoLDA0ODw=="));
    let old = request("request_kms_no_challenge_old_agent");
    let kms: KmsEncryptionParameters =
        serde_json::from_value(old[0].action_parameters.clone()).unwrap();
    assert_eq!(kms.challenge, None);
    let port = request("request_port_remote_host");
    let session: SessionTypeParameters =
        serde_json::from_value(port[0].action_parameters.clone()).unwrap();
    assert_eq!(session.properties["host"], "db.internal");

    let accepted = response("response_kms_with_challenge_ack");
    let result = accepted.processed_client_actions[1].action_result.clone();
    let result: KmsEncryptionResult = serde_json::from_value(result).unwrap();
    assert!(result.challenge_acknowledgement);
    let generated: Value =
        vectors::load::<Value>(vectors::KMS)["generate_data_key"]["CiphertextBlob"].clone();
    assert_eq!(
        hex::encode(&result.kms_cipher_text_key),
        generated.as_str().unwrap()
    );
    let accepted = response("response_session_type_and_kms_ok").processed_client_actions[1]
        .action_result
        .clone();
    let without: KmsEncryptionResult = serde_json::from_value(accepted.clone()).unwrap();
    assert!(!without.challenge_acknowledgement);
    assert_eq!(serde_json::to_value(without).unwrap(), accepted);

    let status = |name: &str| {
        response(name)
            .processed_client_actions
            .last()
            .unwrap()
            .action_status
    };
    assert_eq!(status("response_kms_failed"), ActionStatus::Failed);
    assert_eq!(
        status("response_unsupported_correct"),
        ActionStatus::Unsupported
    );
    assert_eq!(
        status("response_unsupported_as_sent_by_official_client"),
        ActionStatus::Other(0)
    );
    let complete = HandshakeComplete::decode(body("complete_kms")).unwrap();
    assert_eq!(complete.time_to_complete_ns, 1_234_567_890);
}

// ---- open_data_channel.json

#[derive(Deserialize)]
struct OpenCase {
    name: String,
    json: String,
}

#[test]
fn opening_frames_are_written_and_read_as_recorded() {
    let cases: Vec<OpenCase> = vectors::load(vectors::OPEN_DATA_CHANNEL);
    assert_eq!(cases.len(), 5);
    for OpenCase { name, json } in &cases {
        let written = match name.as_str() {
            "agent_create_data_channel" => CreateDataChannel::decode(json).unwrap().encode(),
            "agent_open_control_channel" => OpenControlChannel::decode(json)
                .unwrap()
                .encode()
                .expose_secret()
                .to_owned(),
            _ => OpenDataChannel::decode(json)
                .unwrap()
                .encode()
                .expose_secret()
                .to_owned(),
        };
        assert_eq!(&written, json, "{name}");
    }
    let open = |name: &str| {
        OpenDataChannel::decode(&cases.iter().find(|case| case.name == name).unwrap().json).unwrap()
    };
    assert_eq!(
        open("client_open").client_version.as_deref(),
        Some(protocol::CLIENT_VERSION)
    );
    assert_eq!(open("client_open_before_1_2_677").client_version, None);
    assert_eq!(
        open("agent_open").client_instance_id.as_deref(),
        Some("i-0123456789abcdef0")
    );
    assert_eq!(
        open("client_open").token.expose_secret(),
        "AAEAAWpT0Kq2example/TokenValue+with=base64chars=="
    );
}

// ---- kms.json

#[derive(Deserialize)]
struct KmsFile {
    generate_data_key: GenerateDataKey,
    agent_decrypt: Value,
    keys: Value,
    cases: Vec<KmsCase>,
    challenge_exchange: ChallengeExchange,
    agent_nonce_run: Vec<Hex>,
    must_fail: Vec<KmsFailure>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GenerateDataKey {
    plaintext: Hex,
    number_of_bytes: usize,
    encryption_context: Value,
}

#[derive(Deserialize)]
struct KmsCase {
    name: String,
    direction: String,
    key: String,
    nonce: Hex,
    plaintext: Hex,
    ciphertext: Hex,
    tag: Hex,
    message: Hex,
    aad: Hex,
}

#[derive(Deserialize)]
struct ChallengeExchange {
    request_json: String,
    response_json: String,
    secret: Hex,
}

#[derive(Deserialize)]
struct KmsFailure {
    name: String,
    key: String,
    message: Hex,
}

fn nonce(hex: &Hex) -> [u8; kms::NONCE_LEN_BYTES] {
    hex.0[..].try_into().unwrap()
}

#[test]
fn payloads_are_sealed_and_opened_as_recorded() {
    let file: KmsFile = vectors::load(vectors::KMS);
    assert_eq!(
        (file.cases.len(), file.generate_data_key.number_of_bytes),
        (14, kms::DATA_KEY_LEN_BYTES)
    );
    let key = DataKey::new(&file.generate_data_key.plaintext.0).unwrap();
    let (client, agent) = (key.client_cipher(), key.agent_cipher());
    for case in &file.cases {
        let name = &case.name;
        let (sealer, opener, half) = match case.direction.as_str() {
            "client->agent" => (&client, &agent, "client_encrypts_agent_decrypts"),
            "agent->client" => (&agent, &client, "agent_encrypts_client_decrypts"),
            other => panic!("{name}: direction {other}"),
        };
        assert_eq!(file.keys[half], case.key, "{name}");
        assert!(case.aad.0.is_empty(), "{name}");
        assert_eq!(
            sealer.seal(nonce(&case.nonce), &case.plaintext.0).unwrap(),
            case.message.0,
            "{name}"
        );
        assert_eq!(
            [&case.nonce.0[..], &case.ciphertext.0, &case.tag.0].concat(),
            case.message.0,
            "{name}"
        );
        assert_eq!(
            opener.open(&case.message.0).unwrap(),
            case.plaintext.0,
            "{name}"
        );
        assert!(
            sealer.open(&case.message.0).is_err(),
            "{name}: opened with the wrong half"
        );
        assert_eq!(
            case.message.0.len(),
            case.plaintext.0.len() + kms::OVERHEAD_LEN_BYTES,
            "{name}"
        );
    }
}

#[test]
fn the_challenge_is_answered_as_recorded() {
    let file: KmsFile = vectors::load(vectors::KMS);
    let key = DataKey::new(&file.generate_data_key.plaintext.0).unwrap();
    let exchange = &file.challenge_exchange;
    let request = EncryptionChallenge::decode(exchange.request_json.as_bytes()).unwrap();
    let recorded = EncryptionChallenge::decode(exchange.response_json.as_bytes()).unwrap();
    assert_eq!(
        key.client_cipher().open(&request.challenge).unwrap(),
        exchange.secret.0
    );
    assert_eq!(
        key.agent_cipher().open(&recorded.challenge).unwrap(),
        exchange.secret.0
    );
    // With the nonces that were used then, every byte is the same.
    let used = recorded.challenge[..kms::NONCE_LEN_BYTES]
        .try_into()
        .unwrap();
    let answer = key.client_cipher().answer(used, &request).unwrap();
    assert_eq!(answer.encode(), exchange.response_json);
    let used = request.challenge[..kms::NONCE_LEN_BYTES]
        .try_into()
        .unwrap();
    let challenge = key
        .agent_cipher()
        .seal(used, &exchange.secret.0)
        .unwrap()
        .into();
    assert_eq!(
        EncryptionChallenge { challenge }.encode(),
        exchange.request_json
    );
}

#[test]
fn nonces_count_as_recorded() {
    let run = vectors::load::<KmsFile>(vectors::KMS).agent_nonce_run;
    assert_eq!(run.len(), 4);
    let mut nonces = NonceSequence::starting_at(nonce(&run[0]));
    for recorded in &run {
        assert_eq!(nonces.next_nonce(), nonce(recorded));
    }
}

#[test]
fn forgeries_do_not_open() {
    let file: KmsFile = vectors::load(vectors::KMS);
    assert_eq!(file.must_fail.len(), 1);
    let key = DataKey::new(&file.generate_data_key.plaintext.0).unwrap();
    for case in &file.must_fail {
        assert_eq!(
            file.keys["agent_encrypts_client_decrypts"], case.key,
            "{}",
            case.name
        );
        assert_eq!(
            key.client_cipher().open(&case.message.0),
            Err(kms::CipherError::NotAuthentic),
            "{}",
            case.name
        );
    }
}

#[test]
fn encryption_contexts_are_as_recorded() {
    let file: KmsFile = vectors::load(vectors::KMS);
    let session = testsuite::oracles::session_id();
    let challenge = file.agent_decrypt["random_challenge"].as_str();
    let context = |challenge| {
        serde_json::to_value(kms::encryption_context(
            &session,
            "i-0123456789abcdef0",
            challenge,
        ))
        .unwrap()
    };
    assert_eq!(
        context(challenge),
        file.agent_decrypt["encryption_context_with_challenge_acknowledgement"]
    );
    assert_eq!(
        context(None),
        file.agent_decrypt["encryption_context_without_challenge_acknowledgement"]
    );
    assert_eq!(context(None), file.generate_data_key.encryption_context);
}

// ---- smux.json

#[derive(Deserialize)]
struct SmuxFile {
    config: Value,
    keepalive: Keepalive,
    request_response: Capture,
    three_streams: Capture,
    write_40000_bytes: Cut,
}

#[derive(Deserialize)]
struct Keepalive {
    client_to_server: Vec<SmuxFrame>,
    server_to_client: Vec<SmuxFrame>,
}

#[derive(Deserialize)]
struct Capture {
    client_to_server: Side,
    server_to_client: Option<Side>,
}

#[derive(Deserialize)]
struct Side {
    frames: Vec<SmuxFrame>,
    hex: Hex,
}

#[derive(Deserialize)]
struct SmuxFrame {
    version: u8,
    cmd: u8,
    length: usize,
    stream_id: u32,
    data: Hex,
    hex: Hex,
}

#[derive(Deserialize)]
struct Cut {
    client_to_server: Vec<CutFrame>,
}

#[derive(Deserialize)]
struct CutFrame {
    data_sha256: Hex,
    header_hex: Hex,
    length: usize,
    stream_id: u32,
}

fn command(number: u8) -> Command {
    match number {
        0 => Command::Syn,
        1 => Command::Fin,
        2 => Command::Psh,
        3 => Command::Nop,
        other => panic!("command {other}"),
    }
}

fn read_all(bytes: &[u8]) -> Vec<smux::Frame> {
    let mut decoder = smux::Decoder::default();
    decoder.push(bytes);
    std::iter::from_fn(|| decoder.next_frame().unwrap()).collect()
}

/// Checks one direction and returns how many frames it has.
fn check_smux(frames: &[SmuxFrame], stream: &[u8]) -> usize {
    let expected: Vec<_> = frames
        .iter()
        .map(|frame| smux::Frame {
            command: command(frame.cmd),
            stream_id: frame.stream_id,
            data: (&frame.data).into(),
        })
        .collect();
    for (frame, recorded) in expected.iter().zip(frames) {
        assert_eq!(
            (recorded.version, recorded.length),
            (smux::VERSION, frame.data.len())
        );
        assert_eq!(frame.encode().unwrap(), recorded.hex.0);
        assert_eq!(read_all(&recorded.hex.0), std::slice::from_ref(frame));
    }
    assert_eq!(read_all(stream), expected);
    frames.len()
}

#[test]
fn smux_frames_are_written_and_read_as_recorded() {
    let file: SmuxFile = vectors::load(vectors::SMUX);
    assert_eq!(
        file.config["max_frame_size_bytes"],
        smux::MAX_DATA_LEN_BYTES
    );
    let mut count = 0;
    for frames in [
        &file.keepalive.client_to_server,
        &file.keepalive.server_to_client,
    ] {
        count += check_smux(frames, &frames[0].hex.0);
    }
    for side in [&file.request_response, &file.three_streams]
        .into_iter()
        .flat_map(|capture| {
            [
                Some(&capture.client_to_server),
                capture.server_to_client.as_ref(),
            ]
        })
        .flatten()
    {
        count += check_smux(&side.frames, &side.hex.0);
    }
    let ids: Vec<_> = file
        .three_streams
        .client_to_server
        .frames
        .iter()
        .map(|frame| frame.stream_id)
        .collect();
    assert_eq!(
        ids.into_iter().step_by(2).collect::<Vec<_>>(),
        smux::StreamIds::default().take(3).collect::<Vec<_>>()
    );

    let data: Bytes = (0..40_000_u32).map(|i| i.to_le_bytes()[0]).collect();
    let written =
        std::iter::once(smux::Frame::bare(Command::Syn, 3)).chain(smux::data_frames(3, data));
    let cut = &file.write_40000_bytes.client_to_server;
    for (frame, recorded) in written.zip(cut) {
        let bytes = frame.encode().unwrap();
        assert_eq!(bytes[..smux::HEADER_LEN_BYTES], recorded.header_hex.0);
        assert_eq!(
            (frame.stream_id, frame.data.len()),
            (recorded.stream_id, recorded.length)
        );
        assert_eq!(
            Sha256::digest(&frame.data).as_slice(),
            recorded.data_sha256.0
        );
        assert_eq!(read_all(&bytes), [frame]);
        count += 1;
    }
    // Two keepalives, three and two of the request, six of the three streams, three of the long write.
    assert_eq!(count, 2 + 3 + 2 + 6 + 3);
}

// ---- rtt.json

#[derive(Deserialize)]
struct RttFile {
    constants: Value,
    runs: Vec<RttRun>,
}

#[derive(Deserialize)]
struct RttRun {
    name: String,
    initial: RttState,
    steps: Vec<RttStep>,
}

#[derive(Deserialize)]
struct RttState {
    rto_ns: f64,
    rtt_ns: f64,
    rttvar_ns: f64,
}

#[derive(Deserialize)]
struct RttStep {
    sample_ms: f64,
    #[serde(flatten)]
    state: RttState,
}

fn assert_estimate(estimate: &RttEstimate, state: &RttState, context: &str) {
    let differences = [
        estimate.rtt_ns() - state.rtt_ns,
        estimate.variation_ns() - state.rttvar_ns,
        estimate.timeout().as_secs_f64() * 1e9 - state.rto_ns,
    ];
    assert!(
        differences.iter().all(|difference| difference.abs() <= 1.0),
        "{context}: {differences:?}"
    );
}

#[test]
fn the_round_trip_estimate_follows_the_recorded_runs() {
    let file: RttFile = vectors::load(vectors::RTT);
    assert_eq!(file.constants["max_rto_ns"], 1_000_000_000);
    assert_eq!(
        file.runs
            .iter()
            .map(|run| run.steps.len())
            .collect::<Vec<_>>(),
        [8, 12, 6, 6]
    );
    for RttRun {
        name,
        initial,
        steps,
    } in &file.runs
    {
        let mut estimate = RttEstimate::default();
        assert_estimate(&estimate, initial, name);
        for (index, step) in steps.iter().enumerate() {
            estimate.sample(Duration::from_secs_f64(step.sample_ms / 1000.0));
            assert_estimate(&estimate, &step.state, &format!("{name} step {index}"));
        }
    }
}

// ---- versions.json

#[derive(Deserialize)]
struct VersionFile {
    client_gates_on_agent_version: Vec<AgentGate>,
    agent_gates_on_client_version: Vec<ClientGate>,
}

#[derive(Deserialize)]
struct AgentGate {
    agent_version: String,
    mux: bool,
    smux_keepalive_disabled: bool,
    terminate_session_flag: bool,
}

#[derive(Deserialize)]
struct ClientGate {
    client_version: String,
    agent_uses_mux: bool,
    agent_disables_smux_keepalive: bool,
}

#[test]
fn versions_switch_features_as_recorded() {
    let file: VersionFile = vectors::load(vectors::VERSIONS);
    assert_eq!(
        (
            file.client_gates_on_agent_version.len(),
            file.agent_gates_on_client_version.len()
        ),
        (17, 14)
    );
    for gate in &file.client_gates_on_agent_version {
        let expected = AgentFeatures {
            terminate_session_flag: gate.terminate_session_flag,
            multiplexing: gate.mux,
            smux_keepalive_disabled: gate.smux_keepalive_disabled,
        };
        assert_eq!(
            AgentFeatures::of(&gate.agent_version),
            expected,
            "{:?}",
            gate.agent_version
        );
    }
    for gate in &file.agent_gates_on_client_version {
        let features = ClientFeatures::of(&gate.client_version);
        let read = (features.multiplexing, features.smux_keepalive_disabled);
        let expected = (gate.agent_uses_mux, gate.agent_disables_smux_keepalive);
        assert_eq!(read, expected, "{:?}", gate.client_version);
    }
}
