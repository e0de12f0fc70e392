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
    /// `i-…`, `mi-…` or `ecs:<cluster>_<task>_<runtime>`, or a rule: `name:…`, `tag:Key=Value,…` or `asg:…`.
    pub target: String,
    /// The session document's name or ARN; `None`: the account's default shell.
    pub document: Option<String>,
    /// The document's parameters, each a list of values.
    pub parameters: BTreeMap<String, Vec<String>>,
    /// Why one connects, kept in the account's session history; up to 256 characters.
    pub reason: Option<String>,
    /// The mark on its tabs.
    pub colour: ProfileColour,
    /// Where in the tree it is: names from the top with `/` between them; empty: at the top.
    pub folder: String,
    /// Words by which it is found.
    pub tags: Vec<String>,
    /// What kind of place it leads to: `production` is marked, `staging`, `test` and `development` are known.
    pub environment: Option<String>,
    /// Whatever is worth knowing, over several lines.
    pub notes: Option<String>,
    /// Whether it is among the favourites.
    pub favourite: bool,
    /// Where the credentials come from, if not from `aws_profile`: `environment`, or `keyring:` and the name of an entry.
    pub credentials: Option<String>,
    /// The line that is sent once the shell is there.
    pub startup_command: Option<String>,
    /// The user that the shell should be.
    pub user: Option<String>,
    /// The shell to start, by name or path.
    pub shell: Option<String>,
    /// What differs from the settings in its terminal.
    pub terminal: TerminalOverrides,
    /// What differs from the system in the way to AWS.
    pub network: NetworkOverrides,
}

/// What differs from the settings in one connection's terminal.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct TerminalOverrides {
    /// The font's family.
    pub font: Option<String>,
    /// The font's size in CSS pixels, 6 to 72.
    pub font_size: Option<u16>,
    /// The name of the colour theme.
    pub theme: Option<String>,
    /// How many lines are kept.
    pub scrollback: Option<u32>,
}

/// What differs from the system in one connection's way to AWS.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct NetworkOverrides {
    /// The proxy's URL, without a user name or password.
    pub proxy: Option<String>,
    /// Hosts that are reached without the proxy, with commas between them.
    pub no_proxy: Option<String>,
    /// The path of a file of certificate authorities.
    pub ca_bundle: Option<String>,
    /// URLs in place of AWS's own, by service.
    pub endpoints: BTreeMap<String, String>,
}

/// Where a connection comes from.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
#[ts(export)]
pub enum ProfileOrigin {
    /// It is **Local demo**.
    BuiltIn,
    /// It is the person's own.
    Personal,
    /// It is in a team's file, which is only read; what is changed is kept in the person's own file.
    Team {
        /// What the team calls itself.
        team: String,
        /// The file.
        file: String,
        /// Members that are different here, by their names in the file.
        overridden: Vec<String>,
    },
}

/// A folder of the tree.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ProfileFolder {
    /// Its names from the top, with `/` between them.
    pub path: String,
    /// Whether it is in the person's own file, and so can be renamed, moved and deleted.
    pub own: bool,
}

/// When a connection was last opened.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ProfileOpening {
    /// Which connection.
    pub id: String,
    /// When, in milliseconds since 1970.
    #[ts(type = "number")]
    pub opened_ms: u64,
}

/// Something in the tree of connections.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
#[ts(export)]
pub enum TreeItem {
    /// A connection.
    Profile {
        /// Its id.
        id: String,
    },
    /// A folder with all that is in it.
    Folder {
        /// Its path.
        path: String,
    },
}

/// One value that connections, any number at once, are given.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
#[ts(export)]
pub enum ProfileChange {
    /// Another name.
    Name {
        /// The name.
        name: String,
    },
    /// Among the favourites or not.
    Favourite {
        /// Whether.
        favourite: bool,
    },
    /// Another mark.
    Colour {
        /// The mark.
        colour: ProfileColour,
    },
    /// Another kind of place.
    Environment {
        /// Which; `None`: not said.
        environment: Option<String>,
    },
    /// Another word by which it is found.
    AddTag {
        /// The word.
        tag: String,
    },
    /// One word less.
    RemoveTag {
        /// The word.
        tag: String,
    },
}

/// A field of the form.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
#[expect(missing_docs, reason = "each is the field of its name")]
pub enum ProfileField {
    Name,
    AwsProfile,
    Region,
    Target,
    Document,
    Parameters,
    Reason,
    Folder,
    Tags,
    Environment,
    Notes,
    Credentials,
    StartupCommand,
    User,
    Shell,
    Font,
    FontSize,
    Theme,
    Scrollback,
    Proxy,
    NoProxy,
    CaBundle,
    Endpoints,
}

/// What is wrong with one field.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct FieldProblem {
    /// Which field.
    pub field: ProfileField,
    /// One sentence for people.
    pub message: String,
}

/// What came of saving a connection.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
#[ts(export)]
pub enum ProfileSaved {
    /// It is on disk.
    Saved {
        /// As it is now.
        profile: Box<Profile>,
    },
    /// Fields are wrong; nothing was saved.
    Invalid {
        /// In the order of the form.
        problems: Vec<FieldProblem>,
    },
    /// Another program has changed or deleted the connection since the form was opened; nothing was saved.
    Conflict {
        /// As it is on disk; `None`: it was deleted.
        theirs: Option<Box<Profile>>,
    },
}

/// A change of the tree that can be taken back.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ProfilesChanged {
    /// What names the change when it is to be taken back.
    pub undo: u32,
}

/// What came of taking a change back.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct ProfilesUndone {
    /// Names of connections that were changed since, and stayed as they are.
    pub kept: Vec<String>,
    /// The file that holds the contents from before taking it back.
    pub earlier: String,
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
    /// Where it comes from.
    pub origin: ProfileOrigin,
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
    /// Every folder, also those that hold nothing.
    pub folders: Vec<ProfileFolder>,
    /// Connections that were opened, each once, the last one first.
    pub recents: Vec<ProfileOpening>,
    /// The file that the person's own are kept in.
    pub file: String,
    /// What to tell about the file; empty when all is well.
    pub notices: Vec<StoreNotice>,
}
