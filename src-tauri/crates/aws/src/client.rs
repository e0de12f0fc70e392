//! Session Manager's calls for one connection.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_types::SdkConfig;
use aws_types::region::Region;
use aws_types::service_config::ServiceConfigKey;
use http::{HeaderMap, Uri};
use secrecy::{ExposeSecret, SecretString};

use crate::error::{Error, ErrorCode};
use crate::hosts::{self, StreamHost};
use crate::settings::{Credentials, Settings};
use crate::{sign, tls};

/// What StartSession is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StartSession {
    /// `i-…`, `mi-…` or `ecs:<cluster>_<task>_<runtime>`.
    pub target: String,
    /// The session document; `None`: the account's default shell.
    pub document: Option<String>,
    /// The document's parameters.
    pub parameters: BTreeMap<String, Vec<String>>,
    /// Why, up to 256 characters; kept in the account's session history.
    pub reason: Option<String>,
}

/// What StartSession gave.
#[derive(Clone)]
pub struct StartedSession {
    /// The service's id of the session.
    pub session_id: String,
    /// Opens the data channel once.
    pub token: SecretString,
    /// Where the data channel is. Not checked yet.
    pub stream_url: SecretString,
}

impl fmt::Debug for StartedSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartedSession")
            .field("session_id", &self.session_id)
            .finish_non_exhaustive()
    }
}

/// Session Manager, for one connection.
#[derive(Clone)]
pub struct Client {
    ssm: aws_sdk_ssm::Client,
    credentials: SharedCredentialsProvider,
    region: String,
    tls: Arc<rustls::ClientConfig>,
    stream_hosts: Vec<StreamHost>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Reads the AWS configuration and prepares the calls; asks nothing of AWS itself yet.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::RegionMissing`], [`ErrorCode::NoCredentials`] or [`ErrorCode::Network`] for a TLS set-up that cannot be made.
    pub async fn connect(settings: Settings) -> Result<Self, Error> {
        let tls = tls::client_config()?;
        let mut loader = aws_config::defaults(aws_config::BehaviorVersion::latest());
        if let Some(profile) = settings.aws_profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = settings.region {
            loader = loader.region(Region::new(region));
        }
        if let Credentials::Keys {
            access_key_id,
            secret_access_key,
            session_token,
        } = settings.credentials
        {
            loader = loader.credentials_provider(aws_credential_types::Credentials::new(
                access_key_id,
                secret_access_key.expose_secret(),
                session_token.map(|token| token.expose_secret().to_owned()),
                None,
                "sessiondeck",
            ));
        }
        let config = loader.load().await;
        let region = config
            .region()
            .ok_or_else(|| Error::new(ErrorCode::RegionMissing, None))?
            .to_string();
        let credentials = config
            .credentials_provider()
            .ok_or_else(|| Error::new(ErrorCode::NoCredentials, None))?;
        let endpoint = settings.endpoint;
        let ssm_endpoint = endpoint
            .as_ref()
            .map(|endpoint| endpoint.ssm.clone())
            .or_else(|| configured_endpoint(&config, "SSM"));
        let gateway = endpoint
            .and_then(|endpoint| endpoint.ssmmessages)
            .or_else(|| configured_endpoint(&config, "ssmmessages"))
            .or_else(|| ssm_endpoint.clone());
        let mut stream_hosts = hosts::regional(&region);
        stream_hosts.extend(gateway.as_deref().and_then(hosts::declared));
        let mut ssm = aws_sdk_ssm::config::Builder::from(&config);
        if let Some(url) = ssm_endpoint {
            ssm = ssm.endpoint_url(url);
        }
        Ok(Self {
            ssm: aws_sdk_ssm::Client::from_conf(ssm.build()),
            credentials,
            region,
            tls,
            stream_hosts,
        })
    }

    /// The region it talks to.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The TLS configuration, for the data channel too.
    #[must_use]
    pub fn tls(&self) -> Arc<rustls::ClientConfig> {
        Arc::clone(&self.tls)
    }

    /// The hosts a stream URL may name: the region's gateways and the declared endpoint's.
    #[must_use]
    pub fn stream_hosts(&self) -> Vec<StreamHost> {
        self.stream_hosts.clone()
    }

    /// StartSession.
    ///
    /// # Errors
    ///
    /// What the service said, or that it could not be asked.
    pub async fn start_session(&self, request: &StartSession) -> Result<StartedSession, Error> {
        let parameters = (!request.parameters.is_empty())
            .then(|| request.parameters.clone().into_iter().collect());
        let output = self
            .ssm
            .start_session()
            .target(&request.target)
            .set_document_name(request.document.clone())
            .set_reason(request.reason.clone())
            .set_parameters(parameters)
            .send()
            .await
            .map_err(|error| Error::from_sdk(&error))?;
        // Taken apart at once: the SDK's type shows the token to whoever formats it.
        match (output.session_id, output.token_value, output.stream_url) {
            (Some(session_id), Some(token), Some(stream_url)) => Ok(StartedSession {
                session_id,
                token: SecretString::from(token),
                stream_url: SecretString::from(stream_url),
            }),
            _ => Err(Error::new(
                ErrorCode::MalformedAnswer,
                Some("StartSession's answer lacks a field".to_owned()),
            )),
        }
    }

    /// TerminateSession.
    ///
    /// # Errors
    ///
    /// What the service said, or that it could not be asked.
    pub async fn terminate_session(&self, session_id: &str) -> Result<(), Error> {
        self.ssm
            .terminate_session()
            .session_id(session_id)
            .send()
            .await
            .map(|_| ())
            .map_err(|error| Error::from_sdk(&error))
    }

    /// The headers that sign one WebSocket upgrade to `url`, with the credentials as they are now.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::NoCredentials`] where there are none.
    pub async fn sign_upgrade(&self, url: &Uri) -> Result<HeaderMap, Error> {
        let credentials = self
            .credentials
            .provide_credentials()
            .await
            .map_err(|error| Error::new(ErrorCode::NoCredentials, Some(error.to_string())))?;
        sign::upgrade_headers(url, credentials, &self.region, SystemTime::now())
    }
}

/// What the environment or the AWS profile says of a service's endpoint.
fn configured_endpoint(config: &SdkConfig, service_id: &str) -> Option<String> {
    let key = ServiceConfigKey::builder()
        .service_id(service_id)
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build()
        .ok()?;
    config
        .service_config()
        .and_then(|service| service.load_config(key))
        .or_else(|| config.endpoint_url().map(str::to_owned))
}
