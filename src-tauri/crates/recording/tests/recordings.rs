//! Recordings as files: written, listed, read in pages, searched, thrown out, and cut off by a kill.
#![expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use recording::{Event, EventKind, Name, Recorder, Retention, Shelf, Start};

fn shelf(folder: &Path) -> Shelf {
    Shelf::new(folder.join("recordings"))
}

fn start(now: Instant) -> Start {
    Start {
        title: "web-1".to_owned(),
        size: (80, 24),
        timestamp: 1_795_550_400,
        now,
    }
}

fn events(shelf: &Shelf, name: &Name) -> Vec<Event> {
    let (_, mut cursor) = shelf.header(name).unwrap();
    let mut all = Vec::new();
    loop {
        let page = shelf.page(name, cursor).unwrap();
        all.extend(page.events);
        match page.next {
            Some(next) => cursor = next,
            None => return all,
        }
    }
}

fn output(events: &[Event]) -> String {
    events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Output(text) => Some(text.as_str()),
            EventKind::Input(_)
            | EventKind::Resize(..)
            | EventKind::Marker(_)
            | EventKind::Exit(_) => None,
        })
        .collect()
}

#[test]
fn a_session_is_written_and_read_again_with_its_times() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = shelf(folder.path());
    let (name, file) = shelf.create("web-1", SystemTime::now()).unwrap();
    let began = Instant::now();
    let at = |ms| began + Duration::from_millis(ms);
    let recorder = Recorder::start(file, &start(began)).unwrap();
    recorder.output(at(100), &Bytes::from_static(b"gr\xc3"));
    recorder.output(at(300), &Bytes::from_static(b"\xbcn\r\n"));
    recorder.resized(at(500), 132, 43);
    recorder.pause(at(1_000));
    recorder.output(at(2_000), &Bytes::from_static(b"hidden"));
    recorder.go_on(at(61_000));
    recorder.output(at(61_500), &Bytes::from_static(b"\xff!"));
    recorder.exited(at(62_000), 0);
    assert_eq!(recorder.trouble(), None);
    drop(recorder);

    let (header, _) = shelf.header(&name).unwrap();
    assert_eq!((header.version, header.cols, header.rows), (3, 80, 24));
    let events = events(&shelf, &name);
    let told: Vec<(u64, EventKind)> = events
        .into_iter()
        .map(|event| (event.at_ms, event.kind))
        .collect();
    assert_eq!(
        told,
        [
            (100, EventKind::Output("gr".to_owned())),
            (300, EventKind::Output("ün\r\n".to_owned())),
            (500, EventKind::Resize(132, 43)),
            (1_000, EventKind::Marker("paused".to_owned())),
            (1_000, EventKind::Marker("goes on".to_owned())),
            (1_500, EventKind::Output("\u{fffd}!".to_owned())),
            (2_000, EventKind::Exit("0".to_owned())),
        ]
    );
}

#[test]
fn the_list_tells_what_there_is_and_leaves_out_what_is_no_recording() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = shelf(folder.path());
    assert!(shelf.list().unwrap().is_empty());
    let (name, file) = shelf.create("web/1: \u{202e}x", SystemTime::now()).unwrap();
    let recorder = Recorder::start(file, &start(Instant::now())).unwrap();
    recorder.output(Instant::now(), &Bytes::from_static(b"x"));
    drop(recorder);
    fs::write(shelf.folder().join("notes.cast"), "no header").unwrap();
    fs::write(shelf.folder().join("notes.txt"), "other").unwrap();
    let all = shelf.list().unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].name, name);
    assert_eq!(all[0].title, "web-1");
    assert_eq!(
        all[0].len_bytes,
        fs::metadata(shelf.folder().join(name.as_str()))
            .unwrap()
            .len()
    );
    shelf.remove(&name).unwrap();
    assert!(shelf.list().unwrap().is_empty());
}

#[cfg(unix)]
#[test]
fn files_are_their_owners_and_links_are_not_followed() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder = tempfile::tempdir().unwrap();
    let shelf = shelf(folder.path());
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_550_400);
    let (first, _) = shelf.create("a", now).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&shelf.folder().join(first.as_str())), 0o600);
    assert_eq!(mode(shelf.folder()), 0o700);

    // Somebody has put a link where the next file would go: it is left as it is.
    let outside = folder.path().join("outside");
    fs::write(&outside, "precious").unwrap();
    symlink(&outside, shelf.folder().join("2026-11-24 20-00-00 b.cast")).unwrap();
    let (second, mut file) = shelf.create("b", now).unwrap();
    assert_eq!(second.as_str(), "2026-11-24 20-00-00 b 2.cast");
    file.write_all(b"x").unwrap();
    assert_eq!(fs::read_to_string(&outside).unwrap(), "precious");
    let link: Name = "2026-11-24 20-00-00 b.cast".parse().unwrap();
    assert!(shelf.header(&link).is_err());
}

