//! What a session that starts asks of the person, and tells them: which of several nodes, and why they connect.
//!
//! The window and the command-line program each have their own [`Person`]. Nothing is locked while one thinks.

use std::future::Future;
use std::pin::Pin;

use engine::{SourceError, SourceErrorKind};

/// A node that a rule led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundNode {
    /// `i-…` or `mi-…`.
    pub id: String,
    /// What it is called, where that is known.
    pub name: Option<String>,
}

impl FoundNode {
    /// `web-1 (i-…)`, or the id alone.
    #[must_use]
    pub fn label(&self) -> String {
        match &self.name {
            Some(name) => format!("{name} ({})", self.id),
            None => self.id.clone(),
        }
    }
}

/// Several nodes match the rule of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeQuestion {
    /// The connection's name.
    pub connection: String,
    /// The rule, as it is written.
    pub rule: String,
    /// All that match; only those that are online can be chosen.
    pub nodes: Vec<aws::Node>,
}

/// The reason of a connection has a place that the person fills.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReasonQuestion {
    /// The connection's name.
    pub connection: String,
    /// The reason as it will be, with `…` for the answer.
    pub preview: String,
    /// How many characters the answer may have, so that the service takes the reason.
    pub most_chars: usize,
}

impl ReasonQuestion {
    /// The answer without spaces around it.
    ///
    /// # Errors
    ///
    /// In a sentence, why it will not do.
    pub fn check(&self, answer: &str) -> Result<String, String> {
        let answer: String = answer.chars().filter(|c| !c.is_control()).collect();
        let answer = answer.trim();
        if answer.is_empty() {
            Err("Say why you connect.".to_owned())
        } else if answer.chars().count() > self.most_chars {
            Err(format!(
                "The answer may have {} characters at most.",
                self.most_chars
            ))
        } else {
            Ok(answer.to_owned())
        }
    }
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// The person did not want to.
    Cancelled,
    /// There is nobody.
    Nobody,
}

/// An answer, in time.
pub type AnswerFuture<'a> = Pin<Box<dyn Future<Output = Result<String, Unanswered>> + Send + 'a>>;

/// Who is asked while a session starts.
pub trait Person: Send + Sync + 'static {
    /// Asks for the id of one of these nodes.
    fn choose_node(&self, question: NodeQuestion) -> AnswerFuture<'_>;

    /// Asks why. The answer has passed [`ReasonQuestion::check`].
    fn give_reason(&self, question: ReasonQuestion) -> AnswerFuture<'_>;

    /// Tells something in a sentence.
    fn tell(&self, sentence: String);

    /// The node that this rule led to the last time in this place, a tab or a terminal.
    fn last_node(&self, rule: &str) -> Option<FoundNode>;

    /// The rule has led here.
    fn found(&self, rule: &str, node: FoundNode);
}

/// Nobody: questions end a session before it starts, and nothing is remembered.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nobody;

impl Person for Nobody {
    fn choose_node(&self, _question: NodeQuestion) -> AnswerFuture<'_> {
        Box::pin(async { Err(Unanswered::Nobody) })
    }

    fn give_reason(&self, _question: ReasonQuestion) -> AnswerFuture<'_> {
        Box::pin(async { Err(Unanswered::Nobody) })
    }

    fn tell(&self, sentence: String) {
        tracing::info!(sentence, "nobody to tell");
    }

    fn last_node(&self, _rule: &str) -> Option<FoundNode> {
        None
    }

    fn found(&self, _rule: &str, _node: FoundNode) {}
}

/// More names than these say no more.
const MAX_NAMED: usize = 10;

/// Follows a rule to one node: the only one that is online, the one of last time, or the one that the person chooses.
/// The service tells an instance's host name; `called` is its `Name` tag, where the rule has it.
pub(crate) async fn choose(
    person: &dyn Person,
    question: NodeQuestion,
    called: Option<&String>,
) -> Result<FoundNode, SourceError> {
    let found = |node: &aws::Node| FoundNode {
        id: node.id.clone(),
        name: called.cloned().or_else(|| node.name.clone()),
    };
    let rule = question.rule.clone();
    let online: Vec<&aws::Node> = question
        .nodes
        .iter()
        .filter(|node| node.is_online)
        .collect();
    let last = person.last_node(&rule);
    let is_last = |node: &&&aws::Node| last.as_ref().is_some_and(|last| last.id == node.id);
    let chosen = match online.as_slice() {
        [] if question.nodes.is_empty() => {
            return Err(refused(
                format!("No node matches {rule}."),
                "Check the target of this connection, its region and its account.",
                None,
            ));
        }
        [] => {
            return Err(refused(
                format!("No node that matches {rule} is online."),
                "Start one, or check the agent on it.",
                Some(named(&question.nodes)),
            ));
        }
        [node] => found(node),
        several => match several.iter().find(is_last) {
            Some(node) => found(node),
            None => {
                let count = several.len();
                let (all, names) = (question.nodes.clone(), named(several.iter().copied()));
                let id = person
                    .choose_node(question)
                    .await
                    .map_err(|why| match why {
                        Unanswered::Cancelled => refused(
                            "You chose no node, so no session was started.".to_owned(),
                            "Start again to be asked again, or name one of them as the target.",
                            None,
                        ),
                        Unanswered::Nobody => refused(
                            format!("{count} nodes that match {rule} are online."),
                            "Name one of them as the target, or add tags that tell them apart.",
                            Some(names),
                        ),
                    })?;
                let node = all.iter().find(|node| node.is_online && node.id == id);
                found(node.ok_or_else(|| {
                    refused(
                        format!("{id} is not among the nodes that match {rule}."),
                        "Start again to choose one of them.",
                        None,
                    )
                })?)
            }
        },
    };
    if let Some(last) = last.filter(|last| last.id != chosen.id) {
        person.tell(change(&last, &chosen));
    }
    person.found(&rule, chosen.clone());
    Ok(chosen)
}

/// Says that the rule leads elsewhere now.
fn change(last: &FoundNode, now: &FoundNode) -> String {
    match (&last.name, &now.name) {
        (Some(before), Some(after)) if before == after => {
            format!("{after} was replaced: {} is now {}.", last.id, now.id)
        }
        _ => format!("{} was replaced by {}.", last.label(), now.label()),
    }
}

fn named<'a>(nodes: impl IntoIterator<Item = &'a aws::Node>) -> String {
    let named = nodes
        .into_iter()
        .take(MAX_NAMED)
        .map(|node| match &node.name {
            Some(name) => format!("{} ({name})", node.id),
            None => node.id.clone(),
        });
    named.collect::<Vec<_>>().join(", ")
}

pub(crate) fn refused(message: String, remedy: &str, detail: Option<String>) -> SourceError {
    SourceError {
        kind: SourceErrorKind::Refused,
        message,
        remedy: Some(remedy.to_owned()),
        detail,
    }
}
