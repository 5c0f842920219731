//! Records as their files hold them, file by file.

use super::error::{HEADER_HELP, malformed, unsupported};
use super::header::WfdbHeader;
use super::interleaved::InterleavedSamples;
use super::limits::MAX_VALUES;
use super::signal_file::read_signal_file;
use super::signal_group::group_signals;
use super::specification::SignalSpecification;
use super::verify::verify_signals;
use ecgfm_formats::{Error, Result};
use std::path::{Path, PathBuf};

/// Ordinary record in ADC units, file by file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StoredRecord {
    /// Path of the header.
    pub(super) path: PathBuf,
    /// Header.
    pub(super) header: WfdbHeader,
    /// Samples of every file, in the order of the header: number of signals, samples.
    pub(super) files: Vec<(usize, InterleavedSamples)>,
    /// Frames.
    pub(super) frames: u64,
    /// What is odd about the files, in words.
    pub(super) warnings: Vec<String>,
}

impl StoredRecord {
    /// Reads the signals of the header at `path`.
    ///
    /// # Errors
    /// I/O; a signal file is missing, damaged, too large or contradicts the header; a multi-segment record.
    pub(super) fn read(path: PathBuf, header: WfdbHeader) -> Result<Self> {
        check_kind(&path, &header)?;
        check_size(&path, &header)?;
        let directory = path.parent().unwrap_or(Path::new("")).to_owned();
        let mut record = Self {
            files: Vec::new(),
            frames: 0,
            warnings: header.warnings.clone(),
            path,
            header,
        };
        let stated = record.header.frames;
        let mut values = 0;
        for group in group_signals(&record.path, &record.header.signals)? {
            let read = read_signal_file(&directory, group, stated)?;
            let frames = read.stored.frames() as u64;
            if !record.files.is_empty() && frames != record.frames {
                let (file, before) = (group.file(), record.frames);
                let what = format!("{file} has {frames} samples, the files before it {before}");
                return Err(malformed(&record.path, "length", what, HEADER_HELP));
            }
            record.frames = frames;
            // Where no length is stated, only the files say how much they hold together.
            values += read.stored.samples.len() as u64;
            if values > MAX_VALUES {
                return Err(too_large(&record.path));
            }
            record.warnings.extend(read.warnings);
            let (sums, first) = (read.stored.checksums(), &read.stored.samples);
            let differences = verify_signals(group.signals, (&sums, first), stated.is_some());
            record.warnings.extend(differences);
            record.files.push((group.signals.len(), read.stored));
        }
        Ok(record)
    }

    /// Values that `value` makes of the samples of every signal, in the order of the header.
    pub(super) fn map<T, F: Fn(i32) -> T>(&self, value: impl Fn(&SignalSpecification) -> F) -> Vec<Vec<T>> {
        let mut signals = self.header.signals.iter();
        let mut values = Vec::with_capacity(signals.len());
        for (count, stored) in &self.files {
            let mut first = 0;
            for signal in signals.by_ref().take(*count) {
                let in_frame = signal.samples_per_frame as usize;
                values.push(stored.map(first, in_frame, value(signal)));
                first += in_frame;
            }
        }
        values
    }
}

fn check_kind(path: &Path, header: &WfdbHeader) -> Result<()> {
    let (what, help) = if header.segments.is_some() {
        (
            "a record of several segments, where one is expected",
            "give the segments one by one",
        )
    } else if header.signals.is_empty() {
        ("the record has no signals", "give a record with signals")
    } else {
        return Ok(());
    };
    Err(unsupported(path, "record line", what, help))
}

/// Checks that all signals together stay below the limit, before any file is opened.
pub(super) fn check_size(path: &Path, header: &WfdbHeader) -> Result<()> {
    let signals = header.signals.iter();
    let per_frame: u64 = signals.map(|signal| u64::from(signal.samples_per_frame)).sum();
    match header.frames.unwrap_or(1).checked_mul(per_frame) {
        Some(values) if values <= MAX_VALUES => Ok(()),
        _ => Err(too_large(path)),
    }
}

fn too_large(path: &Path) -> Error {
    let what = format!("more than {MAX_VALUES} samples: this reader takes short ECGs");
    let help = "cut the record into shorter ones first, as xform of the WFDB software does";
    unsupported(path, "record line", what, help)
}
