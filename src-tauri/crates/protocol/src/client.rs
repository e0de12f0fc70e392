//! The client's end of a data channel: what `engine` drives over one WebSocket after another.
//!
//! A session begins when the agent's first message comes, a handshake request or plain output; until it is open,
//! input is held. It ends with [`ClientEvent::Closed`] or [`ClientEvent::Failed`], after which nothing comes any more.
//! A lost socket ends nothing: numbers, buffers and the state of the handshake carry over to the next.
//!
//! Where the agent asks for encryption, [`ClientEvent::DataKeyNeeded`] asks the caller for the key and the answer waits
//! for it. `DataChannel::handle_data` and `DataChannel::send_data` are the two places all terminal bytes pass, and so
//! the only two that open and seal. Held input is in the clear; everything that has a number is sealed, so that a
//! repeated message is the same bytes again.

mod event;
mod handshake;

use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use uuid::Uuid;

pub use event::{ChannelError, ClientEvent, SessionInfo};
use handshake::{Answer, Draft};

use crate::io::{Frame, MessageIds, Notice, Now, Output};
use crate::kms::{GeneratedDataKey, OVERHEAD_LEN_BYTES, Sealing};
use crate::limits::Limits;
use crate::link::{Link, earliest};
use crate::message::{AgentMessage, MessageType, PayloadType, SequenceNumber};
use crate::open::OpenDataChannel;
use crate::patience::Patience;
use crate::payload::{
    self, ChannelClosed, ChannelFlag, EncryptionChallenge, ExitCode, HandshakeComplete,
    HandshakeRequest, SessionType,
};
use crate::session_id::SessionId;
use crate::terminal_size::TerminalSize;
use crate::text;
use crate::version::CLIENT_VERSION;

/// Longest challenge that is answered. Agents send 92 bytes.
const MAX_CHALLENGE_LEN_BYTES: usize = 1024;

/// Most bytes of urgent input that wait: keys, not pastes.
pub const URGENT_INPUT_LEN_BYTES: usize = 256;

/// What a [`DataChannel`] has to know beforehand.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// The session, as StartSession named it.
    pub session_id: SessionId,
    /// Random, chosen once for the session and the same on every connection.
    pub client_id: Uuid,
    /// What StartSession was asked for, letter by letter: a session's key is bound to it. Without it, a session that
    /// wants encryption is refused.
    pub target: Option<String>,
    /// The terminal's size, if there is one yet.
    pub size: Option<TerminalSize>,
    /// Whether to send the size before the agent's first message, so that the first prompt is laid out for it. An
    /// agent that wants a handshake throws that one away; it is sent again afterwards.
    pub early_size: bool,
    /// Bounds of buffers and waits.
    pub limits: Limits,
    /// Where both streams begin; anything but 0 only to test very long sessions.
    pub first_sequence_number: SequenceNumber,
}

impl ClientConfig {
    /// Makes the usual configuration.
    pub fn new(session_id: SessionId, client_id: Uuid) -> Self {
        Self {
            session_id,
            client_id,
            target: None,
            size: None,
            early_size: true,
            limits: Limits::default(),
            first_sequence_number: SequenceNumber::FIRST,
        }
    }
}

/// The client's end of one session, over any number of connections.
pub struct DataChannel {
    link: Link<ClientEvent>,
    session_id: SessionId,
    client_id: Uuid,
    target: Option<String>,
    limits: Limits,
    phase: Phase,
    /// INVARIANT: there is one from the moment the agent is told of the data key until the session ends; then nothing
    /// of payload types 1, 11 and 12 passes without it.
    sealing: Option<Sealing>,
    /// Counts the wait of the phases before the session is open.
    patience: Patience,
    has_warned: bool,
    agent_version: Option<String>,
    early_size: bool,
    size: Option<TerminalSize>,
    /// The size the agent has been told and has not thrown away.
    size_sent: Option<TerminalSize>,
    /// INVARIANT: at most `limits.held_input_bytes`.
    input: BytesMut,
    /// Input that goes before all other. INVARIANT: at most [`URGENT_INPUT_LEN_BYTES`].
    urgent: BytesMut,
}

