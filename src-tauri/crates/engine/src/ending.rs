//! What `channel_closed` says of who ended the session.
//!
//! The texts are the service's and the agent's, meant for people and changed at will: they are matched loosely, and what
//! matches nothing is the service's own doing. Wordings from the official agent's sources and its users' reports.

use std::time::Duration;

use crate::update::{End, EndedBy};

/// Input this recent makes it likely that the shell ended by what was typed.
const RECENT_INPUT: Duration = Duration::from_secs(10);

/// The agent's reports of its own failures, in lower case.
const AGENT: &[&str] = &[
    "----error----",
    "setting up data channel with id",
    "encountered error while initiating handshake",
    "handshake timed out",
    "timed out waiting for encryption challenge",
    "fetching data key failed",
    "unable to start command",
    "failed to start pty",
    "plugin with name",
    "unable to connect to specified port",
    "forwarding to ip address",
    "port number is empty",
    "encryption is not set up",
    "no ec2 instance role",
    "unable to load the ec2 role credentials",
];

/// Makes an end of `channel_closed`'s words; `since_input`: how long ago something was typed.
pub(crate) fn ended(output: String, exit_code: Option<i32>, since_input: Option<Duration>) -> End {
    if output.trim().is_empty() {
        let typed = since_input.is_some_and(|since| since <= RECENT_INPUT);
        let by = if exit_code.is_some() || typed {
            EndedBy::ShellExit
        } else {
            EndedBy::ShellExitOrElsewhere
        };
        return End::Finished { by, exit_code };
    }
    End::Service {
        by: by_words(&output),
        output,
        exit_code,
    }
}

fn by_words(output: &str) -> EndedBy {
    let text = output.to_lowercase();
    let has = |part: &str| text.contains(part);
    // Before everything else: the words after the agent's separator can be anything.
    if AGENT.iter().any(|part| has(part)) {
        EndedBy::Agent
    } else if has("inactivity") || has("idle") {
        EndedBy::IdleTimeout
    } else if has("duration") && (has("max") || has("exceed")) {
        EndedBy::MaximumDuration
    } else if has("administrator") || has("terminated by") || has("has been terminated") {
        EndedBy::Elsewhere
    } else {
        EndedBy::Service
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smp_139_words_tell_who_ended_the_session() {
        let table = [
            (
                "Your session timed out due to inactivity and has been terminated.",
                EndedBy::IdleTimeout,
            ),
            (
                "Session terminated: idle timeout reached",
                EndedBy::IdleTimeout,
            ),
            (
                "Your session has reached the maximum session duration and has been terminated.",
                EndedBy::MaximumDuration,
            ),
            (
                "The session exceeded its allowed duration",
                EndedBy::MaximumDuration,
            ),
            (
                "This session was terminated by arn:aws:iam::1:user/root",
                EndedBy::Elsewhere,
            ),
            ("Ended by your administrator", EndedBy::Elsewhere),
            (
                "\n----------ERROR-------\nUnable to start command: failed to start pty since RunAs user ssm-user does not exist",
                EndedBy::Agent,
            ),
            (
                "----------ERROR-------\nthe idle loop failed",
                EndedBy::Agent,
            ),
            (
                "Setting up data channel with id a-0 failed: dial tcp: i/o timeout",
                EndedBy::Agent,
            ),
            (
                "Fetching data key failed: Unable to retrieve data key",
                EndedBy::Agent,
            ),
            (
                "Handshake timed out. Please ensure that you have the latest version",
                EndedBy::Agent,
            ),
            (
                "Plugin with name Port is not supported by this version of ssm agent, please update",
                EndedBy::Agent,
            ),
            ("the moon is full", EndedBy::Service),
        ];
        for (words, by) in table {
            let end = ended(words.to_owned(), None, None);
            assert_eq!(end.by(), by, "{words}");
            assert_eq!(end.words(), Some(words));
        }
    }

    #[test]
    fn no_words_are_the_shells_exit_where_that_can_be_known() {
        let recent = Some(Duration::from_secs(1));
        let old = Some(Duration::from_secs(600));
        for (exit_code, since_input, by) in [
            (Some(0), None, EndedBy::ShellExit),
            (None, recent, EndedBy::ShellExit),
            (None, old, EndedBy::ShellExitOrElsewhere),
            (None, None, EndedBy::ShellExitOrElsewhere),
        ] {
            let end = ended(String::new(), exit_code, since_input);
            assert_eq!(end, End::Finished { by, exit_code });
        }
    }
}
