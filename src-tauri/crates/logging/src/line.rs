//! One line of the log at a time: no control characters, no live secret, no end of length.

use std::io::{self, Write};

use tracing_subscriber::fmt::MakeWriter;

use crate::secret;

/// Longer lines are cut: nobody reads on, and a peer's text must not fill the disk.
const MAX_LINE_BYTES: usize = 16 * 1024;

/// Writes whole lines to what `make` gives, after a last look at each.
#[derive(Clone, Debug)]
pub struct SafeWriter<M> {
    make: M,
}

impl<M> SafeWriter<M> {
    /// Looks at lines before they go to the writers of `make`.
    pub fn new(make: M) -> Self {
        Self { make }
    }
}

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for SafeWriter<M> {
    type Writer = SafeLine<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        SafeLine {
            line: Vec::new(),
            writer: self.make.make_writer(),
        }
    }
}

/// One event on its way; it leaves when the formatter is done with it.
#[derive(Debug)]
pub struct SafeLine<W: Write> {
    line: Vec<u8>,
    writer: W,
}

impl<W: Write> Write for SafeLine<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = (2 * MAX_LINE_BYTES).saturating_sub(self.line.len());
        self.line.extend_from_slice(&bytes[..bytes.len().min(room)]);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<W: Write> Drop for SafeLine<W> {
    fn drop(&mut self) {
        if !self.line.is_empty() {
            // A log that cannot be written has nobody to tell.
            let _ = self.writer.write_all(safe(&self.line).as_bytes());
            let _ = self.writer.flush();
        }
    }
}

fn safe(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let text = text.strip_suffix('\n').unwrap_or(&text);
    // The look comes before the cut, or half a secret would pass.
    if secret::holds_one(text) {
        return "(a line was withheld because it held a secret)\n".to_owned();
    }
    let mut shown = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        if shown.len() >= MAX_LINE_BYTES {
            shown.push_str(" …(cut)");
            break;
        }
        if is_unsafe(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown.push('\n');
    shown
}

/// What would move a cursor, start a line of its own or reorder text in whoever shows the log. The formatter's own
/// colours do not come this way: they are off.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    #[test]
    fn text_from_outside_cannot_forge_a_line() {
        assert_eq!(
            safe(b"reason=a\nINFO forged\x1b[2J\n"),
            "reason=a\\nINFO forged\\u{1b}[2J\n"
        );
    }

    #[test]
    fn a_line_with_a_live_secret_is_withheld() {
        let _live = secret::watch(&SecretString::from("line-test-secret".to_owned()));
        let shown = safe(b"token=line-test-secret\n");
        assert!(
            !shown.contains("line-test-secret") && shown.contains("withheld"),
            "{shown}"
        );
    }

    #[test]
    fn a_long_line_is_cut() {
        let shown = safe(&vec![b'x'; 10 * MAX_LINE_BYTES]);
        assert!(shown.len() < MAX_LINE_BYTES + 32, "{}", shown.len());
    }
}
