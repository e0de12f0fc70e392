//! What a browser is sent to: `/authorize`, which sends it back with a code as if a person had signed in, and `/device`,
//! which approves a code that a device shows. There is nothing to fill in: whoever came so far is the person.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, LOCATION};
use http::{Response, StatusCode};
use http_body_util::Full;

use super::{AUTHORIZATION_CODE, Client, Code, after, is_callback};
use crate::faults::{AuthorizeError, CallError};
use crate::random;
use crate::service::Service;

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// The code, or what became of the sign-in instead.
type Outcome = Result<String, &'static str>;

pub(crate) fn authorize(
    service: &Service,
    query: &str,
    fault: Option<CallError>,
) -> Response<Full<Bytes>> {
    if let Some(response) = failed(fault) {
        return response;
    }
    let query: BTreeMap<_, _> = url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let text = |name: &str| query.get(name).map_or("", String::as_str);
    let redirect_uri = text("redirect_uri");
    let outcome = {
        let state = service.oidc.lock();
        let now_ms = service.now_ms();
        let client = state.clients.iter().find(|client| {
            client.id == text("client_id")
                && client.expires_ms > now_ms
                && client.knows_issuer
                && client.can_redirect
        });
        // Nobody is sent anywhere for a client that is not known.
        let Some(client) = client.filter(|_| is_callback(redirect_uri)) else {
            return page(
                StatusCode::BAD_REQUEST,
                "The client is not known, or may not send you back there.",
            );
        };
        let person = state.person(service).map(|user| user.name.clone());
        code(service, client, person, &text)
    };
    let fault = service.faults.all().authorize;
    let outcome = match (fault, outcome) {
        (Some(AuthorizeError::NoAnswer), Ok(_)) => {
            return page(StatusCode::OK, "Nobody signs in here.");
        }
        (Some(AuthorizeError::Denied), Ok(_)) => Err("access_denied"),
        (Some(AuthorizeError::WrongCode), Ok(_)) => Ok(random::word()),
        (Some(AuthorizeError::WrongState) | None, Ok(code)) => {
            let given_out = code.code.clone();
            service.oidc.lock().codes.push(code);
            Ok(given_out)
        }
        (_, Err(error)) => Err(error),
    };
    let state = match fault {
        Some(AuthorizeError::WrongState) => random::word(),
        Some(AuthorizeError::Denied | AuthorizeError::WrongCode | AuthorizeError::NoAnswer)
        | None => text("state").to_owned(),
    };
    back(redirect_uri, &outcome, &state)
}

/// The code for a request in which nothing is wrong.
fn code<'a>(
    service: &Service,
    client: &Client,
    person: Option<String>,
    text: &impl Fn(&str) -> &'a str,
) -> Result<Code, &'static str> {
    if text("response_type") != "code" {
        return Err("unsupported_response_type");
    }
    // 43 characters are the 32 bytes of a SHA-256 digest.
    if text("code_challenge_method") != "S256" || text("code_challenge").len() != 43 {
        return Err("invalid_request");
    }
    if !client.may(AUTHORIZATION_CODE) {
        return Err("unauthorized_client");
    }
    let mut scopes = text("scopes")
        .split([' ', ','])
        .filter(|one| !one.is_empty());
    if !scopes.all(|scope| client.scopes.iter().any(|one| one == scope)) {
        return Err("invalid_scope");
    }
    let lifetime = service.config.sign_in.lifetimes.code;
    Ok(Code {
        code: random::word(),
        client_id: client.id.clone(),
        user: person.ok_or("access_denied")?,
        redirect_uri: text("redirect_uri").to_owned(),
        challenge: text("code_challenge").to_owned(),
        expires_ms: after(service.now_ms(), lifetime),
        used: None,
    })
}

fn back(redirect_uri: &str, outcome: &Outcome, state: &str) -> Response<Full<Bytes>> {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    match outcome {
        Ok(code) => query.append_pair("code", code),
        Err(error) => query
            .append_pair("error", error)
            .append_pair("error_description", "The sign-in was not completed."),
    };
    if !state.is_empty() {
        query.append_pair("state", state);
    }
    let mut response = page(StatusCode::FOUND, "Back to the application.");
    let location = format!("{redirect_uri}?{}", query.finish());
    match HeaderValue::from_str(&location) {
        Ok(location) => {
            response.headers_mut().insert(LOCATION, location);
            response
        }
        Err(_) => page(StatusCode::BAD_REQUEST, "There is no such place."),
    }
}

pub(crate) fn device(
    service: &Service,
    query: &str,
    fault: Option<CallError>,
) -> Response<Full<Bytes>> {
    if let Some(response) = failed(fault) {
        return response;
    }
    let mut query = url::form_urlencoded::parse(query.as_bytes());
    let Some((_, user_code)) = query.find(|(name, _)| name == "user_code") else {
        return page(StatusCode::BAD_REQUEST, "Add ?user_code= and the code.");
    };
    let approve = match service.faults.all().authorize {
        None | Some(AuthorizeError::WrongState | AuthorizeError::WrongCode) => true,
        Some(AuthorizeError::Denied) => false,
        Some(AuthorizeError::NoAnswer) => {
            return page(StatusCode::OK, "Nobody signs in here.");
        }
    };
    if !service.oidc.decide(service, &user_code, approve) {
        return page(StatusCode::NOT_FOUND, "No device waits with this code.");
    }
    let said = if approve {
        "The device is approved. You can close this page."
    } else {
        "The device is refused. You can close this page."
    };
    page(StatusCode::OK, said)
}

/// The page for a call that is not answered as it should be.
fn failed(fault: Option<CallError>) -> Option<Response<Full<Bytes>>> {
    let status = match fault? {
        CallError::Late(_) | CallError::NullToken => return None,
        CallError::Throttling => StatusCode::TOO_MANY_REQUESTS,
        CallError::ExpiredToken | CallError::AccessDenied => StatusCode::FORBIDDEN,
        CallError::DoesNotExist => StatusCode::NOT_FOUND,
        CallError::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        CallError::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    };
    Some(page(status, "Sign-in is not possible."))
}

fn page(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    let html =
        format!("<!doctype html><html lang=\"en\"><title>Simulator</title><p>{text}</p></html>\n");
    let mut response = Response::new(Full::new(html.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HTML);
    // The codes in these addresses are good once.
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(CACHE_CONTROL, no_store);
    response
}
