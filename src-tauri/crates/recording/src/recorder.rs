//! Writes one session into a file while it runs.
//!
//! A thread of its own does the writing, so that a slow disk holds up no session; what waits for it is bounded, and
//! when the disk cannot keep up the recording ends, not the session.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::cast::{Event, EventKind, Header};
use crate::text::Decoder;

/// What is written is in the system's hands after this long, so that a kill loses no more.
const FLUSH_AFTER: Duration = Duration::from_millis(250);
/// The most output that waits for the disk.
const MAX_WAITING_BYTES: usize = 16 * 1024 * 1024;
/// A piece of output longer than this becomes several events, far from a reader's limit of a line.
const MAX_EVENT_BYTES: usize = 64 * 1024;

/// What a recording begins with.
#[derive(Clone, Debug)]
pub struct Start {
    /// What is recorded, in words.
    pub title: String,
    /// Columns and rows.
    pub size: (u16, u16),
    /// The clock's time, in seconds since 1970.
    pub timestamp: u64,
    /// The same moment on the clock of what follows.
    pub now: Instant,
}

/// Why a recording ended before its session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The file could not be written.
    #[error("The recording could not be written: {0}.")]
    Write(String),
    /// The disk is slower than the session.
    #[error("The disk is too slow for this recording, which ends here.")]
    TooSlow,
}

/// A running recording. Dropping it ends the file in order.
#[derive(Debug)]
pub struct Recorder {
    orders: Option<Sender<Order>>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    waiting_bytes: AtomicUsize,
    trouble: Mutex<Option<Trouble>>,
}

impl Shared {
    fn fail(&self, trouble: Trouble) {
        let mut place = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        place.get_or_insert(trouble);
    }

