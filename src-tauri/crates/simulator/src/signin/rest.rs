//! REST with JSON, as both services of IAM Identity Center speak it: which address is which operation, and how answers
//! and errors look. The error's name is in a header; the OIDC service adds the words of OAuth, the portal a message.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Method, Response, StatusCode};
use http_body_util::Full;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Refusal, oidc, portal};
use crate::faults::CallError;
use crate::service::Service;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
const BEARER_TOKEN: HeaderName = HeaderName::from_static("x-amz-sso_bearer_token");

/// An operation with an address of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    RegisterClient,
    StartDeviceAuthorization,
    CreateToken,
    Authorize,
    Device,
    ListAccounts,
    ListAccountRoles,
    GetRoleCredentials,
    Logout,
}

impl Route {
    pub(crate) fn of(method: &Method, path: &str) -> Option<Self> {
        Some(match (method.as_str(), path) {
            ("POST", "/client/register") => Self::RegisterClient,
            ("POST", "/device_authorization") => Self::StartDeviceAuthorization,
            ("POST", "/token") => Self::CreateToken,
            ("GET", "/authorize") => Self::Authorize,
            ("GET", "/device") => Self::Device,
            ("GET", "/assignment/accounts") => Self::ListAccounts,
            ("GET", "/assignment/roles") => Self::ListAccountRoles,
            ("GET", "/federation/credentials") => Self::GetRoleCredentials,
            ("POST", "/logout") => Self::Logout,
            _ => return None,
        })
    }

    /// The name by which it is counted and fails on request.
    pub(crate) fn operation(self) -> &'static str {
        match self {
            Self::RegisterClient => "RegisterClient",
            Self::StartDeviceAuthorization => "StartDeviceAuthorization",
            Self::CreateToken => "CreateToken",
            Self::Authorize => "Authorize",
            Self::Device => "Device",
            Self::ListAccounts => "ListAccounts",
            Self::ListAccountRoles => "ListAccountRoles",
            Self::GetRoleCredentials => "GetRoleCredentials",
            Self::Logout => "Logout",
        }
    }

    fn is_of_the_portal(self) -> bool {
        match self {
            Self::ListAccounts
            | Self::ListAccountRoles
            | Self::GetRoleCredentials
            | Self::Logout => true,
            Self::RegisterClient
            | Self::StartDeviceAuthorization
            | Self::CreateToken
            | Self::Authorize
            | Self::Device => false,
        }
    }
}

