//! The format of the profile file: bytes to a library and back, nothing else.
//!
//! JSON with a `schema` number, indented and in a stable order, so that it reads well in a version control system.
//! Members that this version does not know are kept. An older schema is brought up to date by one pure function for each
//! step; it is written as the newest at the next change. Called by the store and for team files only.
//!
//! Schema 1 had the members of `ProfileDraft` only. Schema 2 has those of `ProfileDetails` besides, rules as targets, and
//! beside the profiles `folders` and `overrides`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::library::Library;
use crate::profile::{Profile, ProfileDetails, ProfileId};
use crate::values::FolderPath;

/// The newest schema, which is the one written.
pub(crate) const SCHEMA: u32 = 2;

/// Largest file that is read or written, in bytes: thousands of profiles.
pub(crate) const SIZE_MAX: u64 = 4 * 1024 * 1024;

/// What can be said of a file's contents.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Decoded {
    /// All of it was understood.
    Valid(Library),
    /// It comes from a newer version; `library` is what could be understood.
    Newer { schema: u32, library: Library },
    /// It could not be understood; one sentence says why.
    Damaged(String),
}

#[derive(Deserialize, Serialize)]
struct Schema2 {
    schema: u32,
    profiles: Vec<Profile>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    folders: BTreeSet<FolderPath>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    overrides: BTreeMap<ProfileId, Map<String, Value>>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

/// Reads a file's contents.
pub(crate) fn decode(bytes: &[u8]) -> Decoded {
    let (schema, mut value) = match parse(bytes) {
        Ok(parsed) => parsed,
        Err(problem) => return Decoded::Damaged(problem),
    };
    if schema == 1 {
        value = from_schema_1(value);
    }
    let library = Schema2::deserialize(&value)
        .map_err(|error| format!("A value is not of the form it must have: {error}."))
        .and_then(|file| {
            check_ids(&file.profiles)?;
            Ok(Library {
                profiles: file.profiles,
                folders: file
                    .folders
                    .into_iter()
                    .filter(|folder| !folder.is_root())
                    .collect(),
                overrides: file.overrides,
                unknown: file.unknown,
            })
        });
    if schema > u64::from(SCHEMA) {
        return Decoded::Newer {
            schema: u32::try_from(schema).unwrap_or(u32::MAX),
            library: library.unwrap_or_default(),
        };
    }
    match library {
        Ok(library) => Decoded::Valid(library),
        Err(problem) => Decoded::Damaged(problem),
    }
}

/// Reads JSON with a schema number, or says in a sentence why it is none.
pub(crate) fn parse(bytes: &[u8]) -> Result<(u64, Value), String> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err("The file is empty.".to_owned());
    }
    let value: Value =
        serde_json::from_slice(bytes).map_err(|error| format!("The file is not JSON: {error}."))?;
    match value.get("schema").and_then(Value::as_u64) {
        None => Err("The file has no schema number.".to_owned()),
        Some(0) => Err("The file has the schema number 0, which never was.".to_owned()),
        Some(schema) => Ok((schema, value)),
    }
}

/// Brings a file of schema 1 to schema 2.
///
/// No version has written the new members into a file of schema 1, but a person or another program may have. What fits
/// is taken at its word; what does not is kept under another name.
pub(crate) fn from_schema_1(mut file: Value) -> Value {
    let Some(members) = file.as_object_mut() else {
        return file;
    };
    members.insert("schema".to_owned(), 2.into());
    keep_unfit(members, &|name, value| match name {
        "folders" => BTreeSet::<FolderPath>::deserialize(value).is_ok(),
        "overrides" => BTreeMap::<ProfileId, Map<String, Value>>::deserialize(value).is_ok(),
        _ => true,
    });
    let profiles = members.get_mut("profiles").and_then(Value::as_array_mut);
    for profile in profiles.into_iter().flatten() {
        if let Some(members) = profile.as_object_mut() {
            keep_unfit(members, &|name, value| {
                let alone = Map::from_iter([(name.to_owned(), value.clone())]);
                ProfileDetails::deserialize(Value::Object(alone)).is_ok()
            });
        }
    }
    file
}

/// Renames the members that do not fit.
fn keep_unfit(members: &mut Map<String, Value>, fits: &dyn Fn(&str, &Value) -> bool) {
    let unfit: Vec<String> = members
        .iter()
        .filter(|(name, value)| !fits(name, value))
        .map(|(name, _)| name.clone())
        .collect();
    for name in unfit {
        if let Some(value) = members.remove(&name) {
            members.insert(format!("{name}InSchema1"), value);
        }
    }
}

fn check_ids(profiles: &[Profile]) -> Result<(), String> {
    let mut seen = BTreeSet::from([ProfileId::LOCAL_DEMO]);
    for profile in profiles {
        if !seen.insert(profile.id) {
            return Err(format!("The id {} is used twice.", profile.id));
        }
    }
    Ok(())
}

