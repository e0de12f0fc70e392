//! The fuzz targets: each reads what a fuzzer came up with as a script, and holds the ends to their promises.
//!
//! `tests/fuzz` links them to libFuzzer; the suite replays the corpora that are kept there.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use engine::{ConnectAnswer, ConnectRefusal};
use protocol::payload::{HandshakeRequest, HandshakeResponse};
use protocol::{
    AgentEvent, AgentMessage, ClientEvent, EncryptionPlan, Frame, HandshakePlan, Limits,
    MessageType, Output, PayloadType, SessionType, TerminalSize,
};

use super::{frame_is_read_safely, payload_is_read_safely, smux_is_read_safely};
use crate::scripted::{
    Agent, COMPLETE, Client, KMS_REQUEST, KMS_RESPONSE, SECRET, SHELL_REQUEST, Seen, TARGET,
    acknowledgement, challenge, closed, data_key, from_agent, from_client, generated_data_key,
    pause, sealed, start,
};

/// Panics when whatever it does with these bytes breaks a promise.
pub type Target = fn(&[u8]);

/// The fuzz targets by name. Their corpora are in `tests/fuzz/corpus`.
pub const TARGETS: [(&str, Target); 6] = [
    ("codec", codec),
    ("client", client),
    ("agent", agent),
    ("handshake", handshake),
    ("smux", smux),
    ("proxy", proxy),
];

/// Fuzz target: any bytes as a frame, and as every payload.
pub fn codec(data: &[u8]) {
    frame_is_read_safely(data);
    payload_is_read_safely(data);
    if let Ok(message) = AgentMessage::decode(Bytes::copy_from_slice(data)) {
        payload_is_read_safely(&message.payload);
    }
}

/// Fuzz target: any bytes in pieces, whose lengths the bytes say themselves.
pub fn smux(data: &[u8]) {
    let mut script = Script(data);
    let mut pieces = Vec::new();
    while !script.0.is_empty() {
        let len = usize::from(script.byte());
        pieces.push(script.take(len).to_vec());
    }
    smux_is_read_safely(&pieces);
}

/// Fuzz target: any bytes as a proxy's answer to `CONNECT`, in pieces whose lengths and repetitions the bytes say.
///
/// # Panics
///
/// When the answer is read as anything but what its first head says, or more of it is held than ever should be.
pub fn proxy(data: &[u8]) {
    let mut script = Script(data);
    let mut answer = ConnectAnswer::default();
    let mut all = Vec::new();
    while !script.0.is_empty() {
        let len = usize::from(script.byte());
        // Enough for every bound, without a script that long.
        let times = usize::from(script.byte() % 70) + 1;
        let piece = script.take(len);
        for _ in 0..times {
            if piece.is_empty() {
                break;
            }
            // Mostly as its caller does, who reads no more than there is room for.
            let piece = if times.is_multiple_of(5) {
                piece
            } else {
                &piece[..piece.len().min(answer.room())]
            };
            all.extend_from_slice(piece);
            let read = answer.take(piece);
            assert!(answer.held_bytes() <= ConnectAnswer::MAX_LEN_BYTES);
            assert_eq!(read, connect_answer(&all));
            if read != Ok(false) {
                return;
            }
            assert_eq!(answer.held_bytes(), all.len());
            assert!(answer.room() > 0 && answer.room() + all.len() <= ConnectAnswer::MAX_LEN_BYTES);
        }
    }
}

/// What all bytes of an answer to `CONNECT` so far mean, looked at as a whole.
fn connect_answer(all: &[u8]) -> Result<bool, ConnectRefusal> {
    let kept = &all[..all.len().min(ConnectAnswer::MAX_LEN_BYTES)];
    let Some(end) = kept.windows(4).position(|window| window == b"\r\n\r\n") else {
        let begins_well = b"HTTP/1.".starts_with(kept) || kept.starts_with(b"HTTP/1.");
        return match (begins_well, kept.len()) {
            (false, _) => Err(ConnectRefusal::NotHttp),
            (true, ConnectAnswer::MAX_LEN_BYTES) => Err(ConnectRefusal::Endless),
            (true, _) => Ok(false),
        };
    };
    let has_more = all.len() > end + 4;
    let head: String = kept[..end].iter().map(|&byte| char::from(byte)).collect();
    let line = head.split("\r").next().unwrap_or_default();
    let mut words = line.splitn(3, ' ');
    let is_http = matches!(words.next(), Some("HTTP/1.0" | "HTTP/1.1"));
    let status = words
        .next()
        .filter(|word| word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|word| word.parse::<u16>().ok());
    match status {
        Some(200..=299) if is_http && has_more => Err(ConnectRefusal::SpeaksForTarget),
        Some(200..=299) if is_http => Ok(true),
        Some(status) if is_http => Err(ConnectRefusal::Status(status)),
        Some(_) | None => Err(ConnectRefusal::NotHttp),
    }
}

