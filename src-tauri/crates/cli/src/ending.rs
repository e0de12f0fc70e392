//! How a session ended: what is said of it, and the exit status.

use engine::{DialError, End, Lost};

use crate::options::sentence;
use crate::trouble::Trouble;

/// A command's exit status as a program can have one: what does not fit is not turned into success.
pub(crate) fn status(exit_code: i32) -> u8 {
    match u8::try_from(exit_code & 0xff) {
        Ok(0) | Err(_) if exit_code != 0 => 1,
        Ok(status) => status,
        Err(_) => 1,
    }
}

/// The exit status of a session that went as it should, `None` where the far end did not say; else what is wrong.
///
/// # Errors
///
/// When the session ended otherwise than by itself or as asked.
pub(crate) fn outcome(end: End) -> Result<Option<i32>, Trouble> {
    match end {
        End::Closed => Ok(None),
        End::Finished { exit_code, .. } => Ok(exit_code),
        End::Service {
            output, exit_code, ..
        } => Err(service(output, exit_code)),
        End::NotStarted(error) => Err(error.into()),
        End::NotConnected(error) => Err(not_connected(&error)),
        End::Failed(error) => {
            Err(again("The node does not answer as it should.").with_detail(error.to_string()))
        }
        End::ResumeRefused { error, .. } => Err(Trouble {
            message: "The connection was lost, and the service does not let it be resumed."
                .to_owned(),
            ..error.into()
        }),
        End::Gone { lost, .. } => Err(dropped(
            "The session ended while there was no connection to it.",
            &lost,
        )),
        End::GivenUp { lost, failure, .. } => Err(dropped(
            "The connection was lost and could not be restored.",
            &failure.unwrap_or(lost),
        )),
        End::NotResumable { lost } => {
            Err(dropped("The connection to the session was lost.", &lost))
        }
    }
}

fn service(output: String, exit_code: Option<i32>) -> Trouble {
    let trouble = Trouble::failed("The service ended the session.").with_detail(output);
    match exit_code.map(status) {
        Some(status) if status != 0 => Trouble { status, ..trouble },
        Some(_) | None => trouble,
    }
}

fn not_connected(error: &DialError) -> Trouble {
    let (message, remedy) = match error {
        DialError::Refused { status: 403, .. } => (
            "The service refused the data channel.",
            "Ask for ssmmessages:OpenDataChannel on your own sessions, and check that this computer's clock is right.",
        ),
        DialError::Refused { .. } => (
            "The service refused the data channel.",
            "If it stays so, a proxy on the way may not let WebSockets through.",
        ),
        DialError::Tls { .. } => (
            "The connection to the service is not trusted.",
            "A proxy may be opening the connection with a certificate this computer does not know.",
        ),
        DialError::Sign(_) => (
            "The data channel could not be signed.",
            "Check the credentials, then start again.",
        ),
        DialError::ProxyRefused { status: 407, .. } => (
            "The proxy asks for a name and a password.",
            "Put them into HTTPS_PROXY as http://name:password@proxy:port.",
        ),
        DialError::ProxyRefused { .. } | DialError::Proxy { .. } => (
            "The proxy did not let the data channel through.",
            "Have it allow CONNECT to the hosts of ssmmessages, or name them in NO_PROXY.",
        ),
        DialError::Connect { .. } | DialError::Upgrade { .. } | DialError::Timeout { .. } | _ => (
            "The data channel could not be reached.",
            "Check the network, and that ssmmessages of this region can be reached from here.",
        ),
    };
    Trouble::failed(message)
        .with_remedy(remedy)
        .with_detail(sentence(&error.to_string()))
}

fn dropped(message: &str, lost: &Lost) -> Trouble {
    again(message).with_detail(sentence(&lost.to_string()))
}

fn again(message: &str) -> Trouble {
    Trouble::failed(message)
        .with_remedy("Start again for a new session; what ran in this one may have ended with it.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_exit_code_but_0_becomes_0() {
        for (code, expected) in [
            (0, 0),
            (7, 7),
            (255, 255),
            (256, 1),
            (-1, 255),
            (i32::MIN, 1),
        ] {
            assert_eq!(status(code), expected, "{code}");
        }
    }

    #[test]
    fn the_services_words_are_shown_and_are_a_failure() {
        let end = End::Service {
            by: engine::EndedBy::IdleTimeout,
            output: "timed out due to inactivity".to_owned(),
            exit_code: Some(0),
        };
        let trouble = outcome(end).expect_err("it did not end by itself");
        assert_eq!(trouble.status, 1);
        assert!(trouble.lines().concat().contains("inactivity"));
    }
}
