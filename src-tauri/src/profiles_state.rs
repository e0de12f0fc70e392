//! The saved connections, shared among the commands.

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
}

impl ProfilesState {
    pub(crate) fn open(folder: &Path) -> Self {
        let mut store = ProfileStore::open(folder, SystemTime::now);
        store.set_team_files(profiles::team_files(folder));
        Self {
            store: Mutex::new(store),
            folder: folder.to_owned(),
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
        self.lock().find(id).ok_or_else(convert::unknown_profile)
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

    fn lock(&self) -> MutexGuard<'_, ProfileStore> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
