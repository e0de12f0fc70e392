//! What a person is asked: one question for each need, however many wait for its answer.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::assumed_role::RoleRequest;
use super::sso::sign_in::SignInStep;
use super::sso::token::SsoSession;
use crate::error::{Error, ErrorCode};

/// What only a person can give.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Need {
    /// A sign-in to IAM Identity Center.
    SignIn(SsoSession),
    /// A code of an MFA device.
    Mfa(MfaNeed),
}

/// Which code is needed, and what for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MfaNeed {
    /// The device: an ARN, or a serial number.
    pub serial: String,
    /// The AWS profile whose role is to be assumed.
    pub profile: String,
    /// The role.
    pub role_arn: String,
    pub(crate) request: RoleRequest,
}

/// A question's number, never used twice.
pub type QuestionId = u64;

/// A question that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Its number.
    pub id: QuestionId,
    /// What is needed.
    pub need: Need,
    /// How many wait for the answer.
    pub waiting: usize,
    /// How far a sign-in has come, once it has begun.
    pub step: Option<SignInStep>,
    /// What became of the last answer.
    pub problem: Option<Error>,
}

/// How a question ended.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Open,
    Answered,
    Cancelled,
}

struct Standing {
    question: Question,
    outcome: watch::Sender<Outcome>,
    /// The work on an answer that is under way, by number; 0: none. While there is one it stays though nobody waits.
    work: watch::Sender<u64>,
    last_work: u64,
}

impl Standing {
    fn is_busy(&self) -> bool {
        *self.work.borrow() != 0
    }
}

/// The questions that stand. The order is that of their asking.
#[derive(Clone)]
pub(crate) struct Questions(Arc<Shared>);

struct Shared {
    standing: Mutex<State>,
    changed: watch::Sender<Vec<Question>>,
}

#[derive(Default)]
struct State {
    last_id: QuestionId,
    standing: BTreeMap<QuestionId, Standing>,
}

impl Questions {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Shared {
            standing: Mutex::default(),
            changed: watch::Sender::new(Vec::new()),
        }))
    }

    /// All that stand, and each change of that.
    pub(crate) fn watch(&self) -> watch::Receiver<Vec<Question>> {
        self.0.changed.subscribe()
    }

    /// Asks, unless it is asked already, and waits for the answer.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::SignInCancelled`].
    pub(crate) async fn answered(&self, need: &Need) -> Result<(), Error> {
        let (place, mut outcome) = self.take_place(need);
        let outcome = outcome
            .wait_for(|outcome| *outcome != Outcome::Open)
            .await
            .map(|outcome| outcome.clone())
            .unwrap_or(Outcome::Cancelled);
        drop(place);
        match outcome {
            Outcome::Answered => Ok(()),
            Outcome::Open | Outcome::Cancelled => Err(Error::new(ErrorCode::SignInCancelled, None)),
        }
    }

    /// The question of this need, asked if it is not yet, with the promise that it stands until [`Busy`] is dropped.
    /// Earlier work on it is replaced.
    pub(crate) fn begin(&self, need: &Need) -> Busy {
        let mut state = self.0.lock();
        let id = state.ask(need);
        let mut number = 0;
        if let Some(standing) = state.standing.get_mut(&id) {
            standing.last_work += 1;
            number = standing.last_work;
            standing.work.send_replace(number);
            standing.question.problem = None;
            standing.question.step = None;
        }
        self.0.publish(&state);
        Busy {
            shared: Arc::clone(&self.0),
            id,
            number,
        }
    }

    /// The need of this question.
    pub(crate) fn need(&self, id: QuestionId) -> Option<Need> {
        let state = self.0.lock();
        Some(state.standing.get(&id)?.question.need.clone())
    }

    /// Ends a question because its need is met, by whatever way.
    pub(crate) fn meet(&self, need: &Need) {
        let mut state = self.0.lock();
        if let Some(id) = state.find(need) {
            state.end(id, Outcome::Answered);
            self.0.publish(&state);
        }
    }

    /// Ends a question; those who wait go without. Whether there was one.
    pub(crate) fn cancel(&self, id: QuestionId) -> bool {
        let mut state = self.0.lock();
        let was_there = state.end(id, Outcome::Cancelled);
        self.0.publish(&state);
        was_there
    }

    fn take_place(&self, need: &Need) -> (Place, watch::Receiver<Outcome>) {
        let mut state = self.0.lock();
        let id = state.ask(need);
        let receiver = match state.standing.get_mut(&id) {
            Some(standing) => {
                standing.question.waiting += 1;
                standing.outcome.subscribe()
            }
            // Cannot be: it was asked just now, under this lock.
            None => watch::Sender::new(Outcome::Cancelled).subscribe(),
        };
        self.0.publish(&state);
        let place = Place {
            shared: Arc::clone(&self.0),
            id,
        };
        (place, receiver)
    }
}

