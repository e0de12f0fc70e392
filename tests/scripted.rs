//! One end of a channel with the test as its peer: frames are written by hand, and what comes out is read back.

use std::time::Duration;

use bytes::Bytes;
use protocol::payload::{Acknowledge, ChannelClosedBody};
use protocol::service::{self, HeaderForm};
use protocol::{
    AgentChannel, AgentConfig, AgentEvent, AgentMessage, ClientConfig, ClientEvent, DataChannel,
    Flags, Frame, MessageType, Now, Output, PayloadType, SequenceNumber,
};
use uuid::Uuid;

use crate::oracles::{counted_ids, session_id};

/// The agent's request for a shell, as recorded.
pub const SHELL_REQUEST: &str = r#"{"AgentVersion":"3.3.987.0","RequestedClientActions":[{"ActionType":"SessionType","ActionParameters":{"SessionType":"Standard_Stream","Properties":null}}]}"#;

/// The same with encryption.
pub const KMS_REQUEST: &str = r#"{"AgentVersion":"3.3.987.0","RequestedClientActions":[{"ActionType":"SessionType","ActionParameters":{"SessionType":"Standard_Stream","Properties":null}},{"ActionType":"KMSEncryption","ActionParameters":{"KMSKeyId":"arn:key","Challenge":"AAECAwQFBgcICQoLDA0ODw=="}}]}"#;

/// The agent's end of a handshake.
pub const COMPLETE: &str = r#"{"HandshakeTimeToComplete":53000000,"CustomerMessage":""}"#;

/// What came out of an end.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen<E> {
    /// The frame that opens the channel.
    Open,
    /// The acknowledgement of this number.
    Acknowledged(i64),
    /// A stream message: number, payload type, payload.
    Sent(i64, PayloadType, Bytes),
    /// A message outside the stream.
    Control(MessageType, Bytes),
    /// An event.
    Event(E),
}

/// A message, as a peer that follows the rules writes it.
pub fn message(
    message_type: MessageType,
    number: i64,
    payload_type: PayloadType,
    payload: &[u8],
) -> AgentMessage {
    AgentMessage {
        message_type,
        schema_version: 1,
        created_ms: 1_700_000_000_000,
        sequence_number: SequenceNumber(number),
        flags: Flags::NONE,
        message_id: Uuid::from_u128(0xa9e7 << 64 | u128::from(number.unsigned_abs())),
        payload_type,
        payload: Bytes::copy_from_slice(payload),
    }
}

/// A message of the agent's stream, written.
pub fn from_agent(number: i64, payload_type: PayloadType, payload: impl AsRef<[u8]>) -> Bytes {
    message(
        MessageType::OutputStreamData,
        number,
        payload_type,
        payload.as_ref(),
    )
    .encode()
    .unwrap_or_default()
}

/// A message of the client's stream, written.
pub fn from_client(number: i64, payload_type: PayloadType, payload: impl AsRef<[u8]>) -> Bytes {
    message(
        MessageType::InputStreamData,
        number,
        payload_type,
        payload.as_ref(),
    )
    .encode()
    .unwrap_or_default()
}

/// An acknowledgement of the other end's message, written.
pub fn acknowledgement(of: MessageType, number: i64) -> Bytes {
    let body = Acknowledge::of(&message(of, number, PayloadType::Output, b"x")).encode();
    message(MessageType::Acknowledge, 0, PayloadType::None, &body)
        .encode()
        .unwrap_or_default()
}

/// The service's word that the session is over, written.
pub fn closed(output: &str) -> Bytes {
    let body = ChannelClosedBody {
        output: output.to_owned(),
        ..ChannelClosedBody::default()
    };
    service::channel_closed(&body, HeaderForm::WithoutPayloadType, Uuid::nil(), 1)
        .unwrap_or_default()
}

/// The service's word that the other end is absent, written.
pub fn pause() -> Bytes {
    service::pause_publication(HeaderForm::WithoutPayloadType, Uuid::nil(), 1).unwrap_or_default()
}

/// The service's word that the other end is there, written.
pub fn start() -> Bytes {
    service::start_publication(HeaderForm::WithPayloadType, Uuid::nil(), 1).unwrap_or_default()
}

/// A client's end whose clock and peer are the test's.
pub struct Client {
    /// The end itself.
    pub channel: DataChannel,
    /// Its clock.
    pub now: Now,
}

/// An agent's end whose clock and peer are the test's.
pub struct Agent {
    /// The end itself.
    pub channel: AgentChannel,
    /// Its clock.
    pub now: Now,
}

const START: Now = Now {
    elapsed: Duration::from_secs(100),
    unix_ms: 1_700_000_000_000,
};

