//! Hundreds of damaged files, one after the other: none is ever lost, and none ends the application.
#![expect(clippy::unwrap_used, reason = "a test may end where it is surprised")]

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use profiles::{ProfileDraft, ProfileStore, StoreNotice};

const VALID: &[u8] = include_bytes!("golden/profiles-1.json");

fn draft() -> ProfileDraft {
    ProfileDraft {
        name: "new".to_owned(),
        target: "i-0123456789abcdef0".to_owned(),
        ..ProfileDraft::default()
    }
}

/// Contents that may be anything, valid ones among them, each with a word on what was done.
fn table() -> Vec<(String, Vec<u8>)> {
    let mut table: Vec<(String, Vec<u8>)> = Vec::new();
    let valid_len = VALID.len();
    for len in (0..valid_len).step_by(9) {
        table.push((format!("cut off at {len}"), VALID[..len].to_vec()));
    }
    for at in (0..valid_len).step_by(7) {
        let mut bytes = VALID.to_vec();
        bytes[at] ^= 1 << (at % 8);
        table.push((format!("bit {} of byte {at} flipped", at % 8), bytes));
    }
    for at in (0..valid_len).step_by(40) {
        let mut bytes = VALID.to_vec();
        let end = (at + 512).min(valid_len);
        bytes[at..end].fill(0);
        table.push((format!("zeros from {at} to {end}"), bytes));
    }
    let texts = [
        "",
        " ",
        "\n",
        "null",
        "true",
        "0",
        "\"text\"",
        "[]",
        "{}",
        "[1, 2]",
        "{\"schema\": null}",
        "{\"schema\": \"1\", \"profiles\": []}",
        "{\"schema\": 1.5, \"profiles\": []}",
        "{\"schema\": -1, \"profiles\": []}",
        "{\"schema\": 0, \"profiles\": []}",
        "{\"schema\": 1}",
        "{\"schema\": 1, \"profiles\": null}",
        "{\"schema\": 1, \"profiles\": {}}",
        "{\"schema\": 1, \"profiles\": [null]}",
        "{\"schema\": 1, \"profiles\": [[]]}",
        "{\"schema\": 1, \"profiles\": [{}]}",
        "{\"schema\": 1, \"profiles\": [{\"id\": 1, \"name\": \"a\", \"target\": \"b\"}]}",
        "{\"schema\": 1, \"profiles\": [{\"id\": \"x\", \"name\": \"a\", \"target\": \"b\"}]}",
        "{\"schema\": 1, \"profiles\": []} trailing",
        "{\"schema\": 1, \"profiles\": [],}",
        "{\"schema\": 2, \"profiles\": [], \"folders\": 1}",
        "{\"schema\": 2, \"profiles\": [], \"folders\": [1]}",
        "{\"schema\": 2, \"profiles\": [], \"overrides\": {\"x\": {}}}",
        "{\"schema\": 2, \"profiles\": [], \"overrides\": []}",
        "\u{feff}{\"schema\": 1, \"profiles\": []}",
        "<?xml version=\"1.0\"?>",
        "schema = 1",
    ];
    table.extend(texts.map(|text| (format!("{text:?}"), text.as_bytes().to_vec())));
    let profile = |members: &str| {
        format!(
            "{{\"schema\": 2, \"profiles\": [{{\"id\": \"0b8f5c1e-4b6a-4d53-9f3e-0d6a3b1f2c4d\", \"name\": \"a\", \
             \"target\": \"b\", {members}}}]}}"
        )
    };
    let members = [
        "\"region\": 1",
        "\"reason\": []",
        "\"document\": {}",
        "\"awsProfile\": false",
        "\"colour\": \"mauve\"",
        "\"colour\": 3",
        "\"folder\": 3",
        "\"tags\": \"a\"",
        "\"notes\": []",
        "\"favourite\": \"yes\"",
        "\"environment\": {}",
        "\"terminal\": []",
        "\"terminal\": {\"fontSize\": 1e9}",
        "\"network\": {\"endpoints\": 1}",
        "\"parameters\": []",
        "\"parameters\": {\"a\": \"b\"}",
        "\"parameters\": {\"a\": [1]}",
    ];
    table.extend(members.map(|text| (text.to_owned(), profile(text).into_bytes())));
    table.push((
        "UTF-16".to_owned(),
        VALID.iter().flat_map(|&byte| [byte, 0]).collect(),
    ));
    table.push((
        "not UTF-8".to_owned(),
        b"{\"schema\": 1, \"profiles\": [\"\xff\xfe\"]}".to_vec(),
    ));
    table.push((
        "random".to_owned(),
        (0..9000_u32)
            .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
            .collect(),
    ));
    table.push(("deep".to_owned(), "[".repeat(500_000).into_bytes()));
    table.push((
        "deep members".to_owned(),
        "{\"a\":".repeat(300_000).into_bytes(),
    ));
    table.push(("twice".to_owned(), [VALID, VALID].concat()));
    table.push((
        "newer".to_owned(),
        b"{\"schema\": 3, \"profiles\": []}".to_vec(),
    ));
    table.push((
        "much newer".to_owned(),
        b"{\"schema\": 18446744073709551615}".to_vec(),
    ));
    let spaces = vec![b' '; 5 * 1024 * 1024];
    table.push(("too many spaces".to_owned(), [VALID, &spaces].concat()));
    table.push(("huge".to_owned(), vec![b'{'; 100 * 1000 * 1000]));
    table
}

/// Every file of the folder holds `bytes`, or some file does.
fn is_somewhere(folder: &Path, bytes: &[u8]) -> bool {
    fs::read_dir(folder)
        .unwrap()
        .any(|entry| fs::read(entry.unwrap().path()).unwrap() == bytes)
}

#[test]
fn no_damaged_file_is_lost_or_ends_the_application() {
    let table = table();
    assert!(table.len() >= 300, "{} rows", table.len());
    let mut damaged = 0;
    for (what, bytes) in table {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("profiles.json");
        fs::write(&path, &bytes).unwrap();
        let mut store = ProfileStore::open(folder.path(), SystemTime::now);
        assert!(store.profiles()[0].is_built_in(), "{what}");
        assert!(
            is_somewhere(folder.path(), &bytes),
            "{what}: the contents are lost by opening"
        );
        let notices = store.notices();
        let saved = store.save(None, draft());
        assert!(
            is_somewhere(folder.path(), &bytes),
            "{what}: the contents are lost by saving"
        );
        match &notices[..] {
            [] => assert!(saved.is_ok(), "{what}"),
            [
                StoreNotice::Damaged {
                    kept_as, problem, ..
                },
            ] => {
                damaged += 1;
                assert!(saved.is_ok(), "{what}: {saved:?}");
                assert_eq!(fs::read(kept_as).unwrap(), bytes, "{what}");
                assert!(
                    problem.ends_with('.') && problem.len() < 400,
                    "{what}: {problem}"
                );
            }
            [StoreNotice::Newer { .. }] => {
                assert!(saved.is_err(), "{what}");
                assert_eq!(fs::read(&path).unwrap(), bytes, "{what}");
            }
            others => panic!("{what}: {others:?}"),
        }
    }
    assert!(
        damaged >= 200,
        "only {damaged} rows were found to be damaged"
    );
}