impl fmt::Debug for Questions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Questions").finish_non_exhaustive()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn publish(&self, state: &State) {
        let questions: Vec<Question> = state
            .standing
            .values()
            .map(|standing| standing.question.clone())
            .collect();
        self.changed.send_if_modified(|published| {
            let is_news = *published != questions;
            if is_news {
                *published = questions;
            }
            is_news
        });
    }
}

impl State {
    fn find(&self, need: &Need) -> Option<QuestionId> {
        self.standing
            .iter()
            .find(|(_, standing)| standing.question.need == *need)
            .map(|(id, _)| *id)
    }

    fn ask(&mut self, need: &Need) -> QuestionId {
        if let Some(id) = self.find(need) {
            return id;
        }
        self.last_id += 1;
        let id = self.last_id;
        let question = Question {
            id,
            need: need.clone(),
            waiting: 0,
            step: None,
            problem: None,
        };
        let standing = Standing {
            question,
            outcome: watch::Sender::new(Outcome::Open),
            work: watch::Sender::new(0),
            last_work: 0,
        };
        self.standing.insert(id, standing);
        id
    }

    fn end(&mut self, id: QuestionId, outcome: Outcome) -> bool {
        self.standing
            .remove(&id)
            .inspect(|standing| {
                standing.outcome.send_replace(outcome);
            })
            .is_some()
    }

    /// A question without anybody goes.
    fn tidy(&mut self, id: QuestionId) {
        if self
            .standing
            .get(&id)
            .is_some_and(|standing| standing.question.waiting == 0 && !standing.is_busy())
        {
            self.end(id, Outcome::Cancelled);
        }
    }
}

/// One that waits for an answer, until dropped.
struct Place {
    shared: Arc<Shared>,
    id: QuestionId,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        if let Some(standing) = state.standing.get_mut(&self.id) {
            standing.question.waiting = standing.question.waiting.saturating_sub(1);
        }
        state.tidy(self.id);
        self.shared.publish(&state);
    }
}

/// A question that is being worked on, until dropped.
pub(crate) struct Busy {
    shared: Arc<Shared>,
    id: QuestionId,
    number: u64,
}

impl Busy {
    /// Resolves when the question was cancelled, or other work has taken the place of this.
    pub(crate) async fn replaced(&self) {
        let work = {
            let state = self.shared.lock();
            state
                .standing
                .get(&self.id)
                .map(|standing| standing.work.subscribe())
        };
        if let Some(mut work) = work {
            // Fails when the question is gone, which counts.
            let _replaced = work.wait_for(|number| *number != self.number).await;
        }
    }

    pub(crate) fn tell(&self, step: SignInStep) {
        self.change(|question| question.step = Some(step));
    }

    /// The answer did not do. The question stands while somebody waits.
    pub(crate) fn fail(&self, problem: Error) {
        self.change(|question| {
            question.step = None;
            question.problem = Some(problem);
        });
    }

