//! A shell behind the window: what is typed arrives, what it prints is shown, sizes agree, and it ends.

use std::fs;

use simulator::Disconnect;
use simulator::config::KmsKeyBehaviour;

use crate::app::{Home, in_app, in_fresh_app};
use crate::checksum::crc32;
use crate::page::eventually;
use crate::service;
use crate::terminal::Terminal;

#[tokio::test]
async fn a_command_is_typed_and_its_answer_read() {
    in_fresh_app(async |app| {
        let terminal = app.open_demo().await;
        terminal.run("echo $((6*7))").await;
        terminal.wait_for_row("42").await;
    })
    .await;
}

#[tokio::test]
async fn the_shell_knows_the_terminals_size_before_and_after_a_resize() {
    in_fresh_app(async |app| {
        let terminal = app.open_demo().await;
        let before = terminal.size().await;
        assert!(before.0 > 40 && before.1 > 10, "{before:?}");
        shell_knows_the_size(&terminal).await;

        app.client().set_window_size(820, 520).await.unwrap();
        let after = eventually("another size", async || {
            let size = terminal.size().await;
            (size.0 < before.0 && size.1 < before.1).then_some(size)
        })
        .await;
        shell_knows_the_size(&terminal).await;
        assert_ne!(before, after);
    })
    .await;
}

/// The far end hears of a size a moment later, also of the first one, which changes with the font; a person would look
/// again.
async fn shell_knows_the_size(terminal: &Terminal<'_>) {
    eventually("the shell to know the size", async || {
        terminal.run("clear; stty size").await;
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        let text = terminal.text().await;
        let (cols, rows) = terminal.size().await;
        text.lines()
            .any(|line| line == format!("{rows} {cols}"))
            .then_some(())
    })
    .await;
}

#[tokio::test]
async fn colours_wide_characters_and_emoji_arrive_intact() {
    in_fresh_app(async |app| {
        let terminal = app.open_demo().await;
        // Spelled as numbers, since a US keyboard cannot type them. Combining marks stay out: how many cells they take
        // differs from font to font.
        terminal
            .run(
                r"printf '\033[1;31mred\033[0m \033[38;2;1;200;3mgreen\033[0m \u65e5\u672c\u8a9e \ud55c\uae00 \u00e9 \U1f680\U1f980 end\n'",
            )
            .await;
        terminal.wait_for_row("red green 日本語 한글 é 🚀🦀 end").await;

        let colours: Vec<String> = terminal
            .ask(
                "const spans = [...pane.querySelectorAll('.xterm-rows span')];
                 return ['red', 'green'].map((word) => {
                     const span = spans.findLast((span) => span.textContent === word);
                     return span ? getComputedStyle(span).color : 'no span of its own';
                 });",
            )
            .await
            .unwrap();
        assert!(is_mostly(&colours[0], 0), "red is {}", colours[0]);
        assert!(is_mostly(&colours[1], 1), "green is {}", colours[1]);
    })
    .await;
}

/// Whether a colour, as `rgb(r, g, b)`, has most of this channel.
fn is_mostly(colour: &str, channel: usize) -> bool {
    let numbers: Vec<u32> = colour
        .trim_start_matches("rgba(")
        .trim_start_matches("rgb(")
        .split([',', ')'])
        .filter_map(|number| number.trim().parse().ok())
        .collect();
    numbers.len() >= 3
        && (0..3).all(|other| other == channel || numbers[other] + 40 < numbers[channel])
}

