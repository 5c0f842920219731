//! Places of a dataset's rows in a file.

/// Bytes that all blocks of one row may take when decoded.
pub const MAX_ROW_BYTES: u64 = 1 << 30;
/// Name of the dataset of values in messages.
pub(super) const VALUES: &str = "tracings";
pub(super) const CUT_SHORT: &str = "the file is cut short: download or copy it again";

/// Places of the rows of a dataset of float32 in a file.
#[derive(Debug, Clone, PartialEq)]
pub enum RowPlacement {
    /// Rows one after another, uncompressed, from byte `offset` on.
    Contiguous {
        /// Offset of the first row in the file.
        offset: u64,
    },
    /// In blocks, which may be shuffled and compressed.
    Blocks(BlockTable),
}

/// Blocks of values, and the filters that their bytes went through.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockTable {
    /// Rows, samples, leads of a block.
    pub shape: [usize; 3],
    /// True where the bytes of a block are shuffled: the first bytes of all values, then the second bytes of all, and so on.
    pub shuffled: bool,
    /// Compression of the bytes after that.
    pub compression: Compression,
    /// Value where no block was written.
    pub fill: f32,
    /// Blocks that were written, ascending by place.
    pub blocks: Vec<StoredBlock>,
}

/// Compression of a block's bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// With zlib: HDF5's `GZIP`.
    Deflate,
    /// With LZF: h5py's filter.
    Lzf,
}

/// Block as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredBlock {
    /// Number of the block along rows, samples and leads.
    pub place: [usize; 3],
    /// Offset of the first byte in the file.
    pub at: u64,
    /// Bytes as stored.
    pub size: u64,
    /// Filters that this block did not go through: bit `i` for filter `i`, in the order in which they are applied.
    pub skipped_filters: u32,
}
