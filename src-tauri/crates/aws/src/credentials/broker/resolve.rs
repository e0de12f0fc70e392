//! What a source needs: the default chain, an AWS profile with its chain of roles, typed keys.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_types::region::Region;
use secrecy::ExposeSecret;
use shared_config::{Base, Chain, SharedConfig};

use super::{DEFAULT_REGION, Held, Inner, Source, default_profile, variable};
use crate::credentials::process;
use crate::error::{Error, ErrorCode};
use crate::network;

/// For a library's provider: the container's or the instance's answer, a token's exchange.
const PROVIDER_TIMEOUT: Duration = Duration::from_secs(30);

impl Inner {
    pub(super) async fn resolve(self: Arc<Self>, source: Source) -> Result<Credentials, Error> {
        let credentials = match &source {
            Source::Profile(name) => self.of_profile(name).await?,
            Source::DefaultChain => self.of_default_chain().await?,
            Source::Environment => environment().await?,
            Source::Stored(name) => self.of_store(name).await?,
        };
        if !Held::new(credentials.clone()).is_good_at(SystemTime::now()) {
            return Err(Error::new(ErrorCode::ExpiredCredentials, None));
        }
        self.kept()
            .by_source
            .insert(source, Held::new(credentials.clone()));
        Ok(credentials)
    }

    pub(super) async fn of_profile(&self, name: &str) -> Result<Credentials, Error> {
        let files = self.files();
        let chain = files.chain(name).map_err(|error| {
            Error::new(
                ErrorCode::ProfileUnusable,
                Some(format!("The AWS profile {name} cannot be used: {error}.")),
            )
        })?;
        self.of_chain(&files, &chain).await
    }

    /// The order of the SDKs' default chain, but that the instance's metadata is asked only where a profile says so: off
    /// AWS the question takes seconds to fail.
    pub(super) async fn of_default_chain(&self) -> Result<Credentials, Error> {
        if variable("AWS_ACCESS_KEY_ID").is_some() && variable("AWS_SECRET_ACCESS_KEY").is_some() {
            return environment().await;
        }
        let name = default_profile();
        let files = self.files();
        let is_named = variable("AWS_PROFILE").is_some();
        if is_named || files.profile(&name).is_some() {
            match files.chain(&name) {
                Ok(chain) if !matches!(chain.base, Base::Empty) => {
                    return self.of_chain(&files, &chain).await;
                }
                Ok(_) => {}
                Err(_) => return self.of_profile(&name).await,
            }
        }
        self.of_surroundings(&files).await
    }

    /// What the environment points to without naming keys.
    pub(super) async fn of_surroundings(&self, files: &SharedConfig) -> Result<Credentials, Error> {
        let has = |name: &str| variable(name).is_some();
        if has("AWS_WEB_IDENTITY_TOKEN_FILE") && has("AWS_ROLE_ARN") {
            let config = self.provider_config(files, None)?;
            let provider = WebIdentityTokenCredentialsProvider::builder()
                .configure(&config)
                .build();
            return provided(&provider).await;
        }
        if has("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
            || has("AWS_CONTAINER_CREDENTIALS_FULL_URI")
        {
            let config = self.provider_config(files, None)?;
            return provided(&EcsCredentialsProvider::builder().configure(&config).build()).await;
        }
        Err(Error::new(ErrorCode::NoCredentials, None))
    }

    pub(super) async fn of_store(&self, name: &str) -> Result<Credentials, Error> {
        let missing = |why: String| Error::new(ErrorCode::NoCredentials, Some(why));
        let keys = self
            .options
            .keys
            .as_ref()
            .ok_or_else(|| missing("No keys are kept here.".to_owned()))?;
        let key = keys.find(name).await.map_err(missing)?;
        Ok(Credentials::new(
            key.access_key_id,
            key.secret_access_key.expose_secret(),
            key.session_token
                .map(|token| token.expose_secret().to_owned()),
            None,
            "Stored",
        ))
    }

    pub(super) async fn of_chain(
        &self,
        files: &SharedConfig,
        chain: &Chain,
    ) -> Result<Credentials, Error> {
        let mut steps = chain.steps.as_slice();
        // From the end: what a later role gave needs no earlier one.
        let kept = steps
            .iter()
            .enumerate()
            .rev()
            .find_map(|(at, step)| Some((at, self.kept_role(step)?)));
        let mut credentials = match kept {
            Some((at, credentials)) => {
                steps = steps.get(at + 1..).unwrap_or_default();
                credentials
            }
            None => self.of_base(files, chain).await?,
        };
        for step in steps {
            credentials = self.assume(files, step, credentials, None).await?;
        }
        Ok(credentials)
    }

    pub(super) async fn of_base(
        &self,
        files: &SharedConfig,
        chain: &Chain,
    ) -> Result<Credentials, Error> {
        let profile = chain.base_profile.as_str();
        match &chain.base {
            Base::Keys(keys) => {
                let mut builder = Credentials::builder()
                    .access_key_id(&keys.access_key_id)
                    .secret_access_key(keys.secret_access_key.expose_secret())
                    .provider_name("ProfileFile");
                builder.set_session_token(
                    keys.session_token
                        .as_ref()
                        .map(|token| token.expose_secret().to_owned()),
                );
                if let Some(account) = &keys.account_id {
                    builder = builder.account_id(account.as_str());
                }
                Ok(builder.build())
            }
            Base::Sso(sso) => self.of_sso(files, profile, sso).await,
            Base::Process(process) => process::run(&process.command, process::TIME_LIMIT).await,
            Base::WebIdentity(_) | Base::Login(_) => {
                let config = self.provider_config(files, Some(profile))?;
                let provider = ProfileFileCredentialsProvider::builder()
                    .configure(&config)
                    .profile_files(network::profile_files(&files.sanitized()))
                    .profile_name(profile)
                    .build();
                provided(&provider).await
            }
            Base::Environment => environment().await,
            Base::Ec2InstanceMetadata => {
                let config = self.provider_config(files, Some(profile))?;
                provided(
                    &ImdsCredentialsProvider::builder()
                        .configure(&config)
                        .build(),
                )
                .await
            }
            Base::EcsContainer => {
                let config = self.provider_config(files, Some(profile))?;
                provided(&EcsCredentialsProvider::builder().configure(&config).build()).await
            }
            Base::Empty => self.of_surroundings(files).await,
        }
    }

    pub(super) fn provider_config(
        &self,
        files: &SharedConfig,
        profile: Option<&str>,
    ) -> Result<ProviderConfig, Error> {
        let network = self.network(files, profile)?;
        let region = profile
            .and_then(|name| files.profile(name)?.region().map(str::to_owned))
            .or_else(|| variable("AWS_REGION"))
            .unwrap_or_else(|| DEFAULT_REGION.to_owned());
        Ok(ProviderConfig::without_region()
            .with_region(Some(Region::new(region)))
            .with_http_client(network.http.clone()))
    }
}

/// What a library's provider gives.
pub(super) async fn provided(provider: &impl ProvideCredentials) -> Result<Credentials, Error> {
    match tokio::time::timeout(PROVIDER_TIMEOUT, provider.provide_credentials()).await {
        Ok(given) => given.map_err(|error| Error::from_credentials(&error)),
        Err(_) => Err(Error::new(
            ErrorCode::Network,
            Some("no answer came for the credentials".to_owned()),
        )),
    }
}

pub(super) async fn environment() -> Result<Credentials, Error> {
    provided(&EnvironmentVariableCredentialsProvider::new()).await
}
