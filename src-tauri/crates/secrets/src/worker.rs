//! The threads on which the keyring is called: one at a time, and never a caller's own.
//!
//! A keyring's calls block, some for as long as a question is open, and the D-Bus one panics on an async runtime's
//! thread. Whoever asks waits for a bounded time. A thread that is still in a call by then is left alone, and another
//! takes its place; at most [`MAX_THREADS`] are ever alive. When all of them hang, asking fails at once. A thread that
//! comes back takes up work again or ends.

use std::collections::VecDeque;
use std::fmt;
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use keyring_core::CredentialStore;
use tokio::sync::oneshot;
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::platform::{Open, Opened};
use crate::store::SERVICE;
use crate::trouble::Trouble;

/// The most threads that are ever in the keyring's calls, hanging ones included.
pub const MAX_THREADS: usize = 3;
/// What may wait. A person's clicks never come to this.
const MAX_WAITING: usize = 64;

type Work = Box<dyn FnOnce(&mut Session<'_>) + Send>;

struct Job {
    id: u64,
    sign: Arc<Sign>,
    work: Work,
}

/// What the one who asks and the one who works tell each other.
#[derive(Debug, Default)]
struct Sign {
    /// Nobody waits any more: nothing further is to be written.
    given_up: AtomicBool,
    /// The keyring was found locked, so a question is probably open.
    locked: AtomicBool,
}

/// The threads of one keyring.
pub(crate) struct Workers {
    open: Box<Open>,
    state: Mutex<State>,
    wake: Condvar,
    /// Threads in a call on a locked keyring, that is, before its question.
    questions: AtomicUsize,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    next_id: u64,
    /// The one thread that may take jobs.
    active: Option<u64>,
    /// Since when it is at its job.
    busy_since: Option<Instant>,
    alive: usize,
    closed: bool,
}

impl fmt::Debug for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workers").finish_non_exhaustive()
    }
}

impl Workers {
    pub(crate) fn new(open: Box<Open>) -> Arc<Self> {
        Arc::new(Self {
            open,
            state: Mutex::new(State::default()),
            wake: Condvar::new(),
            questions: AtomicUsize::new(0),
        })
    }

    /// Does something with the keyring and waits for it at most for `patience`.
    pub(crate) async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        patience: Duration,
        work: impl FnOnce(&mut Session<'_>) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, Trouble> {
        let (answer, answered) = oneshot::channel();
        let sign = Arc::new(Sign::default());
        let id = self.submit(
            &sign,
            Box::new(move |session| {
                // Fails when nobody waits any more.
                let _ = answer.send(work(session));
            }),
        )?;
        let mut waiting = Waiting {
            workers: self,
            id,
            sign: &sign,
            patience,
            in_vain: true,
        };
        match timeout(patience, answered).await {
            Ok(answer) => {
                waiting.in_vain = false;
                // Without an answer the thread has panicked.
                answer.unwrap_or_else(|_| Err(Trouble::Other("it broke off".to_owned())))
            }
            Err(_) if sign.locked.load(Ordering::Relaxed) => Err(Trouble::Locked),
            Err(_) => Err(Trouble::TooLong),
        }
    }

    fn submit(self: &Arc<Self>, sign: &Arc<Sign>, work: Work) -> Result<u64, Trouble> {
        let mut state = self.state();
        if state.jobs.len() >= MAX_WAITING {
            return Err(Trouble::TooLong);
        }
        let id = state.next_id;
        state.next_id += 1;
        state.jobs.push_back(Job {
            id,
            sign: Arc::clone(sign),
            work,
        });
        if state.active.is_none() && !self.spawn(&mut state) {
            state.jobs.pop_back();
            return Err(if self.questions.load(Ordering::Relaxed) > 0 {
                Trouble::Locked
            } else {
                Trouble::TooLong
            });
        }
        self.wake.notify_all();
        Ok(id)
    }

    /// Starts a thread that takes the jobs from now on; false if there may be no more.
    fn spawn(self: &Arc<Self>, state: &mut State) -> bool {
        if state.alive >= MAX_THREADS {
            return false;
        }
        let id = state.next_id;
        state.next_id += 1;
        let workers = Arc::clone(self);
        let spawned = thread::Builder::new()
            .name("keyring".to_owned())
            .spawn(move || workers.run(id));
        if let Err(error) = spawned {
            tracing::warn!(%error, "no thread for the keyring");
            return false;
        }
        state.active = Some(id);
        state.busy_since = None;
        state.alive += 1;
        true
    }

    fn run(self: Arc<Self>, id: u64) {
        let _ended = Ended { workers: &self, id };
        let mut opened = None;
        while let Some(job) = self.next(id) {
            let mut session = Session {
                workers: &self,
                sign: &job.sign,
                opened: &mut opened,
            };
            (job.work)(&mut session);
        }
    }

