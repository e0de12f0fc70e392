//! A shell or command of this machine, on a pty or on pipes. Threads do the blocking reads, writes and waits, and talk
//! to the agent's task through bounded channels. Ending it ends everything it started and all of its threads; dropping
//! it does the same without waiting.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use portable_pty::{CommandBuilder, MasterPty, PtySize};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::kill::Leader;

/// What to run.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    pub(crate) argv: Vec<String>,
    pub(crate) cwd: Option<PathBuf>,
    pub(crate) env: BTreeMap<OsString, OsString>,
}

/// A piece of output.
#[derive(Debug)]
pub(crate) enum Piece {
    Stdout(Bytes),
    Stderr(Bytes),
}

/// A running process. `output` ends when nobody can write to it any more.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    pub(crate) output: mpsc::Receiver<Piece>,
    /// Towards the pty; a process on pipes has none.
    pub(crate) input: Option<mpsc::Sender<Bytes>>,
    /// Resolves to the exit code: 128 and the number of the signal for one that was killed.
    pub(crate) exited: oneshot::Receiver<i32>,
    leader: Leader,
    terminal: Option<Terminal>,
    /// Lets the process be waited for; until then its id stays its own.
    reap: Option<std::sync::mpsc::Sender<()>>,
    /// Ends when the last thread has.
    threads: mpsc::Receiver<()>,
}

struct Terminal {
    master: Box<dyn MasterPty + Send>,
    #[cfg(unix)]
    name: Option<PathBuf>,
}

impl std::fmt::Debug for Terminal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Terminal")
    }
}

/// Pieces of output, and of input, that may wait.
const QUEUE: usize = 16;
const READ_LEN: usize = 4096;
/// Time for processes to go when their terminal has gone, before they are killed.
const HANG_UP_GRACE: Duration = Duration::from_millis(150);
/// Time for threads to end by themselves once all processes are dead.
const THREAD_GRACE: Duration = Duration::from_millis(300);

/// Held from the opening of descriptors to the end of `fork`: a child must not inherit those of another that is being
/// started, or that one's terminal would stay open for as long as both live.
static SPAWNING: Mutex<()> = Mutex::new(());

/// Starts a command on a new pty of this size. Blocks for as long as that takes.
///
/// # Errors
///
/// The text for the user, as the agent words it.
pub(crate) fn start_on_pty(command: &Command, size: (u16, u16)) -> Result<Process, String> {
    let failed = |what: &str, error: &dyn std::fmt::Display| {
        format!("Unable to start command: {what}: {error}")
    };
    let (program, arguments) = command
        .argv
        .split_first()
        .ok_or("Unable to start command: no command")?;
    let mut builder = CommandBuilder::new(program);
    builder.args(arguments);
    builder.env_clear();
    for (name, value) in &command.env {
        builder.env(name, value);
    }
    if let Some(cwd) = &command.cwd {
        builder.cwd(cwd);
    }

    let spawning = SPAWNING.lock().unwrap_or_else(PoisonError::into_inner);
    let (cols, rows) = size;
    let size = PtySize {
        rows,
        cols,
        pixel_width: 0,
        pixel_height: 0,
    };
    let pair = portable_pty::native_pty_system()
        .openpty(size)
        .map_err(|error| failed("Failed to start pty", &error))?;
    let reader = pair
        .master
        .try_clone_reader()
        .map_err(|error| failed("Failed to start pty", &error))?;
    let writer = pair
        .master
        .take_writer()
        .map_err(|error| failed("Failed to start pty", &error))?;
    let child = pair
        .slave
        .spawn_command(builder)
        .map_err(|error| failed("Failed to start pty", &error))?;
    drop(pair.slave);
    drop(spawning);

    let terminal = Terminal {
        #[cfg(unix)]
        name: pair.master.tty_name(),
        master: pair.master,
    };
    let pid = child.process_id().unwrap_or_default();
    let (done, threads) = mpsc::channel(1);
    let (output_tx, output) = mpsc::channel(QUEUE);
    let (input, input_rx) = mpsc::channel(QUEUE);
    spawn(done.clone(), "pty-read", move || {
        read(reader, &output_tx, Piece::Stdout)
    });
    spawn(done.clone(), "pty-write", move || write(writer, input_rx));
    let (exited, reap) = spawn_waiter(done, pid, child);
    Ok(Process {
        pid,
        output,
        input: Some(input),
        exited,
        leader: Leader::new(pid),
        terminal: Some(terminal),
        reap: Some(reap),
        threads,
    })
}

