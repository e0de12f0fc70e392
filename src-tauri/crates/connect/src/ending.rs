//! How a session ended, in words for people: one sentence, the way on, and what the other side said.
//!
//! The window and the command-line program say the same; what each makes of it beyond words (a colour, an exit status)
//! is its own.

use engine::{DialError, End, EndedBy, Lost};

/// What is said of a session's end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// One plain sentence.
    pub message: String,
    /// What to do about it, in one sentence or two, where there is something to do.
    pub remedy: Option<String>,
    /// The other side's own words, to copy into a report; a terminal may obey them.
    pub detail: Option<String>,
}

impl Ending {
    /// The words for an end.
    #[must_use]
    pub fn of(end: End) -> Self {
        let by = end.by();
        match end {
            End::Closed => said("You closed this session."),
            End::Finished { exit_code, .. } => said(match exit_code {
                Some(code) => format!("The command ended with exit status {code}."),
                None if by == EndedBy::ShellExit => "The shell has exited.".to_owned(),
                None => {
                    "The shell has exited, or the session was ended through the service.".to_owned()
                }
            }),
            End::Service { output, .. } => service(by, output),
            End::NotStarted(error) => Self {
                message: error.message,
                remedy: error.remedy,
                detail: error.detail,
            },
            End::NotConnected(error) => not_connected(&error),
            End::Failed(error) => again(
                "The node does not answer as it should.",
                Some(sentence(&error.to_string())),
            ),
            End::ResumeRefused { error, .. } => Self {
                message: "The connection was lost, and the service does not let it be resumed."
                    .to_owned(),
                remedy: error.remedy,
                detail: error.detail.or(Some(error.message)),
            },
            End::Gone { lost, .. } => again(
                "The session ended while there was no connection to it.",
                Some(how_lost(&lost)),
            ),
            End::GivenUp {
                lost,
                failure,
                by_owner,
                ..
            } => again(
                if by_owner {
                    "You gave up reconnecting."
                } else {
                    "The connection was lost and could not be restored while the service keeps a session."
                },
                Some(how_lost(&failure.unwrap_or(lost))),
            ),
            End::NotResumable { lost } => again(
                "The connection to the session was lost.",
                Some(how_lost(&lost)),
            ),
            End::Fault => again(
                "The session ended by a fault of this program; other sessions are not affected.",
                None,
            ),
        }
    }
}

/// An error's lower-case text as a sentence.
#[must_use]
pub fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    format!("{first}{}.", chars.as_str().trim_end_matches('.'))
}

fn said(message: impl Into<String>) -> Ending {
    Ending {
        message: message.into(),
        remedy: None,
        detail: None,
    }
}

fn again(message: &str, detail: Option<String>) -> Ending {
    Ending {
        remedy: Some(
            "Start again for a new session; what ran in this one may have ended with it."
                .to_owned(),
        ),
        detail,
        ..said(message)
    }
}

fn how_lost(lost: &Lost) -> String {
    sentence(&lost.to_string())
}

/// The service's and the agent's own words, with the way on where it is known.
fn service(by: EndedBy, output: String) -> Ending {
    let (message, remedy) = if by == EndedBy::IdleTimeout {
        (
            "The session was idle for too long and the service ended it.",
            Some(
                "Start again; the idle limit is set in the account's Session Manager preferences.",
            ),
        )
    } else if by == EndedBy::MaximumDuration {
        (
            "The session reached its longest duration and the service ended it.",
            Some("Start again; the limit is set in the account's Session Manager preferences."),
        )
    } else if by == EndedBy::Elsewhere {
        ("Somebody else ended the session.", None)
    } else if output.contains("is not found. Step name:") {
        (
            "The agent could not start the session.",
            Some(
                "This often means that the node's disk is full; free some space there and start again.",
            ),
        )
    } else if output.contains("is not supported by this version of ssm agent") {
        (
            "The node's SSM Agent is too old for this kind of session.",
            Some("Update the agent on the node, then start again."),
        )
    } else if output.contains("Unable to start command") || output.contains("Failed to start pty") {
        (
            "The agent could not start a shell on the node.",
            Some("Check that the user the session runs as exists there."),
        )
    } else {
        ("The service ended the session.", None)
    };
    Ending {
        message: message.to_owned(),
        remedy: remedy.map(str::to_owned),
        detail: Some(output),
    }
}

