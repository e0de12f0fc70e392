//! What `sessiondeck-cli connect` costs on a terminal: processor time and memory for output, for keys, and for doing
//! nothing. Another client of the same service can be set beside it.
//!
//! ```sh
//! cargo build --release -p cli
//! cargo bench -p testsuite --bench cli -- --megabytes 50 --keys 1000 --idle 60
//! ```
//!
//! The service is a simulator of this program's own, without the waits of a real agent; with `AWS_ENDPOINT_URL_SSM` and
//! `SIMULATOR_TARGET` set, as `simulator --tls ca.pem > environment` prints them, it is that one. Another client is named
//! by its command line, in which `{target}` stands for the target:
//!
//! ```sh
//! SESSIONDECK_BENCH_CLIENT='aws ssm start-session --target {target}' cargo bench -p testsuite --bench cli
//! ```
//!
//! Nothing is asserted, since machines differ and are noisy. Each measurement is a session of its own, and its processor
//! time is all that the client and the processes it has waited for used, from start to exit.

#[cfg(not(unix))]
fn main() {
    eprintln!("the CLI is measured where there are Unix terminals");
}

#[cfg(unix)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    unix::main()
}

#[cfg(unix)]
mod unix {
    use std::env;
    use std::error::Error;
    use std::fs;
    use std::io::{Read as _, Write};
    use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
    use std::thread;
    use std::time::{Duration, Instant};

    use portable_pty::{CommandBuilder, PtySize, native_pty_system};
    use secrecy::ExposeSecret as _;
    use simulator::config::Shell;
    use simulator::{Config, Simulator};
    use tokio::runtime::Runtime;
    use wait4::Wait4 as _;

    type Result<T> = std::result::Result<T, Box<dyn Error>>;

    /// The client, where another one is measured.
    const CLIENT_VARIABLE: &str = "SESSIONDECK_BENCH_CLIENT";
    const ENDPOINT_VARIABLE: &str = "AWS_ENDPOINT_URL_SSM";
    const TARGET_VARIABLE: &str = "SIMULATOR_TARGET";

    const MEGABYTE: usize = 1_000_000;
    /// The longest wait for anything that a client should show.
    const PATIENCE: Duration = Duration::from_secs(300);
    /// Between an echo and the next key: nobody types faster, and a client falls asleep meanwhile.
    const KEY_GAP: Duration = Duration::from_millis(5);
    /// A terminal's line holds 4,096 bytes; keys beyond are not echoed.
    const MAX_KEYS: usize = 4000;

    struct Wishes {
        megabytes: usize,
        keys: usize,
        idle: Duration,
    }

    impl Wishes {
        /// `None`: the words are for another bench.
        fn read() -> Result<Option<Self>> {
            let mut wishes = Self {
                megabytes: 50,
                keys: 1000,
                idle: Duration::from_secs(60),
            };
            let mut parser = lexopt::Parser::from_env();
            while let Some(argument) = parser.next()? {
                match argument {
                    lexopt::Arg::Long("megabytes") => {
                        wishes.megabytes = parser.value()?.string()?.parse()?;
                    }
                    lexopt::Arg::Long("keys") => {
                        let keys: usize = parser.value()?.string()?.parse()?;
                        wishes.keys = keys.clamp(1, MAX_KEYS);
                    }
                    lexopt::Arg::Long("idle") => {
                        wishes.idle = Duration::from_secs(parser.value()?.string()?.parse()?);
                    }
                    // Cargo's own.
                    lexopt::Arg::Long("bench") => {}
                    lexopt::Arg::Long(_) | lexopt::Arg::Short(_) | lexopt::Arg::Value(_) => {
                        return Ok(None);
                    }
                }
            }
            Ok(Some(wishes))
        }
    }

    use lexopt::ValueExt as _;

    pub(super) fn main() -> Result<()> {
        let Some(wishes) = Wishes::read()? else {
            return Ok(());
        };
        let mut client = Client::new()?;
        let runtime = Runtime::new()?;
        let simulator = if env::var_os(ENDPOINT_VARIABLE).is_some() {
            client.set_target(&env::var(TARGET_VARIABLE)?);
            None
        } else {
            let simulator = runtime.block_on(Simulator::start(without_waits()))?;
            client.set_target(simulator.target());
            client.variables = variables(&simulator);
            Some(simulator)
        };
        let Some(program) = client.find() else {
            eprintln!(
                "{} is not there: cargo build --release -p cli",
                client.words[0]
            );
            return Ok(());
        };
        eprintln!(
            "{program}, at {}",
            match &simulator {
                Some(_) => "a simulator of this program's own",
                None => "the endpoint that the environment names",
            }
        );
        measure(&client, &wishes)?;
        if let Some(simulator) = simulator {
            runtime.block_on(simulator.shutdown());
        }
        Ok(())
    }

