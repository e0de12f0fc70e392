//! What a session tells whoever shows it.

use bytes::Bytes;
use protocol::{Notice, SessionId, SessionInfo};

use crate::dial::DialError;
use crate::source::SourceError;

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

/// Where a session stands. Each is told once, in the order given here; any can be followed by `Ended`.
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
    /// Over. Nothing follows.
    Ended(End),
}

/// How a session ended.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// Its owner closed it.
    Closed,
    /// `channel_closed` without words: the shell exited, or somebody ended the session through the service.
    Finished {
        /// The command's exit status, where the agent sent one.
        exit_code: Option<i32>,
    },
    /// `channel_closed` with words: idle limit, agent failure, policy.
    Service {
        /// The service's or agent's words; control characters removed.
        output: String,
        /// The command's exit status, where the agent sent one.
        exit_code: Option<i32>,
    },
    /// StartSession failed.
    NotStarted(SourceError),
    /// The data channel could not be opened.
    NotConnected(DialError),
    /// The data channel was open and broke.
    Lost(Lost),
}

/// How an open data channel was lost.
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
    /// The peer broke the protocol, or a bound was reached.
    #[error("{0}")]
    Protocol(String),
}

fn reason_suffix(reason: &str) -> String {
    if reason.is_empty() {
        String::new()
    } else {
        format!(", \"{reason}\"")
    }
}
