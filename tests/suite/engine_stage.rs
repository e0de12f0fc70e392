//! A service and its agent in virtual time, for engine tests: connections are pipes in memory, and each can be cut in
//! every way that a connection is lost.
//!
//! The agent's end is the `protocol` crate's own, so whatever is lost on the way has to be repeated by the rules.

use std::collections::VecDeque;
use std::future::pending;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use engine::{
    AllowedHost, AllowedHosts, DataKey, DataKeyRequest, DialTerms, Network, Resumed, Scheme,
    SessionConfig, SessionId, SessionSource, SourceError, SourceErrorKind, SourceFuture, StreamUrl,
    Ticket, Transport, WallClock,
};
use futures_util::{FutureExt, SinkExt, StreamExt};
use http::{HeaderMap, HeaderValue};
use protocol::open::OpenDataChannel;
use protocol::{AgentChannel, AgentConfig, AgentEvent, Frame, Now, Output};
use secrecy::{ExposeSecret, SecretString};
use testsuite::fixtures::{Held, failed, no_tls};
use testsuite::oracles::{counted_ids, session_id};
use testsuite::scripted;
use tokio::io::{DuplexStream, duplex};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};
use uuid::Uuid;

/// How much fits into a connection between its ends.
pub(crate) const PIPE_BYTES: usize = 64 * 1024;

/// How a connection is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// A close frame with this code; 1000 says "Bye".
    Close(u16),
    /// The stream ends.
    Abort,
    /// Nothing more is read, written or closed.
    BlackHole,
}

/// What becomes of an attempt to connect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Reach {
    #[default]
    Open,
    /// Nobody listens.
    Refused,
    /// The host has no address.
    NoAddress,
    /// Nothing ever answers.
    Silent,
    /// Somebody answers who speaks another language.
    Garbled,
    /// The upgrade is answered with this status.
    Status(u16),
    /// The upgrade succeeds and every token is refused.
    TokenRefused,
}

/// What ResumeSession answers.
#[derive(Clone, Debug, Default)]
pub(crate) enum Answer {
    #[default]
    Ticket,
    Gone,
    Error(SourceErrorKind),
    Never,
    /// The program that asks fails over it.
    Panic,
}

/// What a client said when it opened a connection.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    pub(crate) query: String,
    pub(crate) signature: Option<String>,
    pub(crate) request_id: Uuid,
    pub(crate) client_id: Uuid,
    pub(crate) token: String,
}

/// Says after how many frames the next connection is cut, and how.
pub(crate) type CutPlan = Box<dyn FnMut() -> Option<(u32, Cut)> + Send>;

pub(crate) struct State {
    pub(crate) reach: Reach,
    pub(crate) answer: Answer,
    /// Whether dialling needs a sign-in first.
    pub(crate) signed_out: bool,
    /// Whether the URLs given out carry a signature of their own.
    pub(crate) presigned: bool,
    /// Whether URLs are for TLS.
    pub(crate) tls: bool,
    /// When each connection was tried, and ResumeSession asked.
    pub(crate) dials: Vec<Instant>,
    pub(crate) resumes: Vec<Instant>,
    pub(crate) terminates: usize,
    pub(crate) sign_in_asks: usize,
    pub(crate) opened: Vec<Opened>,
    /// All input that reached the agent.
    pub(crate) received: Vec<u8>,
    /// Output the agent has still to send.
    pub(crate) to_send: VecDeque<Bytes>,
    /// Frames to write as they are, past the agent.
    pub(crate) raw: VecDeque<Bytes>,
    /// Bytes that were written to clients.
    pub(crate) written: usize,
    /// When frames are counted down to 0, the connection is cut so.
    pub(crate) cut_after: Option<(u32, Cut)>,
    /// Plans the next cut when one is done.
    pub(crate) next_cut: Option<CutPlan>,
    /// The cuts that were counted down to.
    pub(crate) cuts: Vec<Cut>,
    agent: AgentChannel,
    is_agent_started: bool,
    tokens: usize,
    dial_terms: usize,
    slept: Duration,
}

pub(crate) struct Stage {
    state: Mutex<State>,
    start: Instant,
    cut: watch::Sender<Option<Cut>>,
    connection: watch::Sender<u64>,
    changed: Notify,
    signed_in: watch::Sender<bool>,
}

