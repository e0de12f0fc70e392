//! The agent's end of a data channel: what `simulator` drives.
//!
//! It mirrors the official agent where a client can tell the difference: the handshake and its words, what is thrown
//! away before it is complete, and that a program which is not ready yet leaves input unacknowledged. It runs no
//! program itself. Origin: agent, `agent/session/datachannel/datachannel.go`.

mod event;
mod handshake;

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

pub use event::AgentEvent;

use crate::io::{MessageIds, Notice, Now, Output};
use crate::limits::Limits;
use crate::link::{Link, Turn, earliest};
use crate::message::{AgentMessage, MessageType, PayloadType, SequenceNumber};
use crate::payload::{
    self, AgentSessionState, AgentState, ChannelClosed, ChannelFlag, ExitCode, HandshakeComplete,
    HandshakeResponse, SessionType,
};
use crate::session_id::SessionId;
use crate::terminal_size::TerminalSize;
use crate::text;

/// How long the official agent waits for the answer to its handshake request.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(15);

/// Largest payload made from output. Receivers must accept it; the official agent sends 1,024 bytes at a time, which
/// is for the caller to do.
const MAX_CHUNK_BYTES: usize = 64 * 1024;

/// What an [`AgentChannel`] has to know beforehand.
#[derive(Clone, Debug)]
pub struct AgentConfig {
    /// The session.
    pub session_id: SessionId,
    /// What the agent says it is; clients choose features by it.
    pub agent_version: String,
    /// The handshake to hold, if any.
    pub handshake: Option<HandshakePlan>,
    /// Text to show the user when the handshake is complete.
    pub customer_message: String,
    /// Whether input that cannot be handled blocks all that follows, as it does in the official agent.
    pub wedge_on_error: bool,
    /// Bounds of buffers and waits.
    pub limits: Limits,
    /// Where both streams begin; anything but 0 only to test very long sessions.
    pub first_sequence_number: SequenceNumber,
}

impl AgentConfig {
    /// Makes the configuration of a plain shell: no handshake.
    pub fn new(session_id: SessionId, agent_version: impl Into<String>) -> Self {
        Self {
            session_id,
            agent_version: agent_version.into(),
            handshake: None,
            customer_message: String::new(),
            wedge_on_error: false,
            limits: Limits::default(),
            first_sequence_number: SequenceNumber::FIRST,
        }
    }
}

/// What the agent asks for in its handshake.
#[derive(Clone, Debug, PartialEq)]
pub struct HandshakePlan {
    /// The session type.
    pub session_type: SessionType,
    /// The document's properties, for a port session.
    pub properties: Option<Value>,
    /// The key to ask for encryption with. Clients of this crate refuse, and the session ends.
    pub kms_key_id: Option<String>,
}

/// The agent's end of one session, over any number of connections.
pub struct AgentChannel {
    link: Link<AgentEvent>,
    session_id: SessionId,
    agent_version: String,
    customer_message: String,
    wedge_on_error: bool,
    limits: Limits,
    phase: Phase,
    client_version: Option<String>,
    is_ready: bool,
    /// The message the official agent would be stuck at.
    is_wedged: bool,
}

/// How far the session has come.
enum Phase {
    /// Not connected yet.
    New { handshake: Option<HandshakePlan> },
    /// The handshake request is out.
    Requested { since: Duration },
    /// The handshake failed; the owner is told and ends the session.
    Refused,
    /// Input and output flow.
    Open,
}

/// What an input message asks for, once it is known to make sense.
enum Step {
    Input(Bytes),
    Resize(TerminalSize),
    Flag(ChannelFlag),
    Answer(HandshakeResponse),
    Ignore(Option<Notice>),
}

/// Why an input message cannot be taken now.
enum Blocked {
    /// The program is not up yet.
    NotReady,
    /// It cannot be handled, and what follows has to wait: only with [`AgentConfig::wedge_on_error`].
    Wedged,
}

