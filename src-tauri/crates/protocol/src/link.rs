//! What both ends of a channel have in common: messages in order, acknowledged, and sent again until they are.
//!
//! [`crate::client`] and [`crate::agent`] each own one and decide what a message means; this decides nothing but
//! delivery. It is the only owner of the numbers, and the only place an acknowledgement is written.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;

use crate::incoming::{Incoming, Place};
use crate::io::{Frame, MessageIds, Notice, Now, Output};
use crate::limits::Limits;
use crate::message::{
    AgentMessage, Flags, HEADER_LEN_BYTES, MessageType, PayloadType, SequenceNumber, decode,
};
use crate::outgoing::Outgoing;
use crate::payload::Acknowledge;

/// The version of the framing.
const SCHEMA_VERSION: u32 = 1;

/// How many urgent messages may be under way beyond a full window.
pub(crate) const URGENT_MESSAGES: usize = 16;

/// Carries one end's two streams.
pub(crate) struct Link<E> {
    /// The type of this end's stream messages.
    stream: MessageType,
    first_sent: SequenceNumber,
    ids: Box<dyn MessageIds>,
    outputs: VecDeque<Output<E>>,
    outgoing: Outgoing,
    incoming: Incoming,
    limits: Limits,
    is_connected: bool,
    is_peer_absent: bool,
    is_stalled: bool,
    has_ended: bool,
}

/// A stream message whose turn it is.
pub(crate) struct Turn {
    pub(crate) message: AgentMessage,
    is_acknowledged: bool,
}

impl<E: From<Notice>> Link<E> {
    pub(crate) fn new(
        stream: MessageType,
        first: SequenceNumber,
        limits: Limits,
        ids: Box<dyn MessageIds>,
    ) -> Self {
        Self {
            stream,
            first_sent: first,
            ids,
            outputs: VecDeque::new(),
            outgoing: Outgoing::new(first, &limits),
            incoming: Incoming::new(first, &limits),
            limits,
            is_connected: false,
            is_peer_absent: false,
            is_stalled: false,
            has_ended: false,
        }
    }

    // ---- connection

    /// The socket is up. What has to go first is queued before [`Self::start`].
    pub(crate) fn connect(&mut self) {
        self.drop_transmits();
        self.is_connected = true;
        // The service says so again should the peer still be absent.
        self.is_peer_absent = false;
    }

    /// Begins to send the stream, from what is unacknowledged.
    pub(crate) fn start(&mut self, now: Now) {
        self.outgoing.start(now.elapsed);
        self.flush(now);
    }

    /// The socket is down: nothing leaves until the next [`Self::connect`], nothing is forgotten.
    pub(crate) fn disconnect(&mut self) {
        self.drop_transmits();
        self.is_connected = false;
        self.outgoing.stop();
    }

    /// Frames made for one socket must not open the next one.
    fn drop_transmits(&mut self) {
        self.outputs
            .retain(|output| matches!(output, Output::Event(_)));
    }

    /// The service says the peer is absent.
    pub(crate) fn pause(&mut self) {
        if !self.is_peer_absent {
            self.is_peer_absent = true;
            self.outgoing.stop();
            self.notice(Notice::PeerAbsent);
        }
    }

    /// The peer is there: the service says so, or something of it arrived.
    pub(crate) fn resume(&mut self, now: Now) {
        if self.is_peer_absent {
            self.is_peer_absent = false;
            if self.is_connected {
                self.outgoing.start(now.elapsed);
            }
            self.notice(Notice::PeerPresent);
        }
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.is_connected
    }

    pub(crate) fn is_peer_absent(&self) -> bool {
        self.is_peer_absent
    }

    /// Whether stream messages go out at all at the moment.
    pub(crate) fn is_running(&self) -> bool {
        self.outgoing.is_running()
    }

    // ---- output

    pub(crate) fn poll_output(&mut self) -> Option<Output<E>> {
        self.outputs.pop_front()
    }

    /// Returns what waits to be polled.
    pub(crate) fn outputs(&self) -> impl Iterator<Item = &Output<E>> {
        self.outputs.iter()
    }

    /// Whether a queued frame is one that is kept until it is acknowledged, so that it holds no bytes of its own.
    pub(crate) fn is_kept(&self, frame: &Bytes) -> bool {
        self.outgoing.is_kept(frame)
    }

