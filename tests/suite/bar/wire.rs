//! Resets and black holes on real sockets, with a real shell behind them.

use std::fs;
use std::time::Duration;

use bytes::Bytes;
use engine::{Liveness, ReconnectPolicy, SessionUpdate, State};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use simulator::{DEMO_TARGET, Disconnect, Simulator};
use testsuite::figures::{short_or_long, tell};
use testsuite::fixtures::{Held, SimulatorSource, unsigned};
use tokio::time::{Instant, timeout};

use super::{bytes, first_difference};

/// Much shorter than an application's, so that five hundred black holes are noticed in minutes.
fn liveness() -> Liveness {
    Liveness {
        ping_interval: Duration::from_millis(100),
        quiet_limit: Duration::from_millis(200),
        urgent_limit: Duration::from_millis(200),
        wake_limit: Duration::from_millis(200),
        input_patience: Duration::from_millis(50),
        urgent_gap: Duration::from_millis(50),
    }
}

#[tokio::test]
async fn no_byte_is_lost_or_doubled_over_connections_that_are_reset_or_fall_silent() {
    let len: usize = short_or_long(10, 100) * 1_000_000;
    let cuts: usize = short_or_long(100, 1000);
    let folder = tempfile::tempdir().expect("there is a place for files");
    let (down, up) = (bytes(3, len), bytes(4, len));
    fs::write(folder.path().join("down"), &down).expect("room for a file");

    let simulator = Simulator::start(unsigned())
        .await
        .expect("loopback is there");
    let source = SimulatorSource::new(&simulator, DEMO_TARGET);
    let mut held = Held::start_with(source.clone(), |config| {
        config.liveness = liveness();
        config.reconnect = ReconnectPolicy {
            first_wait: Duration::ZERO,
            ..ReconnectPolicy::default()
        };
    });
    held.until_open().await;
    let id = simulator.sessions()[0].id.clone();
    // The quotes keep the echo of the command from being taken for its output.
    held.send(&format!(
        "cd '{}'; stty raw -echo; echo REA''DY; cat down & head -c {len} > up; wait; echo DO''NE\r",
        folder.path().display()
    ))
    .await;
    held.until_output("READY\n").await;
    let ready = held.text().find("READY\n").expect("it was waited for") + "READY\n".len();
    held.output.drain(..ready);

    let mut rng = StdRng::seed_from_u64(1000);
    // So that on average there are some more than wanted.
    let mut next_distance = move || rng.random_range(1..2 * (2 * len) * 17 / 20 / cuts);
    let mut next_cut_at = next_distance();
    let mut is_up = true;
    let (mut resets, mut silences) = (0, 0);
    let mut typed = 0;
    let begun = Instant::now();
    let wanted = len + "DONE".len();
    while held.output.len() < wanted {
        let piece = Bytes::copy_from_slice(&up[typed..(typed + 3000).min(len)]);
        let piece_len = piece.len();
        let news = tokio::select! {
            news = timeout(held.patience, held.updates.recv()) => news,
            taken = held.handle.send_input(piece), if piece_len > 0 => {
                assert!(taken, "the session is over");
                typed += piece_len;
                continue;
            }
        };
        match news.expect("something comes within this time") {
            Some(SessionUpdate::Output(bytes)) => {
                held.output.extend_from_slice(&bytes);
                held.handle.grant_credit(bytes.len());
            }
            Some(SessionUpdate::State(State::Ended(end))) => panic!("{end:?}"),
            Some(SessionUpdate::State(State::Open { .. })) => is_up = true,
            Some(_) => {}
            None => panic!("no more news"),
        }
        // One that is due while the last one is not noticed yet comes right afterwards.
        if is_up && held.output.len() + typed >= next_cut_at {
            let how = if resets <= silences {
                Disconnect::Reset
            } else {
                Disconnect::Silence
            };
            let cut = if how == Disconnect::Reset {
                &mut resets
            } else {
                &mut silences
            };
            // Nobody is there while the client has just left on its own account.
            if simulator.disconnect(&id, how) {
                *cut += 1;
                is_up = false;
                next_cut_at += next_distance();
            }
        }
    }
    let took = begun.elapsed();
    let arrived = fs::read(folder.path().join("up")).expect("the shell has written it");
    assert_eq!(&held.output[len..wanted], b"DONE");
    assert_eq!(first_difference(&held.output[..len], &down), None, "down");
    assert_eq!(first_difference(&arrived, &up), None, "up");
    held.close().await;
    let resumes = source.resumes();
    simulator.shutdown().await;
    tell(
        "bytes over real sockets",
        format_args!(
            "{len} bytes each way in {took:.1?}, {} cuts ({resets} resets, {silences} black \
             holes), {resumes} resumes, 0 bytes lost, doubled or reordered",
            resets + silences,
        ),
    );
    assert!(resets + silences >= cuts, "{resets} + {silences}");
    assert!(resumes >= cuts, "{resumes}");
}
