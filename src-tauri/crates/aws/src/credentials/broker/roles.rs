//! Roles: assumed with other credentials, with a code where they demand one, and kept as long as they are good.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use shared_config::{RoleStep, SharedConfig};
use tracing::warn;

use super::{DEFAULT_REGION, Held, Inner, REFRESH_WINDOW, variable};
use crate::credentials::assumed_role::{AssumedRoleUser, RoleFile, RoleRequest};
use crate::credentials::question::{MfaNeed, Need};
use crate::error::{Action, Error, ErrorCode};

/// Those that a person typed a code for are used to the end, but for a call's time.
const MFA_WINDOW: Duration = Duration::from_secs(60);
/// How STS words that a code is wrong or was used before.
const WRONG_CODE: &str = "MultiFactorAuthentication failed";

impl Inner {
    /// What the role gave earlier, if it will do for a while.
    pub(super) fn kept_role(&self, step: &RoleStep) -> Option<Credentials> {
        let now = SystemTime::now();
        let request = request(step);
        let window = if request.mfa_serial.is_some() {
            MFA_WINDOW
        } else {
            REFRESH_WINDOW
        };
        let key = (step.profile.clone(), request);
        if let Some(held) = self.kept().by_step.get(&key)
            && !held.is_due_at(now, window)
        {
            return Some(held.credentials.clone());
        }
        // The AWS CLI may have asked for the code already.
        let (_, request) = &key;
        request.mfa_serial.as_ref()?;
        let file: RoleFile = self.role_cache.as_ref()?.read(&request.cache_name())?;
        let held = Held::new(file.into_credentials(now + MFA_WINDOW)?);
        self.kept().by_step.insert(key, held.clone());
        Some(held.credentials)
    }

    pub(super) async fn assume(
        &self,
        files: &SharedConfig,
        step: &RoleStep,
        source: Credentials,
        code: Option<&str>,
    ) -> Result<Credentials, Error> {
        let request = request(step);
        if let (Some(serial), None) = (&request.mfa_serial, code) {
            return Err(Error::needs(Need::Mfa(MfaNeed {
                serial: serial.clone(),
                profile: step.profile.clone(),
                role_arn: request.role_arn.clone(),
                request,
            })));
        }
        let services = self.services(files, Some(&step.profile))?;
        let region = step.role.region.clone().or_else(|| variable("AWS_REGION"));
        let sts = services
            .sts(region.as_deref().unwrap_or(DEFAULT_REGION), source)
            .await;
        let user = variable("USER").or_else(|| variable("USERNAME"));
        let duration = request
            .duration_seconds
            .and_then(|seconds| i32::try_from(seconds).ok());
        let output = sts
            .assume_role()
            .role_arn(&request.role_arn)
            .role_session_name(request.session_name_or(user.as_deref()))
            .set_external_id(request.external_id.clone())
            .set_duration_seconds(duration)
            .set_serial_number(request.mfa_serial.clone())
            .set_token_code(code.map(str::to_owned))
            .send()
            .await
            .map_err(|error| {
                let action = || Action::AssumeRole(request.role_arn.clone());
                let error = Error::from_sdk(&error, action());
                // STS says of a wrong code what it says of everything else.
                let is_about_code = error
                    .detail()
                    .is_some_and(|detail| detail.contains(WRONG_CODE));
                if code.is_some() && error.code() == ErrorCode::AccessDenied && is_about_code {
                    Error::new(ErrorCode::CodeRefused, error.detail()).during(action())
                } else {
                    error
                }
            })?;
        let given = output.credentials.ok_or_else(|| {
            Error::new(
                ErrorCode::MalformedAnswer,
                Some("AssumeRole's answer lacks the credentials".to_owned()),
            )
        })?;
        let mut builder = Credentials::builder()
            .access_key_id(given.access_key_id)
            .secret_access_key(given.secret_access_key)
            .session_token(given.session_token)
            .provider_name("AssumeRole");
        builder.set_expiry(SystemTime::try_from(given.expiration).ok());
        let account = request.role_arn.split(':').nth(4);
        if let Some(account) = account.filter(|account| account.len() == 12) {
            builder = builder.account_id(account);
        }
        let credentials = builder.build();
        if request.mfa_serial.is_some() {
            let user = output.assumed_role_user.map(|user| AssumedRoleUser {
                id: user.assumed_role_id,
                arn: user.arn,
            });
            self.keep_role_file(&request, &credentials, user).await;
        }
        let key = (step.profile.clone(), request);
        self.kept()
            .by_step
            .insert(key, Held::new(credentials.clone()));
        Ok(credentials)
    }

    /// For the AWS CLI, which would ask for another code. That it cannot be written is no reason not to go on.
    pub(super) async fn keep_role_file(
        &self,
        request: &RoleRequest,
        credentials: &Credentials,
        user: Option<AssumedRoleUser>,
    ) {
        let file = RoleFile::new(credentials, user);
        let (Some(cache), Some(file)) = (self.role_cache.clone(), file) else {
            return;
        };
        let name = request.cache_name();
        let written = tokio::task::spawn_blocking(move || cache.write(&name, &file)).await;
        if let Ok(Err(error)) = written {
            warn!(%error, "the AWS CLI's cache of roles cannot be written");
        }
    }

    pub(super) async fn assume_with_code(&self, mfa: &MfaNeed, code: &str) -> Result<(), Error> {
        let files = self.files();
        let gone = || {
            Error::new(
                ErrorCode::ProfileUnusable,
                Some(format!("The AWS profile {} has changed.", mfa.profile)),
            )
        };
        let mut chain = files.chain(&mfa.profile).map_err(|_| gone())?;
        let step = chain
            .steps
            .pop()
            .filter(|step| request(step) == mfa.request)
            .ok_or_else(gone)?;
        let source = self.of_chain(&files, &chain).await?;
        self.assume(&files, &step, source, Some(code)).await?;
        Ok(())
    }
}

pub(super) fn request(step: &RoleStep) -> RoleRequest {
    let role = &step.role;
    RoleRequest {
        role_arn: role.role_arn.clone(),
        session_name: role.role_session_name.clone(),
        external_id: role.external_id.clone(),
        duration_seconds: role.duration_seconds,
        mfa_serial: role.mfa_serial.clone(),
    }
}
