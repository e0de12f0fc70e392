//! Services that answer with a hostile gateway: of every way to fail, a few, each with the secrets in what is refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use engine::State;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use secrecy::SecretString;
use testsuite::scripted::{closed, from_agent};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::session::run;

const SESSION_ID: &str = "ann-0123456789abcdef0";
const TARGET: &str = "i-0123456789abcdef0";
const KEY_ID: &str = "AKIAIOSFODNN7CANARY2";
const KEY: &str = "kQ7vTz2mWc9XpLr4NhYb8sJfGd3uEa6oViRtKx1B";
const TOKEN: &str = "AAEAAXf3mQ9kZr7TcWv2LpYh8sNbJd4uGe6oRiKtVx1BzMqPw5yFa0HjSnUlCgDoEr";
const CELL: &str = "AAEAAQ5tYx8vKw2zLm7RpJh4cNbSd9uGf6oEiXr1";

/// What stands in the gateway's place.
enum Gateway {
    /// Answers the request for a WebSocket with this; gets the request.
    Answers(fn(&str) -> Vec<u8>),
    /// Gives the WebSocket and says this; gets the first message, which has the token in it.
    Says(fn(&[u8]) -> Vec<u8>),
    /// Is a stranger to whom TLS is spoken.
    Stranger(TlsAcceptor),
    /// Answers the greeting of TLS with this.
    Greets(&'static [u8]),
    /// There is none: the stream URL names another host.
    At(&'static str),
}

/// A frame of the service: not masked.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(payload.len()).expect("short frames only");
    let mut frame = match payload.len() {
        len @ ..126 => vec![first, u8::try_from(len).expect("just seen")],
        _ => [&[first, 126][..], &len.to_be_bytes()].concat(),
    };
    frame.extend_from_slice(payload);
    frame
}

fn rows() -> Vec<(&'static str, Gateway)> {
    use Gateway::{Answers, At, Greets, Says, Stranger};
    use protocol::PayloadType;
    vec![
        // Hostile frames.
        ("its own message", Says(|first| frame(0x82, first))),
        (
            "no message",
            Says(|first| frame(0x82, &[b"x", first].concat())),
        ),
        ("a text", Says(|first| frame(0x81, first))),
        (
            "a request that is none",
            Says(|first| frame(0x82, &from_agent(0, PayloadType::HandshakeRequest, first))),
        ),
        (
            "a request that was changed",
            Says(|first| {
                let mut message = from_agent(0, PayloadType::HandshakeRequest, first).to_vec();
                *message.last_mut().expect("a payload") ^= 1;
                frame(0x82, &message)
            }),
        ),
        (
            "an end with its own message",
            Says(|first| frame(0x82, &closed(&String::from_utf8_lossy(first)))),
        ),
        // WebSockets that break the rules.
        ("a reserved opcode", Says(|first| frame(0x83, first))),
        ("a reserved bit", Says(|first| frame(0xc2, first))),
        ("a long ping", Says(|first| frame(0x89, first))),
        (
            "text that is none",
            Says(|first| frame(0x81, &[first, b"\xc3"].concat())),
        ),
        (
            "a close with the token",
            Says(|_| {
                frame(
                    0x88,
                    &[&4000_u16.to_be_bytes()[..], TOKEN.as_bytes()].concat(),
                )
            }),
        ),
        ("nothing but an end", Says(|_| Vec::new())),
        (
            "a refusal with the request",
            Answers(|request| {
                let len = request.len();
                format!("HTTP/1.1 403 Forbidden\r\nContent-Length: {len}\r\n\r\n{request}").into()
            }),
        ),
        (
            "another way with the request",
            Answers(|request| {
                let path = request.split(' ').nth(1).unwrap_or_default();
                format!("HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:9{path}\r\nContent-Length: 0\r\n\r\n").into()
            }),
        ),
        (
            "a wrong key",
            Answers(|request| {
                let line = request.lines().next().unwrap_or_default();
                format!(
                    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                     Sec-WebSocket-Accept: d3Jvbmc=\r\nX-Request: {line}\r\n\r\n"
                )
                .into()
            }),
        ),
        (
            "no answer of HTTP",
            Answers(|request| request.as_bytes().to_vec()),
        ),
        // False TLS.
        ("signed by himself", Stranger(stranger("127.0.0.1"))),
        ("signed for another name", Stranger(stranger("example.com"))),
        ("no TLS", Greets(b"HTTP/1.1 400 Bad Request\r\n\r\n")),
        ("a refusal of TLS", Greets(b"\x15\x03\x03\x00\x02\x02\x28")),
        ("an end in the greeting", Greets(b"\x16\x03\x03")),
        // Hosts that the token is not for.
        ("another host", At("wss://gateway.example.com")),
        (
            "a host behind a name",
            At("wss://127.0.0.1@gateway.example.com"),
        ),
        ("a host with a suffix", At("wss://127.0.0.1.example.com")),
        ("another port", At("ws://127.0.0.1:9")),
        ("another scheme", At("https://127.0.0.1")),
        ("other dots", At("ws://127\u{3002}0\u{3002}0\u{3002}1")),
    ]
}

/// Runs a session against every one of them and gives back every secret there was.
pub(crate) async fn all() -> Vec<SecretString> {
    let mut all = vec![SecretString::from(TOKEN), SecretString::from(CELL)];
    for (name, gateway) in rows() {
        let (state, secrets) = session(gateway).await;
        assert!(!matches!(state, State::Open { .. }), "{name}: {state:?}");
        all.extend(secrets);
    }
    all
}

async fn session(gateway: Gateway) -> (State, Vec<SecretString>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let address = listener.local_addr().expect("it has one");
    let (host, scheme) = match &gateway {
        Gateway::At(host) => ((*host).to_owned(), None),
        Gateway::Stranger(_) | Gateway::Greets(_) => (format!("wss://{address}"), Some("https")),
        Gateway::Answers(_) | Gateway::Says(_) => (format!("ws://{address}"), Some("http")),
    };
    let api = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let endpoint = aws::Endpoint {
        ssm: format!("http://{}", api.local_addr().expect("it has one")),
        ssmmessages: scheme.map(|scheme| format!("{scheme}://{address}")),
    };
    let service = tokio::spawn(async move {
        let stream_url = format!(
            "{host}/v1/data-channel/{SESSION_ID}?role=publish_subscribe&cell-number={CELL}"
        );
        loop {
            let (mut stream, _) = api.accept().await.expect("it listens");
            let stream_url = stream_url.clone();
            tokio::spawn(async move { answer_call(&mut stream, &stream_url).await });
        }
    });
    let is_met = Arc::new(AtomicBool::new(scheme.is_none()));
    let met = Arc::clone(&is_met);
    let hostile = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.expect("it listens");
            // That the client goes is what is wanted.
            match &gateway {
                Gateway::At(_) => {}
                Gateway::Answers(answer) => {
                    if let Some(request) = head(&mut stream).await {
                        met.store(true, Ordering::Relaxed);
                        let _gone = stream.write_all(&answer(&request)).await;
                    }
                }
                Gateway::Says(say) => {
                    if let Some(first) = first_message(&mut stream).await {
                        let found = testsuite::secrets::hits(&first, TOKEN);
                        met.store(!found.is_empty(), Ordering::Relaxed);
                        let _gone = stream.write_all(&say(&first)).await;
                    }
                }
                Gateway::Stranger(acceptor) => {
                    met.store(true, Ordering::Relaxed);
                    if let Ok(mut stream) = acceptor.accept(stream).await {
                        head(&mut stream).await;
                    }
                }
                Gateway::Greets(greeting) => {
                    let greeted = stream.read(&mut [0; 4096]).await;
                    met.store(greeted.is_ok(), Ordering::Relaxed);
                    let _gone = stream.write_all(greeting).await;
                }
            }
        }
    });
    let result = run(endpoint, KEY_ID, &SecretString::from(KEY), TARGET).await;
    service.abort();
    hostile.abort();
    assert!(is_met.load(Ordering::Relaxed), "nobody came so far");
    result
}

