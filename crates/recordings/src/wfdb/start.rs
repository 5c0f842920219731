//! Date and time at which a record begins.

use std::fmt;

/// Date of the first sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BaseDate {
    /// Year.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month, 1 to 31.
    pub day: u8,
}

/// Time of day of the first sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BaseTime {
    /// Hour, 0 to 23.
    pub hour: u8,
    /// Minute, 0 to 59.
    pub minute: u8,
    /// Second, 0 to 59.
    pub second: u8,
    /// Microsecond, 0 to 999,999.
    pub microsecond: u32,
}

impl BaseDate {
    /// Reads `DD/MM/YYYY`; none where that is no date.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let day = digits(parts.next()?, 2)? as u8;
        let month = digits(parts.next()?, 2)? as u8;
        let year = digits(parts.next()?, 4)? as u16;
        let exists = parts.next().is_none() && (1..=days_of_month(year, month)?).contains(&day);
        exists.then_some(Self { year, month, day })
    }
}

impl BaseTime {
    /// Reads `HH:MM:SS`, `MM:SS` or `SS`, each with a fraction or without; none where that is no time of day.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let mut parts = whole.rsplit(':');
        let second = digits(parts.next()?, 2)?;
        let minute = parts.next().map_or(Some(0), |part| digits(part, 2))?;
        let hour = parts.next().map_or(Some(0), |part| digits(part, 2))?;
        let exists = parts.next().is_none() && hour < 24 && minute < 60 && second < 60;
        let microsecond = microseconds(fraction)?;
        exists.then_some(Self {
            hour: hour as u8,
            minute: minute as u8,
            second: second as u8,
            microsecond,
        })
    }
}

fn digits(text: &str, most: usize) -> Option<u32> {
    let all = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| text.parse().ok()).flatten()
}

fn microseconds(fraction: &str) -> Option<u32> {
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let places = fraction.bytes().chain(std::iter::repeat(b'0')).take(6);
    Some(places.fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')))
}

fn days_of_month(year: u16, month: u8) -> Option<u8> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        4 | 6 | 9 | 11 => Some(30),
        2 => Some(if leap { 29 } else { 28 }),
        1..=12 => Some(31),
        _ => None,
    }
}

impl fmt::Display for BaseDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl fmt::Display for BaseTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}:{:02}", self.hour, self.minute, self.second)?;
        match self.microsecond {
            0 => Ok(()),
            fraction => f.write_str(format!(".{fraction:06}").trim_end_matches('0')),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_time_and_a_date_is_read() {
        for (text, shown) in [
            ("19:46:25.757", "19:46:25.757"),
            ("13:5:0", "13:05:00"),
            ("5:07", "00:05:07"),
            ("59", "00:00:59"),
            ("0:0:0.0000019", "00:00:00.000001"),
        ] {
            assert_eq!(BaseTime::parse(text).unwrap().to_string(), shown, "{text}");
        }
        for text in [
            "24:00:00", "12:60:00", "1:2:3:4", "60", "noon", "1:2:3.x", "", ":", "001:00",
        ] {
            assert_eq!(BaseTime::parse(text), None, "{text}");
        }
        assert_eq!(BaseDate::parse("25/4/1989").unwrap().to_string(), "1989-04-25");
        assert_eq!(BaseDate::parse("29/02/2000").unwrap().to_string(), "2000-02-29");
        for text in [
            "29/02/1900",
            "0/1/2000",
            "31/4/2000",
            "1/13/2000",
            "2000-01-01",
            "1/1",
            "1/1/1/1",
            "1/1/20000",
        ] {
            assert_eq!(BaseDate::parse(text), None, "{text}");
        }
    }
}