impl Stage {
    pub(crate) fn new() -> Arc<Self> {
        let agent = AgentConfig::new(session_id(), "3.3.987.0");
        Arc::new(Self {
            state: Mutex::new(State {
                reach: Reach::Open,
                answer: Answer::Ticket,
                signed_out: false,
                presigned: false,
                tls: false,
                dials: Vec::new(),
                resumes: Vec::new(),
                terminates: 0,
                sign_in_asks: 0,
                opened: Vec::new(),
                received: Vec::new(),
                to_send: VecDeque::from([Bytes::from_static(b"$ ")]),
                raw: VecDeque::new(),
                written: 0,
                cut_after: None,
                next_cut: None,
                cuts: Vec::new(),
                agent: AgentChannel::new(agent, counted_ids(1 << 80)),
                is_agent_started: false,
                tokens: 0,
                dial_terms: 0,
                slept: Duration::ZERO,
            }),
            start: Instant::now(),
            cut: watch::Sender::new(None),
            connection: watch::Sender::new(0),
            changed: Notify::new(),
            signed_in: watch::Sender::new(false),
        })
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics with it")
    }

    /// Cuts the connection that stands.
    pub(crate) fn cut(&self, cut: Cut) {
        self.cut.send_replace(Some(cut));
    }

    /// Has the agent send output.
    pub(crate) fn send(&self, bytes: impl Into<Bytes>) {
        self.state().to_send.push_back(bytes.into());
        self.changed.notify_one();
    }

    /// Has the service write a frame.
    pub(crate) fn write_raw(&self, frame: Bytes) {
        self.state().raw.push_back(frame);
        self.changed.notify_one();
    }

    /// Credentials expire.
    pub(crate) fn sign_out(&self) {
        self.state().signed_out = true;
        self.signed_in.send_replace(false);
    }

    /// There are credentials again.
    pub(crate) fn sign_in(&self) {
        self.state().signed_out = false;
        self.signed_in.send_replace(true);
    }

    /// The computer sleeps: time passes for the wall's clock alone.
    pub(crate) fn sleep(&self, time: Duration) {
        self.state().slept += time;
    }

    /// Starts a session of this stage; waits are as long as they can be.
    pub(crate) fn start(self: &Arc<Self>) -> Held {
        self.start_with(|_| {})
    }

    pub(crate) fn start_with(self: &Arc<Self>, change: impl FnOnce(&mut SessionConfig)) -> Held {
        let source = Arc::new(StageSource(Arc::clone(self)));
        let mut held = Held::start_with(source, |config| {
            let stage = Arc::clone(self);
            config.network = Network::new(move |_host, _port| {
                let stage = Arc::clone(&stage);
                Box::pin(async move { stage.connect().await })
            });
            let stage = Arc::clone(self);
            config.wall_clock = WallClock::new(move || stage.wall());
            config.jitter = engine::Jitter::new(|| 1.0);
            change(config);
        });
        held.patience = Duration::from_secs(48 * 3600);
        held
    }

    /// Starts a session and waits until it is open.
    pub(crate) async fn open(self: &Arc<Self>) -> Held {
        let mut held = self.start();
        held.until_open().await;
        held
    }

