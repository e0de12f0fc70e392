//! A fault of this program in one session's task ends that session alone, and is told like every other end.

use std::sync::Arc;
use std::time::Duration;

use engine::{
    DataKey, DataKeyRequest, DialTerms, End, EndedBy, Exit, Jitter, Moment, Pace, Resumed,
    SessionId, SessionSource, SourceFuture, State, StreamUrl, Ticket,
};
use testsuite::fixtures::Held;

use crate::engine_stage::{Answer, Cut, Reach, Stage};

/// Fails over everything it is asked.
#[derive(Debug)]
struct Broken;

impl SessionSource for Broken {
    fn start(&self) -> SourceFuture<'_, Ticket> {
        panic!("start")
    }

    fn resume<'a>(&'a self, _: &'a SessionId) -> SourceFuture<'a, Resumed> {
        panic!("resume")
    }

    fn dial_terms<'a>(&'a self, _: &'a StreamUrl) -> SourceFuture<'a, DialTerms> {
        panic!("dial_terms")
    }

    fn fresh_credentials(&self) -> SourceFuture<'_, ()> {
        panic!("fresh_credentials")
    }

    fn data_key<'a>(&'a self, _: &'a DataKeyRequest) -> SourceFuture<'a, DataKey> {
        panic!("data_key")
    }

    fn terminate<'a>(&'a self, _: &'a SessionId) -> SourceFuture<'a, ()> {
        panic!("terminate")
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_one_sessions_task_ends_that_session_alone() {
    // What the application's sessions share is shared here.
    let pace = Pace::shared(Duration::from_millis(200));
    let stages = [Stage::new(), Stage::new(), Stage::new()];
    let mut sessions: Vec<Held> = stages
        .iter()
        .map(|stage| stage.start_with(|config| config.pace = pace.clone()))
        .collect();
    for held in &mut sessions {
        held.until_open().await;
    }
    stages[1].state().answer = Answer::Panic;
    for stage in &stages {
        stage.cut(Cut::Abort);
    }
    let end = sessions[1].until_ended().await;
    assert_eq!(end, End::Fault);
    assert_eq!(end.by(), EndedBy::Fault);
    assert_eq!(
        sessions[1].handle.close().await,
        Exit::Ended(End::Fault),
        "its owner is not kept waiting"
    );
    assert!(!sessions[1].handle.send_input("x".into()).await);
    let timeline = sessions[1].handle.timeline();
    let last = timeline.entries().last().expect("there were moments");
    assert_eq!(last.moment, Moment::Ended(End::Fault));
    sessions[1].close().await;
    assert_eq!(
        stages[1].state().terminates,
        1,
        "the session is not left open at the service"
    );
    for number in [0, 2] {
        let (held, stage) = (&mut sessions[number], &stages[number]);
        held.until_open_again().await;
        held.send("lives").await;
        stage.until_received(5).await;
        stage.send("output");
        held.until_output("output").await;
        held.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_the_sessions_own_code_is_told_too() {
    let stage = Stage::new();
    let mut held = stage.start_with(|config| config.jitter = Jitter::new(|| panic!("jitter")));
    held.until_open().await;
    // The second try of an outage waits for a random time.
    stage.state().reach = Reach::Refused;
    stage.cut(Cut::Abort);
    assert_eq!(held.until_ended().await, End::Fault);
    held.close().await;
    assert_eq!(stage.state().terminates, 1);
}

#[tokio::test(start_paused = true)]
async fn a_panic_before_there_is_a_session_is_told_too() {
    let mut held = Held::start(Arc::new(Broken));
    assert_eq!(held.until_ended().await, End::Fault);
    assert!(
        !held
            .states
            .iter()
            .any(|state| matches!(state, State::Connecting { .. }))
    );
    held.close().await;
}