impl AgentChannel {
    /// Makes the channel of a session the agent has been told of.
    pub fn new(config: AgentConfig, ids: Box<dyn MessageIds>) -> Self {
        let first = config.first_sequence_number;
        Self {
            link: Link::new(MessageType::OutputStreamData, first, config.limits, ids),
            session_id: config.session_id,
            agent_version: config.agent_version,
            customer_message: config.customer_message,
            wedge_on_error: config.wedge_on_error,
            limits: config.limits,
            phase: Phase::New {
                handshake: config.handshake,
            },
            client_version: None,
            is_ready: false,
            is_wedged: false,
        }
    }

    /// The channel is up. The first time, says so to the service and begins the handshake, if one is planned; later,
    /// sends again whatever is unacknowledged.
    pub fn handle_connected(&mut self, now: Now) {
        if self.link.has_ended() {
            return;
        }
        self.link.connect();
        if let Phase::New { handshake } = &mut self.phase {
            let handshake = handshake.take();
            self.send_session_state(now, AgentState::Connected);
            self.link.start(now);
            match handshake {
                Some(plan) => {
                    self.phase = Phase::Requested { since: now.elapsed };
                    let request = handshake::request(&self.agent_version, &plan);
                    self.send(now, PayloadType::HandshakeRequest, request.encode());
                }
                None => self.open(),
            }
        } else {
            self.link.start(now);
        }
    }

    /// The channel is gone: nothing is sent until it is back, nothing is forgotten.
    pub fn handle_disconnected(&mut self, _now: Now) {
        self.link.disconnect();
    }

    /// Takes in any data frame, binary or text.
    pub fn handle_frame(&mut self, now: Now, frame: Bytes) {
        let Some(message) = self.link.decode(frame) else {
            return;
        };
        match message.message_type {
            MessageType::InputStreamData => self.handle_stream(now, message),
            MessageType::Acknowledge => self.link.handle_acknowledge(now, &message),
            MessageType::ChannelClosed => {
                self.link
                    .end(AgentEvent::Closed(ChannelClosed::from_payload(
                        &message.payload,
                    )));
            }
            MessageType::PausePublication => self.link.pause(),
            MessageType::StartPublication => self.link.resume(now),
            MessageType::OutputStreamData | MessageType::AgentSessionState => {
                self.link
                    .notice(Notice::MisdirectedMessage(message.message_type));
            }
            MessageType::Other(name) => self
                .link
                .notice(Notice::UnknownMessageType(text::clean(&name))),
        }
        self.link.flush(now);
    }

    /// Does what is due: resends, the end of the handshake's time.
    pub fn handle_timeout(&mut self, now: Now) {
        if let Phase::Requested { since } = self.phase
            && now.elapsed >= since + HANDSHAKE_TIMEOUT
        {
            self.refuse(handshake::TIMED_OUT);
        }
        self.link.flush(now);
    }

    /// Returns when to call [`Self::handle_timeout`], on the clock of [`Now::elapsed`].
    pub fn poll_timeout(&self) -> Option<Duration> {
        let handshake = match self.phase {
            Phase::Requested { since } => Some(since + HANDSHAKE_TIMEOUT),
            Phase::New { .. } | Phase::Refused | Phase::Open => None,
        };
        if self.link.has_ended() {
            return None;
        }
        earliest([self.link.resend_deadline(), handshake])
    }

    /// Returns the next piece of work. To be emptied after every call of the other methods.
    pub fn poll_output(&mut self) -> Option<Output<AgentEvent>> {
        self.link.poll_output()
    }

    /// The program is up. Until then client stream data is neither acknowledged nor counted; the client repeats it.
    pub fn set_ready(&mut self, now: Now) {
        self.is_ready = true;
        let waiting = self.link.next_turn();
        self.take_turns(now, waiting);
        self.link.flush(now);
    }

