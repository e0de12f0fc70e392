//! What the store creates is for its owner only, and links are not followed when writing.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test may end where it is surprised")]

use std::env;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use profiles::{ProfileDraft, ProfileStore, StoreError, StoreNotice};

const FOLDER: &str = "PROFILES_TEST_FOLDER";

fn draft(name: &str) -> ProfileDraft {
    ProfileDraft {
        name: name.to_owned(),
        target: "i-0123456789abcdef0".to_owned(),
        ..ProfileDraft::default()
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// Runs in a process of its own, whose umask takes nothing away; nothing unless
/// [`files_are_for_their_owner_whatever_the_umask`] asks for it.
#[test]
fn child_saves() {
    let Some(folder) = env::var_os(FOLDER).map(PathBuf::from) else {
        return;
    };
    let folder = folder.join("above").join("config");
    let mut store = ProfileStore::open(&folder, SystemTime::now);
    for name in ["a", "b", "c"] {
        store.save(None, draft(name)).unwrap();
    }
    fs::write(folder.join("profiles.json"), "{").unwrap();
    store.refresh();
    store.save(None, draft("d")).unwrap();
}

#[test]
fn files_are_for_their_owner_whatever_the_umask() {
    let folder = tempfile::tempdir().unwrap();
    let status = Command::new("sh")
        .args(["-c", "umask 000 && exec \"$0\" --exact child_saves"])
        .arg(env::current_exe().unwrap())
        .env(FOLDER, folder.path())
        .status()
        .unwrap();
    assert!(status.success());
    let config = folder.path().join("above").join("config");
    assert_eq!(mode(&folder.path().join("above")), 0o700);
    assert_eq!(mode(&config), 0o700);
    let mut count = 0;
    for entry in fs::read_dir(&config).unwrap() {
        let path = entry.unwrap().path();
        // The test itself has written into this one.
        if !path.to_string_lossy().contains("damaged") {
            assert_eq!(mode(&path), 0o600, "{}", path.display());
            count += 1;
        }
    }
    assert!(count >= 4, "{count} files");
}

#[test]
fn a_symbolic_link_in_the_files_place_is_replaced_and_its_target_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.json");
    let text = "{\"schema\": 1, \"profiles\": []}";
    fs::write(&other, text).unwrap();
    symlink(&other, folder.path().join("profiles.json")).unwrap();
    let mut store = ProfileStore::open(folder.path(), SystemTime::now);
    store.save(None, draft("a")).unwrap();
    assert_eq!(fs::read_to_string(&other).unwrap(), text);
    assert!(
        fs::symlink_metadata(folder.path().join("profiles.json"))
            .unwrap()
            .is_file()
    );
}

#[test]
fn a_hard_link_to_the_file_keeps_what_it_had() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("profiles.json");
    let mut store = ProfileStore::open(folder.path(), SystemTime::now);
    store.save(None, draft("a")).unwrap();
    let before = fs::read(&path).unwrap();
    let link = folder.path().join("link.json");
    fs::hard_link(&path, &link).unwrap();
    store.save(None, draft("b")).unwrap();
    assert_eq!(fs::read(&link).unwrap(), before);
    assert_ne!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_symbolic_link_in_the_locks_place_is_refused_and_creates_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = folder.path().join("elsewhere");
    let config = folder.path().join("config");
    fs::create_dir(&config).unwrap();
    symlink(&elsewhere, config.join("profiles.lock")).unwrap();
    let mut store = ProfileStore::open(&config, SystemTime::now);
    assert!(matches!(
        store.save(None, draft("a")),
        Err(StoreError::Write { .. })
    ));
    assert!(!elsewhere.exists());
    // One that exists is not opened either.
    fs::write(&elsewhere, "theirs").unwrap();
    assert!(store.save(None, draft("a")).is_err());
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "theirs");
    assert!(!config.join("profiles.json").exists());
}

#[test]
fn links_in_the_place_of_earlier_contents_are_moved_and_never_written_through() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    let mut store = ProfileStore::open(&config, SystemTime::now);
    store.save(None, draft("a")).unwrap();
    let theirs: Vec<PathBuf> = (1..=5)
        .map(|number| {
            let theirs = folder.path().join(format!("theirs{number}"));
            fs::write(&theirs, "theirs").unwrap();
            let generation = config.join(format!("profiles.json.{number}"));
            if number % 2 == 0 {
                symlink(&theirs, generation).unwrap();
            } else {
                fs::hard_link(&theirs, generation).unwrap();
            }
            theirs
        })
        .collect();
    for number in 0..8 {
        store.save(None, draft(&number.to_string())).unwrap();
    }
    for path in theirs {
        assert_eq!(fs::read_to_string(path).unwrap(), "theirs");
    }
    assert_eq!(store.library().profiles.len(), 9);
}

#[test]
fn a_folder_or_a_pipe_in_the_files_place_is_told_and_left_alone() {
    for make in [
        (|path: &Path| fs::create_dir(path).unwrap()) as fn(&Path),
        |path: &Path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success()),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("profiles.json");
        make(&path);
        let mut store = ProfileStore::open(folder.path(), SystemTime::now);
        assert!(matches!(
            &store.notices()[..],
            [StoreNotice::Unreadable { .. }]
        ));
        assert!(matches!(
            store.save(None, draft("a")),
            Err(StoreError::Unreadable { .. })
        ));
        assert!(!fs::symlink_metadata(&path).unwrap().is_file());
    }
}

#[test]
fn a_file_in_the_folders_place_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    fs::write(&config, "not a folder").unwrap();
    let mut store = ProfileStore::open(&config, SystemTime::now);
    assert!(matches!(
        &store.notices()[..],
        [StoreNotice::Unreadable { .. }]
    ));
    assert!(matches!(
        store.save(None, draft("a")),
        Err(StoreError::Write { .. })
    ));
    assert_eq!(fs::read_to_string(&config).unwrap(), "not a folder");
}

#[test]
fn another_instance_that_is_saving_is_waited_for_and_then_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = ProfileStore::open(folder.path(), SystemTime::now);
    store.save(None, draft("a")).unwrap();
    let lock = fs::OpenOptions::new()
        .write(true)
        .open(folder.path().join("profiles.lock"))
        .unwrap();
    lock.lock().unwrap();
    assert!(matches!(
        store.save(None, draft("b")),
        Err(StoreError::Busy)
    ));
    lock.unlock().unwrap();
    store.save(None, draft("b")).unwrap();
}
