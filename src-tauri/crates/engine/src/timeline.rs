//! What happened to a session and when, for the person who asks why it ended.
//!
//! Bounded: the beginning and the latest are kept, what lies between is counted.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use protocol::Now;

use crate::source::SourceError;
use crate::update::{End, Lost};

/// The most entries that are kept: so many of the beginning, and so many of the latest.
const FIRST: usize = 16;
const LATEST: usize = 112;

/// The most entries a [`Timeline`] holds.
pub const MAX_TIMELINE_ENTRIES: usize = FIRST + LATEST;

/// What happened.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Moment {
    /// StartSession was asked.
    Starting,
    /// The service gave a session; its data channel was dialled.
    Connecting,
    /// The data channel was opened, for the first time or again.
    Connected,
    /// The agent was ready: input reached the node.
    Open,
    /// The connection was lost.
    Lost(Lost),
    /// A try to get it back failed.
    TryFailed {
        /// Its number in this outage, from 1.
        attempt: u32,
        /// How it failed.
        failure: Lost,
    },
    /// Credentials were missing.
    SignInNeeded(SourceError),
    /// There were credentials again.
    SignedIn,
    /// The service was heard on a new connection.
    Resumed {
        /// How long there was none.
        after: Duration,
    },
    /// The computer slept.
    Slept(Duration),
    /// The session ended.
    Ended(End),
}

/// One entry.
#[derive(Clone, Debug, PartialEq)]
pub struct TimelineEntry {
    /// When, in milliseconds since 1970.
    pub unix_ms: u64,
    /// When, from the session's beginning, in time that does not pass while the computer sleeps.
    pub elapsed: Duration,
    /// What.
    pub moment: Moment,
}

/// What happened to one session, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    first: Vec<TimelineEntry>,
    omitted: u64,
    latest: VecDeque<TimelineEntry>,
}

impl Timeline {
    /// The entries that are kept, at most [`MAX_TIMELINE_ENTRIES`].
    pub fn entries(&self) -> impl Iterator<Item = &TimelineEntry> {
        self.first.iter().chain(&self.latest)
    }

    /// How many entries are missing between the first 16 and the rest.
    #[must_use]
    pub fn omitted(&self) -> u64 {
        self.omitted
    }

    fn push(&mut self, entry: TimelineEntry) {
        if self.first.len() < FIRST {
            self.first.push(entry);
            return;
        }
        if self.latest.len() >= LATEST {
            self.latest.pop_front();
            self.omitted += 1;
        }
        self.latest.push_back(entry);
    }
}

/// A timeline that a session's task writes and its owner reads, also after the end.
#[derive(Clone, Debug, Default)]
pub(crate) struct SharedTimeline(Arc<Mutex<Timeline>>);

impl SharedTimeline {
    pub(crate) fn note(&self, now: Now, moment: Moment) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(TimelineEntry {
                unix_ms: now.unix_ms,
                elapsed: now.elapsed,
                moment,
            });
    }

    pub(crate) fn read(&self) -> Timeline {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_beginning_and_the_latest_and_counts_the_rest() {
        let shared = SharedTimeline::default();
        for n in 0..1000 {
            let now = Now {
                elapsed: Duration::from_secs(n),
                unix_ms: n * 1000,
            };
            shared.note(now, Moment::Connected);
        }
        let timeline = shared.read();
        let seconds: Vec<u64> = timeline
            .entries()
            .map(|entry| entry.elapsed.as_secs())
            .collect();
        assert_eq!(seconds.len(), MAX_TIMELINE_ENTRIES);
        assert_eq!(seconds[..16], (0..16).collect::<Vec<u64>>());
        assert_eq!(seconds[16..], (888..1000).collect::<Vec<u64>>());
        assert_eq!(timeline.omitted(), 872);
    }
}
