//! What to connect to: a target, or the name of a saved connection.

use std::path::PathBuf;
use std::time::SystemTime;

use connect::{Keyring, Plan};
use profiles::{Connection, Profile, ProfileDetails, ProfileDraft, ProfileStore, ReasonTemplate};
use secrets::KeyStore;

use crate::options::Options;
use crate::trouble::{Trouble, USAGE};

/// What a session there is started with; options win over what is saved.
///
/// # Errors
///
/// When there is no such place, or a value is wrong.
pub(crate) fn plan(place: &str, options: &Options) -> Result<Plan, Trouble> {
    let profiles = profiles::config_dir().map(saved).unwrap_or_default();
    let (draft, details) = draft(place, options, profiles)?;
    let connection = Connection::parse(&draft, &details).map_err(|errors| {
        let sentences: Vec<String> = errors.into_iter().map(|error| error.message).collect();
        Trouble::usage(sentences.join(" "))
    })?;
    let plan = Plan::of(&connection);
    // What the command line says of endpoints wins.
    let endpoint = settings(options).endpoint.or(plan.settings.endpoint);
    Ok(Plan {
        settings: aws::Settings {
            endpoint,
            ..plan.settings
        },
        ..plan
    })
}

/// What the options alone say of AWS.
pub(crate) fn settings(options: &Options) -> aws::Settings {
    aws::Settings {
        aws_profile: options.aws_profile.clone(),
        region: options.region.clone(),
        endpoint: options.endpoint_url.clone().map(|ssm| aws::Endpoint {
            ssm,
            ssmmessages: None,
        }),
        ..aws::Settings::default()
    }
}

/// The credentials of this computer. Nobody is asked: the terminal is the session's.
pub(crate) fn broker() -> aws::Broker {
    aws::Broker::new(aws::BrokerOptions {
        keys: Some(Box::new(Keyring(KeyStore::start()))),
        ..aws::BrokerOptions::from_environment()
    })
}

fn saved(folder: PathBuf) -> Vec<Profile> {
    let team_files = profiles::team_files(&folder);
    let mut store = ProfileStore::open(folder, SystemTime::now);
    store.set_team_files(team_files);
    store.profiles()
}

fn draft(
    place: &str,
    options: &Options,
    profiles: Vec<Profile>,
) -> Result<(ProfileDraft, ProfileDetails), Trouble> {
    let mut named: Vec<Profile> = profiles
        .into_iter()
        .filter(|profile| profile.draft.name == place)
        .collect();
    if named.len() > 1 {
        return Err(Trouble {
            status: USAGE,
            ..Trouble::failed(format!(
                "{} saved connections are named {place}.",
                named.len()
            ))
        }
        .with_remedy("Rename all but one in Sessiondeck, or name the target."));
    }
    let saved = named.pop();
    if saved.as_ref().is_some_and(Profile::is_built_in) {
        return Err(Trouble {
            status: USAGE,
            ..Trouble::failed("Local demo lives inside Sessiondeck's window.")
        }
        .with_remedy("Open it there."));
    }
    let is_saved = saved.is_some();
    let (base, mut details) = saved.map_or_else(
        || {
            let draft = ProfileDraft {
                name: "command line".to_owned(),
                target: place.to_owned(),
                ..ProfileDraft::default()
            };
            (draft, ProfileDetails::default())
        },
        |profile| (profile.draft, profile.details),
    );
    let draft = ProfileDraft {
        aws_profile: options.aws_profile.clone().or(base.aws_profile),
        region: options.region.clone().or(base.region),
        document: options.document.clone().or(base.document),
        // A reason that asks gets its answer from there, see `person`; any other is replaced.
        reason: match base.reason {
            Some(saved) if asks(&saved) => Some(saved),
            saved => options.reason.clone().or(saved),
        },
        parameters: if options.parameters.is_empty() {
            base.parameters
        } else {
            options.parameters.clone()
        },
        ..base
    };
    if options.aws_profile.is_some() {
        details.credentials = None;
    }
    draft.validate().map_err(|errors| {
        let sentences: Vec<String> = errors.into_iter().map(|error| error.message).collect();
        let trouble = Trouble::usage(sentences.join(" "));
        if is_saved || is_like_a_target(place) {
            trouble
        } else {
            Trouble {
                message: format!("No saved connection is named {place}, and it is no target."),
                ..trouble
            }
            .with_remedy(sentences.join(" "))
        }
    })?;
    Ok((draft, details))
}

fn asks(reason: &str) -> bool {
    reason
        .parse::<ReasonTemplate>()
        .is_ok_and(|reason| reason.asks())
}

fn is_like_a_target(place: &str) -> bool {
    ["i-", "mi-", "ecs:", "name:", "tag:", "asg:"]
        .iter()
        .any(|prefix| place.starts_with(prefix))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use super::*;

    const TARGET: &str = "i-0123456789abcdef0";

    fn store(names: &[&str]) -> Vec<Profile> {
        let folder = tempfile::tempdir().unwrap();
        let mut store = ProfileStore::open(folder.path(), SystemTime::now);
        for name in names {
            let draft = ProfileDraft {
                name: (*name).to_owned(),
                target: TARGET.to_owned(),
                region: Some("eu-west-1".to_owned()),
                reason: Some("saved".to_owned()),
                ..ProfileDraft::default()
            };
            store.save(None, draft).unwrap();
        }
        store.profiles()
    }

    #[test]
    fn a_saved_connection_is_found_by_its_name_and_options_win() {
        let options = Options {
            region: Some("eu-north-1".to_owned()),
            ..Options::default()
        };
        let (draft, _) = draft("db", &options, store(&["web", "db"])).unwrap();
        assert_eq!(draft.target, TARGET);
        assert_eq!(draft.region.as_deref(), Some("eu-north-1"));
        assert_eq!(draft.reason.as_deref(), Some("saved"));
    }

    #[test]
    fn what_is_neither_saved_nor_a_target_is_said_so() {
        let options = Options::default();
        assert!(draft(TARGET, &options, Vec::new()).is_ok());
        let trouble = draft("nowhere", &options, store(&["web"])).unwrap_err();
        assert!(
            trouble
                .message
                .contains("No saved connection is named nowhere")
        );
        let demo = draft("Local demo", &options, store(&[])).unwrap_err();
        assert!(demo.message.contains("inside Sessiondeck's window"));
    }

    #[test]
    fn a_wrong_option_is_a_usage_error() {
        let options = Options {
            region: Some("Frankfurt".to_owned()),
            ..Options::default()
        };
        assert_eq!(
            draft(TARGET, &options, Vec::new()).unwrap_err().status,
            USAGE
        );
    }
}
