//! What a session's task holds: the data channel over all connections, the connection it has or seeks, and what stands
//! between the channel and the owner. Nothing here waits; `driver` does.

use std::collections::VecDeque;
use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use protocol::kms::GeneratedDataKey;
use protocol::{
    ClientConfig, ClientEvent, DataChannel, Frame, Limits, Notice, Now, Output, SessionId,
    SessionInfo, TerminalSize,
};
use secrecy::ExposeSecret;
use tokio::time::sleep;
use tokio_tungstenite::tungstenite::Message;
use tracing::{debug, info, warn};
use uuid::Uuid;

use crate::attempt::{Attempt, Failure, Reached, attempt};
use crate::backoff::{Backoff, Jitter, Pace, ReconnectPolicy};
use crate::batch::{Batcher, HIGH_WATER_BYTES, StreamKind};
use crate::clock::{Clock, SleepWatch, WATCH_INTERVAL};
use crate::dial::{DialError, MAX_MESSAGE_BYTES, MAX_WRITE_BUFFER_BYTES};
use crate::driver::MAX_NEWS;
use crate::ending;
use crate::heartbeat::{Heartbeat, Liveness, Verdict};
use crate::network::Network;
use crate::session::{Interrupt, MAX_INPUT_QUEUE_BYTES};
use crate::source::{DataKey, SessionSource, SourceError, SourceErrorKind, Ticket};
use crate::timeline::{Moment, SharedTimeline};
use crate::update::{End, Lost, Outage, SessionUpdate, State};
use crate::wire::{Received, Wire, secret_text};
use crate::words::TokenMarks;

/// Frames that the socket has not taken yet; above it the socket is not read, so that acknowledgements cannot pile up.
/// More than all input under way makes, or a peer that does the same would be waited for while it waits for us.
const MAX_WRITE_QUEUE_BYTES: usize = 1024 * 1024;
/// Above it nothing is sent again: the first copy may still be in the queue.
const RESEND_QUEUE_BYTES: usize = 64 * 1024;
/// How much input is on its way at most. An interrupt overtakes everything but this, so a quarter of a second's worth for
/// a node that takes half a megabyte a second; enough for 1.2 MB/s over a round trip of 100 ms.
const WINDOW_MESSAGES: usize = 128;
const WINDOW_BYTES: usize = 128 * 1024;
/// How long the socket may take nothing of what is queued before the connection is given up.
const STUCK_LIMIT: Duration = Duration::from_secs(8);
/// How old StartSession's token may be for another dial. Afterwards a new one is asked for.
const TICKET_LIFE: Duration = Duration::from_secs(60);
/// A try that takes longer than this is begun anew when its owner says "now" or the computer has slept.
const STALE_TRY: Duration = Duration::from_secs(2);

/// The most bytes of data that one session holds, whatever its peer and its receiver do.
///
/// | what | bound |
/// |---|---|
/// | output behind a missing message, on its way through the batcher when the gap closes | 8 MiB + framing |
/// | output that the receiver has not granted back, and the message that went over the mark | 256 + 512 KiB |
/// | one message that is not complete yet | 512 KiB |
/// | input: under way to the task, held, unacknowledged | 68 + 64 + 128 KiB + framing |
/// | frames the socket has not taken: the mark, and a burst of everything unacknowledged on top | 1 MiB + 128 KiB |
/// | the socket's buffers | 1 MiB |
///
/// Held by `SessionHandle::held_bytes` in tests with a peer that floods.
pub const MAX_SESSION_BYTES: usize = 16 * 1024 * 1024;

/// The sum of the bounds that the table above names, for the compiler to check.
const SUM_OF_BOUNDS: usize = {
    const FRAMING_BYTES: usize = 120;
    const REORDER: usize = 8 * 1024 * 1024 + 10_000 * FRAMING_BYTES;
    const WINDOW: usize = WINDOW_BYTES + WINDOW_MESSAGES * FRAMING_BYTES;
    const HELD_INPUT: usize = 64 * 1024;
    REORDER
        + HIGH_WATER_BYTES
        + 2 * MAX_MESSAGE_BYTES
        + MAX_INPUT_QUEUE_BYTES
        + HELD_INPUT
        + WINDOW
        + MAX_WRITE_QUEUE_BYTES
        + WINDOW
        + MAX_WRITE_BUFFER_BYTES
};
const _: () = assert!(SUM_OF_BOUNDS <= MAX_SESSION_BYTES);

