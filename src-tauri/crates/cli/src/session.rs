//! One session in the terminal at hand: what it says is written, what is typed is sent, until one of them ends it.
//!
//! The session's own task is the engine's. This one never waits for anything but news, so that a signal and `~.` are
//! heard also while the connection is lost or nobody reads the output.

use std::future::{Future, pending};
use std::io::{self, IsTerminal as _};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use connect::{AwsSource, Plan, sentence};
use engine::{
    CLOSE_GRACE, End, Interrupt, Notice, SessionConfig, SessionHandle, SessionUpdate, State,
};
use protocol::SessionType;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::task::TaskTracker;

use crate::ending;
use crate::escape::{Escape, Typed};
use crate::found::Found;
use crate::person::AtTerminal;
use crate::place;
use crate::sign_in;
use crate::signals::{Signal, Signals};
use crate::streams::{self, NO_READER, Writer};
use crate::terminal::{self, RawMode};
use crate::trouble::Trouble;

/// The status of a command that did not say its own.
const UNKNOWN_STATUS: u8 = 125;
/// Typed and not taken by the session yet: above this nothing is read.
const MAX_PENDING_BYTES: usize = 64 * 1024;
/// The longest that the last output waits for its reader once the program was told to end.
const LAST_OUTPUT: Duration = Duration::from_secs(1);
/// After the end of input: Ctrl-D again after this, then after twice as long, up to the longest. One that comes while
/// no shell reads the terminal is lost.
const CTRL_D_AGAIN: Duration = Duration::from_secs(1);
const CTRL_D_LONGEST: Duration = Duration::from_secs(30);

const CTRL_C: u8 = 0x03;
const CTRL_D: u8 = 0x04;

/// How a session uses the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// It is the session's; whether `~.` ends it.
    Connect { has_escape: bool },
    /// The command's output is written, nothing is read.
    Exec,
}

/// Runs a session to its end and gives the exit status.
///
/// # Errors
///
/// What went wrong, to be said.
pub(crate) async fn run(plan: Plan, reason: Option<String>, how: How) -> Result<u8, Trouble> {
    let no_set_up = |error: io::Error| {
        Trouble::failed("The terminal cannot be used.").with_detail(error.to_string())
    };
    let broker = place::broker();
    let way = broker.via(&plan.settings.network);
    sign_in::make_sure(&way, &plan.settings.source()).await?;
    let person = AtTerminal {
        reason,
        found: Found::of(&plan),
    };
    let signals = Signals::listen().map_err(no_set_up)?;
    let tracker = TaskTracker::new();
    let source = AwsSource::new(broker, move || {
        let plan = plan.clone();
        Box::pin(async move { Ok(plan) })
    })
    .asking(Arc::new(person));
    let config = SessionConfig {
        size: match how {
            How::Connect { .. } => terminal::size(),
            How::Exec => None,
        },
        ..SessionConfig::default()
    };
    let (handle, updates) = SessionHandle::spawn(config, Arc::new(source), &tracker);
    let handle = Arc::new(handle);
    let writer = Writer::start(Arc::clone(&handle)).map_err(no_set_up)?;
    let mut session = Session {
        how,
        writer,
        input: Input::new(Arc::clone(&handle), how),
        handle,
        raw: None,
        was_open: false,
        is_away: false,
        awaits_sign_in: false,
        was_interrupted: false,
        leaving: None,
        end: None,
    };
    let result = session.drive(updates, signals).await;
    // The engine's task ends with its last news; what is left of it is not worth waiting for.
    tracker.close();
    result
}

/// Why this end leaves.
#[derive(Clone, Debug)]
enum Leaving {
    /// The person said so at the terminal.
    Wished,
    /// A signal of this number.
    Signal(u8),
    /// Nobody reads the output any more.
    NoReader,
    /// The output cannot be written.
    NoOutput(String),
}

struct Session {
    how: How,
    handle: Arc<SessionHandle>,
    writer: Writer,
    input: Input,
    raw: Option<RawMode>,
    was_open: bool,
    /// Whether the loss of the connection has been told.
    is_away: bool,
    /// Whether it has been told that it takes a sign-in to get it back.
    awaits_sign_in: bool,
    was_interrupted: bool,
    leaving: Option<(Leaving, Instant)>,
    end: Option<End>,
}

