//! The store against a file system in memory that can fail at any operation, or lose power after it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::import::{Duplicate, Planned};
use crate::memory::{MemoryFiles, Random, folder};
use crate::tree::{TreeItem, create_folder, delete_items, move_items};
use crate::values::FolderPath;

/// 24 November 2026, 04:15:30 UTC.
fn clock() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_493_730)
}

impl MemoryFiles {
    fn open(&self) -> ProfileStore {
        ProfileStore::with_files(folder(), Box::new(self.clone()), clock)
    }
}

fn draft(name: &str) -> ProfileDraft {
    ProfileDraft {
        name: name.to_owned(),
        target: "i-0123456789abcdef0".to_owned(),
        ..ProfileDraft::default()
    }
}

fn names(store: &ProfileStore) -> Vec<String> {
    store
        .profiles()
        .into_iter()
        .skip(1)
        .map(|profile| profile.draft.name)
        .collect()
}

/// A disk on which `count` connections were saved, one by one.
fn disk_with(count: usize) -> MemoryFiles {
    let files = MemoryFiles::default();
    let mut store = files.open();
    for number in 0..count {
        if let Err(error) = store.save(None, draft(&format!("p{number}"))) {
            panic!("{error}");
        }
    }
    files
}

const FAILURES: [io::ErrorKind; 4] = [
    io::ErrorKind::StorageFull,
    io::ErrorKind::Other,
    io::ErrorKind::PermissionDenied,
    io::ErrorKind::ReadOnlyFilesystem,
];

#[test]
fn a_failure_of_any_operation_leaves_the_old_or_the_new_list_and_the_next_save_works() {
    let mut failed_saves = 0;
    for kind in FAILURES {
        for at in 1.. {
            let files = disk_with(7);
            let mut store = files.open();
            let old = names(&store);
            {
                let mut disk = files.disk();
                disk.operations = 0;
                disk.fail = Some((at, kind, false));
            }
            let saved = store.save(None, draft("new"));
            let operations = files.disk().operations;
            files.disk().fail = None;
            let mut new = old.clone();
            new.push("new".to_owned());

            let reopened = files.open();
            assert!(
                reopened.notices().is_empty(),
                "{kind} at {at}: {:?}",
                reopened.notices()
            );
            let on_disk = names(&reopened);
            match &saved {
                Ok(_) => assert_eq!(on_disk, new, "{kind} at {at}"),
                Err(error) => {
                    failed_saves += 1;
                    assert!(
                        on_disk == old || on_disk == new,
                        "{kind} at {at}: {on_disk:?}"
                    );
                    assert!(error.message().ends_with('.'), "{}", error.message());
                }
            }
            // The application goes on with the same store.
            store.refresh();
            assert_eq!(names(&store), on_disk, "{kind} at {at}");
            assert!(store.save(None, draft("next")).is_ok(), "{kind} at {at}");
            assert_eq!(
                names(&files.open()).last().map(String::as_str),
                Some("next")
            );
            assert!(
                !files.names().iter().any(|name| name.ends_with(".tmp")),
                "{:?}",
                files.names()
            );
            if operations < at {
                break;
            }
        }
    }
    assert!(
        failed_saves > 40,
        "only {failed_saves} saves failed: the failures do not arrive"
    );
}

#[test]
fn a_disk_that_fails_for_good_loses_nothing() {
    for kind in FAILURES {
        for at in 1..40 {
            let files = disk_with(3);
            let mut store = files.open();
            {
                let mut disk = files.disk();
                disk.operations = 0;
                disk.fail = Some((at, kind, true));
            }
            let id = store.profiles()[1].id;
            let deleted = store.delete(id);
            let again = store.save(None, draft("new"));
            files.disk().fail = None;
            let on_disk = names(&files.open());
            if deleted.is_ok() {
                assert!(!on_disk.contains(&"p0".to_owned()));
            }
            assert!(on_disk.contains(&"p1".to_owned()) && on_disk.contains(&"p2".to_owned()));
            assert!(again.is_err() || on_disk.contains(&"new".to_owned()));
        }
    }
}