/// What a session is surrounded by.
pub(crate) struct Setting {
    pub(crate) source: Arc<dyn SessionSource>,
    pub(crate) network: Network,
    pub(crate) reconnect: ReconnectPolicy,
    pub(crate) liveness: Liveness,
    pub(crate) pace: Pace,
    pub(crate) jitter: Jitter,
    pub(crate) timeline: SharedTimeline,
    pub(crate) clock: Clock,
    pub(crate) size: Option<TerminalSize>,
}

/// The connection, or what is done to get one.
enum Connection {
    Up(Box<Up>),
    /// The next try begins at `until`.
    Waiting {
        until: Duration,
        /// Whether the place among the dials of all sessions is taken already.
        has_place: bool,
    },
    Trying {
        attempt: Attempt,
        since: Duration,
        /// Whether StartSession's ticket is used; else ResumeSession gives one.
        is_first_ticket: bool,
    },
    WaitingForSignIn {
        asked: Asked<()>,
    },
}

/// A WebSocket that stands, as far as is known.
struct Up {
    wire: Wire,
    heartbeat: Heartbeat,
    since: Duration,
    /// Whether anything was heard on it: the service has taken the token.
    was_heard: bool,
    /// Whether the agent was heard on it.
    was_useful: bool,
    is_presigned: bool,
    /// What it was opened with, to be taken out of what the service says.
    marks: TokenMarks,
    /// How long the computer slept, if nothing was heard since.
    slept: Option<Duration>,
    /// This session's place among the dials of all sessions, when this connection is believed dead and the place has
    /// not come yet. Until then it is listened to.
    place: Option<Duration>,
}

/// A question to the control side, under way.
type Asked<T> = Pin<Box<dyn Future<Output = Result<T, SourceError>> + Send>>;

/// What the connection, or the search for one, came up with.
pub(crate) enum Progress {
    Received(Received),
    Tried(Box<Result<Reached, Failure>>),
    Asked(Result<(), SourceError>),
    DataKey(Result<DataKey, SourceError>),
}

/// How far the session has come, apart from the connection.
enum Standing {
    WaitingForAgent,
    Handshake,
    Open(SessionInfo),
}

/// An outage, from the loss until the service is heard again.
struct Search {
    since: Now,
    cause: Lost,
    attempt: u32,
    failure: Option<Lost>,
    /// From when the service's patience is counted.
    counted_since: Duration,
    /// How often in a row a sign-in was needed.
    sign_ins: u32,
}

pub(crate) struct Held {
    setting: Setting,
    session_id: SessionId,
    channel: DataChannel,
    connection: Connection,
    /// The question for the data key, once the agent has asked for encryption and until KMS has answered.
    data_key: Option<Asked<DataKey>>,
    /// StartSession's ticket, until its token is sent or refused.
    ticket: Option<Ticket>,
    started_at: Duration,
    was_connected: bool,
    standing: Standing,
    search: Option<Search>,
    backoff: Backoff,
    sleep: SleepWatch,
    /// When to look at the clocks though nothing else is due.
    watch_at: Duration,
    batcher: Batcher,
    news: VecDeque<SessionUpdate>,
    input: Bytes,
    /// Whether something is to be typed before what the person types.
    awaits_first_input: bool,
    typed_at: Option<Duration>,
    exit_code: Option<i32>,
    /// What was queued for the socket at the last look.
    write_queue_bytes: usize,
}

impl Held {
    /// Holds a session that StartSession has just given, and begins to dial.
    pub(crate) fn new(setting: Setting, ticket: Ticket) -> Self {
        let mut config = ClientConfig::new(ticket.session_id.clone(), Uuid::new_v4());
        config.size = setting.size;
        config.target = Some(ticket.target.clone());
        config.limits.window_messages = WINDOW_MESSAGES;
        config.limits.window_bytes = WINDOW_BYTES;
        let now = setting.clock.now();
        let mut backoff = Backoff::new(setting.reconnect.clone(), setting.jitter.clone());
        // The first dial is the first try.
        backoff.next_wait(false);
        let attempt = attempt(
            Arc::clone(&setting.source),
            setting.network.clone(),
            ticket.session_id.clone(),
            Some(ticket.clone()),
        );
        Self {
            session_id: ticket.session_id,
            channel: DataChannel::new(config, Box::new(Uuid::new_v4)),
            connection: Connection::Trying {
                attempt,
                since: now.elapsed,
                is_first_ticket: true,
            },
            data_key: None,
            ticket: None,
            started_at: now.elapsed,
            was_connected: false,
            standing: Standing::WaitingForAgent,
            search: None,
            backoff,
            sleep: SleepWatch::new(now),
            watch_at: now.elapsed + WATCH_INTERVAL,
            batcher: Batcher::default(),
            news: VecDeque::new(),
            input: Bytes::new(),
            awaits_first_input: setting.source.has_first_input(),
            typed_at: None,
            exit_code: None,
            write_queue_bytes: 0,
            setting,
        }
    }

