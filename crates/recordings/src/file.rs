//! Files of recordings.

use crate::metadata::RecordingMetadata;
use crate::recording::Recording;
use ecgfm_formats::Result;
use ecgfm_formats::tracings::RowPlacement;
use serde_json::{Map, Value};
use std::fs::File;
use std::path::Path;

/// Where the rows of a file are.
#[derive(Debug, Clone, PartialEq)]
pub struct DirectRows {
    /// Rows, samples, leads.
    pub shape: [usize; 3],
    /// Where their bytes are.
    pub placement: RowPlacement,
}

/// An open file of recordings, whatever its format.
pub type BoxedFile = Box<dyn RecordingFile>;

/// Path and first bytes of a file.
pub struct FileHead<'a> {
    /// Path of the file.
    pub path: &'a Path,
    /// At most its first 4096 bytes.
    pub bytes: &'a [u8],
    /// True where that is the whole file.
    pub is_whole: bool,
    /// The file, open after those bytes; none where there is no more to read.
    pub rest: Option<&'a File>,
}

/// An open file of recordings, one a row, which any number of threads may read at once.
pub trait RecordingFile: Send + Sync {
    /// The file.
    fn path(&self) -> &Path;

    /// Number of the exam of every row; none where a row is no exam's.
    fn exam_ids(&self) -> Vec<Option<String>>;

    /// Number of leads of every recording.
    fn lead_count(&self) -> usize;

    /// Reads the recording of row `row` into `out`, whose buffers are used again.
    ///
    /// # Errors
    /// I/O, a damaged recording, a row past the end.
    fn read(&self, row: usize, out: &mut Recording) -> Result<()>;

    /// Where the bytes of every row are, for formats whose rows can be read without this file's reader. A store without
    /// samples of its own (`store: view`) keeps that.
    fn direct_rows(&self) -> Option<DirectRows>;

    /// What the file states about the recording of row `row` besides its samples, as far as it is known without reading them.
    fn metadata(&self, row: usize) -> Option<RecordingMetadata> {
        let _ = row;
        None
    }

    /// How the recordings are stored, in words.
    fn storage(&self) -> String;

    /// Facts about the file by name, in the order in which they are shown: format, rows, samples.
    fn facts(&self) -> Map<String, Value>;
}
