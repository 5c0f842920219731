//! Files of recordings by their content.

use crate::file::RecordingFile;
#[cfg(feature = "hdf5")]
use crate::hdf5::Hdf5File;
use crate::recording::Encoding;
use crate::wfdb::{self, WfdbFile};
use ecgfm_formats::Result;
use std::path::Path;

/// Endings of the names of HDF5 files.
pub const HDF5_ENDINGS: [&str; 2] = ["hdf5", "h5"];

/// Opened file of recordings.
type Opened = Result<Box<dyn RecordingFile>>;

/// Opens a file of recordings; none where no reader knows it. `encoding` is what the format does not state.
///
/// HDF5 files are known by their ending, WFDB records by a header: the file is one, or a header beside it names it.
///
/// # Errors
/// The file cannot be read, or holds something else.
pub fn open(path: &Path, encoding: Encoding) -> Option<Opened> {
    open_hdf5(path, encoding).or_else(|| open_wfdb(path, encoding))
}

#[cfg(feature = "hdf5")]
fn open_hdf5(path: &Path, encoding: Encoding) -> Option<Opened> {
    let ending = path.extension()?.to_str()?;
    HDF5_ENDINGS.contains(&ending).then(|| {
        let file = Hdf5File::open(path, encoding)?;
        Ok(Box::new(file) as Box<dyn RecordingFile>)
    })
}

#[cfg(not(feature = "hdf5"))]
fn open_hdf5(_: &Path, _: Encoding) -> Option<Opened> {
    None
}

fn open_wfdb(path: &Path, encoding: Encoding) -> Option<Opened> {
    let header = wfdb::header_of(path)?;
    let file = header.and_then(|header| WfdbFile::open(&header, encoding));
    Some(file.map(|file| Box::new(file) as Box<dyn RecordingFile>))
}
