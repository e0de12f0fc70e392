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
    let search = Search::for_exactly(wanted.collect());
    let found = search.counts(bytes).into_iter().zip(&search.wanted);
    found
        .filter(|(count, _)| *count > 0)
        .map(|(count, form)| format!("{count} × {}", String::from_utf8_lossy(form)))
        .collect()
}

/// A search for many things in one pass: a program's memory is large, and a log has many lines.
#[derive(Clone, Debug)]
pub struct Search {
    wanted: Vec<Vec<u8>>,
    /// Which of them begin with each byte.
    by_first: Vec<Vec<usize>>,
}

impl Search {
    /// For pieces of these secrets, in every form.
    #[must_use]
    pub fn for_secrets<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let pieces = secrets
            .into_iter()
            .flat_map(|secret| pieces(secret.as_bytes()));
        let mut wanted: Vec<_> = pieces.flat_map(forms).collect();
        wanted.sort_unstable();
        wanted.dedup();
        Self::for_exactly(wanted)
    }

    /// For these bytes as they are.
    #[must_use]
    pub fn for_exactly(wanted: Vec<Vec<u8>>) -> Self {
        let mut by_first = vec![Vec::new(); 256];
        for (at, form) in wanted.iter().enumerate() {
            by_first[usize::from(form[0])].push(at);
        }
        Self { wanted, by_first }
    }

    /// In how many places of `bytes` any of it stands.
    #[must_use]
    pub fn places(&self, bytes: &[u8]) -> usize {
        self.counts(bytes).into_iter().sum()
    }

    /// The lines that any of it stands in.
    #[must_use]
    pub fn lines<'a>(&self, text: &'a str) -> Vec<&'a str> {
        text.lines()
            .filter(|line| self.places(line.as_bytes()) > 0)
            .collect()
    }

    fn counts(&self, bytes: &[u8]) -> Vec<usize> {
        let mut counts = vec![0; self.wanted.len()];
        for (at, byte) in bytes.iter().enumerate() {
            for &form in &self.by_first[usize::from(*byte)] {
                counts[form] += usize::from(bytes[at..].starts_with(&self.wanted[form]));
            }
        }
        counts
    }
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
