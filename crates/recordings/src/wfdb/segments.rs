//! Records that consist of others, one after the other.
//!
//! In a fixed layout every segment has the same signals. In a variable layout the first segment, of no samples, describes all
//! signals that there are; every other segment has some of them, found by their names. Where a segment has none, and in gaps
//! (`~`), the samples are NaN.

use super::error::{HEADER_HELP, LineDefect, malformed, unsupported};
use super::header::WfdbHeader;
use super::limits::MAX_VALUES;
use super::paths::check_name;
use super::record::{WfdbRecord, WfdbSignal};
use super::specification::{SegmentSpecification, SignalSpecification};
use super::stored::StoredRecord;
use ecgfm_formats::{Error, Result};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Record whose segments are being put together.
struct SegmentedRecord {
    record: WfdbRecord,
    /// Frames that are there so far.
    filled: u64,
    /// Positions of the signals by name, in a variable layout; none in a fixed one.
    places: Option<HashMap<String, usize>>,
}

/// Signals of a record by its header: those of an ordinary record, or those of the segment that describes them.
///
/// # Errors
/// All segments are gaps, or the header of the one that describes the signals cannot be read.
pub(super) fn described_signals(path: &Path, header: &WfdbHeader) -> Result<Vec<SignalSpecification>> {
    let Some(segments) = &header.segments else {
        return Ok(header.signals.clone());
    };
    let described = segments.iter().find(|segment| !segment.is_null());
    let Some(described) = described else {
        let what = "all segments are gaps";
        return Err(unsupported(path, "segments", what, "give a record with samples"));
    };
    Ok(read_segment_header(path, described)?.1.signals)
}

/// Reads all segments of the multi-segment record whose header is at `path`.
///
/// # Errors
/// Those of a segment; the segments contradict each other or the header; a segment that consists of segments itself.
pub(super) fn read_segments(path: PathBuf, mut header: WfdbHeader) -> Result<WfdbRecord> {
    let segments = header.segments.clone().unwrap_or_default();
    let frames = total_frames(&path, &header, &segments)?;
    let variable = segments.first().is_some_and(|first| first.frames == 0);
    header.signals = described_signals(&path, &header)?;
    check_values(&path, &header, frames)?;
    let numbered = header.signals.iter().enumerate();
    let signals = numbered.map(|(number, signal)| WfdbSignal::new(number, signal, Vec::new()));
    let signals: Vec<WfdbSignal> = signals.collect();
    let mut all = SegmentedRecord {
        places: variable.then(|| places_by_name(&signals)),
        record: WfdbRecord {
            signals,
            warnings: header.warnings.clone(),
            path,
            header,
            frames,
        },
        filled: 0,
    };
    for segment in segments.iter().skip(usize::from(variable)) {
        all.append(segment)?;
    }
    Ok(all.record)
}

/// Frames of all segments together, which the record line may state, too.
fn total_frames(path: &Path, header: &WfdbHeader, segments: &[SegmentSpecification]) -> Result<u64> {
    let sum = segments
        .iter()
        .try_fold(0u64, |sum, segment| sum.checked_add(segment.frames));
    let sum = sum
        .filter(|sum| *sum <= MAX_VALUES)
        .ok_or_else(|| too_large(path))?;
    match header.frames {
        Some(stated) if stated != sum => {
            let what = format!("{stated} samples are stated, but the segments have {sum} together");
            Err(malformed(path, "record line", what, HEADER_HELP))
        }
        _ => Ok(sum),
    }
}

fn too_large(path: &Path) -> Error {
    let what = format!("more than {MAX_VALUES} samples: this reader takes short ECGs");
    unsupported(path, "segments", what, "give the segments one by one")
}

fn check_values(path: &Path, header: &WfdbHeader, frames: u64) -> Result<()> {
    let per_frame: u64 = header
        .signals
        .iter()
        .map(|signal| u64::from(signal.samples_per_frame))
        .sum();
    match frames.checked_mul(per_frame) {
        Some(values) if values <= MAX_VALUES => Ok(()),
        _ => Err(too_large(path)),
    }
}

