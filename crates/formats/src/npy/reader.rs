//! Reading arrays, row by row.

use super::{NpyDtype, NpyElement, NpyHeader, read_header};
use crate::error::{Error, Result};
use half::f16;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Open `.npy` file, whose rows can be read from any number of threads at once.
#[derive(Debug)]
pub struct NpyReader {
    path: PathBuf,
    file: File,
    header: NpyHeader,
    data_offset: u64,
    row_len: usize,
}

impl NpyReader {
    /// Opens the file and checks its header against its size.
    ///
    /// # Errors
    /// I/O; a header that is not one; fewer or more bytes than the header's shape takes, which is what an interrupted
    /// copy or an unfinished [`super::NpyWriter`] leaves behind.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(Error::io("open", path))?;
        let (header, data_offset) = read_header(&mut &file).map_err(|e| header_error(path, e))?;
        Self::with_checked_size(path, file, header, data_offset)
    }

    /// Checks that the file has as many bytes as the header says.
    fn with_checked_size(path: &Path, file: File, header: NpyHeader, data_offset: u64) -> Result<Self> {
        let size = file.metadata().map_err(Error::io("open", path))?.len();
        let expected = header.data_bytes().and_then(|n| n.checked_add(data_offset));
        if expected != Some(size) {
            let claimed = expected.map_or("more than any file can hold".to_owned(), |n| format!("{n} bytes"));
            let what = format!(
                "shape {:?} of {} takes {claimed}, the file has {size}",
                header.shape, header.dtype
            );
            return Err(Error::malformed(
                path,
                "header",
                what,
                "it is incomplete or damaged: write or copy it again",
            ));
        }
        // The length of a row overflows only where there are no rows; 0 then.
        let row_len = header.row_len().unwrap_or(0);
        Ok(Self {
            path: path.to_owned(),
            file,
            header,
            data_offset,
            row_len,
        })
    }

    /// Opens an array without a header of its own, as `numpy.memmap` writes it: `header` gives type and shape of the values, and
    /// `data_offset` the number of bytes before the first.
    ///
    /// # Errors
    /// I/O, and fewer or more bytes than the shape takes.
    pub fn open_headerless(path: &Path, header: NpyHeader, data_offset: u64) -> Result<Self> {
        let file = File::open(path).map_err(Error::io("open", path))?;
        Self::with_checked_size(path, file, header, data_offset)
    }

    /// Header of the array.
    pub fn header(&self) -> &NpyHeader {
        &self.header
    }

    /// Offset of the first value in the file, in bytes.
    pub fn data_offset(&self) -> u64 {
        self.data_offset
    }

    /// Extent of the first dimension.
    pub fn rows(&self) -> usize {
        self.header.rows()
    }

    /// Values of one row: the product of the other dimensions.
    pub fn row_len(&self) -> usize {
        self.row_len
    }

    /// Reads rows `start..start + n` into `out`, which holds `n * row_len()` values. Float16 is widened; float64 is
    /// rounded to the nearest float32.
    ///
    /// # Errors
    /// I/O, rows past the end, `out` of another size, column-major order, or values that are not floating-point.
    pub fn read_rows(&self, start: usize, n: usize, out: &mut [f32]) -> Result<()> {
        match self.header.dtype {
            NpyDtype::F32 => self.read(start, n, out),
            NpyDtype::F16 => self.read_converted::<f16>(start, n, out, f16::to_f32),
            NpyDtype::F64 => self.read_converted::<f64>(start, n, out, |v| v as f32),
            other => Err(self.wrong_type(other, "floating-point")),
        }
    }

    /// Reads rows `start..start + n` as they are stored.
    ///
    /// # Errors
    /// Those of [`Self::read_rows`], and if `T` is not the type of the values.
    pub fn read<T: NpyElement>(&self, start: usize, n: usize, out: &mut [T]) -> Result<()> {
        if T::DTYPE != self.header.dtype {
            return Err(self.wrong_type(self.header.dtype, T::DTYPE.name()));
        }
        let offset = self.row_offset(start, n, out.len())?;
        self.fill(offset, out)
    }

    /// Reads the whole array.
    ///
    /// # Errors
    /// Those of [`Self::read`].
    pub fn read_all<T: NpyElement>(&self) -> Result<Vec<T>> {
        if T::DTYPE != self.header.dtype {
            return Err(self.wrong_type(self.header.dtype, T::DTYPE.name()));
        }
        // `with_checked_size` has seen that the file holds as many values, so a false header cannot ask for more memory.
        let mut values = vec![T::default(); self.rows() * self.row_len];
        self.read(0, self.rows(), &mut values)?;
        Ok(values)
    }

    fn read_converted<T: NpyElement>(
        &self,
        start: usize,
        n: usize,
        out: &mut [f32],
        convert: impl Fn(T) -> f32,
    ) -> Result<()> {
        let mut offset = self.row_offset(start, n, out.len())?;
        let mut block = [T::default(); 4096];
        for part in out.chunks_mut(block.len()) {
            let stored = &mut block[..part.len()];
            self.fill(offset, stored)?;
            part.iter_mut()
                .zip(stored.iter())
                .for_each(|(o, &v)| *o = convert(v));
            offset += (part.len() * T::DTYPE.size()) as u64;
        }
        Ok(())
    }

    fn fill<T: NpyElement>(&self, offset: u64, out: &mut [T]) -> Result<()> {
        T::read(out, |bytes| self.file.read_exact_at(bytes, offset)).map_err(Error::io("read", &self.path))
    }

    /// Offset of row `start` in the file; an error unless rows `start..start + n` exist and make up `values` values.
    fn row_offset(&self, start: usize, n: usize, values: usize) -> Result<u64> {
        if self.header.fortran_order && self.header.shape.len() > 1 {
            let help = "write it in row-major order, as numpy.ascontiguousarray does";
            return Err(Error::unsupported(
                &self.path,
                "header",
                "the array is in column-major order",
                help,
            ));
        }
        if start.checked_add(n).is_none_or(|end| end > self.rows()) {
            let what = format!(
                "rows {start}..{} were asked for; there are {}",
                start.saturating_add(n),
                self.rows()
            );
            return Err(Error::request(&self.path, what));
        }
        if n.checked_mul(self.row_len) != Some(values) {
            let what = format!(
                "{n} rows of {} values do not fill a buffer of {values}",
                self.row_len
            );
            return Err(Error::request(&self.path, what));
        }
        Ok(self.data_offset + (start * self.row_len * self.header.dtype.size()) as u64)
    }

    fn wrong_type(&self, found: NpyDtype, wanted: &str) -> Error {
        let what = format!("the values are {found}, not {wanted}");
        Error::unsupported(
            &self.path,
            "header",
            what,
            format!("convert it, as numpy's astype does, to {wanted}"),
        )
    }
}

fn header_error(path: &Path, error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::InvalidData => Error::malformed(
            path,
            "header",
            error.to_string(),
            "write it with numpy.save, other types converted first (astype), or copy it again",
        ),
        _ => Error::io("read", path)(error),
    }
}
