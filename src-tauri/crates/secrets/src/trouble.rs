//! What can be wrong with a keyring.

use keyring::Error;

/// Why the keyring did not do what was asked, and what a person can do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{}", self.message())]
pub enum Trouble {
    /// No keyring answers.
    None,
    /// It is locked, and nobody has answered its question.
    Locked,
    /// It does not let us in.
    Denied,
    /// It did not answer in time. What was asked may still happen.
    TooLong,
    /// What it holds for us cannot be understood.
    Corrupt,
    /// Something else, in its words.
    Other(String),
}

impl Trouble {
    /// What is wrong, in a sentence.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::None => "No keyring answers on this computer.".to_owned(),
            Self::Locked => "The keyring is locked.".to_owned(),
            Self::Denied => "The keyring does not let Sessiondeck in.".to_owned(),
            Self::TooLong => "The keyring does not answer.".to_owned(),
            Self::Corrupt => {
                "What the keyring holds for Sessiondeck cannot be understood.".to_owned()
            }
            Self::Other(text) => format!("The keyring failed: {text}."),
        }
    }

    /// What to do, in a sentence or two.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::None => {
                "Start one (on Linux, GNOME Keyring or KWallet) and try again, keep the keys for this run only, or use an AWS profile."
            }
            Self::Locked => {
                "Answer its question for the password and try again, or keep the keys for this run only."
            }
            Self::Denied => {
                "Allow Sessiondeck in the system's own application for passwords and try again, or keep the keys for this run only."
            }
            Self::TooLong => {
                "A question of the keyring may be waiting behind another window: answer it and try again, or keep the keys for this run only."
            }
            Self::Corrupt => {
                "Remove Sessiondeck's entries in the system's own application for passwords and type the keys again, or keep them for this run only."
            }
            Self::Other(_) => "Try again, or keep the keys for this run only.",
        }
    }

    /// Whether trying again may help without anything else being done first.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Locked | Self::TooLong | Self::Other(_))
    }

    /// What an error means. Nothing of it is ever formatted that may hold a secret's bytes.
    pub(crate) fn of(error: &Error) -> Self {
        match error {
            Error::NoDefaultStore => Self::None,
            Error::BadEncoding(_)
            | Error::BadDataFormat(..)
            | Error::BadStoreFormat(_)
            | Error::Ambiguous(_) => Self::Corrupt,
            Error::NoStorageAccess(cause) => {
                crate::platform::cause(cause.as_ref()).unwrap_or(Self::Denied)
            }
            Error::PlatformFailure(cause) => crate::platform::cause(cause.as_ref())
                .unwrap_or_else(|| Self::Other(shortened(&cause.to_string()))),
            Error::TooLong(_, limit) => Self::Other(format!(
                "it takes at most {limit} bytes, and these keys are longer"
            )),
            Error::Invalid(what, why) => Self::Other(shortened(&format!("{what} {why}"))),
            Error::NotSupportedByStore(_) => {
                Self::Other("it cannot do what is needed here".to_owned())
            }
            Error::NoEntry => Self::Other("the entry is gone".to_owned()),
            _ => Self::Other("for a reason that it does not tell".to_owned()),
        }
    }
}

/// The beginning of a text from elsewhere, as the end of a sentence of ours.
fn shortened(text: &str) -> String {
    let text: String = text
        .chars()
        .take(300)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    text.trim().trim_end_matches('.').to_owned()
}
