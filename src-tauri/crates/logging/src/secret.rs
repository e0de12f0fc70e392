//! The secrets that are alive, and whether a line holds one.
//!
//! Encodings covered: as it is, hexadecimal in both cases, percent-encoded, base64 (standard and URL-safe) at all three
//! alignments, and the number list that `{:?}` makes of bytes.

use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};

/// Anything shorter would match by accident.
const MIN_BYTES: usize = 8;

static WATCHED: Mutex<Vec<Watched>> = Mutex::new(Vec::new());

struct Watched {
    id: u64,
    forms: Vec<SecretString>,
}

/// Keeps a secret watched for as long as it lives.
#[derive(Debug)]
#[must_use = "the secret is watched only while this lives"]
pub struct LiveSecret {
    id: u64,
}

impl Drop for LiveSecret {
    fn drop(&mut self) {
        lock().retain(|watched| watched.id != self.id);
    }
}

/// Watches a secret: no line that holds it is written while the answer lives. Shorter than eight bytes is not watched.
pub fn watch(secret: &SecretString) -> LiveSecret {
    let text = secret.expose_secret();
    let mut watched = lock();
    let id = watched.last().map_or(0, |last| last.id + 1);
    let forms = if text.len() < MIN_BYTES {
        Vec::new()
    } else {
        forms(text)
    };
    watched.push(Watched { id, forms });
    LiveSecret { id }
}

/// Whether a line holds a secret that is alive.
pub(crate) fn holds_one(line: &str) -> bool {
    lock()
        .iter()
        .flat_map(|watched| &watched.forms)
        .any(|form| line.contains(form.expose_secret()))
}

fn lock() -> std::sync::MutexGuard<'static, Vec<Watched>> {
    WATCHED.lock().unwrap_or_else(PoisonError::into_inner)
}

fn forms(text: &str) -> Vec<SecretString> {
    let bytes = text.as_bytes();
    let numbers: Vec<String> = bytes.iter().map(u8::to_string).collect();
    let mut forms = vec![
        text.to_owned(),
        hex::encode(bytes),
        hex::encode_upper(bytes),
        numbers.join(", "),
        percent_encoded(bytes),
        percent_encoded(bytes).to_ascii_lowercase(),
        text.escape_default().to_string(),
    ];
    for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
        for skip in 0..3 {
            // The characters that do not depend on what stands before or after.
            let whole = &bytes[skip..];
            forms.push(engine.encode(&whole[..whole.len() / 3 * 3]));
        }
    }
    forms.retain(|form| form.len() >= MIN_BYTES);
    forms.sort_unstable();
    forms.dedup();
    forms.into_iter().map(SecretString::from).collect()
}

fn percent_encoded(bytes: &[u8]) -> String {
    let mut text = String::new();
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "AAEAAa+token/with=odd&bytes?";

    #[test]
    fn finds_a_live_secret_in_every_encoding_and_forgets_a_dead_one() {
        let secret = SecretString::from(TOKEN.to_owned());
        let live = watch(&secret);
        let bytes = TOKEN.as_bytes();
        let lines = [
            format!("body: {TOKEN}"),
            format!("frame {}", hex::encode(bytes)),
            format!("frame {}", hex::encode_upper(bytes)),
            format!("{:?}", bytes),
            format!("?token={}", percent_encoded(bytes)),
            STANDARD_NO_PAD.encode(bytes),
            STANDARD_NO_PAD.encode([b"x", bytes].concat()),
            URL_SAFE_NO_PAD.encode([b"xy", bytes, b"z"].concat()),
        ];
        for line in &lines {
            assert!(holds_one(line), "{line}");
        }
        assert!(!holds_one("nothing of it"));
        drop(live);
        for line in &lines {
            assert!(!holds_one(line), "{line}");
        }
    }

    #[test]
    fn a_short_secret_does_not_silence_the_log() {
        let _live = watch(&SecretString::from("a".to_owned()));
        assert!(!holds_one("an ordinary line"));
    }
}
