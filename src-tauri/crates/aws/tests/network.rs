//! What the environment and the AWS profile say of proxies, certificate bundles and endpoints, each in a program of its own.

use std::process::Stdio;
use std::sync::Arc;

use aws::{Broker, BrokerOptions, Client, Credentials, Settings};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio_rustls::TlsAcceptor;

/// Set for a copy of this program that runs [`says_what_it_finds`] for another test.
const CHILD: &str = "SESSIONDECK_TEST_CHILD";

#[tokio::test]
async fn says_what_it_finds() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let broker = Broker::new(BrokerOptions::from_environment());
    let settings = Settings {
        region: Some("eu-west-1".to_owned()),
        credentials: Credentials::Keys {
            access_key_id: "AKIA".to_owned(),
            secret_access_key: SecretString::from("s".to_owned()),
            session_token: None,
        },
        ..Settings::default()
    };
    let client = Client::connect(settings, &broker).await;
    match client {
        Ok(client) => {
            eprintln!("FOUND {:?} END", client.gateway());
            let _ = client.resume_session("a-0").await;
        }
        Err(error) => eprintln!("FOUND {:?} {error} END", error.code()),
    }
}

async fn found_with(config: &str, environment: &[(&str, &str)]) -> String {
    let home = tempfile::tempdir().expect("a directory");
    let file = home.path().join("config");
    std::fs::write(&file, config).expect("it is written");
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "says_what_it_finds", "--nocapture"])
        .env_clear()
        .env("HOME", home.path())
        .env("AWS_CONFIG_FILE", &file)
        .env("AWS_SHARED_CREDENTIALS_FILE", home.path().join("none"))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        // Nothing is called in earnest.
        .env("AWS_ENDPOINT_URL_SSM", "http://127.0.0.1:9")
        .env(CHILD, "1")
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .await
        .expect("it runs");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let found = text
        .split_once("FOUND ")
        .and_then(|(_, rest)| rest.split_once(" END"));
    found.unwrap_or_else(|| panic!("{text}")).0.to_owned()
}

#[tokio::test]
async fn a_bundle_that_cannot_be_used_is_an_error_that_names_the_file() {
    let home = tempfile::tempdir().expect("a directory");
    let empty = home.path().join("empty.pem");
    std::fs::write(&empty, "no certificate here").expect("it is written");
    let broken = home.path().join("broken.pem");
    let text = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    std::fs::write(&broken, text).expect("it is written");
    let missing = home.path().join("missing.pem");
    for (path, words) in [
        (&missing, "cannot be read"),
        (&empty, "holds no certificate"),
        (&broken, "broken"),
    ] {
        let path = path.to_str().expect("plain text");
        let by_profile = format!("[default]\nca_bundle = {path}\n");
        for found in [
            found_with("", &[("AWS_CA_BUNDLE", path)]).await,
            found_with(&by_profile, &[]).await,
        ] {
            assert!(found.starts_with("NetworkSettings"), "{found}");
            assert!(found.contains(path) && found.contains(words), "{found}");
        }
    }
}

#[tokio::test]
async fn a_gateway_is_found_where_an_endpoint_is_declared() {
    let section = "[default]\nservices = here\n[services here]\nssmmessages =\n  endpoint_url = https://profile.test\n";
    let host = |found: &str| {
        let rest = found.split_once("host: \"").map(|(_, rest)| rest);
        rest.and_then(|rest| rest.split_once('"'))
            .map(|(host, _)| host.to_owned())
    };
    let by_variable = [("AWS_ENDPOINT_URL_SSMMESSAGES", "https://env.test")];
    let general = [("AWS_ENDPOINT_URL", "https://all.test")];
    let ignored = [
        ("AWS_ENDPOINT_URL_SSMMESSAGES", "https://env.test"),
        ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"),
    ];
    let none: [(&str, &str); 0] = [];
    for (config, environment, expected) in [
        ("", &none[..], None),
        ("", &by_variable[..], Some("env.test")),
        (section, &none[..], Some("profile.test")),
        (section, &by_variable[..], Some("env.test")),
        ("", &general[..], Some("all.test")),
        (section, &ignored[..], None),
    ] {
        let found = found_with(config, environment).await;
        assert_eq!(
            host(&found).as_deref(),
            expected,
            "{environment:?}: {found}"
        );
    }
    let wrong = found_with("", &[("AWS_ENDPOINT_URL_SSMMESSAGES", "gw.corp")]).await;
    assert!(wrong.starts_with("NetworkSettings"), "{wrong}");
}

