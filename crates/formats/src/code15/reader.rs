//! Reading rows.

use super::child;
use super::layout::Layout;
use super::library::describe;
use super::open::{self, Opened, Source};
use crate::error::{Error, Result};
use crate::tracings::{Placement, check_request};
use hdf5::Dataset;
use ndarray::{Ix2, s};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

/// An open part, whose rows can be read from any number of threads at once.
///
/// Where a block holds several rows, neighbouring rows are best read close together in time: the blocks decoded last
/// are kept, up to 256 MiB.
#[derive(Debug)]
pub struct Part {
    path: PathBuf,
    found: Opened,
}

impl Part {
    /// Opens the part at `path`, and checks what it claims to hold against its size.
    ///
    /// # Errors
    /// I/O; not an HDF5 file, or one that is cut short; `exam_id` or `tracings` missing, of another shape, or not
    /// integers and floating-point numbers; different numbers of rows in the two; recordings kept in other files, or
    /// in blocks that take more than 1 GiB; where files are opened by another process ([`super::isolate`]), that this
    /// crashed, or took too much memory or time.
    pub fn open(path: &Path) -> Result<Self> {
        let size = check_file(path)?;
        let found = match child::word() {
            Some(word) => open::open_isolated(path, size, word)?,
            None => open::open(path, size)?,
        };
        Ok(Self {
            path: path.to_owned(),
            found,
        })
    }

    /// Opens the part in this process, whatever was agreed.
    pub(super) fn open_here(path: &Path) -> Result<Self> {
        let found = open::open(path, check_file(path)?)?;
        Ok(Self {
            path: path.to_owned(),
            found,
        })
    }

    /// How rows are read.
    pub(super) fn source(&self) -> &Source {
        &self.found.source
    }

    /// Numbers of the exams, one a row. 0 marks the dummy row that ends every part of the release.
    pub fn exam_ids(&self) -> &[i64] {
        &self.found.exam_ids
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.found.shape[0]
    }

    /// Samples of one lead, padding included.
    pub fn samples(&self) -> usize {
        self.found.shape[1]
    }

    /// Number of leads.
    pub fn leads(&self) -> usize {
        self.found.shape[2]
    }

    /// Values of one row: samples × leads.
    pub fn row_len(&self) -> usize {
        self.samples() * self.leads()
    }

    /// Type of the stored values, in NumPy's words: `float32`, `big-endian float64`.
    pub fn dtype(&self) -> &str {
        &self.found.dtype
    }

    /// How the recordings are stored.
    pub fn layout(&self) -> &Layout {
        &self.found.layout
    }

    /// Where the rows are, if they are read without the HDF5 library.
    pub fn placement(&self) -> Option<Placement> {
        match &self.found.source {
            Source::Rows(rows) => Some(rows.placement()),
            Source::Library(_) | Source::Served(_) => None,
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads row `row` into `out`, sample by sample with all leads of each: (samples, leads) in row-major order.
    ///
    /// # Errors
    /// I/O, a damaged block, a row past the end, or `out` of another length than [`row_len`](Self::row_len).
    pub fn read_row(&self, row: usize, out: &mut [f32]) -> Result<()> {
        match &self.found.source {
            Source::Rows(rows) => rows.read_row(row, out),
            Source::Library(dataset) => self.read_by_library(dataset, row, out),
            Source::Served(served) => {
                check_request(&self.path, self.found.shape, row, out.len())?;
                served
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .read_row(row, out)
            }
        }
    }

    fn read_by_library(&self, dataset: &Dataset, row: usize, out: &mut [f32]) -> Result<()> {
        check_request(&self.path, self.found.shape, row, out.len())?;
        let values = dataset.read_slice::<f32, _, Ix2>(s![row, .., ..]);
        let values =
            values.map_err(|e| describe(&self.path, &e, &format!("{}, row {row}", super::TRACINGS)))?;
        out.iter_mut().zip(&values).for_each(|(o, v)| *o = *v);
        Ok(())
    }
}

/// That the file is there and holds something; its size.
fn check_file(path: &Path) -> Result<u64> {
    let file = File::open(path).map_err(Error::io("open", path))?;
    let meta = file.metadata().map_err(Error::io("open", path))?;
    if meta.is_dir() {
        let folder = std::io::Error::from(std::io::ErrorKind::IsADirectory);
        return Err(Error::io("open", path)(folder));
    }
    if meta.len() == 0 {
        return Err(Error::malformed(
            path,
            "start",
            "the file is empty",
            "download or copy it again",
        ));
    }
    Ok(meta.len())
}
