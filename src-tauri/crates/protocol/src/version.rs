//! What either side concludes from the other's version.
//!
//! Client and agent decide by themselves and must come to the same answer, or one speaks smux and the other does not.
//! Origin: official client, `src/version/versionvalidator.go`; agent, `agent/versionutil/`.

use std::cmp::Ordering;

/// The client version this crate declares in open frame and handshake: the oldest the service documents as
/// supported. It names what the protocol part can do, not the product: an agent given a product's own version would
/// choose other features.
pub const CLIENT_VERSION: &str = "1.2.764.0";

/// What a client may use with an agent of some version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AgentFeatures {
    /// The TerminateSession flag ends a port session (above 2.3.722.0).
    pub terminate_session_flag: bool,
    /// Port sessions carry several connections (above 3.0.196.0).
    pub multiplexing: bool,
    /// The smux keepalive is off on both sides (above 3.1.1511.0).
    pub smux_keepalive_disabled: bool,
}

impl AgentFeatures {
    /// Concludes from an agent's version. Anything but four numbers counts as an agent without any of the features,
    /// as in the official client.
    pub fn of(agent_version: &str) -> Self {
        let Some(version) = four_numbers(agent_version) else {
            return Self::default();
        };
        Self {
            terminate_session_flag: version > [2, 3, 722, 0],
            multiplexing: version > [3, 0, 196, 0],
            smux_keepalive_disabled: version > [3, 1, 1511, 0],
        }
    }
}

/// Whether an agent of some version puts a random challenge into its request for encryption (from 3.3.808).
pub fn sends_random_challenge(agent_version: &str) -> bool {
    four_numbers(agent_version).is_some_and(|version| version >= [3, 3, 808, 0])
}

/// What an agent uses with a client of some version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientFeatures {
    /// Port sessions of type `LocalPortForwarding` carry several connections (from 1.1.70).
    pub multiplexing: bool,
    /// The smux keepalive is off (above 1.2.331.0).
    pub smux_keepalive_disabled: bool,
    /// Separated output is announced with a request to update (up to 1.2.295).
    pub update_notice: bool,
}

impl ClientFeatures {
    /// Concludes from a client's version, as the agent does.
    pub fn of(client_version: &str) -> Self {
        let order = |other| compare_as_the_agent(client_version, other);
        Self {
            multiplexing: order("1.1.70").is_ge(),
            smux_keepalive_disabled: order("1.2.331.0").is_gt(),
            update_notice: order("1.2.295").is_le(),
        }
    }
}

fn four_numbers(version: &str) -> Option<[u32; 4]> {
    let numbers: Vec<u32> = version
        .split('.')
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    numbers.try_into().ok()
}

/// Component by component; trailing zeros do not count, numbers compare as numbers and the rest as text.
fn compare_as_the_agent(left: &str, right: &str) -> Ordering {
    let (left, right) = (significant(left), significant(right));
    for (left, right) in left.iter().zip(&right) {
        let order = match (left.parse::<u64>(), right.parse::<u64>()) {
            (Ok(left), Ok(right)) => left.cmp(&right),
            _ => left.cmp(right),
        };
        if order.is_ne() {
            return order;
        }
    }
    left.len().cmp(&right.len())
}

fn significant(version: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = version.split('.').collect();
    while parts.len() > 1 && parts.last().is_some_and(|part| part.parse() == Ok(0_u64)) {
        parts.pop();
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_version_gets_everything_and_no_notice() {
        let ours = ClientFeatures {
            multiplexing: true,
            smux_keepalive_disabled: true,
            update_notice: false,
        };
        assert_eq!(ClientFeatures::of(CLIENT_VERSION), ours);
    }

    #[test]
    fn numbers_do_not_compare_as_text() {
        assert!(ClientFeatures::of("1.10").smux_keepalive_disabled);
        assert!(AgentFeatures::of("10.0.0.0").multiplexing);
        assert!(ClientFeatures::of("1.2.295.0.0").update_notice);
    }

    #[test]
    fn a_version_that_overflows_is_no_version() {
        assert_eq!(
            AgentFeatures::of("99999999999.0.0.0"),
            AgentFeatures::default()
        );
    }
}
