//! What the system tells this program.

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Ctrl-C, where the terminal is not raw.
    Interrupt,
    /// Somebody wants the program to end: the signal's number.
    End(u8),
    /// The terminal has a new size.
    Resized,
    /// The program goes on after it was stopped.
    Continued,
}

#[cfg(unix)]
pub(crate) use unix::Signals;

#[cfg(not(unix))]
pub(crate) use other::Signals;

#[cfg(unix)]
mod unix {
    use std::io;

    use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

    use super::Signal;

    /// `SIGCONT`, which tokio has no name for.
    const CONTINUED: i32 = rustix::process::Signal::CONT.as_raw();

    /// Listens from its making on.
    pub(crate) struct Signals {
        interrupt: Stream,
        hang_up: Stream,
        quit: Stream,
        terminate: Stream,
        resized: Stream,
        continued: Stream,
    }

    impl Signals {
        /// Takes the signals over from the system's own ways.
        ///
        /// # Errors
        ///
        /// When it cannot.
        pub(crate) fn listen() -> io::Result<Self> {
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                hang_up: signal(SignalKind::hangup())?,
                quit: signal(SignalKind::quit())?,
                terminate: signal(SignalKind::terminate())?,
                resized: signal(SignalKind::window_change())?,
                continued: signal(SignalKind::from_raw(CONTINUED))?,
            })
        }

        /// The next one. Cancel-safe.
        pub(crate) async fn next(&mut self) -> Signal {
            tokio::select! {
                biased;
                _ = self.terminate.recv() => Signal::End(15),
                _ = self.hang_up.recv() => Signal::End(1),
                _ = self.quit.recv() => Signal::End(3),
                _ = self.interrupt.recv() => Signal::Interrupt,
                _ = self.continued.recv() => Signal::Continued,
                _ = self.resized.recv() => Signal::Resized,
            }
        }
    }
}

#[cfg(not(unix))]
mod other {
    use std::io;

    use super::Signal;

    pub(crate) struct Signals;

    impl Signals {
        pub(crate) fn listen() -> io::Result<Self> {
            Ok(Self)
        }

        pub(crate) async fn next(&mut self) -> Signal {
            match tokio::signal::ctrl_c().await {
                Ok(()) => Signal::Interrupt,
                Err(_) => std::future::pending().await,
            }
        }
    }
}
