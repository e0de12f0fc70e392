//! The simulator as a program: prints the environment of a client in a form that a shell evaluates, and serves until it
//! is told to stop. For other clients of Session Manager, and for trying things by hand.

mod options;

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use secrecy::ExposeSecret as _;
use simulator::{Config, Simulator};

use self::options::{Parsed, parse};

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
    runtime.block_on(run(options.config, options.ca_file.as_deref()))
}

async fn run(config: Config, ca_file: Option<&Path>) -> ExitCode {
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
    let mut lines = environment(&simulator);
    if let (Some(path), Some(ca_pem)) = (ca_file, simulator.ca_pem()) {
        // Clients may run in another directory.
        let written = std::fs::write(path, ca_pem).and_then(|()| std::path::absolute(path));
        match written {
            Ok(path) => lines.push_str(&format!(
                "export AWS_CA_BUNDLE={};\n",
                quoted(&path.to_string_lossy())
            )),
            Err(error) => {
                complain(&format!("cannot write {}: {error}", path.display()));
                simulator.shutdown().await;
                return ExitCode::FAILURE;
            }
        }
    }
    lines.push_str(&format!(
        "export SIMULATOR_TARGET={};\n",
        quoted(simulator.target())
    ));
    let printed = print(&lines);
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
mod tests {
    use super::*;

    #[test]
    fn values_are_single_words_of_a_shell() {
        assert_eq!(quoted("http://127.0.0.1:80"), "http://127.0.0.1:80");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("a b'$(c)"), r"'a b'\''$(c)'");
    }
}
