//! One session: the handle that others hold and the task that owns socket, state machine and timers.
//!
//! The task never waits for its owner while it holds something the peer needs, and never for the peer while its owner
//! wants to leave: everything it waits for stands side by side in one `select!`. It ends by itself when the session
//! does, when its owner closes it, and when its owner drops the handle.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use protocol::{
    ClientConfig, ClientEvent, DataChannel, Frame, Notice, Now, Output, SessionId, TerminalSize,
};
use secrecy::ExposeSecret;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, debug, info, info_span, warn};
use uuid::Uuid;

use crate::batch::{Batcher, StreamKind};
use crate::dial::{DialError, dial};
use crate::source::{SessionSource, SourceError, SourceErrorKind, Ticket};
use crate::update::{End, Lost, SessionUpdate, State};
use crate::wire::{Received, Wire};

/// The longest that [`SessionHandle::close`] waits: StartSession's answer, the close of the channel, TerminateSession.
pub const CLOSE_GRACE: Duration = Duration::from_secs(12);

/// How long a StartSession under way is waited for after its owner has left, so that what it started can be ended.
const START_GRACE: Duration = Duration::from_secs(5);
const TERMINATE_TIMEOUT: Duration = Duration::from_secs(5);
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// Shorter than the idle limits of the proxies and address translators on the way.
const PING_INTERVAL: Duration = Duration::from_secs(15);
/// Two pings unanswered, and some slack.
const SILENCE_LIMIT: Duration = Duration::from_secs(40);
/// What the receiver has not taken yet; above it the socket is not read.
const MAX_NEWS: usize = 64;
/// Frames that the socket has not taken yet; above it the socket is not read, so that acknowledgements cannot pile up.
const MAX_WRITE_QUEUE_BYTES: usize = 256 * 1024;
/// Pieces of input under way to the task. What does not fit waits with its sender.
const INPUT_QUEUE: usize = 16;

/// What a session needs beside its source.
#[derive(Clone, Debug, Default)]
pub struct SessionConfig {
    /// The terminal's size, told to the agent before anything else; `None` where there is no terminal.
    pub size: Option<TerminalSize>,
}

/// How a session's task ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Exit {
    /// By itself or as asked, everything cleaned up.
    Ended(End),
    /// It did not end within [`CLOSE_GRACE`] and was cut off.
    Aborted,
}

/// The news of one session, in order; ends after [`State::Ended`].
#[derive(Debug)]
pub struct SessionUpdates(mpsc::Receiver<SessionUpdate>);

impl SessionUpdates {
    /// The next piece of news; `None` when there will be no more. Cancel-safe.
    pub async fn recv(&mut self) -> Option<SessionUpdate> {
        self.0.recv().await
    }
}

/// Owns one running session. Dropping it ends the session; its tracker still waits for the task.
#[derive(Debug)]
pub struct SessionHandle {
    input: mpsc::Sender<Bytes>,
    size: watch::Sender<Option<TerminalSize>>,
    credit: Arc<Credit>,
    cancel: CancellationToken,
    exit: watch::Receiver<Option<End>>,
    task: AbortHandle,
}

impl SessionHandle {
    /// Starts a session and its task, which `tracker` waits for.
    #[must_use]
    pub fn spawn(
        config: SessionConfig,
        source: Arc<dyn SessionSource>,
        tracker: &TaskTracker,
    ) -> (Self, SessionUpdates) {
        let (input, input_receiver) = mpsc::channel(INPUT_QUEUE);
        let (size, size_receiver) = watch::channel(config.size);
        let (news, updates) = mpsc::channel(MAX_NEWS);
        let credit = Arc::new(Credit::default());
        let cancel = CancellationToken::new();
        let driver = Driver {
            source,
            input: input_receiver,
            size: size_receiver,
            credit: Arc::clone(&credit),
            cancel: cancel.clone(),
            updates: news,
            clock: Clock::start(),
        };
        let (exit_sender, exit) = watch::channel(None);
        let span = info_span!("session", id = tracing::field::Empty);
        let task = async move {
            let end = driver.run().await;
            exit_sender.send_replace(Some(end));
        };
        let task = tracker.spawn(task.instrument(span)).abort_handle();
        let handle = Self {
            input,
            size,
            credit,
            cancel,
            exit,
            task,
        };
        (handle, SessionUpdates(updates))
    }