    /// Sends output of the program, in pieces of at most 64 KiB; meant for one read of 1,024 bytes at a time. The
    /// caller stops reading while [`Self::is_paused`] or [`Self::output_capacity`] is 0: nothing is ever discarded.
    pub fn send_output(&mut self, now: Now, bytes: Bytes) {
        self.send_pieces(now, PayloadType::Output, bytes);
    }

    /// Sends separated standard error of the program.
    pub fn send_stderr(&mut self, now: Now, bytes: Bytes) {
        self.send_pieces(now, PayloadType::StdErr, bytes);
    }

    /// Sends how the program ended.
    pub fn send_exit_code(&mut self, now: Now, code: i32) {
        self.send(now, PayloadType::ExitCode, ExitCode(code).encode());
    }

    /// Raises a flag.
    pub fn send_flag(&mut self, now: Now, flag: ChannelFlag) {
        self.send(now, PayloadType::Flag, flag.encode());
    }

    /// Tells the service how the session is.
    pub fn send_session_state(&mut self, now: Now, state: AgentState) {
        let body = AgentSessionState {
            schema_version: 1,
            session_state: state,
            session_id: self.session_id.to_string(),
        };
        self.link
            .send_control(now, MessageType::AgentSessionState, body.encode());
    }

    /// Whether the service says that the client is absent: output is numbered and kept, but not sent.
    pub fn is_paused(&self) -> bool {
        self.link.is_peer_absent()
    }

    /// Whether everything sent has been acknowledged.
    pub fn all_acknowledged(&self) -> bool {
        self.link.all_acknowledged()
    }

    /// Returns how many bytes are sent, or kept to be sent, without an acknowledgement.
    pub fn unacknowledged_bytes(&self) -> usize {
        self.link.unacknowledged_bytes()
    }

    /// Returns how many more bytes of output may be sent before the caller has to stop reading.
    pub fn output_capacity(&self) -> usize {
        self.limits
            .window_bytes
            .saturating_sub(self.link.unacknowledged_bytes())
    }

    /// Returns how many bytes of input wait behind a missing message. Bounded by [`Limits::reorder_bytes`].
    pub fn reordering_bytes(&self) -> usize {
        self.link.held_bytes()
    }

    /// Returns the client's version, once the handshake has told it. The official agent chooses features by it: see
    /// [`crate::version::ClientFeatures`].
    pub fn client_version(&self) -> Option<&str> {
        self.client_version.as_deref()
    }

    /// Whether the service has closed the channel.
    pub fn is_closed(&self) -> bool {
        self.link.has_ended()
    }

    // ---- receiving

    fn handle_stream(&mut self, now: Now, message: AgentMessage) {
        let turn = self.link.arrive(now, message);
        self.take_turns(now, turn);
    }

    fn take_turns(&mut self, now: Now, mut turn: Option<Turn>) {
        while let Some(current) = turn {
            match self.interpret(&current.message) {
                Ok(step) => {
                    self.link.accept(now, &current);
                    self.act_on(now, step);
                }
                Err(blocked) => {
                    self.is_wedged |= matches!(blocked, Blocked::Wedged);
                    return self.link.decline(current);
                }
            }
            turn = self.link.next_turn();
        }
    }

