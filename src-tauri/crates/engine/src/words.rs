//! What the service says in words, as it may be shown and logged. It knows the session's token and may repeat it.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};

/// So much of the token in a row is no accident.
const PIECE_LEN: usize = 16;

/// By what pieces of a token are known again: their hashes under a key of this program's own. The token itself is gone
/// once it is spent, and nothing here brings it back.
#[derive(Clone, Debug, Default)]
pub(crate) struct TokenMarks {
    key: RandomState,
    pieces: HashSet<u64>,
}

impl TokenMarks {
    pub(crate) fn of(token: &str) -> Self {
        let key = RandomState::new();
        let pieces = pieces(token).map(|piece| key.hash_one(piece)).collect();
        Self { key, pieces }
    }

    /// The text, cleaned, and without the words that have a piece of the token in them.
    pub(crate) fn left_of(&self, said: &str) -> String {
        let mut text = String::with_capacity(said.len());
        for part in protocol::text::clean(said).split_inclusive(|c| !is_of_a_token(c)) {
            let word = part.trim_end_matches(|c| !is_of_a_token(c));
            let has_piece =
                pieces(word).any(|piece| self.pieces.contains(&self.key.hash_one(piece)));
            if has_piece {
                text.push_str("[token]");
                text.push_str(part.strip_prefix(word).unwrap_or_default());
            } else {
                text.push_str(part);
            }
        }
        text
    }
}

fn pieces(text: &str) -> impl Iterator<Item = &[u8]> {
    text.as_bytes().windows(PIECE_LEN)
}

/// Tokens are base64 of one kind or the other.
fn is_of_a_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "+/=_-".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "AAEAAXf3mQ9kZr7TcWv2LpYh8sNb+d4uGe6/RiKtVx1BzMqPw5yFa0HjSnUlCgDoEr==";

    #[test]
    fn neither_the_token_nor_a_piece_of_it_stays() {
        for (said, left) in [
            (format!("bad token {TOKEN}."), "bad token [token]."),
            (
                format!("\"{TOKEN}\",\"{TOKEN}\""),
                "\"[token]\",\"[token]\"",
            ),
            (TOKEN[..40].to_owned(), "[token]"),
            (format!("x{}y z", &TOKEN[30..46]), "[token] z"),
        ] {
            assert_eq!(TokenMarks::of(TOKEN).left_of(&said), left);
        }
    }

    #[test]
    fn all_other_words_stay() {
        for said in [
            "",
            "Your session timed out due to inactivity and has been terminated.",
            "ann-0123456789abcdef0 has ended: AAEAAXf3mQ9kZr7\nas it was",
        ] {
            assert_eq!(TokenMarks::of(TOKEN).left_of(said), said);
            assert_eq!(TokenMarks::default().left_of(said), said);
        }
    }
}
