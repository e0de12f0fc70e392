//! A client and an agent over a bad network, in virtual time.
//!
//! The model stands where the service does: it relays frames with delay, loss, repetition, reordering and damage,
//! cuts either end's connection and lets it reconnect, and tells the other end with pause and start publication. It
//! also plays KMS for sessions that are encrypted, and watches every frame: a number stands for the same bytes for
//! ever, and nothing of an encrypted session passes in the clear. Everything follows from one seed, so a failure
//! replays exactly.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use protocol::kms::{DataKey, DataKeyRequest, DecryptRequest, GeneratedDataKey, SessionCipher};
use protocol::service::{self, HeaderForm};
use protocol::{
    AgentChannel, AgentConfig, AgentEvent, AgentMessage, ClientConfig, ClientEvent, DataChannel,
    EncryptionPlan, Frame, HandshakePlan, Limits, MessageType, Now, Output, PayloadType,
    ResendPolicy, SequenceNumber, SessionInfo, SessionType, TerminalSize,
};
use secrecy::ExposeSecret;
use uuid::Uuid;

use crate::oracles::{counted_ids, session_id};
use crate::scripted::TARGET;

/// How bad the network is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Network {
    /// Shortest time a frame takes.
    pub delay: Duration,
    /// Most it may take beyond that; more than a few milliseconds reorders.
    pub jitter: Duration,
    /// Frames lost, per thousand.
    pub loss: u64,
    /// Acknowledgements lost beyond that, per thousand.
    pub acknowledgement_loss: u64,
    /// Frames that are overtaken by those behind them, per thousand.
    pub late: u64,
    /// By how much, at most.
    pub late_by: Duration,
    /// Mean time between pauses either end is told of for no reason; zero for none.
    pub pause_every: Duration,
    /// Longest time KMS takes to answer.
    pub kms_delay: Duration,
    /// Frames delivered twice, per thousand.
    pub repetition: u64,
    /// Frames damaged where the reader can notice, per thousand.
    pub damage: u64,
    /// Frames of unknown kinds and plain noise, sent along with every thousand.
    pub noise: u64,
    /// Mean time between cuts of either connection; zero for none.
    pub cut_every: Duration,
    /// Longest time until a cut connection is back.
    pub outage: Duration,
    /// Time until the agent's program takes input.
    pub agent_start: Duration,
}

impl Network {
    /// Draws a network between fine and dreadful.
    pub fn from_seed(seed: u64) -> Self {
        let mut random = Random::new(seed ^ 0x6e65_7477_6f72_6b73);
        let ms = |millis| Duration::from_millis(millis);
        Self {
            delay: ms(random.below(150)),
            jitter: ms(random.below(120)),
            loss: random.below(200),
            repetition: random.below(150),
            damage: random.below(80),
            noise: random.below(60),
            cut_every: ms(if random.below(3) == 0 {
                0
            } else {
                500 + random.below(8000)
            }),
            outage: ms(50 + random.below(3000)),
            agent_start: ms(random.below(1200)),
            acknowledgement_loss: 0,
            late: 0,
            late_by: Duration::ZERO,
            pause_every: Duration::ZERO,
            kms_delay: ms(400),
        }
    }

    /// Draws a network with every fault there is, most of them mild and some of them not.
    pub fn mixed(random: &mut Random) -> Self {
        let ms = |millis| Duration::from_millis(millis);
        // A fault is absent, mild or bad, each independently of the others.
        let degree = |random: &mut Random, mild: u64, bad: u64| match random.below(4) {
            0 => 0,
            1 | 2 => random.below(mild),
            _ => random.below(bad),
        };
        Self {
            delay: ms(degree(random, 40, 200)),
            jitter: ms(degree(random, 20, 150)),
            loss: degree(random, 40, 200),
            acknowledgement_loss: degree(random, 100, 400),
            late: degree(random, 50, 200),
            late_by: ms(1 + random.below(80)),
            repetition: degree(random, 50, 200),
            damage: degree(random, 30, 100),
            noise: degree(random, 30, 100),
            cut_every: match random.below(3) {
                0 => Duration::ZERO,
                1 => ms(200 + random.below(800)),
                _ => ms(1000 + random.below(8000)),
            },
            outage: ms(20 + degree(random, 300, 3000)),
            pause_every: match random.below(3) {
                0 => ms(300 + random.below(3000)),
                _ => Duration::ZERO,
            },
            agent_start: ms(degree(random, 200, 1200)),
            kms_delay: ms(1 + random.below(1000)),
        }
    }
}

