//! The services that give out credentials, called as an AWS profile wants them called.

use std::sync::Arc;

use aws_credential_types::Credentials;
use aws_types::SdkConfig;
use shared_config::SharedConfig;
use url::Url;

use super::sso::token::SsoSession;
use crate::error::{Error, ErrorCode};
use crate::network::{self, Network};

/// Clients of those services, made for one AWS profile or for none.
pub(crate) struct Services<'a> {
    pub(crate) network: Arc<Network>,
    pub(crate) files: &'a SharedConfig,
    pub(crate) profile: Option<&'a str>,
}

impl Services<'_> {
    /// STS, with these credentials.
    pub(crate) async fn sts(&self, region: &str, credentials: Credentials) -> aws_sdk_sts::Client {
        let config = self.config(region).await;
        let config = aws_sdk_sts::config::Builder::from(&config)
            .credentials_provider(credentials)
            .build();
        aws_sdk_sts::Client::from_conf(config)
    }

    pub(crate) async fn oidc(&self, session: &SsoSession) -> aws_sdk_ssooidc::Client {
        aws_sdk_ssooidc::Client::new(&self.config(&session.region).await)
    }

    pub(crate) async fn portal(&self, session: &SsoSession) -> aws_sdk_sso::Client {
        aws_sdk_sso::Client::new(&self.config(&session.region).await)
    }

    /// The page on which a person signs in.
    pub(crate) async fn authorize_page(&self, session: &SsoSession) -> Result<Url, Error> {
        let config = self.config(&session.region).await;
        let base = network::configured_endpoint(&config, "SSO OIDC").unwrap_or_else(|| {
            let suffix = crate::hosts::dns_suffix(&session.region);
            format!("https://oidc.{}.{suffix}", session.region)
        });
        Url::parse(&format!("{}/authorize", base.trim_end_matches('/'))).map_err(|_| {
            Error::new(
                ErrorCode::ProfileUnusable,
                Some(format!(
                    "The region {} of the sign-in {} makes no address.",
                    session.region,
                    session.label()
                )),
            )
        })
    }

    async fn config(&self, region: &str) -> SdkConfig {
        self.network
            .sdk_config(self.files, self.profile, region)
            .await
    }
}