    fn change(&self, change: impl FnOnce(&mut Question)) {
        let mut state = self.shared.lock();
        if let Some(standing) = state.standing.get_mut(&self.id)
            && *standing.work.borrow() == self.number
        {
            change(&mut standing.question);
        }
        self.shared.publish(&state);
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        if let Some(standing) = state.standing.get_mut(&self.id)
            && *standing.work.borrow() == self.number
        {
            standing.work.send_replace(0);
            standing.question.step = None;
        }
        state.tidy(self.id);
        self.shared.publish(&state);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use super::*;

    fn need(name: &str) -> Need {
        Need::SignIn(SsoSession {
            name: Some(name.to_owned()),
            start_url: "https://corp.awsapps.com/start".to_owned(),
            region: "eu-west-1".to_owned(),
            scopes: Vec::new(),
        })
    }

    #[tokio::test]
    async fn fifty_that_wait_for_the_same_make_one_question_and_all_go_on() {
        let questions = Questions::new();
        let mut watch = questions.watch();
        let waiters: Vec<_> = (0..50)
            .map(|_| {
                let questions = questions.clone();
                tokio::spawn(async move { questions.answered(&need("corp")).await })
            })
            .collect();
        let asked = watch
            .wait_for(|questions| questions.iter().any(|question| question.waiting == 50))
            .await
            .unwrap()
            .clone();
        assert_eq!(asked.len(), 1);
        questions.meet(&need("corp"));
        for waiter in waiters {
            waiter.await.unwrap().unwrap();
        }
        assert!(watch.borrow_and_update().is_empty());
    }

    #[tokio::test]
    async fn cancelling_fails_all_that_wait_for_it_and_no_others() {
        let questions = Questions::new();
        let mut watch = questions.watch();
        let wait = |name: &'static str| {
            let questions = questions.clone();
            tokio::spawn(async move { questions.answered(&need(name)).await })
        };
        let (one, two, other) = (wait("corp"), wait("corp"), wait("other"));
        let asked = watch
            .wait_for(|questions| {
                questions
                    .iter()
                    .map(|question| question.waiting)
                    .sum::<usize>()
                    == 3
            })
            .await
            .unwrap()
            .clone();
        let corp = asked
            .iter()
            .find(|question| question.need == need("corp"))
            .unwrap();
        assert!(questions.cancel(corp.id));
        assert!(!questions.cancel(corp.id));
        for waiter in [one, two] {
            let error = waiter.await.unwrap().unwrap_err();
            assert_eq!(error.code(), ErrorCode::SignInCancelled);
        }
        assert_eq!(watch.borrow_and_update().len(), 1);
        questions.meet(&need("other"));
        other.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_question_that_nobody_waits_for_goes_unless_it_is_worked_on() {
        let questions = Questions::new();
        let mut watch = questions.watch();
        let waiter = {
            let questions = questions.clone();
            tokio::spawn(async move { questions.answered(&need("corp")).await })
        };
        watch
            .wait_for(|questions| !questions.is_empty())
            .await
            .unwrap();
        let busy = questions.begin(&need("corp"));
        waiter.abort();
        let _aborted = waiter.await;
        assert_eq!(watch.borrow_and_update()[0].waiting, 0);
        busy.tell(SignInStep::Finishing);
        assert_eq!(
            watch.borrow_and_update()[0].step,
            Some(SignInStep::Finishing)
        );
        let newer = questions.begin(&need("corp"));
        busy.replaced().await;
        busy.tell(SignInStep::Preparing);
        assert_eq!(watch.borrow_and_update()[0].step, None, "of the newer one");
        drop(busy);
        let busy = newer;
        busy.fail(Error::new(ErrorCode::SignInFailed, None));
        assert!(watch.borrow_and_update()[0].problem.is_some());
        drop(busy);
        assert!(watch.borrow_and_update().is_empty());
    }
}
