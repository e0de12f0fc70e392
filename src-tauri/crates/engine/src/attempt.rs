//! One try to get a data channel: the right to open it, the signature, the WebSocket.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use protocol::SessionId;
use secrecy::SecretString;
use tokio::time::timeout;

use crate::dial::{DialError, Socket, dial};
use crate::network::Network;
use crate::source::{Resumed, SessionSource, SourceError, SourceErrorKind, SourceFuture, Ticket};

/// For ResumeSession, and again for credentials and signature: a `credential_process` may take its time.
const SOURCE_TIMEOUT: Duration = Duration::from_secs(30);

/// A WebSocket and what its first frame needs.
pub(crate) struct Reached {
    pub(crate) socket: Socket,
    pub(crate) token: SecretString,
    pub(crate) is_presigned: bool,
}

/// How a try failed.
pub(crate) enum Failure {
    /// The control side did not do its part.
    Source(SourceError),
    /// There is no session to resume.
    Gone,
    /// The WebSocket could not be opened.
    Dial {
        error: DialError,
        /// What it was tried with; the token has not been sent.
        ticket: Ticket,
    },
}

/// A try, under way.
pub(crate) type Attempt = Pin<Box<dyn Future<Output = Result<Reached, Failure>> + Send>>;

/// Begins a try, with this ticket or with a new one from ResumeSession.
pub(crate) fn attempt(
    source: Arc<dyn SessionSource>,
    network: Network,
    session_id: SessionId,
    ticket: Option<Ticket>,
) -> Attempt {
    Box::pin(async move {
        let ticket = match ticket {
            Some(ticket) => ticket,
            None => match in_time(source.resume(&session_id)).await? {
                Resumed::Ticket(ticket) => ticket,
                Resumed::Gone => return Err(Failure::Gone),
            },
        };
        let terms = in_time(source.dial_terms(&ticket.stream_url)).await?;
        match dial(&network, &ticket.stream_url, terms).await {
            Ok(socket) => Ok(Reached {
                socket,
                is_presigned: ticket.stream_url.is_presigned(),
                token: ticket.token,
            }),
            Err(error) => Err(Failure::Dial { error, ticket }),
        }
    })
}

async fn in_time<T>(answer: SourceFuture<'_, T>) -> Result<T, Failure> {
    match timeout(SOURCE_TIMEOUT, answer).await {
        Ok(answer) => answer.map_err(Failure::Source),
        Err(_) => Err(Failure::Source(SourceError {
            kind: SourceErrorKind::Unreachable,
            message: "AWS did not answer in time.".to_owned(),
            remedy: None,
            detail: None,
        })),
    }
}
