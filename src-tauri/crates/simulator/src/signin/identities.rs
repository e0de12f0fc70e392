//! The identities behind access keys: the user of the configuration, and the holders of temporary credentials that were
//! given out here. Whatever is signed for this service is checked here, so that all of its parts accept the same keys.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use secrecy::SecretString;

use crate::api_error::ApiError;
use crate::config::Config;
use crate::random;
use crate::service::Service;
use crate::sigv4::{self, SignatureError};

/// Temporary credentials that are remembered, expired ones among them.
const REMEMBERED: usize = 1000;

/// Somebody who signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) arn: String,
    /// The unique id that GetCallerIdentity answers.
    pub(crate) user_id: String,
    pub(crate) account_id: String,
    /// The user's name or the role session's: session ids begin with it.
    pub(crate) name: String,
    /// The role, if this is a session of one.
    pub(crate) role_arn: Option<String>,
    /// Whether the credentials are temporary ones.
    pub(crate) is_temporary: bool,
    /// Whether they were given out for the code of a device.
    pub(crate) has_mfa: bool,
}

impl Identity {
    /// The user whose long-term keys the configuration has.
    pub(crate) fn configured(config: &Config) -> Self {
        let (account, name) = (&config.account_id, &config.principal);
        Self {
            arn: format!("arn:aws:iam::{account}:user/{name}"),
            user_id: unique_id("AIDA", name),
            account_id: account.clone(),
            name: name.clone(),
            role_arn: None,
            is_temporary: config.session_token.is_some(),
            has_mfa: false,
        }
    }

    /// A session of a role, whose ARN this is, by this name.
    pub(crate) fn role_session(role_arn: &str, session_name: &str) -> Self {
        let account_id = role_arn.split(':').nth(4).unwrap_or_default();
        // A role's path is not part of its sessions' ARNs.
        let role = role_arn.rsplit('/').next().unwrap_or_default();
        Self {
            arn: format!("arn:aws:sts::{account_id}:assumed-role/{role}/{session_name}"),
            user_id: format!("{}:{session_name}", unique_id("AROA", role_arn)),
            account_id: account_id.to_owned(),
            name: session_name.to_owned(),
            role_arn: Some(role_arn.to_owned()),
            is_temporary: true,
            has_mfa: false,
        }
    }
}

/// The same id for the same thing, in every run.
fn unique_id(prefix: &str, of: &str) -> String {
    use sha2::{Digest as _, Sha256};
    let digest = hex::encode_upper(Sha256::digest(of));
    format!("{prefix}{}", &digest[..17])
}

/// Temporary credentials as they are given out.
pub(crate) struct Issued {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: SecretString,
    pub(crate) session_token: SecretString,
    expires_ms: AtomicU64,
    pub(crate) identity: Arc<Identity>,
}

impl Issued {
    pub(crate) fn expires_ms(&self) -> u64 {
        self.expires_ms.load(Ordering::Relaxed)
    }
}

/// All identities of a running service.
pub(crate) struct Identities {
    configured: Arc<Identity>,
    issued: Mutex<VecDeque<Arc<Issued>>>,
}

impl std::fmt::Debug for Identities {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identities")
    }
}

impl Identities {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            configured: Arc::new(Identity::configured(config)),
            issued: Mutex::default(),
        }
    }

    /// The identity of the configuration.
    pub(crate) fn configured(&self) -> Arc<Identity> {
        Arc::clone(&self.configured)
    }

    /// New temporary credentials.
    pub(crate) fn issue(&self, identity: Identity, now_ms: u64, lifetime: Duration) -> Arc<Issued> {
        let lifetime_ms = u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX);
        let issued = Arc::new(Issued {
            access_key_id: random::temporary_access_key_id(),
            secret_access_key: random::secret_access_key(),
            session_token: random::token(),
            expires_ms: AtomicU64::new(now_ms.saturating_add(lifetime_ms)),
            identity: Arc::new(identity),
        });
        let mut all = self.lock();
        if all.len() >= REMEMBERED {
            all.pop_front();
        }
        all.push_back(Arc::clone(&issued));
        issued
    }

    /// Ends all temporary credentials that have been given out until now.
    pub(crate) fn expire(&self) {
        for issued in self.lock().iter() {
            issued.expires_ms.store(0, Ordering::Relaxed);
        }
    }

    fn find(&self, access_key_id: &str) -> Option<Arc<Issued>> {
        let all = self.lock();
        let issued = all.iter().find(|one| one.access_key_id == access_key_id);
        issued.cloned()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Issued>>> {
        self.issued.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a caller is not let in.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Stranger {
    /// The signature is not good.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// It is, but by credentials that have expired.
    #[error("the credentials have expired")]
    Expired,
}

impl From<Stranger> for ApiError {
    fn from(stranger: Stranger) -> Self {
        match stranger {
            Stranger::Signature(error) => error.into(),
            Stranger::Expired => Self::expired_token(),
        }
    }
}

/// Who signed this request for a service. Where no signature is required, it is the identity of the configuration,
/// unless temporary credentials are named.
pub(crate) fn authenticate(
    service: &Service,
    service_name: &str,
    parts: &http::request::Parts,
    body: &[u8],
) -> Result<Arc<Identity>, Stranger> {
    let config = &service.config;
    let issued = sigv4::access_key_id(&parts.headers).and_then(|id| service.identities.find(id));
    if config.require_signature {
        let (access_key_id, secret_access_key, session_token) = match &issued {
            Some(issued) => (
                &issued.access_key_id,
                &issued.secret_access_key,
                Some(&issued.session_token),
            ),
            None => (
                &config.access_key_id,
                &config.secret_access_key,
                config.session_token.as_ref(),
            ),
        };
        let expected = sigv4::Expected {
            access_key_id,
            secret_access_key,
            session_token,
            region: &config.region,
            service: service_name,
            clock_window: config.clock_window,
        };
        let request = sigv4::Request {
            method: parts.method.as_str(),
            path: parts.uri.path(),
            query: parts.uri.query().unwrap_or_default(),
            headers: &parts.headers,
            body,
        };
        expected
            .verify(&request, service.now_secs())
            .inspect_err(|error| {
                tracing::info!(service = service_name, %error, "signature refused");
            })?;
    }
    let Some(issued) = issued else {
        return Ok(service.identities.configured());
    };
    if issued.expires_ms() <= service.now_ms() {
        return Err(Stranger::Expired);
    }
    Ok(Arc::clone(&issued.identity))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn role_sessions_are_named_as_iam_names_them() {
        let identity =
            Identity::role_session("arn:aws:iam::111122223333:role/ops/Operator", "alice@x");
        assert_eq!(
            identity.arn,
            "arn:aws:sts::111122223333:assumed-role/Operator/alice@x"
        );
        assert_eq!(identity.account_id, "111122223333");
        let (role_id, name) = identity.user_id.split_once(':').unwrap_or_default();
        assert_eq!((role_id.len(), name), (21, "alice@x"));
    }

    #[test]
    fn credentials_are_remembered_up_to_a_bound_and_never_shown() {
        let identities = Identities::new(&Config::default());
        let issue = || {
            let identity = Identity::role_session("arn:aws:iam::1:role/A", "s");
            identities.issue(identity, 0, Duration::from_secs(1))
        };
        let first = issue();
        for _ in 0..REMEMBERED {
            issue();
        }
        assert!(identities.find(&first.access_key_id).is_none());
        assert!(identities.find(&issue().access_key_id).is_some());
        assert_eq!(identities.lock().len(), REMEMBERED);
        assert_eq!(format!("{identities:?}"), "Identities");
    }
}
