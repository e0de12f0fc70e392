//! What a terminal does beyond showing output: search, the read-only lock, the clipboard by consent, saving.

use std::fs;

use crate::app::{Home, in_app, in_fresh_app};
use crate::display::Display;
use crate::page::{eventually, key};

#[tokio::test]
async fn a_search_counts_and_gives_the_keyboard_back() {
    in_fresh_app(async |app| {
        let terminal = app.open_demo().await;
        terminal
            .run("seq -f 'row %g' 300; echo over-$((1+1))")
            .await;
        terminal.wait_for_row("over-2").await;
        app.chord(&[key::CONTROL, key::SHIFT, 'f']).await;
        app.find("[data-testid=search-field]:focus").await;
        app.type_text("row 12").await;
        // 12 and 120 to 129.
        eventually("the count", async || {
            let count = app.content("[data-testid=search-count]").await?;
            (count == "11 of 11").then_some(())
        })
        .await;
        terminal
            .wait_for("the match", |text| {
                text.lines().any(|line| line == "row 129")
            })
            .await;
        app.chord(&[key::ESCAPE]).await;
        app.gone("[data-testid=search-bar]").await;
        terminal.wait_for_keyboard().await;
        terminal.run("echo back-$((2+2))").await;
        terminal.wait_for_row("back-4").await;
    })
    .await;
}

#[tokio::test]
async fn a_read_only_terminal_sends_nothing() {
    let home = Home::new();
    in_app(&home, async |app| {
        let terminal = app.open_demo().await;
        Display::shared().copy("touch pasted\n");
        app.chord(&[key::CONTROL, key::SHIFT, 'y']).await;
        app.find("[data-testid=read-only-badge]").await;
        terminal.run("touch typed").await;
        app.chord(&[key::CONTROL, key::SHIFT, 'v']).await;
        app.find("[data-testid=toast]").await;
        app.chord(&[key::CONTROL, key::SHIFT, 'y']).await;
        app.gone("[data-testid=read-only-badge]").await;
        terminal.run("echo open-$((1+1))").await;
        terminal.wait_for_row("open-2").await;
        for name in ["typed", "pasted"] {
            assert!(!home.home().join(name).exists(), "{name} got through");
        }
    })
    .await;
}

#[tokio::test]
async fn the_far_end_sets_the_clipboard_only_where_a_person_allows_it() {
    for (answer, expected) in [("no", "mine"), ("yes", "from afar")] {
        in_fresh_app(async |app| {
            let terminal = app.open_demo().await;
            Display::shared().copy("mine");
            // "from afar" and a line end, which stays away.
            terminal
                .run(r"printf '\033]52;c;ZnJvbSBhZmFyCg==\007'")
                .await;
            app.find("[data-testid=far-clipboard-dialog]").await;
            assert_eq!(Display::shared().clipboard().as_deref(), Some("mine"));
            app.click(&format!("[data-testid=far-clipboard-{answer}]"))
                .await;
            app.gone("[data-testid=far-clipboard-dialog]").await;
            if answer == "yes" {
                app.find("[data-testid=toast]").await;
            }
            terminal.wait_for_keyboard().await;
            terminal.run("echo done-$((1+1))").await;
            terminal.wait_for_row("done-2").await;
            assert_eq!(Display::shared().clipboard().as_deref(), Some(expected));
        })
        .await;
    }
}

#[tokio::test]
async fn the_whole_scrollback_is_saved_for_its_owner_only() {
    let home = Home::new();
    in_app(&home, async |app| {
        let terminal = app.open_demo().await;
        terminal.run("seq -f 'row %g' 500; echo over-$((1+1))").await;
        terminal.wait_for_row("over-2").await;
        let opened = "const screen = pane.querySelector('.xterm-screen');
             const { x, y } = screen.getBoundingClientRect();
             screen.dispatchEvent(new MouseEvent('contextmenu', { bubbles: true, cancelable: true, button: 2, clientX: x + 40, clientY: y + 40 }));
             return true;";
        terminal.ask::<bool>(opened).await;
        app.click("[data-testid=menu-saveText]").await;
        let file = home.home().join("Downloads/Terminal Local demo.txt");
        let text = eventually("the file", async || {
            fs::read_to_string(&file).ok().filter(|text| !text.is_empty())
        })
        .await;
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("row ")).collect();
        assert_eq!(rows.len(), 500);
        assert_eq!((rows[0], rows[499]), ("row 1", "row 500"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    })
    .await;
}
