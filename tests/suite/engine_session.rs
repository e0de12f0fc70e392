//! The engine against the simulator, over a real WebSocket on loopback, with a real shell behind it.

use std::time::Duration;

use bytes::Bytes;
use engine::{
    End, EndedBy, Exit, Interrupt, SessionConfig, SessionHandle, SessionUpdate, State, TerminalSize,
};
use sha2::{Digest, Sha256};
use simulator::config::DENIED_TARGET;
use simulator::{DEMO_TARGET, Disconnect, OFFLINE_TARGET, Simulator};
use testsuite::fixtures::{Held, SimulatorSource, unsigned};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

async fn simulator() -> Simulator {
    Simulator::start(unsigned())
        .await
        .expect("loopback is there")
}

#[tokio::test]
async fn a_command_typed_is_answered() {
    let simulator = simulator().await;
    let mut session = Held::open(&simulator).await;
    session.send("echo $((6*7))\r").await;
    session.until_output("\n42").await;
    session.handle.close().await;
    simulator.shutdown().await;
}

#[tokio::test]
async fn states_come_in_order_and_each_once() {
    let simulator = simulator().await;
    let mut session = Held::open(&simulator).await;
    session.send("exit\r").await;
    let end = session.until_ended().await;
    assert_eq!(
        end,
        End::Finished {
            by: EndedBy::ShellExit,
            exit_code: None
        }
    );
    let names: Vec<&str> = session
        .states
        .iter()
        .map(|state| match state {
            State::Starting => "starting",
            State::Connecting { .. } => "connecting",
            State::WaitingForAgent => "waiting",
            State::Handshake => "handshake",
            State::Open { .. } => "open",
            State::Reconnecting(_) => "reconnecting",
            State::WaitingForSignIn { .. } => "sign-in",
            State::Ended(_) => "ended",
        })
        .collect();
    assert_eq!(
        names,
        ["starting", "connecting", "waiting", "open", "ended"]
    );
    simulator.shutdown().await;
}

#[tokio::test]
async fn the_shell_knows_the_terminals_size_from_its_first_command_on() {
    let simulator = simulator().await;
    let mut session = Held::open(&simulator).await;
    session.send("stty size\r").await;
    session.until_output("24 80").await;
    session
        .handle
        .resize(TerminalSize::new(132, 50).expect("not zero"));
    // A resize is a message of its own; the shell may see it a moment after the next command.
    for _ in 0..50 {
        session.send("stty size\r").await;
        session.until_output("stty size").await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        if session.text().contains("50 132") {
            break;
        }
    }
    session.until_output("50 132").await;
    session.handle.close().await;
    simulator.shutdown().await;
}

#[tokio::test]
async fn five_megabytes_arrive_whole() {
    const LINES: usize = 100_000;
    let simulator = simulator().await;
    let mut session = Held::open(&simulator).await;
    session
        .send("stty -onlcr; printf 'BEG''IN\\n'; seq -f '%048.0f' 100000; printf 'FIN''ISHED\\n'\r")
        .await;
    session.until_output("FINISHED\n").await;
    let start = find(&session.output, b"BEGIN\n") + b"BEGIN\n".len();
    let end = find(&session.output, b"FINISHED\n");
    let expected: String = (1..=LINES).map(|n| format!("{n:048}\n")).collect();
    assert_eq!(end - start, expected.len());
    assert_eq!(
        Sha256::digest(&session.output[start..end]),
        Sha256::digest(expected.as_bytes())
    );
    session.handle.close().await;
    simulator.shutdown().await;
}

#[tokio::test]
async fn large_input_arrives_whole() {
    const BYTES: usize = 300_000;
    let simulator = simulator().await;
    let mut session = Held::open(&simulator).await;
    session
        .send("stty raw -echo; echo REA''DY; head -c 300000 | sha256sum; stty sane\r")
        .await;
    session.until_output("READY").await;
    let data: Vec<u8> = (0..BYTES).map(|n| (n * 31 + n / 251) as u8).collect();
    for piece in data.chunks(10_000) {
        assert!(
            session
                .handle
                .send_input(Bytes::copy_from_slice(piece))
                .await
        );
    }
    session
        .until_output(&hex::encode(Sha256::digest(&data)))
        .await;
    session.handle.close().await;
    simulator.shutdown().await;
}

#[tokio::test]
async fn closing_ends_the_session_at_the_service_and_leaves_nothing() {
    let simulator = simulator().await;
    let source = SimulatorSource::new(&simulator, DEMO_TARGET);
    let mut session = Held::start(source.clone());
    session.until_open().await;
    assert_eq!(session.handle.close().await, Exit::Ended(End::Closed));
    session.tracker.close();
    timeout(Duration::from_secs(5), session.tracker.wait())
        .await
        .expect("the task is gone");
    assert_eq!(source.terminates(), 1);
    assert!(
        simulator
            .sessions()
            .iter()
            .all(|session| session.status.has_ended()),
        "{:?}",
        simulator.sessions()
    );
    simulator.shutdown().await;
}

