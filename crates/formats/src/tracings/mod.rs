//! Rows of recordings read straight from a file, where their place in it is known.
//!
//! An HDF5 dataset of float32 is either one run of bytes or a set of blocks, which may be shuffled and compressed with
//! zlib or LZF. The HDF5 library is asked once where they are ([`crate::code15`]); from then on this module reads them, from
//! any number of threads, without that library. A [`RowPlacement`] can also be stored and used by another program.
//!
//! ```
//! use ecgfm_formats::tracings::{RowPlacement, TracingRows};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let dir = tempfile::tempdir()?;
//! let path = dir.path().join("rows.bin");
//! let values: Vec<u8> = [0f32, 1.0, 2.0, 3.0].iter().flat_map(|v| v.to_le_bytes()).collect();
//! std::fs::write(&path, &values)?;
//!
//! let rows = TracingRows::open(&path, [2, 1, 2], RowPlacement::Contiguous { offset: 0 })?; // 2 rows of 1 sample of 2 leads
//! let mut row = [0.0; 2];
//! rows.read_row(1, &mut row)?;
//! assert_eq!(row, [2.0, 3.0]);
//! # Ok(())
//! # }
//! ```

mod blocks;
mod decode;
pub mod description;
mod lzf;
mod placement;

use crate::error::{Error, Result};
use blocks::BlockReader;
#[cfg(feature = "hdf5")]
pub(crate) use decode::decode_numbers;
pub use placement::{BlockTable, Compression, MAX_ROW_BYTES, RowPlacement, StoredBlock};
use placement::{CUT_SHORT, VALUES};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Open dataset, whose rows can be read from any number of threads at once.
///
/// Where a block holds several rows, neighbouring rows are best read close together in time: the blocks decoded last
/// are kept, up to 256 MiB.
#[derive(Debug)]
pub struct TracingRows {
    path: PathBuf,
    file: File,
    shape: [usize; 3],
    source: OpenPlacement,
}

#[derive(Debug)]
enum OpenPlacement {
    Contiguous { offset: u64 },
    Blocks(BlockReader),
}

impl TracingRows {
    /// Opens the file at `path` for rows of (rows, samples, leads), and compares what `placement` claims with its size.
    ///
    /// # Errors
    /// I/O; values outside the file, blocks that take more than [`MAX_ROW_BYTES`], or blocks that are not in order of their places.
    pub fn open(path: &Path, shape: [usize; 3], placement: RowPlacement) -> Result<Self> {
        let file = File::open(path).map_err(Error::io("open", path))?;
        let size = file.metadata().map_err(Error::io("open", path))?.len();
        // The size of a row first: the product with 0 rows would be 0 and hide a row whose size overflows.
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
            RowPlacement::Contiguous { offset } => {
                if offset.checked_add(bytes as u64).is_none_or(|end| end > size) {
                    let what =
                        format!("{shape:?} values of 4 bytes from byte {offset} on, in a file of {size}");
                    return Err(Error::malformed(path, VALUES, what, CUT_SHORT));
                }
                OpenPlacement::Contiguous { offset }
            }
            RowPlacement::Blocks(table) => OpenPlacement::Blocks(BlockReader::new(path, shape, table, size)?),
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

    /// Places of the rows in the file.
    pub fn placement(&self) -> RowPlacement {
        match &self.source {
            OpenPlacement::Contiguous { offset } => RowPlacement::Contiguous { offset: *offset },
            OpenPlacement::Blocks(blocks) => RowPlacement::Blocks(blocks.table.clone()),
        }
    }

    /// Reads row `row` into `out`, sample by sample with all leads of each: (samples, leads) in row-major order.
    ///
    /// # Errors
    /// I/O, a damaged block, a row past the end, or `out` of another length than [`row_len`](Self::row_len).
    pub fn read_row(&self, row: usize, out: &mut [f32]) -> Result<()> {
        check_request(&self.path, self.shape, row, out.len())?;
        match &self.source {
            OpenPlacement::Contiguous { offset } => {
                let at = offset + row as u64 * size_of_val(out) as u64;
                self.file
                    .read_exact_at(bytemuck::cast_slice_mut(out), at)
                    .map_err(Error::io("read", &self.path))
            }
            OpenPlacement::Blocks(blocks) => blocks.read_row(&self.path, &self.file, row, out),
        }
    }
}

/// Checks that row `row` of (rows, samples, leads) exists and fills a buffer of `buffer_len` values.
pub(crate) fn check_request(path: &Path, shape: [usize; 3], row: usize, buffer_len: usize) -> Result<()> {
    let [rows, samples, leads] = shape;
    if row >= rows {
        return Err(Error::request(
            path,
            format!("row {row} was asked for; there are {rows}"),
        ));
    }
    let row_len = samples * leads;
    if buffer_len != row_len {
        let what = format!("a row of {row_len} values does not fill a buffer of {buffer_len}");
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
        let placement = || RowPlacement::Contiguous { offset: 0 };
        let refused = TracingRows::open(file.path(), [0, usize::MAX, 2], placement()).unwrap_err();
        assert!(
            refused.to_string().contains("more than any file can hold"),
            "{refused}"
        );
        let empty = TracingRows::open(file.path(), [0, 5, 2], placement()).unwrap();
        assert_eq!(empty.row_len(), 10);
    }
}
