//! The search for secrets where none may be: in text, in files, in a program's memory.
//!
//! A piece of a secret is a hit, in every form that a program is likely to give it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// How long a piece is; shorter ones would be found by accident.
const PIECE_BYTES: usize = 16;

/// How a secret may stand somewhere: as it is, hexadecimal, base64 at each alignment, percent-encoded.
#[must_use]
pub fn forms(secret: &[u8]) -> Vec<Vec<u8>> {
    let percent: Vec<String> = secret
        .iter()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(*byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect();
    let mut forms = vec![
        secret.to_vec(),
        hex::encode(secret).into_bytes(),
        hex::encode_upper(secret).into_bytes(),
        percent.concat().into_bytes(),
    ];
    for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
        for skip in 0..3 {
            // The characters that do not depend on what stands before or after.
            let whole = &secret[skip..];
            forms.push(engine.encode(&whole[..whole.len() / 3 * 3]).into_bytes());
        }
    }
    forms.sort_unstable();
    forms.dedup();
    forms
}

/// Pieces from the middle and from the end: memory that is freed loses its first bytes to the allocator, and the rest
/// can be read for as long as nobody needs the place.
///
/// # Panics
///
/// If the secret is shorter than 16 bytes.
#[must_use]
pub fn pieces(secret: &[u8]) -> [&[u8]; 2] {
    assert!(secret.len() >= PIECE_BYTES, "too short to be looked for");
    let middle = (secret.len() - PIECE_BYTES) / 2;
    let end = secret.len() - PIECE_BYTES;
    [&secret[middle..middle + PIECE_BYTES], &secret[end..]]
}

/// The pieces of a secret that are in `bytes`, each with the number of its places.
#[must_use]
pub fn hits(bytes: &[u8], secret: &str) -> Vec<String> {
    let wanted = pieces(secret.as_bytes()).into_iter().flat_map(forms);
    wanted
        .filter_map(|form| match count(bytes, &form) {
            0 => None,
            found => Some(format!("{found} × {}", String::from_utf8_lossy(&form))),
        })
        .collect()
}

fn count(bytes: &[u8], wanted: &[u8]) -> usize {
    let mut found = 0;
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| *byte == wanted[0]) {
        rest = &rest[at..];
        found += usize::from(rest.starts_with(wanted));
        rest = &rest[1..];
    }
    found
}

/// What a running program can have written into its memory, region by region. The program is this one's child, or the
/// system does not allow it.
///
/// # Panics
///
/// If the memory cannot be read.
#[cfg(target_os = "linux")]
#[must_use]
pub fn writable_memory(id: u32) -> Vec<(String, Vec<u8>)> {
    use std::os::unix::fs::FileExt as _;

    let file = std::fs::File::open(format!("/proc/{id}/mem")).expect("its memory can be read");
    let maps = std::fs::read_to_string(format!("/proc/{id}/maps")).expect("it runs");
    let mut regions = Vec::new();
    for line in maps.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (Some((from, to)), Some(rights)) = (words[0].split_once('-'), words.get(1)) else {
            continue;
        };
        if !rights.starts_with("rw") {
            continue;
        }
        let address = |text| u64::from_str_radix(text, 16).expect("an address");
        let (from, to) = (address(from), address(to));
        let mut bytes = vec![0; usize::try_from(to - from).expect("it fits")];
        // What cannot be read is one of the kernel's own.
        if file.read_exact_at(&mut bytes, from).is_ok() {
            let name = words.get(5).copied().unwrap_or("a mapping without a name");
            regions.push((name.to_owned(), bytes));
        }
    }
    regions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_found_in_every_form_and_nothing_else_is() {
        let secret = "AAEAAa+token/with=odd&bytes?and_more-of-it";
        assert_eq!(hits(b"nothing of it", secret).len(), 0);
        for form in forms(secret.as_bytes()) {
            let text = [b"before ", &form[..], b" after"].concat();
            assert!(
                !hits(&text, secret).is_empty(),
                "{}",
                String::from_utf8_lossy(&form)
            );
        }
    }
}
