//! What sessions take of the computer: each test in a process of its own, the simulator in another.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use engine::{SessionUpdate, State};
use simulator::DEMO_TARGET;
use testsuite::figures::{Peer, Usage, alone, is_long, megabytes, short_or_long, tell, time};
use testsuite::fixtures::{Held, PATIENCE, SimulatorSource};
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

const MEGABYTE: u64 = 1_000_000;

fn peer() -> Peer {
    Peer::start(env!("CARGO_BIN_EXE_peer"))
}

async fn open(endpoint: &str) -> Held {
    let mut held = Held::start(SimulatorSource::at(endpoint.to_owned(), DEMO_TARGET));
    held.until_open().await;
    held
}

/// Starts a program in the shell and forgets all that was said before it says `READY`.
async fn run(held: &mut Held, program: &str) {
    // The quotes keep the echo of the command from being taken for its output.
    held.send(&format!("stty raw -echo; echo REA''DY; {program}\r"))
        .await;
    held.until_output("READY\n").await;
    let ready = held.text().find("READY\n").expect("it was waited for") + "READY\n".len();
    held.output.drain(..ready);
}

/// The next output, granted back at once.
async fn output(held: &mut Held) -> Bytes {
    loop {
        let news = timeout(PATIENCE, held.updates.recv());
        match news.await.expect("something comes within this time") {
            Some(SessionUpdate::Output(bytes)) => {
                held.handle.grant_credit(bytes.len());
                return bytes;
            }
            Some(SessionUpdate::State(state @ (State::Ended(_) | State::Reconnecting(_)))) => {
                panic!("{state:?}")
            }
            Some(_) => {}
            None => panic!("no more news"),
        }
    }
}

#[test]
fn memory_stays_flat_under_output_without_end() {
    let test = concat!(
        module_path!(),
        "::memory_stays_flat_under_output_without_end"
    );
    alone(test, async {
        const LINE: &[u8; 64] =
            b"0123456789abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ\n";
        let total = short_or_long(250, 10_000) * MEGABYTE;
        let settled_at = 100 * MEGABYTE;
        let peer = peer();
        let mut held = open(&peer.endpoint).await;
        let text = String::from_utf8_lossy(&LINE[..63]);
        let program = format!("yes '{text}' | head -c {total}; printf DONE");
        run(&mut held, &program).await;
        let lines = LINE.repeat(1024);
        let mut seen: u64 = 0;
        let begun = Instant::now();
        let (mut settled, mut most) = (0, 0);
        let mut over_time = Vec::new();
        let mut tail = Vec::new();
        let mut rest = std::mem::take(&mut held.output);
        loop {
            for piece in rest.chunks(lines.len() - LINE.len()) {
                let left = usize::try_from(total - seen).expect("64 bits");
                let (piece, after) = piece.split_at(piece.len().min(left));
                tail.extend_from_slice(after);
                let at = usize::try_from(seen % 64).expect("less than 64");
                assert!(*piece == lines[at..at + piece.len()], "wrong at {seen}");
                let before = seen;
                seen += piece.len() as u64;
                if before / (5 * MEGABYTE) == seen / (5 * MEGABYTE) {
                    continue;
                }
                let rss = Usage::own().rss_bytes;
                if seen >= settled_at {
                    if settled == 0 {
                        settled = rss;
                    }
                    most = most.max(rss);
                }
                let step = total / 10;
                if before / step != seen / step {
                    over_time.push(format!("{}: {}", seen / MEGABYTE, megabytes(rss)));
                }
            }
            // What comes twice comes before it.
            if tail.len() >= b"DONE".len() {
                assert!(tail.starts_with(b"DONE"), "{:?}", tail.escape_ascii());
                break;
            }
            rest = output(&mut held).await.to_vec();
        }
        let took = begun.elapsed();
        held.close().await;
        let growth = most.saturating_sub(settled);
        tell(
            "output without end",
            format_args!(
                "{} MB in {took:.1?}; resident MB at MB of output: {}; grew by {} MB at most after \
                 the first {} MB; the simulator has {} MB",
                total / MEGABYTE,
                over_time.join(", "),
                megabytes(growth),
                settled_at / MEGABYTE,
                megabytes(peer.usage().rss_bytes),
            ),
        );
        assert!(growth <= 20 * MEGABYTE, "{growth}");
    });
}

#[test]
fn opening_and_closing_sessions_leaves_nothing() {
    let test = concat!(
        module_path!(),
        "::opening_and_closing_sessions_leaves_nothing"
    );
    alone(test, async {
        const WARM_UP: usize = 50;
        const AT_ONCE: usize = 10;
        let rounds = short_or_long(200, 1000) / AT_ONCE;
        let peer = peer();
        let endpoint: Arc<str> = peer.endpoint.as_str().into();
        let some = async |rounds: usize| {
            for _ in 0..rounds {
                let mut sessions = JoinSet::new();
                for _ in 0..AT_ONCE {
                    let endpoint = Arc::clone(&endpoint);
                    sessions.spawn(async move {
                        let mut held = open(&endpoint).await;
                        held.send("echo $((6*7))\r").await;
                        held.until_output("\n42").await;
                        held.close().await;
                    });
                }
                sessions.join_all().await;
            }
        };
        let taken = || {
            let usage = Usage::own();
            let tasks = Handle::current().metrics().num_alive_tasks();
            (usage.threads, usage.files, tasks, usage.rss_bytes)
        };
        some(WARM_UP / AT_ONCE).await;
        let (threads, files, tasks, rss) = settled(taken).await;
        some(rounds).await;
        let (threads_after, files_after, tasks_after, rss_after) = settled(taken).await;
        tell(
            "sessions opened and closed",
            format_args!(
                "{}; threads {threads} -> {threads_after}, descriptors {files} -> {files_after}, \
                 tasks {tasks} -> {tasks_after}, resident {} -> {} MB",
                rounds * AT_ONCE,
                megabytes(rss),
                megabytes(rss_after),
            ),
        );
        assert_eq!(threads_after, threads, "threads");
        assert_eq!(files_after, files, "descriptors");
        assert_eq!(tasks_after, tasks, "tasks");
        assert!(rss_after <= rss + 5 * MEGABYTE, "{rss} -> {rss_after}");
    });
}