/// How far the session has come.
enum Phase {
    /// Neither a handshake request nor output has come.
    Waiting,
    /// The request waits for its answer until the caller brings the data key.
    KeyNeeded { draft: Draft },
    /// The request is answered, the agent's word that the handshake is complete is awaited.
    Answered {
        session_type: SessionType,
        properties: Option<Value>,
        encryption: Encryption,
        /// Why the answer was not what the agent needs, if it was not: it will end the session.
        refusal: Option<String>,
    },
    /// Input and output flow.
    Open,
}

/// How far encryption has come once the request is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encryption {
    /// It was not asked for.
    Off,
    /// It was asked for and will not be: the agent is about to end the session.
    Refused,
    /// The agent has been sent the key and has not shown that it can use it.
    Agreed,
    /// The agent's challenge is answered. There is one in a session, for whoever answers more could be made to seal
    /// recorded output as input.
    Proven,
}

impl DataChannel {
    /// Makes the channel of a session that StartSession has just given out.
    pub fn new(config: ClientConfig, ids: Box<dyn MessageIds>) -> Self {
        let ClientConfig {
            session_id,
            client_id,
            target,
            size,
            early_size,
            limits,
            first_sequence_number,
        } = config;
        Self {
            link: Link::new(
                MessageType::InputStreamData,
                first_sequence_number,
                limits,
                ids,
            ),
            session_id,
            client_id,
            target,
            limits,
            phase: Phase::Waiting,
            sealing: None,
            patience: Patience::default(),
            has_warned: false,
            agent_version: None,
            early_size,
            size,
            size_sent: None,
            input: BytesMut::new(),
            urgent: BytesMut::new(),
        }
    }

    /// The WebSocket is up, for the first time or again: queues the frame that opens the channel with this token, then
    /// sends again whatever is unacknowledged, paced.
    pub fn handle_connected(&mut self, now: Now, token: &SecretString) {
        if self.link.has_ended() {
            return;
        }
        self.link.connect();
        let open = OpenDataChannel {
            request_id: self.link.next_id(),
            token: token.clone(),
            client_instance_id: None,
            client_id: self.client_id,
            client_version: Some(CLIENT_VERSION.to_owned()),
        };
        self.link.transmit(Frame::Open(open.encode()));
        self.link.start(now);
        self.patience.resume(now.elapsed);
        if self.early_size && matches!(self.phase, Phase::Waiting) && self.size_sent.is_none() {
            self.send_size(now);
        }
        self.settle(now);
    }

    /// The WebSocket is gone: stops all timers. State, numbers and buffers stay for the next connection.
    pub fn handle_disconnected(&mut self, now: Now) {
        self.patience.look(now.elapsed);
        self.patience.pause();
        self.link.disconnect();
    }

    /// Takes in any data frame, binary or text.
    pub fn handle_frame(&mut self, now: Now, frame: Bytes) {
        let Some(message) = self.link.decode(frame) else {
            return;
        };
        match message.message_type {
            MessageType::OutputStreamData => self.handle_stream(now, message),
            MessageType::Acknowledge => self.link.handle_acknowledge(now, &message),
            MessageType::ChannelClosed => self.handle_closed(&message),
            MessageType::PausePublication => self.link.pause(),
            MessageType::StartPublication => self.link.resume(now),
            MessageType::InputStreamData | MessageType::AgentSessionState => {
                self.link
                    .notice(Notice::MisdirectedMessage(message.message_type));
            }
            MessageType::Other(name) => self
                .link
                .notice(Notice::UnknownMessageType(text::clean(&name))),
        }
        self.settle(now);
    }

