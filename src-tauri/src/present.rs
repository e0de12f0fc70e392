//! Says in the window's terms what the engine tells of a session.

use engine::{End, EndedBy, Lost, Notice, SessionUpdate, State};
use ipc::{EndCause, Ended, SessionEvent, SessionPhase, SessionState};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The event for one piece of news; `None` for what only the log wants.
pub(crate) fn event(update: SessionUpdate) -> Option<SessionEvent> {
    match update {
        SessionUpdate::State(state) => Some(SessionEvent::State {
            state: session_state(state),
        }),
        // A terminal has one screen: what a command says on standard error appears there too.
        SessionUpdate::Output(bytes) | SessionUpdate::Stderr(bytes) => Some(SessionEvent::Output {
            data: STANDARD.encode(&bytes),
        }),
        SessionUpdate::Notice(notice) => {
            notice_text(&notice).map(|message| SessionEvent::Notice { message })
        }
    }
}

fn session_state(state: State) -> SessionState {
    let phase = match state {
        State::Starting => SessionPhase::Starting,
        State::Connecting { .. } | State::Reconnecting(_) | State::WaitingForSignIn { .. } => {
            SessionPhase::Connecting
        }
        State::WaitingForAgent => SessionPhase::WaitingForAgent,
        State::Handshake => SessionPhase::Handshake,
        State::Open { session_id, info } => {
            return SessionState::Open {
                session_id: session_id.to_string(),
                agent_version: info.agent_version,
            };
        }
        State::Ended(end) => return SessionState::Ended { ended: ended(end) },
    };
    SessionState::Connecting { phase }
}

