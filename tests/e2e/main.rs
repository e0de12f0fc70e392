//! End-to-end tests: the built application, in a real window on a virtual display, driven as a person would.
//!
//! `cargo xtask test --only e2e` builds the application and says in `SESSIONDECK_APP` where it is. Nothing is replaced:
//! keys are the web view's own key events, the shell is a real one behind the simulator inside the application, or behind
//! one that a test runs itself where it wants to see the service's side.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "these are tests: whatever is not as expected is to fail"
)]

mod app;
mod checksum;
mod display;
mod guard;
mod page;
mod real_window;
mod service;
mod sidebar;
mod terminal;
