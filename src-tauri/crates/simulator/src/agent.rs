//! The agent of one session: drives the agent's end of the data channel and the program behind it. One task per
//! session owns both, together with every timer; it ends when the program or the service ends the session, and by then
//! nothing of the program is left. Commands that the service would send over the agent's control channel come as
//! arguments and signals.

mod chunks;
mod environment;
mod features;
mod kill;
mod pause;
mod process;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use protocol::kms::{DataKey, DecryptRequest};
use protocol::service::{self as gateway, HeaderForm};
use protocol::{
    AgentChannel, AgentConfig, AgentEvent, AgentState, EncodeError, EncryptionPlan, Frame,
    HandshakePlan, Now, Output, PayloadType, SessionId, SessionType,
};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use self::chunks::Chunks;
use self::pause::Pause;
use self::process::{Command, Piece, Process};
use crate::config::{Delivery, Platform};
use crate::service::Service;
use crate::session::{AgentSignals, Presence, Session, SessionStatus};
use crate::{kms, random, timestamp};

/// What the agent is to do in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) program: Program,
    pub(crate) handshake: bool,
    /// The key to encrypt with, which needs the handshake.
    pub(crate) kms_key_id: Option<String>,
}

/// What it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    Shell,
    Interactive {
        commands: String,
    },
    NonInteractive {
        commands: String,
        separate_output_stream: bool,
    },
    Port,
}

/// Output of the program that may wait here, besides what waits for acknowledgement.
const BACKLOG: usize = 64 * 1024;
/// Output of a command without a terminal that is kept until its end; a longer one is sent as it comes.
const COLLECTED: usize = 1 << 20;
/// Frames that may wait for the client before frames of the client have to wait for them.
const OUTGOING: usize = 4096;
/// Frames of input, and their bytes, that may wait for a program that does not read. More are dropped unacknowledged,
/// and the client sends them again.
const HELD_FRAMES: usize = 2048;
const HELD_BYTES: usize = 4 << 20;
/// How long a program that has exited may leave its terminal open without output before that is taken for the end.
const QUIET: Duration = Duration::from_millis(200);
/// How long a client that is there may take none of the last output.
const PATIENCE: Duration = Duration::from_secs(30);
/// The service's words for a session without input and output.
const IDLE: &str = "Your session timed out due to inactivity and has been terminated.";
/// Ours for a session that has lasted as long as it may: the service's are not known.
const OVERDUE: &str =
    "Your session timed out due to reaching its maximum duration and has been terminated.";

/// Runs the agent of a session to its end.
pub(crate) async fn run(session: Arc<Session>, plan: Plan, service: Arc<Service>) {
    let (output, status) = if let Some(name) = missing_plugin(&plan, &service.config.agent.version)
    {
        // The words of an agent without the plug-in.
        let output = format!(
            "Plugin with name {name} is not supported by this version of ssm agent, \
             please update to latest version. Step name: {name}"
        );
        (output, SessionStatus::Failed)
    } else {
        match Agent::new(Arc::clone(&session), plan, service) {
            Some(agent) => agent.run().await,
            None => (
                "The session id is not valid.".to_owned(),
                SessionStatus::Failed,
            ),
        }
    };
    tracing::info!(session = %session.id, status = status.as_str(), "session ended");
    session.finish(&output, status);
}

/// The plug-in that the session needs and an agent of this version does not have.
fn missing_plugin(plan: &Plan, version: &str) -> Option<&'static str> {
    match plan.program {
        Program::Shell => None,
        Program::Interactive { .. } => {
            (!features::has_interactive_commands(version)).then_some("InteractiveCommands")
        }
        Program::NonInteractive { .. } => {
            (!features::has_non_interactive_commands(version)).then_some("NonInteractiveCommands")
        }
        Program::Port => Some("Port"),
    }
}

