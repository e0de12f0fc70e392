//! Opens the data channel's WebSocket: TCP, TLS where the URL says so, the signed upgrade.
//!
//! Every step has a time limit of its own inside one for the whole, redirects are never followed, and the sizes the
//! WebSocket client would allow by default (64 MiB a message, an unlimited write buffer) are cut to what a data channel
//! needs. Only a [`StreamUrl`], hence a checked host, can be dialled.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Request};
use rustls::pki_types::ServerName;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::network::{Network, Transport};
use crate::source::DialTerms;
use crate::stream_url::{Scheme, StreamUrl};

/// For TCP, over all addresses of the host.
const TCP_TIMEOUT: Duration = Duration::from_secs(5);
const TLS_TIMEOUT: Duration = Duration::from_secs(10);
const UPGRADE_TIMEOUT: Duration = Duration::from_secs(10);
/// For all steps together.
const DIAL_TIMEOUT: Duration = Duration::from_secs(20);

/// An agent's message is about 1.2 KB, a handshake a few; whatever is larger than this is no data channel.
pub(crate) const MAX_MESSAGE_BYTES: usize = 1024 * 1024;
const MAX_FRAME_BYTES: usize = 512 * 1024;
/// Allocated at once for each connection.
const READ_BUFFER_BYTES: usize = 16 * 1024;
const WRITE_BUFFER_BYTES: usize = 16 * 1024;
pub(crate) const MAX_WRITE_BUFFER_BYTES: usize = 2 * MAX_FRAME_BYTES;

/// Why a data channel could not be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DialError {
    /// The upgrade could not be signed.
    #[error("the connection could not be signed: {0}")]
    Sign(String),
    /// No connection to the host.
    #[error("no connection to `{host}`: {reason}")]
    Connect {
        /// Host and port.
        host: String,
        /// The system's words.
        reason: String,
    },
    /// TLS failed: an unknown or wrong certificate, or no common version.
    #[error("no trusted connection to `{host}`: {reason}")]
    Tls {
        /// The host's name.
        host: String,
        /// The TLS library's words.
        reason: String,
    },
    /// The host answered the upgrade with something other than a WebSocket.
    #[error("`{host}` refused the data channel with HTTP status {status}")]
    Refused {
        /// The host's name.
        host: String,
        /// The status, such as 403.
        status: u16,
    },
    /// The upgrade failed otherwise.
    #[error("`{host}` did not open a WebSocket: {reason}")]
    Upgrade {
        /// The host's name.
        host: String,
        /// The WebSocket library's words.
        reason: String,
    },
    /// A step took too long.
    #[error("`{host}` did not answer in time while {step}")]
    Timeout {
        /// The host's name.
        host: String,
        /// The step, as in "while connecting".
        step: &'static str,
    },
}

pub(crate) type Socket = WebSocketStream<Box<dyn Transport>>;

/// Opens a WebSocket to `url`.
pub(crate) async fn dial(
    network: &Network,
    url: &StreamUrl,
    terms: DialTerms,
) -> Result<Socket, DialError> {
    within(DIAL_TIMEOUT, url, "connecting", async {
        let transport = connect(network, url, terms.tls).await?;
        // A second signature would spoil the one in the URL.
        let headers = if url.is_presigned() {
            HeaderMap::new()
        } else {
            terms.headers
        };
        upgrade(url, headers, transport).await
    })
    .await
}

async fn connect(
    network: &Network,
    url: &StreamUrl,
    tls: Arc<rustls::ClientConfig>,
) -> Result<Box<dyn Transport>, DialError> {
    let name = url.host().trim_start_matches('[').trim_end_matches(']');
    let failed = |error: std::io::Error| DialError::Connect {
        host: format!("{}:{}", url.host(), url.port()),
        reason: error.to_string(),
    };
    let tcp = within(TCP_TIMEOUT, url, "connecting", async {
        network.connect(name, url.port()).await.map_err(failed)
    })
    .await?;
    match url.scheme() {
        Scheme::Plain => Ok(tcp),
        Scheme::Tls => {
            let untrusted = |reason: String| DialError::Tls {
                host: url.host().to_owned(),
                reason,
            };
            let server_name =
                ServerName::try_from(name.to_owned()).map_err(|e| untrusted(e.to_string()))?;
            let tls = within(TLS_TIMEOUT, url, "agreeing on TLS", async {
                TlsConnector::from(tls)
                    .connect(server_name, tcp)
                    .await
                    .map_err(|e| untrusted(e.to_string()))
            })
            .await?;
            Ok(Box::new(tls))
        }
    }
}

async fn upgrade(
    url: &StreamUrl,
    headers: HeaderMap,
    transport: Box<dyn Transport>,
) -> Result<Socket, DialError> {
    let failed = |reason: String| DialError::Upgrade {
        host: url.host().to_owned(),
        reason,
    };
    let mut request: Request<()> = url
        .uri()
        .into_client_request()
        .map_err(|e| failed(e.to_string()))?;
    request.headers_mut().extend(headers);
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(MAX_WRITE_BUFFER_BYTES)
        .max_message_size(Some(MAX_MESSAGE_BYTES))
        .max_frame_size(Some(MAX_FRAME_BYTES));
    let (socket, _response) = within(UPGRADE_TIMEOUT, url, "opening the WebSocket", async {
        client_async_with_config(request, transport, Some(config))
            .await
            .map_err(|error| {
                if let tungstenite::Error::Http(response) = &error {
                    return DialError::Refused {
                        host: url.host().to_owned(),
                        status: response.status().as_u16(),
                    };
                }
                // The texts of the other variants name no header and no part of the URL's query.
                failed(error.to_string())
            })
    })
    .await?;
    Ok(socket)
}

async fn within<T>(
    limit: Duration,
    url: &StreamUrl,
    step: &'static str,
    work: impl Future<Output = Result<T, DialError>>,
) -> Result<T, DialError> {
    timeout(limit, work).await.unwrap_or_else(|_| {
        Err(DialError::Timeout {
            host: url.host().to_owned(),
            step,
        })
    })
}
