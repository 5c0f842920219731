//! Lines of a header that describe a signal each.

use super::error::LineDefect;
use super::format::SampleFormat;
use super::limits::MAX_SAMPLES_PER_FRAME;
use super::record_line::{bad_field, whole_number};
use super::specification::SignalSpecification;

/// Gains outside these bounds are damage: amplitudes would not be numbers any more.
const GAINS: std::ops::RangeInclusive<f64> = 1e-9..=1e15;

/// Bits of the widest analog-to-digital converter.
const MAX_RESOLUTION: i64 = 32;

/// Reads the line `text`, which is line `number` of its header. The second value is a warning about it.
pub(super) fn parse_signal_line(
    text: &str,
    number: usize,
) -> Result<(SignalSpecification, Option<String>), LineDefect> {
    let mut rest = text;
    let file = take_file_name(&mut rest).ok_or_else(|| {
        LineDefect(format!(
            "{text:?} does not describe a signal: the format is missing"
        ))
    })?;
    let mut signal = parse_format(take_word(&mut rest), number)?;
    signal.file = file.to_owned();
    let first = rest.split_whitespace().next().unwrap_or_default();
    let mut described = parse_gain(first, &mut signal)?;
    if described {
        take_word(&mut rest);
        described = parse_numbers(&mut rest, &mut signal)?;
    }
    let rest = rest.trim();
    signal.description = (!rest.is_empty()).then(|| rest.to_owned());
    let incomplete = !described && signal.description.is_some();
    let warning = incomplete.then(|| {
        format!(
            "signal {}: fields before the description are missing",
            signal.label()
        )
    });
    Ok((signal, warning))
}

/// Takes the file's name, which may have spaces, up to the first word that looks like a format.
fn take_file_name<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let text = *rest;
    let mut after = text;
    take_word(&mut after);
    loop {
        let start = text.len() - after.trim_start().len();
        let word = take_word(&mut after);
        if word.is_empty() {
            return None;
        }
        if is_format(word) {
            *rest = &text[start..];
            return Some(text[..start].trim());
        }
    }
}

/// Takes the next word; empty at the end.
fn take_word<'a>(rest: &mut &'a str) -> &'a str {
    let text = rest.trim_start();
    let (word, after) = text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()));
    *rest = after;
    word
}

/// Returns true for digits, with or without `x`, `:`, `+` and digits.
fn is_format(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
        && word
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, 'x' | ':' | '+'))
}

/// Reads `format[xSAMPLES][:SKEW][+OFFSET]`.
fn parse_format(word: &str, line: usize) -> Result<SignalSpecification, LineDefect> {
    let (before, offset) = split_modifier(word, '+');
    let (before, skew) = split_modifier(before, ':');
    let (number, samples) = split_modifier(before, 'x');
    let unreadable = || bad_field("format", word);
    let format = number.parse().ok().and_then(SampleFormat::from_number);
    let format = format.ok_or_else(|| {
        let known = SampleFormat::ALL.map(|(number, _)| number.to_string()).join(", ");
        LineDefect(format!("format {word:?} is not known; those that are: {known}"))
    })?;
    let samples_per_frame = samples.map_or(Some(1), |text| text.parse().ok());
    let in_bounds = samples_per_frame.filter(|n| (1..=MAX_SAMPLES_PER_FRAME).contains(n));
    Ok(SignalSpecification {
        line,
        file: String::new(),
        format,
        samples_per_frame: in_bounds.ok_or_else(unreadable)?,
        skew: skew
            .map_or(Some(0), |text| text.parse().ok())
            .ok_or_else(unreadable)?,
        byte_offset: offset
            .map_or(Some(0), |text| text.parse().ok())
            .ok_or_else(unreadable)?,
        gain: None,
        baseline: None,
        unit: None,
        adc_resolution: None,
        adc_zero: None,
        initial: None,
        checksum: None,
        block_size: None,
        description: None,
    })
}

fn split_modifier(word: &str, mark: char) -> (&str, Option<&str>) {
    word.split_once(mark)
        .map_or((word, None), |(before, after)| (before, Some(after)))
}

/// Reads `gain[(baseline)][/unit]`; false where the word is no number, and so belongs to the description.
fn parse_gain(word: &str, signal: &mut SignalSpecification) -> Result<bool, LineDefect> {
    let (amount, unit) = split_modifier(word, '/');
    let (gain, baseline) = match amount.split_once('(') {
        Some((gain, baseline)) => (gain, Some(baseline.strip_suffix(')').unwrap_or(baseline))),
        None => (amount, None),
    };
    let Ok(value) = gain.parse::<f64>() else {
        let numeric = word.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '(');
        return if numeric {
            Err(bad_field("gain", word))
        } else {
            Ok(false)
        };
    };
    if value != 0.0 && !GAINS.contains(&value.abs()) {
        return Err(bad_field("gain", word));
    }
    signal.gain = Some(value);
    if let Some(text) = baseline {
        let baseline = whole_number(text).ok_or_else(|| bad_field("baseline", word))?;
        signal.baseline = Some(baseline);
    }
    signal.unit = unit.filter(|unit| !unit.is_empty()).map(str::to_owned);
    Ok(true)
}

