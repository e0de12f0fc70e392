//! What a profile's settings amount to, in the order of precedence of the Rust SDK
//! (`aws-config`, `profile/credentials/repr.rs`).

use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use secrecy::SecretString;

use crate::model::{Profile, SsoSession};

/// What STS accepts as `DurationSeconds`.
const DURATION_SECONDS: RangeInclusive<u32> = 900..=43_200;

/// Where a profile's credentials come from.
#[derive(Clone, Debug)]
pub enum ProfileKind {
    /// Keys that stand in the file.
    Keys(Keys),
    /// A role to assume with other credentials.
    Role(Role),
    /// IAM Identity Center, by an `[sso-session]`.
    SsoSession(Sso),
    /// IAM Identity Center, with everything in the profile itself.
    SsoLegacy(Sso),
    /// A program that prints them.
    Process(Process),
    /// A role to assume with an OpenID Connect token from a file.
    WebIdentity(WebIdentity),
    /// A sign-in made by `aws login`.
    Login(Login),
    /// `credential_source` without a role.
    Source(RoleSource),
    /// Nothing by itself: the environment or the machine may have some.
    Empty,
    /// Settings that contradict each other or are incomplete; a sentence that says so.
    Broken(String),
}

/// Keys that stand in the file.
#[derive(Clone, Debug)]
pub struct Keys {
    /// `aws_access_key_id`.
    pub access_key_id: String,
    /// `aws_secret_access_key`.
    pub secret_access_key: SecretString,
    /// `aws_session_token`, with temporary ones.
    pub session_token: Option<SecretString>,
    /// `aws_account_id`.
    pub account_id: Option<String>,
}

/// A role to assume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// `role_arn`.
    pub role_arn: String,
    /// With whose credentials.
    pub source: RoleSource,
    /// `external_id`.
    pub external_id: Option<String>,
    /// `role_session_name`.
    pub role_session_name: Option<String>,
    /// `duration_seconds`, within what STS accepts: 900 to 43,200.
    pub duration_seconds: Option<u32>,
    /// `mfa_serial`: a code is to be asked for.
    pub mfa_serial: Option<String>,
    /// The profile's region.
    pub region: Option<String>,
}

/// With whose credentials a role is assumed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleSource {
    /// `source_profile`; the profile's own name stands for what else it has.
    Profile(String),
    /// `credential_source = Environment`.
    Environment,
    /// `credential_source = Ec2InstanceMetadata`.
    Ec2InstanceMetadata,
    /// `credential_source = EcsContainer`.
    EcsContainer,
}

/// IAM Identity Center.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sso {
    /// `sso_start_url`.
    pub start_url: String,
    /// `sso_region`: where Identity Center is, not where the profile works.
    pub region: String,
    /// `sso_account_id`; given exactly when `role_name` is.
    pub account_id: Option<String>,
    /// `sso_role_name`.
    pub role_name: Option<String>,
    /// The name of the `[sso-session]`.
    pub session: Option<String>,
    /// `sso_registration_scopes` of the session.
    pub scopes: Vec<String>,
}

/// A program that prints credentials. Its arguments may be secret: `Debug` leaves them out.
#[derive(Clone, PartialEq, Eq)]
pub struct Process {
    /// `credential_process`, for the shell.
    pub command: String,
    /// `aws_account_id`, for when the program does not tell.
    pub account_id: Option<String>,
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process")
            .field("program", &self.command.split_whitespace().next())
            .finish_non_exhaustive()
    }
}

/// A role to assume with a token from a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebIdentity {
    /// `role_arn`.
    pub role_arn: String,
    /// `web_identity_token_file`.
    pub token_file: PathBuf,
    /// `role_session_name`.
    pub session_name: Option<String>,
}

/// A sign-in made by `aws login`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// `login_session`: the ARN of who signed in.
    pub session_arn: String,
}

/// The kind of a profile. `session` finds `[sso-session]`s.
pub(crate) fn kind<'a>(
    profile: &Profile,
    session: impl Fn(&str) -> Option<&'a SsoSession>,
) -> ProfileKind {
    role(profile)
        .unwrap_or_else(|| base(profile, session))
        .unwrap_or_else(ProfileKind::Broken)
}

/// A role that needs a source; a role with a token file is its own base.
fn role(profile: &Profile) -> Option<Result<ProfileKind, String>> {
    if profile.property("web_identity_token_file").is_some() {
        return None;
    }
    let role_arn = profile.property("role_arn")?;
    let source = match (
        profile.property("source_profile"),
        profile.property("credential_source"),
    ) {
        (Some(_), Some(_)) => Err(
            "it has both source_profile and credential_source; a role takes one of them".to_owned(),
        ),
        (None, None) => Err(
            "it has a role_arn, but neither source_profile nor credential_source to assume it with"
                .to_owned(),
        ),
        (Some(name), None) => Ok(RoleSource::Profile(name.to_owned())),
        (None, Some(name)) => named_source(name),
    };
    let made = || {
        Ok(ProfileKind::Role(Role {
            role_arn: role_arn.to_owned(),
            source: source?,
            external_id: profile.owned("external_id"),
            role_session_name: profile.owned("role_session_name"),
            duration_seconds: duration_seconds(profile)?,
            mfa_serial: profile.owned("mfa_serial"),
            region: profile.owned("region"),
        }))
    };
    Some(made())
}