/// What a service says to StartSession, ResumeSession and TerminateSession.
async fn answer_call(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), stream_url: &str) {
    let Some(head) = head(stream).await else {
        return;
    };
    let len = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        let is_len = name.eq_ignore_ascii_case("content-length");
        is_len.then(|| value.parse().ok()).flatten()
    });
    let mut body = vec![0; len.unwrap_or(0)];
    let _gone = stream.read_exact(&mut body).await;
    let answer = format!(
        r#"{{"SessionId":"{SESSION_ID}","TokenValue":"{TOKEN}","StreamUrl":"{stream_url}"}}"#
    );
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        answer.len()
    );
    let _gone = stream.write_all((head + &answer).as_bytes()).await;
}

/// The head of a request; none if it does not come.
async fn head(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    String::from_utf8(head).ok()
}

/// The first message on a WebSocket.
async fn first_message(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Option<Vec<u8>> {
    let request = head(stream).await?;
    let key = request.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("sec-websocket-key")
            .then_some(value)
    })?;
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Accept: {}\r\n\r\n",
        derive_accept_key(key.as_bytes())
    );
    stream.write_all(answer.as_bytes()).await.ok()?;
    let [_, len] = [stream.read_u8().await.ok()?, stream.read_u8().await.ok()?];
    let len = match len & 0x7f {
        126 => stream.read_u16().await.ok()?,
        len => len.into(),
    };
    let mut mask = [0; 4];
    stream.read_exact(&mut mask).await.ok()?;
    let mut first = vec![0; len.into()];
    stream.read_exact(&mut first).await.ok()?;
    for (byte, mask) in first.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
    Some(first)
}

/// Somebody whose certificate nobody else has signed.
fn stranger(name: &str) -> TlsAcceptor {
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new(vec![name.to_owned()])
        .and_then(|params| params.self_signed(&key))
        .expect("it signs itself");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider supports them")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("they belong together");
    TlsAcceptor::from(Arc::new(config))
}
