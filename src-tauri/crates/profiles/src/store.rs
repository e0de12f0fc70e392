//! The one owner of the profile file.
//!
//! Every change runs under a lock file and in the same steps: look at what is on disk and take it over, apply the one
//! change, write a new file beside the old one, keep the old one as `profiles.json.1` to `.5`, rename. A file that is
//! damaged is moved aside first; one from a newer version, or one that cannot be read, makes the store read-only until
//! a later look finds it well. What the window shows of all this is [`ProfileStore::notices`].
//!
//! Calls block on the disk, and wait at most three seconds for another instance.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use etcetera::BaseStrategy as _;
use uuid::Uuid;

use crate::file::{self, Decoded};
use crate::library::{Conflict, Library, Undo, Undone};
use crate::profile::{Connection, FieldError, Profile, ProfileDetails, ProfileDraft, ProfileId};
use crate::team::{self, Entry, Origin, TeamFile, TeamProblem};
use crate::tree::{Edited, TreeError};
use crate::values::NAME_MAX;
use files::{Contents, Files, Guard, OsFiles};

/// The profile file's name.
const FILE_NAME: &str = "profiles.json";
/// How a file that is being written is named until it is complete.
const TEMPORARY_PREFIX: &str = ".profiles.json.";
const TEMPORARY_SUFFIX: &str = ".tmp";
/// Held by the instance that is changing the folder.
const LOCK_NAME: &str = "profiles.lock";
/// How many earlier contents are kept.
const GENERATIONS: u32 = 5;
/// How many names to try for a damaged file.
const DAMAGED_NAMES_MAX: u32 = 1000;
/// How many events are remembered; more than a person reads.
const NOTICES_MAX: usize = 16;

/// The folder for the profile file on this platform; `None` when there is no home folder.
#[must_use]
pub fn default_dir() -> Option<PathBuf> {
    let strategy = etcetera::base_strategy::choose_native_strategy().ok()?;
    // On macOS the configuration folder is for the system's own preference files.
    let base = if cfg!(target_os = "macos") {
        strategy.data_dir()
    } else {
        strategy.config_dir()
    };
    Some(base.join("sessiondeck"))
}

/// The folder for settings, in place of the platform's own; for tests and for trying things out.
pub const CONFIG_DIR_VARIABLE: &str = "SESSIONDECK_CONFIG_DIR";

/// The folder for the profile file: what `SESSIONDECK_CONFIG_DIR` says, else [`default_dir`].
#[must_use]
pub fn config_dir() -> Option<PathBuf> {
    std::env::var_os(CONFIG_DIR_VARIABLE)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
        .or_else(default_dir)
}

