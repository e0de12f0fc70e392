//! The file format: one JSON value a line, a header and then events.
//!
//! Written is asciicast v3 (<https://docs.asciinema.org/manual/asciicast/v3/>), whose times are intervals; read are v2
//! and v3. What a reader does not know is left out, not refused: files outlive programs.

use serde::Deserialize;
use serde_json::{Value, json};

/// The longest line that is read: one event of a player's own making may be large, but not endless.
pub const MAX_LINE_BYTES: usize = 4 * 1024 * 1024;

/// The most columns or rows that are believed.
const MAX_SIDE: u64 = 4_096;
/// The latest moment that is believed, in milliseconds: a year.
const MAX_AT_MS: u64 = 366 * 24 * 3_600 * 1_000;

/// Why a file could not be read as a recording.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CastError {
    /// The first line is no header.
    #[error("the first line is not the header of a recording")]
    NoHeader,
    /// A version that is not read.
    #[error("version {0} of the format is not known; 2 and 3 are")]
    Version(u64),
    /// The size is missing or beyond belief.
    #[error("the terminal's size is missing or out of range")]
    Size,
}

/// What is known of a recording before its first event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Of the format: 2 or 3.
    pub version: u8,
    /// Columns, 1 to 4,096.
    pub cols: u16,
    /// Rows, 1 to 4,096.
    pub rows: u16,
    /// When it began, in seconds since 1970.
    pub timestamp: Option<u64>,
    /// What was recorded, in words.
    pub title: Option<String>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// The session showed this.
    Output(String),
    /// A person typed this; never written by us.
    Input(String),
    /// The terminal got another size: columns and rows.
    Resize(u16, u16),
    /// A place to find again.
    Marker(String),
    /// The session ended with this exit status.
    Exit(String),
}

/// Something that happened at a moment of the recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Milliseconds since the recording began.
    pub at_ms: u64,
    /// What.
    pub kind: EventKind,
}

#[derive(Deserialize)]
struct RawHeader {
    version: u64,
    width: Option<u64>,
    height: Option<u64>,
    term: Option<RawTerm>,
    timestamp: Option<f64>,
    title: Option<String>,
}

#[derive(Deserialize)]
struct RawTerm {
    cols: Option<u64>,
    rows: Option<u64>,
}

impl Header {
    /// Reads the first line of a file.
    ///
    /// # Errors
    ///
    /// When it is no header, of another version, or names no size.
    pub fn parse(line: &str) -> Result<Self, CastError> {
        let raw: RawHeader = serde_json::from_str(line).map_err(|_| CastError::NoHeader)?;
        let (version, cols, rows) = match raw.version {
            2 => (2, raw.width, raw.height),
            3 => {
                let term = raw.term.ok_or(CastError::Size)?;
                (3, term.cols, term.rows)
            }
            other => return Err(CastError::Version(other)),
        };
        Ok(Self {
            version,
            cols: side(cols).ok_or(CastError::Size)?,
            rows: side(rows).ok_or(CastError::Size)?,
            timestamp: raw.timestamp.and_then(whole_seconds),
            title: raw.title,
        })
    }

    /// The line that opens a file of version 3, with its end.
    #[must_use]
    pub fn line(&self) -> String {
        let mut header = json!({
            "version": 3,
            "term": { "cols": self.cols, "rows": self.rows, "type": "xterm-256color" },
        });
        if let Some(timestamp) = self.timestamp {
            header["timestamp"] = timestamp.into();
        }
        if let Some(title) = &self.title {
            header["title"] = title.as_str().into();
        }
        format!("{header}\n")
    }
}

impl Event {
    /// Reads one line; `before_ms` is the moment of the event before it. Nothing where the line holds no event that is
    /// known: a comment, an empty line, a kind of a later time, or what a kill has left of a line.
    #[must_use]
    pub fn parse(line: &str, version: u8, before_ms: u64) -> Option<Self> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return None;
        }
        let (seconds, code, data): (f64, String, Value) = serde_json::from_str(line).ok()?;
        let ms = milliseconds(seconds)?;
        let at_ms = match version {
            // Times are counted from the beginning; one that goes back is taken for now.
            2 => ms.max(before_ms),
            _ => before_ms.saturating_add(ms),
        }
        .min(MAX_AT_MS);
        let text = match &data {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
        };
        let kind = match code.as_str() {
            "o" => EventKind::Output(text),
            "i" => EventKind::Input(text),
            "m" => EventKind::Marker(text),
            "x" => EventKind::Exit(text),
            "r" => {
                let (cols, rows) = text.split_once('x')?;
                EventKind::Resize(side(cols.parse().ok())?, side(rows.parse().ok())?)
            }
            _ => return None,
        };
        Some(Self { at_ms, kind })
    }

    /// The event's line in a file of version 3, with its end.
    #[must_use]
    pub fn line(&self, before_ms: u64) -> String {
        let ms = self.at_ms.saturating_sub(before_ms);
        let (code, data) = match &self.kind {
            EventKind::Output(text) => ("o", text.as_str().into()),
            EventKind::Input(text) => ("i", text.as_str().into()),
            EventKind::Marker(text) => ("m", text.as_str().into()),
            EventKind::Exit(text) => ("x", text.as_str().into()),
            EventKind::Resize(cols, rows) => ("r", Value::from(format!("{cols}x{rows}"))),
        };
        // Written by hand, since a float would show as 0.30000000000000004.
        format!("[{}.{:03}, \"{code}\", {data}]\n", ms / 1_000, ms % 1_000)
    }
}

