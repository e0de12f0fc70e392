//! Encrypted sessions, each end step by step against a peer written by hand.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::time::Duration;

use bytes::Bytes;
use protocol::kms::{CipherError, DataKey, DataKeyRequest, DecryptRequest, EncryptionContext};
use protocol::payload::{ActionStatus, EncryptionChallenge, HandshakeComplete, HandshakeResponse};
use protocol::{
    AgentConfig, AgentEvent, ChannelError, ClientConfig, ClientEvent, EncryptionPlan,
    HandshakePlan, Limits, MessageType, Notice, PayloadType, SessionType, TerminalSize,
};
use testsuite::scripted::{
    Agent, CIPHERTEXT, COMPLETE, Client, KMS_REQUEST, SECRET, Seen, TARGET, acknowledgement,
    challenge, closed, data_key, from_agent, from_client, generated_data_key, sealed, unsealed,
};

const SECOND: Duration = Duration::from_secs(1);

/// The random challenge of [`KMS_REQUEST`].
const RANDOM: &str = "AAECAwQFBgcICQoLDA0ODw==";

fn with_target(config: &mut ClientConfig) {
    config.target = Some(TARGET.into());
}

fn notice(notice: Notice) -> Seen<ClientEvent> {
    Seen::Event(ClientEvent::Notice(notice))
}

fn failed(error: ChannelError) -> Seen<ClientEvent> {
    Seen::Event(ClientEvent::Failed(error))
}

fn context(challenge: Option<&str>) -> EncryptionContext {
    protocol::kms::encryption_context(&testsuite::oracles::session_id(), TARGET, challenge)
}

/// A client that has been asked for encryption.
fn asked() -> Client {
    let mut client = Client::connected(with_target);
    client.hear(from_agent(0, PayloadType::HandshakeRequest, KMS_REQUEST));
    client
}

/// A client that has sent the key.
fn agreed() -> Client {
    let mut client = asked();
    provide(&mut client);
    client
}

fn provide(client: &mut Client) -> Vec<Seen<ClientEvent>> {
    client
        .channel
        .provide_data_key(client.now, generated_data_key());
    client.seen()
}

fn proof_request() -> Bytes {
    from_agent(
        1,
        PayloadType::EncChallengeRequest,
        challenge(sealed(0, SECRET)),
    )
}

fn responses(seen: &[Seen<ClientEvent>]) -> Vec<HandshakeResponse> {
    seen.iter()
        .filter_map(|seen| {
            let Seen::Sent(0, PayloadType::HandshakeResponse, body) = seen else {
                return None;
            };
            Some(HandshakeResponse::decode(body).unwrap())
        })
        .collect()
}

// ---- the client's key

#[test]
fn the_key_is_asked_for_and_nothing_is_answered_without_it() {
    let mut client = Client::connected(with_target);
    client.enter(b"ls\r");
    let seen = client.hear(from_agent(0, PayloadType::HandshakeRequest, KMS_REQUEST));
    let request = DataKeyRequest {
        key_id: "arn:key".into(),
        context: EncryptionContext::from([
            ("aws:ssm:SessionId", "alice-0a1b2c3d4e5f60718".into()),
            ("aws:ssm:TargetId", TARGET.into()),
            ("aws:ssm:RandomChallenge", RANDOM.into()),
        ]),
    };
    assert_eq!(
        seen,
        [
            Seen::Acknowledged(0),
            Seen::Event(ClientEvent::HandshakeRequested {
                agent_version: Some("3.3.987.0".into())
            }),
            Seen::Event(ClientEvent::DataKeyNeeded(request)),
        ]
    );
    assert_eq!(client.wait(14 * SECOND), []);

    let seen = provide(&mut client);
    let [response] = &responses(&seen)[..] else {
        panic!("{seen:?}")
    };
    assert_eq!(seen.len(), 1);
    let [session_type, encryption] = &response.processed_client_actions[..] else {
        panic!("{response:?}")
    };
    assert_eq!(session_type.action_status, ActionStatus::Success);
    assert_eq!(encryption.action_status, ActionStatus::Success);
    assert_eq!(
        encryption.action_result,
        serde_json::json!({"KMSCipherTextKey": "dGhlIGRhdGEga2V5LCBlbmNyeXB0ZWQ=", "KMSCipherTextHash": null,
            "ChallengeAcknowledgement": true})
    );
}

