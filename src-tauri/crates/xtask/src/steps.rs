//! Steps, one after the other, each with its time, and the closing table.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::shell::{Shell, Workspace};

/// What a step came to, beside failing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    /// Done.
    Done,
    /// Done, with a word about it for the table.
    Note(String),
}

/// Runs steps and remembers how long each took.
#[derive(Debug)]
pub(crate) struct Steps {
    logs: PathBuf,
    finished: Vec<(String, Duration, Outcome)>,
    began: Instant,
}

impl Steps {
    /// Nothing run yet; logs go under the target directory.
    pub(crate) fn new(workspace: &Workspace) -> Result<Self, String> {
        let logs = workspace.scratch()?.join("logs");
        fs::create_dir_all(&logs)
            .map_err(|error| format!("cannot create {}: {error}", logs.display()))?;
        Ok(Self {
            logs,
            finished: Vec::new(),
            began: Instant::now(),
        })
    }

    /// Runs one step: `work` gets the means to start programs.
    ///
    /// # Errors
    /// What the step says went wrong, under its name; the table of what ran is printed first.
    pub(crate) fn step(
        &mut self,
        name: &str,
        what: &str,
        work: impl FnOnce(&Programs) -> Result<Outcome, String>,
    ) -> Result<(), String> {
        println!("\n==> {name}: {what}");
        let log = self.logs.join(format!("{name}.log"));
        let _ = fs::remove_file(&log);
        let begun = Instant::now();
        let result = work(&Programs { log });
        let took = begun.elapsed();
        match result {
            Ok(outcome) => {
                match &outcome {
                    Outcome::Done => println!("    {name} done in {}", shown(took)),
                    Outcome::Note(note) => println!("    {name} done in {}: {note}", shown(took)),
                }
                self.finished.push((name.to_owned(), took, outcome));
                Ok(())
            }
            Err(problem) => {
                self.table(Some((name, took)));
                Err(format!("{name} failed after {}: {problem}", shown(took)))
            }
        }
    }

    /// The closing table.
    pub(crate) fn table(&self, failed: Option<(&str, Duration)>) {
        println!("\n{:<12} {:>8}", "step", "time");
        for (name, took, outcome) in &self.finished {
            let remark = match outcome {
                Outcome::Done => String::new(),
                Outcome::Note(note) => format!("  {note}"),
            };
            println!("{name:<12} {:>8}{remark}", shown(*took));
        }
        if let Some((name, took)) = failed {
            println!("{name:<12} {:>8}  FAILED", shown(took));
        }
        println!("{:<12} {:>8}", "all", shown(self.began.elapsed()));
    }
}

/// Starts a step's programs, their output in the step's log.
#[derive(Debug)]
pub(crate) struct Programs {
    log: PathBuf,
}

impl Programs {
    /// Runs a program without showing its output, unless it fails.
    pub(crate) fn quietly(&self, shell: &Shell) -> Result<(), String> {
        shell.run(&self.log, |_| false)
    }

    /// Runs a program and shows what it says of tests.
    pub(crate) fn showing_tests(&self, shell: &Shell) -> Result<(), String> {
        shell.run(&self.log, says_of_tests)
    }

    /// Runs a program with few tests and shows each of them.
    pub(crate) fn showing_each_test(&self, shell: &Shell) -> Result<(), String> {
        shell.run(&self.log, |line| {
            says_of_tests(line) || line.starts_with("test ")
        })
    }
}

/// The lines of test runners that a person, or a machine that counts tests, looks for, and the figures that tests tell.
fn says_of_tests(line: &str) -> bool {
    let line = line.trim_start();
    [
        "Running ",
        "Doc-tests ",
        "running ",
        "FAIL ",
        "test result:",
        "figures: ",
        "Test Files",
        "Tests  ",
    ]
    .iter()
    .any(|start| line.starts_with(start))
        || (line.starts_with("test ") && line.ends_with("FAILED"))
        || line.ends_with(" failed")
}

/// A time for the table.
fn shown(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds >= 60 {
        format!("{}m {:02}s", seconds / 60, seconds % 60)
    } else {
        format!("{}.{}s", seconds, time.subsec_millis() / 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short() {
        assert_eq!(shown(Duration::from_millis(1_250)), "1.2s");
        assert_eq!(shown(Duration::from_secs(61)), "1m 01s");
    }

    #[test]
    fn closing_lines_of_test_runners_are_shown() {
        for line in [
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "     Running unittests src/lib.rs (target/debug/deps/ipc-0)",
            "test a::b ... FAILED",
            "12 passed, 0 failed",
            "FAIL  view tabs, small",
            "figures: tries in an hour: 22 to 30",
        ] {
            assert!(says_of_tests(line), "{line}");
        }
        for line in ["test a::b ... ok", "   Compiling serde v1.0.0", ""] {
            assert!(!says_of_tests(line), "{line}");
        }
    }
}