fn not_connected(error: &DialError) -> Ending {
    let (message, remedy) = match error {
        DialError::Refused { status: 403, .. } => (
            "The service refused the data channel.",
            "The permission ssmmessages:OpenDataChannel on your own sessions is needed since November 2025; ask for it, \
             or check that this computer's clock is right.",
        ),
        DialError::Refused { .. } => (
            "The service refused the data channel.",
            "Start again; if it stays so, a proxy on the way may not let WebSockets through.",
        ),
        DialError::Tls { .. } => (
            "The connection to the service is not trusted.",
            "A proxy may be opening the connection with a certificate this computer does not know.",
        ),
        DialError::ProxyRefused { status: 407, .. } => (
            "The proxy asks for a name and a password.",
            "Put them into HTTPS_PROXY as http://name:password@proxy:port, then start this program again.",
        ),
        DialError::ProxyRefused { .. } | DialError::Proxy { .. } => (
            "The proxy did not let the data channel through.",
            "Have it allow CONNECT to the hosts of ssmmessages, or name them in NO_PROXY.",
        ),
        DialError::Sign(_) => (
            "The data channel could not be signed.",
            "Check the credentials and start again.",
        ),
        DialError::Connect { .. } | DialError::Upgrade { .. } | DialError::Timeout { .. } | _ => (
            "The data channel could not be reached.",
            "Check the network, and that ssmmessages of this region can be reached from here.",
        ),
    };
    Ending {
        message: message.to_owned(),
        remedy: Some(remedy.to_owned()),
        detail: Some(sentence(&error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::{ChannelError, SourceError, SourceErrorKind};
    use std::time::Duration;

    fn service_said(by: EndedBy, output: &str) -> End {
        End::Service {
            by,
            output: output.to_owned(),
            exit_code: None,
        }
    }

    fn refused(status: u16) -> End {
        End::NotConnected(DialError::Refused {
            host: "ssmmessages.eu-west-1.amazonaws.com".to_owned(),
            status,
        })
    }

    #[test]
    fn every_end_is_a_sentence_and_keeps_its_detail() {
        let finished = |exit_code| End::Finished {
            by: EndedBy::ShellExit,
            exit_code,
        };
        let ends = [
            End::Closed,
            End::Fault,
            finished(None),
            finished(Some(3)),
            service_said(
                EndedBy::IdleTimeout,
                "Your session timed out due to inactivity and has been terminated.",
            ),
            service_said(EndedBy::MaximumDuration, "maximum duration"),
            service_said(EndedBy::Elsewhere, "terminated by"),
            service_said(EndedBy::Service, "something new"),
            refused(403),
            refused(502),
            End::NotConnected(DialError::Timeout {
                host: "h".to_owned(),
                step: "connecting",
            }),
            End::Failed(ChannelError::NoFirstMessage(Duration::from_secs(60))),
            End::ResumeRefused {
                lost: Lost::Silent { seconds: 40 },
                error: SourceError {
                    kind: SourceErrorKind::Refused,
                    message: "You may not resume this session.".to_owned(),
                    remedy: Some("Ask for ssm:ResumeSession.".to_owned()),
                    detail: None,
                },
            },
            End::Gone {
                lost: Lost::ClosedByPeer {
                    code: 1000,
                    reason: "Bye".to_owned(),
                },
                after: Duration::from_secs(1),
            },
            End::GivenUp {
                by_owner: false,
                lost: Lost::Silent { seconds: 40 },
                after: Duration::from_secs(3600),
                failure: None,
            },
            End::NotResumable {
                lost: Lost::Silent { seconds: 40 },
            },
        ];
        for end in ends {
            let said = Ending::of(end.clone());
            assert!(said.message.ends_with('.'), "{end:?}: {}", said.message);
            assert!(
                said.remedy.is_none_or(|remedy| remedy.ends_with('.')),
                "{end:?}"
            );
            assert_eq!(
                said.detail.is_some(),
                !matches!(end, End::Closed | End::Fault | End::Finished { .. }),
                "{end:?}"
            );
        }
    }

    #[test]
    fn a_refused_upgrade_names_the_permission() {
        let remedy = Ending::of(refused(403)).remedy;
        assert!(remedy.is_some_and(|remedy| remedy.contains("ssmmessages:OpenDataChannel")));
    }

    #[test]
    fn an_exit_status_is_told() {
        let end = End::Finished {
            by: EndedBy::ShellExit,
            exit_code: Some(7),
        };
        assert!(Ending::of(end).message.contains('7'));
    }

    #[test]
    fn an_errors_text_becomes_one_sentence() {
        assert_eq!(sentence("the connection broke"), "The connection broke.");
        assert_eq!(sentence("it ended."), "It ended.");
    }
}
