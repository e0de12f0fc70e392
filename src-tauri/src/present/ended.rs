//! How a session ended: who ended it, one sentence, and the way on.

use engine::{End, Lost};
use ipc::{EndCause, Ended, EndedBy};

use super::sentence;

/// How a session ended, for the person.
pub(super) fn ended(end: End) -> Ended {
    let by = ended_by(end.by());
    match end {
        End::Closed => Ended {
            cause: EndCause::Closed,
            by,
            message: "You closed this session.".to_owned(),
            remedy: None,
            detail: None,
            exit_code: None,
        },
        End::Finished { exit_code, .. } => Ended {
            cause: EndCause::Finished,
            by,
            message: match exit_code {
                Some(code) => format!("The command ended with exit status {code}."),
                None if by == EndedBy::ShellExit => "The shell has exited.".to_owned(),
                None => {
                    "The shell has exited, or the session was ended through the service.".to_owned()
                }
            },
            remedy: None,
            detail: None,
            exit_code,
        },
        End::Service {
            output, exit_code, ..
        } => service_end(by, output, exit_code),
        End::NotStarted(error) => Ended {
            cause: EndCause::Refused,
            by,
            message: error.message,
            remedy: error.remedy,
            detail: error.detail,
            exit_code: None,
        },
        End::NotConnected(error) => not_connected(by, &error),
        End::Failed(error) => lost(
            by,
            "The node does not answer as it should.",
            Some(sentence(&error.to_string())),
        ),
        End::ResumeRefused { error, .. } => Ended {
            cause: EndCause::Lost,
            by,
            message: "The connection was lost, and the service does not let it be resumed."
                .to_owned(),
            remedy: error.remedy,
            detail: error.detail.or(Some(error.message)),
            exit_code: None,
        },
        End::Gone { lost: how, .. } => lost(
            by,
            "The session ended while there was no connection to it.",
            Some(how_lost(&how)),
        ),
        End::GivenUp {
            lost: how,
            failure,
            by_owner,
            ..
        } => lost(
            by,
            if by_owner {
                "You gave up reconnecting."
            } else {
                "The connection was lost and could not be restored while the service keeps a session."
            },
            Some(how_lost(&failure.unwrap_or(how))),
        ),
        End::NotResumable { lost: how } => lost(
            by,
            "The connection to the session was lost.",
            Some(how_lost(&how)),
        ),
    }
}

fn lost(by: EndedBy, message: &str, detail: Option<String>) -> Ended {
    Ended {
        cause: EndCause::Lost,
        by,
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
        by,
        message: message.to_owned(),
        remedy: remedy.map(str::to_owned),
        detail: Some(output),
        exit_code,
    }
}

fn not_connected(by: EndedBy, error: &engine::DialError) -> Ended {
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
        engine::DialError::ProxyRefused { status: 407, .. } => (
            "The proxy asks for a name and a password.",
            "Put them into HTTPS_PROXY as http://name:password@proxy:port, then start Sessiondeck again.",
        ),
        engine::DialError::ProxyRefused { .. } | engine::DialError::Proxy { .. } => (
            "The proxy did not let the data channel through.",
            "Have it allow CONNECT to the hosts of ssmmessages, or name them in NO_PROXY.",
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
        by,
        message: message.to_owned(),
        remedy: Some(remedy.to_owned()),
        detail: Some(sentence(&error.to_string())),
        exit_code: None,
    }
}

fn ended_by(by: engine::EndedBy) -> EndedBy {
    match by {
        engine::EndedBy::Me => EndedBy::Me,
        engine::EndedBy::ShellExit => EndedBy::ShellExit,
        engine::EndedBy::ShellExitOrElsewhere => EndedBy::ShellExitOrElsewhere,
        engine::EndedBy::IdleTimeout => EndedBy::IdleTimeout,
        engine::EndedBy::MaximumDuration => EndedBy::MaximumDuration,
        engine::EndedBy::Elsewhere => EndedBy::Elsewhere,
        engine::EndedBy::Agent => EndedBy::Agent,
        engine::EndedBy::Network => EndedBy::Network,
        engine::EndedBy::ResumeRefused => EndedBy::ResumeRefused,
        engine::EndedBy::WhileDisconnected => EndedBy::WhileDisconnected,
        engine::EndedBy::Service | _ => EndedBy::Service,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::{ChannelError, DialError, EndedBy, SourceError, SourceErrorKind};
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
