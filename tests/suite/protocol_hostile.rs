//! What a broken or hostile peer can send, row by row, with the one outcome each must have.
//!
//! After every row that does not end the session, the next proper message must still come through: nothing a peer
//! sends may leave a channel deaf.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use bytes::Bytes;
use protocol::kms::{CipherError, DataKey};
use protocol::{
    AgentEvent, AgentMessage, ChannelClosed, ChannelError, ChannelFlag, ClientEvent, DecodeError,
    Flags, Limits, MAX_FRAME_LEN_BYTES, MessageType, Notice, PayloadType, SessionInfo, SessionType,
};
use testsuite::scripted::{
    Agent, COMPLETE, Client, KMS_REQUEST, SECRET, SHELL_REQUEST, Seen, TARGET, challenge, closed,
    data_key, from_agent, from_client, generated_data_key, message, sealed,
};

/// Where the session stands when the frame comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Connected, nothing heard yet; the next number is 0.
    Waiting,
    /// A request without encryption is answered; the next number is 1.
    Answered,
    /// A request with encryption waits for the data key; the next number is 1.
    KeyNeeded,
    /// There is no data key, and the agent is told so; the next number is 1.
    Refused,
    /// The data key is sent; the next number is 1.
    Agreed,
    /// The challenge is answered too; the next number is 2.
    Proven,
    /// Open and encrypted; the next number is 3.
    Encrypted,
    /// Open; the next number is 1.
    Open,
}

