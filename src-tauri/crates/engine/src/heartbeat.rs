//! Finds out that nobody is at the other end any more, without waiting for TCP, which takes minutes.
//!
//! A quiet connection is pinged after [`Liveness::ping_interval`]. While input is unacknowledged somebody waits for an
//! answer, so silence is looked into much sooner. Whatever arrives is proof of life; the caller says so, and does not ask
//! for judgement while it does not read.

use std::time::Duration;

/// How soon a connection is found dead. The defaults are right for an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Liveness {
    /// When a quiet connection is pinged. Shorter than the idle limits of the proxies and address translators on the way.
    pub ping_interval: Duration,
    /// How long a ping on a quiet connection may go unanswered.
    pub quiet_limit: Duration,
    /// The same where somebody waits: with input unacknowledged, on request.
    pub urgent_limit: Duration,
    /// The same after sleep: most connections are dead then, and a new one loses nothing.
    pub wake_limit: Duration,
    /// How long input stays unacknowledged in silence before the peer is pinged.
    pub input_patience: Duration,
    /// The least time between the pings that input causes.
    pub urgent_gap: Duration,
}

impl Default for Liveness {
    fn default() -> Self {
        Self {
            ping_interval: Duration::from_secs(15),
            quiet_limit: Duration::from_secs(15),
            urgent_limit: Duration::from_secs(5),
            wake_limit: Duration::from_secs(1),
            input_patience: Duration::from_secs(2),
            urgent_gap: Duration::from_secs(3),
        }
    }
}

/// How many pings and pongs one [`FLOOD_PERIOD`] may bring. A proper peer sends one or two.
const FLOOD_FRAMES: u32 = 1000;
const FLOOD_PERIOD: Duration = Duration::from_secs(10);

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing.
    Fine,
    /// Send a ping.
    Ping,
    /// Give the connection up: nothing was heard for this long.
    Dead(Duration),
}

#[derive(Debug)]
pub(crate) struct Heartbeat {
    liveness: Liveness,
    heard_at: Duration,
    /// When the ping that is unanswered was sent.
    pinged_at: Option<Duration>,
    last_ping_at: Option<Duration>,
    /// How long the ping may go unanswered, where that is shorter than usual.
    probe_limit: Option<Duration>,
    /// Since when there has been unacknowledged input.
    input_since: Option<Duration>,
    wants_ping: bool,
    /// Pings and pongs since the second, which is when a period began.
    controls: (u32, Duration),
}

impl Heartbeat {
    /// A connection is new at `now` and is pinged at once: the answer says that the service has taken the token.
    pub(crate) fn new(now: Duration, liveness: Liveness) -> Self {
        Self {
            liveness,
            heard_at: now,
            pinged_at: None,
            last_ping_at: None,
            probe_limit: None,
            input_since: None,
            wants_ping: true,
            controls: (0, now),
        }
    }

    /// Something came.
    pub(crate) fn heard(&mut self, now: Duration) {
        self.heard_at = now;
        self.pinged_at = None;
        self.probe_limit = None;
        self.wants_ping = false;
    }

    /// A ping or a pong came. Returns whether that is one too many: they cost an answer each and carry nothing, so a peer
    /// that sends nothing else must not keep this side busy for ever.
    pub(crate) fn is_flooded(&mut self, now: Duration) -> bool {
        let (count, since) = self.controls;
        self.controls = if now.saturating_sub(since) >= FLOOD_PERIOD {
            (1, now)
        } else {
            (count + 1, since)
        };
        self.controls.0 > FLOOD_FRAMES
    }

    /// For how long nothing was heard.
    pub(crate) fn silence(&self, now: Duration) -> Duration {
        now.saturating_sub(self.heard_at)
    }

    /// Wants to know at once.
    pub(crate) fn probe(&mut self) {
        let limit = self.liveness.urgent_limit;
        self.probe_limit.get_or_insert(limit);
        self.wants_ping = self.pinged_at.is_none();
    }

    /// The computer has slept until `now`. What arrived meanwhile has not been read yet, so the silence so far means
    /// nothing; that from now on does soon.
    pub(crate) fn wake(&mut self, now: Duration) {
        self.excuse(now);
        self.probe_limit = Some(self.liveness.wake_limit);
        self.wants_ping = true;
    }

    /// Nobody listens at the moment, on purpose: silence means nothing.
    pub(crate) fn excuse(&mut self, now: Duration) {
        self.heard_at = now;
        self.pinged_at = None;
    }

    /// Whether input is under way that the agent has not acknowledged.
    pub(crate) fn set_input(&mut self, now: Duration, is_outstanding: bool) {
        if !is_outstanding {
            self.input_since = None;
        } else if self.input_since.is_none() {
            self.input_since = Some(now);
        }
    }

    /// Looks at the clock. A ping that is asked for counts as sent.
    pub(crate) fn look(&mut self, now: Duration) -> Verdict {
        if let Some(pinged_at) = self.pinged_at {
            if now >= pinged_at + self.limit() {
                return Verdict::Dead(now.saturating_sub(self.heard_at));
            }
            return Verdict::Fine;
        }
        if self.next_ping() <= now {
            self.pinged_at = Some(now);
            self.last_ping_at = Some(now);
            self.wants_ping = false;
            return Verdict::Ping;
        }
        Verdict::Fine
    }

    /// When to look again.
    pub(crate) fn deadline(&self) -> Duration {
        match self.pinged_at {
            Some(pinged_at) => pinged_at + self.limit(),
            None => self.next_ping(),
        }
    }