/// Reads the header of a segment, a file beside that of the record.
fn read_segment_header(path: &Path, segment: &SegmentSpecification) -> Result<(PathBuf, WfdbHeader)> {
    check_name(&segment.name).map_err(|what| LineDefect(what).in_line(path, segment.line))?;
    let of_segment = path.with_file_name(format!("{}.hea", segment.name));
    let header = WfdbHeader::read(&of_segment)?;
    if header.segments.is_some() {
        let what = "a segment that consists of segments itself";
        return Err(unsupported(
            &of_segment,
            "record line",
            what,
            "give its segments one by one",
        ));
    }
    Ok((of_segment, header))
}

/// Positions of signals by name; of two of one name, the first.
fn places_by_name(signals: &[WfdbSignal]) -> HashMap<String, usize> {
    let named = signals.iter().enumerate().rev();
    named
        .map(|(place, signal)| (signal.name.clone(), place))
        .collect()
}

impl SegmentedRecord {
    fn append(&mut self, segment: &SegmentSpecification) -> Result<()> {
        if !segment.is_null() {
            let path = self.record.path.clone();
            let (of_segment, header) = read_segment_header(&path, segment)?;
            self.check_rate(&of_segment, &header)?;
            let read = WfdbRecord::from_stored(StoredRecord::read(of_segment, header)?);
            if read.frames != segment.frames {
                let what = format!(
                    "{} samples, but the record gives the segment {}",
                    read.frames, segment.frames
                );
                return Err(malformed(&read.path, "length", what, HEADER_HELP));
            }
            let name = &segment.name;
            let warnings = read
                .warnings
                .iter()
                .map(|warning| format!("segment {name}: {warning}"));
            self.record.warnings.extend(warnings);
            self.append_signals(read)?;
        }
        self.filled += segment.frames;
        for signal in &mut self.record.signals {
            let samples = self.filled * u64::from(signal.samples_per_frame);
            signal.samples.resize(samples as usize, f64::NAN);
        }
        Ok(())
    }

    fn check_rate(&self, path: &Path, segment: &WfdbHeader) -> Result<()> {
        if segment.frame_rate == self.record.header.frame_rate {
            return Ok(());
        }
        let shown = |rate: Option<f64>| rate.map_or("no rate".to_owned(), |rate| format!("{rate} Hz"));
        let (here, there) = (shown(segment.frame_rate), shown(self.record.header.frame_rate));
        Err(malformed(
            path,
            "record line",
            format!("{here}, but the whole record has {there}"),
            HEADER_HELP,
        ))
    }

    fn append_signals(&mut self, segment: WfdbRecord) -> Result<()> {
        let count = segment.signals.len();
        if self.places.is_none() && count != self.record.signals.len() {
            let what = format!(
                "{count} signals, but the first segment has {}",
                self.record.signals.len()
            );
            return Err(malformed(&segment.path, "record line", what, HEADER_HELP));
        }
        for (number, signal) in segment.signals.into_iter().enumerate() {
            let place = match &self.places {
                Some(places) => places.get(&signal.name).copied(),
                None => Some(number),
            };
            let known = place.map(|place| &mut self.record.signals[place]);
            let fits = |known: &&mut WfdbSignal| {
                known.name == signal.name
                    && known.unit == signal.unit
                    && known.samples_per_frame == signal.samples_per_frame
                    && known.samples.len() as u64 == self.filled * u64::from(known.samples_per_frame)
            };
            let Some(known) = known.filter(fits) else {
                let what = format!(
                    "signal {} is not one of the record: name, unit or rate differ",
                    signal.name
                );
                return Err(malformed(&segment.path, "signals", what, HEADER_HELP));
            };
            known.samples.extend(signal.samples);
        }
        Ok(())
    }
}
