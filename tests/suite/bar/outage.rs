//! Outages by the hundred, in virtual time.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use engine::{Jitter, Pace, SessionUpdate, SourceErrorKind, State};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use testsuite::figures::{short_or_long, tell};
use testsuite::fixtures::Held;
use tokio::time::{Instant, sleep, timeout};

use super::{bytes, first_difference};
use crate::engine_stage::{Answer, Cut, Reach, Stage};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
/// What the application takes: five dials a second.
const DIAL_GAP: Duration = Duration::from_millis(200);

/// Sends so many bytes each way while connections are cut in both ways, each after a number of frames in `lives`, and
/// compares all. Returns the cuts.
async fn carried_over_cuts(len: usize, lives: Range<u32>) -> Vec<Cut> {
    let stage = Stage::new();
    let mut rng = StdRng::seed_from_u64(135);
    let mut next = move || {
        let cut = if rng.random() {
            Cut::Abort
        } else {
            Cut::BlackHole
        };
        Some((rng.random_range(lives.clone()), cut))
    };
    let first = next();
    {
        let mut state = stage.state();
        state.cut_after = first;
        state.next_cut = Some(Box::new(next));
    }
    let down = bytes(1, len);
    let up = bytes(2, len);
    stage.send(down.clone());
    let mut held = stage.start_with(|config| config.jitter = Jitter::new(|| 0.0));
    held.until_open().await;
    let mut to_type: VecDeque<Bytes> = up.chunks(3000).map(Bytes::copy_from_slice).collect();
    let total = b"$ ".len() + down.len();
    while held.output.len() < total || !to_type.is_empty() {
        let Held {
            handle, updates, ..
        } = &mut held;
        let piece = to_type.front().cloned();
        let update = tokio::select! {
            update = timeout(HOUR, updates.recv()) => update,
            sent = handle.send_input(piece.clone().unwrap_or_default()), if piece.is_some() => {
                assert!(sent);
                to_type.pop_front();
                continue;
            }
        };
        match update.expect("no byte is waited for in vain") {
            Some(SessionUpdate::Output(bytes)) => {
                held.output.extend_from_slice(&bytes);
                held.handle.grant_credit(bytes.len());
            }
            Some(SessionUpdate::State(State::Ended(end))) => panic!("{end:?}"),
            Some(_) => {}
            None => panic!("no more news"),
        }
    }
    let all_up = async {
        while stage.state().received.len() < up.len() {
            follow(&mut held, SECOND).await;
        }
    };
    timeout(HOUR, all_up)
        .await
        .expect("all that was typed arrives");
    held.close().await;
    let state = stage.state();
    assert_eq!(first_difference(&held.output[2..], &down), None, "down");
    assert_eq!(first_difference(&state.received, &up), None, "up");
    state.cuts.clone()
}

/// Data under way when the connection is cut
#[tokio::test(start_paused = true)]
async fn smp_135_no_byte_is_lost_or_doubled_over_hundreds_of_cut_connections() {
    let len = short_or_long(10, 100) * 1_000_000;
    let wanted_cuts = short_or_long(100, 1000);
    let cuts = carried_over_cuts(len, 20..400).await;
    let count = |wanted| cuts.iter().filter(|&&cut| cut == wanted).count();
    let (resets, black_holes) = (count(Cut::Abort), count(Cut::BlackHole));
    tell(
        "bytes over cut connections",
        format_args!(
            "{len} bytes each way, {} cuts ({resets} aborted, {black_holes} black holes), \
             0 bytes lost, doubled or reordered",
            cuts.len(),
        ),
    );
    assert!(resets + black_holes >= wanted_cuts);
    assert!(resets * 3 >= wanted_cuts && black_holes * 3 >= wanted_cuts);
}

#[tokio::test(start_paused = true)]
async fn connections_that_die_after_eight_frames_each_carry_everything_in_the_end() {
    let cuts = carried_over_cuts(100_000, 8..9).await.len();
    // 100 messages each way and as many acknowledgements: at least 50 connections' worth.
    assert!((50..=400).contains(&cuts), "{cuts}");
}