/// One session of the mix: both ends as they are configured, the network, and what is transferred.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What everything was drawn from.
    pub seed: u64,
    /// The network between the ends.
    pub network: Network,
    /// The client's end.
    pub client: ClientConfig,
    /// The agent's end.
    pub agent: AgentConfig,
    /// Bytes to the agent.
    pub up: usize,
    /// Bytes to the client.
    pub down: usize,
    /// What the program prints to standard error at the end, if it tells it apart, with its exit code.
    pub command_end: Option<(Vec<u8>, i32)>,
}

impl Scenario {
    /// Draws one.
    pub fn from_seed(seed: u64) -> Self {
        let mut random = Random::new(seed ^ 0x7363_656e_6172_696f);
        let network = Network::mixed(&mut random);
        let (mut client, mut agent) = Pair::configs();
        client.target = Some(TARGET.into());
        client.size = TerminalSize::new(80, 24).filter(|_| random.chance(700));
        client.early_size = random.chance(700);
        if random.chance(600) {
            let session_type = [
                SessionType::StandardStream,
                SessionType::InteractiveCommands,
                SessionType::NonInteractiveCommands,
                SessionType::Port,
            ][usize::try_from(random.below(4)).unwrap_or_default()]
            .clone();
            agent.handshake = Some(HandshakePlan {
                session_type,
                properties: None,
                encryption: random.chance(700).then(|| encryption_plan(&mut random)),
            });
            agent.agent_version = if random.chance(500) {
                "3.3.987.0"
            } else {
                "3.2.582.0"
            }
            .into();
        }
        if random.chance(200) {
            agent.limits.resend = ResendPolicy::HeadOnly;
        }
        let mut small = 1;
        for limits in [&mut client.limits, &mut agent.limits] {
            if random.chance(300) {
                small = 6;
                *limits = small_limits(limits, &mut random);
            }
        }
        let first = SequenceNumber(match random.below(4) {
            0 => (1 << 32) - 3,
            1 => (1 << 53) - 3,
            _ => 0,
        });
        (client.first_sequence_number, agent.first_sequence_number) = (first, first);
        let most = [0, 500, 12_000, 60_000][usize::try_from(random.below(4)).unwrap_or_default()];
        // The reference agent repeats ten messages a second: what is lost much takes long, not another course.
        let slow = if agent.limits.resend == ResendPolicy::HeadOnly {
            3
        } else {
            1
        };
        let mut amount =
            || usize::try_from(1 + random.below(most) / (small * slow)).unwrap_or_default();
        let (up, down) = (amount(), amount());
        let command_end = random.chance(300).then(|| {
            (
                random.bytes(40),
                i32::try_from(random.below(256)).unwrap_or_default(),
            )
        });
        Self {
            seed,
            network,
            client,
            agent,
            up,
            down,
            command_end,
        }
    }

    /// Whether the session is to be encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.agent
            .handshake
            .as_ref()
            .is_some_and(|plan| plan.encryption.is_some())
    }
}

/// Draws how an agent encrypts.
pub fn encryption_plan(random: &mut Random) -> EncryptionPlan {
    let mut draw = |bytes: &mut [u8]| bytes.copy_from_slice(&random.bytes(bytes.len()));
    let mut plan = EncryptionPlan {
        kms_key_id: "arn:aws:kms:eu-west-1:111122223333:key/1".into(),
        target: TARGET.into(),
        requires_challenge: false,
        random_challenge: [0; 16],
        secret: [0; 64],
        first_nonce: [0; 12],
    };
    draw(&mut plan.random_challenge);
    draw(&mut plan.secret);
    draw(&mut plan.first_nonce);
    plan.requires_challenge = random.chance(500);
    plan
}

fn small_limits(limits: &Limits, random: &mut Random) -> Limits {
    let mut draw = |least: u64, most: u64| {
        usize::try_from(least + random.below(most - least)).unwrap_or_default()
    };
    Limits {
        payload_bytes: draw(60, 400),
        window_messages: draw(2, 20),
        window_bytes: draw(300, 4000),
        held_input_bytes: draw(100, 2000),
        reorder_messages: draw(2, 20),
        reorder_bytes: draw(700, 6000),
        ..*limits
    }
}

