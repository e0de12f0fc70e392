//! What is typed for the person into a new shell: the way to the user and shell they want, then their command.
//!
//! Session Manager has no parameter for any of it: the user and the shell of a session are the account's to set, in its
//! preferences (`RunAs`, `shellProfile`). So it is typed, as the person would do it, where everybody sees it:
//!
//! | wish | typed |
//! |---|---|
//! | user | `sudo -iu <user>; exit` |
//! | shell | `exec <shell> -l` |
//! | both | `sudo -iu <user> exec <shell> -l; exit` |
//! | command | the command |
//!
//! `; exit` lets the session end with that user's shell, and also where there can be none: what was meant for one user is
//! never run by another. With a command behind it `sudo` gets `-n`, so that it does not take the command for a password.
//! The names need no quoting: the crate `profiles` lets only such pass. Only a session of the kind `Standard_Stream` is a
//! shell; into any other nothing is typed.

use engine::{SessionInfo, SessionType};
use profiles::{Connection, ShellName, StartupCommand, UserName};

/// What a connection wants of a new shell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Startup {
    /// The user that the shell should be.
    pub user: Option<UserName>,
    /// The shell to start.
    pub shell: Option<ShellName>,
    /// The line that is sent.
    pub command: Option<StartupCommand>,
}

impl Startup {
    pub(crate) fn of(connection: &Connection) -> Self {
        Self {
            user: connection.user.clone(),
            shell: connection.shell.clone(),
            command: connection.startup_command.clone(),
        }
    }

    /// Says whether nothing is wanted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What is typed, each line with its Enter.
    #[must_use]
    pub fn typed(&self) -> String {
        let no_password = if self.command.is_some() { "-n " } else { "" };
        let way = match (&self.user, &self.shell) {
            (Some(user), Some(shell)) => Some(format!(
                "sudo {no_password}-iu {user} exec {shell} -l; exit"
            )),
            (Some(user), None) => Some(format!("sudo {no_password}-iu {user}; exit")),
            (None, Some(shell)) => Some(format!("exec {shell} -l")),
            (None, None) => None,
        };
        let lines = way
            .into_iter()
            .chain(self.command.iter().map(ToString::to_string));
        lines.map(|line| format!("{line}\r")).collect()
    }

    /// What is typed into this session, or why nothing is.
    pub(crate) fn typed_into(
        &self,
        info: &SessionInfo,
        is_windows: bool,
    ) -> Result<String, &'static str> {
        if info.session_type != SessionType::StandardStream {
            return Err(
                "The start-up command, user and shell of this connection were left out: its document starts no shell.",
            );
        }
        if is_windows && (self.user.is_some() || self.shell.is_some()) {
            // What was meant for one user is not run by another.
            return Err(
                "The start-up command, user and shell of this connection were left out: the node runs Windows, where there is no sudo.",
            );
        }
        Ok(self.typed())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use super::*;

    fn startup(user: Option<&str>, shell: Option<&str>, command: Option<&str>) -> Startup {
        Startup {
            user: user.map(|user| user.parse().unwrap()),
            shell: shell.map(|shell| shell.parse().unwrap()),
            command: command.map(|command| command.parse().unwrap()),
        }
    }

    #[test]
    fn the_way_to_the_user_and_shell_is_typed_before_the_command() {
        for (wish, typed) in [
            (startup(None, None, None), ""),
            (startup(None, None, Some("cd /srv")), "cd /srv\r"),
            (
                startup(Some("deploy"), None, None),
                "sudo -iu deploy; exit\r",
            ),
            (startup(None, Some("/bin/zsh"), None), "exec /bin/zsh -l\r"),
            (
                startup(Some("deploy"), Some("zsh"), Some("htop")),
                "sudo -n -iu deploy exec zsh -l; exit\rhtop\r",
            ),
        ] {
            assert_eq!(wish.typed(), typed);
        }
    }

    #[test]
    fn a_user_or_shell_that_would_need_quoting_is_none() {
        for wrong in ["a b", "a;b", "$(x)", "-x", "a'b", "a\nb"] {
            assert!(wrong.parse::<UserName>().is_err(), "{wrong}");
            assert!(wrong.parse::<ShellName>().is_err(), "{wrong}");
        }
    }
}
