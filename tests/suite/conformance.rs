//! What users complain of in today's clients, one test each: the engine against a simulator that goes wrong, with a real
//! shell behind it. Each test is named after the complaint and has it in plain words in its doc comment; the README's
//! table is made of both, see [`table`].
//!
//! `smp` is `aws/session-manager-plugin`'s list of issues, `agent` `aws/amazon-ssm-agent`'s, `toolkit`
//! `aws/aws-toolkit-vscode`'s; `plugin` stands before what shows in the official client's sources and release notes, and
//! `wire` before what nobody complained of and the service, an agent or the network may do all the same.

mod line;
mod outage;
mod shell;
mod table;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use engine::SessionConfig;
use protocol::Notice;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use simulator::faults::{Faults, Path};
use simulator::{Action, Config, DEMO_TARGET, Simulator};
use testsuite::fixtures::{Held, SimulatorSource, unsigned};
use tokio::time::sleep;

const SECOND: Duration = Duration::from_secs(1);

/// What [`Scene::carry`] sends each way.
const CARRIED_BYTES: usize = 40_000;

/// An open session on a simulator of its own.
struct Scene {
    simulator: Simulator,
    source: Arc<SimulatorSource>,
    session: Held,
    id: String,
    rounds: u64,
}

impl Scene {
    async fn open() -> Self {
        Self::open_on(unsigned()).await
    }

    async fn open_on(config: Config) -> Self {
        Self::open_with(config, |_| {}).await
    }

    async fn open_with(config: Config, change: impl FnOnce(&mut SessionConfig)) -> Self {
        let mut scene = Self::start(config, change).await;
        scene.session.until_open().await;
        scene.id = scene.simulator.sessions()[0].id.clone();
        scene
    }

    /// A session that may never open.
    async fn start(config: Config, change: impl FnOnce(&mut SessionConfig)) -> Self {
        let simulator = Simulator::start(config).await.expect("loopback is there");
        let source = SimulatorSource::new(&simulator, DEMO_TARGET);
        let session = Held::start_with(source.clone(), change);
        Self {
            simulator,
            source,
            session,
            id: String::new(),
            rounds: 0,
        }
    }

    /// An open session whose frames then meet this path in both directions.
    async fn on(path: Path) -> Self {
        let scene = Self::open().await;
        scene.change(|faults| {
            faults.to_client = path.clone();
            faults.to_agent = path;
        });
        scene
    }

    fn change(&self, change: impl FnOnce(&mut Faults)) {
        self.simulator.change_faults(change);
    }

    fn act(&self, action: Action) {
        assert!(self.simulator.act(&self.id, action), "nothing to act on");
    }

    /// Sends random bytes to the shell, which sends them back; both ways, not a bit may differ.
    async fn carry(&mut self) {
        self.carry_pieces(CARRIED_BYTES, 1000, Duration::ZERO).await;
    }

    /// The same over at least so much time.
    async fn carry_for(&mut self, time: Duration) {
        let pieces = u32::try_from(CARRIED_BYTES / 1000).expect("small");
        self.carry_pieces(CARRIED_BYTES, 1000, time / pieces).await;
    }

    async fn carry_pieces(&mut self, len: usize, piece_len: usize, pause: Duration) {
        self.rounds += 1;
        let mut data = vec![0; len];
        StdRng::seed_from_u64(self.rounds).fill_bytes(&mut data);
        let begin = format!("BEGIN{}\n", self.rounds);
        let end = format!("END{}", self.rounds);
        let from = self.session.output.len();
        // The quotes keep the echo of the command from being taken for its output.
        let command = format!(
            "stty raw -echo; echo BEG''IN{0}; head -c {len}; stty sane; echo EN''D{0}\r",
            self.rounds
        );
        self.session.send(&command).await;
        let begin_at = self.until_bytes(from, begin.as_bytes()).await + begin.len();
        for piece in data.chunks(piece_len) {
            let taken = self
                .session
                .handle
                .send_input(Bytes::copy_from_slice(piece));
            assert!(taken.await, "the session is over");
            if !pause.is_zero() {
                sleep(pause).await;
            }
        }
        let end_at = self.until_bytes(begin_at + len, end.as_bytes()).await;
        let arrived = &self.session.output[begin_at..end_at];
        let same = arrived.iter().zip(&data).take_while(|(a, b)| a == b);
        assert!(
            arrived == data,
            "{} bytes came back of {len}, and the first {} are right",
            arrived.len(),
            same.count()
        );
    }

    /// Where these bytes are in the output from there on.
    async fn until_bytes(&mut self, from: usize, wanted: &[u8]) -> usize {
        loop {
            let rest = self.session.output.get(from..).unwrap_or_default();
            if let Some(at) = rest
                .windows(wanted.len())
                .position(|window| window == wanted)
            {
                return from + at;
            }
            assert!(
                self.session.next().await.is_some(),
                "ended early: {:?}",
                self.session.states
            );
        }
    }

    /// The shell still answers, and each command once.
    async fn answers(&mut self) {
        self.rounds += 1;
        let from = self.session.output.len();
        self.session
            .send(&format!("echo \"<$((6*7))-{}>\"\r", self.rounds))
            .await;
        let wanted = format!("<42-{}>", self.rounds);
        self.until_bytes(from, wanted.as_bytes()).await;
        assert_eq!(self.session.text().matches(&wanted).count(), 1);
    }

    /// Waits until the session has said this.
    async fn until_notice(&mut self, wanted: impl Fn(&Notice) -> bool) {
        while !self.session.notices.iter().any(&wanted) {
            assert!(self.session.next().await.is_some(), "ended without a word");
        }
    }

    /// Loses the connection and waits until it is back.
    async fn lose(&mut self, how: simulator::Disconnect) {
        assert!(self.simulator.disconnect(&self.id, how));
        self.session.until_reconnecting().await;
        self.session.until_open_again().await;
    }

    /// Ends it all, and nothing may be left.
    async fn close(self) {
        self.session.close().await;
        self.simulator.shutdown().await;
    }
}
