//! Reading parts, row by row.

use super::datasets::RowDatasets;
use super::layout::RecordingLayout;
use super::library::library_error;
use super::open::{self, OpenedPart, RowSource};
use crate::error::{Error, Result};
use crate::isolated;
use crate::tracings::description::RowIds;
use crate::tracings::{RowPlacement, check_request};
use hdf5::Dataset;
use ndarray::{Ix2, s};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

/// Open part, whose rows can be read from any number of threads at once.
///
/// Where a block holds several rows, neighbouring rows are best read close together in time: the blocks decoded last
/// are kept, up to 256 MiB.
#[derive(Debug)]
pub struct PartReader {
    path: PathBuf,
    datasets: RowDatasets,
    opened: OpenedPart,
}

impl PartReader {
    /// Opens the part at `path`, and checks what it claims to hold against its size.
    ///
    /// # Errors
    /// I/O; not an HDF5 file, or one that is cut short; `exam_id` or `tracings` missing, of another shape, or not
    /// integers and floating-point numbers; different numbers of rows in the two; recordings kept in other files, or
    /// in blocks that take more than 1 GiB; where files are opened by another process ([`crate::isolated`]), a
    /// crash of it, or too much memory or time.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_datasets(path, RowDatasets::code15())
    }

    /// Opens `datasets` of the file at `path`, and checks what they claim to hold against its size.
    ///
    /// # Errors
    /// As [`Self::open`], of the datasets named; integers of more than 16 bits; texts of more than 256 bytes.
    pub fn open_datasets(path: &Path, datasets: RowDatasets) -> Result<Self> {
        let size = file_size(path)?;
        let opened = match isolated::first_argument() {
            Some(first_argument) => open::open_isolated(path, size, first_argument, &datasets)?,
            None => open::open_part(path, size, &datasets)?,
        };
        Ok(Self {
            path: path.to_owned(),
            datasets,
            opened,
        })
    }

    /// Opens the part in this process, also where [`crate::isolated`] is enabled: that process uses it.
    pub(super) fn open_here(path: &Path, datasets: RowDatasets) -> Result<Self> {
        let opened = open::open_part(path, file_size(path)?, &datasets)?;
        Ok(Self {
            path: path.to_owned(),
            datasets,
            opened,
        })
    }

    /// Way in which rows are read.
    pub(super) fn source(&self) -> &RowSource {
        &self.opened.source
    }

    /// Numbers of the exams, one a row; nothing where rows have none. 0 marks the dummy row that ends every part of the release.
    pub fn exam_ids(&self) -> &[i64] {
        match &self.opened.ids {
            RowIds::Numbers(numbers) => numbers,
            RowIds::Texts(_) | RowIds::Absent => &[],
        }
    }

    /// Identifiers of the rows.
    pub fn ids(&self) -> &RowIds {
        &self.opened.ids
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.opened.shape[0]
    }

    /// Samples of one lead, padding included.
    pub fn samples(&self) -> usize {
        self.opened.shape[1]
    }

    /// Number of leads.
    pub fn leads(&self) -> usize {
        self.opened.shape[2]
    }

    /// Values of one row: samples × leads.
    pub fn row_len(&self) -> usize {
        self.samples() * self.leads()
    }

    /// Type of the stored values, as NumPy names it: `float32`, `big-endian float64`.
    pub fn dtype(&self) -> &str {
        &self.opened.dtype
    }

    /// Storage of the recordings.
    pub fn layout(&self) -> &RecordingLayout {
        &self.opened.layout
    }

    /// Place of the rows in the file, where they are read without the HDF5 library.
    pub fn placement(&self) -> Option<RowPlacement> {
        match &self.opened.source {
            RowSource::Direct(rows) => Some(rows.placement()),
            RowSource::Library(_) | RowSource::Sandboxed(_) => None,
        }
    }

    /// Path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads row `row` into `out`, sample by sample with all leads of each: (samples, leads) in row-major order.
    ///
    /// # Errors
    /// I/O, a damaged block, a row past the end, or `out` of another length than [`row_len`](Self::row_len).
    pub fn read_row(&self, row: usize, out: &mut [f32]) -> Result<()> {
        match &self.opened.source {
            RowSource::Direct(rows) => rows.read_row(row, out),
            RowSource::Library(dataset) => self.read_by_library(dataset, row, out),
            RowSource::Sandboxed(reader) => {
                check_request(&self.path, self.opened.shape, row, out.len())?;
                reader
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .read_row(row, out)
            }
        }
    }

    fn read_by_library(&self, dataset: &Dataset, row: usize, out: &mut [f32]) -> Result<()> {
        check_request(&self.path, self.opened.shape, row, out.len())?;
        let values = dataset.read_slice::<f32, _, Ix2>(s![row, .., ..]);
        let place = || format!("{}, row {row}", self.datasets.recordings);
        let values = values.map_err(|e| library_error(&self.path, &e, &place()))?;
        out.iter_mut().zip(&values).for_each(|(o, v)| *o = *v);
        Ok(())
    }
}

/// Size of the file at `path`, in bytes; an error for a directory or an empty file.
fn file_size(path: &Path) -> Result<u64> {
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
