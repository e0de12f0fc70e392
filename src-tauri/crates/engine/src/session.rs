//! One session as others hold it: the handle, its news, what it is started with.
//!
//! The task behind it is `driver`'s. It ends by itself when the session does, when its owner closes it, and when its
//! owner drops the handle.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use protocol::TerminalSize;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, info_span};

use crate::backoff::{Jitter, Pace, ReconnectPolicy};
use crate::clock::{Clock, WallClock};
use crate::driver::{Driver, MAX_NEWS};
use crate::heartbeat::Liveness;
use crate::network::Network;
use crate::source::SessionSource;
use crate::timeline::{SharedTimeline, Timeline};
use crate::update::{End, SessionUpdate};

/// The longest that [`SessionHandle::close`] waits: StartSession's answer, the close of the channel, TerminateSession.
pub const CLOSE_GRACE: Duration = Duration::from_secs(12);

/// Pieces of input under way to the task, and the bytes of one. What does not fit waits with its sender.
const INPUT_QUEUE: usize = 16;
pub(crate) const INPUT_PIECE_BYTES: usize = 4096;
pub(crate) const MAX_INPUT_QUEUE_BYTES: usize = (INPUT_QUEUE + 1) * INPUT_PIECE_BYTES;

/// Interrupts under way to the task; more than one at a time is a key held down.
const INTERRUPT_QUEUE: usize = 4;

/// Input under way to the task.
#[derive(Debug)]
pub(crate) struct InputPiece {
    /// How many interrupts came before it. What was typed before an interrupt and is not sent yet is dropped with it.
    pub(crate) epoch: u64,
    pub(crate) bytes: Bytes,
}

/// Input that overtakes and does away with all that is not sent yet.
#[derive(Clone, Debug, Default)]
pub struct Interrupt {
    /// What is sent, such as Ctrl-C; up to 64 bytes.
    pub bytes: Bytes,
    /// Goes before it if input is dropped: the end of a bracketed paste, which would otherwise take the interrupt for
    /// pasted text. Up to 64 bytes.
    pub closing: Bytes,
    /// Whether `closing` goes before it in any case.
    pub always_close: bool,
}

/// What a session needs beside its source.
#[derive(Clone, Debug, Default)]
pub struct SessionConfig {
    /// The terminal's size, told to the agent before anything else; `None` where there is no terminal.
    pub size: Option<TerminalSize>,
    /// How a lost connection is sought again.
    pub reconnect: ReconnectPolicy,
    /// How soon a connection is found dead.
    pub liveness: Liveness,
    /// Keeps the dials of several sessions apart.
    pub pace: Pace,
    /// The randomness of waits.
    pub jitter: Jitter,
    /// How hosts are reached.
    pub network: Network,
    /// Where the date comes from.
    pub wall_clock: WallClock,
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
pub struct SessionUpdates {
    news: mpsc::Receiver<SessionUpdate>,
    timeline: SharedTimeline,
}

impl SessionUpdates {
    /// The next piece of news; `None` when there will be no more. Cancel-safe.
    pub async fn recv(&mut self) -> Option<SessionUpdate> {
        self.news.recv().await
    }

