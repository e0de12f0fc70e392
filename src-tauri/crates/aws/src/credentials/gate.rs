//! Where sessions wait for fresh credentials.
//!
//! Every source of credentials has one [`Gate`]. A session whose call was refused for want of credentials passes it; the
//! first one there looks for new ones at intervals, asks the person where one is needed, and when there are credentials,
//! all go on. When that one leaves, the next takes over: there is no task to forget.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex, watch};
use tokio::time::sleep;
use tracing::{debug, info};

use super::question::{Need, Questions};
use crate::client::Identity;
use crate::error::{Error, ErrorCode};

/// How often credentials are looked for while a session waits.
pub const LOOK_INTERVAL: Duration = Duration::from_secs(10);

/// What a look for credentials found: which ones, as far as may be shown.
pub(crate) type LookFuture = Pin<Box<dyn Future<Output = Result<Identity, Error>> + Send>>;

type Answering = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// The way to credentials of one source.
pub(crate) struct Gate {
    /// Takes the credentials that were refused, which are not to be offered again.
    look: Box<dyn Fn(Option<Identity>) -> LookFuture + Send + Sync>,
    questions: Questions,
    /// Held by the one that looks.
    leader: Mutex<()>,
    /// Counts how often there were fresh credentials.
    fresh: watch::Sender<u64>,
    /// Counts how often somebody asked to look.
    asked: watch::Sender<u64>,
    /// Counts how often there was a reason to look, nothing more.
    nudged: watch::Sender<u64>,
    /// The person did not want to be asked; until somebody says otherwise, nobody is.
    is_quiet: AtomicBool,
    waiting: AtomicUsize,
    waiting_changed: watch::Sender<usize>,
}

impl Gate {
    pub(crate) fn new(
        questions: Questions,
        look: impl Fn(Option<Identity>) -> LookFuture + Send + Sync + 'static,
    ) -> Self {
        Self {
            look: Box::new(look),
            questions,
            leader: Mutex::new(()),
            fresh: watch::Sender::new(0),
            asked: watch::Sender::new(0),
            nudged: watch::Sender::new(0),
            is_quiet: AtomicBool::new(false),
            waiting: AtomicUsize::new(0),
            waiting_changed: watch::Sender::new(0),
        }
    }

    /// Waits until there are credentials other than the `refused` ones, or a [`Gate::retry`] finds any.
    pub(crate) async fn pass(&self, refused: Option<Identity>) {
        let _place = Place::take(self);
        let mut fresh = self.fresh.subscribe();
        tokio::select! {
            biased;
            // Fails only when the gate is gone, and it is borrowed here.
            _ = fresh.changed() => {}
            () = self.lead(refused) => {}
        }
    }

    /// Looks at once, asks again if need be, and takes whatever credentials there are: somebody says that they are good.
    pub(crate) fn retry(&self) {
        self.is_quiet.store(false, Ordering::Release);
        self.asked.send_modify(|count| *count += 1);
    }

    /// Looks at once: somebody has signed in, or the files have changed.
    pub(crate) fn nudge(&self) {
        self.is_quiet.store(false, Ordering::Release);
        self.nudged.send_modify(|count| *count += 1);
    }

    /// How many sessions wait, and each change of that.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> watch::Receiver<usize> {
        self.waiting_changed.subscribe()
    }

    async fn lead(&self, refused: Option<Identity>) {
        let mut asked = self.asked.subscribe();
        let mut nudged = self.nudged.subscribe();
        let _leader = self.leader.lock().await;
        let mut is_asked = false;
        // Kept from look to look: a person who is typing an answer must not see the question go and come again.
        let mut person: Option<(Need, Answering)> = None;
        loop {
            // After somebody's word that they are good, those that were refused are taken too.
            let unwanted = if is_asked { None } else { refused.clone() };
            let mut looks_again = true;
            match (self.look)(unwanted).await {
                Ok(identity) if is_asked || refused.as_ref() != Some(&identity) => {
                    info!("there are fresh credentials");
                    self.is_quiet.store(false, Ordering::Release);
                    self.fresh.send_modify(|count| *count += 1);
                    return;
                }
                Ok(_) => {
                    debug!("the credentials are still those that were refused");
                    person = None;
                }
                Err(error) => {
                    debug!(%error, "no credentials yet");
                    // A program that failed may open a window each time: it is run again when somebody asks for it.
                    looks_again = error.code() != ErrorCode::CredentialProcess;
                    if let Some(need) = error.need()
                        && person.as_ref().is_none_or(|(asked, _)| asked != need)
                    {
                        person = Some((need.clone(), self.ask(need.clone())));
                    }
                }
            }
            if self.is_quiet.load(Ordering::Acquire) {
                person = None;
            }
            let answered = async {
                match &mut person {
                    Some((_, answering)) => answering.await,
                    None => std::future::pending().await,
                }
            };
            let answer = tokio::select! {
                // Fails only when the gate is gone, and it is borrowed here.
                _ = asked.changed() => {
                    is_asked = true;
                    continue;
                }
                _ = nudged.changed() => None,
                // The AWS tools may have signed in meanwhile.
                () = sleep(LOOK_INTERVAL), if looks_again => None,
                answer = answered => Some(answer),
            };
            is_asked = false;
            if let Some(answer) = answer {
                person = None;
                if answer.is_err_and(|error| error.code() == ErrorCode::SignInCancelled) {
                    self.is_quiet.store(true, Ordering::Release);
                }
            }
        }
    }

    fn ask(&self, need: Need) -> Answering {
        let questions = self.questions.clone();
        Box::pin(async move { questions.answered(&need).await })
    }

    fn count(&self, change: impl FnOnce(&AtomicUsize) -> usize) {
        let waiting = change(&self.waiting);
        self.waiting_changed.send_replace(waiting);
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("waiting", &self.waiting)
            .finish_non_exhaustive()
    }
}

