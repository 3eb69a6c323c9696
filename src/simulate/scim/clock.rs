//! Points in time as RFC 3339 text, both ways, with nothing but the standard library.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::simulate::clock::civil;

/// Now, to the millisecond, in UTC.
pub fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    write(since.as_secs(), since.subsec_millis())
}

/// Seconds since 1970 and milliseconds as text.
fn write(seconds: u64, millis: u32) -> String {
    let (year, month, day) = civil(seconds / 86_400);
    let rest = seconds % 86_400;
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// Nanoseconds since 1970, of a text such as `2026-03-01T09:00:00.5+08:00`.
pub fn read(text: &str) -> Option<i128> {
    let (date, time) = text.trim().split_once(['T', 't', ' '])?;
    let mut date = date.splitn(3, '-').map(str::parse::<i64>);
    let (year, month, day) = (date.next()?.ok()?, date.next()?.ok()?, date.next()?.ok()?);
    let (time, offset) = split_offset(time)?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let mut time = time.splitn(3, ':').map(str::parse::<i64>);
    let (hour, minute, second) = (time.next()?.ok()?, time.next()?.ok()?, time.next()?.ok()?);
    let valid = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 25 && minute < 60 && second < 61;
    if !valid || !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let nanos: i128 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    let seconds = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset;
    Some(i128::from(seconds) * 1_000_000_000 + nanos)
}

/// Splits the zone off a time of day and gives it in seconds; no zone is taken as UTC.
fn split_offset(time: &str) -> Option<(&str, i64)> {
    if let Some(time) = time.strip_suffix(['Z', 'z']) {
        return Some((time, 0));
    }
    let Some(at) = time.rfind(['+', '-']) else {
        return Some((time, 0));
    };
    let sign = if time.as_bytes().get(at) == Some(&b'-') { -1 } else { 1 };
    let (hours, minutes) = time.get(at + 1..)?.split_once(':')?;
    let offset = hours.parse::<i64>().ok()? * 3_600 + minutes.parse::<i64>().ok()? * 60;
    Some((time.get(..at)?, sign * offset))
}

/// Days since 1970 of a day of the Gregorian calendar, counted in eras of 400 years that start in March.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;

    #[test]
    fn known_days_come_out_right() {
        assert_eq!(write(0, 0), "1970-01-01T00:00:00.000Z");
        assert_eq!(write(951_782_400, 7), "2000-02-29T00:00:00.007Z");
        assert_eq!(write(1_767_225_599, 999), "2025-12-31T23:59:59.999Z");
    }

    #[test]
    fn every_day_of_four_centuries_goes_there_and_back() {
        for day in 0..146_097_u32 {
            let text = write(u64::from(day) * 86_400, 0);
            assert_eq!(read(&text).unwrap(), i128::from(day) * 86_400_000_000_000, "{text}");
        }
    }

    #[test]
    fn the_same_instant_in_two_zones_is_equal() {
        assert_eq!(read("2026-03-01T09:00:00.5+08:00"), read("2026-03-01T01:00:00.500Z"));
        assert_ne!(read("2026-03-01T09:00:00+08:00"), read("2026-03-01T09:00:00Z"));
    }

    #[test]
    fn what_is_no_time_is_not_read() {
        for text in ["", "2026-03-01", "2026-13-01T00:00:00Z", "yesterday", "2026-03-01T0a:00:00Z", "é-T-"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
