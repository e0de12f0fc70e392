//! The way through a company's HTTP proxy: one `CONNECT`, and whatever else is said goes through the tunnel.
//!
//! The proxy is no party to the session. TLS to the target runs inside the tunnel and is checked against the target's own
//! name, so a proxy that lies gets no token; what it answers is read with bounds on size, and its credentials are shown
//! to nobody.

use std::fmt;

use http::HeaderValue;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::dial::DialError;
use crate::network::Transport;

/// A proxy's answer to `CONNECT` is a line or two; one that never ends is none.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// An HTTP proxy that data channels are dialled through.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpProxy {
    /// Whether the proxy itself is reached over TLS.
    pub tls: bool,
    /// Its name or address, without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// What it is told of who asks: the whole `Proxy-Authorization` header.
    pub authorization: Option<HeaderValue>,
}

impl fmt::Debug for HttpProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        let user = self.authorization.as_ref().map_or("", |_| "[REDACTED]@");
        write!(f, "HttpProxy({scheme}://{user}{})", self.name())
    }
}

impl HttpProxy {
    /// Host and port, for words to people.
    pub(crate) fn name(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Has the proxy open a tunnel to `target`, which is `host:port`.
    pub(crate) async fn open_tunnel(
        &self,
        mut stream: Box<dyn Transport>,
        target: &str,
    ) -> Result<Box<dyn Transport>, DialError> {
        let failed = |reason: &str| DialError::Proxy {
            proxy: self.name(),
            reason: reason.to_owned(),
        };
        let broken = |error: std::io::Error| DialError::Proxy {
            proxy: self.name(),
            reason: error.to_string(),
        };
        let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n").into_bytes();
        if let Some(authorization) = &self.authorization {
            request.extend_from_slice(b"Proxy-Authorization: ");
            request.extend_from_slice(authorization.as_bytes());
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        stream.write_all(&request).await.map_err(broken)?;
        stream.flush().await.map_err(broken)?;

        let mut head = Vec::new();
        let end = loop {
            let from = head.len();
            if stream.read_buf(&mut head).await.map_err(broken)? == 0 {
                return Err(failed("it closed the connection without an answer"));
            }
            // What came before has been searched, but for an end that it may hold the first bytes of.
            let searched = from.saturating_sub(3);
            if let Some(at) = head[searched..].windows(4).position(|w| w == b"\r\n\r\n") {
                break searched + at + 4;
            }
            if !b"HTTP/1.".starts_with(&head[..head.len().min(7)]) {
                return Err(failed("it does not speak HTTP"));
            }
            if head.len() > MAX_HEAD_BYTES {
                return Err(failed("its answer does not end"));
            }
        };
        let status = status(&head[..end]).ok_or_else(|| failed("it does not speak HTTP"))?;
        if !(200..300).contains(&status) {
            return Err(DialError::ProxyRefused {
                proxy: self.name(),
                status,
            });
        }
        // Neither TLS nor a WebSocket lets the other side speak first.
        if end != head.len() {
            return Err(failed("it speaks in the target's place"));
        }
        Ok(stream)
    }
}

/// The status of an HTTP/1 response head.
fn status(head: &[u8]) -> Option<u16> {
    let rest = head.strip_prefix(b"HTTP/1.")?;
    let &[b'0' | b'1', b' ', a, b, c, ref rest @ ..] = rest else {
        return None;
    };
    let digits = [a, b, c];
    (digits.iter().all(u8::is_ascii_digit) && matches!(rest.first(), Some(b' ' | b'\r'))).then(
        || {
            digits
                .iter()
                .fold(0, |status, digit| status * 10 + u16::from(digit - b'0'))
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_line_is_read_to_the_letter() {
        assert_eq!(
            status(b"HTTP/1.1 200 Connection established\r\n\r\n"),
            Some(200)
        );
        assert_eq!(status(b"HTTP/1.0 407\r\n\r\n"), Some(407));
        for wrong in [
            &b"HTTP/2 200 OK\r\n"[..],
            b"HTTP/1.1 2000 OK\r\n",
            b"HTTP/1.1 20 OK\r\n",
            b"HTTP/1.1  200 OK\r\n",
            b"HTTP/1.1 +20 OK\r\n",
            b"SSH-2.0-OpenSSH\r\n",
            b"",
        ] {
            assert_eq!(status(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn debug_of_a_proxy_shows_no_credentials() {
        let proxy = HttpProxy {
            tls: false,
            host: "proxy.corp".to_owned(),
            port: 3128,
            authorization: Some(HeaderValue::from_static("Basic Q0FOQVJZ")),
        };
        let shown = format!("{proxy:?}");
        assert_eq!(shown, "HttpProxy(http://[REDACTED]@proxy.corp:3128)");
    }
}
