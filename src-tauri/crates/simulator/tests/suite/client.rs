//! A client of the data channel: the `protocol` crate's state machine over a plain WebSocket.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use http::Request;
use protocol::kms::{DataKeyRequest, GeneratedDataKey};
use protocol::{
    ClientConfig, ClientEvent, DataChannel, Frame, Notice, Now, Output, SessionId, SessionInfo,
    TerminalSize,
};
use secrecy::ExposeSecret as _;
use secrecy::SecretString;
use serde_json::{Value, json};
use simulator::{Config, Simulator, config};
use tokio::net::TcpStream;
use tokio::time::{sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error, Message};
use url::form_urlencoded;
use uuid::Uuid;

use crate::signer::Caller;

pub(crate) type Socket = WebSocketStream<TcpStream>;

/// No test waits longer for one thing.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// The default configuration with a shell that shows no more than it is told to.
pub(crate) fn config() -> Config {
    let mut config = Config::with_failing_targets();
    config.shell = config::Shell::new(["sh"]);
    config.shell.env = [("PS1", "$ "), ("ENV", "")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    config
}

/// What StartSession or ResumeSession answers.
#[derive(Clone, Debug)]
pub(crate) struct Started {
    pub(crate) id: String,
    pub(crate) url: String,
    pub(crate) token: SecretString,
}

impl Started {
    pub(crate) fn read(answer: &Value) -> Self {
        let text = |name: &str| {
            answer[name]
                .as_str()
                .unwrap_or_else(|| panic!("no {name}"))
                .to_owned()
        };
        Self {
            id: text("SessionId"),
            url: text("StreamUrl"),
            token: text("TokenValue").into(),
        }
    }
}

impl Caller {
    pub(crate) async fn start(&self, body: &Value) -> Started {
        Started::read(&self.ask("StartSession", body).await)
    }

    pub(crate) async fn resume(&self, id: &str) -> Started {
        Started::read(&self.ask("ResumeSession", &json!({ "SessionId": id })).await)
    }

    /// The upgrade to the data channel, signed.
    pub(crate) async fn dial(&self, url: &str) -> Result<Socket, Error> {
        self.dial_with(url, |_| {}).await
    }

    pub(crate) async fn dial_with(
        &self,
        url: &str,
        change: impl FnOnce(&mut Request<()>),
    ) -> Result<Socket, Error> {
        use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
        let mut request = url.into_client_request()?;
        // Session ids and cell numbers here are percent-encoded already, and the path gets it once more.
        let path = request.uri().path().replace('%', "%25");
        let query = request.uri().query().unwrap_or_default();
        let mut query: Vec<_> = query.split('&').collect();
        query.sort_unstable();
        for (name, value) in self.sign("ssmmessages", "GET", &path, &query.join("&"), b"") {
            request.headers_mut().insert(
                http::HeaderName::try_from(name).unwrap(),
                value.parse().unwrap(),
            );
        }
        change(&mut request);
        let stream = TcpStream::connect(&self.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        tokio_tungstenite::client_async(request, stream)
            .await
            .map(|(socket, _)| socket)
    }
}

/// The text frame with the token, as other clients write it.
pub(crate) fn open_frame(token: &str) -> String {
    json!({
        "MessageSchemaVersion": "1.0",
        "RequestId": Uuid::new_v4(),
        "TokenValue": token,
        "ClientId": Uuid::new_v4(),
        "ClientVersion": "1.2.764.0",
    })
    .to_string()
}

/// One session from a client's side. Everything it is told is kept.
pub(crate) struct Client {
    pub(crate) caller: Caller,
    pub(crate) id: String,
    pub(crate) channel: DataChannel,
    pub(crate) socket: Option<Socket>,
    epoch: Instant,
    pub(crate) opened: Option<SessionInfo>,
    pub(crate) output: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    pub(crate) exit_code: Option<i32>,
    pub(crate) closed: Option<String>,
    pub(crate) largest_chunk: usize,
    pub(crate) notices: Vec<Notice>,
    /// What the agent wanted KMS to be asked for.
    pub(crate) key_request: Option<DataKeyRequest>,
    key_needed: bool,
    /// Binary frames as they come, if they are wanted.
    pub(crate) frames: Option<Vec<Bytes>>,
    /// Set when the socket has ended, by whichever side.
    pub(crate) gone: Option<Option<u16>>,
    input: Vec<u8>,
}

impl Client {
    /// Starts a shell on the demo target and opens its data channel.
    pub(crate) async fn shell(simulator: &Simulator) -> Self {
        Self::shell_of(simulator, Some((80, 24))).await
    }

    pub(crate) async fn shell_of(simulator: &Simulator, size: Option<(u16, u16)>) -> Self {
        let body = json!({ "Target": simulator.target() });
        Self::start(Caller::of(simulator), &body, size).await
    }

    pub(crate) async fn start(caller: Caller, body: &Value, size: Option<(u16, u16)>) -> Self {
        let target = body["Target"].as_str();
        Self::start_as(caller, body, size, target).await
    }

    /// With another idea of what the target is called.
    pub(crate) async fn start_as(
        caller: Caller,
        body: &Value,
        size: Option<(u16, u16)>,
        target: Option<&str>,
    ) -> Self {
        let started = caller.start(body).await;
        let mut config = ClientConfig::new(
            SessionId::try_from(started.id.as_str()).unwrap(),
            Uuid::new_v4(),
        );
        config.target = target.map(str::to_owned);
        config.size = size.and_then(|(cols, rows)| TerminalSize::new(cols, rows));
        let mut client = Self {
            caller,
            id: started.id.clone(),
            channel: DataChannel::new(config, Box::new(Uuid::new_v4)),
            socket: None,
            epoch: Instant::now(),
            opened: None,
            output: Vec::new(),
            stderr: Vec::new(),
            exit_code: None,
            closed: None,
            largest_chunk: 0,
            notices: Vec::new(),
            key_request: None,
            key_needed: false,
            frames: None,
            gone: None,
            input: Vec::new(),
        };
        client.connect(&started).await;
        client
    }

    pub(crate) async fn connect(&mut self, started: &Started) {
        self.socket = Some(self.caller.dial(&started.url).await.unwrap());
        self.gone = None;
        let now = self.now();
        self.channel.handle_connected(now, &started.token);
        self.flush().await;
    }

    /// Resumes the session after its connection has gone.
    pub(crate) async fn reconnect(&mut self) {
        let started = self.caller.resume(&self.id).await;
        self.connect(&started).await;
    }

    /// Drops the connection without a word.
    pub(crate) fn cut(&mut self) {
        self.socket = None;
        let now = self.now();
        self.channel.handle_disconnected(now);
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.input.extend_from_slice(bytes.as_ref());
    }

    pub(crate) fn resize(&mut self, cols: u16, rows: u16) {
        let now = self.now();
        self.channel
            .resize(now, TerminalSize::new(cols, rows).unwrap());
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.output).into_owned()
    }

    /// Runs until the output holds `wanted`, and takes everything to its end out of it.
    pub(crate) async fn read_until(&mut self, wanted: &str) -> String {
        let mut searched = 0;
        let mut end = None;
        self.run_until(&format!("{wanted:?}"), |client| {
            let rest = &client.output[searched..];
            end = rest
                .windows(wanted.len())
                .position(|window| window == wanted.as_bytes())
                .map(|start| searched + start + wanted.len());
            searched = client.output.len().saturating_sub(wanted.len());
            end.is_some()
        })
        .await;
        let taken: Vec<u8> = self.output.drain(..end.unwrap()).collect();
        String::from_utf8_lossy(&taken).into_owned()
    }

    /// Runs until the service has closed the session; its text.
    pub(crate) async fn read_to_end(&mut self) -> String {
        self.run_until("channel_closed", |client| client.closed.is_some())
            .await;
        self.closed.clone().unwrap()
    }

    pub(crate) async fn run_until(&mut self, what: &str, mut done: impl FnMut(&Self) -> bool) {
        let running = async {
            while !done(self) {
                self.step().await;
            }
        };
        if timeout(LIMIT, running).await.is_err() {
            let tail: String = self
                .text()
                .chars()
                .rev()
                .take(500)
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
                .collect();
            panic!(
                "waited for {what}; output ends with {tail:?}; {:?} {:?}",
                self.channel, self.gone
            );
        }
    }

    async fn step(&mut self) {
        self.flush().await;
        self.bring_key().await;
        self.flush().await;
        let deadline = self.channel.poll_timeout();
        let deadline = deadline.map(|elapsed| tokio::time::Instant::from_std(self.epoch + elapsed));
        let Some(socket) = &mut self.socket else {
            // Only time passes.
            return tokio::time::sleep(Duration::from_millis(10)).await;
        };
        tokio::select! {
            message = socket.next() => self.handle_message(message),
            () = async { match deadline { Some(at) => sleep_until(at).await, None => std::future::pending().await } } => {
                let now = self.now();
                self.channel.handle_timeout(now);
            }
        }
        self.flush().await;
    }

    fn handle_message(&mut self, message: Option<Result<Message, Error>>) {
        let now = self.now();
        match message {
            Some(Ok(Message::Binary(frame))) => {
                if let Some(frames) = &mut self.frames {
                    frames.push(frame.clone());
                }
                self.channel.handle_frame(now, frame);
            }
            Some(Ok(Message::Text(text))) => self.channel.handle_frame(now, Bytes::from(text)),
            Some(Ok(Message::Close(frame))) => {
                self.gone = Some(frame.map(|frame| frame.code.into()));
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
            Some(Err(_)) | None => {
                self.gone.get_or_insert(None);
                self.socket = None;
                self.channel.handle_disconnected(now);
            }
        }
    }

    async fn flush(&mut self) {
        loop {
            let now = self.now();
            let taken = self.channel.send_input(now, &self.input);
            self.input.drain(..taken);
            let mut busy = taken > 0;
            while let Some(output) = self.channel.poll_output() {
                busy = true;
                match output {
                    Output::Transmit(Frame::Open(text)) => {
                        self.write(Message::text(text.expose_secret())).await;
                    }
                    Output::Transmit(Frame::Binary(frame)) => {
                        self.write(Message::Binary(frame)).await
                    }
                    Output::Event(event) => self.handle_event(event),
                }
            }
            if !busy {
                break;
            }
        }
        if let Some(socket) = &mut self.socket {
            let _end_is_seen_by_reading = socket.flush().await;
        }
    }

    /// Asks KMS if that is wanted.
    async fn bring_key(&mut self) {
        if !std::mem::take(&mut self.key_needed) {
            return;
        }
        let request = self.key_request.clone().unwrap();
        let body = json!({
            "KeyId": request.key_id,
            "NumberOfBytes": 64,
            "EncryptionContext": request.context,
        });
        let answer = self.caller.call_kms("GenerateDataKey", &body).await;
        let now = self.now();
        if answer.status == 200 {
            let answer = answer.json();
            let bytes = |name: &str| STANDARD.decode(answer[name].as_str().unwrap()).unwrap();
            let key = GeneratedDataKey::new(&bytes("Plaintext"), bytes("CiphertextBlob"), [7; 12]);
            self.channel.provide_data_key(now, key.unwrap());
        } else {
            self.channel.refuse_data_key(now, &answer.error().1);
        }
    }

    async fn write(&mut self, message: Message) {
        if let Some(socket) = &mut self.socket {
            let _end_is_seen_by_reading = socket.feed(message).await;
        }
    }

    fn handle_event(&mut self, event: ClientEvent) {
        match event {
            ClientEvent::Opened(info) => self.opened = Some(info),
            ClientEvent::Output(bytes) => {
                self.largest_chunk = self.largest_chunk.max(bytes.len());
                self.output.extend_from_slice(&bytes);
            }
            ClientEvent::Stderr(bytes) => self.stderr.extend_from_slice(&bytes),
            ClientEvent::ExitCode(code) => self.exit_code = Some(code),
            ClientEvent::Closed(closed) => self.closed = Some(closed.output),
            ClientEvent::Notice(notice) => self.notices.push(notice),
            ClientEvent::Failed(error) => panic!("failed: {error}"),
            ClientEvent::DataKeyNeeded(request) => {
                self.key_request = Some(request);
                self.key_needed = true;
            }
            ClientEvent::HandshakeRequested { .. } | ClientEvent::FlagReceived(_) => {}
        }
    }

    fn now(&self) -> Now {
        let unix = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap();
        Now {
            elapsed: self.epoch.elapsed(),
            unix_ms: u64::try_from(unix.as_millis()).unwrap(),
        }
    }
}

/// The parameters of a stream URL, decoded.
pub(crate) fn query(url: &str) -> Vec<(String, String)> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

/// Whether a process lives; a zombie does not.
pub(crate) fn is_alive(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z"))
}
