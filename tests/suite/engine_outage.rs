//! Sessions that do not die: every way to lose a connection, and the one way back.
//!
//! In virtual time: an hour costs nothing. Named after the complaint that a test answers, where there is one: `smp` is the
//! official client's issue list.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use engine::{
    ChannelError, DialError, End, EndedBy, Exit, Lost, Moment, Notice, SessionUpdate,
    SourceErrorKind, State,
};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use testsuite::fixtures::Held;
use tokio::time::{Instant, sleep, timeout};

use crate::engine_stage::{Answer, Cut, Reach, Stage, closed};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

fn bytes(seed: u64, len: usize) -> Vec<u8> {
    let mut data = vec![0; len];
    StdRng::seed_from_u64(seed).fill_bytes(&mut data);
    data
}

/// Waits until the session is lost and open again.
async fn resumed(held: &mut Held) -> Vec<State> {
    let from = held.states.len();
    held.until_reconnecting().await;
    held.until_open_again().await;
    held.states[from..].to_vec()
}

fn outages(held: &Held) -> usize {
    held.handle
        .timeline()
        .entries()
        .filter(|entry| matches!(entry.moment, Moment::Lost(_)))
        .count()
}

/// The hourly close, for a week
#[tokio::test(start_paused = true)]
async fn smp_135_a_close_every_hour_for_a_week_is_resumed_at_once_each_time() {
    let stage = Stage::new();
    let mut held = stage.open().await;
    for hour in 0..7 * 24 {
        sleep(HOUR).await;
        stage.cut(Cut::Close(1000));
        let before = Instant::now();
        let states = resumed(&mut held).await;
        assert!(
            before.elapsed() < SECOND,
            "hour {hour}: {:?}",
            before.elapsed()
        );
        let [State::Reconnecting(outage), State::Open { .. }] = &states[..] else {
            panic!("hour {hour}: {states:?}");
        };
        assert_eq!((outage.attempt, &outage.failure), (1, &None));
        assert_eq!(
            outage.cause,
            Lost::ClosedByPeer {
                code: 1000,
                reason: "Bye".to_owned()
            }
        );
    }
    held.send("still here").await;
    stage.until_received(10).await;
    held.close().await;
    let state = stage.state();
    assert_eq!(state.resumes.len(), 7 * 24);
    assert_eq!(state.terminates, 1);
    let clients: BTreeSet<_> = state.opened.iter().map(|opened| opened.client_id).collect();
    let requests: BTreeSet<_> = state
        .opened
        .iter()
        .map(|opened| opened.request_id)
        .collect();
    assert_eq!(clients.len(), 1, "one client to the service");
    assert_eq!(
        requests.len(),
        state.opened.len(),
        "each request its own id"
    );
}

#[tokio::test(start_paused = true)]
async fn the_new_url_and_token_of_each_resume_are_adopted_and_each_dial_is_signed_anew() {
    let stage = Stage::new();
    let mut held = stage.open().await;
    for _ in 0..5 {
        sleep(61 * SECOND).await;
        stage.cut(Cut::Abort);
        resumed(&mut held).await;
    }
    for (n, opened) in (1..).zip(&stage.state().opened) {
        assert_eq!(
            opened.query,
            format!("role=publish_subscribe&cell-number={n}")
        );
        assert_eq!(opened.token, format!("token-{n}"));
        assert_eq!(
            opened.signature.as_deref(),
            Some(format!("signature {n}").as_str())
        );
    }
    assert_eq!(stage.state().opened.len(), 6);
    held.close().await;
}