    /// What has happened to the session so far.
    #[must_use]
    pub fn timeline(&self) -> Timeline {
        self.timeline.read()
    }
}

/// Owns one running session. Dropping it ends the session; its tracker still waits for the task.
#[derive(Debug)]
pub struct SessionHandle {
    input: mpsc::Sender<InputPiece>,
    interrupts: mpsc::Sender<Interrupt>,
    epoch: Arc<AtomicU64>,
    size: watch::Sender<Option<TerminalSize>>,
    credit: Arc<Credit>,
    wishes: Arc<Wishes>,
    held_bytes: Arc<AtomicUsize>,
    timeline: SharedTimeline,
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
        let (interrupts, interrupt_receiver) = mpsc::channel(INTERRUPT_QUEUE);
        let epoch = Arc::new(AtomicU64::new(0));
        let (size, size_receiver) = watch::channel(config.size);
        let (news, updates) = mpsc::channel(MAX_NEWS);
        let credit = Arc::new(Credit::default());
        let cancel = CancellationToken::new();
        let wishes = Arc::new(Wishes::default());
        let held_bytes = Arc::new(AtomicUsize::new(0));
        let timeline = SharedTimeline::default();
        let driver = Driver {
            source,
            session_id: None,
            input: input_receiver,
            interrupts: interrupt_receiver,
            epoch: Arc::clone(&epoch),
            size: size_receiver,
            credit: Arc::clone(&credit),
            wishes: Arc::clone(&wishes),
            held_bytes: Arc::clone(&held_bytes),
            timeline: timeline.clone(),
            cancel: cancel.clone(),
            updates: news,
            clock: Clock::start(config.wall_clock),
            reconnect: config.reconnect,
            liveness: config.liveness,
            pace: config.pace,
            jitter: config.jitter,
            network: config.network,
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
            interrupts,
            epoch,
            size,
            credit,
            wishes,
            held_bytes,
            timeline: timeline.clone(),
            cancel,
            exit,
            task,
        };
        let updates = SessionUpdates {
            news: updates,
            timeline,
        };
        (handle, updates)
    }

    /// Hands over input, waiting while the session has enough of it; false when the session is over.
    ///
    /// Without a connection input is taken as long as there is room, and arrives once when there is one again. Two calls
    /// at once have no order between them: whoever types awaits one before the next.
    pub async fn send_input(&self, bytes: Bytes) -> bool {
        let epoch = self.epoch.load(Ordering::Acquire);
        self.send_input_since(epoch, bytes).await
    }

    /// Like [`Self::send_input`], for a caller whose calls may overtake each other on their way here: what was typed after
    /// the interrupt of this number, and before the next, is dropped if that next one is here already.
    pub async fn send_input_since(&self, epoch: u64, bytes: Bytes) -> bool {
        for piece in bytes.chunks(INPUT_PIECE_BYTES) {
            // Copied, so that the queue holds no more than it shows.
            let bytes = Bytes::copy_from_slice(piece);
            if self.input.send(InputPiece { epoch, bytes }).await.is_err() {
                return false;
            }
        }
        true
    }

    /// Sends an interrupt ahead of all input that is not sent yet, and drops that input; also what a [`Self::send_input`]
    /// that is still waiting has left. False when the session is over.
    ///
    /// `epoch` numbers the interrupts of a session, from 1.
    pub async fn interrupt(&self, epoch: u64, interrupt: Interrupt) -> bool {
        self.epoch.fetch_max(epoch, Ordering::AcqRel);
        self.interrupts.send(interrupt).await.is_ok()
    }

    /// Does not wait for the next try: dials now, or asks anew for credentials. With a connection, makes sure of it:
    /// right when the computer wakes or the network changes.
    pub fn try_now(&self) {
        self.wishes.try_now.notify_one();
    }

    /// Stops seeking a lost connection and ends the session. With a connection, does nothing.
    pub fn give_up(&self) {
        self.wishes.give_up.notify_one();
    }

    /// What has happened to the session so far; readable after its end too.
    #[must_use]
    pub fn timeline(&self) -> Timeline {
        self.timeline.read()
    }

    /// How many bytes the session holds in its buffers, about. Never above [`MAX_SESSION_BYTES`](crate::MAX_SESSION_BYTES).
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.held_bytes.load(Ordering::Relaxed)
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
            // The task ended without a word: it was cut off.
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

/// What the owner wishes of a session without a connection.
#[derive(Debug, Default)]
pub(crate) struct Wishes {
    pub(crate) try_now: Notify,
    pub(crate) give_up: Notify,
}

/// Credit on its way from the receiver to the task.
#[derive(Debug, Default)]
pub(crate) struct Credit {
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

    pub(crate) async fn granted(&self) -> usize {
        self.granted.notified().await;
        self.bytes.swap(0, Ordering::AcqRel)
    }
}