/// Why a change was not saved. Nothing on disk has changed then, unless the variant says so.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// **Local demo** cannot be changed, copied or deleted.
    #[error("the built-in profile cannot be changed, copied or deleted")]
    BuiltIn,
    /// There is no profile with that id.
    #[error("there is no profile {0}")]
    Unknown(ProfileId),
    /// Fields of the draft are wrong.
    #[error("the profile is not valid: {}", sentences(.0))]
    Invalid(Vec<FieldError>),
    /// Another program changed or deleted that profile since it was last listed; the list now shows its version.
    #[error("`{name}` was changed or deleted by another program")]
    ChangedElsewhere {
        /// The profile's name as it was last listed.
        name: String,
        /// What was to be saved; `None`: it was to be deleted.
        ours: Option<Box<Profile>>,
        /// What is there now; `None`: it was deleted.
        theirs: Option<Box<Profile>>,
    },
    /// The connection comes from a team file and cannot be deleted.
    #[error("`{name}` comes from a team file")]
    Team {
        /// The connection's name.
        name: String,
    },
    /// The tree could not be changed in that way.
    #[error("the tree of connections cannot be changed in that way: {0}")]
    Tree(#[from] TreeError),
    /// The file comes from a newer version of the application.
    #[error("the profile file has the newer schema {schema}")]
    Newer {
        /// The schema number found.
        schema: u32,
    },
    /// The file cannot be read, so that its contents cannot be kept.
    #[error("the profile file cannot be read: {problem}")]
    Unreadable {
        /// Why.
        problem: String,
    },
    /// Another instance has been saving for longer than is reasonable.
    #[error("another instance is saving")]
    Busy,
    /// The file would become larger than the application reads.
    #[error("the profile file would become larger than {} bytes", file::SIZE_MAX)]
    Full,
    /// The disk refused; either the old or the new contents are there, complete.
    #[error("the profile file cannot be written")]
    Write {
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// What was to be written would not have been read back as the same; nothing was written.
    #[error("the profile file would not read back as it was written")]
    Verify,
}

fn sentences(errors: &[FieldError]) -> String {
    let sentences: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
    sentences.join(" ")
}

impl StoreError {
    /// What to show a person.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::BuiltIn => {
                "Local demo is built in and cannot be changed, copied or deleted.".to_owned()
            }
            Self::Unknown(_) => "This connection no longer exists.".to_owned(),
            Self::Invalid(errors) => sentences(errors),
            Self::Team { name } => format!(
                "{name} comes from a team file, so it cannot be deleted here; its values can be changed for yourself."
            ),
            Self::Tree(error) => error.message(),
            Self::ChangedElsewhere { name, .. } => format!(
                "{name} was changed or deleted by another program in the meantime; the list now shows that version."
            ),
            Self::Newer { schema } => StoreNotice::Newer { schema: *schema }.message(),
            Self::Unreadable { problem } => StoreNotice::Unreadable {
                problem: problem.clone(),
            }
            .message(),
            Self::Busy => {
                "Another window of this application is saving; try again in a moment.".to_owned()
            }
            Self::Full => {
                "There is no room for this connection; the file of connections may have 4 MiB."
                    .to_owned()
            }
            Self::Write { source } => format!("The connections could not be saved: {source}."),
            Self::Verify => {
                "The connections could not be saved, because they would not read back the same."
                    .to_owned()
            }
        }
    }
}

/// Something about the profile file that a person should know.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum StoreNotice {
    /// The file could not be understood, and is kept under another name.
    Damaged {
        /// Where the damaged file is now.
        kept_as: PathBuf,
        /// What could not be understood, in one sentence.
        problem: String,
        /// What took its place.
        replaced_by: Replacement,
    },
    /// The file had gone, and an earlier one took its place.
    Missing {
        /// Which earlier contents were used.
        restored: Restored,
    },
    /// The file comes from a newer version of the application; it is shown but not changed.
    Newer {
        /// The schema number found.
        schema: u32,
    },
    /// The file could not be read, so nothing can be saved either.
    Unreadable {
        /// Why, in one sentence.
        problem: String,
    },
}

/// Earlier contents of the file that were used again.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Restored {
    /// The file they come from.
    pub from: PathBuf,
    /// How many connections it holds.
    pub profiles: usize,
}

/// What took the place of a damaged file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Replacement {
    /// An empty list.
    Nothing,
    /// The newest earlier contents.
    Earlier(Restored),
    /// The list that the application had already read.
    Known {
        /// How many connections it holds.
        profiles: usize,
    },
}

impl StoreNotice {
    /// What to show a person: one sentence, or a few where there is something to look at.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::Damaged {
                kept_as,
                problem,
                replaced_by,
            } => {
                let replacement = match replaced_by {
                    Replacement::Nothing => "The list starts empty.".to_owned(),
                    Replacement::Earlier(restored) => restored.message(),
                    Replacement::Known { profiles } => {
                        format!(
                            "The list shown here ({}) took its place.",
                            connections(*profiles)
                        )
                    }
                };
                format!(
                    "The file of connections could not be understood and is kept as {}. {problem} {replacement}",
                    kept_as.display()
                )
            }
            Self::Missing { restored } => {
                format!("The file of connections had gone. {}", restored.message())
            }
            Self::Newer { schema } => format!(
                "The connections were saved by a newer version of this application (schema {schema}); they are shown, \
                 but not changed."
            ),
            Self::Unreadable { problem } => {
                format!("The connections cannot be read, so nothing can be saved either. {problem}")
            }
        }
    }
}

impl Restored {
    fn message(&self) -> String {
        format!(
            "An earlier version with {} took its place: {}.",
            connections(self.profiles),
            self.from.display()
        )
    }
}

fn connections(count: usize) -> String {
    if count == 1 {
        "1 connection".to_owned()
    } else {
        format!("{count} connections")
    }
}

/// Whether the file may be written.
#[derive(Clone, Debug, PartialEq)]
enum Access {
    Writable,
    Newer(u32),
    Unreadable(String),
}

