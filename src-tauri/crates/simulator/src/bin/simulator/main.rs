//! The simulator as a program: prints the environment of a client in a form that a shell evaluates, and serves until it
//! is told to stop. For other clients of Session Manager, and for trying things by hand.

mod options;

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use secrecy::{ExposeSecret as _, SecretString};
use simulator::Simulator;

use self::options::{Options, Parsed, parse};

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
    runtime.block_on(run(options))
}

async fn run(options: Options) -> ExitCode {
    // Before anything is printed: whoever reads the output may stop us at once.
    let stop = match Stop::listen() {
        Ok(stop) => stop,
        Err(error) => {
            complain(&format!("cannot listen for signals: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let simulator = match Simulator::start(options.config).await {
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
    let ca_pem = simulator.ca_pem().map(SecretString::from);
    let profiles = Some(simulator.config_file());
    for (name, path, text) in [
        ("AWS_CA_BUNDLE", options.ca_file, ca_pem),
        ("AWS_CONFIG_FILE", options.config_file, profiles),
    ] {
        let (Some(path), Some(text)) = (path, text) else {
            continue;
        };
        // Clients may run in another directory.
        match write(&path, &text).and_then(|()| std::path::absolute(&path)) {
            Ok(path) => lines.push_str(&export(name, &path.to_string_lossy())),
            Err(error) => {
                complain(&format!("cannot write {}: {error}", path.display()));
                simulator.shutdown().await;
                return ExitCode::FAILURE;
            }
        }
    }
    if simulator.has_people() {
        lines.push_str(&export("SIMULATOR_START_URL", &simulator.start_url()));
    }
    lines.push_str(&export("SIMULATOR_TARGET", simulator.target()));
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
        lines.push_str(&export(name, value.expose_secret()));
    }
    lines
}

fn export(name: &str, value: &str) -> String {
    format!("export {name}={};\n", quoted(value))
}

/// Writes a file for its owner only. One that is there keeps the rights it has.
fn write(path: &Path, text: &SecretString) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.expose_secret().as_bytes())
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
