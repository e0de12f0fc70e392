//! A session's control side over the AWS SDK.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use engine::{
    AllowedHost, AllowedHosts, DialTerms, Scheme, SessionId, SessionSource, SourceError,
    SourceErrorKind, SourceFuture, StreamUrl, Ticket,
};
use tokio::sync::OnceCell;
use tracing::debug;

/// What one session is started with.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Whose credentials, which region, which endpoints.
    pub settings: aws::Settings,
    /// Target, document, parameters, reason.
    pub request: aws::StartSession,
}

/// A [`Plan`], in time.
pub type PlanFuture = Pin<Box<dyn Future<Output = Result<Plan, SourceError>> + Send>>;

/// Starts, signs and ends one session through AWS.
///
/// The plan is made only when the session starts, so that slow credentials show as a starting session, not as a window
/// that does not answer.
pub struct AwsSource {
    plan: Box<dyn Fn() -> PlanFuture + Send + Sync>,
    ready: OnceCell<Ready>,
}

struct Ready {
    client: aws::Client,
    request: aws::StartSession,
}

impl AwsSource {
    /// Takes the maker of the plan; it is asked again only when it failed.
    pub fn new(plan: impl Fn() -> PlanFuture + Send + Sync + 'static) -> Self {
        Self {
            plan: Box::new(plan),
            ready: OnceCell::new(),
        }
    }

    async fn ready(&self) -> Result<&Ready, SourceError> {
        self.ready
            .get_or_try_init(|| async {
                let plan = (self.plan)().await?;
                let client = aws::Client::connect(plan.settings)
                    .await
                    .map_err(source_error)?;
                debug!(region = client.region(), "client ready");
                Ok(Ready {
                    client,
                    request: plan.request,
                })
            })
            .await
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
            let ready = self.ready().await?;
            let started = ready
                .client
                .start_session(&ready.request)
                .await
                .map_err(source_error)?;
            ticket(&ready.client, started)
        })
    }

    fn dial_terms<'a>(&'a self, url: &'a StreamUrl) -> SourceFuture<'a, DialTerms> {
        Box::pin(async move {
            let ready = self.ready().await?;
            let headers = ready
                .client
                .sign_upgrade(url.uri())
                .await
                .map_err(source_error)?;
            Ok(DialTerms {
                headers,
                tls: ready.client.tls(),
            })
        })
    }

    fn terminate<'a>(&'a self, session_id: &'a SessionId) -> SourceFuture<'a, ()> {
        Box::pin(async move {
            let ready = self.ready().await?;
            match ready.client.terminate_session(session_id.as_ref()).await {
                Err(error) if error.code() == aws::ErrorCode::DoesNotExist => Ok(()),
                other => other.map_err(source_error),
            }
        })
    }
}

/// Checks what the service gave before anything is dialled.
fn ticket(client: &aws::Client, started: aws::StartedSession) -> Result<Ticket, SourceError> {
    let session_id =
        SessionId::try_from(started.session_id).map_err(|error| malformed(&error.to_string()))?;
    let allowed = AllowedHosts::new(
        client
            .stream_hosts()
            .into_iter()
            .map(allowed_host)
            .collect(),
    );
    let stream_url = StreamUrl::parse(&started.stream_url, &session_id, &allowed)
        .map_err(|error| malformed(&error.to_string()))?;
    Ok(Ticket {
        session_id,
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
    } else if error.is_retryable() {
        SourceErrorKind::Unreachable
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
