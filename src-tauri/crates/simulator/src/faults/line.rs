//! The way of frames in one direction of one connection: how long they take, which get lost, and in what order they
//! arrive. Instants and frames go in, frames and the next deadline come out; it neither waits nor sends.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::dice::{self, Dice};
use super::{Damage, Path};

/// A WebSocket message, and the form it is sent in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    Binary(Bytes),
    /// A text frame, whatever the bytes are.
    Text(Bytes),
    /// A binary message in so many frames.
    Fragments(Bytes, usize),
}

impl Wire {
    pub(crate) fn bytes(&self) -> &Bytes {
        match self {
            Self::Binary(bytes) | Self::Text(bytes) | Self::Fragments(bytes, _) => bytes,
        }
    }
}

/// Frames on their way.
#[derive(Debug)]
pub(crate) struct Line {
    seed: u64,
    /// Frames so far.
    count: u64,
    /// By time of arrival, which only grows.
    flying: VecDeque<(Instant, Wire)>,
    held: Vec<Held>,
    bytes: usize,
    /// When the bandwidth is free for the next frame.
    free_at: Option<Instant>,
}

/// A frame that waits to be overtaken.
#[derive(Debug)]
struct Held {
    by: usize,
    until: Instant,
    wire: Wire,
}

/// What may be on its way at one time.
const FRAMES: usize = 4096;
const BYTES: usize = 16 << 20;

impl Line {
    /// `parts` tell this line from all others: session, connection, direction.
    pub(crate) fn new(seed: u64, parts: [u64; 3]) -> Self {
        Self {
            seed: dice::derived(seed, parts),
            count: 0,
            flying: VecDeque::new(),
            held: Vec::new(),
            bytes: 0,
            free_at: None,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.flying.is_empty() && self.held.is_empty()
    }

    pub(crate) fn has_room(&self) -> bool {
        self.flying.len() + self.held.len() < FRAMES && self.bytes < BYTES
    }

    /// Sends a frame off. `damage` is what happens to it for sure; else the path's rules decide.
    pub(crate) fn push(&mut self, path: &Path, now: Instant, frame: Bytes, damage: Option<Damage>) {
        let mut dice = Dice::new(self.seed, self.count);
        self.count += 1;
        let mut damage = damage;
        for rule in &path.rules {
            // Thrown for each rule, so that one more of them does not change what the others do.
            let hit = dice.fraction() < rule.rate && rule.frames.contain(&frame);
            if hit && damage.is_none() {
                damage = Some(rule.damage);
            }
        }
        let wires = match damage {
            Some(damage) => damage.apply(frame, &mut dice),
            None => vec![Wire::Binary(frame)],
        };
        let overtaken = match damage {
            Some(Damage::Reorder { within }) => Some(1 + dice.below(within)),
            Some(_) | None => None,
        };
        for wire in wires {
            self.bytes += wire.bytes().len();
            match overtaken {
                Some(by) => self.held.push(Held {
                    by: by + 1,
                    until: now + Damage::REORDER_WAIT,
                    wire,
                }),
                None => self.send_off(path, now, wire, &mut dice),
            }
        }
        for held in &mut self.held {
            held.by -= 1;
        }
        self.release(path, now, &mut dice);
    }

    fn release(&mut self, path: &Path, now: Instant, dice: &mut Dice) {
        let is_due = |held: &mut Held| held.by == 0 || held.until <= now;
        let due: Vec<_> = self.held.extract_if(.., is_due).collect();
        for held in due {
            self.send_off(path, now, held.wire, dice);
        }
    }

    fn send_off(&mut self, path: &Path, now: Instant, wire: Wire, dice: &mut Dice) {
        let mut departs = now;
        if let Some(rate) = path.bytes_per_second {
            let len = u64::try_from(wire.bytes().len()).unwrap_or(u64::MAX);
            let nanos = len.saturating_mul(1_000_000_000) / rate.max(1);
            departs = self.free_at.unwrap_or(now).max(now) + Duration::from_nanos(nanos);
            self.free_at = Some(departs);
        }
        let arrives = departs + path.latency + path.jitter.mul_f64(dice.fraction());
        // Nothing overtakes by being quicker.
        let arrives = self
            .flying
            .back()
            .map_or(arrives, |(last, _)| arrives.max(*last));
        self.flying.push_back((arrives, wire));
    }

    /// The next frame that has arrived.
    pub(crate) fn pop(&mut self, path: &Path, now: Instant) -> Option<Wire> {
        if !self.held.is_empty() {
            self.release(path, now, &mut Dice::new(self.seed, self.count));
        }
        if self.flying.front()?.0 > now {
            return None;
        }
        let (_, wire) = self.flying.pop_front()?;
        self.bytes -= wire.bytes().len();
        Some(wire)
    }

    /// When [`Self::pop`] has something.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let held = self.held.iter().map(|held| held.until).min();
        let flying = self.flying.front().map(|(arrives, _)| *arrives);
        [held, flying].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Frames, Rule};
    use super::*;