/// What a look at the file found.
enum OnDisk {
    Missing,
    Valid(Vec<u8>, Library),
    Newer { schema: u32, library: Library },
    Damaged(String),
    Unreadable(String),
}

/// The saved connections. There should be one in a process; several processes may have one each.
pub struct ProfileStore {
    folder: PathBuf,
    files: Box<dyn Files>,
    clock: fn() -> SystemTime,
    library: Library,
    /// The file's contents when last read or written; `None` when there was no file.
    seen: Option<Vec<u8>>,
    /// True once the list is known to be the person's: read, restored, or empty because nothing was ever saved.
    known: bool,
    access: Access,
    events: Vec<StoreNotice>,
    team_paths: Vec<PathBuf>,
    teams: Vec<TeamFile>,
    /// The way back from the last change that was saved here.
    last_change: Option<Undo>,
}

impl fmt::Debug for ProfileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProfileStore")
            .field("folder", &self.folder)
            .field("profiles", &self.library.profiles.len())
            .field("access", &self.access)
            .finish_non_exhaustive()
    }
}

impl ProfileStore {
    /// Reads the file in `folder`, which need not exist. Never fails: what is wrong is told by [`Self::notices`].
    ///
    /// `clock` dates the names of damaged files, nothing else.
    #[must_use]
    pub fn open(folder: impl Into<PathBuf>, clock: fn() -> SystemTime) -> Self {
        Self::with_files(folder.into(), Box::new(OsFiles), clock)
    }

    fn with_files(folder: PathBuf, files: Box<dyn Files>, clock: fn() -> SystemTime) -> Self {
        let mut store = Self {
            folder,
            files,
            clock,
            library: Library::default(),
            seen: None,
            known: false,
            access: Access::Writable,
            events: Vec::new(),
            team_paths: Vec::new(),
            teams: Vec::new(),
            last_change: None,
        };
        store.refresh();
        store
    }

    /// Names the team files, in the order in which they count, and reads them.
    pub fn set_team_files(&mut self, paths: Vec<PathBuf>) {
        self.team_paths = paths;
        self.read_teams();
    }

    fn read_teams(&mut self) {
        let paths = self.team_paths.clone();
        self.teams = paths
            .iter()
            .map(|path| TeamFile::read(self.files.as_mut(), path))
            .collect();
    }

    /// The team files as they were last read.
    #[must_use]
    pub fn team_files(&self) -> &[TeamFile] {
        &self.teams
    }

    /// What could not be used of the team files.
    #[must_use]
    pub fn team_problems(&self) -> Vec<TeamProblem> {
        team::combine(&self.library, &self.teams).1
    }

