//! The body of payload type 12: how a non-interactive command ended.

use bytes::Bytes;

use super::PayloadError;

const PREFIX: &str = "EXIT_CODE: ";

/// The exit code of a command, on the wire `EXIT_CODE: <n>` without a line end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExitCode(pub i32);

impl ExitCode {
    /// Writes the body.
    pub fn encode(self) -> Bytes {
        format!("{PREFIX}{}", self.0).into()
    }

    /// Reads a body; white space at the end is tolerated.
    ///
    /// # Errors
    ///
    /// When it has another form or the number does not fit. Windows writes codes above `i32::MAX` unsigned: those
    /// are taken as the negative number they stand for.
    pub fn decode(payload: &[u8]) -> Result<Self, PayloadError> {
        let text = std::str::from_utf8(payload).map_err(|_| PayloadError::Text)?;
        let number = text
            .trim_end()
            .strip_prefix(PREFIX)
            .ok_or(PayloadError::Text)?;
        let signed = number.parse::<i32>();
        let unsigned = || number.parse::<u32>().map(u32::cast_signed);
        signed
            .or_else(|_| unsigned())
            .map(Self)
            .map_err(|_| PayloadError::Range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_code_a_system_gives() {
        for (text, code) in [
            ("0", 0),
            ("1", 1),
            ("255", 255),
            ("-1", -1),
            ("3221225786", -1_073_741_510),
            ("130\n", 130),
        ] {
            let payload = format!("EXIT_CODE: {text}");
            assert_eq!(
                ExitCode::decode(payload.as_bytes()).ok(),
                Some(ExitCode(code)),
                "{text}"
            );
        }
        assert_eq!(&ExitCode(-7).encode()[..], b"EXIT_CODE: -7");
    }

    #[test]
    fn refuses_other_text() {
        for payload in [
            &b""[..],
            b"0",
            b"EXIT_CODE: ",
            b"EXIT_CODE: x",
            b"EXIT_CODE: 4294967296",
            b"EXIT_CODE: 1\xff",
        ] {
            assert!(ExitCode::decode(payload).is_err(), "{payload:?}");
        }
    }
}
