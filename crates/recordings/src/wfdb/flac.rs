//! Signal files that are FLAC streams, one channel a signal.

use super::error::{io_error, malformed, unsupported};
use super::format::SampleFormat;
use claxon::{Error as FlacError, FlacReader, FlacReaderOptions};
use ecgfm_formats::{Error, Result};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

const HELP: &str = "the file is damaged or cut short: copy it again";

/// First bytes of a FLAC stream.
pub(super) const SIGNATURE: &[u8] = b"fLaC";

/// Open FLAC stream, whose channels and bits have been checked.
pub(super) struct FlacFile<'a> {
    path: &'a Path,
    reader: FlacReader<BufReader<File>>,
}

impl<'a> FlacFile<'a> {
    /// Opens the stream of `channels` signals at `path`.
    ///
    /// # Errors
    /// I/O, a damaged stream, another number of channels, more bits than the format has.
    pub(super) fn open(path: &'a Path, format: SampleFormat, channels: usize) -> Result<Self> {
        let file = File::open(path).map_err(io_error("open", path))?;
        // Tags are not read, so that their lengths allocate nothing.
        let options = FlacReaderOptions {
            read_vorbis_comment: false,
            ..FlacReaderOptions::default()
        };
        let reader = FlacReader::new_ext(BufReader::new(file), options).map_err(|e| flac_error(path, e))?;
        let info = reader.streaminfo();
        if info.channels as usize != channels {
            let what = format!(
                "{} channels, but the header gives the file {channels} signals",
                info.channels
            );
            return Err(malformed(path, "FLAC stream", what, HELP));
        }
        if Some(info.bits_per_sample) > format.flac_bits() {
            let what = format!(
                "{} bits a sample in a file of format {format}",
                info.bits_per_sample
            );
            return Err(malformed(
                path,
                "FLAC stream",
                what,
                "correct the format in the header",
            ));
        }
        Ok(Self { path, reader })
    }

    /// Samples of each channel, where the stream states them.
    pub(super) fn samples(&self) -> Option<u64> {
        self.reader.streaminfo().samples
    }

    /// Reads `count` samples of each channel from sample `start` on.
    ///
    /// # Errors
    /// I/O, a damaged stream, one that ends before.
    pub(super) fn read(mut self, start: u64, count: usize) -> Result<Vec<Vec<i32>>> {
        let channels = self.reader.streaminfo().channels;
        let mut signals = vec![Vec::new(); channels as usize];
        let mut skip = start;
        let mut blocks = self.reader.blocks();
        let mut buffer = Vec::new();
        while signals[0].len() < count {
            let block = blocks
                .read_next_or_eof(buffer)
                .map_err(|e| flac_error(self.path, e))?;
            let Some(block) = block else {
                let what = format!("{} of {count} samples", signals[0].len());
                return Err(malformed(self.path, "end of the stream", what, HELP));
            };
            if block.channels() != channels {
                return Err(malformed(
                    self.path,
                    "FLAC stream",
                    "the number of channels changes",
                    HELP,
                ));
            }
            let skipped = skip.min(u64::from(block.duration()));
            skip -= skipped;
            for (channel, signal) in (0..channels).zip(&mut signals) {
                let samples = &block.channel(channel)[skipped as usize..];
                let wanted = samples.len().min(count - signal.len());
                signal.extend_from_slice(&samples[..wanted]);
            }
            buffer = block.into_buffer();
        }
        Ok(signals)
    }
}

fn flac_error(path: &Path, error: FlacError) -> Error {
    match error {
        FlacError::IoError(source) if source.kind() != std::io::ErrorKind::UnexpectedEof => {
            io_error("read", path)(source)
        }
        FlacError::IoError(_) => malformed(path, "FLAC stream", "the file ends inside it", HELP),
        FlacError::FormatError(what) => malformed(path, "FLAC stream", what, HELP),
        FlacError::Unsupported(what) => unsupported(
            path,
            "FLAC stream",
            what,
            "write it with libFLAC, or as format 16",
        ),
    }
}
