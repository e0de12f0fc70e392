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
mod live;
mod profile;
mod store;

pub use live::{LiveSession, LiveSessions};
pub use profile::{Field, FieldError, Profile, ProfileColour, ProfileDraft, ProfileId};
pub use store::{
    ProfileStore, Replacement, Restored, StoreError, StoreNotice, config_dir, default_dir,
};
