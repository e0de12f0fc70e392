//! What engine tests and benches share: a session's control side straight onto the simulator, and a held session.
//!
//! [`SimulatorSource`] asks the simulator's HTTP API without the AWS SDK and without signatures, so that these tests need
//! neither. Signing has tests of its own beside `aws` and `simulator`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use engine::{
    AllowedHost, AllowedHosts, DataKey, DataKeyRequest, DialTerms, End, Jitter, Notice, Resumed,
    Scheme, SessionConfig, SessionHandle, SessionId, SessionSource, SessionUpdate, SessionUpdates,
    SourceError, SourceErrorKind, SourceFuture, State, StreamUrl, TerminalSize, Ticket,
};
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use secrecy::{SecretSlice, SecretString};
use serde_json::{Value, json};
use simulator::{Config, DEMO_TARGET, Simulator};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

/// The longest any single step of an engine test may take before the test fails.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A simulator's configuration that takes unsigned calls and runs a plain shell without start-up files.
#[must_use]
pub fn unsigned() -> Config {
    let mut config = Config::with_failing_targets();
    config.require_signature = false;
    config.shell = simulator::config::Shell::new(["/bin/sh"]);
    config
}

/// The control side of sessions on a simulator.
#[derive(Debug)]
pub struct SimulatorSource {
    endpoint: String,
    target: String,
    starts: AtomicUsize,
    resumes: AtomicUsize,
    terminates: AtomicUsize,
    signed_in: Notify,
    dialled: Mutex<Vec<String>>,
}

impl SimulatorSource {
    /// Sessions on `target` of `simulator`.
    #[must_use]
    pub fn new(simulator: &Simulator, target: &str) -> Arc<Self> {
        Self::at(simulator.endpoint_url(), target)
    }

    /// Sessions on `target` of the simulator with this URL.
    #[must_use]
    pub fn at(endpoint: String, target: &str) -> Arc<Self> {
        Arc::new(Self {
            endpoint,
            target: target.to_owned(),
            starts: AtomicUsize::new(0),
            resumes: AtomicUsize::new(0),
            signed_in: Notify::new(),
            terminates: AtomicUsize::new(0),
            dialled: Mutex::default(),
        })
    }

    /// How often StartSession was asked.
    #[must_use]
    pub fn starts(&self) -> usize {
        self.starts.load(Ordering::Relaxed)
    }

    /// How often ResumeSession was asked.
    #[must_use]
    pub fn resumes(&self) -> usize {
        self.resumes.load(Ordering::Relaxed)
    }

    /// Says that there are fresh credentials, to one session that waits for them.
    pub fn sign_in(&self) {
        self.signed_in.notify_one();
    }

    /// How often TerminateSession was asked.
    #[must_use]
    pub fn terminates(&self) -> usize {
        self.terminates.load(Ordering::Relaxed)
    }

    /// The hosts of the data channels that were dialled, in order.
    #[must_use]
    pub fn dialled(&self) -> Vec<String> {
        let dialled = self.dialled.lock().unwrap_or_else(PoisonError::into_inner);
        dialled.clone()
    }

