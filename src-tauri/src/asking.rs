//! What sessions that start ask the person in the window: which of several nodes, and why they connect.
//!
//! Shown with the questions for credentials, one at a time. A question ends with its answer, when the person cancels it and
//! when its session is closed. What a rule led to is remembered for the next session of the same tab.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use connect::{AnswerFuture, FoundNode, NodeQuestion, Person, ReasonQuestion, Unanswered};
use ipc::{CommandError, ErrorCode, NodeChoice, Question, QuestionAbout, SessionEvent};
use tauri::{AppHandle, Emitter, EventTarget, Manager};
use tokio::sync::oneshot;
use tracing::warn;
use uuid::Uuid;

use crate::state::AppState;
use crate::window;

/// Before the first number: those of the questions for credentials are below.
const BEFORE_FIRST_ID: u32 = 1 << 31;
/// Tabs whose nodes are remembered.
const MOST_PLACES: usize = 512;

type Answer = Result<String, Unanswered>;

/// Whether an answer will do, and how it is taken.
type Check = Box<dyn Fn(&str) -> Result<String, String> + Send>;

struct Standing {
    session: Uuid,
    about: QuestionAbout,
    check: Check,
    answer: oneshot::Sender<Answer>,
}

/// Where a rule led one session.
#[derive(Clone)]
struct Place {
    session: Uuid,
    rule: String,
    node: FoundNode,
}

#[derive(Default)]
struct State {
    asked: u32,
    standing: BTreeMap<u32, Standing>,
    places: VecDeque<Place>,
    is_closing: bool,
}

/// The questions of all sessions.
#[derive(Default)]
pub(crate) struct Asking(Mutex<State>);

impl Asking {
    /// Whether a question of this number would be one of these.
    pub(crate) fn owns(id: u32) -> bool {
        id > BEFORE_FIRST_ID
    }

    /// All that stand, in the order of their asking.
    pub(crate) fn questions(&self) -> Vec<Question> {
        self.lock()
            .standing
            .iter()
            .map(|(&id, standing)| Question {
                id,
                about: standing.about.clone(),
                waiting: 1,
                step: None,
                problem: None,
            })
            .collect()
    }

    /// Answers a question.
    ///
    /// # Errors
    ///
    /// Why the answer will not do; the question stands.
    pub(crate) fn answer(&self, id: u32, answer: &str) -> Result<(), CommandError> {
        let refused = |message: String| CommandError {
            code: ErrorCode::InvalidArgument,
            message,
        };
        let mut state = self.lock();
        let standing = state
            .standing
            .remove(&id)
            .ok_or_else(|| refused("Nobody waits for this answer any more.".to_owned()))?;
        match (standing.check)(answer) {
            Ok(answer) => {
                // Whoever asked may be gone this moment.
                let _heard = standing.answer.send(Ok(answer));
                Ok(())
            }
            Err(why) => {
                state.standing.insert(id, standing);
                Err(refused(why))
            }
        }
    }

    /// Does not answer a question.
    pub(crate) fn cancel(&self, id: u32) {
        self.end(|each, _| each == id);
    }

    /// A session has been closed: nobody asks for it any more.
    pub(crate) fn close(&self, session: Uuid) {
        self.end(|_, standing| standing.session == session);
    }

    /// The application ends: nobody is asked any more.
    pub(crate) fn close_all(&self) {
        self.lock().is_closing = true;
        self.end(|_, _| true);
    }

    /// A session takes the place of another in its tab: where that one's rule led is where this one's led the last time.
    pub(crate) fn follows(&self, session: Uuid, before: Uuid) {
        let mut state = self.lock();
        let place = state.places.iter().find(|place| place.session == before);
        if let Some(place) = place.cloned() {
            state.remember(Place { session, ..place });
        }
    }

