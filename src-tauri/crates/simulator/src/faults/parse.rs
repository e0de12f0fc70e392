//! Faults as text, for options of the program and tables of tests.
//!
//! | type | text |
//! |---|---|
//! | time | `500ms`, `2s`, `3m`, `1h`; a bare number is milliseconds |
//! | [`Damage`] | `loss`, `duplicate[:COPIES]`, `reorder[:WITHIN]`, `corrupt-digest`, `corrupt-payload`, `truncate`, `oversize[:LEN]`, `wrong-number[:AHEAD]`, `unknown-type`, `text`, `fragment[:FRAMES]` |
//! | [`Rule`] | `DAMAGE=RATE`, `acks/DAMAGE=RATE`, `stream/DAMAGE=RATE`; the rate is from 0 to 1 |
//! | [`Action`] | `bye`, `close:CODE[:REASON]`, `abort`, `reset`, `silence`, `terminate[:TEXT]`, `expire-token`, `vanish`, `return`, `restart[:TIME]`, `send:PAYLOAD_TYPE[:TEXT]`, `binary:TEXT`, `text:TEXT`, `ping`, `pause`, `start`, `ack-storm[:COUNT]`, `to-client/DAMAGE`, `to-agent/DAMAGE` |
//! | [`Timed`] | `TIME=ACTION` |
//! | [`CallFault`] | `OPERATION=ERROR[*TIMES]` with `any` for all operations, and the errors `throttling`, `expired`, `denied`, `internal`, `unavailable`, `gone`, `null-token`, `late:TIME` |
//! | [`UpgradeFault`] | `STATUS[*TIMES]`, `late:TIME[*TIMES]` |
//! | [`AuthorizeError`] | `denied`, `wrong-state`, `wrong-code`, `no-answer` |

use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;

use super::{
    Action, AgentAction, AuthorizeError, CallError, CallFault, Damage, Frames, Injection, Rule,
    Timed, UpgradeError, UpgradeFault,
};
use crate::session::Disconnect;

/// Text that is no fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {what}")]
pub struct FaultParseError {
    what: &'static str,
    text: String,
}

fn wrong<T>(what: &'static str, text: &str) -> Result<T, FaultParseError> {
    let text = text.to_owned();
    Err(FaultParseError { what, text })
}

fn number<T: FromStr>(what: &'static str, text: &str) -> Result<T, FaultParseError> {
    text.parse().or_else(|_| wrong(what, text))
}

/// Reads a time: `500ms`, `2s`, `3m`, `1h`, or milliseconds without a unit.
///
/// # Errors
///
/// When it is none.
pub fn duration(text: &str) -> Result<Duration, FaultParseError> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let unit_ms = match &text[digits.len()..] {
        "" | "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return wrong("time", text),
    };
    let count: u64 = digits.parse().or_else(|_| wrong("time", text))?;
    Ok(Duration::from_millis(count.saturating_mul(unit_ms)))
}

/// The word before the first colon, and what is after it.
fn word(text: &str) -> (&str, Option<&str>) {
    text.split_once(':')
        .map_or((text, None), |(word, rest)| (word, Some(rest)))
}

/// What is before `*TIMES`, and the times.
fn times(text: &str) -> Result<(&str, Option<u32>), FaultParseError> {
    match text.rsplit_once('*') {
        Some((text, times)) => Ok((text, Some(number("number of times", times)?))),
        None => Ok((text, None)),
    }
}

