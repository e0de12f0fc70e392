//! The person's settings: `settings.toml` in a folder that the caller names, read tolerantly, watched, and changed so
//! that comments and keys of other versions stay. Beside it the folder `themes` with colour themes, and the system's
//! fonts to choose from.
//!
//! Values are JSON as the window takes them (`ipc::Settings`); the application maps between the two. Nothing here is
//! secret.

mod document;
mod fonts;
mod schema;
mod store;
mod themes;

pub use document::{Change, ChangeError, Problem, Reading};
pub use fonts::monospace_families;
pub use schema::defaults;
pub use store::{SettingsStore, StoreError};
pub use themes::{Theme, ThemeError, Themes};
