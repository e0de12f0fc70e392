//! The page on this computer to which a browser comes back after a sign-in: a listener on 127.0.0.1 that takes one answer
//! and is gone.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use url::form_urlencoded;

/// Browsers open a few connections at once, of which one asks.
const MAX_CONNECTIONS: usize = 16;
const PATH: &str = "/oauth/callback";
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// For the page that says how it went; a connection that asks nothing is not waited for longer.
const FAREWELL: Duration = Duration::from_millis(500);
const MAX_CODE_LEN: usize = 16 * 1024;

/// What the browser brought back.
#[derive(Debug)]
pub(crate) enum Answer {
    /// To be exchanged for a token.
    Code(SecretString),
    /// OAuth's error code, and its description.
    Denied(String),
}

/// Listens for one answer.
pub(crate) struct Loopback {
    listener: TcpListener,
    port: u16,
}

impl Loopback {
    pub(crate) async fn bind() -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        Ok(Self { listener, port })
    }

    /// The address that the browser is sent to.
    pub(crate) fn redirect_uri(&self) -> String {
        format!("http://127.0.0.1:{}{PATH}", self.port)
    }

    /// Waits for the answer that carries this state; others are turned away, since any page can send a browser here.
    pub(crate) async fn answer(self, state: String) -> Answer {
        let (sender, mut receiver) = oneshot::channel();
        let sender = Arc::new(Mutex::new(Some(sender)));
        let state: Arc<str> = state.into();
        let mut connections = JoinSet::new();
        loop {
            let stream = tokio::select! {
                answer = &mut receiver => {
                    // Never closed without an answer: this function holds a sender.
                    let Ok(answer) = answer else { continue };
                    // The browser is still being told.
                    let told = async { while connections.join_next().await.is_some() {} };
                    let _told = tokio::time::timeout(FAREWELL, told).await;
                    return answer;
                }
                accepted = self.listener.accept(), if connections.len() < MAX_CONNECTIONS => match accepted {
                    Ok((stream, _)) => stream,
                    // Of one connection, or of too many files being open; either passes.
                    Err(error) => {
                        tracing::debug!(%error, "a browser's connection failed");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                        continue;
                    }
                },
                Some(_) = connections.join_next() => continue,
            };
            let (sender, state) = (Arc::clone(&sender), Arc::clone(&state));
            connections.spawn(async move {
                let service = service_fn(move |request| {
                    let response = respond(&request, &state, &sender);
                    async move { Ok::<_, Infallible>(response) }
                });
                let served = hyper::server::conn::http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(HEADER_TIMEOUT)
                    .keep_alive(false)
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
                if let Err(error) = served {
                    tracing::debug!(%error, "a browser's connection ended early");
                }
            });
        }
    }
}

type Sender = Arc<Mutex<Option<oneshot::Sender<Answer>>>>;

fn respond(request: &Request<Incoming>, state: &str, sender: &Sender) -> Response<String> {
    let query = request.uri().query().unwrap_or_default();
    if request.method() != Method::GET || request.uri().path() != PATH {
        return page(StatusCode::NOT_FOUND, "There is nothing here.", "");
    }
    let Some(answer) = parse(query, state) else {
        return page(
            StatusCode::BAD_REQUEST,
            "This is not the answer that Sessiondeck waits for.",
            "It may belong to an earlier sign-in. Begin again in Sessiondeck.",
        );
    };
    let response = match &answer {
        Answer::Code(_) => page(
            StatusCode::OK,
            "You are signed in.",
            "You can close this page and go back to Sessiondeck.",
        ),
        Answer::Denied(_) => page(
            StatusCode::OK,
            "You are not signed in.",
            "The sign-in was refused. Sessiondeck says more.",
        ),
    };
    if let Some(sender) = sender.lock().unwrap_or_else(PoisonError::into_inner).take() {
        // Fails when nobody waits any more.
        let _sent = sender.send(answer);
    }
    response
}

/// The answer in a query, if it carries this state.
fn parse(query: &str, state: &str) -> Option<Answer> {
    let value = |name: &str| {
        form_urlencoded::parse(query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    };
    if value("state")? != state {
        return None;
    }
    if let Some(error) = value("error") {
        let description = value("error_description").unwrap_or_default();
        return Some(Answer::Denied(format!("{error}: {description}")));
    }
    let code = value("code").filter(|code| !code.is_empty() && code.len() <= MAX_CODE_LEN)?;
    Some(Answer::Code(code.into()))
}

/// A page of fixed words: nothing of the request comes back in it.
fn page(status: StatusCode, title: &'static str, text: &'static str) -> Response<String> {
    let body = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>\
         <title>Sessiondeck</title><style>:root{{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}}\
         body{{display:grid;place-content:center;min-height:90vh;margin:0 1.5rem;text-align:center}}\
         h1{{font-size:1.4rem;margin:0 0 .5rem}}p{{margin:0;opacity:.75}}</style>\
         <h1>{title}</h1><p>{text}</p></html>"
    );
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        ),
    ] {
        headers.insert(name, header::HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use secrecy::ExposeSecret as _;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    use super::*;

    async fn get(port: u16, target: &str) -> String {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .await
            .unwrap();
        let request = format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn only_the_answer_with_the_right_state_counts() {
        let loopback = Loopback::bind().await.unwrap();
        let port = loopback.port;
        assert_eq!(
            loopback.redirect_uri(),
            format!("http://127.0.0.1:{port}/oauth/callback")
        );
        let waiting = tokio::spawn(loopback.answer("right".to_owned()));
        for (target, status) in [
            ("/", "404"),
            ("/favicon.ico", "404"),
            ("/oauth/callback", "400"),
            ("/oauth/callback?code=stolen", "400"),
            ("/oauth/callback?code=stolen&state=wrong", "400"),
            ("/oauth/callback?state=right&code=", "400"),
        ] {
            let answer = get(port, target).await;
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status}")),
                "{target}: {answer}"
            );
            assert!(!answer.contains("stolen"));
        }
        let answer = get(port, "/oauth/callback?code=a%2Bb&state=right").await;
        assert!(answer.contains("You are signed in"), "{answer}");
        let Answer::Code(code) = waiting.await.unwrap() else {
            panic!("no code");
        };
        assert_eq!(code.expose_secret(), "a+b");
        assert!(
            TcpStream::connect((Ipv4Addr::LOCALHOST, port))
                .await
                .is_err(),
            "it is gone"
        );
    }

    #[tokio::test]
    async fn a_refusal_is_an_answer() {
        let loopback = Loopback::bind().await.unwrap();
        let port = loopback.port;
        let waiting = tokio::spawn(loopback.answer("s".to_owned()));
        let answer = get(
            port,
            "/oauth/callback?error=access_denied&error_description=No&state=s",
        )
        .await;
        assert!(answer.contains("You are not signed in"), "{answer}");
        let Answer::Denied(why) = waiting.await.unwrap() else {
            panic!("a code");
        };
        assert_eq!(why, "access_denied: No");
    }

    #[tokio::test]
    async fn one_that_says_nothing_is_not_in_the_way() {
        let loopback = Loopback::bind().await.unwrap();
        let port = loopback.port;
        let waiting = tokio::spawn(loopback.answer("s".to_owned()));
        let _silent = TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .await
            .unwrap();
        get(port, "/oauth/callback?code=c&state=s").await;
        assert!(matches!(waiting.await.unwrap(), Answer::Code(_)));
    }
}
