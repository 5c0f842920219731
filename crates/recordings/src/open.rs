//! Files of recordings by their endings.

use crate::file::RecordingFile;
use crate::hdf5::Hdf5File;
use crate::recording::Encoding;
use ecgfm_formats::Result;
use std::path::Path;

/// Endings of the names of HDF5 files.
pub const HDF5_ENDINGS: [&str; 2] = ["hdf5", "h5"];

/// Opens a file of recordings by its ending; none where no reader is known for it. `encoding` is what the format does not
/// state.
///
/// # Errors
/// The file cannot be read, or holds something else.
pub fn open(path: &Path, encoding: Encoding) -> Option<Result<Box<dyn RecordingFile>>> {
    let ending = path.extension()?.to_str()?;
    HDF5_ENDINGS.contains(&ending).then(|| {
        let file = Hdf5File::open(path, encoding)?;
        Ok(Box::new(file) as Box<dyn RecordingFile>)
    })
}
