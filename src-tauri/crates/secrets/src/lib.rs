//! Keys that a person types into the application: in the system's keyring, or in memory for one run. Never in a file.
//!
//! A keyring may be missing, locked behind a question, refuse, hang or hold nonsense. Each of these is a [`Trouble`]
//! that comes within a bounded time and says what to do; none of them ever blocks the caller's thread.
//!
//! Left out: obtaining temporary credentials, and where the AWS tools keep theirs.

mod index;
mod keys;
mod platform;
mod store;
mod trouble;
mod worker;

pub use keys::AwsKeys;
pub use store::{KeyStore, Listed, Listing, MAX_ID_BYTES, MAX_LABEL_BYTES, PATIENCE, SERVICE};
pub use trouble::Trouble;
pub use worker::MAX_THREADS;
