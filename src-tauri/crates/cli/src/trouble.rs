//! Why the program could not do what was asked, and its exit status.

use engine::SourceError;

/// The status of a failure.
pub(crate) const FAILED: u8 = 1;
/// The status of a command line that cannot be followed.
pub(crate) const USAGE: u8 = 2;

/// What is said on standard error, and the exit status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) status: u8,
    /// One sentence.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) remedy: Option<String>,
    /// The service's own words.
    pub(crate) detail: Option<String>,
}

impl Trouble {
    /// A failure.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self {
            status: FAILED,
            message: message.into(),
            remedy: None,
            detail: None,
        }
    }

    /// A command line that cannot be followed.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self {
            status: USAGE,
            remedy: Some("Try sessiondeck-cli --help.".to_owned()),
            ..Self::failed(message)
        }
    }

    /// The same, and what to do about it.
    pub(crate) fn with_remedy(self, remedy: impl Into<String>) -> Self {
        Self {
            remedy: Some(remedy.into()),
            ..self
        }
    }

    /// The same, and how it came to that.
    pub(crate) fn with_detail(self, detail: impl Into<String>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..self
        }
    }

    /// Everything in lines.
    pub(crate) fn lines(&self) -> Vec<String> {
        let detail = self.detail.as_deref().map(clean);
        std::iter::once(self.message.clone())
            .chain(self.remedy.clone())
            .chain(detail.map(|detail| format!("({detail})")))
            .collect()
    }
}

impl From<SourceError> for Trouble {
    fn from(error: SourceError) -> Self {
        Self {
            remedy: error.remedy,
            detail: error.detail,
            ..Self::failed(error.message)
        }
    }
}

impl From<aws::Error> for Trouble {
    fn from(error: aws::Error) -> Self {
        Self {
            remedy: error.remedy(),
            detail: error.detail(),
            ..Self::failed(error.message())
        }
    }
}

/// The service's words without what a terminal would obey.
fn clean(text: &str) -> String {
    protocol::text::clean(text).trim().to_owned()
}
