//! What can happen to a single frame on its way, as a function of its bytes.
//!
//! Damage that no receiver could tell from the real thing, such as other bytes under a right digest, is left out, with
//! one exception that says so.

use bytes::{Bytes, BytesMut};

use super::dice::Dice;
use super::line::Wire;

/// What happens to a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Damage {
    /// It does not arrive.
    Loss,
    /// It arrives this many times more.
    Duplicate {
        /// Beside the frame itself.
        copies: usize,
    },
    /// It arrives after 1 to `within` later ones, or after [`REORDER_WAIT`](Self::REORDER_WAIT) if so many do not come.
    Reorder {
        /// The most frames that overtake it.
        within: usize,
    },
    /// A bit of its digest is wrong.
    CorruptDigest,
    /// A bit of its payload is wrong.
    CorruptPayload,
    /// It is cut off at a random place.
    Truncate,
    /// Before it comes one like it with zeros at its end, so that it has this many bytes; its digest does not fit.
    Oversize {
        /// Bytes of the whole frame.
        len: usize,
    },
    /// Before it comes one like it with another sequence number. A receiver must ignore one that is far off, or of a
    /// message it has; one of a message that is still to come it cannot tell from the real one.
    WrongNumber {
        /// What is added to the number.
        ahead: i64,
    },
    /// Before it comes one like it of a message type that does not exist.
    UnknownType,
    /// It comes as a text frame, which it cannot be: it is not UTF-8.
    Text,
    /// It comes as several WebSocket frames of one message.
    Fragment {
        /// How many.
        frames: usize,
    },
}

/// Which frames a rule is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Frames {
    /// All of them.
    #[default]
    All,
    /// Messages of the stream: everything with a number.
    Stream,
    /// Acknowledgements.
    Acknowledgements,
}

// The header, by offset: see `protocol`'s message layout.
const MESSAGE_TYPE: std::ops::Range<usize> = 4..36;
const SEQUENCE_NUMBER: std::ops::Range<usize> = 48..56;
const DIGEST: std::ops::Range<usize> = 80..112;
const PAYLOAD: usize = 120;

impl Frames {
    pub(crate) fn contain(self, frame: &[u8]) -> bool {
        match self {
            Self::All => true,
            Self::Stream => is_stream(frame),
            Self::Acknowledgements => is_acknowledgement(frame),
        }
    }
}

fn message_type(frame: &[u8]) -> &[u8] {
    frame.get(MESSAGE_TYPE).unwrap_or_default().trim_ascii_end()
}

pub(crate) fn is_stream(frame: &[u8]) -> bool {
    matches!(
        message_type(frame),
        b"output_stream_data" | b"input_stream_data"
    )
}

pub(crate) fn is_acknowledgement(frame: &[u8]) -> bool {
    message_type(frame) == b"acknowledge"
}

impl Damage {
    /// How long a frame waits at most for others to overtake it.
    pub const REORDER_WAIT: std::time::Duration = std::time::Duration::from_millis(100);

    /// What arrives in the frame's place, in this order. Reordering is the line's business.
    pub(crate) fn apply(self, frame: Bytes, dice: &mut Dice) -> Vec<Wire> {
        match self {
            Self::Loss => Vec::new(),
            Self::Duplicate { copies } => vec![Wire::Binary(frame); copies.saturating_add(1)],
            Self::Reorder { .. } => vec![Wire::Binary(frame)],
            Self::CorruptDigest => vec![Wire::Binary(flipped(&frame, DIGEST, dice))],
            Self::CorruptPayload => {
                let payload = PAYLOAD..frame.len();
                vec![Wire::Binary(flipped(&frame, payload, dice))]
            }
            Self::Truncate => vec![Wire::Binary(frame.slice(..dice.below(frame.len())))],
            Self::Oversize { len } => {
                let mut padded = BytesMut::from(&frame[..]);
                padded.resize(len.max(frame.len()), 0);
                vec![Wire::Binary(padded.freeze()), Wire::Binary(frame)]
            }
            Self::WrongNumber { ahead } => {
                let other = changed(&frame, SEQUENCE_NUMBER, |field| {
                    let number = i64::from_be_bytes(field.try_into().unwrap_or_default());
                    field.copy_from_slice(&number.wrapping_add(ahead).to_be_bytes());
                });
                vec![Wire::Binary(other), Wire::Binary(frame)]
            }
            Self::UnknownType => {
                let other = changed(&frame, MESSAGE_TYPE, |field| {
                    field.fill(b' ');
                    field[..12].copy_from_slice(b"unknown_type");
                });
                vec![Wire::Binary(other), Wire::Binary(frame)]
            }
            Self::Text => vec![Wire::Text(frame)],
            Self::Fragment { frames } => vec![Wire::Fragments(frame, frames.max(1))],
        }
    }
}

