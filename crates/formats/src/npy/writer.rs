//! Writing arrays, row by row.

use super::{NpyDtype, NpyElement, NpyHeader, write_header};
use crate::error::{Error, Result};
use crate::watch::{self, WriteStep};
use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Appends rows to a `.npy` file and writes their number into its header at the end.
///
/// Until [`finish`](Self::finish) the header says 0 rows, so [`super::NpyReader`] refuses a file that was cut off.
#[derive(Debug)]
pub struct NpyWriter {
    path: PathBuf,
    out: BufWriter<File>,
    header: NpyHeader,
    data_offset: u64,
    row_len: usize,
    values: u64,
}

/// Header of a complete file, and the place of its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenArray {
    /// Final header, with the number of rows.
    pub header: NpyHeader,
    /// Offset of the first value in the file, in bytes.
    pub data_offset: u64,
}

impl NpyWriter {
    /// Creates the file (or empties it) for rows of shape `row_shape`.
    ///
    /// # Errors
    /// I/O, or a row shape that overflows or is empty.
    pub fn create(path: &Path, dtype: NpyDtype, row_shape: &[usize]) -> Result<Self> {
        let file = File::create(path).map_err(Error::io("create", path))?;
        let (header, row_len) = empty_array(path, dtype, row_shape)?;
        let mut out = BufWriter::with_capacity(1 << 16, file);
        let data_offset = write_header(&mut out, &header).map_err(Error::io("write", path))?;
        Ok(Self {
            path: path.to_owned(),
            out,
            header,
            data_offset,
            row_len,
            values: 0,
        })
    }

    /// Appends one or more whole rows of float32 values.
    ///
    /// # Errors
    /// Those of [`Self::write`].
    pub fn write_f32(&mut self, rows: &[f32]) -> Result<()> {
        self.write(rows)
    }

    /// Appends one or more whole rows.
    ///
    /// # Errors
    /// I/O, values of another type than the array's, or a part of a row.
    pub fn write<T: NpyElement>(&mut self, rows: &[T]) -> Result<()> {
        if T::DTYPE != self.header.dtype {
            let what = format!("{} values for an array of {}", T::DTYPE, self.header.dtype);
            return Err(Error::request(&self.path, what));
        }
        if !rows.len().is_multiple_of(self.row_len) {
            let what = format!(
                "{} values are no whole number of rows of {}",
                rows.len(),
                self.row_len
            );
            return Err(Error::request(&self.path, what));
        }
        watch::before_step(WriteStep::Bytes, &self.path)
            .and_then(|()| T::write(rows, |bytes| self.out.write_all(bytes)))
            .map_err(Error::io("write", &self.path))?;
        self.values += rows.len() as u64;
        Ok(())
    }

    /// Rows written so far.
    pub fn rows(&self) -> usize {
        (self.values / self.row_len as u64) as usize
    }

    /// Writes buffered bytes to the file.
    ///
    /// # Errors
    /// I/O.
    pub fn flush(&mut self) -> Result<()> {
        self.out.flush().map_err(Error::io("write", &self.path))
    }

    /// Writes the number of rows into the header and closes the file.
    ///
    /// # Errors
    /// I/O.
    pub fn finish(mut self) -> Result<WrittenArray> {
        self.header.shape[0] = self.rows();
        self.finish_file().map_err(Error::io("write", &self.path))?;
        Ok(WrittenArray {
            header: self.header,
            data_offset: self.data_offset,
        })
    }

    fn finish_file(&mut self) -> io::Result<()> {
        self.out.seek(SeekFrom::Start(0))?; // flushes
        let length = write_header(&mut self.out, &self.header)?;
        debug_assert_eq!(
            length, self.data_offset,
            "the header leaves room for any number of rows"
        );
        self.out.flush()
    }
}

pub(super) fn empty_array(path: &Path, dtype: NpyDtype, row_shape: &[usize]) -> Result<(NpyHeader, usize)> {
    let shape = std::iter::once(0).chain(row_shape.iter().copied()).collect();
    let header = NpyHeader {
        dtype,
        shape,
        fortran_order: false,
    };
    match header.row_len() {
        Some(row_len) if row_len > 0 => Ok((header, row_len)),
        _ => Err(Error::request(
            path,
            format!("rows of shape {row_shape:?} cannot be written"),
        )),
    }
}
