//! The terminal this program runs in: raw while a session has it, and as it was on every way out.

#[cfg(unix)]
pub(crate) use unix::{RawMode, is_raw, reapply, size, wait_until_ready};

#[cfg(not(unix))]
pub(crate) use other::{RawMode, is_raw, size, wait_until_ready};

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
