//! From bytes of a terminal to text: whole characters out of pieces, and plain lines out of escape sequences.

use vte::{Params, Parser, Perform};

/// Joins bytes that come in pieces into text; what is no UTF-8 becomes U+FFFD.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    /// The beginning of a character whose end is still to come: at most three bytes.
    begun: Vec<u8>,
}

impl Decoder {
    /// The text that is whole by now.
    pub(crate) fn text(&mut self, bytes: &[u8]) -> String {
        let mut joined = std::mem::take(&mut self.begun);
        joined.extend_from_slice(bytes);
        let mut text = String::with_capacity(joined.len());
        let mut rest = joined.as_slice();
        loop {
            match std::str::from_utf8(rest) {
                Ok(whole) => {
                    text.push_str(whole);
                    return text;
                }
                Err(error) => {
                    let (whole, after) = rest.split_at(error.valid_up_to());
                    text.push_str(&String::from_utf8_lossy(whole));
                    let Some(wrong) = error.error_len() else {
                        self.begun = after.to_vec();
                        return text;
                    };
                    text.push(char::REPLACEMENT_CHARACTER);
                    rest = after.get(wrong..).unwrap_or_default();
                }
            }
        }
    }

    /// What is left of a character that never came to its end.
    pub(crate) fn finish(&mut self) -> Option<char> {
        let left = !std::mem::take(&mut self.begun).is_empty();
        left.then_some(char::REPLACEMENT_CHARACTER)
    }
}

/// The longest line that is put together; what follows is a line of its own.
const MAX_LINE_CHARS: usize = 4_096;

/// Reads what a terminal was sent as the lines of text that a person saw pass.
///
/// This is no screen: programs that draw all over it leave pieces. Enough to search in and to read again.
#[derive(Default)]
pub(crate) struct Lines {
    parser: Parser,
    line: Line,
}

#[derive(Default)]
struct Line {
    chars: Vec<char>,
    column: usize,
    done: Vec<String>,
}

impl Lines {
    /// Takes output and gives the lines that are complete with it.
    pub(crate) fn push(&mut self, output: &str) -> Vec<String> {
        self.parser.advance(&mut self.line, output.as_bytes());
        std::mem::take(&mut self.line.done)
    }

    /// The line that has no end yet.
    pub(crate) fn current(&self) -> String {
        self.line.text()
    }
}

impl Line {
    fn text(&self) -> String {
        let text: String = self.chars.iter().collect();
        text.trim_end().to_owned()
    }

    fn end(&mut self) {
        self.done.push(self.text());
        self.chars.clear();
        self.column = 0;
    }
}

impl Perform for Line {
    fn print(&mut self, character: char) {
        if self.column >= MAX_LINE_CHARS {
            self.end();
        }
        match self.chars.get_mut(self.column) {
            Some(place) => *place = character,
            None => self.chars.push(character),
        }
        self.column += 1;
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            b'\n' => self.end(),
            b'\r' => self.column = 0,
            0x08 => self.column = self.column.saturating_sub(1),
            b'\t' => self.print(' '),
            _ => {}
        }
    }

    fn csi_dispatch(&mut self, params: &Params, _: &[u8], _: bool, action: char) {
        let first = params.iter().next().and_then(|one| one.first()).copied();
        match action {
            // Erases to the end of the line, as shells do when they draw what is being typed again.
            'K' if first.unwrap_or(0) == 0 => self.chars.truncate(self.column),
            'K' => self.chars.clear(),
            'C' => {
                let column = self.column + usize::from(first.unwrap_or(1).max(1));
                self.column = column.min(MAX_LINE_CHARS);
                if self.chars.len() < self.column {
                    self.chars.resize(self.column, ' ');
                }
            }
            'D' => {
                let by = usize::from(first.unwrap_or(1).max(1));
                self.column = self.column.saturating_sub(by);
            }
            // Goes somewhere else on the screen: what comes is another line.
            'H' | 'f' | 'd' | 'A' | 'B' | 'E' | 'F' | 'J' if !self.chars.is_empty() => self.end(),
            'G' => {
                let column = usize::from(first.unwrap_or(1)).saturating_sub(1);
                self.column = column.min(self.chars.len());
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn characters_in_pieces_become_whole() {
        let mut decoder = Decoder::default();
        let text: String = "a€😀z"
            .as_bytes()
            .iter()
            .map(|byte| decoder.text(&[*byte]))
            .collect();
        assert_eq!(text, "a€😀z");
        assert_eq!(decoder.finish(), None);
        assert_eq!(decoder.text(b"\xff!"), "\u{fffd}!");
        assert_eq!(decoder.text("€".as_bytes().split_at(2).0), "");
        assert_eq!(decoder.finish(), Some('\u{fffd}'));
    }

    proptest! {
        #[test]
        fn pieces_decode_like_the_whole(bytes in any::<Vec<u8>>(), piece in 1_usize..7) {
            let mut decoder = Decoder::default();
            let mut text: String = bytes.chunks(piece).map(|each| decoder.text(each)).collect();
            text.extend(decoder.finish());
            prop_assert_eq!(text, String::from_utf8_lossy(&bytes).into_owned());
        }

        #[test]
        fn any_output_leaves_lines_of_bounded_length(output in any::<String>()) {
            let mut lines = Lines::default();
            for line in lines.push(&output) {
                prop_assert!(line.chars().count() <= MAX_LINE_CHARS);
            }
        }
    }

    #[test]
    fn colours_and_drawn_again_prompts_leave_the_text() {
        let mut lines = Lines::default();
        let done = lines.push("\u{1b}[1;32muser@web\u{1b}[0m:~$ lx\u{8}s\u{1b}[K -l\r\n\u{1b}]0;title\u{7}total 4\r\n$ ");
        assert_eq!(done, ["user@web:~$ ls -l", "total 4"]);
        assert_eq!(lines.current(), "$");
    }

    #[test]
    fn a_progress_bar_is_one_line() {
        let mut lines = Lines::default();
        let done = lines.push("10 %\r20 %\r100 %\r\n");
        assert_eq!(done, ["100 %"]);
    }

    #[test]
    fn a_far_cursor_takes_no_memory() {
        let mut lines = Lines::default();
        lines.push("\u{1b}[65535C\u{1b}[65535Cx");
        assert!(lines.current().chars().count() <= MAX_LINE_CHARS + 1);
    }
}
