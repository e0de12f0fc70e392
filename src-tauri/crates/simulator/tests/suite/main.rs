//! The simulator from outside: its HTTP API by hand-written requests, its data channel by the client of the `protocol`
//! crate over a plain WebSocket. Signatures are made here by code of its own, so that the two check each other.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod api;
mod channel;
mod client;
mod commands;
mod ending;
mod faults_agent;
mod faults_path;
mod faults_service;
mod hostile;
mod kms;
mod program;
mod raw;
mod shell;
mod sign_in_oidc;
mod sign_in_portal;
mod sign_in_sts;
mod signer;
#[cfg(feature = "tls")]
mod tls;