    /// All connections with where they come from: **Local demo**, the person's own, then those of the team files.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        let demo = Entry {
            profile: Profile::local_demo(),
            origin: Origin::BuiltIn,
        };
        std::iter::once(demo)
            .chain(team::combine(&self.library, &self.teams).0)
            .collect()
    }

    /// All connections in the order they are shown, **Local demo** first.
    #[must_use]
    pub fn profiles(&self) -> Vec<Profile> {
        self.entries()
            .into_iter()
            .map(|entry| entry.profile)
            .collect()
    }

    /// One connection.
    #[must_use]
    pub fn find(&self, id: ProfileId) -> Option<Profile> {
        self.profiles().into_iter().find(|profile| profile.id == id)
    }

    /// What to tell about the file; empty when all is well.
    #[must_use]
    pub fn notices(&self) -> Vec<StoreNotice> {
        let mut notices = self.events.clone();
        match &self.access {
            Access::Writable => {}
            Access::Newer(schema) => notices.push(StoreNotice::Newer { schema: *schema }),
            Access::Unreadable(problem) => {
                notices.push(StoreNotice::Unreadable {
                    problem: problem.clone(),
                });
            }
        }
        notices
    }

    /// Looks at the file again and takes over what another program has written.
    pub fn refresh(&mut self) {
        self.read_teams();
        self.refresh_own();
    }

    fn refresh_own(&mut self) {
        let on_disk = self.look();
        let needs_repair = match on_disk {
            OnDisk::Damaged(_) => true,
            OnDisk::Missing => !self.known && !matches!(self.newest_generation(), Ok(None)),
            OnDisk::Valid(..) | OnDisk::Newer { .. } | OnDisk::Unreadable(_) => false,
        };
        if !needs_repair {
            return self.adopt(on_disk);
        }
        match self.lock() {
            Ok(_guard) => self.repair(),
            Err(error) => {
                // Nothing can be moved, so nothing may be written: show what there is.
                if !self.known
                    && let Ok(Some((_, library))) = self.newest_generation()
                {
                    self.library = library;
                }
                let problem = match on_disk {
                    OnDisk::Damaged(problem) => problem,
                    OnDisk::Missing
                    | OnDisk::Valid(..)
                    | OnDisk::Newer { .. }
                    | OnDisk::Unreadable(_) => "The file has gone.".to_owned(),
                };
                self.refuse(format!("{problem} Its folder cannot be changed: {error}."));
            }
        }
    }

    /// Saves a new connection, or new values of the one named by `id`, whose details stay as they are.
    ///
    /// # Errors
    /// Wrong fields, the built-in profile, an unknown id, or a file that cannot or must not be written.
    pub fn save(
        &mut self,
        id: Option<ProfileId>,
        draft: ProfileDraft,
    ) -> Result<Profile, StoreError> {
        if id == Some(ProfileId::LOCAL_DEMO) {
            return Err(StoreError::BuiltIn);
        }
        let details = id
            .and_then(|id| self.find(id))
            .map_or_else(ProfileDetails::default, |profile| profile.details);
        self.save_profile(id, draft, details)
    }

    /// Saves a new connection with all its details, or new values of the one named by `id`.
    ///
    /// # Errors
    /// As [`Self::save`].
    pub fn save_profile(
        &mut self,
        id: Option<ProfileId>,
        draft: ProfileDraft,
        details: ProfileDetails,
    ) -> Result<Profile, StoreError> {
        if id == Some(ProfileId::LOCAL_DEMO) {
            return Err(StoreError::BuiltIn);
        }
        let (draft, details) = (draft.normalised(), details.normalised());
        Connection::parse(&draft, &details).map_err(StoreError::Invalid)?;
        if let Some(theirs) = id.and_then(|id| self.team_profile(id)) {
            return self.save_override(&theirs, draft, details);
        }
        self.change(|library, listed| {
            let Some(id) = id else {
                let mut profile = Profile::new(ProfileId::random(), draft);
                profile.details = details;
                library.profiles.push(profile.clone());
                return Ok(profile);
            };
            let before = listed.find(id).ok_or(StoreError::Unknown(id))?;
            let changed = Profile {
                draft,
                details,
                ..before.clone()
            };
            let profile = find_unchanged(library, before, Some(&changed))?;
            *profile = changed.clone();
            Ok(changed)
        })
    }

    /// The connection of a team file as the file has it, if `id` is one that is not the person's own.
    fn team_profile(&self, id: ProfileId) -> Option<Profile> {
        if self.library.find(id).is_some() {
            return None;
        }
        let mut all = self.teams.iter().flat_map(|team| &team.profiles);
        all.find(|profile| profile.id == id).cloned()
    }

    /// Keeps what differs from a team's connection.
    fn save_override(
        &mut self,
        theirs: &Profile,
        draft: ProfileDraft,
        details: ProfileDetails,
    ) -> Result<Profile, StoreError> {
        let id = theirs.id;
        let before = self.find(id).unwrap_or_else(|| theirs.clone());
        let wanted = Profile {
            draft,
            details,
            ..before.clone()
        };
        let overrides = team::overrides_for(theirs, &wanted);
        self.change(|library, listed| {
            if library.overrides.get(&id) != listed.overrides.get(&id) {
                return Err(StoreError::ChangedElsewhere {
                    name: before.draft.name.clone(),
                    ours: Some(Box::new(wanted.clone())),
                    theirs: Some(Box::new(
                        team::with_overrides(theirs, library.overrides.get(&id)).0,
                    )),
                });
            }
            if overrides.is_empty() {
                library.overrides.remove(&id);
            } else {
                library.overrides.insert(id, overrides);
            }
            Ok(wanted)
        })
    }

    /// Gives a team's connection its own values again, all or the members that are named.
    ///
    /// # Errors
    /// A file that cannot or must not be written.
    pub fn reset_overrides(
        &mut self,
        id: ProfileId,
        members: Option<&[String]>,
    ) -> Result<(), StoreError> {
        self.change(|library, _| {
            if let Some(overrides) = library.overrides.get_mut(&id) {
                overrides.retain(|name, _| members.is_some_and(|members| !members.contains(name)));
                if overrides.is_empty() {
                    library.overrides.remove(&id);
                }
            }
            Ok(())
        })
    }

    /// The connections and folders of the file, without the built-in connection.
    #[must_use]
    pub fn library(&self) -> &Library {
        &self.library
    }

    /// The way back from the last change that was saved here, whatever it was; only once.
    pub fn take_last_change(&mut self) -> Option<Undo> {
        self.last_change.take()
    }

    /// Changes values of several connections at once, applied to what is on disk now. What differs from a team's
    /// connection becomes an override.
    ///
    /// # Errors
    /// As [`Self::save`]; nothing is changed then.
    pub fn revise(
        &mut self,
        ids: &[ProfileId],
        revise: impl Fn(&mut ProfileDraft, &mut ProfileDetails),
    ) -> Result<(), StoreError> {
        let teams: Vec<Option<Profile>> = ids.iter().map(|&id| self.team_profile(id)).collect();
        if ids.contains(&ProfileId::LOCAL_DEMO) {
            return Err(StoreError::BuiltIn);
        }
        self.change(|library, _| {
            let revised = |profile: &Profile| {
                let (mut draft, mut details) = (profile.draft.clone(), profile.details.clone());
                revise(&mut draft, &mut details);
                let (draft, details) = (draft.normalised(), details.normalised());
                // What was wrong before is not this change's to refuse.
                match Connection::parse(&draft, &details) {
                    Err(errors) if profile.connection() != Err(errors.clone()) => {
                        return Err(StoreError::Invalid(errors));
                    }
                    Ok(_) | Err(_) => {}
                }
                Ok(Profile {
                    draft,
                    details,
                    ..profile.clone()
                })
            };
            for (&id, theirs) in ids.iter().zip(&teams) {
                if let Some(own) = library.profiles.iter_mut().find(|own| own.id == id) {
                    *own = revised(own)?;
                    continue;
                }
                let theirs = theirs.as_ref().ok_or(StoreError::Unknown(id))?;
                let before = team::with_overrides(theirs, library.overrides.get(&id)).0;
                let overrides = team::overrides_for(theirs, &revised(&before)?);
                if overrides.is_empty() {
                    library.overrides.remove(&id);
                } else {
                    library.overrides.insert(id, overrides);
                }
            }
            Ok(())
        })
    }

    /// Changes the tree with one of the functions of this crate that give an [`Edited`], applied to what is on disk now.
    ///
    /// # Errors
    /// What `edit` refuses, or a file that cannot or must not be written.
    pub fn edit(
        &mut self,
        edit: impl FnOnce(&Library) -> Result<Edited, TreeError>,
    ) -> Result<Undo, StoreError> {
        self.change(|library, _| {
            let edited = edit(library)?;
            *library = edited.library;
            Ok(edited.undo)
        })
    }

    /// Takes a change back. Gives the way forth again, and the connections that were changed since and stayed as they are.
    ///
    /// # Errors
    /// A file that cannot or must not be written.
    pub fn undo(&mut self, undo: &Undo) -> Result<(Undo, Vec<Conflict>), StoreError> {
        self.change(|library, _| {
            let Undone {
                library: undone,
                redo,
                conflicts,
            } = undo.apply(library);
            *library = undone;
            Ok((redo, conflicts))
        })
    }

    /// Saves a copy of a connection under a new name, right after it.
    ///
    /// # Errors
    /// As [`Self::save`].
    pub fn duplicate(&mut self, id: ProfileId) -> Result<Profile, StoreError> {
        if id == ProfileId::LOCAL_DEMO {
            return Err(StoreError::BuiltIn);
        }
        let theirs = self.team_profile(id).and_then(|_| self.find(id));
        self.change(|library, _| {
            let position = library.profiles.iter().position(|profile| profile.id == id);
            // A copy of a team's connection is the person's own, behind all others.
            let (source, at) = match (position, theirs) {
                (Some(position), _) => (library.profiles[position].clone(), position + 1),
                (None, Some(theirs)) => (theirs, library.profiles.len()),
                (None, None) => return Err(StoreError::Unknown(id)),
            };
            let mut copy = source;
            copy.id = ProfileId::random();
            copy.draft.name = name_of_copy(&copy.draft.name, &library.profiles);
            library.profiles.insert(at, copy.clone());
            Ok(copy)
        })
    }

    /// Deletes a connection.
    ///
    /// # Errors
    /// As [`Self::save`].
    pub fn delete(&mut self, id: ProfileId) -> Result<(), StoreError> {
        if id == ProfileId::LOCAL_DEMO {
            return Err(StoreError::BuiltIn);
        }
        if let Some(theirs) = self.team_profile(id) {
            return Err(StoreError::Team {
                name: theirs.draft.name,
            });
        }
        self.change(|library, listed| {
            let before = listed.find(id).ok_or(StoreError::Unknown(id))?;
            find_unchanged(library, before, None)?;
            library.profiles.retain(|profile| profile.id != id);
            Ok(())
        })
    }

    /// Applies one change to what is on disk now. `apply` also gets what was listed before, to tell whether another
    /// program has changed the same connection.
    fn change<T>(
        &mut self,
        apply: impl FnOnce(&mut Library, &Library) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let write_error = |source| StoreError::Write { source };
        self.files
            .create_folder(&self.folder)
            .map_err(write_error)?;
        let _guard = self.lock().map_err(|source| {
            if source.kind() == io::ErrorKind::ResourceBusy {
                StoreError::Busy
            } else {
                StoreError::Write { source }
            }
        })?;
        let listed = self.library.clone();
        self.repair();
        match &self.access {
            Access::Writable => {}
            Access::Newer(schema) => return Err(StoreError::Newer { schema: *schema }),
            Access::Unreadable(problem) => {
                return Err(StoreError::Unreadable {
                    problem: problem.clone(),
                });
            }
        }
        let mut library = self.library.clone();
        let answer = apply(&mut library, &listed)?;
        let undo = Undo::new(self.library.clone(), library.clone());
        if let Err(error) = self.write(library) {
            // The new contents may be in place all the same: what is on disk is what is shown.
            let on_disk = self.look();
            self.adopt(on_disk);
            return Err(error);
        }
        self.last_change = Some(undo);
        Ok(answer)
    }

    fn path(&self) -> PathBuf {
        self.folder.join(FILE_NAME)
    }

    fn generation(&self, number: u32) -> PathBuf {
        self.folder.join(format!("{FILE_NAME}.{number}"))
    }

    fn lock(&mut self) -> io::Result<Box<dyn Guard>> {
        self.files.lock(&self.folder.join(LOCK_NAME))
    }

    fn look(&mut self) -> OnDisk {
        let path = self.path();
        match self.files.read(&path, file::SIZE_MAX) {
            Ok(Contents::Whole(bytes)) => match file::decode(&bytes) {
                Decoded::Valid(library) => OnDisk::Valid(bytes, library),
                Decoded::Newer { schema, library } => OnDisk::Newer { schema, library },
                Decoded::Damaged(problem) => OnDisk::Damaged(problem),
            },
            Ok(Contents::TooLarge) => {
                OnDisk::Damaged(format!("The file is larger than {} bytes.", file::SIZE_MAX))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => OnDisk::Missing,
            Err(error) => OnDisk::Unreadable(format!("{}: {error}.", path.display())),
        }
    }

    /// Takes over what a look has found, without changing anything on disk.
    fn adopt(&mut self, on_disk: OnDisk) {
        match on_disk {
            OnDisk::Valid(bytes, library) => {
                self.seen = Some(bytes);
                self.library = library;
                self.known = true;
                self.access = Access::Writable;
            }
            OnDisk::Newer { schema, library } => {
                self.library = library;
                self.known = false;
                self.access = Access::Newer(schema);
            }
            OnDisk::Missing => {
                if !self.known {
                    self.library = Library::default();
                }
                self.seen = None;
                self.known = true;
                self.access = Access::Writable;
            }
            OnDisk::Damaged(problem) | OnDisk::Unreadable(problem) => self.refuse(problem),
        }
    }

    fn refuse(&mut self, problem: String) {
        self.known = false;
        self.access = Access::Unreadable(problem);
    }

    /// Looks at the file and takes it over; moves a damaged one aside and puts the best list there is in its place.
    /// The caller holds the lock.
    fn repair(&mut self) {
        let (problem, kept_as) = match self.look() {
            OnDisk::Damaged(problem) => match self.set_aside() {
                Ok(kept_as) => (problem, Some(kept_as)),
                Err(error) => {
                    return self.refuse(format!("{problem} It cannot be moved aside: {error}."));
                }
            },
            OnDisk::Missing if !self.known => (String::new(), None),
            on_disk @ (OnDisk::Missing
            | OnDisk::Valid(..)
            | OnDisk::Newer { .. }
            | OnDisk::Unreadable(_)) => return self.adopt(on_disk),
        };
        let restored = if self.known {
            Ok(None)
        } else {
            self.newest_generation()
        };
        let restored = match restored {
            Ok(restored) => restored,
            Err(error) => {
                let kept = kept_as.map_or_else(String::new, |path| {
                    format!(" {problem} The damaged file is kept as {}.", path.display())
                });
                return self.refuse(format!(
                    "An earlier version of the file in {} cannot be read: {error}.{kept}",
                    self.folder.display()
                ));
            }
        };
        self.seen = None;
        let replaced_by = match restored {
            Some((from, library)) => {
                self.library = library;
                Replacement::Earlier(Restored {
                    from,
                    profiles: self.library.profiles.len(),
                })
            }
            None if self.known => Replacement::Known {
                profiles: self.library.profiles.len(),
            },
            None => {
                self.library = Library::default();
                Replacement::Nothing
            }
        };
        self.known = true;
        self.access = Access::Writable;
        if replaced_by != Replacement::Nothing
            && let Err(error) = self.write(self.library.clone())
        {
            // The list is in memory, and the next change writes it.
            tracing::warn!(%error, "the restored profiles are not on disk yet");
        }
        match (kept_as, replaced_by) {
            (Some(kept_as), replaced_by) => {
                self.tell(StoreNotice::Damaged {
                    kept_as,
                    problem,
                    replaced_by,
                });
            }
            (None, Replacement::Earlier(restored)) => self.tell(StoreNotice::Missing { restored }),
            (None, Replacement::Nothing | Replacement::Known { .. }) => {}
        }
    }

    fn tell(&mut self, notice: StoreNotice) {
        tracing::warn!(notice = notice.message(), "profile file");
        if self.events.len() == NOTICES_MAX {
            self.events.remove(0);
        }
        self.events.push(notice);
    }

    /// Moves the file to a name that nothing has had, and returns it.
    fn set_aside(&mut self) -> io::Result<PathBuf> {
        let stamp = utc_stamp((self.clock)());
        for attempt in 1..=DAMAGED_NAMES_MAX {
            let name = if attempt == 1 {
                format!("profiles.damaged-{stamp}.json")
            } else {
                format!("profiles.damaged-{stamp}-{attempt}.json")
            };
            let kept_as = self.folder.join(name);
            // Taking the name first makes sure that the renaming replaces nothing but this empty file.
            match self.files.create_durably(&kept_as, b"") {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error),
            }
            if let Err(error) = self.files.rename(&self.path(), &kept_as) {
                let _ = self.files.remove(&kept_as);
                return Err(error);
            }
            self.files.sync_folder(&self.folder)?;
            return Ok(kept_as);
        }
        Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "there are too many damaged files",
        ))
    }

    /// The newest earlier contents that can be understood. One that cannot be read now may be better than an older one
    /// that can, so it is an error.
    fn newest_generation(&mut self) -> io::Result<Option<(PathBuf, Library)>> {
        for number in 1..=GENERATIONS {
            let path = self.generation(number);
            let bytes = match self.files.read(&path, file::SIZE_MAX) {
                Ok(Contents::Whole(bytes)) => bytes,
                Ok(Contents::TooLarge) => continue,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            if let Decoded::Valid(library) = file::decode(&bytes) {
                return Ok(Some((path, library)));
            }
        }
        Ok(None)
    }

    /// Puts `library` in the file's place. The caller holds the lock and has just taken over what is there.
    fn write(&mut self, library: Library) -> Result<(), StoreError> {
        let bytes = file::encode(&library).map_err(|_| StoreError::Verify)?;
        if u64::try_from(bytes.len()).is_ok_and(|len| len > file::SIZE_MAX) {
            return Err(StoreError::Full);
        }
        if file::decode(&bytes) != Decoded::Valid(library.clone()) {
            return Err(StoreError::Verify);
        }
        self.remove_leftovers();
        let temporary = self.folder.join(format!(
            "{TEMPORARY_PREFIX}{}{TEMPORARY_SUFFIX}",
            Uuid::new_v4().simple()
        ));
        if let Err(source) = self.replace(&temporary, &bytes) {
            let _ = self.files.remove(&temporary);
            return Err(StoreError::Write { source });
        }
        self.library = library;
        self.seen = Some(bytes);
        Ok(())
    }

    fn replace(&mut self, temporary: &Path, bytes: &[u8]) -> io::Result<()> {
        self.files.create_durably(temporary, bytes)?;
        self.keep_generation()?;
        self.files.rename(temporary, &self.path())?;
        self.files.sync_folder(&self.folder)
    }

    /// Gives the file the name of the newest generation, after moving the earlier ones on.
    fn keep_generation(&mut self) -> io::Result<()> {
        let Some(seen) = &self.seen else {
            return Ok(());
        };
        // A save that failed half-way has kept these contents already: saving that fails again and again must not push
        // the earlier ones out.
        let newest = self.generation(1);
        if matches!(self.files.read(&newest, file::SIZE_MAX), Ok(Contents::Whole(kept)) if kept == *seen)
        {
            return Ok(());
        }
        for number in (1..GENERATIONS).rev() {
            let moved = self
                .files
                .rename(&self.generation(number), &self.generation(number + 1));
            ignore_missing(moved)?;
        }
        self.files.link(&self.path(), &newest)
    }

    /// Removes what a killed process left half-written. Only the holder of the lock writes such files.
    fn remove_leftovers(&mut self) {
        let Ok(paths) = self.files.list(&self.folder) else {
            return;
        };
        for path in paths {
            let is_leftover = path
                .file_name()
                .and_then(|name| name.to_str())
                .is_some_and(|name| {
                    name.starts_with(TEMPORARY_PREFIX) && name.ends_with(TEMPORARY_SUFFIX)
                });
            if is_leftover {
                let _ = self.files.remove(&path);
            }
        }
    }
}

