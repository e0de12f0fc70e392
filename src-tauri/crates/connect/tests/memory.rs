//! After a session has ended, its secrets are not in the program's memory any more; and the search would see them.
//!
//! Two programs, both this file: one holds a session, loses its connection, resumes and ends it, drops everything and
//! then waits; the other runs the simulator and searches the first one's writable memory. The first tells each secret
//! once, past every buffer. A piece of a secret is a hit: what is freed loses its first bytes to the allocator, and the
//! rest can be read for as long as nobody needs the place.

/// As the programs have it: what the AWS SDK frees holds answers and keys.
#[global_allocator]
static WIPING: zalloc::ZeroizingAlloc<std::alloc::System> =
    zalloc::ZeroizingAlloc(std::alloc::System);

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() {
    if std::env::args().any(|argument| argument == holder::ROLE) {
        holder::main();
    } else {
        searcher::main();
    }
}

/// The program that holds a session.
#[cfg(target_os = "linux")]
mod holder {
    use std::fs::File;
    use std::io::{self, Read as _, Write as _};
    use std::os::fd::AsFd as _;
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use connect::{AwsSource, Plan};
    use engine::{
        DataKey, DataKeyRequest, DialTerms, Resumed, SessionConfig, SessionHandle, SessionId,
        SessionSource, SessionUpdate, SessionUpdates, SourceFuture, State, StreamUrl, Ticket,
    };
    use secrecy::{ExposeSecret as _, SecretString};
    use tokio::time::timeout;
    use tokio_util::task::TaskTracker;

    pub(crate) const ROLE: &str = "--hold-a-session";
    /// Keeps every secret, in one form each.
    pub(crate) const LEAK: &str = "--leak";

    const PATIENCE: Duration = Duration::from_secs(60);

    /// Tells secrets without keeping them.
    struct Teller {
        inner: AwsSource,
        out: Mutex<File>,
        leaks: bool,
    }

    impl Teller {
        fn tell(&self, kind: &str, secret: &str) {
            let mut out = self.out.lock().expect("nobody panics with it");
            for bytes in [kind.as_bytes(), b" ", secret.as_bytes(), b"\n"] {
                out.write_all(bytes).expect("the searcher listens");
            }
            if self.leaks {
                for form in testsuite::secrets::forms(secret.as_bytes()) {
                    std::mem::forget(form);
                }
            }
        }

        fn tell_ticket(&self, ticket: &Ticket) {
            self.tell("token", ticket.token.expose_secret());
        }
    }

    impl SessionSource for Teller {
        fn start(&self) -> SourceFuture<'_, Ticket> {
            Box::pin(async move {
                let ticket = self.inner.start().await?;
                self.tell_ticket(&ticket);
                Ok(ticket)
            })
        }

        fn resume<'a>(&'a self, session_id: &'a SessionId) -> SourceFuture<'a, Resumed> {
            Box::pin(async move {
                let resumed = self.inner.resume(session_id).await?;
                if let Resumed::Ticket(ticket) = &resumed {
                    self.tell_ticket(ticket);
                }
                Ok(resumed)
            })
        }

        fn dial_terms<'a>(&'a self, url: &'a StreamUrl) -> SourceFuture<'a, DialTerms> {
            self.inner.dial_terms(url)
        }

