//! Session Manager's calls for one connection.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use aws_config::retry::RetryConfig;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_ssm::types::{
    InstanceInformationStringFilter, PingStatus, PlatformType, SessionFilter, SessionFilterKey,
    SessionState,
};
use http::{HeaderMap, Uri};
use secrecy::{ExposeSecret, SecretSlice, SecretString};

use crate::credentials::{Broker, Source};
use crate::error::{Action, Error, ErrorCode};
use crate::hosts::{self, StreamGateway, StreamHost};
use crate::network::configured_endpoint;
use crate::proxy::ProxyRules;
use crate::settings::{Credentials, Settings};
use crate::sign;

/// What KMS makes for a session: a key of 32 bytes for each direction.
const DATA_KEY_BYTES: i32 = 64;

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

/// What ResumeSession gave.
#[derive(Clone, Debug)]
pub enum ResumedSession {
    /// A new token, and a URL that may be another.
    Resumed(StartedSession),
    /// There is no such session any more.
    Gone,
}

/// A session as the account's list has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// The service's id of the session.
    pub session_id: String,
    /// What it is on.
    pub target: Option<String>,
    /// The service's word for how it is, such as `Connected`.
    pub status: Option<String>,
    /// The ARN of who started it.
    pub owner: Option<String>,
    /// Its document.
    pub document: Option<String>,
    /// Why it was started.
    pub reason: Option<String>,
    /// When it was started.
    pub started_at: Option<SystemTime>,
}

/// A node that Session Manager knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// `i-…` or `mi-…`.
    pub id: String,
    /// What its owner or itself calls it.
    pub name: Option<String>,
    /// Whether its agent has answered lately.
    pub is_online: bool,
    /// The service's word for that, such as `Online` or `ConnectionLost`.
    pub ping_status: Option<String>,
    /// Its address, as its agent tells it.
    pub ip_address: Option<String>,
    /// What it runs, such as `Amazon Linux 2023`.
    pub platform: Option<String>,
    /// Whether it runs Windows.
    pub is_windows: bool,
}

/// A data key, in the clear and as KMS encrypted it.
#[derive(Clone)]
pub struct DataKey {
    /// 64 bytes. Wiped when dropped.
    pub plaintext: SecretSlice<u8>,
    /// What the agent has KMS decrypt.
    pub ciphertext: Vec<u8>,
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey([REDACTED])")
    }
}

/// Which credentials are at hand, without them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The access key's id. Temporary credentials get a new one each time.
    pub access_key_id: String,
    /// When they expire, where that is known.
    pub expires_at: Option<SystemTime>,
}

impl Identity {
    pub(crate) fn of(credentials: &aws_credential_types::Credentials) -> Self {
        Self {
            access_key_id: credentials.access_key_id().to_owned(),
            expires_at: credentials.expiry(),
        }
    }
}

/// What signs one upgrade.
#[derive(Clone)]
pub struct SignedUpgrade {
    /// The headers; none where the URL is presigned.
    pub headers: HeaderMap,
    /// Whose credentials they were made with.
    pub identity: Identity,
}

impl fmt::Debug for SignedUpgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedUpgrade")
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

