//! From a profile to what its credentials come from in the end.

use std::collections::BTreeSet;

use crate::kind::{self, Keys, Login, Process, ProfileKind, Role, RoleSource, Sso, WebIdentity};
use crate::model::{Profile, SharedConfig};

/// How to obtain a profile's credentials.
#[derive(Clone, Debug)]
pub struct Chain {
    /// What the first step is taken with.
    pub base: Base,
    /// The profile that has the base.
    pub base_profile: String,
    /// The roles in the order in which they are assumed; the last one is the asked profile's.
    pub steps: Vec<RoleStep>,
}

/// A role of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleStep {
    /// The profile that says so.
    pub profile: String,
    /// The role.
    pub role: Role,
}

/// What needs no other credentials.
#[derive(Clone, Debug)]
pub enum Base {
    /// Keys of the file.
    Keys(Keys),
    /// IAM Identity Center, by a session or not.
    Sso(Sso),
    /// A program.
    Process(Process),
    /// A role with a token from a file.
    WebIdentity(WebIdentity),
    /// A sign-in made by `aws login`.
    Login(Login),
    /// The environment's variables.
    Environment,
    /// The instance's role.
    Ec2InstanceMetadata,
    /// The container's role.
    EcsContainer,
    /// The asked profile has nothing: whatever the environment and the machine have.
    Empty,
}

/// Why there is no chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// The asked profile does not exist.
    #[error("there is no profile \"{profile}\"")]
    NoSuchProfile {
        /// Its name.
        profile: String,
    },
    /// A `source_profile` does not exist.
    #[error(
        "the profile \"{named_by}\" has the source_profile \"{profile}\", which does not exist"
    )]
    MissingSource {
        /// Its name.
        profile: String,
        /// The profile that names it.
        named_by: String,
    },
    /// A `source_profile` has no credentials.
    #[error(
        "the profile \"{named_by}\" has the source_profile \"{profile}\", which has no credentials"
    )]
    EmptySource {
        /// Its name.
        profile: String,
        /// The profile that names it.
        named_by: String,
    },
    /// The profiles name each other in a circle.
    #[error("the profiles are each other's source_profile in a circle: {}", profiles.join(" → "))]
    Loop {
        /// The way from the asked profile until the first one comes again.
        profiles: Vec<String>,
    },
    /// A profile on the way contradicts itself or is incomplete.
    #[error("the profile \"{profile}\" cannot be used: {reason}")]
    Broken {
        /// Its name.
        profile: String,
        /// A clause that says why; its subject is "it".
        reason: String,
    },
}

impl SharedConfig {
    /// Follows `source_profile` from a profile to its base. A source profile's own keys come before its role.
    ///
    /// # Errors
    ///
    /// If a profile is missing, empty, broken or met again.
    pub fn chain(&self, name: &str) -> Result<Chain, ChainError> {
        let Some(mut profile) = self.profile(name) else {
            // Nobody wrote it down, so nobody expects anything of it.
            if name == "default" {
                return Ok(Chain {
                    base: Base::Empty,
                    base_profile: name.to_owned(),
                    steps: Vec::new(),
                });
            }
            return Err(ChainError::NoSuchProfile {
                profile: name.to_owned(),
            });
        };
        let mut visited = vec![name];
        let mut known = BTreeSet::from([name]);
        let mut steps = Vec::new();
        let base = loop {
            if visited.len() > 1
                && let Ok(Some(keys)) = kind::keys(profile)
            {
                break Base::Keys(keys);
            }
            let ProfileKind::Role(role) = profile.kind() else {
                break base(profile.kind().clone(), profile, &visited)?;
            };
            steps.push(RoleStep {
                profile: profile.name().to_owned(),
                role: role.clone(),
            });
            match &role.source {
                RoleSource::Environment => break Base::Environment,
                RoleSource::Ec2InstanceMetadata => break Base::Ec2InstanceMetadata,
                RoleSource::EcsContainer => break Base::EcsContainer,
                RoleSource::Profile(source) if source == profile.name() => {
                    // Once more the same, for what it has besides the role.
                    visited.push(source);
                    let own = kind::base(profile, |name| self.sso_session(name))
                        .unwrap_or_else(ProfileKind::Broken);
                    break base(own, profile, &visited)?;
                }
                RoleSource::Profile(source) => {
                    if !known.insert(source) {
                        visited.push(source);
                        return Err(ChainError::Loop {
                            profiles: visited.into_iter().map(str::to_owned).collect(),
                        });
                    }
                    profile = self
                        .profile(source)
                        .ok_or_else(|| ChainError::MissingSource {
                            profile: source.clone(),
                            named_by: profile.name().to_owned(),
                        })?;
                    visited.push(source);
                }
            }
        };
        steps.reverse();
        Ok(Chain {
            base,
            base_profile: profile.name().to_owned(),
            steps,
        })
    }