/// Small, fast, and the same for ever: seeds in bug reports must replay after an update of any dependency.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Starts from a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns any number (SplitMix64).
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns a number below `limit`, or 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        if limit == 0 {
            0
        } else {
            self.next_u64() % limit
        }
    }

    /// Returns true this many times in a thousand.
    pub fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }

    /// Returns bytes of no pattern.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        std::iter::repeat_with(|| self.next_u64().to_le_bytes())
            .flatten()
            .take(count)
            .collect()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Client,
    Agent,
}

/// What is under way in the network, or planned.
#[derive(Debug)]
enum Happening {
    Delivery {
        to: End,
        connection: u64,
        frame: Bytes,
    },
    Cut(End),
    Reconnect(End),
    AgentReady,
    /// The service says that an end's peer is absent, or back, without a cut.
    Publish(End, bool),
    /// KMS answers the client.
    KeyMade(Vec<u8>),
    /// KMS answers the agent.
    KeyDecrypted(DecryptRequest),
}

/// KMS: what it has made a data key for.
#[derive(Debug, Default)]
struct Kms {
    made: Option<(DataKeyRequest, Vec<u8>)>,
    decrypted: u32,
}

/// One end's connection to the service.
#[derive(Debug, Default)]
struct Connection {
    /// Counts connections: a frame of an earlier one is lost.
    number: u64,
    is_up: bool,
    /// Whether the frame that opens the channel has come.
    is_open: bool,
    /// Frames it has carried, of both directions.
    carried: u64,
}

/// What an end's application does with its channel.
#[derive(Debug, Default)]
pub struct Transfer {
    /// What it wants to send.
    pub to_send: Vec<u8>,
    /// How much of that the channel has taken.
    pub sent: usize,
    /// What it has received.
    pub received: Vec<u8>,
}

/// Two ends, the network between them and a clock.
pub struct Pair {
    /// The client's end.
    pub client: DataChannel,
    /// The agent's end.
    pub agent: AgentChannel,
    /// What the client's application sends and has received.
    pub user: Transfer,
    /// What the agent's program prints and has read.
    pub program: Transfer,
    /// What was said when the session opened.
    pub opened: Option<SessionInfo>,
    /// What the client has received on standard error.
    pub stderr: Vec<u8>,
    /// The exit code the client has been told.
    pub exit_code: Option<i32>,
    /// What the program ends with once its output is sent.
    pub command_end: Option<(Vec<u8>, i32)>,
    /// Sizes the agent was told.
    pub resizes: Vec<TerminalSize>,
    /// The last word of the client's end.
    pub last_word: Option<ClientEvent>,
    /// The handshake's failure, in the agent's words.
    pub handshake_failure: Option<String>,
    /// Frames either end put on the wire.
    pub transmitted: u64,
    /// Stream messages among them that had been written before.
    pub repeats: u64,
    /// Cuts so far.
    pub cuts: u64,
    network: Network,
    frames_each_connection: u64,
    client_limits: Limits,
    agent_limits: Limits,
    now: Duration,
    random: Random,
    happenings: BTreeMap<(Duration, u64), Happening>,
    happening_count: u64,
    client_connection: Connection,
    agent_connection: Connection,
    agent_opened: bool,
    agent_closed: bool,
    is_encrypted: bool,
    kms: Kms,
    /// Each end's cipher, to look into its frames with.
    ciphers: Option<(SessionCipher, SessionCipher)>,
    /// What each number of either end stands for.
    frames: BTreeMap<(End, i64), Bytes>,
}

