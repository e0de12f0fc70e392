//! One direction as its sender sees it: numbers, what is not yet acknowledged, and when to send it again.
//!
//! The reference resends only the oldest message, at most ten times a second, and measures round trips on resent
//! messages too; after a cut it recovers at some 10 KB/s. Here every message has its own timer with exponential
//! back-off, resends go in paced batches, and Karn's rule keeps ambiguous samples out of the estimate. Any peer can be
//! talked to this way: acknowledgements are individual.
//!
//! What goes out at once also stands before the acknowledgements of either end. A connection that dies under a burst has
//! carried nothing for good, and so would the next one; one that dies before any answer can be back carries only what
//! went out at once. Which of the two it is cannot be told, so connections that carry nothing take turns: everything, a
//! little, one message, everything. One that has carried something shows what the next may begin with, and each
//! acknowledgement lets two more messages go.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;

use crate::limits::{Limits, ResendPolicy};
use crate::message::SequenceNumber;
use crate::patience::Patience;
use crate::rtt::RttEstimate;

/// Shortest time after which a message is sent again: the reference's first timeout. Its own clock ticks every
/// 100 ms, so it cannot be expected to answer much faster.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(200);

/// Longest time between two transmissions of a message.
const LONGEST_INTERVAL: Duration = Duration::from_secs(4);

/// Most messages sent again at a time, and the pause before the next ones.
const BATCH_MESSAGES: usize = 64;
const BATCH_PAUSE: Duration = Duration::from_millis(10);

/// By how much less the next connection begins with after one that has acknowledged nothing.
const CAUTION: usize = 8;

/// The reference resender's tick.
const HEAD_ONLY_PAUSE: Duration = Duration::from_millis(100);

/// After this many acknowledgements of later messages a message counts as lost; fewer may be mere reordering.
const OVERTAKEN_LIMIT: u32 = 3;

/// Sends one numbered stream.
#[derive(Debug)]
pub(crate) struct Outgoing {
    next: Option<SequenceNumber>,
    unacknowledged: BTreeMap<SequenceNumber, Pending>,
    unacknowledged_bytes: usize,
    /// INVARIANT: exactly one entry, with its `due`, for each unacknowledged message that is not in `waiting`.
    schedule: BTreeSet<(Duration, SequenceNumber)>,
    /// Messages that this connection has not been trusted with yet.
    waiting: BTreeSet<SequenceNumber>,
    /// How many messages this connection is trusted with at a time: in `schedule` are no more than that, unless it has
    /// become less.
    allowance: usize,
    /// What that was when the connection began, at most a batch.
    began_with: usize,
    /// Messages acknowledged since then.
    acknowledged: usize,
    estimate: RttEstimate,
    /// Back-off that new messages inherit until a clean sample comes: on a link slower than the estimate every
    /// message would else be resent, so no sample would ever be clean, and the estimate would never learn.
    inherited_interval: Duration,
    next_batch_at: Duration,
    silence: Patience,
    is_running: bool,
    policy: ResendPolicy,
}

/// A message that may have to be sent again: the same bytes, whatever happens.
#[derive(Debug)]
struct Pending {
    frame: Bytes,
    payload_len: usize,
    transmissions: u32,
    sent_at: Duration,
    due: Duration,
    interval: Duration,
    /// Whether an acknowledgement would tell the round-trip time.
    is_clean: bool,
    /// Whether the next transmission is for another reason than the timer, so that it is no sign of congestion.
    is_expedited: bool,
    overtaken: u32,
}

impl Outgoing {
    pub(crate) fn new(first: SequenceNumber, limits: &Limits) -> Self {
        Self {
            next: Some(first),
            unacknowledged: BTreeMap::new(),
            unacknowledged_bytes: 0,
            schedule: BTreeSet::new(),
            waiting: BTreeSet::new(),
            allowance: usize::MAX,
            began_with: BATCH_MESSAGES,
            acknowledged: 0,
            estimate: RttEstimate::default(),
            inherited_interval: Duration::ZERO,
            next_batch_at: Duration::ZERO,
            silence: Patience::default(),
            is_running: false,
            policy: limits.resend,
        }
    }

    /// Returns the number the next message has to carry; nothing once they are used up.
    pub(crate) fn next_number(&self) -> Option<SequenceNumber> {
        self.next
    }

