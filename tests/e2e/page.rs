//! The application's page, as a person finds their way in it: by what things are called and do.

use std::fmt::Display;
use std::time::{Duration, Instant};

use fantoccini::Locator;
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::elements::Element;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::app::App;

/// How long anything that a test waits for may take; far above what it needs, for a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(12);

/// WebDriver's names of keys that have no character.
pub(crate) mod key {
    pub(crate) const BACKSPACE: char = '\u{e003}';
    pub(crate) const TAB: char = '\u{e004}';
    pub(crate) const ENTER: char = '\u{e007}';
    pub(crate) const SHIFT: char = '\u{e008}';
    pub(crate) const CONTROL: char = '\u{e009}';
    pub(crate) const ESCAPE: char = '\u{e00c}';
    pub(crate) const LEFT: char = '\u{e012}';
}

/// Asks again and again until there is an answer, and fails with `what` was missing.
pub(crate) async fn eventually<T>(
    what: impl Display,
    mut ask: impl AsyncFnMut() -> Option<T>,
) -> T {
    let begun = Instant::now();
    loop {
        // A page that hangs does not answer at all.
        let left = PATIENCE.saturating_sub(begun.elapsed());
        match tokio::time::timeout(left, ask()).await {
            Ok(Some(answer)) => return answer,
            Ok(None) => {}
            Err(_) => panic!("waited in vain for {what}"),
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

impl App {
    /// Waits until the page has drawn itself.
    pub(crate) async fn page_shown(&self) {
        eventually("the page", async || {
            let drawn = "return document.readyState === 'complete' && document.querySelector('#root > *') !== null";
            self.client().execute(drawn, Vec::new()).await.is_ok_and(|drawn| drawn == true).then_some(())
        })
        .await;
    }

    /// Runs a function body in the page and returns its answer.
    pub(crate) async fn script<T: DeserializeOwned>(&self, body: &str, arguments: Vec<Value>) -> T {
        let answer = self.client().execute(body, arguments).await;
        let answer = answer.unwrap_or_else(|error| panic!("script failed: {error}\n{body}"));
        serde_json::from_value(answer)
            .unwrap_or_else(|error| panic!("{error} in the answer of\n{body}"))
    }

    /// Like [`Self::script`] for a body that awaits.
    pub(crate) async fn async_script<T: DeserializeOwned>(
        &self,
        body: &str,
        arguments: Vec<Value>,
    ) -> T {
        let body = format!(
            "const done = arguments[arguments.length - 1]; const given = [...arguments].slice(0, -1);
             (async (...arguments) => {{ {body} }})(...given).then(
                 (value) => done({{ value: value ?? null }}), (error) => done({{ error: String(error?.message ?? error) }}));"
        );
        let answer = self.client().execute_async(&body, arguments).await;
        let mut answer = answer.unwrap_or_else(|error| panic!("script failed: {error}\n{body}"));
        assert!(
            answer.get("error").is_none(),
            "script failed: {answer}\n{body}"
        );
        serde_json::from_value(answer["value"].take())
            .unwrap_or_else(|error| panic!("{error} in the answer of\n{body}"))
    }

    /// Waits for an element.
    pub(crate) async fn find(&self, css: &str) -> Element {
        eventually(css, async || {
            self.client().find(Locator::Css(css)).await.ok()
        })
        .await
    }

    /// The text in the first such element, shown or not; `None` where there is none.
    pub(crate) async fn content(&self, css: &str) -> Option<String> {
        let text = "return document.querySelector(arguments[0])?.textContent ?? null;";
        self.script(text, vec![css.into()]).await
    }

    /// All elements there are now.
    pub(crate) async fn find_all(&self, css: &str) -> Vec<Element> {
        self.client().find_all(Locator::Css(css)).await.unwrap()
    }

    /// Waits for an element and clicks it as the last thing: the application may be gone before it has answered.
    pub(crate) async fn click_last(&self, css: &str) {
        let element = self.find(css).await;
        if let Err(error) = element.click().await {
            eprintln!("after the click on {css}: {error}");
        }
    }

    /// Waits for an element and clicks it; one that moves or is covered is tried again.
    pub(crate) async fn click(&self, css: &str) {
        eventually(format!("{css} to be clicked"), async || {
            self.client()
                .find(Locator::Css(css))
                .await
                .ok()?
                .click()
                .await
                .ok()
        })
        .await;
    }

    /// Waits until no element matches.
    pub(crate) async fn gone(&self, css: &str) {
        eventually(format!("no {css}"), async || {
            // One that goes while it is looked for is an error of the driver's, and the next look tells.
            let found = self.client().find_all(Locator::Css(css)).await.ok()?;
            found.is_empty().then_some(())
        })
        .await;
    }

    /// Presses keys together, in this order, and releases them.
    pub(crate) async fn chord(&self, keys: &[char]) {
        let mut actions = KeyActions::new("keyboard".to_owned());
        for value in keys {
            actions = actions.then(KeyAction::Down { value: *value });
        }
        for value in keys.iter().rev() {
            actions = actions.then(KeyAction::Up { value: *value });
        }
        self.client().perform_actions(actions).await.unwrap();
    }

    /// Types text, key by key, into whatever has the focus.
    pub(crate) async fn type_text(&self, text: &str) {
        let mut actions = KeyActions::new("keyboard".to_owned());
        for character in text.chars() {
            let value = if character == '\n' {
                key::ENTER
            } else {
                character
            };
            actions = actions
                .then(KeyAction::Down { value })
                .then(KeyAction::Up { value });
        }
        self.client().perform_actions(actions).await.unwrap();
    }
}