/// Writes a file's contents.
///
/// # Errors
/// A value that JSON cannot hold; none is known.
pub(crate) fn encode(library: &Library) -> Result<Vec<u8>, serde_json::Error> {
    let file = Schema2 {
        schema: SCHEMA,
        profiles: library.profiles.clone(),
        folders: library.folders.clone(),
        overrides: library.overrides.clone(),
        unknown: library.unknown.clone(),
    };
    let mut bytes = serde_json::to_vec_pretty(&file)?;
    bytes.push(b'\n');
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::profile::{NetworkOverrides, ProfileDraft, TerminalOverrides};
    use crate::values::Environment;

    #[test]
    fn unknown_members_come_back_as_they_were() -> Result<(), serde_json::Error> {
        let text = r#"{
  "schema": 2,
  "profiles": [
    {
      "id": "0b8f5c1e-4b6a-4d53-9f3e-0d6a3b1f2c4d",
      "name": "Web",
      "target": "i-0123456789abcdef0",
      "terminal": {
        "font": "Mono",
        "bell": "off"
      },
      "network": {
        "quic": true
      },
      "pinned": true
    }
  ],
  "shelves": {
    "a": []
  }
}
"#;
        let Decoded::Valid(library) = decode(text.as_bytes()) else {
            panic!("not understood");
        };
        assert_eq!(String::from_utf8_lossy(&encode(&library)?), text);
        Ok(())
    }

    #[test]
    fn what_does_not_fit_in_a_file_of_schema_1_is_kept_under_another_name() {
        let text = br#"{"schema": 1, "folders": 3, "profiles": [
            {"id": "0b8f5c1e-4b6a-4d53-9f3e-0d6a3b1f2c4d", "name": "Web", "target": "", "tags": [1], "folder": "a"}]}"#;
        let Decoded::Valid(library) = decode(text) else {
            panic!("not understood");
        };
        assert_eq!(library.unknown["foldersInSchema1"], 3);
        assert_eq!(library.profiles[0].details.folder, "a");
        assert_eq!(
            library.profiles[0].unknown["tagsInSchema1"],
            serde_json::json!([1])
        );
    }

    #[test]
    fn a_newer_schema_is_read_as_far_as_it_goes() {
        let same_shape = br#"{"schema": 7, "profiles": []}"#;
        assert_eq!(
            decode(same_shape),
            Decoded::Newer {
                schema: 7,
                library: Library::default()
            }
        );
        let other_shape = br#"{"schema": 99999999999, "profiles": {"a": 1}}"#;
        assert_eq!(
            decode(other_shape),
            Decoded::Newer {
                schema: u32::MAX,
                library: Library::default()
            }
        );
    }

    #[test]
    fn ids_must_differ_from_each_other_and_from_the_built_in_one() -> Result<(), serde_json::Error>
    {
        let draft = ProfileDraft {
            name: "a".to_owned(),
            ..ProfileDraft::default()
        };
        let twice = Profile::new(ProfileId::random(), draft.clone());
        let built_in = Profile::new(ProfileId::LOCAL_DEMO, draft);
        for profiles in [vec![twice.clone(), twice], vec![built_in]] {
            let bytes = encode(&Library {
                profiles,
                ..Library::default()
            })?;
            assert!(
                matches!(decode(&bytes), Decoded::Damaged(problem) if problem.contains("twice"))
            );
        }
        Ok(())
    }

    /// Any profile that JSON can hold, valid or not.
    fn profiles() -> impl Strategy<Value = Profile> {
        let text = "\\PC{0,12}|[\\x00-\\x1f\"\\\\]{0,6}";
        let optional = || prop::option::of(text);
        (
            prop::collection::vec(text, 4),
            prop::collection::vec(optional(), 12),
            prop::collection::vec(text, 0..4),
            (any::<bool>(), any::<u16>(), any::<u32>()),
        )
            .prop_map(|(texts, mut optional, tags, (flag, small, large))| {
                let mut next = || optional.pop().flatten();
                let [name, target, folder, other] = &texts[..] else {
                    unreachable!("four were asked for");
                };
                let mut profile = Profile::new(
                    ProfileId::random(),
                    ProfileDraft {
                        name: name.clone(),
                        target: target.clone(),
                        aws_profile: next(),
                        region: next(),
                        document: next(),
                        reason: next(),
                        parameters: BTreeMap::from([(other.clone(), tags.clone())]),
                        ..ProfileDraft::default()
                    },
                );
                profile.details = ProfileDetails {
                    folder: folder.clone(),
                    tags,
                    environment: next().map(|text| Environment::from(&*text)),
                    notes: next(),
                    favourite: flag,
                    credentials: next(),
                    startup_command: next(),
                    user: next(),
                    shell: next(),
                    terminal: TerminalOverrides {
                        font: next(),
                        font_size: flag.then_some(small),
                        scrollback: flag.then_some(large),
                        ..TerminalOverrides::default()
                    },
                    network: NetworkOverrides {
                        proxy: next(),
                        endpoints: BTreeMap::from([(other.clone(), name.clone())]),
                        ..NetworkOverrides::default()
                    },
                };
                profile.unknown.insert("later".to_owned(), large.into());
                profile
            })
    }

    proptest! {
        #[test]
        fn anything_that_is_written_reads_back_the_same(
            profiles in prop::collection::vec(profiles(), 0..4),
            folders in prop::collection::btree_set("[a-c /]{0,8}", 0..4)
        ) {
            let library = Library {
                profiles,
                folders: folders
                    .iter()
                    .map(|text| FolderPath::lenient(text))
                    .filter(|folder| !folder.is_root())
                    .collect(),
                ..Library::default()
            };
            let bytes = encode(&library).unwrap_or_default();
            prop_assert_eq!(decode(&bytes), Decoded::Valid(library));
        }

        #[test]
        fn any_json_is_understood_or_damaged(
            text in "(\\{|\\}|\\[|\\]|:|,|\"(schema|profiles|folders|overrides|id|name|target|tags|terminal)\"|[12]|null|\"\"){0,40}"
        ) {
            let _ = decode(text.as_bytes());
            let _ = decode(format!("{{\"schema\": 1, \"profiles\": [{{{text}}}]}}").as_bytes());
        }
    }

    #[test]
    fn deep_nesting_is_damage_and_not_a_stack_overflow() {
        let text = format!("{{\"schema\":1,\"profiles\":{}", "[".repeat(1_000_000));
        assert!(matches!(decode(text.as_bytes()), Decoded::Damaged(_)));
    }
}
