//! Shell sessions: what is typed, what comes back, sizes, large output and input.

use std::time::Duration;

use serde_json::json;
use sha2::{Digest as _, Sha256};
use simulator::{Disconnect, SessionStatus, Simulator, config};

use crate::client::{Client, LIMIT, config, is_alive};
use crate::signer::Caller;

#[tokio::test]
async fn a_command_is_run_and_its_output_comes_back() {
    let simulator = Simulator::start(config()).await.unwrap();
    let mut client = Client::shell(&simulator).await;
    client.send("echo $((6*7))\r");
    let text = client.read_until("42\r\n").await;
    assert!(text.contains("echo $((6*7))"), "echoed: {text:?}");
    let opened = client.opened.clone().unwrap();
    assert!(!opened.handshake, "a plain shell has none");
    simulator.shutdown().await;
}

#[tokio::test]
async fn the_terminal_has_the_clients_size_before_and_after_a_resize() {
    let simulator = Simulator::start(config()).await.unwrap();
    let mut client = Client::shell_of(&simulator, Some((111, 33))).await;
    client.read_until("$ ").await;
    client.send("stty size\r");
    client.read_until("33 111\r\n$ ").await;
    assert_eq!(simulator.session(&client.id).unwrap().size, Some((111, 33)));
    client.resize(65535, 1);
    client.send("stty size\r");
    client.read_until("1 65535\r\n").await;
    assert_eq!(
        simulator.session(&client.id).unwrap().size,
        Some((65535, 1))
    );
    simulator.shutdown().await;
}

#[tokio::test]
async fn an_exit_closes_the_channel_with_an_empty_output() {
    let simulator = Simulator::start(config()).await.unwrap();
    let mut client = Client::shell(&simulator).await;
    client.send("echo last words; exit 3\r");
    assert_eq!(client.read_to_end().await, "");
    assert!(client.text().contains("last words\r\n"));
    let session = simulator
        .wait_for_status(&client.id, SessionStatus::Terminated)
        .await
        .unwrap();
    assert_eq!((session.child, session.output.as_deref()), (None, Some("")));
    let resumed = client
        .caller
        .ask("ResumeSession", &json!({"SessionId": client.id}))
        .await;
    assert!(resumed["TokenValue"].is_null(), "nothing is left to resume");
    simulator.shutdown().await;
}

#[tokio::test]
async fn terminating_kills_the_shell_and_its_jobs() {
    let simulator = Simulator::start(config()).await.unwrap();
    let mut client = Client::shell(&simulator).await;
    client.send("trap '' HUP TERM; set -m; nohup sleep 1000 >/dev/null 2>&1 & echo jo''b=$!;\r");
    client.read_until("job=").await;
    let job: u32 = client.read_until("\r").await.trim().parse().unwrap();
    let shell = simulator.session(&client.id).unwrap().child.unwrap();
    assert!(is_alive(shell) && is_alive(job));
    let answer = client
        .caller
        .ask("TerminateSession", &json!({"SessionId": client.id}))
        .await;
    assert_eq!(answer, json!({"SessionId": client.id}));
    assert_eq!(client.read_to_end().await, "");
    simulator
        .wait_for_status(&client.id, SessionStatus::Terminated)
        .await
        .unwrap();
    assert!(!is_alive(shell) && !is_alive(job));
    assert_eq!(simulator.live_children(), 0);
    simulator.shutdown().await;
}

