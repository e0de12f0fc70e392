//! The agent's end, step by step against a client written by hand.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::time::Duration;

use bytes::Bytes;
use protocol::payload::{AgentSessionState, HandshakeComplete, HandshakeRequest};
use protocol::{
    AgentConfig, AgentEvent, AgentState, ChannelFlag, HandshakePlan, Limits, MessageType, Notice,
    PayloadType, ResendPolicy, SessionType, TerminalSize,
};
use testsuite::scripted::{Agent, Seen, acknowledgement, closed, from_client, pause, start};

type Outcome = Seen<AgentEvent>;

const SECOND: Duration = Duration::from_secs(1);

const ACCEPTED: &str = r#"{"ClientVersion":"1.2.764.0","ProcessedClientActions":[{"ActionType":"SessionType","ActionStatus":1,"ActionResult":null,"Error":""}],"Errors":null}"#;

fn event(event: AgentEvent) -> Outcome {
    Seen::Event(event)
}

fn notice(notice: Notice) -> Outcome {
    Seen::Event(AgentEvent::Notice(notice))
}

fn input(text: &'static str) -> Outcome {
    Seen::Event(AgentEvent::Input(text.into()))
}

fn sent(number: i64, text: &'static str) -> Outcome {
    Seen::Sent(number, PayloadType::Output, text.into())
}

fn acknowledged_output(number: i64) -> Bytes {
    acknowledgement(MessageType::OutputStreamData, number)
}

fn with_handshake(config: &mut AgentConfig) {
    config.handshake = Some(HandshakePlan {
        session_type: SessionType::InteractiveCommands,
        properties: None,
        encryption: None,
    });
}

/// An agent that has sent its request, which is acknowledged.
fn requested() -> Agent {
    let mut agent = Agent::connected(with_handshake);
    agent.seen();
    agent.hear(acknowledged_output(0));
    agent
}

// ---- beginning

#[test]
fn a_plain_shell_begins_with_the_session_state_alone() {
    let mut agent = Agent::connected(|_| {});
    let seen = agent.seen();
    let [
        Seen::Control(MessageType::AgentSessionState, body),
        Seen::Event(AgentEvent::Opened),
    ] = &seen[..]
    else {
        panic!("{seen:?}")
    };
    let state = AgentSessionState::decode(body).unwrap();
    assert_eq!(
        (state.session_state, state.session_id.as_str()),
        (AgentState::Connected, "alice-0a1b2c3d4e5f60718")
    );
}

#[test]
fn a_handshake_goes_request_answer_complete() {
    let mut agent = Agent::connected(|config| {
        with_handshake(config);
        config.customer_message = "welcome".into();
    });
    let seen = agent.seen();
    let [
        Seen::Control(..),
        Seen::Sent(0, PayloadType::HandshakeRequest, body),
    ] = &seen[..]
    else {
        panic!("{seen:?}")
    };
    let request = HandshakeRequest::decode(body).unwrap();
    assert_eq!(request.agent_version, "3.3.987.0");
    assert_eq!(
        request.requested_client_actions[0].action_parameters["SessionType"],
        "InteractiveCommands"
    );

    agent.hear(acknowledged_output(0));
    agent.now.elapsed += Duration::from_millis(53);
    let seen = agent.hear(from_client(0, PayloadType::HandshakeResponse, ACCEPTED));
    let [
        Seen::Acknowledged(0),
        Seen::Sent(1, PayloadType::HandshakeComplete, body),
        Seen::Event(AgentEvent::Opened),
    ] = &seen[..]
    else {
        panic!("{seen:?}")
    };
    let complete = HandshakeComplete::decode(body).unwrap();
    assert_eq!(
        (
            complete.time_to_complete_ns,
            complete.customer_message.as_str()
        ),
        (53_000_000, "welcome")
    );
    assert_eq!(agent.channel.client_version(), Some("1.2.764.0"));
}

#[test]
fn what_comes_before_the_handshake_is_complete_is_acknowledged_and_thrown_away() {
    let mut agent = requested();
    agent.channel.set_ready(agent.now);
    for (number, payload_type) in [
        (0, PayloadType::Output),
        (1, PayloadType::Size),
        (2, PayloadType::Flag),
    ] {
        assert_eq!(
            agent.hear(from_client(number, payload_type, "lost")),
            [Seen::Acknowledged(number)]
        );
    }
    let seen = agent.hear(from_client(3, PayloadType::HandshakeResponse, ACCEPTED));
    assert_eq!(seen.last(), Some(&event(AgentEvent::Opened)));
    assert_eq!(
        agent.hear(from_client(4, PayloadType::Output, "kept")),
        [Seen::Acknowledged(4), input("kept")]
    );
}