struct Agent {
    session: Arc<Session>,
    service: Arc<Service>,
    plan: Plan,
    channel: AgentChannel,
    epoch: Instant,
    signals: watch::Receiver<AgentSignals>,
    /// The number of the client's connection. The first news tells the agent that there is none.
    client: Option<u64>,
    presence: Presence,
    /// Frames on their way to the client.
    outgoing: VecDeque<Bytes>,
    /// Frames of input, by number, while the program does not take what it has.
    held: BTreeMap<i64, Bytes>,
    held_bytes: usize,
    /// Input that the channel has given out and the program has not taken.
    input: VecDeque<Bytes>,
    /// A size that came before the program was up.
    size: Option<(u16, u16)>,
    starting: Option<JoinHandle<Result<Process, String>>>,
    process: Option<Process>,
    stdout: Chunks,
    stderr: Chunks,
    /// No output is sent before it is over.
    pause: Pause,
    last_activity: Instant,
    stage: Stage,
    exit_code: Option<i32>,
    output_ended: bool,
    last_output: Instant,
}

/// How far the session is on its way to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Stage {
    Running,
    /// The program could not be started; this is said at that time.
    LaunchFailed {
        at: Instant,
        text: String,
    },
    /// All output is sent; waits until then for its acknowledgement.
    Draining {
        until: Instant,
    },
    Ended {
        output: String,
        status: SessionStatus,
    },
}

/// Why the task woke up.
enum Wake {
    Cancelled,
    Signals,
    Frame(Bytes),
    Started(Result<Process, String>),
    Piece(Option<Piece>),
    Exited(i32),
    /// A message was asked for.
    Send(PayloadType, Bytes),
    /// There is room in a queue, or it is time for something.
    Due,
}

impl Agent {
    fn new(session: Arc<Session>, plan: Plan, service: Arc<Service>) -> Option<Self> {
        let config = &service.config;
        let session_id = SessionId::try_from(session.id.as_str()).ok()?;
        let mut channel = AgentConfig::new(session_id, config.agent.version.clone());
        channel.limits.window_bytes = config.agent.output_window;
        channel.limits.resend = config.agent.resend;
        let session_type = match plan.program {
            Program::Shell => SessionType::StandardStream,
            Program::Interactive { .. } => SessionType::InteractiveCommands,
            Program::NonInteractive { .. } => SessionType::NonInteractiveCommands,
            Program::Port => SessionType::Port,
        };
        let handshake = plan.handshake && features::has_handshake(&config.agent.version);
        channel.handshake = handshake.then_some(HandshakePlan {
            session_type,
            properties: None,
            encryption: plan.kms_key_id.clone().map(|kms_key_id| EncryptionPlan {
                kms_key_id,
                target: session.target.clone(),
                requires_challenge: config.agent.requires_kms_challenge,
                random_challenge: random::bytes(),
                secret: random::bytes(),
                first_nonce: random::bytes(),
            }),
        });
        let now = Instant::now();
        Some(Self {
            signals: session.signals(),
            stdout: Chunks::new(config.agent.chunk_len),
            stderr: Chunks::new(config.agent.chunk_len),
            session,
            service,
            plan,
            channel: AgentChannel::new(channel, Box::new(Uuid::new_v4)),
            epoch: now,
            client: Some(0),
            presence: Presence::Here,
            outgoing: VecDeque::new(),
            held: BTreeMap::new(),
            held_bytes: 0,
            input: VecDeque::new(),
            size: None,
            starting: None,
            process: None,
            pause: Pause::default(),
            last_activity: now,
            stage: Stage::Running,
            exit_code: None,
            output_ended: false,
            last_output: now,
        })
    }

    async fn run(mut self) -> (String, SessionStatus) {
        self.channel.handle_connected(self.now());
        self.handle_outputs();
        self.handle_signals();
        loop {
            self.work();
            if let Stage::Ended { output, status } = self.stage.clone() {
                self.end_process().await;
                return (output, status);
            }
            let wake = self.wake().await;
            self.handle(wake);
        }
    }

    /// Does what can be done at once, until all that is left is to wait.
    fn work(&mut self) {
        self.check_time();
        if self.presence != Presence::Here {
            return;
        }
        self.handle_outputs();
        self.pass_input();
        // Any frame of a client counts as its return; one that was held, or came late, is not.
        if self.client.is_none() && !self.channel.is_paused() {
            self.pause_publication();
        }
        self.send_output();
        // Each stage may be over as soon as it begins.
        loop {
            let before = std::mem::discriminant(&self.stage);
            self.advance();
            if before == std::mem::discriminant(&self.stage) {
                break;
            }
        }
        self.handle_outputs();
        self.transmit();
    }

