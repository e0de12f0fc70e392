//! Cuts the output of a terminal into payloads: at most a given length, and not inside a UTF-8 sequence that may still
//! be completed. Bytes that are no UTF-8 pass unchanged; nothing is lost at the end.

use bytes::{Buf as _, Bytes, BytesMut};

/// Output that is not sent yet.
#[derive(Debug)]
pub(crate) struct Chunks {
    pending: BytesMut,
    chunk_len: usize,
}

impl Chunks {
    /// `chunk_len` is in bytes and at least 4, the length of the longest character.
    pub(crate) fn new(chunk_len: usize) -> Self {
        Self {
            pending: BytesMut::new(),
            chunk_len: chunk_len.max(4),
        }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
    }

    /// The next payload; `None` when what is left is nothing or the beginning of a character.
    pub(crate) fn next(&mut self) -> Option<Bytes> {
        let candidate = &self.pending[..self.pending.len().min(self.chunk_len)];
        let len = candidate.len() - incomplete_len(candidate);
        self.take(len)
    }

    /// All that is left, once no more comes.
    pub(crate) fn rest(&mut self) -> Option<Bytes> {
        let len = self.pending.len();
        self.take(len)
    }

    /// Bytes waiting.
    pub(crate) fn len(&self) -> usize {
        self.pending.len()
    }

    fn take(&mut self, len: usize) -> Option<Bytes> {
        if len == 0 {
            return None;
        }
        // A copy, so that a payload that waits for its acknowledgement does not keep a larger buffer alive.
        let chunk = Bytes::copy_from_slice(&self.pending[..len]);
        self.pending.advance(len);
        Some(chunk)
    }
}

/// How many bytes at the end begin a character that is not complete: 0 to 3.
fn incomplete_len(bytes: &[u8]) -> usize {
    let last = bytes.len();
    for len in 1..=last.min(3) {
        let byte = bytes[last - len];
        let needed = match byte {
            0xC2..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xF4 => 4,
            // A continuation byte: the beginning is further to the left.
            0x80..=0xBF => continue,
            _ => return 0,
        };
        return if len < needed { len } else { 0 };
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(chunks: &mut Chunks) -> Vec<Bytes> {
        std::iter::from_fn(|| chunks.next()).collect()
    }

    #[test]
    fn chunks_are_short_and_hold_whole_characters() {
        let text = "aé漢😀".repeat(1000);
        for chunk_len in [4, 5, 7, 1024] {
            let mut chunks = Chunks::new(chunk_len);
            chunks.push(text.as_bytes());
            let all = all(&mut chunks);
            assert!(
                all.iter()
                    .all(|chunk| chunk.len() <= chunk_len && std::str::from_utf8(chunk).is_ok())
            );
            assert_eq!(all.concat(), text.as_bytes());
            assert_eq!(chunks.rest(), None);
        }
    }

    #[test]
    fn a_character_in_pieces_is_held_back_until_it_is_whole() {
        let mut chunks = Chunks::new(1024);
        let bytes = "😀".as_bytes();
        for byte in &bytes[..3] {
            chunks.push(&[*byte]);
            assert_eq!(chunks.next(), None);
        }
        chunks.push(&bytes[3..]);
        assert_eq!(chunks.next().as_deref(), Some(bytes));
    }

    #[test]
    fn what_is_no_text_passes_unchanged_and_nothing_is_lost_at_the_end() {
        for bytes in [
            &b"\xff\xfe\xfd"[..],
            b"a\x80\x80\x80\x80",
            b"\xc0\x80",
            b"\xed\xa0\x80",
            "\u{fffd}".as_bytes(),
        ] {
            let mut chunks = Chunks::new(1024);
            chunks.push(bytes);
            assert_eq!(all(&mut chunks).concat(), bytes);
        }
        let mut chunks = Chunks::new(1024);
        chunks.push(b"end\xf0\x9f");
        assert_eq!(chunks.next().as_deref(), Some(&b"end"[..]));
        assert_eq!(chunks.len(), 2);
        assert_eq!(chunks.rest().as_deref(), Some(&b"\xf0\x9f"[..]));
    }
}
