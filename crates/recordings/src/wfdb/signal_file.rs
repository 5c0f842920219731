//! Reading the samples of one signal file.

use super::decode::decode_samples;
use super::error::{io_error, malformed, unsupported};
use super::flac::{self, FlacFile};
use super::format::SampleFormat;
use super::interleaved::InterleavedSamples;
use super::limits::{MAX_LEVEL_5_BYTES, MAX_VALUES};
use super::mat_head::{LOOKED_AT, MatHead, read_level_5};
use super::regular_file::open_regular;
use super::signal_group::SignalGroup;
use ecgfm_formats::Result;
use std::fs::File;
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

/// Samples of the signals of one file, in ADC units.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FileSamples {
    /// Samples, frame by frame.
    pub(super) stored: InterleavedSamples,
    /// What is odd about the file, in words.
    pub(super) warnings: Vec<String>,
}

/// Samples of format 16 as they are stored.
pub(super) struct Int16Samples {
    /// Place of the samples among the bytes that were read.
    pub(super) samples: std::ops::Range<usize>,
    /// What is odd about the file, in words.
    pub(super) warnings: Vec<String>,
}

/// Reads the samples of `group`, which are of format 16, from its file in `directory` at once, into the beginning of `bytes`; none
/// where the file is shorter than `frames`, which the header states, or anything but samples at the place that the header gives.
///
/// # Errors
/// I/O; the file is missing, or its head contradicts the header.
pub(super) fn read_int16_bytes(
    directory: &Path,
    group: SignalGroup<'_>,
    frames: Option<u64>,
    bytes: &mut Vec<u8>,
) -> Result<Option<Int16Samples>> {
    let mut file = SignalFile::open(directory, group, frames)?;
    let (offset, per_frame) = (group.byte_offset(), group.samples_per_frame());
    let there = file.bytes.saturating_sub(offset) / size_of::<i16>() as u64;
    let Ok(frames) = file.frames_to_read(there / per_frame) else {
        return Ok(None);
    };
    // Below 2^28 by the limit of values. What goes before is read, too, so it must be little.
    let end = offset + frames * per_frame * size_of::<i16>() as u64;
    if offset > LOOKED_AT as u64 || end < LOOKED_AT as u64 {
        return Ok(None);
    }
    let end = end as usize;
    bytes.resize(bytes.len().max(end), 0);
    match file.file.read_exact(&mut bytes[..end]) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        read => read.map_err(io_error("read", &file.path))?,
    }
    let start = &bytes[..LOOKED_AT];
    let is_head = match MatHead::find(start) {
        None => offset == 0,
        Some(MatHead::Level4(head)) if head.data_offset == offset => {
            head.check(&file.path, group.format(), per_frame)?;
            true
        }
        Some(_) => false,
    };
    if !is_head || start.starts_with(flac::SIGNATURE) {
        return Ok(None);
    }
    let excess = file.bytes - end as u64;
    Ok(Some(Int16Samples {
        samples: offset as usize..end,
        warnings: file.longer((excess > 0).then(|| format!("{excess} bytes"))),
    }))
}

/// Signal file that is being read.
struct SignalFile<'a> {
    path: PathBuf,
    file: File,
    bytes: u64,
    group: SignalGroup<'a>,
    /// Frames that the header states.
    frames: Option<u64>,
}

