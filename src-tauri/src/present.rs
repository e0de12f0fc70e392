//! Says in the window's terms what the engine tells of a session.

mod ended;
mod timeline;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connect::sentence;
use engine::{Notice, SessionUpdate, State};
use ipc::{SessionEvent, SessionPhase, SessionState, Silence, SilenceKind};

use ended::ended;
pub(crate) use timeline::timeline;

/// The event for one piece of news; `None` for what only the log wants.
pub(crate) fn event(update: SessionUpdate) -> Option<SessionEvent> {
    match update {
        SessionUpdate::State(state) => Some(SessionEvent::State {
            state: session_state(state),
        }),
        // A terminal has one screen: what a command says on standard error appears there too.
        SessionUpdate::Output(bytes) | SessionUpdate::Stderr(bytes) => Some(SessionEvent::Output {
            data: STANDARD.encode(&bytes),
        }),
        SessionUpdate::Notice(notice) => notice_event(&notice),
    }
}

/// What a person should know; the rest of the notices is for the log, where the engine has put them. Whether the node
/// keeps somebody waiting is a state of affairs, not a sentence to be put away.
fn notice_event(notice: &Notice) -> Option<SessionEvent> {
    match notice {
        Notice::Stalled(lasted) => Some(silence(SilenceKind::NoAnswer, *lasted)),
        Notice::PeerAbsent => Some(silence(SilenceKind::NodeAbsent, Duration::ZERO)),
        Notice::PeerPresent | Notice::Recovered => Some(SessionEvent::Silence { silence: None }),
        Notice::CustomerMessage(text) => sentence_for_people(protocol::text::clean(text)),
        Notice::NoFirstMessage(_) => sentence_for_people(
            "The node has not answered yet. It may be starting, out of disk space or unreachable."
                .to_owned(),
        ),
        Notice::OutputLost { messages } => sentence_for_people(format!(
            "The session ended before {messages} pieces of its last output had arrived."
        )),
        Notice::HandshakeRefused(_)
        | Notice::MalformedFrame(_)
        | Notice::PayloadLengthUnderstated { .. }
        | Notice::MalformedPayload(..)
        | Notice::UnknownMessageType(_)
        | Notice::MisdirectedMessage(_)
        | Notice::UnknownPayloadType(_)
        | Notice::UnexpectedPayload(_)
        | _ => None,
    }
}

fn silence(kind: SilenceKind, lasted: Duration) -> SessionEvent {
    let since_ms = unix_ms(SystemTime::now() - lasted);
    SessionEvent::Silence {
        silence: Some(Silence { kind, since_ms }),
    }
}

fn sentence_for_people(message: String) -> Option<SessionEvent> {
    (!message.is_empty()).then_some(SessionEvent::Notice { message })
}

/// Milliseconds since 1970.
pub(crate) fn unix_ms(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn session_state(state: State) -> SessionState {
    let phase = match state {
        State::Starting => SessionPhase::Starting,
        State::Connecting { .. } => SessionPhase::Connecting,
        State::WaitingForAgent => SessionPhase::WaitingForAgent,
        State::Handshake => SessionPhase::Handshake,
        State::Open { session_id, info } => {
            return SessionState::Open {
                session_id: session_id.to_string(),
                agent_version: info.agent_version,
            };
        }
        State::Reconnecting(outage) => {
            return SessionState::Reconnecting {
                since_ms: outage.since_ms,
                cause: sentence(&outage.cause.to_string()),
                attempt: outage.attempt,
                next_try_ms: outage.next_try_ms,
                failure: outage.failure.map(|lost| sentence(&lost.to_string())),
            };
        }
        State::WaitingForSignIn {
            since_ms, reason, ..
        } => {
            return SessionState::WaitingForSignIn {
                since_ms,
                message: reason.message,
                remedy: reason.remedy,
            };
        }
        State::Ended(end) => return SessionState::Ended { ended: ended(end) },
    };
    SessionState::Connecting { phase }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_keeps_somebody_waiting_is_a_state_and_not_a_notice() {
        let silent = |notice| match notice_event(&notice) {
            Some(SessionEvent::Silence { silence }) => silence.map(|silence| silence.kind),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            silent(Notice::Stalled(Duration::from_secs(3))),
            Some(SilenceKind::NoAnswer)
        );
        assert_eq!(silent(Notice::PeerAbsent), Some(SilenceKind::NodeAbsent));
        assert_eq!(silent(Notice::Recovered), None);
        assert_eq!(silent(Notice::PeerPresent), None);
    }

    #[test]
    fn an_outage_is_told_in_sentences() {
        let lost = engine::Lost::Silent { seconds: 30 };
        let state = session_state(State::Reconnecting(engine::Outage {
            since_ms: 1,
            cause: lost.clone(),
            attempt: 2,
            next_try_ms: Some(3),
            failure: Some(lost),
        }));
        let sentence = "Nothing was heard from the service for 30 s.".to_owned();
        assert_eq!(
            state,
            SessionState::Reconnecting {
                since_ms: 1,
                cause: sentence.clone(),
                attempt: 2,
                next_try_ms: Some(3),
                failure: Some(sentence),
            }
        );
    }
}