    /// The socket, where it stands: it wants a proper close.
    pub(crate) fn into_wire(self) -> Option<Wire> {
        match self.connection {
            Connection::Up(up) => Some(up.wire),
            Connection::Waiting { .. }
            | Connection::Trying { .. }
            | Connection::WaitingForSignIn { .. } => None,
        }
    }

    // ---- the owner's side

    pub(crate) fn wants_input(&self) -> bool {
        self.input.is_empty() && !self.awaits_first_input
    }

    pub(crate) fn take_input(&mut self, now: Now, bytes: Bytes) {
        self.typed_at = Some(now.elapsed);
        self.input = bytes;
    }

    /// Hands the channel as much input as it takes; it holds some while nothing can be sent.
    pub(crate) fn feed_input(&mut self, now: Now) {
        if !self.input.is_empty() {
            let taken = self.channel.send_input(now, &self.input);
            let _ = self.input.split_to(taken);
        }
    }

    /// Sends an interrupt ahead of all input that is not sent yet, which is dropped. `dropped`: whether some was dropped
    /// already on its way here.
    pub(crate) fn interrupt(&mut self, now: Now, interrupt: &Interrupt, dropped: bool) {
        self.typed_at = Some(now.elapsed);
        let dropped = dropped || !self.input.is_empty();
        self.input = Bytes::new();
        let dropped = self.channel.cancel_input() > 0 || dropped;
        if dropped || interrupt.always_close {
            self.channel.send_urgent_input(now, &interrupt.closing);
        }
        self.channel.send_urgent_input(now, &interrupt.bytes);
    }

    pub(crate) fn resize(&mut self, now: Now, size: TerminalSize) {
        self.channel.resize(now, size);
    }

    pub(crate) fn grant(&mut self, bytes: usize) {
        self.batcher.grant(bytes);
    }

    pub(crate) fn has_news(&self) -> bool {
        !self.news.is_empty()
    }

    pub(crate) fn next_news(&mut self) -> Option<SessionUpdate> {
        self.news.pop_front()
    }

    /// The news that are left when the session is over, regardless of credit and time.
    pub(crate) fn next_of_the_rest(&mut self) -> Option<SessionUpdate> {
        self.news
            .pop_front()
            .or_else(|| self.batcher.drain().map(batch_update))
    }

    pub(crate) fn move_batches(&mut self, now: Now) {
        while self.news.len() < MAX_NEWS {
            let Some(batch) = self.batcher.pop(now.elapsed) else {
                break;
            };
            self.news.push_back(batch_update(batch));
        }
    }

    /// Bytes in the buffers, about.
    pub(crate) fn held_bytes(&self) -> usize {
        let held_input = Limits::default()
            .held_input_bytes
            .saturating_sub(self.channel.input_capacity());
        self.queued_bytes()
            + self.batcher.held_bytes()
            + self.channel.reordering_bytes()
            + self.channel.unacknowledged_bytes()
            + held_input
            + self.input.len()
    }

    /// Does not wait any longer; with a connection, makes sure of it.
    pub(crate) fn try_now(&mut self, now: Now) {
        match &mut self.connection {
            Connection::Up(up) => up.heartbeat.probe(),
            Connection::Waiting { .. } | Connection::WaitingForSignIn { .. } => {
                self.backoff.begin_anew();
                self.backoff.next_wait(false);
                self.try_again(now, true);
            }
            Connection::Trying { since, .. } => {
                if now.elapsed.saturating_sub(*since) >= STALE_TRY {
                    self.try_again(now, true);
                }
            }
        }
    }

    /// Ends the session if it has no connection.
    pub(crate) fn give_up(&mut self, now: Now) -> Option<End> {
        let search = self.search.as_ref()?;
        Some(search.given_up(now, true))
    }

    // ---- time