#[test]
fn a_whole_encrypted_session_seals_input_and_opens_output() {
    let mut client = Client::connected(|config| {
        with_target(config);
        config.size = TerminalSize::new(120, 40);
        config.early_size = false;
    });
    client.enter(b"w\r");
    client.hear(from_agent(0, PayloadType::HandshakeRequest, KMS_REQUEST));
    provide(&mut client);
    let seen = client.hear(proof_request());
    let [
        Seen::Acknowledged(1),
        Seen::Sent(1, PayloadType::EncChallengeResponse, answer),
    ] = &seen[..]
    else {
        panic!("{seen:?}")
    };
    let answer = EncryptionChallenge::decode(answer).unwrap();
    assert_eq!(unsealed(&answer.challenge)[..], SECRET);
    for number in [0, 1] {
        client.hear(acknowledgement(MessageType::InputStreamData, number));
    }

    let seen = client.hear(from_agent(2, PayloadType::HandshakeComplete, COMPLETE));
    let [
        Seen::Acknowledged(2),
        Seen::Event(ClientEvent::Opened(info)),
        Seen::Sent(2, PayloadType::Size, size),
        Seen::Sent(3, PayloadType::Output, input),
    ] = &seen[..]
    else {
        panic!("{seen:?}")
    };
    assert!(info.is_encrypted && info.handshake);
    assert_eq!(&size[..], br#"{"cols":120,"rows":40}"#);
    assert_eq!(&unsealed(input)[..], b"w\r");

    let shown: Vec<_> = [
        (PayloadType::Output, sealed(1, "$ ")),
        (PayloadType::StdErr, sealed(2, "oh")),
        (PayloadType::ExitCode, sealed(3, "EXIT_CODE: 7")),
        (PayloadType::Output, sealed(4, "")),
    ]
    .into_iter()
    .zip(3..)
    .flat_map(|((payload_type, payload), number)| {
        client.hear(from_agent(number, payload_type, payload))
    })
    .filter(|seen| matches!(seen, Seen::Event(_)))
    .collect();
    assert_eq!(
        shown,
        [
            Seen::Event(ClientEvent::Output("$ ".into())),
            Seen::Event(ClientEvent::Stderr("oh".into())),
            Seen::Event(ClientEvent::ExitCode(7)),
        ]
    );
}

#[test]
fn flags_and_sizes_stay_in_the_clear() {
    let mut client = Client::open_encrypted(|_| {});
    client
        .channel
        .send_flag(client.now, protocol::ChannelFlag::TerminateSession);
    client
        .channel
        .resize(client.now, TerminalSize::new(1, 2).unwrap());
    assert_eq!(
        client.seen(),
        [
            Seen::Sent(2, PayloadType::Flag, Bytes::from_static(&[0, 0, 0, 2])),
            Seen::Sent(3, PayloadType::Size, r#"{"cols":1,"rows":2}"#.into()),
        ]
    );
    let seen = client.hear(from_agent(3, PayloadType::Flag, [0, 0, 0, 3]));
    assert!(matches!(
        seen[..],
        [_, Seen::Event(ClientEvent::FlagReceived(_))]
    ));
}

#[test]
fn the_answer_goes_out_once_however_often_it_is_asked_for() {
    let mut client = asked();
    let request = from_agent(0, PayloadType::HandshakeRequest, KMS_REQUEST);
    assert_eq!(client.hear(request.clone()), [Seen::Acknowledged(0)]);
    let again = from_agent(1, PayloadType::HandshakeRequest, KMS_REQUEST);
    let unexpected = notice(Notice::UnexpectedPayload(PayloadType::HandshakeRequest));
    assert_eq!(client.hear(again), [Seen::Acknowledged(1), unexpected]);

    // The connection goes, the key comes, the connection is back: one question, one answer, under number 0.
    client.channel.handle_disconnected(client.now);
    assert_eq!(provide(&mut client), []);
    client.connect();
    let seen = client.seen();
    assert_eq!(responses(&seen).len(), 1, "{seen:?}");
    assert_eq!(provide(&mut client), []);
    client.channel.refuse_data_key(client.now, "too late");
    assert_eq!(client.seen(), []);
    assert_eq!(client.hear(request), [Seen::Acknowledged(0)]);

    // Cut again before it is acknowledged: the same bytes.
    client.channel.handle_disconnected(client.now);
    client.connect();
    let repeated = client.seen();
    assert_eq!(repeated.last(), seen.last());
    client.hear(acknowledgement(MessageType::InputStreamData, 0));
    assert_eq!(client.wait(30 * SECOND), []);
}

#[test]
fn a_request_without_a_challenge_is_answered_without_one() {
    let request = KMS_REQUEST.replace(&format!(r#","Challenge":"{RANDOM}""#), "");
    let mut client = Client::connected(with_target);
    let seen = client.hear(from_agent(0, PayloadType::HandshakeRequest, &request));
    let Some(Seen::Event(ClientEvent::DataKeyNeeded(asked))) = seen.last() else {
        panic!("{seen:?}")
    };
    assert_eq!(asked.context, context(None));
    let response = &responses(&provide(&mut client))[0];
    let result = &response.processed_client_actions[1].action_result;
    assert_eq!(result.get("ChallengeAcknowledgement"), None);
}

#[test]
fn a_key_that_cannot_be_had_is_told_to_the_agent_in_the_callers_words() {
    let mut client = asked();
    let reason = "User: alice is not authorized to perform: kms:GenerateDataKey\u{1b}[2J";
    client.channel.refuse_data_key(client.now, reason);
    let seen = client.seen();
    let shown = "User: alice is not authorized to perform: kms:GenerateDataKey[2J";
    assert_eq!(seen[0], notice(Notice::HandshakeRefused(shown.into())));
    let action = &responses(&seen)[0].processed_client_actions[1];
    assert_eq!(
        (action.action_status, action.error.as_str()),
        (ActionStatus::Failed, shown)
    );
    // Nothing of this session is taken any more but the service's word that it is over.
    let mut copy = asked();
    copy.channel.refuse_data_key(copy.now, "");
    let action = &responses(&copy.seen())[0].processed_client_actions[1];
    assert_eq!(action.error, "No data key could be obtained");
    let seen = copy.hear(from_agent(1, PayloadType::Output, "$ "));
    assert_eq!(seen.last(), Some(&failed(ChannelError::PlaintextRefused)));
    let seen = client.hear(closed("gone"));
    assert!(matches!(seen[..], [Seen::Event(ClientEvent::Closed(_))]));
}

#[test]
fn without_a_target_encryption_is_refused_at_once() {
    let mut client = Client::connected(|_| {});
    let seen = client.hear(from_agent(0, PayloadType::HandshakeRequest, KMS_REQUEST));
    let action = &responses(&seen)[0].processed_client_actions[1];
    assert_eq!(action.action_status, ActionStatus::Failed);
    assert!(action.error.contains("target"), "{}", action.error);
}

#[test]
fn a_key_that_never_comes_ends_the_session_but_not_while_disconnected() {
    let mut client = asked();
    client.wait(59 * SECOND);
    client.channel.handle_disconnected(client.now);
    assert_eq!(client.wait(600 * SECOND), []);
    client.connect();
    assert_eq!(
        client.wait(2 * SECOND),
        [
            Seen::Open,
            failed(ChannelError::DataKeyTimedOut(60 * SECOND))
        ]
    );
}

#[test]
fn a_key_that_comes_while_disconnected_leaves_the_agent_its_time() {
    let mut client = asked();
    client.channel.handle_disconnected(client.now);
    provide(&mut client);
    assert_eq!(client.wait(600 * SECOND), []);
    client.connect();
    client.seen();
    client.hear(acknowledgement(MessageType::InputStreamData, 0));
    assert_eq!(client.wait(59 * SECOND), []);
    let timed_out = failed(ChannelError::HandshakeTimedOut(60 * SECOND));
    assert_eq!(client.wait(SECOND), [timed_out]);
}

#[test]
fn a_key_for_a_session_that_is_over_goes_nowhere() {
    let mut client = asked();
    client.hear(closed("gone"));
    assert_eq!(provide(&mut client), []);
    let mut plain = Client::open();
    assert_eq!(provide(&mut plain), []);
    assert_eq!(
        plain.enter(b"x"),
        [Seen::Sent(0, PayloadType::Output, "x".into())]
    );
}

// ---- nothing but the agreed encryption

#[test]
fn no_plaintext_is_taken_once_encryption_was_asked_for() {
    for payload_type in [
        PayloadType::Output,
        PayloadType::StdErr,
        PayloadType::ExitCode,
    ] {
        let plain = |number| from_agent(number, payload_type, "EXIT_CODE: 0");
        for (mut client, number, error) in [
            (asked(), 1, ChannelError::PlaintextRefused),
            (agreed(), 1, ChannelError::DataDuringHandshake),
            (
                Client::open_encrypted(|_| {}),
                3,
                ChannelError::Encryption(CipherError::TooShort),
            ),
        ] {
            let seen = client.hear(plain(number));
            assert_eq!(
                seen,
                [Seen::Acknowledged(number), failed(error)],
                "{payload_type:?}"
            );
        }
    }
}

#[test]
fn what_is_not_authentic_ends_the_session_with_a_reason() {
    let altered = |index: usize| {
        let mut altered = sealed(1, "$ rm").to_vec();
        altered[index] ^= 1;
        altered
    };
    let by_the_client = data_key().client_cipher().seal([1; 12], b"echo").unwrap();
    let other_key = DataKey::new(&[9; 64])
        .unwrap()
        .agent_cipher()
        .seal([1; 12], b"echo")
        .unwrap();
    for payload in [
        altered(0),
        altered(12),
        altered(20),
        by_the_client.to_vec(),
        other_key.to_vec(),
        b"a long line in the clear, longer than nonce and tag".to_vec(),
    ] {
        let mut client = Client::open_encrypted(|_| {});
        let seen = client.hear(from_agent(3, PayloadType::Output, &payload));
        let error = ChannelError::Encryption(CipherError::NotAuthentic);
        assert_eq!(
            error.to_string(),
            "the session's encryption failed: the data is not encrypted with the session's key, or was altered"
        );
        assert_eq!(seen, [Seen::Acknowledged(3), failed(error)]);
        assert_eq!(client.enter(b"x"), []);
    }
}

#[test]
fn a_handshake_that_ends_before_the_challenge_is_refused() {
    for mut client in [asked(), agreed()] {
        let seen = client.hear(from_agent(1, PayloadType::HandshakeComplete, COMPLETE));
        assert_eq!(
            seen,
            [
                Seen::Acknowledged(1),
                failed(ChannelError::EncryptionSkipped)
            ]
        );
    }
}

#[test]
fn one_challenge_is_answered_and_never_another() {
    // Whoever answers more could be made to turn recorded output into input.
    let again = from_agent(
        2,
        PayloadType::EncChallengeRequest,
        challenge(sealed(9, "rm -rf /\r")),
    );
    let unexpected = notice(Notice::UnexpectedPayload(PayloadType::EncChallengeRequest));
    let mut client = agreed();
    client.hear(proof_request());
    assert_eq!(
        client.hear(again),
        [Seen::Acknowledged(2), unexpected.clone()]
    );
    let mut open = Client::open_encrypted(|_| {});
    let late = from_agent(
        3,
        PayloadType::EncChallengeRequest,
        challenge(sealed(9, "x")),
    );
    assert_eq!(open.hear(late), [Seen::Acknowledged(3), unexpected]);
}

#[test]
fn a_challenge_that_cannot_be_answered_ends_the_session() {
    let own = data_key().client_cipher().seal([1; 12], &SECRET).unwrap();
    for (body, error) in [
        (Bytes::from("{}"), ChannelError::ChallengeUnreadable),
        (
            Bytes::from(r#"{"Challenge":"?"}"#),
            ChannelError::ChallengeUnreadable,
        ),
        (
            challenge(sealed(1, [0; 2000])),
            ChannelError::ChallengeUnreadable,
        ),
        (
            challenge([0; 27]),
            ChannelError::Encryption(CipherError::TooShort),
        ),
        (
            challenge(own),
            ChannelError::Encryption(CipherError::NotAuthentic),
        ),
    ] {
        let mut client = agreed();
        let seen = client.hear(from_agent(1, PayloadType::EncChallengeRequest, body));
        assert_eq!(seen, [Seen::Acknowledged(1), failed(error)]);
    }
}

#[test]
fn a_repeated_message_is_the_same_bytes_and_no_nonce_comes_twice() {
    let mut client = Client::open_encrypted(|_| {});
    let first = client.enter(b"a");
    let mut nonces: Vec<_> = (0..50)
        .flat_map(|_| client.enter(b"a"))
        .chain(first.clone())
        .map(|seen| {
            let Seen::Sent(_, PayloadType::Output, payload) = seen else {
                panic!("{seen:?}")
            };
            payload.slice(..12)
        })
        .collect();
    let count = nonces.len();
    nonces.sort();
    nonces.dedup();
    assert_eq!(nonces.len(), count);
    let repeated = client.wait(SECOND);
    assert_eq!(repeated[0], first[0]);
    client.channel.handle_disconnected(client.now);
    client.connect();
    assert_eq!(client.seen()[1], first[0]);
}

#[test]
fn sealed_payloads_keep_to_the_largest_size_and_to_the_window() {
    let limits = Limits {
        payload_bytes: 100,
        window_bytes: 1000,
        ..Limits::default()
    };
    let mut client = Client::open_encrypted(|config| config.limits = limits);
    let text: Vec<u8> = (0..=255).cycle().take(3000).collect();
    let mut received = Vec::new();
    let mut seen = client.enter(&text);
    let mut rounds = 0;
    while !seen.is_empty() {
        rounds += 1;
        assert!(client.channel.unacknowledged_bytes() <= 1000 + 28);
        let mut numbers = Vec::new();
        for sent in seen {
            let Seen::Sent(number, PayloadType::Output, payload) = sent else {
                panic!("{sent:?}")
            };
            assert!(payload.len() <= 100, "{} bytes", payload.len());
            received.extend_from_slice(&unsealed(&payload));
            numbers.push(number);
        }
        seen = numbers
            .into_iter()
            .flat_map(|number| client.hear(acknowledgement(MessageType::InputStreamData, number)))
            .collect();
    }
    assert!(received == text && rounds > 3);

    // Even where nothing but the overhead fits.
    let limits = Limits {
        payload_bytes: 5,
        window_bytes: 20,
        ..limits
    };
    let mut client = Client::open_encrypted(|config| config.limits = limits);
    let seen = client.enter(b"ab");
    assert!(matches!(&seen[..], [Seen::Sent(2, _, payload)] if &unsealed(payload)[..] == b"a"));
}

#[test]
fn an_encrypted_stream_is_put_in_order_before_it_is_opened() {
    let mut client = Client::open_encrypted(|_| {});
    client.hear(from_agent(4, PayloadType::Output, sealed(2, "b")));
    let seen = client.hear(from_agent(3, PayloadType::Output, sealed(1, "a")));
    assert_eq!(
        seen,
        [
            Seen::Acknowledged(3),
            Seen::Event(ClientEvent::Output("a".into())),
            Seen::Event(ClientEvent::Output("b".into())),
        ]
    );
}

#[test]
fn no_key_and_nothing_typed_gets_into_a_log() {
    let mut client = asked();
    let text = format!("{:?} {:?}", client.channel, generated_data_key());
    assert!(!text.contains("[0, 1, 2"), "{text}");
    provide(&mut client);
    assert!(!format!("{:?}", client.channel).contains("Sealing"));
    let agent = Agent::connected(|config| config.handshake = Some(plan(false)));
    let text = format!("{:?} {:?}", agent.channel, plan(false));
    assert!(!text.contains("92"), "the secret is shown: {text}");
}

// ---- the agent

fn plan(requires_challenge: bool) -> HandshakePlan {
    HandshakePlan {
        session_type: SessionType::StandardStream,
        properties: None,
        encryption: Some(EncryptionPlan {
            kms_key_id: "arn:key".into(),
            target: TARGET.into(),
            requires_challenge,
            random_challenge: std::array::from_fn(|index| u8::try_from(index).unwrap()),
            secret: SECRET,
            first_nonce: [3; 12],
        }),
    }
}

fn agent(change: impl FnOnce(&mut AgentConfig)) -> Agent {
    let mut agent = Agent::connected(|config| {
        config.handshake = Some(plan(false));
        change(config);
    });
    agent.seen();
    agent.hear(acknowledgement(MessageType::OutputStreamData, 0));
    agent
}

fn answer(with_challenge: bool) -> String {
    let acknowledged = if with_challenge {
        r#","ChallengeAcknowledgement":true"#
    } else {
        ""
    };
    format!(
        r#"{{"ClientVersion":"1.2.764.0","ProcessedClientActions":[{{"ActionType":"SessionType","ActionStatus":1}},{{"ActionType":"KMSEncryption","ActionStatus":1,"ActionResult":{{"KMSCipherTextKey":"dGhlIGRhdGEga2V5LCBlbmNyeXB0ZWQ=","KMSCipherTextHash":null{acknowledged}}},"Error":""}}]}}"#
    )
}

fn answered(agent: &mut Agent) -> Vec<Seen<AgentEvent>> {
    agent.hear(from_client(0, PayloadType::HandshakeResponse, answer(true)))
}

fn failure(text: &str) -> Seen<AgentEvent> {
    Seen::Event(AgentEvent::HandshakeFailed(format!(
        "Encountered error while initiating handshake. {text}"
    )))
}

/// An agent whose session is open; the client's next number is 2.
fn open_agent(change: impl FnOnce(&mut AgentConfig)) -> Agent {
    let mut agent = agent(change);
    answered(&mut agent);
    agent.channel.provide_data_key(agent.now, &data_key());
    let proof = data_key().client_cipher().seal([8; 12], &SECRET).unwrap();
    agent.hear(from_client(
        1,
        PayloadType::EncChallengeResponse,
        challenge(proof),
    ));
    agent.channel.set_ready(agent.now);
    for number in 1..3 {
        agent.hear(acknowledgement(MessageType::OutputStreamData, number));
    }
    agent
}

#[test]
fn an_agent_decrypts_challenges_and_completes() {
    let mut agent = agent(|_| {});
    let request = DecryptRequest {
        key_id: "arn:key".into(),
        ciphertext: CIPHERTEXT.to_vec(),
        context: context(Some(RANDOM)),
    };
    let asked = Seen::Event(AgentEvent::DecryptDataKey(request));
    assert_eq!(answered(&mut agent), [asked]);
    // The client repeats what is not acknowledged: KMS is not asked again.
    assert_eq!(answered(&mut agent), []);
    agent.now.elapsed += SECOND;
    agent.channel.provide_data_key(agent.now, &data_key());
    let seen = agent.seen();
    let [
        Seen::Acknowledged(0),
        Seen::Sent(1, PayloadType::EncChallengeRequest, body),
    ] = &seen[..]
    else {
        panic!("{seen:?}")
    };
    let sealed = EncryptionChallenge::decode(body).unwrap().challenge;
    assert_eq!(sealed.len(), 92);
    assert_eq!(
        data_key().client_cipher().open(&sealed).unwrap()[..],
        SECRET
    );

    // Too early for input: acknowledged and thrown away, as without encryption.
    assert_eq!(
        agent.hear(from_client(1, PayloadType::Output, "lost")),
        [Seen::Acknowledged(1)]
    );
    let proof = data_key().client_cipher().seal([8; 12], &SECRET).unwrap();
    let seen = agent.hear(from_client(
        2,
        PayloadType::EncChallengeResponse,
        challenge(proof),
    ));
    let [
        Seen::Acknowledged(2),
        Seen::Sent(2, PayloadType::HandshakeComplete, body),
        Seen::Event(AgentEvent::Opened),
    ] = &seen[..]
    else {
        panic!("{seen:?}")
    };
    let complete = HandshakeComplete::decode(body).unwrap();
    assert_eq!(
        complete.customer_message,
        "This session is encrypted using AWS KMS."
    );
    assert_eq!(complete.time_to_complete_ns, 1_000_000_000);
}

#[test]
fn an_agent_seals_output_and_opens_input() {
    let mut agent = open_agent(|_| {});
    agent.channel.send_output(agent.now, "$ ".into());
    agent.channel.send_stderr(agent.now, "oh".into());
    agent.channel.send_exit_code(agent.now, 7);
    let opened: Vec<_> = agent
        .seen()
        .into_iter()
        .map(|seen| {
            let Seen::Sent(_, payload_type, payload) = seen else {
                panic!("{seen:?}")
            };
            let opened = data_key().client_cipher().open(&payload);
            (payload_type, opened.unwrap())
        })
        .collect();
    assert_eq!(
        opened,
        [
            (PayloadType::Output, "$ ".into()),
            (PayloadType::StdErr, "oh".into()),
            (PayloadType::ExitCode, "EXIT_CODE: 7".into()),
        ]
    );
    let typed = data_key().client_cipher().seal([7; 12], b"w\r").unwrap();
    assert_eq!(
        agent.hear(from_client(2, PayloadType::Output, typed)),
        [
            Seen::Acknowledged(2),
            Seen::Event(AgentEvent::Input("w\r".into()))
        ]
    );
    let size = agent.hear(from_client(3, PayloadType::Size, r#"{"cols":1,"rows":2}"#));
    assert!(matches!(size[1], Seen::Event(AgentEvent::Resize(_))));
}

#[test]
fn an_agent_never_hands_on_input_in_the_clear() {
    let malformed = Seen::Event(AgentEvent::Notice(Notice::MalformedPayload(
        MessageType::InputStreamData,
        PayloadType::Output,
    )));
    let mut tolerant = open_agent(|_| {});
    assert_eq!(
        tolerant.hear(from_client(2, PayloadType::Output, "rm")),
        [Seen::Acknowledged(2), malformed]
    );
    let mut official = open_agent(|config| config.wedge_on_error = true);
    assert_eq!(official.hear(from_client(2, PayloadType::Output, "rm")), []);
}

#[test]
fn the_random_challenge_is_part_of_the_context_only_between_ends_that_know_it() {
    for (version, acknowledged, expected) in [
        ("3.3.808.0", true, Some(RANDOM)),
        ("3.3.808.0", false, None),
        ("3.3.807.0", true, None),
        ("3.2.9000.0", false, None),
    ] {
        let mut agent = agent(|config| config.agent_version = version.into());
        let seen = agent.hear(from_client(
            0,
            PayloadType::HandshakeResponse,
            answer(acknowledged),
        ));
        let [Seen::Event(AgentEvent::DecryptDataKey(request))] = &seen[..] else {
            panic!("{seen:?}")
        };
        assert_eq!(request.context, context(expected), "{version}");
    }
}

#[test]
fn an_agent_that_requires_the_challenge_refuses_clients_without_it() {
    let strict = |config: &mut AgentConfig| config.handshake = Some(plan(true));
    let mut lacking = agent(strict);
    let seen = lacking.hear(from_client(
        0,
        PayloadType::HandshakeResponse,
        answer(false),
    ));
    assert!(
        matches!(&seen[..], [Seen::Acknowledged(0), Seen::Event(AgentEvent::HandshakeFailed(text))] if text.contains("challenge")),
        "{seen:?}"
    );
    let seen = answered(&mut agent(strict));
    assert!(matches!(
        seen[..],
        [Seen::Event(AgentEvent::DecryptDataKey(_))]
    ));
}

#[test]
fn an_agents_failures_are_told_in_its_own_words() {
    let mut refused = agent(|_| {});
    answered(&mut refused);
    refused
        .channel
        .refuse_data_key(refused.now, "InvalidCiphertextException: ");
    assert_eq!(
        refused.seen(),
        [
            Seen::Acknowledged(0),
            failure("Fetching data key failed: InvalidCiphertextException: ")
        ]
    );
    refused.channel.provide_data_key(refused.now, &data_key());
    assert_eq!(refused.seen(), []);

    let mut waiting = agent(|_| {});
    waiting.wait(10 * SECOND);
    answered(&mut waiting);
    assert_eq!(
        waiting.wait(5 * SECOND),
        [failure(
            "Handshake timed out. Please ensure that you have the latest version of the session manager plugin."
        )]
    );

    // Another 15 seconds, in which a wrong proof is not even acknowledged.
    let mut challenged = agent(|_| {});
    challenged.wait(10 * SECOND);
    answered(&mut challenged);
    challenged
        .channel
        .provide_data_key(challenged.now, &data_key());
    challenged.seen();
    challenged.hear(acknowledgement(MessageType::OutputStreamData, 1));
    let wrong = data_key().client_cipher().seal([1; 12], &[0; 64]).unwrap();
    for body in [challenge(wrong), challenge(sealed(1, SECRET)), "{}".into()] {
        let seen = challenged.hear(from_client(1, PayloadType::EncChallengeResponse, body));
        assert_eq!(seen, []);
    }
    assert_eq!(challenged.wait(Duration::from_millis(14_999)), []);
    assert_eq!(
        challenged.wait(Duration::from_millis(1)),
        [failure("Timed out waiting for encryption challenge.")]
    );
}