impl Session {
    async fn drive(
        &mut self,
        mut updates: engine::SessionUpdates,
        mut signals: Signals,
    ) -> Result<u8, Trouble> {
        let mut may_write = true;
        loop {
            let deadline = self.leaving.as_ref().map(|(_, since)| *since + CLOSE_GRACE);
            tokio::select! {
                biased;
                signal = signals.next() => {
                    if self.handle_signal(signal) {
                        break;
                    }
                }
                update = updates.recv() => match update {
                    Some(update) => self.show(update)?,
                    None => break,
                },
                done = &mut self.writer.done, if may_write => {
                    may_write = false;
                    self.leave(match done {
                        Ok(Err(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
                            Leaving::NoReader
                        }
                        Ok(Err(error)) => Leaving::NoOutput(error.to_string()),
                        Ok(Ok(())) | Err(_) => {
                            Leaving::NoOutput("its writer has ended".to_owned())
                        }
                    });
                }
                () = until(deadline) => break,
                happened = self.input.next(), if self.leaving.is_none() => match happened {
                    Happened::Nothing => {}
                    Happened::Leave => self.leave(Leaving::Wished),
                    Happened::HungUp => self.leave(Leaving::Signal(1)),
                },
            }
        }
        let is_leaving = self.leaving.is_some();
        let result = self.result();
        if may_write {
            self.write_out(is_leaving, &mut signals).await;
        }
        self.raw = None;
        result
    }

    /// Waits for the last output to be written.
    async fn write_out(&mut self, is_leaving: bool, signals: &mut Signals) {
        let done = self.writer.finish();
        let written = async {
            if is_leaving {
                // Whoever stopped reading shall not keep the program here.
                let _in_time = timeout(LAST_OUTPUT, done).await;
            } else {
                let _written = done.await;
            }
        };
        let told_to_end =
            async { while !matches!(signals.next().await, Signal::Interrupt | Signal::End(_)) {} };
        tokio::select! {
            biased;
            () = written => {}
            () = told_to_end => {}
        }
    }

    /// Whether the program ends at once.
    fn handle_signal(&mut self, signal: Signal) -> bool {
        match signal {
            Signal::Resized => {
                if let (How::Connect { .. }, Some(size)) = (self.how, terminal::size()) {
                    self.handle.resize(size);
                }
            }
            Signal::Continued => {
                #[cfg(unix)]
                terminal::reapply();
                self.handle.try_now();
            }
            Signal::Interrupt
                if self.how == How::Exec && self.was_open && !self.was_interrupted =>
            {
                self.was_interrupted = true;
                self.input.push(&[CTRL_C]);
            }
            Signal::Interrupt | Signal::End(_) => {
                // Told twice, it does not wait for the service any more.
                let is_told_again = self.leaving.is_some();
                let number = match signal {
                    Signal::End(number) => number,
                    Signal::Interrupt | Signal::Resized | Signal::Continued => 2,
                };
                self.leave(Leaving::Signal(number));
                return is_told_again;
            }
        }
        false
    }

    /// Ends the session; the news that are left are still shown.
    fn leave(&mut self, why: Leaving) {
        if self.leaving.is_none() {
            self.leaving = Some((why, Instant::now()));
            // From here on Ctrl-C is a signal again.
            self.raw = None;
            self.handle.cancel();
        }
    }

    fn show(&mut self, update: SessionUpdate) -> Result<(), Trouble> {
        match update {
            SessionUpdate::Output(bytes) => self.writer.output(bytes),
            SessionUpdate::Stderr(bytes) => self.writer.stderr(bytes),
            SessionUpdate::Notice(notice) => {
                if let Some(line) = notice_line(&notice) {
                    self.writer.line(line);
                }
            }
            SessionUpdate::State(state) => self.show_state(state)?,
        }
        Ok(())
    }

    fn show_state(&mut self, state: State) -> Result<(), Trouble> {
        match state {
            State::Starting | State::Connecting { .. } => {}
            State::WaitingForAgent | State::Handshake => self.came_back(),
            State::Open { info, session_id } => {
                self.came_back();
                if !self.was_open {
                    self.was_open = true;
                    if self.leaving.is_none() && self.how != How::Exec {
                        self.open(&info.session_type, session_id.as_ref())?;
                    }
                }
            }
            State::Reconnecting(outage) => self.went_away(&format!(
                "The connection is lost and sought again: {}",
                sentence(&outage.cause.to_string())
            )),
            State::WaitingForSignIn { reason, .. } => self.needs_sign_in(&reason.message),
            State::Ended(end) => self.end = Some(end),
        }
        Ok(())
    }

    fn open(&mut self, session_type: &SessionType, id: &str) -> Result<(), Trouble> {
        let is_terminal = io::stdin().is_terminal();
        if is_terminal {
            let line = format!("Session {id}{}", self.input.hint());
            // Before the terminal is raw, so that the line is a line.
            streams::say(&line);
            let raw = RawMode::enter().map_err(|error| {
                Trouble::failed("The terminal cannot be handed to the session.")
                    .with_detail(error.to_string())
            })?;
            self.raw = Some(raw);
        }
        // The size may have changed while the signal was not listened for.
        if let Some(size) = terminal::size() {
            self.handle.resize(size);
        }
        let takes_input = *session_type != SessionType::NonInteractiveCommands;
        self.input.open(is_terminal, takes_input).map_err(|error| {
            Trouble::failed("Standard input cannot be read.").with_detail(error.to_string())
        })
    }

    /// Tells of an outage once.
    fn went_away(&mut self, line: &str) {
        if !std::mem::replace(&mut self.is_away, true) {
            self.writer.line(line.trim());
        }
    }

    /// Tells once in an outage that it waits for a person. Their own remedy would have them start again.
    fn needs_sign_in(&mut self, message: &str) {
        self.is_away = true;
        if !std::mem::replace(&mut self.awaits_sign_in, true) {
            self.writer.line(format!(
                "The connection is lost and needs a sign-in: {message} Sign in again, with aws sso login or as you \
                 usually do; the session then goes on by itself, and what you type until then is kept."
            ));
        }
    }

    fn came_back(&mut self) {
        self.awaits_sign_in = false;
        if std::mem::take(&mut self.is_away) {
            self.writer.line("The connection is back.");
        }
    }

    fn result(&mut self) -> Result<u8, Trouble> {
        match self.leaving.take() {
            Some((Leaving::Signal(number), _)) => return Ok(128 + number),
            Some((Leaving::NoReader, _)) => return Ok(NO_READER),
            Some((Leaving::NoOutput(problem), _)) => {
                return Err(
                    Trouble::failed("Standard output cannot be written.").with_detail(problem)
                );
            }
            Some((Leaving::Wished, _)) => return Ok(0),
            None => {}
        }
        let end = self
            .end
            .take()
            .ok_or_else(|| Trouble::failed("The session ended by a fault of this program."))?;
        match (ending::outcome(end)?, self.how) {
            (Some(code), _) => Ok(ending::status(code)),
            (None, How::Exec) => Err(Trouble {
                status: UNKNOWN_STATUS,
                ..Trouble::failed("The command has ended; its exit status is not known.")
            }
            .with_remedy(
                "Only a document of type NonInteractiveCommands with separateOutputStream tells it.",
            )),
            (None, How::Connect { .. }) => {
                if self.raw.is_some() {
                    self.writer.line("The session has ended.");
                }
                Ok(0)
            }
        }
    }
}

/// What a person should know of it.
fn notice_line(notice: &Notice) -> Option<String> {
    match notice {
        Notice::CustomerMessage(text) => {
            let text = protocol::text::clean(text);
            (!text.is_empty()).then_some(text)
        }
        Notice::NoFirstMessage(_) => Some("The node has not answered yet.".to_owned()),
        Notice::Stalled(_) => Some("The node does not answer; what you type is kept.".to_owned()),
        Notice::Recovered => Some("The node answers again.".to_owned()),
        Notice::OutputLost { messages } => Some(format!(
            "The session ended before {messages} pieces of its last output had arrived."
        )),
        Notice::PeerAbsent => {
            Some("The node is not connected; what you type is kept until it is back.".to_owned())
        }
        Notice::PeerPresent
        | Notice::HandshakeRefused(_)
        | Notice::MalformedFrame(_)
        | Notice::PayloadLengthUnderstated { .. }
        | Notice::MalformedPayload(..)
        | Notice::UnknownMessageType(_)
        | Notice::MisdirectedMessage(_)
        | Notice::UnknownPayloadType(_)
        | Notice::UnexpectedPayload(_)
        | _ => None,
    }
}

/// What came of waiting for input.
enum Happened {
    Nothing,
    /// `~.`
    Leave,
    /// The terminal is gone.
    HungUp,
}

type Sending = Pin<Box<dyn Future<Output = bool> + Send>>;

/// From standard input to the session.
struct Input {
    handle: Arc<SessionHandle>,
    escape: Escape,
    has_escape: bool,
    is_terminal: bool,
    takes_input: bool,
    reads: Option<mpsc::Receiver<Bytes>>,
    pending: BytesMut,
    sending: Option<Sending>,
    epoch: u64,
    ends_in_line: bool,
    ctrl_d: Option<(Instant, Duration)>,
}

impl Input {
    fn new(handle: Arc<SessionHandle>, how: How) -> Self {
        Self {
            handle,
            escape: Escape::new(false),
            has_escape: how == How::Connect { has_escape: true },
            is_terminal: false,
            takes_input: true,
            reads: None,
            pending: BytesMut::new(),
            sending: None,
            epoch: 0,
            ends_in_line: false,
            ctrl_d: None,
        }
    }

