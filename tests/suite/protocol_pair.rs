//! Client against agent over hundreds of bad networks: whatever happens, each stream arrives whole and in order.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use protocol::service::{self, HeaderForm};
use protocol::{
    AgentConfig, ClientConfig, ClientEvent, EncryptionPlan, HandshakePlan, Limits, ResendPolicy,
    SequenceNumber, SessionType, TerminalSize,
};
use testsuite::pair::{Network, Pair, Random, Scenario, encryption_plan};
use testsuite::scripted::TARGET;
use uuid::Uuid;

/// Longest virtual time a transfer may take over the worst network there is. Most are done in a few seconds.
const LIMIT: Duration = Duration::from_secs(30);

/// The same where one end repeats only one message at a time, or keeps only a handful.
const SLOW_LIMIT: Duration = Duration::from_secs(120);

/// And where everything comes together.
const MIXED_LIMIT: Duration = Duration::from_secs(1200);

/// Runs a test for each seed and says which one failed.
fn for_seeds(seeds: std::ops::Range<u64>, run: impl Fn(u64)) {
    for seed in seeds {
        let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(seed)));
        if let Err(cause) = failed {
            eprintln!("failing seed: {seed}");
            std::panic::resume_unwind(cause);
        }
    }
}

fn port_handshake() -> Option<HandshakePlan> {
    let properties = serde_json::json!({"portNumber": "22"});
    Some(HandshakePlan {
        session_type: SessionType::Port,
        properties: Some(properties),
        encryption: None,
    })
}

/// Transfers random data both ways, checks it, and ends the session.
fn transfer(seed: u64, network: Network, client: ClientConfig, agent: AgentConfig) {
    let is_slow = agent.limits.resend == ResendPolicy::HeadOnly;
    let has_handshake = agent.handshake.is_some();
    let mut random = Random::new(seed);
    let mut pair = Pair::new(seed, network, client, agent);
    let size = |random: &mut Random| usize::try_from(random.below(40_000)).unwrap_or_default() + 1;
    pair.user.to_send = {
        let count = size(&mut random);
        random.bytes(count)
    };
    pair.program.to_send = {
        let count = size(&mut random);
        random.bytes(count)
    };

    pair.run_until(if is_slow { SLOW_LIMIT } else { LIMIT }, Pair::is_complete);
    assert!(pair.user.received == pair.program.to_send, "output differs");
    assert!(pair.program.received == pair.user.to_send, "input differs");
    assert_eq!(
        pair.opened.as_ref().map(|info| info.handshake),
        Some(has_handshake)
    );
    assert_eq!(pair.last_word, None);
    end(&mut pair);
}

/// Ends the session and sees that nothing stirs any more.
fn end(pair: &mut Pair) {
    let body = protocol::payload::ChannelClosedBody {
        output: "bye".into(),
        ..Default::default()
    };
    let closed =
        service::channel_closed(&body, HeaderForm::default(), Uuid::nil(), 1).unwrap_or_default();
    pair.service_says(&closed);
    assert!(matches!(&pair.last_word, Some(ClientEvent::Closed(closed)) if closed.output == "bye"));
    // The pair itself refuses anything after the last word.
    pair.service_says(&closed);
    let now = pair.clock();
    pair.client.handle_timeout(now);
    pair.client.handle_connected(now, &"late".into());
    pair.client.resize(now, TerminalSize::new(1, 1).unwrap());
    assert_eq!(pair.client.send_input(now, b"late"), 0);
    assert!(pair.client.poll_output().is_none() && pair.client.poll_timeout().is_none());
    assert!(pair.agent.poll_output().is_none() && pair.agent.poll_timeout().is_none());
}

#[test]
fn a_plain_shell_survives_any_network() {
    for_seeds(0..400, plain_shell);
}

fn plain_shell(seed: u64) {
    let (client, agent) = Pair::configs();
    transfer(seed, Network::from_seed(seed), client, agent);
}