impl Pair {
    /// Connects both ends over a network.
    pub fn new(seed: u64, network: Network, client: ClientConfig, agent: AgentConfig) -> Self {
        let (client_limits, agent_limits) = (client.limits, agent.limits);
        let is_encrypted = agent
            .handshake
            .as_ref()
            .is_some_and(|plan| plan.encryption.is_some());
        let mut pair = Self {
            client: DataChannel::new(client, counted_ids(1 << 64)),
            agent: AgentChannel::new(agent, counted_ids(2 << 64)),
            user: Transfer::default(),
            program: Transfer::default(),
            opened: None,
            stderr: Vec::new(),
            exit_code: None,
            command_end: None,
            resizes: Vec::new(),
            last_word: None,
            handshake_failure: None,
            transmitted: 0,
            repeats: 0,
            cuts: 0,
            network,
            frames_each_connection: u64::MAX,
            client_limits,
            agent_limits,
            now: Duration::ZERO,
            random: Random::new(seed),
            happenings: BTreeMap::new(),
            happening_count: 0,
            client_connection: Connection::default(),
            agent_connection: Connection::default(),
            agent_opened: false,
            agent_closed: false,
            is_encrypted,
            kms: Kms::default(),
            ciphers: None,
            frames: BTreeMap::new(),
        };
        // Either may be first.
        let head_start = Duration::from_millis(pair.random.below(400));
        let (first, second) = if pair.random.chance(500) {
            (End::Client, End::Agent)
        } else {
            (End::Agent, End::Client)
        };
        pair.plan(Duration::ZERO, Happening::Reconnect(first));
        pair.plan(head_start, Happening::Reconnect(second));
        if !network.cut_every.is_zero() {
            pair.plan_cut();
        }
        if !network.pause_every.is_zero() {
            pair.plan_pause();
        }
        pair
    }

    /// Makes the usual configurations for both ends.
    pub fn configs() -> (ClientConfig, AgentConfig) {
        (
            ClientConfig::new(session_id(), Uuid::from_u128(0xc11e)),
            AgentConfig::new(session_id(), "3.3.987.0"),
        )
    }

    /// Returns the virtual time.
    pub fn now(&self) -> Duration {
        self.now
    }

    /// Returns the virtual time as the channels want it.
    pub fn clock(&self) -> Now {
        let elapsed_ms = u64::try_from(self.now.as_millis()).unwrap_or(u64::MAX);
        Now {
            elapsed: self.now,
            unix_ms: 1_700_000_000_000 + elapsed_ms,
        }
    }

    /// Runs until `is_done`, and returns the virtual time that took.
    ///
    /// # Panics
    ///
    /// When it is not done by `limit`, when a buffer exceeds its bound or a deadline stands still.
    pub fn run_until(&mut self, limit: Duration, is_done: impl Fn(&Self) -> bool) -> Duration {
        let mut steps_at_this_time = 0;
        loop {
            self.settle();
            self.check_bounds();
            if is_done(self) {
                return self.now;
            }
            let next = self.next_time();
            let Some(next) = next else {
                panic!(
                    "nothing will ever happen again at {:?}: {}",
                    self.now,
                    self.state()
                )
            };
            assert!(next <= limit, "not done by {limit:?}: {}", self.state());
            steps_at_this_time = if next > self.now {
                0
            } else {
                steps_at_this_time + 1
            };
            assert!(
                steps_at_this_time < 10_000,
                "time stands still at {:?}: {}",
                self.now,
                self.state()
            );
            self.now = self.now.max(next);
            self.step();
        }
    }

    /// Whether both streams have arrived and everything is acknowledged.
    pub fn is_complete(&self) -> bool {
        self.user.received.len() >= self.program.to_send.len()
            && self.program.received.len() >= self.user.to_send.len()
            && self.user.sent == self.user.to_send.len()
            && self.program.sent == self.program.to_send.len()
            && self.command_end.is_none()
            && self.client.all_acknowledged()
            && self.agent.all_acknowledged()
    }

    /// Says in one line where things stand.
    pub fn state(&self) -> String {
        format!(
            "up {}/{}/{} down {}/{}/{} client {:?} agent {:?} opened {} cuts {}",
            self.user.sent,
            self.program.received.len(),
            self.user.to_send.len(),
            self.program.sent,
            self.user.received.len(),
            self.program.to_send.len(),
            self.client,
            self.agent,
            self.opened.is_some(),
            self.cuts,
        )
    }

    /// Delivers a frame of the service to both ends at once, as when the session is ended.
    pub fn service_says(&mut self, frame: &Bytes) {
        let now = self.clock();
        self.client.handle_frame(now, frame.clone());
        self.agent.handle_frame(now, frame.clone());
        self.settle();
    }

