//! Files written by earlier versions load, one per schema, and come back byte for byte.
#![expect(clippy::unwrap_used, reason = "a test may end where it is surprised")]

use std::collections::BTreeMap;
use std::fs;
use std::time::SystemTime;

use profiles::{ProfileColour, ProfileDraft, ProfileStore};

const SCHEMA_1: &[u8] = include_bytes!("golden/profiles-1.json");

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

#[test]
fn a_file_of_schema_1_comes_back_byte_for_byte_after_a_change_and_its_reversal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("profiles.json");
    fs::write(&path, SCHEMA_1).unwrap();
    let mut store = ProfileStore::open(folder.path(), SystemTime::now);
    let profile = store.profiles().remove(1);
    let changed = ProfileDraft {
        name: "Else".to_owned(),
        ..profile.draft.clone()
    };
    store.save(Some(profile.id), changed).unwrap();
    assert_ne!(fs::read(&path).unwrap(), SCHEMA_1);
    store.save(Some(profile.id), profile.draft).unwrap();
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        String::from_utf8_lossy(SCHEMA_1)
    );
}
