//! One question for credentials, however many sessions wait for them.
//!
//! Every source of credentials has one [`SignInGate`]. A session whose call was refused for want of credentials passes
//! it; the first one there looks for new ones at intervals, and when there are some, all go on. When that one leaves, the
//! next takes over: there is no task to forget.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::Duration;

use engine::SourceError;
use tokio::sync::{Mutex, watch};
use tokio::time::sleep;
use tracing::{debug, info};

/// How often credentials are looked for while a session waits.
pub const LOOK_INTERVAL: Duration = Duration::from_secs(10);

/// What a look for credentials found: which ones, as far as may be shown.
pub type LookFuture = Pin<Box<dyn Future<Output = Result<aws::Identity, SourceError>> + Send>>;

/// The way to credentials of one source.
pub struct SignInGate {
    look: Box<dyn Fn() -> LookFuture + Send + Sync>,
    /// Held by the one that looks.
    leader: Mutex<()>,
    /// Counts how often there were fresh credentials.
    fresh: watch::Sender<u64>,
    /// Counts how often somebody asked to look.
    asked: watch::Sender<u64>,
    waiting: AtomicUsize,
    waiting_changed: watch::Sender<usize>,
}

impl SignInGate {
    /// Takes what looks for credentials. It starts from nothing each time: files may have changed.
    pub fn new(look: impl Fn() -> LookFuture + Send + Sync + 'static) -> Self {
        Self {
            look: Box::new(look),
            leader: Mutex::new(()),
            fresh: watch::Sender::new(0),
            asked: watch::Sender::new(0),
            waiting: AtomicUsize::new(0),
            waiting_changed: watch::Sender::new(0),
        }
    }

    /// Waits until there are credentials other than the `refused` ones, or a [`SignInGate::retry`] finds any.
    pub async fn pass(&self, refused: Option<aws::Identity>) {
        let _place = Place::take(self);
        let mut fresh = self.fresh.subscribe();
        tokio::select! {
            biased;
            // Fails only when the gate is gone, and it is borrowed here.
            _ = fresh.changed() => {}
            () = self.lead(refused) => {}
        }
    }

    /// Looks at once, and takes whatever credentials there are: somebody says that they are good now.
    pub fn retry(&self) {
        self.asked.send_modify(|count| *count += 1);
    }

    /// How many sessions wait, and each change of that: one question should stand while it is not 0.
    pub fn waiting(&self) -> watch::Receiver<usize> {
        self.waiting_changed.subscribe()
    }

    async fn lead(&self, refused: Option<aws::Identity>) {
        let mut asked = self.asked.subscribe();
        let _leader = self.leader.lock().await;
        let mut is_asked = false;
        loop {
            match (self.look)().await {
                Ok(identity) if is_asked || refused.as_ref() != Some(&identity) => {
                    info!("there are fresh credentials");
                    self.fresh.send_modify(|count| *count += 1);
                    return;
                }
                Ok(_) => debug!("the credentials are still those that were refused"),
                Err(error) => debug!(%error, "no credentials yet"),
            }
            is_asked = tokio::select! {
                // Fails only when the gate is gone, and it is borrowed here.
                _ = asked.changed() => true,
                () = sleep(LOOK_INTERVAL) => false,
            };
        }
    }

    fn count(&self, change: impl FnOnce(&AtomicUsize) -> usize) {
        let waiting = change(&self.waiting);
        self.waiting_changed.send_replace(waiting);
    }
}

impl fmt::Debug for SignInGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignInGate")
            .field("waiting", &self.waiting)
            .finish_non_exhaustive()
    }
}

/// A session's place before a gate, left when dropped.
struct Place<'a>(&'a SignInGate);

impl<'a> Place<'a> {
    fn take(gate: &'a SignInGate) -> Self {
        gate.count(|waiting| waiting.fetch_add(1, Ordering::AcqRel) + 1);
        Self(gate)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0
            .count(|waiting| waiting.fetch_sub(1, Ordering::AcqRel) - 1);
    }
}

/// The gates of all sources of credentials in use. The application has one and gives it to every session's source.
#[derive(Clone, Debug, Default)]
pub struct SignInGates(Arc<StdMutex<HashMap<String, Arc<SignInGate>>>>);

impl SignInGates {
    /// The gate of the credentials that `settings` name.
    #[must_use]
    pub fn of(&self, settings: &aws::Settings) -> Arc<SignInGate> {
        let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let gate = gates.entry(key(settings)).or_insert_with(|| {
            let settings = settings.clone();
            Arc::new(SignInGate::new(move || {
                let settings = settings.clone();
                Box::pin(async move {
                    let client = aws::Client::connect(settings)
                        .await
                        .map_err(crate::source::source_error)?;
                    client.identity().await.map_err(crate::source::source_error)
                })
            }))
        });
        Arc::clone(gate)
    }

    /// Tells all gates to look at once: the computer woke, or somebody has signed in.
    pub fn retry(&self) {
        for gate in self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
        {
            gate.retry();
        }
    }
}