        fn fresh_credentials(&self) -> SourceFuture<'_, ()> {
            self.inner.fresh_credentials()
        }

        fn data_key<'a>(&'a self, request: &'a DataKeyRequest) -> SourceFuture<'a, DataKey> {
            self.inner.data_key(request)
        }

        fn terminate<'a>(&'a self, session_id: &'a SessionId) -> SourceFuture<'a, ()> {
            self.inner.terminate(session_id)
        }
    }

    /// The searcher's next line, past every buffer.
    fn line(input: &mut File) -> SecretString {
        let mut line = String::with_capacity(256);
        let mut byte = [0];
        while input.read(&mut byte).expect("the searcher is there") == 1 && byte != [b'\n'] {
            line.push(char::from(byte[0]));
        }
        SecretString::from(line)
    }

    async fn until(updates: &mut SessionUpdates, wanted: impl Fn(&State) -> bool) {
        let found = async {
            while let Some(update) = updates.recv().await {
                if matches!(&update, SessionUpdate::State(state) if wanted(state)) {
                    return;
                }
            }
            panic!("the session ended");
        };
        timeout(PATIENCE, found).await.expect("in time");
    }

    async fn session(mut input: File, mut news: File, leaks: bool) {
        let out = news.try_clone().expect("one more descriptor");
        let endpoint = line(&mut input).expose_secret().to_owned();
        let target = line(&mut input).expose_secret().to_owned();
        let access_key_id = line(&mut input).expose_secret().to_owned();
        let secret_access_key = line(&mut input);
        let plan = Plan {
            tags: None,
            settings: aws::Settings {
                aws_profile: None,
                region: Some("eu-west-1".to_owned()),
                endpoint: Some(aws::Endpoint {
                    ssm: endpoint,
                    ssmmessages: None,
                }),
                credentials: aws::Credentials::Keys {
                    access_key_id,
                    secret_access_key,
                    session_token: None,
                },
                ..aws::Settings::default()
            },
            request: aws::StartSession {
                target,
                ..aws::StartSession::default()
            },
            ..Plan::default()
        };
        let source = Teller {
            inner: AwsSource::new(
                aws::Broker::new(aws::BrokerOptions::from_environment()),
                move || {
                    let plan = plan.clone();
                    Box::pin(async move { Ok(plan) })
                },
            ),
            out: Mutex::new(out),
            leaks,
        };
        let tracker = TaskTracker::new();
        let (handle, mut updates) =
            SessionHandle::spawn(SessionConfig::default(), Arc::new(source), &tracker);
        let is_open = |state: &State| matches!(state, State::Open { .. });
        until(&mut updates, is_open).await;
        news.write_all(b"open\n").expect("the searcher listens");
        until(&mut updates, |state| {
            matches!(state, State::Reconnecting(_))
        })
        .await;
        until(&mut updates, is_open).await;
        handle.close().await;
        drop((handle, updates));
        tracker.close();
        timeout(PATIENCE, tracker.wait()).await.expect("in time");
        news.write_all(b"ended\n").expect("the searcher listens");
        // Until the searcher has seen enough: it closes the pipe.
        let waiting = tokio::task::spawn_blocking(move || input.read_to_end(&mut Vec::new()));
        assert!(waiting.await.is_ok_and(|rest| rest.is_ok()));
    }

    pub(crate) fn main() {
        let leaks = std::env::args().any(|argument| argument == LEAK);
        let own = |stream: io::Result<std::os::fd::OwnedFd>| File::from(stream.expect("open"));
        let input = own(io::stdin().as_fd().try_clone_to_owned());
        let out = own(io::stdout().as_fd().try_clone_to_owned());
        let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
        runtime.block_on(session(input, out, leaks));
    }
}

/// The program that runs the simulator and searches.
#[cfg(target_os = "linux")]
mod searcher {
    use std::io::{BufRead as _, BufReader, Lines, Write as _};
    use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
    use std::time::{Duration, Instant};

    use secrecy::ExposeSecret as _;
    use simulator::config::Shell;
    use simulator::{Config, Disconnect, Simulator};
    use testsuite::secrets::{forms, hits, pieces, writable_memory};
    use tokio::runtime::Runtime;

    use super::holder;

    /// The promise: clean so long after the end.
    const CLEAN_AFTER: Duration = Duration::from_secs(5);

    /// A program that has held a session, and the secrets it had.
    struct Holder {
        child: Child,
        input: ChildStdin,
        lines: Lines<BufReader<ChildStdout>>,
        tokens: Vec<String>,
        key: String,
    }