#[tokio::test]
async fn dropping_the_handle_ends_the_session_too() {
    let simulator = simulator().await;
    let source = SimulatorSource::new(&simulator, DEMO_TARGET);
    let mut session = Held::start(source.clone());
    session.until_open().await;
    let tracker = session.tracker.clone();
    drop(session);
    tracker.close();
    timeout(Duration::from_secs(10), tracker.wait())
        .await
        .expect("the task is gone");
    assert_eq!(source.terminates(), 1);
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_session_started_while_its_owner_left_is_ended() {
    let simulator = simulator().await;
    let source = SimulatorSource::new(&simulator, DEMO_TARGET);
    let tracker = TaskTracker::new();
    let (handle, _updates) =
        SessionHandle::spawn(SessionConfig::default(), source.clone(), &tracker);
    assert_eq!(handle.close().await, Exit::Ended(End::Closed));
    assert_eq!(
        source.starts(),
        source.terminates(),
        "what was started was ended"
    );
    assert!(
        simulator
            .sessions()
            .iter()
            .all(|session| session.status.has_ended())
    );
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_session_ended_from_elsewhere_is_finished_and_not_terminated_again() {
    let simulator = simulator().await;
    let source = SimulatorSource::new(&simulator, DEMO_TARGET);
    let mut session = Held::start(source.clone());
    session.until_open().await;
    session.send("kill -9 $$\r").await;
    assert!(matches!(session.until_ended().await, End::Finished { .. }));
    session.tracker.close();
    session.tracker.wait().await;
    assert_eq!(source.terminates(), 0);
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_refused_start_ends_with_the_services_code() {
    let simulator = simulator().await;
    for (target, code) in [
        (OFFLINE_TARGET, "TargetNotConnected"),
        (DENIED_TARGET, "AccessDeniedException"),
    ] {
        let mut session = Held::start(SimulatorSource::new(&simulator, target));
        let End::NotStarted(error) = session.until_ended().await else {
            panic!("{:?}", session.states);
        };
        assert_eq!(error.detail.as_deref(), Some(code));
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_shell_goes_on_over_many_connections_and_counts_on() {
    let simulator = simulator().await;
    let source = SimulatorSource::new(&simulator, DEMO_TARGET);
    let mut session = Held::start(source.clone());
    session.until_open().await;
    session.send("stty -onlcr; n=0\r").await;
    let id = simulator.sessions()[0].id.clone();
    for round in 1..=50 {
        session.send("n=$((n+1)); echo \"<$n>\"\r").await;
        let how = if round % 2 == 0 {
            Disconnect::Bye
        } else {
            Disconnect::Abort
        };
        simulator.disconnect(&id, how);
        session.until_output(&format!("<{round}>\n")).await;
    }
    session.close().await;
    assert!(source.resumes() >= 10, "{}", source.resumes());
    assert_eq!((source.starts(), source.terminates()), (1, 1));
    simulator.shutdown().await;
}

/// Credentials expire during the session and the client exits
#[tokio::test]
async fn smp_117_credentials_that_expire_are_waited_for_and_the_shell_goes_on() {
    let simulator = simulator().await;
    let source = SimulatorSource::new(&simulator, DEMO_TARGET);
    let mut session = Held::start(source.clone());
    session.until_open().await;
    let id = simulator.sessions()[0].id.clone();
    simulator.expire_credentials(true);
    simulator.disconnect(&id, Disconnect::Bye);
    session
        .until_state(|state| matches!(state, State::WaitingForSignIn { .. }))
        .await;
    session.send("echo $((6*7))\r").await;
    simulator.expire_credentials(false);
    source.sign_in();
    session.until_output("\n42").await;
    session.close().await;
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_session_ended_while_there_was_no_connection_is_gone() {
    let simulator = simulator().await;
    let source = SimulatorSource::new(&simulator, DEMO_TARGET);
    let mut session = Held::start(source.clone());
    session.until_open().await;
    let id = simulator.sessions()[0].id.clone();
    simulator.expire_credentials(true);
    simulator.disconnect(&id, Disconnect::Abort);
    session
        .until_state(|state| matches!(state, State::WaitingForSignIn { .. }))
        .await;
    simulator.terminate(&id);
    simulator.expire_credentials(false);
    source.sign_in();
    let end = session.until_ended().await;
    assert!(matches!(end, End::Gone { .. }), "{end:?}");
    session.close().await;
    assert_eq!(source.terminates(), 0);
    simulator.shutdown().await;
}

#[tokio::test]
async fn without_credit_delivery_pauses_and_with_it_goes_on() {
    let simulator = simulator().await;
    let mut session = Held::open(&simulator).await;
    session.send("echo REA''DY\r").await;
    session.until_output("READY\r\n").await;
    session.grants = false;
    session
        .send("head -c 3000000 /dev/zero | tr '\\0' x; echo; echo DO''NE\r")
        .await;
    let mut held_back = 0;
    while let Ok(Some(update)) = timeout(Duration::from_millis(500), session.updates.recv()).await {
        if let SessionUpdate::Output(bytes) = update {
            held_back += bytes.len();
            session.output.extend_from_slice(&bytes);
        }
    }
    assert!(
        held_back > 100_000,
        "delivery stopped too early: {held_back}"
    );
    assert!(held_back < 1_000_000, "delivery did not stop: {held_back}");
    session.grants = true;
    session.handle.grant_credit(held_back);
    session.until_output("DONE").await;
    assert!(session.output.iter().filter(|&&byte| byte == b'x').count() >= 3_000_000);
    session.handle.close().await;
    simulator.shutdown().await;
}

#[tokio::test]
async fn three_sessions_stay_apart() {
    let simulator = simulator().await;
    let mut sessions = Vec::new();
    for _ in 0..3 {
        sessions.push(Held::open(&simulator).await);
    }
    for (n, session) in sessions.iter().enumerate() {
        session.send(&format!("echo only-$(({n}+100))\r")).await;
    }
    for (n, session) in sessions.iter_mut().enumerate() {
        session.until_output(&format!("only-{}\r\n", n + 100)).await;
    }
    for (n, session) in sessions.iter().enumerate() {
        for other in (0..3).filter(|&other| other != n) {
            assert!(
                !session
                    .text()
                    .contains(&format!("only-{}\r\n", other + 100))
            );
        }
        session.handle.close().await;
    }
    simulator.shutdown().await;
}

fn find(haystack: &[u8], needle: &[u8]) -> usize {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
        .unwrap_or_else(|| panic!("{:?} is not there", String::from_utf8_lossy(needle)))
}

#[tokio::test]
async fn an_interrupt_overtakes_a_paste_that_is_not_sent_and_ends_its_bracket() {
    let simulator = simulator().await;
    let mut session = Held::open(&simulator).await;
    // Writes down all it is given until the interrupt, which a raw terminal hands on as a byte.
    session
        .send("stty raw -echo; echo rea''dy; perl -e '$n=0; while(sysread(STDIN,$_,1)){$n++ if $_ eq \"x\"; $t.=$_ if $_ ne \"x\"; last if $_ eq \"\\x03\"} print \"past\".\"ed $n, then \", unpack(\"H*\",$t), \", do\".\"ne\"'\r")
        .await;
    session.until_output("ready").await;
    let paste = Bytes::from("x".repeat(1024 * 1024));
    let sent = async {
        session.handle.send_input(Bytes::from("\x1b[200~")).await;
        session.handle.send_input(paste).await
    };
    let interrupted = async {
        tokio::time::sleep(Duration::from_millis(30)).await;
        session
            .handle
            .interrupt(
                1,
                Interrupt {
                    bytes: Bytes::from_static(b"\x03"),
                    closing: Bytes::from_static(b"\x1b[201~"),
                    always_close: false,
                },
            )
            .await
    };
    let (sent, interrupted) = tokio::join!(sent, interrupted);
    assert!(sent && interrupted, "the session goes on");
    session.until_output(", done").await;
    let text = session.text();
    let (_, told) = text.split_once("pasted ").expect("the reader's count");
    let (count, rest) = told.split_once(", then ").expect("the rest");
    assert!(count.parse::<usize>().expect("a number") < 1024 * 1024);
    assert!(
        rest.starts_with(&hex::encode("\x1b[200~\x1b[201~\x03")),
        "{rest}"
    );
    session.handle.close().await;
    simulator.shutdown().await;
}

#[tokio::test]
async fn what_is_typed_after_an_interrupt_arrives_after_it() {
    let simulator = simulator().await;
    let mut session = Held::open(&simulator).await;
    session
        .send("stty raw -echo; echo rea''dy; dd bs=1 count=3 2>/dev/null | od -An -c; stty sane\r")
        .await;
    session.until_output("ready").await;
    let interrupt = Interrupt {
        bytes: Bytes::from_static(b"\x03"),
        ..Interrupt::default()
    };
    session.handle.interrupt(1, interrupt).await;
    // On its way here for longer than the interrupt was.
    session
        .handle
        .send_input_since(0, Bytes::from("late"))
        .await;
    session.send("ab").await;
    session.until_output("003   a   b").await;
    session.handle.close().await;
    simulator.shutdown().await;
}
