//! Standard input, output and error, each read or written by a thread of its own.
//!
//! A terminal or pipe that does not move must not keep a session from answering its peer. Threads, because a standard
//! stream made non-blocking would be so for every program that shares it. The reader cannot be woken out of a read: it
//! ends with the program.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read, Write};
use std::sync::Arc;
use std::sync::mpsc as blocking;
use std::thread;

use bytes::Bytes;
use engine::SessionHandle;
use tokio::sync::{mpsc, oneshot};

use crate::terminal;

/// The most that one read takes, and how many reads wait for the session.
const READ_BYTES: usize = 16 * 1024;
const READS_KEPT: usize = 2;

/// The status of a program whose reader has left, as in `| head -1`: what the system's own way, SIGPIPE, would give.
pub(crate) const NO_READER: u8 = 128 + 13;

/// Before every line of this program's own.
const NAME: &str = "sessiondeck-cli";

/// Begins to read standard input; the receiver ends with it.
pub(crate) fn read_input() -> io::Result<mpsc::Receiver<Bytes>> {
    let (sender, receiver) = mpsc::channel(READS_KEPT);
    let mut stdin = own_stdin()?;
    thread::Builder::new()
        .name("stdin".to_owned())
        .spawn(move || {
            let mut buffer = vec![0; READ_BYTES];
            loop {
                match stdin.read(&mut buffer) {
                    Ok(0) => break,
                    Ok(len) => {
                        let read = Bytes::copy_from_slice(&buffer[..len]);
                        if sender.blocking_send(read).is_err() {
                            break;
                        }
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        terminal::wait_until_ready(&stdin, false);
                    }
                    // A terminal that is gone reads so.
                    Err(_) => break,
                }
            }
        })?;
    Ok(receiver)
}

/// What is to be written, in order.
enum Piece {
    Output(Bytes),
    Stderr(Bytes),
    /// A line of this program's own.
    Line(String),
}

/// The way to standard output and error.
pub(crate) struct Writer {
    /// Until nothing more will come.
    pieces: Option<blocking::Sender<Piece>>,
    /// Resolves when everything is written, or with what went wrong.
    pub(crate) done: oneshot::Receiver<io::Result<()>>,
}

impl Writer {
    /// Begins to write; what is written is granted to the session as credit.
    pub(crate) fn start(session: Arc<SessionHandle>) -> io::Result<Self> {
        let (pieces, receiver) = blocking::channel();
        let (sender, done) = oneshot::channel();
        let (stdout, stderr) = (own_stdout()?, own_stderr()?);
        thread::Builder::new()
            .name("stdout".to_owned())
            .spawn(move || {
                // Nobody waits for the answer where the program has to end at once.
                let _told = sender.send(write(&receiver, &session, stdout, stderr));
            })?;
        Ok(Self {
            pieces: Some(pieces),
            done,
        })
    }

    pub(crate) fn output(&self, bytes: Bytes) {
        self.send(Piece::Output(bytes));
    }

    pub(crate) fn stderr(&self, bytes: Bytes) {
        self.send(Piece::Stderr(bytes));
    }

    pub(crate) fn line(&self, line: impl Into<String>) {
        self.send(Piece::Line(line.into()));
    }

    /// Nothing more will come.
    pub(crate) fn finish(&mut self) -> &mut oneshot::Receiver<io::Result<()>> {
        self.pieces = None;
        &mut self.done
    }

    fn send(&self, piece: Piece) {
        if let Some(pieces) = &self.pieces {
            // Fails only after a failed write, which `done` tells.
            let _sent = pieces.send(piece);
        }
    }
}

fn write(
    pieces: &blocking::Receiver<Piece>,
    session: &SessionHandle,
    mut stdout: File,
    mut stderr: File,
) -> io::Result<()> {
    while let Ok(piece) = pieces.recv() {
        match piece {
            Piece::Output(bytes) => {
                write_all(&mut stdout, &bytes)?;
                session.grant_credit(bytes.len());
            }
            Piece::Stderr(bytes) => {
                // Without a reader it is lost, as it is for every program.
                let _written = write_all(&mut stderr, &bytes);
                session.grant_credit(bytes.len());
            }
            Piece::Line(line) => say_to(&mut stderr, &line),
        }
    }
    Ok(())
}

/// Writes one line of this program's own to standard error.
pub(crate) fn say(line: &str) {
    if let Ok(mut stderr) = own_stderr() {
        say_to(&mut stderr, line);
    }
}

fn say_to(stderr: &mut File, line: &str) {
    // A raw terminal returns to the line's start only when told; the cursor may be anywhere.
    let text = if terminal::is_raw() && io::stderr().is_terminal() {
        format!("\r\n{NAME}: {line}\r\n")
    } else {
        format!("{NAME}: {line}\n")
    };
    // Nobody to tell when this fails.
    let _written = write_all(stderr, text.as_bytes());
}

fn write_all(stream: &mut File, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match stream.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(len) => bytes = &bytes[len..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                terminal::wait_until_ready(&*stream, true);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

// The standard library's own streams gather lines; a terminal's bytes must not wait.

#[cfg(unix)]
mod own {
    use std::fs::File;
    use std::io;
    use std::os::fd::AsFd as _;

    pub(super) fn own_stdin() -> io::Result<File> {
        Ok(io::stdin().as_fd().try_clone_to_owned()?.into())
    }

    pub(super) fn own_stdout() -> io::Result<File> {
        Ok(io::stdout().as_fd().try_clone_to_owned()?.into())
    }

    pub(super) fn own_stderr() -> io::Result<File> {
        Ok(io::stderr().as_fd().try_clone_to_owned()?.into())
    }
}

#[cfg(windows)]
mod own {
    use std::fs::File;
    use std::io;
    use std::os::windows::io::AsHandle as _;

    pub(super) fn own_stdin() -> io::Result<File> {
        Ok(io::stdin().as_handle().try_clone_to_owned()?.into())
    }

    pub(super) fn own_stdout() -> io::Result<File> {
        Ok(io::stdout().as_handle().try_clone_to_owned()?.into())
    }

    pub(super) fn own_stderr() -> io::Result<File> {
        Ok(io::stderr().as_handle().try_clone_to_owned()?.into())
    }
}

use own::{own_stderr, own_stdin, own_stdout};
