//! What the tests share: generators, oracles, recorded bytes and a network in virtual time.
//!
//! Fuzz targets and benches use the same functions, so that whatever they find replays in the suite.

pub mod fixtures;
pub mod generators;
pub mod oracles;
pub mod pair;
pub mod scripted;
pub mod vectors;
