//! Properties that hold for any input, as functions that panic when they do not.
//!
//! Property tests feed them generated input, fuzz targets whatever a fuzzer comes up with.

pub mod fuzzing;

use std::time::Duration;

use bytes::Bytes;
use protocol::payload::{
    Acknowledge, ChannelClosedBody, EncryptionChallenge, ExitCode, HandshakeComplete,
    HandshakeRequest, HandshakeResponse, decode_size,
};
use protocol::{
    AgentChannel, AgentConfig, AgentMessage, ChannelClosed, ChannelFlag, ClientConfig, DataChannel,
    Limits, Now, Output, SessionId, smux,
};
use uuid::Uuid;

/// The session of all tests.
///
/// # Panics
///
/// Never: the id is well-formed.
pub fn session_id() -> SessionId {
    match SessionId::try_from("alice-0a1b2c3d4e5f60718") {
        Ok(id) => id,
        Err(error) => panic!("{error}"),
    }
}

/// Message ids that count up from `first`.
pub fn counted_ids(first: u128) -> Box<dyn protocol::MessageIds> {
    let mut next = first;
    Box::new(move || {
        next += 1;
        Uuid::from_u128(next)
    })
}

/// Any bytes: reading them never panics, and what reads as a message writes back to something that reads the same.
///
/// # Panics
///
/// When that is not so.
pub fn frame_is_read_safely(frame: &[u8]) {
    let Ok(message) = AgentMessage::decode(Bytes::copy_from_slice(frame)) else {
        return;
    };
    assert!(
        message.payload.len() <= frame.len(),
        "a payload larger than its frame"
    );
    if let Ok(written) = message.encode() {
        assert_eq!(AgentMessage::decode(written).as_ref(), Ok(&message));
    }
}

/// Any bytes: no reader of a payload panics on them.
pub fn payload_is_read_safely(payload: &[u8]) {
    let _ = Acknowledge::decode(payload);
    let _ = ChannelClosedBody::decode(payload);
    let _ = ChannelClosed::from_payload(payload);
    let _ = ChannelFlag::decode(payload);
    let _ = EncryptionChallenge::decode(payload);
    let _ = ExitCode::decode(payload);
    let _ = HandshakeComplete::decode(payload);
    let _ = HandshakeRequest::decode(payload);
    let _ = HandshakeResponse::decode(payload);
    let _ = decode_size(payload);
    if let Ok(text) = std::str::from_utf8(payload) {
        let _ = protocol::open::OpenDataChannel::decode(text);
        let cleaned = protocol::text::clean(text);
        assert_eq!(
            protocol::text::clean(&cleaned),
            cleaned,
            "cleaning is not done in one go"
        );
        assert!(
            !cleaned
                .chars()
                .any(|c| c.is_control() && c != '\n' && c != '\t')
        );
    }
}

/// Any bytes in any pieces: the smux reader never panics, and what it reads writes back to the bytes it came from.
///
/// # Panics
///
/// When that is not so.
pub fn smux_is_read_safely(pieces: &[Vec<u8>]) {
    let mut decoder = smux::Decoder::default();
    let mut written = Vec::new();
    for piece in pieces {
        decoder.push(piece);
        while let Ok(Some(frame)) = decoder.next_frame() {
            match frame.encode() {
                Ok(bytes) => written.extend_from_slice(&bytes),
                Err(error) => panic!("read what cannot be written: {error}"),
            }
        }
    }
    assert!(pieces.concat().starts_with(&written));
}

/// Any sequence of frames, delivered to either end: no panic, bounded buffers, deadlines that move on, and nothing
/// after the last word.
///
/// # Panics
///
/// When that is not so.
pub fn machines_stay_sound(frames: &[Bytes]) {
    let limits = Limits {
        held_input_bytes: 4096,
        reorder_messages: 16,
        reorder_bytes: 8192,
        ..Limits::default()
    };
    let mut client = DataChannel::new(
        ClientConfig {
            limits,
            ..ClientConfig::new(session_id(), Uuid::from_u128(1))
        },
        counted_ids(1 << 64),
    );
    let mut agent = AgentChannel::new(
        AgentConfig {
            limits,
            ..AgentConfig::new(session_id(), "3.3.987.0")
        },
        counted_ids(2 << 64),
    );
    let mut now = Now {
        elapsed: Duration::ZERO,
        unix_ms: 1_700_000_000_000,
    };
    client.handle_connected(now, &"token".into());
    agent.handle_connected(now);
    agent.set_ready(now);
    for frame in frames {
        now.elapsed += Duration::from_millis(7);
        client.handle_frame(now, frame.clone());
        agent.handle_frame(now, frame.clone());
        client.send_input(now, b"some input\r");
        check_client(&mut client, now, &limits);
        assert!(agent.reordering_bytes() <= limits.reorder_bytes);
        let agent_outputs = std::iter::from_fn(|| agent.poll_output()).count();
        assert!(
            agent_outputs <= 2 + 3 * limits.reorder_messages,
            "{agent_outputs} outputs for one frame"
        );
    }
}

fn check_client(client: &mut DataChannel, now: Now, limits: &Limits) {
    assert!(client.held_bytes() <= limits.most_held_bytes());
    assert!(client.reordering_bytes() <= limits.reorder_bytes);
    let mut has_ended = false;
    while let Some(output) = client.poll_output() {
        assert!(!has_ended, "something after the last word: {output:?}");
        has_ended = matches!(
            output,
            Output::Event(protocol::ClientEvent::Closed(_) | protocol::ClientEvent::Failed(_))
        );
    }
    if client.is_closed() {
        assert_eq!((client.poll_timeout(), client.input_capacity()), (None, 0));
    }
    // A deadline that does not move would spin the driver.
    for _ in 0..1000 {
        match client.poll_timeout() {
            Some(deadline) if deadline <= now.elapsed => client.handle_timeout(now),
            _ => return,
        }
    }
    panic!("the deadline stands still at {:?}", now.elapsed);
}
