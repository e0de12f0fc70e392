//! A wait that is counted only while something watches it.
//!
//! A laptop that sleeps for a night must not wake up to "no answer for eight hours": each look adds at most
//! [`LONGEST_STEP`], and [`Patience::deadline`] asks to be looked at often enough for that to be exact otherwise.

use std::time::Duration;

/// Most time one look can add; shorter than any wait that is counted, so that waking up alone reaches none.
const LONGEST_STEP: Duration = Duration::from_secs(1);

/// Counts how long something has been waited for.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    observed_at: Option<Duration>,
    waited: Duration,
}

impl Patience {
    /// Begins to wait, from nothing.
    pub(crate) fn restart(&mut self, now: Duration) {
        *self = Self {
            observed_at: Some(now),
            waited: Duration::ZERO,
        };
    }

    /// Goes on waiting from where it stood.
    pub(crate) fn resume(&mut self, now: Duration) {
        self.observed_at = Some(now);
    }

    /// Stops the clock, keeping where it stood.
    pub(crate) fn pause(&mut self) {
        self.observed_at = None;
    }

    /// Looks at the clock and returns how long the wait has been.
    pub(crate) fn look(&mut self, now: Duration) -> Duration {
        if let Some(observed_at) = self.observed_at {
            self.waited += now.saturating_sub(observed_at).min(LONGEST_STEP);
            self.observed_at = Some(now.max(observed_at));
        }
        self.waited
    }

    /// Returns when to look again, so that `limit` is not missed. Nothing while paused or once it is reached.
    pub(crate) fn deadline(&self, limit: Duration) -> Option<Duration> {
        let remaining = limit
            .checked_sub(self.waited)
            .filter(|remaining| !remaining.is_zero())?;
        Some(self.observed_at? + remaining.min(LONGEST_STEP))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_night_of_sleep_is_not_a_night_of_waiting() {
        let mut patience = Patience::default();
        patience.restart(SECOND);
        assert_eq!(patience.look(8 * 3600 * SECOND), LONGEST_STEP);
    }

    #[test]
    fn following_the_deadlines_counts_exactly() {
        let mut patience = Patience::default();
        let mut now = 3 * SECOND;
        patience.restart(now);
        while let Some(deadline) = patience.deadline(17 * SECOND) {
            assert!(deadline > now);
            now = deadline;
            patience.look(now);
        }
        assert_eq!((now, patience.look(now)), (20 * SECOND, 17 * SECOND));
    }

    #[test]
    fn does_not_count_while_paused_nor_backwards() {
        let mut patience = Patience::default();
        patience.restart(10 * SECOND);
        patience.look(11 * SECOND);
        patience.pause();
        assert_eq!(
            (patience.look(50 * SECOND), patience.deadline(20 * SECOND)),
            (SECOND, None)
        );
        patience.resume(60 * SECOND);
        assert_eq!(patience.look(5 * SECOND), SECOND);
        assert_eq!(patience.look(61 * SECOND), 2 * SECOND);
    }
}
