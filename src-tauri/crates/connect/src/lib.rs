//! Joins the AWS side to the engine: from a connection's settings to what `engine` drives.
//!
//! `engine` names no AWS type and `aws` no session task; this crate implements the one's trait over the other's client
//! and translates errors and hosts, and an end into words for people. The application and the command-line program are
//! its callers.

mod ending;
mod person;
mod plan;
mod source;
mod startup;

pub use ending::{Ending, sentence};
pub use person::{
    AnswerFuture, FoundNode, Nobody, NodeQuestion, Person, ReasonQuestion, Unanswered,
};
pub use plan::{AskedReason, Keyring, Plan, settings};
pub use source::{AwsSource, PlanFuture};
pub use startup::Startup;