    /// The next job for a thread; none when it has to end.
    fn next(&self, id: u64) -> Option<Job> {
        let mut state = self.state();
        loop {
            // One that was given up may go on, if nobody has taken its place.
            let active = *state.active.get_or_insert(id);
            if state.closed || active != id {
                return None;
            }
            state.busy_since = None;
            if let Some(job) = state.jobs.pop_front() {
                state.busy_since = Some(Instant::now());
                return Some(job);
            }
            state = self
                .wake
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Somebody has waited in vain.
    fn give_up(self: &Arc<Self>, id: u64, patience: Duration) {
        let mut state = self.state();
        state.jobs.retain(|job| job.id != id);
        // Only one that hangs: a busy one may have been at others' jobs.
        if state
            .busy_since
            .is_some_and(|since| since.elapsed() >= patience / 2)
        {
            state.active = None;
            state.busy_since = None;
            if !state.jobs.is_empty() {
                self.spawn(&mut state);
            }
        }
    }

    /// Lets the threads end as soon as they can.
    pub(crate) fn close(&self) {
        let jobs = {
            let mut state = self.state();
            state.closed = true;
            mem::take(&mut state.jobs)
        };
        drop(jobs);
        self.wake.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a thread out, after a panic too.
struct Ended<'a> {
    workers: &'a Arc<Workers>,
    id: u64,
}

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        let mut state = self.workers.state();
        state.alive -= 1;
        if state.active == Some(self.id) {
            state.active = None;
            state.busy_since = None;
            if !state.jobs.is_empty() && !state.closed {
                self.workers.spawn(&mut state);
            }
        }
    }
}

/// Somebody who waits. Dropped without an answer when the time is over, or when they go away earlier.
struct Waiting<'a> {
    workers: &'a Arc<Workers>,
    id: u64,
    sign: &'a Sign,
    patience: Duration,
    in_vain: bool,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.in_vain {
            self.sign.given_up.store(true, Ordering::Relaxed);
            self.workers.give_up(self.id, self.patience);
        }
    }
}

/// The keyring, for the length of one job.
pub(crate) struct Session<'a> {
    workers: &'a Workers,
    sign: &'a Sign,
    opened: &'a mut Option<Opened>,
}

impl Session<'_> {
    /// What an entry holds; none if there is no such entry.
    pub(crate) fn read(&mut self, user: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Trouble> {
        self.call(|store| match entry(store, user)?.get_secret() {
            Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })
    }

    /// Makes an entry, or replaces what it holds.
    pub(crate) fn write(&mut self, user: &str, secret: &[u8]) -> Result<(), Trouble> {
        self.call(|store| entry(store, user)?.set_secret(secret))
    }

    /// Removes an entry, if there is one.
    pub(crate) fn remove(&mut self, user: &str) -> Result<(), Trouble> {
        self.call(|store| match entry(store, user)?.delete_credential() {
            Ok(()) | Err(keyring::Error::NoEntry) => Ok(()),
            Err(error) => Err(error),
        })
    }

    /// Calls the keyring, on a new connection where the old one fails: its service may have been restarted.
    fn call<T>(
        &mut self,
        call: impl Fn(&CredentialStore) -> keyring::Result<T>,
    ) -> Result<T, Trouble> {
        loop {
            if self.sign.given_up.load(Ordering::Relaxed) {
                return Err(Trouble::TooLong);
            }
            let is_new = self.opened.is_none();
            let opened = match self.opened.take() {
                Some(opened) => opened,
                None => (self.workers.open)().map_err(|error| {
                    let trouble = Trouble::of(&error);
                    tracing::debug!(?trouble, "the keyring cannot be opened");
                    match trouble {
                        Trouble::Locked | Trouble::Denied | Trouble::Corrupt => trouble,
                        Trouble::None | Trouble::TooLong | Trouble::Other(_) => Trouble::None,
                    }
                })?,
            };
            let locked = opened
                .is_locked
                .as_ref()
                .is_some_and(|is_locked| is_locked());
            self.sign.locked.store(locked, Ordering::Relaxed);
            let question = Question::open(&self.workers.questions, locked);
            if question.is_second() {
                *self.opened = Some(opened);
                return Err(Trouble::Locked);
            }
            let result = call(&*opened.store);
            drop(question);
            match result {
                Ok(value) => {
                    *self.opened = Some(opened);
                    // From here on it waits for nobody's answer.
                    self.sign.locked.store(false, Ordering::Relaxed);
                    return Ok(value);
                }
                Err(keyring::Error::PlatformFailure(_)) if !is_new => {}
                Err(error) => return Err(Trouble::of(&error)),
            }
        }
    }
}

/// A call on a locked keyring. There is one at a time: a second one would only open a second question.
struct Question<'a> {
    questions: &'a AtomicUsize,
    others: Option<usize>,
}

impl<'a> Question<'a> {
    fn open(questions: &'a AtomicUsize, locked: bool) -> Self {
        Self {
            questions,
            others: locked.then(|| questions.fetch_add(1, Ordering::Relaxed)),
        }
    }

    fn is_second(&self) -> bool {
        self.others.is_some_and(|others| others > 0)
    }
}

impl Drop for Question<'_> {
    fn drop(&mut self) {
        if self.others.is_some() {
            self.questions.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

fn entry(store: &CredentialStore, user: &str) -> keyring::Result<keyring::Entry> {
    // Not by `keyring::Entry::new`, which opens the keyring once and remembers a failure for ever.
    Ok(keyring::Entry {
        inner: store.build(SERVICE, user, None)?,
    })
}