    impl Holder {
        /// Has a session held, cut, resumed and ended.
        fn run(runtime: &Runtime, more: &[&str]) -> Self {
            let mut config = Config::default();
            // Without the person's start-up files.
            config.shell = Shell::new(["/bin/sh"]);
            let simulator = runtime
                .block_on(Simulator::start(config))
                .expect("loopback is there");
            let key = simulator.secret_access_key().expose_secret().to_owned();
            let mut child = Command::new(std::env::current_exe().expect("this program"))
                .arg(holder::ROLE)
                .args(more)
                .env_clear()
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .expect("this program starts");
            let mut input = child.stdin.take().expect("piped");
            let output = BufReader::new(child.stdout.take().expect("piped"));
            let endpoint = simulator.endpoint_url();
            for line in [
                &endpoint,
                simulator.target(),
                simulator.access_key_id(),
                &key,
            ] {
                writeln!(input, "{line}").expect("it reads");
            }
            let mut holder = Self {
                child,
                input,
                lines: output.lines(),
                tokens: Vec::new(),
                key,
            };
            holder.until("open");
            let id = simulator.sessions()[0].id.clone();
            assert!(simulator.disconnect(&id, Disconnect::Abort));
            holder.until("ended");
            runtime.block_on(simulator.shutdown());
            assert_eq!(holder.tokens.len(), 2, "of StartSession and ResumeSession");
            holder
        }

        /// Takes what it tells until then.
        fn until(&mut self, wanted: &str) {
            for line in self.lines.by_ref() {
                let line = line.expect("it writes");
                if line == wanted {
                    return;
                }
                let token = line.strip_prefix("token ").expect("nothing else is told");
                self.tokens.push(token.to_owned());
            }
            panic!("the program that holds a session has failed");
        }

        /// Where pieces of the secret are.
        fn hits(&self, secret: &str) -> Vec<String> {
            let memory = writable_memory(self.child.id());
            let found = memory.iter().flat_map(|(region, bytes)| {
                let hits = hits(bytes, secret);
                hits.into_iter()
                    .map(move |hit| format!("{hit} in {region}"))
            });
            found.collect()
        }

        fn end(mut self) {
            drop(self.input);
            assert!(self.child.wait().expect("it ends").success());
        }
    }

    pub(crate) fn main() {
        let runtime = Runtime::new().expect("threads can be started");
        the_search_sees_every_form(&runtime);
        nothing_is_left_after_the_end(&runtime);
    }

    fn the_search_sees_every_form(runtime: &Runtime) {
        let holder = Holder::run(runtime, &[holder::LEAK]);
        for token in &holder.tokens {
            let hits = holder.hits(token);
            for piece in pieces(token.as_bytes()) {
                for form in forms(piece) {
                    let form = String::from_utf8_lossy(&form).into_owned();
                    assert!(
                        hits.iter().any(|hit| hit.contains(&form)),
                        "{form} is not seen"
                    );
                }
            }
        }
        holder.end();
    }

    fn nothing_is_left_after_the_end(runtime: &Runtime) {
        let holder = Holder::run(runtime, &[]);
        let ended = Instant::now();
        let secrets: Vec<(&str, &String)> = holder
            .tokens
            .iter()
            .map(|token| ("token", token))
            .chain([("secret access key", &holder.key)])
            .collect();
        let mut is_last = false;
        loop {
            let found: Vec<_> = secrets
                .iter()
                .map(|(name, secret)| (name, holder.hits(secret)))
                .filter(|(_, hits)| !hits.is_empty())
                .collect();
            if found.is_empty() {
                break;
            }
            assert!(!is_last, "after {CLEAN_AFTER:?}: {found:#?}");
            is_last = ended.elapsed() >= CLEAN_AFTER;
            std::thread::sleep(Duration::from_millis(500));
        }
        holder.end();
    }
}