    fn limit(&self) -> Duration {
        let usual = if self.input_since.is_some() {
            self.liveness.urgent_limit
        } else {
            self.liveness.quiet_limit
        };
        self.probe_limit
            .map_or(usual, |probe_limit| probe_limit.min(usual))
    }

    fn next_ping(&self) -> Duration {
        if self.wants_ping {
            return Duration::ZERO;
        }
        let quiet = self.heard_at + self.liveness.ping_interval;
        let Some(input_since) = self.input_since else {
            return quiet;
        };
        let urgent = self.heard_at.max(input_since) + self.liveness.input_patience;
        let apart = self
            .last_ping_at
            .map_or(urgent, |last| urgent.max(last + self.liveness.urgent_gap));
        quiet.min(apart)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    /// A connection that has answered its first ping.
    fn quiet_since(now: Duration) -> Heartbeat {
        let mut heartbeat = Heartbeat::new(now, Liveness::default());
        assert_eq!(heartbeat.look(now), Verdict::Ping);
        heartbeat.heard(now);
        heartbeat
    }

    /// Follows the deadlines until the connection is given up.
    fn dead_at(heartbeat: &mut Heartbeat) -> Duration {
        loop {
            let now = heartbeat.deadline();
            if let Verdict::Dead(_) = heartbeat.look(now) {
                return now;
            }
        }
    }

    #[test]
    fn a_quiet_dead_peer_is_found_in_half_a_minute() {
        assert_eq!(dead_at(&mut quiet_since(s(100.0))), s(130.0));
    }

    #[test]
    fn smp_6_a_dead_peer_is_found_in_seconds_while_somebody_types() {
        for typed_after in [0.0, 1.0, 7.0, 14.9] {
            let mut heartbeat = quiet_since(s(100.0));
            let typed = s(100.0 + typed_after);
            heartbeat.set_input(typed, true);
            let found = dead_at(&mut heartbeat) - typed;
            assert!(found <= s(8.0), "{typed_after}: {found:?}");
        }
    }

    #[test]
    fn a_ping_that_waits_already_is_judged_at_once_when_somebody_types() {
        let mut heartbeat = quiet_since(s(0.0));
        assert_eq!(heartbeat.look(s(15.0)), Verdict::Ping);
        assert_eq!(heartbeat.look(s(29.0)), Verdict::Fine);
        heartbeat.set_input(s(29.0), true);
        assert_eq!(heartbeat.look(s(29.0)), Verdict::Dead(s(29.0)));
    }

    #[test]
    fn a_peer_that_answers_is_never_given_up_nor_pinged_in_a_storm() {
        let mut heartbeat = quiet_since(s(0.0));
        heartbeat.set_input(s(0.0), true);
        let mut pings = 0;
        let mut now = s(0.0);
        while now < s(600.0) {
            now = heartbeat.deadline();
            match heartbeat.look(now) {
                Verdict::Ping => {
                    pings += 1;
                    heartbeat.heard(now + s(0.1));
                }
                Verdict::Fine => {}
                Verdict::Dead(_) => panic!("given up at {now:?}"),
            }
        }
        assert!(pings <= 200, "{pings}");
    }

    #[test]
    fn on_request_the_answer_comes_in_five_seconds() {
        let mut heartbeat = quiet_since(s(0.0));
        heartbeat.probe();
        assert_eq!(heartbeat.look(s(1.0)), Verdict::Ping);
        assert_eq!(heartbeat.look(s(5.9)), Verdict::Fine);
        assert_eq!(heartbeat.look(s(6.0)), Verdict::Dead(s(6.0)));
        let mut heartbeat = quiet_since(s(0.0));
        heartbeat.probe();
        assert_eq!(heartbeat.look(s(1.0)), Verdict::Ping);
        heartbeat.heard(s(2.0));
        assert_eq!(dead_at(&mut heartbeat), s(32.0), "not urgent any more");
    }

    #[test]
    fn pings_without_number_are_a_flood_and_many_over_a_long_time_are_none() {
        let mut heartbeat = quiet_since(s(0.0));
        let mut now = s(100.0);
        for _ in 0..100_000 {
            now += s(0.02);
            assert!(!heartbeat.is_flooded(now), "{now:?}");
        }
        let mut at_once = 0;
        while !heartbeat.is_flooded(now) {
            at_once += 1;
        }
        assert!((500..=1000).contains(&at_once), "{at_once}");
    }

    #[test]
    fn after_sleep_a_second_of_silence_is_enough_and_an_answer_makes_all_as_before() {
        let mut heartbeat = quiet_since(s(0.0));
        assert_eq!(heartbeat.look(s(15.0)), Verdict::Ping, "asked before sleep");
        heartbeat.wake(s(20.0));
        assert_eq!(heartbeat.look(s(20.0)), Verdict::Ping);
        assert_eq!(heartbeat.look(s(20.9)), Verdict::Fine);
        heartbeat.probe();
        assert_eq!(heartbeat.look(s(21.0)), Verdict::Dead(s(1.0)));
        heartbeat.heard(s(21.1));
        assert_eq!(dead_at(&mut heartbeat), s(51.1));
    }

    #[test]
    fn who_does_not_listen_does_not_judge() {
        let mut heartbeat = quiet_since(s(0.0));
        assert_eq!(heartbeat.look(s(15.0)), Verdict::Ping);
        heartbeat.excuse(s(60.0));
        assert_eq!(heartbeat.look(s(60.0)), Verdict::Fine);
        assert_eq!(dead_at(&mut heartbeat), s(90.0));
    }
}
