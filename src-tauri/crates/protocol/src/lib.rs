//! Session Manager's data channel, both ends of it, without I/O.
//!
//! Bytes and the caller's clock go in; frames to write, events to show and the next deadline come out. Nothing in
//! here opens a socket, reads a clock, draws a random number or starts a task, so the same input always gives the
//! same output: whole sessions replay in a test, in virtual time, over a network that loses whatever a seed says.
//!
//! * [`DataChannel`] is the client's end, driven by `engine`; [`AgentChannel`] is the agent's, driven by `simulator`.
//! * [`AgentMessage`] is the one binary message both exchange; [`payload`] holds the bodies it carries.
//! * [`service`] makes the few messages the gateway between the two writes itself.
//! * [`kms`], [`smux`], [`rtt`] and [`version`] are the parts that stand alone: session encryption, the streams inside
//!   a port session, the reference round-trip estimate and what either side makes of the other's version.
//!
//! Offsets, field names and rules follow the official client (`aws/session-manager-plugin`) and agent
//! (`aws/amazon-ssm-agent`); where they differ from what is safe, the place that decides says so.

pub mod agent;
pub mod client;
mod incoming;
mod io;
pub mod kms;
mod limits;
mod link;
mod message;
pub mod open;
mod outgoing;
mod patience;
pub mod payload;
pub mod rtt;
pub mod service;
mod session_id;
pub mod smux;
mod terminal_size;
pub mod text;
pub mod version;

pub use agent::{AgentChannel, AgentConfig, AgentEvent, EncryptionPlan, HandshakePlan};
pub use client::{
    ChannelError, ClientConfig, ClientEvent, DataChannel, SessionInfo, URGENT_INPUT_LEN_BYTES,
};
pub use io::{Frame, MessageIds, Notice, Now, Output};
pub use limits::{Limits, ResendPolicy};
pub use message::{
    AgentMessage, DecodeError, EncodeError, Flags, HEADER_LEN_BYTES, MAX_FRAME_LEN_BYTES,
    MessageType, PayloadType, SequenceNumber,
};
pub use payload::{AgentState, ChannelClosed, ChannelFlag, SessionType};
pub use session_id::{InvalidSessionId, SessionId};
pub use terminal_size::TerminalSize;
pub use version::CLIENT_VERSION;