/// Credentials of an hour ago, refused at the resume
#[tokio::test(start_paused = true)]
async fn smp_136_expired_credentials_are_waited_for_and_what_was_typed_arrives_once() {
    let stage = Stage::new();
    let mut held = stage.open().await;
    stage.state().signed_out = true;
    stage.cut(Cut::Close(1000));
    let state = held
        .until_state(|state| matches!(state, State::WaitingForSignIn { .. }))
        .await;
    let State::WaitingForSignIn { cause, reason, .. } = state else {
        unreachable!("it was waited for");
    };
    assert!(matches!(cause, Lost::ClosedByPeer { code: 1000, .. }));
    assert_eq!(reason.kind, SourceErrorKind::SignInNeeded);
    held.send("typed while ").await;
    // A weekend, far longer than any limit on tries.
    sleep(60 * HOUR).await;
    held.send("signed out").await;
    assert_eq!(stage.state().resumes.len(), 1, "nobody is asked meanwhile");
    assert_eq!(stage.state().sign_in_asks, 1);
    stage.sign_in();
    held.until_open_again().await;
    stage.until_received(22).await;
    sleep(60 * SECOND).await;
    assert_eq!(stage.state().received, b"typed while signed out");
    let timeline = held.handle.timeline();
    for wanted in ["SignInNeeded", "SignedIn", "Resumed"] {
        assert!(
            timeline
                .entries()
                .any(|entry| format!("{:?}", entry.moment).starts_with(wanted)),
            "{wanted}: {timeline:?}"
        );
    }
    held.close().await;
}

