//! What a byte costs on its way: the codec alone, the engine over a loopback WebSocket, and a key until its echo.
//!
//! `cargo xtask bench` prints the figures; nothing is asserted, since machines differ and are noisy.

use std::hint::black_box;
use std::time::{Duration, Instant};

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use protocol::{AgentMessage, Flags, MessageType, PayloadType, SequenceNumber};
use simulator::Simulator;
use testsuite::fixtures::{Held, unsigned};
use tokio::runtime::Runtime;
use uuid::Uuid;

fn message(payload: Bytes) -> AgentMessage {
    AgentMessage {
        message_type: MessageType::OutputStreamData,
        schema_version: 1,
        created_ms: 1_700_000_000_000,
        sequence_number: SequenceNumber(7),
        flags: Flags::default(),
        message_id: Uuid::from_u128(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff),
        payload_type: PayloadType::Output,
        payload,
    }
}

fn codec(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("codec");
    for len_bytes in [16, 1024, 32 * 1024] {
        let decoded = message(Bytes::from(vec![b'x'; len_bytes]));
        let encoded = decoded.encode().expect("not empty");
        group.throughput(Throughput::Bytes(len_bytes as u64));
        group.bench_function(format!("encode/{len_bytes}"), |bencher| {
            bencher.iter(|| black_box(&decoded).encode());
        });
        group.bench_function(format!("decode/{len_bytes}"), |bencher| {
            bencher.iter(|| AgentMessage::decode(black_box(encoded.clone())));
        });
    }
    group.finish();
}

const MEGABYTE: u64 = 1024 * 1024;

fn throughput(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("threads can be started");
    let simulator = runtime
        .block_on(Simulator::start(unsigned()))
        .expect("loopback is there");
    let mut group = criterion.benchmark_group("engine");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(15));
    group.throughput(Throughput::Bytes(8 * MEGABYTE));
    group.bench_function("down, 8 MiB of output", |bencher| {
        bencher.iter_custom(|rounds| {
            runtime.block_on(async {
                let mut session = Held::open(&simulator).await;
                session.send("stty -echo; echo REA''DY\r").await;
                session.until_output("READY").await;
                let mut spent = Duration::ZERO;
                for round in 0..rounds {
                    let begun = Instant::now();
                    session.output.clear();
                    session
                        .send(&format!(
                            "head -c 8388608 /dev/zero | tr '\\0' x; echo DONE-$(({round}))\r"
                        ))
                        .await;
                    until_suffix(&mut session, &format!("DONE-{round}\r\n")).await;
                    spent += begun.elapsed();
                }
                session.handle.close().await;
                spent
            })
        });
    });
    group.throughput(Throughput::Bytes(4 * MEGABYTE));
    group.bench_function("up, 4 MiB of input", |bencher| {
        bencher.iter_custom(|rounds| {
            runtime.block_on(async {
                let mut session = Held::open(&simulator).await;
                // One command for all rounds: between two, the shell would take what comes for a command line.
                session
                    .send("stty raw -echo; echo REA''DY; while head -c 4194304 > /dev/null; do echo TAKEN; done\r")
                    .await;
                session.until_output("READY").await;
                let piece = Bytes::from(vec![b'y'; 64 * 1024]);
                let mut spent = Duration::ZERO;
                for _ in 0..rounds {
                    session.output.clear();
                    let begun = Instant::now();
                    for _ in 0..64 {
                        assert!(session.handle.send_input(piece.clone()).await);
                    }
                    until_suffix(&mut session, "TAKEN\n").await;
                    spent += begun.elapsed();
                }
                session.handle.close().await;
                spent
            })
        });
    });
    group.finish();
    runtime.block_on(simulator.shutdown());
}

/// Looks at the end of the output only: searching all of it again for every batch would be what is measured.
async fn until_suffix(session: &mut Held, text: &str) {
    loop {
        let tail = session.output.len().saturating_sub(2 * text.len() + 64);
        if String::from_utf8_lossy(&session.output[tail..]).contains(text) {
            return;
        }
        assert!(session.next().await.is_some(), "the session ended");
    }
}

/// Percentiles are what a person feels, and criterion prints none, so they are printed beside its own figures.
fn echo(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("threads can be started");
    let simulator = runtime
        .block_on(Simulator::start(unsigned()))
        .expect("loopback is there");
    let mut samples = Vec::new();
    criterion.bench_function("key to echo", |bencher| {
        bencher.iter_custom(|rounds| {
            runtime.block_on(async {
                let mut session = Held::open(&simulator).await;
                session.send("stty raw; echo REA''DY; cat\r").await;
                session.until_output("READY").await;
                // `cat` on a raw terminal says each key a second time; only the terminal's own echo is waited for.
                session.send("stty sane\r").await;
                let mut spent = Duration::ZERO;
                for _ in 0..rounds {
                    let before = session.output.len();
                    let begun = Instant::now();
                    session.send("k").await;
                    while session.output.len() == before {
                        assert!(session.next().await.is_some(), "the session ended");
                    }
                    let took = begun.elapsed();
                    samples.push(took);
                    spent += took;
                }
                session.handle.close().await;
                spent
            })
        });
    });
    runtime.block_on(simulator.shutdown());
    samples.sort_unstable();
    if let (Some(p50), Some(p95)) = (percentile(&samples, 50), percentile(&samples, 95)) {
        eprintln!(
            "key to echo: p50 {p50:?}, p95 {p95:?} over {} keys",
            samples.len()
        );
    }
}

fn percentile(sorted: &[Duration], percent: usize) -> Option<Duration> {
    sorted.get(sorted.len() * percent / 100).copied()
}

criterion_group!(benches, codec, echo, throughput);
criterion_main!(benches);
