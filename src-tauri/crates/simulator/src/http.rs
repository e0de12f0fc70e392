//! The listener on loopback and what HTTP needs: bounds on connections, headers and bodies, signatures, the shape of
//! answers, and the hand-over of WebSocket upgrades to `channel`.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{
    CONNECTION, CONTENT_TYPE, DATE, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN,
    SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE, USER_AGENT,
};
use http::{Method, Request, Response, StatusCode, request};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::api_error::ApiError;
use crate::faults::{CallError, UpgradeError};
use crate::service::Service;
use crate::signin::{identities, rest, sts};
use crate::transport::Transport;
use crate::{api, channel, kms, random, timestamp};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const X_AMZ_TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const FORM: &str = "application/x-www-form-urlencoded";
const JSON: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.1");
/// Where data channels are.
const DATA_CHANNEL: &str = "/v1/data-channel/";
const MAX_HEADERS: usize = 100;
const MAX_HEADER_BYTES: usize = 64 * 1024;

/// Takes connections until the service is cancelled. Each is a task of the service's tracker.
pub(crate) async fn listen(service: Arc<Service>, listener: TcpListener) {
    loop {
        let accepted = tokio::select! {
            () = service.cancel.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => accept(&service, stream),
            Err(error) => {
                // Out of file descriptors, as a rule: wait for some to come back instead of spinning.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::select! {
                    () = service.cancel.cancelled() => return,
                    () = sleep(std::time::Duration::from_millis(100)) => {}
                }
            }
        }
    }
}

/// Counts a connection for as long as it lives.
#[derive(Debug)]
pub(crate) struct Counted(Arc<Service>);

