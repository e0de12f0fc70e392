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

/// What every answer begins with.
const HTTP_1: &[u8] = b"HTTP/1.";
const HEAD_END: &[u8] = b"\r\n\r\n";

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

        let mut answer = ConnectAnswer::default();
        let mut buffer = [0; 1024];
        loop {
            let room = answer.room().min(buffer.len());
            let read = stream.read(&mut buffer[..room]).await.map_err(broken)?;
            if read == 0 {
                return Err(failed("it closed the connection without an answer"));
            }
            match answer.take(&buffer[..read]) {
                Ok(true) => return Ok(stream),
                Ok(false) => {}
                Err(ConnectRefusal::Status(status)) => {
                    return Err(DialError::ProxyRefused {
                        proxy: self.name(),
                        status,
                    });
                }
                Err(
                    wrong @ (ConnectRefusal::NotHttp
                    | ConnectRefusal::Endless
                    | ConnectRefusal::SpeaksForTarget),
                ) => return Err(failed(&wrong.to_string())),
            }
        }
    }
}

/// Reads a proxy's answer to `CONNECT`, from bytes as they come. Public for those who feed it the worst there is.
#[derive(Debug, Default)]
pub struct ConnectAnswer {
    /// INVARIANT: at most [`Self::MAX_LEN_BYTES`], and no end of a head in it.
    head: Vec<u8>,
}

/// Why an answer to `CONNECT` opens no tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectRefusal {
    /// A status that is not one of success.
    #[error("it refused with HTTP status {0}")]
    Status(u16),
    /// Something else than an HTTP/1 response.
    #[error("it does not speak HTTP")]
    NotHttp,
    /// A head longer than any proxy's.
    #[error("its answer does not end")]
    Endless,
    /// Bytes behind the head, though neither TLS nor a WebSocket lets the other side speak first.
    #[error("it speaks in the target's place")]
    SpeaksForTarget,
}

impl ConnectAnswer {
    /// Most bytes of an answer that are kept. It is a line or two; one that never ends is none.
    pub const MAX_LEN_BYTES: usize = 16 * 1024;

    /// How many bytes [`Self::take`] takes at most; never 0.
    pub fn room(&self) -> usize {
        (Self::MAX_LEN_BYTES - self.head.len()).max(1)
    }

    /// How many bytes are held.
    pub fn held_bytes(&self) -> usize {
        self.head.len()
    }

    /// Takes in what came next. True once the tunnel stands: whatever comes afterwards is the target's.
    ///
    /// # Errors
    ///
    /// Whatever is not the head of a 2xx response with nothing behind it. The answer is of no further use then.
    pub fn take(&mut self, bytes: &[u8]) -> Result<bool, ConnectRefusal> {
        // What came before has been searched, but for an end that it may hold the first bytes of.
        let searched = self.head.len().saturating_sub(HEAD_END.len() - 1);
        let (taken, excess) = bytes.split_at(bytes.len().min(self.room()));
        self.head.extend_from_slice(taken);
        let end = self.head[searched..]
            .windows(HEAD_END.len())
            .position(|window| window == HEAD_END)
            .map(|at| searched + at + HEAD_END.len());
        let Some(end) = end else {
            if !HTTP_1.starts_with(&self.head[..self.head.len().min(HTTP_1.len())]) {
                return Err(ConnectRefusal::NotHttp);
            }
            if self.head.len() >= Self::MAX_LEN_BYTES {
                return Err(ConnectRefusal::Endless);
            }
            return Ok(false);
        };
        let status = status(&self.head[..end]).ok_or(ConnectRefusal::NotHttp)?;
        if !(200..300).contains(&status) {
            return Err(ConnectRefusal::Status(status));
        }
        if end != self.head.len() || !excess.is_empty() {
            return Err(ConnectRefusal::SpeaksForTarget);
        }
        Ok(true)
    }
}

/// The status of an HTTP/1 response head.
fn status(head: &[u8]) -> Option<u16> {
    let rest = head.strip_prefix(HTTP_1)?;
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
