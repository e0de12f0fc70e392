//! Between the profile store's types and the window's.

use ipc::{CommandError, ErrorCode, ProfileChange, ProfileField};
use profiles::{
    Entry, Environment, Field, FolderPath, Origin, ProfileDetails, ProfileId, Replacement,
    StoreError,
};

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

pub(crate) fn entry_to_page(entry: Entry) -> ipc::Profile {
    let Entry { profile, origin } = entry;
    ipc::Profile {
        id: profile.id.to_string(),
        built_in: profile.is_built_in(),
        origin: match origin {
            Origin::BuiltIn => ipc::ProfileOrigin::BuiltIn,
            Origin::Personal => ipc::ProfileOrigin::Personal,
            Origin::Team {
                file,
                team,
                overridden,
            } => ipc::ProfileOrigin::Team {
                team,
                file: file.display().to_string(),
                overridden,
            },
        },
        draft: draft_to_page(profile.draft, profile.details),
    }
}

/// A connection that is no team's.
pub(crate) fn profile_to_page(profile: profiles::Profile) -> ipc::Profile {
    let origin = if profile.is_built_in() {
        Origin::BuiltIn
    } else {
        Origin::Personal
    };
    entry_to_page(Entry { profile, origin })
}

/// A folder from the page; empty for the top.
pub(crate) fn folder(text: &str) -> Result<FolderPath, CommandError> {
    text.parse()
        .map_err(|error: profiles::ValueError| invalid(error.message))
}

/// Things of the tree from the page.
pub(crate) fn tree_items(items: &[ipc::TreeItem]) -> Result<Vec<profiles::TreeItem>, CommandError> {
    items
        .iter()
        .map(|item| match item {
            ipc::TreeItem::Profile { id } => profile_id(id).map(profiles::TreeItem::Profile),
            ipc::TreeItem::Folder { path } => folder(path).map(profiles::TreeItem::Folder),
        })
        .collect()
}

/// An argument that is not of the form it must have.
pub(crate) fn invalid(message: String) -> CommandError {
    CommandError {
        code: ErrorCode::InvalidArgument,
        message,
    }
}

/// Gives one connection the value that several are given.
pub(crate) fn apply_change(
    change: &ProfileChange,
    draft: &mut profiles::ProfileDraft,
    details: &mut ProfileDetails,
) {
    match change {
        ProfileChange::Name { name } => draft.name.clone_from(name),
        ProfileChange::Favourite { favourite } => details.favourite = *favourite,
        ProfileChange::Colour { colour } => draft.colour = colour_from_page(*colour),
        ProfileChange::Environment { environment } => {
            details.environment = environment.as_deref().map(Environment::from);
        }
        ProfileChange::AddTag { tag } => details.tags.push(tag.clone()),
        ProfileChange::RemoveTag { tag } => details.tags.retain(|other| other != tag),
    }
}

pub(crate) fn problem_to_page(error: profiles::FieldError) -> ipc::FieldProblem {
    ipc::FieldProblem {
        field: match error.field {
            Field::Name => ProfileField::Name,
            Field::AwsProfile => ProfileField::AwsProfile,
            Field::Region => ProfileField::Region,
            Field::Target => ProfileField::Target,
            Field::Document => ProfileField::Document,
            Field::Parameters => ProfileField::Parameters,
            Field::Reason => ProfileField::Reason,
            Field::Folder => ProfileField::Folder,
            Field::Tags => ProfileField::Tags,
            Field::Environment => ProfileField::Environment,
            Field::Notes => ProfileField::Notes,
            Field::Credentials => ProfileField::Credentials,
            Field::StartupCommand => ProfileField::StartupCommand,
            Field::User => ProfileField::User,
            Field::Shell => ProfileField::Shell,
            Field::Font => ProfileField::Font,
            Field::FontSize => ProfileField::FontSize,
            Field::Theme => ProfileField::Theme,
            Field::Scrollback => ProfileField::Scrollback,
            Field::Proxy => ProfileField::Proxy,
            Field::NoProxy => ProfileField::NoProxy,
            Field::CaBundle => ProfileField::CaBundle,
            Field::Endpoints => ProfileField::Endpoints,
        },
        message: error.message,
    }
}