    /// Does what is due: resends, warnings, giving up.
    pub fn handle_timeout(&mut self, now: Now) {
        if self.link.has_ended() {
            return;
        }
        // Before the agent's first message there is only an early size under way, which a program that still starts
        // leaves unacknowledged: that is a slow start, not a stall.
        if !matches!(self.phase, Phase::Waiting)
            && let Some(silence) = self.link.check_silence(now)
        {
            return self.fail(ChannelError::NoAcknowledgement(silence));
        }
        let waited = self.patience.look(now.elapsed);
        match &self.phase {
            Phase::Waiting if waited >= self.limits.first_message_timeout => {
                return self.fail(ChannelError::NoFirstMessage(waited));
            }
            Phase::Waiting if waited >= self.limits.first_message_warning && !self.has_warned => {
                self.has_warned = true;
                self.link.notice(Notice::NoFirstMessage(waited));
            }
            Phase::KeyNeeded { .. } if waited >= self.limits.handshake_timeout => {
                return self.fail(ChannelError::DataKeyTimedOut(waited));
            }
            Phase::Answered { refusal, .. } if waited >= self.limits.handshake_timeout => {
                let error = match refusal {
                    Some(reason) => ChannelError::HandshakeRefused(reason.clone()),
                    None => ChannelError::HandshakeTimedOut(waited),
                };
                return self.fail(error);
            }
            Phase::Waiting | Phase::KeyNeeded { .. } | Phase::Answered { .. } | Phase::Open => {}
        }
        self.settle(now);
    }

    /// Returns when to call [`Self::handle_timeout`], on the clock of [`Now::elapsed`]; nothing while disconnected or
    /// at rest.
    pub fn poll_timeout(&self) -> Option<Duration> {
        let patience = match &self.phase {
            Phase::Waiting if self.has_warned => {
                self.patience.deadline(self.limits.first_message_timeout)
            }
            Phase::Waiting => earliest([
                self.patience.deadline(self.limits.first_message_warning),
                self.patience.deadline(self.limits.first_message_timeout),
            ]),
            Phase::KeyNeeded { .. } | Phase::Answered { .. } => {
                self.patience.deadline(self.limits.handshake_timeout)
            }
            Phase::Open => None,
        };
        if self.link.has_ended() {
            return None;
        }
        let silence = match &self.phase {
            Phase::Waiting => None,
            Phase::KeyNeeded { .. } | Phase::Answered { .. } | Phase::Open => {
                self.link.silence_deadline()
            }
        };
        earliest([self.link.resend_deadline(), silence, patience])
    }

    /// Returns the next piece of work. To be emptied after every call of the other methods: what is made for one
    /// connection is dropped when it is lost.
    pub fn poll_output(&mut self) -> Option<Output<ClientEvent>> {
        self.link.poll_output()
    }

    /// Takes as much input as there is room for and returns how many bytes that was. The caller keeps the rest and
    /// asks again after the next `handle_*`. Before the session is open, input is held and never sent early.
    pub fn send_input(&mut self, now: Now, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        while !self.link.has_ended() {
            let taken = rest.len().min(
                self.limits
                    .held_input_bytes
                    .saturating_sub(self.input.len()),
            );
            if taken == 0 {
                break;
            }
            self.input.extend_from_slice(&rest[..taken]);
            rest.advance(taken);
            self.send_held_input(now);
        }
        bytes.len() - rest.len()
    }

    /// Takes input that overtakes all that is not sent yet, as an interrupt typed during a large paste must. What has a
    /// number already keeps its place before it. Returns how many bytes that was: all, unless earlier ones still wait
    /// up to [`URGENT_INPUT_LEN_BYTES`].
    ///
    /// It may come between the bytes of a character, an escape sequence or a bracketed paste. A caller that wants the
    /// paste to end there says [`Self::cancel_input`] first.
    pub fn send_urgent_input(&mut self, now: Now, bytes: &[u8]) -> usize {
        if self.link.has_ended() {
            return 0;
        }
        let taken = bytes
            .len()
            .min(URGENT_INPUT_LEN_BYTES.saturating_sub(self.urgent.len()));
        self.urgent.extend_from_slice(&bytes[..taken]);
        self.send_held_input(now);
        taken
    }

    /// Drops the input that is held and not sent yet, but for what is urgent, and returns how many bytes that was.
    pub fn cancel_input(&mut self) -> usize {
        let dropped = self.input.len();
        self.input = BytesMut::new();
        dropped
    }

    /// Returns how many bytes of input are held and not sent yet.
    pub fn held_input_bytes(&self) -> usize {
        self.input.len() + self.urgent.len()
    }

    /// Returns how many bytes [`Self::send_input`] would take now, at least.
    pub fn input_capacity(&self) -> usize {
        if self.link.has_ended() {
            0
        } else {
            self.limits
                .held_input_bytes
                .saturating_sub(self.input.len())
        }
    }

