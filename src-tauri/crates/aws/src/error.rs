//! What can go wrong between here and AWS, in codes for programs and sentences for people.

use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::credentials::Need;

/// The longest detail that is kept; a proxy's error page must not be.
const MAX_DETAIL_CHARS: usize = 2000;

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
    /// A person has to sign in, or to type a code; [`Error::need`] says which.
    SignInNeeded,
    /// A person did not want to.
    SignInCancelled,
    /// The sign-in was refused where it was asked for.
    SignInDenied,
    /// The sign-in came to nothing.
    SignInFailed,
    /// AWS does not take the code of the MFA device.
    CodeRefused,
    /// What was typed is no code.
    CodeMalformed,
    /// The profile's `credential_process` gave no credentials; the detail has its words.
    CredentialProcess,
    /// What the AWS profile says cannot be used; the detail is a sentence about it.
    ProfileUnusable,
    /// No region is known.
    RegionMissing,
    /// The service could not be reached.
    Network,
    /// The proxy, certificate bundle or endpoint settings of this computer cannot be used; the detail names which.
    NetworkSettings,
    /// The service failed.
    ServiceFault,
    /// There is no such session.
    DoesNotExist,
    /// The KMS key does not exist, is disabled or is of the wrong kind.
    KeyUnavailable,
    /// The answer made no sense.
    MalformedAnswer,
    /// Anything else; the detail has the service's own code.
    Other,
}

/// What was being done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Finding credentials and preparing calls.
    Prepare,
    StartSession,
    ResumeSession,
    TerminateSession,
    DescribeSessions,
    DescribeNodes,
    /// With this key.
    GenerateDataKey(String),
    /// This role.
    AssumeRole(String),
    /// At IAM Identity Center.
    SignIn,
    /// The role's credentials, the accounts and the roles of a sign-in.
    AskPortal,
    GetCallerIdentity,
}

impl Action {
    /// The permission it needs.
    fn permission(&self) -> &'static str {
        match self {
            Self::Prepare => "sts:AssumeRole",
            Self::StartSession => "ssm:StartSession",
            Self::ResumeSession => "ssm:ResumeSession",
            Self::TerminateSession => "ssm:TerminateSession",
            Self::DescribeSessions => "ssm:DescribeSessions",
            Self::DescribeNodes => "ssm:DescribeInstanceInformation",
            Self::GenerateDataKey(_) => "kms:GenerateDataKey",
            Self::AssumeRole(_) => "sts:AssumeRole",
            Self::SignIn | Self::AskPortal => "sso:account:access",
            Self::GetCallerIdentity => "sts:GetCallerIdentity",
        }
    }
}

/// A failed call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message())]
pub struct Error {
    code: ErrorCode,
    action: Action,
    detail: Option<String>,
    need: Option<Box<Need>>,
}

impl Error {
    pub(crate) fn new(code: ErrorCode, detail: Option<String>) -> Self {
        Self {
            code,
            action: Action::Prepare,
            detail: detail.map(|detail| clean(&detail)),
            need: None,
        }
    }

    /// A person is needed.
    pub(crate) fn needs(need: Need) -> Self {
        Self {
            need: Some(Box::new(need)),
            ..Self::new(ErrorCode::SignInNeeded, None)
        }
    }

    pub(crate) fn tls(detail: &str) -> Self {
        Self::new(ErrorCode::Network, Some(detail.to_owned()))
    }

    pub(crate) fn network_settings(detail: &str) -> Self {
        Self::new(ErrorCode::NetworkSettings, Some(detail.to_owned()))
    }

    pub(crate) fn signing(detail: &str) -> Self {
        Self::new(ErrorCode::Signature, Some(detail.to_owned()))
    }

    pub(crate) fn during(self, action: Action) -> Self {
        Self { action, ..self }
    }

