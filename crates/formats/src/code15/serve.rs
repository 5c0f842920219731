//! The process that opens a part with the HDF5 library ([`crate::isolated`]).

use super::datasets::RowDatasets;
use super::open::RowSource;
use super::reader::PartReader;
use crate::error::{Error, Result};
use crate::isolated::{self, SandboxedFile};
use crate::tracings::description::{DescribedFile, StoredRows};
use std::ffi::OsString;

/// Does the work of the process that [`crate::isolated::enable_isolation`] has started: reads the `arguments` after the first, limits
/// the memory and time of this process, opens the part, and answers on the standard streams. Returns the exit code.
pub fn serve_part(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    isolated::serve_file(arguments, |path, names| {
        match RowDatasets::from_arguments(names) {
            Some(datasets) => PartReader::open_here(path, datasets),
            None => Err(Error::request(
                path,
                "the process that opens it was not told what to read",
            )),
        }
    })
}

impl SandboxedFile for PartReader {
    fn describe(&self) -> DescribedFile {
        let stored = match self.source() {
            RowSource::Direct(rows) => StoredRows::Direct(rows.placement()),
            RowSource::Library(_) | RowSource::Sandboxed(_) => StoredRows::Library(self.layout().to_string()),
        };
        DescribedFile {
            ids: self.ids().clone(),
            shape: [self.rows(), self.samples(), self.leads()],
            dtype: self.dtype().to_owned(),
            stored,
        }
    }

    fn row_len(&self) -> Option<usize> {
        matches!(self.source(), RowSource::Library(_)).then(|| self.row_len())
    }

    fn read_row(&self, row: usize, out: &mut [f32]) -> Result<()> {
        self.read_row(row, out)
    }
}
