//! What the services that give out credentials are told: the roles of STS with who may assume them, and the people of
//! IAM Identity Center with their accounts.

use std::time::Duration;

use secrecy::SecretString;

/// Roles, people and how long what they get is good for. The default has neither roles nor people: then STS knows the
/// caller only, and IAM Identity Center is not there at all.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SignIn {
    /// The roles that STS knows.
    pub roles: Vec<Role>,
    /// The devices whose codes STS accepts.
    pub mfa_devices: Vec<MfaDevice>,
    /// How long the credentials of assumed roles are good for, in place of what callers ask for.
    pub assumed_role_lifetime: Option<Duration>,
    /// The people of IAM Identity Center. The first is the one in front of the browser, until
    /// [`Simulator::sign_in_as`](crate::Simulator::sign_in_as) says another.
    pub users: Vec<User>,
    /// The accounts they may have roles in.
    pub accounts: Vec<Account>,
    /// The start URL of the access portal, which is also the issuer. Without one it is an address of the simulator that
    /// cannot be guessed; nobody can sign in who does not know it.
    pub start_url: Option<String>,
    /// How long things are good for.
    pub lifetimes: Lifetimes,
    /// The accounts or roles in an answer, where callers do not ask for less.
    pub page_len: usize,
}

impl Default for SignIn {
    fn default() -> Self {
        Self {
            roles: Vec::new(),
            mfa_devices: Vec::new(),
            assumed_role_lifetime: None,
            users: Vec::new(),
            accounts: Vec::new(),
            start_url: None,
            lifetimes: Lifetimes::default(),
            page_len: 20,
        }
    }
}

impl SignIn {
    /// Gives a user a role in an account. Both are made where they are not there yet.
    pub fn assign(&mut self, user: &str, account_id: &str, role: &str) {
        if !self.accounts.iter().any(|one| one.id == account_id) {
            self.accounts.push(Account::new(account_id, account_id));
        }
        let assignment = (account_id.to_owned(), role.to_owned());
        match self.users.iter_mut().find(|one| one.name == user) {
            Some(user) => user.assignments.push(assignment),
            None => self.users.push(User {
                name: user.to_owned(),
                assignments: vec![assignment],
            }),
        }
    }
}

/// Somebody who signs in at IAM Identity Center.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct User {
    /// The name of their role sessions.
    pub name: String,
    /// The roles they have: account and name.
    pub assignments: Vec<(String, String)>,
}

/// An account of the organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Account {
    /// Twelve digits.
    pub id: String,
    /// The name people gave it.
    pub name: String,
    /// The address of its owner.
    pub email: String,
}

impl Account {
    /// An account of this id and name.
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        let id = id.into();
        Self {
            email: format!("{id}@example.com"),
            id,
            name: name.into(),
        }
    }
}

/// How long what IAM Identity Center gives out is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lifetimes {
    /// The registration of a client.
    pub client: Duration,
    /// An authorization code.
    pub code: Duration,
    /// A device code with its user code.
    pub device_code: Duration,
    /// What clients must let pass between two questions for a device code.
    pub poll_interval: Duration,
    /// An access token.
    pub access_token: Duration,
    /// A sign-in: that long after it, refresh tokens end.
    pub sign_in: Duration,
    /// The credentials of a role.
    pub role_credentials: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            client: Duration::from_secs(90 * 24 * 3600),
            code: Duration::from_secs(5 * 60),
            device_code: Duration::from_secs(10 * 60),
            poll_interval: Duration::from_secs(1),
            access_token: Duration::from_secs(3600),
            sign_in: Duration::from_secs(8 * 3600),
            role_credentials: Duration::from_secs(3600),
        }
    }
}

/// The ARN of the role that stands for an assignment of IAM Identity Center in an account: what a [`Role::trusted`]
/// names to let its sessions in.
pub fn sso_role_arn(region: &str, account_id: &str, role: &str) -> String {
    use sha2::{Digest as _, Sha256};
    let digest = hex::encode(Sha256::digest(format!("{account_id}/{role}")));
    format!(
        "arn:aws:iam::{account_id}:role/aws-reserved/sso.amazonaws.com/{region}/AWSReservedSSO_{role}_{}",
        &digest[..16]
    )
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
