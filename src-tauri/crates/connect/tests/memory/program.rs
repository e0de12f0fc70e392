//! A program that holds secrets, seen from inside and from outside.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Lines, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use secrecy::SecretString;
use testsuite::secrets::{Search, hits, writable_memory};

/// The promise: clean so long after the end.
const CLEAN_AFTER: Duration = Duration::from_secs(5);

/// From inside: what the searcher says, past every buffer.
pub(crate) struct Orders(File);

impl Orders {
    pub(crate) fn of_this_program() -> Self {
        Self(own(io::stdin().as_fd().try_clone_to_owned()))
    }

    /// The next line.
    pub(crate) fn line(&mut self) -> SecretString {
        let mut line = String::with_capacity(8192);
        let mut byte = [0];
        while self.0.read(&mut byte).expect("the searcher is there") == 1 && byte != [b'\n'] {
            line.push(char::from(byte[0]));
        }
        SecretString::from(line)
    }

    /// Waits until the searcher has seen enough: it closes the pipe.
    pub(crate) async fn end(mut self) {
        let waiting = tokio::task::spawn_blocking(move || self.0.read_to_end(&mut Vec::new()));
        assert!(waiting.await.is_ok_and(|rest| rest.is_ok()));
    }
}

/// From inside: what the searcher is told, past every buffer.
pub(crate) struct News(File);

impl News {
    pub(crate) fn of_this_program() -> Self {
        Self(own(io::stdout().as_fd().try_clone_to_owned()))
    }

    pub(crate) fn tell(&mut self, line: &[&str]) {
        for part in line.iter().chain(&["\n"]) {
            self.0
                .write_all(part.as_bytes())
                .expect("the searcher listens");
        }
    }
}

fn own(stream: io::Result<std::os::fd::OwnedFd>) -> File {
    File::from(stream.expect("open"))
}

/// From outside.
pub(crate) struct Held {
    child: Child,
    orders: ChildStdin,
    news: Lines<BufReader<ChildStdout>>,
}

impl Held {
    /// Starts this program in another role, without the person's environment.
    pub(crate) fn start(role: &str, more: &[&str]) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .arg(role)
            .args(more)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program starts");
        let orders = child.stdin.take().expect("piped");
        let news = BufReader::new(child.stdout.take().expect("piped"));
        Self {
            child,
            orders,
            news: news.lines(),
        }
    }

    pub(crate) fn say(&mut self, line: &str) {
        writeln!(self.orders, "{line}").expect("it reads");
    }

    /// What it tells next.
    pub(crate) fn news(&mut self) -> String {
        let line = self.news.next().expect("the program has failed");
        line.expect("it writes")
    }

    /// In how many places of its memory this stands.
    pub(crate) fn places(&self, search: &Search) -> usize {
        let memory = writable_memory(self.child.id());
        memory.iter().map(|(_, bytes)| search.places(bytes)).sum()
    }

    /// Where pieces of secrets are, each with the secret's name.
    pub(crate) fn hits(&self, secrets: &[(&str, String)]) -> Vec<String> {
        let mut found = Vec::new();
        for (region, bytes) in writable_memory(self.child.id()) {
            for (name, secret) in secrets {
                let hits = hits(&bytes, secret);
                found.extend(
                    hits.into_iter()
                        .map(|hit| format!("{name}: {hit} in {region}")),
                );
            }
        }
        found
    }

    /// Fails unless nothing of them is left in time.
    pub(crate) fn comes_clean(&self, when: &str, look: impl Fn(&Self) -> Vec<String>) {
        let since = Instant::now();
        let mut is_last = false;
        loop {
            let found = look(self);
            if found.is_empty() {
                return;
            }
            assert!(!is_last, "{when}, after {CLEAN_AFTER:?}: {found:#?}");
            is_last = since.elapsed() >= CLEAN_AFTER;
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    pub(crate) fn end(mut self) {
        drop(self.orders);
        assert!(self.child.wait().expect("it ends").success());
    }
}
