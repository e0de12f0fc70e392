//! The session's token and stream URL reach no log, whatever the person asks for; and the test can see them when the
//! caps are off.
//!
//! One session is started, opened and ended against the simulator with TRACE wanted for everything. The log is searched
//! for pieces of the secrets in every form; hexadecimal is how tungstenite prints frames.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use connect::{AwsSource, Plan};
use engine::{
    DataKey, DataKeyRequest, DialTerms, Resumed, SessionConfig, SessionHandle, SessionId,
    SessionSource, SessionUpdate, SourceFuture, State, StreamUrl, Ticket,
};
use secrecy::{ExposeSecret, SecretString};
use simulator::{Config, Simulator};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("no writer panics")).into_owned()
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .expect("no writer panics")
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Sink {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Passes everything on and keeps what must not be seen.
struct Spy {
    inner: AwsSource,
    secrets: Arc<Mutex<Vec<SecretString>>>,
}

impl Spy {
    fn keep(&self, secret: SecretString) {
        self.secrets.lock().expect("nobody panics").push(secret);
    }
}

impl SessionSource for Spy {
    fn start(&self) -> SourceFuture<'_, Ticket> {
        Box::pin(async move {
            let ticket = self.inner.start().await?;
            self.keep(ticket.token.clone());
            // The routing data alone: host and session id are no secret.
            let query = ticket.stream_url.uri().query().unwrap_or_default();
            let cell = query.split("cell-number=").nth(1).unwrap_or_default();
            self.keep(SecretString::from(cell.to_owned()));
            Ok(ticket)
        })
    }

    fn dial_terms<'a>(&'a self, url: &'a StreamUrl) -> SourceFuture<'a, DialTerms> {
        Box::pin(async move {
            let terms = self.inner.dial_terms(url).await?;
            let header = terms.headers["authorization"].to_str().unwrap_or_default();
            let signature = header.rsplit("Signature=").next().unwrap_or_default();
            self.keep(SecretString::from(signature.to_owned()));
            Ok(terms)
        })
    }

    fn resume<'a>(&'a self, session_id: &'a SessionId) -> SourceFuture<'a, Resumed> {
        Box::pin(async move {
            let resumed = self.inner.resume(session_id).await?;
            if let Resumed::Ticket(ticket) = &resumed {
                self.keep(ticket.token.clone());
            }
            Ok(resumed)
        })
    }

    fn fresh_credentials(&self) -> SourceFuture<'_, ()> {
        self.inner.fresh_credentials()
    }

    fn data_key<'a>(&'a self, request: &'a DataKeyRequest) -> SourceFuture<'a, DataKey> {
        self.inner.data_key(request)
    }

    fn terminate<'a>(&'a self, session_id: &'a SessionId) -> SourceFuture<'a, ()> {
        self.inner.terminate(session_id)
    }
}

/// Holds a session from start to end and gives back every secret of it.
async fn session() -> Vec<SecretString> {
    let simulator = Simulator::start(plain_shell())
        .await
        .expect("loopback is there");
    let secrets = Arc::new(Mutex::new(vec![simulator.secret_access_key().clone()]));
    let plan = Plan {
        tags: None,
        settings: aws::Settings {
            aws_profile: None,
            region: Some(simulator.region().to_owned()),
            endpoint: Some(aws::Endpoint {
                ssm: simulator.endpoint_url(),
                ssmmessages: None,
            }),
            credentials: aws::Credentials::Keys {
                access_key_id: simulator.access_key_id().to_owned(),
                secret_access_key: simulator.secret_access_key().clone(),
                session_token: None,
            },
            ..aws::Settings::default()
        },
        request: aws::StartSession {
            target: simulator.target().to_owned(),
            ..aws::StartSession::default()
        },
        ..Plan::default()
    };
    let inner = AwsSource::new(broker(), move || {
        let plan = plan.clone();
        Box::pin(async move { Ok(plan) })
    });
    let spy = Spy {
        inner,
        secrets: Arc::clone(&secrets),
    };
    let tracker = TaskTracker::new();
    let (handle, mut updates) =
        SessionHandle::spawn(SessionConfig::default(), Arc::new(spy), &tracker);
    let opened = async {
        while let Some(update) = updates.recv().await {
            match update {
                SessionUpdate::State(State::Open { .. }) => return,
                SessionUpdate::State(State::Ended(end)) => {
                    panic!("ended before it opened: {end:?}")
                }
                SessionUpdate::State(_)
                | SessionUpdate::Output(_)
                | SessionUpdate::Stderr(_)
                | SessionUpdate::Notice(_) => {}
            }
        }
    };
    timeout(Duration::from_secs(20), opened)
        .await
        .expect("the session opens");
    handle.close().await;
    simulator.shutdown().await;
    let secrets = secrets.lock().expect("nobody panics").clone();
    assert_eq!(
        secrets.len(),
        4,
        "the key, the token, the cell and the signature"
    );
    assert!(
        secrets
            .iter()
            .all(|secret| secret.expose_secret().len() >= 16)
    );
    secrets
}

/// In how many lines a piece of a secret stands, in whatever form.
fn hits(log: &str, secrets: &[SecretString]) -> usize {
    log.lines()
        .filter(|line| {
            secrets.iter().any(|secret| {
                !testsuite::secrets::hits(line.as_bytes(), secret.expose_secret()).is_empty()
            })
        })
        .count()
}

/// Runs one session under a subscriber of its own.
fn traced<L>(layer: impl FnOnce(Sink) -> L) -> (String, Vec<SecretString>)
where
    L: Layer<tracing_subscriber::Registry> + Send + Sync + 'static,
{
    let sink = Sink::default();
    let subscriber = tracing_subscriber::registry().with(layer(sink.clone()));
    let secrets = tracing::subscriber::with_default(subscriber, || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime can be made")
            .block_on(session())
    });
    (sink.text(), secrets)
}

// One test, since `tracing` caches for the whole process what is of interest, and the two must not meet.
#[test]
fn secrets_stay_out_of_the_log_and_the_test_would_see_them() {
    let (log, secrets) = traced(|sink| {
        tracing_subscriber::fmt::layer()
            .with_writer(sink)
            .with_filter(logging::uncapped_filter("trace"))
    });
    let seen = hits(&log, &secrets);
    assert!(
        seen >= 4,
        "without the caps the secrets must be there to be found: {seen} hits in {} bytes",
        log.len()
    );

    for wish in [
        "trace",
        "trace,aws_smithy_runtime=trace,tungstenite=trace,tokio_tungstenite=trace",
    ] {
        let (log, secrets) = traced(|sink| {
            tracing_subscriber::fmt::layer()
                .with_writer(sink)
                .with_filter(logging::capped_filter(wish))
        });
        assert!(
            log.contains("session open"),
            "the log itself must be on: {log}"
        );
        assert_eq!(hits(&log, &secrets), 0, "with {wish}");
    }
}

fn broker() -> aws::Broker {
    aws::Broker::new(aws::BrokerOptions::from_environment())
}

/// Without the person's start-up files.
fn plain_shell() -> Config {
    let mut config = Config::default();
    config.shell = simulator::config::Shell::new(["/bin/sh"]);
    config
}