#[test]
fn a_session_with_handshake_survives_any_network() {
    for_seeds(1000..1300, |seed| {
        let (client, mut agent) = Pair::configs();
        agent.handshake = port_handshake();
        // The agent gives a handshake 15 s, as the real one does: a network that is down longer ends the session.
        let network = Network {
            loss: Network::from_seed(seed).loss.min(100),
            cut_every: Duration::ZERO,
            ..Network::from_seed(seed)
        };
        transfer(seed, network, client, agent);
    });
}

#[test]
fn a_handshake_that_is_cut_off_in_the_middle_is_finished_on_the_next_connection() {
    for_seeds(2000..2100, |seed| {
        let (client, mut agent) = Pair::configs();
        agent.handshake = port_handshake();
        let network = Network {
            delay: Duration::from_millis(120),
            jitter: Duration::from_millis(40),
            cut_every: Duration::from_millis(400),
            outage: Duration::from_millis(300),
            ..Network::default()
        };
        transfer(seed, network, client, agent);
    });
}

#[test]
fn the_reference_agents_slow_resender_is_enough_for_this_client() {
    for_seeds(3000..3060, |seed| {
        let (client, mut agent) = Pair::configs();
        agent.limits = Limits {
            resend: ResendPolicy::HeadOnly,
            ..Limits::default()
        };
        transfer(seed, Network::from_seed(seed), client, agent);
    });
}

#[test]
fn numbers_beyond_32_bits_change_nothing() {
    for_seeds(4000..4040, |seed| {
        let (mut client, mut agent) = Pair::configs();
        let first = SequenceNumber((1 << 32) - 5);
        (client.first_sequence_number, agent.first_sequence_number) = (first, first);
        transfer(seed, Network::from_seed(seed), client, agent);
    });
}

#[test]
fn tiny_buffers_only_make_it_slower() {
    for_seeds(5000..5060, |seed| {
        let (mut client, mut agent) = Pair::configs();
        let limits = Limits {
            payload_bytes: 100,
            window_messages: 4,
            window_bytes: 400,
            held_input_bytes: 150,
            reorder_messages: 3,
            reorder_bytes: 700,
            ..Limits::default()
        };
        (client.limits, agent.limits) = (limits, limits);
        let network = Network {
            cut_every: Duration::ZERO,
            loss: 30,
            ..Network::from_seed(seed)
        };
        let mut pair = Pair::new(seed, network, client, agent);
        pair.user.to_send = Random::new(seed).bytes(6000);
        pair.program.to_send = Random::new(seed + 1).bytes(6000);
        pair.run_until(SLOW_LIMIT, Pair::is_complete);
        assert!(
            pair.user.received == pair.program.to_send
                && pair.program.received == pair.user.to_send
        );
    });
}

#[test]
fn the_agent_learns_the_latest_size_in_the_end() {
    for_seeds(6000..6060, |seed| {
        let (mut client, mut agent) = Pair::configs();
        client.size = TerminalSize::new(80, 24);
        agent.handshake = port_handshake().filter(|_| seed % 2 == 0);
        let network = Network {
            cut_every: Duration::ZERO,
            ..Network::from_seed(seed)
        };
        let mut pair = Pair::new(seed, network, client, agent);
        pair.program.to_send = b"$ ".to_vec();
        pair.run_until(LIMIT, |pair| pair.opened.is_some());
        let last = TerminalSize::new(120, 40).unwrap();
        let now = pair.clock();
        pair.client.resize(now, TerminalSize::new(100, 30).unwrap());
        pair.client.resize(now, last);
        pair.run_until(LIMIT, |pair| {
            pair.resizes.last() == Some(&last) && pair.is_complete()
        });
    });
}

