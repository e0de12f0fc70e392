//! Sessions, watched for what must not be seen.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use connect::{AwsSource, Plan};
use engine::{
    DataKey, DataKeyRequest, DialTerms, Resumed, SessionConfig, SessionHandle, SessionId,
    SessionSource, SessionUpdate, SourceFuture, State, StreamUrl, Ticket,
};
use secrecy::SecretString;
use simulator::config::Shell;
use simulator::{Config, Simulator};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

/// For any one step, on a busy machine.
const STEP: Duration = Duration::from_secs(60);

/// Passes everything on and keeps what must not be seen.
struct Spy {
    inner: AwsSource,
    secrets: Arc<Mutex<Vec<SecretString>>>,
}

impl Spy {
    fn keep(&self, secret: SecretString) {
        self.secrets.lock().expect("nobody panics").push(secret);
    }

    fn keep_ticket(&self, ticket: &Ticket) {
        self.keep(ticket.token.clone());
        // The routing data alone: host and session id are no secret.
        let query = ticket.stream_url.uri().query().unwrap_or_default();
        let cell = query.split("cell-number=").nth(1).unwrap_or_default();
        self.keep(SecretString::from(cell.to_owned()));
    }
}

impl SessionSource for Spy {
    fn start(&self) -> SourceFuture<'_, Ticket> {
        Box::pin(async move {
            let ticket = self.inner.start().await?;
            self.keep_ticket(&ticket);
            Ok(ticket)
        })
    }

    fn resume<'a>(&'a self, session_id: &'a SessionId) -> SourceFuture<'a, Resumed> {
        Box::pin(async move {
            let resumed = self.inner.resume(session_id).await?;
            if let Resumed::Ticket(ticket) = &resumed {
                self.keep_ticket(ticket);
            }
            Ok(resumed)
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

/// Holds a session against the simulator from start to end and gives back every secret of it.
pub(crate) async fn good() -> Vec<SecretString> {
    let mut config = Config::default();
    // Without the person's start-up files.
    config.shell = Shell::new(["/bin/sh"]);
    let simulator = Simulator::start(config).await.expect("loopback is there");
    let endpoint = aws::Endpoint {
        ssm: simulator.endpoint_url(),
        ssmmessages: None,
    };
    let (state, secrets) = run(
        endpoint,
        simulator.access_key_id(),
        simulator.secret_access_key(),
        simulator.target(),
    )
    .await;
    simulator.shutdown().await;
    assert!(matches!(state, State::Open { .. }), "{state:?}");
    assert_eq!(
        secrets.len(),
        4,
        "the key, the token, the cell and the signature"
    );
    secrets
}

/// Runs a session until it is open, or has lost its connection, or is over; then ends it. Gives that state, and every
/// secret there was.
pub(crate) async fn run(
    endpoint: aws::Endpoint,
    access_key_id: &str,
    secret_access_key: &SecretString,
    target: &str,
) -> (State, Vec<SecretString>) {
    let secrets = Arc::new(Mutex::new(vec![secret_access_key.clone()]));
    let plan = Plan {
        tags: None,
        settings: aws::Settings {
            aws_profile: None,
            region: Some("eu-west-1".to_owned()),
            endpoint: Some(endpoint),
            credentials: aws::Credentials::Keys {
                access_key_id: access_key_id.to_owned(),
                secret_access_key: secret_access_key.clone(),
                session_token: None,
            },
            ..aws::Settings::default()
        },
        request: aws::StartSession {
            target: target.to_owned(),
            ..aws::StartSession::default()
        },
        ..Plan::default()
    };
    let broker = aws::Broker::new(aws::BrokerOptions::from_environment());
    let spy = Spy {
        inner: AwsSource::new(broker, move || {
            let plan = plan.clone();
            Box::pin(async move { Ok(plan) })
        }),
        secrets: Arc::clone(&secrets),
    };
    let tracker = TaskTracker::new();
    let (handle, mut updates) =
        SessionHandle::spawn(SessionConfig::default(), Arc::new(spy), &tracker);
    let settled = async {
        while let Some(update) = updates.recv().await {
            if let SessionUpdate::State(
                state @ (State::Open { .. } | State::Reconnecting(_) | State::Ended(_)),
            ) = update
            {
                return state;
            }
        }
        panic!("the session says nothing more")
    };
    let state = timeout(STEP, settled).await.expect("in time");
    timeout(STEP, handle.close()).await.expect("in time");
    let secrets = secrets.lock().expect("nobody panics").clone();
    (state, secrets)
}
