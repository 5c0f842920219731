//! Records as their files hold them: whole numbers, not yet amplitudes.

use super::error::{HEADER_HELP, malformed, unsupported};
use super::header::WfdbHeader;
use super::limits::MAX_VALUES;
use super::paths::find_header;
use super::signal_file::read_signal_file;
use super::signal_group::group_signals;
use super::specification::SignalSpecification;
use ecgfm_formats::Result;
use std::path::{Path, PathBuf};

/// Ordinary record in ADC units, as stored: neither skew nor gain is applied.
#[derive(Debug, Clone, PartialEq)]
pub struct DigitalRecord {
    /// Path of the header.
    pub path: PathBuf,
    /// Header.
    pub header: WfdbHeader,
    /// Samples of each signal of the header, `samples_per_frame` times `frames` of them.
    pub samples: Vec<Vec<i32>>,
    /// Frames that were read.
    pub frames: u64,
    /// What is odd about the files, in words.
    pub warnings: Vec<String>,
}

/// Reads the record that `path` names: its `.hea`, one of its signal files, or either without ending.
///
/// # Errors
/// I/O; the header or a signal file is missing, damaged, too large or contradicts the other; a multi-segment record.
pub fn read_digital(path: &Path) -> Result<DigitalRecord> {
    let path = find_header(path)?;
    let header = WfdbHeader::read(&path)?;
    read_signals(path, header)
}

/// Reads the signals of the header at `path`.
pub(super) fn read_signals(path: PathBuf, header: WfdbHeader) -> Result<DigitalRecord> {
    if header.segments.is_some() {
        let what = "a record of several segments, where one is expected";
        return Err(unsupported(
            &path,
            "record line",
            what,
            "give the segments one by one",
        ));
    }
    if header.signals.is_empty() {
        let what = "the record has no signals";
        return Err(unsupported(
            &path,
            "record line",
            what,
            "give a record with signals",
        ));
    }
    check_size(&path, &header)?;
    let directory = path.parent().unwrap_or(Path::new("")).to_owned();
    let frames = header.frames;
    let mut record = DigitalRecord {
        samples: Vec::with_capacity(header.signals.len()),
        frames: 0,
        warnings: header.warnings.clone(),
        path,
        header,
    };
    for group in group_signals(&record.path, &record.header.signals)? {
        let read = read_signal_file(&directory, group, frames)?;
        if frames.is_none() && record.frames != 0 && record.frames != read.frames {
            let what = format!(
                "{} has {} samples, the files before it {}",
                group.file(),
                read.frames,
                record.frames
            );
            return Err(malformed(&record.path, "length", what, HEADER_HELP));
        }
        record.frames = read.frames;
        record.samples.extend(read.signals);
        record.warnings.extend(read.warnings);
    }
    let warnings = verify_signals(&record.header, &record.samples);
    record.warnings.extend(warnings);
    Ok(record)
}

/// Checks that all signals together stay below the limit, before any file is opened.
fn check_size(path: &Path, header: &WfdbHeader) -> Result<()> {
    let per_frame: u64 = header
        .signals
        .iter()
        .map(|signal| u64::from(signal.samples_per_frame))
        .sum();
    let values = header.frames.unwrap_or(1).checked_mul(per_frame);
    if values.is_none_or(|values| values > MAX_VALUES) {
        let what = format!("more than {MAX_VALUES} samples: this reader takes short ECGs");
        let help = "cut the record into shorter ones first, as xform of the WFDB software does";
        return Err(unsupported(path, "record line", what, help));
    }
    Ok(())
}

/// Differences that are told one by one; of more in a file, the signals are named.
const TOLD_ONE_BY_ONE: usize = 2;

/// Compares all signals with the checksums and first values in the header, and says which differ, file by file.
fn verify_signals(header: &WfdbHeader, samples: &[Vec<i32>]) -> Vec<String> {
    const MEANING: &str = "the file or the header was changed or damaged";
    let signals: Vec<_> = header.signals.iter().zip(samples).collect();
    let mut warnings = Vec::new();
    for of_file in signals.chunk_by(|(a, _), (b, _)| a.file == b.file) {
        let difference = |(signal, samples): &(&SignalSpecification, &Vec<i32>)| {
            let what = verify(signal, samples, header.frames.is_some())?;
            Some((signal.label(), what))
        };
        let differing: Vec<(String, String)> = of_file.iter().filter_map(difference).collect();
        let file = &of_file[0].0.file;
        if differing.len() > TOLD_ONE_BY_ONE {
            let names: Vec<String> = differing.into_iter().map(|(name, _)| name).collect();
            let names = names.join(", ");
            warnings.push(format!(
                "{file}: signals {names}: their checksums or first values are not those that the header states: {MEANING}"
            ));
        } else {
            let one = |(name, what)| format!("{file}: signal {name}: {what} as the header states: {MEANING}");
            warnings.extend(differing.into_iter().map(one));
        }
    }
    warnings
}

/// Compares a signal with the checksum and the first value in its header, and says what differs.
///
/// A first value of 0 that is wrong beside a right checksum is a placeholder. So is a checksum of 0 where the header does not
/// state the `length`.
fn verify(signal: &SignalSpecification, samples: &[i32], length: bool) -> Option<String> {
    let sum = samples
        .iter()
        .fold(0u16, |sum, sample| sum.wrapping_add(*sample as u16));
    let stated = signal.checksum.filter(|stated| length || *stated != 0);
    let wrong_sum = stated.filter(|stated| *stated != sum);
    let first = samples.first().map(|first| i64::from(*first));
    let placeholder = signal.initial == Some(0) && stated == Some(sum);
    let wrong_first = signal
        .initial
        .filter(|initial| Some(*initial) != first && !placeholder);
    let value = first.unwrap_or_default();
    match (wrong_sum, wrong_first) {
        (None, None) => None,
        (Some(stated), None) => Some(format!("its checksum is {sum}, not {stated}")),
        (None, Some(initial)) => Some(format!("its first value is {value}, not {initial}")),
        (Some(stated), Some(initial)) => Some(format!(
            "its checksum is {sum}, not {stated}, and its first value {value}, not {initial}"
        )),
    }
}