    fn trouble(&self) -> Option<Trouble> {
        self.trouble
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

enum Order {
    Output(Instant, Bytes),
    Event(Instant, EventKind),
    Pause(Instant),
    GoOn(Instant),
}

impl Recorder {
    /// Begins to record into an empty file.
    ///
    /// # Errors
    ///
    /// When the header cannot be written or no thread be had.
    pub fn start(file: File, start: &Start) -> io::Result<Self> {
        let mut file = BufWriter::new(file);
        let header = Header {
            version: 3,
            cols: start.size.0,
            rows: start.size.1,
            timestamp: Some(start.timestamp),
            title: Some(start.title.clone()),
        };
        file.write_all(header.line().as_bytes())?;
        file.flush()?;
        let (orders, taken) = channel();
        let shared = Arc::new(Shared::default());
        let writer = Writer {
            file,
            decoder: Decoder::default(),
            began: start.now,
            last_ms: 0,
            paused: None,
            away: Duration::ZERO,
        };
        let thread = Builder::new().name("recording".to_owned()).spawn({
            let shared = Arc::clone(&shared);
            move || write(writer, &taken, &shared)
        })?;
        Ok(Self {
            orders: Some(orders),
            shared,
            thread: Some(thread),
        })
    }

    /// The session showed something.
    pub fn output(&self, at: Instant, bytes: &Bytes) {
        let waiting = self
            .shared
            .waiting_bytes
            .fetch_add(bytes.len(), Ordering::AcqRel);
        if waiting + bytes.len() > MAX_WAITING_BYTES {
            self.shared.fail(Trouble::TooSlow);
        }
        self.give(Order::Output(at, bytes.clone()));
    }

    /// The terminal got another size.
    pub fn resized(&self, at: Instant, cols: u16, rows: u16) {
        self.give(Order::Event(at, EventKind::Resize(cols, rows)));
    }

    /// Something worth finding again happened, such as a new connection.
    pub fn marker(&self, at: Instant, label: &str) {
        self.give(Order::Event(at, EventKind::Marker(label.to_owned())));
    }

    /// The session ended with an exit status.
    pub fn exited(&self, at: Instant, status: i32) {
        self.give(Order::Event(at, EventKind::Exit(status.to_string())));
    }

    /// Leaves out what comes, until [`Self::go_on`].
    pub fn pause(&self, at: Instant) {
        self.give(Order::Pause(at));
    }

    /// Records again; the time between takes none in the recording.
    pub fn go_on(&self, at: Instant) {
        self.give(Order::GoOn(at));
    }

    /// Why nothing is recorded any more, if so.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        self.shared.trouble()
    }

    fn give(&self, order: Order) {
        if self.shared.trouble().is_some() {
            return;
        }
        if let Some(orders) = &self.orders {
            // A writer that is gone has said why.
            let _ = orders.send(order);
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        drop(self.orders.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("a recording's thread panicked");
        }
    }
}

struct Writer {
    file: BufWriter<File>,
    decoder: Decoder,
    began: Instant,
    last_ms: u64,
    paused: Option<Instant>,
    /// How long it was paused in all.
    away: Duration,
}

/// Writes until there is no more to write or it cannot.
fn write(mut writer: Writer, orders: &Receiver<Order>, shared: &Shared) {
    let failed = |error: &io::Error| shared.fail(Trouble::Write(error.to_string()));
    let mut unflushed_since: Option<Instant> = None;
    loop {
        let wait = unflushed_since.map_or(Duration::MAX, |since| {
            FLUSH_AFTER.saturating_sub(since.elapsed())
        });
        let order = match unflushed_since {
            None => orders.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(_) => orders.recv_timeout(wait),
        };
        let done = match order {
            Ok(order) => {
                if let Order::Output(_, bytes) = &order {
                    shared
                        .waiting_bytes
                        .fetch_sub(bytes.len(), Ordering::AcqRel);
                }
                unflushed_since.get_or_insert_with(Instant::now);
                writer.take(order)
            }
            Err(RecvTimeoutError::Timeout) => Ok(()),
            Err(RecvTimeoutError::Disconnected) => {
                if let Err(error) = writer.finish() {
                    failed(&error);
                }
                return;
            }
        };
        // Also while output never stops.
        let due = unflushed_since.is_some_and(|since| since.elapsed() >= FLUSH_AFTER);
        let flushed = done.and_then(|()| if due { writer.file.flush() } else { Ok(()) });
        if due {
            unflushed_since = None;
        }
        if let Err(error) = flushed {
            failed(&error);
            return;
        }
        if shared.trouble().is_some() {
            // What is written so far is kept.
            let _ = writer.finish();
            return;
        }
    }
}

impl Writer {
    fn take(&mut self, order: Order) -> io::Result<()> {
        match order {
            Order::Output(at, bytes) => {
                if self.paused.is_some() {
                    return Ok(());
                }
                for piece in bytes.chunks(MAX_EVENT_BYTES) {
                    let text = self.decoder.text(piece);
                    if !text.is_empty() {
                        self.event(at, EventKind::Output(text))?;
                    }
                }
                Ok(())
            }
            // Also while paused: what comes after is drawn for the new size.
            Order::Event(at, kind) => self.event(at, kind),
            Order::Pause(at) => {
                if self.paused.is_none() {
                    self.event(at, EventKind::Marker("paused".to_owned()))?;
                    self.paused = Some(at);
                }
                Ok(())
            }
            Order::GoOn(at) => {
                if let Some(since) = self.paused.take() {
                    self.away += at.saturating_duration_since(since);
                    self.event(at, EventKind::Marker("goes on".to_owned()))?;
                }
                Ok(())
            }
        }
    }

    fn event(&mut self, at: Instant, kind: EventKind) -> io::Result<()> {
        let at = self.paused.unwrap_or(at);
        let since = at
            .saturating_duration_since(self.began)
            .saturating_sub(self.away);
        let at_ms = u64::try_from(since.as_millis())
            .unwrap_or(u64::MAX)
            .max(self.last_ms);
        let line = Event { at_ms, kind }.line(self.last_ms);
        self.last_ms = at_ms;
        self.file.write_all(line.as_bytes())
    }

    fn finish(&mut self) -> io::Result<()> {
        if let Some(left) = self.decoder.finish() {
            let line = Event {
                at_ms: self.last_ms,
                kind: EventKind::Output(left.to_string()),
            }
            .line(self.last_ms);
            self.file.write_all(line.as_bytes())?;
        }
        self.file.flush()
    }
}
