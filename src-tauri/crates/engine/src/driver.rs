//! The task behind a session: owner of socket, state machine, timers and of every try to get a lost connection back.
//!
//! Everything it waits for stands side by side in one `select!`, so it never waits for its owner while it holds something
//! the peer needs, and never for the peer while its owner wants to leave. There is one way out of every loss of the
//! connection, whatever the cause: `open → reconnecting → open`, `→ waiting for sign-in → open`, or `→ ended`.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use protocol::{SessionId, TerminalSize};
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use crate::backoff::{Jitter, Pace, ReconnectPolicy};
use crate::clock::Clock;
use crate::heartbeat::Liveness;
use crate::held::{Held, Setting};
use crate::network::Network;
use crate::session::{Credit, InputPiece, Interrupt, Wishes};
use crate::source::{SessionSource, Ticket};
use crate::timeline::{Moment, SharedTimeline};
use crate::update::{End, SessionUpdate, State};

/// How long a StartSession under way is waited for after its owner has left, so that what it started can be ended.
const START_GRACE: Duration = Duration::from_secs(5);
const TERMINATE_TIMEOUT: Duration = Duration::from_secs(5);
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// What the receiver has not taken yet; above it the socket is not read.
pub(crate) const MAX_NEWS: usize = 64;

/// The task's own side of a session.
pub(crate) struct Driver {
    pub(crate) source: Arc<dyn SessionSource>,
    /// Once the service has given one.
    pub(crate) session_id: Option<SessionId>,
    pub(crate) input: mpsc::Receiver<InputPiece>,
    pub(crate) interrupts: mpsc::Receiver<Interrupt>,
    /// How many interrupts there were; input of before the last one is dropped.
    pub(crate) epoch: Arc<AtomicU64>,
    pub(crate) size: watch::Receiver<Option<TerminalSize>>,
    pub(crate) credit: Arc<Credit>,
    pub(crate) wishes: Arc<Wishes>,
    pub(crate) held_bytes: Arc<AtomicUsize>,
    pub(crate) timeline: SharedTimeline,
    pub(crate) cancel: CancellationToken,
    pub(crate) updates: mpsc::Sender<SessionUpdate>,
    pub(crate) clock: Clock,
    pub(crate) reconnect: ReconnectPolicy,
    pub(crate) liveness: Liveness,
    pub(crate) pace: Pace,
    pub(crate) jitter: Jitter,
    pub(crate) network: Network,
}

impl Driver {
    /// Runs the session to its end. A panic on the way ends this session only, and is told like any other end.
    pub(crate) async fn run(mut self) -> End {
        match AssertUnwindSafe(self.run_to_end()).catch_unwind().await {
            Ok(end) => end,
            Err(_panic) => self.ended_by_fault().await,
        }
    }

    /// After a panic. What the session held is gone; its receiver and the service still learn of the end.
    async fn ended_by_fault(&mut self) -> End {
        // Whoever panicked has said where, through the program's hook; the words are not ours to repeat.
        error!("the session's task failed");
        self.held_bytes.store(0, Ordering::Relaxed);
        let end = self.ended(End::Fault).await;
        if let Some(session_id) = &self.session_id {
            let terminate = AssertUnwindSafe(terminate(&*self.source, session_id));
            if terminate.catch_unwind().await.is_err() {
                warn!("the session could not be ended at the service");
            }
        }
        end
    }