#[tokio::test]
async fn the_calls_go_through_the_proxy_with_its_credentials() {
    for (endpoint, variable, exceptions, expected) in [
        (
            "https://ssm.test",
            "HTTPS_PROXY",
            "",
            Some("CONNECT ssm.test:443 HTTP/1.1"),
        ),
        (
            "http://ssm.test",
            "HTTP_PROXY",
            "",
            Some("POST http://ssm.test/ HTTP/1.1"),
        ),
        (
            "http://ssm.test",
            "ALL_PROXY",
            "other.test",
            Some("POST http://ssm.test/ HTTP/1.1"),
        ),
        ("http://127.0.0.1:9", "HTTP_PROXY", "", None),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let port = listener.local_addr().expect("bound").port();
        let proxy = format!("http://alice:p%40ss@127.0.0.1:{port}");
        let environment = [
            ("AWS_ENDPOINT_URL_SSM", endpoint),
            (variable, proxy.as_str()),
            ("NO_PROXY", exceptions),
        ];
        let asked = async {
            let (mut stream, _) = listener.accept().await.expect("it asks");
            let mut head = [0; 4096];
            let read = stream.read(&mut head).await.expect("it asks");
            let _ = stream
                .write_all(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")
                .await;
            String::from_utf8_lossy(&head[..read]).into_owned()
        };
        let asked = tokio::select! {
            asked = asked => Some(asked),
            _ = found_with("", &environment) => None,
        };
        let line = asked.as_deref().and_then(|asked| asked.lines().next());
        assert_eq!(line, expected, "{endpoint} {variable}");
        if let Some(asked) = asked {
            let asked = asked.to_lowercase();
            assert!(
                asked.contains("proxy-authorization: basic ywxpy2u6cebzcw=="),
                "{asked}"
            );
        }
    }
}

/// A certificate for `localhost` and the PEM of the authority that signed it.
fn certificate() -> (TlsAcceptor, String) {
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let authority = CertifiedIssuer::self_signed(params, key).expect("it signs itself");
    let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let key = KeyPair::generate().expect("a key");
    let certificate = params.signed_by(&key, &authority).expect("it is signed");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider supports them")
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )
        .expect("they belong together");
    (TlsAcceptor::from(Arc::new(config)), authority.pem())
}

#[tokio::test]
async fn a_proxy_is_reached_over_tls_and_told_nothing_unless_it_is_trusted() {
    let (acceptor, authority) = certificate();
    let home = tempfile::tempdir().expect("a directory");
    let bundle = home.path().join("bundle.pem");
    std::fs::write(&bundle, authority).expect("it is written");
    let bundle = bundle.to_str().expect("plain text");
    for (endpoint, variable, bundle, expected) in [
        (
            "https://ssm.test",
            "HTTPS_PROXY",
            bundle,
            Some("CONNECT ssm.test:443 HTTP/1.1"),
        ),
        (
            "http://ssm.test",
            "HTTP_PROXY",
            bundle,
            Some("POST http://ssm.test/ HTTP/1.1"),
        ),
        ("https://ssm.test", "HTTPS_PROXY", "", None),
        ("http://ssm.test", "HTTP_PROXY", "", None),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let port = listener.local_addr().expect("bound").port();
        let proxy = format!("https://alice:p%40ss@localhost:{port}");
        let environment = [
            ("AWS_ENDPOINT_URL_SSM", endpoint),
            ("AWS_CA_BUNDLE", bundle),
            (variable, proxy.as_str()),
        ];
        let mut met = 0;
        let asked = async {
            loop {
                let (stream, _) = listener.accept().await.expect("it asks");
                met += 1;
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    continue;
                };
                let mut head = [0; 4096];
                let read = stream.read(&mut head).await.unwrap_or_default();
                let _ = stream
                    .write_all(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")
                    .await;
                if read > 0 {
                    return String::from_utf8_lossy(&head[..read]).into_owned();
                }
            }
        };
        let asked = tokio::select! {
            asked = asked => Some(asked),
            _ = found_with("", &environment) => None,
        };
        assert!(met > 0, "{endpoint}: the proxy was not asked");
        let line = asked.as_deref().and_then(|asked| asked.lines().next());
        assert_eq!(line, expected, "{endpoint} {variable}");
        if let Some(asked) = asked {
            let asked = asked.to_lowercase();
            assert!(
                asked.contains("proxy-authorization: basic ywxpy2u6cebzcw=="),
                "{asked}"
            );
        }
    }
}