#[test]
fn failing_saves_do_not_push_out_the_earlier_generations() {
    let files = disk_with(7);
    let kept: Vec<_> = (1..=GENERATIONS)
        .map(|n| files.contents(&format!("{FILE_NAME}.{n}")))
        .collect();
    assert!(kept.iter().all(Option::is_some));
    let mut store = files.open();
    files.disk().refuse_renaming_to = Some(folder().join(FILE_NAME));
    for _ in 0..20 {
        assert!(store.save(None, draft("new")).is_err());
    }
    assert_eq!(files.contents("profiles.json.1"), files.contents(FILE_NAME));
    for number in 2..=5_usize {
        let now = files.contents(&format!("profiles.json.{number}"));
        assert!(
            now == kept[number - 2],
            "generation {number} is not what generation {} was",
            number - 1
        );
    }
}

/// How many histories to try; in a long run more.
fn power_cuts() -> u64 {
    if std::env::var_os("SESSIONDECK_LONG").is_some_and(|value| !value.is_empty()) {
        100_000
    } else {
        10_000
    }
}

/// What a person does in a history: new connections, a change, a deletion, a move and its taking back. Gives the names
/// confirmed last, and those under way when the power went.
fn history(store: &mut ProfileStore) -> (Vec<String>, Option<Vec<String>>) {
    let mut confirmed: Vec<String> = Vec::new();
    let mut undo = None;
    for number in 0..9 {
        let mut next = confirmed.clone();
        let result = match number {
            4 => {
                let id = store.profiles()[1].id;
                next[0] = "changed".to_owned();
                store.save(Some(id), draft("changed")).map(drop)
            }
            5 => {
                let id = store.profiles()[1].id;
                next.remove(0);
                store.delete(id)
            }
            6 => {
                let item = TreeItem::Profile(store.profiles()[1].id);
                let first = next.remove(0);
                next.push(first);
                store
                    .edit(|library| move_items(library, &[item], &FolderPath::lenient("a/b"), None))
                    .map(|way_back| undo = Some(way_back))
            }
            7 => {
                let Some(undo) = &undo else {
                    panic!("nothing to take back");
                };
                next.rotate_right(1);
                store.undo(undo).map(drop)
            }
            _ => {
                next.push(format!("p{number}"));
                store.save(None, draft(&format!("p{number}"))).map(drop)
            }
        };
        if result.is_err() {
            return (confirmed, Some(next));
        }
        confirmed = next;
    }
    (confirmed, None)
}

#[test]
fn a_power_cut_at_any_operation_loses_no_confirmed_save() {
    let operations = {
        let files = MemoryFiles::default();
        assert_eq!(history(&mut files.open()).1, None);
        files.disk().operations
    };
    let mut cut_short = BTreeMap::<usize, u64>::new();
    for seed in 1..=power_cuts() {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        // Every operation has its turn.
        let at = 1 + usize::try_from(seed).unwrap_or(0) % (operations + 1);
        let files = MemoryFiles::default();
        files.disk().fail = Some((at, io::ErrorKind::Other, true));
        let (confirmed, attempted) = history(&mut files.open());
        if attempted.is_some() {
            *cut_short.entry(at).or_default() += 1;
        }
        let files = MemoryFiles::healthy(files.disk().after_power_cut(&mut random));
        let mut store = files.open();
        let found = names(&store);
        assert!(
            found == confirmed || Some(&found) == attempted.as_ref(),
            "seed {seed}: {confirmed:?} were confirmed, {attempted:?} was under way, {found:?} are there"
        );
        assert!(
            store.notices().is_empty(),
            "seed {seed}: {:?}",
            store.notices()
        );
        assert!(store.save(None, draft("next")).is_ok(), "seed {seed}");
    }
    assert!(
        cut_short.len() + 30 > operations,
        "only {} of {operations} operations were cut at",
        cut_short.len()
    );
}

#[test]
fn a_failure_while_a_damaged_file_is_recovered_loses_neither_it_nor_the_generations() {
    for at in 1..60 {
        let files = disk_with(3);
        files.put(FILE_NAME, b"{ broken");
        files.disk().operations = 0;
        files.disk().fail = Some((at, io::ErrorKind::Other, false));
        let mut store = files.open();
        files.disk().fail = None;
        let _ = store.save(None, draft("new"));
        let kept = files
            .names()
            .iter()
            .filter(|name| name.starts_with("profiles.damaged-"))
            .filter_map(|name| files.contents(name))
            .filter(|bytes| bytes == b"{ broken")
            .count();
        assert_eq!(kept, 1, "failure at {at}: {:?}", files.names());
        let found = names(&files.open());
        assert!(
            found.starts_with(&["p0".to_owned(), "p1".to_owned()]),
            "failure at {at}: {found:?}"
        );
    }
}

