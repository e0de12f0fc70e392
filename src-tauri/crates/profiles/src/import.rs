//! What other tools' files say of connections, as a preview: what would be added, what is left out and why.
//!
//! Pure functions of text; nothing is read, run or saved here. What a file says of secrets is not taken over, and a value
//! that looks like one is left out with its connection. Called with the connections that are there, to mark duplicates.

use std::collections::BTreeMap;

use crate::profile::{Connection, Profile, ProfileDetails, ProfileDraft, ProfileId};
use crate::secrets::{find_secret, secret_text};

mod aws_gate;
mod commands;
mod csv;
mod ssh_config;
mod team;

pub use aws_gate::aws_gate;
pub use commands::commands;
pub use csv::csv;
pub use ssh_config::ssh_config;
pub use team::team;

/// Largest text that is looked at, in bytes.
pub const TEXT_MAX: usize = 4 * 1024 * 1024;
/// Most connections of one preview.
const PLANNED_MAX: usize = 5_000;
/// Most things left out that are told one by one.
const SKIPPED_MAX: usize = 1_000;

/// What an import would do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preview {
    /// Connections that can be added.
    pub planned: Vec<Planned>,
    /// What is left out, and why.
    pub skipped: Vec<Skipped>,
}

/// A connection that can be added.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The line it comes from, from 1 on; 0 where there are no lines.
    pub line: usize,
    /// The connection; a stub's target is empty, and everything else is valid.
    pub draft: ProfileDraft,
    /// Its details.
    pub details: ProfileDetails,
    /// Where it is already, if it is.
    pub duplicate: Option<Duplicate>,
}

/// Where a planned connection is already.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Duplicate {
    /// Among the saved ones.
    Saved(ProfileId),
    /// Earlier in the preview, at that place.
    Planned(usize),
}

/// Something that an import leaves out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Skipped {
    /// The line it comes from, from 1 on; 0 where there are no lines.
    pub line: usize,
    /// What it is called there.
    pub name: String,
    /// Why, in one sentence.
    pub reason: String,
}

impl Planned {
    /// Says whether it lacks a target, which the person has to give before it can be opened.
    #[must_use]
    pub fn is_stub(&self) -> bool {
        self.draft.target.is_empty()
    }

    /// The connection to add with [`add`](crate::add), with an id of its own.
    #[must_use]
    pub fn to_profile(&self) -> Profile {
        let mut profile = Profile::new(ProfileId::random(), self.draft.clone());
        profile.details = self.details.clone();
        profile
    }
}

/// Builds a preview step by step.
struct Builder<'a> {
    existing: &'a [Profile],
    preview: Preview,
    dropped: usize,
}

impl<'a> Builder<'a> {
    fn new(existing: &'a [Profile]) -> Self {
        Self {
            existing,
            preview: Preview::default(),
            dropped: 0,
        }
    }

    fn skip(&mut self, line: usize, name: &str, reason: impl Into<String>) {
        if self.preview.skipped.len() >= SKIPPED_MAX {
            self.dropped += 1;
            return;
        }
        self.preview.skipped.push(Skipped {
            line,
            name: shown(name),
            reason: reason.into(),
        });
    }

    /// Plans a connection if it is valid, or a stub that lacks nothing but its target.
    fn plan(&mut self, line: usize, draft: ProfileDraft, details: ProfileDetails) {
        let (draft, details) = (draft.normalised(), details.normalised());
        let name = draft.name.clone();
        let mut profile = Profile::new(ProfileId::LOCAL_DEMO, draft);
        profile.details = details;
        let as_value = serde_json::to_value(&profile).unwrap_or_default();
        if let Some((place, what)) = find_secret(&as_value) {
            return self.skip(line, &name, format!("Its {place} holds {what}."));
        }
        let Profile { draft, details, .. } = profile;
        let checked = if draft.target.is_empty() {
            let with_any_target = ProfileDraft {
                target: "name:stub".to_owned(),
                ..draft.clone()
            };
            Connection::parse(&with_any_target, &details)
        } else {
            Connection::parse(&draft, &details)
        };
        if let Err(errors) = checked {
            let sentences: Vec<String> = errors.into_iter().map(|error| error.message).collect();
            return self.skip(line, &name, sentences.join(" "));
        }
        if self.preview.planned.len() >= PLANNED_MAX {
            return self.skip(
                line,
                &name,
                format!("One import can add {PLANNED_MAX} connections at most."),
            );
        }
        let duplicate = self.duplicate(&draft);
        self.preview.planned.push(Planned {
            line,
            draft,
            details,
            duplicate,
        });
    }

    /// The same place reached in the same way, whatever it is called.
    fn duplicate(&self, draft: &ProfileDraft) -> Option<Duplicate> {
        let is_same = |other: &ProfileDraft| {
            other.target == draft.target
                && other.aws_profile == draft.aws_profile
                && other.region == draft.region
                && other.document == draft.document
                && other.parameters == draft.parameters
        };
        let saved = self
            .existing
            .iter()
            .find(|profile| !profile.is_built_in() && is_same(&profile.draft));
        if let Some(saved) = saved {
            return Some(Duplicate::Saved(saved.id));
        }
        let mut planned = self.preview.planned.iter();
        planned
            .position(|planned| is_same(&planned.draft))
            .map(Duplicate::Planned)
    }

