//! The bounds of a channel: what it holds, how much it has under way, how long it waits.
//!
//! Every buffer a peer can fill has its bound here. The defaults suit an interactive session over the internet.

use std::time::Duration;

use crate::client::{ClientEvent, URGENT_INPUT_LEN_BYTES};
use crate::io::Output;
use crate::kms::OVERHEAD_LEN_BYTES;
use crate::link::URGENT_MESSAGES;
use crate::message::{HEADER_LEN_BYTES, MAX_FRAME_LEN_BYTES};
use crate::payload::MAX_REQUEST_LEN_BYTES;

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

/// What a message that is kept costs beyond its frame: its place in the maps that find it again.
const KEPT_MESSAGE_LEN_BYTES: usize = 256;

/// Messages of the handshake and the sizes beside it, and the most they hold together. The answer names at most 32
/// actions with at most 100 characters each, twice, and an encrypted data key.
const HANDSHAKE_MESSAGES: usize = 4;
const HANDSHAKE_ANSWERS_LEN_BYTES: usize = 64 * 1024;

/// What a parsed request may take for each byte of its text: two bytes of JSON make a value of 32, in a list that may
/// be half empty, and its parameters are kept once more.
const PARSED_FACTOR: usize = 48;

/// Acknowledgements, the opening frame, notices: what one call may queue beside the streams.
const SUNDRY_OUTPUTS: usize = 32;
const SUNDRY_LEN_BYTES: usize = 16 * 1024;

impl Limits {
    /// Returns the most bytes a [`DataChannel`](crate::DataChannel) with these limits holds at any time, whatever its
    /// peer sends: frames, payloads and what it takes to keep them. Provided that the caller empties
    /// [`poll_output`](crate::DataChannel::poll_output) after every call, as it has to; flags it sends come on top.
    pub const fn most_held_bytes(&self) -> usize {
        let urgent_payload = if self.payload_bytes < URGENT_INPUT_LEN_BYTES {
            self.payload_bytes
        } else {
            URGENT_INPUT_LEN_BYTES
        };
        let sent_messages = self.window_messages + URGENT_MESSAGES + HANDSHAKE_MESSAGES;
        let sent = self.window_bytes
            + OVERHEAD_LEN_BYTES
            + URGENT_MESSAGES * (urgent_payload + OVERHEAD_LEN_BYTES)
            + HANDSHAKE_ANSWERS_LEN_BYTES
            + sent_messages * HEADER_LEN_BYTES;
        let input = self.held_input_bytes + URGENT_INPUT_LEN_BYTES;
        let received = self.reorder_bytes
            // The message in hand, and once more as it is opened.
            + 2 * MAX_FRAME_LEN_BYTES
            + PARSED_FACTOR * MAX_REQUEST_LEN_BYTES;
        let kept = (sent_messages + self.reorder_messages) * KEPT_MESSAGE_LEN_BYTES;
        let queued = (sent_messages + self.reorder_messages + SUNDRY_OUTPUTS)
            * size_of::<Output<ClientEvent>>()
            + SUNDRY_LEN_BYTES;
        // What is queued for writing shares its bytes with what is kept until it is acknowledged; a caller that copies
        // it counts them again itself.
        input + sent + received + kept + queued
    }
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
