//! Peers that break the rules, by accident or not: bounds hold, and other sessions do not notice.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use secrecy::ExposeSecret as _;
use serde_json::json;
use simulator::config::SILENT_TARGET;
use simulator::{SessionStatus, Simulator};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use crate::client::{Client, LIMIT, Socket, config, open_frame};
use crate::signer::Caller;

fn impatient() -> simulator::Config {
    let mut config = config();
    config.limits.request_timeout = Duration::from_millis(300);
    config.limits.open_timeout = Duration::from_millis(300);
    config
}

async fn open_channel(simulator: &Simulator) -> (Caller, String, Socket) {
    let caller = Caller::of(simulator);
    let started = caller.start(&json!({"Target": simulator.target()})).await;
    let mut socket = caller.dial(&started.url).await.unwrap();
    socket
        .send(Message::text(open_frame(started.token.expose_secret())))
        .await
        .unwrap();
    simulator
        .wait_for(&started.id, |session| session.client_connected)
        .await
        .unwrap();
    (caller, started.id, socket)
}

async fn still_serves(simulator: &Simulator) {
    let mut client = Client::shell(simulator).await;
    client.send("echo $((6*7))\r");
    client.read_until("42\r\n").await;
}

#[tokio::test]
async fn malformed_requests_are_refused() {
    let simulator = Simulator::start(config()).await.unwrap();
    let caller = Caller::of(&simulator);
    let host = &caller.address;
    for (request, status) in [
        ("nonsense\r\n\r\n".to_owned(), 400),
        (
            format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
            404,
        ),
        (
            format!("POST /other HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
            404,
        ),
        (
            format!("POST / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
            403,
        ),
        (
            format!("OPTIONS / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
            404,
        ),
        (
            format!("GET /v1/data-channel/x HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
            403,
        ),
        (
            format!(
                "POST / HTTP/1.1\r\nHost: {host}\r\nX: {}\r\n\r\n",
                "x".repeat(100_000)
            ),
            431,
        ),
        (
            format!(
                "POST / HTTP/1.1\r\nHost: {host}\r\n{}\r\n",
                "a: b\r\n".repeat(1000)
            ),
            431,
        ),
    ] {
        let answer = caller.raw(request.as_bytes()).await.unwrap();
        assert_eq!(
            answer.status,
            status,
            "{:?}",
            &request[..request.len().min(100)]
        );
    }
    // Signed, but not an upgrade.
    let started = caller.start(&json!({"Target": SILENT_TARGET})).await;
    let target = started
        .url
        .trim_start_matches("ws://")
        .trim_start_matches(host.as_str());
    let (path, query) = target.split_once('?').unwrap();
    let mut parameters: Vec<_> = query.split('&').collect();
    parameters.sort_unstable();
    let headers = caller.sign("ssmmessages", "GET", path, &parameters.join("&"), b"");
    let headers: String = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let request =
        format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n{headers}Connection: close\r\n\r\n");
    assert_eq!(caller.raw(request.as_bytes()).await.unwrap().status, 400);
    still_serves(&simulator).await;
    simulator.shutdown().await;
}

#[tokio::test]
async fn bodies_are_bounded() {
    let simulator = Simulator::start(config()).await.unwrap();
    let caller = Caller::of(&simulator);
    let host = &caller.address;
    let chunked = format!("POST / HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n");
    let body = format!("{:x}\r\n{}\r\n0\r\n\r\n", 2 << 20, "x".repeat(2 << 20));
    let answer = caller.raw(format!("{chunked}{body}").as_bytes()).await;
    // The connection may be reset before the answer is read; what counts is that nothing of it is kept.
    assert!(answer.is_none_or(|answer| answer.status == 413));
    let announced =
        format!("POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 99999999999\r\n\r\n");
    assert_eq!(caller.raw(announced.as_bytes()).await.unwrap().status, 413);
    still_serves(&simulator).await;
    simulator.shutdown().await;
}

#[tokio::test]
async fn slow_requests_are_given_up() {
    let simulator = Simulator::start(impatient()).await.unwrap();
    let caller = Caller::of(&simulator);
    let host = &caller.address;
    for beginning in [
        "POST / HTTP/1.1\r\nHost: ".to_owned(),
        format!("POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 10\r\n\r\n{{"),
    ] {
        let mut stream = TcpStream::connect(host).await.unwrap();
        stream.write_all(beginning.as_bytes()).await.unwrap();
        let mut rest = Vec::new();
        let end = timeout(LIMIT, stream.read_to_end(&mut rest)).await;
        assert!(end.is_ok(), "the connection stays open: {beginning:?}");
    }
    // An upgraded connection that never says who it is.
    let started = caller.start(&json!({"Target": SILENT_TARGET})).await;
    let mut socket = caller.dial(&started.url).await.unwrap();
    let before = Instant::now();
    while let Some(Ok(_)) = timeout(LIMIT, socket.next()).await.unwrap() {}
    assert!(before.elapsed() >= Duration::from_millis(250));
    simulator.shutdown().await;
}

#[tokio::test]
async fn connections_beyond_the_bound_are_closed() {
    let mut config = config();
    config.limits.connections = 3;
    let simulator = Simulator::start(config).await.unwrap();
    let caller = Caller::of(&simulator);
    let mut open = Vec::new();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(&caller.address).await.unwrap();
        // Answered, so that it is known to be counted.
        let request = format!("GET /x HTTP/1.1\r\nHost: {}\r\n\r\n", caller.address);
        stream.write_all(request.as_bytes()).await.unwrap();
        assert!(stream.read(&mut [0; 16]).await.unwrap() > 0);
        open.push(stream);
    }
    assert!(caller.raw(b"GET / HTTP/1.1\r\n\r\n").await.is_none());
    assert_eq!(simulator.live_connections(), 3);
    drop(open);
    while simulator.live_connections() > 0 {
        tokio::task::yield_now().await;
    }
    still_serves(&simulator).await;
    simulator.shutdown().await;
}

#[tokio::test]
async fn malformed_frames_do_not_end_a_session() {
    let simulator = Simulator::start(config()).await.unwrap();
    let mut client = Client::shell(&simulator).await;
    client.read_until("$ ").await;
    let header = |message_type: &str| -> Vec<u8> {
        [&[0, 0, 0, 116][..], format!("{message_type:32}").as_bytes()].concat()
    };
    let mut frames = vec![
        Vec::new(),
        vec![0; 3],
        vec![0xff; 119],
        vec![0; 120],
        vec![0xff; 100_000],
    ];
    for message_type in [
        "input_stream_data",
        "acknowledge",
        "channel_closed",
        "pause_publication",
        "nonsense",
    ] {
        let header = header(message_type);
        frames.push(header.clone());
        frames.push([&header[..], &[0xff; 84]].concat());
        frames.push([&header[..], &[0; 84]].concat());
        frames.push([&[0xff; 4], &header[4..], &[1; 500]].concat());
    }
    for frame in frames {
        client
            .socket
            .as_mut()
            .unwrap()
            .send(Message::binary(frame))
            .await
            .unwrap();
    }
    client
        .socket
        .as_mut()
        .unwrap()
        .send(Message::text("not a message"))
        .await
        .unwrap();
    client.send("echo $((6*7))\r");
    client.read_until("42\r\n").await;
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_message_beyond_the_bound_ends_the_connection_and_not_the_session() {
    let simulator = Simulator::start(config()).await.unwrap();
    let (caller, id, mut socket) = open_channel(&simulator).await;
    let _refused = socket.send(Message::binary(vec![0; (1 << 20) + 1])).await;
    while let Some(Ok(_)) = timeout(LIMIT, socket.next()).await.unwrap() {}
    simulator
        .wait_for_status(&id, SessionStatus::Disconnected)
        .await
        .unwrap();
    assert!(caller.dial(&caller.resume(&id).await.url).await.is_ok());
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_flood_of_pings_and_junk_does_not_stop_others() {
    let simulator = Simulator::start(config()).await.unwrap();
    let (_caller, _id, mut socket) = open_channel(&simulator).await;
    let flood = async {
        for number in 0..20_000_u32 {
            let message = match number % 2 {
                0 => Message::Ping(Bytes::from_static(b"ping")),
                _ => Message::binary(vec![0; 200]),
            };
            socket.feed(message).await.unwrap();
        }
        socket.flush().await.unwrap();
    };
    timeout(LIMIT, async {
        tokio::join!(flood, still_serves(&simulator))
    })
    .await
    .unwrap();
    simulator.shutdown().await;
}

/// A client that asks for endless output and reads none of it: it holds up nobody, and what is kept for it is bounded.
#[tokio::test]
async fn a_client_that_does_not_read_holds_up_nobody() {
    let mut config = config();
    config.limits.write_timeout = Duration::from_millis(500);
    config.shell = simulator::config::Shell::new([
        "sh",
        "-c",
        "head -c 100000000 /dev/zero | tr '\\0' x; echo; exec sh",
    ]);
    config.agent.output_window = 64 << 20;
    let simulator = Simulator::start(config).await.unwrap();
    let (_caller, id, socket) = open_channel(&simulator).await;
    let mut other = Client::shell_of(&simulator, None).await;
    other
        .run_until("some output", |client| client.output.len() > 1_000_000)
        .await;
    // Its writes time out in the end, and it is dropped; the session waits for a better one.
    simulator
        .wait_for_status(&id, SessionStatus::Disconnected)
        .await
        .unwrap();
    drop(socket);
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_client_that_writes_without_reading_is_bounded() {
    let simulator = Simulator::start(config()).await.unwrap();
    let (_caller, id, mut socket) = open_channel(&simulator).await;
    // Input far ahead of what is expected: never to be delivered, bounded by the reorder buffer.
    let writing = async {
        for number in 1..3_000_i64 {
            let message = protocol::AgentMessage {
                message_type: protocol::MessageType::InputStreamData,
                schema_version: 1,
                created_ms: 1,
                sequence_number: protocol::SequenceNumber(number),
                flags: protocol::Flags::NONE,
                message_id: uuid::Uuid::new_v4(),
                payload_type: protocol::PayloadType::Output,
                payload: Bytes::from(vec![b'x'; 60_000]),
            };
            if socket
                .send(Message::Binary(message.encode().unwrap()))
                .await
                .is_err()
            {
                return;
            }
        }
    };
    // It may stall, since its acknowledgements are not read; it must not take memory or others with it.
    let _stalled = timeout(Duration::from_secs(3), writing).await;
    still_serves(&simulator).await;
    assert!(simulator.terminate(&id));
    simulator
        .wait_for_status(&id, SessionStatus::Terminated)
        .await
        .unwrap();
    simulator.shutdown().await;
}