    /// Returns how many payload bytes are under way without an acknowledgement.
    pub fn unacknowledged_bytes(&self) -> usize {
        self.link.unacknowledged_bytes()
    }

    /// Whether everything handed in has reached the agent: no input is held and none is under way.
    pub fn all_acknowledged(&self) -> bool {
        self.held_input_bytes() == 0 && self.link.all_acknowledged()
    }

    /// Returns how many bytes of output wait behind a missing message. Bounded by [`Limits::reorder_bytes`].
    pub fn reordering_bytes(&self) -> usize {
        self.link.held_bytes()
    }

    /// Brings the data key [`ClientEvent::DataKeyNeeded`] asked for, connected or not. Does nothing when none is awaited.
    pub fn provide_data_key(&mut self, now: Now, key: GeneratedDataKey) {
        self.handle_data_key(now, Ok(key));
    }

    /// Says why there is no data key. The agent is told and ends the session.
    pub fn refuse_data_key(&mut self, now: Now, reason: &str) {
        let reason = if reason.trim().is_empty() {
            "No data key could be obtained"
        } else {
            reason
        };
        self.handle_data_key(now, Err(reason));
    }

    /// Returns how many bytes this channel holds: input, frames under way, output out of order and what waits in
    /// [`Self::poll_output`]. Never more than [`Limits::most_held_bytes`].
    pub fn held_bytes(&self) -> usize {
        let queued: usize = self
            .link
            .outputs()
            .map(|output| match output {
                Output::Transmit(Frame::Binary(frame)) if self.link.is_kept(frame) => 0,
                Output::Transmit(Frame::Binary(frame)) => frame.len(),
                Output::Transmit(Frame::Open(text)) => text.expose_secret().len(),
                Output::Event(event) => event.held_bytes(),
            })
            .map(|len| len + size_of::<Output<ClientEvent>>())
            .sum();
        self.held_input_bytes() + self.link.kept_bytes() + queued
    }

    /// Tells the agent the terminal's size, now or as soon as the session is open. The caller spaces out the steps of
    /// a drag; a size that is already known is not sent again.
    pub fn resize(&mut self, now: Now, size: TerminalSize) {
        self.size = Some(size);
        self.settle(now);
    }

    /// Sends a flag. Meant for open port sessions; shells ignore it.
    pub fn send_flag(&mut self, now: Now, flag: ChannelFlag) {
        self.send(now, PayloadType::Flag, flag.encode());
    }

    /// Whether [`ClientEvent::Closed`] or [`ClientEvent::Failed`] has been said, or is about to be.
    pub fn is_closed(&self) -> bool {
        self.link.has_ended()
    }

    /// Whether the service says that the agent is absent.
    pub fn is_peer_absent(&self) -> bool {
        self.link.is_peer_absent()
    }

    // ---- receiving

    /// In-order messages and those from the buffer alike: one at a time, each acknowledged before it is acted on.
    fn handle_stream(&mut self, now: Now, message: AgentMessage) {
        let mut turn = self.link.arrive(now, message);
        while let Some(current) = turn {
            self.link.accept(now, &current);
            self.act_on(now, current.message);
            turn = self.link.next_turn();
        }
    }

    fn act_on(&mut self, now: Now, message: AgentMessage) {
        let payload_type = message.payload_type;
        match payload_type {
            PayloadType::Output | PayloadType::StdErr | PayloadType::ExitCode => {
                self.handle_data(now, payload_type, message.payload);
            }
            PayloadType::HandshakeRequest => self.handle_handshake_request(now, &message.payload),
            PayloadType::HandshakeComplete => self.handle_handshake_complete(now, &message.payload),
            PayloadType::EncChallengeRequest => self.handle_challenge(now, &message.payload),
            PayloadType::Flag if matches!(self.phase, Phase::Open) => {
                match ChannelFlag::decode(&message.payload) {
                    Ok(flag) => self.link.event(ClientEvent::FlagReceived(flag)),
                    Err(_) => self.malformed(payload_type),
                }
            }
            PayloadType::Unknown(number) => self.link.notice(Notice::UnknownPayloadType(number)),
            PayloadType::None
            | PayloadType::Error
            | PayloadType::Size
            | PayloadType::Parameter
            | PayloadType::HandshakeResponse
            | PayloadType::EncChallengeResponse
            | PayloadType::Flag => self.link.notice(Notice::UnexpectedPayload(payload_type)),
        }
    }

