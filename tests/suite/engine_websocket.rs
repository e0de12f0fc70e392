//! WebSockets that break the rules, and some that come close: what is said of each, within what time, and with how much
//! memory.
//!
//! A row runs in a process of its own, whose memory is nobody else's.

use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::{DialError, Lost, Scheme};
use futures_util::StreamExt;
use testsuite::fixtures::no_tls;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::engine_dial::{Source, lost};

/// The longest a peer keeps a connection by breaking the rules.
const PATIENCE: Duration = Duration::from_secs(35);

/// The most memory that costs, the peer's own included.
const MOST_KIB: u64 = 2 * 1024;

/// Rows that wait for a time limit do so side by side.
const ROWS_AT_A_TIME: usize = 4;

/// Names the row that a copy of this program runs.
const ROW_VARIABLE: &str = "SESSIONDECK_TEST_ROW";

const SWITCHING: &str =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";

/// What a peer does, and what is to be said of it.
struct Row {
    name: String,
    /// What the upgrade is answered with; rightly where there is nothing.
    answer: Option<Vec<u8>>,
    frames: Vec<u8>,
    /// Written again and again afterwards.
    endless: Option<Vec<u8>>,
    /// Before each of those.
    pause: Duration,
    /// Whether the peer reads what it is sent.
    reads: bool,
    expected: Expected,
}