    /// Hands over input, waiting while the session has enough of it; false when the session is over.
    ///
    /// Two calls at once have no order between them: whoever types awaits one before the next.
    pub async fn send_input(&self, bytes: Bytes) -> bool {
        bytes.is_empty() || self.input.send(bytes).await.is_ok()
    }

    /// Tells the terminal's new size. Only the latest counts.
    pub fn resize(&self, size: TerminalSize) {
        self.size.send_replace(Some(size));
    }

    /// Says that `bytes` of what was delivered have been worked off.
    pub fn grant_credit(&self, bytes: usize) {
        self.credit.grant(bytes);
    }

    /// Asks the session to end, without waiting. Its tracker tells when nothing of it is left.
    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    /// Ends the session and waits until nothing of it is left, at most [`CLOSE_GRACE`]; then it is cut off.
    pub async fn close(&self) -> Exit {
        self.cancel.cancel();
        let mut exit = self.exit.clone();
        let ended = timeout(CLOSE_GRACE, exit.wait_for(Option::is_some)).await;
        match ended {
            Ok(Ok(end)) => end.clone().map_or(Exit::Aborted, Exit::Ended),
            // The task ended without a word: it panicked.
            Ok(Err(_)) => Exit::Aborted,
            Err(_) => {
                self.task.abort();
                Exit::Aborted
            }
        }
    }
}

impl Drop for SessionHandle {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

/// Credit on its way from the receiver to the task.
#[derive(Debug, Default)]
struct Credit {
    bytes: AtomicUsize,
    granted: Notify,
}

impl Credit {
    fn grant(&self, bytes: usize) {
        // More than a session can have outstanding is a caller's mistake; it must not wrap around.
        let _ = self
            .bytes
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |before| {
                Some(before.saturating_add(bytes))
            });
        self.granted.notify_one();
    }

    async fn granted(&self) -> usize {
        self.granted.notified().await;
        self.bytes.swap(0, Ordering::AcqRel)
    }
}

/// The clocks that the state machine must not read itself.
#[derive(Clone, Copy)]
struct Clock {
    origin: Instant,
}

impl Clock {
    fn start() -> Self {
        Self {
            origin: Instant::now(),
        }
    }

    fn now(self) -> Now {
        let unix = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Now {
            elapsed: self.origin.elapsed(),
            unix_ms: u64::try_from(unix.as_millis()).unwrap_or(u64::MAX),
        }
    }

    fn instant(self, elapsed: Duration) -> Instant {
        self.origin + elapsed
    }
}

/// The task's own side of a session, before it has a data channel.
struct Driver {
    source: Arc<dyn SessionSource>,
    input: mpsc::Receiver<Bytes>,
    size: watch::Receiver<Option<TerminalSize>>,
    credit: Arc<Credit>,
    cancel: CancellationToken,
    updates: mpsc::Sender<SessionUpdate>,
    clock: Clock,
}

impl Driver {
    async fn run(mut self) -> End {
        self.tell(State::Starting).await;
        let ticket = match self.start().await {
            Ok(ticket) => ticket,
            Err(end) => return self.ended(end).await,
        };
        tracing::Span::current().record("id", tracing::field::display(&ticket.session_id));
        let (end, wire) = match self.connect(&ticket).await {
            Ok(wire) => self.hold(&ticket, wire).await,
            Err(end) => (end, None),
        };
        let end = self.ended(end).await;
        let close = async {
            if let Some(wire) = wire {
                let _ = timeout(CLOSE_TIMEOUT, wire.close()).await;
            }
        };
        let terminate = async {
            if end_leaves_the_session_running(&end) {
                terminate(&*self.source, &ticket.session_id).await;
            }
        };
        tokio::join!(close, terminate);
        end
    }

