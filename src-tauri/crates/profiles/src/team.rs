//! Connections that a team shares: read-only files in the format of the profile file, with `team` as a name beside
//! `profiles`, which any number of people can keep in a repository.
//!
//! A profile in them may leave out its `id`; it then has one made of the team, folder and name. What looks like a secret
//! is refused with its profile. What a person wants otherwise is an override: members of the profile, kept in the
//! person's own file, that take the place of the team's one by one; `null` takes one away.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize as _;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::file;
use crate::library::Library;
use crate::profile::{Profile, ProfileId};
use crate::secrets::find_secret;
use crate::values::FolderPath;
use files::{Contents, Files};

/// Most profiles of one team file.
const PROFILES_MAX: usize = 20_000;

/// One file that a team shares, as far as it could be understood.
#[derive(Clone, Debug, PartialEq)]
pub struct TeamFile {
    /// Where it is.
    pub path: PathBuf,
    /// What the team calls itself; the file's name if it does not say.
    pub team: String,
    /// The connections that could be used.
    pub profiles: Vec<Profile>,
    /// Folders that it names.
    pub folders: Vec<FolderPath>,
    /// What could not be used.
    pub problems: Vec<TeamProblem>,
}

/// Something of a team file that could not be used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TeamProblem {
    /// The file.
    pub file: PathBuf,
    /// The profile's name, or its number in the file; `None`: it is about the file.
    pub profile: Option<String>,
    /// Why, in one sentence.
    pub reason: String,
}

impl TeamProblem {
    /// What to show a person.
    #[must_use]
    pub fn message(&self) -> String {
        let file = self.file.display();
        match &self.profile {
            Some(profile) => {
                format!(
                    "{profile} of the team file {file} was left out. {}",
                    self.reason
                )
            }
            None => format!("The team file {file} was left out. {}", self.reason),
        }
    }
}

/// The folder, beside the profile file, whose files are shared by a team.
const FOLDER: &str = "team";

/// The team files of a folder of profiles: every `.json` in its folder `team`, by name; links lead to files elsewhere, as
/// a rule in a checkout. Nothing if there is no such folder.
#[must_use]
pub fn team_files(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder.join(FOLDER))
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    paths.sort();
    paths
}

/// Where a connection comes from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Origin {
    /// It is built in.
    BuiltIn,
    /// It is the person's own.
    Personal,
    /// It is in a team file, and cannot be changed there.
    Team {
        /// The file.
        file: PathBuf,
        /// What the team calls itself.
        team: String,
        /// The members that are different here, by their names in the file.
        overridden: Vec<String>,
    },
}

/// A connection with where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The connection as it is to be used.
    pub profile: Profile,
    /// Where it comes from.
    pub origin: Origin,
}

impl AsRef<Profile> for Entry {
    fn as_ref(&self) -> &Profile {
        &self.profile
    }
}

impl TeamFile {
    pub(crate) fn read(files: &mut dyn Files, path: &Path) -> Self {
        let problem = match files.read(path, file::SIZE_MAX) {
            Ok(Contents::Whole(bytes)) => return Self::parse(path, &bytes),
            Ok(Contents::TooLarge) => {
                format!("It is larger than {} bytes.", file::SIZE_MAX)
            }
            Err(error) => format!("It cannot be read: {error}."),
        };
        let mut file = Self::empty(path);
        file.refuse(None, problem);
        file
    }

