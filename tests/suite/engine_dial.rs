//! Dialling through proxies that refuse, lie and restart, and to hosts that are not who they should be: what is said of
//! it, and that no token leaves.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use engine::{
    AllowedHost, AllowedHosts, DataKey, DataKeyRequest, DialError, DialTerms, HttpProxy, Lost,
    Resumed, Scheme, SessionId, SessionSource, SourceErrorKind, SourceFuture, State, StreamUrl,
    Ticket,
};
use http::{HeaderMap, HeaderValue};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use secrecy::SecretString;
use simulator::{Config, Simulator};
use testsuite::fixtures::{Held, SimulatorSource, failed, no_tls};
use testsuite::oracles::session_id;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// What a script writes.
type Bytes = Vec<u8>;

const TOKEN: &str = "TOKEN-CANARY";
const HOST: &str = "ssmmessages.eu-west-1.amazonaws.com";

/// Gives out one URL, and a proxy on the way to it.
pub(crate) struct Source {
    pub(crate) scheme: Scheme,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) tls: Arc<rustls::ClientConfig>,
    pub(crate) proxy: Option<HttpProxy>,
}

impl Source {
    fn ticket(&self) -> Ticket {
        let id = session_id();
        let scheme = if self.scheme == Scheme::Tls {
            "wss"
        } else {
            "ws"
        };
        let url = format!(
            "{scheme}://{}:{}/v1/data-channel/{id}",
            self.host, self.port
        );
        let allowed = AllowedHosts::new(vec![AllowedHost {
            scheme: self.scheme,
            host: self.host.clone(),
            port: Some(self.port),
        }]);
        Ticket {
            stream_url: StreamUrl::parse(&SecretString::from(url), &id, &allowed)
                .expect("the test's own URL"),
            target: "i-0123456789abcdef0".to_owned(),
            token: SecretString::from(TOKEN.to_owned()),
            session_id: id,
        }
    }
}

impl SessionSource for Source {
    fn start(&self) -> SourceFuture<'_, Ticket> {
        Box::pin(async { Ok(self.ticket()) })
    }

    fn resume<'a>(&'a self, _session_id: &'a SessionId) -> SourceFuture<'a, Resumed> {
        Box::pin(async { Ok(Resumed::Ticket(self.ticket())) })
    }

    fn dial_terms<'a>(&'a self, _url: &'a StreamUrl) -> SourceFuture<'a, DialTerms> {
        Box::pin(async {
            Ok(DialTerms {
                headers: HeaderMap::new(),
                tls: Arc::clone(&self.tls),
                proxy: self.proxy.clone(),
            })
        })
    }

    fn fresh_credentials(&self) -> SourceFuture<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    fn data_key<'a>(&'a self, _request: &'a DataKeyRequest) -> SourceFuture<'a, DataKey> {
        Box::pin(async { Err(failed(SourceErrorKind::Refused, "no KMS".to_owned())) })
    }

    fn terminate<'a>(&'a self, _session_id: &'a SessionId) -> SourceFuture<'a, ()> {
        Box::pin(async { Ok(()) })
    }
}

/// How a session of this source is first lost.
pub(crate) async fn lost(source: Source) -> Lost {
    let mut held = Held::start_with(Arc::new(source), |_| {});
    let state = held
        .until_state(|state| matches!(state, State::Reconnecting(_)))
        .await;
    held.close().await;
    let State::Reconnecting(outage) = state else {
        unreachable!("it was waited for");
    };
    outage.cause
}

pub(crate) async fn dial_error(source: Source) -> DialError {
    let lost = lost(source).await;
    let Lost::NotReached(error) = lost else {
        panic!("{lost:?}");
    };
    error
}

