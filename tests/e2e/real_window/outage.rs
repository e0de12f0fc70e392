//! Connections that are lost and come back, as the person at the window sees it.

use secrecy::ExposeSecret as _;
use simulator::{Disconnect, SessionStatus, Simulator};

use crate::app::{App, Home, in_app};
use crate::display::Display;
use crate::page::{eventually, key};
use crate::service;
use crate::terminal::Terminal;

/// The application with one open session on a simulator that a test has in its hands.
async fn with_session(test: impl AsyncFnOnce(&App, &Simulator, &str)) {
    let simulator = service::start().await;
    let home = Home::new().with(service::environment(&simulator));
    in_app(&home, async |app| {
        app.create_profile("Build server", simulator.target()).await;
        app.open_profile("Build server").await;
        app.terminal().wait_for_prompt().await;
        let session = simulator.sessions().into_iter().next().unwrap();
        test(app, &simulator, &session.id).await;
    })
    .await;
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_shell_goes_on_after_every_kind_of_loss() {
    with_session(async |app, simulator, session| {
        let terminal = app.terminal();
        terminal.run("mine=still").await;
        for (number, how) in [
            Disconnect::Bye,
            Disconnect::Abort,
            Disconnect::Bye,
            Disconnect::Abort,
        ]
        .into_iter()
        .enumerate()
        {
            assert!(simulator.disconnect(session, how));
            // Typed into the gap.
            terminal.run(&format!("echo $mine-$((40+{number}))")).await;
            terminal
                .wait_for_row(&format!("still-{}", 40 + number))
                .await;
            terminal.wait_for_state("open").await;
        }
        app.click("[data-testid=timeline-button]").await;
        eventually("the losses in the history", async || {
            let text = app.content("[data-testid=timeline]").await?;
            (text.matches("Resumed after").count() == 4).then_some(())
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn expired_credentials_are_waited_for_and_nothing_typed_is_lost() {
    with_session(async |app, simulator, session| {
        let terminal = app.terminal();
        simulator.expire_credentials(true);
        assert!(simulator.disconnect(session, Disconnect::Bye));
        terminal.wait_for_state("waitingForSignIn").await;
        app.find("[data-testid=waiting-for-sign-in]").await;
        terminal.run("echo typed-$((20+22))").await;
        assert!(!terminal.text().await.contains("typed-42"));

        simulator.expire_credentials(false);
        app.click("[data-testid=retry-now]").await;
        terminal.wait_for_row("typed-42").await;
        terminal.wait_for_state("open").await;
        app.gone("[data-testid=waiting-for-sign-in]").await;
        terminal.wait_for_keyboard().await;
    })
    .await;
}

#[tokio::test]
async fn a_wait_can_be_given_up_and_the_tab_starts_a_new_session() {
    with_session(async |app, simulator, session| {
        let terminal = app.terminal();
        terminal.run("echo before").await;
        terminal.wait_for_row("before").await;
        simulator.expire_credentials(true);
        assert!(simulator.disconnect(session, Disconnect::Abort));
        app.click("[data-testid=give-up]").await;
        terminal.wait_for_state("ended").await;
        let told = app.content("[data-testid=ended-message]").await.unwrap();
        assert!(told.contains("gave up"), "{told}");

        simulator.expire_credentials(false);
        app.click("[data-testid=ended-restart]").await;
        terminal.wait_for_prompt().await;
        // What was there is kept above a rule.
        terminal
            .wait_for("what was there, above a rule", |text| {
                let rule = text.find("── session ended");
                let before = text.find("before");
                matches!((before, rule), (Some(before), Some(rule)) if before < rule)
            })
            .await;
    })
    .await;
}

#[tokio::test]
async fn a_session_that_is_gone_says_so() {
    with_session(async |app, simulator, session| {
        let terminal = app.terminal();
        simulator.expire_credentials(true);
        assert!(simulator.disconnect(session, Disconnect::Bye));
        terminal.wait_for_state("waitingForSignIn").await;
        simulator.terminate(session);
        simulator.expire_credentials(false);
        app.click("[data-testid=retry-now]").await;
        terminal.wait_for_state("ended").await;
        let told = app.content("[data-testid=ended-message]").await.unwrap();
        assert!(
            told.contains("ended while there was no connection"),
            "{told}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_megabyte_is_pasted_whole_and_its_progress_shown() {
    with_session(async |app, _, _| {
        let terminal = app.terminal();
        let text = megabyte();
        Display::shared().copy(&text);
        count_input(&terminal).await;
        paste(app).await;
        app.find("[data-testid=pasting]").await;
        app.gone("[data-testid=pasting]").await;
        terminal.wait_for_keyboard().await;
        terminal.type_text("Q").await;
        let told = format!("got {} bytes", text.len() + 1);
        terminal.wait_for_row(&told).await;
    })
    .await;
}

#[tokio::test]
async fn an_interrupt_overtakes_a_paste() {
    with_session(async |app, _, _| {
        let terminal = app.terminal();
        let text = megabyte();
        Display::shared().copy(&text);
        count_input(&terminal).await;
        paste(app).await;
        app.find("[data-testid=pasting]").await;
        terminal.wait_for_keyboard().await;
        app.chord(&[key::CONTROL, 'c']).await;
        app.gone("[data-testid=pasting]").await;
        let shown = terminal
            .wait_for("the count", |text| text.contains(" bytes"))
            .await;
        let row = shown.lines().find(|row| row.starts_with("got ")).unwrap();
        let got: usize = row.split(' ').nth(1).unwrap().parse().unwrap();
        assert!(
            got < text.len() / 2,
            "{got} bytes came before the interrupt"
        );
    })
    .await;
}

/// Lines that a terminal in raw mode takes as they are.
fn megabyte() -> String {
    "0123456789abcdef".repeat(65_536)
}

/// A reader of raw bytes, slow enough to be watched, that says how many there were when the interrupt, or Q,
/// comes.
async fn count_input(terminal: &Terminal<'_>) {
    terminal
        .run(concat!(
            "stty raw -echo; printf 'rea%s\\r\\n' dy; ",
            "perl -e 'while(sysread(STDIN,$_,1024)){$n+=length;last if /[\\x03Q]/;select(undef,undef,undef,0.003)}",
            "print \"\\r\\ngot $n by\".\"tes\\r\\n\"'; stty sane",
        ))
        .await;
    terminal.wait_for_row("ready").await;
}

async fn paste(app: &App) {
    app.chord(&[key::CONTROL, key::SHIFT, 'v']).await;
    // It is long, so the application asks.
    app.confirm_paste().await;
}

#[tokio::test]
async fn what_a_killed_application_left_open_is_offered_to_be_ended() {
    let simulator = service::start().await;
    let home = Home::new().with(service::environment(&simulator));
    in_app(&home, async |app| {
        app.gone("[data-testid=orphans]").await;
        app.create_profile("Build server", simulator.target()).await;
        app.open_profile("Build server").await;
        app.terminal().wait_for_prompt().await;
        eventually("the record of the session", async || {
            home.live_record().map(drop)
        })
        .await;
        app.kill();
    })
    .await;
    let left = simulator.sessions().into_iter().next().unwrap();
    assert_ne!(left.status, SessionStatus::Terminated);
    let record = home.live_record().unwrap();
    assert!(record.contains(&left.id), "{record}");
    let token = simulator.secret_access_key().expose_secret();
    assert!(!record.contains(token), "a secret was written down");

    in_app(&home, async |app| {
        app.find("[data-testid=orphans]").await;
        let text = app.content("[data-testid=orphans]").await.unwrap();
        assert!(text.contains("Build server"), "{text}");
        app.click("[data-testid=orphans-end]").await;
        eventually("the session's end at the service", async || {
            let session = simulator.session(&left.id)?;
            (session.status == SessionStatus::Terminated).then_some(())
        })
        .await;
        app.gone("[data-testid=orphans]").await;
        eventually("the record to be gone", async || {
            home.live_record().is_none().then_some(())
        })
        .await;
    })
    .await;
    simulator.shutdown().await;
}