    /// Reads a team file's contents; `path` is only told.
    #[must_use]
    pub fn parse(path: &Path, bytes: &[u8]) -> Self {
        let mut file = Self::empty(path);
        let value = match file::parse(bytes) {
            Ok((1, value)) => file::from_schema_1(value),
            Ok((schema, value)) => {
                if schema > u64::from(file::SCHEMA) {
                    file.refuse(
                        None,
                        format!(
                            "It was written for a newer version of this application (schema {schema})."
                        ),
                    );
                    return file;
                }
                value
            }
            Err(problem) => {
                file.refuse(None, problem);
                return file;
            }
        };
        let Some(Value::Array(profiles)) = value.get("profiles") else {
            file.refuse(None, "It has no list of profiles.".to_owned());
            return file;
        };
        if profiles.len() > PROFILES_MAX {
            file.refuse(None, format!("It has more than {PROFILES_MAX} profiles."));
            return file;
        }
        if let Some(team) = value.get("team").and_then(Value::as_str) {
            let team: String = team.chars().filter(|c| !c.is_control()).take(100).collect();
            if !team.trim().is_empty() {
                file.team = team.trim().to_owned();
            }
        }
        if let Some(folders) = value.get("folders").and_then(Value::as_array) {
            file.folders = folders
                .iter()
                .filter_map(Value::as_str)
                .filter_map(|text| text.parse().ok())
                .filter(|folder: &FolderPath| !folder.is_root())
                .collect();
        }
        for (number, value) in profiles.iter().enumerate() {
            match file.profile(value) {
                Ok(profile) => file.profiles.push(profile),
                Err(reason) => {
                    let name = value
                        .get("name")
                        .and_then(Value::as_str)
                        .filter(|name| crate::secrets::secret_text(name).is_none())
                        .map(|name| name.chars().filter(|c| !c.is_control()).take(100).collect())
                        .filter(|name: &String| !name.trim().is_empty());
                    let name = name.unwrap_or_else(|| format!("Profile {}", number + 1));
                    file.refuse(Some(name), reason);
                }
            }
        }
        file
    }

    fn empty(path: &Path) -> Self {
        let team = path.file_stem().map_or_else(
            || "Team".to_owned(),
            |stem| stem.to_string_lossy().into_owned(),
        );
        Self {
            path: path.to_owned(),
            team,
            profiles: Vec::new(),
            folders: Vec::new(),
            problems: Vec::new(),
        }
    }

    fn refuse(&mut self, profile: Option<String>, reason: String) {
        self.problems.push(TeamProblem {
            file: self.path.clone(),
            profile,
            reason,
        });
    }

    fn profile(&self, value: &Value) -> Result<Profile, String> {
        let Value::Object(members) = value else {
            return Err("It is not an object.".to_owned());
        };
        if let Some((place, what)) = find_secret(value) {
            return Err(format!(
                "Its member {place} holds {what}, which has no place in a file that is shared."
            ));
        }
        let mut members = members.clone();
        if !members.contains_key("id") {
            let id = self.id_of(&members);
            members.insert("id".to_owned(), id.to_string().into());
        }
        let profile = Profile::deserialize(Value::Object(members))
            .map_err(|error| format!("A value is not of the form it must have: {error}."))?;
        if profile.is_built_in() {
            return Err("It has the id of the built-in connection.".to_owned());
        }
        if self.profiles.iter().any(|other| other.id == profile.id) {
            return Err("Its id, or its folder and name, are used twice in the file.".to_owned());
        }
        profile.connection().map_err(|errors| {
            let sentences: Vec<String> = errors.into_iter().map(|error| error.message).collect();
            sentences.join(" ")
        })?;
        Ok(profile)
    }

