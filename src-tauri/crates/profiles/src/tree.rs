//! What a person does to the tree of connections: move, rename, delete, sort, search.
//!
//! Pure functions from one [`Library`] to the next. A folder that was there stays when its last connection leaves it.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use crate::library::{Library, Undo};
use crate::profile::{Profile, ProfileId};
use crate::values::{FolderPath, ValueError};

/// Something in the tree.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TreeItem {
    /// A connection.
    Profile(ProfileId),
    /// A folder with all that is in it.
    Folder(FolderPath),
}

/// A changed library, and the way back.
#[derive(Clone, Debug, PartialEq)]
pub struct Edited {
    /// The library after the change.
    pub library: Library,
    /// The way back.
    pub undo: Undo,
}

/// Why the tree was not changed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TreeError {
    /// There is no such connection, or it is not one that can be changed.
    #[error("there is no connection {0} of your own")]
    UnknownProfile(ProfileId),
    /// There is no such folder.
    #[error("there is no folder `{0}`")]
    UnknownFolder(FolderPath),
    /// A folder of that name is there already.
    #[error("there is a folder `{0}` already")]
    FolderExists(FolderPath),
    /// A folder cannot be moved into itself.
    #[error("the folder `{0}` cannot be moved into itself")]
    IntoItself(FolderPath),
    /// The folder's new name or place is not valid.
    #[error("{0}")]
    Invalid(#[from] ValueError),
}

impl TreeError {
    /// What to show a person.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::UnknownProfile(_) => {
                "This connection no longer exists, or is not your own.".to_owned()
            }
            Self::UnknownFolder(folder) => format!("The folder {folder} no longer exists."),
            Self::FolderExists(folder) => format!("There is a folder {folder} already."),
            Self::IntoItself(folder) => {
                format!("The folder {folder} cannot be moved into itself.")
            }
            Self::Invalid(error) => error.message.clone(),
        }
    }
}

/// Makes an empty folder.
///
/// # Errors
/// A folder of that name is there already.
pub fn create_folder(library: &Library, folder: &FolderPath) -> Result<Edited, TreeError> {
    if library.all_folders().contains(folder) || folder.is_root() {
        return Err(TreeError::FolderExists(folder.clone()));
    }
    let mut next = library.clone();
    next.folders.insert(folder.clone());
    Ok(edited(library, next))
}

/// Gives a folder another name where it is.
///
/// # Errors
/// An unknown folder, a name that is not valid, or one that is taken.
pub fn rename_folder(
    library: &Library,
    folder: &FolderPath,
    name: &str,
) -> Result<Edited, TreeError> {
    let Some(parent) = folder.parent() else {
        return Err(TreeError::UnknownFolder(folder.clone()));
    };
    let to = parent.join(name)?;
    let mut next = library.clone();
    if to != *folder {
        rebase(&mut next, folder, &to)?;
    }
    Ok(edited(library, next))
}

/// Moves connections and folders into the folder `to`. Connections end up together, in the order they are named, before
/// the connection `before`, or else behind all others.
///
/// # Errors
/// Something unknown, a folder into itself, or one whose name is taken there.
pub fn move_items(
    library: &Library,
    items: &[TreeItem],
    to: &FolderPath,
    before: Option<ProfileId>,
) -> Result<Edited, TreeError> {
    let mut next = library.clone();
    let mut moved: Vec<ProfileId> = Vec::new();
    for item in items {
        match item {
            TreeItem::Profile(id) => {
                let profile = library.find(*id).ok_or(TreeError::UnknownProfile(*id))?;
                if !moved.contains(id) && !goes_along(&profile.folder(), items, false) {
                    moved.push(*id);
                }
            }
            TreeItem::Folder(folder) => {
                let Some(name) = folder.name() else {
                    return Err(TreeError::IntoItself(folder.clone()));
                };
                if to.is_within(folder) {
                    return Err(TreeError::IntoItself(folder.clone()));
                }
                let target = to.join(name)?;
                if target != *folder && !goes_along(folder, items, true) {
                    rebase(&mut next, folder, &target)?;
                }
            }
        }
    }
    let mut taken = Vec::new();
    for id in &moved {
        let at = next
            .profiles
            .iter()
            .position(|profile| profile.id == *id)
            .ok_or(TreeError::UnknownProfile(*id))?;
        let mut profile = next.profiles.remove(at);
        next.folders.extend(keeping(&profile.folder()));
        profile.details.folder = to.to_string();
        taken.push(profile);
    }
    let at = before
        .and_then(|before| {
            next.profiles
                .iter()
                .position(|profile| profile.id == before)
        })
        .unwrap_or(next.profiles.len());
    next.profiles.splice(at..at, taken);
    if !items.is_empty() {
        next.folders.extend(keeping(to));
    }
    Ok(edited(library, next))
}

