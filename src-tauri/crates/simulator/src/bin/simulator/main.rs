//! The simulator as a program: prints the environment of a client in a form that a shell evaluates, and serves until it
//! is told to stop. For other clients of Session Manager, and for trying things by hand.

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use secrecy::ExposeSecret as _;
use simulator::{Config, Simulator, config};

const HELP: &str = "\
Session Manager on 127.0.0.1, with shells of this machine behind it.

Usage: simulator [OPTIONS] [-- SHELL [ARGUMENT]...]

Prints the environment variables of a client as shell commands, then serves until
Ctrl-C or SIGTERM:

    simulator > environment &
    . ./environment
    aws ssm start-session --target \"$SIMULATOR_TARGET\"

Options:
  --port <PORT>          Listen on this port (default: a free one)
  --region <REGION>      The region to play (default: eu-west-1)
  --delay <MS>           Wait before the first output (default: 1000, as the real agent)
  --fast                 No artificial waits: no delay, no pause between chunks
  --idle-timeout <MIN>   End sessions after this long without data (default: 20; 0 never)
  --accept-unsigned      Accept API calls and connections without a signature
  --log <LEVEL>          error, warn, info, debug or trace (default: warn), to standard error
  -h, --help             Print this
  -V, --version          Print the version

The shell is $SHELL unless one is given. Anybody who has the printed keys can run
commands as you: they are new in every run.
";

struct Options {
    config: Config,
    log: tracing::Level,
}

enum Parsed {
    Run(Box<Options>),
    Print(&'static str),
}

fn main() -> ExitCode {
    let options = match parse(std::env::args_os().skip(1)) {
        Ok(Parsed::Run(options)) => *options,
        Ok(Parsed::Print(text)) => return print(text),
        Err(error) => {
            complain(&format!("{error}\nTry --help."));
            return ExitCode::from(2);
        }
    };
    tracing_subscriber::fmt()
        .with_max_level(options.log)
        .with_writer(std::io::stderr)
        .with_target(false)
        .init();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("cannot start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(run(options.config))
}

async fn run(config: Config) -> ExitCode {
    // Before anything is printed: whoever reads the output may stop us at once.
    let stop = match Stop::listen() {
        Ok(stop) => stop,
        Err(error) => {
            complain(&format!("cannot listen for signals: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let simulator = match Simulator::start(config).await {
        Ok(simulator) => simulator,
        Err(error) => {
            let source = std::error::Error::source(&error)
                .map(|source| format!(": {source}"))
                .unwrap_or_default();
            complain(&format!("{error}{source}"));
            return ExitCode::FAILURE;
        }
    };
    let printed = print(&environment(&simulator));
    if printed != ExitCode::SUCCESS {
        simulator.shutdown().await;
        return printed;
    }
    stop.wait().await;
    simulator.shutdown().await;
    ExitCode::SUCCESS
}

/// The variables as commands of a POSIX shell. What a client would prefer to them is taken away.
fn environment(simulator: &Simulator) -> String {
    let mut lines = String::from("unset AWS_PROFILE AWS_SESSION_TOKEN AWS_SECURITY_TOKEN;\n");
    for (name, value) in simulator.environment() {
        lines.push_str(&format!(
            "export {name}={};\n",
            quoted(value.expose_secret())
        ));
    }
    lines.push_str(&format!(
        "export SIMULATOR_TARGET={};\n",
        quoted(simulator.target())
    ));
    lines
}

/// As one word of a POSIX shell.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.:/=+@,".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Parsed, lexopt::Error> {
    use lexopt::prelude::*;
    let mut config = Config::with_failing_targets();
    config.agent = config::AgentBehaviour::faithful();
    config.idle_timeout = Some(Duration::from_secs(20 * 60));
    let mut log = tracing::Level::WARN;
    let mut shell = Vec::new();
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("port") => config.port = parser.value()?.parse()?,
            Long("region") => config.region = parser.value()?.parse()?,
            Long("delay") => {
                config.agent.first_output_delay = Duration::from_millis(parser.value()?.parse()?)
            }
            Long("fast") => config.agent = config::AgentBehaviour::default(),
            Long("idle-timeout") => {
                let minutes: u64 = parser.value()?.parse()?;
                config.idle_timeout =
                    (minutes > 0).then(|| Duration::from_secs(minutes.saturating_mul(60)));
            }
            Long("accept-unsigned") => config.require_signature = false,
            Long("log") => log = parser.value()?.parse()?,
            Short('h') | Long("help") => return Ok(Parsed::Print(HELP)),
            Short('V') | Long("version") => {
                return Ok(Parsed::Print(concat!(
                    "simulator ",
                    env!("CARGO_PKG_VERSION"),
                    "\n"
                )));
            }
            Value(word) => shell.push(word.string()?),
            Short(_) | Long(_) => return Err(argument.unexpected()),
        }
    }
    if !shell.is_empty() {
        config.shell = config::Shell::new(shell);
    }
    Ok(Parsed::Run(Box::new(Options { config, log })))
}

/// Fails when nobody reads, as with `simulator | head -1`.
fn print(text: &str) -> ExitCode {
    let mut stdout = std::io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn complain(text: &str) {
    // Nobody to tell when this fails.
    let _written = writeln!(std::io::stderr(), "simulator: {text}");
}

/// Ctrl-C, and what a service manager or a test sends.
struct Stop {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    hang_up: tokio::signal::unix::Signal,
}

impl Stop {
    #[cfg(unix)]
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    #[cfg(not(unix))]
    fn listen() -> std::io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(unix)]
    async fn wait(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }

    #[cfg(not(unix))]
    async fn wait(self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn options(arguments: &[&str]) -> Result<Options, String> {
        match parse(arguments.iter().map(Into::into)) {
            Ok(Parsed::Run(options)) => Ok(*options),
            Ok(Parsed::Print(text)) => Err(text.to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn options_are_read() {
        let options = options(&[
            "--port",
            "1234",
            "--delay=5",
            "--accept-unsigned",
            "--",
            "bash",
            "-l",
        ])
        .unwrap();
        assert_eq!(options.config.port, 1234);
        assert_eq!(
            options.config.agent.first_output_delay,
            Duration::from_millis(5)
        );
        assert!(!options.config.require_signature);
        assert_eq!(options.config.shell.argv, ["bash", "-l"]);
    }

    #[test]
    fn the_program_waits_like_the_real_agent_unless_told_otherwise() {
        let faithful = options(&[]).unwrap().config;
        assert_eq!(faithful.agent.first_output_delay, Duration::from_secs(1));
        assert!(faithful.require_signature);
        assert_eq!(
            options(&["--fast"])
                .unwrap()
                .config
                .agent
                .first_output_delay,
            Duration::ZERO
        );
        assert_eq!(
            options(&["--idle-timeout", "0"])
                .unwrap()
                .config
                .idle_timeout,
            None
        );
    }

    #[test]
    fn what_is_wrong_is_said() {
        for wrong in [
            &["--port"][..],
            &["--port", "x"],
            &["--bogus"],
            &["-x"],
            &["--log", "loud"],
        ] {
            assert!(options(wrong).is_err(), "{wrong:?}");
        }
        assert!(options(&["--help"]).is_err_and(|text| text.contains("Usage")));
    }

    #[test]
    fn values_are_single_words_of_a_shell() {
        assert_eq!(quoted("http://127.0.0.1:80"), "http://127.0.0.1:80");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("a b'$(c)"), r"'a b'\''$(c)'");
    }
}