    pub(crate) fn from_sdk<E>(error: &SdkError<E, HttpResponse>, action: Action) -> Self
    where
        E: ProvideErrorMetadata + StdError + 'static,
    {
        let failure = match error {
            SdkError::ServiceError(context) => {
                let words = context.err().message().unwrap_or_default();
                let status = context.raw().status().as_u16();
                let service_code = context.err().code();
                let code = service_code.map_or_else(|| by_status(status), by_service_code);
                let code = match (code, &action) {
                    (ErrorCode::DoesNotExist, Action::GenerateDataKey(_)) => {
                        ErrorCode::KeyUnavailable
                    }
                    // A code that is not known here: at least whether it is worth another try.
                    (ErrorCode::Other, _) if status >= 500 || status == 429 => by_status(status),
                    (code, _) => code,
                };
                let said = service_code.map_or_else(|| format!("HTTP {status}"), str::to_owned);
                let detail = if words.is_empty() {
                    said
                } else {
                    format!("{said}: {words}")
                };
                Self::new(code, Some(detail))
            }
            // The credentials are looked for while the call is made, so their failure hides in it.
            SdkError::DispatchFailure(_) | SdkError::ConstructionFailure(_) => {
                match find::<CredentialsError>(error) {
                    Some(credentials) => Self::from_credentials(credentials),
                    None => Self::new(ErrorCode::Network, Some(chain(error))),
                }
            }
            SdkError::TimeoutError(_) => Self::new(ErrorCode::Network, Some(chain(error))),
            SdkError::ResponseError(context) => {
                let status = context.raw().status().as_u16();
                let mut code = by_status(status);
                if code == ErrorCode::Other {
                    code = ErrorCode::MalformedAnswer;
                }
                Self::new(code, Some(format!("HTTP {status}: {}", chain(error))))
            }
            _ => Self::new(ErrorCode::MalformedAnswer, None),
        };
        failure.during(action)
    }