    /// Takes over the message with [`Self::next_number`]. Returns it if it is to be sent at once; else it goes out
    /// in its turn.
    pub(crate) fn push(
        &mut self,
        now: Duration,
        frame: Bytes,
        payload_len: usize,
    ) -> Option<Bytes> {
        let number = self.next?;
        self.next = number.next();
        if self.unacknowledged.is_empty() && self.is_running {
            self.silence.restart(now);
        }
        let interval = self.fresh_interval();
        // Not ahead of messages that wait to be sent again: the receiver can use those sooner.
        let is_first_in_line = match self.policy {
            ResendPolicy::EachMessage => self.schedule.first().is_none_or(|&(due, _)| due > now),
            ResendPolicy::HeadOnly => true,
        };
        let is_trusted = self.waiting.is_empty() && self.schedule.len() < self.allowance;
        let sends_now = self.is_running && is_first_in_line && is_trusted;
        let pending = Pending {
            frame: frame.clone(),
            payload_len,
            transmissions: u32::from(sends_now),
            sent_at: now,
            due: if sends_now { now + interval } else { now },
            interval,
            is_clean: true,
            is_expedited: false,
            overtaken: 0,
        };
        self.unacknowledged_bytes += payload_len;
        if is_trusted {
            self.schedule.insert((pending.due, number));
        } else {
            self.waiting.insert(number);
        }
        self.unacknowledged.insert(number, pending);
        sends_now.then_some(frame)
    }

    /// Takes in an acknowledgement. Returns whether it was for a message under way.
    pub(crate) fn acknowledge(&mut self, now: Duration, number: SequenceNumber) -> bool {
        // One for a message that never left this side is a peer's mistake, and must not lose the message.
        if self
            .unacknowledged
            .get(&number)
            .is_none_or(|pending| pending.transmissions == 0)
        {
            return false;
        }
        let Some(pending) = self.unacknowledged.remove(&number) else {
            return false;
        };
        if !self.schedule.remove(&(pending.due, number)) {
            self.waiting.remove(&number);
        }
        self.unacknowledged_bytes -= pending.payload_len;
        self.acknowledged = self.acknowledged.saturating_add(1);
        self.trust(now, self.allowance.saturating_add(1));
        let is_sample = match self.policy {
            ResendPolicy::EachMessage => pending.is_clean,
            ResendPolicy::HeadOnly => true,
        };
        if is_sample {
            self.estimate.sample(now.saturating_sub(pending.sent_at));
            self.inherited_interval = Duration::ZERO;
        }
        if self.policy == ResendPolicy::EachMessage {
            self.note_overtaken(now, number, pending.sent_at);
        }
        if self.unacknowledged.is_empty() {
            self.silence.pause();
        } else if self.is_running {
            self.silence.restart(now);
        }
        true
    }

    /// Takes the acknowledgement of a later message, sent at `sent_at`, as a hint that earlier ones are lost.
    fn note_overtaken(&mut self, now: Duration, number: SequenceNumber, sent_at: Duration) {
        // Only the oldest few: they are what the receiver waits for, and this runs for every acknowledgement.
        for (&earlier, pending) in self.unacknowledged.range_mut(..number).take(BATCH_MESSAGES) {
            if pending.transmissions != 1
                || pending.sent_at > sent_at
                || self.waiting.contains(&earlier)
            {
                continue;
            }
            pending.overtaken += 1;
            if pending.overtaken == OVERTAKEN_LIMIT {
                reschedule(&mut self.schedule, earlier, pending, now);
            }
        }
    }

    /// Starts to send: connected, and the peer is there. Everything unacknowledged goes out again, oldest first.
    pub(crate) fn start(&mut self, now: Duration) {
        self.is_running = true;
        self.inherited_interval = Duration::ZERO;
        self.next_batch_at = now;
        self.acknowledged = 0;
        self.began_with = self.allowance.min(BATCH_MESSAGES);
        self.schedule.clear();
        self.waiting = self.unacknowledged.keys().copied().collect();
        self.trust(now, self.allowance);
        self.expedite(now);
    }

    /// What the next connection begins with, after one that did not get to acknowledge everything.
    fn next_allowance(&self) -> usize {
        match (self.acknowledged, self.began_with) {
            (0, ..=1) => usize::MAX,
            // A single message was no burst.
            (0, _) if self.schedule.len() <= 1 => self.allowance,
            (0, began_with) => (began_with / CAUTION).max(1),
            (BATCH_MESSAGES.., _) => usize::MAX,
            (acknowledged, _) => acknowledged,
        }
    }