/// A listener on loopback that keeps what each connection says first and answers it.
struct Scripted {
    port: u16,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Scripted {
    /// `endless` is written again and again after `answer`.
    async fn answering(answer: Vec<u8>, endless: Option<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let port = listener.local_addr().expect("bound").port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (kept, answer, endless) = (Arc::clone(&kept), answer.clone(), endless.clone());
                tokio::spawn(async move {
                    let mut buffer = [0; 4096];
                    let Ok(read) = stream.read(&mut buffer).await else {
                        return;
                    };
                    kept.lock()
                        .expect("alone")
                        .extend_from_slice(&buffer[..read]);
                    let _ = stream.write_all(&answer).await;
                    while let Some(endless) = &endless {
                        if stream.write_all(endless).await.is_err() {
                            return;
                        }
                    }
                    while let Ok(read) = stream.read(&mut buffer).await
                        && read > 0
                    {
                        kept.lock()
                            .expect("alone")
                            .extend_from_slice(&buffer[..read]);
                    }
                });
            }
        });
        Self { port, heard }
    }

    fn heard(&self) -> String {
        String::from_utf8_lossy(&self.heard.lock().expect("alone")).into_owned()
    }
}

fn proxy(port: u16, authorization: Option<&'static str>) -> HttpProxy {
    HttpProxy {
        tls: false,
        host: "127.0.0.1".to_owned(),
        port,
        authorization: authorization.map(HeaderValue::from_static),
    }
}

fn through(proxy: HttpProxy) -> Source {
    Source {
        scheme: Scheme::Tls,
        host: HOST.to_owned(),
        port: 443,
        tls: no_tls(),
        proxy: Some(proxy),
    }
}

#[tokio::test]
async fn a_proxy_that_refuses_is_named_with_its_status_and_no_credentials() {
    for (status, words) in [(407, "user name and password"), (403, "403"), (502, "502")] {
        let answer = format!("HTTP/1.1 {status} No\r\nContent-Length: 6\r\n\r\nCANARY");
        let scripted = Scripted::answering(answer.into_bytes(), None).await;
        let error = dial_error(through(proxy(scripted.port, Some("Basic CANARY")))).await;
        let name = format!("127.0.0.1:{}", scripted.port);
        assert_eq!(
            error,
            DialError::ProxyRefused {
                proxy: name.clone(),
                status
            }
        );
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(&name) && shown.contains(words), "{shown}");
        assert!(!shown.contains("CANARY"), "{shown}");
        assert!(scripted.heard().starts_with(&format!(
            "CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}:443\r\nProxy-Authorization: Basic CANARY\r\n\r\n"
        )), "{}", scripted.heard());
    }
}

