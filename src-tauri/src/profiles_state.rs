//! The saved connections, shared among the commands: the store, what can be taken back, what was opened, and whether
//! anything has changed since the window was last told.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use ipc::{CommandError, ProfileChange, ProfileDraft, ProfileList, ProfileSaved};
use ipc::{ProfileOpening, ProfilesChanged, ProfilesUndone};
use profiles::{
    Conflict, Entry, FolderPath, Profile, ProfileId, ProfileStore, Recents, StoreError, TreeItem,
    Undo,
};
use tracing::warn;

use crate::{convert, present};

/// How many changes can be taken back.
const UNDO_MAX: usize = 10;

/// The store behind a lock. Its calls touch the disk, so the commands that make them run on a thread that may block.
pub(crate) struct ProfilesState {
    inner: Mutex<Inner>,
    recents: Mutex<Recents>,
    folder: PathBuf,
    /// Connections that nobody saved: what a link asked for, say. They go with the application.
    passing: Mutex<BTreeMap<ProfileId, Profile>>,
}

/// More than anybody opens between two starts.
const PASSING_MAX: usize = 1_000;
struct Inner {
    store: ProfileStore,
    /// Changes that can be taken back, each in the steps in which it was made.
    undos: VecDeque<(u32, Vec<Undo>)>,
    last_undo: u32,
    /// What the window was last told, but for the recents.
    told: Option<ProfileList>,
}

impl ProfilesState {
    pub(crate) fn open(folder: &Path) -> Self {
        let mut store = ProfileStore::open(folder, SystemTime::now);
        store.set_team_files(profiles::team_files(folder));
        Self {
            inner: Mutex::new(Inner {
                store,
                undos: VecDeque::new(),
                last_undo: 0,
                told: None,
            }),
            recents: Mutex::new(Recents::open(folder)),
            folder: folder.to_owned(),
            passing: Mutex::default(),
        }
    }

    /// The folder of the profile file.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Reads the files again and gives all there is.
    pub(crate) fn list(&self) -> ProfileList {
        let mut inner = self.lock();
        let list = inner.look(&self.folder);
        inner.told = Some(list.clone());
        drop(inner);
        ProfileList {
            recents: self.recents(),
            ..list
        }
    }

    /// Reads the files again and says whether that is anything else than the window was told.
    pub(crate) fn look(&self) -> bool {
        let mut inner = self.lock();
        let list = inner.look(&self.folder);
        let is_news = inner.told.as_ref().is_some_and(|told| *told != list);
        if is_news {
            // Told once; the window asks for the list then.
            inner.told = Some(list);
        }
        is_news
    }

    pub(crate) fn find(&self, id: ProfileId) -> Result<Profile, CommandError> {
        let saved = self.lock().store.find(id);
        saved
            .or_else(|| self.passing().get(&id).cloned())
            .ok_or_else(convert::unknown_profile)
    }

    /// Keeps a connection that is not saved, for as long as the application runs.
    pub(crate) fn keep_passing(&self, profile: Profile) -> Result<(), CommandError> {
        let mut passing = self.passing();
        if passing.len() >= PASSING_MAX {
            return Err(convert::invalid(
                "Too many connections were opened without saving them.".to_owned(),
            ));
        }
        passing.insert(profile.id, profile);
        Ok(())
    }

    /// Does something with the store.
    pub(crate) fn with_store<T>(&self, run: impl FnOnce(&mut ProfileStore) -> T) -> T {
        run(&mut self.lock().store)
    }

    fn passing(&self) -> MutexGuard<'_, BTreeMap<ProfileId, Profile>> {
        self.passing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Saves what the form says. `base` is what it began with: where the connection is no longer so, nothing is saved.
    pub(crate) fn save(
        &self,
        id: Option<ProfileId>,
        draft: ProfileDraft,
        base: Option<ProfileDraft>,
    ) -> Result<ProfileSaved, CommandError> {
        let mut inner = self.lock();
        inner.store.refresh();
        let present = id.and_then(|id| inner.store.find(id));
        if let (Some(id), Some(base)) = (id, base) {
            let theirs = inner.page_profile(id);
            if theirs.as_ref().is_none_or(|theirs| theirs.draft != base) {
                return Ok(ProfileSaved::Conflict {
                    theirs: theirs.map(Box::new),
                });
            }
        }
        let details = present.as_ref().map(|profile| &profile.details);
        let (draft, details) = convert::draft_from_page(draft, details);
        match inner.store.save_profile(id, draft, details) {
            Ok(profile) => {
                let saved = inner
                    .page_profile(profile.id)
                    .ok_or_else(convert::unknown_profile)?;
                Ok(ProfileSaved::Saved {
                    profile: Box::new(saved),
                })
            }
            Err(StoreError::Invalid(errors)) => Ok(ProfileSaved::Invalid {
                problems: errors.into_iter().map(convert::problem_to_page).collect(),
            }),
            Err(StoreError::ChangedElsewhere { .. }) => Ok(ProfileSaved::Conflict {
                theirs: id.and_then(|id| inner.page_profile(id)).map(Box::new),
            }),
            Err(error) => Err(convert::store_error(&error)),
        }
    }

