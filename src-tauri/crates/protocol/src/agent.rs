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
use crate::kms::{DataKey, NONCE_LEN_BYTES, Sealing};
use crate::limits::Limits;
use crate::link::{Link, Turn, earliest};
use crate::message::{AgentMessage, MessageType, PayloadType, SequenceNumber};
use crate::payload::{
    self, AgentSessionState, AgentState, ChannelClosed, ChannelFlag, EncryptionChallenge, ExitCode,
    HandshakeComplete, HandshakeResponse, SessionType,
};
use crate::session_id::SessionId;
use crate::terminal_size::TerminalSize;
use crate::text;

/// How long the official agent waits for the answer to its handshake request, and then for that to its challenge.
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
    /// The encryption to ask for, if any.
    pub encryption: Option<EncryptionPlan>,
}

/// How the agent encrypts a session.
#[derive(Clone, PartialEq, Eq)]
pub struct EncryptionPlan {
    /// The key the client has to ask KMS with.
    pub kms_key_id: String,
    /// The node as it knows itself; the data key is bound to it.
    pub target: String,
    /// Whether a client that leaves the random challenge out is refused, as with the agent's setting
    /// `RequireKMSChallengeResponse`.
    pub requires_challenge: bool,
    /// Drawn at random. Agents since 3.3.808 send it for the encryption context.
    pub random_challenge: [u8; 16],
    /// Drawn at random: what the client has to open and seal again.
    pub secret: [u8; 64],
    /// Drawn at random.
    pub first_nonce: [u8; NONCE_LEN_BYTES],
}

impl std::fmt::Debug for EncryptionPlan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EncryptionPlan")
            .field("kms_key_id", &self.kms_key_id)
            .field("target", &self.target)
            .field("requires_challenge", &self.requires_challenge)
            .finish_non_exhaustive()
    }
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
    encryption: Option<EncryptionPlan>,
    /// There is one from the moment the data key is known. Where `encryption` is planned, nothing of payload types 1,
    /// 11 and 12 passes without it.
    sealing: Option<Sealing>,
    /// When the handshake began.
    requested_at: Duration,
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
    /// The caller has been asked for the data key. Only with it is the answer dealt with, and acknowledged.
    Decrypting { since: Duration, answer: Turn },
    /// The challenge is out.
    Challenged { since: Duration },
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
    Proof,
    Ignore(Option<Notice>),
}