#[test]
fn text_is_found_across_pieces_colours_and_pages() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = shelf(folder.path());
    let (name, file) = shelf.create("x", SystemTime::now()).unwrap();
    let began = Instant::now();
    let recorder = Recorder::start(file, &start(began)).unwrap();
    let filler = Bytes::from(format!("{}\r\n", "filler ".repeat(100)).repeat(2_000));
    recorder.output(began, &filler);
    let later = began + Duration::from_secs(5);
    recorder.output(later, &Bytes::from_static(b"\x1b[31mPanic\x1b[0m: dis"));
    recorder.output(later, &Bytes::from_static(b"k full\r\n$ "));
    drop(recorder);
    let found = shelf.find(&name, "panic: DISK").unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].at_ms, found[0].line.as_str()),
        (5_000, "Panic: disk full")
    );
    assert!(shelf.find(&name, "").unwrap().is_empty());
    assert_eq!(shelf.find(&name, "filler").unwrap().len(), 1_000);
    let mut text = Vec::new();
    shelf.write_text(&name, &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(
        text.ends_with("Panic: disk full\n$\n"),
        "{:?}",
        text.lines().last()
    );
    assert_eq!(text.lines().count(), 2_002);
}

#[test]
fn what_is_too_old_or_too_much_goes_but_not_what_is_being_written() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = shelf(folder.path());
    let now = SystemTime::now();
    let day = Duration::from_hours(24);
    let mut names = Vec::new();
    for age in [30_u32, 3, 2, 1] {
        let (name, mut file) = shelf.create("x", now - day * age).unwrap();
        let timestamp = (now - day * age)
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
            .as_secs();
        write!(
            file,
            "{{\"version\":3,\"term\":{{\"cols\":80,\"rows\":24}},\"timestamp\":{timestamp}}}\n{}\n",
            " ".repeat(1_000)
        )
        .unwrap();
        file.set_modified(now - day * age).unwrap();
        names.push(name);
    }
    let old = Retention {
        max_age: Some(day * 7),
        max_total_bytes: None,
    };
    assert!(shelf.prune(old, now, &names[..1]).unwrap().is_empty());
    assert_eq!(shelf.prune(old, now, &[]).unwrap(), names[..1]);
    let much = Retention {
        max_age: None,
        max_total_bytes: Some(2_500),
    };
    assert_eq!(shelf.prune(much, now, &[]).unwrap(), names[1..2]);
    assert_eq!(shelf.list().unwrap().len(), 2);
}

/// Set for the child of [`a_kill_costs_at_most_the_last_second`].
const CHILD: &str = "RECORDING_TEST_CHILD";

/// A recording that is never ended: tells on its output what has been recorded, and when.
#[test]
fn records_until_it_is_killed() {
    let Ok(folder) = std::env::var(CHILD) else {
        return;
    };
    let (_, file) = shelf(Path::new(&folder))
        .create("x", SystemTime::now())
        .unwrap();
    let recorder = Recorder::start(file, &start(Instant::now())).unwrap();
    let mut out = std::io::stdout();
    for number in 0_u64.. {
        recorder.output(Instant::now(), &Bytes::from(format!("line {number}\r\n")));
        let ms = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
            .as_millis();
        writeln!(out, "@{number} {ms}").unwrap();
        out.flush().unwrap();
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_kill_costs_at_most_the_last_second() {
    use std::io::{BufRead as _, BufReader};
    let program = std::env::current_exe().unwrap();
    for round in 0_u64..20 {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(&program)
            .args(["--exact", "records_until_it_is_killed", "--nocapture"])
            .env(CHILD, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut told: Vec<(u64, u64)> = Vec::new();
        while told.len() < usize::try_from(100 + round * 37).unwrap() {
            let line = lines.next().unwrap().unwrap();
            let Some(at) = line.find('@') else { continue };
            let (number, ms) = line[at + 1..].split_once(' ').unwrap();
            told.push((number.parse().unwrap(), ms.parse().unwrap()));
        }
        child.kill().unwrap();
        let killed_ms = u64::try_from(
            SystemTime::now()
                .duration_since(SystemTime::UNIX_EPOCH)
                .unwrap()
                .as_millis(),
        )
        .unwrap();
        child.wait().unwrap();
        let shelf = shelf(folder.path());
        let all = shelf.list().unwrap();
        assert_eq!(all.len(), 1, "the file plays");
        let text = output(&events(&shelf, &all[0].name));
        for (number, ms) in told {
            if killed_ms.saturating_sub(ms) > 1_000 {
                assert!(
                    text.contains(&format!("line {number}\r\n")),
                    "{number} lost"
                );
            }
        }
    }
}
