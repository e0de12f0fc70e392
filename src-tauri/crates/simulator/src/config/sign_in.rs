//! What the services that give out credentials are told: the roles of STS with who may assume them, and the people of
//! IAM Identity Center with their accounts.

use std::time::Duration;

use secrecy::SecretString;

/// Roles, people and how long what they get is good for. The default has neither: then STS knows the caller and no role,
/// and IAM Identity Center is not there at all.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SignIn {
    /// The roles that STS knows.
    pub roles: Vec<Role>,
    /// The devices whose codes STS accepts.
    pub mfa_devices: Vec<MfaDevice>,
    /// How long the credentials of assumed roles are good for, in place of what callers ask for.
    pub assumed_role_lifetime: Option<Duration>,
}

/// A role to assume. A new one can be assumed by every identity that signs, for an hour at most.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Role {
    /// `arn:aws:iam::<account>:role/<name>`, with a path or without.
    pub arn: String,
    /// Who may assume it: the ARNs of users, of roles (whose sessions may then, which is a chain) or of single sessions,
    /// `arn:aws:iam::<account>:root` for everybody in an account, or `*`.
    pub trusted: Vec<String>,
    /// What callers must give as `ExternalId`.
    pub external_id: Option<String>,
    /// Whether callers need the code of an [`MfaDevice`], now or when they got their session token.
    pub requires_mfa: bool,
    /// The token that opens it to AssumeRoleWithWebIdentity.
    pub web_identity_token: Option<SecretString>,
    /// The longest `DurationSeconds`. Chains have an hour whatever this is.
    pub max_duration: Duration,
}

impl Role {
    /// A role of this ARN.
    pub fn new(arn: impl Into<String>) -> Self {
        Self {
            arn: arn.into(),
            trusted: vec!["*".to_owned()],
            external_id: None,
            requires_mfa: false,
            web_identity_token: None,
            max_duration: Duration::from_secs(3600),
        }
    }

    /// The same role for these callers only.
    #[must_use]
    pub fn trusting(mut self, trusted: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.trusted = trusted.into_iter().map(Into::into).collect();
        self
    }

    /// The same role for those who give this external id.
    #[must_use]
    pub fn with_external_id(mut self, external_id: &str) -> Self {
        self.external_id = Some(external_id.to_owned());
        self
    }

    /// The same role for those who give a code.
    #[must_use]
    pub fn with_mfa(mut self) -> Self {
        self.requires_mfa = true;
        self
    }

    /// The same role, open to AssumeRoleWithWebIdentity with this token.
    #[must_use]
    pub fn with_web_identity_token(mut self, token: &str) -> Self {
        self.web_identity_token = Some(token.into());
        self
    }
}

/// A device that shows codes of six digits. Each is good once.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MfaDevice {
    /// `arn:aws:iam::<account>:mfa/<name>`, or what is printed on it.
    pub serial: String,
    /// The codes, in any order. [`Simulator::add_mfa_code`](crate::Simulator::add_mfa_code) adds more.
    pub codes: Vec<SecretString>,
}

impl MfaDevice {
    /// A device with these codes.
    pub fn new(
        serial: impl Into<String>,
        codes: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            serial: serial.into(),
            codes: codes
                .into_iter()
                .map(|code| SecretString::from(code.into()))
                .collect(),
        }
    }
}
