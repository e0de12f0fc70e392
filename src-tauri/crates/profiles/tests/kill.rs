//! A process that saves in a loop is killed at random, again and again: no confirmed save is ever lost.
#![expect(clippy::unwrap_used, reason = "a test may end where it is surprised")]

use std::env;
use std::io::{BufRead as _, BufReader, Write as _, stdout};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, SystemTime};

use profiles::{ProfileDraft, ProfileId, ProfileStore};

const FOLDER: &str = "PROFILES_TEST_FOLDER";
/// How many kills; in a long run, which takes minutes, a thousand.
fn kills() -> u64 {
    if env::var_os("SESSIONDECK_LONG").is_some_and(|value| !value.is_empty()) {
        1_000
    } else {
        100
    }
}

fn draft(number: u64) -> ProfileDraft {
    ProfileDraft {
        name: number.to_string(),
        target: "i-0123456789abcdef0".to_owned(),
        // Large enough for a kill to fall into the middle of a write.
        reason: Some("r".repeat(256)),
        parameters: [("filler".to_owned(), vec!["x".repeat(60_000); 4])].into(),
        ..ProfileDraft::default()
    }
}

/// The number that the one changing connection carries.
fn number_on_disk(store: &ProfileStore) -> Option<(ProfileId, u64)> {
    let profile = store.profiles().into_iter().nth(1)?;
    Some((profile.id, profile.draft.name.parse().unwrap()))
}

/// What the killed process does; nothing unless [`no_confirmed_save_is_lost_to_a_kill`] asks for it.
#[test]
fn child_saves_in_a_loop() {
    let Some(folder) = env::var_os(FOLDER).map(PathBuf::from) else {
        return;
    };
    let mut store = ProfileStore::open(folder, SystemTime::now);
    let (mut id, mut number) =
        number_on_disk(&store).map_or((None, 0), |(id, number)| (Some(id), number));
    loop {
        number += 1;
        let saved = store.save(id, draft(number)).unwrap();
        id = Some(saved.id);
        // Past the test harness, which holds back what `print!` writes.
        writeln!(stdout(), "confirmed {number}").unwrap();
        stdout().flush().unwrap();
    }
}

#[test]
fn no_confirmed_save_is_lost_to_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let mut confirmed = 0;
    let mut saves = 0;
    let kills = kills();
    for kill in 0..kills {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "child_saves_in_a_loop", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Wait until it saves, then let it go on for a time that differs from kill to kill.
        let mut note = |line: String| {
            if let Some(number) = line
                .rsplit_once("confirmed ")
                .map(|(_, number)| number.to_owned())
            {
                confirmed = number.parse().unwrap();
                saves += 1;
            }
        };
        for line in lines.by_ref() {
            let line = line.unwrap();
            let saving = line.contains("confirmed");
            note(line);
            if saving {
                break;
            }
        }
        thread::sleep(Duration::from_micros(kill * 7919 % 23_000));
        child.kill().unwrap();
        // What it had confirmed before it died is still in the pipe.
        for line in lines.map_while(Result::ok) {
            note(line);
        }
        child.wait().unwrap();

        let store = ProfileStore::open(folder.path(), SystemTime::now);
        assert_eq!(store.notices(), [], "kill {kill}");
        let (_, found) = number_on_disk(&store).unwrap();
        assert!(
            found == confirmed || found == confirmed + 1,
            "kill {kill}: {confirmed} was confirmed, {found} is there"
        );
        // The file may be one save ahead of what was confirmed; the next child counts on from there.
        confirmed = found;
    }
    assert!(saves > kills, "only {saves} saves were confirmed");
    let leftovers = std::fs::read_dir(folder.path())
        .unwrap()
        .filter(|entry| {
            entry
                .as_ref()
                .unwrap()
                .file_name()
                .to_string_lossy()
                .ends_with(".tmp")
        })
        .count();
    assert!(
        leftovers <= 1,
        "{leftovers} half-written files were never removed"
    );
}