enum Expected {
    /// The WebSocket breaks; the reason has these words.
    Broken(&'static str),
    /// It is not opened; the reason has these words.
    NotOpened(&'static str),
    /// Nothing was heard for too long.
    Silent,
    /// Nothing is wrong: the peer's own close is what ends it.
    Closed(u16),
}

fn row(name: impl Into<String>, frames: impl Into<Vec<u8>>, expected: Expected) -> Row {
    Row {
        name: name.into(),
        answer: None,
        frames: frames.into(),
        endless: None,
        pause: Duration::ZERO,
        reads: true,
        expected,
    }
}

fn answer(name: &str, answer: impl Into<Vec<u8>>, expected: Expected) -> Row {
    Row {
        answer: Some(answer.into()),
        ..row(name, [], expected)
    }
}

impl Row {
    fn then(self, endless: impl Into<Vec<u8>>, pause: Duration) -> Self {
        Self {
            endless: Some(endless.into()),
            pause,
            ..self
        }
    }
}

/// A frame of the service: not masked.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let len = payload.len();
    let mut frame = match u8::try_from(len) {
        Ok(len @ ..=125) => vec![first, len],
        _ => {
            let len = u16::try_from(len).expect("short frames only");
            [&[first, 126][..], &len.to_be_bytes()].concat()
        }
    };
    frame.extend_from_slice(payload);
    frame
}

fn rows() -> Vec<Row> {
    use Expected::{Broken, Closed, NotOpened, Silent};
    const AT_ONCE: Duration = Duration::ZERO;
    let bye = frame(0x88, &4000_u16.to_be_bytes());
    let piece = frame(0x00, &[0; 0x4000]);
    let mut rows = vec![
        row("masked", [0x82, 0x81, 1, 2, 3, 4, 5], Broken("mask")),
        row(
            "ping of 126 bytes",
            frame(0x89, &[0; 126]),
            Broken("control frame"),
        ),
        row(
            "pong of 64 KiB",
            [&[0x8a, 127, 0, 0, 0, 0, 0, 1, 0, 0][..], &[0; 65536]].concat(),
            Broken("control frame"),
        ),
        row("ping in pieces", [0x09, 0], Broken("control frame")),
        row("close in pieces", [0x08, 0], Broken("control frame")),
        row("nothing to continue", [0x80, 1, 0], Broken("continu")),
        row(
            "a message within a message",
            [0x02, 1, 0, 0x82, 1, 0],
            Broken("fragment"),
        ),
        row("text that is none", [0x81, 2, 0xc3, 0x28], Broken("utf-8")),
        row("text cut in a character", [0x81, 1, 0xc3], Broken("utf-8")),
        row(
            "pieces of text that are none together",
            [0x01, 1, 0xc3, 0x80, 1, 0x28],
            Broken("utf-8"),
        ),
        row("a surrogate", [0x81, 3, 0xed, 0xa0, 0x80], Broken("utf-8")),
        row(
            "64 MiB said",
            [0x82, 127, 0, 0, 0, 0, 4, 0, 0, 0],
            Broken("too long"),
        )
        .then([0; 0x4000], AT_ONCE),
        row(
            "2^63 said",
            [0x82, 127, 0x7f, 255, 255, 255, 255, 255, 255, 255],
            Broken("too long"),
        ),
        row(
            "all bits of a length",
            [0x82, 127, 255, 255, 255, 255, 255, 255, 255, 255],
            Broken("too long"),
        ),
        row("pieces without an end", [0x02, 0], Broken("too long")).then(piece.clone(), AT_ONCE),
        row(
            "pieces of text without an end",
            [0x01, 0],
            Broken("too long"),
        )
        .then(frame(0x00, &[b'a'; 0x4000]), AT_ONCE),
        row("empty pieces without an end", [0x02, 0], Silent)
            .then([0; 0x1000], Duration::from_millis(10)),
        row(
            "a frame that comes too slowly",
            [0x82, 126, 0x10, 0],
            Silent,
        )
        .then([0], Duration::from_millis(50)),
        row("nothing at all", [], Silent),
        row("a flood of pings", [], Broken("flood"))
            .then(frame(0x89, b"keepalive").repeat(50), AT_ONCE),
        row("a flood of pongs", [], Broken("flood"))
            .then(frame(0x8a, b"keepalive").repeat(50), AT_ONCE),
        Row {
            reads: false,
            ..row(
                "a flood of long pings that reads no answer",
                [],
                Broken("flood"),
            )
            .then(frame(0x89, &[0; 125]).repeat(50), AT_ONCE)
        },
        row("a close of one byte", frame(0x88, &[3]), Broken("close")),
        row(
            "a close that says no text",
            frame(0x88, &[0x03, 0xe8, 0xc3]),
            Broken("utf-8"),
        ),
        // Close enough to the rules.
        row(
            "a character in two pieces",
            [&[0x01, 1, 0xc3, 0x80, 1, 0xa9][..], &bye].concat(),
            Closed(4000),
        ),
        row(
            "a ping within a message",
            [&[0x02, 1, 0, 0x89, 0, 0x80, 1, 0][..], &bye].concat(),
            Closed(4000),
        ),
        row(
            "empty messages",
            [[0x82, 0, 0x81, 0].repeat(10), bye.clone()].concat(),
            Closed(4000),
        ),
        row(
            "a length that is longer than it need be",
            [&[0x82, 127, 0, 0, 0, 0, 0, 0, 0, 1, 0][..], &bye].concat(),
            Closed(4000),
        ),
        row(
            "the longest message, in one piece",
            [
                &[0x82, 127, 0, 0, 0, 0, 0, 8, 0, 0][..],
                &vec![0; 0x80000],
                &bye,
            ]
            .concat(),
            Closed(4000),
        ),
        row(
            "the longest message, in two pieces",
            [
                &[0x02, 127, 0, 0, 0, 0, 0, 7, 0xff, 0xff][..],
                &vec![0; 0x7ffff],
                &[0x80, 1, 0],
                &bye,
            ]
            .concat(),
            Closed(4000),
        ),
        row(
            "many pings in bounds",
            [frame(0x89, &[0; 125]).repeat(900), bye].concat(),
            Closed(4000),
        ),
        answer(
            "another key's answer",
            format!("{SWITCHING}Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"),
            NotOpened("Accept"),
        ),
        answer(
            "no answer to the key",
            format!("{SWITCHING}\r\n"),
            NotOpened("Accept"),
        ),
        answer(
            "200 headers",
            format!("{SWITCHING}{}\r\n", "X-H: 1\r\n".repeat(200)),
            NotOpened("header"),
        ),
        answer(
            "a redirect",
            "HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/\r\n\r\n",
            NotOpened("302"),
        ),
        answer(
            "a page",
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            NotOpened("200"),
        ),
        answer(
            "a page without an end",
            "HTTP/1.1 200 OK\r\n\r\n",
            NotOpened("200"),
        )
        .then([b'a'; 0x4000], AT_ONCE),
        answer(
            "another language",
            "SSH-2.0-OpenSSH\r\n\r\n",
            NotOpened("HTTP"),
        ),
        answer(
            "no upgrade",
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n",
            NotOpened("upgrade"),
        ),
        answer(
            "another upgrade",
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
            NotOpened("upgrade"),
        ),
        answer(
            "headers without an end",
            SWITCHING,
            NotOpened("did not open"),
        )
        .then("X-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n", AT_ONCE),
        answer(
            "a header without an end",
            SWITCHING,
            NotOpened("did not open"),
        )
        .then([b'a'; 0x4000], AT_ONCE),
        answer(
            "a header that comes too slowly",
            SWITCHING,
            NotOpened("in time"),
        )
        .then("a", Duration::from_millis(300)),
        answer(
            "an extension nobody offered",
            format!(
                "{SWITCHING}Sec-WebSocket-Accept: {{accept}}\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
            ),
            NotOpened("extension"),
        ),
        answer(
            "a protocol nobody offered",
            format!(
                "{SWITCHING}Sec-WebSocket-Accept: {{accept}}\r\nSec-WebSocket-Protocol: chat\r\n\r\n"
            ),
            NotOpened("rotocol"),
        ),
        answer("no answer at all", "", NotOpened("in time")),
    ];
    for bit in [0x40, 0x20, 0x10] {
        rows.push(row(
            format!("reserved bit {bit:#x}"),
            [0x82 | bit, 1, 0],
            Broken("reserved"),
        ));
    }
    for opcode in (3..=7).chain(0xb..=0xf) {
        rows.push(row(
            format!("opcode {opcode:#x}"),
            [0x80 | opcode, 0],
            Broken("opcode"),
        ));
    }
    rows
}

/// A plain WebSocket service that does what a row says.
async fn service(row: Arc<Row>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&row)));
        }
    });
    port
}