    /// The account in which a profile's credentials act, where the files tell: by the role, the account chosen for
    /// SSO, `aws_account_id`, or the ARN of who signs in.
    #[must_use]
    pub fn account_of(&self, name: &str) -> Option<String> {
        let profile = self.profile(name)?;
        let account = |arn: &str| account_of_arn(arn).map(str::to_owned);
        match profile.kind() {
            ProfileKind::Role(role) => account(&role.role_arn),
            ProfileKind::WebIdentity(identity) => account(&identity.role_arn),
            ProfileKind::SsoSession(sso) | ProfileKind::SsoLegacy(sso) => {
                sso.account_id.clone().filter(|id| is_account(id))
            }
            ProfileKind::Login(login) => account(&login.session_arn),
            ProfileKind::Keys(_) | ProfileKind::Process(_) => profile
                .owned("aws_account_id")
                .filter(|id| is_account(id))
                .or_else(|| account(profile.mfa_serial()?)),
            ProfileKind::Source(_) | ProfileKind::Empty | ProfileKind::Broken(_) => None,
        }
    }
}

fn base(kind: ProfileKind, profile: &Profile, visited: &[&str]) -> Result<Base, ChainError> {
    let name = profile.name().to_owned();
    Ok(match kind {
        ProfileKind::Keys(keys) => Base::Keys(keys),
        ProfileKind::SsoSession(sso) | ProfileKind::SsoLegacy(sso) => Base::Sso(sso),
        ProfileKind::Process(process) => Base::Process(process),
        ProfileKind::WebIdentity(identity) => Base::WebIdentity(identity),
        ProfileKind::Login(login) => Base::Login(login),
        ProfileKind::Source(RoleSource::Environment) => Base::Environment,
        ProfileKind::Source(RoleSource::Ec2InstanceMetadata) => Base::Ec2InstanceMetadata,
        ProfileKind::Source(RoleSource::EcsContainer) => Base::EcsContainer,
        ProfileKind::Empty => match visited {
            [.., named_by, _] => {
                return Err(ChainError::EmptySource {
                    profile: name,
                    named_by: (*named_by).to_owned(),
                });
            }
            _ => Base::Empty,
        },
        ProfileKind::Broken(reason) => {
            return Err(ChainError::Broken {
                profile: name,
                reason,
            });
        }
        // INVARIANT: a role is followed by the caller, and a source that is a profile only comes with a role.
        ProfileKind::Role(_) | ProfileKind::Source(RoleSource::Profile(_)) => {
            return Err(ChainError::Broken {
                profile: name,
                reason: "it has a role where credentials were expected".to_owned(),
            });
        }
    })
}

fn account_of_arn(arn: &str) -> Option<&str> {
    let mut parts = arn.split(':');
    (parts.next()? == "arn")
        .then(|| parts.nth(3))
        .flatten()
        .filter(|id| is_account(id))
}

fn is_account(id: &str) -> bool {
    id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit())
}
