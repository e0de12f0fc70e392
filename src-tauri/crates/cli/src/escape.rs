//! `~.` at the start of a line: the way out that does not need the far end.
//!
//! As in ssh and cu: a tilde that begins a line is held back until the next key says what it meant.

/// What came of some typed bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    /// These go to the far end.
    Bytes(Vec<u8>),
    /// The person wants to leave; these were typed before that.
    Leave(Vec<u8>),
}

/// Looks for the escape in what is typed.
#[derive(Debug)]
pub(crate) struct Escape {
    is_on: bool,
    at: At,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    LineStart,
    /// A tilde at the start of a line is held back.
    Tilde,
    InLine,
}

impl Escape {
    /// Looks for it, or passes everything on.
    pub(crate) fn new(is_on: bool) -> Self {
        Self {
            is_on,
            at: At::LineStart,
        }
    }

    /// Takes what was typed.
    pub(crate) fn take(&mut self, typed: &[u8]) -> Typed {
        if !self.is_on {
            return Typed::Bytes(typed.to_vec());
        }
        let mut passed = Vec::with_capacity(typed.len() + 1);
        for &byte in typed {
            match (self.at, byte) {
                (At::LineStart, b'~') => {
                    self.at = At::Tilde;
                    continue;
                }
                (At::Tilde, b'.') => return Typed::Leave(passed),
                // Twice for one of them.
                (At::Tilde, b'~') => passed.push(b'~'),
                (At::Tilde, other) => passed.extend([b'~', other]),
                (At::LineStart | At::InLine, other) => passed.push(other),
            }
            self.at = if matches!(byte, b'\r' | b'\n') {
                At::LineStart
            } else {
                At::InLine
            };
        }
        Typed::Bytes(passed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(pieces: &[&str]) -> (String, bool) {
        let mut escape = Escape::new(true);
        let mut text = String::new();
        for piece in pieces {
            match escape.take(piece.as_bytes()) {
                Typed::Bytes(bytes) => text.push_str(&String::from_utf8_lossy(&bytes)),
                Typed::Leave(bytes) => {
                    text.push_str(&String::from_utf8_lossy(&bytes));
                    return (text, true);
                }
            }
        }
        (text, false)
    }

    #[test]
    fn leaves_at_the_start_of_a_line_only() {
        for (pieces, text, leaves) in [
            (&["~."][..], "", true),
            (&["~", "."], "", true),
            (&["ls\r~", ".more"], "ls\r", true),
            (&["ls\n~."], "ls\n", true),
            (&["ls ~."], "ls ~.", false),
            (&["x~", "."], "x~.", false),
        ] {
            assert_eq!(typed(pieces), (text.to_owned(), leaves), "{pieces:?}");
        }
    }

    #[test]
    fn a_tilde_that_means_itself_arrives() {
        for (pieces, text) in [
            (&["~/bin\r"][..], "~/bin\r"),
            (&["~", "/"], "~/"),
            (&["~~."], "~."),
            (&["~\r~x"], "~\r~x"),
        ] {
            assert_eq!(typed(pieces), (text.to_owned(), false), "{pieces:?}");
        }
    }

    #[test]
    fn passes_everything_when_it_is_off() {
        let mut escape = Escape::new(false);
        assert_eq!(escape.take(b"\r~."), Typed::Bytes(b"\r~.".to_vec()));
    }
}
