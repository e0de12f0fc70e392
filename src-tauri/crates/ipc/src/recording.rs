//! Recordings, as the window lists and plays them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One recording in the list.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Recording {
    /// Its file's name, by which the page names it.
    pub name: String,
    /// What was recorded, in words.
    pub title: String,
    /// When it began, in milliseconds since 1970.
    #[ts(type = "number")]
    pub started_ms: u64,
    /// How long it took, in milliseconds.
    #[ts(type = "number")]
    pub length_ms: u64,
    /// Of the file.
    #[ts(type = "number")]
    pub len_bytes: u64,
    /// Whether it is being written now.
    pub running: bool,
}

/// All recordings, the newest first, and where they are.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RecordingList {
    /// The newest first.
    pub recordings: Vec<Recording>,
    /// The folder, to show.
    pub folder: String,
}

/// Where a page of a recording begins; the page hands back what it was given.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RecordingCursor {
    /// In the file, in bytes.
    #[ts(type = "number")]
    pub offset: u64,
    /// The moment of the last event before it.
    #[ts(type = "number")]
    pub at_ms: u64,
}

/// What a player must know before the first event.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RecordingStart {
    /// Columns.
    pub cols: u16,
    /// Rows.
    pub rows: u16,
    /// Where the first page begins.
    pub first: RecordingCursor,
}

/// Something that happens in a recording.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
#[ts(export)]
pub enum RecordingEvent {
    /// The session showed this.
    Output {
        /// Milliseconds since the beginning.
        #[ts(type = "number")]
        at_ms: u64,
        /// For a terminal.
        text: String,
    },
    /// The terminal got another size.
    Resize {
        /// Milliseconds since the beginning.
        #[ts(type = "number")]
        at_ms: u64,
        /// Columns.
        cols: u16,
        /// Rows.
        rows: u16,
    },
    /// A place worth finding again.
    Marker {
        /// Milliseconds since the beginning.
        #[ts(type = "number")]
        at_ms: u64,
        /// In words.
        label: String,
    },
}

/// Some of a recording's events.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RecordingPage {
    /// In their order.
    pub events: Vec<RecordingEvent>,
    /// Where it goes on; null at the end.
    pub next: Option<RecordingCursor>,
}

/// A line in which a search has found its text.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct RecordingFound {
    /// When it was complete, in milliseconds since the beginning.
    #[ts(type = "number")]
    pub at_ms: u64,
    /// The line.
    pub line: String,
}
