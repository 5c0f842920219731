//! Points in time as RFC 3339 texts in UTC.

use std::time::{SystemTime, UNIX_EPOCH};

/// `2026-01-31T23:59:58.123456789Z`. Times before 1970 are given as 1970's first instant.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    let mut text = String::with_capacity("2026-01-31T23:59:58.123456789Z".len());
    push_rfc3339(&mut text, time);
    text
}

/// Appends what [`rfc3339`] returns.
pub(crate) fn push_rfc3339(text: &mut String, time: SystemTime) {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (days, second) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    let (year, month, day) = civil_date(days);
    let (h, m, s) = (second / 3600, second / 60 % 60, second % 60);
    // Digit by digit: of an archive, there is one a file.
    let fields = [
        (year, 4, '-'),
        (month, 2, '-'),
        (day, 2, 'T'),
        (h, 2, ':'),
        (m, 2, ':'),
        (s, 2, '.'),
    ];
    for (value, digits, end) in fields {
        push_digits(text, value, digits);
        text.push(end);
    }
    push_digits(text, since.subsec_nanos().into(), 9);
    text.push('Z');
}

/// Appends a number in decimal digits.
pub(crate) fn push_number(text: &mut String, value: u64) {
    push_digits(text, value, value.checked_ilog10().unwrap_or(0) + 1);
}

/// Appends the last `digits` decimal digits of `value`, zeros before it where it has fewer.
fn push_digits(text: &mut String, value: u64, digits: u32) {
    for place in (0..digits).rev() {
        let digit = value / 10u64.pow(place) % 10;
        text.push(char::from(b'0' + digit as u8));
    }
}

/// The current time, as records and logs write it: RFC 3339, UTC.
#[must_use]
pub fn now() -> String {
    rfc3339(SystemTime::now())
}

/// Year, month and day of a day count since 1970-01-01 (proleptic Gregorian calendar). Years are counted
/// from March, so that the leap day is a year's last, in cycles of 400 years = 146 097 days.
fn civil_date(days: u64) -> (u64, u64, u64) {
    let from_0000_03_01 = days + 719_468;
    let (cycle, day) = (from_0000_03_01 / 146_097, from_0000_03_01 % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (cycle * 400 + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn known_instants_are_written_right() {
        let at = |secs| rfc3339(UNIX_EPOCH + Duration::from_secs(secs));
        assert_eq!(at(0), "1970-01-01T00:00:00.000000000Z");
        assert_eq!(at(951_782_399), "2000-02-28T23:59:59.000000000Z");
        assert_eq!(at(951_782_400), "2000-02-29T00:00:00.000000000Z");
        assert_eq!(at(4_107_542_400), "2100-03-01T00:00:00.000000000Z");
        let before = UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(rfc3339(before), at(0), "a clock that was never set");
        assert_eq!(at(1_767_225_599), "2025-12-31T23:59:59.000000000Z");
    }
}
