//! What a session tells whoever shows it.

use std::time::Duration;

use bytes::Bytes;
use protocol::{ChannelError, Notice, SessionId, SessionInfo};

use crate::dial::DialError;
use crate::source::{SourceError, SourceErrorKind};

/// One piece of news of a session, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum SessionUpdate {
    /// The session's state changed.
    State(State),
    /// Bytes for the terminal, 1 to 65,536. Counts against the credit until it is granted again.
    Output(Bytes),
    /// Bytes of a command's separate standard error. Counts against the credit like `Output`.
    Stderr(Bytes),
    /// Something a person should know that is no change of state.
    Notice(Notice),
}

/// Where a session stands.
///
/// The first five come once and in this order, but a lost connection can come between any two from `Connecting` on:
/// then `Reconnecting` or `WaitingForSignIn` is told, again with each change of what they hold, and afterwards the state
/// that was lost is told again. Any state can be followed by `Ended`. A receiver that takes nothing for long misses
/// states that have passed, never the last one.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// StartSession is being asked.
    Starting,
    /// The data channel is being opened.
    Connecting {
        /// The service's id of the session.
        session_id: SessionId,
    },
    /// The channel is open; nothing has been heard of the agent yet.
    WaitingForAgent,
    /// The agent started the handshake.
    Handshake,
    /// Input reaches the node.
    Open {
        /// The service's id of the session.
        session_id: SessionId,
        /// What the agent said of the session.
        info: SessionInfo,
    },
    /// The connection is lost and sought again; input is kept.
    Reconnecting(Outage),
    /// Seeking the connection needs credentials that are not there; input is kept and the session waits for them.
    WaitingForSignIn {
        /// When the connection was lost, in milliseconds since 1970.
        since_ms: u64,
        /// How it was lost.
        cause: Lost,
        /// What the control side said.
        reason: SourceError,
    },
    /// Over. Nothing follows.
    Ended(End),
}

/// A connection that is gone, and the search for another.
#[derive(Clone, Debug, PartialEq)]
pub struct Outage {
    /// When it was lost, in milliseconds since 1970.
    pub since_ms: u64,
    /// How it was lost.
    pub cause: Lost,
    /// The number of the try that is under way or comes next, from 1.
    pub attempt: u32,
    /// When that try begins, in milliseconds since 1970; `None`: it is under way.
    pub next_try_ms: Option<u64>,
    /// How the try before failed.
    pub failure: Option<Lost>,
}

/// How a data channel was lost, or could not be had again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Lost {
    /// The peer closed the WebSocket without ending the session.
    #[error(
        "the service closed the connection (code {code}{})",
        reason_suffix(reason)
    )]
    ClosedByPeer {
        /// The close code; 1005 when there was none.
        code: u16,
        /// The peer's words; control characters removed.
        reason: String,
    },
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// Nothing was heard for too long.
    #[error("nothing was heard from the service for {seconds} s")]
    Silent {
        /// For how long.
        seconds: u64,
    },
    /// Nothing answered after the computer had slept.
    #[error("the connection did not survive {seconds} s of sleep")]
    Slept {
        /// For how long.
        seconds: u64,
    },
    /// The WebSocket could not be opened.
    #[error("{0}")]
    NotReached(DialError),
    /// The control side could not be asked.
    #[error("{0}")]
    NotAsked(SourceError),
}

impl Lost {
    /// Whether something answered, and said no: that is asked again less often than what does not answer.
    pub(crate) fn is_refusal(&self) -> bool {
        match self {
            Self::ClosedByPeer { .. } => true,
            Self::NotReached(error) => match error {
                DialError::Refused { .. } | DialError::Upgrade { .. } => true,
                DialError::Sign(_)
                | DialError::Connect { .. }
                | DialError::Proxy { .. }
                | DialError::ProxyRefused { .. }
                | DialError::Tls { .. }
                | DialError::Timeout { .. } => false,
            },
            Self::NotAsked(error) => match error.kind {
                SourceErrorKind::Busy | SourceErrorKind::Malformed | SourceErrorKind::Refused => {
                    true
                }
                SourceErrorKind::SignInNeeded | SourceErrorKind::Unreachable => false,
            },
            Self::Broken(_) | Self::Silent { .. } | Self::Slept { .. } => false,
        }
    }
}

