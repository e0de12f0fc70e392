//! When to try again: at once, then after a random part of a wait that doubles.
//!
//! Full jitter, so that many sessions that lost the same network do not come back in step. What counts as a new
//! beginning is decided here too: the service closes every connection once an hour, which must never add up to "tried
//! too often", while a service that takes connections only to drop them must not be dialled as fast as it drops.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

/// How a lost connection is sought again. The defaults are right for an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReconnectPolicy {
    /// The first wait's upper bound; the first try does not wait.
    pub first_wait: Duration,
    /// The upper bound of waits while nothing answers. A network that comes back does not say so everywhere, so this
    /// is short: what does not leave this computer bothers nobody.
    pub longest_wait: Duration,
    /// The upper bound of waits while something answers and refuses: at most 40 tries an hour.
    pub longest_wait_refused: Duration,
    /// A connection that lived this long makes the next loss a new beginning.
    pub stable_after: Duration,
    /// How long the service may keep a session without a connection: its idle limit is at most 60 minutes. The first
    /// try that fails after this ends the session. Waits for a sign-in do not count.
    pub keep: Duration,
    /// The earned second chances: so many connections in a row may be shorter than `stable_after` and still make a new
    /// beginning, if the agent was heard on them. One is given back every [`ReconnectPolicy::second_chance_every`].
    pub second_chances: u32,
    /// See `second_chances`.
    pub second_chance_every: Duration,
}

impl Default for ReconnectPolicy {
    fn default() -> Self {
        Self {
            first_wait: Duration::from_millis(200),
            longest_wait: Duration::from_secs(30),
            longest_wait_refused: Duration::from_secs(8 * 60),
            stable_after: Duration::from_secs(60),
            keep: Duration::from_secs(60 * 60),
            second_chances: 30,
            second_chance_every: Duration::from_secs(2),
        }
    }
}

/// Where the randomness of waits comes from: a number from 0 to 1 for each.
#[derive(Clone)]
pub struct Jitter(Arc<dyn Fn() -> f64 + Send + Sync>);

impl Jitter {
    /// Takes a source of numbers from 0 to 1; what lies outside counts as the nearer end.
    pub fn new(draw: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(draw))
    }

    fn draw(&self) -> f64 {
        let drawn = (self.0)();
        if drawn.is_nan() {
            1.0
        } else {
            drawn.clamp(0.0, 1.0)
        }
    }
}

impl Default for Jitter {
    /// Random.
    fn default() -> Self {
        // The first four bytes of a version 4 UUID are random.
        Self::new(|| f64::from(Uuid::new_v4().as_fields().0) / f64::from(u32::MAX))
    }
}

impl fmt::Debug for Jitter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Jitter")
    }
}

/// Keeps the dials of all sessions that share it apart, so that fifty tabs do not knock at once when a computer wakes.
///
/// The default is shared by nobody and keeps nothing apart.
#[derive(Clone, Debug, Default)]
pub struct Pace(Option<Arc<Shared>>);

#[derive(Debug)]
struct Shared {
    gap: Duration,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// At most one dial of all sessions that share this each `gap`. The application takes 200 ms.
    #[must_use]
    pub fn shared(gap: Duration) -> Self {
        Self(Some(Arc::new(Shared {
            gap,
            next: Mutex::new(None),
        })))
    }

    /// Takes the next place and returns how long it is until then.
    pub(crate) fn reserve(&self, now: Instant) -> Duration {
        let Some(shared) = &self.0 else {
            return Duration::ZERO;
        };
        let mut next = shared.next.lock().unwrap_or_else(PoisonError::into_inner);
        let at = next.map_or(now, |next| next.max(now));
        *next = Some(at + shared.gap);
        at - now
    }
}

/// Counts one session's tries.
#[derive(Debug)]
pub(crate) struct Backoff {
    policy: ReconnectPolicy,
    jitter: Jitter,
    /// Tries since the last new beginning.
    tries: u32,
    chances: u32,
    chances_counted_at: Duration,
}

impl Backoff {
    pub(crate) fn new(policy: ReconnectPolicy, jitter: Jitter) -> Self {
        Self {
            chances: policy.second_chances,
            policy,
            jitter,
            tries: 0,
            chances_counted_at: Duration::ZERO,
        }
    }

    pub(crate) fn policy(&self) -> &ReconnectPolicy {
        &self.policy
    }

    /// The wait before the next try, and counts it. `is_refusal`: the last one was answered with a no.
    pub(crate) fn next_wait(&mut self, is_refusal: bool) -> Duration {
        let earlier = self.tries;
        self.tries = self.tries.saturating_add(1);
        let Some(doublings) = earlier.checked_sub(1) else {
            return Duration::ZERO;
        };
        let longest = if is_refusal {
            self.policy.longest_wait_refused
        } else {
            self.policy.longest_wait
        };
        let factor = 2_u32.saturating_pow(doublings.min(31));
        let bound = self.policy.first_wait.saturating_mul(factor).min(longest);
        bound.mul_f64(self.jitter.draw())
    }

    /// A connection has ended at `now` that lived for `lived`; `was_useful`: the agent was heard on it.
    pub(crate) fn connection_ended(&mut self, now: Duration, lived: Duration, was_useful: bool) {
        self.count_chances(now);
        if lived >= self.policy.stable_after {
            self.tries = 0;
        } else if was_useful && self.chances > 0 {
            self.chances -= 1;
            self.tries = 0;
        }
    }