/// The service's hourly close every two seconds, 500 times, with credentials that are over at every tenth.
#[tokio::test(start_paused = true)]
async fn five_hundred_byes_and_fifty_expired_credentials_lose_nothing_and_no_session() {
    const CLOSES: usize = 500;
    let stage = Stage::new();
    let mut held = stage.open().await;
    let mut longest = Duration::ZERO;
    for n in 1..=CLOSES {
        sleep(2 * SECOND).await;
        stage.send(format!("{n};"));
        held.until_output(&format!("{n};")).await;
        let needs_sign_in = n % 10 == 0;
        if needs_sign_in {
            stage.sign_out();
        }
        stage.cut(Cut::Close(1000));
        let mut cut_at = Instant::now();
        held.until_reconnecting().await;
        if needs_sign_in {
            held.until_state(|state| matches!(state, State::WaitingForSignIn { .. }))
                .await;
            // What the far end says and what is typed meanwhile is there afterwards.
            stage.send("out;");
            held.send("in;").await;
            sleep(60 * SECOND).await;
            cut_at = Instant::now();
            stage.sign_in();
        }
        held.until_open_again().await;
        longest = longest.max(cut_at.elapsed());
        if needs_sign_in {
            held.until_output(&format!("{n};out;")).await;
        }
    }
    let waits = held
        .states
        .iter()
        .filter(|state| matches!(state, State::WaitingForSignIn { .. }));
    assert_eq!(waits.count(), CLOSES / 10);
    let expected: String = (1..=CLOSES)
        .map(|n| format!("{n};{}", if n % 10 == 0 { "out;" } else { "" }))
        .collect();
    assert_eq!(held.text(), format!("$ {expected}"));
    let typed = "in;".repeat(CLOSES / 10);
    timeout(HOUR, stage.until_received(typed.len()))
        .await
        .expect("all that was typed arrives");
    held.close().await;
    let state = stage.state();
    assert_eq!(String::from_utf8_lossy(&state.received), typed);
    tell(
        "hourly close",
        format_args!(
            "{CLOSES} closes, {} sign-ins, 1 session, nothing lost; never a wait of a second",
            CLOSES / 10
        ),
    );
    assert!(longest < SECOND, "{longest:?}");
}

fn assert_five_a_second(dials: &mut [Instant]) {
    dials.sort();
    assert!(
        dials
            .windows(6)
            .all(|window| window[5] - window[0] >= SECOND),
        "{dials:?}"
    );
}

/// Fifty sessions sleep for a night; `apart` is between their starts, `awake` how long they are up before. How long after
/// waking all are back.
async fn back_after_a_night(apart: Duration, awake: Duration) -> Duration {
    let pace = Pace::shared(DIAL_GAP);
    let mut sessions = Vec::new();
    for _ in 0..50 {
        let stage = Stage::new();
        let mut held = stage.start_with(|config| config.pace = pace.clone());
        held.until_open().await;
        stage.state().dials.clear();
        sessions.push((stage, held));
        sleep(apart).await;
    }
    sleep(awake).await;
    for (stage, _) in &sessions {
        stage.cut(Cut::BlackHole);
        stage.sleep(8 * HOUR);
    }
    let woken_at = Instant::now();
    let mut dials = Vec::new();
    let mut back = Duration::ZERO;
    for (stage, held) in &mut sessions {
        held.until_reconnecting().await;
        held.until_open_again().await;
        back = back.max(woken_at.elapsed());
        dials.extend(stage.state().dials.iter().copied());
    }
    assert_eq!(dials.len(), 50);
    assert_five_a_second(&mut dials);
    for (_, held) in &sessions {
        held.close().await;
    }
    back
}

#[tokio::test(start_paused = true)]
async fn fifty_sessions_wake_within_fifteen_seconds_and_five_dials_a_second() {
    let mut longest = Duration::ZERO;
    // Sleep is noticed when a session next looks at its clocks: in step or not, and at any time until that look.
    for apart in [0, 61] {
        for awake in (20_000..23_000).step_by(250) {
            let [apart, awake] = [apart, awake].map(Duration::from_millis);
            longest = longest.max(back_after_a_night(apart, awake).await);
        }
    }
    tell(
        "sleep of 8 h, 50 open sessions",
        format_args!("all back after {longest:?} at most, 50 dials, at most 5 a second"),
    );
    // Sleep is noticed within 3 s, silence is trusted for 1 more, and 49 gaps of 200 ms lie between the dials.
    assert!(longest <= 15 * SECOND, "{longest:?}");
}