/// A session's place before a gate, left when dropped.
struct Place<'a>(&'a Gate);

impl<'a> Place<'a> {
    fn take(gate: &'a Gate) -> Self {
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

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex as StdMutex};

    use crate::credentials::sso::token::SsoSession;

    use super::*;
    use tokio::time::{Instant, timeout};
    use tokio_util::task::TaskTracker;

    /// A source of credentials that a test changes.
    #[derive(Clone, Default)]
    struct Source {
        identity: Arc<StdMutex<Option<Identity>>>,
        looks: Arc<AtomicUsize>,
    }

    impl Source {
        fn set(&self, access_key_id: &str) {
            *self.identity.lock().expect("nobody panics") = identity(access_key_id);
        }

        fn looks(&self) -> usize {
            self.looks.load(Ordering::Relaxed)
        }

        fn gate(&self) -> Arc<Gate> {
            let source = self.clone();
            Arc::new(Gate::new(Questions::new(), move |_| {
                source.looks.fetch_add(1, Ordering::Relaxed);
                let found = source.identity.lock().expect("nobody panics").clone();
                Box::pin(
                    async move { found.ok_or_else(|| Error::new(ErrorCode::NoCredentials, None)) },
                )
            }))
        }
    }

    fn identity(access_key_id: &str) -> Option<Identity> {
        Some(Identity {
            access_key_id: access_key_id.to_owned(),
            expires_at: None,
        })
    }

    /// Sends so many sessions to the gate.
    async fn crowd(gate: &Arc<Gate>, sessions: usize) -> TaskTracker {
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
    async fn a_question_stands_from_look_to_look_and_is_not_asked_again_when_it_was_cancelled() {
        let session = SsoSession {
            name: Some("corp".to_owned()),
            start_url: "https://corp.awsapps.com/start".to_owned(),
            region: "eu-west-1".to_owned(),
            scopes: Vec::new(),
        };
        let need = Need::SignIn(session);
        let questions = Questions::new();
        let mut standing = questions.watch();
        let looks = Arc::new(AtomicUsize::new(0));
        let gate = {
            let (need, looks) = (need.clone(), Arc::clone(&looks));
            Arc::new(Gate::new(questions.clone(), move |_| {
                let need = need.clone();
                let number = looks.fetch_add(1, Ordering::Relaxed);
                Box::pin(async move {
                    // A look takes a while, and the network may fail now and then.
                    sleep(Duration::from_millis(300)).await;
                    Err(if number % 2 == 1 {
                        Error::new(ErrorCode::Network, None)
                    } else {
                        Error::needs(need)
                    })
                })
            }))
        };
        let tracker = crowd(&gate, 3).await;
        let id = standing
            .wait_for(|questions| !questions.is_empty())
            .await
            .expect("the gate is there")[0]
            .id;
        for _ in 0..100 {
            sleep(LOOK_INTERVAL / 10).await;
            let questions = standing.borrow_and_update();
            assert_eq!(questions.len(), 1);
            assert_eq!(questions[0].id, id, "still the same");
        }
        assert!(looks.load(Ordering::Relaxed) > 5);
        questions.cancel(id);
        for _ in 0..100 {
            sleep(LOOK_INTERVAL / 10).await;
            assert!(standing.borrow_and_update().is_empty());
        }
        assert_eq!(tracker.len(), 3, "they wait quietly");
        gate.retry();
        standing
            .wait_for(|questions| !questions.is_empty())
            .await
            .expect("asked again when somebody wants it");
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
}
