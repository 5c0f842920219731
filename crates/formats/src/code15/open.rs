//! Opening a part: everything that the HDF5 library is asked, and every claim of the file checked.

use super::child::{self, Served};
use super::chunks;
use super::filters::{self, Known};
use super::layout::Layout;
use super::library::{self, Kind, describe};
use super::numbers::exam_ids;
use super::{EXAM_ID, TRACINGS};
use crate::error::{Error, Result};
use crate::tracings::described::{Described, Stored};
use crate::tracings::{BlockTable, MAX_BAND_BYTES, Placement, Rows};
use hdf5::Dataset;
use hdf5::dataset::{ChunkOpts, Layout as Kept};
use hdf5::plist::DatasetCreate;
use std::path::Path;
use std::sync::Mutex;

/// Nothing is compressed better than this by the filters of HDF5, so more values than this cannot be in a file.
const MAX_RATIO: u64 = 1040;

pub(super) const DAMAGED: &str = "the file is damaged: download or copy it again";

/// How rows are read.
#[derive(Debug)]
pub(super) enum Source {
    Rows(Rows),
    Library(Dataset),
    /// By the library, in the process that opened the file.
    Served(Box<Mutex<Served>>),
}

/// What opening a part finds out.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) exam_ids: Vec<i64>,
    /// Rows, samples, leads.
    pub(super) shape: [usize; 3],
    pub(super) dtype: String,
    pub(super) layout: Layout,
    pub(super) source: Source,
}

/// Has the part at `path`, a file of `file_size` bytes, opened by another process, and checks all that it says.
pub(super) fn open_isolated(path: &Path, file_size: u64, word: &str) -> Result<Opened> {
    let (found, served) = child::open(path, word)?;
    let Described {
        exam_ids,
        shape,
        dtype,
        stored,
    } = found;
    check_count(path, exam_ids.len(), file_size)?;
    let (layout, source) = match stored {
        Stored::Rows(placement) => {
            let layout = Layout::of(&placement);
            (layout, Source::Rows(Rows::open(path, shape, placement)?))
        }
        Stored::Library(what) => {
            check_shape(path, shape)?;
            check_row(path, shape)?;
            (
                Layout::Library { what },
                Source::Served(Box::new(Mutex::new(served))),
            )
        }
    };
    Ok(Opened {
        exam_ids,
        shape,
        dtype,
        layout,
        source,
    })
}

/// Opens the part at `path`, a file of `file_size` bytes.
pub(super) fn open(path: &Path, file_size: u64) -> Result<Opened> {
    let file = library::open(path)?;
    let exam_ids = exam_ids(path, &library::dataset(path, &file, EXAM_ID)?, file_size)?;
    let tracings = Tracings::open(path, library::dataset(path, &file, TRACINGS)?, file_size)?;
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
    let (layout, source) = tracings.source()?;
    Ok(Opened {
        exam_ids,
        shape,
        dtype,
        layout,
        source,
    })
}

/// No more exams than a file of that size can hold.
pub(super) fn check_count(path: &Path, rows: usize, file_size: u64) -> Result<()> {
    let bytes = (rows as u64).checked_mul(8);
    if bytes.is_none_or(|bytes| bytes / MAX_RATIO > file_size) {
        let what = format!("{rows} exams cannot be in a file of {file_size} bytes");
        return Err(Error::malformed(path, EXAM_ID, what, DAMAGED));
    }
    Ok(())
}

/// Recordings of some values, and no more of them than can be counted.
fn check_shape(path: &Path, shape: [usize; 3]) -> Result<()> {
    let [rows, samples, leads] = shape;
    let row_len = samples.checked_mul(leads).filter(|&n| n > 0);
    if row_len
        .and_then(|n| n.checked_mul(rows)?.checked_mul(8))
        .is_none()
    {
        let what = format!("shape {shape:?} is empty or more than any file can hold");
        return Err(Error::malformed(path, TRACINGS, what, DAMAGED));
    }
    Ok(())
}

/// A row that the library decodes is bounded like one that is decoded here.
fn check_row(path: &Path, shape: [usize; 3]) -> Result<()> {
    let bytes = (shape[1] * shape[2]) as u64 * 8;
    if bytes > MAX_BAND_BYTES {
        let what = format!("one row takes {bytes} bytes to decode; at most {MAX_BAND_BYTES} are");
        let help = format!(
            "store it in smaller chunks, or in none: {}",
            filters::copy_command(path)
        );
        return Err(Error::unsupported(path, TRACINGS, what, help));
    }
    Ok(())
}

