//! Signals of a header by the file that holds them.

use super::error::{HEADER_HELP, LineDefect, malformed};
use super::format::SampleFormat;
use super::paths::check_name;
use super::specification::SignalSpecification;
use ecgfm_formats::Result;
use std::path::Path;

/// Signals that share a file: their samples follow each other in every frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct SignalGroup<'a> {
    /// Signals in their order, at least one.
    pub(super) signals: &'a [SignalSpecification],
}

impl SignalGroup<'_> {
    /// Name of the file.
    pub(super) fn file(&self) -> &str {
        &self.signals[0].file
    }

    /// Storage format of the samples.
    pub(super) fn format(&self) -> SampleFormat {
        self.signals[0].format
    }

    /// Bytes of the file before its samples; for FLAC, samples.
    pub(super) fn byte_offset(&self) -> u64 {
        self.signals[0].byte_offset
    }

    /// Samples in a frame, all signals together.
    pub(super) fn samples_per_frame(&self) -> u64 {
        self.signals
            .iter()
            .map(|signal| u64::from(signal.samples_per_frame))
            .sum()
    }
}

/// Splits the signals of the header at `path` by file, in the order of the header.
///
/// # Errors
/// A file's name leads out of the header's directory; signals of a file are not together; their format or offset differs.
pub(super) fn group_signals<'a>(
    path: &Path,
    signals: &'a [SignalSpecification],
) -> Result<Vec<SignalGroup<'a>>> {
    let mut groups: Vec<SignalGroup<'a>> = Vec::new();
    for group in signals.chunk_by(|a, b| a.file == b.file) {
        let group = SignalGroup { signals: group };
        let line = group.signals[0].line;
        check_name(group.file()).map_err(|what| LineDefect(what).in_line(path, line))?;
        if groups.iter().any(|earlier| earlier.file() == group.file()) {
            let what = format!("the signals of {} are not on consecutive lines", group.file());
            return Err(malformed(path, format!("line {line}"), what, HEADER_HELP));
        }
        check_agreement(&group).map_err(|(line, what)| LineDefect(what).in_line(path, line))?;
        groups.push(group);
    }
    Ok(groups)
}

fn check_agreement(group: &SignalGroup<'_>) -> Result<(), (usize, String)> {
    let same_rate = group.format().flac_bits().is_none();
    for signal in group.signals {
        let what = if signal.format != group.format() {
            "format"
        } else if signal.byte_offset != group.byte_offset() {
            "byte offset"
        } else if same_rate || signal.samples_per_frame == group.signals[0].samples_per_frame {
            continue;
        } else {
            "number of samples per frame"
        };
        let what = format!(
            "another {what} than that of the signals before it in {}",
            group.file()
        );
        return Err((signal.line, what));
    }
    Ok(())
}
