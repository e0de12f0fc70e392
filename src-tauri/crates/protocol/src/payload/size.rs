//! The body of payload type 3: the terminal's size.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{PayloadError, from_json, to_json};
use crate::terminal_size::TerminalSize;

/// `{"cols":200,"rows":60}`, exactly these keys in lower case.
#[derive(Serialize, Deserialize)]
struct Size {
    cols: u32,
    rows: u32,
}

/// Writes the body.
pub fn encode_size(size: TerminalSize) -> Bytes {
    to_json(&Size {
        cols: size.cols().into(),
        rows: size.rows().into(),
    })
}

/// Reads a body.
///
/// # Errors
///
/// When it is other JSON, or a side is zero or does not fit a terminal.
pub fn decode_size(payload: &[u8]) -> Result<TerminalSize, PayloadError> {
    let Size { cols, rows } = from_json(payload)?;
    let cols = u16::try_from(cols).map_err(|_| PayloadError::Range)?;
    let rows = u16::try_from(rows).map_err(|_| PayloadError::Range)?;
    TerminalSize::new(cols, rows).ok_or(PayloadError::Range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_keys_the_agent_knows() {
        let size = TerminalSize::new(200, 60);
        assert_eq!(
            size.map(encode_size).as_deref(),
            Some(&br#"{"cols":200,"rows":60}"#[..])
        );
    }

    #[test]
    fn refuses_sizes_no_terminal_has() {
        for body in [
            r#"{"cols":0,"rows":1}"#,
            r#"{"cols":65536,"rows":1}"#,
            r#"{"cols":-1,"rows":1}"#,
            r#"{"cols":80}"#,
            "80x24",
        ] {
            assert!(decode_size(body.as_bytes()).is_err(), "{body}");
        }
    }
}
