//! What a connection asks when its session starts: which of several nodes, and why.

use simulator::config::{Target, TargetBehaviour};
use simulator::{Config, Simulator};

use crate::support::{OnPty, piped, piped_with, shell};

fn with_two_nodes() -> Config {
    let mut config = shell();
    for (id, name) in [
        ("i-0000000000000a001", "web-1"),
        ("i-0000000000000a002", "web-2"),
    ] {
        let node = Target::new(id, name, TargetBehaviour::Connected).with_tag("Role", "web");
        config.targets.push(node);
    }
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_with_several_nodes_is_asked_about_on_the_terminal() {
    let simulator = Simulator::start(with_two_nodes()).await.unwrap();
    let mut terminal = OnPty::start(&simulator, &["connect", "tag:Role=web"], (24, 100));
    terminal.expect("2 nodes match tag:Role=web:").await;
    terminal.expect("i-0000000000000a001").await;
    terminal.expect("i-0000000000000a002").await;
    terminal.expect("Which one? 1 to 2: ").await;
    terminal.type_in("7\r");
    terminal.expect("That is none of them.").await;
    terminal.expect("Which one?").await;
    terminal.type_in("2\r");
    terminal.expect("tag:Role=web is").await;
    terminal.expect("i-0000000000000a002").await;
    // It is the session's terminal now.
    terminal.type_in("echo $((6*7))\r");
    terminal.expect("\n42\r\n").await;
    terminal.type_in("exit\r");
    assert_eq!(terminal.exit().await, 0);
    let record = simulator.start_records().pop().unwrap();
    assert_eq!(record.target, "i-0000000000000a002");
    simulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_terminal_nobody_is_asked_and_the_nodes_are_named() {
    let simulator = Simulator::start(with_two_nodes()).await.unwrap();
    let output = piped(&simulator, &["connect", "tag:Role=web"], b"1\n").await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("2 nodes that match tag:Role=web are online."),
        "{said}"
    );
    assert!(said.contains("Name one of them as the target"), "{said}");
    assert!(said.contains("i-0000000000000a002"), "{said}");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(simulator.start_records().len(), 0);
    simulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_node_is_told_and_the_answer_to_a_reason_comes_from_the_option() {
    let folder = tempfile::tempdir().unwrap();
    let draft = profiles::ProfileDraft {
        name: "shop".to_owned(),
        target: "name:only".to_owned(),
        reason: Some("{profile}: {ask}".to_owned()),
        ..profiles::ProfileDraft::default()
    };
    profiles::ProfileStore::open(folder.path(), std::time::SystemTime::now)
        .save(None, draft)
        .unwrap();
    let mut said = Vec::new();
    for id in ["i-0000000000000b001", "i-0000000000000b002"] {
        let mut config = shell();
        config
            .targets
            .push(Target::new(id, "only", TargetBehaviour::Connected));
        let simulator = Simulator::start(config).await.unwrap();
        let unasked = piped_with(&simulator, &["connect", "shop"], b"", folder.path()).await;
        let text = String::from_utf8_lossy(&unasked.stderr).into_owned();
        assert!(text.contains("there is nobody to ask"), "{text}");
        said.push(text);
        let arguments = ["connect", "--reason", "ticket 7", "shop"];
        let output = piped_with(&simulator, &arguments, b"exit\n", folder.path()).await;
        assert_eq!(output.status.code(), Some(0));
        let record = simulator.start_records().pop().unwrap();
        assert_eq!(record.target, id);
        assert_eq!(record.reason.as_deref(), Some("shop: ticket 7"));
        simulator.shutdown().await;
    }
    let replaced = "only was replaced: i-0000000000000b001 is now i-0000000000000b002.";
    assert!(!said[0].contains("was replaced"), "{}", said[0]);
    assert!(said[1].contains(replaced), "{}", said[1]);
}