/// Reads the samples of `group` from its file in `directory`: as many `frames` as the header states, or all there are.
///
/// # Errors
/// I/O; the file is missing, shorter than the header states, too large, or contradicts its format.
pub(super) fn read_signal_file(
    directory: &Path,
    group: SignalGroup<'_>,
    frames: Option<u64>,
) -> Result<FileSamples> {
    let mut file = SignalFile::open(directory, group, frames)?;
    let mut start = Vec::new();
    file.read_bytes(0, LOOKED_AT as u64, &mut start)?;
    if group.format().flac_bits().is_some() {
        return file.read_flac(&start);
    }
    if start.starts_with(flac::SIGNATURE) {
        let what = format!("a FLAC stream, but the header says format {}", group.format());
        return Err(malformed(
            &file.path,
            "start",
            what,
            "correct the format in the header: 508, 516 or 524",
        ));
    }
    match MatHead::find(&start) {
        Some(MatHead::Level5) => file.read_level_5(),
        Some(MatHead::Level4(head)) => {
            head.check(&file.path, group.format(), group.samples_per_frame())?;
            let mut read = file.read_plain(head.data_offset)?;
            if head.data_offset != group.byte_offset() {
                let warning = format!(
                    "{}: the samples begin at byte {}, after the head of a MATLAB file, and not at byte {} as the header \
                     states; read from there",
                    group.file(),
                    head.data_offset,
                    group.byte_offset()
                );
                read.warnings.push(warning);
            }
            Ok(read)
        }
        None => file.read_plain(group.byte_offset()),
    }
}

fn missing_file(path: &Path) -> ecgfm_formats::Error {
    let help = "copy the signal file beside the header, or correct its name in the header";
    malformed(
        path,
        "signal file",
        "the header names this file, but it does not exist",
        help,
    )
}

impl<'a> SignalFile<'a> {
    fn open(directory: &Path, group: SignalGroup<'a>, frames: Option<u64>) -> Result<Self> {
        let path = directory.join(group.file());
        let opened = open_regular(&path)?;
        let (file, bytes) = opened.ok_or_else(|| missing_file(&path))?;
        Ok(Self {
            path,
            file,
            bytes,
            group,
            frames,
        })
    }

    /// Appends up to `count` bytes from byte `from` on.
    fn read_bytes(&mut self, from: u64, count: u64, bytes: &mut Vec<u8>) -> Result<()> {
        let mut read = || {
            self.file.seek(SeekFrom::Start(from))?;
            (&mut self.file).take(count).read_to_end(bytes)
        };
        read().map(drop).map_err(io_error("read", &self.path))
    }

    /// Reads samples that begin at byte `offset`.
    fn read_plain(&mut self, offset: u64) -> Result<FileSamples> {
        let (format, per_frame) = (self.group.format(), self.group.samples_per_frame());
        if format == SampleFormat::Null {
            let what = "format 0: the record has no samples of these signals";
            return Err(unsupported(
                &self.path,
                "header",
                what,
                "give a record with samples",
            ));
        }
        let there = format.samples_in(self.bytes.saturating_sub(offset));
        let frames = self.frames_to_read(there / per_frame)?;
        let samples = frames * per_frame;
        // Below 2^28 by the limit of values.
        let needed = format.bytes_for(samples).unwrap_or(u64::MAX);
        let padded = format.padded_bytes_for(samples).unwrap_or(u64::MAX);
        let mut bytes = Vec::with_capacity(needed as usize);
        self.read_bytes(offset, needed, &mut bytes)?;
        let flat = decode_samples(format, &bytes, samples as usize);
        let excess = self.bytes.saturating_sub(offset.saturating_add(padded));
        Ok(self.finish(flat, (excess > 0).then(|| format!("{excess} bytes"))))
    }

    fn read_level_5(&mut self) -> Result<FileSamples> {
        let per_frame = self.group.samples_per_frame();
        if self.bytes > MAX_LEVEL_5_BYTES {
            return Err(self.too_large());
        }
        let mut bytes = Vec::new();
        self.read_bytes(0, self.bytes, &mut bytes)?;
        let (mut flat, name) = read_level_5(&self.path, bytes, per_frame)?;
        let there = flat.len() as u64 / per_frame;
        let frames = self.frames_to_read(there)?;
        let excess = (there > frames).then(|| format!("{} samples of each signal", there - frames));
        flat.truncate((frames * per_frame) as usize);
        let mut read = self.finish(flat, excess);
        let file = self.group.file();
        read.warnings.push(format!(
            "{file}: a level-5 MATLAB file, of which variable {name:?} was read; the byte offset of the header was not used"
        ));
        Ok(read)
    }