/// Why an input message cannot be taken now.
enum Blocked {
    /// The program is not up yet, or the data key not known.
    NotReady,
    /// It proves that the client does not have the data key. The agent waits for a better one.
    WrongProof,
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
            encryption: None,
            sealing: None,
            requested_at: Duration::ZERO,
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
                    self.requested_at = now.elapsed;
                    let request = handshake::request(&self.agent_version, &plan);
                    self.encryption = plan.encryption;
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
        match self.phase {
            Phase::Requested { since } | Phase::Decrypting { since, .. }
                if now.elapsed >= since + HANDSHAKE_TIMEOUT =>
            {
                self.refuse(handshake::TIMED_OUT);
            }
            Phase::Challenged { since } if now.elapsed >= since + HANDSHAKE_TIMEOUT => {
                self.refuse(handshake::CHALLENGE_TIMED_OUT);
            }
            Phase::New { .. }
            | Phase::Requested { .. }
            | Phase::Decrypting { .. }
            | Phase::Challenged { .. }
            | Phase::Refused
            | Phase::Open => {}
        }
        self.link.flush(now);
    }

    /// Returns when to call [`Self::handle_timeout`], on the clock of [`Now::elapsed`].
    pub fn poll_timeout(&self) -> Option<Duration> {
        let handshake = match self.phase {
            Phase::Requested { since }
            | Phase::Decrypting { since, .. }
            | Phase::Challenged { since } => Some(since + HANDSHAKE_TIMEOUT),
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

    /// Brings the data key [`AgentEvent::DecryptDataKey`] asked for. Does nothing when none is awaited.
    pub fn provide_data_key(&mut self, now: Now, key: &DataKey) {
        let Some((answer, plan)) = self.take_answer() else {
            return;
        };
        let mut sealing = Sealing::new(key.agent_cipher(), plan.first_nonce);
        let Ok(challenge) = sealing.seal(&plan.secret) else {
            return;
        };
        self.sealing = Some(sealing);
        self.phase = Phase::Challenged { since: now.elapsed };
        let challenge = EncryptionChallenge {
            challenge: challenge.into(),
        };
        self.link.accept(now, &answer);
        self.send(now, PayloadType::EncChallengeRequest, challenge.encode());
        let waiting = self.link.next_turn();
        self.take_turns(now, waiting);
        self.link.flush(now);
    }

    /// Says why KMS gave no data key: no permission, or another context.
    pub fn refuse_data_key(&mut self, now: Now, reason: &str) {
        if let Some((answer, _)) = self.take_answer() {
            self.link.accept(now, &answer);
            self.refuse(&handshake::no_data_key(reason));
        }
    }

    /// Takes the answer out that waits for the data key.
    fn take_answer(&mut self) -> Option<(Turn, EncryptionPlan)> {
        if self.link.has_ended() || !matches!(self.phase, Phase::Decrypting { .. }) {
            return None;
        }
        let plan = self.encryption.clone()?;
        match std::mem::replace(&mut self.phase, Phase::Refused) {
            Phase::Decrypting { answer, .. } => Some((answer, plan)),
            Phase::New { .. }
            | Phase::Requested { .. }
            | Phase::Challenged { .. }
            | Phase::Refused
            | Phase::Open => None,
        }
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
        self.send_data(now, PayloadType::ExitCode, ExitCode(code).encode());
    }

    /// Sends a message of any payload type, unencrypted, in its turn and with the next number: for trying what a client
    /// makes of types it does not know, or not at that moment. Nothing is sent when the payload is empty.
    pub fn send_payload(&mut self, now: Now, payload_type: PayloadType, payload: Bytes) {
        if !payload.is_empty() {
            self.send(now, payload_type, payload);
        }
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
                Ok(Step::Answer(response)) => {
                    let is_done = self.handle_answer(now, current, response);
                    if !is_done {
                        return;
                    }
                }
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
            // A repeat of the answer the data key is awaited for; anything else comes after it.
            Phase::Decrypting { .. } => return Err(Blocked::NotReady),
            Phase::Challenged { .. } if payload_type == PayloadType::EncChallengeResponse => {
                return if self.is_proof(&message.payload) {
                    Ok(Step::Proof)
                } else {
                    Err(Blocked::WrongProof)
                };
            }
            // Before the handshake is complete everything else is acknowledged and thrown away.
            Phase::New { .. }
            | Phase::Requested { .. }
            | Phase::Challenged { .. }
            | Phase::Refused => {
                return Ok(Step::Ignore(None));
            }
            Phase::Open if !self.is_ready => return Err(Blocked::NotReady),
            Phase::Open => {}
        }
        match payload_type {
            PayloadType::Output if self.encryption.is_some() => {
                let opened = self
                    .sealing
                    .as_ref()
                    .and_then(|sealing| sealing.open(&message.payload).ok());
                match opened {
                    Some(input) if input.is_empty() => Ok(Step::Ignore(None)),
                    Some(input) => Ok(Step::Input(input)),
                    None => self.unusable(payload_type),
                }
            }
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

    /// Whether the client has opened what this end sealed, and sealed it again.
    fn is_proof(&self, payload: &[u8]) -> bool {
        let (Some(sealing), Some(plan)) = (&self.sealing, &self.encryption) else {
            return false;
        };
        EncryptionChallenge::decode(payload)
            .ok()
            .and_then(|answer| sealing.open(&answer.challenge).ok())
            .is_some_and(|secret| secret[..] == plan.secret)
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
            // Dealt with where it is accepted: that may have to wait.
            Step::Answer(_) => {}
            Step::Proof => self.complete(now),
            Step::Ignore(notice) => notice
                .into_iter()
                .for_each(|notice| self.link.notice(notice)),
        }
    }

    /// Judges the client's answer. Returns whether it is dealt with; else the data key is awaited first.
    fn handle_answer(&mut self, now: Now, turn: Turn, response: HandshakeResponse) -> bool {
        let judged = handshake::judge(
            &response,
            &self.agent_version,
            &self.session_id,
            self.encryption.as_ref(),
        );
        self.client_version = Some(response.client_version);
        match judged {
            Err(failure) => {
                self.link.accept(now, &turn);
                self.refuse(&failure);
            }
            Ok(None) => {
                self.link.accept(now, &turn);
                self.complete(now);
            }
            Ok(Some(request)) => {
                self.phase = Phase::Decrypting {
                    since: self.requested_at,
                    answer: turn,
                };
                self.link.event(AgentEvent::DecryptDataKey(request));
                return false;
            }
        }
        true
    }

    fn complete(&mut self, now: Now) {
        let took = now.elapsed.saturating_sub(self.requested_at).as_nanos();
        let encrypted = self.sealing.as_ref().map_or("", |_| handshake::ENCRYPTED);
        let complete = HandshakeComplete {
            time_to_complete_ns: i64::try_from(took).unwrap_or(i64::MAX),
            customer_message: format!("{}{encrypted}", self.customer_message),
        };
        self.send(now, PayloadType::HandshakeComplete, complete.encode());
        self.open();
    }

    fn refuse(&mut self, reason: &str) {
        self.sealing = None;
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
            self.send_data(now, payload_type, piece);
        }
    }

    /// Sends what is sealed in an encrypted session. Without its key nothing is sent at all.
    fn send_data(&mut self, now: Now, payload_type: PayloadType, payload: Bytes) {
        if self.encryption.is_none() {
            return self.send(now, payload_type, payload);
        }
        let sealed = self
            .sealing
            .as_mut()
            .and_then(|sealing| sealing.seal(&payload).ok());
        if let Some(sealed) = sealed {
            self.send(now, payload_type, sealed);
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