    /// Returns how many bytes are kept: frames under way and messages behind a gap.
    pub(crate) fn kept_bytes(&self) -> usize {
        let messages = self.outgoing.unacknowledged_messages();
        self.outgoing.unacknowledged_bytes()
            + messages * HEADER_LEN_BYTES
            + self.incoming.held_bytes()
    }

    pub(crate) fn event(&mut self, event: E) {
        if !self.has_ended {
            self.outputs.push_back(Output::Event(event));
        }
    }

    pub(crate) fn notice(&mut self, notice: Notice) {
        self.event(notice.into());
    }

    pub(crate) fn transmit(&mut self, frame: Frame) {
        if self.is_connected && !self.has_ended {
            self.outputs.push_back(Output::Transmit(frame));
        }
    }

    /// Says the last word: no frame and no event comes after this one.
    pub(crate) fn end(&mut self, event: E) {
        self.event(event);
        self.has_ended = true;
        self.outgoing.clear();
        self.incoming.clear();
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended
    }

    // ---- sending

    /// Numbers a stream message, keeps it until it is acknowledged, and sends it as soon as that is possible.
    /// Returns false when the numbers are used up.
    #[must_use]
    pub(crate) fn send(&mut self, now: Now, payload_type: PayloadType, payload: Bytes) -> bool {
        if self.has_ended {
            return true;
        }
        let Some(sequence_number) = self.outgoing.next_number() else {
            return false;
        };
        let is_first = sequence_number == self.first_sent;
        let payload_len = payload.len();
        let message = AgentMessage {
            sequence_number,
            // As the agent does; the client marks nothing.
            flags: if is_first && self.stream == MessageType::OutputStreamData {
                Flags::SYN
            } else {
                Flags::NONE
            },
            payload_type,
            ..self.message(now, self.stream.clone(), payload)
        };
        // Cannot fail: payloads made here are neither empty nor near the limit. Were one to, no number is used.
        let Ok(frame) = message.encode() else {
            debug_assert!(false, "unencodable {payload_type:?} of {payload_len} bytes");
            return true;
        };
        if let Some(frame) = self.outgoing.push(now.elapsed, frame, payload_len) {
            self.transmit(Frame::Binary(frame));
        }
        true
    }

    /// Sends a message outside the stream: not numbered, not repeated.
    pub(crate) fn send_control(&mut self, now: Now, message_type: MessageType, payload: Bytes) {
        let message = AgentMessage {
            flags: Flags::SYN_FIN,
            ..self.message(now, message_type, payload)
        };
        let frame = message.encode();
        debug_assert!(frame.is_ok(), "control messages are small and never empty");
        if let Ok(frame) = frame {
            self.transmit(Frame::Binary(frame));
        }
    }

    /// Draws an id.
    pub(crate) fn next_id(&mut self) -> Uuid {
        self.ids.next_id()
    }

    fn message(&mut self, now: Now, message_type: MessageType, payload: Bytes) -> AgentMessage {
        AgentMessage {
            message_type,
            schema_version: SCHEMA_VERSION,
            // Receivers drop what has no date, so a clock at 1970 must not lose messages.
            created_ms: now.unix_ms.max(1),
            sequence_number: SequenceNumber(0),
            flags: Flags::NONE,
            message_id: self.ids.next_id(),
            payload_type: PayloadType::None,
            payload,
        }
    }

    /// Sends what is due.
    pub(crate) fn flush(&mut self, now: Now) {
        for frame in self.outgoing.take_due(now.elapsed) {
            self.transmit(Frame::Binary(frame));
        }
    }

    /// Makes everything unacknowledged due at once, as when the peer has become ready for it.
    pub(crate) fn expedite(&mut self, now: Now) {
        self.outgoing.expedite(now.elapsed);
    }

    /// Returns how many more bytes of input the window takes.
    pub(crate) fn window_bytes(&self) -> usize {
        if !self.is_running()
            || self.outgoing.unacknowledged_messages() >= self.limits.window_messages
        {
            return 0;
        }
        self.limits
            .window_bytes
            .saturating_sub(self.outgoing.unacknowledged_bytes())
    }

    /// Whether a message that is urgent may go beyond the window.
    pub(crate) fn has_urgent_room(&self) -> bool {
        self.is_running()
            && self.outgoing.unacknowledged_messages()
                < self.limits.window_messages + URGENT_MESSAGES
    }

    pub(crate) fn unacknowledged_bytes(&self) -> usize {
        self.outgoing.unacknowledged_bytes()
    }

    pub(crate) fn all_acknowledged(&self) -> bool {
        self.outgoing.unacknowledged_messages() == 0
    }

