//! Client against agent over hundreds of bad networks: whatever happens, each stream arrives whole and in order.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::time::Duration;

use protocol::service::{self, HeaderForm};
use protocol::{
    AgentConfig, ClientConfig, ClientEvent, HandshakePlan, Limits, ResendPolicy, SequenceNumber,
    SessionType, TerminalSize,
};
use testsuite::pair::{Network, Pair, Random};
use uuid::Uuid;

/// Longest virtual time a transfer may take over the worst network there is. Most are done in a few seconds.
const LIMIT: Duration = Duration::from_secs(30);

/// The same where one end repeats only one message at a time, or keeps only a handful.
const SLOW_LIMIT: Duration = Duration::from_secs(120);

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
        kms_key_id: None,
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

#[test]
#[ignore = "a minute; for nights and for changes to retransmission"]
fn a_plain_shell_survives_ten_thousand_networks() {
    for_seeds(100_000..110_000, plain_shell);
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

#[test]
fn a_request_for_encryption_is_refused_in_words_the_agent_passes_on() {
    let (client, mut agent) = Pair::configs();
    agent.handshake = Some(HandshakePlan {
        session_type: SessionType::StandardStream,
        properties: None,
        kms_key_id: Some("arn:aws:kms:eu-west-1:111122223333:key/1".into()),
    });
    let mut pair = Pair::new(3, Network::default(), client, agent);
    pair.user.to_send = b"secret".to_vec();
    pair.run_until(LIMIT, |pair| pair.handshake_failure.is_some());
    let words = pair.handshake_failure.clone().unwrap_or_default();
    assert_eq!(
        words,
        "Encountered error while initiating handshake. KMSEncryption failed on client with status 3 error: \
         This client does not support session encryption with AWS KMS yet (key arn:aws:kms:eu-west-1:111122223333:key/1)"
    );
    assert_eq!(
        (pair.opened.is_some(), pair.program.received.len()),
        (false, 0)
    );
}
