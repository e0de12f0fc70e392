//! Errors of the API as the service words them: an error type, a message, and the HTTP status they come with.
//! Messages are worded as callers of the real service see them, because clients show them to people.

use http::StatusCode;
use serde_json::{Value, json};

use crate::sigv4::SignatureError;

/// One error answer: body `{"__type": …, "message": …}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) kind: &'static str,
    pub(crate) message: String,
    pub(crate) status: StatusCode,
    /// The name of the message in the body. What checks permissions for KMS writes it with a capital.
    member: &'static str,
}

const MEMBER: &str = "message";

impl ApiError {
    pub(crate) fn body(&self) -> Value {
        json!({ "__type": self.kind, self.member: self.message })
    }

    fn bad_request(kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            member: MEMBER,
            status: StatusCode::BAD_REQUEST,
        }
    }

    fn forbidden(kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            member: MEMBER,
            status: StatusCode::FORBIDDEN,
        }
    }

    /// An error of KMS, of which all but those of the service itself have this status.
    pub(crate) fn kms(kind: &'static str, message: impl Into<String>) -> Self {
        Self::bad_request(kind, message)
    }

    pub(crate) fn kms_access_denied(message: &str) -> Self {
        Self {
            member: "Message",
            ..Self::bad_request("AccessDeniedException", message)
        }
    }

    /// Without a message, as in KMS.
    pub(crate) fn invalid_ciphertext() -> Self {
        Self::bad_request("InvalidCiphertextException", "")
    }

    pub(crate) fn target_not_connected(target: &str) -> Self {
        Self::bad_request("TargetNotConnected", format!("{target} is not connected."))
    }

    pub(crate) fn invalid_document(name: &str) -> Self {
        Self::bad_request(
            "InvalidDocument",
            format!("Document with name {name} does not exist."),
        )
    }

    pub(crate) fn invalid_parameters(message: impl Into<String>) -> Self {
        Self::bad_request("InvalidParameters", message)
    }

    pub(crate) fn access_denied(caller: &str, action: &str, resource: &str) -> Self {
        Self::forbidden(
            "AccessDeniedException",
            format!(
                "User: {caller} is not authorized to perform: {action} on resource: {resource} \
                 because no identity-based policy allows the {action} action"
            ),
        )
    }

    pub(crate) fn expired_token() -> Self {
        Self::forbidden(
            "ExpiredTokenException",
            "The security token included in the request is expired",
        )
    }

    pub(crate) fn throttling() -> Self {
        Self::bad_request("ThrottlingException", "Rate exceeded")
    }

    pub(crate) fn does_not_exist(session_id: &str) -> Self {
        Self::bad_request(
            "DoesNotExistException",
            format!("Session {session_id} does not exist."),
        )
    }

    pub(crate) fn internal() -> Self {
        Self {
            kind: "InternalServerError",
            message: "An internal error occurred.".to_owned(),
            member: MEMBER,
            status: StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    pub(crate) fn unavailable() -> Self {
        Self {
            kind: "ServiceUnavailable",
            message: "The service is unavailable.".to_owned(),
            member: MEMBER,
            status: StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// For an upgrade that is refused on request.
    pub(crate) fn refused_upgrade(status: u16) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let kind = match status {
            StatusCode::UNAUTHORIZED => "UnauthorizedException",
            StatusCode::FORBIDDEN => "AccessDeniedException",
            StatusCode::SERVICE_UNAVAILABLE => "ServiceUnavailable",
            _ => "RefusedException",
        };
        Self {
            kind,
            message: "The connection is refused.".to_owned(),
            member: MEMBER,
            status,
        }
    }

    pub(crate) fn unknown_operation() -> Self {
        Self::bad_request("UnknownOperationException", "The operation is unknown.")
    }

    pub(crate) fn serialization(message: impl Into<String>) -> Self {
        Self::bad_request("SerializationException", message)
    }

    pub(crate) fn invalid_filter_key(key: &str) -> Self {
        Self::bad_request(
            "InvalidFilterKey",
            format!("The specified key {key} is not valid."),
        )
    }

    pub(crate) fn invalid_next_token() -> Self {
        Self::bad_request("InvalidNextToken", "The specified token is not valid.")
    }

    /// `details` are the single failures; at least one.
    pub(crate) fn validation(details: &[String]) -> Self {
        let count = details.len();
        let errors = if count == 1 { "error" } else { "errors" };
        let details = details.join("; ");
        Self::bad_request(
            "ValidationException",
            format!("{count} validation {errors} detected: {details}"),
        )
    }

    pub(crate) fn too_large() -> Self {
        Self {
            kind: "RequestEntityTooLargeException",
            message: "The request is too large.".to_owned(),
            member: MEMBER,
            status: StatusCode::PAYLOAD_TOO_LARGE,
        }
    }

    pub(crate) fn timeout() -> Self {
        Self {
            kind: "RequestTimeoutException",
            message: "The request was not complete in time.".to_owned(),
            member: MEMBER,
            status: StatusCode::REQUEST_TIMEOUT,
        }
    }

    pub(crate) fn not_found() -> Self {
        Self {
            kind: "NotFoundException",
            message: "Nothing is here.".to_owned(),
            member: MEMBER,
            status: StatusCode::NOT_FOUND,
        }
    }

    pub(crate) fn from_browser() -> Self {
        Self::forbidden(
            "AccessDeniedException",
            "Requests from web pages and to other host names are refused.",
        )
    }

    pub(crate) fn not_a_websocket() -> Self {
        Self::bad_request(
            "BadRequestException",
            "A WebSocket upgrade of version 13 is needed here.",
        )
    }
}

impl From<SignatureError> for ApiError {
    fn from(error: SignatureError) -> Self {
        match error {
            SignatureError::Missing => Self::forbidden(
                "MissingAuthenticationTokenException",
                "Missing Authentication Token",
            ),
            SignatureError::Incomplete(reason) => Self::forbidden(
                "IncompleteSignatureException",
                format!("Authorization header is not complete: {reason}"),
            ),
            SignatureError::UnknownCredentials => Self::forbidden(
                "UnrecognizedClientException",
                "The security token included in the request is invalid.",
            ),
            SignatureError::WrongScope(scope) => Self::forbidden(
                "InvalidSignatureException",
                format!("Credential should be scoped to correct service and region: '{scope}'."),
            ),
            SignatureError::NotCurrent {
                signed,
                now,
                limit,
                is_early,
                window,
            } => {
                let minutes = window.as_secs() / 60;
                let message = if is_early {
                    format!(
                        "Signature not yet current: {signed} is still later than {limit} \
                         ({now} + {minutes} min.)"
                    )
                } else {
                    format!(
                        "Signature expired: {signed} is now earlier than {limit} \
                         ({now} - {minutes} min.)"
                    )
                };
                Self::forbidden("InvalidSignatureException", message)
            }
            SignatureError::Mismatch => Self::forbidden(
                "InvalidSignatureException",
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
                 Access Key and signing method. Consult the service documentation for details.",
            ),
        }
    }
}