    /// Sends frames numbered from 0, one every `gap`, and returns numbers with the times they took.
    fn run(path: &Path, seed: u64, frames: u8, gap: Duration) -> Vec<(u8, Duration)> {
        let mut line = Line::new(seed, [0, 0, 0]);
        let start = Instant::now();
        let mut arrived = Vec::new();
        let mut sent = Vec::new();
        let mut now = start;
        for number in 0..frames {
            let at = start + gap * u32::from(number);
            while let Some(deadline) = line.deadline().filter(|deadline| *deadline <= at) {
                now = deadline;
                take(&mut line, path, now, &sent, &mut arrived);
            }
            now = at;
            sent.push(now);
            line.push(path, now, Bytes::from(vec![number; 100]), None);
            take(&mut line, path, now, &sent, &mut arrived);
        }
        while let Some(deadline) = line.deadline() {
            now = now.max(deadline);
            take(&mut line, path, now, &sent, &mut arrived);
        }
        assert!(line.is_empty() && line.bytes == 0);
        arrived
    }

    fn take(
        line: &mut Line,
        path: &Path,
        now: Instant,
        sent: &[Instant],
        arrived: &mut Vec<(u8, Duration)>,
    ) {
        while let Some(wire) = line.pop(path, now) {
            let number = wire.bytes()[0];
            arrived.push((number, now - sent[usize::from(number)]));
        }
    }

    fn numbers(path: &Path, seed: u64, frames: u8) -> Vec<u8> {
        let arrived = run(path, seed, frames, Duration::from_millis(1));
        arrived.into_iter().map(|(number, _)| number).collect()
    }

    #[test]
    fn a_clear_path_changes_nothing() {
        let path = Path::default();
        assert!(path.is_clear());
        let arrived = run(&path, 1, 100, Duration::ZERO);
        let expected: Vec<_> = (0..100).map(|number| (number, Duration::ZERO)).collect();
        assert_eq!(arrived, expected);
    }

    #[test]
    fn frames_take_their_time_and_keep_their_order() {
        let path = Path {
            latency: Duration::from_millis(30),
            jitter: Duration::from_millis(20),
            ..Path::default()
        };
        let arrived = run(&path, 3, 200, Duration::from_millis(1));
        assert!(arrived.is_sorted_by_key(|(number, _)| *number));
        let times: Vec<_> = arrived.iter().map(|(_, time)| time.as_millis()).collect();
        assert!(
            times.iter().all(|time| (30..=50).contains(time)),
            "{times:?}"
        );
        assert!(times.iter().max() > Some(&44) && times.iter().min() < Some(&40));
    }

    #[test]
    fn the_bandwidth_is_shared_by_all_frames() {
        let path = Path {
            bytes_per_second: Some(10_000),
            ..Path::default()
        };
        let arrived = run(&path, 3, 50, Duration::ZERO);
        assert_eq!(arrived.last(), Some(&(49, Duration::from_millis(500))));
    }

    #[test]
    fn the_same_seed_loses_the_same_frames() {
        let path = Path::default().with(Damage::Loss, 0.3);
        let arrived = numbers(&path, 5, 200);
        assert!((110..170).contains(&arrived.len()), "{}", arrived.len());
        assert_eq!(arrived, numbers(&path, 5, 200));
        assert_ne!(arrived, numbers(&path, 6, 200));
        let more = path.with(Damage::Duplicate { copies: 1 }, 0.2);
        let mut once = numbers(&more, 5, 200);
        once.dedup();
        assert_eq!(arrived, once, "another rule does not change who is lost");
    }

    #[test]
    fn reordered_frames_are_overtaken_by_no_more_than_asked() {
        let path = Path::default().with(Damage::Reorder { within: 4 }, 0.3);
        let arrived = numbers(&path, 9, 200);
        assert!(!arrived.is_sorted());
        let mut sorted = arrived.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..200).collect::<Vec<u8>>());
        for number in 0..200 {
            let place = arrived.iter().position(|other| *other == number);
            let overtook = arrived[..place.unwrap_or_default()]
                .iter()
                .filter(|other| **other > number)
                .count();
            assert!(overtook <= 4, "{number} was overtaken by {overtook}");
        }
    }

    #[test]
    fn a_frame_that_nobody_overtakes_arrives_all_the_same() {
        let path = Path::default().with(Damage::Reorder { within: 4 }, 1.0);
        let arrived = run(&path, 9, 1, Duration::ZERO);
        assert_eq!(arrived, [(0, Damage::REORDER_WAIT)]);
    }

    #[test]
    fn rules_keep_to_their_frames() {
        let rule = Rule {
            damage: Damage::Loss,
            rate: 1.0,
            frames: Frames::Acknowledgements,
        };
        let path = Path::default().with_rule(rule);
        assert_eq!(numbers(&path, 1, 10).len(), 10);
    }

    #[test]
    fn what_is_on_its_way_is_bounded() {
        let path = Path {
            latency: Duration::from_secs(1),
            ..Path::default()
        };
        let mut line = Line::new(1, [0, 0, 0]);
        let now = Instant::now();
        let mut count = 0;
        while line.has_room() {
            line.push(&path, now, Bytes::from_static(&[0; 100]), None);
            count += 1;
        }
        assert_eq!(count, FRAMES);
    }
}
