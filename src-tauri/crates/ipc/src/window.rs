//! The application's menu where the system shows one, as the page lists it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One menu of the menu bar.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct MenuSection {
    /// Its name.
    pub name: String,
    /// What it offers, in this order.
    pub items: Vec<MenuItem>,
}

/// One thing that a menu offers.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct MenuItem {
    /// What the event names when it is chosen.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its key, such as `Cmd+T`; `None`: it has none.
    pub chord: Option<String>,
    /// Whether a line separates it from what is above it.
    pub apart: bool,
}
