//! Imports of other tools' connections, and exports: what would be added, and what was.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What kind of file or text connections are read from.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub enum ImportSource {
    /// The profiles of the AWS configuration, each a connection that still needs a target.
    AwsConfig,
    /// Hosts of an SSH configuration whose `ProxyCommand` begins a session.
    SshConfig,
    /// A table with the columns name and target, and others.
    Csv,
    /// The configuration of aws-gate.
    AwsGate,
    /// Command lines that begin sessions: aliases, scripts, a shell's history.
    Commands,
    /// A team file, or what was exported here.
    Team,
}

/// Where on this computer a kind of file usually is.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ImportPlace {
    /// The kind.
    pub source: ImportSource,
    /// Names the file, as a person would; `None`: nothing is where it usually is.
    pub found: Option<String>,
}

/// Where to read from.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
#[ts(export)]
pub enum ImportFrom {
    /// The file that [`ImportPlace`] names.
    Usual,
    /// A file that the person chooses now, in the system's own dialog.
    Choose,
    /// A text that the person gave.
    Text {
        /// All of it.
        text: String,
    },
}

/// What an import would add, and what it leaves out.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ImportPreview {
    /// Names this preview; only the last one can be carried out.
    pub id: u32,
    /// The file that was read; `None`: a text that the person gave.
    pub file: Option<String>,
    /// What can be added, each known by its place in the list.
    pub items: Vec<ImportItem>,
    /// What is left out.
    pub skipped: Vec<ImportSkipped>,
}

/// A connection that can be added.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ImportItem {
    /// What it is called.
    pub name: String,
    /// Its target; empty: the person has to give one before it can be opened.
    pub target: String,
    /// The AWS profile.
    pub aws_profile: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The folder that the source names; empty: none.
    pub folder: String,
    /// Where it is in the source, as a line from 1 on.
    pub line: Option<u32>,
    /// Where it is already.
    pub duplicate: Option<ImportDuplicate>,
}

/// Where a connection is already.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
#[ts(export)]
pub enum ImportDuplicate {
    /// Among the saved ones.
    Saved {
        /// What it is called there.
        name: String,
    },
    /// Earlier in the same preview.
    Earlier {
        /// What it is called there.
        name: String,
    },
}

/// Something that an import leaves out.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ImportSkipped {
    /// What it is called in the source.
    pub name: String,
    /// Where it is in the source, as a line from 1 on.
    pub line: Option<u32>,
    /// Why, in one sentence.
    pub reason: String,
}

/// What an export wrote.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Exported {
    /// Where.
    pub file: String,
    /// How many connections.
    pub count: u32,
}