/// What has to come of it.
#[derive(Debug)]
enum Then {
    /// Exactly this, and the session goes on with the same number next.
    Ignored(Vec<Notice>),
    /// Acknowledged, exactly these events, and the session goes on with the following number.
    Taken(Vec<ClientEvent>),
    /// Acknowledged, and the same number is still next.
    OnlyAcknowledged(i64),
    /// The session fails, after an acknowledgement.
    Fails(ChannelError),
    /// The session is closed by the service's word.
    Closes(&'static str),
}

struct Row {
    name: &'static str,
    at: At,
    frame: Bytes,
    then: Then,
}

fn malformed(error: DecodeError) -> Then {
    Then::Ignored(vec![Notice::MalformedFrame(error)])
}

fn truncated(field: &'static str, needed: usize, available: usize) -> Then {
    malformed(DecodeError::Truncated {
        field,
        needed,
        available,
    })
}

fn taken(notice: Notice) -> Then {
    Then::Taken(vec![ClientEvent::Notice(notice)])
}

fn unexpected(payload_type: PayloadType) -> Then {
    taken(Notice::UnexpectedPayload(payload_type))
}

/// A proper frame of the agent, number 1, with bytes changed.
fn changed(change: impl FnOnce(&mut Vec<u8>)) -> Bytes {
    let mut frame = Vec::from(from_agent(1, PayloadType::Output, "hello"));
    change(&mut frame);
    frame.into()
}

fn put(frame: &mut [u8], at: usize, bytes: &[u8]) {
    frame[at..at + bytes.len()].copy_from_slice(bytes);
}

fn header_length(value: u32) -> Bytes {
    changed(|frame| put(frame, 0, &value.to_be_bytes()))
}

fn payload_length(value: u32) -> Bytes {
    changed(|frame| put(frame, 116, &value.to_be_bytes()))
}

fn cut(length: usize) -> Bytes {
    changed(|frame| frame.truncate(length))
}

/// A proper frame with any type and payload, outside the stream.
fn service(name: &str, payload: &[u8]) -> Bytes {
    message(MessageType::from(name), 0, PayloadType::None, payload)
        .encode()
        .unwrap()
}

/// A frame whose type field holds these bytes.
fn typed(field: &[u8; 32]) -> Bytes {
    changed(|frame| put(frame, 4, field))
}

fn output(text: &'static str) -> ClientEvent {
    ClientEvent::Output(text.into())
}

fn frame_rows() -> Vec<Row> {
    let row = |name, frame, then| Row {
        name,
        at: At::Open,
        frame,
        then,
    };
    let understated = |declared| {
        Then::Taken(vec![
            ClientEvent::Notice(Notice::PayloadLengthUnderstated {
                declared,
                present: 5,
            }),
            output("hello"),
        ])
    };
    let blank = || malformed(DecodeError::MessageTypeBlank);
    vec![
        // Too short, at every field.
        row("no bytes", cut(0), truncated("header length", 4, 0)),
        row("one byte", cut(1), truncated("header length", 4, 1)),
        row("three bytes", cut(3), truncated("header length", 4, 3)),
        row(
            "only a header length",
            cut(4),
            truncated("message type", 36, 4),
        ),
        row(
            "half a message type",
            cut(20),
            truncated("message type", 36, 20),
        ),
        row(
            "no schema version",
            cut(36),
            truncated("schema version", 40, 36),
        ),
        row("no date", cut(40), truncated("created date", 48, 40)),
        row("no number", cut(48), truncated("sequence number", 56, 48)),
        row("no flags", cut(56), truncated("flags", 64, 56)),
        row("no id", cut(64), truncated("message id", 80, 64)),
        row(
            "half a digest",
            cut(96),
            truncated("payload digest", 112, 96),
        ),
        row(
            "no payload type",
            cut(112),
            truncated("payload type", 116, 112),
        ),
        row(
            "no payload length",
            cut(116),
            truncated("payload length", 120, 116),
        ),
        row(
            "one byte short of a header",
            cut(119),
            truncated("payload length", 120, 119),
        ),
        row(
            "header without its payload",
            cut(120),
            malformed(overstated(5, 0)),
        ),
        row("payload cut by one", cut(124), malformed(overstated(5, 4))),
        // Too long.
        row(
            "larger than any frame",
            vec![0; MAX_FRAME_LEN_BYTES + 1].into(),
            malformed(DecodeError::TooLarge {
                length: MAX_FRAME_LEN_BYTES + 1,
            }),
        ),
        row(
            "a byte too many",
            changed(|frame| frame.push(0)),
            extended(),
        ),
        row(
            "two messages in one frame",
            changed(|frame| frame.extend_from_within(..)),
            extended(),
        ),
        // Header lengths.
        row(
            "header length 0",
            header_length(0),
            malformed(DecodeError::HeaderTooShort(0)),
        ),
        row(
            "header length 1",
            header_length(1),
            malformed(DecodeError::HeaderTooShort(1)),
        ),
        row(
            "header length 111",
            header_length(111),
            malformed(DecodeError::HeaderTooShort(111)),
        ),
        row(
            "header length 112 over the long form",
            header_length(112),
            malformed(DecodeError::DigestMismatch),
        ),
        row(
            "header length 115",
            header_length(115),
            malformed(overstated(0x0100_0000, 6)),
        ),
        row(
            "header length 117",
            header_length(117),
            malformed(overstated(0x568, 4)),
        ),
        row(
            "header length to the last field",
            header_length(121),
            malformed(overstated(u32::from_be_bytes(*b"ello"), 0)),
        ),
        row(
            "header length just beyond",
            header_length(122),
            truncated("payload length", 126, 125),
        ),
        row(
            "header length of the whole frame",
            header_length(125),
            truncated("payload length", 129, 125),
        ),
        row(
            "header length at the sign bit",
            header_length(1 << 31),
            truncated("payload length", (1 << 31) + 4, 125),
        ),
        row(
            "header length at its most",
            header_length(u32::MAX),
            truncated("payload length", 0xffff_ffff + 4, 125),
        ),
        // Payload lengths.
        row(
            "payload length 0 before a payload",
            payload_length(0),
            understated(0),
        ),
        row("payload length one less", payload_length(4), understated(4)),
        row(
            "payload length one more",
            payload_length(6),
            malformed(overstated(6, 5)),
        ),
        row(
            "payload length at the sign bit",
            payload_length(1 << 31),
            malformed(overstated(1 << 31, 5)),
        ),
        row(
            "payload length at its most",
            payload_length(u32::MAX),
            malformed(overstated(u32::MAX, 5)),
        ),
        // Digest and payload.
        row(
            "first bit of the digest",
            changed(|frame| frame[80] ^= 0x80),
            malformed(DecodeError::DigestMismatch),
        ),
        row(
            "last bit of the digest",
            changed(|frame| frame[111] ^= 1),
            malformed(DecodeError::DigestMismatch),
        ),
        row(
            "no digest",
            changed(|frame| put(frame, 80, &[0; 32])),
            malformed(DecodeError::DigestMismatch),
        ),
        row(
            "one bit of the payload",
            changed(|frame| frame[122] ^= 4),
            malformed(DecodeError::DigestMismatch),
        ),
        row("empty payload", empty_payload(), Then::Taken(vec![])),
        // Fields that are not checked by anyone.
        row(
            "another schema version",
            changed(|frame| put(frame, 36, &[0xff; 4])),
            Then::Taken(vec![output("hello")]),
        ),
        row(
            "all flags",
            changed(|frame| put(frame, 56, &[0xff; 8])),
            Then::Taken(vec![output("hello")]),
        ),
        row(
            "id of zeros",
            changed(|frame| put(frame, 64, &[0; 16])),
            Then::Taken(vec![output("hello")]),
        ),
        row(
            "date in the far future",
            changed(|frame| put(frame, 40, &[0xff; 8])),
            Then::Taken(vec![output("hello")]),
        ),
        row(
            "date 0",
            changed(|frame| put(frame, 40, &[0; 8])),
            malformed(DecodeError::CreatedDateZero),
        ),
        // Message types.
        row("type of spaces", typed(&[b' '; 32]), blank()),
        row("type of NUL", typed(&[0; 32]), blank()),
        row(
            "type of mixed padding",
            typed(b" \0 \0 \0 \0 \0 \0 \0 \0 \0 \0 \0 \0 \0 \0 \0 \0"),
            blank(),
        ),
        row(
            "type not UTF-8",
            typed(&[0xff; 32]),
            malformed(DecodeError::MessageTypeNotText),
        ),
        row(
            "type cut inside a character",
            typed(b"output_stream_data             \xc3"),
            malformed(DecodeError::MessageTypeNotText),
        ),
        row(
            "type padded with NUL",
            typed(b"output_stream_data\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
            Then::Taken(vec![output("hello")]),
        ),
        row(
            "type padded in front",
            typed(b"              output_stream_data"),
            Then::Taken(vec![output("hello")]),
        ),
        row(
            "type in capitals",
            service("OUTPUT_STREAM_DATA", b"x"),
            Then::Ignored(vec![Notice::UnknownMessageType(
                "OUTPUT_STREAM_DATA".into(),
            )]),
        ),
        row(
            "type with an escape sequence",
            service("a\u{1b}[2Jb", b"x"),
            Then::Ignored(vec![Notice::UnknownMessageType("a[2Jb".into())]),
        ),
        row(
            "type of 32 letters",
            service(&"x".repeat(32), b"x"),
            Then::Ignored(vec![Notice::UnknownMessageType("x".repeat(32))]),
        ),
        row(
            "an agent's control message",
            service("agent_job", b"{}"),
            Then::Ignored(vec![Notice::UnknownMessageType("agent_job".into())]),
        ),
        row(
            "input towards the client",
            from_client(1, PayloadType::Output, "x"),
            misdirected(MessageType::InputStreamData),
        ),
        row(
            "session state towards the client",
            service("agent_session_state", b"{}"),
            misdirected(MessageType::AgentSessionState),
        ),
        // Text where binary is expected.
        row(
            "JSON text",
            Bytes::from_static(br#"{"MessageType":"channel_closed"}"#),
            truncated("message type", 36, 32),
        ),
        row(
            "an HTTP answer",
            Bytes::from_static(b"HTTP/1.1 502 Bad Gateway\r\n\r\n"),
            truncated("message type", 36, 28),
        ),
    ]
}

fn overstated(declared: u32, present: usize) -> DecodeError {
    DecodeError::PayloadLengthOverstated { declared, present }
}

fn extended() -> Then {
    // The digest is taken over everything to the end of the frame, so what was added shows.
    malformed(DecodeError::DigestMismatch)
}

fn misdirected(message_type: MessageType) -> Then {
    Then::Ignored(vec![Notice::MisdirectedMessage(message_type)])
}

fn empty_payload() -> Bytes {
    changed(|frame| {
        frame.truncate(120);
        put(frame, 116, &[0; 4]);
    })
}

fn stream_rows() -> Vec<Row> {
    let at = |at, name, frame, then| Row {
        name,
        at,
        frame,
        then,
    };
    let open = |name, frame, then| Row {
        name,
        at: At::Open,
        frame,
        then,
    };
    let next = |payload_type, payload: &[u8]| from_agent(1, payload_type, payload);
    let bad = |payload_type| {
        taken(Notice::MalformedPayload(
            MessageType::OutputStreamData,
            payload_type,
        ))
    };
    vec![
        // Numbers.
        open(
            "a late duplicate",
            from_agent(0, PayloadType::Output, "$ "),
            Then::OnlyAcknowledged(0),
        ),
        open(
            "another message under an old number",
            from_agent(0, PayloadType::Output, "rm"),
            Then::OnlyAcknowledged(0),
        ),
        open(
            "number -1",
            from_agent(-1, PayloadType::Output, "x"),
            Then::OnlyAcknowledged(-1),
        ),
        open(
            "the lowest number",
            from_agent(i64::MIN, PayloadType::Output, "x"),
            Then::OnlyAcknowledged(i64::MIN),
        ),
        open(
            "the highest number",
            from_agent(i64::MAX, PayloadType::Output, "x"),
            Then::Ignored(vec![]),
        ),
        open(
            "a number beyond 32 bits",
            from_agent(1 << 32, PayloadType::Output, "x"),
            Then::Ignored(vec![]),
        ),
        open(
            "a number just beyond the buffer",
            from_agent(10_002, PayloadType::Output, "x"),
            Then::Ignored(vec![]),
        ),
        open(
            "a gap",
            from_agent(7, PayloadType::Output, "x"),
            Then::OnlyAcknowledged(7),
        ),
        // Payload types at the wrong time.
        at(
            At::Waiting,
            "standard error first",
            from_agent(0, PayloadType::StdErr, "x"),
            unexpected(PayloadType::StdErr),
        ),
        at(
            At::Waiting,
            "a flag first",
            from_agent(0, PayloadType::Flag, [0, 0, 0, 3]),
            unexpected(PayloadType::Flag),
        ),
        at(
            At::Waiting,
            "complete without a request",
            from_agent(0, PayloadType::HandshakeComplete, COMPLETE),
            unexpected(PayloadType::HandshakeComplete),
        ),
        at(
            At::Waiting,
            "a challenge without a request",
            from_agent(0, PayloadType::EncChallengeRequest, "{}"),
            unexpected(PayloadType::EncChallengeRequest),
        ),
        at(
            At::Waiting,
            "our own answer",
            from_agent(0, PayloadType::HandshakeResponse, "{}"),
            unexpected(PayloadType::HandshakeResponse),
        ),
        at(
            At::Waiting,
            "an unreadable request",
            from_agent(0, PayloadType::HandshakeRequest, "no"),
            Then::Fails(ChannelError::HandshakeUnreadable),
        ),
        at(
            At::Waiting,
            "a request that is a list",
            from_agent(0, PayloadType::HandshakeRequest, "[[]]"),
            Then::Fails(ChannelError::HandshakeUnreadable),
        ),
        at(
            At::Waiting,
            "a request nested without end",
            from_agent(0, PayloadType::HandshakeRequest, "[".repeat(100_000)),
            Then::Fails(ChannelError::HandshakeUnreadable),
        ),
        at(
            At::Waiting,
            "a request for ten thousand actions",
            ten_thousand_actions(),
            Then::Fails(ChannelError::HandshakeUnreadable),
        ),
        at(
            At::Answered,
            "output before complete",
            next(PayloadType::Output, b"x"),
            Then::Fails(ChannelError::DataDuringHandshake),
        ),
        at(
            At::Answered,
            "a second request",
            next(PayloadType::HandshakeRequest, SHELL_REQUEST.as_bytes()),
            unexpected(PayloadType::HandshakeRequest),
        ),
        at(
            At::Answered,
            "a second request with encryption",
            next(PayloadType::HandshakeRequest, KMS_REQUEST.as_bytes()),
            unexpected(PayloadType::HandshakeRequest),
        ),
        at(
            At::Answered,
            "a challenge without encryption",
            next(PayloadType::EncChallengeRequest, br#"{"Challenge":"AQID"}"#),
            unexpected(PayloadType::EncChallengeRequest),
        ),
        at(
            At::Refused,
            "output after encryption",
            next(PayloadType::Output, b"x"),
            Then::Fails(ChannelError::PlaintextRefused),
        ),
        at(
            At::Refused,
            "standard error after encryption",
            next(PayloadType::StdErr, b"x"),
            Then::Fails(ChannelError::PlaintextRefused),
        ),
        at(
            At::Refused,
            "an exit code after encryption",
            next(PayloadType::ExitCode, b"EXIT_CODE: 0"),
            Then::Fails(ChannelError::PlaintextRefused),
        ),
        at(
            At::Refused,
            "complete after a refusal",
            next(PayloadType::HandshakeComplete, COMPLETE.as_bytes()),
            Then::Fails(ChannelError::EncryptionSkipped),
        ),
        at(
            At::Refused,
            "a second request without encryption",
            next(PayloadType::HandshakeRequest, SHELL_REQUEST.as_bytes()),
            unexpected(PayloadType::HandshakeRequest),
        ),
        open(
            "a request in an open session",
            next(PayloadType::HandshakeRequest, SHELL_REQUEST.as_bytes()),
            unexpected(PayloadType::HandshakeRequest),
        ),
        open(
            "complete in an open session",
            next(PayloadType::HandshakeComplete, COMPLETE.as_bytes()),
            unexpected(PayloadType::HandshakeComplete),
        ),
        open(
            "a size from the agent",
            next(PayloadType::Size, br#"{"cols":1,"rows":1}"#),
            unexpected(PayloadType::Size),
        ),
        open(
            "payload type 0",
            next(PayloadType::None, b"x"),
            unexpected(PayloadType::None),
        ),
        open(
            "payload type error",
            next(PayloadType::Error, b"x"),
            unexpected(PayloadType::Error),
        ),
        open(
            "payload type parameter",
            next(PayloadType::Parameter, b"x"),
            unexpected(PayloadType::Parameter),
        ),
        open(
            "payload type 13",
            next(PayloadType::Unknown(13), b"x"),
            taken(Notice::UnknownPayloadType(13)),
        ),
        open(
            "the highest payload type",
            next(PayloadType::Unknown(u32::MAX), b"x"),
            taken(Notice::UnknownPayloadType(u32::MAX)),
        ),
        // Bodies.
        open(
            "a flag of three bytes",
            next(PayloadType::Flag, &[0, 0, 3]),
            bad(PayloadType::Flag),
        ),
        open(
            "a flag of five bytes",
            next(PayloadType::Flag, &[0, 0, 0, 0, 3]),
            bad(PayloadType::Flag),
        ),
        open(
            "an exit code without a number",
            next(PayloadType::ExitCode, b"EXIT_CODE: "),
            bad(PayloadType::ExitCode),
        ),
        open(
            "an exit code beyond 32 bits",
            next(PayloadType::ExitCode, b"EXIT_CODE: 99999999999"),
            bad(PayloadType::ExitCode),
        ),
        open(
            "an exit code that is not text",
            next(PayloadType::ExitCode, b"\xff\xff"),
            bad(PayloadType::ExitCode),
        ),
        open(
            "bad UTF-8 for the terminal",
            next(PayloadType::Output, b"\xff"),
            Then::Taken(vec![ClientEvent::Output(Bytes::from_static(b"\xff"))]),
        ),
        // Acknowledgements.
        open(
            "an acknowledgement that is not JSON",
            service("acknowledge", b"ack"),
            bad_acknowledgement(),
        ),
        open(
            "an acknowledgement without a number",
            service("acknowledge", b"{}"),
            bad_acknowledgement(),
        ),
        open(
            "an acknowledgement with a text for a number",
            service(
                "acknowledge",
                br#"{"AcknowledgedMessageSequenceNumber":"0"}"#,
            ),
            bad_acknowledgement(),
        ),
        open(
            "an acknowledgement with a fraction",
            service(
                "acknowledge",
                br#"{"AcknowledgedMessageSequenceNumber":0.5}"#,
            ),
            bad_acknowledgement(),
        ),
        open(
            "an acknowledgement beyond 64 bits",
            service(
                "acknowledge",
                br#"{"AcknowledgedMessageSequenceNumber":9223372036854775808}"#,
            ),
            bad_acknowledgement(),
        ),
        open(
            "an acknowledgement of nothing sent",
            service("acknowledge", br#"{"AcknowledgedMessageSequenceNumber":0}"#),
            Then::Ignored(vec![]),
        ),
        open(
            "an acknowledgement of a negative number",
            service(
                "acknowledge",
                br#"{"AcknowledgedMessageSequenceNumber":-1}"#,
            ),
            Then::Ignored(vec![]),
        ),
        open(
            "an acknowledgement without a body",
            bodiless("acknowledge"),
            bad_acknowledgement(),
        ),
        open(
            "an acknowledgement of a list",
            service("acknowledge", b"[0]"),
            bad_acknowledgement(),
        ),
        open(
            "an acknowledgement nested without end",
            service("acknowledge", "[".repeat(100_000).as_bytes()),
            bad_acknowledgement(),
        ),
        // The short form.
        open(
            "output in the form without a payload type",
            short_form(&from_agent(1, PayloadType::Output, "x")),
            unexpected(PayloadType::None),
        ),
        open(
            "an unknown type in the short form",
            short_form(&service("agent_job", b"x")),
            Then::Ignored(vec![Notice::UnknownMessageType("agent_job".into())]),
        ),
        open(
            "the short form cut before its length",
            short_form(&service("agent_job", b"x")).slice(..112),
            truncated("payload length", 116, 112),
        ),
        open(
            "the short form cut inside its payload",
            short_form(&service("agent_job", b"xyz")).slice(..118),
            malformed(overstated(3, 2)),
        ),
        // The end.
        open(
            "closed in the long form",
            service("channel_closed", br#"{"Output":"bye"}"#),
            Then::Closes("bye"),
        ),
        open(
            "closed without a body",
            bodiless("channel_closed"),
            Then::Closes(""),
        ),
        open(
            "closed, but damaged on the way",
            damaged(closed("bye")),
            malformed(DecodeError::DigestMismatch),
        ),
        open(
            "closed with a body of noise",
            service("channel_closed", b"\xff\xfe"),
            Then::Closes(""),
        ),
        open(
            "closed with a list",
            service("channel_closed", b"[1]"),
            Then::Closes(""),
        ),
        open(
            "closed with numbers for texts",
            service("channel_closed", br#"{"Output":1,"SessionId":2}"#),
            Then::Closes(""),
        ),
        open(
            "closed with control characters",
            closed("a\u{1b}c\u{9c}b\u{202e}"),
            Then::Closes("acb"),
        ),
        at(
            At::Waiting,
            "closed before anything",
            closed("no"),
            Then::Closes("no"),
        ),
        at(
            At::Answered,
            "closed during the handshake",
            closed("no"),
            Then::Closes("no"),
        ),
        // Publications, which nobody may rely on being well-formed.
        open(
            "a start out of nowhere",
            publication("start_publication", 116, |_| {}),
            Then::Ignored(vec![]),
        ),
        open(
            "a start with nothing but a name",
            publication("start_publication", 0, |frame| frame.truncate(112)),
            Then::Ignored(vec![]),
        ),
        open(
            "a start without date and digest",
            publication("start_publication", 116, |frame| frame[40..48].fill(0)),
            Then::Ignored(vec![]),
        ),
        open(
            "a start with an absurd header length",
            publication("start_publication", u32::MAX, |_| {}),
            Then::Ignored(vec![]),
        ),
        open(
            "a start that is cut off",
            publication("start_publication", 116, |frame| frame.truncate(111)),
            truncated("payload digest", 112, 111),
        ),
        open(
            "a pause with an absurd header length",
            publication("pause_publication", 1, |frame| frame[80..112].fill(0)),
            Then::Ignored(vec![Notice::PeerAbsent]),
        ),
    ]
}

/// What can go wrong around encryption.
fn encryption_rows() -> Vec<Row> {
    let row = |at, name, payload_type, payload: &[u8], then| Row {
        name,
        at,
        frame: from_agent(next_number(at), payload_type, payload),
        then,
    };
    let encryption = |error| Then::Fails(ChannelError::Encryption(error));
    let skipped = || Then::Fails(ChannelError::EncryptionSkipped);
    let early = || Then::Fails(ChannelError::DataDuringHandshake);
    let plain = || Then::Fails(ChannelError::PlaintextRefused);
    let unreadable = || Then::Fails(ChannelError::ChallengeUnreadable);
    let altered = |index: usize| {
        let mut payload = sealed(1, "hello").to_vec();
        payload[index] ^= 1;
        payload
    };
    let own = data_key()
        .client_cipher()
        .seal([1; 12], &[0x5c; 64])
        .unwrap();
    let other = DataKey::new(&[9; 64])
        .unwrap()
        .agent_cipher()
        .seal([1; 12], b"hello")
        .unwrap();
    let proof = challenge(sealed(0, SECRET));
    use At::{Agreed, Encrypted, KeyNeeded, Proven};
    use PayloadType as Type;
    vec![
        row(
            KeyNeeded,
            "output instead of waiting for the key",
            Type::Output,
            b"x",
            plain(),
        ),
        row(
            KeyNeeded,
            "standard error instead of waiting for the key",
            Type::StdErr,
            b"x",
            plain(),
        ),
        row(
            KeyNeeded,
            "an exit code instead of waiting for the key",
            Type::ExitCode,
            b"EXIT_CODE: 0",
            plain(),
        ),
        row(
            KeyNeeded,
            "complete without an answer",
            Type::HandshakeComplete,
            COMPLETE.as_bytes(),
            skipped(),
        ),
        row(
            KeyNeeded,
            "a challenge before the key",
            Type::EncChallengeRequest,
            &proof,
            unexpected(Type::EncChallengeRequest),
        ),
        row(
            KeyNeeded,
            "a second request while the key is awaited",
            Type::HandshakeRequest,
            KMS_REQUEST.as_bytes(),
            unexpected(Type::HandshakeRequest),
        ),
        row(
            KeyNeeded,
            "a request without encryption while the key is awaited",
            Type::HandshakeRequest,
            SHELL_REQUEST.as_bytes(),
            unexpected(Type::HandshakeRequest),
        ),
        row(
            KeyNeeded,
            "a flag while the key is awaited",
            Type::Flag,
            &[0, 0, 0, 2],
            unexpected(Type::Flag),
        ),
        row(
            KeyNeeded,
            "an unknown type while the key is awaited",
            Type::Unknown(99),
            b"x",
            taken(Notice::UnknownPayloadType(99)),
        ),
        Row {
            name: "closed while the key is awaited",
            at: KeyNeeded,
            frame: closed("no"),
            then: Then::Closes("no"),
        },
        row(
            Agreed,
            "output in the clear before the challenge",
            Type::Output,
            b"x",
            early(),
        ),
        row(
            Agreed,
            "output before the challenge",
            Type::Output,
            &sealed(1, "x"),
            early(),
        ),
        row(
            Agreed,
            "complete before the challenge",
            Type::HandshakeComplete,
            COMPLETE.as_bytes(),
            skipped(),
        ),
        row(
            Agreed,
            "a request after the key",
            Type::HandshakeRequest,
            KMS_REQUEST.as_bytes(),
            unexpected(Type::HandshakeRequest),
        ),
        row(
            Agreed,
            "the answer to a challenge",
            Type::EncChallengeResponse,
            &proof,
            unexpected(Type::EncChallengeResponse),
        ),
        row(
            Agreed,
            "a challenge that is not JSON",
            Type::EncChallengeRequest,
            b"challenge",
            unreadable(),
        ),
        row(
            Agreed,
            "a challenge without a challenge",
            Type::EncChallengeRequest,
            b"{}",
            unreadable(),
        ),
        row(
            Agreed,
            "a challenge that is a number",
            Type::EncChallengeRequest,
            br#"{"Challenge":1}"#,
            unreadable(),
        ),
        row(
            Agreed,
            "a challenge that is not base64",
            Type::EncChallengeRequest,
            br#"{"Challenge":"a"}"#,
            unreadable(),
        ),
        row(
            Agreed,
            "a challenge without end",
            Type::EncChallengeRequest,
            &challenge(sealed(0, [0; 100_000])),
            unreadable(),
        ),
        row(
            Agreed,
            "an empty challenge",
            Type::EncChallengeRequest,
            br#"{"Challenge":""}"#,
            encryption(CipherError::TooShort),
        ),
        row(
            Agreed,
            "a challenge shorter than a seal",
            Type::EncChallengeRequest,
            &challenge([0; 27]),
            encryption(CipherError::TooShort),
        ),
        row(
            Agreed,
            "a challenge of zeros",
            Type::EncChallengeRequest,
            &challenge([0; 92]),
            encryption(CipherError::NotAuthentic),
        ),
        row(
            Agreed,
            "a challenge sealed with our own key",
            Type::EncChallengeRequest,
            &challenge(own.clone()),
            encryption(CipherError::NotAuthentic),
        ),
        row(
            Agreed,
            "a challenge sealed with another key",
            Type::EncChallengeRequest,
            &challenge(other.clone()),
            encryption(CipherError::NotAuthentic),
        ),
        row(
            Proven,
            "a second challenge",
            Type::EncChallengeRequest,
            &proof,
            unexpected(Type::EncChallengeRequest),
        ),
        row(
            Proven,
            "output before complete though sealed",
            Type::Output,
            &sealed(1, "x"),
            early(),
        ),
        row(
            Proven,
            "an unreadable complete",
            Type::HandshakeComplete,
            b"done",
            Then::Taken(vec![
                ClientEvent::Notice(Notice::MalformedPayload(
                    MessageType::OutputStreamData,
                    Type::HandshakeComplete,
                )),
                ClientEvent::Opened(SessionInfo {
                    agent_version: Some("3.3.987.0".into()),
                    session_type: SessionType::StandardStream,
                    properties: None,
                    handshake: true,
                    is_encrypted: true,
                }),
            ]),
        ),
        row(
            Encrypted,
            "a word in the clear",
            Type::Output,
            b"hello",
            encryption(CipherError::TooShort),
        ),
        row(
            Encrypted,
            "a paragraph in the clear",
            Type::Output,
            &[b'x'; 200],
            encryption(CipherError::NotAuthentic),
        ),
        row(
            Encrypted,
            "standard error in the clear",
            Type::StdErr,
            b"hello",
            encryption(CipherError::TooShort),
        ),
        row(
            Encrypted,
            "an exit code in the clear",
            Type::ExitCode,
            b"EXIT_CODE: 0",
            encryption(CipherError::TooShort),
        ),
        row(
            Encrypted,
            "one byte less than a seal",
            Type::Output,
            &[0; 27],
            encryption(CipherError::TooShort),
        ),
        row(
            Encrypted,
            "a seal of zeros",
            Type::Output,
            &[0; 28],
            encryption(CipherError::NotAuthentic),
        ),
        row(
            Encrypted,
            "another nonce",
            Type::Output,
            &altered(0),
            encryption(CipherError::NotAuthentic),
        ),
        row(
            Encrypted,
            "another ciphertext",
            Type::Output,
            &altered(12),
            encryption(CipherError::NotAuthentic),
        ),
        row(
            Encrypted,
            "another tag",
            Type::Output,
            &altered(32),
            encryption(CipherError::NotAuthentic),
        ),
        row(
            Encrypted,
            "a seal cut by one",
            Type::Output,
            &sealed(1, "hello")[..32],
            encryption(CipherError::NotAuthentic),
        ),
        row(
            Encrypted,
            "our own words sent back",
            Type::Output,
            &own,
            encryption(CipherError::NotAuthentic),
        ),
        row(
            Encrypted,
            "words sealed with another key",
            Type::Output,
            &other,
            encryption(CipherError::NotAuthentic),
        ),
        row(
            Encrypted,
            "nothing, sealed",
            Type::Output,
            &sealed(1, ""),
            Then::Taken(vec![]),
        ),
        row(
            Encrypted,
            "a bad exit code, sealed",
            Type::ExitCode,
            &sealed(1, "EXIT_CODE: x"),
            taken(Notice::MalformedPayload(
                MessageType::OutputStreamData,
                Type::ExitCode,
            )),
        ),
        row(
            Encrypted,
            "a flag, sealed, which flags are not",
            Type::Flag,
            &sealed(1, [0, 0, 0, 3]),
            taken(Notice::MalformedPayload(
                MessageType::OutputStreamData,
                Type::Flag,
            )),
        ),
        row(
            Encrypted,
            "a flag in the clear, as flags are",
            Type::Flag,
            &[0, 0, 0, 3],
            Then::Taken(vec![ClientEvent::FlagReceived(
                ChannelFlag::ConnectToPortError,
            )]),
        ),
        row(
            Encrypted,
            "a challenge in an open session",
            Type::EncChallengeRequest,
            &proof,
            unexpected(Type::EncChallengeRequest),
        ),
        row(
            Encrypted,
            "a request without encryption in an encrypted session",
            Type::HandshakeRequest,
            SHELL_REQUEST.as_bytes(),
            unexpected(Type::HandshakeRequest),
        ),
        row(
            Encrypted,
            "an unknown payload type in the clear",
            Type::Unknown(13),
            b"x",
            taken(Notice::UnknownPayloadType(13)),
        ),
        Row {
            name: "an old number in the clear",
            at: Encrypted,
            frame: from_agent(1, Type::Output, "x"),
            then: Then::OnlyAcknowledged(1),
        },
    ]
}

fn bad_acknowledgement() -> Then {
    Then::Ignored(vec![Notice::MalformedPayload(
        MessageType::Acknowledge,
        PayloadType::None,
    )])
}

fn ten_thousand_actions() -> Bytes {
    let action = r#"{"ActionType":"X"}"#;
    let body = format!(
        r#"{{"RequestedClientActions":[{}]}}"#,
        vec![action; 10_000].join(",")
    );
    from_agent(0, PayloadType::HandshakeRequest, body)
}

/// A message without a payload, which no one writes.
fn bodiless(name: &str) -> Bytes {
    let mut frame = Vec::from(service(name, b"x"));
    frame.truncate(120);
    put(&mut frame, 116, &[0; 4]);
    frame.into()
}

/// A proper message in the form that has no payload type.
fn short_form(long: &Bytes) -> Bytes {
    let mut frame = long[..112].to_vec();
    put(&mut frame, 0, &112_u32.to_be_bytes());
    frame.extend_from_slice(&long[116..]);
    frame.into()
}

fn damaged(frame: Bytes) -> Bytes {
    let mut frame = Vec::from(frame);
    if let Some(last) = frame.last_mut() {
        *last ^= 1;
    }
    frame.into()
}

fn publication(name: &str, header_length: u32, change: impl FnOnce(&mut Vec<u8>)) -> Bytes {
    let mut frame = Vec::from(service(name, b"{}"));
    put(&mut frame, 0, &header_length.to_be_bytes());
    change(&mut frame);
    frame.into()
}

/// Brings a client to where the row wants it, and returns it with the number the agent would use next.
fn bring_to(at: At) -> (Client, i64) {
    let mut client = Client::connected(|config| config.target = Some(TARGET.into()));
    let first = match at {
        At::Waiting => None,
        At::Answered => Some((PayloadType::HandshakeRequest, SHELL_REQUEST)),
        At::KeyNeeded | At::Refused | At::Agreed | At::Proven => {
            Some((PayloadType::HandshakeRequest, KMS_REQUEST))
        }
        At::Open => Some((PayloadType::Output, "$ ")),
        At::Encrypted => {
            client = Client::open_encrypted(|_| {});
            None
        }
    };
    if let Some((payload_type, payload)) = first {
        client.hear(from_agent(0, payload_type, payload));
    }
    match at {
        At::Refused => client.channel.refuse_data_key(client.now, "no permission"),
        At::Agreed | At::Proven => client
            .channel
            .provide_data_key(client.now, generated_data_key()),
        At::Waiting | At::Answered | At::KeyNeeded | At::Open | At::Encrypted => {}
    }
    client.seen();
    if at == At::Proven {
        let proof = challenge(sealed(0, SECRET));
        client.hear(from_agent(1, PayloadType::EncChallengeRequest, proof));
    }
    (client, next_number(at))
}

/// The number the agent would use next.
fn next_number(at: At) -> i64 {
    match at {
        At::Waiting => 0,
        At::Answered | At::KeyNeeded | At::Refused | At::Agreed | At::Open => 1,
        At::Proven => 2,
        At::Encrypted => 3,
    }
}

/// Sees that a session which has not ended still takes the next message.
fn still_hears(client: &mut Client, at: At, number: i64, name: &str) {
    let (payload_type, payload) = match at {
        At::Waiting | At::Open => (PayloadType::Output, "next".into()),
        // It may have opened by the row itself.
        At::Proven if client.enter(b"x").is_empty() => {
            (PayloadType::HandshakeComplete, COMPLETE.into())
        }
        At::Encrypted | At::Proven => (PayloadType::Output, sealed(77, "next")),
        At::Answered => (PayloadType::HandshakeComplete, COMPLETE.into()),
        At::Agreed => (
            PayloadType::EncChallengeRequest,
            challenge(sealed(0, SECRET)),
        ),
        At::KeyNeeded => {
            client
                .channel
                .provide_data_key(client.now, generated_data_key());
            let seen = client.seen();
            let is_answered =
                matches!(seen[..], [Seen::Sent(0, PayloadType::HandshakeResponse, _)]);
            assert!(is_answered, "{name}: deaf to the key: {seen:?}");
            (
                PayloadType::EncChallengeRequest,
                challenge(sealed(0, SECRET)),
            )
        }
        At::Refused => return,
    };
    let seen = client.hear(from_agent(number, payload_type, payload));
    let is_heard = seen.iter().any(|seen| {
        matches!(seen, Seen::Event(ClientEvent::Output(bytes)) if bytes == "next")
            || matches!(seen, Seen::Event(ClientEvent::Opened(info)) if info.handshake)
            || matches!(seen, Seen::Sent(_, PayloadType::EncChallengeResponse, _))
    });
    assert!(
        is_heard && seen.contains(&Seen::Acknowledged(number)),
        "{name}: deaf afterwards: {seen:?}"
    );
}

fn all_rows() -> Vec<Row> {
    frame_rows()
        .into_iter()
        .chain(stream_rows())
        .chain(encryption_rows())
        .collect()
}

#[test]
fn each_malformed_frame_has_its_one_outcome() {
    let rows = all_rows();
    let names: std::collections::BTreeSet<_> = rows.iter().map(|row| row.name).collect();
    assert_eq!(
        (rows.len(), names.len()),
        (177, 177),
        "a row was lost or doubled"
    );
    for Row {
        name,
        at,
        frame,
        then,
    } in rows
    {
        let (mut client, next) = bring_to(at);
        let seen = client.hear(frame);
        let events =
            |events: Vec<ClientEvent>| events.into_iter().map(Seen::Event).collect::<Vec<_>>();
        match then {
            Then::Ignored(notices) => {
                assert_eq!(
                    seen,
                    events(notices.into_iter().map(ClientEvent::Notice).collect()),
                    "{name}"
                );
                still_hears(&mut client, at, next, name);
            }
            Then::Taken(expected) => {
                let is_understated = matches!(
                    expected.first(),
                    Some(ClientEvent::Notice(Notice::PayloadLengthUnderstated { .. }))
                );
                let mut all = events(expected);
                // What is odd about the frame is told before the message is dealt with.
                all.insert(usize::from(is_understated), Seen::Acknowledged(next));
                assert_eq!(seen, all, "{name}");
                still_hears(&mut client, at, next + 1, name);
            }
            Then::OnlyAcknowledged(number) => {
                assert_eq!(seen, [Seen::Acknowledged(number)], "{name}");
                still_hears(&mut client, at, next, name);
            }
            Then::Fails(error) => {
                assert_eq!(
                    seen,
                    [
                        Seen::Acknowledged(next),
                        Seen::Event(ClientEvent::Failed(error))
                    ],
                    "{name}"
                );
                assert!(client.channel.is_closed(), "{name}");
            }
            Then::Closes(text) => {
                let closed = ChannelClosed {
                    output: text.into(),
                    ..ChannelClosed::default()
                };
                assert_eq!(seen, [Seen::Event(ClientEvent::Closed(closed))], "{name}");
            }
        }
    }
}

#[test]
fn an_agent_survives_the_same_frames() {
    for Row { name, frame, .. } in all_rows() {
        let mut agent = Agent::ready(|_| {});
        agent.hear(frame);
        if agent.channel.is_closed() {
            assert!(name.contains("closed"), "{name}");
            continue;
        }
        // "input towards the client" is the agent's number 1, which waits; number 0 is still next.
        let seen = agent.hear(from_client(0, PayloadType::Output, "next"));
        let input = Seen::Event(AgentEvent::Input("next".into()));
        assert!(seen.contains(&input), "{name}: deaf afterwards: {seen:?}");
    }
}

#[test]
fn every_byte_of_a_protected_part_is_protected() {
    let frame = from_agent(1, PayloadType::Output, "hello");
    // Header length, digest, payload length and payload. Nothing in the format protects the rest.
    for index in (0..4).chain(80..112).chain(116..125) {
        for bit in 0..8 {
            let mut changed = frame.to_vec();
            changed[index] ^= 1 << bit;
            let seen = Client::open().hear(changed.into());
            let is_understated = (116..120).contains(&index) && bit < 3 && index == 119;
            let is_refused = matches!(
                seen[..],
                [Seen::Event(ClientEvent::Notice(Notice::MalformedFrame(_)))]
            );
            // A payload length that only became smaller is read as the official parsers do, from the true payload.
            let is_harmless = is_understated && seen.contains(&Seen::Event(output("hello")));
            assert!(
                is_refused || is_harmless,
                "byte {index} bit {bit}: {seen:?}"
            );
        }
    }
}

#[test]
fn any_single_changed_byte_keeps_the_session_alive() {
    let frame = from_agent(1, PayloadType::Output, "hello");
    for index in 0..frame.len() {
        for value in [0, 1, 0x20, 0x7f, 0x80, 0xff] {
            let mut changed = frame.to_vec();
            changed[index] = value;
            let mut client = Client::open();
            client.hear(changed.into());
            assert!(!client.channel.is_closed(), "byte {index} value {value}");
            let number = client.channel.reordering_bytes();
            assert!(
                number <= 256,
                "byte {index} value {value}: {number} bytes held"
            );
        }
    }
}

#[test]
fn a_flood_of_early_messages_is_bounded_by_bytes_and_by_count() {
    let limits = Limits {
        reorder_bytes: 100_000,
        ..Limits::default()
    };
    let mut client = Client::open_with(|config| config.limits = limits);
    let payload = vec![0; 60_000];
    let kept = (2..50)
        .filter(|&number| {
            !client
                .hear(from_agent(number, PayloadType::Output, &payload))
                .is_empty()
        })
        .count();
    assert_eq!(kept, 1);
    let kept = (100..2000)
        .filter(|&number| {
            !client
                .hear(from_agent(number, PayloadType::Output, "x"))
                .is_empty()
        })
        .count();
    assert!(
        (300..400).contains(&kept),
        "tiny payloads are not free: {kept}"
    );
    assert!(client.channel.reordering_bytes() <= 100_000);
}

/// Fills every buffer of a client at once and returns the most it held.
fn fill(mut client: Client, next: i64, limits: &Limits, payload: &[u8]) -> usize {
    let mut most = 0;
    let mut look = |client: &mut Client| {
        most = most.max(client.channel.held_bytes());
        assert!(client.channel.held_bytes() <= limits.most_held_bytes());
        client.seen();
    };
    let typed = vec![b'x'; limits.window_bytes + limits.held_input_bytes];
    client.channel.send_input(client.now, &typed);
    look(&mut client);
    for _ in 0..2000 {
        client.channel.send_urgent_input(client.now, b"\x03");
    }
    look(&mut client);
    // Twice as many as there is room for.
    let count = (2 * limits.reorder_bytes / payload.len()).min(limits.reorder_messages);
    let last = i64::try_from(count).unwrap() + next;
    // Backwards, so that nothing of it can be delivered; then the first one, which lets all of it go at once.
    for number in (next..=last).rev() {
        let frame = from_agent(number, PayloadType::Output, payload);
        client.channel.handle_frame(client.now, frame);
        look(&mut client);
    }
    client.channel.handle_disconnected(client.now);
    client.connect();
    look(&mut client);
    most
}

#[test]
fn a_client_holds_no_more_than_its_limits_add_up_to() {
    let small = Limits {
        payload_bytes: 100,
        window_messages: 8,
        window_bytes: 700,
        held_input_bytes: 500,
        reorder_messages: 50,
        reorder_bytes: 20_000,
        ..Limits::default()
    };
    let one_message = Limits {
        window_messages: 1,
        window_bytes: 1,
        payload_bytes: 1,
        held_input_bytes: 1,
        reorder_messages: 1,
        reorder_bytes: 200,
        ..Limits::default()
    };
    for limits in [Limits::default(), small, one_message] {
        for payload in [
            &[7; 1][..],
            &[7; 1000],
            &[7; 65_536],
            &[7; MAX_FRAME_LEN_BYTES - 120],
        ] {
            let plain = Client::open_with(|config| config.limits = limits);
            let most = fill(plain, 1, &limits, payload);
            // Otherwise it would not have been filled.
            assert!(most >= limits.window_bytes + limits.held_input_bytes);
            if payload.len() == 1000 && limits != one_message {
                assert!(most >= limits.reorder_bytes / 5 * 4, "{most}");
            }
            let sealed = sealed(1, payload);
            let encrypted = Client::open_encrypted(|config| config.limits = limits);
            if sealed.len() <= MAX_FRAME_LEN_BYTES - 120 {
                fill(encrypted, 3, &limits, &sealed);
            }
        }
    }
    // The figure the engine builds on: 16 MiB with the defaults, most of it for output out of order.
    let most = Limits::default().most_held_bytes();
    assert!((15 << 20..17 << 20).contains(&most), "{most}");
}

#[test]
fn a_request_as_large_as_any_is_answered_within_its_allowance() {
    // Names that are escaped at their longest, in as many actions as there may be.
    let name = "\u{1}\"\\".repeat(34);
    let action = serde_json::json!({"ActionType": name});
    let many = serde_json::json!({"RequestedClientActions": vec![action; 32]}).to_string();
    let mut client = Client::connected(|_| {});
    let seen = client.hear(from_agent(0, PayloadType::HandshakeRequest, &many));
    let Some(Seen::Sent(0, PayloadType::HandshakeResponse, body)) = seen.last() else {
        panic!("{seen:?}")
    };
    assert!((20_000..60_000).contains(&body.len()), "{}", body.len());
}

#[test]
fn a_flood_of_anything_leaves_nothing_behind() {
    let mut client = Client::open();
    for round in 0..2000 {
        let frame = match round % 5 {
            0 => from_agent(0, PayloadType::Output, "$ "),
            1 => service("agent_job", b"{}"),
            2 => service("acknowledge", br#"{"AcknowledgedMessageSequenceNumber":5}"#),
            3 => service("start_publication", b"{}"),
            _ => Bytes::from_static(b"noise"),
        };
        assert!(client.hear(frame).len() <= 1);
    }
    assert_eq!(
        (
            client.channel.reordering_bytes(),
            client.channel.unacknowledged_bytes()
        ),
        (0, 0)
    );
}

#[test]
fn flags_of_a_frame_are_kept_but_never_acted_on() {
    let mut message = message(MessageType::OutputStreamData, 1, PayloadType::Output, b"x");
    message.flags = Flags::FIN;
    let frame = message.encode().unwrap();
    assert_eq!(
        AgentMessage::decode(frame.clone()).unwrap().flags,
        Flags::FIN
    );
    let mut client = Client::open();
    client.hear(frame);
    assert!(!client.channel.is_closed());
}