    /// The same for the same team, folder and name.
    fn id_of(&self, members: &Map<String, Value>) -> Uuid {
        let text = |name: &str| {
            members
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let name = [
            self.team.as_str(),
            &FolderPath::lenient(text("folder")).to_string(),
            text("name").trim(),
        ]
        .join("\n");
        // A name space of our own.
        let space = Uuid::from_u128(0x5e55_1013_dec0_4000_8000_0000_0000_7ea3);
        Uuid::new_v5(&space, name.as_bytes())
    }
}

/// Joins a person's own connections with those of teams: own ones first, then each team's in its file's order. A
/// connection whose id comes twice is taken from where it comes first.
#[must_use]
pub fn combine(library: &Library, teams: &[TeamFile]) -> (Vec<Entry>, Vec<TeamProblem>) {
    let mut entries: Vec<Entry> = library
        .profiles
        .iter()
        .map(|profile| Entry {
            profile: profile.clone(),
            origin: Origin::Personal,
        })
        .collect();
    let mut owners: BTreeMap<ProfileId, Option<&TeamFile>> = library
        .profiles
        .iter()
        .map(|profile| (profile.id, None))
        .collect();
    let mut problems = Vec::new();
    for team in teams {
        problems.extend(team.problems.iter().cloned());
        for profile in &team.profiles {
            let problem = |reason: String| TeamProblem {
                file: team.path.clone(),
                profile: Some(profile.draft.name.clone()),
                reason,
            };
            match owners.get(&profile.id) {
                None => {}
                // What one gives to the team is one's own still.
                Some(None) => continue,
                Some(Some(other)) => {
                    problems.push(problem(format!(
                        "It is in the team file {} already.",
                        other.path.display()
                    )));
                    continue;
                }
            }
            owners.insert(profile.id, Some(team));
            let overrides = library.overrides.get(&profile.id);
            let (profile, overridden) = with_overrides(profile, overrides);
            entries.push(Entry {
                profile,
                origin: Origin::Team {
                    file: team.path.clone(),
                    team: team.team.clone(),
                    overridden,
                },
            });
        }
    }
    (entries, problems)
}

/// A profile with the overrides that fit, and the names of these.
pub(crate) fn with_overrides(
    profile: &Profile,
    overrides: Option<&Map<String, Value>>,
) -> (Profile, Vec<String>) {
    let mut profile = profile.clone();
    let mut overridden = Vec::new();
    for (name, value) in overrides.into_iter().flatten() {
        let Some(mut members) = members(&profile).filter(|_| name != "id") else {
            continue;
        };
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
        // One that does not fit, as a later version may have written, is passed over and kept.
        if let Ok(changed) = Profile::deserialize(Value::Object(members)) {
            profile = changed;
            overridden.push(name.clone());
        }
    }
    (profile, overridden)
}

/// The members of `wanted` that differ from the team's.
pub(crate) fn overrides_for(team: &Profile, wanted: &Profile) -> Map<String, Value> {
    let theirs = members(team).unwrap_or_default();
    let mut overrides = members(wanted).unwrap_or_default();
    overrides.retain(|name, value| theirs.get(name) != Some(value));
    for name in theirs.keys() {
        if members(wanted).is_some_and(|wanted| !wanted.contains_key(name)) {
            overrides.insert(name.clone(), Value::Null);
        }
    }
    overrides.remove("id");
    overrides
}

fn members(profile: &Profile) -> Option<Map<String, Value>> {
    match serde_json::to_value(profile) {
        Ok(Value::Object(members)) => Some(members),
        Ok(_) | Err(_) => None,
    }
}

/// Why connections cannot be written as a team file.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// One holds what looks like a secret.
    #[error("`{profile}` holds {what} in its member `{member}`")]
    Secret {
        /// The connection's name.
        profile: String,
        /// The way to it.
        member: String,
        /// What it looks like.
        what: &'static str,
    },
    /// It cannot be written as JSON, or is larger than what is read.
    #[error("the connections cannot be written as a team file")]
    Unwritable,
}

/// Writes connections as a team file. Whether one is a favourite stays with the person, and so does the built-in one.
///
/// # Errors
/// A connection that holds what looks like a secret.
pub fn export_team_file(team: &str, profiles: &[Profile]) -> Result<Vec<u8>, ExportError> {
    let mut list = Vec::new();
    for profile in profiles.iter().filter(|profile| !profile.is_built_in()) {
        let mut profile = profile.clone();
        profile.details.favourite = false;
        let value = serde_json::to_value(&profile).map_err(|_| ExportError::Unwritable)?;
        if let Some((member, what)) = find_secret(&value) {
            return Err(ExportError::Secret {
                profile: profile.draft.name,
                member,
                what,
            });
        }
        list.push(profile);
    }
    let file = Export {
        schema: file::SCHEMA,
        team,
        profiles: list,
    };
    let mut bytes = serde_json::to_vec_pretty(&file).map_err(|_| ExportError::Unwritable)?;
    bytes.push(b'\n');
    if u64::try_from(bytes.len()).is_ok_and(|len| len > file::SIZE_MAX) {
        return Err(ExportError::Unwritable);
    }
    Ok(bytes)
}

