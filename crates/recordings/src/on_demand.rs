//! Files of one recording that are open only while they are read: an archive may have hundreds of thousands.

use crate::file::{BoxedFile, DirectRows, RecordingFile};
use crate::metadata::RecordingMetadata;
use crate::recording::{Encoding, Recording};
use ecgfm_formats::{Error, Result};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// File of one recording, opened anew by every reading.
pub struct FileOnDemand {
    path: PathBuf,
    encoding: Arc<Encoding>,
}

impl FileOnDemand {
    /// The file at `path`, of which `encoding` is what its format does not state. It is not opened yet.
    pub fn new(path: PathBuf, encoding: Arc<Encoding>) -> Self {
        Self { path, encoding }
    }

    fn open(&self) -> Result<BoxedFile> {
        open_recognized(&self.path, &self.encoding)
    }
}

/// Opens a file of any format that is read.
///
/// # Errors
/// As [`open`](crate::open()); no reader knows the format.
pub fn open_recognized(path: &Path, encoding: &Encoding) -> Result<BoxedFile> {
    crate::open(path, encoding).unwrap_or_else(|| {
        Err(Error::Unsupported {
            path: path.to_owned(),
            place: "start".to_owned(),
            what: "no reader knows this format".to_owned(),
            help: "convert the file to WFDB, or take it out of the archive".to_owned(),
        })
    })
}

impl RecordingFile for FileOnDemand {
    fn path(&self) -> &Path {
        &self.path
    }

    fn exam_ids(&self) -> Vec<Option<String>> {
        vec![None]
    }

    fn lead_count(&self) -> usize {
        self.open().map_or(0, |file| file.lead_count())
    }

    fn read(&self, row: usize, out: &mut Recording) -> Result<()> {
        let file = self.open()?;
        let count = file.exam_ids().len();
        if count != 1 {
            return Err(Error::Unsupported {
                path: self.path.clone(),
                place: "file".to_owned(),
                what: format!("{count} recordings, and nothing says which is this exam's"),
                help: "give `row_ids`, `row` or `by_position` in the description of the dataset".to_owned(),
            });
        }
        file.read(row, out)
    }

    fn direct_rows(&self) -> Option<DirectRows> {
        None
    }

    fn metadata(&self, row: usize) -> Option<RecordingMetadata> {
        self.open().ok()?.metadata(row)
    }

    fn storage(&self) -> String {
        self.open()
            .map_or_else(|error| error.to_string(), |file| file.storage())
    }

    fn facts(&self) -> Map<String, Value> {
        self.open().map(|file| file.facts()).unwrap_or_default()
    }
}