/// What is taken once that changes no more.
async fn settled<T: PartialEq + Copy>(taken: impl Fn() -> T) -> T {
    let mut last = taken();
    let mut same = 0;
    // A socket that its peer has not closed yet, a worker on its way to sleep.
    for _ in 0..100 {
        sleep(Duration::from_millis(50)).await;
        let now = taken();
        same = if now == last { same + 1 } else { 0 };
        last = now;
        if same == 5 {
            break;
        }
    }
    last
}

#[test]
fn fifty_sessions_twenty_of_them_busy_lose_nothing_and_echo_at_once() {
    let test = concat!(
        module_path!(),
        "::fifty_sessions_twenty_of_them_busy_lose_nothing_and_echo_at_once"
    );
    alone(test, async {
        const BUSY: usize = 20;
        const QUIET: usize = 30;
        let length = time(Duration::from_secs(10));
        let peer = peer();
        let before = Usage::own().rss_bytes;
        let mut busy = Vec::new();
        for _ in 0..BUSY {
            let mut held = open(&peer.endpoint).await;
            run(&mut held, "exec perl -e '$|=1; $n=0; for(;;){$t=\"\"; $t.=sprintf(\"%099d\\n\",$n++) for 1..200; print $t; select(undef,undef,undef,0.1)}'").await;
            busy.push(held);
        }
        let mut quiet = Vec::new();
        for _ in 0..QUIET {
            let mut held = open(&peer.endpoint).await;
            run(&mut held, "exec cat").await;
            quiet.push(held);
        }
        let opened = Usage::own().rss_bytes;
        let until = Instant::now() + length;
        let mut watched = JoinSet::new();
        for held in busy {
            watched.spawn(count_lines(held, until));
        }
        let mut typed = JoinSet::new();
        for (n, held) in quiet.into_iter().enumerate() {
            typed.spawn(echoes(held, Duration::from_millis(7 * n as u64), until));
        }
        let mut most = 0;
        while Instant::now() < until {
            sleep(Duration::from_millis(500)).await;
            most = most.max(Usage::own().rss_bytes);
        }
        let lines = watched.join_all().await;
        let mut echoes = typed.join_all().await.concat();
        echoes.sort();
        let percentile = |share: usize| echoes[(echoes.len() - 1) * share / 100];
        let bytes: u64 = lines.iter().map(|lines| lines * 100).sum();
        let slowest = lines.iter().min().copied().unwrap_or_default();
        let rate = slowest * 100 / length.as_secs();
        tell(
            "50 sessions, 20 busy",
            format_args!(
                "{length:?}: {} MB in {} lines, 0 lost, doubled or reordered (the slowest session \
                 {rate} bytes/s); {} keys, echo p50 {:.1?}, p95 {:.1?}, longest {:.1?}; resident \
                 {} MB before, {} MB when open, {} MB at most; the simulator has {} MB",
                bytes / MEGABYTE,
                lines.iter().sum::<u64>(),
                echoes.len(),
                percentile(50),
                percentile(95),
                percentile(100),
                megabytes(before),
                megabytes(opened),
                megabytes(most),
                megabytes(peer.usage().rss_bytes),
            ),
        );
        // The short run shares the computer with other tests and is not optimised.
        let busy = short_or_long(50_000, 150_000);
        assert!(rate >= busy, "they were to be busy: {rate}");
        let bound = Duration::from_millis(if is_long() { 100 } else { 1000 });
        assert!(percentile(95) <= bound, "{:?}", percentile(95));
        assert!(most <= 200 * MEGABYTE, "{most}");
    });
}

/// Counts the numbered lines of a busy session; each must follow the one before.
async fn count_lines(mut held: Held, until: Instant) -> u64 {
    let mut lines = 0;
    let mut rest = std::mem::take(&mut held.output);
    while Instant::now() < until {
        rest.extend_from_slice(&output(&mut held).await);
        let whole = rest.len() / 100 * 100;
        for line in rest[..whole].chunks(100) {
            assert_eq!(line, format!("{lines:099}\n").as_bytes());
            lines += 1;
        }
        rest.drain(..whole);
    }
    held.close().await;
    lines
}

/// Types a key every 200 ms and times each until its echo.
async fn echoes(mut held: Held, offset: Duration, until: Instant) -> Vec<Duration> {
    sleep(offset).await;
    let mut times = Vec::new();
    for key in (b'a'..=b'z').cycle() {
        if Instant::now() >= until {
            break;
        }
        let typed_at = Instant::now();
        assert!(held.handle.send_input(Bytes::from(vec![key])).await);
        assert_eq!(output(&mut held).await, [key][..], "each key once");
        times.push(typed_at.elapsed());
        sleep(Duration::from_millis(200)).await;
    }
    held.close().await;
    times
}
