//! Verifies AWS Signature Version 4 in the `Authorization` header: of API calls (service `ssm`) and of the WebSocket
//! upgrade (service `ssmmessages`, whose clients sign `host`, `x-amz-date` and, with temporary credentials,
//! `x-amz-security-token` over an empty body). Follows "Create a signed AWS API request" of the IAM User Guide. It
//! does not know S3's exceptions, chunked bodies or signatures in the query.

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use http::HeaderMap;
use http::header::{AUTHORIZATION, HOST};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::timestamp;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const TERMINATOR: &str = "aws4_request";
const DATE_HEADER: &str = "x-amz-date";
const TOKEN_HEADER: &str = "x-amz-security-token";
/// More signed headers than any client has; each costs us work before the signature is known to be right.
const MAX_SIGNED_HEADERS: usize = 64;

/// The credentials and scope that a signature must have been made with.
pub(crate) struct Expected<'a> {
    pub(crate) access_key_id: &'a str,
    pub(crate) secret_access_key: &'a SecretString,
    pub(crate) session_token: Option<&'a SecretString>,
    pub(crate) region: &'a str,
    pub(crate) service: &'a str,
    pub(crate) clock_window: Duration,
}

/// The parts of a request that a signature covers. Path and query are as in the request line.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

/// Why a request is not accepted as signed.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum SignatureError {
    #[error("missing authentication token")]
    Missing,
    #[error("incomplete signature: {0}")]
    Incomplete(&'static str),
    #[error("unknown access key or session token")]
    UnknownCredentials,
    #[error("credential should be scoped to {0}")]
    WrongScope(String),
    #[error("signature not current: {signed} is not within {window:?} of {now}")]
    NotCurrent {
        signed: String,
        now: String,
        /// The end of the window that the signature is beyond.
        limit: String,
        is_early: bool,
        window: Duration,
    },
    #[error("signature does not match")]
    Mismatch,
}

impl Expected<'_> {
    /// Checks the signature of `request` at the time `now` (seconds since 1970).
    pub(crate) fn verify(&self, request: &Request<'_>, now: i64) -> Result<(), SignatureError> {
        let header = request
            .headers
            .get(AUTHORIZATION)
            .ok_or(SignatureError::Missing)?;
        let header = header
            .to_str()
            .map_err(|_| SignatureError::Incomplete("Authorization is not text"))?;
        let authorization = Authorization::parse(header)?;

        let [access_key_id, date, region, service, terminator] = authorization.credential;
        if access_key_id != self.access_key_id {
            return Err(SignatureError::UnknownCredentials);
        }
        if region != self.region || service != self.service || terminator != TERMINATOR {
            let scope = format!("{}/{}/{TERMINATOR}", self.region, self.service);
            return Err(SignatureError::WrongScope(scope));
        }

        let timestamp = single(request.headers, DATE_HEADER)
            .ok_or(SignatureError::Incomplete("X-Amz-Date is missing"))?;
        let signed_at = timestamp::parse_amz_date(timestamp)
            .ok_or(SignatureError::Incomplete("X-Amz-Date is not a time"))?;
        if timestamp.get(..8) != Some(date) {
            return Err(SignatureError::Incomplete(
                "the credential's date differs from X-Amz-Date",
            ));
        }
        if Duration::from_secs(now.abs_diff(signed_at)) > self.clock_window {
            let is_early = signed_at > now;
            let window = i64::try_from(self.clock_window.as_secs()).unwrap_or(i64::MAX);
            let limit = now.saturating_add(if is_early { window } else { -window });
            return Err(SignatureError::NotCurrent {
                signed: timestamp.to_owned(),
                now: timestamp::format_amz_date(now),
                limit: timestamp::format_amz_date(limit),
                is_early,
                window: self.clock_window,
            });
        }

        // The token is a secret like the key, and a signature over a wrong one is no better than none.
        match (self.session_token, single(request.headers, TOKEN_HEADER)) {
            (None, None) => {}
            (Some(expected), Some(token)) if constant_time_eq(expected.expose_secret(), token) => {}
            (None, Some(_)) | (Some(_), None | Some(_)) => {
                return Err(SignatureError::UnknownCredentials);
            }
        }
        for required in [HOST.as_str(), DATE_HEADER, TOKEN_HEADER] {
            if request.headers.contains_key(required)
                && !authorization.signed_headers.contains(&required)
            {
                return Err(SignatureError::Incomplete(
                    "host, x-amz-date and x-amz-security-token must be signed",
                ));
            }
        }

        let canonical = canonical_request(request, &authorization.signed_headers)?;
        let string_to_sign = format!(
            "{ALGORITHM}\n{timestamp}\n{date}/{region}/{service}/{TERMINATOR}\n{}",
            hex::encode(Sha256::digest(canonical.as_bytes()))
        );
        let key = signing_key(self.secret_access_key, date, region, service);
        let signature =
            hex::decode(authorization.signature).map_err(|_| SignatureError::Mismatch)?;
        // `verify_slice` compares in constant time.
        mac(&key, &string_to_sign)
            .verify_slice(&signature)
            .map_err(|_| SignatureError::Mismatch)
    }
}

