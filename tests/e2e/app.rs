//! The application under test: a fresh home, the WebDriver that starts it, and its end.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use std::{env, thread};

use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder};
use futures_util::FutureExt;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use tempfile::TempDir;

use crate::display::Display;
use crate::guard::Guarded;

/// How long the application may take to show its page; far above what it needs, for a busy machine.
const START: Duration = Duration::from_secs(60);

/// How long a whole test may take: a page that hangs also hangs the driver's answers.
const TEST: Duration = Duration::from_secs(180);

/// How long the application may take to do something when it is to end anyway.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// A person's home, empty at first. Outlives the application, so that it can be started again in the same home.
#[derive(Debug)]
pub(crate) struct Home {
    folder: TempDir,
    environment: BTreeMap<String, String>,
}

impl Home {
    /// An empty home.
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("sessiondeck-e2e-")
            .tempdir()
            .unwrap();
        for name in ["home", "config", "runtime"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let home = Self {
            folder,
            environment: BTreeMap::new(),
        };
        // A prompt that tests can wait for, whatever the machine's own looks like.
        for name in [".bashrc", ".bash_profile"] {
            fs::write(
                home.home().join(name),
                "PS1='$ '\nunset PROMPT_COMMAND HISTFILE\n",
            )
            .unwrap();
        }
        home
    }

    /// The same home with more variables for the application.
    pub(crate) fn with(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        self.environment.extend(variables);
        self
    }

    /// A folder that shells start in and tests may leave files in.
    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// The application's own folder.
    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("config")
    }

    /// Every file there is: of the application, its log and the person's, and what it wrote to its standard streams.
    pub(crate) fn files(&self) -> Vec<(String, Vec<u8>)> {
        testsuite::processes::files(self.folder.path())
    }

    /// Saves connections before the application runs, as it would have itself.
    pub(crate) fn save_profiles(&self, profiles: &serde_json::Value) {
        let file = self.folder.path().join("config/profiles.json");
        fs::write(file, profiles.to_string()).unwrap();
    }

    /// Puts a file among those that a team shares.
    pub(crate) fn save_team_file(&self, name: &str, profiles: &serde_json::Value) {
        let folder = self.folder.path().join("config/team");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{name}.json")), profiles.to_string()).unwrap();
    }

    /// Whether any file of the application itself, its log included, has this text in it.
    pub(crate) fn own_files_contain(&self, text: &str) -> bool {
        let mut folders = vec![self.folder.path().join("config")];
        let mut files = vec![self.folder.path().join("application.log")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.push(path);
                }
            }
        }
        files.iter().any(|file| {
            let bytes = fs::read(file).unwrap_or_default();
            String::from_utf8_lossy(&bytes).contains(text)
        })
    }

    /// What the application has written down of its live sessions; `None` while there are none.
    pub(crate) fn live_record(&self) -> Option<String> {
        let folder = fs::read_dir(self.folder.path().join("config/live")).ok()?;
        let mut records = folder.map(|entry| entry.unwrap().path()).filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        });
        fs::read_to_string(records.next()?).ok()
    }

    /// What the application has written down of its open tabs.
    pub(crate) fn layout(&self) -> Option<String> {
        fs::read_to_string(self.folder.path().join("config/layout.json")).ok()
    }

    pub(crate) fn environment(&self) -> BTreeMap<String, String> {
        let inside = |name: &str| self.folder.path().join(name).to_string_lossy().into_owned();
        let mut environment: BTreeMap<String, String> = [
            ("PATH", env::var("PATH").unwrap_or_default()),
            ("DISPLAY", Display::shared().name().to_owned()),
            ("HOME", inside("home")),
            ("SHELL", "/bin/bash".to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
            ("XDG_RUNTIME_DIR", inside("runtime")),
            ("XDG_CONFIG_HOME", inside("home/.config")),
            ("XDG_CACHE_HOME", inside("home/.cache")),
            ("XDG_DATA_HOME", inside("home/.local/share")),
            ("SESSIONDECK_CONFIG_DIR", inside("config")),
            // Makes Tauri's web view open to the driver.
            ("TAURI_WEBVIEW_AUTOMATION", "true".to_owned()),
            ("GDK_BACKEND", "x11".to_owned()),
            ("GTK_A11Y", "none".to_owned()),
            ("NO_AT_BRIDGE", "1".to_owned()),
            // Neither the person's bus nor one that GTK would start and leave behind.
            ("DBUS_SESSION_BUS_ADDRESS", "disabled:".to_owned()),
            // No credentials from the machine that the tests run on.
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
        environment.extend(self.environment.clone());
        environment
    }
}

/// The running application.
#[derive(Debug)]
pub(crate) struct App {
    client: Client,
    log: PathBuf,
    driver: Guarded,
}

impl App {
    /// Starts the application.
    async fn launch(home: &Home) -> Self {
        let binary = env::var("SESSIONDECK_APP").expect(
            "SESSIONDECK_APP names the built application; `cargo xtask test --only e2e` sets it",
        );
        assert!(
            Path::new(&binary).is_file(),
            "there is no application at {binary}"
        );
        let log = home.folder.path().join("application.log");
        let (driver, address) = start_driver(home, &log);

        let mut capabilities = Capabilities::new();
        capabilities.insert(
            "webkitgtk:browserOptions".to_owned(),
            json!({ "binary": binary, "args": [] }),
        );
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities);
        let connecting = async {
            loop {
                // The driver may not listen yet; a session that it refuses is a failure like any other time-out.
                match builder.connect(&address).await {
                    Ok(client) => break client,
                    Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                }
            }
        };
        let client = tokio::time::timeout(START, connecting)
            .await
            .unwrap_or_else(|_| {
                panic!(
                    "the application did not start:\n{}",
                    fs::read_to_string(&log).unwrap_or_default()
                )
            });
        Self {
            client,
            log,
            driver,
        }
    }

    /// The WebDriver client.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// What the application wrote to its standard output and error.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The process that the application and all that belongs to it descend from.
    pub(crate) fn root_process(&self) -> u32 {
        self.driver.root()
    }

    /// Ends the application at once, without a word to it.
    pub(crate) fn kill(&self) {
        self.driver.kill_group();
    }

    /// Asks the application to end, as the system does when a person logs out.
    pub(crate) fn terminate(&self) {
        self.driver.signal("sessiondeck", "-TERM");
    }

    /// Ends the application as closing its window does.
    async fn quit(self) {
        // What cannot be asked to end is ended with its driver.
        let _ = tokio::time::timeout(LAST_WORDS, self.client.close()).await;
    }
}

