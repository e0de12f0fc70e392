//! A terminal of the application, as a person sees it and types into it, and what it tells tests of itself.

use serde::de::DeserializeOwned;

use crate::app::App;
use crate::page::{eventually, key};

impl App {
    /// Opens the Local demo in a new tab and waits for its prompt.
    pub(crate) async fn open_demo(&self) -> Terminal<'_> {
        self.open_profile("Local demo").await;
        let terminal = self.terminal();
        terminal.wait_for_prompt().await;
        terminal
    }

    /// The terminal in front.
    pub(crate) fn terminal(&self) -> Terminal<'_> {
        Terminal { app: self }
    }
}

/// The terminal in front. Nothing is remembered: each question goes to the page as it is now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal<'a> {
    app: &'a App,
}

impl Terminal<'_> {
    /// Asks the pane in front, of several the one that has the focus; `None` while there is none. Hidden tabs stay in the page, sized but not visible.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, body: &str) -> Option<T> {
        let script = format!(
            "const shown = [...document.querySelectorAll('[data-testid=terminal]')]
                 .filter((pane) => pane.checkVisibility({{ visibilityProperty: true }}));
             const pane = shown.find((pane) => pane.closest('[data-focused]')) ?? shown[0];
             if (!pane) return null;
             {body}"
        );
        self.app.script(&script, Vec::new()).await
    }

    /// What the page says of the terminal under this name.
    async fn says(&self, name: &str) -> String {
        eventually(format!("{name} of the terminal"), async || {
            self.ask(&format!("return pane.dataset.{name} ?? null;"))
                .await
        })
        .await
    }

    /// Waits for the session to be `connecting`, `open` or `ended`.
    pub(crate) async fn wait_for_state(&self, state: &str) {
        eventually(format!("the session to be {state}"), async || {
            (self.says("state").await == state).then_some(())
        })
        .await;
    }

    /// The rows on the screen, without trailing blanks.
    pub(crate) async fn text(&self) -> String {
        let rows: Option<Vec<String>> = self
            .ask("return [...pane.querySelectorAll('.xterm-rows > div')].map((row) => row.textContent);")
            .await;
        let rows = rows.unwrap_or_default();
        let rows: Vec<&str> = rows
            .iter()
            .map(|row| row.trim_end_matches([' ', '\u{a0}']))
            .collect();
        rows.join("\n").replace('\u{a0}', " ").trim_end().to_owned()
    }

    /// Waits until the screen is as it should be.
    pub(crate) async fn wait_for(&self, what: &str, right: impl Fn(&str) -> bool) -> String {
        eventually(format!("{what} on the screen"), async || {
            let text = self.text().await;
            right(&text).then_some(text)
        })
        .await
    }

    /// Waits until one can type: the session is open, the shell has spoken, and the keyboard is the terminal's without
    /// anybody having clicked into it.
    pub(crate) async fn wait_for_prompt(&self) {
        self.wait_for_state("open").await;
        self.wait_for("the prompt", |text| text.ends_with('$'))
            .await;
        self.wait_for_keyboard().await;
    }

    /// Waits until keys go to this terminal.
    pub(crate) async fn wait_for_keyboard(&self) {
        eventually("the terminal to have the keyboard", async || {
            self.ask("return pane.contains(document.activeElement);")
                .await
                .unwrap_or(false)
                .then_some(())
        })
        .await;
    }

    /// Waits until a row of the screen is exactly this.
    pub(crate) async fn wait_for_row(&self, row: &str) {
        self.wait_for(row, |text| text.lines().any(|line| line == row))
            .await;
    }

    /// Types a command and Enter.
    pub(crate) async fn run(&self, command: &str) {
        self.type_text(&format!("{command}\n")).await;
    }

    /// Types text.
    pub(crate) async fn type_text(&self, text: &str) {
        self.app.type_text(text).await;
    }

    /// Columns and rows, as the page says.
    pub(crate) async fn size(&self) -> (u32, u32) {
        let cols = self.says("cols").await.parse().unwrap();
        let rows = self.says("rows").await.parse().unwrap();
        (cols, rows)
    }

    /// How many bytes the terminal has been given, and their CRC-32.
    pub(crate) async fn received(&self) -> (u64, u32) {
        let (bytes, digest): (String, String) = self
            .ask("return [pane.dataset.bytes, pane.dataset.digest];")
            .await
            .unwrap();
        (
            bytes.parse().unwrap(),
            u32::from_str_radix(&digest, 16).unwrap(),
        )
    }

    /// Leaves a shell behind that neither echoes nor edits: whatever it is given to print arrives unchanged and alone.
    pub(crate) async fn quiet_shell(&self) {
        // A prompt in between: what is typed while one shell takes the other's place may be lost with the first.
        self.run("PS1='% ' exec sh").await;
        self.wait_for("the plain shell's prompt", |text| text.ends_with('%'))
            .await;
        self.run("PS1=; stty -echo -opost; printf 'quiet%s\\r\\n' ' now'")
            .await;
        self.wait_for_row("quiet now").await;
        self.run("").await;
    }

    /// Ctrl and another key.
    pub(crate) async fn control(&self, with: char) {
        self.app.chord(&[key::CONTROL, with]).await;
    }
}