/// Starts a command without a pty and without input. Its standard error goes with standard output unless `separate`.
///
/// # Errors
///
/// The text for the user.
pub(crate) fn start_on_pipes(command: &Command, separate: bool) -> Result<Process, String> {
    let failed = |error: io::Error| format!("Unable to start command: {error}");
    let (program, arguments) = command
        .argv
        .split_first()
        .ok_or("Unable to start command: no command")?;
    let mut builder = std::process::Command::new(program);
    builder
        .args(arguments)
        .env_clear()
        .envs(&command.env)
        .stdin(std::process::Stdio::null());
    if let Some(cwd) = &command.cwd {
        builder.current_dir(cwd);
    }
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut builder, 0);

    let spawning = SPAWNING.lock().unwrap_or_else(PoisonError::into_inner);
    let (stdout, stdout_writer) = io::pipe().map_err(failed)?;
    let stderr = if separate {
        let (stderr, writer) = io::pipe().map_err(failed)?;
        builder.stderr(writer);
        Some(stderr)
    } else {
        builder.stderr(stdout_writer.try_clone().map_err(failed)?);
        None
    };
    builder.stdout(stdout_writer);
    let child = builder.spawn().map_err(failed)?;
    // It holds our ends of the pipes' other sides.
    drop(builder);
    drop(spawning);

    let pid = child.id();
    let (done, threads) = mpsc::channel(1);
    let (output_tx, output) = mpsc::channel(QUEUE);
    if let Some(stderr) = stderr {
        let output_tx = output_tx.clone();
        spawn(done.clone(), "stderr-read", move || {
            read(stderr, &output_tx, Piece::Stderr)
        });
    }
    spawn(done.clone(), "stdout-read", move || {
        read(stdout, &output_tx, Piece::Stdout)
    });
    let (exited, reap) = spawn_waiter(done, pid, Box::new(child));
    Ok(Process {
        pid,
        output,
        input: None,
        exited,
        leader: Leader::new(pid),
        terminal: None,
        reap: Some(reap),
        threads,
    })
}

impl Process {
    /// Tells the terminal its size, and with it the programs in it. Whether there is a terminal and it took the size.
    pub(crate) fn resize(&self, (cols, rows): (u16, u16)) -> bool {
        let size = PtySize {
            rows,
            cols,
            pixel_width: 0,
            pixel_height: 0,
        };
        self.terminal
            .as_ref()
            .is_some_and(|terminal| terminal.master.resize(size).is_ok())
    }

    /// As Ctrl-C does at a terminal.
    pub(crate) fn interrupt(&self) {
        self.leader.interrupt();
    }

    /// As Ctrl-\ does at a terminal.
    pub(crate) fn quit(&self) {
        self.leader.quit();
    }

    /// Ends everything that is left of it, and waits until processes and threads are gone. Whether all threads are.
    pub(crate) async fn end(mut self) -> bool {
        self.leader.hang_up();
        if !self.exited.is_terminated() {
            let _exited = timeout(HANG_UP_GRACE, &mut self.exited).await;
        }
        let leader = self.leader;
        if let Err(error) = tokio::task::spawn_blocking(move || leader.kill()).await {
            tracing::error!(%error, "killing failed");
        }
        // Everything is dead now; nothing may be signalled once the id is given up.
        let reap = self.reap.take();
        drop(reap);
        self.input = None;
        self.output.close();
        while self.output.try_recv().is_ok() {}
        if timeout(THREAD_GRACE, self.threads.recv()).await.is_ok() {
            return true;
        }
        // A process that left the terminal's session still has the terminal open.
        self.wake_threads();
        self.terminal = None;
        let ended = timeout(THREAD_GRACE, self.threads.recv()).await.is_ok();
        if !ended {
            tracing::warn!(pid = self.pid, "a thread of an ended process still runs");
        }
        ended
    }

