//! Files written by earlier versions load, one per schema, and come back as the newest.
#![expect(clippy::unwrap_used, reason = "a test may end where it is surprised")]

use std::collections::BTreeMap;
use std::fs;
use std::time::SystemTime;

use profiles::{
    Connection, CredentialSource, Environment, ProfileColour, ProfileDraft, ProfileStore, Tag,
    Target,
};

const SCHEMA_1: &[u8] = include_bytes!("golden/profiles-1.json");
const SCHEMA_2: &[u8] = include_bytes!("golden/profiles-2.json");

#[test]
fn a_file_of_schema_1_loads_completely() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("profiles.json"), SCHEMA_1).unwrap();
    let store = ProfileStore::open(folder.path(), SystemTime::now);
    assert_eq!(store.notices(), []);
    let drafts: Vec<ProfileDraft> = store
        .profiles()
        .into_iter()
        .skip(1)
        .map(|profile| profile.draft)
        .collect();
    let list = |values: &[&str]| {
        values
            .iter()
            .map(|&value| value.to_owned())
            .collect::<Vec<_>>()
    };
    let expected = [
        ProfileDraft {
            name: "Web ⚙ 1".to_owned(),
            aws_profile: Some("corp-admin".to_owned()),
            region: Some("eu-central-1".to_owned()),
            target: "i-0123456789abcdef0".to_owned(),
            document: Some("AWS-StartInteractiveCommand".to_owned()),
            parameters: BTreeMap::from([
                ("command".to_owned(), list(&["ls -l\nid"])),
                ("user".to_owned(), list(&["ops", "dev"])),
            ]),
            reason: Some("TICKET-17".to_owned()),
            colour: ProfileColour::Red,
        },
        ProfileDraft {
            name: "Task".to_owned(),
            target: "ecs:prod_0123456789abcdef0123456789abcdef_0123456789abcdef0123456789abcdef-1234567890"
                .to_owned(),
            ..ProfileDraft::default()
        },
        ProfileDraft {
            name: "Plant floor".to_owned(),
            target: "mi-0123456789abcdef0".to_owned(),
            colour: ProfileColour::Purple,
            ..ProfileDraft::default()
        },
    ];
    assert_eq!(drafts, expected);
}

/// What is written for the file `before` after one profile was changed and changed back.
fn after_a_change_and_its_reversal(before: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("profiles.json");
    fs::write(&path, before).unwrap();
    let mut store = ProfileStore::open(folder.path(), SystemTime::now);
    assert_eq!(store.notices(), []);
    let profile = store.profiles().remove(1);
    let changed = ProfileDraft {
        name: "Else".to_owned(),
        ..profile.draft.clone()
    };
    store.save(Some(profile.id), changed).unwrap();
    assert_ne!(fs::read(&path).unwrap(), before);
    store
        .save_profile(Some(profile.id), profile.draft, profile.details)
        .unwrap();
    // What was there before the first change is kept as it was.
    assert_eq!(
        fs::read(folder.path().join("profiles.json.2")).unwrap(),
        before
    );
    fs::read_to_string(&path).unwrap()
}

#[test]
fn every_schema_is_brought_up_to_date_and_the_newest_comes_back_byte_for_byte() {
    for (before, after) in [
        (SCHEMA_1, &include_bytes!("golden/profiles-1-as-2.json")[..]),
        (SCHEMA_2, SCHEMA_2),
    ] {
        assert_eq!(
            after_a_change_and_its_reversal(before),
            String::from_utf8_lossy(after)
        );
    }
}

#[test]
fn a_file_of_schema_2_loads_completely() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("profiles.json"), SCHEMA_2).unwrap();
    let store = ProfileStore::open(folder.path(), SystemTime::now);
    assert_eq!(store.notices(), []);
    let connections: Vec<Connection> = store
        .profiles()
        .iter()
        .map(|profile| profile.connection().unwrap())
        .collect();
    let [demo, database, keys, worker] = &connections[..] else {
        panic!("{connections:?}");
    };
    assert_eq!(demo.credentials, CredentialSource::Demo);
    assert_eq!(
        database.target,
        Target::Tags(
            [
                ("Role".to_owned(), "db".to_owned()),
                ("Stage".to_owned(), "prod".to_owned())
            ]
            .into()
        )
    );
    assert_eq!(database.environment, Some(Environment::Production));
    assert_eq!(database.folder.to_string(), "Shop/Backend");
    let tags: Vec<&str> = database.tags.iter().map(Tag::as_str).collect();
    assert_eq!(tags, ["postgres", "on call"]);
    assert!(database.reason.as_ref().unwrap().asks());
    assert_eq!(
        database.startup_command.as_ref().unwrap().as_str(),
        "cd /srv && ls"
    );
    assert_eq!(database.user.as_ref().unwrap().as_str(), "postgres");
    assert_eq!(database.shell.as_ref().unwrap().as_str(), "/bin/bash");
    assert_eq!(database.network.endpoints.len(), 2);
    let details = &store.library().profiles[0].details;
    assert_eq!(
        details.notes.as_deref(),
        Some("Ask Kim first.\n  Then again.")
    );
    assert!(details.favourite);
    assert_eq!(details.terminal.font_size, Some(14));
    assert_eq!(details.terminal.scrollback, Some(50_000));
    assert_eq!(
        keys.credentials,
        CredentialSource::Keyring("work-1".parse().unwrap())
    );
    assert_eq!(keys.target, Target::Name("web-1".to_owned()));
    assert_eq!(
        keys.environment,
        Some(Environment::Other("sandbox".to_owned()))
    );
    assert_eq!(
        worker.target,
        Target::AutoScalingGroup("workers".to_owned())
    );
    assert_eq!(worker.credentials, CredentialSource::Environment);
    let folders: Vec<String> = store
        .library()
        .all_folders()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(folders, ["Empty", "Shop", "Shop/Backend", "Shop/Frontend"]);
}