    async fn run_to_end(&mut self) -> End {
        self.timeline.note(self.clock.now(), Moment::Starting);
        self.tell(State::Starting).await;
        let ticket = match self.start().await {
            Ok(ticket) => ticket,
            Err(end) => return self.ended(end).await,
        };
        let session_id = ticket.session_id.clone();
        self.session_id = Some(session_id.clone());
        tracing::Span::current().record("id", tracing::field::display(&session_id));
        self.timeline.note(self.clock.now(), Moment::Connecting);
        self.tell(State::Connecting {
            session_id: session_id.clone(),
        })
        .await;
        let mut held = self.hold(ticket);
        let end = self.drive(&mut held).await;
        self.deliver_rest(&mut held).await;
        let end = self.ended(end).await;
        let close = async {
            if let Some(wire) = held.into_wire() {
                let _ = timeout(CLOSE_TIMEOUT, wire.close()).await;
            }
        };
        let terminate = async {
            if end.leaves_the_session_running() {
                terminate(&*self.source, &session_id).await;
            }
        };
        tokio::join!(close, terminate);
        self.held_bytes.store(0, Ordering::Relaxed);
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

    fn hold(&mut self, ticket: Ticket) -> Held {
        let setting = Setting {
            source: Arc::clone(&self.source),
            network: self.network.clone(),
            reconnect: self.reconnect.clone(),
            liveness: self.liveness.clone(),
            pace: self.pace.clone(),
            jitter: self.jitter.clone(),
            timeline: self.timeline.clone(),
            clock: self.clock.clone(),
            size: *self.size.borrow_and_update(),
        };
        Held::new(setting, ticket)
    }

    async fn drive(&mut self, held: &mut Held) -> End {
        loop {
            let now = self.clock.now();
            held.watch_sleep(now);
            held.feed_input(now);
            if let Some(end) = held.drain_channel(now) {
                return end;
            }
            // Here too and not only below: a flood of news must not hold up what is due. Not before the channel has been
            // asked, since the frame that opens a connection goes before every ping.
            if held.deadline(now) <= now.elapsed
                && let Some(end) = held
                    .handle_deadline(now)
                    .or_else(|| held.drain_channel(now))
            {
                return end;
            }
            held.move_batches(now);
            self.held_bytes.store(held.held_bytes(), Ordering::Relaxed);
            let deadline = self.clock.instant(held.deadline(now));
            let read = held.may_read();
            tokio::select! {
                biased;
                () = self.cancel.cancelled() => return End::Closed,
                permit = self.updates.reserve(), if held.has_news() => {
                    let Ok(permit) = permit else { return End::Closed };
                    if let Some(update) = held.next_news() {
                        permit.send(update);
                    }
                }
                granted = self.credit.granted() => held.grant(granted),
                Some(interrupt) = self.interrupts.recv() => {
                    let (dropped, typed_since) = drop_input(&mut self.input, &self.epoch);
                    let now = self.clock.now();
                    held.interrupt(now, &interrupt, dropped);
                    if let Some(bytes) = typed_since {
                        held.take_input(now, bytes);
                    }
                }
                Some(piece) = self.input.recv(), if held.wants_input() => {
                    if piece.epoch >= self.epoch.load(Ordering::Acquire) {
                        held.take_input(self.clock.now(), piece.bytes);
                    }
                }
                Ok(()) = self.size.changed() => {
                    if let Some(size) = *self.size.borrow_and_update() {
                        held.resize(self.clock.now(), size);
                    }
                }
                () = self.wishes.try_now.notified() => held.try_now(self.clock.now()),
                () = self.wishes.give_up.notified() => {
                    if let Some(end) = held.give_up(self.clock.now()) {
                        return end;
                    }
                }
                progress = held.progress(read) => {
                    if let Some(end) = held.handle_progress(self.clock.now(), progress) {
                        return end;
                    }
                }
                () = sleep_until(deadline) => {
                    if let Some(end) = held.handle_deadline(self.clock.now()) {
                        return end;
                    }
                }
            }
        }
    }

    /// Delivers what was received before the end. The receiver may be slow, but not for ever in the owner's way.
    async fn deliver_rest(&self, held: &mut Held) {
        while let Some(update) = held.next_of_the_rest() {
            self.deliver(update).await;
        }
    }

    async fn ended(&self, end: End) -> End {
        info!(by = ?end.by(), "session ended");
        debug!(?end, "session ended");
        self.timeline
            .note(self.clock.now(), Moment::Ended(end.clone()));
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

/// Drops the input under way that an interrupt has done away with. Says whether there was any, and gives the first piece
/// that was typed after it.
fn drop_input(input: &mut mpsc::Receiver<InputPiece>, epoch: &AtomicU64) -> (bool, Option<Bytes>) {
    let epoch = epoch.load(Ordering::Acquire);
    let mut dropped = false;
    while let Ok(piece) = input.try_recv() {
        if piece.epoch >= epoch {
            return (dropped, Some(piece.bytes));
        }
        dropped = true;
    }
    (dropped, None)
}

async fn terminate(source: &dyn SessionSource, session_id: &SessionId) {
    match timeout(TERMINATE_TIMEOUT, source.terminate(session_id)).await {
        Ok(Ok(())) => debug!("session terminated"),
        Ok(Err(error)) => warn!(%error, "the session could not be ended at the service"),
        Err(_) => warn!("the service did not end the session in time"),
    }
}
