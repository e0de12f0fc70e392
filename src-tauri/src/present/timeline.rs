//! What happened to a session, one sentence each.

use std::time::Duration;

use connect::sentence;
use engine::{Moment, Timeline};
use ipc::{SessionTimeline, TimelineEntry};

use super::ended::ended;

/// The timeline for the person who asks.
pub(crate) fn timeline(timeline: &Timeline) -> SessionTimeline {
    let entries = timeline.entries().map(|entry| TimelineEntry {
        at_ms: entry.unix_ms,
        text: text(&entry.moment),
    });
    SessionTimeline {
        entries: entries.collect(),
        omitted: timeline.omitted(),
    }
}

fn text(moment: &Moment) -> String {
    match moment {
        Moment::Starting => "Session Manager was asked for a session.".to_owned(),
        Moment::Connecting => "The session was given; its data channel was dialled.".to_owned(),
        Moment::Connected => "The data channel was opened.".to_owned(),
        Moment::Open => "The node was ready.".to_owned(),
        Moment::Lost(lost) => sentence(&lost.to_string()),
        Moment::TryFailed { attempt, failure } => {
            format!(
                "Attempt {attempt} failed: {}.",
                failure.to_string().trim_end_matches('.')
            )
        }
        Moment::SignInNeeded(error) => format!("Waiting for sign-in: {}", error.message),
        Moment::SignedIn => "There were credentials again.".to_owned(),
        Moment::Resumed { after } => format!("Resumed after {}.", duration(*after)),
        Moment::Slept(slept) => format!("The computer slept for {}.", duration(*slept)),
        Moment::Ended(end) => ended(end.clone()).message,
        other => sentence(&format!("{other:?}")),
    }
}

fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0) => format!("{} ms", duration.as_millis()),
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::{End, Lost};

    #[test]
    fn every_moment_is_a_sentence() {
        let lost = Lost::ClosedByPeer {
            code: 1000,
            reason: "Bye".to_owned(),
        };
        for moment in [
            Moment::Starting,
            Moment::Connecting,
            Moment::Connected,
            Moment::Open,
            Moment::Lost(lost.clone()),
            Moment::TryFailed {
                attempt: 3,
                failure: lost,
            },
            Moment::SignedIn,
            Moment::Resumed {
                after: Duration::from_millis(80),
            },
            Moment::Slept(Duration::from_secs(8 * 3600)),
            Moment::Ended(End::Closed),
        ] {
            let text = text(&moment);
            assert!(text.ends_with('.') && !text.contains(".."), "{text}");
            assert!(text.starts_with(char::is_uppercase), "{text}");
        }
    }

    #[test]
    fn durations_are_short() {
        assert_eq!(duration(Duration::from_millis(80)), "80 ms");
        assert_eq!(duration(Duration::from_secs(75)), "1 min 15 s");
        assert_eq!(duration(Duration::from_secs(8 * 3600)), "8 h 0 min");
    }
}