    fn measure(client: &Client, wishes: &Wishes) -> Result<()> {
        let begun = Instant::now();
        let session = client.open()?;
        let prompt = begun.elapsed();
        let start = session.end()?;
        report(
            "start and exit",
            &start,
            &format!("first prompt after {} ms", prompt.as_millis()),
        );

        let mut session = client.open()?;
        let bytes = wishes.megabytes * MEGABYTE;
        session.run("stty -echo")?;
        let begun = Instant::now();
        let seen = session.run(&format!("head -c {bytes} /dev/zero | tr '\\0' x"))?;
        let took = begun.elapsed();
        let used = session.end()?;
        if seen < bytes {
            return Err(format!("{seen} of {bytes} bytes were shown").into());
        }
        let megabytes = wishes.megabytes as f64;
        let net = used.cpu.saturating_sub(start.cpu);
        report(
            &format!("{megabytes} MB of output"),
            &used,
            &format!(
                "{:.1} ms a MB ({:.1} without the start), {:.1} MB/s",
                millis(used.cpu) / megabytes,
                millis(net) / megabytes,
                megabytes / took.as_secs_f64(),
            ),
        );

        let mut session = client.open()?;
        let mut echoes = session.type_keys(wishes.keys)?;
        let used = session.end()?;
        echoes.sort_unstable();
        let percentile = |percent: usize| millis(echoes[(echoes.len() - 1) * percent / 100]);
        report(
            &format!("{} keys", echoes.len()),
            &used,
            &format!(
                "key to echo p50 {:.2} ms, p95 {:.2} ms",
                percentile(50),
                percentile(95)
            ),
        );

        let session = client.open()?;
        thread::sleep(wishes.idle);
        let used = session.end()?;
        let net = used.cpu.saturating_sub(start.cpu);
        report(
            &format!("idle for {} s", wishes.idle.as_secs()),
            &used,
            &format!("{:.0} ms without the start", millis(net)),
        );
        Ok(())
    }

    fn report(what: &str, used: &Used, more: &str) {
        let memory = used.peak_kib.map_or_else(String::new, |kib| {
            format!(", peak RSS {:.1} MiB", kib as f64 / 1024.0)
        });
        eprintln!(
            "{what:>20}: {:.0} ms of processor time{memory}; {more}",
            millis(used.cpu)
        );
    }

    fn millis(duration: Duration) -> f64 {
        duration.as_secs_f64() * 1000.0
    }

    /// What a client has used.
    struct Used {
        cpu: Duration,
        /// At its highest, where the system tells it of the program alone: a child's `ru_maxrss` counts its parent's too.
        peak_kib: Option<u64>,
    }

    /// A client's command line and its surroundings.
    struct Client {
        words: Vec<String>,
        variables: Vec<(String, String)>,
    }

    impl Client {
        fn new() -> Result<Self> {
            let words = match env::var(CLIENT_VARIABLE) {
                Ok(line) => shell_words::split(&line)?,
                Err(_) => {
                    // This program is target/release/deps/cli-….
                    let own = env::current_exe()?;
                    let folder = own.ancestors().nth(2).ok_or("no target folder")?;
                    let program = folder.join("sessiondeck-cli").display().to_string();
                    [&program, "connect", "{target}"]
                        .map(str::to_owned)
                        .to_vec()
                }
            };
            if words.is_empty() {
                return Err(format!("{CLIENT_VARIABLE} names no program").into());
            }
            Ok(Self {
                words,
                variables: Vec::new(),
            })
        }

        fn set_target(&mut self, target: &str) {
            for word in &mut self.words {
                *word = word.replace("{target}", target);
            }
        }

        /// The program, unless it is a path where nothing is.
        fn find(&self) -> Option<&str> {
            let program = self.words.first()?;
            (!program.contains('/') || fs::exists(program).unwrap_or(false)).then_some(program)
        }

        /// Starts it on a terminal of its own and waits for the shell's prompt.
        fn open(&self) -> Result<Session> {
            let pair = native_pty_system().openpty(PtySize {
                rows: 24,
                cols: 80,
                pixel_width: 0,
                pixel_height: 0,
            })?;
            let mut command = CommandBuilder::new(&self.words[0]);
            command.args(&self.words[1..]);
            for (name, value) in &self.variables {
                command.env(name, value);
            }
            let child = pair.slave.spawn_command(command)?;
            drop(pair.slave);
            let mut reader = pair.master.try_clone_reader()?;
            let (sender, output) = mpsc::channel();
            thread::spawn(move || {
                let mut buffer = vec![0; 64 * 1024];
                while let Ok(len @ 1..) = reader.read(&mut buffer) {
                    if sender.send(buffer[..len].to_vec()).is_err() {
                        break;
                    }
                }
            });
            let session = Session {
                writer: pair.master.take_writer()?,
                _master: pair.master,
                child,
                output,
            };
            session.until(&["$ ", "# "])?;
            Ok(session)
        }
    }

