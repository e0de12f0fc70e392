//! Promises with a figure to hold. Each test tells the figures that it reached; in a long run, `cargo xtask test --long`,
//! it does the same at full length.

mod outage;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Seeded bytes.
fn bytes(seed: u64, len: usize) -> Vec<u8> {
    let mut data = vec![0; len];
    StdRng::seed_from_u64(seed).fill_bytes(&mut data);
    data
}
