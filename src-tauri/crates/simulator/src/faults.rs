//! What can go wrong on request: [`Faults`] hold until they are changed, an [`Action`] happens once to one session.
//!
//! Nothing here is on by default. Random choices come from [`Faults::seed`], so that the n-th frame of a session's
//! n-th connection meets the same fate in every run; what a run puts into the n-th frame still depends on its timing.
//! The types can be read from text, for the program's options and for tables of tests.
//!
//! | what goes wrong | here | option of the program |
//! |---|---|---|
//! | latency, jitter, bandwidth | [`Path`] | `--latency`, `--jitter`, `--bandwidth` |
//! | loss, duplicates, other order, corrupt or wrong frames, text, fragments | [`Path::rules`], [`Action::DamageToClient`], [`Action::DamageToAgent`] | `--damage`, `--damage-to-client`, `--damage-to-agent` |
//! | no acknowledgements, a storm of them | a [`Rule`] for [`Frames::Acknowledgements`], [`Injection::AcknowledgementStorm`] | `--no-acks`, `--after TIME=ack-storm` |
//! | a connection closed (every hour, or in seconds), reset, silent | [`Faults::timed`], [`Action::Disconnect`] | `--after TIME=bye`, `close`, `abort`, `reset`, `silence` |
//! | expired token | [`Action::ExpireToken`], [`Limits::token_lifetime`] | `--token-lifetime`, `--after TIME=expire-token` |
//! | refused, throttled, late API calls and resumes | [`Faults::calls`] | `--call` |
//! | refused or late upgrades | [`Faults::upgrades`] | `--upgrade` |
//! | a sign-in that ends otherwise in the browser | [`Faults::authorize`] | `--authorize` |
//! | wrong clock | [`Faults::clock_ahead_secs`] | `--clock-ahead` |
//! | another host after a resume | [`Faults::resume_host`] | `--resume-host` |
//! | agent gone, back, restarted, saying what nobody knows | [`AgentAction`] | `--after TIME=vanish`, `return`, `restart`, `send` |
//! | agent of another version or system, or without a handshake | [`AgentBehaviour`], [`Document::handshake`] | `--agent-version`, `--windows`, `--no-handshake` |
//! | encryption, and KMS without the key | [`Config::encrypt_sessions`] | `--kms`, `--kms-challenge` |
//! | certificates of another authority, expired, of another host | [`Config::tls`] | `--tls`, `--tls-certificate` |
//! | pause and start of publication | [`Injection::Pause`], [`Injection::Start`] | `--after TIME=pause`, `start` |
//! | frames for an absent side lost | [`Delivery`] | `--lose-queued` |
//! | session idle, too long, ended from elsewhere | [`Config::idle_timeout`], [`Config::max_duration`], [`Action::Terminate`] | `--idle-timeout`, `--max-duration`, `--after TIME=terminate` |

mod action;
mod damage;
mod dice;
mod line;
mod parse;

use std::time::Duration;

use tokio::sync::watch;

pub use action::{Action, AgentAction, Injection, Timed};
pub use damage::{Damage, Frames};
pub(crate) use damage::{is_acknowledgement, is_stream};
pub(crate) use line::{Line, Wire};
pub use parse::{FaultParseError, duration};

#[cfg(doc)]
use crate::config::{AgentBehaviour, Config, Delivery, Document, Limits};

/// Everything that goes wrong by itself. The default is nothing.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Faults {
    /// Decides every random choice.
    pub seed: u64,
    /// The way of frames from the agent to the client.
    pub to_client: Path,
    /// The way of frames from the client to the agent.
    pub to_agent: Path,
    /// API calls that are answered wrongly; the first that fits counts.
    pub calls: Vec<CallFault>,
    /// WebSocket upgrades that are refused or late; the first counts.
    pub upgrades: Vec<UpgradeFault>,
    /// What becomes of sign-ins in the browser.
    pub authorize: Option<AuthorizeError>,
    /// What happens to every connection after it has been open for a while. A change holds from the next connection.
    pub timed: Vec<Timed>,
    /// The host in the stream URL of a resumed session, in place of `127.0.0.1`: `localhost` is the other one that is
    /// served. The cell number changes at every resume anyway.
    pub resume_host: Option<String>,
    /// By how many seconds the service's clock is ahead of ours; to a client, its own clock is wrong.
    pub clock_ahead_secs: i64,
}

/// What frames in one direction meet.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Path {
    /// How long every frame takes.
    pub latency: Duration,
    /// How much longer it takes at most. Does not change the order.
    pub jitter: Duration,
    /// How many bytes pass in a second.
    pub bytes_per_second: Option<u64>,
    /// What happens to frames; the first rule that hits counts.
    pub rules: Vec<Rule>,
}

impl Path {
    /// Whether frames pass as if there were no path.
    pub(crate) fn is_clear(&self) -> bool {
        *self == Self::default()
    }

    /// The same path with one more rule, for all frames: `rate` is from 0 to 1.
    #[must_use]
    pub fn with(mut self, damage: Damage, rate: f64) -> Self {
        self.rules.push(Rule {
            damage,
            rate,
            frames: Frames::All,
        });
        self
    }

