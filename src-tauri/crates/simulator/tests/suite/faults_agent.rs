//! What can happen to an agent, seen from a client.

use std::time::Duration;

use bytes::Bytes;
use protocol::Notice;
use serde_json::json;
use simulator::config::{DEFAULT_DOCUMENT, Document, DocumentKind, Handshake, Platform, Shell};
use simulator::faults::AgentAction;
use simulator::{Action, SessionStatus, Simulator};
use tokio::time::timeout;

use crate::client::{Client, config};
use crate::raw::Raw;
use crate::signer::Caller;

#[tokio::test]
async fn an_agent_can_vanish_without_a_word_and_come_back() {
    let simulator = Simulator::start(config()).await.unwrap();
    let mut raw = Raw::shell(&simulator).await;
    raw.send(0, b"x").await;
    raw.acknowledged(&mut Vec::new()).await;
    assert!(simulator.act(&raw.id, Action::Agent(AgentAction::Vanish)));
    // What it had sent before may still come, but nothing is acknowledged, and nobody says why.
    raw.send(1, b"y").await;
    let mut others = Vec::new();
    let silence = raw.acknowledged(&mut others);
    assert!(timeout(Duration::from_millis(300), silence).await.is_err());
    let session = simulator.session(&raw.id).unwrap();
    assert_eq!(session.status, SessionStatus::Connected);

    assert!(simulator.act(&raw.id, Action::Agent(AgentAction::Return)));
    raw.send(1, b"y").await;
    assert_eq!(raw.acknowledged(&mut Vec::new()).await, 1);
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_session_whose_agent_has_vanished_can_be_ended() {
    let simulator = Simulator::start(config()).await.unwrap();
    let mut client = Client::shell(&simulator).await;
    client.read_until("$ ").await;
    assert!(simulator.act(&client.id, Action::Agent(AgentAction::Vanish)));
    let caller = Caller::of(&simulator);
    caller
        .ask("TerminateSession", &json!({"SessionId": client.id}))
        .await;
    assert_eq!(client.read_to_end().await, "");
    simulator
        .wait_for_status(&client.id, SessionStatus::Terminated)
        .await
        .unwrap();
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_restart_is_told_and_loses_nothing() {
    let simulator = Simulator::start(config()).await.unwrap();
    let mut client = Client::shell(&simulator).await;
    client.send("stty -echo\r");
    client.read_until("$ ").await;
    client.read_until("$ ").await;
    client.send("seq 1 60000; echo d''one\r");
    client.read_until("1000\r\n").await;
    let absence = Duration::from_millis(100);
    let restart = Action::Agent(AgentAction::Restart { absence });
    assert!(simulator.act(&client.id, restart));
    client
        .run_until("the agent's return", |client| {
            client.notices.contains(&Notice::PeerPresent)
        })
        .await;
    assert!(client.notices.contains(&Notice::PeerAbsent));
    let output = client.read_until("done").await;
    let numbers = output
        .lines()
        .filter_map(|line| line.trim().parse::<u32>().ok());
    assert!(numbers.eq(1001..=60_000), "{} bytes", output.len());
    client.send("echo $((6*7))\r");
    client.read_until("42\r\n").await;
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_client_that_comes_while_the_agent_is_away_is_told() {
    let simulator = Simulator::start(config()).await.unwrap();
    let mut client = Client::shell(&simulator).await;
    client.read_until("$ ").await;
    client.cut();
    let absence = Duration::from_secs(1000);
    let restart = Action::Agent(AgentAction::Restart { absence });
    assert!(simulator.act(&client.id, restart));
    client.reconnect().await;
    client
        .run_until("news", |client| client.channel.is_peer_absent())
        .await;
    assert!(simulator.act(&client.id, Action::Agent(AgentAction::Return)));
    client.send("echo $((6*7))\r");
    client.read_until("42\r\n").await;
    simulator.shutdown().await;
}

#[tokio::test]
async fn an_agent_can_send_what_nobody_knows() {
    let simulator = Simulator::start(config()).await.unwrap();
    let mut client = Client::shell(&simulator).await;
    client.read_until("$ ").await;
    let unknown = AgentAction::Send {
        payload_type: 99,
        payload: Bytes::from_static(b"news"),
    };
    assert!(simulator.act(&client.id, Action::Agent(unknown)));
    client
        .run_until("the unknown payload", |client| {
            client.notices.contains(&Notice::UnknownPayloadType(99))
        })
        .await;
    client.send("echo $((6*7))\r");
    let output = client.read_until("42\r\n").await;
    assert!(!output.contains("news"), "{output}");
    simulator.shutdown().await;
}

#[tokio::test]
async fn an_agent_on_windows_turns_line_feeds_into_returns() {
    for (platform, wanted) in [
        (Platform::Unix, "a  \\n   b  \\r  \\n   c"),
        (Platform::Windows, "a  \\r   b  \\r  \\n   c"),
    ] {
        let mut config = config();
        config.agent.platform = platform;
        let script = "stty raw -echo; printf ready; head -c 6 | od -An -c; sleep 1000";
        config.shell = Shell::new(["sh", "-c", script]);
        let simulator = Simulator::start(config).await.unwrap();
        let mut raw = Raw::shell(&simulator).await;
        let mut output = Vec::new();
        let mut sent = false;
        let mut expected = 0;
        loop {
            let text = String::from_utf8_lossy(&output).into_owned();
            if text.contains(wanted) {
                break;
            }
            assert!(!text.contains('c'), "{platform:?}: {text:?}");
            if text.contains("ready") && !sent {
                sent = true;
                raw.send(0, b"a\n").await;
                raw.send(1, b"b\r\nc").await;
            }
            let message = raw.stream_frame().await.unwrap();
            // Nothing is acknowledged, so that everything comes again.
            if message.sequence_number.0 == expected {
                expected += 1;
                output.extend_from_slice(&message.payload);
            }
        }
        let information = raw
            .caller
            .ask("DescribeInstanceInformation", &json!({}))
            .await;
        let is_windows = information["InstanceInformationList"][0]["PlatformType"] == "Windows";
        assert_eq!(is_windows, platform == Platform::Windows);
        simulator.shutdown().await;
    }
}

#[tokio::test]
async fn the_agents_version_decides_what_it_can_do() {
    for (version, handshake) in [("2.3.538.0", false), ("2.3.539.0", true)] {
        let mut config = config();
        config.agent.version = version.to_owned();
        let document =
            Document::new(DocumentKind::StandardStream).with_handshake(Handshake::Always);
        config
            .documents
            .insert(DEFAULT_DOCUMENT.to_owned(), document);
        let simulator = Simulator::start(config).await.unwrap();
        let mut client = Client::shell(&simulator).await;
        client.read_until("$ ").await;
        let opened = client.opened.clone().unwrap();
        assert_eq!(opened.handshake, handshake, "{version}");
        assert_eq!(opened.agent_version.is_some(), handshake);
        simulator.shutdown().await;
    }
    for (document, plugin, before, since) in [
        (
            "AWS-StartInteractiveCommand",
            "InteractiveCommands",
            "2.3.667.0",
            "2.3.668.0",
        ),
        (
            "AWS-StartNonInteractiveCommand",
            "NonInteractiveCommands",
            "3.0.1123.0",
            "3.0.1124.0",
        ),
    ] {
        for version in [before, since] {
            let mut config = config();
            config.agent.version = version.to_owned();
            let simulator = Simulator::start(config).await.unwrap();
            let body = json!({
                "Target": simulator.target(),
                "DocumentName": document,
                "Parameters": {"command": ["true"]},
            });
            let mut client = Client::start(Caller::of(&simulator), &body, None).await;
            let output = client.read_to_end().await;
            let words = format!("Plugin with name {plugin} is not supported by this version");
            assert_eq!(output.starts_with(&words), version == before, "{output}");
            simulator.shutdown().await;
        }
    }
}

#[tokio::test]
async fn a_session_can_be_limited_in_time() {
    for (idle, max, words) in [
        (Some(100), None, "due to inactivity"),
        (None, Some(100), "maximum duration"),
    ] {
        let mut config = config();
        config.idle_timeout = idle.map(Duration::from_millis);
        config.max_duration = max.map(Duration::from_millis);
        let simulator = Simulator::start(config).await.unwrap();
        let mut client = Client::shell(&simulator).await;
        let output = client.read_to_end().await;
        assert!(output.starts_with("Your session timed out"), "{output}");
        assert!(output.contains(words), "{output}");
        simulator
            .wait_for_status(&client.id, SessionStatus::Terminated)
            .await
            .unwrap();
        simulator.shutdown().await;
    }
}