#[tokio::test]
async fn a_proxy_that_lies_gets_nothing_but_a_greeting() {
    let ok = "HTTP/1.1 200 OK\r\n";
    let cases: Vec<(Bytes, Option<Bytes>, &str)> = vec![
        (
            format!("{ok}\r\nHTTP/1.1 101 Switching Protocols\r\n\r\n").into(),
            None,
            "in the target's place",
        ),
        (
            ok.into(),
            Some(b"X-Filler: aaaaaaaaaaaaaaaaaaaaaaaa\r\n".to_vec()),
            "does not end",
        ),
        (
            b"SSH-2.0-OpenSSH_9.9\r\n".to_vec(),
            None,
            "does not speak HTTP",
        ),
        (
            b"HTTP/1.1 2x0 OK\r\n\r\n".to_vec(),
            None,
            "does not speak HTTP",
        ),
    ];
    for (answer, endless, words) in cases {
        let scripted = Scripted::answering(answer, endless).await;
        let error = dial_error(through(proxy(scripted.port, None))).await;
        assert!(matches!(error, DialError::Proxy { .. }), "{error:?}");
        assert!(error.to_string().contains(words), "{error}");
        assert!(!scripted.heard().contains(TOKEN));
        assert!(!scripted.heard().contains("Proxy-Authorization"));
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let port = listener.local_addr().expect("bound").port();
    drop(listener);
    let error = dial_error(through(proxy(port, None))).await;
    assert!(matches!(error, DialError::Proxy { .. }), "{error:?}");
    assert!(
        error.to_string().contains(&format!("127.0.0.1:{port}")),
        "{error}"
    );
}

/// A proxy that does what it should; aborting it cuts all its tunnels.
async fn honest_proxy(listener: TcpListener, target: u16, tunnels: Arc<AtomicUsize>) {
    let mut running = tokio::task::JoinSet::new();
    while let Ok((mut client, _)) = listener.accept().await {
        let tunnels = Arc::clone(&tunnels);
        running.spawn(async move {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(client.read_u8().await?);
            }
            let head = String::from_utf8_lossy(&head).into_owned();
            if !head.contains("\r\nProxy-Authorization: Basic YTpi\r\n") {
                client.write_all(b"HTTP/1.1 407 Who\r\n\r\n").await?;
                return Ok(());
            }
            let mut server = TcpStream::connect(("127.0.0.1", target)).await?;
            client
                .write_all(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n")
                .await?;
            tunnels.fetch_add(1, Ordering::Relaxed);
            copy_bidirectional(&mut client, &mut server)
                .await
                .map(|_| ())
        });
    }
}

/// The simulator's control side, with a proxy on the way to its data channels.
struct Proxied(Arc<SimulatorSource>, HttpProxy);

impl SessionSource for Proxied {
    fn start(&self) -> SourceFuture<'_, Ticket> {
        self.0.start()
    }

    fn resume<'a>(&'a self, session_id: &'a SessionId) -> SourceFuture<'a, Resumed> {
        self.0.resume(session_id)
    }

    fn dial_terms<'a>(&'a self, url: &'a StreamUrl) -> SourceFuture<'a, DialTerms> {
        Box::pin(async {
            let terms = self.0.dial_terms(url).await?;
            Ok(DialTerms {
                proxy: Some(self.1.clone()),
                ..terms
            })
        })
    }

    fn fresh_credentials(&self) -> SourceFuture<'_, ()> {
        self.0.fresh_credentials()
    }

    fn data_key<'a>(&'a self, request: &'a DataKeyRequest) -> SourceFuture<'a, DataKey> {
        self.0.data_key(request)
    }

    fn terminate<'a>(&'a self, session_id: &'a SessionId) -> SourceFuture<'a, ()> {
        self.0.terminate(session_id)
    }
}

#[tokio::test]
async fn a_session_outlives_a_restart_of_its_proxy() {
    let mut config = Config::default();
    config.require_signature = false;
    let simulator = Simulator::start(config).await.expect("loopback");
    let url = simulator.endpoint_url();
    let target = url
        .rsplit(':')
        .next()
        .and_then(|port| port.trim_end_matches('/').parse().ok())
        .expect("a port");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let address = listener.local_addr().expect("bound");
    let tunnels = Arc::new(AtomicUsize::new(0));
    let running = tokio::spawn(honest_proxy(listener, target, Arc::clone(&tunnels)));
    let source = Proxied(
        SimulatorSource::new(&simulator, simulator.target()),
        proxy(address.port(), Some("Basic YTpi")),
    );
    let mut held = Held::start_with(Arc::new(source), |_| {});
    held.until_open().await;
    running.abort();
    let _ = running.await;
    held.until_reconnecting().await;
    let listener = TcpListener::bind(address).await.expect("it is free again");
    let running = tokio::spawn(honest_proxy(listener, target, Arc::clone(&tunnels)));
    held.until_open_again().await;
    assert_eq!(tunnels.load(Ordering::Relaxed), 2);
    held.close().await;
    running.abort();
    simulator.shutdown().await;
}

/// A certificate authority and what it has signed.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("it signs itself"))
    }

    fn server(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> TlsAcceptor {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("it is signed");
        acceptor(certificate.der().clone(), &key)
    }

    /// Trusts this authority alone.
    fn trusted(&self) -> Arc<rustls::ClientConfig> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.0.der().clone()).expect("an authority");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider supports them");
        Arc::new(config.with_root_certificates(roots).with_no_client_auth())
    }
}

