//! Nobody but the host itself is told anything: neither strangers with every wrong certificate, nor proxies that answer in
//! the host's place, nor strangers in the place of a proxy that is to be reached over TLS.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use engine::{DialError, HttpProxy, Lost, Scheme};
use futures_util::StreamExt;
use http::HeaderValue;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf, duplex, split};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::engine_dial::{Source, TOKEN, lost};

/// The longest a stranger keeps a dial busy.
const PATIENCE: Duration = Duration::from_secs(35);

/// Cases that wait for a time limit do so side by side.
const CASES_AT_A_TIME: usize = 16;

/// Enough for the server's part of any handshake here.
const PIPE_BYTES: usize = 64 * 1024;

/// What a dial keeps to itself until it knows whom it talks to.
const SECRETS: [&str; 4] = [TOKEN, "data-channel", "CANARY", "CONNECT"];

/// A certificate authority and what it has signed.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("it signs itself"))
    }

    /// A server with a good certificate for `localhost`, but for one change.
    pub(crate) fn server(&self, change: impl FnOnce(&mut CertificateParams)) -> TlsAcceptor {
        let key = KeyPair::generate().expect("a key");
        let certificate = self.certificate(&key, change);
        acceptor(vec![certificate], &key)
    }

    fn certificate(
        &self,
        key: &KeyPair,
        change: impl FnOnce(&mut CertificateParams),
    ) -> CertificateDer<'static> {
        let mut params = local();
        change(&mut params);
        let certificate = params.signed_by(key, &self.0).expect("it is signed");
        certificate.der().clone()
    }

    /// Trusts this authority alone.
    pub(crate) fn trusted(&self) -> Arc<rustls::ClientConfig> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.0.der().clone()).expect("an authority");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider supports them");
        Arc::new(config.with_root_certificates(roots).with_no_client_auth())
    }
}

fn local() -> CertificateParams {
    CertificateParams::new(vec!["localhost".to_owned()]).expect("a name")
}

fn acceptor(chain: Vec<CertificateDer<'static>>, key: &KeyPair) -> TlsAcceptor {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let key = provider
        .key_provider
        .load_private_key(key)
        .expect("a key that can be used");
    let resolver = SingleCertAndKey::from(CertifiedKey::new(chain, key));
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .expect("the provider supports them")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(resolver));
    TlsAcceptor::from(Arc::new(config))
}

/// Who answers where the host, or a proxy, is expected.
pub(crate) enum Stranger {
    /// Somebody who goes through with the handshake if he is let.
    Complete(TlsAcceptor),
    /// The same, until this many bytes of his are sent; then the connection ends.
    Cut(TlsAcceptor, usize),
    /// Answers the greeting with these bytes and goes.
    Says(Vec<u8>),
    /// Answers with these bytes and stays.
    Stays(Vec<u8>),
    /// Says one byte of a record again and again, slowly.
    Drips,
}

/// In whose place a stranger stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Host,
    /// At the end of a tunnel that the proxy says it has opened.
    HostInTunnel,
    Proxy,
}

const PLACES: [Place; 3] = [Place::Host, Place::HostInTunnel, Place::Proxy];

struct Case {
    name: &'static str,
    stranger: Stranger,
    /// Words of the reason; nothing where it is the library's own.
    words: &'static str,
}

/// A ServerHello of an old version, with a cipher suite that every version has.
fn old_hello(minor: u8) -> Vec<u8> {
    let mut hello = vec![3, minor];
    hello.extend_from_slice(&[7; 32]);
    hello.extend_from_slice(&[0, 0, 0x2f, 0]);
    let len = u8::try_from(hello.len()).expect("short");
    [&[0x16, 3, minor, 0, len + 4, 2, 0, 0, len][..], &hello].concat()
}

