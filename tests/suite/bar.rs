//! Promises with a figure to hold. Each test tells the figures that it reached; in a long run, `cargo xtask test --long`,
//! it does the same at full length.

#[cfg(target_os = "linux")]
mod load;
mod outage;
#[cfg(unix)]
mod wire;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

/// Seeded bytes.
fn bytes(seed: u64, len: usize) -> Vec<u8> {
    let mut data = vec![0; len];
    StdRng::seed_from_u64(seed).fill_bytes(&mut data);
    data
}

/// Where two streams of bytes part, if they do: lost, doubled and reordered bytes all show here.
fn first_difference(arrived: &[u8], sent: &[u8]) -> Option<usize> {
    (Sha256::digest(arrived) != Sha256::digest(sent) || arrived.len() != sent.len()).then(|| {
        let same = arrived.iter().zip(sent).take_while(|(a, b)| a == b);
        same.count()
    })
}