    /// Looks whether the computer slept. If so, nothing of what was is taken for granted.
    pub(crate) fn watch_sleep(&mut self, now: Now) {
        let Some(slept) = self.sleep.look(now) else {
            return;
        };
        info!(seconds = slept.as_secs(), "the computer slept");
        self.note(now, Moment::Slept(slept));
        match &mut self.connection {
            Connection::Up(up) => {
                up.heartbeat.wake(now.elapsed);
                up.slept = Some(slept);
                up.place = None;
            }
            // All sessions wake at once, so none goes without a place.
            Connection::Waiting {
                has_place: false, ..
            }
            | Connection::WaitingForSignIn { .. } => {
                self.backoff.begin_anew();
                self.backoff.next_wait(false);
                self.try_again(now, false);
            }
            Connection::Waiting {
                has_place: true, ..
            } => {}
            Connection::Trying { since, .. } => {
                if now.elapsed.saturating_sub(*since) >= STALE_TRY {
                    self.try_again(now, false);
                }
            }
        }
    }

    /// When [`Self::handle_deadline`] has something to do.
    pub(crate) fn deadline(&mut self, now: Now) -> Duration {
        let may_read = self.may_read();
        // Gathered bytes that have nowhere to go wait for the receiver, not for the clock.
        let batch = self
            .batcher
            .deadline()
            .filter(|_| self.news.len() < MAX_NEWS);
        // While nothing is read, acknowledgements are not either: nobody is to blame for their silence.
        let channel = self
            .channel
            .poll_timeout()
            .filter(|_| may_read && self.may_resend());
        let is_outstanding = self.channel.unacknowledged_bytes() > 0;
        let connection = match &mut self.connection {
            Connection::Up(up) => {
                up.heartbeat.set_input(now.elapsed, is_outstanding);
                may_read.then(|| up.place.unwrap_or_else(|| up.heartbeat.deadline()))
            }
            Connection::Waiting { until, .. } => Some(*until),
            Connection::Trying { .. } | Connection::WaitingForSignIn { .. } => None,
        };
        [channel, batch, connection]
            .into_iter()
            .flatten()
            .fold(self.watch_at, Duration::min)
    }

    pub(crate) fn handle_deadline(&mut self, now: Now) -> Option<End> {
        self.watch_at = now.elapsed + WATCH_INTERVAL;
        if self.may_read() && self.may_resend() {
            self.channel.handle_timeout(now);
        }
        if let Connection::Waiting { until, has_place } = self.connection {
            if now.elapsed >= until {
                self.try_again(now, has_place);
            }
            return None;
        }
        let lost = self.look_for_life(now)?;
        self.lost(now, lost)
    }

    fn look_for_life(&mut self, now: Now) -> Option<Lost> {
        let is_read = self.may_read();
        let is_full = self.is_receiver_behind();
        let written = std::mem::take(&mut self.write_queue_bytes);
        let Connection::Up(up) = &mut self.connection else {
            return None;
        };
        let silence = up.heartbeat.silence(now.elapsed);
        self.write_queue_bytes = up.wire.queued_bytes();
        if !is_read {
            // Not listening for the receiver's sake says nothing of the peer; nor does a peer that takes what is written.
            if is_full || self.write_queue_bytes < written {
                up.heartbeat.excuse(now.elapsed);
                up.place = None;
                return None;
            }
            return (silence >= STUCK_LIMIT).then(|| up.silent(silence));
        }
        if let Some(place) = up.place {
            return (now.elapsed >= place).then(|| up.silent(silence));
        }
        match up.heartbeat.look(now.elapsed) {
            Verdict::Fine => None,
            Verdict::Ping => {
                // Behind what a slow line has still to take, it would ask too late.
                up.wire
                    .push_ahead(Message::Ping(Bytes::from_static(b"keepalive")));
                None
            }
            Verdict::Dead(silence) if up.slept.is_some() => {
                // All sessions wake at once and wait for each other. The answer may still come before the place does.
                let wait = self
                    .setting
                    .pace
                    .reserve(self.setting.clock.instant(now.elapsed));
                up.place = Some(now.elapsed + wait);
                wait.is_zero().then(|| up.silent(silence))
            }
            Verdict::Dead(silence) => Some(up.silent(silence)),
        }
    }

    fn is_receiver_behind(&self) -> bool {
        self.batcher.is_full() || self.news.len() >= MAX_NEWS
    }

    pub(crate) fn may_read(&self) -> bool {
        self.queued_bytes() < MAX_WRITE_QUEUE_BYTES && !self.is_receiver_behind()
    }

