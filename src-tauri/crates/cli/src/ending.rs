//! How a session ended: the exit status, and what is said of an end that is a failure.

use connect::Ending;
use engine::End;

use crate::trouble::{FAILED, Trouble};

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
    let status = match &end {
        End::Closed => return Ok(None),
        End::Finished { exit_code, .. } => return Ok(*exit_code),
        // A success that the service has cut short is none.
        End::Service { exit_code, .. } => exit_code.map(status).filter(|&status| status != 0),
        End::NotStarted(_)
        | End::NotConnected(_)
        | End::Failed(_)
        | End::ResumeRefused { .. }
        | End::Gone { .. }
        | End::GivenUp { .. }
        | End::NotResumable { .. }
        | End::Fault => None,
    };
    let Ending {
        message,
        remedy,
        detail,
    } = Ending::of(end);
    Err(Trouble {
        status: status.unwrap_or(FAILED),
        message,
        remedy,
        detail,
    })
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
