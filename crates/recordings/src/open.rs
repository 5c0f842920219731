//! Files of recordings, told from each other by their content.

use crate::file::{BoxedFile, FileHead};
use crate::metadata::RecordingMetadata;
use crate::recording::Encoding;
use ecgfm_formats::{Error, Result};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// Bytes at the start of a file by which its format is recognised.
const HEAD_BYTES: usize = 4096;

/// A format of files of recordings.
struct FileFormat {
    /// Checks by the path and the first bytes that a file has this format.
    recognizes: fn(&FileHead<'_>, &Encoding) -> bool,
    /// Opens a file that was recognised.
    open: fn(&FileHead<'_>, &Encoding) -> Result<BoxedFile>,
    /// Reads what a file of one recording states besides its samples, in formats where opening it reads these.
    describe: Option<fn(&FileHead<'_>) -> Result<RecordingMetadata>>,
}

/// Every format that is read, in the order in which they are tried. One that is added is a line here.
const FORMATS: &[FileFormat] = &[
    #[cfg(feature = "hdf5")]
    FileFormat {
        recognizes: crate::hdf5::recognizes,
        open: |head, encoding| open_hdf5(head.path, encoding),
        describe: None,
    },
    FileFormat {
        recognizes: |head, _| crate::wfdb::header_of(head).is_some(),
        open: crate::wfdb::open,
        describe: None,
    },
    FileFormat {
        recognizes: crate::muse::recognizes,
        open: |head, _| crate::muse::open(head),
        describe: Some(crate::muse::describe),
    },
    FileFormat {
        recognizes: crate::arrays::recognizes,
        open: |head, encoding| crate::arrays::open(head.path, encoding),
        describe: None,
    },
    FileFormat {
        recognizes: crate::csv::recognizes,
        open: |head, encoding| crate::csv::open(head.path, encoding),
        describe: None,
    },
];

/// Opens an HDF5 file as it is described, or as CODE-15 is where nobody describes it.
#[cfg(feature = "hdf5")]
fn open_hdf5(path: &Path, encoding: &Encoding) -> Result<BoxedFile> {
    if encoding.axes.is_some() || encoding.is_complete {
        crate::hdf5_rows::open(path, encoding)
    } else {
        Ok(Box::new(crate::Hdf5File::open(path, encoding.clone())?))
    }
}

/// Opens a file of recordings; none where its format is not known. `encoding` is what the format does not state.
///
/// # Errors
/// The file cannot be read, is damaged, or is in a format that is known and not read.
pub fn open(path: &Path, encoding: &Encoding) -> Option<Result<BoxedFile>> {
    with_format(path, encoding, |format, head| (format.open)(head, encoding))
}

/// A file, and its recordings by what it states besides their samples.
#[derive(Debug, Clone, PartialEq)]
pub struct FileListing {
    /// The file; of a WFDB record, its header.
    pub path: PathBuf,
    /// Recordings in the order of their rows.
    pub recordings: Vec<ListedRecording>,
}

/// A recording by what its file states besides its samples.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedRecording {
    /// Number of its exam; none where it is no exam's.
    pub exam_id: Option<String>,
    /// What the file states.
    pub metadata: Option<RecordingMetadata>,
}

/// Lists the recordings of a file as [`open`] would; none where its format is not known. Damage that concerns samples alone may go
/// unnoticed.
///
/// # Errors
/// As [`open`].
pub fn list(path: &Path, encoding: &Encoding) -> Option<Result<FileListing>> {
    with_format(path, encoding, |format, head| match format.describe {
        Some(describe) => Ok(FileListing {
            path: path.to_owned(),
            recordings: vec![ListedRecording {
                exam_id: path.file_stem().map(|name| name.to_string_lossy().into_owned()),
                metadata: Some(describe(head)?),
            }],
        }),
        None => {
            let file = (format.open)(head, encoding)?;
            let ids = file.exam_ids().into_iter().enumerate();
            let recordings = ids.map(|(row, exam_id)| ListedRecording {
                exam_id,
                metadata: file.metadata(row),
            });
            Ok(FileListing {
                path: file.path().to_owned(),
                recordings: recordings.collect(),
            })
        }
    })
}

/// Gives `read` the format and the head of a file; none where the format is not known.
fn with_format<T>(
    path: &Path,
    encoding: &Encoding,
    read: impl FnOnce(&FileFormat, &FileHead<'_>) -> Result<T>,
) -> Option<Result<T>> {
    let mut bytes = [0; HEAD_BYTES];
    let opened = match read_head(path, &mut bytes) {
        Ok(opened) => opened,
        Err(error) => return Some(Err(error)),
    };
    let (file, length) = opened.map_or((None, 0), |(file, length)| (Some(file), length));
    let is_whole = file.is_some() && length < HEAD_BYTES;
    let head = FileHead {
        path,
        bytes: &bytes[..length],
        is_whole,
        rest: file.as_ref().filter(|_| !is_whole),
    };
    if crate::unread::recognizes(&head) {
        return Some(crate::unread::refuse(path, head.bytes));
    }
    let format = FORMATS
        .iter()
        .find(|format| (format.recognizes)(&head, encoding))?;
    Some(read(format, &head))
}

/// Reads the first bytes of a file; returns it and how many there are, and none where there is no file.
fn read_head(path: &Path, bytes: &mut [u8]) -> Result<Option<(File, usize)>> {
    let read = File::open(path).and_then(|mut file| {
        let mut filled = 0;
        while filled < bytes.len() {
            match file.read(&mut bytes[filled..]) {
                Ok(0) => break,
                Ok(more) => filled += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok((file, filled))
    });
    match read {
        Ok(opened) => Ok(Some(opened)),
        // The name of a WFDB record without an ending is no file's.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::Io {
            path: path.to_owned(),
            action: "open",
            source,
        }),
    }
}