    fn finish(mut self) -> Preview {
        if self.dropped > 0 {
            self.preview.skipped.push(Skipped {
                line: 0,
                name: format!("{} more", self.dropped),
                reason: "There are too many to name each.".to_owned(),
            });
        }
        self.preview
    }
}

/// A name that can be shown: short, without control characters, and no secret itself.
fn shown(name: &str) -> String {
    if secret_text(name).is_some() {
        return "…".to_owned();
    }
    name.chars().filter(|c| !c.is_control()).take(100).collect()
}

/// Says in a preview of its own that a text is too large.
fn too_large(text: &str) -> Option<Preview> {
    (text.len() > TEXT_MAX).then(|| {
        let mut builder = Builder::new(&[]);
        builder.skip(
            0,
            "The file",
            format!("It is larger than {TEXT_MAX} bytes."),
        );
        builder.finish()
    })
}

/// The target that a word names: one as we write it, or else the machine of that name. What only begins like a target
/// stays as it is, so that the mistake is told.
fn target_named(word: &str) -> String {
    let begins_like_a_target = ["i-", "mi-", "ecs:", "name:", "tag:", "asg:"]
        .iter()
        .any(|prefix| word.starts_with(prefix));
    if word.is_empty() || begins_like_a_target {
        word.to_owned()
    } else {
        format!("name:{word}")
    }
}

/// Plans a stub for each profile of the AWS configuration: its target is still to be given.
#[must_use]
pub fn aws_profiles(names: &[String], existing: &[Profile]) -> Preview {
    let mut builder = Builder::new(existing);
    for name in names {
        let draft = ProfileDraft {
            name: name.clone(),
            aws_profile: Some(name.clone()),
            ..ProfileDraft::default()
        };
        // A connection that uses the profile is what the stub would become.
        let user = existing
            .iter()
            .find(|profile| profile.draft.aws_profile.as_deref() == Some(name));
        builder.plan(0, draft, ProfileDetails::default());
        if let (Some(user), Some(planned)) = (user, builder.preview.planned.last_mut())
            && planned.draft.name == *name
        {
            planned.duplicate = Some(Duplicate::Saved(user.id));
        }
    }
    builder.finish()
}

/// What a command line says of a session: `aws ssm start-session …` or `gossm …`.
#[derive(Debug, Default, PartialEq)]
struct SessionCommand {
    target: Option<String>,
    aws_profile: Option<String>,
    region: Option<String>,
    document: Option<String>,
    parameters: BTreeMap<String, Vec<String>>,
    reason: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn aws_profiles_become_stubs_and_those_in_use_are_marked() {
        let saved = Profile::new(
            ProfileId::random(),
            ProfileDraft {
                name: "Web".to_owned(),
                target: "i-01234567".to_owned(),
                aws_profile: Some("corp".to_owned()),
                ..ProfileDraft::default()
            },
        );
        let preview = aws_profiles(
            &names(&["corp", "dev", "dev", "a\nb"]),
            std::slice::from_ref(&saved),
        );
        let planned: Vec<_> = preview
            .planned
            .iter()
            .map(|planned| (planned.draft.name.as_str(), planned.duplicate))
            .collect();
        assert_eq!(
            planned,
            [
                ("corp", Some(Duplicate::Saved(saved.id))),
                ("dev", None),
                ("dev", Some(Duplicate::Planned(1))),
            ]
        );
        assert!(preview.planned.iter().all(Planned::is_stub));
        assert_eq!(preview.skipped.len(), 1);
        assert_eq!(preview.skipped[0].name, "ab");
    }

    #[test]
    fn a_name_that_is_a_secret_is_left_out_and_not_told() {
        let key = format!("{}IOSFODNN7EXAMPLE", "AKIA");
        let preview = aws_profiles(&[key], &[]);
        assert_eq!(preview.planned, []);
        assert_eq!(preview.skipped[0].name, "…");
    }

    #[test]
    fn the_number_of_things_is_bounded() {
        let many: Vec<String> = (0..PLANNED_MAX + SKIPPED_MAX + 5)
            .map(|number| format!("p{number}"))
            .collect();
        let mut builder = Builder::new(&[]);
        // Without looking for duplicates among ten thousand, which is not what this is about.
        for name in &many[..SKIPPED_MAX + 5] {
            builder.skip(0, name, "x");
        }
        let preview = builder.finish();
        assert_eq!(preview.skipped.len(), SKIPPED_MAX + 1);
        assert_eq!(preview.skipped[SKIPPED_MAX].name, "5 more");
        let large = " ".repeat(TEXT_MAX + 1);
        for import in [csv, ssh_config, aws_gate, commands, team] {
            let preview = import(&large, &[]);
            assert_eq!((preview.planned.len(), preview.skipped.len()), (0, 1));
        }
    }
}
