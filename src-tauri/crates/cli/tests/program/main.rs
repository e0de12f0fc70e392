//! The program as a person runs it, against the simulator: in pipes and on a real pty.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]

mod asking;
#[cfg(target_os = "linux")]
mod secrets;
mod support;

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use simulator::config::{Document, DocumentKind};
use simulator::{Config, Disconnect, OFFLINE_TARGET, SessionStatus, Simulator};

use tokio::time::timeout;

use support::{OnPty, ended, piped, shell, status_of};

/// A command document that keeps the streams apart and tells the exit code.
fn with_commands() -> Config {
    let mut config = shell();
    let kind = DocumentKind::NonInteractiveCommands {
        commands: "sh -c {{ script }}".to_owned(),
        separate_output_stream: true,
    };
    config.documents.insert(
        "Separated".to_owned(),
        Document::new(kind).with_parameter("script", None),
    );
    config
}

async fn start(config: Config) -> Simulator {
    Simulator::start(config).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn exec_keeps_the_streams_apart_and_passes_the_exit_code_on() {
    let simulator = start(with_commands()).await;
    let script = r#"script="'echo out; echo err >&2; exit 7'""#;
    let target = simulator.target();
    let arguments = [
        "exec",
        "--document",
        "Separated",
        "--parameters",
        script,
        target,
    ];
    let output = piped(&simulator, &arguments, b"").await;
    assert_eq!(String::from_utf8_lossy(&output.stdout), "out\n");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "err\n");
    assert_eq!(output.status.code(), Some(7));
    simulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exec_of_a_command_that_does_not_tell_its_status_is_125() {
    let simulator = start(shell()).await;
    let document = "AWS-StartNonInteractiveCommand";
    let target = simulator.target();
    let arguments = [
        "exec",
        "--document",
        document,
        "--parameters",
        "command=echo out",
        target,
    ];
    let output = piped(&simulator, &arguments, b"").await;
    assert_eq!(String::from_utf8_lossy(&output.stdout), "out\n");
    assert!(String::from_utf8_lossy(&output.stderr).contains("exit status is not known"));
    assert_eq!(output.status.code(), Some(125));
    simulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sigint_interrupts_the_command_of_exec() {
    let simulator = start(with_commands()).await;
    let script = r#"script="'trap \"echo interrupted; exit 130\" INT; echo ready; while :; do sleep 0.05; done'""#;
    let target = simulator.target().to_owned();
    let arguments = [
        "exec",
        "--document",
        "Separated",
        "--parameters",
        script,
        &target,
    ];
    let child = support::spawn(&simulator, &arguments, b"");
    support::session(&simulator, |session| session.child.is_some()).await;
    // The trap is set soon after the child is there.
    tokio::time::sleep(Duration::from_millis(500)).await;
    kill_process(Pid::from_raw(child.id() as i32).unwrap(), Signal::INT).unwrap();
    let output = support::wait(child).await;
    assert!(String::from_utf8_lossy(&output.stdout).ends_with("interrupted\n"));
    assert_eq!(output.status.code(), Some(130));
    simulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_not_connected_is_told_with_a_remedy() {
    let simulator = start(shell()).await;
    let output = piped(&simulator, &["connect", OFFLINE_TARGET], b"").await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("The target is not connected to Session Manager."),
        "{said}"
    );
    assert!(said.contains("Check that the agent runs"), "{said}");
    assert_eq!((output.stdout.len(), output.status.code()), (0, Some(1)));
    simulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_terminal_input_is_forwarded_and_its_end_ends_the_shell() {
    let simulator = start(shell()).await;
    let target = simulator.target();
    // The second line has no end, and Ctrl-D does nothing within a line.
    let output = piped(
        &simulator,
        &["connect", target],
        b"echo $((6*7))\nsleep 1; echo la\"\"st",
    )
    .await;
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("42\r\n"), "{said}");
    assert!(said.contains("last\r\n"), "{said}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
    simulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_terminal_is_the_sessions_and_is_as_it_was_afterwards() {
    let simulator = start(shell()).await;
    let target = simulator.target();
    let mut terminal = OnPty::start(&simulator, &["connect", target], (24, 80));
    let before = terminal.modes();
    terminal.type_in("echo $((6*7))\r");
    terminal.expect("\n42\r\n").await;
    assert_ne!(terminal.modes(), before, "raw while the session has it");
    terminal.resize(33, 101);
    support::session(&simulator, |session| session.size == Some((101, 33))).await;
    terminal.type_in("stty size\r");
    terminal.expect("\n33 101\r\n").await;
    terminal.type_in("exit\r");
    assert_eq!(terminal.exit().await, 0);
    assert_eq!(terminal.modes(), before);
    simulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_and_sighup_end_the_session_and_restore_the_terminal() {
    for (signal, number) in [(Signal::TERM, 15), (Signal::HUP, 1)] {
        let simulator = start(shell()).await;
        let target = simulator.target();
        let mut terminal = OnPty::start(&simulator, &["connect", target], (24, 80));
        let before = terminal.modes();
        terminal.type_in("echo $((6*7))\r");
        terminal.expect("\n42\r\n").await;
        assert_ne!(terminal.modes(), before);
        terminal.kill(signal);
        assert_eq!(terminal.exit().await, 128 + number);
        assert_eq!(terminal.modes(), before);
        ended(&simulator).await;
        simulator.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_that_waits_for_a_sign_in_says_what_to_do_and_goes_on_afterwards() {
    let simulator = start(shell()).await;
    let target = simulator.target();
    let mut terminal = OnPty::start(&simulator, &["connect", target], (24, 80));
    terminal.type_in("echo $((6*7))\r");
    terminal.expect("\n42\r\n").await;
    simulator.expire_credentials(true);
    let id = simulator.sessions()[0].id.clone();
    assert!(simulator.disconnect(&id, Disconnect::Abort));
    terminal
        .expect("Your AWS sign-in has ended. Sign in again")
        .await;
    terminal.expect("goes on by itself").await;
    terminal.type_in("echo $((7*7))\r");
    simulator.expire_credentials(false);
    // The variables of a program do not change; a program that is stopped and continued tries what it has.
    terminal.kill(Signal::CONT);
    terminal.expect("The connection is back.").await;
    terminal.expect("\n49\r\n").await;
    terminal.type_in("exit\r");
    assert_eq!(terminal.exit().await, 0);
    let said = terminal.text();
    assert_eq!(said.matches("needs a sign-in").count(), 1, "{said}");
    simulator.shutdown().await;
}

/// Reads the first line and leaves, as `head -1` does; gives what was said on standard error, and the status.
async fn first_line_only(mut child: std::process::Child) -> (String, Option<i32>) {
    use std::io::BufRead as _;
    let stdout = child.stdout.take().unwrap();
    let read = tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        std::io::BufReader::new(stdout)
            .read_line(&mut line)
            .unwrap();
        line
    });
    assert!(!read.await.unwrap().is_empty());
    let output = support::wait(child).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (said, output.status.code())
}

#[tokio::test(flavor = "multi_thread")]
async fn when_nobody_reads_the_output_any_more_it_ends_quietly() {
    let simulator = start(with_commands()).await;
    let target = simulator.target();
    let quietly = (String::new(), Some(128 + 13));
    let child = support::spawn(&simulator, &["connect", target], b"yes\n");
    assert_eq!(first_line_only(child).await, quietly);
    let arguments = [
        "exec",
        "--document",
        "Separated",
        "--parameters",
        "script=yes",
        target,
    ];
    let child = support::spawn(&simulator, &arguments, b"");
    assert_eq!(first_line_only(child).await, quietly);
    for session in simulator.sessions() {
        let is_over = simulator.wait_for_status(&session.id, SessionStatus::Terminated);
        let session = timeout(Duration::from_secs(20), is_over).await;
        assert!(session.is_ok_and(|session| session.is_ok()));
    }
    simulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn control_c_reaches_the_far_end_as_a_byte() {
    let simulator = start(shell()).await;
    let target = simulator.target();
    let mut terminal = OnPty::start(&simulator, &["connect", target], (24, 80));
    terminal.type_in("stty raw -echo; echo rea\"\"dy; od -An -tx1 -N1; stty sane\r");
    terminal.expect("ready").await;
    terminal.type_in("\x03");
    terminal.expect(" 03").await;
    terminal.type_in("exit 3\r");
    assert_eq!(terminal.exit().await, 0, "a shell's own status is not told");
    simulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tilde_and_point_end_the_session_unless_turned_off() {
    let simulator = start(shell()).await;
    let target = simulator.target();
    let mut terminal = OnPty::start(&simulator, &["connect", target], (24, 80));
    let before = terminal.modes();
    terminal.type_in("echo $((6*7))\r");
    terminal.expect("\n42\r\n").await;
    terminal.type_in("~.");
    assert_eq!(terminal.exit().await, 0);
    assert_eq!(terminal.modes(), before);
    ended(&simulator).await;

    let mut terminal = OnPty::start(&simulator, &["connect", "--no-escape", target], (24, 80));
    terminal.type_in("cat\r");
    terminal.type_in("~.x\r");
    terminal.expect("~.x\r\n~.x\r\n").await;
    terminal.type_in("\x04exit\r");
    assert_eq!(terminal.exit().await, 0);
    simulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_loses_no_byte() {
    let mut config = with_commands();
    config.agent.chunk_pause = Some(Duration::from_millis(1));
    let simulator = start(config).await;
    let target = simulator.target().to_owned();
    let script =
        "script='i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo line $i; done; read x; echo end'";
    let arguments = [
        "connect",
        "--document",
        "AWS-StartInteractiveCommand",
        "--parameters",
    ];
    let script = format!("command=sh -c {}", script.trim_start_matches("script="));
    let mut terminal = OnPty::start(
        &simulator,
        &[&arguments[..], &[&script, &target]].concat(),
        (24, 80),
    );
    terminal.expect("line 100\r\n").await;
    let id = simulator.sessions()[0].id.clone();
    assert!(simulator.disconnect(&id, Disconnect::Abort));
    support::session(&simulator, |session| session.connections == 2).await;
    terminal.expect("line 20000\r\n").await;
    terminal.type_in("\r");
    terminal.expect("end\r\n").await;
    assert_eq!(terminal.exit().await, 0);
    // What the program says itself stands between the bytes of the session.
    let text = terminal.text();
    let mut said = false;
    let mut kept = String::new();
    for line in text.split("\r\nsessiondeck-cli: ") {
        match said.then(|| line.split_once("\r\n")).flatten() {
            Some((words, rest)) => {
                assert!(
                    words.contains("connection") || words.contains("ended"),
                    "{words}"
                );
                kept.push_str(rest);
            }
            None => kept.push_str(line),
        }
        said = true;
    }
    let expected: String = (1..=20_000).map(|i| format!("line {i}\r\n")).collect();
    assert!(
        kept.contains(&expected),
        "lost or doubled: {} of {}",
        kept.len(),
        expected.len()
    );
    simulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_and_ended() {
    let simulator = start(shell()).await;
    let target = simulator.target();
    let mut terminal = OnPty::start(&simulator, &["connect", target], (24, 80));
    terminal.type_in("echo $((6*7))\r");
    terminal.expect("\n42\r\n").await;
    let id = simulator.sessions()[0].id.clone();
    let list = piped(&simulator, &["sessions", "list"], b"").await;
    let text = String::from_utf8_lossy(&list.stdout).into_owned();
    assert!(
        text.contains(&id) && text.contains(target) && text.contains("Connected"),
        "{text}"
    );
    assert_eq!(simulator.calls("GetCallerIdentity"), 1, "whose are mine?");
    assert!(list.stderr.is_empty());
    let list = piped(&simulator, &["sessions", "list", "--owner", "all"], b"").await;
    assert!(String::from_utf8_lossy(&list.stdout).contains(&id));
    assert_eq!(simulator.calls("GetCallerIdentity"), 1);
    let other = "arn:aws:iam::000000000000:user/other";
    let list = piped(&simulator, &["sessions", "list", "--owner", other], b"").await;
    assert!(!String::from_utf8_lossy(&list.stdout).contains(&id));
    let end = piped(&simulator, &["sessions", "end", &id], b"").await;
    assert_eq!(end.status.code(), Some(0));
    terminal.exit().await;
    assert_eq!(status_of(&simulator, &id), SessionStatus::Terminated);
    let resume = piped(&simulator, &["sessions", "resume", &id], b"").await;
    assert!(String::from_utf8_lossy(&resume.stderr).contains("only by the program that holds it"));
    assert_eq!(resume.status.code(), Some(2));
    simulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_connection_is_opened_by_its_name() {
    let simulator = start(shell()).await;
    let folder = tempfile::tempdir().unwrap();
    let draft = profiles::ProfileDraft {
        name: "my db".to_owned(),
        target: simulator.target().to_owned(),
        reason: Some("saved reason".to_owned()),
        ..profiles::ProfileDraft::default()
    };
    profiles::ProfileStore::open(folder.path(), std::time::SystemTime::now)
        .save(None, draft)
        .unwrap();
    let output =
        support::piped_with(&simulator, &["connect", "my db"], b"exit\n", folder.path()).await;
    assert_eq!(output.status.code(), Some(0));
    let record = simulator.start_records().pop().unwrap();
    assert_eq!(record.reason.as_deref(), Some("saved reason"));
    simulator.shutdown().await;
}

#[test]
fn what_cannot_be_followed_is_status_2() {
    let started = Instant::now();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_sessiondeck-cli"))
        .arg("dance")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(output.stdout.len(), 0);
    assert!(String::from_utf8_lossy(&output.stderr).contains("--help"));
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_kept_nowhere_where_no_keyring_is() {
    let simulator = start(shell()).await;
    let typed = b"AKIACANARY\ncanary-secret\n\n";
    let add = piped(&simulator, &["keys", "add", "mine"], typed).await;
    assert_eq!(add.status.code(), Some(1));
    let told = String::from_utf8_lossy(&add.stderr).into_owned();
    assert!(told.contains("keyring"), "{told}");
    assert!(!told.contains("canary-secret"), "{told}");
    let incomplete = piped(&simulator, &["keys", "add", "mine"], b"AKIACANARY\n").await;
    let told = String::from_utf8_lossy(&incomplete.stderr).into_owned();
    assert!(told.contains("There is no secret access key"), "{told}");
    simulator.shutdown().await;
}
