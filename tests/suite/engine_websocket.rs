//! WebSockets that break the rules: what is said of it.

use std::time::{Duration, Instant};

use engine::{DialError, Lost, Scheme};
use testsuite::fixtures::no_tls;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::engine_dial::{Source, dial_error, lost};

/// What a script writes.
type Bytes = Vec<u8>;

/// A plain WebSocket service that answers the upgrade with `answer`, or rightly where there is none, and then writes.
async fn websocket(answer: Option<Vec<u8>>, frames: Vec<u8>, endless: Option<Vec<u8>>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (answer, frames, endless) = (answer.clone(), frames.clone(), endless.clone());
            tokio::spawn(async move {
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    request.push(stream.read_u8().await?);
                }
                let request = String::from_utf8_lossy(&request).into_owned();
                let key = request
                    .lines()
                    .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))
                    .unwrap_or_default();
                let accept = derive_accept_key(key.as_bytes());
                let answer = answer.unwrap_or_else(|| {
                    format!("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n").into_bytes()
                });
                stream.write_all(&answer).await?;
                stream.write_all(&frames).await?;
                let (mut reader, mut writer) = stream.into_split();
                let drain = tokio::spawn(async move {
                    let mut buffer = [0; 4096];
                    while reader.read(&mut buffer).await? > 0 {}
                    std::io::Result::Ok(())
                });
                while let Some(endless) = &endless {
                    writer.write_all(endless).await?;
                }
                let _ = drain.await;
                std::io::Result::Ok(())
            });
        }
    });
    port
}

fn plain(port: u16) -> Source {
    Source {
        scheme: Scheme::Plain,
        host: "127.0.0.1".to_owned(),
        port,
        tls: no_tls(),
        proxy: None,
    }
}

#[tokio::test]
async fn frames_that_break_the_rules_end_the_connection_with_a_reason() {
    let mut cases: Vec<(&str, Bytes, Option<Bytes>, &str)> = vec![
        ("masked", vec![0x82, 0x81, 1, 2, 3, 4, 5], None, "mask"),
        ("reserved bit", vec![0xc2, 1, 0], None, "reserved"),
        (
            "126 bytes of ping",
            [&[0x89, 126, 0, 126][..], &[0; 126]].concat(),
            None,
            "control frame",
        ),
        ("a ping in pieces", vec![0x09, 0], None, "control frame"),
        ("nothing to continue", vec![0x80, 1, 0], None, "continu"),
        (
            "text that is none",
            vec![0x81, 2, 0xc3, 0x28],
            None,
            "utf-8",
        ),
        (
            "text cut in a character",
            vec![0x81, 1, 0xc3],
            None,
            "utf-8",
        ),
        (
            "64 MiB said",
            vec![0x82, 127, 0, 0, 0, 0, 4, 0, 0, 0],
            None,
            "too long",
        ),
        (
            "2^63 said",
            vec![0x82, 127, 0x7f, 255, 255, 255, 255, 255, 255, 255],
            None,
            "too long",
        ),
        (
            "endless pieces",
            vec![0x02, 0],
            Some([&[0x00, 126, 0x40, 0][..], &[0; 0x4000]].concat()),
            "too long",
        ),
    ];
    for opcode in (3..=7).chain(0xb..=0xf) {
        cases.push(("opcode", vec![0x80 | opcode, 0], None, "opcode"));
    }
    for (name, frames, endless, words) in cases {
        let port = websocket(None, frames, endless).await;
        let from = Instant::now();
        let lost = lost(plain(port)).await;
        assert!(from.elapsed() < Duration::from_secs(35), "{name}");
        let Lost::Broken(reason) = &lost else {
            panic!("{name}: {lost:?}");
        };
        assert!(reason.to_lowercase().contains(words), "{name}: {reason}");
    }
}

#[tokio::test]
async fn an_upgrade_that_is_none_is_refused_with_a_reason() {
    let switching =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";
    let many = "X-H: 1\r\n".repeat(200);
    for (answer, words) in [
        (
            format!("{switching}Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"),
            "Accept",
        ),
        (format!("{switching}\r\n"), "Accept"),
        (format!("{switching}{many}\r\n"), "header"),
        (
            "HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/\r\n\r\n".to_owned(),
            "302",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned(),
            "200",
        ),
        ("SSH-2.0-OpenSSH\r\n\r\n".to_owned(), "HTTP"),
    ] {
        let port = websocket(Some(answer.clone().into_bytes()), Vec::new(), None).await;
        let error = dial_error(plain(port)).await;
        assert!(error.to_string().contains(words), "{answer:?}: {error}");
    }
    let endless = Some(b"X-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n".to_vec());
    let port = websocket(Some(switching.into()), Vec::new(), endless).await;
    let error = dial_error(plain(port)).await;
    assert!(matches!(error, DialError::Upgrade { .. }), "{error:?}");
}
