//! What can happen to frames on their way, seen from a client.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::SinkExt as _;
use protocol::{MessageType, Notice, SequenceNumber};
use simulator::faults::{Damage, Frames, Injection, Path, Rule};
use simulator::{Action, Config, Simulator};
use tokio::io::AsyncReadExt as _;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::client::{Client, LIMIT, config};
use crate::raw::Raw;

fn only(damage: Damage, frames: Frames) -> Path {
    Path::default().with_rule(Rule {
        damage,
        rate: 1.0,
        frames,
    })
}

/// A shell that has said its prompt when `to_client` begins to hold.
fn to_client(path: Path) -> Config {
    let mut config = config();
    config.faults.to_client = path;
    config
}

/// The time that a command takes to be echoed.
async fn round_trip(client: &mut Client) -> Duration {
    let before = Instant::now();
    client.send("\r");
    client.read_until("$ ").await;
    before.elapsed()
}

#[tokio::test]
async fn latency_is_added_in_both_directions_and_can_be_taken_away() {
    let simulator = Simulator::start(config()).await.unwrap();
    let mut client = Client::shell(&simulator).await;
    client.read_until("$ ").await;
    simulator.change_faults(|faults| {
        faults.to_client.latency = Duration::from_millis(150);
        faults.to_agent.latency = Duration::from_millis(100);
    });
    assert!(round_trip(&mut client).await >= Duration::from_millis(250));
    simulator.change_faults(|faults| faults.to_agent.latency = Duration::ZERO);
    assert!(round_trip(&mut client).await >= Duration::from_millis(150));
    simulator.change_faults(|faults| *faults = Default::default());
    let mut times = Vec::new();
    for _ in 0..20 {
        times.push(round_trip(&mut client).await);
    }
    let best = times.into_iter().min().unwrap();
    assert!(best < Duration::from_millis(150), "{best:?}");
    simulator.shutdown().await;
}

#[tokio::test]
async fn jitter_makes_times_differ() {
    let mut config = config();
    config.faults.to_agent.jitter = Duration::from_millis(100);
    let simulator = Simulator::start(config).await.unwrap();
    let mut client = Client::shell(&simulator).await;
    client.read_until("$ ").await;
    let mut total = Duration::ZERO;
    for _ in 0..10 {
        total += round_trip(&mut client).await;
    }
    // 500 ms on average, and the seed is fixed.
    assert!(total >= Duration::from_millis(250), "{total:?}");
    simulator.shutdown().await;
}

#[tokio::test]
async fn the_bandwidth_is_limited() {
    let mut path = Path::default();
    path.bytes_per_second = Some(50_000);
    let simulator = Simulator::start(to_client(path)).await.unwrap();
    let mut client = Client::shell(&simulator).await;
    client.read_until("$ ").await;
    let before = Instant::now();
    client.send("head -c 20000 /dev/zero | tr '\\0' x; echo d''one\r");
    client.read_until("done").await;
    assert!(before.elapsed() >= Duration::from_millis(400));
    simulator.shutdown().await;
}

#[tokio::test]
async fn what_is_lost_does_not_arrive_until_it_is_sent_again() {
    let path = only(Damage::Loss, Frames::Stream);
    let simulator = Simulator::start(to_client(path)).await.unwrap();
    let mut raw = Raw::shell(&simulator).await;
    let mut others = Vec::new();
    for number in 0..5 {
        raw.send(number, b"\r").await;
        assert_eq!(raw.acknowledged(&mut others).await, number);
    }
    assert!(others.is_empty(), "{others:?}");
    simulator.change_faults(|faults| faults.to_client = Path::default());
    let message = raw.stream_frame().await.unwrap();
    assert_eq!(message.message_type, MessageType::OutputStreamData);
    simulator.shutdown().await;
}

