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

/// Who or what ended a session.
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
    /// It broke: the connection was lost, or the peer broke the protocol.
    Lost,
}

/// A session's end.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(export)]
pub struct Ended {
    /// Who or what ended it.
    pub cause: EndCause,
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
    /// Over.
    Ended {
        /// How and why.
        ended: Ended,
    },
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
