//! Storage of recordings in a part.

use crate::tracings::{Compression, RowPlacement};
use std::fmt;

/// Storage of a part's recordings, which decides how fast rows can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordingLayout {
    /// Rows one after another, uncompressed float32, from byte `offset` of the file: read directly.
    Contiguous {
        /// Offset of the first row in the file.
        offset: u64,
    },
    /// In blocks of float32 that are read and decoded here, by as many threads as call.
    Chunked {
        /// Extent of a block: rows, samples, leads.
        shape: [usize; 3],
        /// Filters of a block, in the order in which they were applied.
        filters: Vec<Filter>,
    },
    /// In some other way, which only the HDF5 library reads: one thread at a time.
    Library {
        /// Description of the storage, for a person.
        what: String,
    },
}

/// A step between values and the bytes of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// Compression with zlib.
    Deflate,
    /// Compression with LZF.
    Lzf,
    /// First bytes of all values, then second bytes of all, and so on.
    Shuffle,
}

impl RecordingLayout {
    /// Layout of rows that are read from `placement`.
    pub(super) fn of(placement: &RowPlacement) -> Self {
        match placement {
            RowPlacement::Contiguous { offset } => Self::Contiguous { offset: *offset },
            RowPlacement::Blocks(table) => {
                let shuffle = table.shuffled.then_some(Filter::Shuffle);
                let compression = match table.compression {
                    Compression::None => None,
                    Compression::Deflate => Some(Filter::Deflate),
                    Compression::Lzf => Some(Filter::Lzf),
                };
                Self::Chunked {
                    shape: table.shape,
                    filters: shuffle.into_iter().chain(compression).collect(),
                }
            }
        }
    }
}

impl fmt::Display for RecordingLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contiguous { offset } => write!(f, "contiguous from byte {offset}"),
            Self::Chunked { shape, filters } => {
                write!(f, "chunks of {shape:?}")?;
                filters.iter().try_for_each(|filter| write!(f, ", {filter}"))
            }
            Self::Library { what } => f.write_str(what),
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Deflate => "gzip",
            Self::Lzf => "lzf",
            Self::Shuffle => "shuffle",
        })
    }
}
