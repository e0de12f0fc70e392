//! Runs the program with the simulator's environment, in pipes or on a pty.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use secrecy::ExposeSecret as _;
use simulator::config::Shell;
use simulator::{Config, SessionSnapshot, SessionStatus, Simulator};
use tokio::time::{sleep, timeout};

const PROGRAM: &str = env!("CARGO_BIN_EXE_sessiondeck-cli");
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(20);

/// A simulator's configuration with a shell that reads no start-up files.
pub(crate) fn shell() -> Config {
    let mut config = Config::default();
    config.shell = Shell::new(["sh"]);
    config
}

fn variables(simulator: &Simulator, config_dir: &Path) -> Vec<(String, String)> {
    let mut variables: Vec<(String, String)> = simulator
        .environment()
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.expose_secret().to_owned()))
        .collect();
    let nowhere = "/nonexistent/aws".to_owned();
    variables.extend([
        ("AWS_CONFIG_FILE".to_owned(), nowhere.clone()),
        ("AWS_SHARED_CREDENTIALS_FILE".to_owned(), nowhere),
        (
            "AWS_ENDPOINT_URL_SSMMESSAGES".to_owned(),
            simulator.endpoint_url(),
        ),
        (
            "SESSIONDECK_CONFIG_DIR".to_owned(),
            config_dir.display().to_string(),
        ),
        ("TERM".to_owned(), "xterm".to_owned()),
    ]);
    variables
}

fn command(simulator: &Simulator, arguments: &[&str], config_dir: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .args(arguments)
        .env_clear()
        .envs(variables(simulator, config_dir))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn fed(mut command: Command, input: &[u8]) -> Child {
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child
}

/// Starts the program in pipes, with this input and then its end.
pub(crate) fn spawn(simulator: &Simulator, arguments: &[&str], input: &[u8]) -> Child {
    fed(
        command(simulator, arguments, Path::new("/nonexistent/sessiondeck")),
        input,
    )
}

/// The same with these variables changed, or taken away.
#[cfg(target_os = "linux")]
pub(crate) fn spawn_with(
    simulator: &Simulator,
    arguments: &[&str],
    input: &[u8],
    changes: &[(&str, Option<String>)],
) -> Child {
    let mut command = command(simulator, arguments, Path::new("/nonexistent/sessiondeck"));
    for (name, value) in changes {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    fed(command, input)
}

/// Waits for its end.
pub(crate) async fn wait(child: Child) -> Output {
    let id = child.id();
    let ended = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap());
    match timeout(PATIENCE, ended).await {
        Ok(output) => output.unwrap(),
        Err(_) => {
            kill_process(Pid::from_raw(id as i32).unwrap(), Signal::KILL).unwrap();
            panic!("the program did not end");
        }
    }
}

/// Runs the program in pipes to its end.
pub(crate) async fn piped(simulator: &Simulator, arguments: &[&str], input: &[u8]) -> Output {
    wait(spawn(simulator, arguments, input)).await
}

/// The same, with saved connections.
pub(crate) async fn piped_with(
    simulator: &Simulator,
    arguments: &[&str],
    input: &[u8],
    config_dir: &Path,
) -> Output {
    wait(fed(command(simulator, arguments, config_dir), input)).await
}

/// Waits for a session that is as wanted.
pub(crate) async fn session(simulator: &Simulator, wanted: impl Fn(&SessionSnapshot) -> bool) {
    let found = async {
        while !simulator.sessions().iter().any(&wanted) {
            sleep(LOOK).await;
        }
    };
    timeout(PATIENCE, found)
        .await
        .expect("no session came to be so");
}

/// Waits until every session has ended at the service.
pub(crate) async fn ended(simulator: &Simulator) {
    session(simulator, |session| {
        session.status == SessionStatus::Terminated
    })
    .await;
}

/// How a session stands.
pub(crate) fn status_of(simulator: &Simulator, id: &str) -> SessionStatus {
    simulator.session(id).unwrap().status
}

/// The program on a terminal.
pub(crate) struct OnPty {
    master: Box<dyn MasterPty + Send>,
    /// Keeps the terminal, and its modes, beyond the program's end.
    _slave: Box<dyn portable_pty::SlavePty + Send>,
    writer: Box<dyn std::io::Write + Send>,
    child: Box<dyn portable_pty::Child + Send + Sync>,
    shown: Arc<Mutex<Vec<u8>>>,
    looked_at: usize,
}

impl OnPty {
    pub(crate) fn start(
        simulator: &Simulator,
        arguments: &[&str],
        (rows, cols): (u16, u16),
    ) -> Self {
        let size = PtySize {
            rows,
            cols,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(PROGRAM);
        command.args(arguments);
        command.env_clear();
        for (name, value) in variables(simulator, Path::new("/nonexistent/sessiondeck")) {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let shown = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&shown);
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(len @ 1..) = reader.read(&mut buffer) {
                sink.lock().unwrap().extend_from_slice(&buffer[..len]);
            }
        });
        let writer = pair.master.take_writer().unwrap();
        Self {
            master: pair.master,
            _slave: pair.slave,
            writer,
            child,
            shown,
            looked_at: 0,
        }
    }

    pub(crate) fn type_in(&mut self, text: &str) {
        self.writer.write_all(text.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().unwrap()).into_owned()
    }

    /// Waits until this is shown, after what was waited for before.
    pub(crate) async fn expect(&mut self, text: &str) {
        let shown = timeout(PATIENCE, async {
            loop {
                if let Some(at) = self.text()[self.looked_at..].find(text) {
                    return self.looked_at + at + text.len();
                }
                sleep(LOOK).await;
            }
        });
        match shown.await {
            Ok(end) => self.looked_at = end,
            Err(_) => panic!(
                "{text:?} is not shown; the end of what is: {:?}",
                self.text()[self.looked_at..]
                    .chars()
                    .rev()
                    .take(400)
                    .collect::<Vec<_>>()
                    .into_iter()
                    .rev()
                    .collect::<String>()
            ),
        }
    }

    pub(crate) fn resize(&self, rows: u16, cols: u16) {
        let size = PtySize {
            rows,
            cols,
            pixel_width: 0,
            pixel_height: 0,
        };
        self.master.resize(size).unwrap();
    }

    /// The terminal's settings, in a form to compare.
    pub(crate) fn modes(&self) -> String {
        let terminal = std::fs::File::open(self.master.tty_name().unwrap()).unwrap();
        format!("{:?}", rustix::termios::tcgetattr(terminal).unwrap())
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    pub(crate) fn kill(&self, signal: Signal) {
        kill_process(Pid::from_raw(self.id() as i32).unwrap(), signal).unwrap();
    }

    /// Waits for the program's end and gives its status.
    pub(crate) async fn exit(&mut self) -> u32 {
        let ended = timeout(PATIENCE, async {
            loop {
                if let Some(status) = self.child.try_wait().unwrap() {
                    return status.exit_code();
                }
                sleep(LOOK).await;
            }
        });
        match ended.await {
            Ok(code) => {
                // The last output is on its way from the terminal.
                sleep(Duration::from_millis(100)).await;
                code
            }
            Err(_) => {
                self.child.kill().unwrap();
                panic!("the program did not end; shown: {}", self.text());
            }
        }
    }
}
