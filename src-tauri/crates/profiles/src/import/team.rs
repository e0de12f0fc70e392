//! Team files, which are what an export writes: their connections, copied to become one's own.

use std::path::Path;

use super::{Builder, Preview, too_large};
use crate::profile::Profile;
use crate::team::TeamFile;

/// Plans copies of the connections of a team file. They get ids of their own, so that the team's can go on beside them.
#[must_use]
pub fn team(text: &str, existing: &[Profile]) -> Preview {
    if let Some(preview) = too_large(text) {
        return preview;
    }
    let mut builder = Builder::new(existing);
    let file = TeamFile::parse(Path::new("text"), text.as_bytes());
    for profile in file.profiles {
        builder.plan(0, profile.draft, profile.details);
    }
    for problem in file.problems {
        let name = problem.profile.unwrap_or_else(|| "The file".to_owned());
        builder.skip(0, &name, problem.reason);
    }
    builder.finish()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use super::*;
    use crate::{ProfileDetails, ProfileDraft, ProfileId, export_team_file, import::Duplicate};

    fn saved() -> Vec<Profile> {
        let profile = |name: &str, target: &str, folder: &str| {
            let mut profile = Profile::new(
                ProfileId::random(),
                ProfileDraft {
                    name: name.to_owned(),
                    target: target.to_owned(),
                    ..ProfileDraft::default()
                },
            );
            profile.details = ProfileDetails {
                folder: folder.to_owned(),
                tags: vec!["blue".to_owned()],
                ..ProfileDetails::default()
            };
            profile
        };
        vec![
            profile("Web", "i-01234567", "Shop"),
            profile("Db", "name:db", ""),
        ]
    }

    #[test]
    fn what_was_exported_comes_back_with_its_details_and_is_known_the_second_time() {
        let saved = saved();
        let text = String::from_utf8(export_team_file("Ours", &saved).unwrap()).unwrap();
        let first = team(&text, &[]);
        assert_eq!(first.skipped, []);
        let added: Vec<Profile> = first.planned.iter().map(|each| each.to_profile()).collect();
        assert_eq!(added[0].draft, saved[0].draft);
        assert_eq!(added[0].details, saved[0].details);
        assert_ne!(added[0].id, saved[0].id);
        let second = team(&text, &added);
        assert!(
            second
                .planned
                .iter()
                .zip(&added)
                .all(|(planned, added)| planned.duplicate == Some(Duplicate::Saved(added.id)))
        );
    }

    #[test]
    fn what_is_no_team_file_or_holds_a_secret_is_told() {
        for text in ["", "[]", "{\"schema\": 99, \"profiles\": []}"] {
            let preview = team(text, &[]);
            assert_eq!(preview.planned, [], "{text}");
            assert_eq!(preview.skipped[0].name, "The file");
        }
        let key = format!("{}IOSFODNN7EXAMPLE", "AKIA");
        let text = format!(
            r#"{{"schema": 2, "profiles": [{{"name": "Web", "target": "i-01234567", "reason": "{key}"}}]}}"#
        );
        let preview = team(&text, &[]);
        assert_eq!(preview.planned, []);
        assert_eq!(preview.skipped[0].name, "Web");
        assert!(!preview.skipped[0].reason.contains(&key));
    }
}