    fn may_resend(&self) -> bool {
        self.queued_bytes() < RESEND_QUEUE_BYTES
    }

    fn queued_bytes(&self) -> usize {
        match &self.connection {
            Connection::Up(up) => up.wire.queued_bytes(),
            Connection::Waiting { .. }
            | Connection::Trying { .. }
            | Connection::WaitingForSignIn { .. } => 0,
        }
    }

    // ---- the connection

    /// Waits for what the connection, or the search for one, comes up with. Cancel-safe.
    pub(crate) async fn progress(&mut self, read: bool) -> Progress {
        let Self {
            connection,
            data_key,
            ..
        } = self;
        let connection = async {
            match connection {
                Connection::Up(up) => Progress::Received(up.wire.next(read).await),
                Connection::Waiting { .. } => pending().await,
                Connection::Trying { attempt, .. } => Progress::Tried(Box::new(attempt.await)),
                Connection::WaitingForSignIn { asked } => Progress::Asked(asked.await),
            }
        };
        let data_key = async {
            match data_key {
                Some(asked) => Progress::DataKey(asked.await),
                None => pending().await,
            }
        };
        tokio::select! {
            biased;
            answered = data_key => answered,
            came = connection => came,
        }
    }

    pub(crate) fn handle_progress(&mut self, now: Now, progress: Progress) -> Option<End> {
        match progress {
            Progress::Received(received) => self.take(now, received),
            Progress::Tried(tried) => match *tried {
                Ok(reached) => {
                    self.connected(now, reached);
                    None
                }
                Err(failure) => self.try_failed(now, failure),
            },
            Progress::Asked(Ok(())) => {
                self.note(now, Moment::SignedIn);
                if self
                    .search
                    .as_ref()
                    .is_none_or(|search| search.sign_ins <= 1)
                {
                    self.backoff.begin_anew();
                    self.backoff.next_wait(false);
                }
                self.try_again(now, true);
                None
            }
            Progress::Asked(Err(error)) => {
                self.need_sign_in(now, error);
                None
            }
            Progress::DataKey(answer) => {
                self.data_key = None;
                self.take_data_key(now, answer);
                None
            }
        }
    }

    /// Hands the channel what KMS said. Without a key the agent ends the session, with this end's words.
    fn take_data_key(&mut self, now: Now, answer: Result<DataKey, SourceError>) {
        let key = answer
            .map_err(|error| {
                warn!(%error, "no data key");
                let remedy = error.remedy.unwrap_or_default();
                format!("{} {remedy}", error.message)
            })
            .and_then(|key| {
                GeneratedDataKey::new(
                    key.plaintext.expose_secret(),
                    key.ciphertext,
                    rand::random(),
                )
                .map_err(|error| format!("KMS gave a key that cannot be used: {error}"))
            });
        match key {
            Ok(key) => self.channel.provide_data_key(now, key),
            Err(reason) => self.channel.refuse_data_key(now, reason.trim()),
        }
    }

    fn connected(&mut self, now: Now, reached: Reached) {
        debug!("data channel opened");
        self.note(now, Moment::Connected);
        self.write_queue_bytes = 0;
        self.connection = Connection::Up(Box::new(Up {
            wire: Wire::new(reached.socket),
            heartbeat: Heartbeat::new(now.elapsed, self.setting.liveness.clone()),
            since: now.elapsed,
            was_heard: false,
            was_useful: false,
            is_presigned: reached.is_presigned,
            marks: TokenMarks::of(reached.token.expose_secret()),
            slept: None,
            place: None,
        }));
        self.was_connected = true;
        self.channel.handle_connected(now, &reached.token);
        if self.search.is_none() {
            self.tell(State::WaitingForAgent);
        }
    }

    fn take(&mut self, now: Now, received: Received) -> Option<End> {
        let lost = match received {
            Received::Data(frame) => {
                self.heard(now, true);
                self.channel.handle_frame(now, frame);
                return None;
            }
            Received::Control => {
                self.heard(now, false);
                if !self.is_flooded(now) {
                    return None;
                }
                Lost::Broken("a flood of pings".to_owned())
            }
            Received::Closed(frame) => {
                let (code, reason) = frame.map_or((1005, String::new()), |frame| {
                    (frame.code.into(), self.words(&frame.reason))
                });
                Lost::ClosedByPeer { code, reason }
            }
            Received::Broken(error) => Lost::Broken(error.to_string()),
        };
        self.lost(now, lost)
    }