    fn handle_data(&mut self, now: Now, payload_type: PayloadType, payload: Bytes) {
        match &self.phase {
            Phase::Waiting if payload_type == PayloadType::Output => {
                // Output without a handshake: an old agent, or a plain shell.
                self.open(now, SessionType::StandardStream, None, false);
                self.deliver(payload_type, payload);
            }
            Phase::Waiting => self.link.notice(Notice::UnexpectedPayload(payload_type)),
            // No agent does this. Were it let through, whoever can forge it could skip the encryption just agreed on.
            Phase::KeyNeeded { .. }
            | Phase::Answered {
                encryption: Encryption::Refused,
                ..
            } => self.fail(ChannelError::PlaintextRefused),
            Phase::Answered {
                encryption: Encryption::Off | Encryption::Agreed | Encryption::Proven,
                ..
            } => self.fail(ChannelError::DataDuringHandshake),
            Phase::Open => match &self.sealing {
                Some(sealing) => match sealing.open(&payload) {
                    Ok(payload) => self.deliver(payload_type, payload),
                    Err(error) => self.fail(ChannelError::Encryption(error)),
                },
                None => self.deliver(payload_type, payload),
            },
        }
    }

    fn deliver(&mut self, payload_type: PayloadType, payload: Bytes) {
        if payload_type == PayloadType::ExitCode {
            return match ExitCode::decode(&payload) {
                Ok(ExitCode(code)) => self.link.event(ClientEvent::ExitCode(code)),
                Err(_) => self.malformed(payload_type),
            };
        }
        if payload.is_empty() {
            return;
        }
        let is_stderr = payload_type == PayloadType::StdErr;
        self.link.event(if is_stderr {
            ClientEvent::Stderr(payload)
        } else {
            ClientEvent::Output(payload)
        });
    }

    fn handle_handshake_request(&mut self, now: Now, payload: &[u8]) {
        if !matches!(self.phase, Phase::Waiting) {
            // A second answer would block the agent's receiver for good.
            return self
                .link
                .notice(Notice::UnexpectedPayload(PayloadType::HandshakeRequest));
        }
        let Ok(request) = HandshakeRequest::decode(payload) else {
            return self.fail(ChannelError::HandshakeUnreadable);
        };
        let agent_version = text::clean(&request.agent_version);
        self.agent_version = (!agent_version.is_empty()).then_some(agent_version);
        self.link.event(ClientEvent::HandshakeRequested {
            agent_version: self.agent_version.clone(),
        });
        // The agent throws away what was sent before the handshake is complete.
        self.size_sent = None;

        let draft = Draft::new(&request, &self.session_id, self.target.as_deref());
        if let Some(wanted) = draft.data_key_request() {
            self.link.event(ClientEvent::DataKeyNeeded(wanted.clone()));
            self.phase = Phase::KeyNeeded { draft };
            self.restart_patience(now);
        } else {
            self.send_answer(now, draft.finish());
        }
    }

    fn handle_data_key(&mut self, now: Now, outcome: Result<GeneratedDataKey, &str>) {
        if self.link.has_ended() || !matches!(self.phase, Phase::KeyNeeded { .. }) {
            return;
        }
        let Phase::KeyNeeded { draft } = std::mem::replace(&mut self.phase, Phase::Waiting) else {
            return;
        };
        let answer = match outcome {
            Ok(GeneratedDataKey {
                key,
                ciphertext,
                first_nonce,
            }) => {
                self.sealing = Some(Sealing::new(key.client_cipher(), first_nonce));
                draft.complete(Ok(ciphertext))
            }
            Err(reason) => draft.complete(Err(reason)),
        };
        self.send_answer(now, answer);
        self.settle(now);
    }