/// Names a source of credentials; no secret.
fn key(settings: &aws::Settings) -> String {
    match &settings.credentials {
        aws::Credentials::Configured => {
            format!("profile {}", settings.aws_profile.as_deref().unwrap_or(""))
        }
        aws::Credentials::Keys { access_key_id, .. } => format!("key {access_key_id}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::SourceErrorKind;
    use tokio::time::{Instant, timeout};
    use tokio_util::task::TaskTracker;

    /// A source of credentials that a test changes.
    #[derive(Clone, Default)]
    struct Source {
        identity: Arc<StdMutex<Option<aws::Identity>>>,
        looks: Arc<AtomicUsize>,
    }

    impl Source {
        fn set(&self, access_key_id: &str) {
            *self.identity.lock().expect("nobody panics") = identity(access_key_id);
        }

        fn looks(&self) -> usize {
            self.looks.load(Ordering::Relaxed)
        }

        fn gate(&self) -> Arc<SignInGate> {
            let source = self.clone();
            Arc::new(SignInGate::new(move || {
                source.looks.fetch_add(1, Ordering::Relaxed);
                let found = source.identity.lock().expect("nobody panics").clone();
                Box::pin(async move {
                    found.ok_or(SourceError {
                        kind: SourceErrorKind::SignInNeeded,
                        message: "No.".to_owned(),
                        remedy: None,
                        detail: None,
                    })
                })
            }))
        }
    }

    fn identity(access_key_id: &str) -> Option<aws::Identity> {
        Some(aws::Identity {
            access_key_id: access_key_id.to_owned(),
            expires_at: None,
        })
    }

    /// Sends so many sessions to the gate.
    async fn crowd(gate: &Arc<SignInGate>, sessions: usize) -> TaskTracker {
        let tracker = TaskTracker::new();
        for _ in 0..sessions {
            let gate = Arc::clone(gate);
            tracker.spawn(async move { gate.pass(identity("old")).await });
        }
        tracker.close();
        let mut waiting = gate.waiting();
        waiting
            .wait_for(|&waiting| waiting == sessions)
            .await
            .expect("the gate is there");
        tracker
    }

    #[tokio::test(start_paused = true)]
    async fn smp_136_fifty_sessions_ask_one_question_and_all_go_on() {
        let source = Source::default();
        let gate = source.gate();
        let tracker = crowd(&gate, 50).await;
        sleep(LOOK_INTERVAL * 10).await;
        assert!((10..=12).contains(&source.looks()), "{}", source.looks());
        source.set("new");
        timeout(LOOK_INTERVAL * 2, tracker.wait())
            .await
            .expect("all pass");
        assert_eq!(*gate.waiting().borrow(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn the_refused_credentials_are_not_fresh_unless_somebody_says_so() {
        let source = Source::default();
        source.set("old");
        let gate = source.gate();
        let tracker = crowd(&gate, 3).await;
        sleep(LOOK_INTERVAL * 5).await;
        assert_eq!(tracker.len(), 3);
        let before = Instant::now();
        gate.retry();
        tracker.wait().await;
        assert_eq!(before.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_retry_while_nobody_waits_opens_nothing_later() {
        let source = Source::default();
        source.set("old");
        let gate = source.gate();
        gate.retry();
        let tracker = crowd(&gate, 1).await;
        sleep(LOOK_INTERVAL * 5).await;
        assert_eq!(tracker.len(), 1);
        source.set("new");
        tracker.wait().await;
    }

    #[tokio::test(start_paused = true)]
    async fn when_the_one_that_looks_leaves_the_next_takes_over() {
        let source = Source::default();
        let gate = source.gate();
        let leader = {
            let gate = Arc::clone(&gate);
            tokio::spawn(async move { gate.pass(None).await })
        };
        sleep(Duration::from_millis(1)).await;
        let mut waiting = gate.waiting();
        let follower = {
            let gate = Arc::clone(&gate);
            tokio::spawn(async move { gate.pass(None).await })
        };
        waiting
            .wait_for(|&waiting| waiting == 2)
            .await
            .expect("the gate is there");
        leader.abort();
        sleep(LOOK_INTERVAL).await;
        source.set("new");
        timeout(LOOK_INTERVAL * 2, follower)
            .await
            .expect("in time")
            .expect("no panic");
        assert_eq!(*gate.waiting().borrow(), 0);
    }

    #[test]
    fn sessions_of_one_profile_share_a_gate_and_others_do_not() {
        let gates = SignInGates::default();
        let settings = |profile: &str, region: &str| aws::Settings {
            aws_profile: Some(profile.to_owned()),
            region: Some(region.to_owned()),
            ..aws::Settings::default()
        };
        let one = gates.of(&settings("corp", "eu-west-1"));
        assert!(Arc::ptr_eq(&one, &gates.of(&settings("corp", "us-east-1"))));
        assert!(!Arc::ptr_eq(
            &one,
            &gates.of(&settings("home", "eu-west-1"))
        ));
    }
}
