//! Files of recordings, told from each other by their content.

use crate::file::{BoxedFile, FileHead};
use crate::recording::Encoding;
use ecgfm_formats::{Error, Result};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

/// Bytes at the start of a file by which its format is recognised.
const HEAD_BYTES: u64 = 4096;

/// A format of files of recordings.
struct FileFormat {
    /// Checks by the path and the first bytes that a file has this format.
    recognizes: fn(&FileHead<'_>, &Encoding) -> bool,
    /// Opens a file that was recognised.
    open: fn(&Path, &Encoding) -> Result<BoxedFile>,
}

/// Every format that is read, in the order in which they are tried. One that is added is a line here.
const FORMATS: &[FileFormat] = &[
    #[cfg(feature = "hdf5")]
    FileFormat {
        recognizes: crate::hdf5::recognizes,
        open: open_hdf5,
    },
    FileFormat {
        recognizes: |head, _| crate::wfdb::header_of(head.path).is_some(),
        open: crate::wfdb::open,
    },
    FileFormat {
        recognizes: crate::muse::recognizes,
        open: crate::muse::open,
    },
    FileFormat {
        recognizes: crate::arrays::recognizes,
        open: crate::arrays::open,
    },
    FileFormat {
        recognizes: crate::csv::recognizes,
        open: crate::csv::open,
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
    let bytes = match read_head(path) {
        Ok(bytes) => bytes,
        Err(error) => return Some(Err(error)),
    };
    let head = FileHead { path, bytes: &bytes };
    if crate::unread::recognizes(&head) {
        return Some(crate::unread::refuse(path, &bytes));
    }
    let format = FORMATS
        .iter()
        .find(|format| (format.recognizes)(&head, encoding))?;
    Some((format.open)(path, encoding))
}

fn read_head(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(HEAD_BYTES).read_to_end(&mut bytes));
    match read {
        Ok(_) => Ok(bytes),
        // The name of a WFDB record without an ending is no file's.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(bytes),
        Err(source) => Err(Error::Io {
            path: path.to_owned(),
            action: "open",
            source,
        }),
    }
}
