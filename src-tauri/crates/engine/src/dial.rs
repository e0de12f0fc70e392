//! Opens the data channel's WebSocket: TCP, a proxy's tunnel where there is a proxy, TLS where the URL says so, the
//! signed upgrade.
//!
//! Every step has a time limit of its own inside one for the whole, redirects are never followed, and the sizes the
//! WebSocket client would allow by default (64 MiB a message, an unlimited write buffer) are cut to what a data channel
//! needs. Only a [`StreamUrl`], hence a checked host, can be dialled.

use std::io;
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
use crate::proxy::HttpProxy;
use crate::source::DialTerms;
use crate::stream_url::{Scheme, StreamUrl};

/// For TCP, over all addresses of the host.
const TCP_TIMEOUT: Duration = Duration::from_secs(5);
/// For a proxy's answer; it has to reach the target first.
const PROXY_TIMEOUT: Duration = Duration::from_secs(10);
const TLS_TIMEOUT: Duration = Duration::from_secs(10);
const UPGRADE_TIMEOUT: Duration = Duration::from_secs(10);
/// For all steps together.
const DIAL_TIMEOUT: Duration = Duration::from_secs(20);

/// An agent's message is about 1.2 KB, a handshake a few, and no known peer takes more than 64 KiB; whatever is larger than
/// this is no data channel. Putting one together takes some three times as much.
pub(crate) const MAX_MESSAGE_BYTES: usize = 512 * 1024;
/// Allocated at once for each connection.
const READ_BUFFER_BYTES: usize = 16 * 1024;
const WRITE_BUFFER_BYTES: usize = 16 * 1024;
pub(crate) const MAX_WRITE_BUFFER_BYTES: usize = 1024 * 1024;

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
    /// The proxy would not open a tunnel.
    #[error("the proxy `{proxy}` {}", proxy_refusal(*.status))]
    ProxyRefused {
        /// Host and port of the proxy.
        proxy: String,
        /// The status, such as 407.
        status: u16,
    },
    /// The proxy could not be used.
    #[error("the proxy `{proxy}` cannot be used: {reason}")]
    Proxy {
        /// Host and port of the proxy.
        proxy: String,
        /// The system's words, or what the proxy did.
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
    within(DIAL_TIMEOUT, url.host(), "connecting", async {
        let transport = connect(network, url, &terms).await?;
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
    terms: &DialTerms,
) -> Result<Box<dyn Transport>, DialError> {
    let transport = match &terms.proxy {
        Some(proxy) => connect_through(network, proxy, url, &terms.tls).await?,
        None => {
            let failed = |error: io::Error| DialError::Connect {
                host: format!("{}:{}", url.host(), url.port()),
                reason: error.to_string(),
            };
            within(TCP_TIMEOUT, url.host(), "connecting", async {
                network
                    .connect(bare(url.host()), url.port())
                    .await
                    .map_err(failed)
            })
            .await?
        }
    };
    match url.scheme() {
        Scheme::Plain => Ok(transport),
        Scheme::Tls => agree_on_tls(url.host(), &terms.tls, transport).await,
    }
}

/// A tunnel through the proxy, which alone looks up the target's address.
async fn connect_through(
    network: &Network,
    proxy: &HttpProxy,
    url: &StreamUrl,
    tls: &Arc<rustls::ClientConfig>,
) -> Result<Box<dyn Transport>, DialError> {
    let name = proxy.name();
    let failed = |error: io::Error| DialError::Proxy {
        proxy: name.clone(),
        reason: error.to_string(),
    };
    let mut transport = within(TCP_TIMEOUT, &name, "connecting", async {
        network
            .connect(bare(&proxy.host), proxy.port)
            .await
            .map_err(failed)
    })
    .await?;
    if proxy.tls {
        transport = agree_on_tls(&proxy.host, tls, transport).await?;
    }
    let target = format!("{}:{}", url.host(), url.port());
    within(
        PROXY_TIMEOUT,
        &name,
        "opening a tunnel",
        proxy.open_tunnel(transport, &target),
    )
    .await
}

async fn agree_on_tls(
    host: &str,
    tls: &Arc<rustls::ClientConfig>,
    transport: Box<dyn Transport>,
) -> Result<Box<dyn Transport>, DialError> {
    let untrusted = |reason: String| DialError::Tls {
        host: host.to_owned(),
        reason,
    };
    let server_name = ServerName::try_from(bare(host).to_owned())
        .map_err(|error| untrusted(error.to_string()))?;
    let stream = within(TLS_TIMEOUT, host, "agreeing on TLS", async {
        TlsConnector::from(Arc::clone(tls))
            .connect(server_name, transport)
            .await
            .map_err(|error| untrusted(tls_reason(&error)))
    })
    .await?;
    Ok(Box::new(stream))
}

/// The host without an IPv6 address's brackets.
fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

/// What a TLS failure means, with the way on where a person has one. "Ignore it" is never one.
fn tls_reason(error: &io::Error) -> String {
    use rustls::{AlertDescription, CertificateError, Error, InvalidMessage, PeerIncompatible};
    let Some(tls) = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Error>())
    else {
        return if error.kind() == io::ErrorKind::UnexpectedEof {
            "the connection was closed during the TLS handshake".to_owned()
        } else {
            error.to_string()
        };
    };
    if matches!(
        tls,
        Error::InvalidMessage(InvalidMessage::InvalidContentType)
    ) {
        return "it does not speak TLS".to_owned();
    }
    if matches!(
        tls,
        Error::AlertReceived(AlertDescription::ProtocolVersion)
            | Error::PeerIncompatible(
                PeerIncompatible::ServerDoesNotSupportTls12Or13
                    | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            )
    ) {
        return "it offers none but outdated versions of TLS; 1.2 is the least that is safe"
            .to_owned();
    }
    let Error::InvalidCertificate(wrong) = tls else {
        return tls.to_string();
    };
    if let CertificateError::Other(other) = wrong {
        return other.to_string();
    }
    let text = if matches!(wrong, CertificateError::UnknownIssuer) {
        "its certificate is signed by an authority that this computer does not trust; if that is your company's, add \
         its certificate to the system's, or name a file with it in AWS_CA_BUNDLE or the AWS profile's ca_bundle"
    } else if matches!(
        wrong,
        CertificateError::Expired | CertificateError::ExpiredContext { .. }
    ) {
        "its certificate has expired; check this computer's clock too"
    } else if matches!(
        wrong,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. }
    ) {
        "its certificate is not valid yet; check this computer's clock"
    } else if matches!(
        wrong,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
    ) {
        "its certificate is for another name"
    } else {
        return tls.to_string();
    };
    text.to_owned()
}

/// What a proxy's status means.
fn proxy_refusal(status: u16) -> String {
    match status {
        407 => "wants a user name and password, or does not accept those it was given (HTTP status 407)".to_owned(),
        status => format!("refused the connection with HTTP status {status}"),
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
        .max_frame_size(Some(MAX_MESSAGE_BYTES));
    let (socket, response) = within(
        UPGRADE_TIMEOUT,
        url.host(),
        "opening the WebSocket",
        async {
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
        },
    )
    .await?;
    // The library does not look. Frames would mean something else than what is read into them.
    if response.headers().contains_key("sec-websocket-extensions") {
        return Err(failed("it insists on an extension".to_owned()));
    }
    Ok(socket)
}

async fn within<T>(
    limit: Duration,
    host: &str,
    step: &'static str,
    work: impl Future<Output = Result<T, DialError>>,
) -> Result<T, DialError> {
    timeout(limit, work).await.unwrap_or_else(|_| {
        Err(DialError::Timeout {
            host: host.to_owned(),
            step,
        })
    })
}