/// Carries out a call and writes its answer.
pub(crate) fn call(
    service: &Service,
    route: Route,
    parts: &Parts,
    body: &[u8],
    fault: Option<CallError>,
) -> Response<Full<Bytes>> {
    let query = parts.uri.query().unwrap_or_default();
    match route {
        Route::Authorize => return oidc::browser::authorize(service, query, fault),
        Route::Device => return oidc::browser::device(service, query, fault),
        Route::RegisterClient
        | Route::StartDeviceAuthorization
        | Route::CreateToken
        | Route::ListAccounts
        | Route::ListAccountRoles
        | Route::GetRoleCredentials
        | Route::Logout => {}
    }
    let (status, kind, value) = match result(service, route, parts, body, fault) {
        Ok(value) => {
            tracing::debug!(operation = route.operation(), "answered");
            (StatusCode::OK, None, value)
        }
        Err(refusal) => {
            tracing::debug!(error = refusal.kind, message = refusal.message, "refused");
            let value = if route.is_of_the_portal() {
                json!({ "message": refusal.message })
            } else {
                json!({
                    "error": oauth_error(refusal.kind),
                    "error_description": refusal.message,
                })
            };
            (refusal.status, Some(refusal.kind), value)
        }
    };
    let mut response = Response::new(Full::new(value.to_string().into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    if let Some(kind) = kind {
        let kind = HeaderValue::from_static(kind);
        response.headers_mut().insert(ERROR_TYPE, kind);
    }
    response
}

fn result(
    service: &Service,
    route: Route,
    parts: &Parts,
    body: &[u8],
    fault: Option<CallError>,
) -> Result<Value, Refusal> {
    let text = |name| parts.headers.get(name)?.to_str().ok();
    let call = portal::Call {
        token: text(BEARER_TOKEN),
        query: parts.uri.query().unwrap_or_default(),
    };
    if let (Route::CreateToken, Ok(input)) = (route, parse::<oidc::CreateToken>(parts, body))
        && let Some(name) = input.counted_as()
    {
        service.count(name);
    }
    if let Some(refusal) = fault.and_then(|fault| refusal(route, fault)) {
        return Err(refusal);
    }
    match route {
        Route::RegisterClient => oidc::register_client(service, parse(parts, body)?),
        Route::StartDeviceAuthorization => {
            oidc::start_device_authorization(service, &parse(parts, body)?)
        }
        Route::CreateToken => oidc::create_token(service, &parse(parts, body)?),
        Route::ListAccounts => portal::list_accounts(service, &call),
        Route::ListAccountRoles => portal::list_account_roles(service, &call),
        Route::GetRoleCredentials => portal::role_credentials(service, &call),
        Route::Logout => portal::logout(service, &call),
        Route::Authorize | Route::Device => Ok(Value::Null),
    }
}

fn parse<T: DeserializeOwned>(parts: &Parts, body: &[u8]) -> Result<T, Refusal> {
    let content_type = parts.headers.get(CONTENT_TYPE);
    let is_json =
        content_type.is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
    // What is wrong with it is not said: there are secrets in it.
    let value = is_json.then(|| serde_json::from_slice(body).ok()).flatten();
    value.ok_or_else(|| {
        Refusal::new(
            StatusCode::BAD_REQUEST,
            "InvalidRequestException",
            "The body is not the JSON of this operation",
        )
    })
}

/// The error that was asked for, if it is one, in the words of the operation's service.
fn refusal(route: Route, fault: CallError) -> Option<Refusal> {
    let oidc = |kind| Refusal::new(StatusCode::BAD_REQUEST, kind, "As asked for");
    let is_portal = route.is_of_the_portal();
    Some(match fault {
        CallError::Late(_) | CallError::NullToken => return None,
        CallError::Throttling if is_portal => Refusal::new(
            StatusCode::TOO_MANY_REQUESTS,
            "TooManyRequestsException",
            "Too many requests",
        ),
        CallError::Throttling => oidc("SlowDownException"),
        CallError::ExpiredToken if is_portal => portal::unauthorized(),
        CallError::ExpiredToken => oidc("ExpiredTokenException"),
        CallError::AccessDenied if is_portal => portal::forbidden(),
        CallError::AccessDenied => oidc("AccessDeniedException"),
        CallError::DoesNotExist if is_portal => Refusal::new(
            StatusCode::NOT_FOUND,
            "ResourceNotFoundException",
            "The resource is not found",
        ),
        CallError::DoesNotExist => oidc("InvalidGrantException"),
        CallError::Internal => Refusal::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalServerException",
            "An internal error occurred",
        ),
        CallError::Unavailable => Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "ServiceUnavailableException",
            "The service is unavailable",
        ),
    })
}

/// `AuthorizationPendingException` is OAuth's `authorization_pending`.
fn oauth_error(kind: &str) -> String {
    if kind == "InternalServerException" {
        return "server_error".to_owned();
    }
    let name = kind.strip_suffix("Exception").unwrap_or(kind);
    let mut text = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(c.to_ascii_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_the_names_of_oauth() {
        for (kind, error) in [
            ("AuthorizationPendingException", "authorization_pending"),
            ("SlowDownException", "slow_down"),
            ("InvalidGrantException", "invalid_grant"),
            ("InvalidClientException", "invalid_client"),
            ("InternalServerException", "server_error"),
        ] {
            assert_eq!(oauth_error(kind), error);
        }
    }
}
