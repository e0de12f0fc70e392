//! What a far end, or a clipboard, must not be able to do to the window or through it.

use std::fs;
use std::time::{Duration, Instant};

use crate::app::{Home, in_app, in_fresh_app};
use crate::display::Display;
use crate::page::key;
use crate::terminal::Terminal;

/// A page that hangs for longer than this has been frozen.
const QUICK: Duration = Duration::from_secs(5);

#[tokio::test]
async fn huge_counts_do_not_hang_the_page() {
    in_fresh_app(async |app| {
        let terminal = app.open_demo().await;
        for (number, last) in ["L", "M", "S", "T", "I", "Z", "b", "P", "X", "@", "J", "d"]
            .iter()
            .enumerate()
        {
            terminal.run("clear").await;
            // The letter before is what `b` repeats.
            terminal
                .run(&format!(r"printf 'x\033[2147483647{last}\033[H\r\n'"))
                .await;
            let begun = Instant::now();
            terminal
                .run(&format!("echo alive-$(({number}+1000))"))
                .await;
            terminal
                .wait_for_row(&format!("alive-{}", number + 1000))
                .await;
            assert!(
                begun.elapsed() < QUICK,
                "CSI 2147483647 {last} took {:?}",
                begun.elapsed()
            );
        }
    })
    .await;
}

#[tokio::test]
async fn floods_of_costly_sequences_leave_the_page_usable() {
    in_fresh_app(async |app| {
        let terminal = app.open_demo().await;
        for sequence in [r"\033[24S", r"\033c", r"a\033[65535b", r"\033[24L"] {
            terminal.run("clear").await;
            terminal
                .run(&format!(
                    "for i in $(seq 400); do printf '{}'; done; clear; echo flood''ed",
                    sequence.repeat(20)
                ))
                .await;
            let begun = Instant::now();
            // The page, not the far end: does it still answer?
            let sum: u32 = app.script("return 40 + 2", Vec::new()).await;
            assert_eq!(sum, 42);
            assert!(
                begun.elapsed() < QUICK,
                "{sequence} kept the page for {:?}",
                begun.elapsed()
            );
            terminal.wait_for_row("flooded").await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_clipboard_that_ends_the_bracket_early_pastes_harmlessly() {
    let home = Home::new();
    in_app(&home, async |app| {
        let terminal = app.open_demo().await;
        Display::shared().copy("safe\x1b[201~\ntouch owned\n\x03touch owned\r");

        let arrived = received_by_reader(&home, &terminal, r"\033[?2004h", async || {
            app.chord(&[key::CONTROL, key::SHIFT, 'v']).await;
            app.confirm_paste().await;
        })
        .await;
        let text = String::from_utf8(arrived).unwrap();
        let inside = text
            .strip_prefix("\x1b[200~")
            .and_then(|rest| rest.strip_suffix("\x1b[201~"))
            .unwrap_or_else(|| panic!("not bracketed: {text:?}"));
        assert_eq!(
            inside,
            "safe\u{241b}[201~\rtouch owned\r\u{2403}touch owned\r"
        );

        // And into the real thing, whose line editor asks for brackets by itself.
        terminal.run("clear").await;
        terminal
            .wait_for("the prompt", |text| text.trim_end().ends_with('$'))
            .await;
        app.chord(&[key::CONTROL, key::SHIFT, 'v']).await;
        app.confirm_paste().await;
        terminal
            .wait_for("the pasted text", |text| text.contains("safe"))
            .await;
        terminal.control('c').await;
        terminal.run("echo after-$((1+1))").await;
        terminal.wait_for_row("after-2").await;
        assert!(
            !home.home().join("owned").exists(),
            "the paste ran a command"
        );
    })
    .await;
}

#[tokio::test]
async fn the_far_end_is_never_told_what_the_clipboard_holds() {
    let home = Home::new();
    in_app(&home, async |app| {
        let terminal = app.open_demo().await;
        Display::shared().copy("canary-7b1f");
        let answer = received_by_reader(
            &home,
            &terminal,
            r"\033]52;c;?\007\033]52;p;?\033\\",
            async || (),
        )
        .await;
        assert_eq!(String::from_utf8_lossy(&answer), "", "OSC 52 was answered");
        // The reader does see answers: the terminal says what it is.
        let answer = received_by_reader(&home, &terminal, r"\033[c", async || ()).await;
        assert!(
            answer.starts_with(b"\x1b[?"),
            "{:?}",
            String::from_utf8_lossy(&answer)
        );
        // Nor is it changed by the far end, unless a person says so.
        let denied = async || app.click("[data-testid=far-clipboard-no]").await;
        let _ = received_by_reader(&home, &terminal, r"\033]52;c;b3duZWQ=\007", denied).await;
        assert_eq!(
            Display::shared().clipboard().as_deref(),
            Some("canary-7b1f")
        );
    })
    .await;
}

/// Prints a sequence from the far end and returns what comes back there. `meanwhile` happens once the reader reads.
async fn received_by_reader(
    home: &Home,
    terminal: &Terminal<'_>,
    sequence: &str,
    meanwhile: impl AsyncFnOnce(),
) -> Vec<u8> {
    let file = home.home().join("received");
    let _ = fs::remove_file(&file);
    terminal.run("clear").await;
    // A raw terminal whose reader writes everything down until it is told that this was all.
    let reader =
        format!(r#"perl -e '$|=1; print while sysread(STDIN,$_,1) && $_ ne "{ALL}"' > received"#);
    terminal
        .run(&format!(
            "stty raw -echo; printf '{sequence}rea%s' dy; {reader}; stty sane; clear; echo do''ne"
        ))
        .await;
    terminal
        .wait_for("ready", |text| text.contains("ready"))
        .await;
    meanwhile().await;
    terminal.wait_for_keyboard().await;
    // An answer that has to ask somebody first, such as the system's clipboard, comes a moment later.
    tokio::time::sleep(Duration::from_millis(700)).await;
    terminal.type_text(ALL).await;
    terminal.wait_for_row("done").await;
    fs::read(&file).unwrap()
}

/// In no answer and in nothing that is pasted.
const ALL: &str = "Q";
