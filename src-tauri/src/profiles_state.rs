//! The saved connections, shared among the commands.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use ipc::{CommandError, ProfileDraft, ProfileList};
use profiles::{Profile, ProfileId, ProfileStore};

use crate::convert;

/// The store behind a lock. Its calls touch the disk, so the commands that make them run on a thread that may block.
pub(crate) struct ProfilesState {
    store: Mutex<ProfileStore>,
    folder: PathBuf,
    /// Connections that nobody saved: what a link asked for, say. They go with the application.
    passing: Mutex<BTreeMap<ProfileId, Profile>>,
}

/// More than anybody opens between two starts.
const PASSING_MAX: usize = 1_000;

impl ProfilesState {
    pub(crate) fn open(folder: &Path) -> Self {
        let mut store = ProfileStore::open(folder, SystemTime::now);
        store.set_team_files(profiles::team_files(folder));
        Self {
            store: Mutex::new(store),
            folder: folder.to_owned(),
            passing: Mutex::default(),
        }
    }

    pub(crate) fn list(&self) -> ProfileList {
        let mut store = self.lock();
        // One may have come or gone.
        store.set_team_files(profiles::team_files(&self.folder));
        store.refresh();
        let team_problems = store.team_problems();
        ProfileList {
            profiles: store
                .profiles()
                .into_iter()
                .map(convert::profile_to_page)
                .collect(),
            notices: store
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

    pub(crate) fn find(&self, id: ProfileId) -> Result<Profile, CommandError> {
        let saved = self.lock().find(id);
        saved
            .or_else(|| self.passing().get(&id).cloned())
            .ok_or_else(convert::unknown_profile)
    }

    pub(crate) fn save(
        &self,
        id: Option<ProfileId>,
        draft: ProfileDraft,
    ) -> Result<ipc::Profile, CommandError> {
        let saved = self.lock().save(id, convert::draft_from_page(draft));
        saved
            .map(convert::profile_to_page)
            .map_err(|error| convert::store_error(&error))
    }

    pub(crate) fn duplicate(&self, id: ProfileId) -> Result<ipc::Profile, CommandError> {
        let copy = self.lock().duplicate(id);
        copy.map(convert::profile_to_page)
            .map_err(|error| convert::store_error(&error))
    }

    pub(crate) fn delete(&self, id: ProfileId) -> Result<(), CommandError> {
        self.lock()
            .delete(id)
            .map_err(|error| convert::store_error(&error))
    }

    /// Keeps a connection that is not saved, for as long as the application runs.
    pub(crate) fn keep_passing(&self, profile: Profile) -> Result<(), CommandError> {
        let mut passing = self.passing();
        if passing.len() >= PASSING_MAX {
            return Err(crate::imports::refused(
                "Too many connections were opened without saving them.",
            ));
        }
        passing.insert(profile.id, profile);
        Ok(())
    }

    /// Does something with the store.
    pub(crate) fn with_store<T>(&self, run: impl FnOnce(&mut ProfileStore) -> T) -> T {
        run(&mut self.lock())
    }

    fn passing(&self) -> MutexGuard<'_, BTreeMap<ProfileId, Profile>> {
        self.passing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, ProfileStore> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