    /// Answers the request, once in a session: a second answer would block the agent's receiver for good.
    fn send_answer(&mut self, now: Now, answer: Answer) {
        if let Some(reason) = &answer.refusal {
            self.link.notice(Notice::HandshakeRefused(reason.clone()));
        }
        self.phase = Phase::Answered {
            session_type: answer.session_type,
            properties: answer.properties,
            encryption: match (answer.is_encrypted, &self.sealing) {
                (false, _) => Encryption::Off,
                (true, None) => Encryption::Refused,
                (true, Some(_)) => Encryption::Agreed,
            },
            refusal: answer.refusal,
        };
        self.restart_patience(now);
        self.send(
            now,
            PayloadType::HandshakeResponse,
            answer.response.encode(),
        );
    }

    /// Counts the wait of the phase just begun, once there is a connection.
    fn restart_patience(&mut self, now: Now) {
        self.patience.restart(now.elapsed);
        if !self.link.is_connected() {
            self.patience.pause();
        }
    }

    fn handle_challenge(&mut self, now: Now, payload: &[u8]) {
        let (
            Phase::Answered {
                encryption: encryption @ Encryption::Agreed,
                ..
            },
            Some(sealing),
        ) = (&mut self.phase, &mut self.sealing)
        else {
            return self
                .link
                .notice(Notice::UnexpectedPayload(PayloadType::EncChallengeRequest));
        };
        let challenge = EncryptionChallenge::decode(payload)
            .ok()
            .filter(|challenge| challenge.challenge.len() <= MAX_CHALLENGE_LEN_BYTES);
        let Some(challenge) = challenge else {
            return self.fail(ChannelError::ChallengeUnreadable);
        };
        match sealing.answer(&challenge) {
            Ok(answer) => {
                *encryption = Encryption::Proven;
                self.send(now, PayloadType::EncChallengeResponse, answer.encode());
            }
            Err(error) => self.fail(ChannelError::Encryption(error)),
        }
    }

    fn handle_handshake_complete(&mut self, now: Now, payload: &[u8]) {
        let Phase::Answered {
            session_type,
            properties,
            encryption,
            refusal,
        } = &mut self.phase
        else {
            if matches!(self.phase, Phase::KeyNeeded { .. }) {
                return self.fail(ChannelError::EncryptionSkipped);
            }
            return self
                .link
                .notice(Notice::UnexpectedPayload(PayloadType::HandshakeComplete));
        };
        if matches!(encryption, Encryption::Refused | Encryption::Agreed) {
            return self.fail(ChannelError::EncryptionSkipped);
        }
        if let Some(reason) = refusal.take() {
            return self.fail(ChannelError::HandshakeRefused(reason));
        }
        let (session_type, properties) = (session_type.clone(), properties.take());
        // A body that cannot be read says nothing that matters: the handshake is complete all the same.
        let complete = HandshakeComplete::decode(payload);
        if complete.is_err() {
            self.malformed(PayloadType::HandshakeComplete);
        }
        self.open(now, session_type, properties, true);
        let customer_message = complete
            .map(|complete| text::clean(&complete.customer_message))
            .unwrap_or_default();
        if !customer_message.is_empty() {
            self.link.notice(Notice::CustomerMessage(customer_message));
        }
    }

    fn open(
        &mut self,
        now: Now,
        session_type: SessionType,
        properties: Option<Value>,
        handshake: bool,
    ) {
        self.phase = Phase::Open;
        self.patience.pause();
        let agent_version = self.agent_version.clone();
        self.link.event(ClientEvent::Opened(SessionInfo {
            agent_version,
            session_type,
            properties,
            handshake,
            is_encrypted: self.sealing.is_some(),
        }));
        if !handshake {
            // The agent did not take an early size while its terminal was not up; what follows would wait behind it.
            self.link.expedite(now);
        }
    }

    fn handle_closed(&mut self, message: &AgentMessage) {
        let messages = self.link.held_messages();
        if messages > 0 {
            // What lies behind the gap will not be completed any more, and a stream with a hole is no stream.
            self.link.notice(Notice::OutputLost { messages });
        }
        self.forget();
        self.link
            .end(ClientEvent::Closed(ChannelClosed::from_payload(
                &message.payload,
            )));
    }

    fn malformed(&mut self, payload_type: PayloadType) {
        self.link.notice(Notice::MalformedPayload(
            MessageType::OutputStreamData,
            payload_type,
        ));
    }