    /// Asks for a session. When the owner leaves meanwhile, what was started nevertheless is ended.
    async fn start(&self) -> Result<Ticket, End> {
        let mut start = self.source.start();
        tokio::select! {
            started = &mut start => return started.map_err(End::NotStarted),
            () = self.cancel.cancelled() => {}
        }
        if let Ok(Ok(ticket)) = timeout(START_GRACE, start).await {
            terminate(&*self.source, &ticket.session_id).await;
        }
        Err(End::Closed)
    }

    async fn connect(&self, ticket: &Ticket) -> Result<Wire, End> {
        self.tell(State::Connecting {
            session_id: ticket.session_id.clone(),
        })
        .await;
        let dialled = async {
            let terms = self
                .source
                .dial_terms(&ticket.stream_url)
                .await
                .map_err(not_signed)?;
            dial(&ticket.stream_url, terms)
                .await
                .map_err(End::NotConnected)
        };
        tokio::select! {
            dialled = dialled => dialled.map(Wire::new),
            () = self.cancel.cancelled() => Err(End::Closed),
        }
    }

    /// Runs the data channel until it ends. The socket comes back where it still stands and wants a proper close.
    async fn hold(&mut self, ticket: &Ticket, wire: Wire) -> (End, Option<Wire>) {
        let mut config = ClientConfig::new(ticket.session_id.clone(), Uuid::new_v4());
        config.size = *self.size.borrow_and_update();
        let channel = DataChannel::new(config, Box::new(Uuid::new_v4));
        let mut session = OpenChannel::new(
            ticket.session_id.clone(),
            channel,
            wire,
            self.clock.now().elapsed,
        );
        session
            .news
            .push_back(SessionUpdate::State(State::WaitingForAgent));
        session
            .channel
            .handle_connected(self.clock.now(), &ticket.token);
        let end = self.drive(&mut session).await;
        self.deliver_rest(&mut session).await;
        let wire = match &end {
            End::Lost(Lost::ClosedByPeer { .. } | Lost::Broken(_) | Lost::Silent { .. }) => None,
            End::Closed
            | End::Finished { .. }
            | End::Service { .. }
            | End::NotStarted(_)
            | End::NotConnected(_)
            | End::Lost(Lost::Protocol(_)) => Some(session.wire),
        };
        (end, wire)
    }

    async fn drive(&mut self, session: &mut OpenChannel) -> End {
        loop {
            let now = self.clock.now();
            session.feed_input(now);
            if let Some(end) = session.drain_channel(now) {
                return end;
            }
            session.move_batches(now);
            let deadline = self.clock.instant(session.deadline());
            let read = session.may_read();
            tokio::select! {
                biased;
                () = self.cancel.cancelled() => return End::Closed,
                permit = self.updates.reserve(), if !session.news.is_empty() => {
                    let Ok(permit) = permit else { return End::Closed };
                    if let Some(update) = session.news.pop_front() {
                        permit.send(update);
                    }
                }
                granted = self.credit.granted() => session.batcher.grant(granted),
                Some(bytes) = self.input.recv(), if session.input.is_empty() => session.input = bytes,
                Ok(()) = self.size.changed() => {
                    if let Some(size) = *self.size.borrow_and_update() {
                        session.channel.resize(self.clock.now(), size);
                    }
                }
                received = session.wire.next(read) => {
                    if let Some(end) = session.take(self.clock.now(), received) {
                        return end;
                    }
                }
                () = sleep_until(deadline) => {
                    if let Some(end) = session.handle_deadline(self.clock.now()) {
                        return end;
                    }
                }
            }
        }
    }

    /// Delivers what was received before the end. The receiver may be slow, but not for ever in the owner's way.
    async fn deliver_rest(&self, session: &mut OpenChannel) {
        while let Some(update) = session.news.pop_front() {
            self.deliver(update).await;
        }
        while let Some((kind, bytes)) = session.batcher.drain() {
            self.deliver(batch_update(kind, bytes)).await;
        }
    }

