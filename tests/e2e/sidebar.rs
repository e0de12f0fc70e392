//! The window around the terminals: saved profiles, tabs, and what the application asks.

use std::time::Duration;

use fantoccini::actions::{InputSource, MOUSE_BUTTON_LEFT, MouseActions, PointerAction};
use fantoccini::elements::Element;

use crate::app::App;
use crate::page::{eventually, key};

/// A tab, wherever it is.
const TAB: &str = "[data-testid=tab]";

impl App {
    /// Waits for a saved profile in the sidebar.
    pub(crate) async fn find_profile(&self, name: &str) -> Element {
        self.find(&profile(name)).await
    }

    /// Opens a saved profile in a new tab, as one does with the keyboard: it is chosen, then Enter.
    pub(crate) async fn open_profile(&self, name: &str) {
        let tabs = self.find_all(TAB).await.len();
        self.click(&profile(name)).await;
        self.chord(&[key::ENTER]).await;
        eventually("another tab", async || {
            (self.find_all(TAB).await.len() > tabs).then_some(())
        })
        .await;
    }

    /// Saves a new profile through the form.
    pub(crate) async fn create_profile(&self, name: &str, target: &str) {
        self.click("[data-testid=new-profile]").await;
        self.find("[data-testid=profile-form]").await;
        self.find("[data-testid=field-name]")
            .await
            .send_keys(name)
            .await
            .unwrap();
        self.find("[data-testid=field-target]")
            .await
            .send_keys(target)
            .await
            .unwrap();
        self.click("[data-testid=form-save]").await;
        self.gone("[data-testid=profile-form]").await;
        self.find_profile(name).await;
    }

    /// Closes the tab in front by its key.
    pub(crate) async fn close_tab(&self) {
        self.chord(&[key::CONTROL, key::SHIFT, 'w']).await;
    }

    /// The ids of the tabs as they stand, from left to right.
    pub(crate) async fn tab_order(&self) -> Vec<String> {
        self.script(
            "return [...document.querySelectorAll('[data-testid=tab]')]
                 .map((tab) => [tab.getBoundingClientRect().x, tab.dataset.tabId])
                 .sort(([one], [other]) => one - other).map(([, id]) => id);",
            Vec::new(),
        )
        .await
    }

    /// Drags a tab by the mouse to the place of another; both are counted from the left.
    pub(crate) async fn drag_tab(&self, from: usize, to: usize) {
        let boxes: Vec<(f64, f64, f64)> = self
            .script(
                "return [...document.querySelectorAll('[data-testid=tab]')].map((tab) => tab.getBoundingClientRect())
                     .sort((one, other) => one.x - other.x).map(({ x, y, width, height }) => [x, width, y + height / 2]);",
                Vec::new(),
            )
            .await;
        let (start, end) = (boxes[from], boxes[to]);
        let moved = |x: f64, y: f64| PointerAction::MoveTo {
            duration: Some(Duration::from_millis(40)),
            x,
            y,
        };
        let mut actions = MouseActions::new("mouse".to_owned())
            .then(moved(start.0 + start.1 / 3.0, start.2))
            .then(PointerAction::Down {
                button: MOUSE_BUTTON_LEFT,
            });
        let (begin, goal) = (start.0 + start.1 / 3.0, end.0 + end.1 / 8.0);
        for step in 1..=12 {
            let x = begin + (goal - begin) * f64::from(step) / 12.0;
            actions = actions.then(moved(x, start.2));
        }
        actions = actions.then(PointerAction::Up {
            button: MOUSE_BUTTON_LEFT,
        });
        self.client().perform_actions(actions).await.unwrap();
    }

    /// Agrees to a paste that the application asks about.
    pub(crate) async fn confirm_paste(&self) {
        self.click("[data-testid=paste-confirm]").await;
        self.gone("[data-testid=paste-dialog]").await;
    }
}

fn profile(name: &str) -> String {
    format!("[data-testid=profile-row][data-profile-name='{name}']")
}