    /// Waits until the agent has this much input.
    pub(crate) async fn until_received(&self, bytes: usize) {
        while self.state().received.len() < bytes {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn wall(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_700_000_000) + self.start.elapsed() + self.state().slept
    }

    fn now(&self) -> Now {
        Now {
            elapsed: self.start.elapsed(),
            unix_ms: 1_700_000_000_000,
        }
    }

    async fn connect(self: Arc<Self>) -> io::Result<Box<dyn Transport>> {
        let reach = {
            let mut state = self.state();
            state.dials.push(Instant::now());
            state.reach
        };
        match reach {
            Reach::Refused => return Err(io::ErrorKind::ConnectionRefused.into()),
            Reach::NoAddress => return Err(io::Error::other("failed to look up the address")),
            Reach::Silent => return pending().await,
            Reach::Open | Reach::Garbled | Reach::Status(_) | Reach::TokenRefused => {}
        }
        let (near, far) = duplex(PIPE_BYTES);
        tokio::spawn(self.serve(far, reach));
        Ok(Box::new(near))
    }

    async fn serve(self: Arc<Self>, mut stream: DuplexStream, reach: Reach) {
        if reach == Reach::Garbled {
            use tokio::io::AsyncWriteExt;
            let _ = stream.write_all(b"220 mail.example ESMTP\r\n\r\n").await;
            return;
        }
        let mut query = String::new();
        let mut signature = None;
        #[expect(
            clippy::result_large_err,
            reason = "the WebSocket library says what a refusal is"
        )]
        let upgrade = |request: &Request, response: Response| {
            if let Reach::Status(status) = reach {
                let mut refusal = ErrorResponse::new(None);
                *refusal.status_mut() = http::StatusCode::from_u16(status).expect("a status");
                return Err(refusal);
            }
            query = request.uri().query().unwrap_or_default().to_owned();
            signature = request
                .headers()
                .get("authorization")
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned);
            Ok(response)
        };
        let Ok(mut socket) = accept_hdr_async(stream, upgrade).await else {
            return;
        };
        let Some(Ok(Message::Text(text))) = socket.next().await else {
            return;
        };
        let open = OpenDataChannel::decode(&text).expect("the first frame opens the channel");
        let token = open.token.expose_secret().to_owned();
        let is_valid = {
            let mut state = self.state();
            let is_valid = token == format!("token-{}", state.tokens);
            state.opened.push(Opened {
                query,
                signature,
                request_id: open.request_id,
                client_id: open.client_id,
                token,
            });
            is_valid && reach != Reach::TokenRefused
        };
        if !is_valid {
            let _ = socket.close(None).await;
            return;
        }
        // A second connection replaces the first.
        self.connection.send_modify(|number| *number += 1);
        let number = *self.connection.borrow();
        self.cut.send_replace(None);
        {
            let mut state = self.state();
            let now = self.now();
            state.agent.handle_connected(now);
            if !std::mem::replace(&mut state.is_agent_started, true) {
                state.agent.set_ready(now);
            }
        }
        self.relay(socket).await;
        if *self.connection.borrow() == number {
            let now = self.now();
            self.state().agent.handle_disconnected(now);
        }
    }

    async fn relay(&self, mut socket: WebSocketStream<DuplexStream>) {
        let mut replaced = self.connection.subscribe();
        let mut cut = self.cut.subscribe();
        loop {
            let (frames, deadline) = self.work();
            for frame in frames {
                let sent = tokio::select! {
                    biased;
                    wanted = wanted_cut(&mut cut) => return Self::part(socket, wanted).await,
                    sent = socket.send(Message::Binary(frame)) => sent,
                };
                if sent.is_err() {
                    return;
                }
                self.count_down();
                // In turns: a connection that is cut after a few frames must not have carried one direction alone.
                if let Some(message) = socket.next().now_or_never()
                    && !self.take(message)
                {
                    return;
                }
            }
            let due = async {
                match deadline {
                    Some(deadline) => sleep_until(self.start + deadline).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                biased;
                wanted = wanted_cut(&mut cut) => return Self::part(socket, wanted).await,
                Ok(()) = replaced.changed() => return,
                message = socket.next() => {
                    if !self.take(message) {
                        return;
                    }
                }
                () = self.changed.notified() => {}
                () = due => {
                    let now = self.now();
                    self.state().agent.handle_timeout(now);
                }
            }
        }
    }

    /// Hands a client's message to the agent; false when the client has left.
    fn take(&self, message: Option<Result<Message, SocketError>>) -> bool {
        match message {
            Some(Ok(Message::Binary(frame))) => {
                let now = self.now();
                self.state().agent.handle_frame(now, frame);
                self.count_down();
                true
            }
            Some(Ok(_)) => true,
            None | Some(Err(_)) => false,
        }
    }

    async fn part(mut socket: WebSocketStream<DuplexStream>, cut: Option<Cut>) {
        match cut {
            Some(Cut::Close(code)) => {
                let frame = CloseFrame {
                    code: code.into(),
                    reason: if code == 1000 { "Bye" } else { "" }.into(),
                };
                let _ = socket.close(Some(frame)).await;
            }
            // Kept open until long after the client must have noticed.
            Some(Cut::BlackHole) => {
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_secs(24 * 3600)).await;
                    drop(socket);
                });
            }
            Some(Cut::Abort) | None => drop(socket),
        }
    }

    /// What the agent and the service want written, and when the agent wants to be looked at.
    fn work(&self) -> (Vec<Bytes>, Option<Duration>) {
        let now = self.now();
        let mut state = self.state();
        let state = &mut *state;
        while state.agent.output_capacity() > 0
            && let Some(mut bytes) = state.to_send.pop_front()
        {
            let chunk = bytes.split_to(bytes.len().min(1024));
            if !bytes.is_empty() {
                state.to_send.push_front(bytes);
            }
            state.agent.send_output(now, chunk);
        }
        let mut frames: Vec<Bytes> = state.raw.drain(..).collect();
        while let Some(output) = state.agent.poll_output() {
            match output {
                Output::Transmit(Frame::Binary(frame)) => {
                    // The service keeps what the agent says of its state.
                    if !frame[4..36].starts_with(b"agent_session_state") {
                        frames.push(frame);
                    }
                }
                Output::Transmit(Frame::Open(_)) => {}
                Output::Event(AgentEvent::Input(bytes)) => state.received.extend_from_slice(&bytes),
                Output::Event(_) => {}
            }
        }
        state.written += frames.iter().map(Bytes::len).sum::<usize>();
        (frames, state.agent.poll_timeout())
    }

    fn count_down(&self) {
        let mut state = self.state();
        let Some((left, cut)) = &mut state.cut_after else {
            return;
        };
        *left = left.saturating_sub(1);
        if *left == 0 {
            let cut = *cut;
            state.cuts.push(cut);
            state.cut_after = match &mut state.next_cut {
                Some(next) => next(),
                None => None,
            };
            drop(state);
            self.cut(cut);
        }
    }

    fn ticket(&self) -> Ticket {
        let mut state = self.state();
        state.tokens += 1;
        let (number, presigned) = (state.tokens, state.presigned);
        let (scheme, text) = if state.tls {
            (Scheme::Tls, "wss")
        } else {
            (Scheme::Plain, "ws")
        };
        let id = session_id();
        let signature = if presigned { "&X-Amz-Signature=00" } else { "" };
        let url = SecretString::from(format!(
            "{text}://stage/v1/data-channel/{id}?role=publish_subscribe&cell-number={number}{signature}"
        ));
        let allowed = AllowedHosts::new(vec![AllowedHost {
            scheme,
            host: "stage".to_owned(),
            port: None,
        }]);
        Ticket {
            stream_url: StreamUrl::parse(&url, &id, &allowed).expect("the stage's own URL"),
            target: "i-0123456789abcdef0".to_owned(),
            token: SecretString::from(format!("token-{number}")),
            session_id: id,
        }
    }

    fn check_signed_in(&self) -> Result<(), SourceError> {
        if self.state().signed_out {
            return Err(failed(
                SourceErrorKind::SignInNeeded,
                "ExpiredTokenException".to_owned(),
            ));
        }
        Ok(())
    }
}

