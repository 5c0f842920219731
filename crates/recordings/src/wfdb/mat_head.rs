//! Signal files that are MATLAB files: the head before the samples says how they are laid out.
//!
//! Format: MathWorks, *MAT-File Format*. The `.mat` of PhysioNet's Challenges is of level 4: five words of 32 bits (type, rows,
//! columns, imaginary part, length of the name) and the name, `val`, so 24 bytes, and then the matrix column by column, which is
//! sample by sample with all signals of each. Readers of WFDB skip the head by the offset in the header.

use super::error::{malformed, unsupported};
use super::format::SampleFormat;
use super::limits::MAX_VALUES;
use ecgfm_formats::mat5::MatFile;
use ecgfm_formats::{Error, Result};
use std::path::Path;

/// Bytes of a file that [`MatHead::find`] looks at.
pub(super) const LOOKED_AT: usize = 128;

/// Words of a level-4 head before the name, in bytes.
const WORDS: usize = 20;

/// Bytes of the longest name that is believed.
const MAX_NAME: u32 = 64;

/// First bytes of a level-5 file.
const LEVEL_5: &[u8] = b"MATLAB 5.0 MAT-file";

/// Head of a MATLAB file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MatHead {
    /// Level 4, one matrix of numbers.
    Level4(Level4Head),
    /// Level 5.
    Level5,
}

/// Layout of the matrix in a level-4 file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Level4Head {
    /// Byte at which the matrix begins.
    pub(super) data_offset: u64,
    /// Rows, one a signal.
    pub(super) rows: u32,
    /// Columns, one a sample.
    pub(super) columns: u32,
    /// Type of the numbers as a signal format; none where there is no such format.
    pub(super) format: Option<SampleFormat>,
}

impl MatHead {
    /// Head of a file that begins with `start`; none where the file is none of MATLAB.
    pub(super) fn find(start: &[u8]) -> Option<Self> {
        if start.starts_with(LEVEL_5) {
            return Some(Self::Level5);
        }
        let word = |index: usize| {
            start[index * 4..]
                .first_chunk()
                .map(|word| u32::from_le_bytes(*word))
        };
        if start.len() < WORDS {
            return None;
        }
        let [kind, rows, columns, imaginary, length] = [word(0)?, word(1)?, word(2)?, word(3)?, word(4)?];
        let name = start.get(WORDS..WORDS + (1..=MAX_NAME).contains(&length).then_some(length)? as usize)?;
        let (end, letters) = name.split_last()?;
        let named = *end == 0 && letters.first().is_some_and(u8::is_ascii_alphabetic);
        let named = named
            && letters
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        let format = match kind {
            0 | 10 => None,
            20 => Some(SampleFormat::Int32),
            30 => Some(SampleFormat::Int16),
            40 => Some(SampleFormat::Offset16),
            50 => Some(SampleFormat::Offset8),
            _ => return None,
        };
        let head = Level4Head {
            data_offset: (WORDS + name.len()) as u64,
            rows,
            columns,
            format,
        };
        (named && imaginary == 0 && rows > 0 && columns > 0).then_some(Self::Level4(head))
    }
}

impl Level4Head {
    /// Checks that the matrix holds samples of `format`, `frame` of them a column.
    ///
    /// # Errors
    /// Another type or another shape.
    pub(super) fn check(&self, path: &Path, format: SampleFormat, frame: u64) -> Result<()> {
        let place = "head of the MATLAB file";
        let help = "correct the header, or write the record again, with one row a signal";
        if self.format != Some(format) {
            let what = match self.format {
                Some(found) => format!("numbers of format {found}, but the header says format {format}"),
                None => format!("floating-point numbers, but the header says format {format}"),
            };
            return Err(malformed(path, place, what, help));
        }
        if u64::from(self.rows) != frame {
            let (rows, columns) = (self.rows, self.columns);
            let what = format!(
                "a matrix of {rows} rows and {columns} columns; the header gives the file {frame} signals"
            );
            return Err(malformed(path, place, what, help));
        }
        Ok(())
    }
}

/// Reads the samples of a level-5 file in the order of a signal file: the one matrix with `frame` rows, column by column. The
/// second value is its name.
///
/// # Errors
/// A damaged file, no such matrix or several, numbers that are no samples.
pub(super) fn read_level_5(path: &Path, bytes: Vec<u8>, frame: u64) -> Result<(Vec<i32>, String)> {
    let file = MatFile::from_bytes(path, bytes)?;
    let mut fitting = file.arrays().iter().filter(|array| {
        array.class.is_numeric()
            && array.dims.len() == 2
            && array.dims[0] as u64 == frame
            && (2..=MAX_VALUES / frame.max(1)).contains(&(array.dims[1] as u64))
    });
    let (Some(array), None) = (fitting.next(), fitting.next()) else {
        return Err(no_matrix(path, &file, frame));
    };
    let (_, values) = file.i64_matrix(&array.name)?;
    let samples: Option<Vec<i32>> = values.into_iter().map(|value| value.try_into().ok()).collect();
    let too_large = || {
        let what = format!("variable {:?} has numbers that are no samples", array.name);
        malformed(path, "MATLAB file", what, "write the record again as format 16")
    };
    Ok((samples.ok_or_else(too_large)?, array.name.clone()))
}

fn no_matrix(path: &Path, file: &MatFile, frame: u64) -> Error {
    let list = file
        .arrays()
        .iter()
        .map(|array| format!("{} {:?}", array.name, array.dims));
    let list = list.collect::<Vec<_>>().join(", ");
    let what = format!("a level-5 MATLAB file without exactly one matrix of {frame} rows (it holds: {list})");
    unsupported(path, "MATLAB file", what, "write the record again as format 16")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wfdb::testing::level_4_head;

    #[test]
    fn the_head_of_the_challenges_is_known_and_samples_are_none() {
        let bytes = level_4_head(12, 5000);
        assert_eq!(bytes.len(), 24);
        let Some(MatHead::Level4(head)) = MatHead::find(&bytes) else {
            panic!("no head")
        };
        assert_eq!((head.data_offset, head.rows, head.columns), (24, 12, 5000));
        let path = Path::new("a.mat");
        assert!(head.check(path, SampleFormat::Int16, 12).is_ok());
        assert!(head.check(path, SampleFormat::Int16, 13).is_err());
        assert!(head.check(path, SampleFormat::Packed12, 12).is_err());
        assert_eq!(MatHead::find(&[0; 128]), None);
        assert_eq!(MatHead::find(&bytes[..23]), None);
        assert_eq!(MatHead::find(b""), None);
        assert_eq!(
            MatHead::find(b"MATLAB 5.0 MAT-file, by hand"),
            Some(MatHead::Level5)
        );
    }
}