#[tokio::test]
async fn frames_are_repeated() {
    let path = only(Damage::Duplicate { copies: 2 }, Frames::Acknowledgements);
    let simulator = Simulator::start(to_client(path)).await.unwrap();
    let mut raw = Raw::shell(&simulator).await;
    raw.send(0, b"\r").await;
    for _ in 0..3 {
        assert_eq!(raw.acknowledged(&mut Vec::new()).await, 0);
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn frames_overtake_each_other() {
    let path = Path::default().with(Damage::Reorder { within: 3 }, 0.5);
    let mut config = to_client(path);
    config.shell = simulator::config::Shell::new(["sh", "-c", "seq 1 20000; sleep 1000"]);
    let simulator = Simulator::start(config).await.unwrap();
    let mut raw = Raw::shell(&simulator).await;
    let mut numbers: Vec<i64> = Vec::new();
    while numbers.len() < 60 {
        let SequenceNumber(number) = raw.stream_frame().await.unwrap().sequence_number;
        if !numbers.contains(&number) {
            numbers.push(number);
        }
    }
    assert!(!numbers.is_sorted(), "{numbers:?}");
    simulator.shutdown().await;
}

#[tokio::test]
async fn damaged_frames_cannot_be_read() {
    for damage in [
        Damage::CorruptDigest,
        Damage::CorruptPayload,
        Damage::Truncate,
    ] {
        let path = only(damage, Frames::Stream);
        let simulator = Simulator::start(to_client(path)).await.unwrap();
        let mut raw = Raw::shell(&simulator).await;
        let read = raw.stream_frame().await;
        assert!(read.is_err(), "{damage:?}: {read:?}");
        simulator.change_faults(|faults| faults.to_client = Path::default());
        let readable = async { while raw.stream_frame().await.is_err() {} };
        timeout(LIMIT, readable).await.unwrap();
        simulator.shutdown().await;
    }
}

#[tokio::test]
async fn an_oversized_frame_comes_before_the_real_one() {
    let len = 300_000;
    let simulator = Simulator::start(to_client(only(Damage::Oversize { len }, Frames::Stream)))
        .await
        .unwrap();
    let mut raw = Raw::shell(&simulator).await;
    let (frame, _) = raw.stream_frame().await.unwrap_err();
    assert_eq!(frame.len(), len);
    assert!(raw.stream_frame().await.is_ok());
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_wrong_number_comes_before_the_right_one() {
    for ahead in [-1, 1 << 40] {
        let path = only(Damage::WrongNumber { ahead }, Frames::Stream);
        let simulator = Simulator::start(to_client(path)).await.unwrap();
        let mut raw = Raw::shell(&simulator).await;
        for expected in [ahead, 0] {
            let message = raw.stream_frame().await.unwrap();
            assert_eq!(message.sequence_number, SequenceNumber(expected));
        }
        simulator.shutdown().await;
    }
}

#[tokio::test]
async fn messages_of_unknown_types_come_between() {
    let path = only(Damage::UnknownType, Frames::Stream);
    let simulator = Simulator::start(to_client(path)).await.unwrap();
    let mut raw = Raw::shell(&simulator).await;
    let message = raw.stream_frame().await.unwrap();
    assert_eq!(message.message_type.as_str(), "unknown_type");
    let message = raw.stream_frame().await.unwrap();
    assert_eq!(message.message_type, MessageType::OutputStreamData);
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_frame_can_come_as_text() {
    let path = only(Damage::Text, Frames::Stream);
    let simulator = Simulator::start(to_client(path)).await.unwrap();
    let mut raw = Raw::shell(&simulator).await;
    // It is not UTF-8, so that the WebSocket itself must refuse it.
    let read = raw.next().await.unwrap();
    assert!(matches!(read, Err(Error::Utf8(_))), "{read:?}");
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_message_can_come_in_fragments() {
    let path = only(Damage::Fragment { frames: 3 }, Frames::Stream);
    let simulator = Simulator::start(to_client(path)).await.unwrap();
    let mut raw = Raw::shell(&simulator).await;
    // The first frame's header: not the last one, binary.
    let first = raw.socket.get_mut().read_u8().await.unwrap();
    assert_eq!(first, 0x02);

    let mut client = Client::shell(&simulator).await;
    client.send("echo $((6*7))\r");
    client.read_until("42\r\n").await;
    simulator.shutdown().await;
}

#[tokio::test]
async fn an_agent_can_stop_to_acknowledge() {
    let path = only(Damage::Loss, Frames::Acknowledgements);
    let simulator = Simulator::start(to_client(path)).await.unwrap();
    let mut client = Client::shell(&simulator).await;
    client.send("echo $((6*7))\r");
    client.read_until("42\r\n").await;
    assert!(!client.channel.all_acknowledged());
    simulator.change_faults(|faults| faults.to_client = Path::default());
    client
        .run_until("acknowledgements", |client| {
            client.channel.all_acknowledged()
        })
        .await;
    simulator.shutdown().await;
}

#[tokio::test]
async fn the_same_seed_does_the_same_to_the_same_frames() {
    let run = async |seed| {
        let mut config = config();
        config.faults.seed = seed;
        config.faults.to_agent = Path::default().with(Damage::Loss, 0.5);
        let simulator = Simulator::start(config).await.unwrap();
        let mut raw = Raw::shell(&simulator).await;
        for number in 0..40 {
            raw.send(number, b"x").await;
        }
        let mut arrived: BTreeSet<i64> = raw.settle().await.into_iter().collect();
        simulator.change_faults(|faults| faults.to_agent = Path::default());
        raw.send(40, b"x").await;
        while !arrived.contains(&40) {
            arrived.insert(raw.acknowledged(&mut Vec::new()).await);
        }
        simulator.shutdown().await;
        arrived
    };
    let arrived = run(1).await;
    assert!((8..34).contains(&arrived.len()), "{arrived:?}");
    assert_eq!(run(1).await, arrived);
    assert_ne!(run(2).await, arrived);
}

#[tokio::test]
async fn everything_at_once_loses_and_doubles_nothing() {
    let mut config = config();
    let ills = Path::default()
        .with(Damage::Loss, 0.05)
        .with(Damage::Duplicate { copies: 2 }, 0.05)
        .with(Damage::Reorder { within: 5 }, 0.1)
        .with(Damage::CorruptDigest, 0.03)
        .with(Damage::CorruptPayload, 0.03)
        .with(Damage::Truncate, 0.03)
        .with(Damage::WrongNumber { ahead: 1 << 40 }, 0.03)
        .with(Damage::UnknownType, 0.03)
        .with(Damage::Fragment { frames: 2 }, 0.05);
    config.faults.to_client = ills.clone();
    config.faults.to_agent = ills;
    let simulator = Simulator::start(config).await.unwrap();
    let mut client = Client::shell(&simulator).await;
    client.send("stty -echo; seq 1 40000; echo d''one\r");
    let output = client.read_until("done").await;
    let start = output.rfind("-echo").map_or(0, |start| start);
    let numbers: Vec<u32> = output[start..]
        .lines()
        .filter_map(|line| line.trim().parse().ok())
        .collect();
    assert!(numbers.iter().copied().eq(1..=40_000), "{}", numbers.len());
    let is_malformed = |notice: &Notice| matches!(notice, Notice::MalformedFrame(_));
    assert!(client.notices.iter().any(is_malformed));
    simulator.shutdown().await;
}

#[tokio::test]
async fn one_frame_can_be_damaged_in_either_direction() {
    let simulator = Simulator::start(config()).await.unwrap();
    let mut raw = Raw::shell(&simulator).await;
    raw.stream_frame().await.unwrap();
    let corrupt = Damage::CorruptDigest;
    assert!(simulator.act(&raw.id, Action::DamageToClient(corrupt)));
    // One may have been on its way already.
    let damaged = async { while raw.stream_frame().await.is_ok() {} };
    timeout(LIMIT, damaged).await.unwrap();
    assert!(raw.stream_frame().await.is_ok());

    assert!(simulator.act(&raw.id, Action::DamageToAgent(Damage::Loss)));
    raw.send(0, b"x").await;
    raw.send(1, b"x").await;
    assert_eq!(raw.acknowledged(&mut Vec::new()).await, 1);
    simulator.shutdown().await;
}

#[tokio::test]
async fn messages_can_be_put_in_the_clients_way() {
    let simulator = Simulator::start(config()).await.unwrap();
    let mut raw = Raw::shell(&simulator).await;
    simulator
        .wait_for(&raw.id, |session| session.client_connected)
        .await
        .unwrap();
    let bytes = Bytes::from_static(b"anything");
    for injection in [
        Injection::Binary(bytes.clone()),
        Injection::Fragments(bytes.clone(), 3),
        Injection::Text("words".to_owned()),
        Injection::Ping(bytes.clone()),
    ] {
        assert!(simulator.act(&raw.id, Action::Inject(injection)));
    }
    let mut wanted = vec![
        Message::Binary(bytes.clone()),
        Message::Binary(bytes.clone()),
        Message::text("words"),
        Message::Ping(bytes),
    ];
    while let Some(message) = wanted.first() {
        if raw.next().await.unwrap().unwrap() == *message {
            wanted.remove(0);
        }
    }
    assert!(!simulator.act("demo-0", Action::Inject(Injection::Pause)));
    simulator.shutdown().await;
}

#[tokio::test]
async fn the_client_can_be_told_that_the_agent_is_away() {
    let simulator = Simulator::start(config()).await.unwrap();
    let mut client = Client::shell(&simulator).await;
    client.read_until("$ ").await;
    for (injection, is_absent) in [(Injection::Pause, true), (Injection::Start, false)] {
        assert!(simulator.act(&client.id, Action::Inject(injection)));
        client
            .run_until("news of the agent", |client| {
                client.channel.is_peer_absent() == is_absent
            })
            .await;
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn acknowledgements_can_come_in_a_storm() {
    let simulator = Simulator::start(config()).await.unwrap();
    let mut raw = Raw::shell(&simulator).await;
    raw.send(0, b"\r").await;
    assert_eq!(raw.acknowledged(&mut Vec::new()).await, 0);
    let storm = Injection::AcknowledgementStorm(2000);
    assert!(simulator.act(&raw.id, Action::Inject(storm.clone())));
    let mut numbers = Vec::new();
    for _ in 0..2000 {
        numbers.push(raw.acknowledged(&mut Vec::new()).await);
    }
    assert_eq!(numbers.iter().filter(|number| **number == 0).count(), 1000);
    assert!(numbers.iter().all(|number| ![1, 2, 3].contains(number)));
    raw.socket.close(None).await.unwrap();

    let mut client = Client::shell(&simulator).await;
    client.read_until("$ ").await;
    assert!(simulator.act(&client.id, Action::Inject(storm)));
    client.send("echo $((6*7))\r");
    client.read_until("42\r\n").await;
    simulator.shutdown().await;
}

#[tokio::test]
async fn pings_are_still_answered_when_frames_are_lost() {
    let path = Path::default().with(Damage::Loss, 1.0);
    let simulator = Simulator::start(to_client(path)).await.unwrap();
    let mut raw = Raw::shell(&simulator).await;
    raw.socket
        .send(Message::Ping(Bytes::from_static(b"keepalive")))
        .await
        .unwrap();
    let pong = raw.next().await.unwrap().unwrap();
    assert_eq!(pong, Message::Pong(Bytes::from_static(b"keepalive")));
    simulator.shutdown().await;
}