/// Session Manager, for one connection.
#[derive(Clone)]
pub struct Client {
    kms: aws_sdk_kms::Client,
    ssm: aws_sdk_ssm::Client,
    credentials: SharedCredentialsProvider,
    region: String,
    tls: Arc<rustls::ClientConfig>,
    proxies: Arc<ProxyRules>,
    gateway: Option<StreamGateway>,
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
    /// Prepares the calls; asks nothing of AWS itself yet. Credentials come from the broker, at every call.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::RegionMissing`] or [`ErrorCode::NetworkSettings`] for a proxy or TLS set-up that cannot be used.
    pub async fn connect(settings: Settings, broker: &Broker) -> Result<Self, Error> {
        let source = settings.source();
        let broker = broker.via(&settings.network);
        let region = broker
            .region(&source, settings.region.as_deref())
            .ok_or_else(|| Error::new(ErrorCode::RegionMissing, None))?;
        let network = broker.network(&source)?;
        let profile = match &source {
            Source::Profile(name) => Some(name.as_str()),
            Source::DefaultChain | Source::Environment | Source::Stored(_) => None,
        };
        let config = network.sdk_config(&broker.files(), profile, &region).await;
        let credentials = match settings.credentials {
            Credentials::Keys {
                access_key_id,
                secret_access_key,
                session_token,
            } => SharedCredentialsProvider::new(aws_credential_types::Credentials::new(
                access_key_id,
                secret_access_key.expose_secret(),
                session_token.map(|token| token.expose_secret().to_owned()),
                None,
                "sessiondeck",
            )),
            Credentials::Configured | Credentials::Environment | Credentials::Stored(_) => {
                broker.provider(source)
            }
        };
        let config = config
            .into_builder()
            .credentials_provider(credentials.clone())
            .build();
        let endpoint = settings.endpoint;
        let kms_endpoint = configured_endpoint(&config, "KMS").or_else(|| {
            // A declared endpoint without TLS is no AWS: whatever it plays, it plays KMS too.
            let declared = endpoint.as_ref().map(|endpoint| endpoint.ssm.clone());
            declared.filter(|url| url.starts_with("http://"))
        });
        let ssm_endpoint = endpoint
            .as_ref()
            .map(|endpoint| endpoint.ssm.clone())
            .or_else(|| configured_endpoint(&config, "SSM"));
        let gateway = endpoint
            .and_then(|endpoint| endpoint.ssmmessages)
            .or_else(|| configured_endpoint(&config, "ssmmessages"))
            .map(|url| StreamGateway::parse(&url))
            .transpose()?;
        let mut stream_hosts = hosts::regional(&region);
        // Whatever is declared to be the API may name itself: a simulator does.
        stream_hosts.extend(ssm_endpoint.as_deref().and_then(hosts::declared));
        let mut ssm = aws_sdk_ssm::config::Builder::from(&config);
        if let Some(url) = ssm_endpoint {
            ssm = ssm.endpoint_url(url);
        }
        let mut kms = aws_sdk_kms::config::Builder::from(&config);
        if let Some(url) = kms_endpoint {
            kms = kms.endpoint_url(url);
        }
        Ok(Self {
            kms: aws_sdk_kms::Client::from_conf(kms.build()),
            ssm: aws_sdk_ssm::Client::from_conf(ssm.build()),
            credentials,
            region,
            tls: Arc::clone(&network.tls),
            proxies: Arc::clone(&network.proxies),
            gateway,
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

    /// The rules on proxies, for the data channel too.
    #[must_use]
    pub fn proxies(&self) -> &ProxyRules {
        &self.proxies
    }

    /// The message gateway that takes the place of the one in a stream URL.
    #[must_use]
    pub fn gateway(&self) -> Option<&StreamGateway> {
        self.gateway.as_ref()
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
            .map_err(|error| Error::from_sdk(&error, Action::StartSession))?;
        // Taken apart at once: the SDK's type shows the token to whoever formats it.
        started(output.session_id, output.token_value, output.stream_url).ok_or_else(|| {
            Error::new(
                ErrorCode::MalformedAnswer,
                Some("StartSession's answer lacks a field".to_owned()),
            )
        })
    }

    /// ResumeSession, asked once: whoever seeks a lost connection has a schedule of its own.
    ///
    /// # Errors
    ///
    /// What the service said, or that it could not be asked. A session that is gone is no error.
    pub async fn resume_session(&self, session_id: &str) -> Result<ResumedSession, Error> {
        let once = aws_sdk_ssm::config::Builder::new().retry_config(RetryConfig::disabled());
        let resumed = self
            .ssm
            .resume_session()
            .session_id(session_id)
            .customize()
            .config_override(once)
            .send()
            .await
            .map_err(|error| Error::from_sdk(&error, Action::ResumeSession));
        let output = match resumed {
            Ok(output) => output,
            Err(error) if error.code() == ErrorCode::DoesNotExist => {
                return Ok(ResumedSession::Gone);
            }
            Err(error) => return Err(error),
        };
        let token = output.token_value.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(ResumedSession::Gone);
        }
        let session_id = output.session_id.or_else(|| Some(session_id.to_owned()));
        started(session_id, token, output.stream_url)
            .map(ResumedSession::Resumed)
            .ok_or_else(|| {
                Error::new(
                    ErrorCode::MalformedAnswer,
                    Some("ResumeSession's answer lacks the stream URL".to_owned()),
                )
                .during(Action::ResumeSession)
            })
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
            .map_err(|error| Error::from_sdk(&error, Action::TerminateSession))
    }

    /// DescribeSessions: the sessions that have not ended, of this owner or of everybody; all pages.
    ///
    /// # Errors
    ///
    /// What the service said, or that it could not be asked.
    pub async fn active_sessions(
        &self,
        owner_arn: Option<&str>,
    ) -> Result<Vec<SessionRecord>, Error> {
        let owner = owner_arn
            .map(|arn| {
                SessionFilter::builder()
                    .key(SessionFilterKey::Owner)
                    .value(arn)
                    .build()
            })
            .transpose()
            .map_err(|error| {
                Error::new(ErrorCode::Validation, Some(error.to_string()))
                    .during(Action::DescribeSessions)
            })?;
        let mut pages = self
            .ssm
            .describe_sessions()
            .state(SessionState::Active)
            .set_filters(owner.map(|owner| vec![owner]))
            .into_paginator()
            .send();
        let mut records = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| Error::from_sdk(&error, Action::DescribeSessions))?;
            records.extend(
                page.sessions
                    .unwrap_or_default()
                    .into_iter()
                    .filter_map(record),
            );
        }
        Ok(records)
    }

