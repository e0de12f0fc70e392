//! A session's control side over the AWS SDK.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use engine::{
    AllowedHost, AllowedHosts, DataKey, DataKeyRequest, DialTerms, Gateway, HttpProxy, Resumed,
    Scheme, SessionId, SessionSource, SourceError, SourceErrorKind, SourceFuture, StreamUrl,
    Ticket,
};
use http::HeaderValue;
use secrecy::ExposeSecret;
use tokio::sync::Mutex;
use tracing::debug;

use crate::plan::Plan;

/// A [`Plan`], in time.
pub type PlanFuture = Pin<Box<dyn Future<Output = Result<Plan, SourceError>> + Send>>;

/// Starts, resumes, signs and ends one session through AWS.
///
/// The plan is made only when the session starts, so that slow credentials show as a starting session, not as a window
/// that does not answer.
pub struct AwsSource {
    plan: Box<dyn Fn() -> PlanFuture + Send + Sync>,
    broker: aws::Broker,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    plan: Option<Plan>,
    client: Option<Arc<aws::Client>>,
    /// Whose credentials signed the last dial.
    signed_by: Option<aws::Identity>,
}

impl AwsSource {
    /// Takes the maker of the plan; it is asked again only when it failed. The broker is the one of all sessions, so that
    /// one question stands however many wait for its answer.
    pub fn new(broker: aws::Broker, plan: impl Fn() -> PlanFuture + Send + Sync + 'static) -> Self {
        Self {
            plan: Box::new(plan),
            broker,
            state: Mutex::default(),
        }
    }

    async fn plan(&self) -> Result<Plan, SourceError> {
        let mut state = self.state.lock().await;
        if let Some(plan) = &state.plan {
            return Ok(plan.clone());
        }
        let plan = (self.plan)().await?;
        state.plan = Some(plan.clone());
        Ok(plan)
    }

    async fn client(&self) -> Result<Arc<aws::Client>, SourceError> {
        let plan = self.plan().await?;
        let mut state = self.state.lock().await;
        if let Some(client) = &state.client {
            return Ok(Arc::clone(client));
        }
        let client = aws::Client::connect(plan.settings, &self.broker)
            .await
            .map_err(source_error)?;
        debug!(region = client.region(), "client ready");
        let client = Arc::new(client);
        state.client = Some(Arc::clone(&client));
        Ok(client)
    }
}

impl fmt::Debug for AwsSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsSource").finish_non_exhaustive()
    }
}

