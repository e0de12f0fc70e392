//! Connections from other tools' files, and files for others: what is read, what is planned, and what is added.
//!
//! Files are chosen in the system's own dialogs and read here; the page sees a preview and names what it wants of it by
//! number, so it can neither read a file nor add anything that was not in one. The rules of each format are in `profiles`.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ipc::{
    CommandError, ErrorCode, Exported, ImportDuplicate, ImportItem, ImportPlace, ImportPreview,
    ImportSkipped, ImportSource,
};
use profiles::import::{self, Duplicate, Planned, Preview, TEXT_MAX};
use profiles::{ExportError, FolderPath, Profile, ProfileId, ProfileStore, Undo};

use crate::convert;
use crate::own_files::{Readers, read_text, write_whole};

/// The kinds in the order in which they are offered.
const SOURCES: [ImportSource; 6] = [
    ImportSource::AwsConfig,
    ImportSource::SshConfig,
    ImportSource::Csv,
    ImportSource::AwsGate,
    ImportSource::Commands,
    ImportSource::Team,
];
/// Where shells keep what was typed, below the home folder.
const HISTORIES: [&str; 3] = [
    ".zsh_history",
    ".bash_history",
    ".local/share/fish/fish_history",
];

/// The last preview and the last import, both of which a person may come back to.
#[derive(Default)]
pub(crate) struct Imports {
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    last_id: u32,
    planned: Option<(u32, Vec<Planned>)>,
    undo: Option<Undo>,
}

/// A text to import from, and the file it comes from.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) kind: ImportSource,
    pub(crate) file: Option<PathBuf>,
    pub(crate) text: String,
}

impl Source {
    /// Reads a file.
    ///
    /// # Errors
    /// One that cannot be read, or is too large.
    pub(crate) fn read(kind: ImportSource, file: PathBuf) -> Result<Self, CommandError> {
        let text = read_text(&file, TEXT_MAX)
            .map_err(|error| refused(format!("{} was not imported. {error}", file.display())))?;
        Ok(Self {
            kind,
            file: Some(file),
            text,
        })
    }
}

impl Imports {
    /// Plans an import and keeps the plan, in place of an earlier one. `aws_profiles` are those of this computer, which
    /// are what [`ImportSource::AwsConfig`] is about.
    pub(crate) fn preview(
        &self,
        source: &Source,
        existing: &[Profile],
        aws_profiles: &[String],
    ) -> ImportPreview {
        let text = source.text.as_str();
        let Preview { planned, skipped } = match source.kind {
            ImportSource::AwsConfig => import::aws_profiles(aws_profiles, existing),
            ImportSource::SshConfig => import::ssh_config(text, existing),
            ImportSource::Csv => import::csv(text, existing),
            ImportSource::AwsGate => import::aws_gate(text, existing),
            ImportSource::Commands => import::commands(text, existing),
            ImportSource::Team => import::team(text, existing),
        };
        let items = planned
            .iter()
            .map(|each| item(each, &planned, existing))
            .collect();
        let skipped = skipped
            .into_iter()
            .map(|each| ImportSkipped {
                name: each.name,
                line: line(each.line),
                reason: each.reason,
            })
            .collect();
        let mut held = self.lock();
        held.last_id = held.last_id.wrapping_add(1);
        held.planned = Some((held.last_id, planned));
        ImportPreview {
            id: held.last_id,
            file: source.file.as_deref().map(shown),
            items,
            skipped,
        }
    }

    /// Adds what a preview planned at these places, all in one save, and says how many.
    ///
    /// # Errors
    /// A preview that is not the last or was carried out, a folder that cannot be, or a file that cannot be written.
    pub(crate) fn run(
        &self,
        store: &mut ProfileStore,
        id: u32,
        numbers: &[u32],
        folder: &str,
    ) -> Result<u32, CommandError> {
        let mut held = self.lock();
        let Some((_, planned)) = held.planned.as_ref().filter(|(held, _)| *held == id) else {
            return Err(refused(
                "This preview is not the last one any more. Look again.",
            ));
        };
        let folder: FolderPath = folder
            .parse()
            .map_err(|error: profiles::ValueError| refused(error.to_string()))?;
        let mut wanted: Vec<usize> = numbers
            .iter()
            .filter_map(|&number| usize::try_from(number).ok())
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut added = Vec::new();
        for number in wanted {
            let each = planned
                .get(number)
                .ok_or_else(|| refused("The preview has no such connection."))?;
            added.push(placed(each.to_profile(), &folder)?);
        }
        let count = u32::try_from(added.len()).unwrap_or(u32::MAX);
        let undo = store
            .edit(|library| Ok(profiles::add(library, added)))
            .map_err(|error| convert::store_error(&error))?;
        held.planned = None;
        held.undo = Some(undo);
        Ok(count)
    }

