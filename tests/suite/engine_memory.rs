//! One session's memory is bounded, whatever its peer sends and its receiver takes.

use std::time::Duration;

use bytes::Bytes;
use engine::{MAX_SESSION_BYTES, SessionUpdate, State};
use protocol::PayloadType;
use testsuite::scripted::from_agent;
use tokio::time::{sleep, timeout};

use crate::engine_stage::{Cut, PIPE_BYTES, Stage};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_flood_that_nobody_takes_stops_at_the_high_mark_and_arrives_when_somebody_does() {
    const FLOOD: usize = 8_000_000;
    let stage = Stage::new();
    let mut held = stage.open().await;
    held.grants = false;
    stage.send(vec![b'x'; FLOOD]);
    sleep(300 * SECOND).await;
    let written = stage.state().written;
    // What was written is in the pipe, in the session, or waits with the writer for room: 512 KiB unacknowledged.
    assert!(written <= 2_000_000 + PIPE_BYTES, "{written}");
    assert!(
        held.handle.held_bytes() <= 1024 * 1024,
        "{}",
        held.handle.held_bytes()
    );
    let before = held.states.len();
    held.grants = true;
    while held.output.len() < FLOOD + 2 {
        held.next().await.expect("not ended");
    }
    assert_eq!(held.states.len(), before, "the connection was not blamed");
    held.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_flood_behind_a_missing_message_is_held_up_to_the_bound_of_a_session() {
    let stage = Stage::new();
    let mut held = stage.open().await;
    let mut most = 0;
    // 40 MB that cannot be delivered: number 1 never comes.
    for number in 0..10_000_i64 {
        stage.write_raw(from_agent(
            1_000 + number,
            PayloadType::Output,
            vec![b'x'; 4096],
        ));
        if number % 100 == 0 {
            sleep(SECOND / 10).await;
            most = most.max(held.handle.held_bytes());
        }
    }
    sleep(SECOND).await;
    assert!(most > 7 * 1024 * 1024, "the flood must be seen: {most}");
    assert!(most <= MAX_SESSION_BYTES, "{most}");
    // And when the gap closes all at once.
    for number in 1..1_000_i64 {
        stage.write_raw(from_agent(number, PayloadType::Output, "y"));
    }
    held.grants = false;
    for _ in 0..100 {
        sleep(SECOND / 10).await;
        most = most.max(held.handle.held_bytes());
    }
    assert!(most <= MAX_SESSION_BYTES, "{most}");
    held.grants = true;
    let taken = timeout(60 * SECOND, async {
        while !held.output.ends_with(b"x") {
            held.next().await;
        }
    });
    taken.await.expect("what was held is delivered");
    held.close().await;
}

#[tokio::test(start_paused = true)]
async fn input_that_nobody_takes_waits_with_its_sender() {
    let stage = Stage::new();
    let held = stage.open().await;
    stage.cut(Cut::BlackHole);
    stage.state().reach = crate::engine_stage::Reach::Refused;
    let mut taken = 0;
    let flood = Bytes::from(vec![b'x'; 10_000_000]);
    let sent = timeout(300 * SECOND, held.handle.send_input(flood.clone())).await;
    assert!(sent.is_err(), "it must wait");
    for _ in 0..1000 {
        let piece = flood.slice(..1000);
        if timeout(SECOND / 100, held.handle.send_input(piece))
            .await
            .is_ok()
        {
            taken += 1000;
        }
    }
    assert_eq!(taken, 0);
    let bytes = held.handle.held_bytes();
    assert!(bytes <= 1024 * 1024, "{bytes}");
    held.close().await;
}

/// Input into a dead connection, with output that nobody reads
#[tokio::test(start_paused = true)]
async fn smp_6_input_into_a_dead_connection_is_not_mistaken_for_a_slow_receiver() {
    let stage = Stage::new();
    let mut held = stage.open().await;
    stage.cut(Cut::BlackHole);
    let flood = Bytes::from(vec![b'x'; 600_000]);
    let (sent, ()) = tokio::join!(
        timeout(120 * SECOND, held.handle.send_input(flood)),
        sleep(SECOND)
    );
    assert!(sent.is_ok(), "the session came back and took it");
    held.until_open_again().await;
    stage.until_received(600_000).await;
    assert_eq!(stage.state().received.len(), 600_000);
    held.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_takes_nothing_through_many_outages_learns_the_last_state() {
    let stage = Stage::new();
    let mut held = stage.open().await;
    for _ in 0..500 {
        stage.cut(Cut::Close(1000));
        sleep(10 * SECOND).await;
    }
    // Some thirty, until it is so far behind that nothing is read for it.
    let resumes = stage.state().resumes.len();
    assert!(resumes >= 15, "{resumes}");
    let mut states = 0;
    let mut last = None;
    while let Ok(Some(update)) = timeout(SECOND, held.updates.recv()).await {
        if let SessionUpdate::State(state) = update {
            states += 1;
            last = Some(state);
        }
    }
    assert!(states <= 200, "{states}");
    assert!(matches!(last, Some(State::Open { .. })), "{last:?}");
    held.close().await;
}