    async fn wake(&mut self) -> Wake {
        let deadline = self.deadline();
        let is_here = self.presence == Presence::Here;
        let is_gone = self.presence == Presence::Vanished;
        let takes_frames = is_here && self.outgoing.len() < OUTGOING;
        let takes_pieces = is_here && !self.output_ended && self.backlog() < self.backlog_limit();
        let waits_for_exit = is_here && self.exit_code.is_none();
        let Self {
            session,
            signals,
            starting,
            process,
            outgoing,
            input,
            ..
        } = self;
        let (pieces, exited, room) = match process {
            Some(process) => (
                takes_pieces.then_some(&mut process.output),
                waits_for_exit.then_some(&mut process.exited),
                if input.is_empty() || !is_here {
                    None
                } else {
                    process.input.as_ref()
                },
            ),
            None => (None, None, None),
        };
        tokio::select! {
            () = session.cancel.cancelled() => Wake::Cancelled,
            _ = signals.changed() => Wake::Signals,
            frame = session.to_agent.recv(), if takes_frames => Wake::Frame(frame),
            // What is sent to one that has vanished is lost, and nobody waits for it.
            _ = session.to_agent.recv(), if is_gone => Wake::Due,
            (payload_type, payload) = session.to_send.recv(), if is_here => {
                Wake::Send(payload_type.into(), payload)
            }
            started = started(starting) => Wake::Started(started),
            piece = piece(pieces) => Wake::Piece(piece),
            code = exit_code(exited) => Wake::Exited(code),
            () = input_room(room) => Wake::Due,
            () = session.to_client.room(), if is_here && !outgoing.is_empty() => Wake::Due,
            () = until(deadline) => Wake::Due,
        }
    }

    fn handle(&mut self, wake: Wake) {
        match wake {
            Wake::Cancelled => self.end(String::new(), SessionStatus::Terminated),
            Wake::Signals => self.handle_signals(),
            Wake::Frame(frame) => {
                // It may have come after the order to go.
                let presence = self.signals.borrow().presence;
                if presence != self.presence {
                    self.handle_presence(presence);
                }
                if presence == Presence::Here {
                    self.handle_frame(frame);
                }
            }
            Wake::Started(Ok(process)) => self.handle_started(process),
            Wake::Started(Err(text)) => self.handle_launch_failure(text),
            Wake::Piece(piece) => self.handle_piece(piece),
            Wake::Exited(code) => {
                self.exit_code = Some(code);
                self.last_output = Instant::now();
            }
            Wake::Send(payload_type, payload) => {
                self.channel.send_payload(self.now(), payload_type, payload);
            }
            Wake::Due => {
                let now = self.now();
                let is_due = |due| due <= now.elapsed;
                if self.presence == Presence::Here
                    && self.channel.poll_timeout().is_some_and(is_due)
                {
                    self.channel.handle_timeout(now);
                }
            }
        }
    }

    // ---- the service

    fn handle_signals(&mut self) {
        let signals = *self.signals.borrow_and_update();
        if signals.cancelled {
            return self.end(String::new(), SessionStatus::Terminated);
        }
        if signals.presence != self.presence {
            self.handle_presence(signals.presence);
        }
        // One that is not here learns of its client when it is back.
        if signals.client == self.client || self.presence != Presence::Here {
            return;
        }
        self.client = signals.client;
        // What the client sent before it left comes before the news that it has.
        while let Some(frame) = self.session.to_agent.try_recv() {
            self.handle_frame(frame);
        }
        // One connection can follow another unseen, and what the first did not get must be sent again.
        self.pause_publication();
        if self.client.is_some() {
            let form = HeaderForm::WithPayloadType;
            let start = gateway::start_publication(form, Uuid::new_v4(), timestamp::now_ms());
            self.handle_service_frame(start);
        }
    }

    fn handle_presence(&mut self, presence: Presence) {
        let now = self.now();
        let earlier = std::mem::replace(&mut self.presence, presence);
        tracing::info!(session = %self.session.id, ?presence, "agent");
        if presence == Presence::Absent {
            self.channel.handle_disconnected(now);
            self.outgoing.clear();
            if self.service.config.delivery == Delivery::Drop {
                self.session.to_agent.clear();
            }
        } else if presence == Presence::Here && earlier == Presence::Absent {
            self.channel.handle_connected(now);
            if self.client.is_none() {
                self.pause_publication();
            }
        }
    }

