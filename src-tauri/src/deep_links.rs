//! Links `sessiondeck://connect?…` that wait for the person's decision. A link only asks: nothing is opened here.
//!
//! They come with the program's arguments, from a second start that the first one takes over, or from the system.

use std::sync::{Mutex, MutexGuard, PoisonError};

use ipc::{LinkAsks, LinkDifference, LinkField, LinkMatch, LinkRequest};
use profiles::{
    DeepLink, LinkError, LinkedProfile, LinkedTarget, Profile, ProfileDetails, ProfileDraft, Target,
};
use tracing::warn;

use crate::convert;

/// What a link begins with.
const PREFIX: &str = "sessiondeck:";
/// More than anybody decides about; what a page sends to flood somebody is dropped.
const STANDING_MAX: usize = 8;
/// Longest name of a connection, in characters.
const NAME_MAX: usize = 100;

/// All links that wait.
#[derive(Default)]
pub(crate) struct DeepLinks {
    standing: Mutex<Standing>,
}

#[derive(Default)]
struct Standing {
    last_id: u32,
    list: Vec<(u32, Result<DeepLink, LinkError>)>,
}

/// The links among a program's arguments.
pub(crate) fn in_arguments<'a>(
    arguments: impl IntoIterator<Item = &'a String>,
) -> impl Iterator<Item = &'a str> {
    arguments
        .into_iter()
        .map(String::as_str)
        .filter(|argument| {
            argument
                .get(..PREFIX.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
        })
}

impl DeepLinks {
    /// Takes a link in. Says whether the person has something new to decide.
    pub(crate) fn add(&self, text: &str) -> bool {
        let link = text.parse::<DeepLink>();
        if let Err(error) = &link {
            warn!(%error, "a link was refused");
        }
        let mut standing = self.lock();
        if standing.list.iter().any(|(_, other)| *other == link) {
            return false;
        }
        if standing.list.len() >= STANDING_MAX {
            warn!("too many links wait; one more was dropped");
            return false;
        }
        standing.last_id = standing.last_id.wrapping_add(1);
        let id = standing.last_id;
        standing.list.push((id, link));
        true
    }

    /// The link has been decided about.
    pub(crate) fn forget(&self, id: u32) {
        self.lock().list.retain(|(other, _)| *other != id);
    }

    /// What a link to a place would open; `None`: it names a saved connection, is refused, or does not stand any more.
    pub(crate) fn place(&self, id: u32) -> Option<ProfileDraft> {
        let standing = self.lock();
        match standing.list.iter().find(|(other, _)| *other == id) {
            Some((_, Ok(DeepLink::Target(place)))) => Some(draft(place)),
            _ => None,
        }
    }

    /// All that wait, the oldest first, as things are now.
    pub(crate) fn requests(&self, saved: &[Profile], aws_profiles: &[String]) -> Vec<LinkRequest> {
        let standing = self.lock();
        let requests = standing.list.iter().map(|(id, link)| LinkRequest {
            id: *id,
            asks: asks(link, saved, aws_profiles),
        });
        requests.collect()
    }

