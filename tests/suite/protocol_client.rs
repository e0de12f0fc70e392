//! The client's end, step by step against a peer written by hand.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::time::Duration;

use protocol::payload::{ActionStatus, HandshakeResponse};
use protocol::{
    ChannelClosed, ChannelError, ChannelFlag, ClientEvent, Limits, MessageType, Notice,
    PayloadType, SequenceNumber, SessionInfo, SessionType, TerminalSize, URGENT_INPUT_LEN_BYTES,
};
use testsuite::scripted::{
    COMPLETE, Client, SHELL_REQUEST, Seen, acknowledgement, closed, from_agent, pause, start,
};

type Outcome = Seen<ClientEvent>;

const SECOND: Duration = Duration::from_secs(1);

fn event(event: ClientEvent) -> Outcome {
    Seen::Event(event)
}

fn notice(notice: Notice) -> Outcome {
    Seen::Event(ClientEvent::Notice(notice))
}

fn output(text: &'static str) -> Outcome {
    Seen::Event(ClientEvent::Output(text.into()))
}

fn sent(number: i64, text: &'static str) -> Outcome {
    Seen::Sent(number, PayloadType::Output, text.into())
}

fn size(number: i64, cols: u16, rows: u16) -> Outcome {
    let body = format!(r#"{{"cols":{cols},"rows":{rows}}}"#);
    Seen::Sent(number, PayloadType::Size, body.into())
}

fn acknowledged_input(number: i64) -> bytes::Bytes {
    acknowledgement(MessageType::InputStreamData, number)
}

// ---- opening

#[test]
fn output_without_a_handshake_opens_a_plain_shell() {
    let mut client = Client::connected(|_| {});
    assert_eq!(client.enter(b"typed early"), []);
    let opened = ClientEvent::Opened(SessionInfo {
        agent_version: None,
        session_type: SessionType::StandardStream,
        properties: None,
        handshake: false,
        is_encrypted: false,
    });
    assert_eq!(
        client.hear(from_agent(0, PayloadType::Output, "$ ")),
        [
            Seen::Acknowledged(0),
            event(opened),
            output("$ "),
            sent(0, "typed early")
        ]
    );
}

#[test]
fn nothing_but_the_opening_frame_goes_out_before_the_agent_speaks() {
    let mut client = Client::connected(|_| {});
    client.channel.send_input(client.now, b"x");
    assert_eq!(client.wait(9 * SECOND), []);
}

#[test]
fn a_handshake_is_answered_once_and_input_waits_for_its_end() {
    let mut client = Client::connected(|_| {});
    client.enter(b"ls\r");
    let seen = client.hear(from_agent(0, PayloadType::HandshakeRequest, SHELL_REQUEST));
    let agent_version = Some("3.3.987.0".to_owned());
    assert_eq!(
        seen[..2],
        [
            Seen::Acknowledged(0),
            event(ClientEvent::HandshakeRequested {
                agent_version: agent_version.clone()
            })
        ]
    );
    let [Seen::Sent(0, PayloadType::HandshakeResponse, body)] = &seen[2..] else {
        panic!("{seen:?}")
    };
    let response = HandshakeResponse::decode(body).unwrap();
    assert_eq!(response.client_version, "1.2.764.0");
    assert_eq!(
        response.processed_client_actions[0].action_status,
        ActionStatus::Success
    );

    // A request repeated by the network, and one numbered as new: acknowledged, never answered.
    let repeated = from_agent(0, PayloadType::HandshakeRequest, SHELL_REQUEST);
    assert_eq!(client.hear(repeated), [Seen::Acknowledged(0)]);
    assert_eq!(
        client.hear(from_agent(1, PayloadType::HandshakeRequest, SHELL_REQUEST)),
        [
            Seen::Acknowledged(1),
            notice(Notice::UnexpectedPayload(PayloadType::HandshakeRequest))
        ]
    );

    let opened = ClientEvent::Opened(SessionInfo {
        agent_version,
        session_type: SessionType::StandardStream,
        properties: None,
        handshake: true,
        is_encrypted: false,
    });
    client.hear(acknowledged_input(0));
    assert_eq!(
        client.hear(from_agent(2, PayloadType::HandshakeComplete, COMPLETE)),
        [Seen::Acknowledged(2), event(opened), sent(1, "ls\r")]
    );
}

#[test]
fn the_customer_message_is_shown_without_control_characters() {
    let mut client = Client::connected(|_| {});
    client.hear(from_agent(0, PayloadType::HandshakeRequest, SHELL_REQUEST));
    let complete =
        r#"{"HandshakeTimeToComplete":1,"CustomerMessage":"hello\u001b]0;x\u0007 there\r\n"}"#;
    let seen = client.hear(from_agent(1, PayloadType::HandshakeComplete, complete));
    assert_eq!(
        seen.last(),
        Some(&notice(Notice::CustomerMessage("hello]0;x there".into())))
    );
}

#[test]
fn an_early_size_is_sent_again_after_a_handshake_and_only_then() {
    let with_size = |config: &mut protocol::ClientConfig| config.size = TerminalSize::new(200, 60);
    let mut client = Client::connected(|_| {});
    client
        .channel
        .resize(client.now, TerminalSize::new(200, 60).unwrap());
    assert_eq!(
        client.seen(),
        [],
        "a size that comes later waits for the session"
    );

    let mut plain = Client::connected(with_size);
    let seen = plain.hear(from_agent(0, PayloadType::Output, "$ "));
    // Not yet acknowledged, so it goes out once more under its own number, and no second one is made.
    assert_eq!(
        seen.iter()
            .filter(|seen| matches!(seen, Seen::Sent(0, PayloadType::Size, _)))
            .count(),
        1
    );
    assert!(
        !seen.iter().any(|seen| matches!(seen, Seen::Sent(1.., ..))),
        "{seen:?}"
    );

    let mut shaken = Client::connected(with_size);
    shaken.hear(acknowledged_input(0));
    shaken.hear(from_agent(0, PayloadType::HandshakeRequest, SHELL_REQUEST));
    shaken.hear(acknowledged_input(1));
    let seen = shaken.hear(from_agent(1, PayloadType::HandshakeComplete, COMPLETE));
    assert_eq!(seen.last(), Some(&size(2, 200, 60)));
}

#[test]
fn an_early_size_can_be_switched_off() {
    let mut client = Client::connected(|config| {
        config.size = TerminalSize::new(200, 60);
        config.early_size = false;
    });
    assert_eq!(client.wait(SECOND), []);
    let seen = client.hear(from_agent(0, PayloadType::Output, "$ "));
    assert_eq!(seen.last(), Some(&size(0, 200, 60)));
}

#[test]
fn anything_else_first_is_acknowledged_and_waited_past() {
    let mut client = Client::connected(|_| {});
    for (number, payload_type) in [
        PayloadType::StdErr,
        PayloadType::ExitCode,
        PayloadType::HandshakeComplete,
    ]
    .into_iter()
    .enumerate()
    .map(|(index, payload_type)| (i64::try_from(index).unwrap(), payload_type))
    {
        assert_eq!(
            client.hear(from_agent(number, payload_type, "EXIT_CODE: 1")),
            [
                Seen::Acknowledged(number),
                notice(Notice::UnexpectedPayload(payload_type))
            ]
        );
    }
    assert_eq!(
        client.hear(from_agent(3, PayloadType::Unknown(77), "?")),
        [
            Seen::Acknowledged(3),
            notice(Notice::UnknownPayloadType(77))
        ]
    );
    let seen = client.hear(from_agent(4, PayloadType::Output, "$ "));
    assert_eq!(seen.last(), Some(&output("$ ")));
}

#[test]
fn an_agent_that_never_speaks_is_warned_of_and_given_up() {
    let mut client = Client::connected(|_| {});
    assert_eq!(
        client.wait(10 * SECOND),
        [notice(Notice::NoFirstMessage(10 * SECOND))]
    );
    assert_eq!(client.wait(49 * SECOND), []);
    assert_eq!(
        client.wait(SECOND),
        [event(ClientEvent::Failed(ChannelError::NoFirstMessage(
            60 * SECOND
        )))]
    );
    assert!(client.channel.is_closed());
}

#[test]
fn the_wait_for_the_first_message_does_not_run_while_disconnected() {
    let mut client = Client::connected(|_| {});
    client.wait(8 * SECOND);
    client.channel.handle_disconnected(client.now);
    assert_eq!(client.wait(3600 * SECOND), []);
    assert_eq!(client.channel.poll_timeout(), None);
    client.connect();
    assert_eq!(client.wait(1 * SECOND), [Seen::Open]);
    assert_eq!(
        client.wait(1 * SECOND),
        [notice(Notice::NoFirstMessage(10 * SECOND))]
    );
}

#[test]
fn a_handshake_that_is_never_completed_is_given_up() {
    let mut client = Client::connected(|_| {});
    client.hear(from_agent(0, PayloadType::HandshakeRequest, SHELL_REQUEST));
    client.hear(acknowledged_input(0));
    assert_eq!(
        client.wait(60 * SECOND),
        [event(ClientEvent::Failed(ChannelError::HandshakeTimedOut(
            60 * SECOND
        )))]
    );
}

#[test]
fn an_unreadable_handshake_request_fails_with_a_reason() {
    let mut client = Client::connected(|_| {});
    let seen = client.hear(from_agent(0, PayloadType::HandshakeRequest, "{"));
    assert_eq!(
        seen,
        [
            Seen::Acknowledged(0),
            event(ClientEvent::Failed(ChannelError::HandshakeUnreadable))
        ]
    );
}

// ---- what the handshake asks for cannot be done

/// A request for something no client knows.
const DANCE_REQUEST: &str =
    r#"{"AgentVersion":"3.3.987.0","RequestedClientActions":[{"ActionType":"Dance"}]}"#;

#[test]
fn a_refused_handshake_is_explained_at_once_and_ends_with_the_services_word() {
    let mut client = Client::connected(|_| {});
    let seen = client.hear(from_agent(0, PayloadType::HandshakeRequest, DANCE_REQUEST));
    assert!(
        matches!(&seen[2], Seen::Event(ClientEvent::Notice(Notice::HandshakeRefused(text))) if text.contains("Dance"))
    );
    let Some(Seen::Sent(0, PayloadType::HandshakeResponse, body)) = seen.last() else {
        panic!("{seen:?}")
    };
    let response = HandshakeResponse::decode(body).unwrap();
    assert_eq!(
        response.processed_client_actions[0].action_status,
        ActionStatus::Unsupported
    );
    let seen = client.hear(closed("Encountered error while initiating handshake. …"));
    assert!(
        matches!(&seen[..], [Seen::Event(ClientEvent::Closed(closed))] if closed.output.starts_with("Encountered"))
    );
}

#[test]
fn a_refused_handshake_does_not_wait_for_ever_for_the_services_word() {
    let mut client = Client::connected(|_| {});
    client.hear(from_agent(0, PayloadType::HandshakeRequest, DANCE_REQUEST));
    client.hear(acknowledged_input(0));
    let seen = client.wait(61 * SECOND);
    assert!(
        matches!(
            &seen[..],
            [Seen::Event(ClientEvent::Failed(
                ChannelError::HandshakeRefused(_)
            ))]
        ),
        "{seen:?}"
    );
}

#[test]
fn data_before_the_end_of_the_handshake_is_not_shown() {
    let mut client = Client::connected(|_| {});
    client.hear(from_agent(0, PayloadType::HandshakeRequest, SHELL_REQUEST));
    let seen = client.hear(from_agent(1, PayloadType::Output, "$ "));
    assert_eq!(
        seen,
        [
            Seen::Acknowledged(1),
            event(ClientEvent::Failed(ChannelError::DataDuringHandshake))
        ]
    );
}

// ---- receiving

#[test]
fn repeats_are_acknowledged_again_and_shown_once() {
    let mut client = Client::open();
    let frame = from_agent(1, PayloadType::Output, "a");
    assert_eq!(
        client.hear(frame.clone()),
        [Seen::Acknowledged(1), output("a")]
    );
    for _ in 0..3 {
        assert_eq!(client.hear(frame.clone()), [Seen::Acknowledged(1)]);
    }
    assert_eq!(
        client.hear(from_agent(0, PayloadType::Output, "$ ")),
        [Seen::Acknowledged(0)]
    );
}

#[test]
fn early_messages_are_acknowledged_at_once_and_shown_in_order() {
    let mut client = Client::open();
    assert_eq!(
        client.hear(from_agent(3, PayloadType::ExitCode, "EXIT_CODE: 7")),
        [Seen::Acknowledged(3)]
    );
    assert_eq!(
        client.hear(from_agent(2, PayloadType::StdErr, "err")),
        [Seen::Acknowledged(2)]
    );
    assert_eq!(
        client.hear(from_agent(2, PayloadType::StdErr, "err")),
        [Seen::Acknowledged(2)]
    );
    assert_eq!(
        client.hear(from_agent(1, PayloadType::Output, "out")),
        [
            Seen::Acknowledged(1),
            output("out"),
            event(ClientEvent::Stderr("err".into())),
            event(ClientEvent::ExitCode(7))
        ]
    );
}

#[test]
fn a_handshake_that_arrives_backwards_is_taken_in_order() {
    let mut client = Client::connected(|_| {});
    client.enter(b"x");
    assert_eq!(
        client.hear(from_agent(2, PayloadType::Output, "$ ")),
        [Seen::Acknowledged(2)]
    );
    assert_eq!(
        client.hear(from_agent(1, PayloadType::HandshakeComplete, COMPLETE)),
        [Seen::Acknowledged(1)]
    );
    let seen = client.hear(from_agent(0, PayloadType::HandshakeRequest, SHELL_REQUEST));
    assert!(
        matches!(
            &seen[..],
            [
                Seen::Acknowledged(0),
                Seen::Event(ClientEvent::HandshakeRequested { .. }),
                Seen::Sent(0, PayloadType::HandshakeResponse, _),
                Seen::Event(ClientEvent::Opened(_)),
                Seen::Event(ClientEvent::Output(_)),
                ..
            ]
        ),
        "{seen:?}"
    );
}

#[test]
fn a_full_reorder_buffer_leaves_messages_unacknowledged_and_never_blocks_the_next() {
    let limits = Limits {
        reorder_messages: 3,
        ..Limits::default()
    };
    let mut client = Client::open_with(|config| config.limits = limits);
    for number in 2..=4 {
        assert_eq!(
            client.hear(from_agent(number, PayloadType::Output, "x")),
            [Seen::Acknowledged(number)]
        );
    }
    assert_eq!(client.hear(from_agent(5, PayloadType::Output, "x")), []);
    assert_eq!(
        client.hear(from_agent(i64::MAX, PayloadType::Output, "x")),
        []
    );
    assert_eq!(
        client.hear(from_agent(1, PayloadType::Output, "x")).len(),
        1 + 4
    );
    assert_eq!(
        client.hear(from_agent(5, PayloadType::Output, "x")),
        [Seen::Acknowledged(5), output("x")]
    );
}

#[test]
fn acknowledgements_go_before_what_is_shown() {
    let mut client = Client::open();
    let seen = client.hear(from_agent(1, PayloadType::Output, "tail of the session"));
    assert_eq!(seen[0], Seen::Acknowledged(1));
}

#[test]
fn flags_are_told_and_unknown_ones_kept() {
    let mut client = Client::open();
    for (number, flag) in [
        (1, ChannelFlag::ConnectToPortError),
        (2, ChannelFlag::Unknown(99)),
    ] {
        let seen = client.hear(from_agent(number, PayloadType::Flag, flag.encode()));
        assert_eq!(
            seen,
            [
                Seen::Acknowledged(number),
                event(ClientEvent::FlagReceived(flag))
            ]
        );
    }
}

#[test]
fn only_output_and_standard_error_are_ever_shown() {
    let mut client = Client::open();
    for number in 1..200 {
        let payload_type = PayloadType::from(u32::try_from(number).unwrap());
        let seen = client.hear(from_agent(number, payload_type, "\x1b[2J"));
        let is_shown = seen.iter().any(|seen| {
            matches!(
                seen,
                Seen::Event(ClientEvent::Output(_) | ClientEvent::Stderr(_))
            )
        });
        assert_eq!(is_shown, [1, 11].contains(&number), "{payload_type:?}");
        assert_eq!(seen[0], Seen::Acknowledged(number));
    }
}

#[test]
fn an_acknowledgement_of_another_stream_or_number_is_ignored() {
    let mut client = Client::open();
    client.enter(b"a");
    assert_eq!(client.hear(acknowledged_input(5)), []);
    assert_eq!(client.channel.unacknowledged_bytes(), 1);
    // The number alone decides, as for every known receiver.
    client.hear(acknowledgement(MessageType::OutputStreamData, 0));
    assert_eq!(client.channel.unacknowledged_bytes(), 0);
}

// ---- sending

#[test]
fn input_is_cut_into_payloads_and_byte_exact() {
    let mut client = Client::open();
    let typed: Vec<u8> = (0..2500_u32).map(|i| i.to_le_bytes()[0]).collect();
    let mut pieces = Vec::new();
    for seen in client.enter(&typed) {
        let Seen::Sent(_, PayloadType::Output, payload) = seen else {
            panic!("{seen:?}")
        };
        pieces.push(payload);
    }
    assert_eq!(
        pieces.iter().map(bytes::Bytes::len).collect::<Vec<_>>(),
        [1024, 1024, 452]
    );
    assert_eq!(pieces.concat(), typed);
    // The official client turns a lone line feed into a carriage return; that breaks SSH.
    assert_eq!(client.enter(b"\n"), [sent(3, "\n")]);
}

#[test]
fn the_window_fills_then_input_is_held_then_refused_and_nothing_is_lost() {
    let limits = Limits {
        window_messages: 2,
        held_input_bytes: 3000,
        ..Limits::default()
    };
    let mut client = Client::open_with(|config| config.limits = limits);
    let typed = vec![b'x'; 10_000];
    let taken = client.channel.send_input(client.now, &typed);
    assert_eq!(taken, 2 * 1024 + 3000);
    assert_eq!(
        (
            client.channel.input_capacity(),
            client.channel.unacknowledged_bytes()
        ),
        (0, 2048)
    );
    assert_eq!(client.channel.send_input(client.now, b"more"), 0);
    client.seen();
    assert_eq!(
        client.hear(acknowledged_input(0)).len(),
        1,
        "one place, one message"
    );
    assert_eq!(client.channel.input_capacity(), 1024);
    assert!(!client.channel.all_acknowledged());
}

/// A client with a paste of ten payloads, two of which fit the window.
fn pasting() -> (Client, Vec<u8>) {
    let limits = Limits {
        payload_bytes: 10,
        window_messages: 2,
        ..Limits::default()
    };
    let mut client = Client::open_with(|config| config.limits = limits);
    let paste: Vec<u8> = (b'0'..=b'9').flat_map(|digit| [digit; 10]).collect();
    assert_eq!(client.channel.send_input(client.now, &paste), 100);
    assert_eq!(client.seen().len(), 2);
    (client, paste)
}

#[test]
fn an_interrupt_overtakes_the_paste_that_is_not_sent_yet_even_through_a_full_window() {
    let (mut client, paste) = pasting();
    assert_eq!(client.channel.send_urgent_input(client.now, b"\x03"), 1);
    assert_eq!(client.seen(), [sent(2, "\x03")]);
    // Nothing of the paste is lost; it follows as the window allows.
    let mut rest = Vec::new();
    for number in 0.. {
        let seen = client.hear(acknowledged_input(number));
        if client.channel.all_acknowledged() {
            break;
        }
        for sent in seen {
            let Seen::Sent(_, PayloadType::Output, payload) = sent else {
                panic!("{sent:?}")
            };
            rest.extend_from_slice(&payload);
        }
    }
    assert_eq!(rest, paste[20..]);
}

#[test]
fn the_rest_of_a_paste_can_be_cancelled_and_is_counted() {
    let (mut client, _) = pasting();
    assert_eq!(client.channel.held_input_bytes(), 80);
    assert_eq!(client.channel.cancel_input(), 80);
    assert_eq!(client.channel.cancel_input(), 0);
    assert_eq!(client.channel.send_urgent_input(client.now, b"\x03"), 1);
    assert_eq!(client.seen(), [sent(2, "\x03")]);
    for number in 0..3 {
        assert_eq!(client.hear(acknowledged_input(number)), []);
    }
    assert!(client.channel.all_acknowledged());
    assert_eq!(client.enter(b"next"), [sent(3, "next")]);
}

#[test]
fn an_interrupt_waits_for_the_session_and_for_the_agent_before_all_other_input() {
    let mut client = Client::connected(|_| {});
    client.enter(b"typed early");
    client.channel.send_urgent_input(client.now, b"\x03");
    assert_eq!(client.channel.cancel_input(), 11);
    client.enter(b"later");
    let seen = client.hear(from_agent(0, PayloadType::Output, "$ "));
    assert_eq!(seen[3..], [sent(0, "\x03"), sent(1, "later")]);

    client.hear(pause());
    client.enter(b"held");
    client.channel.send_urgent_input(client.now, b"\x1c");
    assert_eq!(client.seen(), []);
    let seen = client.hear(start());
    assert_eq!(seen[3..], [sent(2, "\x1c"), sent(3, "held")]);
}

#[test]
fn urgent_input_has_its_own_small_bounds() {
    let (mut client, _) = pasting();
    // A key held down, and nothing acknowledged: sixteen go beyond the window, then they gather.
    let mut taken = 0;
    for _ in 0..1000 {
        taken += client.channel.send_urgent_input(client.now, b"\x03");
    }
    assert_eq!(client.seen().len(), 16);
    assert_eq!(taken, 16 + URGENT_INPUT_LEN_BYTES);
    assert_eq!(
        client.channel.held_input_bytes(),
        80 + URGENT_INPUT_LEN_BYTES
    );
    assert!(!client.channel.all_acknowledged());
    client.hear(closed(""));
    assert_eq!(client.channel.send_urgent_input(client.now, b"\x03"), 0);
    assert_eq!(client.channel.held_input_bytes(), 0);
}

#[test]
fn a_message_is_sent_again_unchanged_until_it_is_acknowledged() {
    let mut client = Client::open();
    assert_eq!(client.enter(b"a"), [sent(0, "a")]);
    assert_eq!(client.wait(Duration::from_millis(199)), []);
    assert_eq!(client.wait(Duration::from_millis(1)), [sent(0, "a")]);
    assert_eq!(client.wait(Duration::from_millis(400)), [sent(0, "a")]);
    client.hear(acknowledged_input(0));
    assert_eq!(client.wait(60 * SECOND), []);
    assert_eq!(client.channel.poll_timeout(), None);
}

#[test]
fn numbers_continue_across_connections() {
    let mut client = Client::open();
    client.enter(b"a");
    client.channel.handle_disconnected(client.now);
    assert_eq!(client.enter(b"b"), []);
    assert_eq!(client.wait(3600 * SECOND), []);
    client.connect();
    // The number of the first continues, and what was typed in between comes after it.
    assert_eq!(client.seen(), [Seen::Open, sent(0, "a"), sent(1, "b")]);
}

#[test]
fn frames_made_for_one_connection_are_not_written_to_the_next() {
    let mut client = Client::open();
    client.channel.send_input(client.now, b"a");
    client
        .channel
        .handle_frame(client.now, from_agent(1, PayloadType::Output, "late"));
    client.channel.handle_disconnected(client.now);
    client.connect();
    // The event stays, the old acknowledgement does not: the agent will ask for it again.
    assert_eq!(client.seen(), [output("late"), Seen::Open, sent(0, "a")]);
}

#[test]
fn only_the_latest_size_is_sent_once_there_is_a_way() {
    let mut client = Client::open();
    client.channel.handle_disconnected(client.now);
    for cols in 1..100 {
        client
            .channel
            .resize(client.now, TerminalSize::new(cols, 50).unwrap());
    }
    client.connect();
    assert_eq!(client.seen(), [Seen::Open, size(0, 99, 50)]);
    client
        .channel
        .resize(client.now, TerminalSize::new(99, 50).unwrap());
    assert_eq!(client.seen(), [], "known already");
}

#[test]
fn sizes_go_out_at_both_ends_of_their_range_and_never_while_unchanged() {
    let mut client = Client::open();
    for (number, (cols, rows)) in (0..).zip([(1, 1), (u16::MAX, u16::MAX), (1, u16::MAX)]) {
        for _ in 0..3 {
            client
                .channel
                .resize(client.now, TerminalSize::new(cols, rows).unwrap());
        }
        assert_eq!(client.seen(), [size(number, cols, rows)]);
    }
    assert_eq!(TerminalSize::new(0, 1), None);
    assert_eq!(TerminalSize::new(1, 0), None);
}

#[test]
fn a_size_that_changes_during_the_handshake_goes_out_once_it_is_complete() {
    let mut client = Client::connected(|config| config.size = TerminalSize::new(80, 24));
    client.hear(from_agent(0, PayloadType::HandshakeRequest, SHELL_REQUEST));
    for cols in [90, 100, 110] {
        client
            .channel
            .resize(client.now, TerminalSize::new(cols, 30).unwrap());
    }
    // The first one, sent early, is number 0; the answer is number 1.
    for number in 0..2 {
        client.hear(acknowledged_input(number));
    }
    assert_eq!(client.wait(5 * SECOND), []);
    let seen = client.hear(from_agent(1, PayloadType::HandshakeComplete, COMPLETE));
    assert_eq!(seen.last(), Some(&size(2, 110, 30)));
}

#[test]
fn a_session_without_a_handshake_knows_no_version_and_stays_without_one() {
    let mut client = Client::open_with(|config| config.target = Some("i-1".into()));
    for request in [SHELL_REQUEST, testsuite::scripted::KMS_REQUEST] {
        let number = i64::from(request != SHELL_REQUEST) + 1;
        let unexpected = notice(Notice::UnexpectedPayload(PayloadType::HandshakeRequest));
        assert_eq!(
            client.hear(from_agent(number, PayloadType::HandshakeRequest, request)),
            [Seen::Acknowledged(number), unexpected]
        );
    }
    assert_eq!(client.enter(b"ls\r"), [sent(0, "ls\r")]);
}

/// The request for a command whose streams are kept apart.
const COMMAND_REQUEST: &str = r#"{"AgentVersion":"3.3.987.0","RequestedClientActions":[{"ActionType":"SessionType","ActionParameters":{"SessionType":"NonInteractiveCommands","Properties":null}}]}"#;

fn command() -> Client {
    let mut client = Client::connected(|_| {});
    client.hear(from_agent(
        0,
        PayloadType::HandshakeRequest,
        COMMAND_REQUEST,
    ));
    let seen = client.hear(from_agent(1, PayloadType::HandshakeComplete, COMPLETE));
    let kind = seen.iter().find_map(|seen| match seen {
        Seen::Event(ClientEvent::Opened(info)) => Some(info.session_type.clone()),
        Seen::Open
        | Seen::Acknowledged(_)
        | Seen::Sent(..)
        | Seen::Control(..)
        | Seen::Event(_) => None,
    });
    assert_eq!(kind, Some(SessionType::NonInteractiveCommands));
    client
}

#[test]
fn a_command_keeps_its_streams_apart_and_in_order_and_tells_how_it_ended() {
    for (text, code) in [
        ("EXIT_CODE: 0", 0),
        ("EXIT_CODE: 255", 255),
        ("EXIT_CODE: -1", -1),
        ("EXIT_CODE: 3221225786", -1_073_741_510),
    ] {
        let mut client = command();
        let shown: Vec<_> = [
            (PayloadType::StdErr, "warning\n"),
            (PayloadType::Output, "one\n"),
            (PayloadType::StdErr, "error\n"),
            (PayloadType::ExitCode, text),
        ]
        .into_iter()
        .zip(2..)
        .flat_map(|((payload_type, payload), number)| {
            client.hear(from_agent(number, payload_type, payload))
        })
        .filter(|seen| matches!(seen, Seen::Event(_)))
        .collect();
        assert_eq!(
            shown,
            [
                event(ClientEvent::Stderr("warning\n".into())),
                output("one\n"),
                event(ClientEvent::Stderr("error\n".into())),
                event(ClientEvent::ExitCode(code)),
            ]
        );
    }
}

#[test]
fn a_command_that_ends_without_an_exit_code_makes_none_up() {
    let mut client = command();
    client.hear(from_agent(2, PayloadType::Output, "half"));
    let seen = client.hear(closed(""));
    assert!(matches!(seen[..], [Seen::Event(ClientEvent::Closed(_))]));
}

#[test]
fn flags_are_sent_as_stream_messages() {
    let mut client = Client::open();
    client
        .channel
        .send_flag(client.now, ChannelFlag::TerminateSession);
    assert_eq!(
        client.seen(),
        [Seen::Sent(
            0,
            PayloadType::Flag,
            bytes::Bytes::from_static(&[0, 0, 0, 2])
        )]
    );
}

#[test]
fn used_up_numbers_end_the_session_instead_of_starting_over() {
    let mut client =
        Client::connected(|config| config.first_sequence_number = SequenceNumber(i64::MAX));
    client.hear(from_agent(i64::MAX, PayloadType::Output, "$ "));
    let seen = client.enter(b"a");
    assert_eq!(seen, [sent(i64::MAX, "a")]);
    let seen = client.enter(b"b");
    assert_eq!(
        seen,
        [event(ClientEvent::Failed(ChannelError::SequenceExhausted))]
    );
}

// ---- absence and silence

#[test]
fn nothing_is_sent_while_the_agent_is_absent_and_everything_afterwards() {
    let mut client = Client::open();
    client.enter(b"a");
    assert_eq!(client.hear(pause()), [notice(Notice::PeerAbsent)]);
    assert_eq!(client.hear(pause()), []);
    assert_eq!(client.enter(b"b"), []);
    client
        .channel
        .resize(client.now, TerminalSize::new(1, 1).unwrap());
    assert_eq!(client.wait(600 * SECOND), [], "no resend, no complaint");
    assert!(client.channel.is_peer_absent());
    let seen = client.hear(start());
    assert_eq!(
        seen,
        [
            notice(Notice::PeerPresent),
            sent(0, "a"),
            size(1, 1, 1),
            sent(2, "b")
        ]
    );
    assert_eq!(client.hear(start()), []);
}

#[test]
fn input_during_absence_is_held_only_up_to_a_small_buffer() {
    let mut client = Client::open();
    client.hear(pause());
    assert_eq!(
        client.channel.send_input(client.now, &vec![0; 1 << 20]),
        Limits::default().held_input_bytes
    );
    assert_eq!(client.channel.input_capacity(), 0);
}

#[test]
fn any_word_of_the_agent_ends_its_absence() {
    for frame in [
        from_agent(1, PayloadType::Output, "x"),
        from_agent(0, PayloadType::Output, "$ "),
        acknowledged_input(0),
    ] {
        let mut client = Client::open();
        client.enter(b"a");
        client.hear(pause());
        let seen = client.hear(frame);
        assert!(seen.contains(&notice(Notice::PeerPresent)), "{seen:?}");
    }
}

#[test]
fn acknowledgements_are_sent_during_absence() {
    let mut client = Client::open();
    client.hear(pause());
    let seen = client.hear(from_agent(0, PayloadType::Output, "$ "));
    assert_eq!(seen, [notice(Notice::PeerPresent), Seen::Acknowledged(0)]);
}

#[test]
fn a_new_connection_starts_without_absence() {
    let mut client = Client::open();
    client.enter(b"a");
    client.hear(pause());
    client.channel.handle_disconnected(client.now);
    client.connect();
    assert_eq!(client.seen(), [Seen::Open, sent(0, "a")]);
}

#[test]
fn a_silent_agent_is_told_of_and_given_up_in_the_end() {
    let mut client = Client::open();
    client.enter(b"a");
    let events = |seen: Vec<Outcome>| {
        seen.into_iter()
            .filter(|seen| matches!(seen, Seen::Event(_)))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        events(client.wait(3 * SECOND)),
        [notice(Notice::Stalled(3 * SECOND))]
    );
    let seen = client.hear(acknowledged_input(0));
    assert_eq!(seen, [notice(Notice::Recovered)]);
    client.enter(b"b");
    let seen = events(client.wait(300 * SECOND));
    let failed = event(ClientEvent::Failed(ChannelError::NoAcknowledgement(
        300 * SECOND,
    )));
    assert_eq!(seen, [notice(Notice::Stalled(3 * SECOND)), failed]);
}

#[test]
fn a_program_that_starts_slowly_is_not_called_stalled() {
    let mut client = Client::connected(|config| config.size = TerminalSize::new(80, 24));
    let early = size(0, 80, 24);
    let seen = client.wait(9 * SECOND);
    assert!(
        !seen.is_empty() && seen.iter().all(|seen| *seen == early),
        "{seen:?}"
    );
    let seen = client.hear(from_agent(0, PayloadType::Output, "$ "));
    assert_eq!(seen[0], Seen::Acknowledged(0));
    // From here on an answer can be expected, and the size goes out without waiting for its timer.
    assert_eq!(seen.last(), Some(&early));
    let seen = client.wait(3 * SECOND);
    assert_eq!(seen.last(), Some(&notice(Notice::Stalled(3 * SECOND))));
}

#[test]
fn a_night_of_sleep_does_not_count_as_silence() {
    let mut client = Client::open();
    client.enter(b"a");
    client.now.elapsed += 8 * 3600 * SECOND;
    client.channel.handle_timeout(client.now);
    assert_eq!(client.seen(), [sent(0, "a")]);
}

// ---- the end

#[test]
fn the_services_word_ends_the_session_at_once() {
    let mut client = Client::open();
    client.enter(b"a");
    let closed_event = ClientEvent::Closed(ChannelClosed {
        output: "timed out".into(),
        ..ChannelClosed::default()
    });
    assert_eq!(
        client.hear(closed("timed\u{7} out\r\n")),
        [event(closed_event)]
    );
    assert!(client.channel.is_closed());
    assert_eq!(
        (
            client.channel.poll_timeout(),
            client.channel.unacknowledged_bytes()
        ),
        (None, 0)
    );
    for frame in [
        closed(""),
        from_agent(1, PayloadType::Output, "x"),
        pause(),
        start(),
        bytes::Bytes::new(),
    ] {
        assert_eq!(client.hear(frame), []);
    }
    client.connect();
    client.channel.handle_timeout(client.now);
    client
        .channel
        .send_flag(client.now, ChannelFlag::TerminateSession);
    assert_eq!(
        (client.enter(b"b"), client.channel.input_capacity()),
        (Vec::new(), 0)
    );
}

#[test]
fn output_behind_a_gap_is_counted_and_not_shown() {
    let mut client = Client::open();
    client.hear(from_agent(2, PayloadType::Output, "b"));
    client.hear(from_agent(3, PayloadType::Output, "c"));
    let seen = client.hear(closed(""));
    assert_eq!(seen[0], notice(Notice::OutputLost { messages: 2 }));
    assert!(matches!(seen[1..], [Seen::Event(ClientEvent::Closed(_))]));
}

#[test]
fn the_session_can_end_before_it_is_open_and_while_disconnected() {
    let mut client = Client::connected(|_| {});
    assert!(matches!(
        client.hear(closed("no"))[..],
        [Seen::Event(ClientEvent::Closed(_))]
    ));
    let mut client = Client::connected(|_| {});
    client.channel.handle_disconnected(client.now);
    assert!(matches!(
        client.hear(closed("no"))[..],
        [Seen::Event(ClientEvent::Closed(_))]
    ));
}

#[test]
fn nothing_that_is_typed_or_shown_gets_into_a_log() {
    let mut client = Client::open();
    client.channel.send_input(client.now, b"hunter2");
    client
        .channel
        .handle_frame(client.now, from_agent(1, PayloadType::Output, "hunter2"));
    let mut log = format!("{:?}", client.channel);
    while let Some(output) = client.channel.poll_output() {
        log += &format!("{output:?}");
    }
    client
        .channel
        .handle_connected(client.now, &"hunter2".into());
    log += &format!("{:?}", client.channel.poll_output());
    assert!(
        !log.contains("hunter2")
            && !log.contains(&hex::encode("hunter2"))
            && !log.contains("104, 117"),
        "{log}"
    );
}
