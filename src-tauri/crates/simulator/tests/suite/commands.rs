//! Sessions that run a command instead of a shell, and documents.

use serde_json::{Value, json};
use simulator::config::{Document, DocumentKind};
use simulator::{SessionStatus, Simulator};

use crate::client::{Client, config, is_alive};
use crate::signer::Caller;

async fn run(simulator: &Simulator, document: &str, parameters: Value) -> Client {
    let body =
        json!({"Target": simulator.target(), "DocumentName": document, "Parameters": parameters});
    Client::start(Caller::of(simulator), &body, Some((100, 40))).await
}

fn separated() -> simulator::Config {
    let mut config = config();
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

#[tokio::test]
async fn an_interactive_command_has_a_terminal() {
    let simulator = Simulator::start(config()).await.unwrap();
    let command = "test -t 0 && echo on a terminal; read x; stty size; echo got $x";
    let mut client = run(
        &simulator,
        "AWS-StartInteractiveCommand",
        json!({"command": [command]}),
    )
    .await;
    client.read_until("on a terminal\r\n").await;
    client.send("this\r");
    assert_eq!(client.read_to_end().await, "");
    assert_eq!(client.text(), "this\r\n40 100\r\ngot this\r\n");
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_command_without_a_terminal_sends_everything_at_its_end() {
    let simulator = Simulator::start(config()).await.unwrap();
    let command = "sh -c 'echo out; echo err >&2; test -t 0 || echo no terminal; cat'";
    let mut client = run(
        &simulator,
        "AWS-StartNonInteractiveCommand",
        json!({"command": [command]}),
    )
    .await;
    assert_eq!(client.read_to_end().await, "");
    assert_eq!(client.text(), "out\nerr\nno terminal\n");
    let opened = client.opened.clone().unwrap();
    assert!(opened.handshake);
    assert_eq!(opened.session_type.as_str(), "NonInteractiveCommands");
    assert_eq!((client.stderr.len(), client.exit_code), (0, None));
    simulator.shutdown().await;
}

#[tokio::test]
async fn separated_output_comes_with_the_exit_code() {
    let simulator = Simulator::start(separated()).await.unwrap();
    let script = "'echo out; echo err >&2; exit 7'";
    let mut client = run(&simulator, "Separated", json!({"script": [script]})).await;
    assert_eq!(client.read_to_end().await, "");
    assert_eq!(client.text(), "out\n");
    assert_eq!(client.stderr, b"err\n");
    assert_eq!(client.exit_code, Some(7));
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_command_that_cannot_start_says_so_with_exit_code_1() {
    let mut config = config();
    let commands = "/no/such/command".to_owned();
    let kind = DocumentKind::NonInteractiveCommands {
        commands,
        separate_output_stream: true,
    };
    config
        .documents
        .insert("Missing".to_owned(), Document::new(kind));
    let simulator = Simulator::start(config).await.unwrap();
    let mut client = run(&simulator, "Missing", json!({})).await;
    assert_eq!(client.read_to_end().await, "");
    assert_eq!(client.exit_code, Some(1));
    let text = String::from_utf8_lossy(&client.stderr).into_owned();
    assert!(text.starts_with("Unable to start command: "), "{text}");
    simulator.shutdown().await;
}

#[tokio::test]
async fn control_c_interrupts_a_command_without_a_terminal() {
    let simulator = Simulator::start(separated()).await.unwrap();
    let script =
        "'trap \"echo interrupted; exit 130\" INT; echo ready; while :; do sleep 0.05; done'";
    let mut client = run(&simulator, "Separated", json!({"script": [script]})).await;
    client.read_until("ready\n").await;
    client.send("typed\x03");
    assert_eq!(client.read_to_end().await, "");
    assert_eq!(client.text(), "interrupted\n");
    assert_eq!(client.exit_code, Some(130));
    simulator.shutdown().await;
}

#[tokio::test]
async fn terminating_kills_a_command_without_a_terminal() {
    let simulator = Simulator::start(separated()).await.unwrap();
    let mut client = run(
        &simulator,
        "Separated",
        json!({"script": ["'trap \"\" HUP; echo $$; sleep 1000'"]}),
    )
    .await;
    let pid: u32 = client.read_until("\n").await.trim().parse().unwrap();
    assert!(is_alive(pid));
    assert!(simulator.terminate(&client.id));
    assert_eq!(client.read_to_end().await, "");
    simulator
        .wait_for_status(&client.id, SessionStatus::Terminated)
        .await
        .unwrap();
    assert!(!is_alive(pid));
    simulator.shutdown().await;
}

#[tokio::test]
async fn port_documents_are_refused_in_the_words_of_an_agent_without_them() {
    let simulator = Simulator::start(config()).await.unwrap();
    let parameters = json!({"portNumber": ["5432"], "localPortNumber": ["0"]});
    let mut client = run(&simulator, "AWS-StartPortForwardingSession", parameters).await;
    assert_eq!(
        client.read_to_end().await,
        "Plugin with name Port is not supported by this version of ssm agent, please update to latest version. \
         Step name: Port"
    );
    simulator.shutdown().await;
}