#[test]
fn the_newest_valid_generation_takes_the_place_of_a_damaged_file() {
    let files = disk_with(4);
    files.put(FILE_NAME, b"");
    files.put("profiles.json.1", b"damaged as well");
    let store = files.open();
    assert_eq!(names(&store), ["p0", "p1"]);
    let [
        StoreNotice::Damaged {
            kept_as,
            replaced_by,
            ..
        },
    ] = &store.notices()[..]
    else {
        panic!("{:?}", store.notices());
    };
    assert_eq!(
        kept_as,
        &folder().join("profiles.damaged-20261124T041530Z.json")
    );
    assert_eq!(
        replaced_by,
        &Replacement::Earlier(Restored {
            from: folder().join("profiles.json.2"),
            profiles: 2
        })
    );
    assert!(store.notices()[0].message().contains("2 connections"));
    // It is on disk again, so the next start has nothing to tell.
    assert!(files.open().notices().is_empty());
    assert_eq!(names(&files.open()), ["p0", "p1"]);
}

#[test]
fn a_missing_file_is_restored_from_the_newest_generation() {
    let files = disk_with(3);
    files.disk().entries.remove(&folder().join(FILE_NAME));
    let store = files.open();
    assert_eq!(names(&store), ["p0", "p1"]);
    assert!(matches!(
        &store.notices()[..],
        [StoreNotice::Missing { .. }]
    ));
    assert!(files.open().notices().is_empty());
}

#[test]
fn two_damaged_files_of_one_second_both_stay() {
    let files = MemoryFiles::default();
    files.put(FILE_NAME, b"one");
    let _ = files.open();
    files.put(FILE_NAME, b"two");
    let _ = files.open();
    assert_eq!(
        files.contents("profiles.damaged-20261124T041530Z.json"),
        Some(b"one".to_vec())
    );
    assert_eq!(
        files.contents("profiles.damaged-20261124T041530Z-2.json"),
        Some(b"two".to_vec())
    );
}

#[test]
fn a_file_damaged_while_the_application_runs_gives_way_to_the_list_it_knows() {
    let files = disk_with(2);
    let mut store = files.open();
    files.put(FILE_NAME, b"{");
    assert!(store.save(None, draft("new")).is_ok());
    assert_eq!(names(&store), ["p0", "p1", "new"]);
    assert!(matches!(
        &store.notices()[..],
        [StoreNotice::Damaged {
            replaced_by: Replacement::Known { profiles: 2 },
            ..
        }]
    ));
    assert_eq!(
        files.contents("profiles.damaged-20261124T041530Z.json"),
        Some(b"{".to_vec())
    );
}

#[test]
fn a_newer_file_is_shown_and_never_changed() {
    let files = MemoryFiles::default();
    let text = br#"{"schema": 3, "profiles": [{"id": "0b8f5c1e-4b6a-4d53-9f3e-0d6a3b1f2c4d", "name": "Web",
        "target": "i-01234567", "colour": "red", "shape": "round"}], "more": 1}"#;
    files.put(FILE_NAME, text);
    let mut store = files.open();
    assert_eq!(names(&store), ["Web"]);
    assert_eq!(store.notices(), [StoreNotice::Newer { schema: 3 }]);
    let id = store.profiles()[1].id;
    assert!(matches!(
        store.save(None, draft("new")),
        Err(StoreError::Newer { schema: 3 })
    ));
    assert!(matches!(
        store.duplicate(id),
        Err(StoreError::Newer { schema: 3 })
    ));
    assert!(matches!(
        store.delete(id),
        Err(StoreError::Newer { schema: 3 })
    ));
    assert_eq!(files.contents(FILE_NAME).as_deref(), Some(&text[..]));
    assert_eq!(files.names(), [FILE_NAME]);
}

#[test]
fn an_unreadable_file_is_told_and_never_replaced_until_it_can_be_read() {
    let files = disk_with(2);
    files.disk().operations = 0;
    files.disk().fail = Some((1, io::ErrorKind::PermissionDenied, true));
    let mut store = files.open();
    assert!(matches!(
        &store.notices()[..],
        [StoreNotice::Unreadable { .. }]
    ));
    assert!(store.save(None, draft("new")).is_err());
    files.disk().fail = None;
    assert!(store.save(None, draft("new")).is_ok());
    assert_eq!(names(&files.open()), ["p0", "p1", "new"]);
    assert!(store.notices().is_empty());
}