#[tokio::test]
async fn five_megabytes_of_output_arrive_whole_in_short_chunks() {
    let simulator = Simulator::start(config()).await.unwrap();
    let mut client = Client::shell(&simulator).await;
    client.send("stty -opost; i=0; while [ $i -lt 100000 ]; do i=$((i+1)); echo \"$i äöü漢字😀 .....................................\"; done; printf END-; printf OF-OUTPUT; exec cat\r");
    client.read_until("exec cat").await;
    client
        .run_until("the end", |client| {
            client.output.ends_with(b"END-OF-OUTPUT")
        })
        .await;
    let start = client.output.iter().position(|byte| *byte == b'1').unwrap();
    let end = client.output.len() - "END-OF-OUTPUT".len();
    let expected: String = (1..=100_000)
        .map(|i| format!("{i} äöü漢字😀 .....................................\n"))
        .collect();
    assert!(expected.len() > 5_000_000);
    assert_eq!(
        Sha256::digest(&client.output[start..end]),
        Sha256::digest(&expected)
    );
    assert!(client.largest_chunk <= 1024, "{}", client.largest_chunk);
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_large_paste_arrives_whole() {
    let simulator = Simulator::start(config()).await.unwrap();
    let mut client = Client::shell(&simulator).await;
    client.send("stty raw -echo; echo rea''dy; head -c 2000000 | sha256sum; stty sane; exit\r");
    client.read_until("ready").await;
    let paste: Vec<u8> = (0..2_000_000_u32)
        .map(|i| u8::try_from(i * 7 % 251).unwrap())
        .collect();
    client.send(&paste);
    client
        .read_until(&hex::encode(Sha256::digest(&paste)))
        .await;
    simulator.shutdown().await;
}

/// A program that writes without reading, while its input is full, must not be stopped: its output needs
/// acknowledgements, which come the same way as the input.
#[tokio::test]
async fn input_that_nobody_reads_does_not_stop_the_output() {
    let simulator = Simulator::start(config()).await.unwrap();
    let mut client = Client::shell(&simulator).await;
    client.send("stty raw -echo; echo rea''dy; sleep 1; head -c 3000000 /dev/zero | tr '\\0' x; echo wri''tten; head -c 400000 | tr -d x | wc -c\r");
    client.read_until("ready").await;
    client.send("y".repeat(400_000));
    client.read_until("written").await;
    client.read_until("400000").await;
    simulator.shutdown().await;
}

#[tokio::test]
async fn every_byte_passes_both_ways() {
    let simulator = Simulator::start(config()).await.unwrap();
    let mut client = Client::shell(&simulator).await;
    client.send("stty raw -echo; echo rea''dy; head -c 256 | tee /dev/fd/2 | od -An -v -tx1 | tr -d ' \\n'\r");
    client.read_until("ready\n").await;
    let all: Vec<u8> = (0..=255).collect();
    client.send(&all);
    client
        .run_until("768 bytes", |client| client.output.len() >= 256 + 512)
        .await;
    assert_eq!(client.output[..256], all);
    assert_eq!(client.output[256..768], *hex::encode(&all).as_bytes());
    simulator.shutdown().await;
}

#[tokio::test]
async fn the_shell_sees_the_documented_environment_and_none_of_our_secrets() {
    use secrecy::ExposeSecret as _;
    let simulator = Simulator::start(config()).await.unwrap();
    let mut client = Client::shell(&simulator).await;
    client.send("env | sort; echo en''d\r");
    let text = client.read_until("end").await;
    assert!(text.contains("\nTERM=xterm-256color\r\n"), "{text}");
    assert!(text.contains("\nPATH="), "{text}");
    assert!(!text.contains("AWS_") && !text.contains("CARGO"), "{text}");
    assert!(!text.contains(simulator.secret_access_key().expose_secret()));
    assert!(!text.contains(simulator.access_key_id()));
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_shell_that_cannot_start_is_told_in_the_words_of_the_agent() {
    let mut config = config();
    config.shell = config::Shell::new(["/no/such/shell"]);
    let simulator = Simulator::start(config).await.unwrap();
    let mut client = Client::shell(&simulator).await;
    let output = client.read_to_end().await;
    let words = "Unable to start command: Failed to start pty: ";
    assert!(output.contains(words), "{output:?}");
    let session = simulator
        .wait_for_status(&client.id, SessionStatus::Failed)
        .await
        .unwrap();
    let beginning = format!("\n----------ERROR-------\n{words}");
    assert!(session.output.unwrap().starts_with(&beginning));
    simulator.shutdown().await;
}

#[tokio::test]
async fn the_first_output_waits_as_long_as_told() {
    let mut config = config();
    config.agent.first_output_delay = Duration::from_millis(700);
    let simulator = Simulator::start(config).await.unwrap();
    let before = std::time::Instant::now();
    let mut client = Client::shell(&simulator).await;
    client.read_until("$ ").await;
    assert!(before.elapsed() >= Duration::from_millis(700));
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_faithful_agent_serves_a_session_too() {
    let mut config = config();
    config.agent = config::AgentBehaviour::faithful();
    let simulator = Simulator::start(config).await.unwrap();
    let mut client = Client::shell(&simulator).await;
    client.send("seq 2000; exit\r");
    client.read_to_end().await;
    let expected: String = (1..=2000).map(|i| format!("{i}\r\n")).collect();
    assert!(client.text().contains(&expected));
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_job_in_the_background_does_not_keep_an_ended_shell_open() {
    let simulator = Simulator::start(config()).await.unwrap();
    let mut client = Client::shell(&simulator).await;
    client.send("set -m; trap '' HUP; sleep 1000 & echo jo''b=$!; exit\r");
    client.read_until("job=").await;
    let job: u32 = client.read_until("\r").await.trim().parse().unwrap();
    assert_eq!(client.read_to_end().await, "");
    simulator
        .wait_for_status(&client.id, SessionStatus::Terminated)
        .await
        .unwrap();
    assert!(!is_alive(job));
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_session_without_data_times_out_with_the_words_of_the_service() {
    let mut config = config();
    config.idle_timeout = Some(Duration::from_millis(600));
    let simulator = Simulator::start(config).await.unwrap();
    let mut client = Client::shell(&simulator).await;
    let output = client.read_to_end().await;
    assert_eq!(
        output,
        "Your session timed out due to inactivity and has been terminated."
    );
    simulator
        .wait_for_status(&client.id, SessionStatus::Terminated)
        .await
        .unwrap();
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_handshake_is_held_where_the_document_says_so() {
    let mut config = config();
    let document = config::Document::new(config::DocumentKind::StandardStream);
    config.documents.insert(
        "Shell-With-Handshake".to_owned(),
        document.with_handshake(config::Handshake::Always),
    );
    let simulator = Simulator::start(config).await.unwrap();
    let body = json!({"Target": simulator.target(), "DocumentName": "Shell-With-Handshake"});
    let mut client = Client::start(Caller::of(&simulator), &body, Some((91, 19))).await;
    client.send("stty size\r");
    client.read_until("19 91\r\n").await;
    let opened = client.opened.clone().unwrap();
    assert!(opened.handshake);
    assert_eq!(opened.agent_version.as_deref(), Some("3.3.987.0"));
    simulator.shutdown().await;
}

/// Output goes on while the connection is cut again and again; every byte arrives once and in order.
#[tokio::test]
async fn a_session_survives_cuts_without_losing_or_repeating_a_byte() {
    for delivery in [config::Delivery::Queue, config::Delivery::Drop] {
        let mut config = config();
        config.delivery = delivery;
        // Not more than this is under way at each cut.
        config.agent.output_window = 32 * 1024;
        let simulator = Simulator::start(config).await.unwrap();
        let mut client = Client::shell(&simulator).await;
        client.send("stty -echo -opost; i=0; while [ $i -lt 60000 ]; do i=$((i+1)); echo \"line $i\"; done; read x; echo \"got $x\"; echo E''ND; exec cat\r");
        client.read_until("exec cat\r").await;
        for round in 0..6_usize {
            let wanted = client.output.len() + 10_000;
            client
                .run_until("some output", |client| client.output.len() >= wanted)
                .await;
            match round % 3 {
                0 => client.cut(),
                1 => {
                    assert!(simulator.disconnect(&client.id, Disconnect::Bye));
                    client
                        .run_until("the close", |client| client.socket.is_none())
                        .await;
                    assert_eq!(client.gone, Some(Some(1000)));
                }
                _ => {
                    assert!(simulator.disconnect(&client.id, Disconnect::Abort));
                    client
                        .run_until("the cut", |client| client.socket.is_none())
                        .await;
                    assert_eq!(client.gone, Some(None));
                }
            }
            let id = client.id.clone();
            simulator
                .wait_for_status(&id, SessionStatus::Disconnected)
                .await
                .unwrap();
            if round == 5 {
                client.send("typed while away\r");
            }
            client.reconnect().await;
        }
        client
            .run_until("the end", |client| client.output.ends_with(b"END\n"))
            .await;
        let mut expected: String = (1..=60_000).map(|i| format!("line {i}\n")).collect();
        expected.push_str("got typed while away\nEND\n");
        assert!(
            client.text().ends_with(&expected),
            "lost, repeated or out of order"
        );
        assert_eq!(simulator.session(&client.id).unwrap().connections, 7);
        simulator.shutdown().await;
    }
}

#[tokio::test]
async fn many_sessions_at_once_stay_apart() {
    let simulator = Simulator::start(config()).await.unwrap();
    let mut clients = Vec::new();
    for _ in 0..8 {
        clients.push(Client::shell(&simulator).await);
    }
    for (number, client) in clients.iter_mut().enumerate() {
        client.send(format!("me={number}\r"));
    }
    for (number, client) in clients.iter_mut().enumerate() {
        client.send("echo \"I am <$me>\"\r");
        client.read_until(&format!("I am <{number}>")).await;
    }
    assert_eq!(simulator.live_children(), 8);
    assert!(
        tokio::time::timeout(LIMIT, simulator.shutdown())
            .await
            .is_ok()
    );
}