impl SessionSource for AwsSource {
    fn start(&self) -> SourceFuture<'_, Ticket> {
        Box::pin(async move {
            let plan = self.plan().await?;
            let client = self.client().await?;
            loop {
                let error = match start_on(&client, &plan).await {
                    Ok((target, started)) => return ticket(&client, &target, started),
                    Err(StartError::Aws(error)) => error,
                    Err(StartError::Rule(error)) => return Err(error),
                };
                match error.need() {
                    // The person is there: they have just asked for this session.
                    Some(need) => self.broker.answered(need).await.map_err(source_error)?,
                    None => return Err(source_error(error)),
                }
            }
        })
    }

    fn resume<'a>(&'a self, session_id: &'a SessionId) -> SourceFuture<'a, Resumed> {
        Box::pin(async move {
            let plan = self.plan().await?;
            let client = self.client().await?;
            let resumed = client
                .resume_session(session_id.as_ref())
                .await
                .map_err(source_error)?;
            let started = match resumed {
                aws::ResumedSession::Resumed(started) => started,
                aws::ResumedSession::Gone => return Ok(Resumed::Gone),
            };
            let ticket = ticket(&client, &plan.request.target, started)?;
            if ticket.session_id != *session_id {
                return Err(malformed("ResumeSession answered for another session"));
            }
            Ok(Resumed::Ticket(ticket))
        })
    }

    fn dial_terms<'a>(&'a self, url: &'a StreamUrl) -> SourceFuture<'a, DialTerms> {
        Box::pin(async move {
            let client = self.client().await?;
            let signed = client.sign_upgrade(url.uri()).await.map_err(source_error)?;
            self.state.lock().await.signed_by = Some(signed.identity);
            let proxy = client
                .proxies()
                .for_host(url.scheme() == Scheme::Tls, url.host(), url.port())
                .map(http_proxy)
                .transpose()?;
            Ok(DialTerms {
                headers: signed.headers,
                tls: client.tls(),
                proxy,
            })
        })
    }

    fn fresh_credentials(&self) -> SourceFuture<'_, ()> {
        Box::pin(async move {
            let plan = self.plan().await?;
            let refused = self.state.lock().await.signed_by.clone();
            let source = plan.settings.source();
            self.broker.fresh(&source, refused).await;
            // The next call reads the AWS configuration anew: region and endpoints may have changed with it.
            self.state.lock().await.client = None;
            Ok(())
        })
    }

    fn data_key<'a>(&'a self, request: &'a DataKeyRequest) -> SourceFuture<'a, DataKey> {
        Box::pin(async move {
            let client = self.client().await?;
            let context = request
                .context
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()));
            let key = client
                .generate_data_key(&request.key_id, context)
                .await
                .map_err(source_error)?;
            Ok(DataKey {
                plaintext: key.plaintext,
                ciphertext: key.ciphertext,
            })
        })
    }

    fn terminate<'a>(&'a self, session_id: &'a SessionId) -> SourceFuture<'a, ()> {
        Box::pin(async move {
            let client = self.client().await?;
            match client.terminate_session(session_id.as_ref()).await {
                Err(error) if error.code() == aws::ErrorCode::DoesNotExist => Ok(()),
                other => other.map_err(source_error),
            }
        })
    }
}

enum StartError {
    Aws(aws::Error),
    Rule(SourceError),
}

impl From<aws::Error> for StartError {
    fn from(error: aws::Error) -> Self {
        Self::Aws(error)
    }
}

/// Finds the node, where the target is a rule, and starts the session on it.
async fn start_on(
    client: &aws::Client,
    plan: &Plan,
) -> Result<(String, aws::StartedSession), StartError> {
    let mut request = plan.request.clone();
    if let Some(tags) = &plan.tags {
        let nodes = client.nodes_with_tags(tags).await?;
        request.target = the_one(&request.target, &nodes).map_err(StartError::Rule)?;
        debug!(target = request.target, "found by the rule");
    }
    let started = client.start_session(&request).await?;
    Ok((request.target, started))
}

/// The only node that a rule leads to.
fn the_one(rule: &str, nodes: &[aws::Node]) -> Result<String, SourceError> {
    /// More names than these say no more.
    const MAX_NAMED: usize = 10;
    let refused = |message: String, remedy: &str, detail: Option<String>| SourceError {
        kind: SourceErrorKind::Refused,
        message,
        remedy: Some(remedy.to_owned()),
        detail,
    };
    let words = |nodes: &[&aws::Node]| {
        let named = nodes.iter().take(MAX_NAMED).map(|node| match &node.name {
            Some(name) => format!("{} ({name})", node.id),
            None => node.id.clone(),
        });
        named.collect::<Vec<_>>().join(", ")
    };
    let online: Vec<&aws::Node> = nodes.iter().filter(|node| node.is_online).collect();
    match online.as_slice() {
        [node] => Ok(node.id.clone()),
        [] if nodes.is_empty() => Err(refused(
            format!("No node matches {rule}."),
            "Check the target of this connection, its region and its account.",
            None,
        )),
        [] => Err(refused(
            format!("No node that matches {rule} is online."),
            "Start one, or check the agent on it.",
            Some(words(&nodes.iter().collect::<Vec<_>>())),
        )),
        many => Err(refused(
            format!("{} nodes that match {rule} are online.", many.len()),
            "Name one of them as the target, or add tags that tell them apart.",
            Some(words(many)),
        )),
    }
}

