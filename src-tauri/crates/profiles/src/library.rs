//! The connections and folders of one file, in memory, and how two diverging versions of them become one.
//!
//! Everything here is pure: what changes a [`Library`] gives a new one, and an [`Undo`] that leads back. The store writes
//! it down.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::profile::{Profile, ProfileId};
use crate::values::FolderPath;

/// The connections and folders of one file, without the built-in connection.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Library {
    /// In the order they are shown when no other is asked for.
    pub profiles: Vec<Profile>,
    /// Folders that stay when nothing is in them; those that hold something exist anyway.
    pub folders: BTreeSet<FolderPath>,
    /// Members of team connections that are different here, by the connection's id.
    pub(crate) overrides: BTreeMap<ProfileId, Map<String, Value>>,
    /// Members beside these that this version does not know.
    pub(crate) unknown: Map<String, Value>,
}

impl Library {
    /// One connection.
    #[must_use]
    pub fn find(&self, id: ProfileId) -> Option<&Profile> {
        self.profiles.iter().find(|profile| profile.id == id)
    }

    /// Every folder there is: those kept, those that hold something, and those above them; without the top.
    #[must_use]
    pub fn all_folders(&self) -> BTreeSet<FolderPath> {
        let holding = self.profiles.iter().map(Profile::folder);
        self.folders
            .iter()
            .cloned()
            .chain(holding)
            .flat_map(|folder| folder.with_ancestors().collect::<Vec<_>>())
            .collect()
    }
}

/// The way back from one change, and forth again.
#[derive(Clone, Debug, PartialEq)]
pub struct Undo {
    before: Library,
    after: Library,
}

/// What came of taking a change back.
#[derive(Clone, Debug, PartialEq)]
pub struct Undone {
    /// The library as it is now.
    pub library: Library,
    /// The way forth again.
    pub redo: Undo,
    /// Connections that were changed since, and stayed as they are.
    pub conflicts: Vec<Conflict>,
}

impl Undo {
    pub(crate) fn new(before: Library, after: Library) -> Self {
        Self { before, after }
    }

    /// Takes the change back. Right after it, everything is exactly as before; what has been changed since stays, and
    /// is reported where both touched the same connection.
    #[must_use]
    pub fn apply(&self, current: &Library) -> Undone {
        let merged = merge(&self.after, &self.before, current);
        Undone {
            redo: Self::new(current.clone(), merged.library.clone()),
            library: merged.library,
            conflicts: merged.conflicts,
        }
    }
}

/// One connection that two have changed in different ways.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// Which one.
    pub id: ProfileId,
    /// Our version; `None`: we have deleted it, or only changed what a team file says of it.
    pub ours: Option<Profile>,
    /// Their version; `None`: they have deleted it, or only changed what a team file says of it.
    pub theirs: Option<Profile>,
}

/// Two diverging versions made one.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// The changes of both. Where they conflict it holds their version, or the one that was not deleted.
    pub library: Library,
    /// Connections that both have changed in different ways; nothing of either version is lost as long as these are kept.
    pub conflicts: Vec<Conflict>,
}

/// Joins what `ours` and `theirs` have changed since `base`, connection by connection.
#[must_use]
pub fn merge(base: &Library, ours: &Library, theirs: &Library) -> Merged {
    if theirs == base {
        return Merged {
            library: ours.clone(),
            conflicts: Vec::new(),
        };
    }
    if ours == base {
        return Merged {
            library: theirs.clone(),
            conflicts: Vec::new(),
        };
    }
    let mut conflicts = Vec::new();
    let by_id = |library: &Library| -> BTreeMap<ProfileId, Profile> {
        library
            .profiles
            .iter()
            .map(|profile| (profile.id, profile.clone()))
            .collect()
    };
    let (base_profiles, our_profiles, their_profiles) = (by_id(base), by_id(ours), by_id(theirs));
    let (mut profiles, clashing) = merge_maps(&base_profiles, &our_profiles, &their_profiles);
    for id in clashing {
        let ours = our_profiles.get(&id).cloned();
        let theirs = their_profiles.get(&id).cloned();
        if let Some(kept) = theirs.clone().or_else(|| ours.clone()) {
            profiles.insert(id, kept);
        }
        conflicts.push(Conflict { id, ours, theirs });
    }
    let mut overrides = BTreeMap::new();
    let overridden: BTreeSet<ProfileId> = [base, ours, theirs]
        .into_iter()
        .flat_map(|library| library.overrides.keys().copied())
        .collect();
    for id in overridden {
        let of = |library: &Library| members(library.overrides.get(&id));
        let (mut merged, clashing) = merge_maps(&of(base), &of(ours), &of(theirs));
        for name in &clashing {
            if let Some(value) = of(theirs).remove(name) {
                merged.insert(name.clone(), value);
            }
        }
        if !clashing.is_empty() {
            conflicts.push(Conflict {
                id,
                ours: None,
                theirs: None,
            });
        }
        if !merged.is_empty() {
            overrides.insert(id, merged.into_iter().collect());
        }
    }
    let (mut unknown, clashing) = merge_maps(
        &members(Some(&base.unknown)),
        &members(Some(&ours.unknown)),
        &members(Some(&theirs.unknown)),
    );
    // Nothing here changes these: theirs are the newer ones.
    for name in clashing {
        if let Some(value) = theirs.unknown.get(&name) {
            unknown.insert(name, value.clone());
        }
    }
    let folders = theirs
        .folders
        .union(&ours.folders)
        .filter(|&folder| {
            let (was, is_ours, is_theirs) = (
                base.folders.contains(folder),
                ours.folders.contains(folder),
                theirs.folders.contains(folder),
            );
            !was || (is_ours && is_theirs)
        })
        .cloned()
        .collect();
    let order = merge_order(&ids(base), &ids(ours), &ids(theirs));
    Merged {
        library: Library {
            profiles: order.iter().filter_map(|id| profiles.remove(id)).collect(),
            folders,
            overrides,
            unknown: unknown.into_iter().collect(),
        },
        conflicts,
    }
}