async fn serve(mut stream: TcpStream, row: Arc<Row>) -> std::io::Result<()> {
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
    let right = format!("{SWITCHING}Sec-WebSocket-Accept: {accept}\r\n\r\n").into_bytes();
    let answer = row.answer.as_ref().map_or(right, |answer| {
        let answer = String::from_utf8_lossy(answer);
        answer.replace("{accept}", &accept).into_bytes()
    });
    let (mut reader, mut writer) = stream.into_split();
    let reads = row.reads;
    let drain = tokio::spawn(async move {
        let mut buffer = [0; 4096];
        while reads && reader.read(&mut buffer).await? > 0 {}
        // Kept: the connection is not to break because of the service.
        std::io::Result::Ok(reader)
    });
    writer.write_all(&answer).await?;
    writer.write_all(&row.frames).await?;
    while let Some(endless) = &row.endless {
        tokio::time::sleep(row.pause).await;
        writer.write_all(endless).await?;
    }
    let _ = drain.await;
    std::future::pending().await
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

/// How a session that meets this row's service is first lost.
async fn met(row: &Arc<Row>) -> Lost {
    lost(plain(service(Arc::clone(row)).await)).await
}

impl Expected {
    fn check(&self, name: &str, lost: &Lost) {
        let shown = format!("{lost}").to_lowercase();
        let is_right = match (self, lost) {
            (Self::Broken(words), Lost::Broken(_))
            | (
                Self::NotOpened(words),
                Lost::NotReached(
                    DialError::Upgrade { .. }
                    | DialError::Refused { .. }
                    | DialError::Timeout { .. },
                ),
            ) => shown.contains(&words.to_lowercase()),
            (Self::Silent, Lost::Silent { .. }) => true,
            (Self::Closed(code), Lost::ClosedByPeer { code: closed, .. }) => code == closed,
            _ => false,
        };
        assert!(is_right, "{name}: {lost:?}: {lost}");
    }
}

/// One number of this process's status, in KiB.
#[cfg(target_os = "linux")]
fn memory_kib(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
    status
        .lines()
        .find_map(|line| line.strip_prefix(field)?.trim().strip_suffix(" kB"))
        .and_then(|number| number.trim().parse().ok())
        .expect("Linux has it")
}

/// Runs one row for another test.
#[tokio::test]
async fn meets_the_row_that_it_is_told() {
    let Ok(name) = std::env::var(ROW_VARIABLE) else {
        return;
    };
    let row = rows().into_iter().find(|row| row.name == name);
    let row = Arc::new(row.expect("a name of the table"));
    // A page of 2 MiB for a few bytes would be more than all of this may cost.
    #[cfg(target_os = "linux")]
    rustix::thread::disable_transparent_huge_pages(true).expect("anybody may");
    // Everything that a session needs once has been had before memory is looked at.
    let usual = met(&Arc::new(rows().swap_remove(0))).await;
    assert!(matches!(usual, Lost::Broken(_)), "{usual:?}");
    #[cfg(target_os = "linux")]
    let before = {
        std::fs::write("/proc/self/clear_refs", "5").expect("one's own peak can be forgotten");
        memory_kib("VmRSS:")
    };
    let from = Instant::now();
    let lost = timeout(PATIENCE, met(&row)).await.expect("in time");
    eprintln!("TOOK {:?} AND SAID {lost}", from.elapsed());
    #[cfg(target_os = "linux")]
    eprintln!("GREW {} KIB", memory_kib("VmHWM:").saturating_sub(before));
    row.expected.check(&name, &lost);
}

#[tokio::test]
async fn each_way_to_break_the_rules_ends_for_a_named_reason_in_time_and_costs_little_memory() {
    let run = |name: String| async move {
        let output = Command::new(std::env::current_exe().expect("this program"))
            .args([
                "--exact",
                "engine_websocket::meets_the_row_that_it_is_told",
                "--nocapture",
            ])
            .env(ROW_VARIABLE, &name)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .expect("it runs");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{name}: {text}");
        let said = text
            .split_once("TOOK ")
            .and_then(|(_, rest)| rest.lines().next());
        let said = said.unwrap_or_else(|| panic!("{name}: {text}")).to_owned();
        let grew = text
            .split_once("GREW ")
            .and_then(|(_, rest)| rest.split_once(" KIB"))
            .map(|(grew, _)| grew.parse::<u64>().expect("a number"));
        eprintln!("{name}: {said} ({grew:?} KiB)");
        if cfg!(target_os = "linux") {
            let grew = grew.expect("Linux tells");
            assert!(grew <= MOST_KIB, "{name}: {grew} KiB");
        }
    };
    let names = rows().into_iter().map(|row| row.name);
    let count = futures_util::stream::iter(names.map(run))
        .buffer_unordered(ROWS_AT_A_TIME)
        .count()
        .await;
    assert_eq!(count, rows().len());
}