    /// Copies a connection; of a team's one, the copy is the person's own.
    pub(crate) fn duplicate(&self, id: ProfileId) -> Result<ipc::Profile, CommandError> {
        let mut inner = self.lock();
        let copy = inner.store.duplicate(id);
        let copy = copy.map_err(|error| convert::store_error(&error))?;
        inner
            .page_profile(copy.id)
            .ok_or_else(convert::unknown_profile)
    }

    /// Deletes connections, and folders with all of the person's own that is in them.
    pub(crate) fn delete(&self, items: &[TreeItem]) -> Result<ProfilesChanged, CommandError> {
        self.lock().change(|store, _| {
            if items.contains(&TreeItem::Profile(ProfileId::LOCAL_DEMO)) {
                return Err(StoreError::BuiltIn);
            }
            let teams = teams_among(store, items);
            if let Some(Entry { profile, .. }) = teams.into_iter().next() {
                return Err(StoreError::Team {
                    name: profile.draft.name,
                });
            }
            store
                .edit(|library| profiles::delete_items(library, items))
                .map(drop)
        })
    }

    /// Moves connections and folders into a folder. What is a team's moves for this person only.
    pub(crate) fn move_items(
        &self,
        items: &[TreeItem],
        to: &FolderPath,
        before: Option<ProfileId>,
    ) -> Result<ProfilesChanged, CommandError> {
        self.lock().change(|store, steps| {
            let teams: Vec<ProfileId> = teams_among(store, items)
                .into_iter()
                .map(|entry| entry.profile.id)
                .collect();
            let own: Vec<TreeItem> = items
                .iter()
                .filter(|item| !matches!(item, TreeItem::Profile(id) if teams.contains(id)))
                .cloned()
                .collect();
            if own.contains(&TreeItem::Profile(ProfileId::LOCAL_DEMO)) {
                return Err(StoreError::BuiltIn);
            }
            // The one that may be refused comes first.
            if !own.is_empty() {
                store.edit(|library| profiles::move_items(library, &own, to, before))?;
                steps.extend(store.take_last_change());
            }
            if teams.is_empty() {
                return Ok(());
            }
            let folder = to.to_string();
            store.revise(&teams, |_, details| details.folder.clone_from(&folder))
        })
    }

    /// Makes an empty folder.
    pub(crate) fn create_folder(
        &self,
        folder: &FolderPath,
    ) -> Result<ProfilesChanged, CommandError> {
        self.lock().change(|store, _| {
            store
                .edit(|library| profiles::create_folder(library, folder))
                .map(drop)
        })
    }

    /// Gives a folder another name where it is.
    pub(crate) fn rename_folder(
        &self,
        folder: &FolderPath,
        name: &str,
    ) -> Result<ProfilesChanged, CommandError> {
        self.lock().change(|store, _| {
            store
                .edit(|library| profiles::rename_folder(library, folder, name))
                .map(drop)
        })
    }

    /// Gives connections one value each.
    pub(crate) fn revise(
        &self,
        ids: &[ProfileId],
        change: &ProfileChange,
    ) -> Result<ProfilesChanged, CommandError> {
        self.lock().change(|store, _| {
            store.revise(ids, |draft, details| {
                convert::apply_change(change, draft, details);
            })
        })
    }

    /// Gives a team's connection its own values again.
    pub(crate) fn reset(&self, id: ProfileId) -> Result<ProfilesChanged, CommandError> {
        self.lock()
            .change(|store, _| store.reset_overrides(id, None))
    }

    /// Takes a change back.
    pub(crate) fn undo(&self, token: u32) -> Result<ProfilesUndone, CommandError> {
        let mut inner = self.lock();
        let at = inner.undos.iter().position(|(number, _)| *number == token);
        let Some((_, steps)) = at.and_then(|at| inner.undos.remove(at)) else {
            return Err(convert::invalid(
                "This change cannot be taken back any more.".to_owned(),
            ));
        };
        let mut kept = BTreeSet::new();
        for step in steps.iter().rev() {
            let (_, conflicts) = inner
                .store
                .undo(step)
                .map_err(|error| convert::store_error(&error))?;
            kept.extend(conflicts.iter().map(|conflict| inner.name_of(conflict)));
        }
        Ok(ProfilesUndone {
            kept: kept.into_iter().collect(),
            earlier: self.folder.join("profiles.json.1").display().to_string(),
        })
    }

