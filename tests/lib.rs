//! What the tests share: generators, oracles, recorded bytes and a network in virtual time.
//!
//! Fuzz targets and benches use the same functions, so that whatever they find replays in the suite.

pub mod figures;
pub mod fixtures;
pub mod generators;
pub mod home;
pub mod oracles;
pub mod pair;
pub mod processes;
pub mod scripted;
pub mod secrets;
pub mod tap;
pub mod vectors;

/// The folder of these tests in the checkout that they run from.
///
/// Asked for when a test runs: a target directory may serve several checkouts, and what was compiled for one of them is
/// up to date for another.
///
/// # Panics
///
/// If Cargo does not run the test.
#[must_use]
pub fn folder() -> std::path::PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR")
        .expect("tests are run by Cargo")
        .into()
}
