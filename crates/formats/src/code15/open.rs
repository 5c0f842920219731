//! Opening a part: all questions to the HDF5 library, with checks of every claim of the file.

use super::checks::{check_count, check_row, check_shape, check_values_in_file, check_within_file_size};
use super::chunks;
use super::exam_ids::read_exam_ids;
use super::filters::{self, KnownFilters};
use super::layout::RecordingLayout;
use super::library::{self, NumberKind, library_error};
use super::{EXAM_ID, TRACINGS};
use crate::error::{Error, Result};
use crate::isolated::{self, SandboxedReader};
use crate::tracings::description::{DescribedFile, StoredRows};
use crate::tracings::{BlockTable, RowPlacement, TracingRows};
use hdf5::Dataset;
use hdf5::dataset::{ChunkOpts, Layout as StoredLayout};
use hdf5::plist::DatasetCreate;
use std::path::Path;
use std::sync::Mutex;

/// Way in which rows are read.
#[derive(Debug)]
pub(super) enum RowSource {
    /// From the file, without the library.
    Direct(TracingRows),
    /// By the library, in this process.
    Library(Dataset),
    /// By the library, in the process that opened the file.
    Sandboxed(Box<Mutex<SandboxedReader>>),
}

/// Content of a part, as opening it found, and the way to read its rows.
#[derive(Debug)]
pub(super) struct OpenedPart {
    pub(super) exam_ids: Vec<i64>,
    /// Rows, samples, leads.
    pub(super) shape: [usize; 3],
    pub(super) dtype: String,
    pub(super) layout: RecordingLayout,
    pub(super) source: RowSource,
}

/// Has the part at `path`, a file of `file_size` bytes, opened by another process, and checks its description.
pub(super) fn open_isolated(path: &Path, file_size: u64, first_argument: &str) -> Result<OpenedPart> {
    let (description, reader) = isolated::open_isolated_file(path, first_argument)?;
    let DescribedFile {
        exam_ids,
        shape,
        dtype,
        stored,
    } = description;
    check_count(path, exam_ids.len(), file_size)?;
    let (layout, source) = match stored {
        StoredRows::Direct(placement) => {
            let layout = RecordingLayout::of(&placement);
            (
                layout,
                RowSource::Direct(TracingRows::open(path, shape, placement)?),
            )
        }
        StoredRows::Library(what) => {
            check_shape(path, shape)?;
            check_row(path, shape)?;
            (
                RecordingLayout::Library { what },
                RowSource::Sandboxed(Box::new(Mutex::new(reader))),
            )
        }
    };
    Ok(OpenedPart {
        exam_ids,
        shape,
        dtype,
        layout,
        source,
    })
}

/// Opens the part at `path`, a file of `file_size` bytes.
pub(super) fn open_part(path: &Path, file_size: u64) -> Result<OpenedPart> {
    let file = library::open_file(path)?;
    let exam_ids = read_exam_ids(path, &library::open_dataset(path, &file, EXAM_ID)?, file_size)?;
    let tracings = TracingsDataset::open(path, library::open_dataset(path, &file, TRACINGS)?, file_size)?;
    if tracings.shape[0] != exam_ids.len() {
        let what = format!(
            "{} rows of {TRACINGS} for {} of {EXAM_ID}",
            tracings.shape[0],
            exam_ids.len()
        );
        let help = "the two belong together row by row: download or write the file again";
        return Err(Error::malformed(path, TRACINGS, what, help));
    }
    let (shape, dtype) = (tracings.shape, tracings.dtype.clone());
    let (layout, source) = tracings.choose_source()?;
    Ok(OpenedPart {
        exam_ids,
        shape,
        dtype,
        layout,
        source,
    })
}

/// Dataset of recordings, checked but not read.
struct TracingsDataset<'a> {
    path: &'a Path,
    dataset: Dataset,
    file_size: u64,
    shape: [usize; 3],
    dtype: String,
    plist: DatasetCreate,
}

