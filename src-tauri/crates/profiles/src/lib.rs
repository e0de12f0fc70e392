//! The saved connections: what one is, what is a valid one, and the file that keeps them.
//!
//! One [`ProfileStore`] owns `profiles.json` in a folder that the caller names. No secret is ever part of a profile:
//! it names an AWS profile or an entry of the keyring, and the credentials stay where those keep them. What crosses to
//! the window lives in the crate `ipc`; the application maps between the two.
//!
//! A profile's raw text is a [`ProfileDraft`] and [`ProfileDetails`]; [`Profile::connection`] parses it into types that
//! cannot be wrong, with a [`Target`] that is an id or a rule. [`Library`] holds a file's connections and folders; what a
//! person does to the tree are pure functions that give an [`Undo`]. [`TeamFile`]s add read-only connections, [`import`]
//! reads other tools' files, [`DeepLink`] what a link asks for, and [`Recents`] remembers what was opened.
//!
//! [`LiveSessions`] writes down which sessions are open at the service, so that a killed program's can be ended by the next.
//!
//! Promises, each held by a test: a save that returned is on disk and survives `kill -9`, power loss and a failing
//! disk; a file that cannot be understood is kept under another name before anything takes its place; changes made by
//! another program are taken over or reported, never overwritten.

mod file;
pub mod import;
mod library;
mod link;
mod live;
#[cfg(test)]
mod memory;
mod profile;
mod recents;
mod secrets;
mod store;
mod target;
mod team;
mod tree;
mod values;

pub use library::{Conflict, Library, Merged, Undo, Undone, merge};
pub use link::{DeepLink, LinkError, LinkedProfile, LinkedTarget};
pub use live::{LiveSession, LiveSessions};
pub use profile::{
    Connection, Field, FieldError, NetworkOverrides, Profile, ProfileColour, ProfileDetails,
    ProfileDraft, ProfileId, TerminalOverrides,
};
pub use recents::{Opening, Recents};
pub use store::{
    ProfileStore, Replacement, Restored, StoreError, StoreNotice, config_dir, default_dir,
};
pub use target::{EcsTarget, HybridNodeId, InstanceId, Target};
pub use team::{
    Entry, ExportError, Origin, TeamFile, TeamProblem, combine, export_team_file, team_files,
};
pub use tree::{
    Edited, SortOrder, TreeError, TreeItem, add, create_folder, delete_items, matches, move_items,
    rename_folder, sort,
};
pub use values::{
    AwsProfileName, CredentialSource, DocumentName, Environment, FolderPath, KeyringEntry,
    ProfileName, ReasonTemplate, ReasonValues, Region, ShellName, StartupCommand, Tag, UserName,
    ValueError,
};