/// Fuzz target: any bytes as the bodies of a handshake, in either direction.
///
/// # Panics
///
/// When a client does not give one answer, entry for entry, to what it can read.
pub fn handshake(data: &[u8]) {
    payload_is_read_safely(data);
    let mut script = Script(data);
    let has_target = script.byte().is_multiple_of(2);
    let mut client = Client::connected(|config| {
        config.target = has_target.then(|| TARGET.to_owned());
    });
    let body = script.0;
    let mut seen = client.hear(from_agent(0, PayloadType::HandshakeRequest, body));
    client
        .channel
        .provide_data_key(client.now, generated_data_key());
    seen.extend(client.seen());
    let answers: Vec<_> = seen
        .iter()
        .filter_map(|seen| match seen {
            Seen::Sent(_, PayloadType::HandshakeResponse, body) => Some(body),
            Seen::Open
            | Seen::Acknowledged(_)
            | Seen::Sent(..)
            | Seen::Control(..)
            | Seen::Event(_) => None,
        })
        .collect();
    match (HandshakeRequest::decode(body), &answers[..]) {
        (Err(_), []) if body.is_empty() => {}
        (Err(_), []) => assert!(client.channel.is_closed(), "an unreadable request was kept"),
        (Ok(request), [answer]) => {
            let Ok(answer) = HandshakeResponse::decode(answer) else {
                panic!("an answer that does not read")
            };
            let requested = request.requested_client_actions.len();
            assert_eq!(answer.processed_client_actions.len(), requested);
        }
        (request, answers) => panic!("{request:?}: {} answers", answers.len()),
    }
    // The same bytes as everything else that can come in a handshake.
    for payload_type in [
        PayloadType::EncChallengeRequest,
        PayloadType::HandshakeComplete,
        PayloadType::Output,
    ] {
        client.hear(from_agent(1, payload_type, body));
    }
    for encryption in [false, true] {
        let mut agent = Agent::connected(|config| config.handshake = Some(plan(encryption)));
        agent.hear(from_client(0, PayloadType::HandshakeResponse, body));
        agent.channel.provide_data_key(agent.now, &data_key());
        agent.hear(from_client(1, PayloadType::EncChallengeResponse, body));
        let opened = agent.seen();
        assert!(
            !encryption || !opened.contains(&Seen::Event(AgentEvent::Opened)),
            "opened without a proof"
        );
    }
}

fn plan(is_encrypted: bool) -> HandshakePlan {
    HandshakePlan {
        session_type: SessionType::StandardStream,
        properties: None,
        encryption: is_encrypted.then(|| EncryptionPlan {
            kms_key_id: "arn:key".into(),
            target: TARGET.into(),
            requires_challenge: false,
            random_challenge: [1; 16],
            secret: SECRET,
            first_nonce: [2; 12],
        }),
    }
}

/// What a fuzzer came up with, read from the front; zeros when it is used up.
struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or_default()
    }

    fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// A number near `base`, or far from it.
    fn number(&mut self, base: i64) -> i64 {
        match self.byte() {
            0xff => i64::MAX,
            0xfe => i64::MIN,
            0xfd => base + 5000,
            near => base + i64::from(near % 8) - 2,
        }
    }

    fn payload(&mut self) -> &'a [u8] {
        let len = usize::from(self.byte());
        // Large enough for every buffer, without a script that large.
        self.take(len)
    }

    fn payload_type(&mut self) -> PayloadType {
        PayloadType::from(u32::from(self.byte() % 14))
    }
}