/// Says whether `folder` is in one of the folders of `items`, and goes where that one goes.
fn goes_along(folder: &FolderPath, items: &[TreeItem], is_item_itself: bool) -> bool {
    items.iter().any(|item| match item {
        TreeItem::Folder(other) => folder.is_within(other) && !(is_item_itself && other == folder),
        TreeItem::Profile(_) => false,
    })
}

/// Deletes connections, and folders with all that is in them.
///
/// # Errors
/// Something unknown.
pub fn delete_items(library: &Library, items: &[TreeItem]) -> Result<Edited, TreeError> {
    let mut next = library.clone();
    let folders = library.all_folders();
    for item in items {
        match item {
            TreeItem::Profile(id) => {
                let profile = library.find(*id).ok_or(TreeError::UnknownProfile(*id))?;
                next.folders.extend(keeping(&profile.folder()));
                next.profiles.retain(|profile| profile.id != *id);
            }
            TreeItem::Folder(folder) => {
                if !folders.contains(folder) {
                    return Err(TreeError::UnknownFolder(folder.clone()));
                }
                next.folders
                    .extend(folder.parent().as_ref().and_then(keeping));
            }
        }
    }
    for item in items {
        if let TreeItem::Folder(folder) = item {
            next.profiles
                .retain(|profile| !profile.folder().is_within(folder));
            next.folders.retain(|other| !other.is_within(folder));
        }
    }
    Ok(edited(library, next))
}

/// Adds connections behind all others.
#[must_use]
pub fn add(library: &Library, profiles: Vec<Profile>) -> Edited {
    let mut next = library.clone();
    next.profiles.extend(profiles);
    edited(library, next)
}

fn edited(before: &Library, after: Library) -> Edited {
    Edited {
        undo: Undo::new(before.clone(), after.clone()),
        library: after,
    }
}

/// The folder to keep when something leaves it; the top needs no keeping.
fn keeping(folder: &FolderPath) -> Option<FolderPath> {
    (!folder.is_root()).then(|| folder.clone())
}

/// Gives a folder and all below it another place, which must be free.
fn rebase(library: &mut Library, from: &FolderPath, to: &FolderPath) -> Result<(), TreeError> {
    let all = library.all_folders();
    if !all.contains(from) {
        return Err(TreeError::UnknownFolder(from.clone()));
    }
    if all.contains(to) {
        return Err(TreeError::FolderExists(to.clone()));
    }
    let rebased = |folder: &FolderPath| -> Result<Option<FolderPath>, ValueError> {
        folder
            .rebased(from, to)
            .map(|folder| folder.to_string().parse())
            .transpose()
    };
    let mut folders = BTreeSet::new();
    for folder in &library.folders {
        folders.insert(rebased(folder)?.unwrap_or_else(|| folder.clone()));
    }
    for profile in &mut library.profiles {
        if let Some(folder) = rebased(&profile.folder())? {
            profile.details.folder = folder.to_string();
        }
    }
    folders.extend(from.parent().as_ref().and_then(keeping));
    folders.insert(to.clone());
    library.folders = folders;
    Ok(())
}

/// In which order connections are shown.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum SortOrder {
    /// As they were put.
    #[default]
    Manual,
    /// By name, numbers by their value.
    Name,
    /// By target, then name.
    Target,
    /// By environment, production first and none last, then name.
    Environment,
    /// The last opened first, those never opened by name behind them.
    Recent,
}

