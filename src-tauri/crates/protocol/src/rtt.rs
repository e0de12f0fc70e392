//! The round-trip estimate of the official client and agent, figure for figure.
//!
//! Kept as plain as the reference, including floating point, so that recorded runs compare to the nanosecond. How the
//! estimate is used, and when it must not be fed, is decided in `outgoing`.

use std::time::Duration;

const NANOS_PER_SEC: f64 = 1e9;

/// Smallest allowance above the mean, which stands for the clock's granularity.
const GRANULARITY_NS: f64 = 10e6;

/// What the reference caps the timeout at.
const MAX_TIMEOUT: Duration = Duration::from_secs(1);

const RTT_WEIGHT: f64 = 1.0 / 8.0;
const VARIATION_WEIGHT: f64 = 1.0 / 4.0;

/// Smoothed round-trip time and its variation, in nanoseconds.
///
/// Origin: official client, `calculateRetransmissionTimeout` in `src/datachannel/streaming.go`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RttEstimate {
    rtt_ns: f64,
    variation_ns: f64,
    timeout: Duration,
}

impl Default for RttEstimate {
    fn default() -> Self {
        Self {
            rtt_ns: 100e6,
            variation_ns: 0.0,
            timeout: Duration::from_millis(200),
        }
    }
}

impl RttEstimate {
    /// Takes in one round trip.
    pub fn sample(&mut self, round_trip: Duration) {
        let sample_ns = round_trip.as_secs_f64() * NANOS_PER_SEC;
        // The order matters: the variation is taken against the mean before this sample.
        self.variation_ns = (1.0 - VARIATION_WEIGHT) * self.variation_ns
            + VARIATION_WEIGHT * (self.rtt_ns - sample_ns).abs();
        self.rtt_ns = (1.0 - RTT_WEIGHT) * self.rtt_ns + RTT_WEIGHT * sample_ns;
        self.timeout = self.uncapped_timeout().min(MAX_TIMEOUT);
    }

    /// Returns the smoothed round-trip time in nanoseconds.
    pub fn rtt_ns(&self) -> f64 {
        self.rtt_ns
    }

    /// Returns the smoothed variation in nanoseconds.
    pub fn variation_ns(&self) -> f64 {
        self.variation_ns
    }

    /// Returns the reference's timeout: 200 ms before the first sample, at most a second.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Returns the timeout without the cap, which would make every message on a slow link be sent twice.
    pub(crate) fn uncapped_timeout(&self) -> Duration {
        let nanos = self.rtt_ns + GRANULARITY_NS.max(4.0 * self.variation_ns);
        // Truncates as the reference does, and saturates.
        Duration::from_nanos(nanos as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_at_the_reference_timeout() {
        assert_eq!(RttEstimate::default().timeout(), Duration::from_millis(200));
    }

    #[test]
    fn follows_a_slow_link_beyond_the_cap_of_the_reference() {
        let mut estimate = RttEstimate::default();
        for _ in 0..40 {
            estimate.sample(Duration::from_secs(3));
        }
        assert_eq!(estimate.timeout(), MAX_TIMEOUT);
        assert!(estimate.uncapped_timeout() > Duration::from_secs(3));
    }

    #[test]
    fn survives_absurd_samples() {
        let mut estimate = RttEstimate::default();
        estimate.sample(Duration::MAX);
        estimate.sample(Duration::ZERO);
        assert_eq!(estimate.timeout(), MAX_TIMEOUT);
    }
}
