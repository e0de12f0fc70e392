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
mod hostile;
mod program;
mod shell;
mod signer;
