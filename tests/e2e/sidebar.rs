//! The window around the terminals: saved profiles, tabs, and what the application asks.

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

    /// Agrees to a paste that the application asks about.
    pub(crate) async fn confirm_paste(&self) {
        self.click("[data-testid=paste-confirm]").await;
        self.gone("[data-testid=paste-dialog]").await;
    }
}

fn profile(name: &str) -> String {
    format!("[data-testid=profile-row][data-profile-name='{name}']")
}
