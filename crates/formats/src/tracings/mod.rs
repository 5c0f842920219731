//! Rows of recordings read straight from a file, where it is known how they lie in it.
//!
//! An HDF5 dataset of float32 is either one run of bytes or a set of blocks, each perhaps shuffled and compressed with
//! zlib or LZF. Where they lie is asked of the HDF5 library once ([`crate::code15`]); this module reads them from then on, from
//! any number of threads, without that library. A [`Placement`] can also be written down and read by another program.
//!
//! ```
//! use ecgfm_formats::tracings::{Placement, Rows};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let dir = tempfile::tempdir()?;
//! let path = dir.path().join("rows.bin");
//! let values: Vec<u8> = [0f32, 1.0, 2.0, 3.0].iter().flat_map(|v| v.to_le_bytes()).collect();
//! std::fs::write(&path, &values)?;
//!
//! let rows = Rows::open(&path, [2, 1, 2], Placement::Contiguous { offset: 0 })?; // 2 rows of 1 sample of 2 leads
//! let mut row = [0.0; 2];
//! rows.read_row(1, &mut row)?;
//! assert_eq!(row, [2.0, 3.0]);
//! # Ok(())
//! # }
//! ```

mod blocks;
mod decode;
pub mod described;
mod lzf;

use crate::error::{Error, Result};
use blocks::Blocks;
#[cfg(feature = "hdf5")]
pub(crate) use decode::expand_numbers;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// The most that all blocks of one row may take when decoded, in bytes.
pub const MAX_BAND_BYTES: u64 = 1 << 30;
/// What the values are called in messages: the dataset's name.
const VALUES: &str = "tracings";
const CUT_SHORT: &str = "the file is cut short: download or copy it again";

/// How the rows of a dataset of float32 lie in a file.
#[derive(Debug, Clone, PartialEq)]
pub enum Placement {
    /// One after another, uncompressed, from byte `offset` on.
    Contiguous {
        /// Where the first row starts.
        offset: u64,
    },
    /// In blocks.
    Blocks(BlockTable),
}

/// Blocks of values, and what was done to their bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockTable {
    /// Rows, samples, leads of a block.
    pub shape: [usize; 3],
    /// Whether the bytes of a block were shuffled: first bytes of all values first.
    pub shuffled: bool,
    /// How they were compressed after that.
    pub compression: Compression,
    /// Value of what was never written.
    pub fill: f32,
    /// The blocks that were written, ascending by place.
    pub blocks: Vec<Block>,
}

/// How the bytes of a block are compressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// With zlib: HDF5's `GZIP`.
    Deflate,
    /// With LZF: h5py's filter.
    Lzf,
}

/// One stored block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// Its number along rows, samples and leads.
    pub place: [usize; 3],
    /// First byte in the file.
    pub at: u64,
    /// Bytes as stored.
    pub size: u64,
    /// Bit `i` is set where filter `i` was left out.
    pub left_out: u32,
}

/// An open dataset.
///
/// Where a block holds several rows, neighbouring rows are best read close together in time: the blocks decoded last
/// are kept, up to 256 MiB.
#[derive(Debug)]
pub struct Rows {
    path: PathBuf,
    file: File,
    shape: [usize; 3],
    source: Source,
}

#[derive(Debug)]
enum Source {
    Contiguous { offset: u64 },
    Blocks(Blocks),
}

impl Rows {
    /// Opens the file at `path` for rows of (rows, samples, leads), and holds what `placement` claims against its size.
    ///
    /// # Errors
    /// I/O; values outside the file, or blocks that take more than [`MAX_BAND_BYTES`] or stand out of order.
    pub fn open(path: &Path, shape: [usize; 3], placement: Placement) -> Result<Self> {
        let file = File::open(path).map_err(Error::io("open", path))?;
        let size = file.metadata().map_err(Error::io("open", path))?.len();
        // A row first: where there are none, their number would hide one that is beyond counting.
        let [rows, samples, leads] = shape;
        let extents = [samples, leads, rows];
        let bytes = extents
            .iter()
            .try_fold(size_of::<f32>(), |n, &d| n.checked_mul(d));
        let bytes = bytes.filter(|_| samples > 0 && leads > 0).ok_or_else(|| {
            let what = format!("shape {shape:?} is empty or more than any file can hold");
            Error::malformed(
                path,
                VALUES,
                what,
                "the file is damaged: download or copy it again",
            )
        })?;
        let source = match placement {
            Placement::Contiguous { offset } => {
                if offset.checked_add(bytes as u64).is_none_or(|end| end > size) {
                    let what =
                        format!("{shape:?} values of 4 bytes from byte {offset} on, in a file of {size}");
                    return Err(Error::malformed(path, VALUES, what, CUT_SHORT));
                }
                Source::Contiguous { offset }
            }
            Placement::Blocks(table) => Source::Blocks(Blocks::new(path, shape, table, size)?),
        };
        Ok(Self {
            path: path.to_owned(),
            file,
            shape,
            source,
        })
    }

    /// Rows, samples, leads.
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// Values of one row: samples × leads.
    pub fn row_len(&self) -> usize {
        self.shape[1] * self.shape[2]
    }

    /// How the rows lie.
    pub fn placement(&self) -> Placement {
        match &self.source {
            Source::Contiguous { offset } => Placement::Contiguous { offset: *offset },
            Source::Blocks(blocks) => Placement::Blocks(blocks.table.clone()),
        }
    }

    /// Reads row `row` into `out`, sample by sample with all leads of each: (samples, leads) in row-major order.
    ///
    /// # Errors
    /// I/O, a damaged block, a row past the end, or `out` of another length than [`row_len`](Self::row_len).
    pub fn read_row(&self, row: usize, out: &mut [f32]) -> Result<()> {
        check_request(&self.path, self.shape, row, out.len())?;
        match &self.source {
            Source::Contiguous { offset } => {
                let at = offset + row as u64 * size_of_val(out) as u64;
                self.file
                    .read_exact_at(bytemuck::cast_slice_mut(out), at)
                    .map_err(Error::io("read", &self.path))
            }
            Source::Blocks(blocks) => blocks.read_row(&self.path, &self.file, row, out),
        }
    }
}

/// Whether row `row` of (rows, samples, leads) is there and fills a buffer of `room` values.
pub(crate) fn check_request(path: &Path, shape: [usize; 3], row: usize, room: usize) -> Result<()> {
    let [rows, samples, leads] = shape;
    if row >= rows {
        return Err(Error::request(
            path,
            format!("row {row} was asked for; there are {rows}"),
        ));
    }
    let row_len = samples * leads;
    if room != row_len {
        let what = format!("a row of {row_len} values does not fill a buffer of {room}");
        return Err(Error::request(path, what));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_beyond_counting_is_refused_even_where_there_are_no_rows() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let placement = || Placement::Contiguous { offset: 0 };
        let refused = Rows::open(file.path(), [0, usize::MAX, 2], placement()).unwrap_err();
        assert!(
            refused.to_string().contains("more than any file can hold"),
            "{refused}"
        );
        let empty = Rows::open(file.path(), [0, 5, 2], placement()).unwrap();
        assert_eq!(empty.row_len(), 10);
    }
}