    // ---- receiving

    /// Reads a frame. What cannot be read is told of and dropped, without acknowledgement.
    pub(crate) fn decode(&mut self, frame: Bytes) -> Option<AgentMessage> {
        if self.has_ended {
            return None;
        }
        match decode(frame) {
            Ok(decoded) => {
                if let Some(declared) = decoded.understated_length {
                    let present = u32::try_from(decoded.message.payload.len()).unwrap_or(u32::MAX);
                    self.notice(Notice::PayloadLengthUnderstated { declared, present });
                }
                Some(decoded.message)
            }
            Err(error) => {
                self.notice(Notice::MalformedFrame(error));
                None
            }
        }
    }

    /// Takes in a stream message. Repeats and early ones are acknowledged here; one whose turn it is comes back, to
    /// be accepted or declined.
    pub(crate) fn arrive(&mut self, now: Now, message: AgentMessage) -> Option<Turn> {
        self.resume(now);
        match self.incoming.place(&message) {
            Place::Next => Some(Turn {
                message,
                is_acknowledged: false,
            }),
            Place::Repeat => {
                // Its acknowledgement may have been lost; silence would make the peer repeat it for ever.
                self.acknowledge(now, &message);
                None
            }
            Place::Ahead => {
                self.acknowledge(now, &message);
                self.incoming.hold(message);
                None
            }
            Place::NoRoom => None,
        }
    }

    /// Returns the next message that waited for its turn.
    pub(crate) fn next_turn(&mut self) -> Option<Turn> {
        self.incoming.take_next().map(|message| Turn {
            message,
            is_acknowledged: true,
        })
    }

    /// Counts a message as dealt with and acknowledges it, before anything is made of it: an agent that leaves waits
    /// only two seconds for acknowledgements.
    pub(crate) fn accept(&mut self, now: Now, turn: &Turn) {
        if !turn.is_acknowledged {
            self.acknowledge(now, &turn.message);
        }
        self.incoming.advance();
    }

    /// Leaves a message for later: the peer repeats it unless it has been acknowledged already.
    pub(crate) fn decline(&mut self, turn: Turn) {
        if turn.is_acknowledged {
            self.incoming.put_back(turn.message);
        }
    }

    fn acknowledge(&mut self, now: Now, message: &AgentMessage) {
        self.send_control(
            now,
            MessageType::Acknowledge,
            Acknowledge::of(message).encode(),
        );
    }

    /// Takes in an acknowledgement.
    pub(crate) fn handle_acknowledge(&mut self, now: Now, message: &AgentMessage) {
        self.resume(now);
        match Acknowledge::decode_number(&message.payload) {
            Ok(number) => {
                if self.outgoing.acknowledge(now.elapsed, number)
                    && std::mem::take(&mut self.is_stalled)
                {
                    self.notice(Notice::Recovered);
                }
            }
            Err(_) => self.notice(Notice::MalformedPayload(
                MessageType::Acknowledge,
                PayloadType::None,
            )),
        }
    }

    pub(crate) fn held_messages(&self) -> usize {
        self.incoming.held_messages()
    }

    pub(crate) fn held_bytes(&self) -> usize {
        self.incoming.held_bytes()
    }

    // ---- time

    /// Looks how long the peer has been silent, telling of it once, and returns that time when it is too long.
    pub(crate) fn check_silence(&mut self, now: Now) -> Option<Duration> {
        let silence = self.outgoing.silence(now.elapsed);
        if silence >= self.limits.stalled_after && !self.is_stalled {
            self.is_stalled = true;
            self.notice(Notice::Stalled(silence));
        }
        (silence >= self.limits.give_up_after).then_some(silence)
    }

    /// Returns when [`Self::check_silence`] has something to say.
    pub(crate) fn silence_deadline(&self) -> Option<Duration> {
        let warning = self
            .outgoing
            .silence_deadline(self.limits.stalled_after)
            .filter(|_| !self.is_stalled);
        earliest([
            warning,
            self.outgoing.silence_deadline(self.limits.give_up_after),
        ])
    }

    /// Returns when [`Self::flush`] has something to do.
    pub(crate) fn resend_deadline(&self) -> Option<Duration> {
        self.outgoing.deadline()
    }
}

/// Returns the first of some deadlines.
pub(crate) fn earliest<const N: usize>(deadlines: [Option<Duration>; N]) -> Option<Duration> {
    deadlines.into_iter().flatten().min()
}