/// The access key id that a request names as its signer's, true or not.
pub(crate) fn access_key_id(headers: &HeaderMap) -> Option<&str> {
    let header = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let [access_key_id, ..] = Authorization::parse(header).ok()?.credential;
    Some(access_key_id)
}

/// Whether two secrets are equal, in a time that depends on their lengths only.
pub(crate) fn constant_time_eq(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

/// `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`
struct Authorization<'a> {
    credential: [&'a str; 5],
    signed_headers: Vec<&'a str>,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    fn parse(header: &'a str) -> Result<Self, SignatureError> {
        let fields = header
            .strip_prefix(ALGORITHM)
            .ok_or(SignatureError::Incomplete(
                "the algorithm is not AWS4-HMAC-SHA256",
            ))?;
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for field in fields.split(',') {
            match field.trim().split_once('=') {
                Some(("Credential", value)) => credential = Some(value),
                Some(("SignedHeaders", value)) => signed_headers = Some(value),
                Some(("Signature", value)) => signature = Some(value),
                Some(_) | None => {
                    return Err(SignatureError::Incomplete("unknown part of Authorization"));
                }
            }
        }
        let credential = credential.ok_or(SignatureError::Incomplete("Credential is missing"))?;
        let credential: Vec<_> = credential.split('/').collect();
        let credential = credential
            .try_into()
            .map_err(|_| SignatureError::Incomplete("Credential must have five parts"))?;
        let signed_headers: Vec<_> = signed_headers
            .ok_or(SignatureError::Incomplete("SignedHeaders is missing"))?
            .split(';')
            .collect();
        if signed_headers.len() > MAX_SIGNED_HEADERS {
            return Err(SignatureError::Incomplete("too many SignedHeaders"));
        }
        let signature = signature.ok_or(SignatureError::Incomplete("Signature is missing"))?;
        Ok(Self {
            credential,
            signed_headers,
            signature,
        })
    }
}

fn canonical_request(
    request: &Request<'_>,
    signed_headers: &[&str],
) -> Result<String, SignatureError> {
    let mut text = format!(
        "{}\n{}\n{}\n",
        request.method,
        canonical_path(request.path),
        canonical_query(request.query)
    );
    for name in signed_headers {
        let mut values = request.headers.get_all(*name).iter().peekable();
        if values.peek().is_none() {
            return Err(SignatureError::Incomplete(
                "a signed header is not in the request",
            ));
        }
        text.push_str(name);
        text.push(':');
        for (index, value) in values.enumerate() {
            let value = value
                .to_str()
                .map_err(|_| SignatureError::Incomplete("a signed header is not text"))?;
            if index > 0 {
                text.push(',');
            }
            for (index, word) in value.split_ascii_whitespace().enumerate() {
                if index > 0 {
                    text.push(' ');
                }
                text.push_str(word);
            }
        }
        text.push('\n');
    }
    text.push('\n');
    text.push_str(&signed_headers.join(";"));
    text.push('\n');
    text.push_str(&hex::encode(Sha256::digest(request.body)));
    Ok(text)
}

/// The path of the request line, encoded once more, as every service but S3 has it.
fn canonical_path(path: &str) -> String {
    if path.is_empty() {
        return "/".to_owned();
    }
    let mut text = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte == b'/' {
            text.push('/')
        } else {
            push_encoded(&mut text, byte)
        }
    }
    text
}

