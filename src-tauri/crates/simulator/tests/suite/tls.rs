//! HTTPS and WSS with the simulator's own certificate authority.

use std::sync::Arc;

use futures_util::{SinkExt as _, StreamExt as _};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use simulator::config::Certificate;
use simulator::{Config, Disconnect, Simulator};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::client::{LIMIT, Started, config, open_frame};
use crate::signer::Caller;

fn with(certificate: Certificate) -> Config {
    let mut config = config();
    config.tls = Some(certificate);
    config
}

fn caller(simulator: &Simulator) -> Caller {
    let mut caller = Caller::of(simulator);
    caller.address = simulator
        .endpoint_url()
        .trim_start_matches("https://")
        .to_owned();
    caller
}

/// Connects as one who trusts only this authority.
async fn connect(address: &str, host: &str, ca_pem: &str) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap();
    roots.add(authority).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await?;
    let host = ServerName::try_from(host.to_owned()).unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(host, stream)
        .await
}

#[tokio::test]
async fn a_session_runs_over_a_connection_that_is_secured_with_the_own_authority() {
    let simulator = Simulator::start(with(Certificate::Good)).await.unwrap();
    let caller = caller(&simulator);
    let ca_pem = simulator.ca_pem().unwrap().to_owned();
    let body = json!({"Target": simulator.target()}).to_string();
    let signed = caller.sign("ssm", "POST", "/", "", body.as_bytes());
    let headers: String = signed
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let request = format!(
        "POST / HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-amz-json-1.1\r\n\
         X-Amz-Target: AmazonSSM.StartSession\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n{body}",
        caller.address,
        body.len()
    );
    let mut stream = connect(&caller.address, "127.0.0.1", &ca_pem)
        .await
        .unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let answer: Value = serde_json::from_str(body).unwrap();
    let started = Started::read(&answer);
    assert!(
        started.url.starts_with("wss://127.0.0.1:"),
        "{}",
        started.url
    );

    let mut request = started.url.as_str().into_client_request().unwrap();
    let path = request.uri().path().replace('%', "%25");
    let query = request.uri().query().unwrap().to_owned();
    let mut query: Vec<_> = query.split('&').collect();
    query.sort_unstable();
    for (name, value) in caller.sign("ssmmessages", "GET", &path, &query.join("&"), b"") {
        let name = http::HeaderName::try_from(name).unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    let stream = connect(&caller.address, "localhost", &ca_pem)
        .await
        .unwrap();
    let (mut socket, _) = tokio_tungstenite::client_async(request, stream)
        .await
        .unwrap();
    let open = open_frame(started.token.expose_secret());
    socket.send(Message::text(open)).await.unwrap();
    let first = timeout(LIMIT, socket.next()).await.unwrap();
    assert!(first.unwrap().unwrap().is_binary());

    // A reset is one of the connection below.
    assert!(simulator.disconnect(&started.id, Disconnect::Reset));
    let (stream, _) = socket.get_mut().get_mut();
    let reading = async {
        loop {
            if let Err(error) = stream.read_u8().await {
                return error.kind();
            }
        }
    };
    let end = timeout(LIMIT, reading).await.unwrap();
    assert_eq!(end, std::io::ErrorKind::ConnectionReset);
    simulator.shutdown().await;
}

#[tokio::test]
async fn bad_certificates_are_bad_in_their_own_way() {
    for (certificate, wanted) in [
        (Certificate::Good, None),
        (Certificate::Expired, Some("Expired")),
        (Certificate::WrongHost, Some("NotValidForName")),
        (Certificate::SelfSigned, Some("UnknownIssuer")),
    ] {
        let simulator = Simulator::start(with(certificate)).await.unwrap();
        let address = caller(&simulator).address;
        let ca_pem = simulator.ca_pem().unwrap();
        let error = connect(&address, "127.0.0.1", ca_pem).await.err();
        let text = error.map(|error| format!("{error:?}"));
        assert_eq!(
            text.is_some(),
            wanted.is_some(),
            "{certificate:?}: {text:?}"
        );
        let matches = wanted.is_none_or(|word| text.as_ref().is_some_and(|t| t.contains(word)));
        assert!(matches, "{certificate:?}: {text:?}");
        simulator.shutdown().await;
    }
}

#[tokio::test]
async fn another_run_has_another_authority_and_plain_http_is_not_served() {
    let simulator = Simulator::start(with(Certificate::Good)).await.unwrap();
    let other = Simulator::start(with(Certificate::Good)).await.unwrap();
    let address = caller(&simulator).address;
    let ca_pem = other.ca_pem().unwrap();
    assert!(connect(&address, "127.0.0.1", ca_pem).await.is_err());
    let answer = caller(&simulator).raw(b"GET / HTTP/1.1\r\n\r\n").await;
    assert!(answer.is_none(), "{answer:?}");
    simulator.shutdown().await;
    other.shutdown().await;
}
