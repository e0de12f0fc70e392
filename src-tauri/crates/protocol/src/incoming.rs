//! One direction as its receiver sees it: what is next, what was seen, and what waits behind a gap.
//!
//! A message that comes out of the buffer is treated exactly like one that came in order: both leave through
//! [`Incoming::take_next`]. Who acknowledges, and when, is decided in [`crate::link`].

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::limits::Limits;
use crate::message::{AgentMessage, HEADER_LEN_BYTES, SequenceNumber};

/// Receives one numbered stream.
#[derive(Debug)]
pub(crate) struct Incoming {
    /// The number whose turn it is; nothing once the numbers are used up.
    expected: Option<SequenceNumber>,
    /// INVARIANT: no key is below `expected`; at most `reorder_messages` and `reorder_bytes`.
    held: BTreeMap<SequenceNumber, AgentMessage>,
    held_bytes: usize,
    reorder_messages: usize,
    reorder_bytes: usize,
}

/// Where an arriving message belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// It is the one whose turn it is.
    Next,
    /// It was accepted before: the acknowledgement was lost, or the network doubled it.
    Repeat,
    /// It came before its predecessors and there is room to keep it.
    Ahead,
    /// It came before its predecessors and there is no room: the sender will repeat it.
    NoRoom,
}

impl Incoming {
    pub(crate) fn new(first: SequenceNumber, limits: &Limits) -> Self {
        Self {
            expected: Some(first),
            held: BTreeMap::new(),
            held_bytes: 0,
            reorder_messages: limits.reorder_messages,
            reorder_bytes: limits.reorder_bytes,
        }
    }

    /// Says where a message belongs, without taking it.
    pub(crate) fn place(&self, message: &AgentMessage) -> Place {
        let number = message.sequence_number;
        let Some(expected) = self.expected else {
            return Place::Repeat;
        };
        // A message may be held for its turn already: an agent that is not ready leaves it there.
        if number < expected || self.held.contains_key(&number) {
            return Place::Repeat;
        }
        if number == expected {
            return Place::Next;
        }
        // Limiting how far ahead a number may be limits their count too, and keeps a peer from filling the buffer
        // with numbers that are never reached.
        let distance = number.0.abs_diff(expected.0);
        let is_near =
            usize::try_from(distance).is_ok_and(|distance| distance <= self.reorder_messages);
        if is_near && self.held_bytes + cost(message) <= self.reorder_bytes {
            Place::Ahead
        } else {
            Place::NoRoom
        }
    }

    /// Keeps a message until its turn. Only for what [`Self::place`] called [`Place::Ahead`].
    pub(crate) fn hold(&mut self, mut message: AgentMessage) {
        // A copy: the frame may be a small part of a large read buffer, which it would keep alive.
        message.payload = Bytes::copy_from_slice(&message.payload);
        self.put_back(message);
    }

    /// Takes out the held message whose turn it is.
    pub(crate) fn take_next(&mut self) -> Option<AgentMessage> {
        let message = self.held.remove(&self.expected?)?;
        self.held_bytes -= cost(&message);
        Some(message)
    }

    /// Puts a message back that cannot be dealt with yet.
    pub(crate) fn put_back(&mut self, message: AgentMessage) {
        self.held_bytes += cost(&message);
        self.held.insert(message.sequence_number, message);
    }

    /// Counts the message whose turn it is as dealt with.
    pub(crate) fn advance(&mut self) {
        self.expected = self.expected.and_then(SequenceNumber::next);
    }

    /// Returns how many messages wait.
    pub(crate) fn held_messages(&self) -> usize {
        self.held.len()
    }

    /// Returns how many bytes wait.
    pub(crate) fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    /// Forgets what waits.
    pub(crate) fn clear(&mut self) {
        self.held.clear();
        self.held_bytes = 0;
    }
}

/// What a held message counts for: tiny payloads must not make the buffer free.
fn cost(message: &AgentMessage) -> usize {
    message.payload.len() + HEADER_LEN_BYTES
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::message::{Flags, MessageType, PayloadType};

    fn message(number: i64) -> AgentMessage {
        AgentMessage {
            message_type: MessageType::OutputStreamData,
            schema_version: 1,
            created_ms: 1,
            sequence_number: SequenceNumber(number),
            flags: Flags::NONE,
            message_id: Uuid::nil(),
            payload_type: PayloadType::Output,
            payload: Bytes::from_static(&[0; 80]),
        }
    }

    fn incoming(reorder_messages: usize, reorder_bytes: usize) -> Incoming {
        Incoming::new(
            SequenceNumber(0),
            &Limits {
                reorder_messages,
                reorder_bytes,
                ..Limits::default()
            },
        )
    }

    #[test]
    fn gives_messages_out_in_order_and_knows_repeats() {
        let mut incoming = incoming(10, 10_000);
        for number in [2, 1] {
            assert_eq!(incoming.place(&message(number)), Place::Ahead);
            incoming.hold(message(number));
            assert_eq!(incoming.place(&message(number)), Place::Repeat);
        }
        assert_eq!(incoming.take_next(), None);
        assert_eq!(incoming.place(&message(0)), Place::Next);
        incoming.advance();
        for number in [1, 2] {
            assert_eq!(incoming.take_next(), Some(message(number)));
            incoming.advance();
        }
        assert_eq!((incoming.take_next(), incoming.held_bytes()), (None, 0));
        assert_eq!(incoming.place(&message(2)), Place::Repeat);
        assert_eq!(incoming.place(&message(-1)), Place::Repeat);
        assert_eq!(incoming.place(&message(i64::MIN)), Place::Repeat);
    }

    #[test]
    fn is_bounded_by_distance_and_by_bytes() {
        let mut incoming = incoming(4, 600);
        assert_eq!(incoming.place(&message(5)), Place::NoRoom);
        assert_eq!(incoming.place(&message(i64::MAX)), Place::NoRoom);
        for number in [4, 3, 2] {
            incoming.hold(message(number));
        }
        assert_eq!((incoming.held_messages(), incoming.held_bytes()), (3, 600));
        assert_eq!(incoming.place(&message(1)), Place::NoRoom);
        // The one whose turn it is needs no room, so a full buffer always drains.
        assert_eq!(incoming.place(&message(0)), Place::Next);
    }

    #[test]
    fn numbers_end_without_wrapping_around() {
        let mut incoming = Incoming::new(SequenceNumber(i64::MAX), &Limits::default());
        assert_eq!(incoming.place(&message(i64::MAX)), Place::Next);
        incoming.advance();
        assert_eq!(incoming.place(&message(i64::MAX)), Place::Repeat);
        assert_eq!(incoming.place(&message(0)), Place::Repeat);
        assert_eq!(incoming.take_next(), None);
    }
}
