//! From a saved connection to what a session is started with.

use std::collections::BTreeMap;

use aws::{KeyFuture, StoredKey, StoredKeys};
use profiles::{Connection, CredentialSource, ReasonTemplate, ReasonValues};
use secrets::KeyStore;

use crate::person::ReasonQuestion;
use crate::startup::Startup;

/// What one session is started with.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// What the connection is called, for questions.
    pub name: String,
    /// Whose credentials, which region, which endpoints.
    pub settings: aws::Settings,
    /// Target, document, parameters, reason.
    pub request: aws::StartSession,
    /// The tags of the node to start it on, where the target is a rule; then the request's target is the rule in words.
    pub tags: Option<BTreeMap<String, String>>,
    /// The reason, where the person has to be asked for a part of it; then the request has none yet.
    pub asked_reason: Option<AskedReason>,
    /// What is typed into the new shell.
    pub startup: Startup,
}

/// A reason with a place for the person's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedReason {
    template: ReasonTemplate,
    profile: String,
    target: String,
    user: String,
    host: String,
}

impl AskedReason {
    /// What the person is asked.
    #[must_use]
    pub fn question(&self) -> ReasonQuestion {
        ReasonQuestion {
            connection: self.profile.clone(),
            preview: self.filled("…").unwrap_or_default(),
            most_chars: self.template.room(&self.values("")),
        }
    }

    /// The reason with this answer; nothing where that leaves nothing.
    #[must_use]
    pub fn filled(&self, answer: &str) -> Option<String> {
        self.template.fill(&self.values(answer))
    }

    fn values<'a>(&'a self, answer: &'a str) -> ReasonValues<'a> {
        ReasonValues {
            profile: &self.profile,
            target: &self.target,
            user: &self.user,
            host: &self.host,
            answer,
        }
    }
}

impl Plan {
    /// What a saved connection says. The reason's places for user and host are filled; one with a place for the person's
    /// answer waits for that.
    #[must_use]
    pub fn of(connection: &Connection) -> Self {
        let target = connection.target.to_string();
        let variable = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| std::env::var(name).ok())
                .unwrap_or_default()
        };
        let (user, host) = (
            variable(&["USER", "USERNAME"]),
            variable(&["HOSTNAME", "COMPUTERNAME"]),
        );
        let reason = connection.reason.clone().map(|template| AskedReason {
            template,
            profile: connection.name.as_str().to_owned(),
            target: target.clone(),
            user,
            host,
        });
        let (asked_reason, told) = match reason {
            Some(reason) if reason.template.asks() => (Some(reason), None),
            told => (None, told),
        };
        let reason = told.and_then(|reason| reason.filled(""));
        Self {
            name: connection.name.as_str().to_owned(),
            asked_reason,
            startup: Startup::of(connection),
            settings: settings(connection),
            tags: connection.target.tags(),
            request: aws::StartSession {
                target,
                document: connection
                    .document
                    .as_ref()
                    .map(|document| document.as_str().to_owned()),
                parameters: connection.parameters.clone(),
                reason,
            },
        }
    }
}

/// What a saved connection says of AWS.
#[must_use]
pub fn settings(connection: &Connection) -> aws::Settings {
    let (aws_profile, credentials) = match &connection.credentials {
        // The simulator's own plan has its keys.
        CredentialSource::DefaultChain | CredentialSource::Demo => {
            (None, aws::Credentials::Configured)
        }
        CredentialSource::AwsProfile(name) => {
            (Some(name.as_str().to_owned()), aws::Credentials::Configured)
        }
        CredentialSource::Keyring(entry) => {
            (None, aws::Credentials::Stored(entry.as_str().to_owned()))
        }
        CredentialSource::Environment => (None, aws::Credentials::Environment),
    };
    let network = &connection.network;
    let endpoints = &network.endpoints;
    aws::Settings {
        aws_profile,
        region: connection
            .region
            .as_ref()
            .map(|region| region.as_str().to_owned()),
        endpoint: endpoints.get("ssm").map(|ssm| aws::Endpoint {
            ssm: ssm.clone(),
            ssmmessages: endpoints.get("ssmmessages").cloned(),
        }),
        credentials,
        network: aws::NetworkOverrides {
            proxy: network.proxy.clone(),
            no_proxy: network.no_proxy.clone(),
            ca_bundle: network.ca_bundle.clone(),
            endpoints: endpoints.clone(),
        },
    }
}