    /// How to leave, for the line that greets.
    fn hint(&self) -> &'static str {
        if self.has_escape {
            "; ~. at the start of a line ends it."
        } else {
            "."
        }
    }

    fn open(&mut self, is_terminal: bool, takes_input: bool) -> io::Result<()> {
        self.is_terminal = is_terminal;
        self.takes_input = takes_input;
        self.escape = Escape::new(self.has_escape && is_terminal);
        self.reads = Some(streams::read_input()?);
        Ok(())
    }

    fn push(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
    }

    /// Moves input on. Cancel-safe: what is under way is kept.
    async fn next(&mut self) -> Happened {
        if self.sending.is_none() && !self.pending.is_empty() {
            let bytes = self.pending.split().freeze();
            let (handle, epoch) = (Arc::clone(&self.handle), self.epoch);
            self.sending = Some(Box::pin(async move {
                handle.send_input_since(epoch, bytes).await
            }));
        }
        let has_room = self.pending.len() < MAX_PENDING_BYTES;
        let is_idle = self.sending.is_none();
        let sending = async {
            match &mut self.sending {
                Some(sending) => sending.await,
                None => pending().await,
            }
        };
        let reading = async {
            match &mut self.reads {
                Some(reads) if has_room => reads.recv().await,
                Some(_) | None => pending().await,
            }
        };
        let ctrl_d = self.ctrl_d.map(|(at, _)| at).filter(|_| is_idle);
        tokio::select! {
            _goes_on = sending => {
                self.sending = None;
                Happened::Nothing
            }
            read = reading => match read {
                Some(read) => self.take(&read),
                None => self.input_ended(),
            },
            () = until(ctrl_d) => {
                self.push_ctrl_d();
                Happened::Nothing
            }
        }
    }