/// Puts connections in order. `opened_ms` says when each was last opened, for [`SortOrder::Recent`].
pub fn sort<P: AsRef<Profile>>(
    profiles: &mut [P],
    order: SortOrder,
    opened_ms: &BTreeMap<ProfileId, u64>,
) {
    profiles.sort_by(|a, b| compare(a.as_ref(), b.as_ref(), order, opened_ms));
}

fn compare(
    a: &Profile,
    b: &Profile,
    order: SortOrder,
    opened_ms: &BTreeMap<ProfileId, u64>,
) -> Ordering {
    let by_name = || compare_naturally(&a.draft.name, &b.draft.name);
    let rank = |profile: &Profile| {
        let environment = profile.details.environment.as_ref()?;
        Some((
            !environment.is_production(),
            environment.as_str().to_owned(),
        ))
    };
    match order {
        SortOrder::Manual => Ordering::Equal,
        SortOrder::Name => by_name(),
        SortOrder::Target => compare_naturally(&a.draft.target, &b.draft.target).then_with(by_name),
        SortOrder::Environment => match (rank(a), rank(b)) {
            (Some(first), Some(second)) => first.cmp(&second),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        }
        .then_with(by_name),
        SortOrder::Recent => opened_ms
            .get(&b.id)
            .cmp(&opened_ms.get(&a.id))
            .then_with(by_name),
    }
}

/// Compares as people do: without regard to case, `web-2` before `web-10`.
fn compare_naturally(a: &str, b: &str) -> Ordering {
    let (lower_a, lower_b) = (a.to_lowercase(), b.to_lowercase());
    let (mut rest_a, mut rest_b) = (lower_a.as_str(), lower_b.as_str());
    loop {
        let (digits_a, digits_b) = (leading_digits(rest_a), leading_digits(rest_b));
        if !digits_a.is_empty() && !digits_b.is_empty() {
            let (number_a, number_b) = (
                digits_a.trim_start_matches('0'),
                digits_b.trim_start_matches('0'),
            );
            let compared = number_a
                .len()
                .cmp(&number_b.len())
                .then_with(|| number_a.cmp(number_b));
            if compared != Ordering::Equal {
                return compared;
            }
            rest_a = &rest_a[digits_a.len()..];
            rest_b = &rest_b[digits_b.len()..];
            continue;
        }
        let (mut characters_a, mut characters_b) = (rest_a.chars(), rest_b.chars());
        match (characters_a.next(), characters_b.next()) {
            (None, None) => return a.cmp(b),
            (first_a, first_b) if first_a == first_b => {
                rest_a = characters_a.as_str();
                rest_b = characters_b.as_str();
            }
            (first_a, first_b) => return first_a.cmp(&first_b),
        }
    }
}

fn leading_digits(text: &str) -> &str {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    &text[..end]
}