    async fn ended(&self, end: End) -> End {
        match &end {
            End::Lost(lost) => warn!(%lost, "session lost"),
            End::NotConnected(error) => warn!(%error, "data channel not opened"),
            End::NotStarted(error) => info!(%error, "session not started"),
            End::Closed | End::Finished { .. } | End::Service { .. } => info!("session ended"),
        }
        self.deliver(SessionUpdate::State(State::Ended(end.clone())))
            .await;
        end
    }

    async fn tell(&self, state: State) {
        debug!(?state, "session state");
        self.deliver(SessionUpdate::State(state)).await;
    }

    async fn deliver(&self, update: SessionUpdate) {
        tokio::select! {
            biased;
            _ = self.updates.send(update.clone()) => {}
            () = self.cancel.cancelled() => {
                // The owner leaves: what fits still arrives, nothing is waited for.
                let _ = self.updates.try_send(update);
            }
        }
    }
}

fn not_signed(error: SourceError) -> End {
    match error.kind {
        SourceErrorKind::SignInNeeded | SourceErrorKind::Refused => End::NotStarted(error),
        SourceErrorKind::Unreachable | SourceErrorKind::Malformed => {
            End::NotConnected(DialError::Sign(error.message))
        }
    }
}

fn end_leaves_the_session_running(end: &End) -> bool {
    match end {
        End::Closed | End::Lost(_) | End::NotConnected(_) => true,
        // Ended by the service; or, for `NotStarted` after a ticket, credentials are gone that ending it would need.
        End::Finished { .. } | End::Service { .. } | End::NotStarted(_) => false,
    }
}

async fn terminate(source: &dyn SessionSource, session_id: &SessionId) {
    match timeout(TERMINATE_TIMEOUT, source.terminate(session_id)).await {
        Ok(Ok(())) => debug!("session terminated"),
        Ok(Err(error)) => warn!(%error, "the session could not be ended at the service"),
        Err(_) => warn!("the service did not end the session in time"),
    }
}

fn batch_update(kind: StreamKind, bytes: Bytes) -> SessionUpdate {
    match kind {
        StreamKind::Output => SessionUpdate::Output(bytes),
        StreamKind::Stderr => SessionUpdate::Stderr(bytes),
    }
}

/// A data channel with its socket, and what stands between it and the owner.
struct OpenChannel {
    session_id: SessionId,
    channel: DataChannel,
    wire: Wire,
    batcher: Batcher,
    news: VecDeque<SessionUpdate>,
    input: Bytes,
    exit_code: Option<i32>,
    heard_at: Duration,
    next_ping: Duration,
}

impl OpenChannel {
    fn new(session_id: SessionId, channel: DataChannel, wire: Wire, elapsed: Duration) -> Self {
        Self {
            session_id,
            channel,
            wire,
            batcher: Batcher::default(),
            news: VecDeque::new(),
            input: Bytes::new(),
            exit_code: None,
            heard_at: elapsed,
            next_ping: elapsed,
        }
    }

    fn feed_input(&mut self, now: Now) {
        if !self.input.is_empty() {
            let taken = self.channel.send_input(now, &self.input);
            let _ = self.input.split_to(taken);
        }
    }

    /// Takes all work out of the state machine.
    fn drain_channel(&mut self, now: Now) -> Option<End> {
        while let Some(output) = self.channel.poll_output() {
            match output {
                Output::Transmit(Frame::Open(text)) => {
                    self.wire
                        .push(Message::text(text.expose_secret().to_owned()));
                }
                Output::Transmit(Frame::Binary(bytes)) => self.wire.push(Message::Binary(bytes)),
                Output::Event(event) => {
                    if let Some(end) = self.handle_event(now, event) {
                        return Some(end);
                    }
                }
            }
        }
        None
    }