    fn pause_publication(&mut self) {
        let form = HeaderForm::WithPayloadType;
        let pause = gateway::pause_publication(form, Uuid::new_v4(), timestamp::now_ms());
        self.handle_service_frame(pause);
    }

    fn handle_service_frame(&mut self, frame: Result<Bytes, EncodeError>) {
        match frame {
            Ok(frame) => self.channel.handle_frame(self.now(), frame),
            Err(error) => tracing::error!(%error, "cannot tell the agent of its client"),
        }
    }

    fn handle_frame(&mut self, frame: Bytes) {
        let Some(number) = input_number(&frame).filter(|_| !self.input.is_empty()) else {
            return self.channel.handle_frame(self.now(), frame);
        };
        // The program does not read. Acknowledgements still come through, or a program that only writes would stop too.
        if self.held.len() < HELD_FRAMES && self.held_bytes + frame.len() <= HELD_BYTES {
            // The first of a number counts, as it would if the program read.
            if let Entry::Vacant(place) = self.held.entry(number) {
                self.held_bytes += frame.len();
                place.insert(frame);
            }
        }
    }

    /// Takes work from the channel until it has none.
    fn handle_outputs(&mut self) {
        while let Some(output) = self.channel.poll_output() {
            match output {
                Output::Transmit(Frame::Binary(frame)) if is_session_state(&frame) => {
                    // For the service, which does not pass it on.
                    tracing::trace!(session = %self.session.id, "session state");
                }
                Output::Transmit(Frame::Binary(frame)) => self.outgoing.push_back(frame),
                Output::Transmit(Frame::Open(_)) => {
                    tracing::error!("an agent here has no open frame")
                }
                Output::Event(event) => self.handle_event(event),
            }
        }
    }

    fn handle_event(&mut self, event: AgentEvent) {
        match event {
            AgentEvent::Opened => self.start(),
            AgentEvent::DecryptDataKey(request) => self.decrypt_data_key(&request),
            AgentEvent::Input(bytes) => {
                self.last_activity = Instant::now();
                self.handle_input(bytes);
            }
            AgentEvent::Resize(size) => {
                self.size = Some((size.cols(), size.rows()));
                self.apply_size();
            }
            // A shell session ignores all of them.
            AgentEvent::Flag(flag) => {
                tracing::debug!(session = %self.session.id, ?flag, "flag ignored")
            }
            AgentEvent::Notice(notice) => {
                tracing::debug!(session = %self.session.id, ?notice, "notice")
            }
            AgentEvent::HandshakeFailed(output) => self.end(output, SessionStatus::Failed),
            AgentEvent::Closed(_) | AgentEvent::SequenceExhausted => {
                self.end(String::new(), SessionStatus::Terminated);
            }
        }
    }

    /// Asks KMS, as the instance would with its own role.
    fn decrypt_data_key(&mut self, request: &DecryptRequest) {
        let owned = |(name, value): (&&str, &String)| ((*name).to_owned(), value.clone());
        let context = request.context.iter().map(owned).collect();
        let key_id = Some(request.key_id.as_str());
        let reason = match kms::decrypted(&self.service, key_id, &request.ciphertext, &context) {
            Ok((_, plaintext)) => match DataKey::new(&plaintext) {
                Ok(key) => return self.channel.provide_data_key(self.now(), &key),
                Err(error) => error.to_string(),
            },
            // As the agent's SDK writes errors.
            Err(error) => format!(
                "Unable to retrieve data key, Error when decrypting data key {}: {}\n\tstatus code: {}, request id: {}",
                error.kind,
                error.message,
                error.status.as_u16(),
                random::request_id()
            ),
        };
        self.channel.refuse_data_key(self.now(), &reason);
    }

    fn transmit(&mut self) {
        while let Some(frame) = self.outgoing.pop_front() {
            if let Err(frame) = self.session.offer_to_client(frame) {
                return self.outgoing.push_front(frame);
            }
        }
    }

    // ---- the program

