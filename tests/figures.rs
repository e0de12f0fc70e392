//! What the tests share that hold a figure: a short and a long run of each, a process of its own to measure, and the
//! figures that were reached.
//!
//! The short runs are part of every check; `cargo xtask test --long` makes the long ones.

use std::fmt;
use std::future::Future;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Set to anything for the long runs.
const LONG: &str = "SESSIONDECK_LONG";
/// How many minutes the tests that go on for some time take in a long run.
const MINUTES: &str = "SESSIONDECK_LONG_MINUTES";
const USUAL_MINUTES: u64 = 3;
/// Set in the process that a test has started to run alone.
const ALONE: &str = "SESSIONDECK_TEST_ALONE";

/// Whether this is a long run.
#[must_use]
pub fn is_long() -> bool {
    std::env::var_os(LONG).is_some()
}

/// The first in a short run, the second in a long one.
#[must_use]
pub fn short_or_long<T>(short: T, long: T) -> T {
    if is_long() { long } else { short }
}

/// How long a test goes on that could go on for ever: `short`, or in a long run some minutes.
///
/// # Panics
///
/// If the environment asks for something that is no number of minutes.
#[must_use]
pub fn time(short: Duration) -> Duration {
    let minutes = match std::env::var(MINUTES) {
        Ok(minutes) => minutes.parse().expect("a number of minutes"),
        Err(_) => USUAL_MINUTES,
    };
    short_or_long(short, Duration::from_secs(60 * minutes))
}

/// Tells what a test has reached; `cargo xtask test` shows it.
#[expect(
    clippy::print_stdout,
    reason = "what a test prints is kept with the test"
)]
pub fn tell(test: &str, figures: impl fmt::Display) {
    println!("figures: {test}: {figures}");
}

/// Runs a test in a process of its own, so that other tests' memory, threads and files are not taken for its.
///
/// `test` is the test's whole path, as `concat!(module_path!(), "::its_name")` says it.
///
/// # Panics
///
/// If the test fails there, or is not found.
pub fn alone(test: &str, work: impl Future<Output = ()>) {
    if std::env::var_os(ALONE).is_some() {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build();
        runtime.expect("threads can be started").block_on(work);
        return;
    }
    let (_, name) = test.split_once("::").expect("a path below the crate");
    let program = std::env::current_exe().expect("a running test has a program");
    let output = Command::new(program)
        .args([name, "--exact", "--nocapture", "--test-threads", "1"])
        .env(ALONE, "1")
        .output()
        .expect("this program can be started again");
    let said = String::from_utf8_lossy(&output.stdout);
    for line in said.lines() {
        // The runner has begun a line with the test's name.
        if let Some((_, figures)) = line.split_once("figures: ") {
            tell_again(figures);
        }
    }
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn tell_again(figures: &str) {
    let (test, figures) = figures.split_once(": ").unwrap_or_default();
    tell(test, figures);
}

/// What a process takes of the computer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Resident memory.
    pub rss_bytes: u64,
    /// Threads.
    pub threads: u64,
    /// Open file descriptors.
    pub files: usize,
}

impl Usage {
    /// Of this process.
    #[must_use]
    pub fn own() -> Self {
        Self::of("self")
    }

    /// Of a process of this user.
    ///
    /// # Panics
    ///
    /// If there is no such process, or no `/proc`.
    #[must_use]
    pub fn of(process: impl fmt::Display) -> Self {
        let status = std::fs::read_to_string(format!("/proc/{process}/status"))
            .expect("a process that runs has a status");
        let field = |name: &str| -> u64 {
            let value = status.lines().find_map(|line| line.strip_prefix(name));
            let number = value.and_then(|value| value.split_whitespace().next());
            number
                .and_then(|number| number.parse().ok())
                .expect("the status has the field")
        };
        // Counting opens one.
        let files = std::fs::read_dir(format!("/proc/{process}/fd")).expect("own processes tell");
        Self {
            rss_bytes: field("VmRSS:") * 1024,
            threads: field("Threads:"),
            files: files.count(),
        }
    }
}

/// Bytes as millions with one decimal.
#[must_use]
pub fn megabytes(bytes: u64) -> String {
    format!("{}.{}", bytes / 1_000_000, bytes / 100_000 % 10)
}

/// A simulator in a process of its own.
#[derive(Debug)]
pub struct Peer {
    child: Child,
    /// The URL of its API.
    pub endpoint: String,
}

impl Peer {
    /// Starts the program `peer` of this package.
    ///
    /// # Panics
    ///
    /// If it does not start.
    #[must_use]
    pub fn start(program: &str) -> Self {
        let mut child = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Cargo has built the program");
        let mut endpoint = String::new();
        let said = child.stdout.take().expect("it is piped");
        BufReader::new(said)
            .read_line(&mut endpoint)
            .expect("it says where it is");
        Self {
            child,
            endpoint: endpoint.trim().to_owned(),
        }
    }

    /// What it takes of the computer, without its shells.
    #[must_use]
    pub fn usage(&self) -> Usage {
        Usage::of(self.child.id())
    }
}

impl Drop for Peer {
    /// It ends when its input does.
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
