//! First line of a header: name, number of segments and signals, rates, length, start.

use super::error::LineDefect;
use super::start::{BaseDate, BaseTime};

/// Words that a name of a record may consist of, where it has spaces.
const MAX_NAME_WORDS: usize = 4;

/// Fields of the record line; none where the header does not state one.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct RecordLine {
    pub(super) name: String,
    pub(super) segment_count: Option<usize>,
    pub(super) signal_count: usize,
    pub(super) frame_rate: Option<f64>,
    pub(super) counter_rate: Option<f64>,
    pub(super) base_counter: Option<f64>,
    pub(super) frames: Option<u64>,
    pub(super) time: Option<BaseTime>,
    pub(super) date: Option<BaseDate>,
    pub(super) warnings: Vec<String>,
}

/// Reads the record line; `following` lines of signals or segments come after it.
pub(super) fn parse_record_line(text: &str, following: usize) -> Result<RecordLine, LineDefect> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let at = place_of_signal_count(&words, following).ok_or_else(|| {
        LineDefect(format!(
            "{text:?} is not a record line: the number of signals is missing"
        ))
    })?;
    let (name, segment_count) = split_name(&words[..at].join(" "));
    let mut line = RecordLine {
        name,
        segment_count,
        signal_count: words[at].parse().unwrap_or_default(),
        ..RecordLine::default()
    };
    let mut fields = words[at + 1..].iter();
    if let Some(rates) = fields.next() {
        parse_rates(rates, &mut line)?;
    }
    if let Some(frames) = fields.next() {
        // Zero means that the length is not stated.
        let frames: u64 = whole_number(frames).ok_or_else(|| bad_field("number of samples", frames))?;
        line.frames = (frames > 0).then_some(frames);
    }
    for field in fields {
        parse_start(field, &mut line);
    }
    Ok(line)
}

/// Which word is the number of signals: the second, unless the name has spaces and a later one agrees with the lines that
/// follow.
fn place_of_signal_count(words: &[&str], following: usize) -> Option<usize> {
    let is_count = |at: &usize| words[*at].parse::<usize>().is_ok();
    let agrees = |at: &usize| {
        let (_, segments) = split_name(&words[..*at].join(" "));
        segments.map_or(words[*at].parse(), Ok) == Ok(following)
    };
    let places = 1..words.len().min(MAX_NAME_WORDS + 1);
    let counts = || places.clone().filter(is_count);
    counts().find(agrees).or_else(|| counts().next())
}

/// Name of the record, and the number of segments that may follow it after a slash.
fn split_name(text: &str) -> (String, Option<usize>) {
    let split = text.rsplit_once('/');
    match split.and_then(|(name, count)| Some((name, count.parse().ok()?))) {
        Some((name, count)) => (name.to_owned(), Some(count)),
        None => (text.to_owned(), None),
    }
}

/// Reads `rate`, `rate/counter` or `rate/counter(base)`.
fn parse_rates(text: &str, line: &mut RecordLine) -> Result<(), LineDefect> {
    let (rate, counter) = text
        .split_once('/')
        .map_or((text, None), |(rate, rest)| (rate, Some(rest)));
    let positive = finite(rate).filter(|rate| *rate > 0.0);
    let rate = positive.ok_or_else(|| bad_field("sample rate", text))?;
    line.frame_rate = Some(rate);
    let Some(counter) = counter else { return Ok(()) };
    let (counter, base) = match counter.split_once('(') {
        Some((counter, base)) => (counter, base.strip_suffix(')')),
        None => (counter, None),
    };
    line.counter_rate = finite(counter);
    line.base_counter = base.and_then(finite);
    if line.counter_rate.is_none() {
        line.warnings
            .push(format!("counter frequency {text:?} is not a number"));
    }
    Ok(())
}

/// Reads a time or a date. Nothing is computed from them, so that one that cannot be read costs only itself.
fn parse_start(text: &str, line: &mut RecordLine) {
    if text.contains('/') {
        line.date = BaseDate::parse(text);
    } else {
        line.time = BaseTime::parse(text);
    }
    let known = if text.contains('/') {
        line.date.is_some()
    } else {
        line.time.is_some()
    };
    if !known {
        line.warnings.push(format!(
            "{text:?} in the record line is neither a time nor a date"
        ));
    }
}

/// Number that is whole, also where it is written as `5000.0`.
pub(super) fn whole_number<T: TryFrom<i64>>(text: &str) -> Option<T> {
    let parsed: Option<i64> = text.parse().ok();
    let rounded = || {
        let value = finite(text)?;
        // Exact below 2^53.
        (value.fract() == 0.0 && value.abs() < 9e15).then_some(value as i64)
    };
    T::try_from(parsed.or_else(rounded)?).ok()
}

/// Number that is neither infinite nor NaN.
pub(super) fn finite(text: &str) -> Option<f64> {
    let value: f64 = text.parse().ok()?;
    value.is_finite().then_some(value)
}

pub(super) fn bad_field(field: &str, text: &str) -> LineDefect {
    LineDefect(format!("{field} {text:?} is not valid"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str, following: usize) -> RecordLine {
        parse_record_line(text, following).unwrap()
    }

    #[test]
    fn each_field_may_be_absent_after_the_number_of_signals() {
        let full = line("3000003_0003 2 125/999.56(-4.5) 1028 19:46:25.757 01/02/2003", 2);
        assert_eq!((full.name.as_str(), full.signal_count), ("3000003_0003", 2));
        assert_eq!(
            (full.frame_rate, full.counter_rate, full.base_counter, full.frames),
            (Some(125.0), Some(999.56), Some(-4.5), Some(1028))
        );
        assert_eq!(full.time.unwrap().to_string(), "19:46:25.757");
        assert_eq!(full.date.unwrap().to_string(), "2003-02-01");
        let short = line("r 12", 12);
        assert_eq!((short.frame_rate, short.frames, short.time), (None, None, None));
        assert_eq!(line("r 1 3.6e2 0", 1).frames, None);
        assert_eq!(line("r 1 360. 10 9:0:0", 1).frame_rate, Some(360.0));
    }

    #[test]
    fn a_name_may_have_dots_spaces_and_a_number_of_segments() {
        assert_eq!(line("X0001.v2 12 500 2600", 12).name, "X0001.v2");
        let spaced = line("X 1 12 500 2600", 12);
        assert_eq!(
            (spaced.name.as_str(), spaced.signal_count, spaced.frames),
            ("X 1", 12, Some(2600))
        );
        let segments = line("multi/3 2 360 45000", 3);
        assert_eq!(
            (segments.name.as_str(), segments.segment_count),
            ("multi", Some(3))
        );
    }

    #[test]
    fn a_rate_that_no_record_has_is_an_error_and_a_bad_start_is_not() {
        for rate in ["0", "-500", "abc", "nan", "inf", "500x", ""] {
            let text = format!("r 1 {rate}/1 10");
            assert!(parse_record_line(&text, 1).is_err(), "{text}");
        }
        assert!(parse_record_line("r 1 500 ten", 1).is_err());
        assert!(parse_record_line("r 1 500 -3", 1).is_err());
        assert!(parse_record_line("r", 0).is_err());
        assert!(parse_record_line("just some text", 2).is_err());
        let odd = line("r 1 500 10 25:00:00 1/2", 1);
        assert_eq!((odd.time, odd.date, odd.warnings.len()), (None, None, 2));
    }
}