    /// Lets the connection have this many messages at a time.
    fn trust(&mut self, now: Duration, allowance: usize) {
        self.allowance = if allowance < BATCH_MESSAGES {
            allowance
        } else {
            usize::MAX
        };
        while self.schedule.len() < self.allowance
            && let Some(number) = self.waiting.pop_first()
        {
            if let Some(pending) = self.unacknowledged.get_mut(&number) {
                reschedule(&mut self.schedule, number, pending, now);
            }
        }
    }

    /// Stops to send, keeping everything. What happens meanwhile says nothing about the round trip.
    pub(crate) fn stop(&mut self) {
        if self.is_running && !self.unacknowledged.is_empty() {
            self.allowance = match self.policy {
                ResendPolicy::EachMessage => self.next_allowance(),
                ResendPolicy::HeadOnly => usize::MAX,
            };
        }
        self.is_running = false;
        self.silence.pause();
        for pending in self.unacknowledged.values_mut() {
            pending.is_clean &= pending.transmissions == 0;
        }
    }

    /// Makes everything unacknowledged due at once, and counts silence anew.
    pub(crate) fn expedite(&mut self, now: Duration) {
        if self.is_running && !self.unacknowledged.is_empty() {
            self.silence.restart(now);
        }
        let interval = self.fresh_interval();
        for (&number, pending) in &mut self.unacknowledged {
            pending.interval = interval;
            if self.waiting.contains(&number) {
                continue;
            }
            reschedule(&mut self.schedule, number, pending, now);
        }
    }

    /// Returns the frames to send now, in the order of their numbers.
    pub(crate) fn take_due(&mut self, now: Duration) -> Vec<Bytes> {
        if !self.is_running || now < self.next_batch_at {
            return Vec::new();
        }
        let mut due: Vec<SequenceNumber> = match self.policy {
            ResendPolicy::EachMessage => self
                .schedule
                .iter()
                .take_while(|&&(due, _)| due <= now)
                .take(BATCH_MESSAGES)
                .map(|&(_, number)| number)
                .collect(),
            ResendPolicy::HeadOnly => self
                .unacknowledged
                .first_key_value()
                .filter(|(_, pending)| pending.due <= now)
                .map(|(&number, _)| number)
                .into_iter()
                .collect(),
        };
        due.sort_unstable();
        match self.policy {
            ResendPolicy::EachMessage if due.len() == BATCH_MESSAGES => {
                self.next_batch_at = now + BATCH_PAUSE
            }
            ResendPolicy::HeadOnly if !due.is_empty() => self.next_batch_at = now + HEAD_ONLY_PAUSE,
            ResendPolicy::EachMessage | ResendPolicy::HeadOnly => {}
        }
        due.into_iter()
            .filter_map(|number| self.transmit(now, number))
            .collect()
    }

    fn transmit(&mut self, now: Duration, number: SequenceNumber) -> Option<Bytes> {
        let timeout = self.estimate.timeout();
        let pending = self.unacknowledged.get_mut(&number)?;
        if pending.transmissions > 0 {
            pending.is_clean = false;
            match self.policy {
                ResendPolicy::EachMessage if !pending.is_expedited => {
                    pending.interval = (pending.interval * 2).min(LONGEST_INTERVAL);
                    self.inherited_interval = self.inherited_interval.max(pending.interval);
                }
                ResendPolicy::EachMessage => {}
                ResendPolicy::HeadOnly => pending.interval = timeout,
            }
        }
        pending.transmissions = pending.transmissions.saturating_add(1);
        pending.is_expedited = false;
        pending.sent_at = now;
        self.schedule.remove(&(pending.due, number));
        pending.due = now + pending.interval;
        self.schedule.insert((pending.due, number));
        Some(pending.frame.clone())
    }

