//! The AWS tools' shared files, `~/.aws/config` and `~/.aws/credentials`: read tolerantly, typed, watched.
//!
//! What the AWS CLI and SDKs accept is read as they read it. Where they refuse a whole file because of one line, the
//! line becomes a [`Problem`] and the rest counts. [`SharedConfig::sanitized`] gives the good lines back as text that
//! the SDK parses without fault. Nothing here obtains credentials. Nothing that stands in these files is ever changed;
//! [`append`] adds sections to the config file that a person has chosen.
//!
//! Static secrets are [`secrecy::SecretString`]s; no `Debug` output and no problem's message quotes a value.

mod append;
mod chain;
mod file;
mod kind;
mod model;
mod parse;
mod paths;
mod sanitized;
mod watcher;

pub use append::{AppendError, NewProfile, NewSession, append, sections};
pub use chain::{Base, Chain, ChainError, RoleStep};
pub use file::MAX_FILE_BYTES;
pub use files::Timing;
pub use kind::{Keys, Login, Process, ProfileKind, Role, RoleSource, Sso, WebIdentity};
pub use model::{Place, Problem, Profile, Services, SharedConfig, SsoSession};
pub use paths::{FileKind, Paths};
pub use sanitized::Sanitized;
pub use watcher::Watcher;