    fn handle_event(&mut self, now: Now, event: ClientEvent) -> Option<End> {
        match event {
            ClientEvent::HandshakeRequested { .. } => {
                self.news.push_back(SessionUpdate::State(State::Handshake));
            }
            ClientEvent::DataKeyNeeded(_) => self.channel.refuse_data_key(
                now,
                "This client does not support session encryption with AWS KMS yet",
            ),
            ClientEvent::Opened(info) => {
                info!(session_type = ?info.session_type, agent = ?info.agent_version, "session open");
                self.news.push_back(SessionUpdate::State(State::Open {
                    session_id: self.session_id.clone(),
                    info,
                }));
            }
            ClientEvent::Output(bytes) => {
                self.batcher.push(now.elapsed, StreamKind::Output, &bytes)
            }
            ClientEvent::Stderr(bytes) => {
                self.batcher.push(now.elapsed, StreamKind::Stderr, &bytes)
            }
            ClientEvent::ExitCode(code) => self.exit_code = Some(code),
            ClientEvent::Notice(notice) => self.tell(notice),
            ClientEvent::FlagReceived(flag) => debug!(?flag, "flag received"),
            ClientEvent::Closed(closed) => {
                let output = protocol::text::clean(&closed.output);
                let exit_code = self.exit_code;
                return Some(if output.is_empty() {
                    End::Finished { exit_code }
                } else {
                    End::Service { output, exit_code }
                });
            }
            ClientEvent::Failed(error) => {
                return Some(End::Lost(Lost::Protocol(error.to_string())));
            }
        }
        None
    }

    /// Notices are for people; a peer that makes them by the thousand is not shown by the thousand.
    fn tell(&mut self, notice: Notice) {
        debug!(?notice, "session notice");
        if self.news.len() < MAX_NEWS {
            self.news.push_back(SessionUpdate::Notice(notice));
        }
    }

    fn move_batches(&mut self, now: Now) {
        while self.news.len() < MAX_NEWS {
            let Some((kind, bytes)) = self.batcher.pop(now.elapsed) else {
                break;
            };
            self.news.push_back(batch_update(kind, bytes));
        }
    }

    fn may_read(&self) -> bool {
        !self.batcher.is_full()
            && self.news.len() < MAX_NEWS
            && self.wire.queued_bytes() < MAX_WRITE_QUEUE_BYTES
    }

    fn take(&mut self, now: Now, received: Received) -> Option<End> {
        self.heard_at = now.elapsed;
        match received {
            Received::Data(frame) => self.channel.handle_frame(now, frame),
            Received::Control => {}
            Received::Closed(frame) => {
                let (code, reason) = frame.map_or((1005, String::new()), |frame| {
                    (frame.code.into(), protocol::text::clean(&frame.reason))
                });
                return Some(End::Lost(Lost::ClosedByPeer { code, reason }));
            }
            Received::Broken(error) => return Some(End::Lost(Lost::Broken(error.to_string()))),
        }
        None
    }

    fn deadline(&self) -> Duration {
        let deadline = self.next_ping.min(self.heard_at + SILENCE_LIMIT);
        // Gathered bytes that have nowhere to go wait for the receiver, not for the clock; and while nothing is read,
        // acknowledgements are not either: nobody is to blame for their silence.
        let batch = self
            .batcher
            .deadline()
            .filter(|_| self.news.len() < MAX_NEWS);
        let channel = self.channel.poll_timeout().filter(|_| self.may_read());
        [channel, batch]
            .into_iter()
            .flatten()
            .fold(deadline, Duration::min)
    }

    fn handle_deadline(&mut self, now: Now) -> Option<End> {
        if self.may_read() {
            self.channel.handle_timeout(now);
        } else {
            self.heard_at = now.elapsed;
        }
        let silence = now.elapsed.saturating_sub(self.heard_at);
        if silence >= SILENCE_LIMIT {
            return Some(End::Lost(Lost::Silent {
                seconds: silence.as_secs(),
            }));
        }
        if now.elapsed >= self.next_ping {
            self.wire
                .push(Message::Ping(Bytes::from_static(b"keepalive")));
            self.next_ping = now.elapsed + PING_INTERVAL;
        }
        None
    }
}