impl FromStr for Damage {
    type Err = FaultParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WHAT: &str = "damage";
        let count = |given: Option<&str>, default| given.map_or(Ok(default), |n| number(WHAT, n));
        Ok(match word(text) {
            ("loss", None) => Self::Loss,
            ("duplicate", copies) => Self::Duplicate {
                copies: count(copies, 1)?,
            },
            ("reorder", within) => Self::Reorder {
                within: count(within, 4)?,
            },
            ("corrupt-digest", None) => Self::CorruptDigest,
            ("corrupt-payload", None) => Self::CorruptPayload,
            ("truncate", None) => Self::Truncate,
            ("oversize", len) => Self::Oversize {
                len: count(len, 8 << 20)?,
            },
            ("wrong-number", ahead) => Self::WrongNumber {
                ahead: ahead.map_or(Ok(1 << 40), |n| number(WHAT, n))?,
            },
            ("unknown-type", None) => Self::UnknownType,
            ("text", None) => Self::Text,
            ("fragment", frames) => Self::Fragment {
                frames: count(frames, 3)?,
            },
            _ => return wrong(WHAT, text),
        })
    }
}

impl FromStr for Rule {
    type Err = FaultParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WHAT: &str = "rule";
        let Some((damage, rate)) = text.rsplit_once('=') else {
            return wrong(WHAT, text);
        };
        let (frames, damage) = match damage.split_once('/') {
            None => (Frames::All, damage),
            Some(("acks", damage)) => (Frames::Acknowledgements, damage),
            Some(("stream", damage)) => (Frames::Stream, damage),
            Some(_) => return wrong(WHAT, text),
        };
        let rate: f64 = number(WHAT, rate)?;
        if !(0.0..=1.0).contains(&rate) {
            return wrong(WHAT, text);
        }
        Ok(Self {
            damage: damage.parse()?,
            rate,
            frames,
        })
    }
}

impl FromStr for Action {
    type Err = FaultParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WHAT: &str = "action";
        if let Some(damage) = text.strip_prefix("to-client/") {
            return damage.parse().map(Self::DamageToClient);
        }
        if let Some(damage) = text.strip_prefix("to-agent/") {
            return damage.parse().map(Self::DamageToAgent);
        }
        let owned = |text: &str| Bytes::copy_from_slice(text.as_bytes());
        Ok(match word(text) {
            ("bye", None) => Self::Disconnect(Disconnect::Bye),
            ("close", Some(rest)) => {
                let (code, reason) = word(rest);
                Self::Disconnect(Disconnect::Close {
                    code: number(WHAT, code)?,
                    reason: reason.unwrap_or_default().to_owned(),
                })
            }
            ("abort", None) => Self::Disconnect(Disconnect::Abort),
            ("reset", None) => Self::Disconnect(Disconnect::Reset),
            ("silence", None) => Self::Disconnect(Disconnect::Silence),
            ("terminate", output) => Self::Terminate(output.unwrap_or_default().to_owned()),
            ("expire-token", None) => Self::ExpireToken,
            ("vanish", None) => Self::Agent(AgentAction::Vanish),
            ("return", None) => Self::Agent(AgentAction::Return),
            ("restart", absence) => Self::Agent(AgentAction::Restart {
                absence: duration(absence.unwrap_or("1s"))?,
            }),
            ("send", Some(rest)) => {
                let (payload_type, payload) = word(rest);
                Self::Agent(AgentAction::Send {
                    payload_type: number(WHAT, payload_type)?,
                    payload: owned(payload.unwrap_or("unknown")),
                })
            }
            ("binary", Some(text)) => Self::Inject(Injection::Binary(owned(text))),
            ("text", Some(text)) => Self::Inject(Injection::Text(text.to_owned())),
            ("ping", None) => Self::Inject(Injection::Ping(Bytes::new())),
            ("pause", None) => Self::Inject(Injection::Pause),
            ("start", None) => Self::Inject(Injection::Start),
            ("ack-storm", count) => Self::Inject(Injection::AcknowledgementStorm(
                count.map_or(Ok(1000), |count| number(WHAT, count))?,
            )),
            _ => return wrong(WHAT, text),
        })
    }
}

impl FromStr for Timed {
    type Err = FaultParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some((after, action)) = text.split_once('=') else {
            return wrong("time and action", text);
        };
        Ok(Self {
            after: duration(after)?,
            action: action.parse()?,
        })
    }
}

