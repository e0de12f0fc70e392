//! What the service can do to its callers and to connections, seen from a client.

use std::time::{Duration, Instant};

use futures_util::SinkExt as _;
use secrecy::ExposeSecret as _;
use serde_json::json;
use simulator::config::SILENT_TARGET;
use simulator::faults::{CallError, CallFault, Timed, UpgradeError, UpgradeFault};
use simulator::{Action, Config, Disconnect, SessionStatus, Simulator};
use tokio::io::AsyncReadExt as _;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::client::{Client, LIMIT, config, open_frame};
use crate::raw::Raw;
use crate::signer::Caller;

async fn joined(simulator: &Simulator, raw: &Raw) {
    simulator
        .wait_for(&raw.id, |session| session.client_connected)
        .await
        .unwrap();
}

#[tokio::test]
async fn connections_can_be_closed_after_a_while_again_and_again() {
    let mut config = config();
    config.faults.timed = vec![Timed {
        after: Duration::from_millis(50),
        action: Action::Disconnect(Disconnect::Bye),
    }];
    let simulator = Simulator::start(config).await.unwrap();
    let mut client = Client::shell(&simulator).await;
    for connections in 1..=4 {
        client
            .run_until("the close", |client| client.socket.is_none())
            .await;
        assert_eq!(client.gone, Some(Some(1000)));
        let session = simulator.session(&client.id).unwrap();
        assert_eq!(session.connections, connections);
        assert!(!session.status.has_ended());
        if connections == 4 {
            simulator.change_faults(|faults| faults.timed.clear());
        }
        client.reconnect().await;
    }
    client.send("echo $((6*7))\r");
    client.read_until("42\r\n").await;
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_connection_can_be_closed_with_any_code_and_reason() {
    let simulator = Simulator::start(config()).await.unwrap();
    for (code, reason) in [(1001, "going away".to_owned()), (1011, "é".repeat(100))] {
        let mut raw = Raw::shell(&simulator).await;
        joined(&simulator, &raw).await;
        let how = Disconnect::Close {
            code,
            reason: reason.clone(),
        };
        assert!(simulator.act(&raw.id, Action::Disconnect(how)));
        let frame = loop {
            if let Message::Close(frame) = raw.next().await.unwrap().unwrap() {
                break frame.unwrap();
            }
        };
        assert_eq!(u16::from(frame.code), code);
        // A close frame has no room for more.
        assert!(reason.starts_with(frame.reason.as_str()));
        assert_eq!(frame.reason.len(), reason.len().min(122));
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_connection_can_be_reset_which_is_not_the_same_as_ended() {
    let simulator = Simulator::start(config()).await.unwrap();
    for (how, wanted) in [
        (Disconnect::Reset, Err(std::io::ErrorKind::ConnectionReset)),
        (Disconnect::Abort, Ok(())),
    ] {
        let mut raw = Raw::shell(&simulator).await;
        joined(&simulator, &raw).await;
        let stream = raw.socket.get_mut();
        assert!(simulator.disconnect(&raw.id, how));
        let reading = async {
            loop {
                match stream.read(&mut [0; 1024]).await {
                    Ok(0) => return Ok(()),
                    Ok(_) => {}
                    Err(error) => return Err(error.kind()),
                }
            }
        };
        assert_eq!(timeout(LIMIT, reading).await.unwrap(), wanted);
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_connection_can_fall_silent() {
    let simulator = Simulator::start(config()).await.unwrap();
    let mut client = Client::shell(&simulator).await;
    client.send("sleep 0.2; echo ti''ck\r");
    client.read_until("tick").await;
    client.read_until("$ ").await;
    assert!(simulator.disconnect(&client.id, Disconnect::Silence));
    let socket = client.socket.as_mut().unwrap();
    let unanswered = async {
        // What was sent before may still come.
        loop {
            let ping = Message::Ping("are you there".into());
            socket.send(ping).await.unwrap();
            let mut bytes = [0; 1024];
            let read = socket.get_mut().read(&mut bytes);
            match timeout(Duration::from_millis(300), read).await {
                Ok(read) => assert!(read.unwrap() > 0, "closed"),
                Err(_) => break,
            }
        }
    };
    timeout(LIMIT, unanswered).await.unwrap();
    let session = simulator.session(&client.id).unwrap();
    assert!(session.client_connected, "nobody is told");

    // What is sent into it is lost, and sent again on the next connection.
    client.send("echo $((6*7))\r");
    let nothing = client.read_until("42\r\n");
    assert!(timeout(Duration::from_millis(300), nothing).await.is_err());
    client.cut();
    client.reconnect().await;
    client.read_until("42\r\n").await;
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_token_can_expire_before_it_is_used() {
    let mut short = config();
    short.limits.token_lifetime = Duration::from_millis(1);
    for (config, by_action) in [(short, false), (config(), true)] {
        let simulator = Simulator::start(config).await.unwrap();
        let caller = Caller::of(&simulator);
        let started = caller.start(&json!({"Target": SILENT_TARGET})).await;
        if by_action {
            assert!(simulator.act(&started.id, Action::ExpireToken));
        } else {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let mut raw = Raw::open(caller, &started).await;
        let message = raw.next().await.unwrap().unwrap();
        let Message::Close(Some(frame)) = message else {
            panic!("{message:?}");
        };
        assert_eq!(u16::from(frame.code), 1008);
        simulator.shutdown().await;
    }
}

#[tokio::test]
async fn a_resume_can_be_refused_in_every_way_of_the_service() {
    let simulator = Simulator::start(config()).await.unwrap();
    let caller = Caller::of(&simulator);
    let started = caller.start(&json!({"Target": SILENT_TARGET})).await;
    let body = json!({"SessionId": started.id});
    for (error, status, kind) in [
        (CallError::DoesNotExist, 400, "DoesNotExistException"),
        (CallError::ExpiredToken, 403, "ExpiredTokenException"),
        (CallError::AccessDenied, 403, "AccessDeniedException"),
        (CallError::Throttling, 400, "ThrottlingException"),
        (CallError::Internal, 500, "InternalServerError"),
        (CallError::Unavailable, 503, "ServiceUnavailable"),
    ] {
        simulator.change_faults(|faults| {
            faults.calls = vec![CallFault::times("ResumeSession", error, 1)];
        });
        let answer = caller.call("ResumeSession", &body).await;
        assert_eq!(answer.error(), (status, kind.to_owned()));
        if error == CallError::AccessDenied {
            let text = answer.json()["message"].as_str().unwrap().to_owned();
            let action = format!(
                "ssm:ResumeSession on resource: arn:aws:ssm:eu-west-1:000000000000:session/{}",
                started.id
            );
            assert!(text.contains(&action), "{text}");
        }
        assert_eq!(caller.call("ResumeSession", &body).await.status, 200);
    }
    simulator.change_faults(|faults| {
        faults.calls = vec![CallFault::always("ResumeSession", CallError::NullToken)];
    });
    for _ in 0..2 {
        let answer = caller.ask("ResumeSession", &body).await;
        assert_eq!(answer["SessionId"], started.id.as_str());
        assert!(answer["TokenValue"].is_null() && answer["StreamUrl"].is_null());
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn calls_can_be_throttled_a_number_of_times() {
    let mut config = config();
    config.faults.calls = vec![CallFault {
        operation: None,
        error: CallError::Throttling,
        times: Some(3),
    }];
    let simulator = Simulator::start(config).await.unwrap();
    let caller = Caller::of(&simulator);
    let body = json!({"State": "Active"});
    for _ in 0..3 {
        let answer = caller.call("DescribeSessions", &body).await;
        assert_eq!(answer.error(), (400, "ThrottlingException".to_owned()));
    }
    assert_eq!(caller.call("DescribeSessions", &body).await.status, 200);
    assert_eq!(simulator.faults().calls[0].times, Some(0));
    simulator.shutdown().await;
}

#[tokio::test]
async fn calls_can_be_late() {
    let simulator = Simulator::start(config()).await.unwrap();
    let caller = Caller::of(&simulator);
    let late = CallError::Late(Duration::from_millis(200));
    simulator.change_faults(|faults| faults.calls = vec![CallFault::always("StartSession", late)]);
    let before = Instant::now();
    caller.start(&json!({"Target": SILENT_TARGET})).await;
    assert!(before.elapsed() >= Duration::from_millis(200));
    simulator.shutdown().await;
}

#[tokio::test]
async fn the_clocks_can_differ() {
    for (ahead, words) in [
        (3600, "Signature expired: "),
        (-3600, "Signature not yet current: "),
    ] {
        let mut config = config();
        config.faults.clock_ahead_secs = ahead;
        let simulator = Simulator::start(config).await.unwrap();
        let mut caller = Caller::of(&simulator);
        let body = json!({"Target": SILENT_TARGET});
        let answer = caller.call("StartSession", &body).await;
        assert_eq!(
            answer.error(),
            (403, "InvalidSignatureException".to_owned())
        );
        let text = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(text.starts_with(words), "{text}");
        // The right time is in the answer's `Date`, for those that can learn.
        let date = answer.header("date").unwrap().to_owned();
        caller.clock_ahead = ahead;
        let started = caller.start(&body).await;
        assert!(caller.dial(&started.url).await.is_ok());
        simulator.change_faults(|faults| faults.clock_ahead_secs = 0);
        let now = Caller::of(&simulator)
            .call("DescribeSessions", &json!({"State": "Active"}))
            .await;
        let now = now.header("date").unwrap();
        let hour = |date: &str| date[17..19].parse::<i64>().unwrap();
        let minute = |date: &str| date[20..22].parse::<i64>().unwrap();
        let apart =
            (hour(&date) * 60 + minute(&date) - hour(now) * 60 - minute(now)).rem_euclid(1440);
        let wanted = (ahead / 60).rem_euclid(1440);
        assert!((wanted - apart).abs() <= 5, "{date} {now}");
        simulator.shutdown().await;
    }
}

#[tokio::test]
async fn a_resume_can_lead_to_another_host() {
    let mut config = config();
    config.faults.resume_host = Some("localhost".to_owned());
    let simulator = Simulator::start(config).await.unwrap();
    let mut client = Client::shell(&simulator).await;
    client.read_until("$ ").await;
    client.cut();
    let started = client.caller.resume(&client.id).await;
    let (_, port) = client.caller.address.rsplit_once(':').unwrap();
    let address = format!("localhost:{port}");
    assert!(started.url.starts_with(&format!("ws://{address}/")));
    client.caller.address = address;
    client.connect(&started).await;
    client.send("echo $((6*7))\r");
    client.read_until("42\r\n").await;
    simulator.shutdown().await;
}

#[tokio::test]
async fn upgrades_can_be_refused_or_late() {
    let simulator = Simulator::start(config()).await.unwrap();
    let caller = Caller::of(&simulator);
    let started = caller.start(&json!({"Target": SILENT_TARGET})).await;
    for status in [401, 403, 503] {
        simulator.change_faults(|faults| {
            faults.upgrades = vec![UpgradeFault {
                error: UpgradeError::Status(status),
                times: Some(1),
            }];
        });
        let refused = caller.dial(&started.url).await;
        let Err(Error::Http(response)) = refused else {
            panic!("{status}: not refused");
        };
        assert_eq!(response.status().as_u16(), status);
    }
    simulator.change_faults(|faults| {
        faults.upgrades.push(UpgradeFault {
            error: UpgradeError::Late(Duration::from_millis(200)),
            times: None,
        });
    });
    let before = Instant::now();
    let mut socket = caller.dial(&started.url).await.unwrap();
    assert!(before.elapsed() >= Duration::from_millis(200));
    // A refusal has not used the token.
    let open = open_frame(started.token.expose_secret());
    socket.send(Message::text(open)).await.unwrap();
    simulator
        .wait_for_status(&started.id, SessionStatus::Connected)
        .await
        .unwrap();
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_session_can_be_ended_from_elsewhere_with_words() {
    let simulator = Simulator::start(config()).await.unwrap();
    let mut client = Client::shell(&simulator).await;
    client.read_until("$ ").await;
    let words = "Ended by somebody else.".to_owned();
    assert!(simulator.act(&client.id, Action::Terminate(words.clone())));
    assert_eq!(client.read_to_end().await, words);
    assert!(!simulator.act("demo-0", Action::Terminate(words)));
    simulator.shutdown().await;
}

#[tokio::test]
async fn nothing_goes_wrong_by_default() {
    assert_eq!(Config::default().faults, Default::default());
    assert!(Config::default().max_duration.is_none());
}