impl Counted {
    fn new(service: &Arc<Service>) -> Option<Self> {
        let counted = Self(Arc::clone(service));
        let earlier = service.connections.fetch_add(1, Ordering::Relaxed);
        (earlier < service.config.limits.connections).then_some(counted)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

fn accept(service: &Arc<Service>, stream: TcpStream) {
    let Some(counted) = Counted::new(service) else {
        tracing::warn!("too many connections");
        return;
    };
    // Keystrokes are small and must not wait for each other.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    let (service, counted) = (Arc::clone(service), Arc::new(counted));
    service.clone().tasks.spawn(async move {
        let Some(transport) = secured(&service, stream).await else {
            return;
        };
        let handler = service_fn(|request| {
            let (service, counted) = (Arc::clone(&service), Arc::clone(&counted));
            async move { Ok::<_, Infallible>(answer(&service, counted, request).await) }
        });
        let serving = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(service.config.limits.request_timeout)
            .max_headers(MAX_HEADERS)
            .max_header_size(MAX_HEADER_BYTES)
            .max_buf_size(MAX_HEADER_BYTES)
            .serve_connection(TokioIo::new(transport), handler)
            .with_upgrades();
        tokio::select! {
            () = service.cancel.cancelled() => {}
            result = serving => if let Err(error) = result {
                tracing::debug!(%error, "connection failed");
            }
        }
    });
}

/// The connection after TLS, where that is configured.
#[cfg(feature = "tls")]
async fn secured(service: &Service, stream: TcpStream) -> Option<Transport> {
    let Some(tls) = &service.tls else {
        return Some(Transport::Plain(stream));
    };
    let handshake = timeout(
        service.config.limits.request_timeout,
        tls.acceptor.accept(stream),
    );
    let accepted = tokio::select! {
        () = service.cancel.cancelled() => return None,
        accepted = handshake => accepted,
    };
    match accepted {
        Ok(Ok(stream)) => Some(Transport::Tls(Box::new(stream))),
        Ok(Err(error)) => {
            tracing::debug!(%error, "TLS refused");
            None
        }
        Err(_) => None,
    }
}

#[cfg(not(feature = "tls"))]
async fn secured(_service: &Service, stream: TcpStream) -> Option<Transport> {
    Some(Transport::Plain(stream))
}

async fn answer(
    service: &Arc<Service>,
    counted: Arc<Counted>,
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    let request_id = random::request_id();
    // Without people there is nobody to sign in.
    let route = rest::Route::of(request.method(), request.uri().path())
        .filter(|_| !service.config.sign_in.users.is_empty());
    let result = match (request.method(), request.uri().path(), route) {
        (_, _, Some(route)) => sign_in(service, route, request).await,
        (&Method::POST, "/", None) => call(service, request, &request_id).await,
        (&Method::GET, path, None) if path.starts_with(DATA_CHANNEL) => {
            upgrade(service, counted, request).await
        }
        (_, _, None) => Err(ApiError::not_found()),
    };
    let mut response = result.unwrap_or_else(|error| {
        tracing::debug!(
            request_id,
            error = error.kind,
            message = error.message,
            "refused"
        );
        let mut response = Response::new(Full::new(error.body().to_string().into()));
        *response.status_mut() = error.status;
        response.headers_mut().insert(CONTENT_TYPE, JSON);
        if error.status == StatusCode::PAYLOAD_TOO_LARGE
            || error.status == StatusCode::REQUEST_TIMEOUT
        {
            // The rest of the body is never read, so nothing can follow it.
            response
                .headers_mut()
                .insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    });
    if service.faults.clock_ahead_secs() != 0
        && let Ok(date) = HeaderValue::from_str(&timestamp::format_http(service.now_secs()))
    {
        response.headers_mut().insert(DATE, date);
    }
    if let Ok(request_id) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(REQUEST_ID, request_id);
    }
    response
}

/// The parts of a request that no web page made, with the body.
async fn read(
    service: &Service,
    request: Request<Incoming>,
) -> Result<(request::Parts, Bytes), ApiError> {
    check_not_from_browser(service, request.headers())?;
    let limits = &service.config.limits;
    let (parts, body) = request.into_parts();
    if body.size_hint().lower() > u64::try_from(limits.body_len).unwrap_or(u64::MAX) {
        return Err(ApiError::too_large());
    }
    match timeout(
        limits.request_timeout,
        Limited::new(body, limits.body_len).collect(),
    )
    .await
    {
        Ok(Ok(body)) => Ok((parts, body.to_bytes())),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            Err(ApiError::too_large())
        }
        Ok(Err(_)) => Err(ApiError::serialization("the body could not be read")),
        Err(_) => Err(ApiError::timeout()),
    }
}

/// A call of a service whose operations are all at `/`: which one, its protocol tells.
async fn call(
    service: &Arc<Service>,
    request: Request<Incoming>,
    request_id: &str,
) -> Result<Response<Full<Bytes>>, ApiError> {
    let (parts, body) = read(service, request).await?;
    let content_type = text(&parts.headers, CONTENT_TYPE).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default();
    if !parts.headers.contains_key(X_AMZ_TARGET) && media_type.eq_ignore_ascii_case(FORM) {
        let form = sts::Form::read(&body);
        let fault = take_fault(service, form.action()).await;
        let answer = sts::call(service, &parts, &body, &form, fault, request_id);
        return Ok(answer);
    }
    let operation = text(&parts.headers, X_AMZ_TARGET).unwrap_or_default();
    let kms_operation = operation.strip_prefix(kms::SERVICE_PREFIX);
    let service_name = if kms_operation.is_some() {
        "kms"
    } else {
        "ssm"
    };
    let caller = identities::authenticate(service, service_name, &parts, &body)?;
    if !content_type.eq_ignore_ascii_case("application/x-amz-json-1.1") {
        return Err(ApiError::serialization(
            "the content type must be application/x-amz-json-1.1",
        ));
    }
    let (_, name) = operation.rsplit_once('.').unwrap_or(("", operation));
    let fault = take_fault(service, name).await;
    let user_agent = text(&parts.headers, USER_AGENT);
    let value = match kms_operation {
        Some(operation) => kms::call(service, &caller, operation, &body, fault)?,
        None => api::call(service, &caller, operation, &body, user_agent, fault)?,
    };
    tracing::debug!(operation, "answered");
    let mut response = Response::new(Full::new(value.to_string().into()));
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    Ok(response)
}

/// An operation of IAM Identity Center. None is signed.
async fn sign_in(
    service: &Arc<Service>,
    route: rest::Route,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, ApiError> {
    let (parts, body) = read(service, request).await?;
    let fault = take_fault(service, route.operation()).await;
    Ok(rest::call(service, route, &parts, &body, fault))
}

/// Counts a call and takes what it meets, after the time for which it waits.
async fn take_fault(service: &Service, operation: &str) -> Option<CallError> {
    service.count(operation);
    let fault = service.faults.take_call(operation);
    if let Some(CallError::Late(by)) = fault {
        sleep(by).await;
    }
    fault
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

async fn upgrade(
    service: &Arc<Service>,
    counted: Arc<Counted>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, ApiError> {
    check_not_from_browser(service, request.headers())?;
    let (parts, _body) = request.into_parts();
    if service.are_credentials_expired() {
        return Err(ApiError::expired_token());
    }
    identities::authenticate(service, "ssmmessages", &parts, b"")?;
    match service.faults.take_upgrade() {
        Some(UpgradeError::Status(status)) => return Err(ApiError::refused_upgrade(status)),
        Some(UpgradeError::Late(by)) => sleep(by).await,
        None => {}
    }
    let accept = websocket_accept(&parts.headers).ok_or_else(ApiError::not_a_websocket)?;
    let role = url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
    if !role
        .into_iter()
        .any(|(name, value)| name == "role" && value == "publish_subscribe")
    {
        return Err(ApiError::not_found());
    }
    let id = parts
        .uri
        .path()
        .strip_prefix(DATA_CHANNEL)
        .unwrap_or_default();
    // A path knows no `+` for a space, unlike the forms that this decodes.
    let id = id.replace('+', "%2B");
    let id = url::form_urlencoded::parse(id.as_bytes())
        .next()
        .map(|(id, _)| id.into_owned())
        .unwrap_or_default();
    let session = service.session(&id).ok_or_else(ApiError::not_found)?;

    let on_upgrade = hyper::upgrade::on(Request::from_parts(parts, ()));
    service.tasks.spawn(channel::serve(
        Arc::clone(service),
        session,
        on_upgrade,
        counted,
    ));

    let mut response = Response::new(Full::new(Bytes::new()));
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    Ok(response)
}

/// The answer to `Sec-WebSocket-Key`, if this is an upgrade to WebSocket version 13 (RFC 6455, section 4.2.1).
fn websocket_accept(headers: &HeaderMap) -> Option<HeaderValue> {
    let has = |name: HeaderName, token: &str| {
        let mut values = headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok());
        values.any(|value| {
            value
                .split(',')
                .any(|part| part.trim().eq_ignore_ascii_case(token))
        })
    };
    if !has(UPGRADE, "websocket")
        || !has(CONNECTION, "upgrade")
        || !has(SEC_WEBSOCKET_VERSION, "13")
    {
        return None;
    }
    let key = headers.get(SEC_WEBSOCKET_KEY)?;
    let decoded = STANDARD.decode(key).ok()?;
    (decoded.len() == 16)
        .then(|| HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok())
        .flatten()
}

/// Web pages in a browser on this machine can reach loopback, directly or by a name of theirs that resolves to it. They
/// cannot help sending `Origin`. Some WebSocket libraries send it too, but then it is our own address.
fn check_not_from_browser(service: &Service, headers: &HeaderMap) -> Result<(), ApiError> {
    let port = service
        .authority
        .rsplit_once(':')
        .map_or("", |(_, port)| port);
    let is_ours = |authority: &str| {
        let (name, given) = authority.rsplit_once(':').unwrap_or((authority, "80"));
        given == port && (name == "127.0.0.1" || name.eq_ignore_ascii_case("localhost"))
    };
    let text = |name: HeaderName| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap_or_default())
    };
    let scheme = if service.is_secure() {
        "https://"
    } else {
        "http://"
    };
    let is_origin_ours =
        text(ORIGIN).is_none_or(|origin| origin.strip_prefix(scheme).is_some_and(is_ours));
    if is_origin_ours && text(HOST).is_some_and(is_ours) {
        Ok(())
    } else {
        Err(ApiError::from_browser())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn errors_have_the_shape_of_the_service() {
        let error = ApiError::target_not_connected("i-1");
        assert_eq!(
            error.body(),
            json!({"__type": "TargetNotConnected", "message": "i-1 is not connected."})
        );
        assert_eq!(error.status, StatusCode::BAD_REQUEST);
    }

    #[test]
    fn upgrades_are_recognised_as_the_rfc_says() {
        let headers = |list: &[(HeaderName, &'static str)]| -> HeaderMap {
            list.iter()
                .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)))
                .collect()
        };
        let good = [
            (UPGRADE, "WebSocket"),
            (CONNECTION, "keep-alive, Upgrade"),
            (SEC_WEBSOCKET_VERSION, "13"),
            (SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        let accept = websocket_accept(&headers(&good));
        assert_eq!(
            accept,
            Some(HeaderValue::from_static("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")),
            "the RFC's example"
        );
        for missing in 0..good.len() {
            let mut list = good.to_vec();
            list.remove(missing);
            assert_eq!(websocket_accept(&headers(&list)), None);
        }
        let mut list = good.to_vec();
        list[3].1 = "c2hvcnQ=";
        assert_eq!(websocket_accept(&headers(&list)), None);
    }
}
