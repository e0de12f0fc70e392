//! One broker owns all credentials: sessions, discovery and every re-dial ask it.
//!
//! It finds out by itself what an AWS profile needs (keys, roles upon roles, a sign-in, a program), keeps what it was
//! given as long as that is good, renews it in time, and lets those who ask for the same at once share one answer. What
//! only a person can give becomes a [`Question`]: one, however many wait for it. No secret leaves this crate but to sign.

mod assumed_role;
mod broker;
mod cache_folder;
mod caller;
mod flights;
mod gate;
mod process;
mod question;
mod services;
pub(crate) mod sso;

pub use broker::{Broker, BrokerOptions, KeyFuture, OpenFuture, Source, StoredKey, StoredKeys};
pub use caller::Caller;
pub use gate::LOOK_INTERVAL;
pub use question::{MfaNeed, Need, Question, QuestionId};
pub use sso::portal::{Account, AccountRole};
pub use sso::sign_in::SignInStep;
pub use sso::token::SsoSession;
