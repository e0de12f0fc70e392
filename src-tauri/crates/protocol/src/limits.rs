//! The bounds of a channel: what it holds, how much it has under way, how long it waits.
//!
//! Every buffer a peer can fill has its bound here. The defaults suit an interactive session over the internet.

use std::time::Duration;

/// Bounds of one channel. The defaults are right for an application; tests make them small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest payload of a message made from input, in bytes. The official client reads 1,024 at a time and the
    /// service's own limit is unknown.
    pub payload_bytes: usize,
    /// Most messages of input under way without an acknowledgement.
    pub window_messages: usize,
    /// Most bytes under way without an acknowledgement.
    pub window_bytes: usize,
    /// Most bytes of input held back while they cannot be sent: session not open, peer absent, window full.
    pub held_input_bytes: usize,
    /// Most messages kept behind a missing one. Also how far ahead of it a number may be.
    pub reorder_messages: usize,
    /// Most bytes kept behind a missing message.
    pub reorder_bytes: usize,
    /// Silence after which [`Notice::Stalled`](crate::Notice::Stalled) is said.
    pub stalled_after: Duration,
    /// Silence after which the session is given up, counted only while connected with the peer present.
    pub give_up_after: Duration,
    /// Wait for the first message after which [`Notice::NoFirstMessage`](crate::Notice::NoFirstMessage) is said.
    pub first_message_warning: Duration,
    /// Wait for the first message after which the session fails.
    pub first_message_timeout: Duration,
    /// Wait for a handshake, once begun, to end.
    pub handshake_timeout: Duration,
    /// How lost messages are sent again.
    pub resend: ResendPolicy,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            payload_bytes: 1024,
            window_messages: 512,
            window_bytes: 512 * 1024,
            held_input_bytes: 64 * 1024,
            // What the official client keeps: its peer repeats only one message every 100 ms, so each one refused
            // here would cost that long.
            reorder_messages: 10_000,
            reorder_bytes: 8 * 1024 * 1024,
            stalled_after: Duration::from_secs(3),
            give_up_after: Duration::from_secs(5 * 60),
            first_message_warning: Duration::from_secs(10),
            first_message_timeout: Duration::from_secs(60),
            handshake_timeout: Duration::from_secs(60),
            resend: ResendPolicy::EachMessage,
        }
    }
}

/// How lost messages are sent again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResendPolicy {
    /// Every message by its own timer, with exponential back-off and Karn's rule.
    #[default]
    EachMessage,
    /// Only the oldest one, at most every 100 ms, as the official agent does (`ResendStreamDataMessageScheduler`).
    HeadOnly,
}