#[test]
fn a_good_network_is_used_without_waiting() {
    let (client, agent) = Pair::configs();
    let network = Network {
        delay: Duration::from_millis(20),
        ..Network::default()
    };
    let mut pair = Pair::new(1, network, client, agent);
    pair.program.to_send = b"$ ".to_vec();
    let start = pair.run_until(LIMIT, Pair::is_complete);
    let before = pair.transmitted;
    pair.user.to_send = Random::new(1).bytes(200_000);
    pair.program.to_send.extend(Random::new(2).bytes(200_000));
    let took = pair.run_until(LIMIT, Pair::is_complete) - start;
    assert!(took < Duration::from_millis(100), "took {took:?}");
    // 196 messages and as many acknowledgements each way: nothing was sent twice.
    assert_eq!(pair.transmitted - before, 2 * 2 * 196);
}

#[test]
fn a_burst_lost_in_a_cut_is_made_up_for_at_once() {
    let (client, agent) = Pair::configs();
    let network = Network {
        delay: Duration::from_millis(50),
        outage: Duration::from_millis(2),
        ..Network::default()
    };
    let mut pair = Pair::new(7, network, client, agent);
    pair.program.to_send = b"$ ".to_vec();
    pair.run_until(LIMIT, Pair::is_complete);
    pair.user.to_send = Random::new(7).bytes(200_000);
    let start = pair.now();
    pair.run_until(LIMIT, |pair| pair.user.sent == 200_000);
    pair.cut_client();
    let took = pair.run_until(LIMIT, Pair::is_complete) - start;
    // The reference needs 100 ms for each of the 196 messages.
    assert!(took < Duration::from_millis(600), "took {took:?}");
    assert!(pair.program.received == pair.user.to_send);
}

/// A burst each way, over connections that all die after a few frames; returns how many that took.
fn over_short_connections(seed: u64, frames: u64, agent: AgentConfig) -> u64 {
    const BURST: usize = 30_000;
    let (client, _) = Pair::configs();
    let delay = Duration::from_millis(Random::new(seed).below(40));
    let network = Network {
        delay,
        outage: Duration::from_millis(20),
        ..Network::default()
    };
    let mut pair = Pair::new(seed, network, client, agent);
    pair.program.to_send = b"$ ".to_vec();
    pair.run_until(LIMIT, Pair::is_complete);
    pair.user.to_send = Random::new(seed).bytes(BURST);
    pair.program
        .to_send
        .extend(Random::new(seed + 1).bytes(BURST));
    pair.limit_connections(frames);
    pair.run_until(SLOW_LIMIT, Pair::is_complete);
    assert!(pair.user.received == pair.program.to_send, "output differs");
    assert!(pair.program.received == pair.user.to_send, "input differs");
    end(&mut pair);
    pair.cuts
}

#[test]
fn connections_that_carry_but_a_few_frames_each_still_carry_everything_in_the_end() {
    for frames in [4, 8, 20, 60] {
        for_seeds(0..40, |seed| {
            let (_, agent) = Pair::configs();
            let cuts = over_short_connections(seed, frames, agent);
            // 30 messages each way and as many acknowledgements, at worst three of four frames for nothing.
            assert!(cuts >= 120 / frames, "{frames} frames: {cuts} cuts");
            assert!(
                cuts <= 4 * 120 / frames + 10,
                "{frames} frames: {cuts} cuts"
            );
        });
    }
}

#[test]
fn nor_does_an_agent_that_repeats_its_oldest_message_only_stand_in_the_way_of_that() {
    for_seeds(0..40, |seed| {
        let (_, mut agent) = Pair::configs();
        agent.limits.resend = ResendPolicy::HeadOnly;
        let cuts = over_short_connections(seed, 8, agent);
        assert!(cuts <= 150, "{cuts} cuts");
    });
}

// ---- everything at once

/// Runs one mixed session alone: `SESSIONDECK_PAIR_SEED=<number> cargo test … sessions_of_every_kind`.
const SEED_VARIABLE: &str = "SESSIONDECK_PAIR_SEED";

/// Runs this many mixed sessions instead of [`MIXED_RUNS`], as on a long night.
const RUNS_VARIABLE: &str = "SESSIONDECK_PAIR_RUNS";

const MIXED_RUNS: u64 = 10_000;