    /// Remembers that a connection was opened, and gives what was opened lately.
    pub(crate) fn opened(&self, id: ProfileId) -> Vec<ProfileOpening> {
        let now = present::unix_ms(SystemTime::now());
        let recorded = self.lock_recents().record(id, now);
        if let Err(error) = recorded {
            warn!(%error, "what was opened could not be written down");
        }
        self.recents()
    }

    /// Forgets that a connection was opened; all of them without one.
    pub(crate) fn forget(&self, id: Option<ProfileId>) -> Vec<ProfileOpening> {
        let mut recents = self.lock_recents();
        let forgotten = match id {
            Some(id) => recents.forget(id),
            None => recents.clear(),
        };
        drop(recents);
        if let Err(error) = forgotten {
            warn!(%error, "what was opened could not be forgotten on disk");
        }
        self.recents()
    }

    fn recents(&self) -> Vec<ProfileOpening> {
        let mut seen = HashSet::new();
        self.lock_recents()
            .openings()
            .iter()
            .filter(|opening| seen.insert(opening.id))
            .map(|opening| ProfileOpening {
                id: opening.id.to_string(),
                opened_ms: opening.opened_ms,
            })
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_recents(&self) -> MutexGuard<'_, Recents> {
        self.recents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Connections among `items` that are a team's and not the person's own.
fn teams_among(store: &ProfileStore, items: &[TreeItem]) -> Vec<Entry> {
    let wanted: HashSet<ProfileId> = items
        .iter()
        .filter_map(|item| match item {
            TreeItem::Profile(id) => Some(*id),
            TreeItem::Folder(_) => None,
        })
        .collect();
    let mut entries = store.entries();
    entries.retain(|entry| {
        matches!(entry.origin, profiles::Origin::Team { .. }) && wanted.contains(&entry.profile.id)
    });
    entries
}

impl Inner {
    fn look(&mut self, folder: &Path) -> ProfileList {
        // One may have come or gone.
        self.store.set_team_files(profiles::team_files(folder));
        self.store.refresh();
        let entries = self.store.entries();
        let own = self.store.library().all_folders();
        let teams = self.store.team_files().iter();
        let folders: BTreeSet<FolderPath> = teams
            .flat_map(|team| team.folders.iter().cloned())
            .chain(entries.iter().map(|entry| entry.profile.folder()))
            .flat_map(|folder| {
                std::iter::successors(Some(folder), FolderPath::parent).collect::<Vec<_>>()
            })
            .filter(|folder| !folder.is_root())
            .chain(own.iter().cloned())
            .collect();
        let team_problems = self.store.team_problems();
        ProfileList {
            profiles: entries.into_iter().map(convert::entry_to_page).collect(),
            folders: folders
                .into_iter()
                .map(|folder| ipc::ProfileFolder {
                    own: own.contains(&folder),
                    path: folder.to_string(),
                })
                .collect(),
            recents: Vec::new(),
            file: folder.join("profiles.json").display().to_string(),
            notices: self
                .store
                .notices()
                .iter()
                .map(convert::notice_to_page)
                .chain(
                    team_problems
                        .iter()
                        .map(|problem| ipc::StoreNotice::TeamFile {
                            problem: problem.message(),
                        }),
                )
                .collect(),
        }
    }

    fn page_profile(&self, id: ProfileId) -> Option<ipc::Profile> {
        let mut entries = self.store.entries().into_iter();
        entries
            .find(|entry| entry.profile.id == id)
            .map(convert::entry_to_page)
    }

    /// Makes a change that can be taken back, in one step or several. Steps before one that fails stay, and are in the
    /// list.
    fn change(
        &mut self,
        change: impl FnOnce(&mut ProfileStore, &mut Vec<Undo>) -> Result<(), StoreError>,
    ) -> Result<ProfilesChanged, CommandError> {
        let mut steps = Vec::new();
        self.store.take_last_change();
        change(&mut self.store, &mut steps).map_err(|error| convert::store_error(&error))?;
        steps.extend(self.store.take_last_change());
        self.last_undo = self.last_undo.wrapping_add(1);
        if self.undos.len() == UNDO_MAX {
            self.undos.pop_front();
        }
        self.undos.push_back((self.last_undo, steps));
        Ok(ProfilesChanged {
            undo: self.last_undo,
        })
    }

    fn name_of(&self, conflict: &Conflict) -> String {
        let versions = conflict.ours.as_ref().or(conflict.theirs.as_ref());
        versions.map_or_else(
            || {
                let profile = self.store.find(conflict.id);
                profile.map_or_else(|| conflict.id.to_string(), |profile| profile.draft.name)
            },
            |profile| profile.draft.name.clone(),
        )
    }
}