    /// What the service says, as it may be shown and logged.
    fn words(&self, said: &str) -> String {
        match &self.connection {
            Connection::Up(up) => up.marks.left_of(said),
            Connection::Waiting { .. }
            | Connection::Trying { .. }
            | Connection::WaitingForSignIn { .. } => TokenMarks::default().left_of(said),
        }
    }

    /// The service is there: only now is an outage over, since a token that is refused is not told otherwise.
    fn heard(&mut self, now: Now, is_data: bool) {
        if let Connection::Up(up) = &mut self.connection {
            up.heartbeat.heard(now.elapsed);
            up.slept = None;
            up.place = None;
            up.was_heard = true;
            up.was_useful |= is_data;
        }
        let Some(search) = self.search.take() else {
            return;
        };
        let after = now.elapsed.saturating_sub(search.since.elapsed);
        info!(?after, attempts = search.attempt, "session resumed");
        self.note(now, Moment::Resumed { after });
        self.tell_standing();
    }

    fn is_flooded(&mut self, now: Now) -> bool {
        match &mut self.connection {
            Connection::Up(up) => up.heartbeat.is_flooded(now.elapsed),
            Connection::Waiting { .. }
            | Connection::Trying { .. }
            | Connection::WaitingForSignIn { .. } => false,
        }
    }

    /// The connection is gone. Whatever the cause, it is sought again.
    fn lost(&mut self, now: Now, lost: Lost) -> Option<End> {
        let Connection::Up(up) = &self.connection else {
            return None;
        };
        let (since, was_heard, was_useful) = (up.since, up.was_heard, up.was_useful);
        let place = up.place;
        let is_presigned = up.is_presigned;
        warn!(%lost, "connection lost");
        self.channel.handle_disconnected(now);
        let lived = now.elapsed.saturating_sub(since);
        self.backoff
            .connection_ended(now.elapsed, lived, was_useful);
        if is_presigned {
            self.note(now, Moment::Lost(lost.clone()));
            self.connection = Connection::Waiting {
                until: now.elapsed,
                has_place: false,
            };
            return Some(End::NotResumable { lost });
        }
        let is_refusal = lost.is_refusal() && !was_heard;
        if self.is_receiver_behind()
            && let Some(search) = &mut self.search
        {
            // Nothing was read for the receiver's sake: that the service was not heard says nothing.
            search.counted_since = now.elapsed;
        }
        self.failed(now, lost, is_refusal, place)
    }

    /// A try has failed, or what looked like success came to nothing.
    fn try_failed(&mut self, now: Now, failure: Failure) -> Option<End> {
        let is_first_ticket = matches!(
            self.connection,
            Connection::Trying {
                is_first_ticket: true,
                ..
            }
        );
        match failure {
            Failure::Gone => {
                // ResumeSession is asked only after something failed, so there is a search.
                let search = self.search.as_ref()?;
                Some(End::Gone {
                    lost: search.cause.clone(),
                    after: now.elapsed.saturating_sub(search.since.elapsed),
                })
            }
            Failure::Source(error) => match error.kind {
                SourceErrorKind::SignInNeeded => {
                    self.need_sign_in(now, error);
                    None
                }
                SourceErrorKind::Refused => Some(match &self.search {
                    Some(search) => End::ResumeRefused {
                        lost: search.cause.clone(),
                        error,
                    },
                    None => End::NotStarted(error),
                }),
                SourceErrorKind::Unreachable
                | SourceErrorKind::Busy
                | SourceErrorKind::Malformed => {
                    let lost = Lost::NotAsked(error);
                    let is_refusal = lost.is_refusal();
                    self.failed(now, lost, is_refusal, None)
                }
            },
            Failure::Dial { error, ticket } => {
                let is_denied = matches!(
                    error,
                    DialError::Refused {
                        status: 401 | 403,
                        ..
                    }
                );
                if is_denied && !self.was_connected && !is_first_ticket {
                    // A fresh token and a fresh signature are refused too: a permission is missing.
                    return Some(End::NotConnected(error));
                }
                let is_presigned = ticket.stream_url.is_presigned();
                let lost = Lost::NotReached(error);
                let is_refusal = lost.is_refusal();
                if is_first_ticket && !is_refusal {
                    self.ticket = Some(ticket);
                } else if is_presigned {
                    return Some(End::NotResumable { lost });
                }
                self.failed(now, lost, is_refusal, None)
            }
        }
    }

