//! The name of one session, as StartSession gives it out.
//!
//! It goes into URLs, log lines and the encryption context, so it is checked once, here.

use std::fmt;

/// Identifies one session: `<principal>-<suffix>`, 1 to 96 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(String);

/// The text is not a session id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a session id: 1 to {} letters, digits or any of `@.=,+_-`",
    SessionId::MAX_LEN
)]
pub struct InvalidSessionId;

impl SessionId {
    /// Longest session id the API gives out, in characters.
    pub const MAX_LEN: usize = 96;

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SessionId {
    type Error = InvalidSessionId;

    fn try_from(text: String) -> Result<Self, InvalidSessionId> {
        // The principal's part may be an e-mail address or a role session name, hence the punctuation.
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"@.=,+_-".contains(&byte);
        if (1..=Self::MAX_LEN).contains(&text.len()) && text.bytes().all(is_allowed) {
            Ok(Self(text))
        } else {
            Err(InvalidSessionId)
        }
    }
}

impl TryFrom<&str> for SessionId {
    type Error = InvalidSessionId;

    fn try_from(text: &str) -> Result<Self, InvalidSessionId> {
        Self::try_from(text.to_owned())
    }
}

impl std::str::FromStr for SessionId {
    type Err = InvalidSessionId;

    fn from_str(text: &str) -> Result<Self, InvalidSessionId> {
        Self::try_from(text)
    }
}

impl AsRef<str> for SessionId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_the_forms_the_service_gives_out() {
        for text in [
            "alice-0a1b2c3d4e5f60718",
            "ecs-execute-command-0f3d",
            "bob.o'x".trim_end_matches("'x"),
            "a",
        ] {
            assert_eq!(
                SessionId::try_from(text).map(|id| id.to_string()),
                Ok(text.to_owned())
            );
        }
        assert!(SessionId::try_from("alice@example.com=a,b+c_d-01".to_owned()).is_ok());
        assert!(SessionId::try_from("x".repeat(96)).is_ok());
    }

    #[test]
    fn refuses_what_would_change_a_url_or_a_log_line() {
        for text in ["", "a/b", "a?b", "a b", "a\n", "é", "a#b", "a%2f"] {
            assert_eq!(SessionId::try_from(text), Err(InvalidSessionId), "{text:?}");
        }
        assert_eq!(SessionId::try_from("x".repeat(97)), Err(InvalidSessionId));
    }
}
