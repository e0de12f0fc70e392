//! What can go wrong between here and AWS, in codes for programs and sentences for people.

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorCode {
    /// No agent answers for the target.
    TargetNotConnected,
    /// The caller may not do this.
    AccessDenied,
    /// There is no such session document, or it is of another kind.
    InvalidDocument,
    /// An argument is not of the form the service takes.
    Validation,
    /// The credentials have expired.
    ExpiredCredentials,
    /// No credentials were found.
    NoCredentials,
    /// The key is wrong or was deleted.
    InvalidKey,
    /// The signature does not hold: a wrong secret, or a clock that is off.
    Signature,
    /// Too many requests.
    Throttled,
    /// No region is known.
    RegionMissing,
    /// The service could not be reached.
    Network,
    /// The service failed.
    ServiceFault,
    /// There is no such session.
    DoesNotExist,
    /// The answer made no sense.
    MalformedAnswer,
    /// Anything else; the detail has the service's own code.
    Other,
}

/// A failed call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message())]
pub struct Error {
    code: ErrorCode,
    detail: Option<String>,
}

impl Error {
    pub(crate) fn new(code: ErrorCode, detail: Option<String>) -> Self {
        Self { code, detail }
    }

    pub(crate) fn tls(detail: &str) -> Self {
        Self::new(ErrorCode::Network, Some(detail.to_owned()))
    }

    pub(crate) fn signing(detail: &str) -> Self {
        Self::new(ErrorCode::Signature, Some(detail.to_owned()))
    }

    pub(crate) fn from_sdk<E, R>(error: &SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata,
    {
        match error {
            SdkError::ServiceError(context) => {
                let service_code = context.err().code().unwrap_or("Unknown");
                let code = match service_code {
                    "TargetNotConnected" => ErrorCode::TargetNotConnected,
                    "AccessDeniedException" => ErrorCode::AccessDenied,
                    "InvalidDocument" => ErrorCode::InvalidDocument,
                    "ValidationException" => ErrorCode::Validation,
                    "ExpiredTokenException" | "ExpiredToken" => ErrorCode::ExpiredCredentials,
                    "UnrecognizedClientException" | "InvalidClientTokenId" => ErrorCode::InvalidKey,
                    "InvalidSignatureException" | "SignatureDoesNotMatch" => ErrorCode::Signature,
                    "ThrottlingException" => ErrorCode::Throttled,
                    "DoesNotExistException" => ErrorCode::DoesNotExist,
                    "InternalServerError" => ErrorCode::ServiceFault,
                    _ => ErrorCode::Other,
                };
                let words = context.err().message().unwrap_or_default();
                Self::new(code, Some(format!("{service_code}: {words}")))
            }
            SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) => {
                Self::new(ErrorCode::Network, None)
            }
            SdkError::ConstructionFailure(_) => Self::new(ErrorCode::NoCredentials, None),
            SdkError::ResponseError(_) | _ => Self::new(ErrorCode::MalformedAnswer, None),
        }
    }

    /// What kind of failure it is.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// One plain sentence.
    #[must_use]
    pub fn message(&self) -> String {
        match self.code {
            ErrorCode::TargetNotConnected => "The target is not connected to Session Manager.",
            ErrorCode::AccessDenied => "You may not start a session on this target.",
            ErrorCode::InvalidDocument => {
                "The session document does not exist or is not a session document."
            }
            ErrorCode::Validation => {
                "The service does not accept one of the values of this profile."
            }
            ErrorCode::ExpiredCredentials => "Your AWS sign-in has ended.",
            ErrorCode::NoCredentials => "No AWS credentials were found.",
            ErrorCode::InvalidKey => "AWS does not know this access key.",
            ErrorCode::Signature => "AWS does not accept the signature.",
            ErrorCode::Throttled => "AWS asks to slow down.",
            ErrorCode::RegionMissing => "No AWS region is set.",
            ErrorCode::Network => "AWS could not be reached.",
            ErrorCode::ServiceFault => "The service failed.",
            ErrorCode::DoesNotExist => "The session does not exist any more.",
            ErrorCode::MalformedAnswer => "The service's answer could not be understood.",
            ErrorCode::Other => "The service refused.",
        }
        .to_owned()
    }

    /// What to do about it, in one sentence.
    #[must_use]
    pub fn remedy(&self) -> Option<String> {
        let text = match self.code {
            ErrorCode::TargetNotConnected => {
                "Check that the agent runs on the target, and that region and account are the right ones: the service says the same of a wrong one."
            }
            ErrorCode::AccessDenied => {
                "Ask for ssm:StartSession on this target and on its session document; the detail names what was refused."
            }
            ErrorCode::InvalidDocument => {
                "Correct the document in the profile, or leave it empty for the account's default shell."
            }
            ErrorCode::Validation => "Correct the profile; the detail names the value.",
            ErrorCode::ExpiredCredentials => {
                "Sign in again, with aws sso login or as you usually do, then start again."
            }
            ErrorCode::NoCredentials => {
                "Choose an AWS profile for this connection, or sign in with the AWS tools, then start again."
            }
            ErrorCode::InvalidKey => {
                "Check the access key of the AWS profile; it may have been deleted."
            }
            ErrorCode::Signature => {
                "Check the secret key of the AWS profile, and that this computer's clock is right."
            }
            ErrorCode::Throttled => "Wait a few seconds, then start again.",
            ErrorCode::RegionMissing => "Choose a region in the profile.",
            ErrorCode::Network => {
                "Check the network, the proxy and the endpoint settings, then start again."
            }
            ErrorCode::ServiceFault => "Start again in a moment.",
            ErrorCode::DoesNotExist | ErrorCode::MalformedAnswer | ErrorCode::Other => return None,
        };
        Some(text.to_owned())
    }

    /// The service's own code and words.
    #[must_use]
    pub fn detail(&self) -> Option<String> {
        self.detail.clone()
    }

    /// Whether new credentials would help.
    #[must_use]
    pub fn requires_sign_in(&self) -> bool {
        matches!(
            self.code,
            ErrorCode::ExpiredCredentials | ErrorCode::NoCredentials
        )
    }

    /// Whether asking again later may help.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.code,
            ErrorCode::Throttled | ErrorCode::Network | ErrorCode::ServiceFault
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_a_sentence_and_most_name_a_way_on() {
        let codes = [
            ErrorCode::TargetNotConnected,
            ErrorCode::AccessDenied,
            ErrorCode::InvalidDocument,
            ErrorCode::Validation,
            ErrorCode::ExpiredCredentials,
            ErrorCode::NoCredentials,
            ErrorCode::InvalidKey,
            ErrorCode::Signature,
            ErrorCode::Throttled,
            ErrorCode::RegionMissing,
            ErrorCode::Network,
            ErrorCode::ServiceFault,
            ErrorCode::DoesNotExist,
            ErrorCode::MalformedAnswer,
            ErrorCode::Other,
        ];
        for code in codes {
            let error = Error::new(code, None);
            assert!(error.message().ends_with('.'), "{code:?}");
            let has_remedy = error.remedy().is_some_and(|remedy| remedy.ends_with('.'));
            let needs_none = matches!(
                code,
                ErrorCode::DoesNotExist | ErrorCode::MalformedAnswer | ErrorCode::Other
            );
            assert_eq!(has_remedy, !needs_none, "{code:?}");
        }
    }
}