    /// Returns when [`Self::take_due`] has something to do; nothing while stopped.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        let due = match self.policy {
            ResendPolicy::EachMessage => self.schedule.first().map(|&(due, _)| due),
            ResendPolicy::HeadOnly => self
                .unacknowledged
                .first_key_value()
                .map(|(_, pending)| pending.due),
        };
        due.filter(|_| self.is_running)
            .map(|due| due.max(self.next_batch_at))
    }

    /// Looks how long nothing has been acknowledged although something should have been.
    pub(crate) fn silence(&mut self, now: Duration) -> Duration {
        self.silence.look(now)
    }

    /// Returns when to look at [`Self::silence`] so that `limit` is not missed.
    pub(crate) fn silence_deadline(&self, limit: Duration) -> Option<Duration> {
        self.silence.deadline(limit)
    }

    /// Whether messages go out at all at the moment.
    pub(crate) fn is_running(&self) -> bool {
        self.is_running
    }

    /// Returns how many payload bytes are not acknowledged.
    pub(crate) fn unacknowledged_bytes(&self) -> usize {
        self.unacknowledged_bytes
    }

    /// Returns how many messages are not acknowledged.
    pub(crate) fn unacknowledged_messages(&self) -> usize {
        self.unacknowledged.len()
    }

    /// Whether a frame is one of those under way, and not a copy.
    pub(crate) fn is_kept(&self, frame: &Bytes) -> bool {
        let is_same = |pending: &Pending| pending.frame.as_ptr() == frame.as_ptr();
        frame_number(frame)
            .and_then(|number| self.unacknowledged.get(&number))
            .is_some_and(is_same)
    }

    /// Forgets everything under way and stops.
    pub(crate) fn clear(&mut self) {
        self.stop();
        self.unacknowledged.clear();
        self.unacknowledged_bytes = 0;
        self.schedule.clear();
        self.waiting.clear();
    }

    fn fresh_interval(&self) -> Duration {
        match self.policy {
            ResendPolicy::EachMessage => self
                .estimate
                .uncapped_timeout()
                .max(self.inherited_interval)
                .clamp(SHORTEST_INTERVAL, LONGEST_INTERVAL),
            ResendPolicy::HeadOnly => self.estimate.timeout(),
        }
    }
}

/// Reads the number of an encoded message: 8 bytes at offset 48.
fn frame_number(frame: &[u8]) -> Option<SequenceNumber> {
    let number = frame.get(48..56)?.try_into().ok()?;
    Some(SequenceNumber(i64::from_be_bytes(number)))
}