    /// The same path with one more rule, for some frames.
    #[must_use]
    pub fn with_rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }
}

/// How often something happens to which frames.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// What happens.
    pub damage: Damage,
    /// How often, from 0 to 1.
    pub rate: f64,
    /// To which frames.
    pub frames: Frames,
}

/// API calls that are not answered as they should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallFault {
    /// The operation without its service, such as `ResumeSession` or `GenerateDataKey`; `None` is any.
    pub operation: Option<String>,
    /// What happens instead.
    pub error: CallError,
    /// How many calls are left to which it happens; `None` is all.
    pub times: Option<u32>,
}

impl CallFault {
    /// Every call of an operation.
    pub fn always(operation: &str, error: CallError) -> Self {
        Self {
            operation: Some(operation.to_owned()),
            error,
            times: None,
        }
    }

    /// The next calls of an operation.
    pub fn times(operation: &str, error: CallError, times: u32) -> Self {
        Self {
            times: Some(times),
            ..Self::always(operation, error)
        }
    }
}

/// What an API call gets instead of its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallError {
    /// `ThrottlingException`.
    Throttling,
    /// 403 `ExpiredTokenException`.
    ExpiredToken,
    /// 403 `AccessDeniedException`; KMS says it with 400.
    AccessDenied,
    /// 500 `InternalServerError`.
    Internal,
    /// 503 `ServiceUnavailable`.
    Unavailable,
    /// `DoesNotExistException`, as for a session that is long over.
    DoesNotExist,
    /// The right answer, but without a token and URL: ResumeSession's way to say that the session is over.
    NullToken,
    /// The right answer, this much later.
    Late(Duration),
}

/// WebSocket upgrades that are not answered as they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpgradeFault {
    /// What happens instead.
    pub error: UpgradeError,
    /// How many upgrades are left to which it happens; `None` is all.
    pub times: Option<u32>,
}

/// What an upgrade gets instead of a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UpgradeError {
    /// This HTTP status.
    Status(u16),
    /// The WebSocket, this much later.
    Late(Duration),
}

/// What becomes of a sign-in in the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthorizeError {
    /// The person refuses: the client hears `access_denied`.
    Denied,
    /// The client hears another state than it gave.
    WrongState,
    /// The client hears a code that is good for nothing.
    WrongCode,
    /// The person closes the window: the client hears nothing.
    NoAnswer,
}

/// The faults of a running service.
#[derive(Debug)]
pub(crate) struct Current(watch::Sender<Faults>);

impl Current {
    pub(crate) fn new(faults: Faults) -> Self {
        Self(watch::Sender::new(faults))
    }

    pub(crate) fn all(&self) -> Faults {
        self.0.borrow().clone()
    }

    pub(crate) fn watch(&self) -> watch::Receiver<Faults> {
        self.0.subscribe()
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Faults)) {
        self.0.send_modify(change);
    }

    pub(crate) fn clock_ahead_secs(&self) -> i64 {
        self.0.borrow().clock_ahead_secs
    }

    /// What a call of this operation meets, and one time less of it.
    pub(crate) fn take_call(&self, operation: &str) -> Option<CallError> {
        let mut taken = None;
        self.0.send_if_modified(|faults| {
            let fits = |fault: &CallFault| {
                fault.times != Some(0) && fault.operation.as_deref().is_none_or(|o| o == operation)
            };
            let fault = faults.calls.iter_mut().find(|fault| fits(fault));
            taken = fault.map(|fault| {
                count_down(&mut fault.times);
                fault.error
            });
            taken.is_some()
        });
        taken
    }

    /// What an upgrade meets, and one time less of it.
    pub(crate) fn take_upgrade(&self) -> Option<UpgradeError> {
        let mut taken = None;
        self.0.send_if_modified(|faults| {
            let mut upgrades = faults.upgrades.iter_mut();
            taken = upgrades.find(|fault| fault.times != Some(0)).map(|fault| {
                count_down(&mut fault.times);
                fault.error
            });
            taken.is_some()
        });
        taken
    }
}

fn count_down(times: &mut Option<u32>) {
    if let Some(times) = times {
        *times = times.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_fail_as_often_as_asked_and_only_where_asked() {
        let calls = vec![
            CallFault::times("ResumeSession", CallError::Throttling, 2),
            CallFault {
                operation: None,
                error: CallError::Internal,
                times: Some(1),
            },
        ];
        let current = Current::new(Faults {
            calls,
            ..Faults::default()
        });
        let throttling = Some(CallError::Throttling);
        assert_eq!(current.take_call("ResumeSession"), throttling);
        assert_eq!(current.take_call("StartSession"), Some(CallError::Internal));
        assert_eq!(current.take_call("StartSession"), None);
        assert_eq!(current.take_call("ResumeSession"), throttling);
        assert_eq!(current.take_call("ResumeSession"), None);
        assert_eq!(current.all().calls[0].times, Some(0));
    }
}