    fn end(&self, wanted: impl Fn(u32, &Standing) -> bool) {
        let ended: Vec<Standing> = self
            .lock()
            .standing
            .extract_if(.., |id, standing| wanted(*id, standing))
            .map(|(_, standing)| standing)
            .collect();
        for standing in ended {
            let _heard = standing.answer.send(Err(Unanswered::Cancelled));
        }
    }

    /// Puts a question; nothing when nobody is asked any more.
    fn put(
        &self,
        session: Uuid,
        about: QuestionAbout,
        check: Check,
    ) -> Option<(u32, oneshot::Receiver<Answer>)> {
        let (answer, answered) = oneshot::channel();
        let mut state = self.lock();
        if state.is_closing {
            return None;
        }
        state.asked = state.asked.wrapping_add(1) & (BEFORE_FIRST_ID - 1);
        let id = BEFORE_FIRST_ID + state.asked.max(1);
        let standing = Standing {
            session,
            about,
            check,
            answer,
        };
        state.standing.insert(id, standing);
        Some((id, answered))
    }

    fn place(&self, session: Uuid, rule: &str) -> Option<FoundNode> {
        let state = self.lock();
        let mut places = state.places.iter();
        let place = places.find(|place| place.session == session && place.rule == rule)?;
        Some(place.node.clone())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn remember(&mut self, place: Place) {
        self.places.retain(|each| each.session != place.session);
        self.places.push_back(place);
        if self.places.len() > MOST_PLACES {
            self.places.pop_front();
        }
    }
}

/// Tells the window which questions stand, all kinds together.
pub(crate) fn tell_window(app: &AppHandle) {
    if let Err(error) = app.emit(ipc::QUESTIONS_EVENT, all(app)) {
        warn!(%error, "the window could not be told");
    }
}

/// All questions that stand.
pub(crate) fn all(app: &AppHandle) -> Vec<Question> {
    let state = app.state::<AppState>();
    let mut questions = state.credentials.questions();
    questions.extend(state.asking.questions());
    questions
}

/// The person in the window, as one session asks them.
pub(crate) fn person(app: AppHandle, session: Uuid) -> Arc<dyn Person> {
    Arc::new(InWindow { app, session })
}

struct InWindow {
    app: AppHandle,
    session: Uuid,
}

impl InWindow {
    fn ask(&self, about: QuestionAbout, check: Check) -> AnswerFuture<'_> {
        Box::pin(async move {
            let state = self.app.state::<AppState>();
            let put = state.asking.put(self.session, about, check);
            let (id, answered) = put.ok_or(Unanswered::Cancelled)?;
            // Whatever comes of it, the question goes.
            let _shown = Shown { app: &self.app, id };
            // Closed before the question was there.
            if !state.sessions.knows(self.session) {
                return Err(Unanswered::Cancelled);
            }
            tell_window(&self.app);
            answered.await.unwrap_or(Err(Unanswered::Cancelled))
        })
    }
}

impl Person for InWindow {
    fn choose_node(&self, question: NodeQuestion) -> AnswerFuture<'_> {
        let online: Vec<String> = question
            .nodes
            .iter()
            .filter(|node| node.is_online)
            .map(|node| node.id.clone())
            .collect();
        let about = QuestionAbout::ChooseNode {
            connection: question.connection,
            rule: question.rule,
            nodes: question.nodes.into_iter().map(choice).collect(),
        };
        let check = move |id: &str| {
            let is_one = online.iter().any(|each| each == id);
            is_one
                .then(|| id.to_owned())
                .ok_or_else(|| "Choose one of the nodes that are online.".to_owned())
        };
        self.ask(about, Box::new(check))
    }

    fn give_reason(&self, question: ReasonQuestion) -> AnswerFuture<'_> {
        let about = QuestionAbout::Reason {
            connection: question.connection.clone(),
            preview: question.preview.clone(),
            most_chars: u32::try_from(question.most_chars).unwrap_or(u32::MAX),
        };
        self.ask(about, Box::new(move |answer| question.check(answer)))
    }

    fn tell(&self, sentence: String) {
        let event = SessionEvent::Notice {
            message: protocol::text::clean(&sentence),
        };
        let name = ipc::session_event_name(&self.session.to_string());
        let target = EventTarget::webview_window(window::MAIN);
        if let Err(error) = self.app.emit_to(target, &name, event) {
            warn!(%error, "a notice could not be delivered");
        }
    }

    fn last_node(&self, rule: &str) -> Option<FoundNode> {
        let state = self.app.state::<AppState>();
        state.asking.place(self.session, rule)
    }

    fn found(&self, rule: &str, node: FoundNode) {
        let place = Place {
            session: self.session,
            rule: rule.to_owned(),
            node,
        };
        let state = self.app.state::<AppState>();
        state.asking.lock().remember(place);
    }
}

