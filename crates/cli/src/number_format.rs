//! Numbers as people read them: no more digits than they deserve.

/// A count with a comma between thousands: 345,779.
pub fn group_thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A time in seconds as text: `0.4 s`, `12.3 s`, `3 min 20 s`, `2 h 5 min`.
pub fn format_duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match seconds {
        s if s < 99.95 => format!("{s:.1} s"),
        _ if whole < 3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

/// A size in bytes: `412 B`, `1.3 MiB`, `203 MiB`.
pub fn format_size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut size = bytes as f64 / 1024.0;
    let mut units = UNITS.iter();
    let mut unit = units.next();
    while let Some(next) = units.next().filter(|_| size >= 1023.5) {
        size /= 1024.0;
        unit = Some(next);
    }
    let digits = usize::from(size < 99.95);
    format!("{size:.digits$} {}", unit.copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_separators() {
        let counts = [0, 999, 1000, 345_779, 4_194_304];
        assert_eq!(
            counts.map(group_thousands),
            ["0", "999", "1,000", "345,779", "4,194,304"]
        );
    }

    #[test]
    fn sizes_have_two_or_three_digits() {
        let sizes = [0, 1023, 1024, 1_358_519, 212_860_928, 1_048_575, 5_000_000_000];
        let expected = [
            "0 B", "1023 B", "1.0 KiB", "1.3 MiB", "203 MiB", "1.0 MiB", "4.7 GiB",
        ];
        assert_eq!(sizes.map(format_size), expected);
    }

    #[test]
    fn durations_have_few_digits() {
        let times = [0.04, 9.96, 99.94, 99.96, 3599.4, 7500.0];
        let expected = [
            "0.0 s",
            "10.0 s",
            "99.9 s",
            "1 min 40 s",
            "59 min 59 s",
            "2 h 5 min",
        ];
        assert_eq!(times.map(format_duration), expected);
    }
}