/// The system's keyring, for the broker.
#[derive(Clone, Debug)]
pub struct Keyring(pub KeyStore);

impl StoredKeys for Keyring {
    fn find<'a>(&'a self, name: &'a str) -> KeyFuture<'a> {
        Box::pin(async move {
            let told =
                |trouble: secrets::Trouble| format!("{} {}", trouble.message(), trouble.remedy());
            let keys = self.0.get(name).await.map_err(told)?;
            let keys =
                keys.ok_or_else(|| format!("The keyring holds no keys of the name {name}."))?;
            Ok(StoredKey {
                access_key_id: keys.access_key_id,
                secret_access_key: keys.secret_access_key,
                session_token: keys.session_token,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use profiles::{ProfileDetails, ProfileDraft};

    use super::*;

    fn plan(change: impl FnOnce(&mut ProfileDraft, &mut ProfileDetails)) -> Plan {
        let mut draft = ProfileDraft {
            name: "Shop".to_owned(),
            target: "i-0123456789abcdef0".to_owned(),
            ..ProfileDraft::default()
        };
        let mut details = ProfileDetails::default();
        change(&mut draft, &mut details);
        Plan::of(&Connection::parse(&draft, &details).expect("it is valid"))
    }

    #[test]
    fn credentials_come_from_where_the_connection_says() {
        let source =
            |change: fn(&mut ProfileDraft, &mut ProfileDetails)| plan(change).settings.source();
        assert_eq!(source(|_, _| ()), aws::Source::DefaultChain);
        assert_eq!(
            source(|draft, _| draft.aws_profile = Some("ops".to_owned())),
            aws::Source::Profile("ops".to_owned())
        );
        assert_eq!(
            source(|_, details| details.credentials = Some("environment".to_owned())),
            aws::Source::Environment
        );
        assert_eq!(
            source(|_, details| details.credentials = Some("keyring:mine".to_owned())),
            aws::Source::Stored("mine".to_owned())
        );
    }

    #[test]
    fn everything_that_a_session_starts_with_is_taken_over() {
        let plan = plan(|draft, details| {
            draft.reason = Some("{profile}: {ask}".to_owned());
            details.startup_command = Some("htop".to_owned());
            details.user = Some("deploy".to_owned());
            details.network.proxy = Some("http://proxy.test:3128".to_owned());
            details.network.no_proxy = Some("inside.test".to_owned());
            details.network.ca_bundle = Some("~/corp.pem".to_owned());
            let sts = ("sts".to_owned(), "https://sts.example.com".to_owned());
            details.network.endpoints = BTreeMap::from([sts]);
        });
        assert_eq!(plan.request.reason, None, "the person is asked first");
        let asked = plan.asked_reason.expect("it asks");
        let question = asked.question();
        assert_eq!(question.preview, "Shop: …");
        assert_eq!(question.most_chars, 250);
        assert_eq!(asked.filled("ticket 7").as_deref(), Some("Shop: ticket 7"));
        assert_eq!(plan.startup.typed(), "sudo -n -iu deploy; exit\rhtop\r");
        let network = plan.settings.network;
        assert_eq!(network.proxy.as_deref(), Some("http://proxy.test:3128"));
        assert_eq!(network.no_proxy.as_deref(), Some("inside.test"));
        assert_eq!(network.ca_bundle.as_deref(), Some("~/corp.pem"));
        assert_eq!(network.endpoints["sts"], "https://sts.example.com");
    }

    #[test]
    fn a_rule_is_followed_by_its_tags_and_the_reason_is_filled() {
        let plan = plan(|draft, details| {
            draft.target = "tag:Role=db,Stage=prod".to_owned();
            draft.reason = Some("{profile} at {target}".to_owned());
            let ssm = ("ssm".to_owned(), "https://ssm.example.com".to_owned());
            details.network.endpoints = BTreeMap::from([ssm]);
        });
        let tags = plan.tags.expect("a rule");
        assert_eq!(tags.get("Role").map(String::as_str), Some("db"));
        assert_eq!(tags.len(), 2);
        assert_eq!(
            plan.request.reason.as_deref(),
            Some("Shop at tag:Role=db,Stage=prod")
        );
        let endpoint = plan.settings.endpoint.expect("it is declared");
        assert_eq!(endpoint.ssm, "https://ssm.example.com");
    }
}