fn fuzzed_limits(script: &mut Script<'_>) -> Limits {
    if script.byte().is_multiple_of(2) {
        return Limits::default();
    }
    Limits {
        payload_bytes: 40,
        window_messages: 3,
        window_bytes: 100,
        held_input_bytes: 120,
        reorder_messages: 4,
        reorder_bytes: 900,
        ..Limits::default()
    }
}

/// What holds for everything an end writes.
#[derive(Default)]
struct Wire {
    is_up: bool,
    is_open: bool,
    is_encrypted: bool,
    has_ended: bool,
    answers: u32,
    proofs: u32,
    /// What each number stands for.
    frames: BTreeMap<i64, Bytes>,
}

impl Wire {
    fn transmit(&mut self, frame: &Frame, opens: fn(&[u8]) -> bool) {
        assert!(!self.has_ended, "a frame after the last word");
        assert!(self.is_up, "a frame without a connection");
        let Frame::Binary(frame) = frame else {
            return;
        };
        let Ok(message) = AgentMessage::decode(frame.clone()) else {
            panic!("a frame that does not read")
        };
        if !matches!(
            message.message_type,
            MessageType::InputStreamData | MessageType::OutputStreamData
        ) {
            return;
        }
        let number = message.sequence_number.0;
        if let Some(earlier) = self.frames.insert(number, frame.clone()) {
            assert!(earlier == *frame, "message {number} changed");
            return;
        }
        match message.payload_type {
            PayloadType::HandshakeResponse => self.answers += 1,
            PayloadType::EncChallengeResponse => self.proofs += 1,
            PayloadType::Output | PayloadType::StdErr | PayloadType::ExitCode => {
                assert!(self.is_open, "data before the session is open");
                assert!(
                    !self.is_encrypted || opens(&message.payload),
                    "data in the clear"
                );
            }
            PayloadType::None
            | PayloadType::Error
            | PayloadType::Size
            | PayloadType::Parameter
            | PayloadType::HandshakeRequest
            | PayloadType::HandshakeComplete
            | PayloadType::EncChallengeRequest
            | PayloadType::Flag
            | PayloadType::Unknown(_) => {}
        }
        assert!(self.answers <= 1 && self.proofs <= 1, "answered twice");
    }

    /// How many numbers have been used.
    fn sent(&self) -> i64 {
        i64::try_from(self.frames.len()).unwrap_or_default()
    }
}