    /// From now on, each of the client's connections is cut after this many frames, of both directions.
    pub fn limit_connections(&mut self, frames: u64) {
        self.frames_each_connection = frames;
        self.client_connection.carried = 0;
    }

    /// Cuts a connection now and lets it be back after a while.
    pub fn cut_client(&mut self) {
        self.cut(End::Client);
        self.settle();
    }

    // ---- the network

    fn plan(&mut self, at: Duration, happening: Happening) {
        self.happening_count += 1;
        self.happenings
            .insert((at, self.happening_count), happening);
    }

    fn plan_cut(&mut self) {
        let mean = u64::try_from(self.network.cut_every.as_millis()).unwrap_or(u64::MAX);
        let at = self.now + Duration::from_millis(mean / 2 + self.random.below(mean));
        let end = if self.random.chance(500) {
            End::Client
        } else {
            End::Agent
        };
        self.plan(at, Happening::Cut(end));
    }

    fn plan_pause(&mut self) {
        let mean = u64::try_from(self.network.pause_every.as_millis()).unwrap_or(u64::MAX);
        let at = self.now + Duration::from_millis(mean / 2 + self.random.below(mean));
        let end = if self.random.chance(500) {
            End::Client
        } else {
            End::Agent
        };
        self.plan(at, Happening::Publish(end, false));
    }