fn cases(ours: &Authority) -> Vec<Case> {
    let theirs = Authority::new("Stranger");
    let self_signed = {
        let key = KeyPair::generate().expect("a key");
        let certificate = local().self_signed(&key).expect("it signs itself");
        acceptor(vec![certificate.der().clone()], &key)
    };
    let signed_by_a_server = {
        let key = KeyPair::generate().expect("a key");
        let mut params = local();
        params.is_ca = IsCa::ExplicitNoCa;
        let server = params.signed_by(&key, &ours.0).expect("it is signed");
        let issuer = rcgen::Issuer::from_params(&params, &key);
        let leaf_key = KeyPair::generate().expect("a key");
        let leaf = local().signed_by(&leaf_key, &issuer).expect("it is signed");
        acceptor(vec![leaf.der().clone(), server.der().clone()], &leaf_key)
    };
    let stolen = {
        let certificate = ours.certificate(&KeyPair::generate().expect("a key"), |_| {});
        acceptor(vec![certificate], &KeyPair::generate().expect("a key"))
    };
    let case = |name, stranger, words| Case {
        name,
        stranger,
        words,
    };
    let complete = |name, acceptor, words| case(name, Stranger::Complete(acceptor), words);
    let mut cases = vec![
        complete("unknown authority", theirs.server(|_| {}), "AWS_CA_BUNDLE"),
        complete("signed by himself", self_signed, "AWS_CA_BUNDLE"),
        complete("signed by another server", signed_by_a_server, ""),
        complete("a certificate without its key", stolen, "BadSignature"),
        complete(
            "another host",
            ours.server(|params| {
                *params = CertificateParams::new(vec!["other.test".to_owned()]).expect("a name");
            }),
            "another name",
        ),
        complete(
            "expired",
            ours.server(|params| params.not_after = rcgen::date_time_ymd(2020, 1, 1)),
            "expired",
        ),
        complete(
            "not valid yet",
            ours.server(|params| params.not_before = rcgen::date_time_ymd(2090, 1, 1)),
            "not valid yet",
        ),
        complete(
            "a certificate for clients",
            ours.server(|params| {
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            }),
            "",
        ),
        case("SSL 3.0", Stranger::Stays(old_hello(0)), "outdated"),
        case("TLS 1.0", Stranger::Stays(old_hello(1)), "outdated"),
        case("TLS 1.1", Stranger::Stays(old_hello(2)), "outdated"),
        case(
            "TLS 1.1 that refuses any later",
            Stranger::Says(vec![0x15, 3, 2, 0, 2, 2, 70]),
            "outdated",
        ),
        case(
            "TLS 1.2 with a cipher suite nobody offered",
            Stranger::Stays(old_hello(3)),
            "",
        ),
        case(
            "a refusal",
            Stranger::Says(vec![0x15, 3, 3, 0, 2, 2, 40]),
            "alert",
        ),
        case(
            "a page",
            Stranger::Stays(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()),
            "does not speak TLS",
        ),
        case(
            "another language",
            Stranger::Stays(b"SSH-2.0-OpenSSH_9.9\r\n".to_vec()),
            "does not speak TLS",
        ),
        case(
            "a record of any length",
            Stranger::Stays(vec![0x16, 3, 3, 255, 255, 0]),
            "",
        ),
        case(
            "data before the handshake",
            Stranger::Stays(vec![0x17, 3, 3, 0, 1, 0]),
            "",
        ),
        case("silence", Stranger::Stays(Vec::new()), "in time"),
        case(
            "a record that does not end",
            Stranger::Stays(vec![0x16, 3, 3, 0, 200, 2, 0, 0]),
            "in time",
        ),
        case("a record that comes too slowly", Stranger::Drips, "in time"),
    ];
    for bytes in [0, 1, 5, 6, 90, 200, 500] {
        let good = ours.server(|_| {});
        cases.push(case(
            "cut off",
            Stranger::Cut(good, bytes),
            "closed during the TLS handshake",
        ));
    }
    cases
}

/// What strangers have heard.
#[derive(Default)]
pub(crate) struct Heard {
    connections: usize,
    /// What the proxy was told to open.
    connects: Vec<u8>,
    /// Everything else, as it came.
    raw: Vec<u8>,
    /// What came through a handshake that was completed.
    pub(crate) told: Vec<u8>,
}

pub(crate) type SharedHeard = Arc<Mutex<Heard>>;

/// A connection whose bytes are kept as they come.
struct Tapped(TcpStream, SharedHeard);

impl AsyncRead for Tapped {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self(stream, heard) = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(stream).poll_read(cx, buffer))?;
        let heard = &mut heard.lock().expect("alone").raw;
        heard.extend_from_slice(&buffer.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tapped {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// Answers on loopback in somebody's place.
pub(crate) async fn answers(stranger: Stranger, place: Place) -> (u16, SharedHeard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let port = listener.local_addr().expect("bound").port();
    let heard = SharedHeard::default();
    let kept = Arc::clone(&heard);
    let stranger = Arc::new(stranger);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (stranger, heard) = (Arc::clone(&stranger), Arc::clone(&kept));
            heard.lock().expect("alone").connections += 1;
            tokio::spawn(async move { meet(stream, &stranger, place, heard).await });
        }
    });
    (port, heard)
}

