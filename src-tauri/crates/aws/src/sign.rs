//! Signs the data channel's WebSocket upgrade.
//!
//! SigV4 for service `ssmmessages`, as the official client does since 1.2.764.0 (connection signing in its
//! `websocketutil`): method GET, empty body, signed headers `host`, `x-amz-date` and, with temporary credentials,
//! `x-amz-security-token`; no `x-amz-content-sha256`.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Uri};

use crate::error::Error;

const SERVICE: &str = "ssmmessages";

/// Query parameters of a URL that carries its signature itself; signing it once more would spoil it.
const PRESIGNED: &[&str] = &[
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-expires",
    "x-amz-signedheaders",
    "x-amz-signature",
    "x-amz-security-token",
];

/// The headers that sign one upgrade to `url` at `time`; none where the URL is presigned.
pub(crate) fn upgrade_headers(
    url: &Uri,
    credentials: Credentials,
    region: &str,
    time: SystemTime,
) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    if is_presigned(url) {
        return Ok(headers);
    }
    let identity = credentials.into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(SERVICE)
        .time(time)
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| Error::signing(&error.to_string()))?
        .into();
    let url = url.to_string();
    let request = SignableRequest::new("GET", url, std::iter::empty(), SignableBody::Bytes(b""))
        .map_err(|_| Error::signing("the stream URL cannot be signed"))?;
    let (instructions, _signature) = sign(request, &params)
        .map_err(|error| Error::signing(&error.to_string()))?
        .into_parts();
    for (name, value) in instructions.headers() {
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|error| Error::signing(&error.to_string()))?;
        let mut value = HeaderValue::from_str(value).map_err(|_| {
            Error::signing("a signing header holds a character that headers cannot")
        })?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}

fn is_presigned(url: &Uri) -> bool {
    url.query().is_some_and(|query| {
        query.split('&').any(|pair| {
            let name = pair.split('=').next().unwrap_or_default();
            PRESIGNED
                .iter()
                .any(|known| known.eq_ignore_ascii_case(name))
        })
    })
}