#[test]
fn changes_of_two_instances_are_joined() -> Result<(), StoreError> {
    let files = disk_with(2);
    let mut first = files.open();
    let mut second = files.open();
    first.save(None, draft("first"))?;
    second.save(None, draft("second"))?;
    first.delete(first.profiles()[1].id)?;
    assert_eq!(names(&first), ["p1", "first", "second"]);
    second.refresh();
    assert_eq!(names(&second), names(&first));
    Ok(())
}

#[test]
fn an_edit_by_hand_and_a_change_here_are_joined_and_taking_back_keeps_the_edit()
-> Result<(), StoreError> {
    let files = disk_with(3);
    let mut store = files.open();
    let item = TreeItem::Profile(store.profiles()[1].id);
    let place = FolderPath::lenient("a");
    let undo = store.edit(|library| delete_items(library, std::slice::from_ref(&item)))?;
    let by_hand = |from: &str, to: &str| {
        let text = String::from_utf8_lossy(&files.contents(FILE_NAME).unwrap_or_default())
            .replace(from, to);
        files.put(FILE_NAME, text.as_bytes());
    };
    by_hand("\"p1\"", "\"by hand\"");
    store.edit(|library| create_folder(library, &place))?;
    assert_eq!(names(&store), ["by hand", "p2"]);
    let (redo, conflicts) = store.undo(&undo)?;
    assert_eq!(names(&store), ["p0", "by hand", "p2"]);
    assert_eq!(conflicts, []);
    assert_eq!(store.library().folders, [place].into());
    // What was brought back is edited by hand: to delete it again would lose that.
    by_hand("\"p0\"", "\"by hand too\"");
    let (_, conflicts) = store.undo(&redo)?;
    assert_eq!(names(&files.open()), ["by hand too", "by hand", "p2"]);
    let [conflict] = &conflicts[..] else {
        panic!("{conflicts:?}");
    };
    assert_eq!(conflict.ours, None);
    assert_eq!(
        conflict.theirs.as_ref().map(|profile| &*profile.draft.name),
        Some("by hand too")
    );
    Ok(())
}

#[test]
fn what_the_tree_refuses_leaves_the_file_alone() {
    let files = disk_with(1);
    let before = files.contents(FILE_NAME);
    let mut store = files.open();
    let unknown = TreeItem::Folder(FolderPath::lenient("x"));
    let refused = store.edit(|library| delete_items(library, &[unknown]));
    assert!(matches!(refused, Err(StoreError::Tree(_))));
    assert_eq!(files.contents(FILE_NAME), before);
    assert_eq!(files.names(), [FILE_NAME]);
}

#[test]
fn saving_a_draft_keeps_the_details() -> Result<(), StoreError> {
    let files = MemoryFiles::default();
    let mut store = files.open();
    let details = ProfileDetails {
        folder: "a/b".to_owned(),
        favourite: true,
        ..ProfileDetails::default()
    };
    let saved = store.save_profile(None, draft("a"), details.clone())?;
    store.save(Some(saved.id), draft("b"))?;
    let found = files.open().find(saved.id);
    assert_eq!(found.map(|profile| profile.details), Some(details));
    assert_eq!(names(&store), ["b"]);
    let wrong = ProfileDetails {
        user: Some("a b".to_owned()),
        ..ProfileDetails::default()
    };
    assert!(matches!(
        store.save_profile(Some(saved.id), draft("b"), wrong),
        Err(StoreError::Invalid(_))
    ));
    Ok(())
}

#[test]
fn a_connection_changed_by_another_program_is_not_overwritten() -> Result<(), StoreError> {
    let files = disk_with(2);
    let mut first = files.open();
    let mut second = files.open();
    let id = first.profiles()[1].id;
    first.save(Some(id), draft("theirs"))?;
    let refused = second.save(Some(id), draft("ours"));
    assert!(
        matches!(refused, Err(StoreError::ChangedElsewhere { name, ours: Some(ours), theirs: Some(theirs) })
            if name == "p0" && ours.draft.name == "ours" && theirs.draft.name == "theirs")
    );
    assert_eq!(
        names(&second),
        ["theirs", "p1"],
        "the list shows what is there"
    );
    second.save(Some(id), draft("ours"))?;
    first.refresh();
    assert_eq!(names(&first), ["ours", "p1"]);
    second.delete(id)?;
    assert!(matches!(
        first.save(Some(id), draft("x")),
        Err(StoreError::ChangedElsewhere { .. })
    ));
    assert!(matches!(
        first.save(Some(id), draft("x")),
        Err(StoreError::Unknown(_))
    ));
    Ok(())
}