    fn start(&mut self) {
        let shell = &self.service.config.shell;
        let argv = match &self.plan.program {
            Program::Shell if shell.argv.is_empty() => environment::shell(),
            Program::Shell => shell.argv.clone(),
            Program::Interactive { commands } if cfg!(windows) => {
                vec![
                    "powershell.exe".to_owned(),
                    "-Command".to_owned(),
                    commands.clone(),
                ]
            }
            Program::Interactive { commands } => {
                vec!["sh".to_owned(), "-c".to_owned(), commands.clone()]
            }
            Program::NonInteractive { commands, .. } => match shell_words::split(commands) {
                Ok(argv) => argv,
                Err(error) => {
                    return self.handle_launch_failure(format!("Unable to start command: {error}"));
                }
            },
            Program::Port => Vec::new(),
        };
        let cwd = shell.cwd.clone().or_else(environment::home);
        let command = Command {
            argv,
            cwd,
            env: environment::variables(&shell.env),
        };
        let separate = self.separates_output();
        let on_pty = self.has_terminal();
        let size = self.size.unwrap_or(self.service.config.agent.initial_size);
        self.starting = Some(tokio::task::spawn_blocking(move || {
            if on_pty {
                process::start_on_pty(&command, size)
            } else {
                process::start_on_pipes(&command, separate)
            }
        }));
    }

    fn handle_started(&mut self, process: Process) {
        tracing::debug!(session = %self.session.id, pid = process.pid, "program started");
        self.session.set_child(Some(process.pid));
        self.process = Some(process);
        self.pause = Pause::until(Instant::now() + self.service.config.agent.first_output_delay);
        self.apply_size();
        self.channel.set_ready(self.now());
    }

    fn handle_launch_failure(&mut self, text: String) {
        tracing::info!(session = %self.session.id, text, "program not started");
        if self.has_terminal() {
            let at = Instant::now() + self.service.config.agent.launch_failure_delay;
            self.stage = Stage::LaunchFailed { at, text };
            return;
        }
        let now = self.now();
        if self.separates_output() {
            self.channel.send_exit_code(now, 1);
        }
        self.channel.send_stderr(now, text.into());
        self.drain();
    }

    fn handle_input(&mut self, bytes: Bytes) {
        if self.has_terminal() {
            let bytes = match self.service.config.agent.platform {
                Platform::Unix => bytes,
                Platform::Windows => as_on_windows(bytes),
            };
            return self.input.push_back(bytes);
        }
        // No terminal, no input: only the first key that is a signal at a terminal counts.
        let Some(process) = &self.process else { return };
        match bytes.iter().find(|byte| [0x03, 0x1c].contains(*byte)) {
            Some(0x03) => process.interrupt(),
            Some(_) => process.quit(),
            None => {}
        }
    }

    /// Gives the program what it takes, and takes held frames as long as it takes everything.
    fn pass_input(&mut self) {
        loop {
            let sender = self
                .process
                .as_ref()
                .and_then(|process| process.input.as_ref());
            while let (Some(sender), Some(bytes)) = (sender, self.input.pop_front()) {
                match sender.try_send(bytes) {
                    Ok(()) => {}
                    Err(mpsc::error::TrySendError::Full(bytes)) => {
                        return self.input.push_front(bytes);
                    }
                    // Its terminal is gone, and the end is on its way.
                    Err(mpsc::error::TrySendError::Closed(_)) => self.input.clear(),
                }
            }
            let Some((_, frame)) = self.held.pop_first() else {
                return;
            };
            self.held_bytes -= frame.len();
            self.channel.handle_frame(self.now(), frame);
            self.handle_outputs();
        }
    }

    fn apply_size(&mut self) {
        let (Some(process), Some(size)) = (&self.process, self.size) else {
            return;
        };
        if self.has_terminal() && process.resize(size) {
            self.session.set_size(size);
        }
    }

    fn handle_piece(&mut self, piece: Option<Piece>) {
        self.last_output = Instant::now();
        match piece {
            Some(Piece::Stdout(bytes)) => self.stdout.push(&bytes),
            Some(Piece::Stderr(bytes)) => self.stderr.push(&bytes),
            None => self.output_ended = true,
        }
    }