/// A question in the window, taken away when dropped.
struct Shown<'a> {
    app: &'a AppHandle,
    id: u32,
}

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        self.app.state::<AppState>().asking.cancel(self.id);
        tell_window(self.app);
    }
}

fn choice(node: aws::Node) -> NodeChoice {
    let clean = |text: Option<String>| text.map(|text| protocol::text::clean(&text));
    NodeChoice {
        id: node.id,
        name: clean(node.name),
        ip_address: clean(node.ip_address),
        platform: clean(node.platform),
        ping_status: clean(node.ping_status),
        is_online: node.is_online,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use super::*;

    fn about() -> QuestionAbout {
        QuestionAbout::Reason {
            connection: "Shop".to_owned(),
            preview: "…".to_owned(),
            most_chars: 3,
        }
    }

    fn check(answer: &str) -> Result<String, String> {
        (answer.len() <= 3)
            .then(|| answer.to_owned())
            .ok_or_else(|| "Too long.".to_owned())
    }

    #[test]
    fn a_question_stands_until_an_answer_will_do() {
        let asking = Asking::default();
        let (id, mut answered) = asking
            .put(Uuid::new_v4(), about(), Box::new(check))
            .unwrap();
        assert!(Asking::owns(id));
        assert_eq!(asking.answer(id, "long").unwrap_err().message, "Too long.");
        assert_eq!(asking.questions().len(), 1);
        asking.answer(id, "yes").unwrap();
        assert_eq!(answered.try_recv().unwrap(), Ok("yes".to_owned()));
        assert!(asking.questions().is_empty());
        assert!(asking.answer(id, "yes").is_err(), "once");
    }

    #[test]
    fn closing_a_session_ends_its_questions_and_no_others() {
        let asking = Asking::default();
        let (one, other) = (Uuid::new_v4(), Uuid::new_v4());
        let (_, mut of_one) = asking.put(one, about(), Box::new(check)).unwrap();
        let (kept, mut of_other) = asking.put(other, about(), Box::new(check)).unwrap();
        asking.close(one);
        assert_eq!(of_one.try_recv().unwrap(), Err(Unanswered::Cancelled));
        assert!(of_other.try_recv().is_err(), "it stands");
        assert_eq!(asking.questions()[0].id, kept);
        asking.close_all();
        assert_eq!(of_other.try_recv().unwrap(), Err(Unanswered::Cancelled));
        assert!(asking.put(one, about(), Box::new(check)).is_none());
    }

    #[test]
    fn a_tab_remembers_where_its_rule_led_and_others_do_not() {
        let asking = Asking::default();
        let (first, second) = (Uuid::new_v4(), Uuid::new_v4());
        let node = FoundNode {
            id: "i-1".to_owned(),
            name: None,
        };
        let place = Place {
            session: first,
            rule: "name:web".to_owned(),
            node: node.clone(),
        };
        asking.lock().remember(place);
        assert_eq!(asking.place(second, "name:web"), None);
        asking.follows(second, first);
        assert_eq!(asking.place(second, "name:web"), Some(node));
        assert_eq!(asking.place(second, "name:db"), None, "another rule");
    }
}
