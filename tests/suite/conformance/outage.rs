//! A lost connection and the way back

use std::time::Duration;

use engine::{DialError, End, EndedBy, SourceErrorKind, State, TerminalSize};
use simulator::config::SILENT_TARGET;
use simulator::faults::{AgentAction, CallError, CallFault, Timed, UpgradeError, UpgradeFault};
use simulator::{Action, Disconnect, OFFLINE_TARGET, Simulator};
use testsuite::fixtures::{Held, SimulatorSource, unsigned};
use tokio::time::{Instant, sleep, timeout};

use super::{SECOND, Scene};

fn bye_after(after: Duration) -> Timed {
    Timed {
        after,
        action: Action::Disconnect(Disconnect::Bye),
    }
}

/// The service closes the connection every hour, and after some hours the plugin gives up
#[tokio::test]
async fn smp_135_a_close_every_half_second_while_data_flows_loses_nothing() {
    let mut config = unsigned();
    config.faults.timed = vec![bye_after(Duration::from_millis(500))];
    let mut scene = Scene::open_on(config).await;
    scene.carry_for(3 * SECOND).await;
    assert!(scene.source.resumes() >= 3, "{}", scene.source.resumes());
    assert_eq!(scene.source.starts(), 1);
    scene.change(|faults| faults.timed.clear());
    scene.close().await;
}

/// Closes with other codes than 1000
#[tokio::test]
async fn wire_a_close_with_any_code_is_an_outage_and_not_the_end() {
    let mut scene = Scene::open().await;
    for code in [1000, 1001, 1006, 1008, 1011, 4000] {
        let reason = "going away".to_owned();
        scene.lose(Disconnect::Close { code, reason }).await;
        scene.answers().await;
    }
    scene.close().await;
}

/// Broken pipe after a while; a key typed just then ends the plugin
#[tokio::test]
async fn smp_109_keys_typed_while_the_connection_is_reset_arrive_once_and_in_order() {
    let mut scene = Scene::open().await;
    for how in [Disconnect::Reset, Disconnect::Abort, Disconnect::Reset] {
        assert!(scene.simulator.disconnect(&scene.id, how));
        scene.answers().await;
        scene.carry().await;
    }
    scene.close().await;
}

/// The network goes silent and the terminal is frozen with nothing said
#[tokio::test]
async fn smp_6_a_silent_network_is_left_for_another_connection_within_seconds() {
    let mut scene = Scene::open().await;
    assert!(scene.simulator.disconnect(&scene.id, Disconnect::Silence));
    let before = Instant::now();
    scene.answers().await;
    assert!(before.elapsed() < 15 * SECOND, "{:?}", before.elapsed());
    assert_eq!(scene.source.resumes(), 1);
    scene.close().await;
}

/// ResumeSession answers 403 with expired credentials, and the plugin exits
#[tokio::test]
async fn smp_136_a_resume_refused_for_expired_credentials_waits_for_a_sign_in() {
    let mut scene = Scene::open().await;
    let expired = CallFault::times("ResumeSession", CallError::ExpiredToken, 1);
    scene.change(|faults| faults.calls = vec![expired]);
    assert!(scene.simulator.disconnect(&scene.id, Disconnect::Bye));
    let state = scene
        .session
        .until_state(|state| matches!(state, State::WaitingForSignIn { .. }))
        .await;
    let State::WaitingForSignIn { reason, .. } = state else {
        unreachable!("it was waited for");
    };
    assert_eq!(reason.kind, SourceErrorKind::SignInNeeded);
    scene.session.send("echo \"<$((40+1))>\"\r").await;
    scene.source.sign_in();
    scene.session.until_output("<41>").await;
    scene.carry().await;
    scene.close().await;
}

/// A resume that is throttled or fails at the service ends the session
#[tokio::test]
async fn plugin_a_throttled_or_failing_resume_is_asked_again() {
    let mut scene = Scene::open().await;
    for error in [
        CallError::Throttling,
        CallError::Internal,
        CallError::Unavailable,
    ] {
        let fault = CallFault::times("ResumeSession", error, 3);
        scene.change(|faults| faults.calls = vec![fault]);
        let before = scene.source.resumes();
        scene.lose(Disconnect::Bye).await;
        assert_eq!(scene.source.resumes() - before, 4, "{error:?}");
        scene.answers().await;
    }
    scene.close().await;
}