    /// What is wrong with the credentials: not there, over, or behind a network that does not answer.
    pub(crate) fn from_credentials(error: &CredentialsError) -> Self {
        // The broker's own error, on its way through the SDK.
        if let Some(ours) = find::<Self>(error) {
            return ours.clone();
        }
        let text = chain(error);
        let lower = text.to_lowercase();
        let has = |parts: &[&str]| parts.iter().any(|part| lower.contains(part));
        let is_untold = matches!(
            error,
            CredentialsError::CredentialsNotLoaded(_) | CredentialsError::InvalidConfiguration(_)
        );
        // The providers' own errors have no type outside of them.
        let code = if matches!(error, CredentialsError::ProviderTimedOut(_)) {
            ErrorCode::Network
        } else if is_untold {
            ErrorCode::NoCredentials
        } else if has(&[
            "expired",
            "unauthorizedexception",
            "session token not found or invalid",
        ]) {
            ErrorCode::ExpiredCredentials
        } else if has(&["accessdenied", "forbiddenexception", "not authorized"]) {
            ErrorCode::AccessDenied
        } else if has(&["throttl", "toomanyrequests", "slow down"]) {
            ErrorCode::Throttled
        } else if find::<ConnectorError>(error).is_some()
            || has(&["dispatch failure", "timed out", "timeout", "dns error"])
        {
            ErrorCode::Network
        } else {
            ErrorCode::NoCredentials
        };
        Self::new(code, Some(text))
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
            ErrorCode::AccessDenied => return self.denied(),
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
            ErrorCode::SignInNeeded => {
                return match self.need.as_deref() {
                    Some(Need::SignIn(session)) => {
                        format!("You need to sign in to {}.", session.label())
                    }
                    Some(Need::Mfa(mfa)) => format!("A code of {} is needed.", mfa.serial),
                    None => "You need to sign in.".to_owned(),
                };
            }
            ErrorCode::SignInCancelled => "The sign-in was cancelled.",
            ErrorCode::SignInDenied => "The sign-in was refused.",
            ErrorCode::SignInFailed => "The sign-in did not succeed.",
            ErrorCode::CodeRefused => "AWS did not accept this code.",
            ErrorCode::CodeMalformed => "A code has six digits.",
            ErrorCode::CredentialProcess => {
                "The AWS profile's credential_process gave no credentials."
            }
            ErrorCode::ProfileUnusable => {
                return self
                    .detail
                    .clone()
                    .unwrap_or_else(|| "The AWS profile cannot be used.".to_owned());
            }
            ErrorCode::RegionMissing => "No AWS region is set.",
            ErrorCode::Network => "AWS could not be reached.",
            ErrorCode::NetworkSettings => {
                return format!(
                    "The network settings cannot be used: {}.",
                    self.detail.as_deref().unwrap_or("one of them is wrong")
                );
            }
            ErrorCode::ServiceFault => "The service failed.",
            ErrorCode::DoesNotExist => "The session does not exist any more.",
            ErrorCode::KeyUnavailable => {
                return format!(
                    "The KMS key {}that encrypts this session does not exist or cannot be used.",
                    self.key()
                );
            }
            ErrorCode::MalformedAnswer => "The service's answer could not be understood.",
            ErrorCode::Other => "The service refused.",
        }
        .to_owned()
    }

    fn denied(&self) -> String {
        let who = self.principal().unwrap_or("You");
        match &self.action {
            Action::Prepare => "You may not use the role of this AWS profile.".to_owned(),
            Action::StartSession => "You may not start a session on this target.".to_owned(),
            Action::ResumeSession => "You may not resume this session.".to_owned(),
            Action::TerminateSession => "You may not end this session.".to_owned(),
            Action::DescribeSessions => "You may not list sessions.".to_owned(),
            Action::DescribeNodes => {
                "You may not look for nodes, which this connection's target asks for.".to_owned()
            }
            Action::AssumeRole(role) => format!("{who} may not assume the role {}.", clean(role)),
            Action::SignIn => "IAM Identity Center refuses the sign-in.".to_owned(),
            Action::AskPortal => "This sign-in has no access to the account or role.".to_owned(),
            Action::GetCallerIdentity => "You may not ask who you are.".to_owned(),
            Action::GenerateDataKey(_) => format!(
                "{who} may not use the KMS key {}that encrypts this session.",
                self.key()
            ),
        }
    }

    /// The key's name and a space, where there is a key.
    fn key(&self) -> String {
        match &self.action {
            Action::GenerateDataKey(key) if !key.is_empty() => format!("{} ", clean(key)),
            Action::GenerateDataKey(_)
            | Action::Prepare
            | Action::StartSession
            | Action::ResumeSession
            | Action::TerminateSession
            | Action::DescribeSessions
            | Action::DescribeNodes
            | Action::AssumeRole(_)
            | Action::SignIn
            | Action::AskPortal
            | Action::GetCallerIdentity => String::new(),
        }
    }

    /// Who was denied, where the service says so: "User: <arn> is not authorized to perform: …".
    #[must_use]
    pub fn principal(&self) -> Option<&str> {
        let (_, rest) = self.detail.as_deref()?.split_once("User: ")?;
        let (principal, _) = rest.split_once(" is not authorized")?;
        (!principal.is_empty() && !principal.contains(' ')).then_some(principal)
    }

    /// What to do about it, in one sentence.
    #[must_use]
    pub fn remedy(&self) -> Option<String> {
        let text = match self.code {
            ErrorCode::TargetNotConnected => {
                "Check that the agent runs on the target, and that region and account are the right ones: the service says the same of a wrong one."
            }
            ErrorCode::AccessDenied => {
                let permission = self.action.permission();
                return Some(match &self.action {
                    Action::StartSession => "Ask for ssm:StartSession on this target and on its session document; the detail names what was refused.".to_owned(),
                    Action::GenerateDataKey(_) => format!(
                        "Ask for {permission} on this key{}; the key's own policy must allow it too.",
                        self.principal()
                            .map(|principal| format!(" for {principal}"))
                            .unwrap_or_default()
                    ),
                    Action::ResumeSession | Action::TerminateSession => {
                        format!("Ask for {permission} on your own sessions; the detail names what was refused.")
                    }
                    Action::AssumeRole(_) => {
                        "Ask for sts:AssumeRole on this role; the role's trust policy must allow it too, with MFA where it demands that.".to_owned()
                    }
                    Action::SignIn | Action::AskPortal => {
                        "Ask whoever manages IAM Identity Center to assign you the account and role.".to_owned()
                    }
                    Action::Prepare
                    | Action::DescribeSessions
                    | Action::DescribeNodes
                    | Action::GetCallerIdentity => {
                        format!("Ask for {permission}; the detail names what was refused.")
                    }
                });
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
            ErrorCode::SignInNeeded => match self.need.as_deref() {
                Some(Need::Mfa(_)) => "Type the code that your MFA device shows.",
                Some(Need::SignIn(_)) | None => "Sign in; what waits for it goes on by itself.",
            },
            ErrorCode::SignInCancelled | ErrorCode::SignInDenied | ErrorCode::SignInFailed => {
                "Start again to sign in."
            }
            ErrorCode::CodeRefused => "Wait for the next one: each code can be used once.",
            ErrorCode::CodeMalformed => "Type the one that your MFA device shows.",
            ErrorCode::CredentialProcess => {
                "Run its command in a terminal to see what is wrong; programs started from a desktop may have another PATH."
            }
            ErrorCode::ProfileUnusable => "Correct the AWS configuration, then start again.",
            ErrorCode::InvalidKey => {
                "Check the access key of the AWS profile; it may have been deleted."
            }
            ErrorCode::Signature => {
                "Check the secret key of the AWS profile, and that this computer's clock is right."
            }
            ErrorCode::Throttled => "Wait a few seconds, then start again.",
            ErrorCode::RegionMissing => "Choose a region in the profile.",
            ErrorCode::Network if self.is_untrusted_issuer() => {
                "If your company opens TLS connections, add its certificate to the system's, or name a file with it in AWS_CA_BUNDLE or the AWS profile's ca_bundle."
            }
            ErrorCode::Network => {
                "Check the network, the proxy and the endpoint settings, then start again."
            }
            ErrorCode::NetworkSettings => {
                "Correct it in the environment or in the AWS profile, then start again."
            }
            ErrorCode::ServiceFault => "Start again in a moment.",
            ErrorCode::KeyUnavailable => {
                "Have the key in the account's Session Manager preferences corrected or enabled; you need kms:GenerateDataKey on it."
            }
            ErrorCode::DoesNotExist | ErrorCode::MalformedAnswer | ErrorCode::Other => return None,
        };
        Some(text.to_owned())
    }

    fn is_untrusted_issuer(&self) -> bool {
        self.detail
            .as_ref()
            .is_some_and(|detail| detail.contains("UnknownIssuer"))
    }

    /// The service's own code and words.
    #[must_use]
    pub fn detail(&self) -> Option<String> {
        self.detail.clone()
    }

    /// What a person has to do before it can be tried again.
    #[must_use]
    pub fn need(&self) -> Option<&Need> {
        self.need.as_deref()
    }

    /// Whether new credentials would help.
    #[must_use]
    pub fn requires_sign_in(&self) -> bool {
        matches!(
            self.code,
            ErrorCode::ExpiredCredentials
                | ErrorCode::NoCredentials
                | ErrorCode::InvalidKey
                | ErrorCode::SignInNeeded
                | ErrorCode::CredentialProcess
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

/// What an error's code says, over the operations used here; the JSON services prefix some with a namespace.
fn by_service_code(code: &str) -> ErrorCode {
    let code = code.rsplit('#').next().unwrap_or(code);
    match code {
        "TargetNotConnected" => ErrorCode::TargetNotConnected,
        "AccessDeniedException" | "AccessDenied" | "UnauthorizedOperation" | "NotAuthorized"
        | "ForbiddenException" => {
            ErrorCode::AccessDenied
        }
        "InvalidDocument" => ErrorCode::InvalidDocument,
        "ValidationException"
        | "ValidationError"
        | "InvalidParameters"
        | "SerializationException" => ErrorCode::Validation,
        "ExpiredTokenException" | "ExpiredToken" | "TokenRefreshRequired"
        // The portal's word for a token that is over.
        | "UnauthorizedException" => {
            ErrorCode::ExpiredCredentials
        }
        "MissingAuthenticationTokenException" | "MissingAuthenticationToken" => {
            ErrorCode::NoCredentials
        }
        "UnrecognizedClientException" | "InvalidClientTokenId" | "InvalidAccessKeyId" => {
            ErrorCode::InvalidKey
        }
        "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "IncompleteSignatureException"
        | "IncompleteSignature"
        | "RequestExpired"
        | "RequestTimeTooSkewed" => ErrorCode::Signature,
        "ThrottlingException"
        | "Throttling"
        | "ThrottledException"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "SlowDown" => ErrorCode::Throttled,
        "DoesNotExistException" | "NotFoundException" => ErrorCode::DoesNotExist,
        "InternalServerError"
        | "InternalServerException"
        | "InternalFailure"
        | "InternalError"
        | "ServiceUnavailable"
        | "ServiceUnavailableException"
        | "KMSInternalException"
        | "DependencyTimeoutException"
        | "KeyUnavailableException" => ErrorCode::ServiceFault,
        "DisabledException" | "InvalidKeyUsageException" | "KMSInvalidStateException" => {
            ErrorCode::KeyUnavailable
        }
        _ => ErrorCode::Other,
    }
}

/// What an answer without a code says: it may come from a proxy on the way.
fn by_status(status: u16) -> ErrorCode {
    match status {
        401 | 403 => ErrorCode::AccessDenied,
        407 => ErrorCode::Network,
        429 => ErrorCode::Throttled,
        500..=599 => ErrorCode::ServiceFault,
        _ => ErrorCode::Other,
    }
}

/// The first error of this type among an error and its sources.
fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut current = Some(error);
    while let Some(error) = current {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        current = error.source();
    }
    None
}

/// An error and its sources, in one line.
fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let words = error.to_string();
        if !text.ends_with(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        source = error.source();
    }
    text
}

fn clean(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(MAX_DETAIL_CHARS)
        .collect()
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
            ErrorCode::NetworkSettings,
            ErrorCode::ServiceFault,
            ErrorCode::DoesNotExist,
            ErrorCode::KeyUnavailable,
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
    #[test]
    fn every_action_that_may_be_denied_names_its_permission() {
        for action in [
            Action::Prepare,
            Action::StartSession,
            Action::ResumeSession,
            Action::TerminateSession,
            Action::DescribeSessions,
            Action::GenerateDataKey("alias/x".to_owned()),
        ] {
            let permission = action.permission();
            let error = Error::new(ErrorCode::AccessDenied, None).during(action);
            assert!(error.message().ends_with('.'), "{error:?}");
            assert!(
                error
                    .remedy()
                    .is_some_and(|remedy| remedy.contains(permission)),
                "{error:?}"
            );
        }
    }

    #[test]
    fn smp_75_credentials_that_fail_are_told_apart() {
        let provider = |words: &'static str| CredentialsError::provider_error(words);
        for (error, code) in [
            (
                CredentialsError::not_loaded("nothing"),
                ErrorCode::NoCredentials,
            ),
            (
                CredentialsError::invalid_configuration("no such profile"),
                ErrorCode::NoCredentials,
            ),
            (
                provider("the SSO token has expired and cannot be refreshed"),
                ErrorCode::ExpiredCredentials,
            ),
            (
                provider(
                    "service error: UnauthorizedException: Session token not found or invalid",
                ),
                ErrorCode::ExpiredCredentials,
            ),
            (
                provider("AccessDenied: User: x is not authorized to perform: sts:AssumeRole"),
                ErrorCode::AccessDenied,
            ),
            (provider("dispatch failure"), ErrorCode::Network),
            (
                CredentialsError::provider_timed_out(std::time::Duration::from_secs(5)),
                ErrorCode::Network,
            ),
            (
                provider("external process exited with 1"),
                ErrorCode::NoCredentials,
            ),
        ] {
            assert_eq!(Error::from_credentials(&error).code(), code, "{error:?}");
        }
    }

    #[test]
    fn a_detail_is_bounded_and_holds_no_control_characters() {
        let error = Error::new(ErrorCode::Other, Some("\u{1b}[2J<html>".repeat(10_000)));
        let detail = error.detail().unwrap_or_default();
        assert_eq!(detail.chars().count(), MAX_DETAIL_CHARS);
        assert!(!detail.contains('\u{1b}'));
    }
}