#[derive(serde::Serialize)]
struct Export<'a> {
    schema: u32,
    team: &'a str,
    profiles: Vec<Profile>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEB: &str = "0b8f5c1e-4b6a-4d53-9f3e-0d6a3b1f2c4d";

    fn team(text: &str) -> TeamFile {
        TeamFile::parse(Path::new("/shared/platform.json"), text.as_bytes())
    }

    fn platform() -> TeamFile {
        team(&format!(
            r#"{{"schema": 2, "team": "Platform", "folders": ["Empty"], "profiles": [
                {{"id": "{WEB}", "name": "Web", "target": "name:web", "region": "eu-west-1", "reason": "shift"}},
                {{"name": "Db", "folder": "Shop", "target": "name:db"}}]}}"#
        ))
    }

    fn library_with(overrides: Value) -> Library {
        let mut library = Library::default();
        if let (Ok(id), Value::Object(members)) = (WEB.parse(), overrides) {
            library.overrides.insert(id, members);
        }
        library
    }

    #[test]
    fn personal_values_take_the_place_of_the_teams_one_by_one() {
        let library = library_with(serde_json::json!({
            "region": "eu-central-1", "reason": null, "favourite": true, "colour": "mauve", "id": "x"
        }));
        let (entries, problems) = combine(&library, &[platform()]);
        assert_eq!(problems, []);
        let web = &entries[0];
        assert_eq!(web.profile.id.to_string(), WEB);
        assert_eq!(web.profile.draft.region.as_deref(), Some("eu-central-1"));
        assert_eq!(web.profile.draft.reason, None);
        assert_eq!(web.profile.draft.target, "name:web");
        assert!(web.profile.details.favourite);
        assert_eq!(
            web.origin,
            Origin::Team {
                file: "/shared/platform.json".into(),
                team: "Platform".to_owned(),
                overridden: ["favourite", "reason", "region"].map(str::to_owned).into()
            }
        );
    }

    #[test]
    fn entries_are_sorted_as_connections_are() {
        let (mut entries, _) = combine(&Library::default(), &[platform()]);
        crate::tree::sort(&mut entries, crate::tree::SortOrder::Name, &BTreeMap::new());
        let names: Vec<&str> = entries
            .iter()
            .map(|entry| entry.profile.draft.name.as_str())
            .collect();
        assert_eq!(names, ["Db", "Web"]);
    }

    #[test]
    fn only_what_differs_becomes_an_override() {
        let file = platform();
        let mut wanted = file.profiles[0].clone();
        wanted.draft.reason = None;
        wanted.details.favourite = true;
        let overrides = overrides_for(&file.profiles[0], &wanted);
        assert_eq!(
            Value::Object(overrides.clone()),
            serde_json::json!({"reason": null, "favourite": true})
        );
        assert_eq!(
            with_overrides(&file.profiles[0], Some(&overrides)).0,
            wanted
        );
        assert!(overrides_for(&wanted, &wanted).is_empty());
    }

    #[test]
    fn profiles_without_an_id_have_the_same_one_each_time() {
        let ids = |file: TeamFile| {
            file.profiles
                .iter()
                .map(|profile| profile.id)
                .collect::<Vec<_>>()
        };
        let (first, second) = (ids(platform()), ids(platform()));
        assert_eq!(first, second);
        let other = team(
            r#"{"schema": 2, "team": "Other", "profiles": [{"name": "Db", "folder": "Shop", "target": "name:db"}]}"#,
        );
        assert_ne!(other.profiles[0].id, first[1]);
    }

    #[test]
    fn a_profile_with_a_secret_or_a_mistake_is_left_out_and_the_others_load() {
        let key = format!("{}IOSFODNN7EXAMPLE", "AKIA");
        let file = team(&format!(
            r#"{{"schema": 2, "profiles": [
                {{"name": "Key", "target": "name:a", "notes": "{key}"}},
                {{"name": "Password", "target": "name:a", "parameters": {{"dbPassword": ["hunter2"]}}}},
                {{"name": "Unknown member", "target": "name:a", "secretAccessKey": "x"}},
                {{"name": "Proxy", "target": "name:a", "network": {{"proxy": "http://kim:x@proxy"}}}},
                {{"name": "{key}", "target": "name:a"}},
                {{"name": "Target", "target": "moon"}},
                {{"name": "Colour", "target": "name:a", "colour": 3}},
                {{"name": "Demo", "target": "name:a", "id": "5e551013-dec0-4000-8000-000000000001"}},
                3,
                {{"name": "Good", "target": "name:a"}},
                {{"name": "Good", "target": "name:b"}}
            ]}}"#
        ));
        assert_eq!(file.team, "platform");
        assert_eq!(file.profiles.len(), 1);
        assert_eq!(file.profiles[0].draft.target, "name:a");
        let refused: Vec<&str> = file
            .problems
            .iter()
            .filter_map(|problem| problem.profile.as_deref())
            .collect();
        assert_eq!(
            refused,
            [
                "Key",
                "Password",
                "Unknown member",
                "Proxy",
                "Profile 5",
                "Target",
                "Colour",
                "Demo",
                "Profile 9",
                "Good"
            ]
        );
        for problem in &file.problems {
            let message = problem.message();
            assert!(message.contains("/shared/platform.json"), "{message}");
            assert!(message.ends_with('.'), "{message}");
            for secret in [key.as_str(), "hunter2", "kim:x"] {
                assert!(!message.contains(secret), "{message}");
            }
        }
        assert!(
            file.problems[0]
                .reason
                .contains("notes holds an AWS access key")
        );
    }

    #[test]
    fn a_broken_file_is_told_and_the_others_load() {
        for text in [
            "",
            "{",
            "[]",
            r#"{"profiles": []}"#,
            r#"{"schema": 2}"#,
            r#"{"schema": 2, "profiles": {}}"#,
            r#"{"schema": 9, "profiles": []}"#,
        ] {
            let broken = team(text);
            let (entries, problems) = combine(&Library::default(), &[broken, platform()]);
            assert_eq!(entries.len(), 2, "{text}");
            assert_eq!(problems.len(), 1, "{text}");
            assert_eq!(problems[0].profile, None);
        }
    }

    #[test]
    fn an_id_that_comes_twice_is_taken_from_where_it_comes_first() {
        let mut library = Library::default();
        let mut second = platform();
        second.path = "/shared/second.json".into();
        let (entries, problems) = combine(&library, &[platform(), second.clone()]);
        assert_eq!(entries.len(), 2);
        assert_eq!(problems.len(), 2);
        assert!(problems[0].reason.contains("/shared/platform.json"));
        library.profiles = platform().profiles;
        let (entries, problems) = combine(&library, &[second]);
        assert_eq!(problems, []);
        assert!(entries.iter().all(|entry| entry.origin == Origin::Personal));
    }

    #[test]
    fn what_is_exported_can_be_read_as_a_team_file() {
        let mut profiles = platform().profiles;
        profiles[0].details.favourite = true;
        let bytes = export_team_file("Platform", &profiles).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let file = team(&text);
        assert_eq!(file.team, "Platform");
        assert_eq!(file.problems, []);
        assert_eq!(file.profiles, platform().profiles);
        profiles[1].details.startup_command = Some(format!("export AWS_SESSION_TOKEN={}", "x"));
        assert!(matches!(
            export_team_file("Platform", &profiles),
            Err(ExportError::Secret { profile, member, .. }) if profile == "Db" && member == "startupCommand"
        ));
    }
}