fn ignore_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// The profile of `library` that was listed as `before`, if it is still so; it is to become `ours`.
fn find_unchanged<'a>(
    library: &'a mut Library,
    before: &Profile,
    ours: Option<&Profile>,
) -> Result<&'a mut Profile, StoreError> {
    let found = library
        .profiles
        .iter_mut()
        .find(|profile| profile.id == before.id);
    match found {
        Some(profile) if profile == before => Ok(profile),
        theirs => Err(StoreError::ChangedElsewhere {
            name: before.draft.name.clone(),
            ours: ours.cloned().map(Box::new),
            theirs: theirs.map(|profile| Box::new(profile.clone())),
        }),
    }
}

/// `X copy`, `X copy 2` and so on: the first that is free. A copy of a copy is numbered on, not named twice.
fn name_of_copy(name: &str, profiles: &[Profile]) -> String {
    let is_copy = |ending: &str| {
        ending.is_empty()
            || ending
                .strip_prefix(' ')
                .is_some_and(|number| number.parse::<u32>().is_ok())
    };
    let original = name
        .rsplit_once(" copy")
        .filter(|(original, ending)| !original.is_empty() && is_copy(ending))
        .map_or(name, |(original, _)| original);
    let numbered = |number: usize| {
        let suffix = if number == 1 {
            " copy".to_owned()
        } else {
            format!(" copy {number}")
        };
        let room = NAME_MAX - suffix.len();
        original.chars().take(room).collect::<String>() + &suffix
    };
    // One more candidate than there are profiles: one of them is free.
    (1..=profiles.len() + 1)
        .map(numbered)
        .find(|candidate| {
            profiles
                .iter()
                .all(|profile| profile.draft.name != *candidate)
        })
        .unwrap_or_else(|| numbered(profiles.len() + 2))
}

/// `20261124T041530Z`, for a file's name.
fn utc_stamp(time: SystemTime) -> String {
    let seconds = time
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    // Days since 1 March of year 0, in eras of 400 years ("civil from days", Howard Hinnant).
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

#[cfg(test)]
mod tests;