fn reschedule(
    schedule: &mut BTreeSet<(Duration, SequenceNumber)>,
    number: SequenceNumber,
    pending: &mut Pending,
    due: Duration,
) {
    schedule.remove(&(pending.due, number));
    pending.due = due;
    pending.is_expedited = true;
    schedule.insert((due, number));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outgoing(policy: ResendPolicy) -> Outgoing {
        let mut outgoing = Outgoing::new(
            SequenceNumber(0),
            &Limits {
                resend: policy,
                ..Limits::default()
            },
        );
        outgoing.start(Duration::ZERO);
        outgoing
    }

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// Pushes a message whose frame is the number itself.
    fn push(outgoing: &mut Outgoing, now: Duration) -> Option<Bytes> {
        let number = outgoing.next_number().map_or(0, |number| number.0);
        outgoing.push(now, Bytes::copy_from_slice(&number.to_be_bytes()), 8)
    }

    const NOTHING: [i64; 0] = [];

    fn due(outgoing: &mut Outgoing, now: Duration) -> Vec<i64> {
        let number = |frame: Bytes| i64::from_be_bytes(frame[..].try_into().unwrap_or_default());
        outgoing.take_due(now).into_iter().map(number).collect()
    }

    #[test]
    fn repeats_each_message_by_its_own_timer_with_growing_pauses() {
        let mut outgoing = outgoing(ResendPolicy::EachMessage);
        assert!(push(&mut outgoing, ms(0)).is_some());
        assert!(push(&mut outgoing, ms(50)).is_some());
        assert_eq!(outgoing.deadline(), Some(ms(200)));
        assert_eq!(due(&mut outgoing, ms(199)), NOTHING);
        assert_eq!(due(&mut outgoing, ms(200)), [0]);
        assert_eq!(due(&mut outgoing, ms(250)), [1]);
        let mut times = Vec::new();
        while let Some(deadline) = outgoing
            .deadline()
            .filter(|&deadline| deadline < ms(20_000))
        {
            times.extend(
                due(&mut outgoing, deadline)
                    .iter()
                    .filter(|&&number| number == 0)
                    .map(|_| deadline),
            );
        }
        assert_eq!(
            times,
            [600, 1400, 3000, 6200, 10_200, 14_200, 18_200].map(ms)
        );
    }

    #[test]
    fn takes_no_sample_from_a_message_sent_twice() {
        let mut outgoing = outgoing(ResendPolicy::EachMessage);
        push(&mut outgoing, ms(0));
        due(&mut outgoing, ms(200));
        let before = outgoing.estimate;
        assert!(outgoing.acknowledge(ms(201), SequenceNumber(0)));
        assert_eq!(outgoing.estimate, before);
        push(&mut outgoing, ms(300));
        outgoing.acknowledge(ms(350), SequenceNumber(1));
        assert_ne!(outgoing.estimate, before);
    }

    #[test]
    fn takes_no_sample_across_a_cut() {
        let mut outgoing = outgoing(ResendPolicy::EachMessage);
        push(&mut outgoing, ms(0));
        let before = outgoing.estimate;
        outgoing.stop();
        outgoing.start(ms(9000));
        assert!(outgoing.acknowledge(ms(9001), SequenceNumber(0)));
        assert_eq!(outgoing.estimate, before);
    }

    #[test]
    fn learns_a_round_trip_longer_than_any_first_timeout() {
        let mut outgoing = outgoing(ResendPolicy::EachMessage);
        let round_trip = ms(2500);
        let mut resent = 0;
        let mut now = ms(0);
        for number in 0..12 {
            push(&mut outgoing, now);
            let arrival = now + round_trip;
            while let Some(deadline) = outgoing.deadline().filter(|&deadline| deadline < arrival) {
                resent = if due(&mut outgoing, deadline).is_empty() {
                    resent
                } else {
                    number
                };
            }
            now = arrival;
            outgoing.acknowledge(now, SequenceNumber(number));
        }
        assert!(resent <= 1, "message {resent} was sent more than once");
    }

    #[test]
    fn sends_everything_again_after_a_cut_in_order_and_in_batches() {
        let mut outgoing = outgoing(ResendPolicy::EachMessage);
        let before = i64::try_from(BATCH_MESSAGES).unwrap_or_default();
        for _ in 0..150 + before {
            push(&mut outgoing, ms(0));
        }
        for number in 0..before {
            outgoing.acknowledge(ms(0), SequenceNumber(number));
        }
        outgoing.stop();
        assert_eq!(
            (outgoing.deadline(), due(&mut outgoing, ms(5000)).len()),
            (None, 0)
        );
        assert!(
            push(&mut outgoing, ms(5000)).is_none(),
            "nothing leaves while stopped"
        );
        outgoing.start(ms(9000));
        let mut numbers = Vec::new();
        let mut batches = 0;
        while numbers.len() < 151 {
            let now = outgoing.deadline().unwrap_or_default();
            numbers.extend(due(&mut outgoing, now));
            batches += 1;
            assert_eq!(now, ms(9000) + BATCH_PAUSE * (batches - 1));
        }
        assert_eq!(numbers, (before..before + 151).collect::<Vec<_>>());
        // A new one keeps its place behind a backlog.
        outgoing.start(ms(9500));
        assert!(push(&mut outgoing, ms(9500)).is_none());
    }

    #[test]
    fn after_connections_that_carried_nothing_fewer_go_out_until_something_is_acknowledged() {
        let mut outgoing = outgoing(ResendPolicy::EachMessage);
        for _ in 0..100 {
            push(&mut outgoing, ms(0));
        }
        for begins_with in [8, 1, 64, 8, 1] {
            outgoing.stop();
            outgoing.start(ms(100));
            assert_eq!(
                due(&mut outgoing, ms(100)),
                (0..begins_with).collect::<Vec<_>>()
            );
        }
        // Not even a new one gets ahead, and nobody is woken for what may not leave.
        assert!(push(&mut outgoing, ms(110)).is_none());
        assert_eq!(due(&mut outgoing, ms(150)), NOTHING);
        assert_eq!(outgoing.deadline(), Some(ms(300)));
        // What is lost is repeated in its turn without more being let go.
        assert_eq!(due(&mut outgoing, ms(300)), [0]);
        outgoing.acknowledge(ms(310), SequenceNumber(0));
        assert_eq!(due(&mut outgoing, ms(310)), [1, 2]);
        outgoing.acknowledge(ms(320), SequenceNumber(1));
        outgoing.acknowledge(ms(320), SequenceNumber(2));
        assert_eq!(due(&mut outgoing, ms(320)), [3, 4, 5, 6]);
        // An acknowledgement that comes late, for one that has not gone out on this connection.
        outgoing.acknowledge(ms(330), SequenceNumber(50));
        assert_eq!(due(&mut outgoing, ms(330)), [7]);
        // The next connection begins with what this one has acknowledged.
        outgoing.stop();
        outgoing.start(ms(400));
        assert_eq!(due(&mut outgoing, ms(400)), [3, 4, 5, 6]);
        assert_eq!(outgoing.unacknowledged_messages(), 97);
    }

    #[test]
    fn a_connection_is_trusted_with_everything_once_it_has_acknowledged_a_batch() {
        let mut outgoing = outgoing(ResendPolicy::EachMessage);
        for _ in 0..300 {
            push(&mut outgoing, ms(0));
        }
        for _ in 0..2 {
            outgoing.stop();
            outgoing.start(ms(100));
        }
        let mut sent = Vec::new();
        let mut round_trips = 0;
        while sent.len() < 300 {
            let now = ms(100) + ms(30) * round_trips;
            let from = sent.len();
            while let Some(due_at) = outgoing.deadline().filter(|&due_at| due_at < now + ms(30)) {
                sent.extend(due(&mut outgoing, due_at.max(now)));
            }
            for &number in &sent[from..] {
                outgoing.acknowledge(now + ms(30), SequenceNumber(number));
            }
            round_trips += 1;
        }
        assert_eq!(sent, (0..300).collect::<Vec<_>>());
        assert_eq!(round_trips, 8, "1, 2, 4 ... 64 and the rest");
    }

    #[test]
    fn a_message_overtaken_three_times_goes_out_at_once() {
        let mut outgoing = outgoing(ResendPolicy::EachMessage);
        for _ in 0..4 {
            push(&mut outgoing, ms(0));
        }
        for number in [1, 2] {
            outgoing.acknowledge(ms(10), SequenceNumber(number));
        }
        assert_eq!(due(&mut outgoing, ms(10)), NOTHING);
        outgoing.acknowledge(ms(11), SequenceNumber(3));
        assert_eq!(due(&mut outgoing, ms(11)), [0]);
        assert_eq!(
            due(&mut outgoing, ms(150)),
            NOTHING,
            "once, then by the timer again"
        );
    }

    #[test]
    fn an_acknowledgement_of_something_unsent_or_unknown_changes_nothing() {
        let mut outgoing = Outgoing::new(SequenceNumber(0), &Limits::default());
        push(&mut outgoing, ms(0));
        assert!(!outgoing.acknowledge(ms(1), SequenceNumber(0)));
        assert!(!outgoing.acknowledge(ms(1), SequenceNumber(7)));
        assert!(!outgoing.acknowledge(ms(1), SequenceNumber(-1)));
        assert_eq!(
            (
                outgoing.unacknowledged_messages(),
                outgoing.unacknowledged_bytes()
            ),
            (1, 8)
        );
        outgoing.start(ms(2));
        assert_eq!(due(&mut outgoing, ms(2)), [0]);
    }

    #[test]
    fn silence_counts_only_while_running_with_something_under_way() {
        let mut outgoing = outgoing(ResendPolicy::EachMessage);
        assert_eq!(outgoing.silence(ms(4000)), ms(0));
        push(&mut outgoing, ms(4000));
        assert_eq!(outgoing.silence(ms(5000)), ms(1000));
        assert_eq!(outgoing.silence(ms(6000)), ms(2000));
        outgoing.stop();
        assert_eq!(outgoing.silence(ms(9000)), ms(2000));
        outgoing.start(ms(10_000));
        assert_eq!(outgoing.silence(ms(10_500)), ms(500));
        outgoing.acknowledge(ms(11_000), SequenceNumber(0));
        assert_eq!(outgoing.silence(ms(15_000)), ms(500));
    }

    #[test]
    fn the_reference_policy_repeats_only_the_oldest() {
        let mut outgoing = outgoing(ResendPolicy::HeadOnly);
        for _ in 0..3 {
            assert!(push(&mut outgoing, ms(0)).is_some());
        }
        assert_eq!(due(&mut outgoing, ms(200)), [0]);
        assert_eq!(due(&mut outgoing, ms(299)), NOTHING);
        outgoing.acknowledge(ms(299), SequenceNumber(0));
        assert_eq!(due(&mut outgoing, ms(299)), NOTHING, "at most one per tick");
        assert_eq!(due(&mut outgoing, ms(300)), [1]);
    }

    #[test]
    fn numbers_end_instead_of_starting_over() {
        let mut outgoing = Outgoing::new(SequenceNumber(i64::MAX), &Limits::default());
        outgoing.push(ms(0), Bytes::new(), 0);
        assert_eq!(outgoing.next_number(), None);
        assert_eq!(outgoing.push(ms(0), Bytes::new(), 0), None);
        assert_eq!(outgoing.unacknowledged_messages(), 1);
    }
}