fn ids(library: &Library) -> Vec<ProfileId> {
    library.profiles.iter().map(|profile| profile.id).collect()
}

fn members(map: Option<&Map<String, Value>>) -> BTreeMap<String, Value> {
    map.into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Joins three versions of a map entry by entry, without those that clash, whose keys come second.
fn merge_maps<K: Ord + Clone, V: PartialEq + Clone>(
    base: &BTreeMap<K, V>,
    ours: &BTreeMap<K, V>,
    theirs: &BTreeMap<K, V>,
) -> (BTreeMap<K, V>, Vec<K>) {
    let keys: BTreeSet<&K> = base
        .keys()
        .chain(ours.keys())
        .chain(theirs.keys())
        .collect();
    let mut merged = BTreeMap::new();
    let mut clashing = Vec::new();
    for key in keys {
        let (was, our, their) = (base.get(key), ours.get(key), theirs.get(key));
        let value = if our == was || our == their {
            their
        } else if their == was {
            our
        } else {
            clashing.push(key.clone());
            continue;
        };
        if let Some(value) = value {
            merged.insert(key.clone(), value.clone());
        }
    }
    (merged, clashing)
}

/// An order that holds every id of both: theirs, unless only we have put them in another, with the rest of the other
/// side's each after the one it stood behind there.
fn merge_order(base: &[ProfileId], ours: &[ProfileId], theirs: &[ProfileId]) -> Vec<ProfileId> {
    let moved = |side: &[ProfileId]| {
        let side_set: BTreeSet<_> = side.iter().collect();
        let base_set: BTreeSet<_> = base.iter().collect();
        let was = base.iter().filter(|id| side_set.contains(id));
        let is = side.iter().filter(|id| base_set.contains(id));
        !was.eq(is)
    };
    let (template, other) = if moved(ours) && !moved(theirs) {
        (ours, theirs)
    } else {
        (theirs, ours)
    };
    let mut order = template.to_vec();
    let mut known: BTreeSet<ProfileId> = template.iter().copied().collect();
    let mut before: Option<ProfileId> = None;
    for &id in other {
        if known.insert(id) {
            let at = before
                .and_then(|before| order.iter().position(|&other| other == before))
                .map_or(0, |at| at + 1);
            order.insert(at, id);
        }
        before = Some(id);
    }
    order
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::profile::ProfileDraft;

    fn profile(id: &ProfileId, name: &str) -> Profile {
        Profile::new(
            *id,
            ProfileDraft {
                name: name.to_owned(),
                ..ProfileDraft::default()
            },
        )
    }

    fn library(profiles: &[(&ProfileId, &str)]) -> Library {
        Library {
            profiles: profiles
                .iter()
                .map(|(id, name)| profile(id, name))
                .collect(),
            ..Library::default()
        }
    }

    fn names(library: &Library) -> Vec<&str> {
        library
            .profiles
            .iter()
            .map(|profile| profile.draft.name.as_str())
            .collect()
    }

    fn fresh<const N: usize>() -> [ProfileId; N] {
        std::array::from_fn(|_| ProfileId::random())
    }

    #[test]
    fn changes_of_different_connections_are_joined() {
        let [a, b, c, d, e] = &fresh();
        let base = library(&[(a, "a"), (b, "b"), (c, "c")]);
        let ours = library(&[(a, "a2"), (d, "d"), (b, "b"), (c, "c")]);
        let theirs = library(&[(a, "a"), (b, "b2"), (e, "e")]);
        let merged = merge(&base, &ours, &theirs);
        assert_eq!(names(&merged.library), ["a2", "d", "b2", "e"]);
        assert_eq!(merged.conflicts, []);
    }

    #[test]
    fn changes_of_the_same_connection_are_reported_and_neither_is_lost() {
        let [a, b, c] = &fresh();
        let base = library(&[(a, "a"), (b, "b"), (c, "c")]);
        let ours = library(&[(a, "ours"), (c, "c2")]);
        let theirs = library(&[(a, "theirs"), (b, "b2")]);
        let merged = merge(&base, &ours, &theirs);
        assert_eq!(names(&merged.library), ["theirs", "c2", "b2"]);
        let versions: Vec<_> = merged
            .conflicts
            .iter()
            .map(|conflict| {
                let name = |profile: &Option<Profile>| {
                    profile.as_ref().map(|profile| profile.draft.name.clone())
                };
                (conflict.id, name(&conflict.ours), name(&conflict.theirs))
            })
            .collect();
        let mut expected = vec![
            (*a, Some("ours".to_owned()), Some("theirs".to_owned())),
            (*b, None, Some("b2".to_owned())),
            (*c, Some("c2".to_owned()), None),
        ];
        expected.sort();
        assert_eq!(versions, expected);
    }

    #[test]
    fn the_same_change_on_both_sides_is_no_conflict() {
        let [a, b, c] = &fresh();
        let base = library(&[(a, "a"), (b, "b")]);
        let ours = library(&[(a, "a2"), (c, "c")]);
        let theirs = library(&[(a, "a2")]);
        let merged = merge(&base, &ours, &theirs);
        assert_eq!(names(&merged.library), ["a2", "c"]);
        assert_eq!(merged.conflicts, []);
    }

    #[test]
    fn an_order_that_only_one_has_changed_stays_changed() {
        let [a, b, c, d] = &fresh();
        let base = library(&[(a, "a"), (b, "b"), (c, "c")]);
        let turned = library(&[(c, "c"), (b, "b"), (a, "a")]);
        let longer = library(&[(a, "a"), (b, "b"), (d, "d"), (c, "c")]);
        for merged in [
            merge(&base, &turned, &longer),
            merge(&base, &longer, &turned),
        ] {
            assert_eq!(names(&merged.library), ["c", "b", "d", "a"]);
        }
    }

    #[test]
    fn folders_and_what_differs_from_a_team_file_are_joined_too() {
        let [a] = fresh();
        let folder = FolderPath::lenient;
        let over = |members: &[(&str, &str)]| {
            let members = members
                .iter()
                .map(|&(name, value)| (name.to_owned(), value.into()))
                .collect();
            BTreeMap::from([(a, members)])
        };
        let base = Library {
            folders: [folder("x"), folder("y")].into(),
            overrides: over(&[("region", "eu-west-1")]),
            ..Library::default()
        };
        let ours = Library {
            folders: [folder("x"), folder("new")].into(),
            overrides: over(&[("region", "eu-west-2")]),
            ..Library::default()
        };
        let theirs = Library {
            folders: [folder("y"), folder("other")].into(),
            overrides: over(&[("region", "eu-west-1"), ("folder", "z")]),
            ..Library::default()
        };
        let merged = merge(&base, &ours, &theirs);
        assert_eq!(
            merged.library.folders,
            [folder("new"), folder("other")].into()
        );
        assert_eq!(
            merged.library.overrides,
            over(&[("region", "eu-west-2"), ("folder", "z")])
        );
        assert_eq!(merged.conflicts, []);
    }

    /// Libraries over few ids and names, so that they meet often.
    fn libraries() -> impl Strategy<Value = [Library; 3]> {
        let one = || {
            let shuffled = Just((1..=6_u128).collect::<Vec<_>>()).prop_shuffle();
            (shuffled, prop::collection::vec("[ab]", 6), 0..=6_usize).prop_map(
                |(ids, names, len)| Library {
                    profiles: ids
                        .into_iter()
                        .zip(names)
                        .take(len)
                        .map(|(id, name)| profile(&ProfileId::from_number(id), &name))
                        .collect(),
                    ..Library::default()
                },
            )
        };
        [one(), one(), one()]
    }

    proptest! {
        #[test]
        fn a_merge_holds_every_change_or_reports_it([base, ours, theirs] in libraries()) {
            let merged = merge(&base, &ours, &theirs);
            let reported: BTreeSet<_> = merged.conflicts.iter().map(|conflict| conflict.id).collect();
            for (side, other) in [(&ours, &theirs), (&theirs, &ours)] {
                for id in (1..=6).map(ProfileId::from_number) {
                    let (was, is) = (base.find(id), side.find(id));
                    if is != was && !reported.contains(&id) {
                        prop_assert_eq!(merged.library.find(id), is);
                    }
                    if is == was && other.find(id) == was {
                        prop_assert_eq!(merged.library.find(id), was);
                    }
                }
            }
            let mut unique = ids(&merged.library);
            unique.sort();
            unique.dedup();
            prop_assert_eq!(unique.len(), merged.library.profiles.len());
        }

        #[test]
        fn taking_a_change_back_restores_exactly_and_forth_again_too([before, after, _] in libraries()) {
            let undo = Undo::new(before.clone(), after.clone());
            let undone = undo.apply(&after);
            prop_assert_eq!(&undone.library, &before);
            prop_assert_eq!(&undone.conflicts, &[]);
            prop_assert_eq!(undone.redo.apply(&before).library, after);
        }
    }
}