    /// Frees threads that are blocked on the terminal: output wakes the reader, emptied queues free the writer.
    #[cfg(unix)]
    fn wake_threads(&self) {
        use rustix::fs::{Mode, OFlags};
        use rustix::termios::{Action, QueueSelector};
        let Some(name) = self
            .terminal
            .as_ref()
            .and_then(|terminal| terminal.name.as_deref())
        else {
            return;
        };
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let Ok(slave) = rustix::fs::open(name, flags, Mode::empty()) else {
            return;
        };
        // Each may fail on a terminal that has just gone, which is what this is for.
        let _started = rustix::termios::tcflow(&slave, Action::OOn);
        let _flushed = rustix::termios::tcflush(&slave, QueueSelector::IOFlush);
        let _written = rustix::io::write(&slave, b"\n");
    }

    #[cfg(not(unix))]
    fn wake_threads(&self) {}
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.reap.take().is_some() {
            // Not ended in order: the task was dropped with its runtime. The id is still the process's own, because the
            // thread that waits for it gives it up only after this.
            self.leader.kill();
        }
    }
}

fn spawn(done: mpsc::Sender<()>, name: &str, run: impl FnOnce() + Send + 'static) {
    let named = thread::Builder::new().name(name.to_owned()).spawn(move || {
        run();
        drop(done);
    });
    if let Err(error) = named {
        // What it would have served ends at once, because its channel's end is dropped with the closure.
        tracing::error!(%error, name, "cannot start a thread");
    }
}

fn read(mut reader: impl Read, output: &mpsc::Sender<Piece>, piece: fn(Bytes) -> Piece) {
    let mut buffer = [0; READ_LEN];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return,
            Ok(len) => {
                if output
                    .blocking_send(piece(Bytes::copy_from_slice(&buffer[..len])))
                    .is_err()
                {
                    return;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                tracing::debug!(%error, "output ended");
                return;
            }
        }
    }
}

fn write(mut writer: impl Write, mut input: mpsc::Receiver<Bytes>) {
    while let Some(bytes) = input.blocking_recv() {
        if let Err(error) = writer.write_all(&bytes).and_then(|()| writer.flush()) {
            tracing::debug!(%error, "input ended");
            return;
        }
    }
}

/// Waits for the process on a thread, in two steps: first that it has exited, then, when told, to give up its id.
fn spawn_waiter(
    done: mpsc::Sender<()>,
    pid: u32,
    mut child: Box<dyn portable_pty::Child + Send + Sync>,
) -> (oneshot::Receiver<i32>, std::sync::mpsc::Sender<()>) {
    let (exited_tx, exited) = oneshot::channel();
    let (reap, reap_rx) = std::sync::mpsc::channel::<()>();
    spawn(done, "child-wait", move || {
        let early = wait_without_reaping(pid);
        if let Some(code) = early {
            let _receiver_gone = exited_tx.send(code);
            // Fails when the other end is dropped, which is the word.
            let _dropped = reap_rx.recv();
            let _status = child.wait();
        } else {
            let code = child
                .wait()
                .map_or(1, |status| i32::try_from(status.exit_code()).unwrap_or(1));
            let _receiver_gone = exited_tx.send(code);
        }
    });
    (exited, reap)
}

#[cfg(unix)]
fn wait_without_reaping(pid: u32) -> Option<i32> {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let pid = Pid::from_raw(i32::try_from(pid).ok()?)?;
    loop {
        match waitid(
            WaitId::Pid(pid),
            WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
        ) {
            Ok(status) => {
                let status = status?;
                let killed = || status.terminating_signal().map(|signal| 128 + signal);
                return Some(status.exit_status().or_else(killed).unwrap_or(1));
            }
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return None,
        }
    }
}