#[tokio::test(start_paused = true)]
async fn fifty_sessions_that_slept_without_a_connection_are_back_or_say_why_just_as_soon() {
    let pace = Pace::shared(DIAL_GAP);
    let mut sessions = Vec::new();
    for n in 0..50 {
        let stage = Stage::new();
        let mut held = stage.start_with(|config| config.pace = pace.clone());
        held.until_open().await;
        if n % 5 == 0 {
            stage.sign_out();
        } else {
            stage.state().reach = Reach::NoAddress;
        }
        stage.cut(Cut::Abort);
        sessions.push((stage, held));
    }
    // Far into the waits of up to half a minute.
    sleep(200 * SECOND).await;
    for (stage, held) in &mut sessions {
        follow(held, Duration::from_millis(1)).await;
        let mut state = stage.state();
        state.reach = Reach::Open;
        state.resumes.clear();
    }
    for (stage, _) in &sessions {
        stage.sleep(8 * HOUR);
    }
    let woken_at = Instant::now();
    let mut asked = Vec::new();
    let mut back = Duration::ZERO;
    for (n, (stage, held)) in sessions.iter_mut().enumerate() {
        held.until_state(|state| {
            if n % 5 == 0 {
                matches!(state, State::WaitingForSignIn { .. })
            } else {
                matches!(state, State::Open { .. })
            }
        })
        .await;
        back = back.max(woken_at.elapsed());
        asked.extend(stage.state().resumes.iter().copied());
    }
    assert_eq!(asked.len(), 50);
    assert_five_a_second(&mut asked);
    tell(
        "sleep of 8 h, 50 sessions without a connection",
        format_args!(
            "40 back and 10 waiting for a sign-in after {back:?}, at most 5 tries a second"
        ),
    );
    assert!(back <= 15 * SECOND, "{back:?}");
    for (_, held) in &sessions {
        held.close().await;
    }
}

/// Reads the news until that time has passed.
async fn follow(held: &mut Held, time: Duration) {
    let read = async { while held.updates.recv().await.is_some() {} };
    let _ = timeout(time, read).await;
}

#[tokio::test(start_paused = true)]
async fn a_service_that_refuses_is_asked_at_most_forty_times_an_hour_by_each_of_fifty_sessions() {
    let ways = [
        ("answers 503", Reach::Status(503), Answer::Ticket),
        ("answers 429", Reach::Status(429), Answer::Ticket),
        ("answers 403", Reach::Status(403), Answer::Ticket),
        ("refuses each token", Reach::TokenRefused, Answer::Ticket),
        (
            "has no resume",
            Reach::Open,
            Answer::Error(SourceErrorKind::Busy),
        ),
    ];
    for (name, reach, answer) in ways {
        let pace = Pace::shared(DIAL_GAP);
        let mut sessions = tokio::task::JoinSet::new();
        for seed in 0..50 {
            let (pace, answer) = (pace.clone(), answer.clone());
            sessions.spawn(async move {
                let stage = Stage::new();
                let jitter = std::sync::Mutex::new(StdRng::seed_from_u64(seed));
                let mut held = stage.start_with(|config| {
                    config.pace = pace;
                    config.jitter =
                        Jitter::new(move || jitter.lock().expect("nobody panics").random());
                });
                held.until_open().await;
                // Longer than makes a connection a stable one.
                follow(&mut held, 61 * SECOND).await;
                {
                    let mut state = stage.state();
                    state.dials.clear();
                    state.reach = reach;
                    state.answer = answer;
                }
                stage.cut(Cut::Abort);
                follow(&mut held, HOUR).await;
                let tries = {
                    let state = stage.state();
                    (state.resumes.len(), state.dials.len())
                };
                held.close().await;
                tries
            });
        }
        let tries = sessions.join_all().await;
        let most = tries.iter().map(|&(asked, dialled)| asked.max(dialled));
        let most = most.max().unwrap_or_default();
        let fewest = tries.iter().map(|&(asked, _)| asked).min();
        let fewest = fewest.unwrap_or_default();
        tell(
            "tries in an hour",
            format_args!("service that {name}: {fewest} to {most} a session"),
        );
        assert!(most <= 40, "{name}: {tries:?}");
        assert!(fewest >= 5, "{name}: {tries:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_may_not_is_not_asked_a_second_time_in_an_hour() {
    let stage = Stage::new();
    let mut expired = stage.open().await;
    stage.sign_out();
    stage.cut(Cut::Abort);
    follow(&mut expired, HOUR).await;
    assert_eq!(stage.state().resumes.len(), 1, "credentials are over");
    expired.close().await;

    let stage = Stage::new();
    let mut denied = stage.open().await;
    stage.state().answer = Answer::Error(SourceErrorKind::Refused);
    stage.cut(Cut::Abort);
    follow(&mut denied, HOUR).await;
    assert_eq!(stage.state().resumes.len(), 1, "a permission is missing");
    denied.close().await;
    tell("tries of who may not", "1 in an hour");
}