#[test]
fn five_generations_are_kept() {
    let files = disk_with(9);
    let mut expected: Vec<String> = (1..=5).map(|n| format!("profiles.json.{n}")).collect();
    expected.insert(0, FILE_NAME.to_owned());
    assert_eq!(files.names(), expected);
    for number in 1..=5_usize {
        let bytes = files
            .contents(&format!("profiles.json.{number}"))
            .unwrap_or_default();
        let Decoded::Valid(Library { profiles, .. }) = file::decode(&bytes) else {
            panic!("generation {number} is damaged");
        };
        assert_eq!(profiles.len(), 9 - number);
    }
}

#[test]
fn the_built_in_profile_is_first_and_cannot_be_touched() {
    let files = disk_with(1);
    let mut store = files.open();
    let demo = store.profiles()[0].clone();
    assert!(demo.is_built_in());
    assert_eq!(demo.draft.name, "Local demo");
    assert!(matches!(
        store.save(Some(demo.id), draft("x")),
        Err(StoreError::BuiltIn)
    ));
    assert!(matches!(store.duplicate(demo.id), Err(StoreError::BuiltIn)));
    assert!(matches!(store.delete(demo.id), Err(StoreError::BuiltIn)));
    let text = String::from_utf8_lossy(&files.contents(FILE_NAME).unwrap_or_default()).into_owned();
    assert!(!text.contains("Local demo"));
}

#[test]
fn copies_are_numbered_and_stand_after_their_source() -> Result<(), StoreError> {
    let files = disk_with(2);
    let mut store = files.open();
    let source = store.profiles()[1].id;
    let copy = store.duplicate(source)?;
    store.duplicate(source)?;
    store.duplicate(copy.id)?;
    assert_eq!(
        names(&store),
        ["p0", "p0 copy 2", "p0 copy", "p0 copy 3", "p1"]
    );
    let long = store.save(None, draft(&"n".repeat(100)))?;
    let copy = store.duplicate(long.id)?;
    assert_eq!(copy.draft.name, format!("{} copy", "n".repeat(95)));
    assert_eq!(copy.draft.validate(), Ok(()));
    Ok(())
}

#[test]
fn a_draft_that_is_not_valid_is_not_saved() {
    let files = MemoryFiles::default();
    let mut store = files.open();
    let refused = store.save(
        None,
        ProfileDraft {
            region: Some("moon".to_owned()),
            ..draft("")
        },
    );
    let Err(error @ StoreError::Invalid(_)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(
        error.message(),
        "Give the connection a name. The region must be a code like eu-central-1."
    );
    assert_eq!(files.names(), Vec::<String>::new());
}

#[test]
fn a_file_grown_too_large_is_not_written() {
    let files = MemoryFiles::default();
    let mut store = files.open();
    let mut large = draft("large");
    for number in 0..20 {
        large
            .parameters
            .insert(format!("p{number}"), vec!["v".repeat(65_535)]);
    }
    let results: Vec<bool> = (0..5)
        .map(|_| store.save(None, large.clone()).is_ok())
        .collect();
    assert_eq!(results, [true, true, true, false, false]);
    assert!(matches!(store.save(None, large), Err(StoreError::Full)));
    assert_eq!(names(&files.open()).len(), 3);
}

#[test]
fn times_are_written_in_utc() {
    assert_eq!(utc_stamp(clock()), "20261124T041530Z");
    assert_eq!(utc_stamp(UNIX_EPOCH), "19700101T000000Z");
    let leap_day = UNIX_EPOCH + Duration::from_secs(1_709_251_199);
    assert_eq!(utc_stamp(leap_day), "20240229T235959Z");
}

#[test]
fn a_teams_connection_is_listed_and_changed_for_oneself_only() -> Result<(), StoreError> {
    let files = disk_with(1);
    let text = br#"{"schema": 2, "team": "Platform", "profiles": [
        {"name": "Web", "target": "name:web", "region": "eu-west-1", "folder": "Shop"}]}"#;
    files.put("team.json", text);
    let mut store = files.open();
    let team_files = || vec![folder().join("team.json"), folder().join("gone.json")];
    store.set_team_files(team_files());
    assert_eq!(names(&store), ["p0", "Web"]);
    assert_eq!(store.team_problems().len(), 1, "one file is not there");
    assert!(store.notices().is_empty());

    let web = store.profiles().remove(2);
    let changed = ProfileDraft {
        region: Some("eu-central-1".to_owned()),
        ..web.draft.clone()
    };
    let saved = store.save(Some(web.id), changed)?;
    assert_eq!(saved.details.folder, "Shop");
    assert!(matches!(
        store.delete(web.id),
        Err(StoreError::Team { name }) if name == "Web"
    ));
    assert_eq!(files.contents("team.json").as_deref(), Some(&text[..]));

    let mut reopened = files.open();
    reopened.set_team_files(team_files());
    let entry = reopened.entries().remove(2);
    assert_eq!(entry.profile, saved);
    assert!(matches!(entry.origin, Origin::Team { overridden, .. } if overridden == ["region"]));
    // The person's own file holds the difference and nothing else of it.
    let own = String::from_utf8_lossy(&files.contents(FILE_NAME).unwrap_or_default()).into_owned();
    assert!(
        own.contains("eu-central-1") && !own.contains("name:web"),
        "{own}"
    );

    let copy = store.duplicate(web.id)?;
    assert_eq!(copy.draft.region.as_deref(), Some("eu-central-1"));
    assert_eq!(store.library().profiles.len(), 2);
    store.reset_overrides(web.id, None)?;
    assert_eq!(store.find(web.id), Some(web));
    assert_eq!(
        store.library().overrides,
        BTreeMap::new(),
        "nothing is left of it"
    );
    Ok(())
}