    /// Counts a loss or a failed try and plans the next one; ends the session when there is to be none. `place`: the
    /// place among the dials of all sessions, where it is taken already.
    fn failed(
        &mut self,
        now: Now,
        lost: Lost,
        is_refusal: bool,
        place: Option<Duration>,
    ) -> Option<End> {
        match &mut self.search {
            None => {
                self.note(now, Moment::Lost(lost.clone()));
                self.search = Some(Search {
                    since: now,
                    cause: lost,
                    attempt: 0,
                    failure: None,
                    counted_since: now.elapsed,
                    sign_ins: 0,
                });
            }
            Some(search) => {
                debug!(%lost, attempt = search.attempt, "try failed");
                search.failure = Some(lost.clone());
                search.sign_ins = 0;
                let attempt = search.attempt;
                if now.elapsed.saturating_sub(search.counted_since) >= self.backoff.policy().keep {
                    let end = search.given_up(now, false);
                    return Some(end);
                }
                self.note(
                    now,
                    Moment::TryFailed {
                        attempt,
                        failure: lost,
                    },
                );
            }
        }
        let wait = self.backoff.next_wait(is_refusal);
        let until_place = place.map(|place| place.saturating_sub(now.elapsed));
        match until_place {
            _ if !wait.is_zero() => self.wait(now, wait, false),
            Some(until_place) if !until_place.is_zero() => self.wait(now, until_place, true),
            taken => self.try_again(now, taken.is_some()),
        }
        None
    }

    fn wait(&mut self, now: Now, wait: Duration, has_place: bool) {
        self.connection = Connection::Waiting {
            until: now.elapsed + wait,
            has_place,
        };
        let at_ms = now.unix_ms + u64::try_from(wait.as_millis()).unwrap_or(u64::MAX / 2);
        self.tell_search(Some(at_ms), 1);
    }

    /// Begins the next try, as soon as there is a place among the dials of all sessions.
    fn try_again(&mut self, now: Now, has_place: bool) {
        if !has_place {
            let wait = self
                .setting
                .pace
                .reserve(self.setting.clock.instant(now.elapsed));
            if !wait.is_zero() {
                return self.wait(now, wait, true);
            }
        }
        let age = now.elapsed.saturating_sub(self.started_at);
        let ticket = self
            .ticket
            .take()
            .filter(|ticket| age <= TICKET_LIFE || ticket.stream_url.is_presigned());
        let is_first_ticket = ticket.is_some();
        // The connection before, if it still stands, goes first: two would fight for the session.
        self.connection = Connection::Trying {
            attempt: attempt(
                Arc::clone(&self.setting.source),
                self.setting.network.clone(),
                self.session_id.clone(),
                ticket,
            ),
            since: now.elapsed,
            is_first_ticket,
        };
        if let Some(search) = &mut self.search {
            search.attempt = search.attempt.saturating_add(1);
        }
        self.tell_search(None, 0);
    }

    /// Credentials are missing: waits for them, however long that takes.
    fn need_sign_in(&mut self, now: Now, error: SourceError) {
        self.note(now, Moment::SignInNeeded(error.clone()));
        let search = self.search.get_or_insert_with(|| Search {
            since: now,
            cause: Lost::NotAsked(error.clone()),
            attempt: 0,
            failure: None,
            counted_since: now.elapsed,
            sign_ins: 0,
        });
        search.counted_since = now.elapsed;
        search.sign_ins = search.sign_ins.saturating_add(1);
        let state = State::WaitingForSignIn {
            since_ms: search.since.unix_ms,
            cause: search.cause.clone(),
            reason: error,
        };
        // The first time asks at once. Credentials that are said to be fresh and are refused again must not make a storm.
        let wait = if search.sign_ins == 1 {
            Duration::ZERO
        } else {
            self.backoff.next_wait(false)
        };
        let source = Arc::clone(&self.setting.source);
        self.connection = Connection::WaitingForSignIn {
            asked: Box::pin(async move {
                sleep(wait).await;
                source.fresh_credentials().await
            }),
        };
        self.tell(state);
    }

    // ---- the channel