#[tokio::test(start_paused = true)]
async fn credentials_that_are_said_to_be_fresh_and_are_not_make_no_storm() {
    let stage = Stage::new();
    let mut held = stage.open().await;
    stage.sign_in();
    stage.state().signed_out = true;
    stage.cut(Cut::Abort);
    held.until_state(|state| matches!(state, State::WaitingForSignIn { .. }))
        .await;
    let read = async { while held.updates.recv().await.is_some() {} };
    let _ = timeout(HOUR, read).await;
    let asked = stage.state().resumes.len();
    assert!((60..=140).contains(&asked), "{asked}");
    stage.sign_in();
    held.until_open_again().await;
    held.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ended_meanwhile_is_gone_and_not_terminated() {
    let stage = Stage::new();
    let mut held = stage.open().await;
    stage.state().answer = Answer::Gone;
    stage.cut(Cut::Abort);
    let end = held.until_ended().await;
    assert!(matches!(end, End::Gone { .. }), "{end:?}");
    assert_eq!(end.by(), EndedBy::WhileDisconnected);
    held.close().await;
    assert_eq!(stage.state().terminates, 0);
}

#[tokio::test(start_paused = true)]
async fn a_resume_that_is_refused_for_good_ends_the_session_with_the_services_words() {
    let stage = Stage::new();
    let mut held = stage.open().await;
    stage.state().answer = Answer::Error(SourceErrorKind::Refused);
    stage.cut(Cut::Close(1000));
    let end = held.until_ended().await;
    assert!(matches!(end, End::ResumeRefused { .. }), "{end:?}");
    assert_eq!(end.by(), EndedBy::ResumeRefused);
    assert_eq!(end.words(), Some("said the stage"));
    assert_eq!(stage.state().resumes.len(), 1, "no retry");
    held.close().await;
}

/// Idle connections die behind a VPN or proxy, unnoticed for minutes
#[tokio::test(start_paused = true)]
async fn agent_496_a_dead_peer_is_found_in_time_while_nobody_types() {
    let stage = Stage::new();
    let mut held = stage.open().await;
    for wait in [0, 1, 7, 14, 16, 100] {
        sleep(wait * SECOND).await;
        stage.cut(Cut::BlackHole);
        let before = Instant::now();
        held.until_reconnecting().await;
        assert!(
            before.elapsed() <= 31 * SECOND,
            "after {wait} s: {:?}",
            before.elapsed()
        );
        held.until_open_again().await;
    }
    let silent = held.states.iter().filter(|state| {
        matches!(state, State::Reconnecting(outage) if matches!(outage.cause, Lost::Silent { .. }))
    });
    assert!(silent.count() >= 6);
    held.close().await;
}

/// A dead connection while somebody types
#[tokio::test(start_paused = true)]
async fn smp_6_a_dead_peer_is_told_of_in_seconds_while_somebody_types() {
    let stage = Stage::new();
    let mut held = stage.open().await;
    for (n, wait) in [0, 1, 7, 14, 16, 100].into_iter().enumerate() {
        sleep(wait * SECOND).await;
        stage.cut(Cut::BlackHole);
        sleep(SECOND / 10).await;
        held.send("x").await;
        let before = Instant::now();
        let mut stalled = None;
        loop {
            match held.next().await {
                Some(SessionUpdate::Notice(Notice::Stalled(_))) => {
                    stalled = Some(before.elapsed());
                }
                Some(SessionUpdate::State(State::Reconnecting(_))) => break,
                Some(_) => {}
                None => panic!("ended"),
            }
        }
        assert!(
            stalled.is_some_and(|stalled| stalled <= 3500 * SECOND / 1000),
            "after {wait} s: {stalled:?}"
        );
        assert!(
            before.elapsed() <= 10 * SECOND,
            "after {wait} s: {:?}",
            before.elapsed()
        );
        held.until_open_again().await;
        stage.until_received(n + 1).await;
    }
    sleep(60 * SECOND).await;
    assert_eq!(stage.state().received, b"xxxxxx");
    held.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_key_typed_while_the_write_fails_arrives_once() {
    let stage = Stage::new();
    let mut held = stage.open().await;
    for n in 0..20_u8 {
        // The stream ends before the session can have noticed, so the key goes into it.
        stage.cut(Cut::Abort);
        held.send(char::from(b'a' + n).encode_utf8(&mut [0; 4]))
            .await;
        resumed(&mut held).await;
        stage.until_received(usize::from(n) + 1).await;
        sleep(61 * SECOND).await;
    }
    assert_eq!(stage.state().received, b"abcdefghijklmnopqrst");
    held.close().await;
}

/// Input typed during an outage is ignored or lost
#[tokio::test(start_paused = true)]
async fn smp_102_input_during_an_outage_is_kept_up_to_a_bound_and_arrives_once_in_order() {
    let stage = Stage::new();
    let mut held = stage.open().await;
    stage.state().reach = Reach::Refused;
    stage.cut(Cut::Abort);
    held.until_reconnecting().await;
    let data = bytes(7, 1_000_000);
    let mut taken = 0;
    for piece in data.chunks(1000) {
        let sent = timeout(
            SECOND,
            held.handle.send_input(Bytes::copy_from_slice(piece)),
        );
        if sent.await.is_err() {
            break;
        }
        taken += piece.len();
    }
    assert!((64_000..200_000).contains(&taken), "{taken}");
    stage.state().reach = Reach::Open;
    held.until_open_again().await;
    stage.until_received(taken).await;
    sleep(60 * SECOND).await;
    assert_eq!(stage.state().received, data[..taken]);
    held.close().await;
}

#[tokio::test(start_paused = true)]
async fn every_way_to_miss_the_service_is_tried_again_until_it_works() {
    let ways = [
        Reach::Refused,
        Reach::NoAddress,
        Reach::Silent,
        Reach::Garbled,
        Reach::Status(502),
        Reach::Status(403),
        Reach::TokenRefused,
    ];
    for reach in ways {
        let stage = Stage::new();
        let mut held = stage.open().await;
        stage.state().reach = reach;
        stage.cut(Cut::Abort);
        let failed = held
            .until_state(
                |state| matches!(state, State::Reconnecting(outage) if outage.attempt >= 3),
            )
            .await;
        let State::Reconnecting(outage) = failed else {
            unreachable!("it was waited for");
        };
        assert!(outage.failure.is_some(), "{reach:?}");
        assert!(
            !held.states[4..]
                .iter()
                .any(|state| matches!(state, State::Open { .. })),
            "{reach:?}: open was said too early: {:?}",
            held.states
        );
        stage.state().reach = Reach::Open;
        held.until_open_again().await;
        assert_eq!(outages(&held), 1, "{reach:?}");
        held.send("x").await;
        stage.until_received(1).await;
        held.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_first_dial_that_fails_is_tried_again_with_the_same_token() {
    for reach in [Reach::Refused, Reach::NoAddress, Reach::Silent] {
        let stage = Stage::new();
        stage.state().reach = reach;
        let mut held = stage.start();
        held.until_state(
            |state| matches!(state, State::Reconnecting(outage) if outage.attempt >= 2),
        )
        .await;
        stage.state().reach = Reach::Open;
        held.until_open().await;
        assert_eq!(stage.state().opened[0].token, "token-1", "{reach:?}");
        assert!(stage.state().resumes.is_empty(), "{reach:?}");
        held.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_first_dial_that_cannot_be_trusted_is_tried_again_and_sends_no_token() {
    let stage = Stage::new();
    stage.state().tls = true;
    let mut held = stage.start();
    let state = held
        .until_state(|state| matches!(state, State::Reconnecting(outage) if outage.attempt >= 2))
        .await;
    let State::Reconnecting(outage) = state else {
        unreachable!("it was waited for");
    };
    assert!(
        matches!(
            outage.cause,
            Lost::NotReached(DialError::Tls { .. } | DialError::Timeout { .. })
        ),
        "{outage:?}"
    );
    assert!(stage.state().opened.is_empty());
    held.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_first_dial_that_is_refused_is_tried_with_a_new_token_and_refused_again_is_the_end() {
    let stage = Stage::new();
    stage.state().reach = Reach::Status(403);
    let mut held = stage.start();
    let end = held.until_ended().await;
    assert!(
        matches!(
            end,
            End::NotConnected(DialError::Refused { status: 403, .. })
        ),
        "{end:?}"
    );
    held.close().await;
    let state = stage.state();
    assert_eq!(
        (state.dials.len(), state.resumes.len(), state.terminates),
        (2, 1, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_service_that_refuses_for_an_hour_is_dialled_at_most_forty_times_and_then_given_up() {
    let stage = Stage::new();
    let mut held = stage.start_with(|config| config.jitter = engine::Jitter::default());
    held.until_open().await;
    stage.state().reach = Reach::Status(503);
    let before = stage.state().dials.len();
    stage.cut(Cut::Abort);
    let lost_at = Instant::now();
    let end = held.until_ended().await;
    let dials = stage.state().dials.len() - before;
    assert!((10..=40).contains(&dials), "{dials}");
    assert!(
        matches!(
            &end,
            End::GivenUp {
                by_owner: false,
                failure: Some(Lost::NotReached(DialError::Refused { status: 503, .. })),
                ..
            }
        ),
        "{end:?}"
    );
    assert_eq!(end.by(), EndedBy::Network);
    assert!(lost_at.elapsed() >= HOUR && lost_at.elapsed() <= HOUR + 9 * 60 * SECOND);
    held.close().await;
}

#[tokio::test(start_paused = true)]
async fn without_a_network_the_next_try_is_never_more_than_half_a_minute_away() {
    let stage = Stage::new();
    let mut held = stage.open().await;
    stage.state().reach = Reach::NoAddress;
    stage.state().dials.clear();
    stage.cut(Cut::Abort);
    let read = async { while held.updates.recv().await.is_some() {} };
    let _ = timeout(HOUR / 2, read).await;
    let dials = stage.state().dials.clone();
    let gaps: Vec<Duration> = dials.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.iter().all(|&gap| gap <= 31 * SECOND), "{gaps:?}");
    assert!(
        gaps[0] < SECOND && gaps.last() > Some(&(29 * SECOND)),
        "{gaps:?}"
    );
    held.close().await;
}

#[tokio::test(start_paused = true)]
async fn try_now_does_not_wait_and_with_a_connection_makes_sure_of_it() {
    let stage = Stage::new();
    let mut held = stage.open().await;
    stage.state().reach = Reach::Status(503);
    stage.cut(Cut::Abort);
    held.until_state(|state| {
        matches!(state, State::Reconnecting(outage)
            if outage.attempt >= 10 && outage.next_try_ms.is_some())
    })
    .await;
    stage.state().reach = Reach::Open;
    let before = Instant::now();
    held.handle.try_now();
    held.until_open_again().await;
    assert!(before.elapsed() < SECOND, "{:?}", before.elapsed());

    sleep(60 * SECOND).await;
    stage.cut(Cut::BlackHole);
    let before = Instant::now();
    held.handle.try_now();
    resumed(&mut held).await;
    assert!(before.elapsed() < 6 * SECOND, "{:?}", before.elapsed());

    stage.state().signed_out = true;
    stage.cut(Cut::Abort);
    held.until_state(|state| matches!(state, State::WaitingForSignIn { .. }))
        .await;
    stage.state().signed_out = false;
    held.handle.try_now();
    held.until_open_again().await;
    held.close().await;
}

#[tokio::test(start_paused = true)]
async fn giving_up_ends_a_search_and_does_nothing_to_a_connection() {
    let stage = Stage::new();
    let mut held = stage.open().await;
    held.handle.give_up();
    held.send("x").await;
    stage.until_received(1).await;
    stage.state().reach = Reach::Refused;
    stage.cut(Cut::Abort);
    held.until_reconnecting().await;
    sleep(60 * SECOND).await;
    held.handle.give_up();
    let end = held.until_ended().await;
    assert!(
        matches!(end, End::GivenUp { by_owner: true, .. }),
        "{end:?}"
    );
    assert_eq!(end.by(), EndedBy::Me);
    held.close().await;
    assert_eq!(stage.state().terminates, 1);
}

/// No way out of an outage but to kill the client
#[tokio::test(start_paused = true)]
async fn smp_47_quitting_in_the_middle_of_an_outage_leaves_no_task() {
    for (reach, signed_out, answer) in [
        (Reach::Refused, false, Answer::Ticket),
        (Reach::Silent, false, Answer::Ticket),
        (Reach::Open, false, Answer::Never),
        (Reach::Open, true, Answer::Ticket),
    ] {
        let stage = Stage::new();
        let mut held = stage.open().await;
        {
            let mut state = stage.state();
            state.reach = reach;
            state.signed_out = signed_out;
            state.answer = answer;
        }
        stage.cut(Cut::Abort);
        held.until_state(|state| {
            matches!(
                state,
                State::Reconnecting(_) | State::WaitingForSignIn { .. }
            )
        })
        .await;
        sleep(2 * SECOND).await;
        let before = Instant::now();
        let exit = held.handle.close().await;
        assert_eq!(exit, Exit::Ended(End::Closed), "{reach:?}");
        held.close().await;
        assert!(before.elapsed() < SECOND, "{:?}", before.elapsed());
        assert_eq!(stage.state().terminates, 1);
    }
}

/// Sessions are dead after the computer slept
#[tokio::test(start_paused = true)]
async fn cloudglance_6_after_a_nights_sleep_a_dead_connection_is_back_in_seconds() {
    let stage = Stage::new();
    let mut held = stage.open().await;
    sleep(20 * SECOND).await;
    stage.cut(Cut::BlackHole);
    stage.sleep(8 * HOUR);
    let before = Instant::now();
    let states = resumed(&mut held).await;
    assert!(before.elapsed() <= 15 * SECOND, "{:?}", before.elapsed());
    let Some(State::Reconnecting(outage)) = states.first() else {
        panic!("{states:?}");
    };
    assert!(
        matches!(outage.cause, Lost::Slept { seconds } if seconds >= 8 * 3600 - 1),
        "{outage:?}"
    );
    held.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_survives_sleep_is_kept() {
    let stage = Stage::new();
    let mut held = stage.open().await;
    sleep(20 * SECOND).await;
    stage.sleep(HOUR);
    let read = async { while held.updates.recv().await.is_some() {} };
    let _ = timeout(120 * SECOND, read).await;
    assert_eq!(outages(&held), 0);
    let timeline = held.handle.timeline();
    assert!(
        timeline
            .entries()
            .any(|entry| matches!(entry.moment, Moment::Slept(_))),
        "{timeline:?}"
    );
    held.close().await;
}

#[tokio::test(start_paused = true)]
async fn waking_in_the_middle_of_a_wait_tries_at_once() {
    let stage = Stage::new();
    let mut held = stage.open().await;
    stage.state().reach = Reach::Status(503);
    stage.cut(Cut::Abort);
    held.until_state(|state| {
        matches!(state, State::Reconnecting(outage)
            if outage.attempt >= 12 && outage.next_try_ms.is_some())
    })
    .await;
    stage.state().reach = Reach::Open;
    stage.sleep(HOUR);
    let before = Instant::now();
    held.until_open_again().await;
    assert!(before.elapsed() <= 5 * SECOND, "{:?}", before.elapsed());
    held.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_presigned_url_is_not_signed_again_and_cannot_be_resumed() {
    let stage = Stage::new();
    stage.state().presigned = true;
    let mut held = stage.start();
    held.until_open().await;
    assert_eq!(stage.state().opened[0].signature, None);
    stage.cut(Cut::Close(1000));
    let end = held.until_ended().await;
    assert!(matches!(end, End::NotResumable { .. }), "{end:?}");
    assert!(stage.state().resumes.is_empty());
    held.close().await;
}

/// No reason in the log for an end
#[tokio::test(start_paused = true)]
async fn smp_139_ends_say_who_it_was_and_the_timeline_what_led_to_it() {
    for (words, by) in [
        (
            "Your session timed out due to inactivity and has been terminated.",
            EndedBy::IdleTimeout,
        ),
        (
            "----------ERROR-------\nUnable to start command: no such user",
            EndedBy::Agent,
        ),
        ("", EndedBy::ShellExitOrElsewhere),
    ] {
        let stage = Stage::new();
        let mut held = stage.open().await;
        sleep(HOUR).await;
        stage.cut(Cut::Close(1000));
        resumed(&mut held).await;
        stage.write_raw(closed(words));
        let end = held.until_ended().await;
        assert_eq!(end.by(), by);
        held.close().await;
        let timeline = held.updates.timeline();
        assert_eq!(timeline, held.handle.timeline(), "kept after the end");
        let moments: Vec<Moment> = timeline
            .entries()
            .map(|entry| entry.moment.clone())
            .collect();
        assert!(
            matches!(
                &moments[..],
                [
                    Moment::Starting,
                    Moment::Connecting,
                    Moment::Connected,
                    Moment::Open,
                    Moment::Lost(Lost::ClosedByPeer { code: 1000, .. }),
                    Moment::Connected,
                    Moment::Resumed { .. },
                    Moment::Ended(_),
                ]
            ),
            "{moments:?}"
        );
        let times: Vec<u64> = timeline.entries().map(|entry| entry.unix_ms).collect();
        assert!(times.is_sorted() && times[4] >= times[3] + 3_600_000);
    }
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_never_speaks_is_the_one_that_failed() {
    let stage = Stage::new();
    stage.state().to_send.clear();
    let mut held = stage.start();
    let end = held.until_ended().await;
    assert!(
        matches!(end, End::Failed(ChannelError::NoFirstMessage(_))),
        "{end:?}"
    );
    assert_eq!(end.by(), EndedBy::Agent);
    held.close().await;
    assert_eq!(stage.state().terminates, 1);
}