    /// A client with a session.
    struct Session {
        writer: Box<dyn Write + Send>,
        _master: Box<dyn portable_pty::MasterPty + Send>,
        child: Box<dyn portable_pty::Child + Send + Sync>,
        output: Receiver<Vec<u8>>,
    }

    impl Session {
        fn type_in(&mut self, text: &str) -> Result<()> {
            self.writer.write_all(text.as_bytes())?;
            Ok(self.writer.flush()?)
        }

        fn next(&self) -> Result<Vec<u8>> {
            match self.output.recv_timeout(PATIENCE) {
                Ok(bytes) => Ok(bytes),
                Err(RecvTimeoutError::Timeout) => Err("the client shows nothing more".into()),
                Err(RecvTimeoutError::Disconnected) => Err("the client has ended".into()),
            }
        }

        /// Waits until one of these is shown; gives the bytes until then.
        fn until(&self, texts: &[&str]) -> Result<usize> {
            // The end alone is looked at: searching all of it again would be what is measured.
            const TAIL: usize = 256;
            let mut tail = Vec::new();
            let mut bytes = 0;
            loop {
                let shown = self.next()?;
                bytes += shown.len();
                tail.extend_from_slice(&shown[shown.len().saturating_sub(TAIL)..]);
                tail.drain(..tail.len().saturating_sub(TAIL));
                let text = String::from_utf8_lossy(&tail);
                if texts.iter().any(|wanted| text.contains(wanted)) {
                    return Ok(bytes);
                }
            }
        }

        /// Has the shell run a command, waits for its end, and gives the bytes that were shown.
        fn run(&mut self, command: &str) -> Result<usize> {
            self.type_in(&format!("{command}; echo DO''NE\r"))?;
            self.until(&["DONE"])
        }

        /// Types one key after another and gives the time from each to its echo.
        fn type_keys(&mut self, keys: usize) -> Result<Vec<Duration>> {
            self.type_in("echo REA''DY; cat > /dev/null\r")?;
            self.until(&["READY\r\n"])?;
            let mut echoes = Vec::with_capacity(keys);
            for _ in 0..keys {
                thread::sleep(KEY_GAP);
                let typed = Instant::now();
                self.type_in("k")?;
                self.next()?;
                echoes.push(typed.elapsed());
            }
            // Ends `cat`.
            self.type_in("\x03")?;
            self.until(&["$ ", "# "])?;
            Ok(echoes)
        }

        /// Leaves the shell and gives what the client has used.
        fn end(mut self) -> Result<Used> {
            let peak_kib = self.child.process_id().and_then(peak_kib);
            self.type_in("stty echo; exit\r")?;
            // To the end of the terminal: a client that nobody reads cannot end.
            while self.next().is_ok() {}
            let child: &mut dyn portable_pty::Child = &mut *self.child;
            let child = child
                .downcast_mut::<std::process::Child>()
                .ok_or("the terminal's child is of another kind")?;
            let used = child.wait4()?;
            let cpu = used.rusage.utime + used.rusage.stime;
            Ok(Used { cpu, peak_kib })
        }
    }

    /// The most memory a running program has had.
    fn peak_kib(id: u32) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().strip_suffix("kB")?.trim().parse().ok()
    }

    fn without_waits() -> Config {
        let mut config = Config::default();
        config.shell = Shell::new(["/bin/sh"]);
        config.agent.first_output_delay = Duration::ZERO;
        config.agent.chunk_pause = None;
        config
    }

    fn variables(simulator: &Simulator) -> Vec<(String, String)> {
        let own = simulator.environment().into_iter();
        let own = own.map(|(name, value)| (name, value.expose_secret().to_owned()));
        let nowhere = "/nonexistent/sessiondeck".to_owned();
        let more = [
            ("AWS_ENDPOINT_URL_SSMMESSAGES", simulator.endpoint_url()),
            ("AWS_CONFIG_FILE", nowhere.clone()),
            ("AWS_SHARED_CREDENTIALS_FILE", nowhere.clone()),
            ("SESSIONDECK_CONFIG_DIR", nowhere),
        ];
        let all = own.chain(more);
        all.map(|(name, value)| (name.to_owned(), value)).collect()
    }
}
