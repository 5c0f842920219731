//! Records as most archives have them, straight from the bytes of the file to amplitudes: twelve signals in one file of format 16,
//! one sample a frame.
//!
//! What comes out is what [`StoredRecord`](super::stored::StoredRecord) gives on the long way, which all other records go.

use super::calibration::Calibration;
use super::ecg_leads::EcgLeads;
use super::format::SampleFormat;
use super::header::WfdbHeader;
use super::record::doubts_about;
use super::signal_file::read_int16_bytes;
use super::signal_group::group_signals;
use super::specification::SignalSpecification;
use super::stored::check_size;
use super::verify::verify_signals;
use ecgfm_formats::Result;
use ecgfm_recipe::counts::CountScale;
use ecgfm_recipe::leads::COUNT;
use std::cell::RefCell;
use std::path::Path;

/// Bytes of a buffer that is kept for the next record: half a minute of twelve signals at 1,000 Hz and more.
const MAX_KEPT: usize = 1 << 20;

thread_local! {
    static BYTES: RefCell<Vec<u8>> = RefCell::default();
}

/// Fills `values` with the amplitudes of `leads` of the record whose header is at `path`, sample by sample. Returns what is odd about
/// the record; none where it is of another kind, and `values` are not filled.
///
/// # Errors
/// I/O; the signal file is missing or too large.
pub(super) fn fill_from_frames16(
    path: &Path,
    header: &WfdbHeader,
    leads: &EcgLeads,
    values: &mut Vec<f64>,
) -> Result<Option<Vec<String>>> {
    let signals = &header.signals;
    let Some(scale) = count_scale(signals).filter(|_| leads.positions.len() == COUNT) else {
        return Ok(None);
    };
    check_size(path, header)?;
    let groups = group_signals(path, signals)?;
    let [group] = groups[..] else {
        return Ok(None);
    };
    let directory = path.parent().unwrap_or(Path::new(""));
    BYTES.with_borrow_mut(|bytes| {
        let Some(read) = read_int16_bytes(directory, group, header.frames, bytes)? else {
            return Ok(None);
        };
        let samples = &bytes[read.samples];
        values.resize(samples.len() / size_of::<i16>(), 0.0);
        let sums = scale.convert(samples, values);
        let counts = samples.as_chunks().0.iter().take(COUNT);
        let first: Vec<i32> = counts.map(|count| i16::from_le_bytes(*count).into()).collect();
        let mut warnings = header.warnings.clone();
        warnings.extend(read.warnings);
        warnings.extend(verify_signals(signals, (&sums, &first), header.frames.is_some()));
        warnings.extend(doubts_about(signals));
        if bytes.len() > MAX_KEPT {
            *bytes = Vec::new();
        }
        Ok(Some(warnings))
    })
}

/// What turns the samples of twelve signals into millivolts; none where that takes more than a baseline and a gain.
fn count_scale(signals: &[SignalSpecification]) -> Option<CountScale> {
    let is_plain = |signal: &SignalSpecification| {
        signal.format == SampleFormat::Int16 && signal.samples_per_frame == 1 && signal.skew == 0
    };
    if signals.len() != COUNT || !signals.iter().all(is_plain) {
        return None;
    }
    let (mut baselines, mut gains) = ([0.0; COUNT], [0.0; COUNT]);
    for (signal, (baseline, gain)) in signals.iter().zip(baselines.iter_mut().zip(&mut gains)) {
        (*baseline, *gain) = Calibration::of(signal).0.baseline_and_gain()?;
    }
    Some(CountScale::new(&baselines, &gains))
}