fn side(value: Option<u64>) -> Option<u16> {
    value
        .filter(|value| (1..=MAX_SIDE).contains(value))
        .and_then(|value| u16::try_from(value).ok())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the range has just been looked at"
)]
fn milliseconds(seconds: f64) -> Option<u64> {
    (seconds.is_finite() && (0.0..=1e10).contains(&seconds))
        .then(|| (seconds * 1_000.0).round() as u64)
}

fn whole_seconds(seconds: f64) -> Option<u64> {
    milliseconds(seconds).map(|ms| ms / 1_000)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn headers_of_both_versions_are_read() {
        let second = Header::parse(
            r#"{"version":2,"width":80,"height":24,"timestamp":1504467315,"title":"Demo","env":{"TERM":"x"}}"#,
        )
        .unwrap();
        let third = Header::parse(
            r#"{"version":3,"term":{"cols":80,"rows":24,"type":"xterm"},"timestamp":1504467315,"title":"Demo"}"#,
        )
        .unwrap();
        assert_eq!((second.version, third.version), (2, 3));
        assert_eq!(
            Header {
                version: 3,
                ..second
            },
            third
        );
    }

    #[test]
    fn what_is_no_header_is_refused_with_its_reason() {
        for (line, error) in [
            ("", CastError::NoHeader),
            ("[1, \"o\", \"x\"]", CastError::NoHeader),
            (r#"{"version":1,"width":80}"#, CastError::Version(1)),
            (r#"{"version":2,"width":80}"#, CastError::Size),
            (r#"{"version":3}"#, CastError::Size),
            (r#"{"version":2,"width":0,"height":24}"#, CastError::Size),
            (r#"{"version":2,"width":80,"height":5000}"#, CastError::Size),
        ] {
            assert_eq!(Header::parse(line), Err(error), "{line}");
        }
    }

    #[test]
    fn times_are_intervals_in_the_third_version_and_absolute_in_the_second() {
        let line = r#"[1.5, "o", "hello"]"#;
        assert_eq!(Event::parse(line, 3, 2_000).unwrap().at_ms, 3_500);
        assert_eq!(Event::parse(line, 2, 1_000).unwrap().at_ms, 1_500);
        // Time does not run backwards.
        assert_eq!(Event::parse(line, 2, 2_000).unwrap().at_ms, 2_000);
    }

    #[test]
    fn lines_that_hold_no_event_are_passed_over() {
        for line in [
            "",
            "# a comment",
            "[1.0, \"z\", \"later\"]",
            "[1.0, \"o\", \"cut off by a ki",
            "[-1.0, \"o\", \"x\"]",
            "[1e300, \"o\", \"x\"]",
            "[1.0, \"r\", \"0x24\"]",
            "[1.0, \"r\", \"80\"]",
            "[1.0, \"o\", {}]",
            "{}",
        ] {
            assert_eq!(Event::parse(line, 3, 0), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(before in 0_u64..1_000_000, later in 0_u64..1_000_000, text in any::<String>()) {
            let kinds = [
                EventKind::Output(text.clone()),
                EventKind::Marker(text.clone()),
                EventKind::Exit(text),
                EventKind::Resize(132, 43),
            ];
            for kind in kinds {
                let event = Event { at_ms: before + later, kind };
                let line = event.line(before);
                prop_assert_eq!(line.matches('\n').count(), 1);
                prop_assert_eq!(Event::parse(&line, 3, before), Some(event));
            }
        }

        #[test]
        fn any_line_is_read_without_harm(line in any::<String>(), version in 2_u8..4) {
            let _ = Event::parse(&line, version, 7);
            let _ = Header::parse(&line);
        }
    }
}