/// What a person should know; the rest of the notices is for the log, where the engine has put them.
fn notice_text(notice: &Notice) -> Option<String> {
    let text = match notice {
        Notice::CustomerMessage(text) => protocol::text::clean(text),
        Notice::PeerAbsent => {
            "The node is not connected at the moment; what you type is kept until it is back."
                .to_owned()
        }
        Notice::PeerPresent => "The node is connected again.".to_owned(),
        Notice::Stalled(silence) => format!(
            "No answer for {} s; what you type is kept.",
            silence.as_secs()
        ),
        Notice::Recovered => "The node answers again.".to_owned(),
        Notice::NoFirstMessage(_) => {
            "The node has not answered yet. It may be starting, out of disk space or unreachable."
                .to_owned()
        }
        Notice::OutputLost { messages } => {
            format!("The session ended before {messages} pieces of its last output had arrived.")
        }
        Notice::HandshakeRefused(_)
        | Notice::MalformedFrame(_)
        | Notice::PayloadLengthUnderstated { .. }
        | Notice::MalformedPayload(..)
        | Notice::UnknownMessageType(_)
        | Notice::MisdirectedMessage(_)
        | Notice::UnknownPayloadType(_)
        | Notice::UnexpectedPayload(_)
        | _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

fn ended(end: End) -> Ended {
    match end {
        End::Closed => Ended {
            cause: EndCause::Closed,
            message: "You closed this session.".to_owned(),
            remedy: None,
            detail: None,
            exit_code: None,
        },
        End::Finished { exit_code, .. } => Ended {
            cause: EndCause::Finished,
            message: match exit_code {
                Some(code) => format!("The command ended with exit status {code}."),
                None => "The session ended.".to_owned(),
            },
            remedy: None,
            detail: None,
            exit_code,
        },
        End::Service {
            by,
            output,
            exit_code,
        } => service_end(by, output, exit_code),
        End::NotStarted(error) => Ended {
            cause: EndCause::Refused,
            message: error.message,
            remedy: error.remedy,
            detail: error.detail,
            exit_code: None,
        },
        End::NotConnected(error) => not_connected(&error),
        End::Failed(error) => lost(
            "The node does not answer as it should.",
            Some(sentence(&error.to_string())),
        ),
        End::ResumeRefused { error, .. } => Ended {
            cause: EndCause::Lost,
            message: "The connection was lost, and the service does not let it be resumed."
                .to_owned(),
            remedy: error.remedy,
            detail: error.detail.or(Some(error.message)),
            exit_code: None,
        },
        End::Gone { lost: how, .. } => lost(
            "The session ended while there was no connection to it.",
            Some(how_lost(&how)),
        ),
        End::GivenUp {
            lost: how, failure, ..
        } => lost(
            "The connection to the session was lost and could not be restored.",
            Some(how_lost(&failure.unwrap_or(how))),
        ),
        End::NotResumable { lost: how } => lost(
            "The connection to the session was lost.",
            Some(how_lost(&how)),
        ),
    }
}

fn lost(message: &str, detail: Option<String>) -> Ended {
    Ended {
        cause: EndCause::Lost,
        message: message.to_owned(),
        remedy: Some(
            "Start again for a new session; what ran in this one may have ended with it."
                .to_owned(),
        ),
        detail,
        exit_code: None,
    }
}

fn how_lost(lost: &Lost) -> String {
    sentence(&lost.to_string())
}

/// The service's and the agent's own words, with the way on where it is known.
fn service_end(by: EndedBy, output: String, exit_code: Option<i32>) -> Ended {
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
    Ended {
        cause: EndCause::Service,
        message: message.to_owned(),
        remedy: remedy.map(str::to_owned),
        detail: Some(output),
        exit_code,
    }
}

fn not_connected(error: &engine::DialError) -> Ended {
    let (message, remedy) = match error {
        engine::DialError::Refused { status: 403, .. } => (
            "The service refused the data channel.",
            "The permission ssmmessages:OpenDataChannel on your own sessions is needed since November 2025; ask for it, \
             or check that this computer's clock is right.",
        ),
        engine::DialError::Refused { .. } => (
            "The service refused the data channel.",
            "Start again; if it stays so, a proxy on the way may not let WebSockets through.",
        ),
        engine::DialError::Tls { .. } => (
            "The connection to the service is not trusted.",
            "A proxy may be opening the connection with a certificate this computer does not know.",
        ),
        engine::DialError::Sign(_) => (
            "The data channel could not be signed.",
            "Check the credentials of this profile and start again.",
        ),
        engine::DialError::Connect { .. }
        | engine::DialError::Upgrade { .. }
        | engine::DialError::Timeout { .. }
        | _ => (
            "The data channel could not be reached.",
            "Check the network, and that ssmmessages of this region can be reached from here.",
        ),
    };
    Ended {
        cause: EndCause::Unreachable,
        message: message.to_owned(),
        remedy: Some(remedy.to_owned()),
        detail: Some(sentence(&error.to_string())),
        exit_code: None,
    }
}

/// An error's lower-case text as a sentence.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars
        .next()
        .map(|c| c.to_uppercase().to_string())
        .unwrap_or_default();
    format!("{first}{}.", chars.as_str().trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::{ChannelError, DialError, SourceError, SourceErrorKind};
    use std::time::Duration;

    #[test]
    fn every_end_is_a_sentence_and_keeps_its_detail() {
        let host = "ssmmessages.eu-west-1.amazonaws.com".to_owned();
        let ends = [
            End::Closed,
            End::Finished {
                by: EndedBy::ShellExit,
                exit_code: None,
            },
            End::Finished {
                by: EndedBy::ShellExit,
                exit_code: Some(3),
            },
            End::Service {
                by: EndedBy::IdleTimeout,
                output: "Your session timed out due to inactivity and has been terminated."
                    .to_owned(),
                exit_code: None,
            },
            End::Service {
                by: EndedBy::MaximumDuration,
                output: "maximum duration".to_owned(),
                exit_code: None,
            },
            End::Service {
                by: EndedBy::Elsewhere,
                output: "terminated by".to_owned(),
                exit_code: None,
            },
            End::Service {
                by: EndedBy::Service,
                output: "something new".to_owned(),
                exit_code: None,
            },
            End::NotConnected(DialError::Refused {
                host: host.clone(),
                status: 403,
            }),
            End::NotConnected(DialError::Refused {
                host: host.clone(),
                status: 502,
            }),
            End::NotConnected(DialError::Timeout {
                host,
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
            let shown = ended(end.clone());
            assert!(shown.message.ends_with('.'), "{end:?}: {}", shown.message);
            assert!(
                shown.remedy.is_none_or(|remedy| remedy.ends_with('.')),
                "{end:?}"
            );
            assert_eq!(
                shown.detail.is_some(),
                !matches!(end, End::Closed | End::Finished { .. }),
                "{end:?}"
            );
        }
    }

    #[test]
    fn a_refused_upgrade_names_the_permission() {
        let shown = ended(End::NotConnected(DialError::Refused {
            host: "h".to_owned(),
            status: 403,
        }));
        assert!(
            shown
                .remedy
                .is_some_and(|remedy| remedy.contains("ssmmessages:OpenDataChannel"))
        );
    }

    #[test]
    fn an_exit_status_is_told() {
        let shown = ended(End::Finished {
            by: EndedBy::ShellExit,
            exit_code: Some(7),
        });
        assert_eq!(shown.exit_code, Some(7));
        assert!(shown.message.contains('7'));
    }
}