/// The values are in this file, and not in whichever it names.
pub(super) fn check_own(path: &Path, name: &str, plist: &DatasetCreate) -> Result<()> {
    let what = if plist.layout() == Kept::Virtual {
        "is put together from other files"
    } else if !plist.external().is_empty() {
        "keeps its values in another file"
    } else {
        return Ok(());
    };
    let what = format!("the dataset {what}");
    Err(Error::unsupported(
        path,
        name,
        what,
        format!("copy its values into one file: {}", filters::copy_command(path)),
    ))
}

/// Values that lie in one piece lie inside the file.
pub(super) fn check_inside(path: &Path, name: &str, dataset: &Dataset, file_size: u64) -> Result<()> {
    let Some(offset) = dataset.offset() else {
        return Ok(());
    };
    let values = dataset.get_shape().map_err(|e| describe(path, &e, name))?;
    let width = dataset.dtype().map_err(|e| describe(path, &e, name))?.size();
    let bytes = values.iter().try_fold(width, |n, &d| n.checked_mul(d));
    let end = bytes.and_then(|b| offset.checked_add(b as u64));
    if end.is_none_or(|end| end > file_size) {
        let what =
            format!("{values:?} values of {width} bytes from byte {offset} on, in a file of {file_size}");
        return Err(Error::malformed(
            path,
            name,
            what,
            "the file is cut short: download or copy it again",
        ));
    }
    Ok(())
}

struct Tracings<'a> {
    path: &'a Path,
    dataset: Dataset,
    file_size: u64,
    shape: [usize; 3],
    dtype: String,
    plist: DatasetCreate,
}

impl<'a> Tracings<'a> {
    fn open(path: &'a Path, dataset: Dataset, file_size: u64) -> Result<Self> {
        let failed = |e: hdf5::Error| describe(path, &e, TRACINGS);
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
        let (kind, dtype) = library::kind(&dataset.dtype().map_err(failed)?);
        if kind != Kind::Float {
            let help = "write the recordings as float32, in millivolts";
            return Err(Error::unsupported(
                path,
                TRACINGS,
                format!("values of {dtype}"),
                help,
            ));
        }
        let plist = dataset.dcpl().map_err(failed)?;
        check_own(path, TRACINGS, &plist)?;
        check_inside(path, TRACINGS, &dataset, file_size)?;
        Ok(Self {
            path,
            dataset,
            file_size,
            shape: [rows, samples, leads],
            dtype,
            plist,
        })
    }

    fn source(self) -> Result<(Layout, Source)> {
        let plain = self.dataset.dtype().is_ok_and(|d| d.is::<f32>());
        match self.plist.layout() {
            Kept::Contiguous if plain => match self.dataset.offset() {
                Some(offset) => {
                    let rows = Rows::open(self.path, self.shape, Placement::Contiguous { offset })?;
                    Ok((Layout::Contiguous { offset }, Source::Rows(rows)))
                }
                None => self.by_library("never written"),
            },
            Kept::Chunked if plain => self.chunked(),
            _ if !plain => {
                let what = format!("{}, converted by HDF5", self.dtype);
                self.by_library(&what)
            }
            other => self.by_library(&format!("{other:?}").to_lowercase()),
        }
    }

    fn by_library(self, what: &str) -> Result<(Layout, Source)> {
        check_row(self.path, self.shape)?;
        filters::check_available(self.path, TRACINGS, &self.plist)?;
        Ok((
            Layout::Library {
                what: what.to_owned(),
            },
            Source::Library(self.dataset),
        ))
    }

    fn chunked(self) -> Result<(Layout, Source)> {
        let Some(known) = Known::of(&self.plist) else {
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
        // What stands where no block was written. A value that HDF5 calls damaged is not taken for none: h5py does not
        // read such a dataset either. The plain `fill_value_as` would hide that.
        let fill = self.plist.get_fill_value_as::<f32>();
        let fill = fill.map_err(|e| describe(self.path, &e, TRACINGS))?;
        let table = BlockTable {
            shape,
            shuffled: known.shuffled(),
            compression: known.compression(),
            // Without one, HDF5 leaves such values undefined.
            fill: fill.unwrap_or(0.0),
            blocks: chunks::list(self.path, &self.dataset, TRACINGS, shape, self.file_size)?,
        };
        let rows = Rows::open(self.path, self.shape, Placement::Blocks(table))?;
        let filters = known.filters().to_vec();
        Ok((Layout::Chunked { shape, filters }, Source::Rows(rows)))
    }
}