/// What mixed sessions came to.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    /// Everything arrived.
    complete: u64,
    /// The agent's 15 seconds for the handshake were over: the network was too bad for it.
    timed_out: u64,
    /// Frames either end wrote.
    frames: u64,
    /// Frames that were written again.
    repeats: u64,
    /// Connections cut.
    cuts: u64,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.complete += other.complete;
        self.timed_out += other.timed_out;
        self.frames += other.frames;
        self.repeats += other.repeats;
        self.cuts += other.cuts;
    }
}

fn number_in(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable}: {text}")),
    )
}

#[test]
fn sessions_of_every_kind_survive_every_fault() {
    if let Some(seed) = number_in(SEED_VARIABLE) {
        eprintln!("{:#?}", Scenario::from_seed(seed));
        eprintln!("{:?}", mixed(seed));
        return;
    }
    let runs = number_in(RUNS_VARIABLE).unwrap_or(MIXED_RUNS);
    let next = AtomicU64::new(0);
    let tally = Mutex::new(Tally::default());
    let failed = Mutex::new(None);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                let mut mine = Tally::default();
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= runs || failed.lock().unwrap().is_some() {
                        break;
                    }
                    match std::panic::catch_unwind(|| mixed(seed)) {
                        Ok(run) => mine += run,
                        Err(_) => {
                            failed.lock().unwrap().get_or_insert(seed);
                        }
                    }
                }
                *tally.lock().unwrap() += mine;
            });
        }
    });
    if let Some(seed) = *failed.lock().unwrap() {
        panic!("failing seed: {seed}; run it alone with {SEED_VARIABLE}={seed}");
    }
    let tally = *tally.lock().unwrap();
    eprintln!("{tally:?}");
    assert_eq!(tally.complete + tally.timed_out, runs);
    if runs < MIXED_RUNS {
        return;
    }
    // A mix that hardly opens a session, or hardly harms one, would test nothing.
    assert!(tally.complete * 100 >= runs * 97, "{tally:?}");
    assert!(tally.cuts >= runs && tally.repeats >= runs, "{tally:?}");
}

/// Runs one session of the mix to its end.
fn mixed(seed: u64) -> Tally {
    let scenario = Scenario::from_seed(seed);
    let is_encrypted = scenario.is_encrypted();
    let has_handshake = scenario.agent.handshake.is_some();
    let size = scenario.client.size;
    let mut random = Random::new(seed);
    let mut pair = Pair::new(seed, scenario.network, scenario.client, scenario.agent);
    pair.user.to_send = random.bytes(scenario.up);
    pair.program.to_send = random.bytes(scenario.down);
    pair.command_end = scenario.command_end.clone();
    pair.run_until(MIXED_LIMIT, |pair| {
        pair.is_complete() || pair.handshake_failure.is_some()
    });
    let tally = Tally {
        frames: pair.transmitted,
        repeats: pair.repeats,
        cuts: pair.cuts,
        ..Tally::default()
    };
    if let Some(words) = &pair.handshake_failure {
        assert!(words.contains("imed out"), "{words}");
        assert_eq!(
            (pair.opened.is_some(), pair.program.received.len()),
            (false, 0)
        );
        end(&mut pair);
        return Tally {
            timed_out: 1,
            ..tally
        };
    }
    assert!(pair.user.received == pair.program.to_send, "output differs");
    assert!(pair.program.received == pair.user.to_send, "input differs");
    let opened = pair.opened.as_ref();
    assert_eq!(
        opened.map(|info| (info.handshake, info.is_encrypted)),
        Some((has_handshake, is_encrypted))
    );
    assert_eq!(pair.last_word, None);
    let (stderr, code) = scenario.command_end.unzip();
    assert_eq!(
        (&pair.stderr, pair.exit_code),
        (&stderr.unwrap_or_default(), code)
    );
    assert_eq!(pair.resizes.last().copied(), size);
    end(&mut pair);
    Tally {
        complete: 1,
        ..tally
    }
}