    fn lock(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn asks(
    link: &Result<DeepLink, LinkError>,
    saved: &[Profile],
    aws_profiles: &[String],
) -> LinkAsks {
    let refused = |message: &str| LinkAsks::Refused {
        message: message.to_owned(),
    };
    match link {
        Err(error) => refused(&error.message()),
        Ok(DeepLink::Profile(named)) => {
            let profiles: Vec<_> = saved
                .iter()
                .filter(|profile| match named {
                    LinkedProfile::Id(id) => profile.id == *id,
                    LinkedProfile::Name(name) => profile.draft.name == name.as_str(),
                })
                .cloned()
                .map(convert::profile_to_page)
                .collect();
            if profiles.is_empty() {
                refused("The link names a connection that is not among yours.")
            } else {
                LinkAsks::Saved { profiles }
            }
        }
        Ok(DeepLink::Target(place)) => {
            let draft = draft(place);
            let matches = saved
                .iter()
                .filter(|profile| !profile.is_built_in() && profile.draft.target == draft.target)
                .map(|profile| LinkMatch {
                    differences: differences(&profile.draft, &draft),
                    profile: convert::profile_to_page(profile.clone()),
                })
                .collect();
            let unknown_aws_profile = draft
                .aws_profile
                .as_ref()
                .is_some_and(|name| !aws_profiles.contains(name));
            LinkAsks::Place {
                draft: Box::new(convert::draft_to_page(draft, ProfileDetails::default())),
                unknown_aws_profile,
                matches,
            }
        }
        // Kinds that links may learn later.
        Ok(_) => refused(&LinkError::NotALink.message()),
    }
}

/// A connection to the place, named by it.
fn draft(place: &LinkedTarget) -> ProfileDraft {
    let target = place.target.to_string();
    let name = if let Target::Name(name) | Target::AutoScalingGroup(name) = &place.target {
        name
    } else {
        &target
    };
    ProfileDraft {
        name: name.chars().take(NAME_MAX).collect(),
        region: place.region.as_ref().map(ToString::to_string),
        aws_profile: place.aws_profile.as_ref().map(ToString::to_string),
        document: place.document.as_ref().map(ToString::to_string),
        target,
        ..ProfileDraft::default()
    }
}

fn differences(saved: &ProfileDraft, linked: &ProfileDraft) -> Vec<LinkDifference> {
    [
        (
            LinkField::AwsProfile,
            &saved.aws_profile,
            &linked.aws_profile,
        ),
        (LinkField::Region, &saved.region, &linked.region),
        (LinkField::Document, &saved.document, &linked.document),
    ]
    .into_iter()
    .filter(|(_, saved, linked)| saved != linked)
    .map(|(field, saved, linked)| LinkDifference {
        field,
        saved: saved.clone(),
        linked: linked.clone(),
    })
    .collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use profiles::ProfileId;

    use super::*;

    const PLACE: &str =
        "sessiondeck://connect?target=i-0123456789abcdef0&region=eu-west-1&awsProfile=corp";

    fn saved(name: &str, region: &str) -> Profile {
        let draft = ProfileDraft {
            name: name.to_owned(),
            target: "i-0123456789abcdef0".to_owned(),
            region: Some(region.to_owned()),
            aws_profile: Some("corp".to_owned()),
            ..ProfileDraft::default()
        };
        Profile::new(ProfileId::random(), draft)
    }

    fn only(links: &DeepLinks, saved: &[Profile]) -> LinkAsks {
        let mut all = links.requests(saved, &["corp".to_owned()]);
        assert_eq!(all.len(), 1);
        all.remove(0).asks
    }

    #[test]
    fn a_place_tells_what_differs_from_what_is_saved() {
        let links = DeepLinks::default();
        assert!(links.add(PLACE));
        let (same, other) = (saved("Web", "eu-west-1"), saved("Old web", "eu-west-2"));
        let LinkAsks::Place {
            draft,
            unknown_aws_profile,
            matches,
        } = only(&links, &[same, other])
        else {
            panic!("a place");
        };
        assert_eq!(draft.name, "i-0123456789abcdef0");
        assert!(!unknown_aws_profile);
        assert_eq!(matches[0].differences, []);
        assert_eq!(
            matches[1].differences,
            [LinkDifference {
                field: LinkField::Region,
                saved: Some("eu-west-2".to_owned()),
                linked: Some("eu-west-1".to_owned()),
            }]
        );
        let id = links.requests(&[], &[])[0].id;
        assert_eq!(links.place(id).unwrap().target, "i-0123456789abcdef0");
        assert!(matches!(
            &links.requests(&[], &[])[0].asks,
            LinkAsks::Place { unknown_aws_profile: true, matches, .. } if matches.is_empty()
        ));
        links.forget(id);
        assert_eq!(links.place(id), None);
        assert_eq!(links.requests(&[], &[]), []);
    }

    #[test]
    fn saved_connections_are_found_by_name_and_by_id() {
        let (first, second) = (saved("Web", "eu-west-1"), saved("Web", "eu-west-2"));
        let saved = [first, second];
        for (link, expected) in [
            ("sessiondeck://connect?profile=Web".to_owned(), 2),
            (format!("sessiondeck://connect?profile={}", saved[1].id), 1),
        ] {
            let links = DeepLinks::default();
            links.add(&link);
            let LinkAsks::Saved { profiles } = only(&links, &saved) else {
                panic!("{link}");
            };
            assert_eq!(profiles.len(), expected);
            assert_eq!(links.place(1), None);
        }
        let links = DeepLinks::default();
        links.add("sessiondeck://connect?profile=Nobody");
        assert!(matches!(only(&links, &saved), LinkAsks::Refused { .. }));
    }

    #[test]
    fn a_bad_link_is_told_without_its_contents() {
        let links = DeepLinks::default();
        assert!(links.add("sessiondeck://connect?profile=a&token=hunter2"));
        let LinkAsks::Refused { message } = only(&links, &[]) else {
            panic!("refused");
        };
        assert!(message.ends_with('.') && !message.contains("hunter2"));
    }

    #[test]
    fn the_same_link_waits_once_and_few_wait_at_all() {
        let links = DeepLinks::default();
        assert!(links.add(PLACE));
        assert!(!links.add(PLACE));
        for number in 0..20 {
            links.add(&format!("sessiondeck://connect?profile=a{number}"));
        }
        assert_eq!(links.requests(&[], &[]).len(), STANDING_MAX);
    }

    #[test]
    fn links_are_picked_out_of_the_arguments() {
        let arguments = [
            "/usr/bin/sessiondeck",
            "--flag",
            "SESSIONDECK://connect?profile=a",
            "https://example.com",
            "é",
        ]
        .map(str::to_owned);
        let found: Vec<_> = in_arguments(&arguments).collect();
        assert_eq!(found, ["SESSIONDECK://connect?profile=a"]);
    }
}
