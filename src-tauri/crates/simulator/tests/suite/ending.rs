//! Nothing is left running: no process, no listener, no connection, no thread.

use std::time::Duration;

use serde_json::json;
use simulator::{Config, SessionStatus, Simulator};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::client::{Client, LIMIT, config, is_alive};
use crate::signer::Caller;

#[tokio::test]
async fn shutting_down_leaves_nothing_behind() {
    let simulator = Simulator::start(config()).await.unwrap();
    let mut clients = Vec::new();
    let mut pids = Vec::new();
    for _ in 0..3 {
        let mut client = Client::shell(&simulator).await;
        client.send("trap '' HUP; sleep 1000 & echo jo''b=$!;\r");
        client.read_until("job=").await;
        pids.push(client.read_until("\r").await.trim().parse().unwrap());
        pids.push(simulator.session(&client.id).unwrap().child.unwrap());
        clients.push(client);
    }
    // One whose client never came, one whose client has gone, one connection that says nothing.
    let caller = Caller::of(&simulator);
    let started = caller.start(&json!({"Target": simulator.target()})).await;
    let waiting = simulator
        .wait_for(&started.id, |session| session.child.is_some())
        .await
        .unwrap();
    pids.push(waiting.child.unwrap());
    clients[0].cut();
    simulator
        .wait_for_status(&clients[0].id, SessionStatus::Disconnected)
        .await
        .unwrap();
    let idle = TcpStream::connect(&caller.address).await.unwrap();
    let tasks = tokio::runtime::Handle::current();
    assert!(pids.iter().all(|pid| is_alive(*pid)));
    assert!(simulator.live_connections() >= 2);
    assert_eq!(simulator.live_children(), 4);

    timeout(Duration::from_secs(5), simulator.shutdown())
        .await
        .unwrap();
    let left: Vec<_> = pids.iter().filter(|pid| is_alive(**pid)).collect();
    assert!(left.is_empty(), "{left:?} of {pids:?}");
    assert!(
        TcpStream::connect(&caller.address).await.is_err(),
        "nobody listens"
    );
    assert_eq!(tasks.metrics().num_alive_tasks(), 0, "no task");
    drop(idle);
    for client in &mut clients[1..] {
        client
            .run_until("the end of the connection", |client| {
                client.socket.is_none()
            })
            .await;
        assert_eq!(client.closed.as_deref(), Some(""), "told before it was cut");
    }
}

#[tokio::test]
async fn dropping_ends_everything_too() {
    let simulator = Simulator::start(config()).await.unwrap();
    let mut client = Client::shell(&simulator).await;
    client.read_until("$ ").await;
    let pid = simulator.session(&client.id).unwrap().child.unwrap();
    let address = Caller::of(&simulator).address;
    drop(simulator);
    client
        .run_until("the end of the connection", |client| {
            client.socket.is_none()
        })
        .await;
    let metrics = tokio::runtime::Handle::current().metrics();
    let all_gone = async {
        while metrics.num_alive_tasks() > 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(LIMIT, all_gone).await.unwrap();
    assert!(!is_alive(pid));
    assert!(TcpStream::connect(&address).await.is_err());
}

#[test]
fn a_runtime_that_goes_first_takes_the_shells_with_it() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let (simulator, pid) = runtime.block_on(async {
        let simulator = Simulator::start(config()).await.unwrap();
        let mut client = Client::shell(&simulator).await;
        client.read_until("$ ").await;
        let pid = simulator.session(&client.id).unwrap().child.unwrap();
        (simulator, pid)
    });
    assert!(is_alive(pid));
    drop(runtime);
    assert!(!is_alive(pid));
    drop(simulator);
}

#[tokio::test]
async fn a_port_that_is_taken_is_an_error() {
    let first = Simulator::start(Config::default()).await.unwrap();
    let mut config = Config::default();
    config.port = Caller::of(&first)
        .address
        .rsplit_once(':')
        .unwrap()
        .1
        .parse()
        .unwrap();
    let port = config.port;
    let error = Simulator::start(config).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot listen on 127.0.0.1:{port}")
    );
    first.shutdown().await;
}

#[tokio::test]
async fn waiting_for_what_cannot_come_ends() {
    let simulator = Simulator::start(config()).await.unwrap();
    let waited = simulator
        .wait_for_status("demo-0", SessionStatus::Connected)
        .await;
    assert_eq!(waited.unwrap_err().to_string(), "no session demo-0");
    let started = Caller::of(&simulator)
        .start(&json!({"Target": simulator.target()}))
        .await;
    assert!(simulator.terminate(&started.id));
    let waited = simulator
        .wait_for_status(&started.id, SessionStatus::Connected)
        .await;
    assert_eq!(
        waited.unwrap_err().to_string(),
        format!("session {} has ended as Terminated", started.id)
    );
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_session_that_is_stopped_while_it_starts_leaves_no_process() {
    let simulator = Simulator::start(config()).await.unwrap();
    let caller = Caller::of(&simulator);
    for _ in 0..20 {
        let started = caller.start(&json!({"Target": simulator.target()})).await;
        assert!(simulator.terminate(&started.id));
        simulator
            .wait_for_status(&started.id, SessionStatus::Terminated)
            .await
            .unwrap();
    }
    assert_eq!(simulator.live_children(), 0);
    simulator.shutdown().await;
}
