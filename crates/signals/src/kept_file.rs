//! Exams that were kept, in a file of the stage's directory: there may be millions, and what was measured on one takes 300 bytes.
//!
//! The file has no name once it is open, so that nothing of it is left, however the stage ends.

use crate::error::{Error, Result};
use crate::kept::KeptExam;
use ecgfm_artifacts::Error as ArtifactError;
use ecgfm_artifacts::stage::UNFINISHED;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Bytes that are read at once.
const READ_AT_ONCE: usize = 64 << 10;
/// Bytes before each exam: how many are its own.
const LENGTH: usize = size_of::<u32>();

/// The file.
pub(crate) struct KeptFile {
    file: File,
    /// Where it was made, for messages.
    path: PathBuf,
    /// Bytes in it.
    length: Mutex<u64>,
}

/// An exam in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeptPlace {
    /// Row of the exam in the table.
    pub(crate) idx: usize,
    offset: u64,
}

impl KeptFile {
    /// A new file in the directory `out`.
    pub(crate) fn create(out: &Path) -> Result<Self> {
        let path = out.join(format!("{UNFINISHED}kept-{}", std::process::id()));
        let create = || {
            let mut options = File::options();
            let file = options
                .read(true)
                .write(true)
                .create(true)
                .truncate(true)
                .open(&path)?;
            fs::remove_file(&path).map(|()| file)
        };
        Ok(Self {
            file: create().map_err(ArtifactError::io("write", &path))?,
            length: Mutex::new(0),
            path,
        })
    }

    /// Puts exams into it.
    pub(crate) fn append(&self, exams: &[KeptExam]) -> Result<Vec<KeptPlace>> {
        let (mut bytes, mut places) = (Vec::new(), Vec::with_capacity(exams.len()));
        for exam in exams {
            places.push(KeptPlace {
                idx: exam.idx,
                offset: bytes.len() as u64,
            });
            let start = bytes.len();
            bytes.extend([0; LENGTH]);
            exam.put(&mut bytes).map_err(|e| self.error("write", e))?;
            let length = (bytes.len() - start - LENGTH) as u32;
            bytes[start..start + LENGTH].copy_from_slice(&length.to_le_bytes());
        }
        let start = {
            let mut length = self.length.lock().unwrap_or_else(PoisonError::into_inner);
            let start = *length;
            *length += bytes.len() as u64;
            start
        };
        let written = self.file.write_all_at(&bytes, start);
        written.map_err(|e| self.error("write", e))?;
        places.iter_mut().for_each(|place| place.offset += start);
        Ok(places)
    }

    /// Gives the exams at `places` to `take` one by one.
    ///
    /// # Errors
    /// Those of `take`; the file cannot be read.
    pub(crate) fn read<'p, T>(
        &self,
        places: impl IntoIterator<Item = &'p KeptPlace>,
        take: impl FnOnce(&mut dyn Iterator<Item = KeptExam>) -> Result<T>,
    ) -> Result<T> {
        let (mut failed, mut block) = (None, Block::default());
        let mut exams = places.into_iter().map_while(|place| {
            let read = block.read(self, place.offset);
            read.map_err(|error| failed = Some(error)).ok()
        });
        let taken = take(&mut exams);
        drop(exams);
        match failed {
            Some(error) => Err(self.error("read", error)),
            None => taken,
        }
    }

    fn error(&self, action: &'static str, error: io::Error) -> Error {
        ArtifactError::io(action, &self.path)(error).into()
    }
}

/// A piece of the file in memory.
#[derive(Default)]
struct Block {
    start: u64,
    bytes: Vec<u8>,
}

impl Block {
    fn read(&mut self, from: &KeptFile, offset: u64) -> io::Result<KeptExam> {
        let damaged = || io::Error::new(io::ErrorKind::InvalidData, "it is not what was written");
        let length = self.bytes(from, offset, LENGTH)?;
        let length = length.first_chunk().copied().map(u32::from_le_bytes);
        let length = length.ok_or_else(damaged)? as usize;
        let mut bytes = self.bytes(from, offset + LENGTH as u64, length)?;
        KeptExam::take(&mut bytes).ok_or_else(damaged)
    }

    /// Bytes of the file; most often they are in memory with those before them.
    fn bytes(&mut self, from: &KeptFile, offset: u64, length: usize) -> io::Result<&[u8]> {
        let is_here = offset >= self.start && offset + length as u64 <= self.start + self.bytes.len() as u64;
        if !is_here {
            let whole = *from.length.lock().unwrap_or_else(PoisonError::into_inner);
            let rest = whole.saturating_sub(offset);
            self.start = offset;
            self.bytes
                .resize(rest.min(READ_AT_ONCE.max(length) as u64) as usize, 0);
            from.file.read_exact_at(&mut self.bytes, offset)?;
        }
        let start = (offset - self.start) as usize;
        let bytes = self.bytes.get(start..start + length);
        bytes.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kept::Measurements;
    use crate::quality_flags::QualityFlag;
    use ecgfm_artifacts::quality::QualityCheck;
    use ecgfm_artifacts::recipe::quality::{self, Quality};
    use ecgfm_artifacts::recipe::sample::Sample;

    fn quality<S: Sample>(mean: &[S], std: &[S], idx: usize) -> Quality<S> {
        let mut quality = quality::measure(mean, 12);
        (quality.mean, quality.std) = (mean.to_vec(), std.to_vec());
        quality.nan = vec![idx.is_multiple_of(2); 12];
        quality.constant = vec![idx % 5 == 1; 12];
        quality.any_nan = idx % 7 == 1;
        quality
    }

    fn exam(idx: usize, flags: usize) -> KeptExam {
        let flag = |n| QualityFlag::of_recording(QualityCheck::HeartRate, n as f32, format!("{n} \"é\""));
        let measured = match idx % 3 {
            0 => Measurements::new(&quality::<f32>(&[f32::NAN; 12], &[idx as f32; 12], idx)),
            _ => Measurements::new(&quality::<f64>(&[0.1 + idx as f64; 12], &[-0.0; 12], idx)),
        };
        KeptExam {
            idx,
            file: idx + 1,
            row: idx / 2,
            sample_rate: 499.5,
            sample_size: 5000,
            segments: 2,
            measured,
            flags: (0..flags).map(flag).collect(),
        }
    }

    #[test]
    fn exams_come_back_bit_for_bit_in_any_order_and_no_file_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let kept = KeptFile::create(dir.path()).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        let exams: Vec<KeptExam> = (0..1500).map(|idx| exam(idx, idx % 4)).collect();
        let mut places: Vec<KeptPlace> = Vec::new();
        exams
            .chunks(512)
            .for_each(|some| places.extend(kept.append(some).unwrap()));
        let read = |places: &[KeptPlace]| kept.read(places, |exams| Ok(exams.collect::<Vec<_>>())).unwrap();
        assert_eq!(read(&places), exams);
        places.reverse();
        assert!(read(&places).iter().eq(exams.iter().rev()));
        places[7].offset += 1;
        assert!(kept.read(&places, |exams| Ok(exams.count())).is_err());
    }

    #[test]
    fn an_exam_takes_sixteen_bytes_of_memory_while_others_are_read() {
        assert!(size_of::<KeptPlace>() <= 16);
    }
}
