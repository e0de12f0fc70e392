//! Programs that end with us, however we end.
//!
//! A test run can be stopped in the middle, or crash. Each program we start therefore runs below a small shell script in
//! a process group of its own; the script waits on a pipe whose other end only we hold. When that end closes, because
//! we dropped it or because we are no more, the script ends the program and then everything left in the group.

use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Asks the program to end, gives it three seconds, then kills the whole group, itself included.
const SCRIPT: &str = r#"
exec 3<&0 </dev/null
"$@" 3<&- &
program=$!
read -r _ <&3
kill -TERM "$program" 2>/dev/null
tries=0
while kill -0 "$program" 2>/dev/null && [ "$tries" -lt 60 ]; do
    sleep 0.05
    tries=$((tries + 1))
done
kill -KILL 0
"#;

/// A running program and all that it started. Dropping it ends them.
#[derive(Debug)]
pub(crate) struct Guarded {
    script: Child,
    lifeline: Option<ChildStdin>,
}

impl Guarded {
    /// Starts a program with exactly this environment.
    pub(crate) fn start<K: AsRef<OsStr>, V: AsRef<OsStr>>(
        words: &[&str],
        environment: impl IntoIterator<Item = (K, V)>,
        output: Stdio,
        errors: Stdio,
    ) -> io::Result<Self> {
        let mut script = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "guard"])
            .args(words)
            .env_clear()
            .envs(environment)
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors)
            .process_group(0)
            .spawn()?;
        let lifeline = script.stdin.take();
        Ok(Self { script, lifeline })
    }

    /// Ends the program and all that it started at once, as the system does in need.
    pub(crate) fn kill_group(&self) {
        let group = format!("-{}", self.script.id());
        let killed = Command::new("kill").args(["-KILL", "--", &group]).status();
        assert!(
            killed.is_ok_and(|status| status.success()),
            "kill -KILL {group}"
        );
    }

    /// The process that all that was started descends from.
    pub(crate) fn root(&self) -> u32 {
        self.script.id()
    }

    /// Sends a signal to a program of this name among all that was started.
    pub(crate) fn signal(&self, name: &str, signal: &str) {
        let group = self.script.id().to_string();
        let is_ours = |stat: &str| {
            // `pid (name) state parent group …`
            let (front, rest) = stat.rsplit_once(')').unwrap_or_default();
            let program = front.split_once('(').map(|(_, program)| program);
            program == Some(name) && rest.split_whitespace().nth(2) == Some(&group)
        };
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        let pid = processes
            .filter(|entry| {
                std::fs::read_to_string(entry.path().join("stat")).is_ok_and(|stat| is_ours(&stat))
            })
            .find_map(|entry| entry.file_name().into_string().ok())
            .unwrap_or_else(|| panic!("no {name} runs"));
        let sent = Command::new("kill").args([signal, &pid]).status();
        assert!(
            sent.is_ok_and(|status| status.success()),
            "kill {signal} {pid}"
        );
    }

    /// What the program writes, where its output is a pipe.
    pub(crate) fn take_output(&mut self) -> Option<ChildStdout> {
        self.script.stdout.take()
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        // At most about three seconds, see the script.
        let _ = self.script.wait();
    }
}
