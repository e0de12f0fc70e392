//! The forms in which the service writes a moment: `20150830T123600Z` in signatures, ISO 8601 with milliseconds in
//! message bodies, RFC 9110 in headers, and seconds since 1970 with a fraction in API answers. UTC only.

use std::time::{SystemTime, UNIX_EPOCH};

const DAY_SECONDS: i64 = 86_400;

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    let elapsed = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}

/// Seconds since 1970 of `20150830T123600Z`.
pub(crate) fn parse_amz_date(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    if bytes.len() != 16 || bytes[8] != b'T' || bytes[15] != b'Z' {
        return None;
    }
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = &bytes[from..to];
        digits
            .iter()
            .all(u8::is_ascii_digit)
            .then(|| digits.iter().fold(0, |n, d| n * 10 + i64::from(d - b'0')))
    };
    let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
    let (hour, minute, second) = (number(9, 11)?, number(11, 13)?, number(13, 15)?);
    let valid = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 61;
    valid.then(|| {
        days_from_civil(year, month, day) * DAY_SECONDS + hour * 3600 + minute * 60 + second
    })
}

/// The moment as `20150830T123600Z`.
pub(crate) fn format_amz_date(unix_seconds: i64) -> String {
    let (year, month, day) = civil_from_days(unix_seconds.div_euclid(DAY_SECONDS));
    let second = unix_seconds.rem_euclid(DAY_SECONDS);
    format!(
        "{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z",
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

/// The moment as `Sun, 30 Aug 2015 12:36:00 GMT`.
pub(crate) fn format_http(unix_seconds: i64) -> String {
    const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let days = unix_seconds.div_euclid(DAY_SECONDS);
    let (year, month, day) = civil_from_days(days);
    let second = unix_seconds.rem_euclid(DAY_SECONDS);
    let name = |names: &'static [&str], index: i64| {
        usize::try_from(index)
            .ok()
            .and_then(|index| names.get(index))
            .copied()
            .unwrap_or_default()
    };
    format!(
        "{}, {day:02} {} {year:04} {:02}:{:02}:{:02} GMT",
        name(&WEEKDAYS, days.rem_euclid(7)),
        name(&MONTHS, month - 1),
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

/// The moment as `2021-10-01T09:24:34.917Z`.
pub(crate) fn format_iso(unix_ms: u64) -> String {
    let seconds = format_iso_seconds(unix_ms);
    format!("{}.{:03}Z", seconds.trim_end_matches('Z'), unix_ms % 1000)
}

/// The moment as `2021-10-01T09:24:34Z`.
pub(crate) fn format_iso_seconds(unix_ms: u64) -> String {
    let unix_seconds = i64::try_from(unix_ms / 1000).unwrap_or(i64::MAX);
    let (year, month, day) = civil_from_days(unix_seconds.div_euclid(DAY_SECONDS));
    let second = unix_seconds.rem_euclid(DAY_SECONDS);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

/// Days since 1970-01-01 of a date in the Gregorian calendar. (Howard Hinnant's algorithm: years begin in March, so that
/// the leap day is the last of its year.)
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments_round_trip() {
        for (text, seconds) in [
            ("19700101T000000Z", 0),
            ("20000229T235959Z", 951_868_799),
            ("20150830T123600Z", 1_440_938_160),
            ("20240301T000000Z", 1_709_251_200),
        ] {
            assert_eq!(parse_amz_date(text), Some(seconds), "{text}");
            assert_eq!(format_amz_date(seconds), text);
        }
        assert_eq!(format_iso(1_633_080_274_917), "2021-10-01T09:24:34.917Z");
    }

    #[test]
    fn headers_have_their_own_form() {
        assert_eq!(format_http(1_440_938_160), "Sun, 30 Aug 2015 12:36:00 GMT");
        assert_eq!(format_http(0), "Thu, 01 Jan 1970 00:00:00 GMT");
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "20150830",
            "2015083OT123600Z",
            "20151330T123600Z",
            "20150830T250000Z",
            "20150830 123600Z",
            "20150830T12360Ä",
        ] {
            assert_eq!(parse_amz_date(text), None, "{text}");
        }
    }
}