/// Fuzz target: a client's operations and the frames of its peer, interleaved.
///
/// # Panics
///
/// When one of the promises of [`DataChannel`] is broken.
pub fn client(data: &[u8]) {
    let mut script = Script(data);
    let limits = fuzzed_limits(&mut script);
    let options = script.byte();
    let mut end = Client::connected(|config| {
        config.limits = limits;
        config.target = Some(TARGET.into());
        config.size = TerminalSize::new(80, 24).filter(|_| options.is_multiple_of(2));
    });
    let mut wire = Wire {
        is_up: true,
        ..Wire::default()
    };
    let mut next = 0;
    while !script.0.is_empty() && !end.channel.is_closed() {
        let now = end.now;
        match script.byte() % 24 {
            0..=3 => {
                let number = script.number(next);
                let payload_type = script.payload_type();
                let frame = from_agent(number, payload_type, script.payload());
                end.channel.handle_frame(now, frame);
            }
            // What a proper agent sends next.
            4..=7 => {
                let payload = match script.byte() % 8 {
                    0 => (PayloadType::HandshakeRequest, SHELL_REQUEST.into()),
                    1 => (PayloadType::HandshakeRequest, KMS_REQUEST.into()),
                    2 => (
                        PayloadType::EncChallengeRequest,
                        challenge(sealed(0, SECRET)),
                    ),
                    3 => (PayloadType::HandshakeComplete, COMPLETE.into()),
                    4 => (PayloadType::Output, sealed(1, script.payload())),
                    5 => (PayloadType::StdErr, sealed(1, script.payload())),
                    6 => (PayloadType::ExitCode, sealed(1, "EXIT_CODE: 4")),
                    _ => (
                        PayloadType::Output,
                        Bytes::copy_from_slice(script.payload()),
                    ),
                };
                let (payload_type, payload): (_, Bytes) = payload;
                let frame = from_agent(next, payload_type, &payload);
                end.channel.handle_frame(now, frame);
                next += 1;
            }
            8 => {
                let frame = Bytes::copy_from_slice(script.payload());
                end.channel.handle_frame(now, frame);
            }
            9 | 10 => {
                let number = script.number(wire.sent() - 1);
                end.channel
                    .handle_frame(now, acknowledgement(MessageType::InputStreamData, number));
            }
            11 | 12 => {
                let payload = script.payload();
                let taken = end.channel.send_input(now, payload);
                assert!(taken <= payload.len());
            }
            13 => {
                let payload = script.payload();
                assert!(end.channel.send_urgent_input(now, payload) <= payload.len());
            }
            14 => {
                let held = end.channel.held_input_bytes();
                let dropped = end.channel.cancel_input();
                assert_eq!(end.channel.held_input_bytes(), held - dropped);
            }
            15 => {
                let (cols, rows) = (script.byte(), script.byte());
                if let Some(size) = TerminalSize::new(cols.into(), rows.into()) {
                    end.channel.resize(now, size);
                }
            }
            16 => {
                end.channel.handle_disconnected(now);
                wire.is_up = false;
            }
            17 => {
                end.connect();
                wire.is_up = true;
            }
            18 => end.channel.handle_frame(now, pause()),
            19 => end.channel.handle_frame(now, start()),
            20 => end.now.elapsed += Duration::from_millis(u64::from(script.byte()) * 20),
            21 => end.channel.provide_data_key(now, generated_data_key()),
            22 => end.channel.refuse_data_key(now, "no"),
            _ => {
                let text = String::from_utf8_lossy(script.payload()).into_owned();
                // Most scripts should go on.
                if script.byte() < 10 {
                    end.channel.handle_frame(now, closed(&text));
                }
            }
        }
        let now = end.now;
        let mut rounds = 0;
        while end
            .channel
            .poll_timeout()
            .is_some_and(|due| due <= now.elapsed)
        {
            end.channel.handle_timeout(now);
            rounds += 1;
            assert!(rounds < 1000, "the deadline stands still");
        }
        assert!(end.channel.held_bytes() <= limits.most_held_bytes());
        assert!(end.channel.reordering_bytes() <= limits.reorder_bytes);
        while let Some(output) = end.channel.poll_output() {
            match output {
                Output::Transmit(frame) => wire.transmit(&frame, |payload| {
                    data_key().agent_cipher().open(payload).is_ok()
                }),
                Output::Event(event) => {
                    assert!(!wire.has_ended, "{event:?} after the last word");
                    match event {
                        ClientEvent::Opened(info) => {
                            assert!(!wire.is_open, "opened twice");
                            wire.is_open = true;
                            wire.is_encrypted = info.is_encrypted;
                        }
                        ClientEvent::Output(_)
                        | ClientEvent::Stderr(_)
                        | ClientEvent::ExitCode(_) => {
                            assert!(wire.is_open, "shown before the session was open");
                        }
                        ClientEvent::Closed(_) | ClientEvent::Failed(_) => wire.has_ended = true,
                        ClientEvent::HandshakeRequested { .. }
                        | ClientEvent::DataKeyNeeded(_)
                        | ClientEvent::Notice(_)
                        | ClientEvent::FlagReceived(_) => {}
                    }
                }
            }
        }
    }
    if end.channel.is_closed() {
        assert_eq!(
            (end.channel.poll_timeout(), end.channel.input_capacity()),
            (None, 0)
        );
        assert_eq!(end.channel.held_bytes(), 0);
    }
}