async fn meet(
    mut stream: TcpStream,
    stranger: &Stranger,
    place: Place,
    heard: SharedHeard,
) -> io::Result<()> {
    if place == Place::HostInTunnel {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await?);
        }
        heard.lock().expect("alone").connects.extend(head);
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    }
    let mut stream = Tapped(stream, Arc::clone(&heard));
    let mut buffer = vec![0; 4096];
    match stranger {
        Stranger::Complete(acceptor) => {
            let mut stream = acceptor.accept(stream).await?;
            let read = stream.read(&mut buffer).await?;
            heard.lock().expect("alone").told.extend(&buffer[..read]);
            stream
                .write_all(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")
                .await?;
            stream.shutdown().await
        }
        Stranger::Cut(acceptor, bytes) => {
            let (near, far) = duplex(PIPE_BYTES);
            let server = acceptor.accept(far);
            let (mut from_server, mut to_server) = split(near);
            let (mut from_client, mut to_client) = split(stream);
            let there = tokio::io::copy(&mut from_client, &mut to_server);
            let back = async {
                let mut limited = (&mut from_server).take(u64::try_from(*bytes).expect("few"));
                tokio::io::copy(&mut limited, &mut to_client).await
            };
            tokio::select! {
                biased;
                _ = back => {}
                _ = there => {}
                _ = async { let _ = server.await; std::future::pending::<()>().await } => {}
            }
            to_client.shutdown().await
        }
        Stranger::Says(bytes) => {
            let _ = stream.read(&mut buffer).await?;
            stream.write_all(bytes).await?;
            stream.shutdown().await?;
            while stream.read(&mut buffer).await? > 0 {}
            Ok(())
        }
        Stranger::Stays(bytes) => {
            let _ = stream.read(&mut buffer).await?;
            stream.write_all(bytes).await?;
            while stream.read(&mut buffer).await? > 0 {}
            Ok(())
        }
        Stranger::Drips => {
            let _ = stream.read(&mut buffer).await?;
            stream.write_all(&[0x16, 3, 3, 0x20, 0]).await?;
            loop {
                stream.write_all(&[2]).await?;
                sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

/// Dials somebody on this port in this place.
async fn dialled(port: u16, place: Place, tls: Arc<rustls::ClientConfig>) -> DialError {
    let proxy = |tls| HttpProxy {
        tls,
        host: "localhost".to_owned(),
        port,
        authorization: Some(HeaderValue::from_static("Basic CANARY")),
    };
    let source = Source {
        scheme: Scheme::Tls,
        host: "localhost".to_owned(),
        // Nobody looks for the host itself behind a proxy.
        port: if place == Place::Host { port } else { 1 },
        tls,
        proxy: match place {
            Place::Host => None,
            Place::HostInTunnel => Some(proxy(false)),
            Place::Proxy => Some(proxy(true)),
        },
    };
    let lost = timeout(PATIENCE, lost(source)).await.expect("in time");
    let Lost::NotReached(error) = lost else {
        panic!("{place:?}: {lost:?}");
    };
    error
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn no_stranger_is_told_anything_in_whosever_place_he_stands() {
    let ours = Authority::new("Company Root");
    let trusted = ours.trusted();
    let run = |(place, case): (Place, Case)| {
        let trusted = Arc::clone(&trusted);
        async move {
            let Case {
                name,
                stranger,
                words,
            } = case;
            let (port, heard) = answers(stranger, place).await;
            let error = dialled(port, place, trusted).await;
            let case = format!("{name} in the place of {place:?}");
            assert!(
                matches!(&error, DialError::Tls { host, .. } | DialError::Timeout { host, .. } if host == "localhost"),
                "{case}: {error:?}"
            );
            assert!(error.to_string().contains(words), "{case}: {error}");
            let heard = heard.lock().expect("alone");
            assert!(heard.connections > 0, "{case}: nobody was met");
            assert!(heard.told.is_empty(), "{case}: was told something");
            for secret in SECRETS {
                assert!(!contains(&heard.raw, secret), "{case}: heard {secret}");
            }
            assert!(!contains(&heard.connects, TOKEN), "{case}");
        }
    };
    let cases = PLACES
        .iter()
        .flat_map(|&place| cases(&ours).into_iter().map(move |case| (place, case)));
    let count = futures_util::stream::iter(cases.map(run))
        .buffer_unordered(CASES_AT_A_TIME)
        .count()
        .await;
    assert_eq!(count, 3 * 28);
}

/// Or the above would prove nothing.
#[tokio::test]
async fn the_same_servers_with_nothing_wrong_are_spoken_to() {
    let ours = Authority::new("Company Root");
    for place in PLACES {
        let stranger = Stranger::Complete(ours.server(|_| {}));
        let (port, heard) = answers(stranger, place).await;
        let error = dialled(port, place, ours.trusted()).await;
        let heard = heard.lock().expect("alone");
        let told = String::from_utf8_lossy(&heard.told).into_owned();
        if place == Place::Proxy {
            assert!(
                matches!(error, DialError::ProxyRefused { status: 503, .. }),
                "{error:?}"
            );
            assert!(
                told.starts_with("CONNECT localhost:1 HTTP/1.1\r\n"),
                "{told}"
            );
            assert!(
                told.contains("Proxy-Authorization: Basic CANARY\r\n"),
                "{told}"
            );
        } else {
            assert!(
                matches!(error, DialError::Refused { status: 503, .. }),
                "{error:?}"
            );
            assert!(told.starts_with("GET /v1/data-channel/"), "{told}");
        }
        for secret in SECRETS {
            assert!(
                !contains(&heard.raw, secret),
                "{place:?}: {secret} in the clear"
            );
        }
    }
}