/// Reads the whole numbers after the gain; false where the description comes before all are there.
fn parse_numbers(rest: &mut &str, signal: &mut SignalSpecification) -> Result<bool, LineDefect> {
    let mut numbers = [None; 5];
    for number in &mut numbers {
        let mut after = *rest;
        *number = whole_number::<i64>(take_word(&mut after));
        if number.is_none() {
            break;
        }
        *rest = after;
    }
    let [resolution, zero, initial, checksum, block_size] = numbers;
    if let Some(bits) = resolution.filter(|bits| !(0..=MAX_RESOLUTION).contains(bits)) {
        return Err(LineDefect(format!(
            "an ADC resolution of {bits} bits: a field before it is missing; the order is gain(baseline)/unit, \
             resolution, zero, initial value, checksum, block size, description"
        )));
    }
    signal.adc_resolution = resolution;
    signal.adc_zero = zero;
    signal.initial = initial;
    signal.checksum = checksum.map(|sum| (sum & 0xffff) as u16);
    signal.block_size = block_size;
    Ok(block_size.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signal(text: &str) -> SignalSpecification {
        parse_signal_line(text, 2).unwrap().0
    }

    #[test]
    fn every_field_is_read() {
        let full = signal("X 1.v2.mat 16x4:3+24 1.052e+04(-7)/µV 16 5 -68 -1250 0 Lead I, left");
        assert_eq!(
            full,
            SignalSpecification {
                line: 2,
                file: "X 1.v2.mat".to_owned(),
                format: SampleFormat::Int16,
                samples_per_frame: 4,
                skew: 3,
                byte_offset: 24,
                gain: Some(10520.0),
                baseline: Some(-7),
                unit: Some("µV".to_owned()),
                adc_resolution: Some(16),
                adc_zero: Some(5),
                initial: Some(-68),
                checksum: Some(65536u32.wrapping_sub(1250) as u16),
                block_size: Some(0),
                description: Some("Lead I, left".to_owned()),
            }
        );
        assert_eq!((full.effective_gain(), full.effective_baseline()), (10520.0, -7));
    }

    #[test]
    fn what_is_absent_stays_absent_beside_the_default() {
        let bare = signal("a.dat 212");
        assert_eq!(
            (bare.gain, bare.unit.as_deref(), bare.description.as_deref()),
            (None, None, None)
        );
        assert_eq!((bare.effective_gain(), bare.is_calibrated()), (200.0, false));
        let zero = signal("a.dat 212 0 12 1024 3 4 0 MLII");
        assert_eq!(
            (zero.gain, zero.effective_gain(), zero.is_calibrated()),
            (Some(0.0), 200.0, false)
        );
        assert_eq!((zero.baseline, zero.effective_baseline()), (None, 1024));
        assert_eq!(signal("a.dat 16 -1000/mV").effective_gain(), -1000.0);
        assert_eq!(signal("a.dat 16 1000/uV 16").unit.as_deref(), Some("uV"));
    }

    #[test]
    fn a_description_that_comes_too_early_is_taken_and_warned_about() {
        let (early, warning) = parse_signal_line("a.dat 16 200 12 0 MLII", 2).unwrap();
        assert_eq!(
            (early.adc_zero, early.description.as_deref()),
            (Some(0), Some("MLII"))
        );
        assert!(warning.unwrap().contains("MLII"));
        let (no_gain, warning) = parse_signal_line("a.dat 16 MLII", 2).unwrap();
        assert_eq!(
            (no_gain.gain, no_gain.description.as_deref()),
            (None, Some("MLII"))
        );
        assert!(warning.is_some());
        assert!(parse_signal_line("a.dat 16 200", 2).unwrap().1.is_none());
    }

    #[test]
    fn what_contradicts_the_format_is_an_error() {
        for (text, word) in [
            ("a.dat", "format is missing"),
            ("a.dat 17 200", "\"17\" is not known"),
            ("a.dat 16x0 200", "format"),
            ("a.dat 16x99999999 200", "format"),
            ("a.dat 16+x 200", "format"),
            ("a.dat 16 1e-300/mV", "gain"),
            ("a.dat 16 -", "gain"),
            ("a.dat 16 1000(x)/mV", "baseline"),
            ("a.mat 16x1+24 170 28260 0 I", "resolution of 28260"),
        ] {
            let LineDefect(what) = parse_signal_line(text, 2).unwrap_err();
            assert!(what.contains(word), "{text}: {what}");
        }
    }
}
