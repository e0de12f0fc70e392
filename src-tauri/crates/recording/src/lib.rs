//! Recordings of sessions, as asciicast files that other players read too.
//!
//! [`Recorder`] writes what a session shows, never what a person types; [`Shelf`] lists the files, opens them in pages
//! and throws out what is too old or too much. Knows nothing of sessions, windows or the application's settings.

mod cast;
mod page;
mod recorder;
mod shelf;
mod text;

pub use cast::{CastError, Event, EventKind, Header, MAX_LINE_BYTES};
pub use page::{Cursor, Page};
pub use recorder::{Recorder, Start, Trouble};
pub use shelf::{Found, Listed, Name, Retention, Shelf, ShelfError};