impl FromStr for CallFault {
    type Err = FaultParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some((operation, error)) = text.split_once('=') else {
            return wrong("operation and error", text);
        };
        let (error, times) = times(error)?;
        let error = match word(error) {
            ("throttling", None) => CallError::Throttling,
            ("expired", None) => CallError::ExpiredToken,
            ("denied", None) => CallError::AccessDenied,
            ("internal", None) => CallError::Internal,
            ("unavailable", None) => CallError::Unavailable,
            ("gone", None) => CallError::DoesNotExist,
            ("null-token", None) => CallError::NullToken,
            ("late", Some(time)) => CallError::Late(duration(time)?),
            _ => return wrong("error of a call", error),
        };
        Ok(Self {
            operation: (operation != "any").then(|| operation.to_owned()),
            error,
            times,
        })
    }
}

impl FromStr for UpgradeFault {
    type Err = FaultParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (error, times) = times(text)?;
        let error = match word(error) {
            ("late", Some(time)) => UpgradeError::Late(duration(time)?),
            (status, None) => UpgradeError::Status(number("error of an upgrade", status)?),
            (_, Some(_)) => return wrong("error of an upgrade", text),
        };
        Ok(Self { error, times })
    }
}

impl FromStr for AuthorizeError {
    type Err = FaultParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "denied" => Self::Denied,
            "wrong-state" => Self::WrongState,
            "wrong-code" => Self::WrongCode,
            "no-answer" => Self::NoAnswer,
            _ => return wrong("end of a sign-in", text),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        for (text, ms) in [
            ("5", 5),
            ("500ms", 500),
            ("2s", 2000),
            ("3m", 180_000),
            ("1h", 3_600_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for text in ["", "s", "2 s", "-1", "2x", "1.5s", "s2"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn everything_has_a_text() {
        let close = |code, reason: &str| {
            let reason = reason.to_owned();
            Action::Disconnect(Disconnect::Close { code, reason })
        };
        for (text, action) in [
            ("bye", Action::Disconnect(Disconnect::Bye)),
            ("close:1011", close(1011, "")),
            ("close:1001:going: away", close(1001, "going: away")),
            ("terminate", Action::Terminate(String::new())),
            ("vanish", Action::Agent(AgentAction::Vanish)),
            (
                "ack-storm:5",
                Action::Inject(Injection::AcknowledgementStorm(5)),
            ),
            (
                "to-agent/fragment:9",
                Action::DamageToAgent(Damage::Fragment { frames: 9 }),
            ),
            (
                "restart:2s",
                Action::Agent(AgentAction::Restart {
                    absence: Duration::from_secs(2),
                }),
            ),
        ] {
            assert_eq!(text.parse(), Ok(action), "{text}");
        }
        let rule: Result<Rule, _> = "acks/duplicate:7=0.5".parse();
        let expected = Rule {
            damage: Damage::Duplicate { copies: 7 },
            rate: 0.5,
            frames: Frames::Acknowledgements,
        };
        assert_eq!(rule, Ok(expected));
        assert_eq!(
            "ResumeSession=null-token*2".parse(),
            Ok(CallFault::times("ResumeSession", CallError::NullToken, 2))
        );
        let upgrade = UpgradeFault {
            error: UpgradeError::Status(503),
            times: None,
        };
        assert_eq!("503".parse(), Ok(upgrade));
    }

    #[test]
    fn anything_else_is_refused_and_repeated() {
        assert!("loss:1".parse::<Damage>().is_err());
        assert!("loss=1.1".parse::<Rule>().is_err());
        assert!("loss".parse::<Rule>().is_err());
        assert!("pings/loss=1".parse::<Rule>().is_err());
        assert!("close".parse::<Action>().is_err());
        assert!("send:x".parse::<Action>().is_err());
        assert!("bye".parse::<Timed>().is_err());
        assert!("any=throttling*x".parse::<CallFault>().is_err());
        assert!("late".parse::<UpgradeFault>().is_err());
        let error = "hello".parse::<Action>().map_err(|error| error.to_string());
        assert_eq!(error, Err("`hello` is no action".to_owned()));
    }
}
