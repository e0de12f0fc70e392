//! The format of the profile file: bytes to profiles and back, nothing else.
//!
//! JSON with a `schema` number, indented and in a stable order, so that it reads well in a version control system.
//! Members that this version does not know are kept. Called by the store only.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::profile::{Profile, ProfileId};

/// The only schema there has been.
pub(crate) const SCHEMA: u32 = 1;

/// Largest file that is read or written, in bytes: thousands of profiles.
pub(crate) const SIZE_MAX: u64 = 4 * 1024 * 1024;

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Document {
    /// In the order they are shown, without the built-in one.
    pub(crate) profiles: Vec<Profile>,
    /// Members beside `profiles` that this version does not know.
    pub(crate) unknown: Map<String, Value>,
}

/// What can be said of a file's contents.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Decoded {
    /// All of it was understood.
    Valid(Document),
    /// It comes from a newer version; `document` is what could be understood.
    Newer { schema: u32, document: Document },
    /// It could not be understood; one sentence says why.
    Damaged(String),
}

#[derive(Deserialize, Serialize)]
struct Schema1 {
    schema: u32,
    profiles: Vec<Profile>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

/// Reads a file's contents.
pub(crate) fn decode(bytes: &[u8]) -> Decoded {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Decoded::Damaged("The file is empty.".to_owned());
    }
    let value: Value = match serde_json::from_slice(bytes) {
        Ok(value) => value,
        Err(error) => return Decoded::Damaged(format!("The file is not JSON: {error}.")),
    };
    let Some(schema) = value.get("schema").and_then(Value::as_u64) else {
        return Decoded::Damaged("The file has no schema number.".to_owned());
    };
    if schema == 0 {
        return Decoded::Damaged("The file has the schema number 0, which never was.".to_owned());
    }
    let document = Schema1::deserialize(&value)
        .map_err(|error| format!("A value is not of the form it must have: {error}."))
        .and_then(|file| {
            check_ids(&file.profiles)?;
            Ok(Document {
                profiles: file.profiles,
                unknown: file.unknown,
            })
        });
    if schema > u64::from(SCHEMA) {
        return Decoded::Newer {
            schema: u32::try_from(schema).unwrap_or(u32::MAX),
            document: document.unwrap_or_default(),
        };
    }
    match document {
        Ok(document) => Decoded::Valid(document),
        Err(problem) => Decoded::Damaged(problem),
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
pub(crate) fn encode(document: &Document) -> Result<Vec<u8>, serde_json::Error> {
    let file = Schema1 {
        schema: SCHEMA,
        profiles: document.profiles.clone(),
        unknown: document.unknown.clone(),
    };
    let mut bytes = serde_json::to_vec_pretty(&file)?;
    bytes.push(b'\n');
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::ProfileDraft;

    #[test]
    fn unknown_members_come_back_as_they_were() -> Result<(), serde_json::Error> {
        let text = r#"{
  "schema": 1,
  "profiles": [
    {
      "id": "0b8f5c1e-4b6a-4d53-9f3e-0d6a3b1f2c4d",
      "name": "Web",
      "target": "i-0123456789abcdef0",
      "pinned": true,
      "tags": [
        1,
        "two"
      ]
    }
  ],
  "folders": {
    "a": []
  }
}
"#;
        let Decoded::Valid(document) = decode(text.as_bytes()) else {
            panic!("not understood");
        };
        assert_eq!(String::from_utf8_lossy(&encode(&document)?), text);
        Ok(())
    }

    #[test]
    fn a_newer_schema_is_read_as_far_as_it_goes() {
        let same_shape = br#"{"schema": 7, "profiles": []}"#;
        assert_eq!(
            decode(same_shape),
            Decoded::Newer {
                schema: 7,
                document: Document::default()
            }
        );
        let other_shape = br#"{"schema": 99999999999, "profiles": {"a": 1}}"#;
        assert_eq!(
            decode(other_shape),
            Decoded::Newer {
                schema: u32::MAX,
                document: Document::default()
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
            let bytes = encode(&Document {
                profiles,
                unknown: Map::new(),
            })?;
            assert!(
                matches!(decode(&bytes), Decoded::Damaged(problem) if problem.contains("twice"))
            );
        }
        Ok(())
    }

    #[test]
    fn deep_nesting_is_damage_and_not_a_stack_overflow() {
        let text = format!("{{\"schema\":1,\"profiles\":{}", "[".repeat(1_000_000));
        assert!(matches!(decode(text.as_bytes()), Decoded::Damaged(_)));
    }
}