    fn next_time(&self) -> Option<Duration> {
        let planned = self.happenings.keys().next().map(|&(at, _)| at);
        [
            planned,
            self.client.poll_timeout(),
            self.agent.poll_timeout(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn step(&mut self) {
        let now = self.clock();
        if self
            .client
            .poll_timeout()
            .is_some_and(|deadline| deadline <= self.now)
        {
            self.client.handle_timeout(now);
        }
        if self
            .agent
            .poll_timeout()
            .is_some_and(|deadline| deadline <= self.now)
        {
            self.agent.handle_timeout(now);
        }
        while let Some(entry) = self
            .happenings
            .first_entry()
            .filter(|entry| entry.key().0 <= self.now)
        {
            let happening = entry.remove();
            self.happen(happening);
            self.settle();
        }
    }

    fn happen(&mut self, happening: Happening) {
        let now = self.clock();
        match happening {
            Happening::Delivery {
                to,
                connection,
                frame,
            } => {
                if !self.connection(to).is_up || self.connection(to).number != connection {
                    return;
                }
                match to {
                    End::Client => {
                        self.client.handle_frame(now, frame);
                        self.carry();
                    }
                    End::Agent => self.agent.handle_frame(now, frame),
                }
            }
            Happening::Cut(end) => {
                self.cut(end);
                self.plan_cut();
            }
            Happening::Reconnect(end) => self.connect(end),
            Happening::AgentReady => self.agent.set_ready(now),
            Happening::Publish(end, true) => self.publish(end, true),
            Happening::Publish(end, false) => {
                self.publish(end, false);
                let pause = Duration::from_millis(1 + self.random.below(500));
                self.plan(self.now + pause, Happening::Publish(end, true));
                self.plan_pause();
            }
            Happening::KeyMade(ciphertext) => {
                let (key, nonce) = self.key();
                let nonce = nonce.map(|byte| !byte);
                match GeneratedDataKey::new(&key, ciphertext, nonce) {
                    Ok(key) => self.client.provide_data_key(now, key),
                    Err(error) => panic!("{error}"),
                }
            }
            Happening::KeyDecrypted(request) => self.decrypt(now, &request),
        }
    }

    /// The data key and a nonce, made of the session's first seed.
    fn key(&self) -> ([u8; 64], [u8; 12]) {
        let mut bytes = Random::new(0x6b65_7973).bytes(76).into_iter();
        let key = std::array::from_fn(|_| bytes.next().unwrap_or_default());
        (
            key,
            std::array::from_fn(|_| bytes.next().unwrap_or_default()),
        )
    }

    /// KMS decrypts only what it made, under the very context it was made with.
    fn decrypt(&mut self, now: Now, request: &DecryptRequest) {
        self.kms.decrypted += 1;
        assert_eq!(self.kms.decrypted, 1, "KMS was asked again");
        let is_known = self.kms.made.as_ref().is_some_and(|(made, ciphertext)| {
            made.key_id == request.key_id
                && made.context == request.context
                && *ciphertext == request.ciphertext
        });
        match DataKey::new(&self.key().0) {
            Ok(key) if is_known => {
                self.ciphers = Some((key.client_cipher(), key.agent_cipher()));
                self.agent.provide_data_key(now, &key);
            }
            Ok(_) => self
                .agent
                .refuse_data_key(now, "InvalidCiphertextException: "),
            Err(error) => panic!("{error}"),
        }
    }

    /// Looks at what an end puts on the wire.
    fn watch(&mut self, from: End, frame: &Bytes) {
        let Ok(message) = AgentMessage::decode(frame.clone()) else {
            panic!("an end wrote a frame that does not read")
        };
        if !matches!(
            message.message_type,
            MessageType::InputStreamData | MessageType::OutputStreamData
        ) {
            return;
        }
        let number = message.sequence_number.0;
        if let Some(earlier) = self.frames.get(&(from, number)) {
            assert!(earlier == frame, "{from:?} changed its message {number}");
            self.repeats += 1;
            return;
        }
        let is_data = matches!(
            message.payload_type,
            PayloadType::Output | PayloadType::StdErr | PayloadType::ExitCode
        );
        if is_data && self.is_encrypted {
            let opened = self.ciphers.as_ref().and_then(|(client, agent)| {
                let receiver = match from {
                    End::Client => agent,
                    End::Agent => client,
                };
                receiver.open(&message.payload).ok()
            });
            assert!(opened.is_some(), "{from:?} sent {number} in the clear");
        }
        self.frames.insert((from, number), frame.clone());
    }

    fn connection(&mut self, end: End) -> &mut Connection {
        match end {
            End::Client => &mut self.client_connection,
            End::Agent => &mut self.agent_connection,
        }
    }

    fn other(end: End) -> End {
        match end {
            End::Client => End::Agent,
            End::Agent => End::Client,
        }
    }

    fn cut(&mut self, end: End) {
        if !self.connection(end).is_up {
            return;
        }
        self.cuts += 1;
        let now = self.clock();
        *self.connection(end) = Connection {
            number: self.connection(end).number,
            ..Connection::default()
        };
        match end {
            End::Client => self.client.handle_disconnected(now),
            End::Agent => self.agent.handle_disconnected(now),
        }
        self.publish(Self::other(end), false);
        let outage = u64::try_from(self.network.outage.as_millis()).unwrap_or(u64::MAX);
        let back_at = self.now + Duration::from_millis(1 + self.random.below(outage));
        self.plan(back_at, Happening::Reconnect(end));
    }

    fn connect(&mut self, end: End) {
        let now = self.clock();
        let connection = self.connection(end);
        connection.number += 1;
        connection.is_up = true;
        match end {
            End::Client => {
                let token = format!("token-{}", self.client_connection.number);
                self.client.handle_connected(now, &token.into());
            }
            End::Agent => {
                self.agent_connection.is_open = true;
                self.agent.handle_connected(now);
            }
        }
        let other_is_up = self.connection(Self::other(end)).is_up;
        if other_is_up {
            self.publish(Self::other(end), true);
        } else {
            self.publish(end, false);
        }
    }

    /// Tells an end whether the other is there.
    fn publish(&mut self, to: End, is_there: bool) {
        let form = if self.random.chance(500) {
            HeaderForm::WithPayloadType
        } else {
            HeaderForm::WithoutPayloadType
        };
        let publish = if is_there {
            service::start_publication
        } else {
            service::pause_publication
        };
        let Ok(frame) = publish(form, Uuid::nil(), 1) else {
            panic!("a publication can always be written")
        };
        let connection = self.connection(to).number;
        self.plan(
            self.now + self.network.delay,
            Happening::Delivery {
                to,
                connection,
                frame,
            },
        );
    }

    /// Counts a frame on the client's connection, which may be the last that it carries.
    fn carry(&mut self) {
        self.client_connection.carried += 1;
        if self.client_connection.carried >= self.frames_each_connection {
            self.cut(End::Client);
        }
    }

    /// Relays a frame, as badly as the network is.
    fn relay(&mut self, to: End, frame: Bytes) {
        self.transmitted += 1;
        self.watch(Self::other(to), &frame);
        if self.random.chance(self.network.noise) {
            let noise = self.noise();
            self.deliver(to, noise);
        }
        if self.random.chance(self.network.loss) {
            return;
        }
        if self.network.acknowledgement_loss > 0
            && frame.get(4..15) == Some(b"acknowledge")
            && self.random.chance(self.network.acknowledgement_loss)
        {
            return;
        }
        if self.random.chance(self.network.repetition) {
            self.deliver(to, frame.clone());
        }
        let frame = if self.random.chance(self.network.damage) {
            self.damage(frame)
        } else {
            frame
        };
        self.deliver(to, frame);
    }

    fn deliver(&mut self, to: End, frame: Bytes) {
        let connection = self.connection(to).number;
        if !self.connection(to).is_up {
            return;
        }
        let jitter = u64::try_from(self.network.jitter.as_micros()).unwrap_or(u64::MAX);
        let mut at =
            self.now + self.network.delay + Duration::from_micros(self.random.below(jitter));
        if self.network.late > 0 && self.random.chance(self.network.late) {
            let late = u64::try_from(self.network.late_by.as_micros()).unwrap_or(u64::MAX);
            at += Duration::from_micros(self.random.below(late));
        }
        self.plan(
            at,
            Happening::Delivery {
                to,
                connection,
                frame,
            },
        );
    }

    /// Damages a frame where its digest or its lengths can tell. (Nothing protects the other header fields.)
    fn damage(&mut self, frame: Bytes) -> Bytes {
        let mut bytes = Vec::from(frame);
        let length = u64::try_from(bytes.len()).unwrap_or_default();
        let index = match self.random.below(4) {
            0 => self.random.below(4),
            1 => 80 + self.random.below(32),
            2 => 120 + self.random.below(length.saturating_sub(120)),
            _ => {
                bytes.truncate(usize::try_from(self.random.below(length)).unwrap_or_default());
                return bytes.into();
            }
        };
        let bit = 1 << self.random.below(8);
        if let Some(byte) = usize::try_from(index)
            .ok()
            .and_then(|index| bytes.get_mut(index))
        {
            *byte ^= bit;
        }
        bytes.into()
    }

    /// Something that belongs to no session.
    fn noise(&mut self) -> Bytes {
        let length = usize::try_from(self.random.below(300)).unwrap_or_default();
        if self.random.chance(500) {
            return self.random.bytes(length).into();
        }
        let message = AgentMessage {
            message_type: MessageType::from("agent_job"),
            schema_version: 1,
            created_ms: 1,
            sequence_number: SequenceNumber(0),
            flags: protocol::Flags::NONE,
            message_id: Uuid::nil(),
            payload_type: PayloadType::Output,
            payload: self.random.bytes(length + 1).into(),
        };
        message.encode().unwrap_or_default()
    }

    // ---- the ends

    /// Lets both applications and both channels do what they can at this moment.
    fn settle(&mut self) {
        loop {
            self.feed();
            let mut has_worked = false;
            while let Some(output) = self.client.poll_output() {
                has_worked = true;
                self.take_from_client(output);
            }
            while let Some(output) = self.agent.poll_output() {
                has_worked = true;
                self.take_from_agent(output);
            }
            if !has_worked {
                return;
            }
        }
    }

    fn feed(&mut self) {
        let now = self.clock();
        let user = &mut self.user;
        user.sent += self.client.send_input(now, &user.to_send[user.sent..]);
        while self.agent_opened && self.program.sent < self.program.to_send.len() {
            let chunk = self
                .agent
                .output_capacity()
                .min(1024)
                .min(self.program.to_send.len() - self.program.sent);
            if chunk == 0 || self.agent.is_paused() {
                break;
            }
            let bytes = &self.program.to_send[self.program.sent..self.program.sent + chunk];
            self.agent.send_output(now, Bytes::copy_from_slice(bytes));
            self.program.sent += chunk;
        }
        let may_end = self.agent_opened
            && self.program.sent == self.program.to_send.len()
            && self.agent.output_capacity() > 0;
        if may_end && let Some((stderr, code)) = self.command_end.take() {
            self.agent.send_stderr(now, stderr.into());
            self.agent.send_exit_code(now, code);
        }
    }

    fn take_from_client(&mut self, output: Output<ClientEvent>) {
        assert!(self.last_word.is_none(), "after the last word: {output:?}");
        match output {
            Output::Transmit(Frame::Open(text)) => {
                assert!(
                    !self.client_connection.is_open,
                    "the channel was opened twice"
                );
                self.client_connection.is_open = true;
                let open = protocol::open::OpenDataChannel::decode(text.expose_secret());
                let token = open
                    .map(|open| open.token.expose_secret().to_owned())
                    .unwrap_or_default();
                assert_eq!(token, format!("token-{}", self.client_connection.number));
                self.carry();
            }
            Output::Transmit(Frame::Binary(frame)) => {
                assert!(
                    self.client_connection.is_open,
                    "a frame before the channel was opened"
                );
                self.relay(End::Agent, frame);
                self.carry();
            }
            Output::Event(event) => self.take_client_event(event),
        }
    }

    fn take_client_event(&mut self, event: ClientEvent) {
        match event {
            ClientEvent::Opened(info) => {
                assert!(self.opened.is_none(), "opened twice");
                self.opened = Some(info);
            }
            ClientEvent::Output(bytes) => {
                assert!(self.opened.is_some(), "output before the session was open");
                self.user.received.extend_from_slice(&bytes);
            }
            ClientEvent::Closed(_) | ClientEvent::Failed(_) => self.last_word = Some(event),
            ClientEvent::Stderr(bytes) => self.stderr.extend_from_slice(&bytes),
            ClientEvent::ExitCode(code) => {
                assert!(self.exit_code.replace(code).is_none(), "two exit codes");
            }
            ClientEvent::DataKeyNeeded(request) => {
                assert!(self.kms.made.is_none(), "a second key was asked for");
                let ciphertext = self.random.bytes(184);
                self.kms.made = Some((request, ciphertext.clone()));
                let at = self.kms_answers_at();
                self.plan(at, Happening::KeyMade(ciphertext));
            }
            ClientEvent::HandshakeRequested { .. }
            | ClientEvent::Notice(_)
            | ClientEvent::FlagReceived(_) => {}
        }
    }

    fn take_from_agent(&mut self, output: Output<AgentEvent>) {
        assert!(!self.agent_closed, "after the last word: {output:?}");
        match output {
            Output::Transmit(Frame::Binary(frame)) => {
                let is_for_service = AgentMessage::decode(frame.clone())
                    .is_ok_and(|message| message.message_type == MessageType::AgentSessionState);
                if !is_for_service {
                    self.relay(End::Client, frame);
                }
            }
            Output::Transmit(Frame::Open(_)) => {
                panic!("an agent does not open with the client's frame")
            }
            Output::Event(AgentEvent::Opened) => {
                self.agent_opened = true;
                self.plan(self.now + self.network.agent_start, Happening::AgentReady);
            }
            Output::Event(AgentEvent::DecryptDataKey(request)) => {
                let at = self.kms_answers_at();
                self.plan(at, Happening::KeyDecrypted(request));
            }
            Output::Event(AgentEvent::Input(bytes)) => {
                self.program.received.extend_from_slice(&bytes)
            }
            Output::Event(AgentEvent::Resize(size)) => self.resizes.push(size),
            Output::Event(AgentEvent::HandshakeFailed(text)) => self.handshake_failure = Some(text),
            Output::Event(AgentEvent::Closed(_)) => self.agent_closed = true,
            Output::Event(AgentEvent::SequenceExhausted) => panic!("numbers used up"),
            Output::Event(AgentEvent::Flag(_) | AgentEvent::Notice(_)) => {}
        }
    }

    fn kms_answers_at(&mut self) -> Duration {
        let delay = u64::try_from(self.network.kms_delay.as_micros()).unwrap_or(u64::MAX);
        self.now + Duration::from_micros(1 + self.random.below(delay))
    }

    fn check_bounds(&self) {
        // Handshake and sizes come on top of the window; they are few and small.
        const EXTRA: usize = 8 * 1024;
        assert!(self.client.unacknowledged_bytes() <= self.client_limits.window_bytes + EXTRA);
        assert!(self.agent.unacknowledged_bytes() <= self.agent_limits.window_bytes + EXTRA);
        assert!(self.client.held_bytes() <= self.client_limits.most_held_bytes());
        assert!(self.client.reordering_bytes() <= self.client_limits.reorder_bytes);
        assert!(self.agent.reordering_bytes() <= self.agent_limits.reorder_bytes);
    }
}