    /// Calls an operation, which is named with its service's prefix.
    async fn call(&self, operation: &str, body: &Value) -> Result<Value, SourceError> {
        let authority = self
            .endpoint
            .trim_start_matches("http://")
            .trim_end_matches('/');
        let unreachable = |detail: String| failed(SourceErrorKind::Unreachable, detail);
        let stream = TcpStream::connect(authority)
            .await
            .map_err(|e| unreachable(e.to_string()))?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|e| unreachable(e.to_string()))?;
        let request = Request::post("/")
            .header("host", authority)
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", operation)
            .body(Full::new(Bytes::from(body.to_string())))
            .map_err(|e| unreachable(e.to_string()))?;
        let answer = async {
            let response = sender.send_request(request).await?;
            let status = response.status();
            let bytes = response.into_body().collect().await?.to_bytes();
            drop(sender);
            Ok::<_, hyper::Error>((status, bytes))
        };
        let (answer, _closed) = tokio::join!(answer, connection);
        let (status, bytes) = answer.map_err(|e| unreachable(e.to_string()))?;
        let value: Value = serde_json::from_slice(&bytes)
            .map_err(|e| failed(SourceErrorKind::Malformed, e.to_string()))?;
        if status.is_success() {
            Ok(value)
        } else {
            let code = value["__type"].as_str().unwrap_or_default().to_owned();
            let kind = match code.as_str() {
                "ExpiredTokenException" => SourceErrorKind::SignInNeeded,
                "ThrottlingException" | "InternalServerError" | "ServiceUnavailable" => {
                    SourceErrorKind::Busy
                }
                _ => SourceErrorKind::Refused,
            };
            // The API of Session Manager writes one, KMS the other.
            let words = value["message"].as_str().or(value["Message"].as_str());
            Err(SourceError {
                message: words.unwrap_or("The simulator said no.").to_owned(),
                ..failed(kind, code)
            })
        }
    }

    async fn start_session(&self) -> Result<Ticket, SourceError> {
        self.starts.fetch_add(1, Ordering::Relaxed);
        let answer = self
            .call("AmazonSSM.StartSession", &json!({ "Target": self.target }))
            .await?;
        self.ticket(&answer)
    }

    async fn resume_session(&self, session_id: &SessionId) -> Result<Resumed, SourceError> {
        self.resumes.fetch_add(1, Ordering::Relaxed);
        let answer = self
            .call(
                "AmazonSSM.ResumeSession",
                &json!({ "SessionId": session_id.as_ref() }),
            )
            .await;
        let answer = match answer {
            Err(error) if error.detail.as_deref() == Some("DoesNotExistException") => {
                return Ok(Resumed::Gone);
            }
            answer => answer?,
        };
        if answer["TokenValue"].as_str().unwrap_or_default().is_empty() {
            return Ok(Resumed::Gone);
        }
        self.ticket(&answer).map(Resumed::Ticket)
    }

    fn ticket(&self, answer: &Value) -> Result<Ticket, SourceError> {
        let field = |name: &str| {
            answer[name]
                .as_str()
                .map(str::to_owned)
                .ok_or_else(|| failed(SourceErrorKind::Malformed, format!("no {name}")))
        };
        let session_id = SessionId::try_from(field("SessionId")?)
            .map_err(|e| failed(SourceErrorKind::Malformed, e.to_string()))?;
        let authority = self
            .endpoint
            .trim_start_matches("http://")
            .trim_end_matches('/');
        let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "80"));
        let allowed = [host, "localhost"].map(|host| AllowedHost {
            scheme: Scheme::Plain,
            host: host.to_owned(),
            port: port.parse().ok(),
        });
        let allowed = AllowedHosts::new(allowed.into());
        let stream_url = StreamUrl::parse(
            &SecretString::from(field("StreamUrl")?),
            &session_id,
            &allowed,
        )
        .map_err(|e| failed(SourceErrorKind::Malformed, e.to_string()))?;
        Ok(Ticket {
            session_id,
            target: self.target.clone(),
            token: SecretString::from(field("TokenValue")?),
            stream_url,
        })
    }
}

impl SessionSource for SimulatorSource {
    fn start(&self) -> SourceFuture<'_, Ticket> {
        Box::pin(self.start_session())
    }

    fn resume<'a>(&'a self, session_id: &'a SessionId) -> SourceFuture<'a, Resumed> {
        Box::pin(self.resume_session(session_id))
    }

    fn fresh_credentials(&self) -> SourceFuture<'_, ()> {
        Box::pin(async {
            self.signed_in.notified().await;
            Ok(())
        })
    }

    fn data_key<'a>(&'a self, request: &'a DataKeyRequest) -> SourceFuture<'a, DataKey> {
        Box::pin(async {
            let body = json!({
                "KeyId": request.key_id,
                "NumberOfBytes": 64,
                "EncryptionContext": request.context,
            });
            let answer = self.call("TrentService.GenerateDataKey", &body).await?;
            let field = |name: &str| {
                STANDARD
                    .decode(answer[name].as_str().unwrap_or_default())
                    .map_err(|e| failed(SourceErrorKind::Malformed, e.to_string()))
            };
            Ok(DataKey {
                plaintext: SecretSlice::from(field("Plaintext")?),
                ciphertext: field("CiphertextBlob")?,
            })
        })
    }

    fn dial_terms<'a>(&'a self, url: &'a StreamUrl) -> SourceFuture<'a, DialTerms> {
        Box::pin(async {
            let mut dialled = self.dialled.lock().unwrap_or_else(PoisonError::into_inner);
            dialled.push(url.host().to_owned());
            drop(dialled);
            Ok(DialTerms {
                headers: HeaderMap::new(),
                tls: no_tls(),
                proxy: None,
            })
        })
    }

    fn terminate<'a>(&'a self, session_id: &'a SessionId) -> SourceFuture<'a, ()> {
        Box::pin(async move {
            self.terminates.fetch_add(1, Ordering::Relaxed);
            self.call(
                "AmazonSSM.TerminateSession",
                &json!({ "SessionId": session_id.as_ref() }),
            )
            .await
            .map(|_| ())
        })
    }
}

/// A TLS configuration that trusts nobody: these tests speak plain WebSocket on loopback.
#[must_use]
pub fn no_tls() -> Arc<rustls::ClientConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider named above supports the default versions");
    Arc::new(
        config
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth(),
    )
}

/// An error of the control side.
#[must_use]
pub fn failed(kind: SourceErrorKind, detail: String) -> SourceError {
    SourceError {
        kind,
        message: "The simulator did not do as asked.".to_owned(),
        remedy: None,
        detail: Some(detail),
    }
}