fn acceptor(certificate: CertificateDer<'static>, key: &KeyPair) -> TlsAcceptor {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider supports them")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("they belong together");
    TlsAcceptor::from(Arc::new(config))
}

/// A TLS server that keeps what it is told and answers 503. Where it is a proxy too, it says so first.
async fn tls_server(acceptor: TlsAcceptor, is_proxy: bool) -> Scripted {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let port = listener.local_addr().expect("bound").port();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 4096];
            if is_proxy {
                let _ = stream.read(&mut buffer).await;
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
            }
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            if let Ok(read) = stream.read(&mut buffer).await {
                kept.lock()
                    .expect("alone")
                    .extend_from_slice(&buffer[..read]);
                let _ = stream
                    .write_all(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")
                    .await;
                let _ = stream.shutdown().await;
            }
        }
    });
    Scripted { port, heard }
}

fn to(server: &Scripted, tls: Arc<rustls::ClientConfig>) -> Source {
    Source {
        scheme: Scheme::Tls,
        host: "localhost".to_owned(),
        port: server.port,
        tls,
        proxy: None,
    }
}

#[tokio::test]
async fn only_the_host_itself_is_told_anything() {
    let ours = Authority::new("Company Root");
    let theirs = Authority::new("Stranger");
    let self_signed = {
        let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("it signs itself");
        acceptor(certificate.der().clone(), &key)
    };
    for (server, words) in [
        (theirs.server("localhost", |_| {}), "AWS_CA_BUNDLE"),
        (self_signed, "AWS_CA_BUNDLE"),
        (ours.server("other.test", |_| {}), "another name"),
        (
            ours.server("localhost", |params| {
                params.not_after = rcgen::date_time_ymd(2020, 1, 1);
            }),
            "expired",
        ),
    ] {
        let server = tls_server(server, false).await;
        let error = dial_error(to(&server, ours.trusted())).await;
        assert!(matches!(error, DialError::Tls { .. }), "{error:?}");
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(server.heard(), "", "{words}");
    }
    // The same server with nothing wrong is spoken to, or the above would prove nothing.
    let server = tls_server(ours.server("localhost", |_| {}), false).await;
    let error = dial_error(to(&server, ours.trusted())).await;
    assert!(
        matches!(error, DialError::Refused { status: 503, .. }),
        "{error:?}"
    );
    assert!(server.heard().starts_with("GET /v1/data-channel/"));
}

#[tokio::test]
async fn what_is_no_tls_server_is_told_nothing_in_the_clear() {
    let ours = Authority::new("Company Root");
    let plain = b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec();
    for (answer, words) in [
        (plain, "does not speak TLS"),
        (vec![0x16, 3, 3, 0, 200, 2, 0, 0], ""),
    ] {
        let server = Scripted::answering(answer, None).await;
        let source = to(&server, ours.trusted());
        let error = dial_error(source).await;
        assert!(error.to_string().contains(words), "{error}");
        assert!(
            matches!(error, DialError::Tls { .. } | DialError::Timeout { .. }),
            "{error:?}"
        );
        assert!(!server.heard().contains("data-channel") && !server.heard().contains(TOKEN));
    }
}

#[tokio::test]
async fn the_name_checked_in_a_tunnel_is_the_targets() {
    let ours = Authority::new("Company Root");
    // The proxy answers in the target's place, with a good certificate of its own.
    let server = tls_server(ours.server("localhost", |_| {}), true).await;
    let source = Source {
        tls: ours.trusted(),
        ..through(HttpProxy {
            host: "localhost".to_owned(),
            ..proxy(server.port, None)
        })
    };
    let error = dial_error(source).await;
    assert!(
        matches!(&error, DialError::Tls { host, .. } if host == HOST),
        "{error:?}"
    );
    assert!(error.to_string().contains("another name"), "{error}");
    assert_eq!(server.heard(), "");
}