pub(crate) fn draft_to_page(
    draft: profiles::ProfileDraft,
    details: ProfileDetails,
) -> ipc::ProfileDraft {
    let ProfileDetails {
        terminal, network, ..
    } = details;
    ipc::ProfileDraft {
        name: draft.name,
        aws_profile: draft.aws_profile,
        region: draft.region,
        target: draft.target,
        document: draft.document,
        parameters: draft.parameters,
        reason: draft.reason,
        colour: colour_to_page(draft.colour),
        folder: FolderPath::lenient(&details.folder).to_string(),
        tags: details.tags,
        environment: details
            .environment
            .map(|environment| environment.as_str().to_owned()),
        notes: details.notes,
        favourite: details.favourite,
        credentials: details.credentials,
        startup_command: details.startup_command,
        user: details.user,
        shell: details.shell,
        terminal: ipc::TerminalOverrides {
            font: terminal.font,
            font_size: terminal.font_size,
            theme: terminal.theme,
            scrollback: terminal.scrollback,
        },
        network: ipc::NetworkOverrides {
            proxy: network.proxy,
            no_proxy: network.no_proxy,
            ca_bundle: network.ca_bundle,
            endpoints: network.endpoints,
        },
    }
}

/// What the page says of a connection. `before` is the connection as it was, of which members that this version does
/// not know are kept.
pub(crate) fn draft_from_page(
    draft: ipc::ProfileDraft,
    before: Option<&ProfileDetails>,
) -> (profiles::ProfileDraft, ProfileDetails) {
    let ipc::ProfileDraft {
        terminal, network, ..
    } = draft;
    let details = ProfileDetails {
        folder: draft.folder,
        tags: draft.tags,
        environment: draft.environment.as_deref().map(Environment::from),
        notes: draft.notes,
        favourite: draft.favourite,
        credentials: draft.credentials,
        startup_command: draft.startup_command,
        user: draft.user,
        shell: draft.shell,
        terminal: profiles::TerminalOverrides {
            font: terminal.font,
            font_size: terminal.font_size,
            theme: terminal.theme,
            scrollback: terminal.scrollback,
            unknown: before.map_or_else(Default::default, |before| before.terminal.unknown.clone()),
        },
        network: profiles::NetworkOverrides {
            proxy: network.proxy,
            no_proxy: network.no_proxy,
            ca_bundle: network.ca_bundle,
            endpoints: network.endpoints,
            unknown: before.map_or_else(Default::default, |before| before.network.unknown.clone()),
        },
    };
    let draft = profiles::ProfileDraft {
        name: draft.name,
        aws_profile: draft.aws_profile,
        region: draft.region,
        target: draft.target,
        document: draft.document,
        parameters: draft.parameters,
        reason: draft.reason,
        colour: colour_from_page(draft.colour),
    };
    (draft, details)
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
        let mut details = ProfileDetails {
            folder: "Shop/Data".to_owned(),
            tags: vec!["postgres".to_owned()],
            environment: Some(Environment::Production),
            notes: Some("  two\nlines".to_owned()),
            favourite: true,
            credentials: Some("environment".to_owned()),
            startup_command: Some("tmux".to_owned()),
            user: Some("deploy".to_owned()),
            shell: Some("bash".to_owned()),
            ..ProfileDetails::default()
        };
        details.terminal.font = Some("Iosevka".to_owned());
        details.terminal.font_size = Some(15);
        details.terminal.theme = Some("Dusk".to_owned());
        details.terminal.scrollback = Some(20_000);
        details
            .terminal
            .unknown
            .insert("bell".to_owned(), true.into());
        details.network.proxy = Some("http://proxy.example:3128".to_owned());
        details.network.no_proxy = Some("localhost".to_owned());
        details.network.ca_bundle = Some("/etc/ca.pem".to_owned());
        details.network.endpoints = [("ssm".to_owned(), "https://vpce.example".to_owned())].into();
        details.network.unknown.insert("pace".to_owned(), 7.into());
        let crossed = draft_from_page(
            draft_to_page(draft.clone(), details.clone()),
            Some(&details),
        );
        assert_eq!(crossed, (draft, details));
    }

    #[test]
    fn what_is_no_id_is_an_unknown_profile() {
        assert_eq!(
            profile_id("../../etc/passwd").unwrap_err().code,
            ErrorCode::UnknownProfile
        );
    }
}