    /// Takes the last import back; what was changed since stays.
    ///
    /// # Errors
    /// No import to take back, or a file that cannot be written.
    pub(crate) fn undo(&self, store: &mut ProfileStore) -> Result<(), CommandError> {
        let mut held = self.lock();
        let undo = held
            .undo
            .as_ref()
            .ok_or_else(|| refused("There is no import to take back."))?;
        store
            .undo(undo)
            .map_err(|error| convert::store_error(&error))?;
        held.undo = None;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Below the chosen folder, in the folder that the source names.
fn placed(mut profile: Profile, folder: &FolderPath) -> Result<Profile, CommandError> {
    let mut place = folder.clone();
    for name in profile.folder().names() {
        place = place
            .join(name)
            .map_err(|error| refused(error.to_string()))?;
    }
    profile.details.folder = place.to_string();
    Ok(profile)
}

fn item(planned: &Planned, all: &[Planned], existing: &[Profile]) -> ImportItem {
    let duplicate = planned.duplicate.and_then(|duplicate| match duplicate {
        Duplicate::Saved(id) => {
            let saved = existing.iter().find(|profile| profile.id == id)?;
            Some(ImportDuplicate::Saved {
                name: saved.draft.name.clone(),
            })
        }
        Duplicate::Planned(at) => Some(ImportDuplicate::Earlier {
            name: all.get(at)?.draft.name.clone(),
        }),
    });
    ImportItem {
        name: planned.draft.name.clone(),
        target: planned.draft.target.clone(),
        aws_profile: planned.draft.aws_profile.clone(),
        region: planned.draft.region.clone(),
        folder: planned.details.folder.clone(),
        line: line(planned.line),
        duplicate,
    }
}

fn line(number: usize) -> Option<u32> {
    u32::try_from(number).ok().filter(|&number| number > 0)
}

/// What there is to import from on this computer, without looking into any of it.
pub(crate) fn places(home: Option<&Path>) -> Vec<ImportPlace> {
    SOURCES
        .into_iter()
        .map(|source| ImportPlace {
            source,
            found: usual_file(source, home).as_deref().map(shown),
        })
        .collect()
}

/// The file of this kind where it usually is, if it is there.
pub(crate) fn usual_file(source: ImportSource, home: Option<&Path>) -> Option<PathBuf> {
    let below_home = |path: &str| Some(home?.join(path)).filter(|path| path.is_file());
    match source {
        ImportSource::AwsConfig => {
            let paths = shared_config::Paths::from_environment();
            [paths.config, paths.credentials]
                .into_iter()
                .find(|path| path.is_file())
        }
        ImportSource::SshConfig => below_home(".ssh/config"),
        ImportSource::AwsGate => below_home(".aws-gate/config"),
        ImportSource::Commands => HISTORIES.into_iter().find_map(below_home),
        ImportSource::Csv | ImportSource::Team => None,
    }
}

/// A path as people write it, with `~` for the home folder.
fn shown(path: &Path) -> String {
    let home = std::env::home_dir().filter(|home| !home.as_os_str().is_empty());
    match home.and_then(|home| Some(path.strip_prefix(home).ok()?.display().to_string())) {
        Some(rest) => format!("~{}{rest}", std::path::MAIN_SEPARATOR),
        None => path.display().to_string(),
    }
}

/// The person's own connections among those named, or all of them where none is named.
pub(crate) fn own(store: &ProfileStore, ids: &[ProfileId]) -> Vec<Profile> {
    let own = store.library().profiles.iter();
    own.filter(|profile| ids.is_empty() || ids.contains(&profile.id))
        .cloned()
        .collect()
}

/// Writes connections as a team file that is named as the file is.
///
/// # Errors
/// Nothing to write, what looks like a secret, or a file that cannot be written.
pub(crate) fn export(profiles: &[Profile], file: &Path) -> Result<Exported, CommandError> {
    if profiles.is_empty() {
        return Err(refused("There are no connections of your own to export."));
    }
    let team = file
        .file_stem()
        .map_or_else(|| "Team".into(), |stem| stem.to_string_lossy());
    let bytes = profiles::export_team_file(&team, profiles).map_err(|error| {
        refused(match error {
            ExportError::Secret {
                profile,
                member,
                what,
            } => format!(
                "Nothing was exported, since “{profile}” holds {what} in its {member}. Take it out first."
            ),
            ExportError::Unwritable | _ => "These connections cannot be exported.".to_owned(),
        })
    })?;
    write_whole(file, &bytes, Readers::Usual)
        .map_err(|error| refused(format!("{} was not written: {error}.", file.display())))?;
    Ok(Exported {
        file: shown(file),
        count: u32::try_from(profiles.len()).unwrap_or(u32::MAX),
    })
}

pub(crate) fn refused(message: impl Into<String>) -> CommandError {
    CommandError {
        code: ErrorCode::InvalidArgument,
        message: message.into(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use std::fs;
    use std::time::SystemTime;

    use super::*;
    use crate::own_files::tests::Folder;

    const SSH: &str = "
Host web
  ProxyCommand aws ssm start-session --target i-0123456789abcdef0 --profile corp
Host db
  ProxyCommand aws ssm start-session --target i-0fedcba9876543210
Host plain
  HostName example.com
Match all
";

    fn ssh() -> Source {
        Source {
            kind: ImportSource::SshConfig,
            file: None,
            text: SSH.to_owned(),
        }
    }

    fn names(store: &ProfileStore) -> Vec<(String, String)> {
        let own = store.library().profiles.iter();
        own.map(|each| (each.draft.name.clone(), each.details.folder.clone()))
            .collect()
    }

    #[test]
    fn what_was_chosen_is_added_once_and_can_be_taken_back() {
        let folder = Folder::new();
        let mut store = ProfileStore::open(&folder.0, SystemTime::now);
        let imports = Imports::default();
        let preview = imports.preview(&ssh(), &store.profiles(), &[]);
        let found: Vec<_> = preview.items.iter().map(|item| &item.name[..]).collect();
        assert_eq!(found, ["web", "db"]);
        assert_eq!(preview.items[0].line, Some(2));
        assert_eq!(preview.skipped[0].name, "Match");

        assert_eq!(
            imports.run(&mut store, preview.id, &[1, 0, 1], "Imported/SSH"),
            Ok(2)
        );
        let place = "Imported/SSH".to_owned();
        assert_eq!(
            names(&store),
            [("web".into(), place.clone()), ("db".into(), place)]
        );
        // Another program sees it: it is on disk.
        assert_eq!(
            ProfileStore::open(&folder.0, SystemTime::now)
                .library()
                .profiles
                .len(),
            2
        );
        // A second press adds nothing, and a second look says that all of it is there.
        imports
            .run(&mut store, preview.id, &[0, 1], "")
            .unwrap_err();
        let again = imports.preview(&ssh(), &store.profiles(), &[]);
        let there: Vec<_> = again.items.iter().map(|item| &item.duplicate).collect();
        assert!(matches!(
            there[..],
            [
                Some(ImportDuplicate::Saved { .. }),
                Some(ImportDuplicate::Saved { .. })
            ]
        ));

        imports.undo(&mut store).unwrap();
        assert_eq!(names(&store), []);
        imports.undo(&mut store).unwrap_err();
    }

    #[test]
    fn only_the_last_preview_and_only_what_is_in_it_can_be_added() {
        let folder = Folder::new();
        let mut store = ProfileStore::open(&folder.0, SystemTime::now);
        let imports = Imports::default();
        let first = imports.preview(&ssh(), &[], &[]);
        let second = imports.preview(&ssh(), &[], &[]);
        for (id, numbers, place) in [
            (first.id, vec![0], ""),
            (second.id, vec![0, 2], ""),
            (second.id, vec![0], "a\u{0}b"),
        ] {
            imports.run(&mut store, id, &numbers, place).unwrap_err();
        }
        assert_eq!(names(&store), []);
    }

    #[test]
    fn aws_profiles_come_from_the_configuration_and_not_from_a_text() {
        let source = Source {
            kind: ImportSource::AwsConfig,
            file: Some(PathBuf::from("/elsewhere/config")),
            text: String::new(),
        };
        let preview = Imports::default().preview(&source, &[], &["corp".to_owned()]);
        assert_eq!(preview.file.as_deref(), Some("/elsewhere/config"));
        assert_eq!(preview.items[0].name, "corp");
        assert_eq!(preview.items[0].target, "");
    }

    #[test]
    fn usual_places_are_told_only_where_there_is_a_file() {
        let home = Folder::new();
        let found = |source| usual_file(source, Some(&home.0));
        assert_eq!(found(ImportSource::SshConfig), None);
        fs::create_dir(home.0.join(".ssh")).unwrap();
        fs::write(home.0.join(".ssh/config"), SSH).unwrap();
        fs::write(home.0.join(".bash_history"), "ls\n").unwrap();
        assert_eq!(
            found(ImportSource::SshConfig),
            Some(home.0.join(".ssh/config"))
        );
        assert_eq!(
            found(ImportSource::Commands),
            Some(home.0.join(".bash_history"))
        );
        assert_eq!(places(Some(&home.0)).len(), SOURCES.len());
    }

    #[test]
    fn an_export_is_read_again_and_one_with_a_secret_is_refused() {
        let folder = Folder::new();
        let mut store = ProfileStore::open(&folder.0, SystemTime::now);
        let imports = Imports::default();
        let preview = imports.preview(&ssh(), &[], &[]);
        imports.run(&mut store, preview.id, &[0, 1], "").unwrap();
        let file = folder.0.join("Platform.json");
        export(&[], &file).unwrap_err();
        let all = own(&store, &[]);
        assert_eq!(export(&all, &file).unwrap().count, 2);
        let one = own(&store, &[all[1].id]);
        assert_eq!(one.len(), 1);

        let read = Source::read(ImportSource::Team, file.clone()).unwrap();
        assert!(read.text.contains("\"team\": \"Platform\""));
        let other = imports.preview(&read, &[], &[]);
        assert_eq!(other.items.len(), 2);

        let mut leaking = one;
        leaking[0].draft.reason = Some(format!("{}IOSFODNN7EXAMPLE", "AKIA"));
        let refusal = export(&leaking, &file).unwrap_err();
        assert!(!refusal.message.contains("IOSFODNN7EXAMPLE"));
        assert_eq!(fs::read_to_string(&file).unwrap(), read.text);
    }
}
