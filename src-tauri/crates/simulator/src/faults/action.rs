//! What can be done to one session while it runs.

use std::time::Duration;

use bytes::Bytes;

use super::Damage;
use crate::session::Disconnect;

/// Something that happens once, to one session.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// The client loses its connection.
    Disconnect(Disconnect),
    /// The session ends as by TerminateSession from elsewhere, with this text for the user.
    Terminate(String),
    /// The token that is out, if any, no longer opens the data channel.
    ExpireToken,
    /// Something happens to the agent.
    Agent(AgentAction),
    /// Something more is sent to the client.
    Inject(Injection),
    /// The next message of the stream to the client meets this.
    DamageToClient(Damage),
    /// The next message of the stream to the agent meets this.
    DamageToAgent(Damage),
}

/// What can happen to an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AgentAction {
    /// It does nothing any more, and nobody is told.
    Vanish,
    /// It is back after [`Vanish`](Self::Vanish), with everything it knew.
    Return,
    /// Its connection goes for this long. The client is told by `pause_publication` and `start_publication`.
    Restart {
        /// How long it is away.
        absence: Duration,
    },
    /// It sends a message of this payload type, in its turn and with the right number.
    Send {
        /// The payload type, known or not.
        payload_type: u32,
        /// The payload, which is not encrypted even where the session is. Not empty.
        payload: Bytes,
    },
}

/// What can be put into a client's way besides what the agent sends.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Injection {
    /// A binary message of these bytes.
    Binary(Bytes),
    /// A text message.
    Text(String),
    /// A binary message of these bytes in so many WebSocket frames.
    Fragments(Bytes, usize),
    /// A WebSocket ping.
    Ping(Bytes),
    /// `pause_publication`, although the agent is there.
    Pause,
    /// `start_publication`.
    Start,
    /// So many acknowledgements: repeats of the last one, and some of messages that never were.
    AcknowledgementStorm(usize),
}

/// An action that comes by itself, counted from the opening of each connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timed {
    /// How long the connection has been open then.
    pub after: Duration,
    /// What happens.
    pub action: Action,
}