impl<'a> TracingsDataset<'a> {
    fn open(path: &'a Path, dataset: Dataset, file_size: u64) -> Result<Self> {
        let failed = |e: hdf5::Error| library_error(path, &e, TRACINGS);
        let shape = dataset.get_shape().map_err(failed)?;
        let &[rows, samples, leads] = shape.as_slice() else {
            let what = format!("shape {shape:?}; it has three dimensions");
            return Err(Error::malformed(
                path,
                TRACINGS,
                what,
                "write the recordings as (exams, samples, leads)",
            ));
        };
        check_shape(path, [rows, samples, leads])?;
        let (kind, dtype) = library::number_kind(&dataset.dtype().map_err(failed)?);
        if kind != NumberKind::Float {
            let help = "write the recordings as float32, in millivolts";
            return Err(Error::unsupported(
                path,
                TRACINGS,
                format!("values of {dtype}"),
                help,
            ));
        }
        let plist = dataset.dcpl().map_err(failed)?;
        check_values_in_file(path, TRACINGS, &plist)?;
        check_within_file_size(path, TRACINGS, &dataset, file_size)?;
        Ok(Self {
            path,
            dataset,
            file_size,
            shape: [rows, samples, leads],
            dtype,
            plist,
        })
    }

    /// Chooses the way to read rows: directly where this crate can decode them, else by the library.
    fn choose_source(self) -> Result<(RecordingLayout, RowSource)> {
        let plain = self.dataset.dtype().is_ok_and(|d| d.is::<f32>());
        match self.plist.layout() {
            StoredLayout::Contiguous if plain => match self.dataset.offset() {
                Some(offset) => {
                    let rows = TracingRows::open(self.path, self.shape, RowPlacement::Contiguous { offset })?;
                    Ok((RecordingLayout::Contiguous { offset }, RowSource::Direct(rows)))
                }
                None => self.by_library("never written"),
            },
            StoredLayout::Chunked if plain => self.by_chunks(),
            _ if !plain => {
                let what = format!("{}, converted by HDF5", self.dtype);
                self.by_library(&what)
            }
            other => self.by_library(&format!("{other:?}").to_lowercase()),
        }
    }

    fn by_library(self, what: &str) -> Result<(RecordingLayout, RowSource)> {
        check_row(self.path, self.shape)?;
        filters::check_available(self.path, TRACINGS, &self.plist)?;
        Ok((
            RecordingLayout::Library {
                what: what.to_owned(),
            },
            RowSource::Library(self.dataset),
        ))
    }

    fn by_chunks(self) -> Result<(RecordingLayout, RowSource)> {
        let Some(known) = KnownFilters::of(&self.plist) else {
            let what = format!("chunks with filters {:?}", self.plist.filters());
            return self.by_library(&what);
        };
        let partial_unfiltered = self
            .plist
            .chunk_opts()
            .is_some_and(|o| o.contains(ChunkOpts::DONT_FILTER_PARTIAL_CHUNKS));
        let Some(&[rows, samples, leads]) = self.plist.chunk().as_deref() else {
            return self.by_library("chunks of an unknown shape");
        };
        if partial_unfiltered {
            return self.by_library("chunks that are filtered only where they are whole");
        }
        let shape = [rows, samples, leads];
        // Value where no block was written. `fill_value_as` would take one that HDF5 calls damaged for none; this is an error
        // here, as in h5py, which does not read such a dataset either.
        let fill = self.plist.get_fill_value_as::<f32>();
        let fill = fill.map_err(|e| library_error(self.path, &e, TRACINGS))?;
        let table = BlockTable {
            shape,
            shuffled: known.shuffled(),
            compression: known.compression(),
            // HDF5 leaves values undefined where there is no fill value; 0 makes reading deterministic.
            fill: fill.unwrap_or(0.0),
            blocks: chunks::list_blocks(self.path, &self.dataset, TRACINGS, shape, self.file_size)?,
        };
        let rows = TracingRows::open(self.path, self.shape, RowPlacement::Blocks(table))?;
        let filters = known.filters().to_vec();
        Ok((
            RecordingLayout::Chunked { shape, filters },
            RowSource::Direct(rows),
        ))
    }
}
