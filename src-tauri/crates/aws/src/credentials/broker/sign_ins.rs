//! IAM Identity Center: tokens kept, shared with the AWS tools and renewed, and the profiles that need them.

use std::sync::Arc;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use shared_config::{Base, SharedConfig, Sso};
use tracing::{debug, warn};

use super::Inner;
use crate::credentials::question::Need;
use crate::credentials::services::Services;
use crate::credentials::sso::token::{SsoSession, SsoToken, TokenFile};
use crate::credentials::sso::{portal, sign_in};
use crate::error::{Error, ErrorCode};

impl Inner {
    pub(super) async fn of_sso(
        &self,
        files: &SharedConfig,
        profile: &str,
        sso: &Sso,
    ) -> Result<Credentials, Error> {
        let (Some(account), Some(role)) = (&sso.account_id, &sso.role_name) else {
            return Err(Error::new(
                ErrorCode::ProfileUnusable,
                Some(format!(
                    "The AWS profile {profile} signs in but names no account and role; add sso_account_id and sso_role_name."
                )),
            ));
        };
        let session = session_of(sso);
        let token = self.token(&session).await?;
        let services = self.services(files, Some(profile))?;
        let client = services.portal(&session).await;
        let given = portal::role_credentials(&client, &session, &token, account, role).await;
        if given.as_ref().is_err_and(|error| error.need().is_some()) {
            self.kept().tokens.remove(&session);
        }
        given
    }

    /// A token that is good now, renewed if that is due. Those who ask at once share one answer.
    pub(super) async fn token(&self, session: &SsoSession) -> Result<Arc<SsoToken>, Error> {
        let now = SystemTime::now();
        let token = self.token_at_hand(session);
        if let Some(token) = &token
            && !token.is_due_at(now)
        {
            return Ok(Arc::clone(token));
        }
        let is_good = token.as_ref().is_some_and(|token| token.is_good_at(now));
        let need = || Error::needs(Need::SignIn(session.clone()));
        let Some(old) = token.clone().filter(|token| token.renewal.is_some()) else {
            return token.filter(|_| is_good).ok_or_else(need);
        };
        let files = self.files();
        let profile = profile_of(&files, session);
        let network = self.network(&files, profile.as_deref())?;
        let of = session.clone();
        let renewing = self.token_flights.join(session.clone(), || async move {
            let services = Services {
                network,
                files: &files,
                profile: profile.as_deref(),
            };
            let client = services.oidc(&of).await;
            let Some(renewal) = &old.renewal else {
                return Err(Error::needs(Need::SignIn(of)));
            };
            match sign_in::renew(&client, renewal, SystemTime::now()).await? {
                Some(token) => Ok(Arc::new(token)),
                None => Err(Error::needs(Need::SignIn(of))),
            }
        });
        match renewing.await {
            // Signed out meanwhile, which holds.
            Ok(_) if self.token_at_hand(session).is_none() => Err(need()),
            Ok(renewed) => {
                debug!(session = session.label(), "sign-in renewed");
                self.keep_token(session, SsoToken::clone(&renewed)).await;
                Ok(renewed)
            }
            Err(error) => {
                // Another program may have renewed it, which makes ours useless.
                let newer = self.token_at_hand(session);
                newer
                    .filter(|token| token.is_good_at(SystemTime::now()))
                    .ok_or(error)
            }
        }
    }

    /// The token of memory or of the AWS tools' cache, whichever lasts longer; it may be over.
    pub(super) fn token_at_hand(&self, session: &SsoSession) -> Option<Arc<SsoToken>> {
        let kept = self.kept().tokens.get(session).cloned();
        let filed = self
            .sso_cache
            .as_ref()
            .and_then(|cache| cache.read::<TokenFile>(&session.cache_name()))
            .and_then(TokenFile::into_token)
            .map(Arc::new);
        match (kept, filed) {
            (Some(kept), Some(filed)) if filed.expires_at > kept.expires_at => Some(filed),
            (Some(kept), _) => Some(kept),
            (None, filed) => filed,
        }
    }

    pub(super) async fn keep_token(&self, session: &SsoSession, token: SsoToken) {
        let file = TokenFile::new(session, &token);
        self.kept().tokens.insert(session.clone(), Arc::new(token));
        let (Some(cache), name) = (self.sso_cache.clone(), session.cache_name()) else {
            return;
        };
        let written = tokio::task::spawn_blocking(move || cache.write(&name, &file)).await;
        if let Ok(Err(error)) = written {
            // It is good here until the application ends.
            warn!(%error, "the AWS tools' cache of sign-ins cannot be written");
        }
    }
}

pub(super) fn session_of(sso: &Sso) -> SsoSession {
    SsoSession {
        name: sso.session.clone(),
        start_url: sso.start_url.clone(),
        region: sso.region.clone(),
        scopes: sso.scopes.clone(),
    }
}

/// Every sign-in that a profile or a session section names.
pub(super) fn sessions(files: &SharedConfig) -> Vec<SsoSession> {
    let sections = files.sso_sessions().filter_map(|session| {
        Some(SsoSession {
            name: Some(session.name().to_owned()),
            start_url: session.start_url()?.to_owned(),
            region: session.region()?.to_owned(),
            scopes: session.scopes().to_vec(),
        })
    });
    sections
        .chain(files.profiles().filter_map(|profile| {
            let chain = files.chain(profile.name()).ok()?;
            let Base::Sso(sso) = &chain.base else {
                return None;
            };
            Some(session_of(sso))
        }))
        .collect()
}

/// A profile of this sign-in: it may say how to reach the service.
pub(super) fn profile_of(files: &SharedConfig, session: &SsoSession) -> Option<String> {
    files
        .profiles()
        .find(|profile| {
            files.chain(profile.name()).is_ok_and(
                |chain| matches!(&chain.base, Base::Sso(sso) if session_of(sso) == *session),
            )
        })
        .map(|profile| profile.name().to_owned())
}
