//! Dialling through proxies that refuse, lie and restart: what is said of it, and that no token leaves.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use engine::{
    AllowedHost, AllowedHosts, DataKey, DataKeyRequest, DialError, DialTerms, HttpProxy, Lost,
    Resumed, Scheme, SessionId, SessionSource, SourceErrorKind, SourceFuture, State, StreamUrl,
    Ticket, Transport,
};
use http::{HeaderMap, HeaderValue};
use secrecy::SecretString;
use simulator::{Config, Simulator};
use testsuite::fixtures::{Held, SimulatorSource, failed, no_tls};
use testsuite::oracles::session_id;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::engine_tls::{Authority, Place, Stranger, answers};

/// What a script writes.
type Bytes = Vec<u8>;

pub(crate) const TOKEN: &str = "TOKEN-CANARY";
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

/// A proxy that does what it should, itself reached over TLS where it has a certificate; aborting it cuts all its tunnels.
async fn honest_proxy(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    target: u16,
    tunnels: Arc<AtomicUsize>,
) {
    let mut running = tokio::task::JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let (tls, tunnels) = (tls.clone(), Arc::clone(&tunnels));
        running.spawn(async move {
            let mut client: Box<dyn Transport> = match tls {
                Some(acceptor) => Box::new(acceptor.accept(client).await?),
                None => Box::new(client),
            };
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
            client.flush().await?;
            tunnels.fetch_add(1, Ordering::Relaxed);
            copy_bidirectional(&mut client, &mut server)
                .await
                .map(|_| ())
        });
    }
}

/// The simulator's control side, with a proxy on the way to its data channels.
struct Proxied {
    simulator: Arc<SimulatorSource>,
    proxy: HttpProxy,
    tls: Arc<rustls::ClientConfig>,
}

impl SessionSource for Proxied {
    fn start(&self) -> SourceFuture<'_, Ticket> {
        self.simulator.start()
    }

    fn resume<'a>(&'a self, session_id: &'a SessionId) -> SourceFuture<'a, Resumed> {
        self.simulator.resume(session_id)
    }

    fn dial_terms<'a>(&'a self, url: &'a StreamUrl) -> SourceFuture<'a, DialTerms> {
        Box::pin(async {
            let terms = self.simulator.dial_terms(url).await?;
            Ok(DialTerms {
                proxy: Some(self.proxy.clone()),
                tls: Arc::clone(&self.tls),
                ..terms
            })
        })
    }

    fn fresh_credentials(&self) -> SourceFuture<'_, ()> {
        self.simulator.fresh_credentials()
    }

    fn data_key<'a>(&'a self, request: &'a DataKeyRequest) -> SourceFuture<'a, DataKey> {
        self.simulator.data_key(request)
    }

    fn terminate<'a>(&'a self, session_id: &'a SessionId) -> SourceFuture<'a, ()> {
        self.simulator.terminate(session_id)
    }
}

#[tokio::test]
async fn a_session_outlives_a_restart_of_its_proxy() {
    outlives_a_restart(None).await;
}

#[tokio::test]
async fn a_session_outlives_a_restart_of_its_proxy_that_is_reached_over_tls() {
    outlives_a_restart(Some(&Authority::new("Company Root"))).await;
}

async fn outlives_a_restart(authority: Option<&Authority>) {
    let mut config = Config::default();
    // Without the person's start-up files.
    config.shell = simulator::config::Shell::new(["/bin/sh"]);
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
    let tls = authority.map(|authority| authority.server(|_| {}));
    let open = |listener| {
        let (tls, tunnels) = (tls.clone(), Arc::clone(&tunnels));
        tokio::spawn(honest_proxy(listener, tls, target, tunnels))
    };
    let running = open(listener);
    let source = Proxied {
        simulator: SimulatorSource::new(&simulator, simulator.target()),
        proxy: HttpProxy {
            tls: tls.is_some(),
            host: "localhost".to_owned(),
            ..proxy(address.port(), Some("Basic YTpi"))
        },
        tls: authority.map_or_else(no_tls, Authority::trusted),
    };
    let mut held = Held::start_with(Arc::new(source), |_| {});
    held.until_open().await;
    running.abort();
    let _ = running.await;
    held.until_reconnecting().await;
    let listener = TcpListener::bind(address).await.expect("it is free again");
    let running = open(listener);
    held.until_open_again().await;
    assert_eq!(tunnels.load(Ordering::Relaxed), 2);
    held.close().await;
    running.abort();
    simulator.shutdown().await;
}

#[tokio::test]
async fn tls_to_the_host_runs_inside_tls_to_the_proxy() {
    let ours = Authority::new("Company Root");
    let (target, heard) = answers(Stranger::Complete(ours.server(|_| {})), Place::Host).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let port = listener.local_addr().expect("bound").port();
    let tunnels = Arc::new(AtomicUsize::new(0));
    let running = tokio::spawn(honest_proxy(
        listener,
        Some(ours.server(|_| {})),
        target,
        Arc::clone(&tunnels),
    ));
    let error = dial_error(Source {
        scheme: Scheme::Tls,
        host: "localhost".to_owned(),
        port: 443,
        tls: ours.trusted(),
        proxy: Some(HttpProxy {
            tls: true,
            host: "localhost".to_owned(),
            ..proxy(port, Some("Basic YTpi"))
        }),
    })
    .await;
    assert!(
        matches!(error, DialError::Refused { status: 503, .. }),
        "{error:?}"
    );
    assert!(tunnels.load(Ordering::Relaxed) > 0);
    let told = heard.lock().expect("alone").told.clone();
    assert!(told.starts_with(b"GET /v1/data-channel/"), "{told:?}");
    running.abort();
}
