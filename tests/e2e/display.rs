//! A virtual display of our own, one for the whole test run.

use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{AtomEnum, ClientMessageEvent, ConnectionExt as _, EventMask};

use crate::guard::Guarded;

/// Large enough for the application's window at its first size, and for growing it.
const SCREEN: &str = "1600x1000x24";

/// The virtual display.
#[derive(Debug)]
pub(crate) struct Display {
    name: String,
    // Ends when we do, since statics are never dropped: its lifeline closes with the process.
    _server: Guarded,
}

impl Display {
    /// The one display of this run; started when first asked for.
    pub(crate) fn shared() -> &'static Self {
        static DISPLAY: OnceLock<Display> = OnceLock::new();
        DISPLAY.get_or_init(Self::start)
    }

    fn start() -> Self {
        // The server itself finds a free number and says which.
        let words = [
            "Xvfb",
            "-displayfd",
            "1",
            "-screen",
            "0",
            SCREEN,
            "-nolisten",
            "tcp",
            "-noreset",
        ];
        let path = env::var_os("PATH").unwrap_or_default();
        let mut server = Guarded::start(&words, [("PATH", path)], Stdio::piped(), Stdio::null())
            .expect("Xvfb starts; `cargo xtask test --only system` installs it");
        let mut number = String::new();
        BufReader::new(server.take_output().unwrap())
            .read_line(&mut number)
            .unwrap();
        let number = number.trim();
        assert!(!number.is_empty(), "Xvfb did not start");
        Self {
            name: format!(":{number}"),
            _server: server,
        }
    }

    /// As programs want it in `DISPLAY`.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Puts text on the display's clipboard, as another program would. It stays there until the next text.
    pub(crate) fn copy(&self, text: &str) {
        static OWNER: Mutex<Option<Guarded>> = Mutex::new(None);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("text");
        std::fs::write(&file, text).unwrap();
        let mut owner = OWNER.lock().unwrap_or_else(PoisonError::into_inner);
        // `-quiet` keeps it in the foreground, in our hands.
        *owner = Some(
            Guarded::start(
                &[
                    "xclip",
                    "-quiet",
                    "-selection",
                    "clipboard",
                    "-in",
                    &file.to_string_lossy(),
                ],
                self.environment(),
                Stdio::null(),
                Stdio::null(),
            )
            .unwrap(),
        );
        for _ in 0..200 {
            if self.clipboard().as_deref() == Some(text) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        panic!("the clipboard did not take the text");
    }

    /// What is on the display's clipboard, as another program sees it.
    pub(crate) fn clipboard(&self) -> Option<String> {
        let output = Command::new("xclip")
            .args(["-selection", "clipboard", "-out"])
            .env_clear()
            .envs(self.environment())
            .stderr(Stdio::null())
            .output()
            .unwrap();
        output
            .status
            .success()
            .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Closes every window that can be closed, as its close button does.
    pub(crate) fn close_windows(&self) {
        let (connection, screen) = x11rb::connect(Some(&self.name)).unwrap();
        let atom = |name: &str| {
            let cookie = connection.intern_atom(false, name.as_bytes()).unwrap();
            cookie.reply().unwrap().atom
        };
        let (protocols, delete) = (atom("WM_PROTOCOLS"), atom("WM_DELETE_WINDOW"));
        let root = connection.setup().roots[screen].root;
        let windows = connection
            .query_tree(root)
            .unwrap()
            .reply()
            .unwrap()
            .children;
        for window in windows {
            let offered = connection.get_property(false, window, protocols, AtomEnum::ATOM, 0, 16);
            let offered = offered.unwrap().reply().unwrap();
            if !offered
                .value32()
                .is_some_and(|mut atoms| atoms.any(|atom| atom == delete))
            {
                continue;
            }
            let data = [delete, x11rb::CURRENT_TIME, 0, 0, 0];
            let message = ClientMessageEvent::new(32, window, protocols, data);
            let sent = connection.send_event(false, window, EventMask::NO_EVENT, message);
            sent.unwrap().check().unwrap();
        }
    }

    fn environment(&self) -> [(String, String); 2] {
        let path = env::var("PATH").unwrap_or_default();
        [
            ("PATH".to_owned(), path),
            ("DISPLAY".to_owned(), self.name.clone()),
        ]
    }
}
