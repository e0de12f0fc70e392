//! The application on the desktop: one instance, links to it, its end, its window's place, and other tools' files.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use simulator::SessionStatus;
use tempfile::TempDir;

use crate::app::{App, Home, in_app};
use crate::display::Display;
use crate::guard::Guarded;
use crate::page::{eventually, key};
use crate::service;

/// A session bus that is nobody else's, on which nothing is and which starts nothing. It ends when dropped.
struct Bus {
    address: String,
    _folder: TempDir,
    _daemon: Guarded,
}

impl Bus {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("bus.conf");
        fs::write(
            &config,
            format!(
                r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir={}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#,
                folder.path().display()
            ),
        )
        .unwrap();
        let words = [
            "dbus-daemon",
            "--nofork",
            "--nopidfile",
            "--print-address",
            &format!("--config-file={}", config.display()),
        ];
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut daemon =
            Guarded::start(&words, [("PATH", path)], Stdio::piped(), Stdio::null()).unwrap();
        let mut address = String::new();
        BufReader::new(daemon.take_output().unwrap())
            .read_line(&mut address)
            .unwrap();
        Self {
            address: address.trim().to_owned(),
            _folder: folder,
            _daemon: daemon,
        }
    }

    fn environment(&self) -> [(String, String); 1] {
        [("DBUS_SESSION_BUS_ADDRESS".to_owned(), self.address.clone())]
    }
}

/// Starts the application a second time in the same home, as a click on a link does, and waits for its end.
async fn start_again(home: &Home, link: &str) {
    let mut again = Command::new(std::env::var("SESSIONDECK_APP").unwrap())
        .arg(link)
        .env_clear()
        .envs(home.environment())
        .env_remove("TAURI_WEBVIEW_AUTOMATION")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let ended = eventually("the end of the second start", async || {
        again.try_wait().unwrap()
    });
    let status = ended.await;
    assert!(status.success(), "{status}");
}

#[tokio::test]
async fn a_link_goes_to_the_running_window_which_asks_before_it_connects() {
    let simulator = service::start().await;
    let bus = Bus::start();
    let home = Home::new()
        .with(service::environment(&simulator))
        .with(bus.environment());
    in_app(&home, async |app| {
        let link = format!(
            "sessiondeck://connect?target={}&region=eu-west-1",
            simulator.target()
        );
        start_again(&home, &link).await;
        app.find("[data-testid=deep-link-dialog][data-kind=place]")
            .await;
        let shown = app.content("[data-testid=deep-link-dialog]").await.unwrap();
        assert!(shown.contains(simulator.target()), "{shown}");
        assert!(shown.contains("eu-west-1"), "{shown}");
        assert_eq!(simulator.sessions().len(), 0, "nothing before the answer");

        app.click("[data-testid=deep-link-connect]").await;
        let terminal = app.terminal();
        terminal.wait_for_prompt().await;
        terminal.run("echo opened-$((40+2))").await;
        terminal.wait_for_row("opened-42").await;
        let file = home.config().join("profiles.json");
        let saved = fs::read_to_string(file).unwrap_or_default();
        assert!(!saved.contains(simulator.target()), "it was saved: {saved}");

        // A bad one is told, and its contents are written down nowhere.
        start_again(
            &home,
            "sessiondeck://connect?profile=a&token=hunter2hunter2",
        )
        .await;
        app.find("[data-testid=deep-link-dialog][data-kind=refused]")
            .await;
        app.click("[data-testid=deep-link-cancel]").await;
        app.gone("[data-testid=deep-link-dialog]").await;
        assert!(!home.own_files_contain("hunter2hunter2"));
        app.close_tab().await;
        eventually("the session's end", async || {
            (simulator.live_children() == 0).then_some(())
        })
        .await;
    })
    .await;
    simulator.shutdown().await;
}