    /// DescribeInstanceInformation: the nodes that carry all of these tags, by id.
    ///
    /// # Errors
    ///
    /// What the service said, or that it could not be asked.
    pub async fn nodes_with_tags(
        &self,
        tags: &BTreeMap<String, String>,
    ) -> Result<Vec<Node>, Error> {
        let filters = tags
            .iter()
            .map(|(key, value)| {
                InstanceInformationStringFilter::builder()
                    .key(format!("tag:{key}"))
                    .values(value)
                    .build()
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| {
                Error::new(ErrorCode::Validation, Some(error.to_string()))
                    .during(Action::DescribeNodes)
            })?;
        let mut pages = self
            .ssm
            .describe_instance_information()
            .set_filters(Some(filters))
            .into_paginator()
            .send();
        let mut nodes = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| Error::from_sdk(&error, Action::DescribeNodes))?;
            nodes.extend(
                page.instance_information_list
                    .unwrap_or_default()
                    .into_iter()
                    .filter_map(|node| {
                        Some(Node {
                            id: node.instance_id?,
                            name: node
                                .name
                                .or(node.computer_name)
                                .filter(|name| !name.is_empty()),
                            is_online: node.ping_status == Some(PingStatus::Online),
                            ping_status: node.ping_status.map(|status| status.as_str().to_owned()),
                            ip_address: node.ip_address.filter(|address| !address.is_empty()),
                            is_windows: node.platform_type == Some(PlatformType::Windows),
                            platform: platform(
                                node.platform_name,
                                node.platform_version,
                                node.platform_type,
                            ),
                        })
                    }),
            );
        }
        nodes.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(nodes)
    }

    /// GenerateDataKey of KMS, 64 bytes.
    ///
    /// # Errors
    ///
    /// What KMS said, naming permission, key and principal where it denies; or that it could not be asked.
    pub async fn generate_data_key(
        &self,
        key_id: &str,
        context: impl IntoIterator<Item = (String, String)>,
    ) -> Result<DataKey, Error> {
        let action = || Action::GenerateDataKey(key_id.to_owned());
        let output = self
            .kms
            .generate_data_key()
            .key_id(key_id)
            .number_of_bytes(DATA_KEY_BYTES)
            .set_encryption_context(Some(context.into_iter().collect()))
            .send()
            .await
            .map_err(|error| Error::from_sdk(&error, action()))?;
        // Taken apart at once, for the same reason as the token.
        match (output.plaintext, output.ciphertext_blob) {
            (Some(plaintext), Some(ciphertext)) => Ok(DataKey {
                plaintext: SecretSlice::from(plaintext.into_inner()),
                ciphertext: ciphertext.into_inner(),
            }),
            _ => Err(Error::new(
                ErrorCode::MalformedAnswer,
                Some("GenerateDataKey's answer lacks a field".to_owned()),
            )
            .during(action())),
        }
    }

    /// Signs one WebSocket upgrade to `url`, with the credentials as they are now.
    ///
    /// # Errors
    ///
    /// Why there are no credentials.
    pub async fn sign_upgrade(&self, url: &Uri) -> Result<SignedUpgrade, Error> {
        let credentials = self.provide_credentials().await?;
        let identity = Identity::of(&credentials);
        let headers = sign::upgrade_headers(url, credentials, &self.region, SystemTime::now())?;
        Ok(SignedUpgrade { headers, identity })
    }

    async fn provide_credentials(&self) -> Result<aws_credential_types::Credentials, Error> {
        self.credentials
            .provide_credentials()
            .await
            .map_err(|error| Error::from_credentials(&error))
    }
}

fn started(
    session_id: Option<String>,
    token: Option<String>,
    stream_url: Option<String>,
) -> Option<StartedSession> {
    Some(StartedSession {
        session_id: session_id?,
        token: SecretString::from(token?),
        stream_url: SecretString::from(stream_url?),
    })
}

/// A node's system in words, as far as its agent has told it.
fn platform(
    name: Option<String>,
    version: Option<String>,
    kind: Option<PlatformType>,
) -> Option<String> {
    let name = name
        .filter(|name| !name.is_empty())
        .or_else(|| kind.map(|kind| kind.as_str().to_owned()))?;
    Some(match version.filter(|version| !version.is_empty()) {
        Some(version) => format!("{name} {version}"),
        None => name,
    })
}

/// One line of the list; nothing without an id.
fn record(session: aws_sdk_ssm::types::Session) -> Option<SessionRecord> {
    Some(SessionRecord {
        session_id: session.session_id?,
        target: session.target,
        status: session.status.map(|status| status.as_str().to_owned()),
        owner: session.owner,
        document: session.document_name,
        reason: session.reason,
        started_at: session
            .start_date
            .and_then(|date| SystemTime::try_from(date).ok()),
    })
}