impl Client {
    /// Makes a connected end, and drops the frame that opens the channel.
    pub fn connected(change: impl FnOnce(&mut ClientConfig)) -> Self {
        let mut config = ClientConfig::new(session_id(), Uuid::from_u128(0xc11e));
        change(&mut config);
        let mut client = Self {
            channel: DataChannel::new(config, counted_ids(1 << 64)),
            now: START,
        };
        client.connect();
        client.seen();
        client
    }

    /// Makes an end whose session is open without a handshake, and drops what has come out so far.
    pub fn open() -> Self {
        Self::open_with(|_| {})
    }

    /// The same with another configuration.
    pub fn open_with(change: impl FnOnce(&mut ClientConfig)) -> Self {
        let mut client = Self::connected(change);
        client.hear(from_agent(0, PayloadType::Output, "$ "));
        client
    }

    /// The socket is up.
    pub fn connect(&mut self) {
        self.channel.handle_connected(self.now, &"token".into());
    }

    /// Delivers a frame and returns what comes out.
    pub fn hear(&mut self, frame: Bytes) -> Vec<Seen<ClientEvent>> {
        self.channel.handle_frame(self.now, frame);
        self.seen()
    }

    /// Types and returns what comes out.
    pub fn enter(&mut self, text: &[u8]) -> Vec<Seen<ClientEvent>> {
        self.channel.send_input(self.now, text);
        self.seen()
    }

    /// Lets time pass deadline by deadline, and returns what comes out.
    pub fn wait(&mut self, time: Duration) -> Vec<Seen<ClientEvent>> {
        let end = self.now.elapsed + time;
        let mut seen = self.seen();
        while let Some(deadline) = self
            .channel
            .poll_timeout()
            .filter(|&deadline| deadline <= end)
        {
            self.now.elapsed = self.now.elapsed.max(deadline);
            self.channel.handle_timeout(self.now);
            seen.extend(self.seen());
        }
        self.now.elapsed = end;
        seen
    }

    /// Returns what has come out.
    pub fn seen(&mut self) -> Vec<Seen<ClientEvent>> {
        std::iter::from_fn(|| self.channel.poll_output())
            .map(read)
            .collect()
    }
}

impl Agent {
    /// Makes a connected end, and keeps what has come out so far for the test.
    pub fn connected(change: impl FnOnce(&mut AgentConfig)) -> Self {
        let mut config = AgentConfig::new(session_id(), "3.3.987.0");
        change(&mut config);
        let mut agent = Self {
            channel: AgentChannel::new(config, counted_ids(2 << 64)),
            now: START,
        };
        agent.channel.handle_connected(agent.now);
        agent
    }

    /// Makes an end without a handshake whose program is up, and drops what has come out so far.
    pub fn ready(change: impl FnOnce(&mut AgentConfig)) -> Self {
        let mut agent = Self::connected(change);
        agent.channel.set_ready(agent.now);
        agent.seen();
        agent
    }

    /// Delivers a frame and returns what comes out.
    pub fn hear(&mut self, frame: Bytes) -> Vec<Seen<AgentEvent>> {
        self.channel.handle_frame(self.now, frame);
        self.seen()
    }

    /// Lets time pass deadline by deadline, and returns what comes out.
    pub fn wait(&mut self, time: Duration) -> Vec<Seen<AgentEvent>> {
        let end = self.now.elapsed + time;
        let mut seen = self.seen();
        while let Some(deadline) = self
            .channel
            .poll_timeout()
            .filter(|&deadline| deadline <= end)
        {
            self.now.elapsed = self.now.elapsed.max(deadline);
            self.channel.handle_timeout(self.now);
            seen.extend(self.seen());
        }
        self.now.elapsed = end;
        seen
    }

    /// Returns what has come out.
    pub fn seen(&mut self) -> Vec<Seen<AgentEvent>> {
        std::iter::from_fn(|| self.channel.poll_output())
            .map(read)
            .collect()
    }
}

fn read<E>(output: Output<E>) -> Seen<E> {
    let frame = match output {
        Output::Event(event) => return Seen::Event(event),
        Output::Transmit(Frame::Open(_)) => return Seen::Open,
        Output::Transmit(Frame::Binary(frame)) => frame,
    };
    let message = match AgentMessage::decode(frame) {
        Ok(message) => message,
        Err(error) => panic!("an end wrote a frame that does not read: {error}"),
    };
    match message.message_type {
        MessageType::InputStreamData | MessageType::OutputStreamData => Seen::Sent(
            message.sequence_number.0,
            message.payload_type,
            message.payload,
        ),
        MessageType::Acknowledge => match Acknowledge::decode(&message.payload) {
            Ok(body) => Seen::Acknowledged(body.acknowledged_message_sequence_number),
            Err(error) => panic!("an end wrote an acknowledgement that does not read: {error}"),
        },
        MessageType::ChannelClosed
        | MessageType::PausePublication
        | MessageType::StartPublication
        | MessageType::AgentSessionState
        | MessageType::Other(_) => Seen::Control(message.message_type, message.payload),
    }
}