    /// Reads a message without acting on it: it is acknowledged only once it is known to be usable.
    fn interpret(&self, message: &AgentMessage) -> Result<Step, Blocked> {
        let payload_type = message.payload_type;
        if self.is_wedged {
            return Err(Blocked::Wedged);
        }
        match self.phase {
            Phase::Requested { .. } if payload_type == PayloadType::HandshakeResponse => {
                return HandshakeResponse::decode(&message.payload)
                    .map(Step::Answer)
                    .or_else(|_| self.unusable(payload_type));
            }
            // Before the handshake is complete everything else is acknowledged and thrown away.
            Phase::New { .. } | Phase::Requested { .. } | Phase::Refused => {
                return Ok(Step::Ignore(None));
            }
            Phase::Open if !self.is_ready => return Err(Blocked::NotReady),
            Phase::Open => {}
        }
        match payload_type {
            PayloadType::Output if message.payload.is_empty() => Ok(Step::Ignore(None)),
            PayloadType::Output => Ok(Step::Input(message.payload.clone())),
            PayloadType::Size => payload::decode_size(&message.payload)
                .map(Step::Resize)
                .or_else(|_| self.unusable(payload_type)),
            PayloadType::Flag => ChannelFlag::decode(&message.payload)
                .map(Step::Flag)
                .or_else(|_| self.unusable(payload_type)),
            PayloadType::Unknown(number) => {
                Ok(Step::Ignore(Some(Notice::UnknownPayloadType(number))))
            }
            PayloadType::None
            | PayloadType::Error
            | PayloadType::Parameter
            | PayloadType::HandshakeRequest
            | PayloadType::HandshakeResponse
            | PayloadType::HandshakeComplete
            | PayloadType::EncChallengeRequest
            | PayloadType::EncChallengeResponse
            | PayloadType::StdErr
            | PayloadType::ExitCode => {
                Ok(Step::Ignore(Some(Notice::UnexpectedPayload(payload_type))))
            }
        }
    }

    fn unusable(&self, payload_type: PayloadType) -> Result<Step, Blocked> {
        if self.wedge_on_error {
            return Err(Blocked::Wedged);
        }
        Ok(Step::Ignore(Some(Notice::MalformedPayload(
            MessageType::InputStreamData,
            payload_type,
        ))))
    }

    fn act_on(&mut self, now: Now, step: Step) {
        match step {
            Step::Input(bytes) => self.link.event(AgentEvent::Input(bytes)),
            Step::Resize(size) => self.link.event(AgentEvent::Resize(size)),
            Step::Flag(flag) => self.link.event(AgentEvent::Flag(flag)),
            Step::Answer(response) => self.handle_answer(now, response),
            Step::Ignore(notice) => notice
                .into_iter()
                .for_each(|notice| self.link.notice(notice)),
        }
    }

    fn handle_answer(&mut self, now: Now, response: HandshakeResponse) {
        let Phase::Requested { since } = self.phase else {
            return;
        };
        let failure = handshake::failure(&response);
        self.client_version = Some(response.client_version);
        if let Some(failure) = failure {
            return self.refuse(&failure);
        }
        let took = now.elapsed.saturating_sub(since).as_nanos();
        let complete = HandshakeComplete {
            time_to_complete_ns: i64::try_from(took).unwrap_or(i64::MAX),
            customer_message: self.customer_message.clone(),
        };
        self.send(now, PayloadType::HandshakeComplete, complete.encode());
        self.open();
    }

    fn refuse(&mut self, reason: &str) {
        self.phase = Phase::Refused;
        self.link
            .event(AgentEvent::HandshakeFailed(handshake::output(reason)));
    }

    fn open(&mut self) {
        self.phase = Phase::Open;
        self.link.event(AgentEvent::Opened);
    }

    // ---- sending

    fn send_pieces(&mut self, now: Now, payload_type: PayloadType, mut bytes: Bytes) {
        while !bytes.is_empty() {
            let piece = bytes.split_to(bytes.len().min(MAX_CHUNK_BYTES));
            self.send(now, payload_type, piece);
        }
    }

    fn send(&mut self, now: Now, payload_type: PayloadType, payload: Bytes) {
        if !self.link.send(now, payload_type, payload) {
            self.link.end(AgentEvent::SequenceExhausted);
        }
    }
}

impl std::fmt::Debug for AgentChannel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AgentChannel")
            .field("session_id", &self.session_id)
            .field("is_closed", &self.is_closed())
            .field("is_ready", &self.is_ready)
            .field("unacknowledged_bytes", &self.unacknowledged_bytes())
            .finish_non_exhaustive()
    }
}