/// Says whether every word of `query` is in the connection's name, folder, tags or target, whatever the case.
#[must_use]
pub fn matches(profile: &Profile, query: &str) -> bool {
    let details = &profile.details;
    let places: Vec<String> = [&profile.draft.name, &details.folder, &profile.draft.target]
        .into_iter()
        .chain(&details.tags)
        .map(|text| text.to_lowercase())
        .collect();
    query
        .to_lowercase()
        .split_whitespace()
        .all(|word| places.iter().any(|place| place.contains(word)))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::profile::ProfileDraft;
    use crate::values::Environment;

    fn folder(text: &str) -> FolderPath {
        FolderPath::lenient(text)
    }

    fn id(number: u128) -> ProfileId {
        ProfileId::from_number(number)
    }

    fn profile(number: u128, place: &str) -> Profile {
        let mut profile = Profile::new(
            id(number),
            ProfileDraft {
                name: format!("p{number}"),
                target: "i-0123456789abcdef0".to_owned(),
                ..ProfileDraft::default()
            },
        );
        profile.details.folder = place.to_owned();
        profile
    }

    /// p1 at the top, p2 and p3 in `a`, p4 in `a/b`, and the empty folder `c`.
    fn library() -> Library {
        Library {
            profiles: vec![
                profile(1, ""),
                profile(2, "a"),
                profile(3, "a"),
                profile(4, "a/b"),
            ],
            folders: [folder("c")].into(),
            ..Library::default()
        }
    }

    fn shown(library: &Library) -> Vec<String> {
        let profiles = library
            .profiles
            .iter()
            .map(|profile| format!("{}:{}", profile.draft.name, profile.folder()));
        let folders = library
            .all_folders()
            .into_iter()
            .map(|folder| format!("{folder}/"));
        profiles.chain(folders).collect()
    }

    #[test]
    fn several_things_move_at_once_and_back() {
        let before = library();
        let items = [
            TreeItem::Profile(id(3)),
            TreeItem::Profile(id(1)),
            TreeItem::Folder(folder("a/b")),
        ];
        let edited = move_items(&before, &items, &folder("c"), None).unwrap();
        assert_eq!(
            shown(&edited.library),
            ["p2:a", "p4:c/b", "p3:c", "p1:c", "a/", "c/", "c/b/"]
        );
        assert_eq!(edited.undo.apply(&edited.library).library, before);
    }

    #[test]
    fn a_place_among_the_others_can_be_named() {
        let edited = move_items(
            &library(),
            &[TreeItem::Profile(id(4))],
            &folder("a"),
            Some(id(2)),
        )
        .unwrap();
        assert_eq!(
            shown(&edited.library),
            ["p1:", "p4:a", "p2:a", "p3:a", "a/", "a/b/", "c/"]
        );
    }

    #[test]
    fn a_folder_moves_with_all_that_is_in_it_once() {
        let items = [
            TreeItem::Profile(id(3)),
            TreeItem::Folder(folder("a/b")),
            TreeItem::Folder(folder("a")),
        ];
        let edited = move_items(&library(), &items, &folder("c"), None).unwrap();
        assert_eq!(
            shown(&edited.library),
            [
                "p1:", "p2:c/a", "p3:c/a", "p4:c/a/b", "c/", "c/a/", "c/a/b/"
            ]
        );
    }

    #[test]
    fn moves_that_cannot_be_are_refused() {
        let to = |items: &[TreeItem], place: &str| {
            move_items(&library(), items, &folder(place), None).unwrap_err()
        };
        let a = TreeItem::Folder(folder("a"));
        assert_eq!(
            to(std::slice::from_ref(&a), "a/b"),
            TreeError::IntoItself(folder("a"))
        );
        assert_eq!(
            to(&[TreeItem::Folder(folder("x"))], "a"),
            TreeError::UnknownFolder(folder("x"))
        );
        assert_eq!(
            to(&[TreeItem::Profile(id(9))], "a"),
            TreeError::UnknownProfile(id(9))
        );
        let taken = create_folder(&library(), &folder("c/a")).unwrap().library;
        assert_eq!(
            move_items(&taken, &[a], &folder("c"), None),
            Err(TreeError::FolderExists(folder("c/a")))
        );
    }

    #[test]
    fn folders_are_renamed_with_all_below_them() {
        let before = library();
        let edited = rename_folder(&before, &folder("a"), " z ").unwrap();
        assert_eq!(
            shown(&edited.library),
            ["p1:", "p2:z", "p3:z", "p4:z/b", "c/", "z/", "z/b/"]
        );
        assert_eq!(edited.undo.apply(&edited.library).library, before);
        for (name, message) in [
            ("c", "There is a folder c already."),
            ("x/y", "A folder's name cannot hold a slash."),
            ("  ", "Give the folder a name."),
            ("a\n", "There is a folder a already."),
        ] {
            match rename_folder(&before, &folder("a"), name) {
                Err(error) => assert_eq!(error.message(), message),
                Ok(edited) => assert_eq!(edited.library, before, "{name:?} is the old name"),
            }
        }
    }

    #[test]
    fn folders_stay_when_their_last_connection_leaves_or_is_deleted() {
        let edited = delete_items(&library(), &[TreeItem::Profile(id(4))]).unwrap();
        assert!(edited.library.all_folders().contains(&folder("a/b")));
        let edited = delete_items(&library(), &[TreeItem::Folder(folder("a/b"))]).unwrap();
        assert_eq!(shown(&edited.library), ["p1:", "p2:a", "p3:a", "a/", "c/"]);
        let edited = delete_items(
            &library(),
            &[TreeItem::Folder(folder("a")), TreeItem::Profile(id(2))],
        )
        .unwrap();
        assert_eq!(shown(&edited.library), ["p1:", "c/"]);
        assert_eq!(edited.undo.apply(&edited.library).library, library());
    }

    #[test]
    fn taking_back_keeps_what_was_changed_since() {
        let edited = delete_items(&library(), &[TreeItem::Folder(folder("a"))]).unwrap();
        let mut later = edited.library.clone();
        later.profiles[0].draft.name = "renamed".to_owned();
        let undone = edited.undo.apply(&later);
        assert_eq!(
            shown(&undone.library),
            ["renamed:", "p2:a", "p3:a", "p4:a/b", "a/", "a/b/", "c/"]
        );
        assert_eq!(undone.conflicts, []);
    }

    #[test]
    fn names_are_sorted_as_people_count() {
        let mut profiles: Vec<Profile> = ["web-10", "Web-2", "api", "web-02", "web"]
            .into_iter()
            .zip(1..)
            .map(|(name, number)| {
                let mut profile = profile(number, "");
                profile.draft.name = name.to_owned();
                profile
            })
            .collect();
        let names = |profiles: &[Profile]| {
            profiles
                .iter()
                .map(|profile| profile.draft.name.clone())
                .collect::<Vec<_>>()
        };
        sort(&mut profiles, SortOrder::Name, &BTreeMap::new());
        assert_eq!(
            names(&profiles),
            ["api", "web", "Web-2", "web-02", "web-10"]
        );
        sort(
            &mut profiles,
            SortOrder::Recent,
            &[(id(3), 5), (id(1), 9)].into(),
        );
        assert_eq!(
            names(&profiles),
            ["web-10", "api", "web", "Web-2", "web-02"]
        );
        for profile in &mut profiles {
            profile.details.environment = match profile.draft.name.as_str() {
                "api" => Some(Environment::Production),
                "web" => Some(Environment::Development),
                _ => None,
            };
        }
        sort(&mut profiles, SortOrder::Environment, &BTreeMap::new());
        assert_eq!(
            names(&profiles),
            ["api", "web", "Web-2", "web-02", "web-10"]
        );
    }

    #[test]
    fn every_word_must_be_found_somewhere() {
        let mut profile = profile(1, "Shop/Backend");
        profile.details.tags = vec!["postgres".to_owned()];
        for (query, found) in [
            ("", true),
            ("shop POSTGRES", true),
            ("p1 backend abcdef", true),
            ("shop mysql", false),
        ] {
            assert_eq!(matches(&profile, query), found, "{query}");
        }
    }

    proptest! {
        #[test]
        fn natural_order_is_an_order(texts in prop::collection::vec("[aA0-9ß-]{0,6}", 3)) {
            let [a, b, c] = &texts[..] else { unreachable!() };
            prop_assert_eq!(compare_naturally(a, b), compare_naturally(b, a).reverse());
            if compare_naturally(a, b).is_le() && compare_naturally(b, c).is_le() {
                prop_assert!(compare_naturally(a, c).is_le());
            }
        }

        #[test]
        fn any_changes_can_be_taken_back_one_by_one(
            steps in prop::collection::vec((0..4_u8, 1..=5_u128, "[abc](/[abc]){0,2}", "[abc](/[abc]){0,1}"), 1..12)
        ) {
            let mut library = library();
            let mut undos = Vec::new();
            for (kind, number, from, to) in steps {
                let (from, to) = (folder(&from), folder(&to));
                let edited = match kind {
                    0 => move_items(&library, &[TreeItem::Folder(from), TreeItem::Profile(id(number))], &to, None),
                    1 => rename_folder(&library, &from, to.name().unwrap_or("x")),
                    2 => delete_items(&library, &[TreeItem::Folder(from)]),
                    _ => create_folder(&library, &from),
                };
                if let Ok(edited) = edited {
                    undos.push((library, edited.undo));
                    library = edited.library;
                }
            }
            while let Some((before, undo)) = undos.pop() {
                library = undo.apply(&library).library;
                prop_assert_eq!(&library, &before);
            }
        }
    }
}