/// Checks what the service gave before anything is dialled.
fn ticket(
    client: &aws::Client,
    target: &str,
    started: aws::StartedSession,
) -> Result<Ticket, SourceError> {
    let session_id =
        SessionId::try_from(started.session_id).map_err(|error| malformed(&error.to_string()))?;
    let stream_url = match client.gateway() {
        Some(gateway) => {
            let AllowedHost { scheme, host, port } = allowed_host(gateway.host.clone());
            let gateway = Gateway {
                scheme,
                host,
                port,
                base_path: gateway.base_path.clone(),
            };
            StreamUrl::parse_at(&started.stream_url, &session_id, &gateway)
        }
        None => {
            let hosts = client.stream_hosts().into_iter().map(allowed_host);
            let allowed = AllowedHosts::new(hosts.collect());
            StreamUrl::parse(&started.stream_url, &session_id, &allowed)
        }
    }
    .map_err(|error| malformed(&error.to_string()))?;
    Ok(Ticket {
        session_id,
        target: target.to_owned(),
        token: started.token,
        stream_url,
    })
}

fn allowed_host(host: aws::StreamHost) -> AllowedHost {
    AllowedHost {
        scheme: if host.scheme == "ws" {
            Scheme::Plain
        } else {
            Scheme::Tls
        },
        host: host.host,
        port: host.port,
    }
}

fn http_proxy(proxy: &aws::Proxy) -> Result<HttpProxy, SourceError> {
    let authorization = proxy
        .authorization()
        .map(|header| {
            let mut header = HeaderValue::from_str(header.expose_secret())
                .map_err(|_| malformed("the proxy's credentials make no header"))?;
            header.set_sensitive(true);
            Ok(header)
        })
        .transpose()?;
    Ok(HttpProxy {
        tls: proxy.tls,
        host: proxy.host.clone(),
        port: proxy.port,
        authorization,
    })
}

fn malformed(detail: &str) -> SourceError {
    SourceError {
        kind: SourceErrorKind::Malformed,
        message: "The service's answer cannot be used; nothing was sent to the address in it."
            .to_owned(),
        remedy: Some("Check the endpoint settings of this connection.".to_owned()),
        detail: Some(detail.to_owned()),
    }
}

fn source_error(error: aws::Error) -> SourceError {
    let kind = if error.requires_sign_in() {
        SourceErrorKind::SignInNeeded
    } else if error.code() == aws::ErrorCode::MalformedAnswer {
        SourceErrorKind::Malformed
    } else if error.code() == aws::ErrorCode::Network {
        SourceErrorKind::Unreachable
    } else if error.is_retryable() {
        SourceErrorKind::Busy
    } else {
        SourceErrorKind::Refused
    };
    SourceError {
        kind,
        message: error.message(),
        remedy: error.remedy(),
        detail: error.detail(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(id: &str, is_online: bool) -> aws::Node {
        aws::Node {
            id: id.to_owned(),
            name: Some("web".to_owned()),
            is_online,
        }
    }

    #[test]
    fn a_rule_leads_to_the_only_node_that_is_online() {
        let nodes = [node("i-1", false), node("i-2", true)];
        assert_eq!(the_one("name:web", &nodes).as_deref().ok(), Some("i-2"));
    }

    #[test]
    fn none_and_several_are_said_with_what_there_is() {
        let none = the_one("name:web", &[]).expect_err("none");
        assert_eq!(none.message, "No node matches name:web.");
        let offline = the_one("name:web", &[node("i-1", false)]).expect_err("offline");
        assert!(offline.message.contains("is online"), "{}", offline.message);
        let two = the_one("name:web", &[node("i-1", true), node("i-2", true)]).expect_err("two");
        assert!(two.message.starts_with("2 nodes"), "{}", two.message);
        assert_eq!(two.detail.as_deref(), Some("i-1 (web), i-2 (web)"));
        assert_eq!(two.kind, SourceErrorKind::Refused);
    }
}