/// The session is over meanwhile, and the plugin hangs with no message
#[tokio::test]
async fn plugin_a_session_the_service_no_longer_has_ends_saying_so() {
    for error in [CallError::NullToken, CallError::DoesNotExist] {
        let mut scene = Scene::open().await;
        scene.change(|faults| faults.calls = vec![CallFault::always("ResumeSession", error)]);
        assert!(scene.simulator.disconnect(&scene.id, Disconnect::Bye));
        let end = scene.session.until_ended().await;
        assert!(matches!(end, End::Gone { .. }), "{error:?}: {end:?}");
        assert_eq!(end.by(), EndedBy::WhileDisconnected);
        scene.close().await;
    }
}

/// "Cannot perform start session", and no word of which permission is missing
#[tokio::test]
async fn smp_117_a_resume_that_is_not_allowed_ends_the_session_and_names_the_permission() {
    let mut scene = Scene::open().await;
    let denied = CallFault::always("ResumeSession", CallError::AccessDenied);
    scene.change(|faults| faults.calls = vec![denied]);
    assert!(scene.simulator.disconnect(&scene.id, Disconnect::Bye));
    let End::ResumeRefused { error, .. } = scene.session.until_ended().await else {
        panic!("{:?}", scene.session.states);
    };
    assert_eq!(error.detail.as_deref(), Some("AccessDeniedException"));
    assert!(error.message.contains("ssm:ResumeSession"), "{error}");
    let (resumes, terminates) = (scene.source.resumes(), scene.source.terminates());
    scene.session.close().await;
    assert_eq!(resumes, 1, "asking again gives the same answer");
    assert!(terminates <= 1);
    scene.close().await;
}

/// A resume may lead to another host and cell; the plugin kept the first, and the session was silently dead
#[tokio::test]
async fn plugin_a_resume_that_names_another_host_is_followed() {
    let mut scene = Scene::open().await;
    scene.change(|faults| faults.resume_host = Some("localhost".to_owned()));
    scene.lose(Disconnect::Bye).await;
    scene.carry().await;
    assert_eq!(scene.source.dialled(), ["127.0.0.1", "localhost"]);
    scene.close().await;
}

/// A release that ended sessions for passing connection failures had to be withdrawn
#[tokio::test]
async fn plugin_upgrades_refused_for_a_while_are_tried_again() {
    let mut scene = Scene::open().await;
    for status in [403, 429, 500, 502, 503] {
        let fault = UpgradeFault {
            error: UpgradeError::Status(status),
            times: Some(2),
        };
        scene.change(|faults| faults.upgrades = vec![fault]);
        scene.lose(Disconnect::Bye).await;
        scene.answers().await;
    }
    scene.close().await;
}

/// A data channel that is refused from the start
#[tokio::test]
async fn wire_a_first_upgrade_refused_for_good_ends_with_its_status() {
    let mut config = unsigned();
    config.faults.upgrades = vec![UpgradeFault {
        error: UpgradeError::Status(403),
        times: None,
    }];
    let mut scene = Scene::start(config, |_| {}).await;
    let end = scene.session.until_ended().await;
    assert!(
        matches!(
            end,
            End::NotConnected(DialError::Refused { status: 403, .. })
        ),
        "{end:?}"
    );
    scene.close().await;
}

/// The client is slow to open the data channel, and its token has expired
#[tokio::test]
async fn agent_636_a_token_that_expired_before_the_channel_was_open_is_replaced() {
    let mut config = unsigned();
    config.limits.token_lifetime = SECOND;
    config.faults.upgrades = vec![UpgradeFault {
        error: UpgradeError::Late(Duration::from_millis(1500)),
        times: Some(1),
    }];
    let mut scene = Scene::open_on(config).await;
    assert!(scene.source.resumes() >= 1);
    assert_eq!(scene.source.starts(), 1);
    scene.answers().await;
    scene.close().await;
}

/// The agent restarts, or is updated, in the middle of a session
#[tokio::test]
async fn smp_55_an_agent_that_restarts_is_waited_for_and_told_of() {
    use protocol::Notice;
    let mut scene = Scene::open().await;
    let absence = Duration::from_millis(300);
    scene.act(Action::Agent(AgentAction::Restart { absence }));
    scene.carry().await;
    scene
        .until_notice(|notice| *notice == Notice::PeerAbsent)
        .await;
    scene
        .until_notice(|notice| *notice == Notice::PeerPresent)
        .await;
    assert_eq!(scene.source.resumes(), 0);
    scene.close().await;
}

