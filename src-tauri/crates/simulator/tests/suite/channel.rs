//! The WebSocket of a data channel: the upgrade, the token, the relay.

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use protocol::{AgentMessage, Flags, MessageType, PayloadType, SequenceNumber};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use simulator::config::SILENT_TARGET;
use simulator::{SessionStatus, Simulator};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::client::{Client, LIMIT, Socket, config, open_frame, query};
use crate::raw::input;
use crate::signer::Caller;

fn status(result: Result<Socket, Error>) -> u16 {
    match result {
        Ok(_) => 101,
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(error) => panic!("{error}"),
    }
}

/// The code of the close frame that must come, with nothing but control frames before it.
async fn close_code(socket: &mut Socket) -> Option<u16> {
    loop {
        match timeout(LIMIT, socket.next()).await.unwrap() {
            Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code.into()),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(other)) => panic!("unexpected {} bytes", other.len()),
            Some(Err(_)) | None => return None,
        }
    }
}

#[tokio::test]
async fn an_upgrade_without_a_good_signature_is_refused() {
    let simulator = Simulator::start(config()).await.unwrap();
    let caller = Caller::of(&simulator);
    let started = caller.start(&json!({"Target": SILENT_TARGET})).await;
    let url = started.url.as_str();

    let wrong = |change: fn(&mut Caller)| {
        let mut caller = caller.clone();
        change(&mut caller);
        caller
    };
    for caller in [
        wrong(|caller| caller.secret_access_key.push('x')),
        wrong(|caller| caller.access_key_id.push('x')),
        wrong(|caller| caller.region = "us-east-1".to_owned()),
        wrong(|caller| caller.clock_ahead = 310),
        wrong(|caller| caller.clock_ahead = -310),
        wrong(|caller| caller.session_token = Some("none".to_owned())),
    ] {
        assert_eq!(status(caller.dial(url).await), 403);
    }
    let unsigned = caller.dial_with(url, |request| {
        drop(request.headers_mut().remove("authorization"))
    });
    assert_eq!(status(unsigned.await), 403);
    let other_query = caller.dial_with(url, |request| {
        let uri = request
            .uri()
            .to_string()
            .replace("publish_subscribe", "publish_subscribe&a=b");
        *request.uri_mut() = uri.parse().unwrap();
    });
    assert_eq!(status(other_query.await), 403);
    // The same key signs for the API, but that is another service.
    let other_service = caller.dial_with(url, |request| {
        let (path, query) = (
            request.uri().path(),
            request.uri().query().unwrap().to_owned(),
        );
        let mut query: Vec<_> = query.split('&').collect();
        query.sort_unstable();
        let headers = caller.sign("ssm", "GET", path, &query.join("&"), b"");
        let authorization = headers
            .into_iter()
            .find(|(name, _)| name == "authorization")
            .unwrap()
            .1;
        request
            .headers_mut()
            .insert("authorization", authorization.parse().unwrap());
    });
    assert_eq!(status(other_service.await), 403);

    assert_eq!(status(caller.dial(url).await), 101);
    simulator.shutdown().await;
}

