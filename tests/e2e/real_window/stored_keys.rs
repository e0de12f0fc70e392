//! Keys typed in the window: with a keyring of their own, and on a computer where none answers.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use secrecy::ExposeSecret as _;
use serde_json::json;
use simulator::Simulator;
use tempfile::TempDir;

use crate::app::{App, Home, in_app};
use crate::guard::Guarded;
use crate::page::{eventually, key};
use crate::service;

/// GNOME Keyring on a bus of its own, which starts no service.
const KEYRING: &str = r#"
cd "$1"
mkdir -p data/keyrings
cat > bus.conf <<END
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=$1/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
END
dbus-daemon --nofork --nopidfile --config-file=bus.conf &
until [ -S bus ]; do sleep 0.05; done
printf secret | gnome-keyring-daemon --foreground --unlock --components=secrets --control-directory="$1/control"
"#;

struct Keyring {
    folder: TempDir,
    _programs: Guarded,
}

impl Keyring {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().display().to_string();
        let environment = [
            ("PATH", std::env::var("PATH").unwrap_or_default()),
            ("HOME", path.clone()),
            ("XDG_RUNTIME_DIR", path.clone()),
            ("XDG_CONFIG_HOME", format!("{path}/config")),
            ("XDG_CACHE_HOME", format!("{path}/cache")),
            ("XDG_DATA_HOME", format!("{path}/data")),
            ("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={path}/bus")),
        ];
        let words = ["bash", "-c", KEYRING, "keyring", &path];
        let programs = Guarded::start(&words, environment, Stdio::null(), Stdio::null()).unwrap();
        Self {
            folder,
            _programs: programs,
        }
    }

    fn address(&self) -> String {
        format!("unix:path={}/bus", self.folder.path().display())
    }
}

/// A home with a connection that uses the typed keys `ci`, and no credentials of any other kind.
fn home(simulator: &Simulator) -> Home {
    let home = Home::new();
    home.save_profiles(&json!({
        "schema": 2,
        "profiles": [{
            "id": "3f1c5a52-9b7e-4f0e-8a51-0d2f6f3f4c11",
            "name": "Build server",
            "target": simulator.target(),
            "credentials": "keyring:ci",
        }],
    }));
    let variables = service::environment(simulator)
        .into_iter()
        .filter(|(name, _)| !name.starts_with("AWS_ACCESS_KEY") && !name.starts_with("AWS_SE"));
    home.with(variables)
}

/// Opens the AWS configuration and types the simulator's keys as `ci`.
async fn type_keys(app: &App, simulator: &Simulator) {
    app.click("[data-testid=keys-add]").await;
    app.find("[data-testid=keys-name]").await;
    for (field, text) in [
        ("keys-name", "ci"),
        ("keys-id", simulator.access_key_id()),
        ("keys-secret", simulator.secret_access_key().expose_secret()),
    ] {
        app.click(&format!("[data-testid={field}]")).await;
        app.type_text(text).await;
    }
    app.chord(&[key::ENTER]).await;
    app.gone("[data-testid=keys-form]").await;
}

/// Whether the page has the text in anything that it holds.
async fn page_has(app: &App, text: &str) -> bool {
    app.script(
        "const values = [...document.querySelectorAll('input, textarea')].map((each) => each.value);
         return [document.documentElement.outerHTML, ...values].some((each) => each.includes(arguments[0]));",
        vec![json!(text)],
    )
    .await
}

async fn use_keys(app: &App) {
    app.click("[data-testid=aws-close]").await;
    app.gone("[data-testid=aws-dialog]").await;
    app.open_profile("Build server").await;
    let terminal = app.terminal();
    terminal.wait_for_prompt().await;
    terminal.run("echo typed-$((20+22))").await;
    terminal.wait_for_row("typed-42").await;
}

fn files_contain(folder: &Path, text: &str) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return files_contain(&path, text);
        }
        path.is_file()
            && String::from_utf8_lossy(&fs::read(&path).unwrap_or_default()).contains(text)
    })
}

#[tokio::test]
async fn keys_typed_in_the_window_open_a_session_and_are_in_the_keyring_only() {
    let simulator = service::start().await;
    let keyring = Keyring::start();
    let home = home(&simulator).with([("DBUS_SESSION_BUS_ADDRESS".to_owned(), keyring.address())]);
    let secret = simulator.secret_access_key().expose_secret().to_owned();
    in_app(&home, async |app| {
        app.click("[data-testid=aws-open]").await;
        app.find("[data-testid=keys-add]").await;
        eventually("the keyring to answer", async || {
            if app.find_all("[data-testid=keys-trouble]").await.is_empty() {
                return Some(());
            }
            app.click("[data-testid=keys-retry]").await;
            None
        })
        .await;
        type_keys(app, &simulator).await;
        app.find("[data-testid=keys-row][data-name=ci][data-run=false]")
            .await;
        assert!(!page_has(app, &secret).await, "the page has the secret");
        use_keys(app).await;
        assert!(!page_has(app, &secret).await, "the page has the secret");
    })
    .await;
    // Another run finds them in the keyring.
    in_app(&home, async |app| {
        app.open_profile("Build server").await;
        app.terminal().wait_for_prompt().await;
    })
    .await;
    assert!(!home.own_files_contain(&secret), "in a file of ours");
    assert!(
        !files_contain(&home.home(), &secret),
        "in a file of the person's"
    );
    simulator.shutdown().await;
}

#[tokio::test]
async fn where_no_keyring_answers_typed_keys_are_kept_for_the_run() {
    let simulator = service::start().await;
    let home = home(&simulator);
    let secret = simulator.secret_access_key().expose_secret().to_owned();
    in_app(&home, async |app| {
        app.click("[data-testid=aws-open]").await;
        app.find("[data-testid=keys-trouble][data-kind=missing]")
            .await;
        type_keys(app, &simulator).await;
        app.click("[data-testid=keys-this-run]").await;
        app.find("[data-testid=keys-row][data-name=ci][data-run=true]")
            .await;
        use_keys(app).await;
    })
    .await;
    in_app(&home, async |app| {
        app.open_profile("Build server").await;
        app.terminal().wait_for_state("ended").await;
    })
    .await;
    assert!(!home.own_files_contain(&secret), "in a file of ours");
    assert!(
        !files_contain(&home.home(), &secret),
        "in a file of the person's"
    );
    simulator.shutdown().await;
}