/// One session held by a test, with everything it has said so far.
#[derive(Debug)]
pub struct Held {
    /// The session.
    pub handle: SessionHandle,
    /// Its news.
    pub updates: SessionUpdates,
    /// All output so far.
    pub output: Vec<u8>,
    /// All states so far.
    pub states: Vec<State>,
    /// All notices so far.
    pub notices: Vec<Notice>,
    /// Waits for the session's task.
    pub tracker: TaskTracker,
    /// Whether output is granted back as soon as it is seen.
    pub grants: bool,
    /// The longest wait for one piece of news; [`PATIENCE`] unless the test has a time of its own.
    pub patience: Duration,
}

impl Held {
    /// Starts a session of 80 × 24.
    #[must_use]
    pub fn start(source: Arc<dyn SessionSource>) -> Self {
        Self::start_with(source, |_| {})
    }

    /// The same with another configuration. Waits between tries are none unless it says otherwise.
    #[must_use]
    pub fn start_with(
        source: Arc<dyn SessionSource>,
        change: impl FnOnce(&mut SessionConfig),
    ) -> Self {
        let tracker = TaskTracker::new();
        let mut config = SessionConfig {
            size: TerminalSize::new(80, 24),
            jitter: Jitter::new(|| 0.0),
            ..SessionConfig::default()
        };
        change(&mut config);
        let (handle, updates) = SessionHandle::spawn(config, source, &tracker);
        Self {
            handle,
            updates,
            output: Vec::new(),
            states: Vec::new(),
            notices: Vec::new(),
            tracker,
            grants: true,
            patience: PATIENCE,
        }
    }

    /// Starts a session on the simulator's own machine and waits until it is open.
    pub async fn open(simulator: &Simulator) -> Self {
        let mut held = Self::start(SimulatorSource::new(simulator, DEMO_TARGET));
        held.until_open().await;
        held
    }

    /// Takes one piece of news.
    pub async fn next(&mut self) -> Option<SessionUpdate> {
        let update = timeout(self.patience, self.updates.recv())
            .await
            .unwrap_or_else(|_| {
                panic!(
                    "nothing new; states so far: {:?}, output: {}",
                    self.states,
                    self.text()
                )
            });
        match &update {
            Some(SessionUpdate::State(state)) => self.states.push(state.clone()),
            Some(SessionUpdate::Output(bytes) | SessionUpdate::Stderr(bytes)) => {
                self.output.extend_from_slice(bytes);
                if self.grants {
                    self.handle.grant_credit(bytes.len());
                }
            }
            Some(SessionUpdate::Notice(notice)) => self.notices.push(notice.clone()),
            None => {}
        }
        update
    }

    /// Waits until input reaches the agent.
    pub async fn until_open(&mut self) {
        while !self
            .states
            .iter()
            .any(|state| matches!(state, State::Open { .. }))
        {
            assert!(
                self.next().await.is_some(),
                "ended before it opened: {:?}",
                self.states
            );
        }
    }

    /// Waits until the output holds `text`.
    pub async fn until_output(&mut self, text: &str) {
        while !self.text().contains(text) {
            assert!(
                self.next().await.is_some(),
                "ended without {text:?}: {}",
                self.text()
            );
        }
    }

    /// Waits for a state that is told from now on.
    pub async fn until_state(&mut self, wanted: impl Fn(&State) -> bool) -> State {
        loop {
            match self.next().await {
                Some(SessionUpdate::State(state)) if wanted(&state) => return state,
                Some(_) => {}
                None => panic!("ended without the state: {:?}", self.states),
            }
        }
    }

    /// Waits until the connection is lost and another one is sought.
    pub async fn until_reconnecting(&mut self) {
        self.until_state(|state| matches!(state, State::Reconnecting(_)))
            .await;
    }

    /// Waits until the session is open again.
    pub async fn until_open_again(&mut self) {
        self.until_state(|state| matches!(state, State::Open { .. }))
            .await;
    }

    /// Ends the session and waits until nothing of it is left.
    pub async fn close(&self) {
        self.handle.close().await;
        self.tracker.close();
        timeout(PATIENCE, self.tracker.wait())
            .await
            .unwrap_or_else(|_| panic!("the task is still there"));
    }

    /// Waits for the end.
    pub async fn until_ended(&mut self) -> End {
        while self.next().await.is_some() {}
        match self.states.last() {
            Some(State::Ended(end)) => end.clone(),
            other => panic!("the news ended with {other:?}"),
        }
    }

    /// Types.
    pub async fn send(&self, text: &str) {
        assert!(
            self.handle
                .send_input(Bytes::copy_from_slice(text.as_bytes()))
                .await,
            "the session is over"
        );
    }

    /// The output as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.output).into_owned()
    }
}
