//! The two clocks of a session: a monotonic one for waits, the wall's for dates and to notice that the computer slept.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use protocol::Now;
use tokio::time::Instant;

/// How often a session looks at its clocks even if nothing happens: sleep is noticed this long after waking at the
/// latest.
pub(crate) const WATCH_INTERVAL: Duration = Duration::from_secs(3);
/// A gap of this length in the wall's time is taken for sleep. Less is a busy computer or a corrected clock; were it
/// sleep, a connection survives it.
const SLEEP: Duration = Duration::from_secs(10);

/// Where the date comes from.
#[derive(Clone)]
pub struct WallClock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl WallClock {
    /// Takes a clock.
    pub fn new(now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }
}

impl Default for WallClock {
    /// The system's.
    fn default() -> Self {
        Self::new(SystemTime::now)
    }
}

impl fmt::Debug for WallClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WallClock")
    }
}

/// The clocks that the state machine must not read itself.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    origin: Instant,
    wall: WallClock,
}

impl Clock {
    pub(crate) fn start(wall: WallClock) -> Self {
        Self {
            origin: Instant::now(),
            wall,
        }
    }

    pub(crate) fn now(&self) -> Now {
        let unix = (self.wall.0)()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Now {
            elapsed: self.origin.elapsed(),
            unix_ms: u64::try_from(unix.as_millis()).unwrap_or(u64::MAX),
        }
    }

    pub(crate) fn instant(&self, elapsed: Duration) -> Instant {
        self.origin + elapsed
    }
}

/// Notices that the computer slept, if it is asked at least every [`WATCH_INTERVAL`].
#[derive(Debug)]
pub(crate) struct SleepWatch {
    last: Now,
}

impl SleepWatch {
    pub(crate) fn new(now: Now) -> Self {
        Self { last: now }
    }

    /// How long the computer slept since the last look, if it did.
    pub(crate) fn look(&mut self, now: Now) -> Option<Duration> {
        let monotonic = now.elapsed.saturating_sub(self.last.elapsed);
        let wall = Duration::from_millis(now.unix_ms.saturating_sub(self.last.unix_ms));
        self.last = now;
        // Most systems stop the monotonic clock while they sleep; for the others the look itself comes late.
        let hidden = wall.saturating_sub(monotonic);
        let late = monotonic.saturating_sub(WATCH_INTERVAL);
        let slept = hidden.max(late);
        (slept >= SLEEP).then_some(slept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(elapsed_s: u64, wall_s: u64) -> Now {
        Now {
            elapsed: Duration::from_secs(elapsed_s),
            unix_ms: 1_700_000_000_000 + wall_s * 1000,
        }
    }

    #[test]
    fn a_wall_clock_that_ran_ahead_is_sleep() {
        let mut watch = SleepWatch::new(at(0, 0));
        assert_eq!(watch.look(at(3, 3)), None);
        assert_eq!(
            watch.look(at(6, 8 * 3600)),
            Some(Duration::from_secs(8 * 3600 - 6))
        );
        assert_eq!(watch.look(at(9, 8 * 3600 + 3)), None, "told once");
    }

    #[test]
    fn where_the_monotonic_clock_goes_on_in_sleep_the_late_look_tells() {
        let mut watch = SleepWatch::new(at(0, 0));
        assert_eq!(
            watch.look(at(3600, 3600)),
            Some(Duration::from_secs(3600) - WATCH_INTERVAL)
        );
    }

    #[test]
    fn a_corrected_clock_and_a_busy_computer_are_not_sleep() {
        let mut watch = SleepWatch::new(at(100, 100));
        assert_eq!(watch.look(at(103, 50)), None, "set back");
        assert_eq!(watch.look(at(106, 60)), None, "set forward a little");
        assert_eq!(watch.look(at(116, 70)), None, "late by seven seconds");
    }
}