#[cfg(not(unix))]
fn wait_without_reaping(_pid: u32) -> Option<i32> {
    None
}

#[cfg(all(test, unix))]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn command(argv: &[&str]) -> Command {
        Command {
            argv: argv.iter().map(|word| (*word).to_owned()).collect(),
            cwd: None,
            env: super::super::environment::variables(&BTreeMap::new()),
        }
    }

    async fn text(process: &mut Process) -> String {
        let mut bytes = Vec::new();
        while let Some(Piece::Stdout(piece) | Piece::Stderr(piece)) = process.output.recv().await {
            bytes.extend_from_slice(&piece);
        }
        String::from_utf8(bytes).unwrap()
    }

    fn is_alive(pid: u32) -> bool {
        std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z"))
    }

    #[tokio::test]
    async fn a_command_on_pipes_gives_output_and_exit_code() {
        for (separate, script, expected, code) in [
            (false, "echo out; echo err >&2; exit 3", "out\nerr\n", 3),
            (true, "echo out; kill -9 $$", "out\n", 137),
        ] {
            let mut process = start_on_pipes(&command(&["sh", "-c", script]), separate).unwrap();
            assert_eq!(text(&mut process).await, expected);
            assert_eq!((&mut process.exited).await, Ok(code));
            process.end().await;
        }
    }

    #[tokio::test]
    async fn a_pty_has_the_size_it_was_started_with() {
        let mut process = start_on_pty(&command(&["stty", "size"]), (123, 45)).unwrap();
        assert_eq!(text(&mut process).await, "45 123\r\n");
        assert_eq!((&mut process.exited).await, Ok(0));
        process.end().await;
    }

    #[tokio::test]
    async fn what_cannot_be_started_is_said() {
        let error = start_on_pty(&command(&["/no/such/shell"]), (80, 24)).unwrap_err();
        assert!(
            error.starts_with("Unable to start command: Failed to start pty: "),
            "{error}"
        );
        let error = start_on_pipes(&command(&["/no/such/command"]), false).unwrap_err();
        assert!(error.starts_with("Unable to start command: "), "{error}");
    }

    #[tokio::test]
    async fn ending_ends_jobs_that_ignore_the_hang_up() {
        let script = "set -m; trap '' HUP; (trap '' HUP; sleep 1000) & echo $!; sleep 1000";
        let mut process = start_on_pty(&command(&["sh", "-c", script]), (80, 24)).unwrap();
        let Some(Piece::Stdout(first)) = process.output.recv().await else {
            panic!("no output")
        };
        let job: u32 = std::str::from_utf8(&first).unwrap().trim().parse().unwrap();
        let shell = process.pid;
        assert!(is_alive(job) && is_alive(shell));
        process.end().await;
        assert!(!is_alive(job) && !is_alive(shell));
    }

    #[tokio::test]
    async fn ending_does_not_wait_for_one_that_left_the_session() {
        // setsid gives the sleep a session of its own; it keeps the terminal open.
        let script = "setsid sh -c 'echo $$; exec sleep 1000' & wait";
        let mut process = start_on_pty(&command(&["sh", "-c", script]), (80, 24)).unwrap();
        let Some(Piece::Stdout(first)) = process.output.recv().await else {
            panic!("no output")
        };
        let escaped: u32 = std::str::from_utf8(&first).unwrap().trim().parse().unwrap();
        let ended = timeout(Duration::from_secs(5), process.end())
            .await
            .unwrap();
        assert!(ended, "a thread is left");
        assert!(is_alive(escaped), "or this test shows nothing");
        Leader::new(escaped).kill();
        assert!(!is_alive(escaped));
    }

    #[test]
    fn dropping_kills_too() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let pid = runtime.block_on(async {
            let process = start_on_pty(&command(&["sleep", "1000"]), (80, 24)).unwrap();
            process.pid
        });
        assert!(!is_alive(pid));
    }
}
