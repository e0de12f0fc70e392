//! The person at the terminal, asked before it becomes a session's.

use std::io::{self, IsTerminal as _, Write as _};

use connect::{AnswerFuture, FoundNode, NodeQuestion, Person, ReasonQuestion, Unanswered};

use crate::streams;

/// Answers that are asked for again.
const TRIES: usize = 3;

/// Whoever runs this program.
#[derive(Debug)]
pub(crate) struct AtTerminal {
    /// The answer to a connection's question for the reason, where the command line has it.
    pub(crate) reason: Option<String>,
    /// Where the rule of this connection led the last time.
    pub(crate) found: crate::found::Found,
}

impl Person for AtTerminal {
    fn choose_node(&self, question: NodeQuestion) -> AnswerFuture<'_> {
        Box::pin(async move {
            let online: Vec<aws::Node> = question
                .nodes
                .into_iter()
                .filter(|node| node.is_online)
                .collect();
            if !io::stdin().is_terminal() {
                return Err(Unanswered::Nobody);
            }
            let mut list = format!("{} nodes match {}:\n", online.len(), question.rule);
            for (number, node) in (1..).zip(&online) {
                list.push_str(&line(number, node));
            }
            say(&list);
            for _ in 0..TRIES {
                let typed = read_line(format!("Which one? 1 to {}: ", online.len())).await?;
                let chosen = match typed.parse::<usize>() {
                    Ok(number) => number.checked_sub(1).and_then(|at| online.get(at)),
                    Err(_) => online.iter().find(|node| node.id == typed),
                };
                match chosen {
                    Some(node) => return Ok(node.id.clone()),
                    None if typed.is_empty() => return Err(Unanswered::Cancelled),
                    None => say("That is none of them.\n"),
                }
            }
            Err(Unanswered::Cancelled)
        })
    }

    fn give_reason(&self, question: ReasonQuestion) -> AnswerFuture<'_> {
        Box::pin(async move {
            if let Some(reason) = &self.reason {
                match question.check(reason) {
                    Ok(answer) => return Ok(answer),
                    Err(why) => {
                        streams::say(&why);
                        return Err(Unanswered::Cancelled);
                    }
                }
            }
            if !io::stdin().is_terminal() {
                return Err(Unanswered::Nobody);
            }
            say(&format!(
                "{} asks for a reason: {}\n",
                clean(&question.connection),
                clean(&question.preview)
            ));
            for _ in 0..TRIES {
                let prompt = format!("Why? (up to {} characters) ", question.most_chars);
                let typed = read_line(prompt).await?;
                if typed.is_empty() {
                    return Err(Unanswered::Cancelled);
                }
                match question.check(&typed) {
                    Ok(answer) => return Ok(answer),
                    Err(why) => say(&format!("{why}\n")),
                }
            }
            Err(Unanswered::Cancelled)
        })
    }

    fn tell(&self, sentence: String) {
        streams::say(&clean(&sentence));
    }

    fn last_node(&self, _rule: &str) -> Option<FoundNode> {
        self.found.last()
    }

    fn found(&self, rule: &str, node: FoundNode) {
        streams::say(&clean(&format!("{rule} is {}.", node.label())));
        self.found.keep(node);
    }
}

/// One node in the list. What the service says of it is written to a terminal, which must not obey it.
fn line(number: usize, node: &aws::Node) -> String {
    let known = [
        node.name.as_deref(),
        Some(node.id.as_str()),
        node.ip_address.as_deref(),
        node.platform.as_deref(),
    ];
    let known: Vec<String> = known.into_iter().flatten().map(clean).collect();
    format!("{number:>4}  {}\n", known.join("  "))
}

fn clean(text: &str) -> String {
    protocol::text::clean(text)
}

/// On a thread of its own: a read of the terminal cannot be interrupted.
async fn read_line(prompt: String) -> Result<String, Unanswered> {
    let read = tokio::task::spawn_blocking(move || {
        say(&prompt);
        let mut line = String::new();
        match io::stdin().read_line(&mut line) {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(line.trim().to_owned()),
        }
    });
    read.await.ok().flatten().ok_or(Unanswered::Cancelled)
}

fn say(text: &str) {
    let mut stderr = io::stderr().lock();
    // Without a standard error there is nobody to tell.
    let _said = stderr.write_all(text.as_bytes());
    let _flushed = stderr.flush();
}