    fn read_flac(&mut self, start: &[u8]) -> Result<FileSamples> {
        let group = self.group;
        if !start.starts_with(flac::SIGNATURE) {
            let what = format!(
                "this is no FLAC stream, but the header says format {}",
                group.format()
            );
            return Err(malformed(
                &self.path,
                "start",
                what,
                "correct the format in the header",
            ));
        }
        let per_signal = u64::from(group.signals[0].samples_per_frame);
        let stream = FlacFile::open(&self.path, group.format(), group.signals.len())?;
        let there = stream
            .samples()
            .map(|all| all.saturating_sub(group.byte_offset()));
        // A stream of unknown length is read up to the length in the header.
        let frames =
            self.frames_to_read(there.map_or(self.frames.unwrap_or(0), |samples| samples / per_signal))?;
        if group.byte_offset() > MAX_VALUES {
            return Err(self.too_large());
        }
        let signals = stream.read(group.byte_offset(), (frames * per_signal) as usize)?;
        let excess = there.unwrap_or(0).saturating_sub(frames * per_signal);
        let excess = (excess > 0).then(|| format!("{excess} samples of each signal"));
        Ok(self.finish(interleave(&signals, per_signal as usize), excess))
    }

    /// Frames to read where `there` are in the file.
    fn frames_to_read(&self, there: u64) -> Result<u64> {
        let frames = self.frames.unwrap_or(there);
        if frames > there {
            let what = format!("{there} samples of each signal, but the header states {frames}");
            return Err(malformed(
                &self.path,
                "length",
                what,
                "the file is cut short, or the header wrong: copy both again",
            ));
        }
        if frames == 0 {
            let what = "there is no sample of every signal in the file";
            return Err(malformed(
                &self.path,
                "length",
                what,
                "the file is cut short: copy it again",
            ));
        }
        let values = frames.checked_mul(self.group.samples_per_frame());
        if values.is_none_or(|values| values > MAX_VALUES) {
            return Err(self.too_large());
        }
        Ok(frames)
    }

    fn too_large(&self) -> ecgfm_formats::Error {
        let what = format!("more than {MAX_VALUES} samples: this reader takes short ECGs");
        let help = "cut the record into shorter ones first, as xform of the WFDB software does";
        unsupported(&self.path, "length", what, help)
    }

    fn longer(&self, excess: Option<String>) -> Vec<String> {
        let warning = |excess| {
            format!(
                "{}: {excess} more than the header states; not read",
                self.group.file()
            )
        };
        excess.map(warning).into_iter().collect()
    }

    /// Samples as they are returned, where `samples` are what the file holds: differences in format 8.
    fn finish(&self, samples: Vec<i32>, excess: Option<String>) -> FileSamples {
        let per_frame = self.group.samples_per_frame() as usize;
        let mut stored = InterleavedSamples { samples, per_frame };
        if self.group.format() == SampleFormat::Difference8 {
            let mut first = 0;
            for signal in self.group.signals {
                let count = signal.samples_per_frame as usize;
                stored.accumulate(first, count, signal.initial.or(signal.adc_zero).unwrap_or(0));
                first += count;
            }
        }
        FileSamples {
            stored,
            warnings: self.longer(excess),
        }
    }
}

/// Samples frame by frame, `count` of each signal in a frame.
fn interleave(signals: &[Vec<i32>], count: usize) -> Vec<i32> {
    let frames = signals.first().map_or(0, |signal| signal.len() / count);
    let mut samples = Vec::with_capacity(frames * count * signals.len());
    for frame in 0..frames {
        for signal in signals {
            samples.extend_from_slice(&signal[frame * count..(frame + 1) * count]);
        }
    }
    samples
}