    fn take(&mut self, read: &[u8]) -> Happened {
        // A person who interrupts does not want what still waits to be sent.
        if self.is_terminal && read == [CTRL_C] && self.sending.is_some() {
            self.pending.clear();
            self.epoch += 1;
            let (handle, epoch) = (Arc::clone(&self.handle), self.epoch);
            let interrupt = Interrupt {
                bytes: Bytes::from_static(&[CTRL_C]),
                ..Interrupt::default()
            };
            self.sending = Some(Box::pin(
                async move { handle.interrupt(epoch, interrupt).await },
            ));
            // It is sent already; the escape has to know that the line goes on.
            self.escape.take(read);
            return Happened::Nothing;
        }
        match self.escape.take(read) {
            Typed::Bytes(bytes) => {
                self.ends_in_line = bytes
                    .last()
                    .map_or(self.ends_in_line, |last| !matches!(last, b'\n' | b'\r'));
                self.push(&bytes);
                Happened::Nothing
            }
            Typed::Leave(_) => Happened::Leave,
        }
    }

    fn input_ended(&mut self) -> Happened {
        self.reads = None;
        if self.is_terminal {
            return Happened::HungUp;
        }
        if self.takes_input {
            if self.ends_in_line {
                // Within a line Ctrl-D ends nothing.
                self.push(b"\r");
            }
            self.ctrl_d = Some((Instant::now(), CTRL_D_AGAIN));
        }
        Happened::Nothing
    }

    fn push_ctrl_d(&mut self) {
        self.push(&[CTRL_D]);
        self.ctrl_d = self
            .ctrl_d
            .map(|(at, wait)| (at + wait, (wait * 2).min(CTRL_D_LONGEST)));
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => pending().await,
    }
}