fn named_source(name: &str) -> Result<RoleSource, String> {
    [
        ("Environment", RoleSource::Environment),
        ("Ec2InstanceMetadata", RoleSource::Ec2InstanceMetadata),
        ("EcsContainer", RoleSource::EcsContainer),
    ]
    .into_iter()
    .find(|(known, _)| known.eq_ignore_ascii_case(name))
    .map(|(_, source)| source)
    .ok_or_else(|| {
        format!(
            "its credential_source is \"{name}\"; there are Environment, Ec2InstanceMetadata and EcsContainer"
        )
    })
}

fn duration_seconds(profile: &Profile) -> Result<Option<u32>, String> {
    let Some(text) = profile.property("duration_seconds") else {
        return Ok(None);
    };
    text.parse()
        .ok()
        .filter(|seconds| DURATION_SECONDS.contains(seconds))
        .map(Some)
        .ok_or_else(|| {
            format!(
                "its duration_seconds is \"{text}\"; it must be a number from {} to {}",
                DURATION_SECONDS.start(),
                DURATION_SECONDS.end()
            )
        })
}

/// What the profile has without a source profile; for a role that names its own profile, what it is assumed with.
pub(crate) fn base<'a>(
    profile: &Profile,
    session: impl Fn(&str) -> Option<&'a SsoSession>,
) -> Result<ProfileKind, String> {
    if let Some(source) = profile.property("credential_source") {
        return named_source(source).map(ProfileKind::Source);
    }
    if let Some(token_file) = profile.property("web_identity_token_file") {
        let role_arn = profile
            .owned("role_arn")
            .ok_or("it has a web_identity_token_file, but no role_arn to assume with it")?;
        return Ok(ProfileKind::WebIdentity(WebIdentity {
            role_arn,
            token_file: PathBuf::from(token_file),
            session_name: profile.owned("role_session_name"),
        }));
    }
    if let Some(found) = sso(profile, session) {
        return found;
    }
    if let Some(session_arn) = profile.owned("login_session") {
        return Ok(ProfileKind::Login(Login { session_arn }));
    }
    if let Some(command) = profile.owned("credential_process") {
        return Ok(ProfileKind::Process(Process {
            command,
            account_id: profile.owned("aws_account_id"),
        }));
    }
    Ok(keys(profile)?.map_or(ProfileKind::Empty, ProfileKind::Keys))
}

fn sso<'a>(
    profile: &Profile,
    session: impl Fn(&str) -> Option<&'a SsoSession>,
) -> Option<Result<ProfileKind, String>> {
    let [account_id, role_name, start_url, region, session_name] = [
        "sso_account_id",
        "sso_role_name",
        "sso_start_url",
        "sso_region",
        "sso_session",
    ]
    .map(|name| profile.owned(name));
    if [&account_id, &role_name, &start_url, &region, &session_name]
        .iter()
        .all(|value| value.is_none())
    {
        return None;
    }
    let made = || {
        match (&account_id, &role_name) {
            (Some(_), None) => return Err("it has sso_account_id, but no sso_role_name".to_owned()),
            (None, Some(_)) => return Err("it has sso_role_name, but no sso_account_id".to_owned()),
            (Some(_), Some(_)) | (None, None) => {}
        }
        let Some(session_name) = session_name else {
            return Ok(ProfileKind::SsoLegacy(Sso {
                start_url: start_url.ok_or("it signs in by SSO, but has no sso_start_url")?,
                region: region.ok_or("it signs in by SSO, but has no sso_region")?,
                account_id,
                role_name,
                session: None,
                scopes: Vec::new(),
            }));
        };
        let session = session(&session_name).ok_or_else(|| {
            format!("its sso_session is \"{session_name}\", but there is no [sso-session {session_name}]")
        })?;
        // Both at once, as a profile has that was moved to a session: fine while they say the same.
        for (name, here, there) in [
            ("sso_start_url", &start_url, session.start_url()),
            ("sso_region", &region, session.region()),
        ] {
            if here.is_some() && here.as_deref() != there {
                return Err(format!(
                    "its {name} is not that of [sso-session {session_name}]"
                ));
            }
        }
        let of_session = |name: &str, value: Option<&str>| {
            value
                .map(str::to_owned)
                .ok_or_else(|| format!("[sso-session {session_name}] has no {name}"))
        };
        Ok(ProfileKind::SsoSession(Sso {
            start_url: of_session("sso_start_url", session.start_url())?,
            region: of_session("sso_region", session.region())?,
            account_id,
            role_name,
            scopes: session.scopes().to_vec(),
            session: Some(session_name.clone()),
        }))
    };
    Some(made())
}

/// Keys that stand in the profile; an error where they are incomplete.
pub(crate) fn keys(profile: &Profile) -> Result<Option<Keys>, String> {
    let access_key_id = profile.owned("aws_access_key_id");
    let secret_access_key = profile.secret("aws_secret_access_key");
    let session_token = profile.session_token();
    if access_key_id.is_none() && secret_access_key.is_none() && session_token.is_none() {
        return Ok(None);
    }
    Ok(Some(Keys {
        access_key_id: access_key_id.ok_or("it has no aws_access_key_id to its other keys")?,
        secret_access_key: secret_access_key
            .ok_or("it has no aws_secret_access_key to its other keys")?
            .clone(),
        session_token: session_token.cloned(),
        account_id: profile.owned("aws_account_id"),
    }))
}
