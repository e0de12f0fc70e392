//! Saved connections, as the window shows and edits them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The colours a profile can carry: marks of the palette, not raw values, so that both themes can show them.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub enum ProfileColour {
    /// No mark.
    #[default]
    None,
    /// Red.
    Red,
    /// Orange.
    Orange,
    /// Yellow.
    Yellow,
    /// Green.
    Green,
    /// Teal.
    Teal,
    /// Blue.
    Blue,
    /// Purple.
    Purple,
    /// Pink.
    Pink,
}

/// What a person can say of a connection.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ProfileDraft {
    /// What it is called in the sidebar and on tabs; 1 to 100 characters.
    pub name: String,
    /// The AWS profile whose credentials are used; `None`: the default credential chain.
    pub aws_profile: Option<String>,
    /// The AWS region; `None`: what the AWS profile or the environment says.
    pub region: Option<String>,
    /// `i-…`, `mi-…` or `ecs:<cluster>_<task>_<runtime>`; 1 to 400 characters.
    pub target: String,
    /// The session document's name or ARN; `None`: the account's default shell.
    pub document: Option<String>,
    /// The document's parameters, each a list of values.
    pub parameters: BTreeMap<String, Vec<String>>,
    /// Why one connects, kept in the account's session history; up to 256 characters.
    pub reason: Option<String>,
    /// The mark on its tabs.
    pub colour: ProfileColour,
}

/// A saved connection.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Profile {
    /// The same for the profile's whole life.
    pub id: String,
    /// True for **Local demo**: always there, never changed or deleted.
    pub built_in: bool,
    /// What a person said of it.
    #[serde(flatten)]
    #[ts(flatten)]
    pub draft: ProfileDraft,
}

/// Something about the profile file that a person should know.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
#[ts(export)]
pub enum StoreNotice {
    /// The file could not be understood; it was kept under another name, and the newest good copy took its place.
    Damaged {
        /// Where the damaged file is kept now.
        kept_as: String,
        /// What could not be understood, in one sentence.
        problem: String,
        /// How many connections the good copy held; `None`: there was none, and the list starts empty.
        restored: Option<u32>,
    },
    /// The file was gone although copies of it are there; the newest took its place.
    Missing {
        /// How many connections the copy held.
        restored: u32,
    },
    /// The file comes from a newer version of the application; it is shown but not changed.
    Newer {
        /// The schema number found.
        schema: u32,
    },
    /// A team's file, or a connection in it, was left out.
    TeamFile {
        /// Which and why, in one or two sentences.
        problem: String,
    },
    /// The file could not be read, so nothing can be saved either.
    Unreadable {
        /// Why, in one sentence.
        problem: String,
    },
}

/// All saved connections.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ProfileList {
    /// In the order they are shown; **Local demo** first.
    pub profiles: Vec<Profile>,
    /// What to tell about the file; empty when all is well.
    pub notices: Vec<StoreNotice>,
}
