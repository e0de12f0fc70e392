//! What happens in a session, as the window hears of it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A terminal's size in character cells.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct TerminalSize {
    /// Columns, 1 to 65,535.
    pub cols: u16,
    /// Rows, 1 to 65,535.
    pub rows: u16,
}

/// The answer to `open_session`: the session is set aside and begins with `attach_session`, once the page listens.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct SessionOpened {
    /// What the page names the session by; made by the backend.
    pub id: String,
    /// The event to listen to; see [`crate::session_event_name`].
    pub event: String,
}

/// How far an opening session has come.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub enum SessionPhase {
    /// Asking Session Manager for a session.
    Starting,
    /// Opening the data channel.
    Connecting,
    /// The channel is open; waiting for the node's first word.
    WaitingForAgent,
    /// Agreeing with the node on session type and encryption.
    Handshake,
}

/// What kind of end a session had.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub enum EndCause {
    /// The person closed it.
    Closed,
    /// The shell exited, or someone ended the session through the service.
    Finished,
    /// The service ended it and said why: idle limit, agent failure, policy.
    Service,
    /// It never opened: StartSession was refused.
    Refused,
    /// It never opened: the data channel could not be reached or was refused.
    Unreachable,
    /// It broke: the connection was lost, the peer broke the protocol, or this program failed.
    Lost,
}

/// Who ended a session, as far as can be told.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub enum EndedBy {
    /// The person at this window.
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
    /// The service does not let the session be resumed.
    ResumeRefused,
    /// Unknown: it happened while there was no connection.
    WhileDisconnected,
    /// A fault of this program.
    Fault,
}

/// A session's end.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Ended {
    /// What kind of end it is.
    pub cause: EndCause,
    /// Who ended it.
    pub by: EndedBy,
    /// One plain sentence.
    pub message: String,
    /// What to do about it, in one sentence, where there is something to do.
    pub remedy: Option<String>,
    /// The service's own code or words, to copy into a report.
    pub detail: Option<String>,
    /// The exit status, where the agent sent one.
    pub exit_code: Option<i32>,
}

/// Where a session stands.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
#[ts(export)]
pub enum SessionState {
    /// On its way.
    Connecting {
        /// How far it has come.
        phase: SessionPhase,
    },
    /// Keys reach the node.
    Open {
        /// The service's id of the session.
        session_id: String,
        /// The agent's version, where it said so.
        agent_version: Option<String>,
    },
    /// The connection is lost and sought again; what is typed is kept.
    Reconnecting {
        /// When it was lost, in milliseconds since 1970.
        #[ts(type = "number")]
        since_ms: u64,
        /// How it was lost, in one sentence.
        cause: String,
        /// The number of the try that is under way or comes next, from 1.
        attempt: u32,
        /// When that try begins, in milliseconds since 1970; `None`: it is under way.
        #[ts(type = "number | null")]
        next_try_ms: Option<u64>,
        /// How the try before failed, in one sentence.
        failure: Option<String>,
    },
    /// The connection is lost, and credentials are missing to get it back; what is typed is kept.
    WaitingForSignIn {
        /// When it was lost, in milliseconds since 1970.
        #[ts(type = "number")]
        since_ms: u64,
        /// What is missing, in one sentence.
        message: String,
        /// What to do, in one sentence.
        remedy: Option<String>,
    },
    /// Over.
    Ended {
        /// How and why.
        ended: Ended,
    },
}

/// One thing that happened to a session.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct TimelineEntry {
    /// When, in milliseconds since 1970.
    #[ts(type = "number")]
    pub at_ms: u64,
    /// What, in one sentence.
    pub text: String,
}

/// What happened to a session since it was begun.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct SessionTimeline {
    /// Oldest first, at most 128.
    pub entries: Vec<TimelineEntry>,
    /// How many were left out in the middle.
    #[ts(type = "number")]
    pub omitted: u64,
}

/// A session that an earlier run of the application left open at the service, because it was killed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Orphan {
    /// The service's id of the session.
    pub session_id: String,
    /// What its connection was called.
    pub name: String,
    /// What it is on.
    pub target: String,
    /// When it was started, in milliseconds since 1970.
    #[ts(type = "number")]
    pub started_ms: u64,
}

/// How a node keeps somebody waiting.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub enum SilenceKind {
    /// It does not answer what is sent to it.
    NoAnswer,
    /// The service says that it is not connected.
    NodeAbsent,
}

/// A node that keeps somebody waiting.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Silence {
    /// How.
    pub kind: SilenceKind,
    /// Since when, in milliseconds since 1970.
    #[ts(type = "number")]
    pub since_ms: u64,
}

/// What the page hears of one session, as payload of its event.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
#[ts(export)]
pub enum SessionEvent {
    /// Bytes for the terminal. The page returns credit for their number once it has parsed them.
    Output {
        /// Standard base64 with padding; at most 64 KiB of bytes.
        data: String,
    },
    /// The session's state changed.
    State {
        /// The new state.
        state: SessionState,
    },
    /// The node keeps somebody waiting, or does so no longer. The connection stands; what is typed is kept.
    Silence {
        /// Since when and how; `None`: it answers again.
        silence: Option<Silence>,
    },
    /// A sentence for the person: shown beside the terminal, never in its stream.
    Notice {
        /// One sentence; control characters removed.
        message: String,
    },
}

/// What the window shows of the application itself.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct AppInfo {
    /// The application's version.
    pub version: String,
    /// `linux`, `macos` or `windows`.
    pub platform: String,
}
