//! One end of a channel with the test as its peer: frames are written by hand, and what comes out is read back.

use std::time::Duration;

use bytes::Bytes;
use protocol::kms::{DATA_KEY_LEN_BYTES, DataKey, GeneratedDataKey};
use protocol::payload::{Acknowledge, ChannelClosedBody, EncryptionChallenge};
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

/// The client's answer to that, as it was recorded but for the key.
pub const KMS_RESPONSE: &str = r#"{"ClientVersion":"1.2.764.0","ProcessedClientActions":[{"ActionType":"SessionType","ActionStatus":1,"ActionResult":null,"Error":""},{"ActionType":"KMSEncryption","ActionStatus":1,"ActionResult":{"KMSCipherTextKey":"dGhlIGRhdGEga2V5LCBlbmNyeXB0ZWQ=","KMSCipherTextHash":null,"ChallengeAcknowledgement":true},"Error":""}],"Errors":null}"#;

/// The agent's end of a handshake.
pub const COMPLETE: &str = r#"{"HandshakeTimeToComplete":53000000,"CustomerMessage":""}"#;

/// What StartSession was asked for in every test.
pub const TARGET: &str = "i-0123456789abcdef0";

/// What the agent seals to see whether the client holds the key.
pub const SECRET: [u8; 64] = [0x5c; 64];

/// The data key of every encrypted session.
///
/// # Panics
///
/// Never: the key has its length.
pub fn data_key() -> DataKey {
    let bytes: [u8; DATA_KEY_LEN_BYTES] =
        std::array::from_fn(|index| u8::try_from(index).unwrap_or_default());
    match DataKey::new(&bytes) {
        Ok(key) => key,
        Err(error) => panic!("{error}"),
    }
}

/// What KMS says of [`data_key`] to the client.
///
/// # Panics
///
/// Never: key and ciphertext have their lengths.
pub fn generated_data_key() -> GeneratedDataKey {
    let plaintext: Vec<u8> = (0..64).collect();
    match GeneratedDataKey::new(&plaintext, CIPHERTEXT.to_vec(), [0xfe; 12]) {
        Ok(key) => key,
        Err(error) => panic!("{error}"),
    }
}

/// The data key as KMS encrypted it.
pub const CIPHERTEXT: &[u8] = b"the data key, encrypted";

/// Seals as the agent does.
pub fn sealed(nonce: u8, text: impl AsRef<[u8]>) -> Bytes {
    data_key()
        .agent_cipher()
        .seal([nonce; 12], text.as_ref())
        .unwrap_or_default()
}

/// Opens what a client has sealed.
///
/// # Panics
///
/// When a client has not sealed it.
pub fn unsealed(payload: &[u8]) -> Bytes {
    match data_key().agent_cipher().open(payload) {
        Ok(opened) => opened,
        Err(error) => panic!("{error}: {payload:?}"),
    }
}

/// The agent's challenge, or the client's answer to it.
pub fn challenge(sealed: impl Into<Vec<u8>>) -> Bytes {
    EncryptionChallenge {
        challenge: sealed.into(),
    }
    .encode()
}

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

    /// Makes an end whose session is encrypted and open; the agent's next number is 3. Drops what has come out so far.
    pub fn open_encrypted(change: impl FnOnce(&mut ClientConfig)) -> Self {
        let mut client = Self::connected(|config| {
            config.target = Some(TARGET.into());
            change(config);
        });
        client.hear(from_agent(0, PayloadType::HandshakeRequest, KMS_REQUEST));
        client
            .channel
            .provide_data_key(client.now, generated_data_key());
        let proof = challenge(sealed(0, SECRET));
        client.hear(from_agent(1, PayloadType::EncChallengeRequest, proof));
        client.hear(from_agent(2, PayloadType::HandshakeComplete, COMPLETE));
        for number in 0..2 {
            client.hear(acknowledgement(MessageType::InputStreamData, number));
        }
        client
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