    /// Sends what may be sent of what the program has written.
    fn send_output(&mut self) {
        while self.may_send() {
            let at_end = self.output_ended;
            let sent = if let Some(chunk) = self
                .stderr
                .next()
                .or_else(|| at_end.then(|| self.stderr.rest()).flatten())
            {
                self.channel.send_stderr(self.now(), chunk);
                true
            } else if let Some(chunk) = self
                .stdout
                .next()
                .or_else(|| at_end.then(|| self.stdout.rest()).flatten())
            {
                self.channel.send_output(self.now(), chunk);
                true
            } else {
                false
            };
            if !sent {
                return;
            }
            self.last_activity = Instant::now();
            if let Some(pause) = self.service.config.agent.chunk_pause {
                self.pause = Pause::until(self.last_activity + pause);
            }
            self.handle_outputs();
        }
    }

    fn may_send(&mut self) -> bool {
        let collecting = match self.plan.program {
            Program::NonInteractive {
                separate_output_stream: false,
                ..
            } => !self.output_ended && self.backlog() < COLLECTED,
            Program::NonInteractive { .. }
            | Program::Shell
            | Program::Interactive { .. }
            | Program::Port => false,
        };
        !collecting
            && self.backlog() > 0
            && !self.channel.is_paused()
            && self.channel.output_capacity() > 0
            && self.outgoing.len() < OUTGOING
            && self.pause.is_over(Instant::now())
    }

    /// Bytes of output that wait here.
    fn backlog(&self) -> usize {
        self.stdout.len() + self.stderr.len()
    }

    fn backlog_limit(&self) -> usize {
        match self.plan.program {
            Program::NonInteractive {
                separate_output_stream: false,
                ..
            } => COLLECTED + BACKLOG,
            Program::NonInteractive { .. }
            | Program::Shell
            | Program::Interactive { .. }
            | Program::Port => BACKLOG,
        }
    }

    // ---- the end

    /// Ends the session where the service would: idle or overdue, whether the agent is there or not.
    fn check_time(&mut self) {
        let now = Instant::now();
        let is_over = |since: Instant, limit: Option<Duration>| {
            limit.is_some_and(|limit| since + limit <= now)
        };
        let words = if is_over(self.last_activity, self.service.config.idle_timeout) {
            IDLE
        } else if is_over(self.epoch, self.service.config.max_duration) {
            OVERDUE
        } else {
            return;
        };
        self.session.terminate(words);
        self.end(words.to_owned(), SessionStatus::Terminated);
    }

    /// Goes on towards the end where that is due.
    fn advance(&mut self) {
        let now = Instant::now();
        match &self.stage {
            Stage::Running => {
                // Something that stayed in the background may hold the terminal open for ever.
                if self.exit_code.is_some() && self.last_output + QUIET <= now {
                    self.output_ended = true;
                    self.send_output();
                }
                let exited = self.exit_code.is_some() || self.has_terminal();
                if self.process.is_some() && self.output_ended && exited && self.backlog() == 0 {
                    if let (true, Some(code)) = (self.separates_output(), self.exit_code) {
                        self.channel.send_exit_code(self.now(), code);
                    }
                    self.drain();
                } else if self.output_ended && self.stuck_at().is_some_and(|at| at <= now) {
                    self.end(String::new(), SessionStatus::Terminated);
                }
            }
            Stage::LaunchFailed { at, text } if *at <= now => {
                let output = format!("\n----------ERROR-------\n{text}");
                self.end(output, SessionStatus::Failed);
            }
            Stage::Draining { until } if *until <= now || self.channel.all_acknowledged() => {
                self.channel
                    .send_session_state(self.now(), AgentState::Terminating);
                self.session.set_terminating();
                self.end(String::new(), SessionStatus::Terminated);
            }
            Stage::LaunchFailed { .. } | Stage::Draining { .. } | Stage::Ended { .. } => {}
        }
    }

    /// When to give up on a client that takes no more of what a program wrote before it exited.
    fn stuck_at(&self) -> Option<Instant> {
        let patience = if self.client.is_some() {
            PATIENCE
        } else {
            self.service.config.agent.drain
        };
        self.exit_code
            .map(|_| self.last_output.max(self.last_activity) + patience)
    }

    fn drain(&mut self) {
        self.stage = Stage::Draining {
            until: Instant::now() + self.service.config.agent.drain,
        };
    }

    /// The first end counts.
    fn end(&mut self, output: String, status: SessionStatus) {
        if !matches!(self.stage, Stage::Ended { .. }) {
            self.stage = Stage::Ended { output, status };
        }
    }

