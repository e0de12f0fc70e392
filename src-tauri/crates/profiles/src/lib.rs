//! The saved connections: what one is, what is a valid one, and the file that keeps them.
//!
//! One [`ProfileStore`] owns `profiles.json` in a folder that the caller names. No secret is ever part of a profile:
//! it names an AWS profile, and the credentials stay where the AWS tools keep them. What crosses to the window lives in
//! the crate `ipc`; the application maps between the two.
//!
//! [`LiveSessions`] writes down which sessions are open at the service, so that a killed program's can be ended by the next.
//!
//! Promises, each held by a test: a save that returned is on disk and survives `kill -9`, power loss and a failing
//! disk; a file that cannot be understood is kept under another name before anything takes its place; changes made by
//! another program are taken over or reported, never overwritten.

mod file;
mod files;
pub mod import;
mod library;
mod link;
mod live;
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
pub use team::{Entry, ExportError, Origin, TeamFile, TeamProblem, combine, export_team_file};
pub use tree::{
    Edited, SortOrder, TreeError, TreeItem, add, create_folder, delete_items, matches, move_items,
    rename_folder, sort,
};
pub use values::{
    AwsProfileName, CredentialSource, DocumentName, Environment, FolderPath, KeyringEntry,
    ProfileName, ReasonTemplate, ReasonValues, Region, ShellName, StartupCommand, Tag, UserName,
    ValueError,
};
