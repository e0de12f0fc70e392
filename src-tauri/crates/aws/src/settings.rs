//! What one connection says of AWS: whose credentials, which region, which endpoints.

use std::collections::BTreeMap;

use secrecy::SecretString;

use crate::credentials::Source;

/// Where credentials come from.
#[derive(Clone, Debug, Default)]
pub enum Credentials {
    /// From the AWS configuration of this computer: the default chain, or the AWS profile that [`Settings`] names.
    #[default]
    Configured,
    /// The keys of the environment's variables and nothing else.
    Environment,
    /// Keys that were typed into the application, kept under this name.
    Stored(String),
    /// Given here.
    Keys {
        /// The access key's id.
        access_key_id: String,
        /// The access key.
        secret_access_key: SecretString,
        /// For temporary credentials.
        session_token: Option<SecretString>,
    },
}

/// Endpoints in place of AWS's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The URL of the Session Manager API.
    pub ssm: String,
    /// The URL of the message gateway; `None`: the same host as the API.
    pub ssmmessages: Option<String>,
}

/// What differs from this computer's way to AWS, for one connection: for its API calls, its data channel and whatever its
/// credentials take. The default differs in nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct NetworkOverrides {
    /// The URL of the proxy in place of the environment's; what the exceptions name and this computer's own addresses are
    /// reached straight all the same.
    pub proxy: Option<String>,
    /// The hosts that are reached straight, in place of `NO_PROXY` and written like it.
    pub no_proxy: Option<String>,
    /// The file of certificate authorities, in place of `AWS_CA_BUNDLE` and the AWS profile's; `~/` is the home folder.
    pub ca_bundle: Option<String>,
    /// URLs in place of AWS's own, by service: `ssm`, `ssmmessages`, `kms`, `sts`, `ec2`, `sso`, `sso-oidc`.
    pub endpoints: BTreeMap<String, String>,
}

impl NetworkOverrides {
    /// Says whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The URL in place of a service's own; the SDK writes `SSO OIDC` where people write `sso-oidc`.
    pub(crate) fn endpoint(&self, service_id: &str) -> Option<&str> {
        let plain = |name: &str| name.to_ascii_lowercase().replace([' ', '-'], "");
        let wanted = plain(service_id);
        self.endpoints
            .iter()
            .find(|(name, _)| plain(name) == wanted)
            .map(|(_, url)| url.as_str())
    }
}

/// What one connection says of AWS. The default is what the AWS tools would do without any option.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The AWS profile; `None`: `AWS_PROFILE`, else `default`.
    pub aws_profile: Option<String>,
    /// The region; `None`: what the profile or the environment says.
    pub region: Option<String>,
    /// Endpoints in place of AWS's own; `None`: what the AWS configuration says, else AWS's own.
    pub endpoint: Option<Endpoint>,
    /// Where credentials come from.
    pub credentials: Credentials,
    /// What differs in the way to AWS.
    pub network: NetworkOverrides,
}

impl Settings {
    /// What the broker is asked for.
    #[must_use]
    pub fn source(&self) -> Source {
        match (&self.credentials, &self.aws_profile) {
            (Credentials::Stored(name), _) => Source::Stored(name.clone()),
            (Credentials::Environment, _) => Source::Environment,
            (Credentials::Configured | Credentials::Keys { .. }, Some(profile)) => {
                Source::Profile(profile.clone())
            }
            (Credentials::Configured | Credentials::Keys { .. }, None) => Source::DefaultChain,
        }
    }
}