/// The instance or task goes away and the client freezes, with no way out but to kill it
#[tokio::test]
async fn smp_10_a_vanished_agent_is_told_of_and_the_session_can_be_left_at_once() {
    use protocol::Notice;
    let mut scene = Scene::open().await;
    scene.act(Action::Agent(AgentAction::Vanish));
    scene.session.send("echo \"<$((40+1))>\"\r").await;
    scene
        .until_notice(|notice| matches!(notice, Notice::Stalled(_)))
        .await;
    let before = Instant::now();
    scene.session.close().await;
    assert!(before.elapsed() < 8 * SECOND, "{:?}", before.elapsed());
    assert_eq!(scene.source.terminates(), 1);
    scene.close().await;
}

/// Input typed into a session whose agent is away for a moment is lost
#[tokio::test]
async fn smp_102_what_is_typed_while_the_agent_is_away_arrives_once() {
    let mut scene = Scene::open().await;
    scene.act(Action::Agent(AgentAction::Vanish));
    scene.session.send("echo \"<$((40+1))>\"\r").await;
    sleep(SECOND).await;
    scene.act(Action::Agent(AgentAction::Return));
    scene.session.until_output("<41>").await;
    scene.answers().await;
    assert_eq!(scene.session.text().matches("<41>").count(), 1);
    scene.close().await;
}

/// An agent that never answers: stuck at "Starting session"
#[tokio::test]
async fn smp_47_an_agent_that_never_speaks_can_be_left_at_once() {
    let simulator = Simulator::start(unsigned())
        .await
        .expect("loopback is there");
    let source = SimulatorSource::new(&simulator, SILENT_TARGET);
    let mut session = Held::start(source.clone());
    session
        .until_state(|state| matches!(state, State::WaitingForAgent))
        .await;
    timeout(8 * SECOND, session.close())
        .await
        .expect("it can be left");
    assert_eq!(source.terminates(), 1);
    simulator.shutdown().await;
}

/// "TargetNotConnected" for a wrong region, profile or endpoint
#[tokio::test]
async fn smp_5_a_target_that_is_not_connected_is_named() {
    let simulator = Simulator::start(unsigned())
        .await
        .expect("loopback is there");
    let mut session = Held::start(SimulatorSource::new(&simulator, OFFLINE_TARGET));
    let End::NotStarted(error) = session.until_ended().await else {
        panic!("{:?}", session.states);
    };
    assert_eq!(error.detail.as_deref(), Some("TargetNotConnected"));
    assert!(error.message.contains(OFFLINE_TARGET), "{error}");
    simulator.shutdown().await;
}

/// An answer of StartSession without token and URL crashes the plugin
#[tokio::test]
async fn smp_32_an_answer_without_its_fields_is_an_error_and_no_crash() {
    let mut config = unsigned();
    config.faults.calls = vec![CallFault::always("StartSession", CallError::NullToken)];
    let mut scene = Scene::start(config, |_| {}).await;
    let End::NotStarted(error) = scene.session.until_ended().await else {
        panic!("{:?}", scene.session.states);
    };
    assert_eq!(error.kind, SourceErrorKind::Malformed);
    scene.close().await;
}

/// The shell keeps 80 × 24 until the window is resized
#[tokio::test]
async fn smp_48_a_size_changed_during_an_outage_is_told_on_the_next_connection() {
    let mut scene = Scene::open().await;
    let late = CallFault::times("ResumeSession", CallError::Late(SECOND / 2), 1);
    scene.change(|faults| faults.calls = vec![late]);
    assert!(scene.simulator.disconnect(&scene.id, Disconnect::Bye));
    scene.session.until_reconnecting().await;
    let size = TerminalSize::new(132, 50).expect("not zero");
    scene.session.handle.resize(size);
    scene.session.until_open_again().await;
    let sized = scene
        .simulator
        .wait_for(&scene.id, |session| session.size == Some((132, 50)));
    timeout(10 * SECOND, sized)
        .await
        .expect("the agent has the size")
        .expect("the session lives");
    scene.close().await;
}
