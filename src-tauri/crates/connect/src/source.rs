//! A session's control side over the AWS SDK.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};

use engine::{
    AllowedHost, AllowedHosts, DataKey, DataKeyRequest, DialTerms, Gateway, HttpProxy, Resumed,
    Scheme, SessionId, SessionInfo, SessionSource, SourceError, SourceErrorKind, SourceFuture,
    StreamUrl, Ticket,
};
use http::HeaderValue;
use secrecy::ExposeSecret;
use tokio::sync::Mutex;
use tracing::debug;

use crate::person::{Nobody, NodeQuestion, Person, Unanswered, choose, refused};
use crate::plan::Plan;
use crate::startup::Startup;

/// A [`Plan`], in time.
pub type PlanFuture = Pin<Box<dyn Future<Output = Result<Plan, SourceError>> + Send>>;

/// Starts, resumes, signs and ends one session through AWS.
///
/// The plan is made only when the session starts, so that slow credentials show as a starting session, not as a window
/// that does not answer.
pub struct AwsSource {
    plan: Box<dyn Fn() -> PlanFuture + Send + Sync>,
    broker: aws::Broker,
    person: Arc<dyn Person>,
    state: Mutex<State>,
    /// What is to be typed, once it is known and until it is.
    startup: std::sync::Mutex<Option<Startup>>,
    is_windows: AtomicBool,
}

#[derive(Default)]
struct State {
    plan: Option<Plan>,
    client: Option<Arc<aws::Client>>,
    /// What StartSession was asked for.
    target: Option<String>,
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
            person: Arc::new(Nobody),
            state: Mutex::default(),
            startup: std::sync::Mutex::default(),
            is_windows: AtomicBool::new(false),
        }
    }

    /// The same, asking this person.
    #[must_use]
    pub fn asking(self, person: Arc<dyn Person>) -> Self {
        Self { person, ..self }
    }

    /// Waits until the person has given what a call needed. They are there: they have just asked for this session.
    async fn met(&self, plan: &Plan, error: aws::Error) -> Result<(), SourceError> {
        match error.need() {
            Some(need) => {
                let broker = self.broker.via(&plan.settings.network);
                broker.answered(need).await.map_err(source_error)
            }
            None => Err(source_error(error)),
        }
    }

    async fn plan(&self) -> Result<Plan, SourceError> {
        let mut state = self.state.lock().await;
        if let Some(plan) = &state.plan {
            return Ok(plan.clone());
        }
        let plan = (self.plan)().await?;
        if !plan.startup.is_empty() {
            *self.startup.lock().unwrap_or_else(PoisonError::into_inner) =
                Some(plan.startup.clone());
        }
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
            let mut request = plan.request.clone();
            let mut is_windows = false;
            if let Some(tags) = &plan.tags {
                let nodes = loop {
                    match client.nodes_with_tags(tags).await {
                        Ok(nodes) => break nodes,
                        Err(error) => self.met(&plan, error).await?,
                    }
                };
                let windows: Vec<String> = nodes
                    .iter()
                    .filter(|node| node.is_windows)
                    .map(|node| node.id.clone())
                    .collect();
                let question = NodeQuestion {
                    connection: plan.name.clone(),
                    rule: request.target.clone(),
                    nodes,
                };
                let node = choose(&*self.person, question, tags.get("Name")).await?;
                debug!(target = node.id, "found by the rule");
                is_windows = windows.contains(&node.id);
                request.target = node.id;
            }
            if let Some(reason) = &plan.asked_reason {
                let answer = self.person.give_reason(reason.question()).await;
                request.reason = reason.filled(&answer.map_err(no_reason)?);
            }
            let started = loop {
                match client.start_session(&request).await {
                    Ok(started) => break started,
                    Err(error) => self.met(&plan, error).await?,
                }
            };
            let mut state = self.state.lock().await;
            state.target = Some(request.target.clone());
            drop(state);
            self.is_windows.store(is_windows, Ordering::Relaxed);
            ticket(&client, &request.target, started)
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
            // What StartSession was asked for, not the rule that led there.
            let target = self.state.lock().await.target.clone();
            let target = target.unwrap_or(plan.request.target);
            let ticket = ticket(&client, &target, started)?;
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
            let broker = self.broker.via(&plan.settings.network);
            broker.fresh(&source, refused).await;
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

    fn has_first_input(&self) -> bool {
        self.startup
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some()
    }

    fn first_input(&self, info: &SessionInfo) -> Option<Vec<u8>> {
        let startup = self
            .startup
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()?;
        match startup.typed_into(info, self.is_windows.load(Ordering::Relaxed)) {
            Ok(typed) => Some(typed.into_bytes()),
            Err(why) => {
                self.person.tell(why.to_owned());
                None
            }
        }
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

fn no_reason(why: Unanswered) -> SourceError {
    match why {
        Unanswered::Cancelled => refused(
            "You gave no reason, so no session was started.".to_owned(),
            "Start again to be asked again.",
            None,
        ),
        Unanswered::Nobody => refused(
            "This connection asks for a reason, and there is nobody to ask.".to_owned(),
            "Give it with --reason, or run this in a terminal.",
            None,
        ),
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
