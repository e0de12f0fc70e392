//! Tabs: several at once, and what closing one does at the service.

use std::fs;

use simulator::{OFFLINE_TARGET, SessionStatus};

use crate::app::{App, Home, in_app, in_fresh_app};
use crate::display::Display;
use crate::page::{eventually, key};
use crate::service;

#[tokio::test]
async fn three_tabs_stay_separate() {
    in_fresh_app(async |app| {
        for tab in 1..=3 {
            let terminal = app.open_demo().await;
            terminal
                .run(&format!("mine=tab{tab}; echo $mine-$((40+{tab}))"))
                .await;
            terminal.wait_for_row(&format!("tab{tab}-4{tab}")).await;
        }
        // Round through all of them by keyboard, from the third to the first, second and third.
        for tab in [1, 2, 3] {
            app.chord(&[key::CONTROL, key::TAB]).await;
            let terminal = app.terminal();
            let text = terminal
                .wait_for("the tab", |text| text.contains(&format!("tab{tab}-4{tab}")))
                .await;
            for other in [1, 2, 3].into_iter().filter(|other| *other != tab) {
                assert!(
                    !text.contains(&format!("tab{other}")),
                    "tab {tab} shows tab {other}:\n{text}"
                );
            }
            // Typing goes to the one in front, and its shell is still the same.
            terminal.run("echo still-$mine").await;
            terminal.wait_for_row(&format!("still-tab{tab}")).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_tab_is_named_by_its_profile_and_by_what_runs_in_it() {
    in_fresh_app(async |app| {
        let terminal = app.open_demo().await;
        terminal
            .run(r"printf '\033]2;backup \u202e\u00fcber\007'")
            .await;
        // What could turn the text around is not shown.
        eventually("the terminal's own title", async || {
            let shown = app.content("[data-testid=tab-remote-title]").await;
            (shown.as_deref() == Some("backup über")).then_some(())
        })
        .await;
        let name = app.content("[data-testid=tab-title]").await;
        assert_eq!(name.as_deref(), Some("Local demo"));
    })
    .await;
}

#[tokio::test]
async fn a_duplicated_tab_has_a_shell_of_its_own_and_tabs_move_by_drag() {
    in_fresh_app(async |app| {
        let terminal = app.open_demo().await;
        terminal.run("mine=first").await;
        app.chord(&[key::CONTROL, key::SHIFT, 'd']).await;
        eventually("another tab", async || {
            (app.tab_order().await.len() == 2).then_some(())
        })
        .await;
        app.terminal().wait_for_prompt().await;
        app.terminal().run("echo ${mine:-second}").await;
        app.terminal().wait_for_row("second").await;

        let before = app.tab_order().await;
        app.drag_tab(1, 0).await;
        eventually("the tabs in another order", async || {
            let after = app.tab_order().await;
            (after.iter().eq(before.iter().rev())).then_some(())
        })
        .await;
        // The one that was moved is in front, and its shell is untouched.
        app.terminal().wait_for_row("second").await;
    })
    .await;
}

#[tokio::test]
async fn closing_a_tab_ends_the_session_at_the_service() {
    let simulator = service::start().await;
    let home = Home::new().with(service::environment(&simulator));
    in_app(&home, async |app| {
        app.create_profile("Build server", simulator.target()).await;
        app.open_profile("Build server").await;
        let terminal = app.terminal();
        terminal.wait_for_prompt().await;
        let session = simulator.sessions().into_iter().next().unwrap();
        assert_eq!(session.status, SessionStatus::Connected);
        assert!(session.child.is_some());

        app.close_tab().await;
        let ended = eventually("the session's end", async || {
            simulator
                .session(&session.id)
                .filter(|session| session.status == SessionStatus::Terminated)
        })
        .await;
        assert_eq!(ended.child, None, "its shell is gone");
        app.gone("[data-testid=terminal]").await;
    })
    .await;
    simulator.shutdown().await;
}

#[tokio::test]
async fn closing_the_window_ends_every_session() {
    every_session_ends_with(async |app| {
        Display::shared().close_windows();
        app.click_last("[data-testid=quit-yes]").await;
    })
    .await;
}

#[tokio::test]
async fn logging_out_ends_every_session() {
    every_session_ends_with(async |app| app.terminate()).await;
}

async fn every_session_ends_with(end: impl AsyncFn(&App)) {
    let simulator = service::start().await;
    let home = Home::new().with(service::environment(&simulator));
    in_app(&home, async |app| {
        app.create_profile("Build server", simulator.target()).await;
        for _ in 0..2 {
            app.open_profile("Build server").await;
            app.terminal().wait_for_prompt().await;
        }
        assert_eq!(simulator.live_children(), 2);
        end(app).await;
        eventually("the end of both sessions", async || {
            simulator
                .sessions()
                .iter()
                .all(|session| session.status == SessionStatus::Terminated)
                .then_some(())
        })
        .await;
        eventually("the application's last words", async || {
            app.log().contains("state: ended").then_some(())
        })
        .await;
    })
    .await;
    assert_eq!(simulator.live_children(), 0);
    assert_eq!(home.live_record(), None, "nothing is left to be offered");
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_target_that_is_not_connected_shows_why_and_what_to_do() {
    let simulator = service::start().await;
    let home = Home::new().with(service::environment(&simulator));
    in_app(&home, async |app| {
        app.create_profile("Switched off", OFFLINE_TARGET).await;
        app.open_profile("Switched off").await;
        app.terminal().wait_for_state("ended").await;
        app.find("[data-testid=ended]").await;
        let text = app.content("[data-testid=ended]").await.unwrap();
        assert!(text.contains("not connected"), "{text}");
        assert!(text.to_lowercase().contains("agent"), "no remedy: {text}");
        app.find("[data-testid=ended] button").await;
    })
    .await;
    simulator.shutdown().await;
}

/// Panes of the tab in front that are not covered by another.
const PANES: &str = "return [...document.querySelectorAll('[data-testid=pane]')]
    .filter((pane) => pane.checkVisibility({ visibilityProperty: true })).length;";

impl App {
    /// Splits the pane that has the focus, and waits for the new one's prompt.
    async fn split_right(&self) {
        self.chord(&[key::CONTROL, key::SHIFT, '\\']).await;
        self.panes_shown(2).await;
        self.terminal().wait_for_prompt().await;
    }

    async fn panes_shown(&self, count: u32) {
        eventually(format!("{count} panes"), async || {
            (self.script::<u32>(PANES, Vec::new()).await == count).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn both_panes_of_a_split_tab_answer_and_one_can_have_all_of_it() {
    in_fresh_app(async |app| {
        let terminal = app.open_demo().await;
        terminal.run("mine=left").await;
        app.split_right().await;
        app.terminal().run("mine=right; echo $mine-$((40+2))").await;
        app.terminal().wait_for_row("right-42").await;
        let (half, _) = app.terminal().size().await;

        app.chord(&[key::CONTROL, key::SHIFT, key::ENTER]).await;
        app.panes_shown(1).await;
        eventually("the pane to have all of the tab", async || {
            (app.terminal().size().await.0 > half + half / 2).then_some(())
        })
        .await;
        app.chord(&[key::CONTROL, key::SHIFT, key::ENTER]).await;
        app.panes_shown(2).await;

        app.chord(&[key::CONTROL, key::SHIFT, key::LEFT]).await;
        app.terminal().wait_for_keyboard().await;
        app.terminal().run("echo still-$mine").await;
        app.terminal().wait_for_row("still-left").await;

        // Closing it leaves the other, which has the keyboard then.
        app.close_tab().await;
        app.panes_shown(1).await;
        app.terminal().wait_for_keyboard().await;
        app.terminal().run("echo still-$mine").await;
        app.terminal().wait_for_row("still-right").await;
    })
    .await;
}

#[tokio::test]
async fn what_is_typed_into_several_panes_runs_in_each() {
    let home = Home::new();
    in_app(&home, async |app| {
        let terminal = app.open_demo().await;
        terminal.run("mine=left").await;
        app.split_right().await;
        app.terminal().run("mine=right").await;
        app.chord(&[key::CONTROL, key::SHIFT, 'i']).await;
        app.click("[data-testid=broadcast-start]").await;
        app.gone("[data-testid=broadcast-dialog]").await;
        assert_eq!(
            app.find_all("[data-testid=broadcast-badge]").await.len(),
            2,
            "each pane says so"
        );
        app.terminal().wait_for_keyboard().await;
        app.terminal().run("echo $mine > heard-$mine").await;
        for name in ["left", "right"] {
            eventually(format!("the {name} shell's file"), async || {
                let heard = fs::read_to_string(home.home().join(format!("heard-{name}"))).ok()?;
                (heard.trim() == name).then_some(())
            })
            .await;
        }
        app.chord(&[key::CONTROL, key::SHIFT, 'i']).await;
        app.gone("[data-testid=broadcast-badge]").await;
    })
    .await;
}

#[tokio::test]
async fn a_tab_closed_by_mistake_comes_back_with_its_session() {
    let simulator = service::start().await;
    let home = Home::new().with(service::environment(&simulator));
    in_app(&home, async |app| {
        app.create_profile("Build server", simulator.target()).await;
        app.open_profile("Build server").await;
        let terminal = app.terminal();
        terminal.wait_for_prompt().await;
        terminal.run("mine=kept; echo before").await;
        terminal.wait_for_row("before").await;
        app.close_tab().await;
        app.gone("[data-testid=terminal]").await;
        app.chord(&[key::CONTROL, key::SHIFT, 'z']).await;
        app.terminal().wait_for_keyboard().await;
        app.terminal().run("echo again-$mine").await;
        app.terminal().wait_for_row("again-kept").await;
        app.terminal().wait_for_row("before").await;
        let sessions = simulator.sessions();
        assert_eq!(sessions.len(), 1, "it is the same session");
        assert_eq!(sessions[0].status, SessionStatus::Connected);
    })
    .await;
    simulator.shutdown().await;
}

#[tokio::test]
async fn tabs_and_panes_come_back_after_a_kill_and_start_on_request() {
    let home = Home::new();
    in_app(&home, async |app| {
        app.open_demo().await;
        app.split_right().await;
        eventually("the layout to be written down", async || {
            home.layout().filter(|text| text.contains("\"row\""))
        })
        .await;
        app.kill();
    })
    .await;
    in_app(&home, async |app| {
        app.panes_shown(2).await;
        assert_eq!(app.find_all("[data-testid=idle]").await.len(), 2);
        app.click("[data-testid=idle-start-all]").await;
        app.gone("[data-testid=idle]").await;
        app.terminal().wait_for_prompt().await;
        app.terminal().run("echo $((40+2))").await;
        app.terminal().wait_for_row("42").await;
    })
    .await;
}
