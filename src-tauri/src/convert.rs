//! Between the profile store's types and the window's.

use ipc::{CommandError, ErrorCode};
use profiles::{ProfileId, Replacement, StoreError};

/// A profile id from the page.
pub(crate) fn profile_id(text: &str) -> Result<ProfileId, CommandError> {
    text.parse().map_err(|_| unknown_profile())
}

/// What to say of an id that no profile has.
pub(crate) fn unknown_profile() -> CommandError {
    CommandError {
        code: ErrorCode::UnknownProfile,
        message: "This profile does not exist any more.".to_owned(),
    }
}

pub(crate) fn profile_to_page(profile: profiles::Profile) -> ipc::Profile {
    ipc::Profile {
        id: profile.id.to_string(),
        built_in: profile.is_built_in(),
        draft: draft_to_page(profile.draft),
    }
}

pub(crate) fn draft_to_page(draft: profiles::ProfileDraft) -> ipc::ProfileDraft {
    ipc::ProfileDraft {
        name: draft.name,
        aws_profile: draft.aws_profile,
        region: draft.region,
        target: draft.target,
        document: draft.document,
        parameters: draft.parameters,
        reason: draft.reason,
        colour: colour_to_page(draft.colour),
    }
}

pub(crate) fn draft_from_page(draft: ipc::ProfileDraft) -> profiles::ProfileDraft {
    profiles::ProfileDraft {
        name: draft.name,
        aws_profile: draft.aws_profile,
        region: draft.region,
        target: draft.target,
        document: draft.document,
        parameters: draft.parameters,
        reason: draft.reason,
        colour: colour_from_page(draft.colour),
    }
}

fn colour_to_page(colour: profiles::ProfileColour) -> ipc::ProfileColour {
    use profiles::ProfileColour as Store;
    match colour {
        Store::None => ipc::ProfileColour::None,
        Store::Red => ipc::ProfileColour::Red,
        Store::Orange => ipc::ProfileColour::Orange,
        Store::Yellow => ipc::ProfileColour::Yellow,
        Store::Green => ipc::ProfileColour::Green,
        Store::Teal => ipc::ProfileColour::Teal,
        Store::Blue => ipc::ProfileColour::Blue,
        Store::Purple => ipc::ProfileColour::Purple,
        Store::Pink => ipc::ProfileColour::Pink,
    }
}

fn colour_from_page(colour: ipc::ProfileColour) -> profiles::ProfileColour {
    use ipc::ProfileColour as Page;
    match colour {
        Page::None => profiles::ProfileColour::None,
        Page::Red => profiles::ProfileColour::Red,
        Page::Orange => profiles::ProfileColour::Orange,
        Page::Yellow => profiles::ProfileColour::Yellow,
        Page::Green => profiles::ProfileColour::Green,
        Page::Teal => profiles::ProfileColour::Teal,
        Page::Blue => profiles::ProfileColour::Blue,
        Page::Purple => profiles::ProfileColour::Purple,
        Page::Pink => profiles::ProfileColour::Pink,
    }
}

pub(crate) fn notice_to_page(notice: &profiles::StoreNotice) -> ipc::StoreNotice {
    use profiles::StoreNotice as Store;
    let count = |profiles: usize| u32::try_from(profiles).unwrap_or(u32::MAX);
    match notice {
        Store::Damaged {
            kept_as,
            problem,
            replaced_by,
        } => ipc::StoreNotice::Damaged {
            kept_as: kept_as.display().to_string(),
            problem: problem.clone(),
            restored: match replaced_by {
                Replacement::Nothing => None,
                Replacement::Earlier(restored) => Some(count(restored.profiles)),
                Replacement::Known { profiles } => Some(count(*profiles)),
            },
        },
        Store::Missing { restored } => ipc::StoreNotice::Missing {
            restored: count(restored.profiles),
        },
        Store::Newer { schema } => ipc::StoreNotice::Newer { schema: *schema },
        Store::Unreadable { problem } => ipc::StoreNotice::Unreadable {
            problem: problem.clone(),
        },
        // Kinds that the store may learn later.
        _ => ipc::StoreNotice::Unreadable {
            problem: notice.message(),
        },
    }
}

pub(crate) fn store_error(error: &StoreError) -> CommandError {
    let code = match error {
        StoreError::BuiltIn => ErrorCode::BuiltInProfile,
        StoreError::Unknown(_) => ErrorCode::UnknownProfile,
        StoreError::Invalid(_) => ErrorCode::InvalidArgument,
        StoreError::ChangedElsewhere { .. }
        | StoreError::Newer { .. }
        | StoreError::Unreadable { .. }
        | StoreError::Busy
        | StoreError::Full
        | StoreError::Write { .. }
        | StoreError::Verify
        | _ => ErrorCode::Store,
    };
    CommandError {
        code,
        message: error.message(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use super::*;

    #[test]
    fn a_draft_survives_the_way_to_the_page_and_back() {
        let draft = profiles::ProfileDraft {
            name: "db".to_owned(),
            aws_profile: Some("corp".to_owned()),
            region: Some("eu-west-1".to_owned()),
            target: "i-0123456789abcdef0".to_owned(),
            document: Some("AWS-StartInteractiveCommand".to_owned()),
            parameters: [("command".to_owned(), vec!["top".to_owned()])].into(),
            reason: Some("ticket 7".to_owned()),
            colour: profiles::ProfileColour::Purple,
        };
        assert_eq!(draft_from_page(draft_to_page(draft.clone())), draft);
    }

    #[test]
    fn what_is_no_id_is_an_unknown_profile() {
        assert_eq!(
            profile_id("../../etc/passwd").unwrap_err().code,
            ErrorCode::UnknownProfile
        );
    }
}
