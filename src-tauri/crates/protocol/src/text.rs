//! Text from the other end, made safe to show outside the terminal.
//!
//! Reasons and messages come from the instance: they must not move a cursor, recolour a log or reorder a sentence.

/// Longest text kept, in characters. The longest known message has a few hundred.
pub const MAX_CHARS: usize = 8 * 1024;

/// Removes control and bidirectional formatting characters, keeps line breaks and tabs, trims white space at the
/// ends, and cuts what is longer than [`MAX_CHARS`].
pub fn clean(text: &str) -> String {
    let shown: String = text
        .chars()
        .filter(|&c| matches!(c, '\n' | '\t') || !is_hazard(c))
        .take(MAX_CHARS)
        .collect();
    shown.trim().to_owned()
}

fn is_hazard(c: char) -> bool {
    let is_bidi = matches!(c,
        '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    // Separators that break a line in some viewers and not in others.
    let is_line = matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}');
    c.is_control() || is_bidi || is_line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_no_way_to_drive_a_terminal() {
        let hostile =
            "\u{1b}[31mred\u{9b}2J\u{7}\u{8}\u{7f} \u{202e}txt.exe\u{2066}\r\nnext\tline\u{0}";
        assert_eq!(clean(hostile), "[31mred2J txt.exe\nnext\tline");
    }

    #[test]
    fn keeps_what_people_write() {
        assert_eq!(
            clean("\n----------ERROR-------\nUnable to start command: größe 端末 🚀\n"),
            "----------ERROR-------\nUnable to start command: größe 端末 🚀"
        );
    }

    #[test]
    fn cuts_by_characters() {
        assert_eq!(clean(&"ü".repeat(MAX_CHARS + 5)).chars().count(), MAX_CHARS);
    }
}