#[test]
fn no_answer_within_fifteen_seconds_fails_in_the_agents_words() {
    let mut agent = requested();
    assert_eq!(agent.wait(Duration::from_millis(14_999)), []);
    let words = "Encountered error while initiating handshake. Handshake timed out. Please ensure that you have the \
                 latest version of the session manager plugin.";
    assert_eq!(
        agent.wait(Duration::from_millis(1)),
        [event(AgentEvent::HandshakeFailed(words.into()))]
    );
    // A late answer opens nothing.
    assert_eq!(
        agent.hear(from_client(0, PayloadType::HandshakeResponse, ACCEPTED)),
        [Seen::Acknowledged(0)]
    );
}

#[test]
fn the_handshakes_time_runs_on_across_a_lost_connection() {
    let mut agent = requested();
    agent.channel.handle_disconnected(agent.now);
    let seen = agent.wait(15 * SECOND);
    assert!(
        matches!(seen[..], [Seen::Event(AgentEvent::HandshakeFailed(_))]),
        "{seen:?}"
    );
}

#[test]
fn a_failed_action_fails_in_the_agents_words() {
    let mut agent = requested();
    let answer = r#"{"ClientVersion":"1.0","ProcessedClientActions":[{"ActionType":"SessionType","ActionStatus":2,"ActionResult":null,"Error":"Unknown session type Quantum"}],"Errors":["x"]}"#;
    let words = "Encountered error while initiating handshake. SessionType failed on client with status 2 error: \
                 Unknown session type Quantum";
    assert_eq!(
        agent.hear(from_client(0, PayloadType::HandshakeResponse, answer)),
        [
            Seen::Acknowledged(0),
            event(AgentEvent::HandshakeFailed(words.into()))
        ]
    );
    assert_eq!(agent.wait(60 * SECOND), []);
}

#[test]
fn a_second_answer_is_not_acted_on() {
    let mut agent = requested();
    agent.hear(from_client(0, PayloadType::HandshakeResponse, ACCEPTED));
    agent.channel.set_ready(agent.now);
    assert_eq!(
        agent.hear(from_client(1, PayloadType::HandshakeResponse, ACCEPTED)),
        [
            Seen::Acknowledged(1),
            notice(Notice::UnexpectedPayload(PayloadType::HandshakeResponse))
        ]
    );
}

#[test]
fn a_reconnect_adds_nothing_but_what_is_unacknowledged() {
    let mut agent = Agent::connected(with_handshake);
    let request = agent.seen().pop().unwrap();
    agent.channel.handle_disconnected(agent.now);
    assert_eq!(agent.wait(SECOND), []);
    agent.channel.handle_connected(agent.now);
    assert_eq!(agent.seen(), [request]);
}

// ---- input

#[test]
fn input_is_neither_acknowledged_nor_counted_until_the_program_is_up() {
    let mut agent = Agent::connected(|_| {});
    agent.seen();
    let first = from_client(0, PayloadType::Output, "a");
    assert_eq!(agent.hear(first.clone()), []);
    // One that is out of turn is acknowledged all the same.
    assert_eq!(
        agent.hear(from_client(1, PayloadType::Output, "b")),
        [Seen::Acknowledged(1)]
    );
    agent.channel.set_ready(agent.now);
    assert_eq!(agent.seen(), []);
    assert_eq!(
        agent.hear(first),
        [Seen::Acknowledged(0), input("a"), input("b")]
    );
}

#[test]
fn what_was_acknowledged_before_the_program_was_up_is_delivered_when_it_is() {
    let mut agent = requested();
    assert_eq!(
        agent.hear(from_client(1, PayloadType::Output, "b")),
        [Seen::Acknowledged(1)]
    );
    let seen = agent.hear(from_client(0, PayloadType::HandshakeResponse, ACCEPTED));
    assert_eq!(seen.last(), Some(&event(AgentEvent::Opened)));
    assert_eq!(
        agent.hear(from_client(1, PayloadType::Output, "b")),
        [Seen::Acknowledged(1)]
    );
    agent.channel.set_ready(agent.now);
    assert_eq!(agent.seen(), [input("b")]);
}