#[test]
fn a_failing_session_is_the_same_when_its_seed_is_run_alone() {
    for seed in [1, 77, 4242] {
        let run = || {
            let scenario = Scenario::from_seed(seed);
            let mut pair = Pair::new(seed, scenario.network, scenario.client, scenario.agent);
            pair.user.to_send = vec![7; scenario.up];
            pair.program.to_send = vec![8; scenario.down];
            let took = pair.run_until(MIXED_LIMIT, |pair| {
                pair.is_complete() || pair.handshake_failure.is_some()
            });
            (took, pair.transmitted, pair.cuts)
        };
        assert_eq!(run(), run());
    }
}

#[test]
fn the_mix_holds_every_kind_of_session() {
    let scenarios: Vec<_> = (0..1000).map(Scenario::from_seed).collect();
    let share = |is_so: &dyn Fn(&Scenario) -> bool| {
        scenarios.iter().filter(|scenario| is_so(scenario)).count()
    };
    type Kind<'a> = (&'a str, &'a dyn Fn(&Scenario) -> bool);
    let kinds: [Kind<'_>; 12] = [
        ("encrypted", &|s| s.is_encrypted()),
        ("no handshake", &|s| s.agent.handshake.is_none()),
        ("in the clear", &|s| {
            s.agent.handshake.is_some() && !s.is_encrypted()
        }),
        ("small buffers", &|s| s.client.limits.window_messages < 30),
        ("slow resender", &|s| {
            s.agent.limits.resend == ResendPolicy::HeadOnly
        }),
        ("lossy", &|s| s.network.loss > 20),
        ("losing acknowledgements", &|s| {
            s.network.acknowledgement_loss > 50
        }),
        ("doubling", &|s| s.network.repetition > 20),
        ("reordering", &|s| {
            s.network.late > 20 && s.network.late_by > s.network.jitter
        }),
        ("damaging", &|s| s.network.damage > 20),
        ("cutting", &|s| !s.network.cut_every.is_zero()),
        ("pausing", &|s| !s.network.pause_every.is_zero()),
    ];
    for (name, is_so) in kinds {
        assert!(share(is_so) >= 100, "{name}: {} of 1000", share(is_so));
    }
}

// ---- encryption

fn encrypted(seed: u64, change: impl FnOnce(&mut EncryptionPlan)) -> Pair {
    let (mut client, mut agent) = Pair::configs();
    client.target = Some(TARGET.into());
    let mut encryption = encryption_plan(&mut Random::new(seed));
    change(&mut encryption);
    agent.handshake = Some(HandshakePlan {
        session_type: SessionType::StandardStream,
        properties: None,
        encryption: Some(encryption),
    });
    Pair::new(
        seed,
        Network {
            kms_delay: Duration::from_millis(50),
            ..Network::default()
        },
        client,
        agent,
    )
}

#[test]
fn a_target_the_agent_knows_by_another_name_fails_in_words_people_can_look_up() {
    let mut pair = encrypted(3, |plan| plan.target = "mi-0123456789abcdef0".into());
    pair.user.to_send = b"secret".to_vec();
    pair.run_until(LIMIT, |pair| pair.handshake_failure.is_some());
    assert_eq!(
        pair.handshake_failure.as_deref(),
        Some(
            "Encountered error while initiating handshake. Fetching data key failed: InvalidCiphertextException: "
        )
    );
    assert_eq!(
        (pair.opened.is_some(), pair.program.received.len()),
        (false, 0)
    );
}

#[test]
fn an_encrypted_burst_lost_in_a_cut_is_made_up_for_with_the_same_bytes() {
    let mut pair = encrypted(9, |_| {});
    pair.program.to_send = b"$ ".to_vec();
    pair.run_until(LIMIT, Pair::is_complete);
    pair.user.to_send = Random::new(7).bytes(200_000);
    pair.run_until(LIMIT, |pair| pair.user.sent == 200_000);
    pair.cut_client();
    // The pair itself compares every frame with the first one of its number.
    pair.run_until(LIMIT, Pair::is_complete);
    assert!(pair.program.received == pair.user.to_send);
}
