//! Opening a part: all questions to the HDF5 library, with checks of every claim of the file.

use super::checks::{
    DAMAGED, check_count, check_row, check_shape, check_values_in_file, check_within_file_size,
};
use super::chunks;
use super::datasets::RowDatasets;
use super::filters::{self, KnownFilters};
use super::layout::RecordingLayout;
use super::library::{self, NumberKind, library_error};
use super::row_ids::IdDataset;
use crate::error::{Error, Result};
use crate::isolated::{self, SandboxedReader};
use crate::tracings::description::{DescribedFile, RowIds, StoredRows};
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
    pub(super) ids: RowIds,
    /// Rows, samples, leads.
    pub(super) shape: [usize; 3],
    pub(super) dtype: String,
    pub(super) layout: RecordingLayout,
    pub(super) source: RowSource,
}

/// Has the part at `path`, a file of `file_size` bytes, opened by another process, and checks its description.
pub(super) fn open_isolated(
    path: &Path,
    file_size: u64,
    first_argument: &str,
    datasets: &RowDatasets,
) -> Result<OpenedPart> {
    let arguments = datasets.to_arguments();
    let (description, reader) = isolated::open_isolated_file(path, first_argument, &arguments)?;
    let DescribedFile {
        ids,
        shape,
        dtype,
        stored,
    } = description;
    let name = datasets.recordings.as_str();
    check_count(path, name, shape[0], file_size)?;
    let expected = match (&ids, &datasets.ids) {
        (RowIds::Absent, asked) => asked.is_none(),
        (RowIds::Numbers(_), asked) => asked.is_some(),
        (RowIds::Texts(_), asked) => asked.is_some() && datasets.described,
    };
    if !expected {
        let what = "the process that opens it answers with other identifiers than it was asked for";
        return Err(Error::malformed(path, name, what, DAMAGED));
    }
    let (layout, source) = match stored {
        StoredRows::Direct(placement) => {
            let layout = RecordingLayout::of(&placement);
            (
                layout,
                RowSource::Direct(TracingRows::open(path, shape, placement)?),
            )
        }
        StoredRows::Library(what) => {
            check_shape(path, name, shape)?;
            check_row(path, name, shape)?;
            (
                RecordingLayout::Library { what },
                RowSource::Sandboxed(Box::new(Mutex::new(reader))),
            )
        }
    };
    Ok(OpenedPart {
        ids,
        shape,
        dtype,
        layout,
        source,
    })
}

/// Opens the part at `path`, a file of `file_size` bytes.
pub(super) fn open_part(path: &Path, file_size: u64, datasets: &RowDatasets) -> Result<OpenedPart> {
    let file = library::open_file(path)?;
    let ids = match &datasets.ids {
        Some(name) => {
            let dataset = library::open_dataset(path, &file, name)?;
            let ids = IdDataset {
                path,
                name,
                dataset,
                file_size,
            };
            ids.read(datasets.described)?
        }
        None => RowIds::Absent,
    };
    let tracings = TracingsDataset::open(path, &file, datasets, file_size)?;
    if let (Some(count), Some(name)) = (ids.count(), &datasets.ids)
        && tracings.shape[0] != count
    {
        let (rows, recordings) = (tracings.shape[0], &datasets.recordings);
        let what = format!("{rows} rows of {recordings} for {count} of {name}");
        let help = "the two belong together row by row: download or write the file again";
        return Err(Error::malformed(path, recordings, what, help));
    }
    let (shape, dtype) = (tracings.shape, tracings.dtype.clone());
    let (layout, source) = tracings.choose_source()?;
    Ok(OpenedPart {
        ids,
        shape,
        dtype,
        layout,
        source,
    })
}

/// Advice where the values of recordings are of a type that is not read.
fn advice_on_type(kind: NumberKind, datasets: &RowDatasets) -> &'static str {
    match (kind, datasets.described) {
        (_, true) => "write the recordings as float32, or as integers of 16 bits",
        (NumberKind::Integer, false) => {
            "write the recordings as float32, in millivolts, or give a dataset that states what an integer is: \
             `ecgfm show dataset ikem` prints one"
        }
        _ => "write the recordings as float32, in millivolts",
    }
}

/// Dataset of recordings, checked but not read.
struct TracingsDataset<'a> {
    path: &'a Path,
    name: &'a str,
    dataset: Dataset,
    file_size: u64,
    shape: [usize; 3],
    dtype: String,
    plist: DatasetCreate,
}

impl<'a> TracingsDataset<'a> {
    fn open(path: &'a Path, file: &hdf5::File, datasets: &'a RowDatasets, file_size: u64) -> Result<Self> {
        let name = datasets.recordings.as_str();
        let dataset = library::open_dataset(path, file, name)?;
        let failed = |e: hdf5::Error| library_error(path, &e, name);
        let shape = dataset.get_shape().map_err(failed)?;
        let &[rows, samples, leads] = shape.as_slice() else {
            let what = format!("shape {shape:?}; it has three dimensions");
            return Err(Error::malformed(
                path,
                name,
                what,
                "write the recordings as (exams, samples, leads)",
            ));
        };
        check_shape(path, name, [rows, samples, leads])?;
        let of_values = dataset.dtype().map_err(failed)?;
        let (kind, dtype) = library::number_kind(&of_values);
        // Larger integers are not all float32 values.
        let is_small = kind == NumberKind::Integer && of_values.size() <= size_of::<i16>();
        if kind != NumberKind::Float && !(is_small && datasets.described) {
            let what = format!("values of {dtype}");
            return Err(Error::unsupported(
                path,
                name,
                what,
                advice_on_type(kind, datasets),
            ));
        }
        let plist = dataset.dcpl().map_err(failed)?;
        check_values_in_file(path, name, &plist)?;
        check_within_file_size(path, name, &dataset, file_size)?;
        Ok(Self {
            path,
            name,
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
        check_row(self.path, self.name, self.shape)?;
        filters::check_available(self.path, self.name, &self.plist)?;
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
        let fill = fill.map_err(|e| library_error(self.path, &e, self.name))?;
        let table = BlockTable {
            shape,
            shuffled: known.shuffled(),
            compression: known.compression(),
            // HDF5 leaves values undefined where there is no fill value; 0 makes reading deterministic.
            fill: fill.unwrap_or(0.0),
            blocks: chunks::list_blocks(self.path, &self.dataset, self.name, shape, self.file_size)?,
        };
        let rows = TracingRows::open(self.path, self.shape, RowPlacement::Blocks(table))?;
        let filters = known.filters().to_vec();
        Ok((
            RecordingLayout::Chunked { shape, filters },
            RowSource::Direct(rows),
        ))
    }
}