/// The frame with a change of one field; as it is when it is too short to have the field.
fn changed(frame: &Bytes, field: std::ops::Range<usize>, change: impl FnOnce(&mut [u8])) -> Bytes {
    let mut bytes = BytesMut::from(&frame[..]);
    if let Some(field) = bytes.get_mut(field) {
        change(field);
    }
    bytes.freeze()
}

fn flipped(frame: &Bytes, field: std::ops::Range<usize>, dice: &mut Dice) -> Bytes {
    let bit = dice.below(field.len() * 8);
    changed(frame, field, |field| {
        if let Some(byte) = field.get_mut(bit / 8) {
            *byte ^= 1 << (bit % 8);
        }
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use protocol::{AgentMessage, DecodeError, Flags, MessageType, PayloadType, SequenceNumber};

    use super::*;

    fn frame() -> Bytes {
        let message = AgentMessage {
            message_type: MessageType::OutputStreamData,
            schema_version: 1,
            created_ms: 1,
            sequence_number: SequenceNumber(7),
            flags: Flags::NONE,
            message_id: uuid::Uuid::from_u128(1),
            payload_type: PayloadType::Output,
            payload: Bytes::from_static(b"some output"),
        };
        message.encode().unwrap()
    }

    fn damaged(damage: Damage, number: u64) -> Vec<Result<AgentMessage, DecodeError>> {
        let wires = damage.apply(frame(), &mut Dice::new(1, number));
        let read = |wire: Wire| match wire {
            Wire::Binary(frame) => AgentMessage::decode(frame),
            Wire::Text(_) | Wire::Fragments(..) => panic!("not binary"),
        };
        wires.into_iter().map(read).collect()
    }

    #[test]
    fn what_is_damaged_cannot_be_read_and_what_is_added_can_be_told_apart() {
        let good = AgentMessage::decode(frame()).unwrap();
        for number in 0..500 {
            for damage in [
                Damage::CorruptDigest,
                Damage::CorruptPayload,
                Damage::Truncate,
            ] {
                let read = damaged(damage, number);
                assert!(
                    matches!(&read[..], [Err(_)]),
                    "{damage:?} {number}: {read:?}"
                );
            }
        }
        let read = damaged(Damage::Oversize { len: 5000 }, 0);
        assert!(matches!(&read[..], [Err(_), Ok(second)] if *second == good));
        let read = damaged(Damage::WrongNumber { ahead: -8 }, 0);
        assert_eq!(
            read[0].as_ref().unwrap().sequence_number,
            SequenceNumber(-1)
        );
        assert_eq!(read[1].as_ref().unwrap(), &good);
        let read = damaged(Damage::UnknownType, 0);
        let other = MessageType::Other("unknown_type".to_owned());
        assert_eq!(read[0].as_ref().unwrap().message_type, other);
        assert_eq!(read[1].as_ref().unwrap(), &good);
        assert_eq!(damaged(Damage::Duplicate { copies: 2 }, 0).len(), 3);
        assert_eq!(damaged(Damage::Loss, 0), []);
    }

    #[test]
    fn frames_too_short_for_the_damage_pass() {
        for len in 0..frame().len() {
            for damage in [
                Damage::CorruptDigest,
                Damage::CorruptPayload,
                Damage::Truncate,
                Damage::Oversize { len: 10 },
                Damage::WrongNumber { ahead: 1 },
                Damage::UnknownType,
            ] {
                damage.apply(frame().slice(..len), &mut Dice::new(1, 1));
            }
        }
    }

    #[test]
    fn rules_can_be_for_some_frames_only() {
        let stream = frame();
        assert!(Frames::Stream.contain(&stream) && Frames::All.contain(&stream));
        assert!(!Frames::Acknowledgements.contain(&stream));
        assert!(!Frames::Stream.contain(b"short"));
    }
}
