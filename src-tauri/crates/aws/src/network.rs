//! How this computer reaches AWS: its proxies and whom it trusts, the same for every call and for the data channel.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_config::ConfigLoader;
use aws_config::identity::IdentityCache;
use aws_config::timeout::TimeoutConfig;
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::SdkConfig;
use aws_types::region::Region;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use secrecy::ExposeSecret;
use shared_config::SharedConfig;

use crate::error::Error;
use crate::http_client;
use crate::proxy::ProxyRules;
use crate::settings::NetworkOverrides;
use crate::tls::{self, Bundle};

/// Begins the names of the variables that declare endpoints.
const ENDPOINT_VARIABLE: &str = "AWS_ENDPOINT_URL";

/// For one connection, one request and one call with its retries.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(15);
const CALL_TIMEOUT: Duration = Duration::from_secs(40);

/// The way to AWS.
pub(crate) struct Network {
    pub(crate) http: SharedHttpClient,
    pub(crate) tls: Arc<rustls::ClientConfig>,
    pub(crate) proxies: Arc<ProxyRules>,
    overrides: Arc<NetworkOverrides>,
}

impl Network {
    /// With the environment's proxies but for what differs, trusting the system's roots and those of this bundle.
    pub(crate) fn new(
        overrides: &Arc<NetworkOverrides>,
        bundle: Option<&Path>,
    ) -> Result<Self, Error> {
        let proxies = Arc::new(ProxyRules::with(overrides)?);
        let bundle = bundle.map(Bundle::read).transpose()?;
        let pem = bundle.as_ref().map(|bundle| bundle.pem.as_slice());
        Ok(Self {
            http: http_client::client(Arc::clone(&proxies), pem)?,
            tls: tls::client_config(bundle.as_ref())?,
            proxies,
            overrides: Arc::clone(overrides),
        })
    }

    /// What calls in this region are made with, but for credentials; the profile and the environment say where.
    pub(crate) async fn sdk_config(
        &self,
        files: &SharedConfig,
        profile: Option<&str>,
        region: &str,
    ) -> SdkConfig {
        let mut loader = self.loader().region(Region::new(region.to_owned()));
        // Only the good lines: one that is broken would make the SDK refuse the whole file.
        let good = files.sanitized();
        loader = loader.profile_files(profile_files(&good));
        if let Some(profile) = profile {
            loader = loader.profile_name(profile);
        }
        let config = loader.no_credentials().load().await;
        if self.overrides.endpoints.is_empty() {
            return config;
        }
        let declared = Declared {
            overrides: Arc::clone(&self.overrides),
            otherwise: config.clone(),
        };
        config.into_builder().service_config(declared).build()
    }

    fn loader(&self) -> ConfigLoader {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .operation_timeout(CALL_TIMEOUT)
            .build();
        aws_config::defaults(aws_config::BehaviorVersion::latest())
            .http_client(self.http.clone())
            .timeout_config(timeouts)
            // The broker keeps what may be kept.
            .identity_cache(IdentityCache::no_cache())
    }
}

/// What the SDK's clients read of each service: the connection's endpoint, else what the environment and the profile say.
struct Declared {
    overrides: Arc<NetworkOverrides>,
    otherwise: SdkConfig,
}

impl fmt::Debug for Declared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Declared").field(&self.overrides).finish()
    }
}

impl LoadServiceConfig for Declared {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        (key.env() == ENDPOINT_VARIABLE)
            .then(|| self.overrides.endpoint(key.service_id()))
            .flatten()
            .map(str::to_owned)
            .or_else(|| self.otherwise.service_config()?.load_config(key))
    }
}

/// The good lines of both files, for the SDK.
pub(crate) fn profile_files(good: &shared_config::Sanitized) -> EnvConfigFiles {
    EnvConfigFiles::builder()
        .with_contents(EnvConfigFileKind::Config, good.config.expose_secret())
        .with_contents(
            EnvConfigFileKind::Credentials,
            good.credentials.expose_secret(),
        )
        .build()
}

/// The file that the connection, `AWS_CA_BUNDLE` or the profile's `ca_bundle` names: the environment before the profile, as
/// for everything else.
pub(crate) fn bundle_path(
    overrides: &NetworkOverrides,
    files: &SharedConfig,
    profile: Option<&str>,
) -> Option<PathBuf> {
    let is_said = |path: &String| !path.trim().is_empty();
    let said = overrides
        .ca_bundle
        .clone()
        .filter(is_said)
        .or_else(|| std::env::var("AWS_CA_BUNDLE").ok().filter(is_said))
        .or_else(|| {
            let profile = files.profile(profile.unwrap_or("default"))?;
            profile.property("ca_bundle").map(str::to_owned)
        })?;
    let path = said.trim();
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        _ if path.is_empty() => None,
        (Some(below), Some(home)) => Some(home.join(below)),
        _ => Some(PathBuf::from(path)),
    }
}

/// What the environment or the AWS profile says of a service's endpoint.
pub(crate) fn configured_endpoint(config: &SdkConfig, service_id: &str) -> Option<String> {
    let key = ServiceConfigKey::builder()
        .service_id(service_id)
        .env(ENDPOINT_VARIABLE)
        .profile("endpoint_url")
        .build()
        .ok()?;
    config
        .service_config()
        .and_then(|service| service.load_config(key))
        .or_else(|| config.endpoint_url().map(str::to_owned))
}