/// How a session ended.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// Its owner closed it.
    Closed,
    /// `channel_closed` without words.
    Finished {
        /// The shell, as far as can be told: the service says the same when somebody calls TerminateSession.
        by: EndedBy,
        /// The command's exit status, where the agent sent one.
        exit_code: Option<i32>,
    },
    /// `channel_closed` with words: idle limit, agent failure, policy.
    Service {
        /// Who it was, as far as the words say.
        by: EndedBy,
        /// The service's or agent's words; control characters removed.
        output: String,
        /// The command's exit status, where the agent sent one.
        exit_code: Option<i32>,
    },
    /// StartSession failed.
    NotStarted(SourceError),
    /// The data channel was never open, and the service refuses it for good.
    NotConnected(DialError),
    /// This end gave up on the agent: it does not answer, or it breaks the protocol.
    Failed(ChannelError),
    /// The connection was lost, and ResumeSession was refused for good.
    ResumeRefused {
        /// How it was lost.
        lost: Lost,
        /// The refusal.
        error: SourceError,
    },
    /// The connection was lost, and the session had ended meanwhile.
    Gone {
        /// How it was lost.
        lost: Lost,
        /// How long ago.
        after: Duration,
    },
    /// The connection was lost and was not found again while the service would have kept the session.
    GivenUp {
        /// Whether the owner said so; else the time was up.
        by_owner: bool,
        /// How it was lost.
        lost: Lost,
        /// How long ago.
        after: Duration,
        /// How the last try failed.
        failure: Option<Lost>,
    },
    /// The connection was lost, and its URL gave no right to another.
    NotResumable {
        /// How it was lost.
        lost: Lost,
    },
    /// The session's task failed: a fault of this program. Other sessions go on.
    Fault,
}

/// Who or what ended a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndedBy {
    /// The session's owner.
    Me,
    /// The shell or command exited.
    ShellExit,
    /// The shell exited, or somebody ended the session through the service: both look the same from here.
    ShellExitOrElsewhere,
    /// The idle limit.
    IdleTimeout,
    /// The maximum duration.
    MaximumDuration,
    /// Somebody else, through the service.
    Elsewhere,
    /// The agent: it failed, refused, or is gone.
    Agent,
    /// The service, for another reason.
    Service,
    /// The network: the session could not be reached.
    Network,
    /// The service does not let this session be resumed.
    ResumeRefused,
    /// Unknown: it happened while there was no connection.
    WhileDisconnected,
    /// A fault of this program.
    Fault,
}

impl End {
    /// Who ended the session.
    #[must_use]
    pub fn by(&self) -> EndedBy {
        match self {
            Self::Closed | Self::GivenUp { by_owner: true, .. } => EndedBy::Me,
            Self::Finished { by, .. } | Self::Service { by, .. } => *by,
            Self::NotStarted(error) => match error.kind {
                SourceErrorKind::Unreachable => EndedBy::Network,
                SourceErrorKind::Refused
                | SourceErrorKind::SignInNeeded
                | SourceErrorKind::Busy
                | SourceErrorKind::Malformed => EndedBy::Service,
            },
            Self::NotConnected(_) => EndedBy::Service,
            Self::Failed(_) => EndedBy::Agent,
            Self::ResumeRefused { .. } => EndedBy::ResumeRefused,
            Self::Gone { .. } => EndedBy::WhileDisconnected,
            Self::Fault => EndedBy::Fault,
            Self::GivenUp {
                by_owner: false, ..
            }
            | Self::NotResumable { .. } => EndedBy::Network,
        }
    }

    /// The service's or the agent's own words, where there are any; control characters removed.
    #[must_use]
    pub fn words(&self) -> Option<&str> {
        match self {
            Self::Service { output, .. } => Some(output),
            Self::NotStarted(error) | Self::ResumeRefused { error, .. } => error.detail.as_deref(),
            Self::Closed
            | Self::Finished { .. }
            | Self::NotConnected(_)
            | Self::Failed(_)
            | Self::Gone { .. }
            | Self::GivenUp { .. }
            | Self::NotResumable { .. }
            | Self::Fault => None,
        }
    }

    /// Whether the session may still live at the service, so that it should be ended there.
    pub(crate) fn leaves_the_session_running(&self) -> bool {
        match self {
            Self::Closed
            | Self::NotConnected(_)
            | Self::Failed(_)
            | Self::ResumeRefused { .. }
            | Self::GivenUp { .. }
            | Self::NotResumable { .. }
            | Self::Fault => true,
            Self::Finished { .. }
            | Self::Service { .. }
            | Self::NotStarted(_)
            | Self::Gone { .. } => false,
        }
    }
}

fn reason_suffix(reason: &str) -> String {
    if reason.is_empty() {
        String::new()
    } else {
        format!(", \"{reason}\"")
    }
}