/// Parameters decoded, encoded by RFC 3986, and sorted.
fn canonical_query(query: &str) -> String {
    let mut parameters: Vec<(String, String)> = query
        .split('&')
        .filter(|parameter| !parameter.is_empty())
        .map(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            (recoded(name), recoded(value))
        })
        .collect();
    parameters.sort();
    let parameters: Vec<_> = parameters
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    parameters.join("&")
}

/// Percent-decodes (what is no valid escape stays as it is) and encodes again.
fn recoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut encoded = String::with_capacity(bytes.len());
    let mut index = 0;
    while index < bytes.len() {
        let escaped = (bytes[index] == b'%')
            .then(|| text.get(index + 1..index + 3))
            .flatten()
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        push_encoded(&mut encoded, escaped.unwrap_or(bytes[index]));
        index += if escaped.is_some() { 3 } else { 1 };
    }
    encoded
}

fn push_encoded(text: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        text.push(char::from(byte));
    } else {
        text.push('%');
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

/// The only value of a header; `None` also when there are several.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

fn signing_key(secret: &SecretString, date: &str, region: &str, service: &str) -> [u8; 32] {
    let first = Zeroizing::new(format!("AWS4{}", secret.expose_secret()));
    let mut key = hmac(first.as_bytes(), date);
    for part in [region, service, TERMINATOR] {
        key = hmac(&key, part);
    }
    key
}

fn mac(key: &[u8], text: &str) -> Hmac<Sha256> {
    // INVARIANT: HMAC takes keys of any length.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac
}

fn hmac(key: &[u8], text: &str) -> [u8; 32] {
    mac(key, text).finalize().into_bytes().into()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    const NOW: i64 = 1_440_938_160; // 20150830T123600Z, the moment of AWS's examples

    struct Example {
        request_line: (&'static str, &'static str, &'static str),
        headers: &'static [(&'static str, &'static str)],
        body: &'static [u8],
        signature: &'static str,
    }

    /// Examples of AWS's Signature Version 4 test suite, all signed with the key in [`check`].
    const EXAMPLES: [Example; 6] = [
        // get-vanilla
        Example {
            request_line: ("GET", "/", ""),
            headers: &[
                ("host", "example.amazonaws.com"),
                ("x-amz-date", "20150830T123600Z"),
            ],
            body: b"",
            signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        },
        // get-vanilla-query-order-encoded
        Example {
            request_line: ("GET", "/", "Param-3=Value3&Param=Value2&%E1%88%B4=Value1"),
            headers: &[
                ("host", "example.amazonaws.com"),
                ("x-amz-date", "20150830T123600Z"),
            ],
            body: b"",
            signature: "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac",
        },
        // get-vanilla-utf8-query
        Example {
            request_line: ("GET", "/", "ሴ=bar"),
            headers: &[
                ("host", "example.amazonaws.com"),
                ("x-amz-date", "20150830T123600Z"),
            ],
            body: b"",
            signature: "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
        },
        // get-header-value-trim
        Example {
            request_line: ("GET", "/", ""),
            headers: &[
                ("host", "example.amazonaws.com"),
                ("my-header1", " value1"),
                ("my-header2", " \"a   b   c\""),
                ("x-amz-date", "20150830T123600Z"),
            ],
            body: b"",
            signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
        },
        // get-vanilla-with-session-token
        Example {
            request_line: ("GET", "/", ""),
            headers: &[
                ("host", "example.amazonaws.com"),
                ("x-amz-date", "20150830T123600Z"),
                ("x-amz-security-token", SESSION_TOKEN),
            ],
            body: b"",
            signature: "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8",
        },
        // post-x-www-form-urlencoded
        Example {
            request_line: ("POST", "/", ""),
            headers: &[
                ("content-length", "13"),
                ("content-type", "application/x-www-form-urlencoded"),
                ("host", "example.amazonaws.com"),
                (
                    "x-amz-content-sha256",
                    "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e",
                ),
                ("x-amz-date", "20150830T123600Z"),
            ],
            body: b"Param1=value1",
            signature: "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b",
        },
    ];

    const SESSION_TOKEN: &str = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";
    const SCOPE: &str = "AKIDEXAMPLE/20150830/us-east-1/service/aws4_request";

    impl Example {
        fn authorization(&self, scope: &str) -> String {
            let names: Vec<_> = self.headers.iter().map(|(name, _)| *name).collect();
            format!(
                "{ALGORITHM} Credential={scope}, SignedHeaders={}, Signature={}",
                names.join(";"),
                self.signature
            )
        }

        fn header_map(&self, authorization: &str) -> HeaderMap {
            let headers = self
                .headers
                .iter()
                .copied()
                .chain([("authorization", authorization)]);
            headers
                .map(|(name, value)| {
                    (
                        name.parse::<http::HeaderName>().unwrap(),
                        value.parse().unwrap(),
                    )
                })
                .collect()
        }
    }

    fn check(example: &Example, headers: &HeaderMap, now: i64) -> Result<(), SignatureError> {
        let secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into();
        let session_token = SESSION_TOKEN.into();
        let temporary = example
            .headers
            .iter()
            .any(|(name, _)| *name == TOKEN_HEADER);
        let expected = Expected {
            access_key_id: "AKIDEXAMPLE",
            secret_access_key: &secret_access_key,
            session_token: temporary.then_some(&session_token),
            region: "us-east-1",
            service: "service",
            clock_window: Duration::from_secs(300),
        };
        let (method, path, query) = example.request_line;
        expected.verify(
            &Request {
                method,
                path,
                query,
                headers,
                body: example.body,
            },
            now,
        )
    }

    #[test]
    fn accepts_the_examples_aws_publishes() {
        for example in &EXAMPLES {
            let headers = example.header_map(&example.authorization(SCOPE));
            assert_eq!(
                check(example, &headers, NOW),
                Ok(()),
                "{}",
                example.signature
            );
        }
    }

    #[test]
    fn a_change_of_any_signed_part_is_noticed() {
        let example = &EXAMPLES[5];
        let headers = example.header_map(&example.authorization(SCOPE));
        let secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into();
        let expected = Expected {
            access_key_id: "AKIDEXAMPLE",
            secret_access_key: &secret_access_key,
            session_token: None,
            region: "us-east-1",
            service: "service",
            clock_window: Duration::from_secs(300),
        };
        let verify = |method, path, query, headers: &HeaderMap, body| {
            expected.verify(
                &Request {
                    method,
                    path,
                    query,
                    headers,
                    body,
                },
                NOW,
            )
        };
        assert_eq!(verify("POST", "/", "", &headers, b"Param1=value1"), Ok(()));
        assert_eq!(
            verify("PUT", "/", "", &headers, b"Param1=value1"),
            Err(SignatureError::Mismatch)
        );
        assert_eq!(
            verify("POST", "/a", "", &headers, b"Param1=value1"),
            Err(SignatureError::Mismatch)
        );
        assert_eq!(
            verify("POST", "/", "a", &headers, b"Param1=value1"),
            Err(SignatureError::Mismatch)
        );
        assert_eq!(
            verify("POST", "/", "", &headers, b"Param1=value2"),
            Err(SignatureError::Mismatch)
        );
        let mut changed = headers.clone();
        changed.insert("host", "example.com".parse().unwrap());
        assert_eq!(
            verify("POST", "/", "", &changed, b"Param1=value1"),
            Err(SignatureError::Mismatch)
        );
    }

    #[test]
    fn refuses_what_is_not_ours_or_not_current() {
        let example = &EXAMPLES[0];
        let with_scope = |scope: &str| {
            check(
                example,
                &example.header_map(&example.authorization(scope)),
                NOW,
            )
        };
        assert_eq!(
            with_scope("AKIDOTHER/20150830/us-east-1/service/aws4_request"),
            Err(SignatureError::UnknownCredentials)
        );
        for scope in [
            "AKIDEXAMPLE/20150830/eu-west-1/service/aws4_request",
            "AKIDEXAMPLE/20150830/us-east-1/other/aws4_request",
            "AKIDEXAMPLE/20150830/us-east-1/service/aws5_request",
        ] {
            assert!(
                matches!(with_scope(scope), Err(SignatureError::WrongScope(_))),
                "{scope}"
            );
        }
        assert!(matches!(
            with_scope("AKIDEXAMPLE/20150831/us-east-1/service/aws4_request"),
            Err(SignatureError::Incomplete(_))
        ));

        let headers = example.header_map(&example.authorization(SCOPE));
        for late in [-300, 300] {
            assert_eq!(check(example, &headers, NOW + late), Ok(()));
        }
        for late in [-301, 301] {
            assert!(matches!(
                check(example, &headers, NOW + late),
                Err(SignatureError::NotCurrent { .. })
            ));
        }
    }

    #[test]
    fn the_session_token_must_be_there_signed_and_right() {
        let example = &EXAMPLES[4];
        let mut without = example.header_map(&example.authorization(SCOPE));
        without.remove(TOKEN_HEADER);
        assert_eq!(
            check(example, &without, NOW),
            Err(SignatureError::UnknownCredentials)
        );
        let mut wrong = example.header_map(&example.authorization(SCOPE));
        wrong.insert(TOKEN_HEADER, "other".parse().unwrap());
        assert_eq!(
            check(example, &wrong, NOW),
            Err(SignatureError::UnknownCredentials)
        );
        let unsigned = example
            .authorization(SCOPE)
            .replace(";x-amz-security-token", "");
        assert!(matches!(
            check(example, &example.header_map(&unsigned), NOW),
            Err(SignatureError::Incomplete(_))
        ));
        // Long-term credentials have no token.
        let example = &EXAMPLES[0];
        let mut headers = example.header_map(&example.authorization(SCOPE));
        headers.insert(TOKEN_HEADER, SESSION_TOKEN.parse().unwrap());
        assert_eq!(
            check(example, &headers, NOW),
            Err(SignatureError::UnknownCredentials)
        );
    }

    #[test]
    fn malformed_headers_are_refused_one_by_one() {
        let example = &EXAMPLES[0];
        assert_eq!(
            check(example, &HeaderMap::new(), NOW),
            Err(SignatureError::Missing),
            "no Authorization at all"
        );
        for authorization in [
            "",
            "Basic dXNlcjpwYXNz",
            "AWS4-HMAC-SHA256",
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request",
            "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=00",
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Other=1",
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date;x-absent, Signature=00",
        ] {
            let result = check(example, &example.header_map(authorization), NOW);
            assert!(
                matches!(result, Err(SignatureError::Incomplete(_))),
                "{authorization}: {result:?}"
            );
        }
        for signature in ["", "zz", "00", &"0".repeat(64), &"0".repeat(100_000)] {
            let authorization = example
                .authorization(SCOPE)
                .replace(example.signature, signature);
            let result = check(example, &example.header_map(&authorization), NOW);
            assert_eq!(result, Err(SignatureError::Mismatch));
        }
        let many = format!("host;x-amz-date{}", ";host".repeat(MAX_SIGNED_HEADERS));
        let authorization = example
            .authorization(SCOPE)
            .replace("host;x-amz-date", &many);
        assert!(matches!(
            check(example, &example.header_map(&authorization), NOW),
            Err(SignatureError::Incomplete(_))
        ));
    }

    /// The canonical forms in AWS's example `double-encode-path` and in a stream URL.
    #[test]
    fn paths_are_encoded_once_more_and_queries_once() {
        assert_eq!(
            canonical_path("/test/@connections/JBDvjfGEIAMCERw%3D"),
            "/test/%40connections/JBDvjfGEIAMCERw%253D"
        );
        assert_eq!(
            canonical_query("role=publish_subscribe&cell-number=AAEA%2B%2f+/%3D%3D"),
            "cell-number=AAEA%2B%2F%2B%2F%3D%3D&role=publish_subscribe"
        );
        assert_eq!(canonical_query("b&a=&a=%zz&%4"), "%254=&a=&a=%25zz&b=");
    }

    /// The derived key in the IAM User Guide's examples.
    #[test]
    fn the_signing_key_is_derived_as_documented() {
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into();
        assert_eq!(
            hex::encode(signing_key(&secret, "20120215", "us-east-1", "iam")),
            "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d"
        );
    }
}