/// The driver on a free port of loopback, with the environment that it hands on to the application.
fn start_driver(home: &Home, log: &Path) -> (Guarded, String) {
    // Another program could take the port in between; then the driver fails and the test says so.
    let port = {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.local_addr().unwrap().port()
    };
    let output = File::options().create(true).append(true).open(log).unwrap();
    let errors = output.try_clone().unwrap();
    let driver = Guarded::start(
        &[
            "WebKitWebDriver",
            "--host=127.0.0.1",
            &format!("--port={port}"),
        ],
        home.environment(),
        Stdio::from(output),
        Stdio::from(errors),
    )
    .expect("WebKitWebDriver starts; `cargo xtask test --only system` installs it");
    (driver, format!("http://127.0.0.1:{port}"))
}

/// Runs a test in the application, started in this home, and ends the application whatever the test does. A failing test
/// leaves a screenshot and says what the application wrote.
pub(crate) async fn in_app<T>(home: &Home, test: impl AsyncFnOnce(&App) -> T) -> T {
    let app = App::launch(home).await;
    let limited = async {
        let whole = async {
            app.page_shown().await;
            test(&app).await
        };
        let limited = tokio::time::timeout(TEST, whole).await;
        limited.unwrap_or_else(|_| panic!("the test did not end within {TEST:?}"))
    };
    match AssertUnwindSafe(limited).catch_unwind().await {
        Ok(value) => {
            app.quit().await;
            value
        }
        Err(panic) => {
            let name = thread::current()
                .name()
                .unwrap_or("test")
                .replace("::", "-");
            let file = env::temp_dir().join(format!("sessiondeck-{name}.png"));
            match tokio::time::timeout(LAST_WORDS, app.client.screenshot()).await {
                Ok(Ok(png)) => match fs::write(&file, png) {
                    Ok(()) => eprintln!("screenshot: {}", file.display()),
                    Err(error) => eprintln!("the screenshot cannot be written: {error}"),
                },
                Ok(Err(error)) => eprintln!("no screenshot: {error}"),
                Err(_) => eprintln!("no screenshot: the page does not answer"),
            }
            eprintln!("what the application wrote:\n{}", app.log());
            app.quit().await;
            resume_unwind(panic)
        }
    }
}

/// Runs a test in the application in an empty home.
pub(crate) async fn in_fresh_app<T>(test: impl AsyncFnOnce(&App) -> T) -> T {
    in_app(&Home::new(), test).await
}
