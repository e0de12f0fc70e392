//! The terminal this program runs in: raw while a session has it, and as it was on every way out.

#[cfg(unix)]
pub(crate) use unix::{RawMode, Unseen, is_raw, reapply, size, wait_until_ready};

#[cfg(not(unix))]
pub(crate) use other::{RawMode, Unseen, is_raw, size, wait_until_ready};

#[cfg(unix)]
mod unix {
    use std::io;
    use std::os::fd::AsFd;
    use std::sync::{Mutex, Once, PoisonError};

    use engine::TerminalSize;
    use rustix::event::{PollFd, PollFlags};
    use rustix::termios::{self, OptionalActions, Termios};

    /// The terminal's own settings, while it is raw.
    static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);
    static HOOK: Once = Once::new();

    /// Keeps the terminal raw until dropped; a panic ends it too, before it is reported.
    #[derive(Debug)]
    pub(crate) struct RawMode;

    impl RawMode {
        /// Makes the terminal on standard input raw.
        ///
        /// # Errors
        ///
        /// When it is none, or cannot be set.
        pub(crate) fn enter() -> io::Result<Self> {
            HOOK.call_once(|| {
                let report = std::panic::take_hook();
                std::panic::set_hook(Box::new(move |panic| {
                    restore();
                    report(panic);
                }));
            });
            let before = termios::tcgetattr(io::stdin())?;
            lock().get_or_insert(before);
            // Held from here on: a failure half way must be undone.
            let raw = Self;
            set_raw()?;
            Ok(raw)
        }
    }

    impl Drop for RawMode {
        fn drop(&mut self) {
            restore();
        }
    }

    /// Keeps what is typed from being shown until dropped.
    #[derive(Debug)]
    pub(crate) struct Unseen(Termios);

    impl Unseen {
        /// Hides what is typed on standard input.
        ///
        /// # Errors
        ///
        /// When that is no terminal, or it cannot be set.
        pub(crate) fn begin() -> io::Result<Self> {
            let before = termios::tcgetattr(io::stdin())?;
            let mut hidden = before.clone();
            hidden.local_modes.remove(termios::LocalModes::ECHO);
            termios::tcsetattr(io::stdin(), OptionalActions::Flush, &hidden)?;
            Ok(Self(before))
        }
    }

    impl Drop for Unseen {
        fn drop(&mut self) {
            // A terminal that is gone shows nothing.
            let _restored = termios::tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
        }
    }

    /// Whether the terminal is raw.
    pub(crate) fn is_raw() -> bool {
        lock().is_some()
    }

    /// Makes the terminal raw again where it should be: whoever stopped this program may have set it.
    pub(crate) fn reapply() {
        // The terminal may be gone; then the session ends by that.
        let _set = set_raw();
    }

    /// The size of the terminal on standard input, or else on standard output.
    pub(crate) fn size() -> Option<TerminalSize> {
        let size = termios::tcgetwinsize(io::stdin())
            .or_else(|_| termios::tcgetwinsize(io::stdout()))
            .ok()?;
        TerminalSize::new(size.ws_col, size.ws_row)
    }

    /// Waits until a stream that somebody else made non-blocking can be used.
    pub(crate) fn wait_until_ready(stream: impl AsFd, to_write: bool) {
        let flags = if to_write {
            PollFlags::OUT
        } else {
            PollFlags::IN
        };
        let mut wanted = [PollFd::new(&stream, flags)];
        // A failure shows in the next read or write.
        let _ready = rustix::event::poll(&mut wanted, None);
    }

    fn set_raw() -> io::Result<()> {
        let Some(mut raw) = lock().clone() else {
            return Ok(());
        };
        raw.make_raw();
        Ok(termios::tcsetattr(io::stdin(), OptionalActions::Now, &raw)?)
    }

    fn restore() {
        if let Some(before) = lock().take() {
            // Nothing can be done where the terminal is gone.
            let _set = termios::tcsetattr(io::stdin(), OptionalActions::Now, &before);
        }
    }

    fn lock() -> std::sync::MutexGuard<'static, Option<Termios>> {
        BEFORE.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(not(unix))]
mod other {
    use std::io;

    use engine::TerminalSize;

    /// Where the terminal cannot be made raw.
    #[derive(Debug)]
    pub(crate) struct RawMode;

    impl RawMode {
        /// Fails: only Unix terminals are known here.
        ///
        /// # Errors
        ///
        /// Always.
        pub(crate) fn enter() -> io::Result<Self> {
            Err(io::Error::from(io::ErrorKind::Unsupported))
        }
    }

    /// Where what is typed cannot be hidden.
    #[derive(Debug)]
    pub(crate) struct Unseen;

    impl Unseen {
        /// Fails: only Unix terminals are known here.
        ///
        /// # Errors
        ///
        /// Always.
        pub(crate) fn begin() -> io::Result<Self> {
            Err(io::Error::from(io::ErrorKind::Unsupported))
        }
    }

    pub(crate) fn is_raw() -> bool {
        false
    }

    pub(crate) fn size() -> Option<TerminalSize> {
        None
    }

    pub(crate) fn wait_until_ready<T>(_stream: T, _to_write: bool) {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

#[cfg(all(test, unix))]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};

    use portable_pty::{CommandBuilder, PtySize, native_pty_system};

    use super::*;

    /// Set in the child that a test starts on a terminal.
    const ON_A_TERMINAL: &str = "SESSIONDECK_TEST_ON_A_TERMINAL";

    /// Makes its terminal raw and panics in another thread. The guard lives on: only the hook can restore the terminal.
    fn panic_with_a_raw_terminal() {
        let guard = RawMode::enter().unwrap();
        let mut tell = std::fs::File::create("/dev/tty").unwrap();
        tell.write_all(b"RAW\r\n").unwrap();
        // Until the test has looked.
        std::io::stdin().read_exact(&mut [0]).unwrap();
        let panicked = std::thread::spawn(|| panic!("as it was told")).join();
        assert!(panicked.is_err());
        tell.write_all(b"PANICKED\r\n").unwrap();
        std::io::stdin().read_line(&mut String::new()).unwrap();
        drop(guard);
    }

    #[test]
    fn a_panic_restores_the_terminal_before_anything_else_ends() {
        if std::env::var_os(ON_A_TERMINAL).is_some() {
            return panic_with_a_raw_terminal();
        }
        let pair = native_pty_system().openpty(PtySize::default()).unwrap();
        let modes = || {
            let terminal = std::fs::File::open(pair.master.tty_name().unwrap()).unwrap();
            format!("{:?}", rustix::termios::tcgetattr(terminal).unwrap())
        };
        let before = modes();
        let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
        command.args([
            "--exact",
            "terminal::tests::a_panic_restores_the_terminal_before_anything_else_ends",
            "--nocapture",
        ]);
        command.env(ON_A_TERMINAL, "1");
        let mut child = pair.slave.spawn_command(command).unwrap();
        let mut writer = pair.master.take_writer().unwrap();
        let mut lines = BufReader::new(pair.master.try_clone_reader().unwrap()).lines();
        let mut until = |text: &str| {
            while !lines.next().unwrap().unwrap().contains(text) {}
        };
        until("RAW");
        assert_ne!(modes(), before);
        writer.write_all(b"x").unwrap();
        until("PANICKED");
        assert_eq!(modes(), before);
        writer.write_all(b"\n").unwrap();
        assert!(child.wait().unwrap().success());
    }
}