#[tokio::test]
async fn five_megabytes_of_output_arrive_complete() {
    let home = Home::new();
    let content = text_of(5 * 1024 * 1024);
    fs::write(home.home().join("large"), &content).unwrap();
    in_app(&home, async |app| {
        let terminal = app.open_demo().await;
        terminal.quiet_shell().await;
        let before = eventually("silence", async || {
            let one = terminal.received().await;
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            (terminal.received().await == one).then_some(one)
        })
        .await;

        terminal.run("cat large").await;
        let wanted = before.0 + u64::try_from(content.len()).unwrap();
        let after = eventually("five megabytes", async || {
            let received = terminal.received().await;
            (received.0 >= wanted).then_some(received)
        })
        .await;
        assert_eq!(after.0, wanted);
        assert_eq!(
            after.1,
            crc32(&content, before.1),
            "the bytes are not the same"
        );

        terminal.run("printf '\\r\\nstill %s\\r\\n' here").await;
        terminal.wait_for_row("still here").await;
    })
    .await;
}

/// Lines of text, no two alike, so that a lost, doubled or moved piece changes the checksum.
fn text_of(len: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(len + 100);
    let mut number = 0_u64;
    while text.len() < len {
        number += 1;
        let line = format!(
            "{number:08} {:016x} żółć 日本 🚀\r\n",
            number.wrapping_mul(0x9e37_79b9_7f4a_7c15)
        );
        text.extend_from_slice(line.as_bytes());
    }
    text.truncate(len);
    text
}

#[tokio::test]
async fn exit_shows_that_the_session_has_ended() {
    in_fresh_app(async |app| {
        let terminal = app.open_demo().await;
        terminal.run("echo last words; exit").await;
        terminal.wait_for_state("ended").await;
        app.find("[data-testid=ended]").await;
        // What was on the screen stays there to be read.
        terminal.wait_for_row("last words").await;
    })
    .await;
}

#[tokio::test]
async fn an_ended_session_starts_again_in_its_tab_below_what_was_there() {
    in_fresh_app(async |app| {
        let terminal = app.open_demo().await;
        terminal.run("echo first; mine=1; exit").await;
        terminal.wait_for_state("ended").await;
        app.click("[data-testid=ended-restart]").await;
        // Another shell, which knows nothing of the first.
        terminal.wait_for_prompt().await;
        terminal.run("echo second-${mine:-none}").await;
        terminal.wait_for_row("second-none").await;
        terminal.wait_for_row("first").await;
        app.gone("[data-testid=ended]").await;
        assert_eq!(app.find_all("[data-testid=tab]").await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn an_encrypted_session_is_like_any_other_and_goes_on_after_a_loss() {
    let simulator = service::start_with(|config| {
        config.encrypt_sessions(KmsKeyBehaviour::Enabled);
    })
    .await;
    let home = Home::new().with(service::environment(&simulator));
    in_app(&home, async |app| {
        app.create_profile("Vault", simulator.target()).await;
        app.open_profile("Vault").await;
        let terminal = app.terminal();
        terminal.wait_for_prompt().await;
        let notice = app.content("[data-testid=session-notice]").await.unwrap();
        assert!(notice.contains("encrypted using AWS KMS"), "{notice}");
        terminal.run("echo $((6*7))").await;
        terminal.wait_for_row("42").await;
        let session = simulator.sessions().into_iter().next().unwrap();
        assert!(simulator.disconnect(&session.id, Disconnect::Bye));
        terminal.run("echo $((7*8))").await;
        terminal.wait_for_row("56").await;
    })
    .await;
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_key_that_may_not_be_used_is_named_with_the_permission_and_the_principal() {
    let mut key = String::new();
    let simulator = service::start_with(|config| {
        key = config.encrypt_sessions(KmsKeyBehaviour::Denied);
    })
    .await;
    let home = Home::new().with(service::environment(&simulator));
    in_app(&home, async |app| {
        app.create_profile("Vault", simulator.target()).await;
        app.open_profile("Vault").await;
        app.terminal().wait_for_state("ended").await;
        let told = app.content("[data-testid=ended]").await.unwrap();
        for word in ["kms:GenerateDataKey", &key, "arn:aws:"] {
            assert!(told.contains(word), "{word} is missing: {told}");
        }
    })
    .await;
    simulator.shutdown().await;
}