#[tokio::test]
async fn closing_the_window_asks_while_a_session_is_open() {
    let simulator = service::start().await;
    let home = Home::new().with(service::environment(&simulator));
    in_app(&home, async |app| {
        app.create_profile("Build server", simulator.target()).await;
        app.open_profile("Build server").await;
        app.terminal().wait_for_prompt().await;

        Display::shared().close_windows();
        app.find("[data-testid=quit-dialog]").await;
        let question = app.content("[data-testid=quit-dialog]").await.unwrap();
        assert!(question.contains("1 session is open"), "{question}");
        assert!(question.contains("Build server"), "{question}");
        app.chord(&[key::ESCAPE]).await;
        app.gone("[data-testid=quit-dialog]").await;
        // The session is as it was, and has the keyboard.
        let terminal = app.terminal();
        terminal.wait_for_keyboard().await;
        terminal.run("echo still-$((40+2))").await;
        terminal.wait_for_row("still-42").await;

        Display::shared().close_windows();
        app.click_last("[data-testid=quit-yes]").await;
        eventually("the session's end", async || {
            let all = simulator.sessions();
            let ended = all
                .iter()
                .all(|session| session.status == SessionStatus::Terminated);
            ended.then_some(())
        })
        .await;
        eventually("the application's last words", async || {
            app.log().contains("state: ended").then_some(())
        })
        .await;
    })
    .await;
    assert_eq!(simulator.live_children(), 0);
    simulator.shutdown().await;
}

#[tokio::test]
async fn the_window_keeps_its_size_even_through_a_kill() {
    let home = Home::new();
    let place = home.config().join("window.json");
    in_app(&home, async |app| {
        app.client().set_window_size(900, 620).await.unwrap();
        wait_for_place(&place, "900").await;
        app.kill();
    })
    .await;
    in_app(&home, async |app| {
        let (width, height) = inner_size(app).await;
        assert_eq!((width, height), (900, 620));
    })
    .await;
}

async fn wait_for_place(file: &Path, part: &str) {
    eventually("the window's place on disk", async || {
        let text = fs::read_to_string(file).unwrap_or_default();
        text.contains(part).then_some(())
    })
    .await;
}

async fn inner_size(app: &App) -> (u32, u32) {
    app.script(
        "return [window.innerWidth, window.innerHeight];",
        Vec::new(),
    )
    .await
}

#[tokio::test]
async fn hosts_of_the_ssh_configuration_become_profiles_once() {
    let simulator = service::start().await;
    let home = Home::new().with(service::environment(&simulator));
    fs::create_dir(home.home().join(".ssh")).unwrap();
    fs::write(
        home.home().join(".ssh/config"),
        format!(
            "Host shop\n  ProxyCommand aws ssm start-session --target {} --region eu-west-1\n\
             Host plain\n  HostName 192.0.2.1\n\
             Host *.wild\n  ProxyCommand aws ssm start-session --target %h\n",
            simulator.target()
        ),
    )
    .unwrap();
    in_app(&home, async |app| {
        look_into_ssh(app).await;
        assert_eq!(app.find_all("[data-testid=import-item]").await.len(), 1);
        assert_eq!(app.find_all("[data-testid=import-skipped]").await.len(), 1);
        app.click("[data-testid=import-run]").await;
        app.gone("[data-testid=import-dialog]").await;
        app.find_profile("shop").await;

        look_into_ssh(app).await;
        app.find("[data-testid=import-item][data-duplicate=saved]")
            .await;
        app.click("[data-testid=import-cancel]").await;
        app.gone("[data-testid=import-dialog]").await;

        app.open_profile("shop").await;
        app.terminal().wait_for_prompt().await;
        app.close_tab().await;
        app.click("[data-testid=toast-action]").await;
        app.gone("[data-profile-name=shop]").await;
    })
    .await;
    in_app(&home, async |app| {
        app.find_profile("Local demo").await;
        assert!(app.find_all("[data-profile-name=shop]").await.is_empty());
    })
    .await;
    simulator.shutdown().await;
}

async fn look_into_ssh(app: &App) {
    app.click("[data-testid=app-menu]").await;
    app.click("[data-testid=app-menu-import]").await;
    app.click("[data-testid=import-source][data-source=sshConfig]")
        .await;
    app.click("[data-testid=import-usual]").await;
    app.find("[data-testid=import-run]").await;
}