    fn fail(&mut self, error: ChannelError) {
        self.forget();
        self.link.end(ClientEvent::Failed(error));
    }

    /// Lets go of what an ended session has no use for, its keys first.
    fn forget(&mut self) {
        self.sealing = None;
        self.input = BytesMut::new();
        self.urgent = BytesMut::new();
        self.phase = Phase::Open;
    }

    // ---- sending

    /// Sends what has become possible: resends that are due, the size, held input.
    fn settle(&mut self, now: Now) {
        self.link.flush(now);
        if matches!(self.phase, Phase::Open)
            && self.size != self.size_sent
            && self.link.window_bytes() > 0
        {
            self.send_size(now);
        }
        self.send_held_input(now);
    }

    fn send_size(&mut self, now: Now) {
        if let Some(size) = self.size {
            self.size_sent = Some(size);
            self.send(now, PayloadType::Size, payload::encode_size(size));
        }
    }

    fn send_held_input(&mut self, now: Now) {
        while matches!(self.phase, Phase::Open) && self.held_input_bytes() > 0 {
            let is_urgent = !self.urgent.is_empty();
            // A window full of paste does not keep an interrupt waiting.
            let room = if is_urgent && self.link.has_urgent_room() {
                self.limits.payload_bytes
            } else {
                self.link.window_bytes().min(self.limits.payload_bytes)
            };
            if room == 0 {
                break;
            }
            // What sealing adds counts too, but where that is all there is room for, one byte still goes.
            let overhead = self.sealing.as_ref().map_or(0, |_| OVERHEAD_LEN_BYTES);
            let room = room.saturating_sub(overhead).max(1);
            let input = if is_urgent {
                &mut self.urgent
            } else {
                &mut self.input
            };
            let chunk = input.split_to(room.min(input.len())).freeze();
            self.send_data(now, chunk);
        }
    }

    fn send_data(&mut self, now: Now, mut payload: Bytes) {
        if let Some(sealing) = &mut self.sealing {
            payload = match sealing.seal(&payload) {
                Ok(sealed) => sealed,
                Err(error) => return self.fail(ChannelError::Encryption(error)),
            };
        }
        self.send(now, PayloadType::Output, payload);
    }

    fn send(&mut self, now: Now, payload_type: PayloadType, payload: Bytes) {
        if !self.link.send(now, payload_type, payload) {
            self.fail(ChannelError::SequenceExhausted);
        }
    }
}

impl std::fmt::Debug for DataChannel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DataChannel")
            .field("session_id", &self.session_id)
            .field("is_closed", &self.is_closed())
            .field("unacknowledged_bytes", &self.unacknowledged_bytes())
            .field("held_input_bytes", &self.held_input_bytes())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Now = Now {
        elapsed: Duration::ZERO,
        unix_ms: 1,
    };

    /// A channel whose data key has been brought.
    fn sealed_channel() -> DataChannel {
        let Ok(session_id) = SessionId::try_from("alice-1") else {
            panic!("the id is well-formed")
        };
        let mut config = ClientConfig::new(session_id, Uuid::nil());
        config.target = Some("i-1".into());
        let mut channel = DataChannel::new(config, Box::new(Uuid::nil));
        let body = br#"{"RequestedClientActions":[{"ActionType":"KMSEncryption","ActionParameters":{"KMSKeyId":"k"}}]}"#;
        channel.handle_handshake_request(NOW, body);
        if let Ok(key) = GeneratedDataKey::new(&[7; 64], vec![1], [0; 12]) {
            channel.provide_data_key(NOW, key);
        }
        assert!(channel.sealing.is_some());
        channel
    }

    #[test]
    fn the_keys_of_a_session_that_is_over_are_gone_while_the_channel_is_kept() {
        let mut failed = sealed_channel();
        failed.fail(ChannelError::EncryptionSkipped);
        assert!(failed.sealing.is_none());
        let mut closed = sealed_channel();
        let body = crate::payload::ChannelClosedBody::default();
        let form = crate::service::HeaderForm::WithPayloadType;
        if let Ok(frame) = crate::service::channel_closed(&body, form, Uuid::nil(), 1) {
            closed.handle_frame(NOW, frame);
        }
        assert!(closed.is_closed() && closed.sealing.is_none());
    }
}
