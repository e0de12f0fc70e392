//! The broker and the calls against other people's parts: moto, an emulation of AWS that checks signatures and
//! permissions, and the AWS CLI, which shares its caches with us.
//!
//! `cargo xtask test` installs them, in the versions and with the digests of `tests/interop/requirements.txt`, and names
//! the interpreter that has them in `SESSIONDECK_PYTHON`.
#![cfg(unix)]

mod cli;
mod home;
mod moto;
mod python;
