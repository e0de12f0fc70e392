//! The account's list of sessions.

use std::io::{ErrorKind, Write as _};
use std::time::{SystemTime, UNIX_EPOCH};

use aws::{Client, SessionRecord};

use crate::options::Options;
use crate::place;
use crate::sign_in;
use crate::streams::NO_READER;
use crate::trouble::{Trouble, USAGE};

/// The word for everybody's sessions.
const EVERYBODY: &str = "all";

/// Prints the sessions that have not ended: the caller's own, or those of the owner that was named.
///
/// # Errors
///
/// What the service said.
pub(crate) async fn list(options: &Options, owner: Option<&str>) -> Result<u8, Trouble> {
    let (broker, settings) = (place::broker(), place::settings(options));
    let source = settings.source();
    sign_in::make_sure(&broker, &source).await?;
    let owner = match owner {
        Some(EVERYBODY) => None,
        Some(owner) => Some(owner.to_owned()),
        None => match broker.caller(&source, settings.region.as_deref()).await {
            Ok(caller) => Some(caller.arn),
            Err(error) => {
                // Without a standard error there is nobody to tell.
                let _told = writeln!(
                    std::io::stderr(),
                    "Everybody's sessions, since it could not be asked whose yours are: {error}"
                );
                None
            }
        },
    };
    let client = Client::connect(settings, &broker).await?;
    let records = client.active_sessions(owner.as_deref()).await?;
    print(&table(&records))
}

/// Ends a session.
///
/// # Errors
///
/// What the service said.
pub(crate) async fn end(options: &Options, session_id: &str) -> Result<u8, Trouble> {
    let (broker, settings) = (place::broker(), place::settings(options));
    sign_in::make_sure(&broker, &settings.source()).await?;
    let client = Client::connect(settings, &broker).await?;
    client.terminate_session(session_id).await?;
    Ok(0)
}

/// Why a session cannot be taken over.
pub(crate) fn resume() -> Trouble {
    Trouble {
        status: USAGE,
        ..Trouble::failed(
            "A session can be resumed only by the program that holds it: the numbering of what was sent and received \
             lives there, and the service repeats nothing to another.",
        )
    }
    .with_remedy(
        "connect and Sessiondeck resume theirs by themselves; start a new session, and end the old one with \
         sessiondeck-cli sessions end.",
    )
}

/// Writes to standard output.
///
/// # Errors
///
/// When it cannot be written.
pub(crate) fn print(text: &str) -> Result<u8, Trouble> {
    let mut stdout = std::io::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    match written {
        Ok(()) => Ok(0),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(NO_READER),
        Err(error) => {
            Err(Trouble::failed("Standard output cannot be written.")
                .with_detail(error.to_string()))
        }
    }
}

fn table(records: &[SessionRecord]) -> String {
    let head = ["SESSION", "TARGET", "STATUS", "STARTED", "OWNER"].map(str::to_owned);
    let text = |value: &Option<String>| {
        value
            .as_deref()
            .map_or_else(|| "-".to_owned(), protocol::text::clean)
    };
    let mut rows = vec![head];
    rows.extend(records.iter().map(|record| {
        [
            protocol::text::clean(&record.session_id),
            text(&record.target),
            text(&record.status),
            record.started_at.map_or_else(|| "-".to_owned(), date),
            text(&record.owner),
        ]
    }));
    let widths: Vec<usize> = (0..5)
        .map(|column| {
            rows.iter()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    let lines = rows.iter().map(|row| {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        format!("{}\n", cells.join("  ").trim_end())
    });
    lines.collect()
}

/// As `2026-01-31T23:59:59Z`.
fn date(time: SystemTime) -> String {
    let seconds = time
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Counted from 1 March of the year 0, so that the day that comes and goes is a year's last.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        second / 3_600,
        second / 60 % 60,
        second % 60
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_200, "2024-03-01T00:00:00Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(date(UNIX_EPOCH + Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn columns_stand_under_their_heads() {
        let record = SessionRecord {
            session_id: "alice-0a1b2c3d4e5f60718".to_owned(),
            target: Some("i-0123456789abcdef0".to_owned()),
            status: None,
            owner: Some("arn:\x1b[2Jx".to_owned()),
            document: None,
            reason: None,
            started_at: None,
        };
        let table = table(&[record]);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines[0].find("TARGET"), lines[1].find("i-0123"));
        assert!(!table.contains('\x1b'), "a terminal must not obey it");
    }
}
