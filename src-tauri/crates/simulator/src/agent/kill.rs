//! Ends a child together with everything it started: its process group and, behind a pty, all groups of its terminal
//! session, where an interactive shell puts its jobs.

use std::time::Duration;

/// The process id of a child that leads its own group, and that has not been waited for, so that the id is still its.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Leader(u32);

#[cfg(unix)]
impl Leader {
    /// Looks again for what was started while others were being killed, this often.
    const ROUNDS: usize = 20;
    const PAUSE: Duration = Duration::from_millis(5);

    pub(crate) fn new(pid: u32) -> Self {
        Self(pid)
    }

    /// Tells all of them that their terminal is gone, as closing a terminal window does.
    pub(crate) fn hang_up(self) {
        self.signal(rustix::process::Signal::HUP);
    }

    /// As Ctrl-C does.
    pub(crate) fn interrupt(self) {
        self.signal(rustix::process::Signal::INT);
    }

    /// As Ctrl-\ does.
    pub(crate) fn quit(self) {
        self.signal(rustix::process::Signal::QUIT);
    }

    /// Kills all of them. Blocks for some milliseconds, or until the last of them is gone, at most 100 ms.
    pub(crate) fn kill(self) {
        for _ in 0..Self::ROUNDS {
            self.signal(rustix::process::Signal::KILL);
            if self.groups().is_empty() {
                return;
            }
            std::thread::sleep(Self::PAUSE);
        }
        tracing::warn!(leader = self.0, "processes are left");
    }

    fn signal(self, signal: rustix::process::Signal) {
        let mut groups = self.groups();
        if !groups.contains(&self.0) {
            groups.push(self.0);
        }
        for group in groups.into_iter().filter_map(pid) {
            match rustix::process::kill_process_group(group, signal) {
                Ok(()) | Err(rustix::io::Errno::SRCH) => {}
                Err(error) => tracing::debug!(%error, "cannot signal a process group"),
            }
        }
    }

    /// The process groups that have a living process of ours. Without `/proc`, only the leader's is known.
    fn groups(self) -> Vec<u32> {
        let Ok(processes) = std::fs::read_dir("/proc") else {
            let alive = pid(self.0)
                .is_some_and(|pid| rustix::process::test_kill_process_group(pid).is_ok());
            return if alive && !cfg!(target_os = "linux") {
                vec![self.0]
            } else {
                Vec::new()
            };
        };
        let mut groups: Vec<u32> = processes
            .filter_map(|process| {
                let stat = std::fs::read_to_string(process.ok()?.path().join("stat")).ok()?;
                let (state, group, session) = parse_stat(&stat)?;
                let alive = state != 'Z' && state != 'X';
                (alive && (group == self.0 || session == self.0)).then_some(group)
            })
            .collect();
        groups.sort_unstable();
        groups.dedup();
        groups
    }
}

/// State, process group and session of `/proc/<pid>/stat`: `pid (name) state ppid group session …`, where the name can
/// hold anything.
#[cfg(unix)]
fn parse_stat(stat: &str) -> Option<(char, u32, u32)> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    let group = fields.nth(1)?.parse().ok()?;
    let session = fields.next()?.parse().ok()?;
    Some((state, group, session))
}

#[cfg(unix)]
fn pid(number: u32) -> Option<rustix::process::Pid> {
    // 0 and 1 are "our own group" and "everybody".
    i32::try_from(number)
        .ok()
        .filter(|number| *number > 1)
        .and_then(rustix::process::Pid::from_raw)
}

#[cfg(not(unix))]
impl Leader {
    pub(crate) fn new(pid: u32) -> Self {
        Self(pid)
    }

    pub(crate) fn hang_up(self) {}

    pub(crate) fn interrupt(self) {}

    pub(crate) fn quit(self) {}

    /// Ends the process and its children with the system's own tool.
    pub(crate) fn kill(self) {
        let taskkill = std::process::Command::new("taskkill")
            .args(["/T", "/F", "/PID", &self.0.to_string()])
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .status();
        if let Err(error) = taskkill {
            tracing::warn!(%error, "cannot end a process");
        }
        std::thread::sleep(Duration::ZERO);
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn stat_lines_are_read_whatever_the_name_holds() {
        assert_eq!(
            parse_stat("42 (sh) S 1 40 39 34817 42 4194304"),
            Some(('S', 40, 39))
        );
        assert_eq!(parse_stat("42 (a) Z 7) R 1 40 39 0"), Some(('R', 40, 39)));
        assert_eq!(parse_stat("42 (sh"), None);
        assert_eq!(parse_stat("42 (sh) S 1"), None);
    }

    #[test]
    fn nobody_and_everybody_are_never_signalled() {
        assert_eq!(pid(0), None);
        assert_eq!(pid(1), None);
        assert_eq!(pid(u32::MAX), None);
    }
}
