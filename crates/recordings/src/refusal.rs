//! Reasons for which a reader does not take a file, before they are joined with its path.

use ecgfm_formats::Error;
use std::io::Read;
use std::path::Path;

/// Reason for which the content of a file is not taken. The readers work on bytes and do not know the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// True if the content is valid, but of a kind that is not read.
    unsupported: bool,
    place: String,
    what: String,
    help: String,
}

impl Refusal {
    /// Content that contradicts its format.
    pub(crate) fn malformed(
        place: impl Into<String>,
        what: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self {
            unsupported: false,
            place: place.into(),
            what: what.into(),
            help: help.into(),
        }
    }

    /// Valid content of a kind that is not read.
    pub(crate) fn unsupported(
        place: impl Into<String>,
        what: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self {
            unsupported: true,
            ..Self::malformed(place, what, help)
        }
    }

    /// A file of `size` bytes, of which at most `limit` are read.
    pub(crate) fn too_large(size: u64, limit: u64) -> Self {
        let what = format!("{size} bytes; at most {limit} are read");
        Self::unsupported("size", what, "is it the right file?")
    }

    /// Error of the file at `path`.
    pub(crate) fn at(self, path: &Path) -> Error {
        let (path, place, what, help) = (path.to_owned(), self.place, self.what, self.help);
        if self.unsupported {
            Error::Unsupported {
                path,
                place,
                what,
                help,
            }
        } else {
            Error::Malformed {
                path,
                place,
                what,
                help,
            }
        }
    }
}

/// Error of the system on the file at `path`.
pub(crate) fn io_error(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { path, action, source }
}

/// Content of the file at `path`, which may have `limit` bytes.
///
/// # Errors
/// I/O, or a larger file. No memory is reserved for more than `limit` bytes, also where a file grows while it is read.
pub(crate) fn read_whole(path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
    let file = std::fs::File::open(path).map_err(io_error("open", path))?;
    let size = file.metadata().map_err(io_error("open", path))?.len();
    let mut bytes = Vec::with_capacity(size.min(limit) as usize + 1);
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(io_error("read", path))?;
    if bytes.len() as u64 > limit {
        return Err(Refusal::too_large(size, limit).at(path));
    }
    Ok(bytes)
}