    /// Takes all work out of the state machine.
    pub(crate) fn drain_channel(&mut self, now: Now) -> Option<End> {
        while let Some(output) = self.channel.poll_output() {
            match output {
                Output::Transmit(frame) => {
                    // Without a socket there is nothing to write; the channel keeps what has to arrive.
                    if let Connection::Up(up) = &mut self.connection {
                        let overtakes = frame.may_overtake();
                        let message = match frame {
                            Frame::Open(text) => secret_text(text),
                            Frame::Binary(bytes) => Message::Binary(bytes),
                        };
                        if overtakes {
                            up.wire.push_ahead(message);
                        } else {
                            up.wire.push(message);
                        }
                    }
                }
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
                self.standing = Standing::Handshake;
                self.tell_standing();
            }
            ClientEvent::DataKeyNeeded(request) => {
                let source = Arc::clone(&self.setting.source);
                self.data_key = Some(Box::pin(async move { source.data_key(&request).await }));
            }
            ClientEvent::Opened(info) => {
                info!(session_type = ?info.session_type, agent = ?info.agent_version, "session open");
                self.note(now, Moment::Open);
                if std::mem::take(&mut self.awaits_first_input)
                    && let Some(first) = self.setting.source.first_input(&info)
                {
                    self.take_input(now, Bytes::from(first));
                }
                self.standing = Standing::Open(info);
                self.tell_standing();
            }
            ClientEvent::Output(bytes) => {
                self.batcher.push(now.elapsed, StreamKind::Output, &bytes);
            }
            ClientEvent::Stderr(bytes) => {
                self.batcher.push(now.elapsed, StreamKind::Stderr, &bytes);
            }
            ClientEvent::ExitCode(code) => self.exit_code = Some(code),
            ClientEvent::Notice(notice) => self.tell_notice(notice),
            ClientEvent::FlagReceived(flag) => debug!(?flag, "flag received"),
            ClientEvent::Closed(closed) => {
                let since_input = self
                    .typed_at
                    .map(|typed_at| now.elapsed.saturating_sub(typed_at));
                let output = self.words(&closed.output);
                return Some(ending::ended(output, self.exit_code, since_input));
            }
            ClientEvent::Failed(error) => {
                warn!(%error, "session given up");
                return Some(End::Failed(error));
            }
        }
        None
    }

    // ---- telling

    fn note(&self, now: Now, moment: Moment) {
        self.setting.timeline.note(now, moment);
    }

    fn tell_standing(&mut self) {
        let state = match &self.standing {
            Standing::WaitingForAgent => State::WaitingForAgent,
            Standing::Handshake => State::Handshake,
            Standing::Open(info) => State::Open {
                session_id: self.session_id.clone(),
                info: info.clone(),
            },
        };
        self.tell(state);
    }

    /// Tells of the search; `ahead`: by how many the next try's number is above that of the last one.
    fn tell_search(&mut self, next_try_ms: Option<u64>, ahead: u32) {
        if let Some(search) = &self.search {
            let outage = Outage {
                since_ms: search.since.unix_ms,
                cause: search.cause.clone(),
                attempt: search.attempt.saturating_add(ahead),
                next_try_ms,
                failure: search.failure.clone(),
            };
            self.tell(State::Reconnecting(outage));
        }
    }

    fn tell(&mut self, state: State) {
        debug!(?state, "session state");
        // A receiver that takes nothing must not make states pile up: those that have passed give way to the latest.
        if self.news.len() >= MAX_NEWS
            && let Some(stale) = self
                .news
                .iter()
                .rposition(|update| matches!(update, SessionUpdate::State(_)))
        {
            self.news.remove(stale);
        }
        self.news.push_back(SessionUpdate::State(state));
    }

    /// Notices are for people; a peer that makes them by the thousand is not shown by the thousand.
    fn tell_notice(&mut self, notice: Notice) {
        debug!(?notice, "session notice");
        if self.news.len() < MAX_NEWS {
            self.news.push_back(SessionUpdate::Notice(notice));
        }
    }
}

impl Up {
    fn silent(&self, silence: Duration) -> Lost {
        match self.slept {
            Some(slept) => Lost::Slept {
                seconds: slept.as_secs(),
            },
            None => Lost::Silent {
                seconds: silence.as_secs(),
            },
        }
    }
}

impl Search {
    fn given_up(&self, now: Now, by_owner: bool) -> End {
        End::GivenUp {
            by_owner,
            lost: self.cause.clone(),
            after: now.elapsed.saturating_sub(self.since.elapsed),
            failure: self.failure.clone(),
        }
    }
}

fn batch_update((kind, bytes): (StreamKind, Bytes)) -> SessionUpdate {
    match kind {
        StreamKind::Output => SessionUpdate::Output(bytes),
        StreamKind::Stderr => SessionUpdate::Stderr(bytes),
    }
}