/// The control side of the stage.
struct StageSource(Arc<Stage>);

impl SessionSource for StageSource {
    fn start(&self) -> SourceFuture<'_, Ticket> {
        Box::pin(async { Ok(self.0.ticket()) })
    }

    fn resume<'a>(&'a self, _session_id: &'a SessionId) -> SourceFuture<'a, Resumed> {
        Box::pin(async {
            let answer = {
                let mut state = self.0.state();
                state.resumes.push(Instant::now());
                state.answer.clone()
            };
            self.0.check_signed_in()?;
            match answer {
                Answer::Ticket => Ok(Resumed::Ticket(self.0.ticket())),
                Answer::Gone => Ok(Resumed::Gone),
                Answer::Error(kind) => Err(failed(kind, "said the stage".to_owned())),
                Answer::Never => pending().await,
                Answer::Panic => panic!("the stage was told to"),
            }
        })
    }

    fn dial_terms<'a>(&'a self, _url: &'a StreamUrl) -> SourceFuture<'a, DialTerms> {
        Box::pin(async {
            self.0.check_signed_in()?;
            let mut state = self.0.state();
            state.dial_terms += 1;
            let signature = format!("signature {}", state.dial_terms);
            let mut headers = HeaderMap::new();
            headers.insert(
                "authorization",
                HeaderValue::from_str(&signature).expect("plain text"),
            );
            Ok(DialTerms {
                headers,
                tls: no_tls(),
                proxy: None,
            })
        })
    }

    fn fresh_credentials(&self) -> SourceFuture<'_, ()> {
        Box::pin(async {
            self.0.state().sign_in_asks += 1;
            let mut signed_in = self.0.signed_in.subscribe();
            let _ = signed_in.wait_for(|&signed_in| signed_in).await;
            Ok(())
        })
    }

    fn data_key<'a>(&'a self, _request: &'a DataKeyRequest) -> SourceFuture<'a, DataKey> {
        Box::pin(async {
            Err(failed(
                SourceErrorKind::Refused,
                "the stage has no KMS".to_owned(),
            ))
        })
    }

    fn terminate<'a>(&'a self, _session_id: &'a SessionId) -> SourceFuture<'a, ()> {
        Box::pin(async {
            self.0.state().terminates += 1;
            Ok(())
        })
    }
}

async fn wanted_cut(cut: &mut watch::Receiver<Option<Cut>>) -> Option<Cut> {
    cut.wait_for(Option::is_some)
        .await
        .ok()
        .and_then(|cut| *cut)
}

/// The service's word that the session is over.
pub(crate) fn closed(output: &str) -> Bytes {
    scripted::closed(output)
}
