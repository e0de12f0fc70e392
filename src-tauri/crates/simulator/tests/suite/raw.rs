//! A data channel without a client's state machine: every frame as it comes, nothing acknowledged unless asked.

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use protocol::{AgentMessage, DecodeError, Flags, MessageType, PayloadType, SequenceNumber};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use simulator::Simulator;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Error, Message};
use uuid::Uuid;

use crate::client::{LIMIT, Socket, Started, open_frame};
use crate::signer::Caller;

pub(crate) struct Raw {
    pub(crate) caller: Caller,
    pub(crate) id: String,
    pub(crate) socket: Socket,
}

impl Raw {
    /// Starts a shell on the demo target, waits until it runs, and opens its data channel.
    pub(crate) async fn shell(simulator: &Simulator) -> Self {
        let caller = Caller::of(simulator);
        let started = caller.start(&json!({"Target": simulator.target()})).await;
        simulator
            .wait_for(&started.id, |session| session.child.is_some())
            .await
            .unwrap();
        Self::open(caller, &started).await
    }

    pub(crate) async fn open(caller: Caller, started: &Started) -> Self {
        let mut socket = caller.dial(&started.url).await.unwrap();
        let open = open_frame(started.token.expose_secret());
        socket.send(Message::text(open)).await.unwrap();
        let id = started.id.clone();
        Self { caller, id, socket }
    }

    pub(crate) async fn send(&mut self, number: i64, payload: &[u8]) {
        let frame = input(number, PayloadType::Output, payload)
            .encode()
            .unwrap();
        self.socket.send(Message::Binary(frame)).await.unwrap();
    }

    pub(crate) async fn next(&mut self) -> Option<Result<Message, Error>> {
        timeout(LIMIT, self.socket.next()).await.unwrap()
    }

    /// The next binary message.
    pub(crate) async fn frame(&mut self) -> Bytes {
        loop {
            if let Message::Binary(frame) = self.next().await.unwrap().unwrap() {
                return frame;
            }
        }
    }

    /// The next binary message that is no acknowledgement.
    pub(crate) async fn stream_frame(&mut self) -> Result<AgentMessage, (Bytes, DecodeError)> {
        loop {
            let frame = self.frame().await;
            match AgentMessage::decode(frame.clone()) {
                Ok(message) if message.message_type == MessageType::Acknowledge => {}
                Ok(message) => return Ok(message),
                Err(error) => return Err((frame, error)),
            }
        }
    }

    /// The number that the next acknowledgement is for; everything else on the way to it goes to `others`.
    pub(crate) async fn acknowledged(&mut self, others: &mut Vec<AgentMessage>) -> i64 {
        loop {
            let message = AgentMessage::decode(self.frame().await).unwrap();
            if message.message_type == MessageType::Acknowledge {
                let body: Value = serde_json::from_slice(&message.payload).unwrap();
                return body["AcknowledgedMessageSequenceNumber"].as_i64().unwrap();
            }
            others.push(message);
        }
    }

    /// Waits until the service has taken everything that was sent before; the numbers acknowledged until then.
    pub(crate) async fn settle(&mut self) -> Vec<i64> {
        let ping = Message::Ping(Bytes::from_static(b"settle"));
        self.socket.send(ping).await.unwrap();
        let mut numbers = Vec::new();
        loop {
            match self.next().await.unwrap().unwrap() {
                Message::Pong(payload) if payload == "settle" => return numbers,
                Message::Binary(frame) => numbers.extend(acknowledged_number(frame)),
                Message::Text(_)
                | Message::Ping(_)
                | Message::Pong(_)
                | Message::Close(_)
                | Message::Frame(_) => {}
            }
        }
    }
}

fn acknowledged_number(frame: Bytes) -> Option<i64> {
    let message = AgentMessage::decode(frame).ok()?;
    let body: Value = serde_json::from_slice(&message.payload).ok()?;
    body["AcknowledgedMessageSequenceNumber"].as_i64()
}

pub(crate) fn input(number: i64, payload_type: PayloadType, payload: &[u8]) -> AgentMessage {
    AgentMessage {
        message_type: MessageType::InputStreamData,
        schema_version: 1,
        created_ms: 1_700_000_000_000,
        sequence_number: SequenceNumber(number),
        flags: Flags::NONE,
        message_id: Uuid::new_v4(),
        payload_type,
        payload: Bytes::copy_from_slice(payload),
    }
}