/// Fuzz target: an agent's operations and the frames of its peer, interleaved.
///
/// # Panics
///
/// When one of the promises of [`AgentChannel`](protocol::AgentChannel) is broken.
pub fn agent(data: &[u8]) {
    let mut script = Script(data);
    let limits = fuzzed_limits(&mut script);
    let options = script.byte();
    let is_encrypted = options % 4 == 3;
    let mut end = Agent::connected(|config| {
        config.limits = limits;
        config.handshake = (options % 4 > 0).then(|| plan(is_encrypted));
        config.wedge_on_error = options & 4 != 0;
    });
    let mut wire = Wire {
        is_up: true,
        is_encrypted,
        ..Wire::default()
    };
    let mut next = 0;
    while !script.0.is_empty() && !end.channel.is_closed() {
        let now = end.now;
        match script.byte() % 20 {
            0..=3 => {
                let number = script.number(next);
                let payload_type = script.payload_type();
                let frame = from_client(number, payload_type, script.payload());
                end.channel.handle_frame(now, frame);
            }
            // What a proper client sends next.
            4..=7 => {
                let by_client = |text: &[u8]| {
                    let sealed = data_key().client_cipher().seal([3; 12], text);
                    sealed.unwrap_or_default()
                };
                let (payload_type, payload) = match script.byte() % 6 {
                    0 => (PayloadType::HandshakeResponse, KMS_RESPONSE.into()),
                    1 => (
                        PayloadType::EncChallengeResponse,
                        challenge(by_client(&SECRET)),
                    ),
                    2 => (PayloadType::Output, by_client(script.payload())),
                    3 => (PayloadType::Size, r#"{"cols":9,"rows":8}"#.into()),
                    4 => (PayloadType::Flag, Bytes::from_static(&[0, 0, 0, 1])),
                    _ => (
                        PayloadType::Output,
                        Bytes::copy_from_slice(script.payload()),
                    ),
                };
                let frame = from_client(next, payload_type, &payload);
                end.channel.handle_frame(now, frame);
                next += 1;
            }
            8 => {
                let frame = Bytes::copy_from_slice(script.payload());
                end.channel.handle_frame(now, frame);
            }
            9 | 10 => {
                let number = script.number(wire.sent() - 1);
                end.channel
                    .handle_frame(now, acknowledgement(MessageType::OutputStreamData, number));
            }
            // As its caller has to: within its capacity, once the session is open.
            11 if wire.is_open => {
                let room = end.channel.output_capacity();
                let payload = script.payload();
                let payload = Bytes::copy_from_slice(&payload[..room.min(payload.len())]);
                end.channel.send_output(now, payload);
            }
            12 if wire.is_open && end.channel.output_capacity() > 0 => {
                end.channel.send_exit_code(now, i32::from(script.byte()));
            }
            11 | 12 => {}
            13 => end.channel.set_ready(now),
            14 => {
                end.channel.handle_disconnected(now);
                wire.is_up = false;
            }
            15 => {
                end.channel.handle_connected(now);
                wire.is_up = true;
            }
            16 => {
                let frame = if script.byte().is_multiple_of(2) {
                    pause()
                } else {
                    start()
                };
                end.channel.handle_frame(now, frame);
            }
            17 => end.now.elapsed += Duration::from_millis(u64::from(script.byte()) * 80),
            18 => end.channel.provide_data_key(now, &data_key()),
            _ => {
                if script.byte() < 10 {
                    end.channel.refuse_data_key(now, "no");
                }
            }
        }
        let now = end.now;
        let mut rounds = 0;
        while end
            .channel
            .poll_timeout()
            .is_some_and(|due| due <= now.elapsed)
        {
            end.channel.handle_timeout(now);
            rounds += 1;
            assert!(rounds < 1000, "the deadline stands still");
        }
        assert!(end.channel.reordering_bytes() <= limits.reorder_bytes);
        // What is sealed is longer, and an exit code is no output of the program.
        let slack = 28 * 256 + 4096;
        assert!(end.channel.unacknowledged_bytes() <= limits.window_bytes + slack);
        while let Some(output) = end.channel.poll_output() {
            match output {
                Output::Transmit(frame) => wire.transmit(&frame, |payload| {
                    data_key().client_cipher().open(payload).is_ok()
                }),
                Output::Event(event) => {
                    assert!(!wire.has_ended, "{event:?} after the last word");
                    match event {
                        AgentEvent::Opened => {
                            assert!(!wire.is_open, "opened twice");
                            wire.is_open = true;
                        }
                        AgentEvent::Input(_) | AgentEvent::Resize(_) | AgentEvent::Flag(_) => {
                            assert!(wire.is_open, "input before the session was open");
                        }
                        AgentEvent::Closed(_) | AgentEvent::SequenceExhausted => {
                            wire.has_ended = true;
                        }
                        AgentEvent::DecryptDataKey(_)
                        | AgentEvent::HandshakeFailed(_)
                        | AgentEvent::Notice(_) => {}
                    }
                }
            }
        }
    }
}