    /// Something has changed that the earlier failures say nothing of: a person signed in or asked to try now.
    pub(crate) fn begin_anew(&mut self) {
        self.tries = 0;
    }

    fn count_chances(&mut self, now: Duration) {
        let every = self
            .policy
            .second_chance_every
            .max(Duration::from_millis(1));
        let since = now.saturating_sub(self.chances_counted_at);
        let earned = u32::try_from(since.as_millis() / every.as_millis()).unwrap_or(u32::MAX);
        self.chances_counted_at += every.saturating_mul(earned);
        self.chances = self
            .chances
            .saturating_add(earned)
            .min(self.policy.second_chances);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn longest() -> Backoff {
        Backoff::new(ReconnectPolicy::default(), Jitter::new(|| 1.0))
    }

    #[test]
    fn the_first_try_is_at_once_and_the_bounds_double_up_to_the_longest() {
        let mut backoff = longest();
        let waits: Vec<u128> = (0..11)
            .map(|_| backoff.next_wait(false).as_millis())
            .collect();
        assert_eq!(
            waits,
            [
                0, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000
            ]
        );
        for _ in 0..100 {
            assert_eq!(backoff.next_wait(false), 30 * SECOND);
        }
    }

    #[test]
    fn the_jitter_takes_any_part_of_the_wait() {
        let mut backoff = Backoff::new(ReconnectPolicy::default(), Jitter::new(|| 0.25));
        backoff.next_wait(false);
        assert_eq!(backoff.next_wait(false), Duration::from_millis(50));
        assert_eq!(backoff.next_wait(false), Duration::from_millis(100));
        for bad in [f64::NAN, f64::INFINITY, -3.0] {
            let mut backoff = Backoff::new(ReconnectPolicy::default(), Jitter::new(move || bad));
            backoff.next_wait(false);
            assert!(backoff.next_wait(false) <= Duration::from_millis(200));
        }
    }

    #[test]
    fn the_usual_jitter_is_spread_over_the_whole_range() {
        let jitter = Jitter::default();
        let draws: Vec<f64> = (0..2000).map(|_| jitter.draw()).collect();
        let mean = draws.iter().sum::<f64>() / 2000.0;
        assert!((0.45..0.55).contains(&mean), "{mean}");
        assert!(draws.iter().any(|&draw| draw < 0.05));
        assert!(draws.iter().any(|&draw| draw > 0.95));
    }

    #[test]
    fn smp_135_a_connection_that_lived_a_minute_makes_a_new_beginning_however_often() {
        let mut backoff = longest();
        let mut now = Duration::ZERO;
        for _ in 0..10_000 {
            assert_eq!(backoff.next_wait(false), Duration::ZERO);
            now += 60 * SECOND;
            backoff.connection_ended(now, 60 * SECOND, false);
        }
    }

    #[test]
    fn a_peer_that_takes_connections_only_to_drop_them_is_not_dialled_in_a_storm() {
        let mut backoff = longest();
        let mut now = Duration::ZERO;
        let mut dials = 0;
        while now < 3600 * SECOND {
            now += backoff.next_wait(true) + SECOND / 100;
            dials += 1;
            backoff.connection_ended(now, SECOND / 100, false);
        }
        assert!(dials <= 40, "{dials}");
    }

    #[test]
    fn short_connections_on_which_the_agent_was_heard_are_redialled_at_once_but_not_for_ever() {
        let mut backoff = longest();
        let mut now = Duration::ZERO;
        for _ in 0..500 {
            assert_eq!(backoff.next_wait(false), Duration::ZERO);
            now += 2 * SECOND;
            backoff.connection_ended(now, 2 * SECOND, true);
        }
        let mut at_once = 0;
        for _ in 0..1000 {
            at_once += u32::from(backoff.next_wait(true).is_zero());
            now += SECOND / 100;
            backoff.connection_ended(now, SECOND / 100, true);
        }
        assert!((30..=40).contains(&at_once), "{at_once}");
    }

    #[test]
    fn a_service_that_refuses_for_an_hour_is_asked_at_most_forty_times() {
        for seed in 0..200_u64 {
            let state = Mutex::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
            let jitter = Jitter::new(move || {
                let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
                *state ^= *state << 13;
                *state ^= *state >> 7;
                *state ^= *state << 17;
                f64::from(u32::try_from(*state >> 32).unwrap_or(0)) / f64::from(u32::MAX)
            });
            let mut backoff = Backoff::new(ReconnectPolicy::default(), jitter);
            let (mut now, mut dials) = (Duration::ZERO, 0);
            while now < 3600 * SECOND {
                now += backoff.next_wait(true);
                dials += 1;
            }
            assert!(dials <= 40, "seed {seed}: {dials}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_shared_pace_keeps_dials_apart_and_a_lone_one_waits_for_nobody() {
        let pace = Pace::shared(Duration::from_millis(200));
        let now = Instant::now();
        let waits: Vec<u128> = (0..50)
            .map(|_| pace.clone().reserve(now).as_millis())
            .collect();
        assert_eq!(waits, (0..50).map(|n| n * 200).collect::<Vec<u128>>());
        assert_eq!(pace.reserve(now + 60 * SECOND), Duration::ZERO);
        assert_eq!(Pace::default().reserve(now), Duration::ZERO);
    }
}