    async fn end_process(&mut self) {
        if let Some(starting) = self.starting.take() {
            match starting.await {
                Ok(Ok(process)) => self.process = Some(process),
                Ok(Err(_)) => {}
                Err(error) => tracing::error!(%error, "starting a program failed"),
            }
        }
        if let Some(process) = self.process.take() {
            process.end().await;
        }
        self.session.set_child(None);
    }

    /// The next moment at which there is something to do without anything from outside.
    fn deadline(&self) -> Option<Instant> {
        let idle = self
            .service
            .config
            .idle_timeout
            .map(|limit| self.last_activity + limit);
        let overdue = self
            .service
            .config
            .max_duration
            .map(|limit| self.epoch + limit);
        if self.presence != Presence::Here {
            return [idle, overdue].into_iter().flatten().min();
        }
        let channel = self
            .channel
            .poll_timeout()
            .map(|elapsed| self.epoch + elapsed);
        let send = self.pause.deadline().filter(|_| self.backlog() > 0);
        let stage = match &self.stage {
            Stage::Running if self.exit_code.is_some() => {
                if self.output_ended {
                    self.stuck_at()
                } else {
                    Some(self.last_output + QUIET)
                }
            }
            Stage::Running | Stage::Ended { .. } => None,
            Stage::LaunchFailed { at, .. } => Some(*at),
            Stage::Draining { until } => Some(*until),
        };
        [channel, send, idle, overdue, stage]
            .into_iter()
            .flatten()
            .min()
    }

    fn has_terminal(&self) -> bool {
        match self.plan.program {
            Program::Shell | Program::Interactive { .. } => true,
            Program::NonInteractive { .. } | Program::Port => false,
        }
    }

    fn separates_output(&self) -> bool {
        matches!(
            self.plan.program,
            Program::NonInteractive {
                separate_output_stream: true,
                ..
            }
        )
    }

    fn now(&self) -> Now {
        Now {
            elapsed: self.epoch.elapsed(),
            unix_ms: timestamp::now_ms(),
        }
    }
}

/// The number of a frame of input. Type: 32 bytes at offset 4; number: 8 bytes at offset 48.
fn input_number(frame: &[u8]) -> Option<i64> {
    let message_type = frame.get(4..36)?.trim_ascii_end();
    let number = frame.get(48..56)?.try_into().ok()?;
    (message_type == b"input_stream_data").then(|| i64::from_be_bytes(number))
}

/// What the agent on Windows makes of input: each LF a CR, unless there is a CR LF in it.
fn as_on_windows(bytes: Bytes) -> Bytes {
    if !bytes.contains(&b'\n') || bytes.windows(2).any(|pair| pair == b"\r\n") {
        return bytes;
    }
    let replaced = |byte: &u8| if *byte == b'\n' { b'\r' } else { *byte };
    bytes.iter().map(replaced).collect()
}

fn is_session_state(frame: &[u8]) -> bool {
    frame
        .get(4..36)
        .is_some_and(|message_type| message_type.trim_ascii_end() == b"agent_session_state")
}

// What a branch of the task's `select!` waits for; for ever where there is nothing to wait for.

async fn started(
    starting: &mut Option<JoinHandle<Result<Process, String>>>,
) -> Result<Process, String> {
    let Some(handle) = starting else {
        return std::future::pending().await;
    };
    let started = handle.await;
    *starting = None;
    started.unwrap_or_else(|error| Err(format!("Unable to start command: {error}")))
}

async fn piece(pieces: Option<&mut mpsc::Receiver<Piece>>) -> Option<Piece> {
    match pieces {
        Some(pieces) => pieces.recv().await,
        None => std::future::pending().await,
    }
}

async fn exit_code(exited: Option<&mut oneshot::Receiver<i32>>) -> i32 {
    match exited {
        // The thread that waits has died without a word.
        Some(exited) => exited.await.unwrap_or(1),
        None => std::future::pending().await,
    }
}

async fn input_room(sender: Option<&mpsc::Sender<Bytes>>) {
    match sender {
        // Ready also when the other end is gone, which sending then finds out.
        Some(sender) => drop(sender.reserve().await),
        None => std::future::pending().await,
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