#[test]
fn own_values_of_a_teams_connection_are_not_overwritten_and_go_one_by_one() -> Result<(), StoreError>
{
    let files = MemoryFiles::default();
    files.put(
        "team.json",
        br#"{"schema": 2, "profiles": [{"name": "Web", "target": "name:web", "region": "eu-west-1"}]}"#,
    );
    let open = || {
        let mut store = files.open();
        store.set_team_files(vec![folder().join("team.json")]);
        store
    };
    let (mut first, mut second) = (open(), open());
    let web = first.profiles().remove(1);
    let with = |region: &str| ProfileDraft {
        region: Some(region.to_owned()),
        reason: Some("shift".to_owned()),
        ..web.draft.clone()
    };
    first.save(Some(web.id), with("eu-west-2"))?;
    let refused = second.save(Some(web.id), with("eu-west-3"));
    let Err(StoreError::ChangedElsewhere {
        ours: Some(ours),
        theirs: Some(theirs),
        ..
    }) = refused
    else {
        panic!("{refused:?}");
    };
    assert_eq!(ours.draft.region.as_deref(), Some("eu-west-3"));
    assert_eq!(theirs.draft.region.as_deref(), Some("eu-west-2"));
    let listed = second.profiles().remove(1);
    assert_eq!(listed.draft, theirs.draft);
    second.reset_overrides(web.id, Some(&["region".to_owned()]))?;
    let listed = second.profiles().remove(1);
    assert_eq!(listed.draft.region.as_deref(), Some("eu-west-1"));
    assert_eq!(listed.draft.reason.as_deref(), Some("shift"));
    Ok(())
}

#[test]
fn a_team_file_is_read_again_with_the_own_one() {
    let files = disk_with(0);
    let mut store = files.open();
    store.set_team_files(vec![folder().join("team.json")]);
    assert_eq!(store.team_problems().len(), 1);
    files.put(
        "team.json",
        br#"{"schema": 1, "profiles": [{"name": "Web", "target": "i-01234567"}]}"#,
    );
    store.refresh();
    assert_eq!(names(&store), ["Web"]);
    assert_eq!(store.team_problems(), []);
}

#[test]
fn what_is_imported_is_added_at_once_and_can_be_taken_back() -> Result<(), StoreError> {
    let files = disk_with(1);
    let mut store = files.open();
    let table = "name,target,folder\nWeb,name:web,Shop\nDb,tag:Role=db,Shop\nWrong,tag:Role\n";
    let preview = crate::import::csv(table, &store.profiles());
    assert_eq!(preview.skipped.len(), 1);
    let profiles = preview.planned.iter().map(Planned::to_profile).collect();
    let undo = store.edit(|library| Ok(crate::tree::add(library, profiles)))?;
    assert_eq!(names(&files.open()), ["p0", "Web", "Db"]);
    let again = crate::import::csv(table, &store.profiles());
    assert!(
        again
            .planned
            .iter()
            .all(|planned| matches!(planned.duplicate, Some(Duplicate::Saved(_))))
    );
    store.undo(&undo)?;
    assert_eq!(names(&files.open()), ["p0"]);
    assert!(store.library().all_folders().is_empty());
    Ok(())
}