#[tokio::test]
async fn only_data_channels_of_sessions_are_there() {
    let simulator = Simulator::start(config()).await.unwrap();
    let caller = Caller::of(&simulator);
    let started = caller.start(&json!({"Target": SILENT_TARGET})).await;
    for url in [
        started.url.replace(&started.id, "demo-00000000000000000"),
        started
            .url
            .replace("/v1/data-channel/", "/v1/control-channel/"),
        started.url.replace("publish_subscribe", "subscribe"),
        started.url.replace(&started.id, ""),
    ] {
        assert_eq!(status(caller.dial(&url).await), 404, "{url}");
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_principal_with_punctuation_has_sessions_too() {
    let mut config = config();
    config.principal = "alice+test@example.com".to_owned();
    let simulator = Simulator::start(config).await.unwrap();
    let mut client = Client::shell(&simulator).await;
    assert!(
        client.id.starts_with("alice+test@example.com-"),
        "{}",
        client.id
    );
    client.read_until("$ ").await;
    simulator.shutdown().await;
}

#[tokio::test]
async fn the_stream_url_has_routing_data_that_must_be_passed_on() {
    let simulator = Simulator::start(config()).await.unwrap();
    let caller = Caller::of(&simulator);
    let started = caller.start(&json!({"Target": SILENT_TARGET})).await;
    let resumed = caller.resume(&started.id).await;
    let (before, after) = (query(&started.url), query(&resumed.url));
    assert_eq!(
        before[0],
        ("role".to_owned(), "publish_subscribe".to_owned())
    );
    assert_eq!(before[1].0, "cell-number");
    assert_ne!(before[1].1, after[1].1, "a resume may lead to another cell");
    assert!(
        ["+", "/", "="]
            .iter()
            .all(|special| before[1].1.contains(special)),
        "{before:?}"
    );
    simulator.shutdown().await;
}

#[tokio::test]
async fn only_a_valid_unused_token_opens_a_channel() {
    let simulator = Simulator::start(config()).await.unwrap();
    let caller = Caller::of(&simulator);
    let started = caller.start(&json!({"Target": SILENT_TARGET})).await;
    let token = started.token.expose_secret();
    let other = caller.start(&json!({"Target": SILENT_TARGET})).await;
    let truncated = &token[..token.len() - 1];
    let mut without_client: Value = serde_json::from_str(&open_frame(token)).unwrap();
    without_client.as_object_mut().unwrap().remove("ClientId");
    for frame in [
        open_frame("wrong"),
        open_frame(""),
        open_frame(truncated),
        open_frame(other.token.expose_secret()),
        without_client.to_string(),
        open_frame(token).replace("\"1.0\"", "\"2.0\""),
        "{}".to_owned(),
        "hello".to_owned(),
        String::new(),
    ] {
        let mut socket = caller.dial(&started.url).await.unwrap();
        socket.send(Message::text(frame)).await.unwrap();
        assert_eq!(close_code(&mut socket).await, Some(1008));
    }
    // Even the right token does not, as a binary frame.
    let mut socket = caller.dial(&started.url).await.unwrap();
    socket
        .send(Message::binary(open_frame(token)))
        .await
        .unwrap();
    assert_eq!(close_code(&mut socket).await, Some(1008));
    assert_eq!(simulator.session(&started.id).unwrap().connections, 0);

    let mut socket = caller.dial(&started.url).await.unwrap();
    // The official client may ping before it opens.
    socket
        .send(Message::Ping(Bytes::from_static(b"keepalive")))
        .await
        .unwrap();
    socket.send(Message::text(open_frame(token))).await.unwrap();
    let pong = timeout(LIMIT, socket.next())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!(pong, Message::Pong(Bytes::from_static(b"keepalive")));
    simulator
        .wait_for_status(&started.id, SessionStatus::Connected)
        .await
        .unwrap();

    let mut again = caller.dial(&started.url).await.unwrap();
    again.send(Message::text(open_frame(token))).await.unwrap();
    assert_eq!(
        close_code(&mut again).await,
        Some(1008),
        "the token is used up"
    );
    assert_eq!(simulator.session(&started.id).unwrap().connections, 1);
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_second_connection_replaces_the_first() {
    let simulator = Simulator::start(config()).await.unwrap();
    let mut client = Client::shell(&simulator).await;
    client.send("x=kept\r");
    client.read_until("x=kept\r\n").await;
    let mut first = client.socket.take().unwrap();
    client.cut();
    // The service still has the first connection.
    assert!(simulator.session(&client.id).unwrap().client_connected);
    client.reconnect().await;
    loop {
        match timeout(LIMIT, first.next()).await.unwrap() {
            Some(Ok(Message::Close(_)) | Err(_)) | None => break,
            Some(Ok(_)) => {}
        }
    }
    client.send("echo $x\r");
    client.read_until("kept\r\n").await;
    assert_eq!(
        simulator.session(&client.id).unwrap().status,
        SessionStatus::Connected
    );
    simulator.shutdown().await;
}

#[tokio::test]
async fn the_end_is_told_in_the_short_header_with_the_documented_body() {
    let simulator = Simulator::start(config()).await.unwrap();
    let caller = Caller::of(&simulator);
    let started = caller.start(&json!({"Target": SILENT_TARGET})).await;
    let mut socket = caller.dial(&started.url).await.unwrap();
    socket
        .send(Message::text(open_frame(started.token.expose_secret())))
        .await
        .unwrap();
    simulator
        .wait_for_status(&started.id, SessionStatus::Connected)
        .await
        .unwrap();
    assert!(simulator.terminate_with(&started.id, "for the user"));
    let frame = timeout(LIMIT, socket.next())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert!(frame.is_binary(), "{frame:?}");
    let frame = frame.into_data();
    assert_eq!(frame[..4], [0, 0, 0, 112], "no payload type");
    let body: Value = serde_json::from_slice(&frame[116..]).unwrap();
    assert_eq!(body["MessageType"], "channel_closed");
    assert_eq!(body["SessionId"], started.id.as_str());
    assert_eq!(body["DestinationId"], SILENT_TARGET);
    assert_eq!(body["SchemaVersion"], 1);
    assert_eq!(body["Output"], "for the user");
    assert_eq!(
        body["CreatedDate"].as_str().map(str::len),
        Some("2021-10-01T09:24:34.917Z".len())
    );
    let message = AgentMessage::decode(frame).unwrap();
    assert_eq!(body["MessageId"], message.message_id.to_string());
    // A client that stays is closed.
    assert_eq!(close_code(&mut socket).await, Some(1000));
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_client_that_comes_after_the_end_is_told_why() {
    let mut config = config();
    config.shell = simulator::config::Shell::new(["/no/such/shell"]);
    let simulator = Simulator::start(config).await.unwrap();
    let caller = Caller::of(&simulator);
    let started = caller.start(&json!({"Target": simulator.target()})).await;
    simulator
        .wait_for_status(&started.id, SessionStatus::Failed)
        .await
        .unwrap();
    let mut socket = caller.dial(&started.url).await.unwrap();
    socket
        .send(Message::text(open_frame(started.token.expose_secret())))
        .await
        .unwrap();
    let frame = timeout(LIMIT, socket.next())
        .await
        .unwrap()
        .unwrap()
        .unwrap()
        .into_data();
    let body: Value = serde_json::from_slice(&frame[116..]).unwrap();
    assert!(
        body["Output"]
            .as_str()
            .unwrap()
            .contains("Unable to start command"),
        "{body}"
    );
    simulator.shutdown().await;
}

/// Acknowledged sequence numbers until `count` of them have come.
async fn acknowledged(socket: &mut Socket, count: usize) -> Vec<i64> {
    let mut numbers = Vec::new();
    while numbers.len() < count {
        let Message::Binary(frame) = timeout(LIMIT, socket.next())
            .await
            .unwrap()
            .unwrap()
            .unwrap()
        else {
            continue;
        };
        let message = AgentMessage::decode(frame).unwrap();
        if message.message_type == MessageType::Acknowledge {
            let body: Value = serde_json::from_slice(&message.payload).unwrap();
            assert_eq!(body["AcknowledgedMessageType"], "input_stream_data");
            numbers.push(body["AcknowledgedMessageSequenceNumber"].as_i64().unwrap());
        }
    }
    numbers
}

#[tokio::test]
async fn the_agent_acknowledges_input_in_any_order_and_repeats_too() {
    let simulator = Simulator::start(config()).await.unwrap();
    let caller = Caller::of(&simulator);
    let started = caller.start(&json!({"Target": simulator.target()})).await;
    simulator
        .wait_for(&started.id, |session| session.child.is_some())
        .await
        .unwrap();
    let mut socket = caller.dial(&started.url).await.unwrap();
    socket
        .send(Message::text(open_frame(started.token.expose_secret())))
        .await
        .unwrap();
    let echo = input(0, PayloadType::Output, b"ec");
    for message in [
        &input(2, PayloadType::Output, b"out\r"),
        &input(1, PayloadType::Output, b"ho "),
        &echo,
        &echo,
    ] {
        socket
            .send(Message::Binary(message.encode().unwrap()))
            .await
            .unwrap();
    }
    assert_eq!(acknowledged(&mut socket, 4).await, [2, 1, 0, 0]);
    simulator.shutdown().await;
}

#[tokio::test]
async fn unread_output_is_repeated_until_it_is_acknowledged() {
    let simulator = Simulator::start(config()).await.unwrap();
    let caller = Caller::of(&simulator);
    let started = caller.start(&json!({"Target": simulator.target()})).await;
    let mut socket = caller.dial(&started.url).await.unwrap();
    socket
        .send(Message::text(open_frame(started.token.expose_secret())))
        .await
        .unwrap();
    let mut seen = Vec::new();
    while seen.len() < 3 {
        let Message::Binary(frame) = timeout(LIMIT, socket.next())
            .await
            .unwrap()
            .unwrap()
            .unwrap()
        else {
            continue;
        };
        let message = AgentMessage::decode(frame).unwrap();
        if message.message_type == MessageType::OutputStreamData
            && message.sequence_number == SequenceNumber(0)
        {
            seen.push(message);
        }
    }
    assert_eq!(seen[0].flags, Flags::SYN);
    assert_eq!(seen[0].payload_type, PayloadType::Output);
    assert!(
        seen.iter()
            .all(|message| message.message_id == seen[0].message_id
                && message.payload == seen[0].payload)
    );
    simulator.shutdown().await;
}