#[test]
fn repeats_are_acknowledged_again_and_delivered_once() {
    let mut agent = Agent::ready(|_| {});
    let frame = from_client(0, PayloadType::Output, "a");
    assert_eq!(
        agent.hear(frame.clone()),
        [Seen::Acknowledged(0), input("a")]
    );
    assert_eq!(agent.hear(frame.clone()), [Seen::Acknowledged(0)]);
    assert_eq!(agent.hear(frame), [Seen::Acknowledged(0)]);
}

#[test]
fn sizes_and_flags_are_told() {
    let mut agent = Agent::ready(|_| {});
    assert_eq!(
        agent.hear(from_client(
            0,
            PayloadType::Size,
            r#"{"cols":80,"rows":24}"#
        )),
        [
            Seen::Acknowledged(0),
            event(AgentEvent::Resize(TerminalSize::new(80, 24).unwrap()))
        ]
    );
    assert_eq!(
        agent.hear(from_client(1, PayloadType::Flag, [0, 0, 0, 2])),
        [
            Seen::Acknowledged(1),
            event(AgentEvent::Flag(ChannelFlag::TerminateSession))
        ]
    );
}

#[test]
fn input_that_makes_no_sense_is_passed_over_by_default() {
    let mut agent = Agent::ready(|_| {});
    let malformed = Notice::MalformedPayload(MessageType::InputStreamData, PayloadType::Size);
    assert_eq!(
        agent.hear(from_client(0, PayloadType::Size, r#"{"cols":0,"rows":0}"#)),
        [Seen::Acknowledged(0), notice(malformed)]
    );
    assert_eq!(
        agent.hear(from_client(1, PayloadType::Output, "a")),
        [Seen::Acknowledged(1), input("a")]
    );
}

#[test]
fn input_that_makes_no_sense_wedges_as_in_the_official_agent_when_asked_to() {
    let mut agent = Agent::ready(|config| config.wedge_on_error = true);
    assert_eq!(
        agent.hear(from_client(0, PayloadType::Size, r#"{"cols":0,"rows":0}"#)),
        []
    );
    assert_eq!(
        agent.hear(from_client(1, PayloadType::Output, "a")),
        [Seen::Acknowledged(1)]
    );
    assert_eq!(
        agent.hear(from_client(
            0,
            PayloadType::Size,
            r#"{"cols":80,"rows":24}"#
        )),
        []
    );
}

// ---- output

#[test]
fn output_of_any_length_is_numbered_and_whole() {
    let mut agent = Agent::ready(|_| {});
    agent.channel.send_output(agent.now, Bytes::new());
    assert_eq!(agent.seen(), [], "an empty payload is never sent");
    let printed = Bytes::from(vec![7; 100_000]);
    agent.channel.send_output(agent.now, printed.clone());
    agent.channel.send_stderr(agent.now, "oops".into());
    agent.channel.send_exit_code(agent.now, 130);
    let seen = agent.seen();
    let [
        Seen::Sent(0, PayloadType::Output, first),
        Seen::Sent(1, PayloadType::Output, second),
        rest @ ..,
    ] = &seen[..]
    else {
        panic!("{seen:?}")
    };
    assert_eq!(
        (first.len(), [&first[..], second].concat()),
        (65_536, printed.to_vec())
    );
    assert_eq!(
        rest,
        [
            Seen::Sent(2, PayloadType::StdErr, "oops".into()),
            Seen::Sent(3, PayloadType::ExitCode, "EXIT_CODE: 130".into())
        ]
    );
}

#[test]
fn only_the_first_message_of_the_stream_is_marked() {
    let mut agent = Agent::ready(|_| {});
    agent.channel.send_output(agent.now, "a".into());
    agent.channel.send_output(agent.now, "b".into());
    let flags: Vec<_> = std::iter::from_fn(|| agent.channel.poll_output())
        .filter_map(|output| match output {
            protocol::Output::Transmit(protocol::Frame::Binary(frame)) => {
                protocol::AgentMessage::decode(frame).ok()
            }
            protocol::Output::Transmit(protocol::Frame::Open(_)) | protocol::Output::Event(_) => {
                None
            }
        })
        .map(|message| message.flags)
        .collect();
    assert_eq!(flags, [protocol::Flags::SYN, protocol::Flags::NONE]);
}

#[test]
fn capacity_says_when_to_stop_reading_and_nothing_is_discarded() {
    let limits = Limits {
        window_bytes: 100,
        ..Limits::default()
    };
    let mut agent = Agent::ready(|config| config.limits = limits);
    agent
        .channel
        .send_output(agent.now, Bytes::from(vec![1; 60]));
    assert_eq!(agent.channel.output_capacity(), 40);
    agent
        .channel
        .send_output(agent.now, Bytes::from(vec![2; 60]));
    assert_eq!(
        (
            agent.channel.output_capacity(),
            agent.channel.unacknowledged_bytes()
        ),
        (0, 120)
    );
    assert_eq!(
        agent.seen().len(),
        2,
        "a caller that goes on is not cut off"
    );
    agent.hear(acknowledged_output(0));
    agent.hear(acknowledged_output(1));
    assert_eq!(
        (
            agent.channel.output_capacity(),
            agent.channel.all_acknowledged()
        ),
        (100, true)
    );
}

#[test]
fn a_pause_keeps_output_and_a_start_sends_it() {
    let mut agent = Agent::ready(|_| {});
    agent.channel.send_output(agent.now, "a".into());
    agent.seen();
    assert_eq!(agent.hear(pause()), [notice(Notice::PeerAbsent)]);
    assert!(agent.channel.is_paused());
    agent.channel.send_output(agent.now, "b".into());
    assert_eq!(agent.wait(60 * SECOND), []);
    assert_eq!(
        agent.hear(start()),
        [notice(Notice::PeerPresent), sent(0, "a"), sent(1, "b")]
    );
    assert!(!agent.channel.is_paused());
}

#[test]
fn input_or_an_acknowledgement_also_ends_a_pause() {
    for frame in [
        from_client(0, PayloadType::Output, "x"),
        acknowledged_output(0),
    ] {
        let mut agent = Agent::ready(|_| {});
        agent.channel.send_output(agent.now, "a".into());
        agent.hear(pause());
        let seen = agent.hear(frame);
        assert!(
            seen.contains(&notice(Notice::PeerPresent)) && !agent.channel.is_paused(),
            "{seen:?}"
        );
    }
}

#[test]
fn the_reference_resender_repeats_the_oldest_message_only() {
    let mut agent = Agent::ready(|config| config.limits.resend = ResendPolicy::HeadOnly);
    for text in ["a", "b", "c"] {
        agent.channel.send_output(agent.now, text.into());
    }
    assert_eq!(agent.seen().len(), 3);
    let seen = agent.wait(SECOND);
    assert!(
        !seen.is_empty() && seen.iter().all(|seen| *seen == sent(0, "a")),
        "{seen:?}"
    );
}

#[test]
fn an_unanswered_agent_never_gives_up() {
    let mut agent = Agent::ready(|_| {});
    agent.channel.send_output(agent.now, "a".into());
    let seen = agent.wait(3600 * SECOND);
    assert!(
        seen.len() > 800 && seen.iter().all(|seen| *seen == sent(0, "a")),
        "{}",
        seen.len()
    );
}

// ---- the end

#[test]
fn the_end_of_the_program_is_told_to_the_service() {
    let mut agent = Agent::ready(|_| {});
    agent
        .channel
        .send_session_state(agent.now, AgentState::Terminating);
    let seen = agent.seen();
    let [Seen::Control(MessageType::AgentSessionState, body)] = &seen[..] else {
        panic!("{seen:?}")
    };
    assert_eq!(
        body,
        r#"{"SchemaVersion":1,"SessionState":"Terminating","SessionId":"alice-0a1b2c3d4e5f60718"}"#
    );
}

#[test]
fn the_services_word_ends_it_and_nothing_comes_after() {
    let mut agent = Agent::ready(|_| {});
    agent.channel.send_output(agent.now, "a".into());
    agent.seen();
    assert!(matches!(
        agent.hear(closed(""))[..],
        [Seen::Event(AgentEvent::Closed(_))]
    ));
    agent.channel.send_output(agent.now, "b".into());
    agent.channel.handle_connected(agent.now);
    agent.channel.set_ready(agent.now);
    assert_eq!(agent.hear(from_client(0, PayloadType::Output, "x")), []);
    assert_eq!(
        (agent.channel.poll_timeout(), agent.channel.is_closed()),
        (None, true)
    );
}
