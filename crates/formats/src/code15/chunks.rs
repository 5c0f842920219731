//! Where the blocks of a chunked dataset are in the file.

use super::library::describe;
use crate::error::{Error, Result};
use hdf5::Dataset;
use std::path::Path;

/// One stored block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chunk {
    /// First byte in the file.
    pub(super) at: u64,
    /// Bytes as stored.
    pub(super) size: u64,
    /// Bit `i` is set where filter `i` was left out.
    pub(super) left_out: u32,
}

/// Position of a block in units of blocks: along rows, samples, leads.
pub(super) type Place = [usize; 3];

/// The stored blocks by place. What is not in it was never written and holds the fill value.
#[derive(Debug)]
pub(super) struct Chunks(Vec<(Place, Chunk)>);

impl Chunks {
    /// Lists the blocks of extent `shape` of `dataset`, and checks that they are inside the file of `file_size` bytes.
    pub(super) fn list(path: &Path, dataset: &Dataset, shape: [usize; 3], file_size: u64) -> Result<Self> {
        let (mut chunks, mut outside) = (Vec::new(), None);
        let visited = dataset.chunks_visit(|info| {
            let chunk = Chunk {
                at: info.addr,
                size: info.size,
                left_out: info.filter_mask,
            };
            if chunk.at.checked_add(chunk.size).is_none_or(|end| end > file_size) {
                outside = Some(chunk);
                return 1; // stops the visit: a lying index may be longer than any memory
            }
            let mut place = [0; 3];
            for (i, (at, extent)) in info.offset.iter().zip(shape).enumerate() {
                place[i] = *at as usize / extent;
            }
            chunks.push((place, chunk));
            0
        });
        if let Some(Chunk { at, size, .. }) = outside {
            let what = format!("a block of {size} bytes at byte {at} of a file of {file_size}");
            return Err(Error::malformed(
                path,
                super::TRACINGS,
                what,
                "the file is cut short: download or copy it again",
            ));
        }
        visited.map_err(|e| describe(path, &e, super::TRACINGS))?;
        chunks.sort_unstable_by_key(|(place, _)| *place);
        Ok(Self(chunks))
    }

    /// The block at `place`, if it was written.
    pub(super) fn get(&self, place: Place) -> Option<Chunk> {
        let found = self.0.binary_search_by_key(&place, |(p, _)| *p).ok()?;
        Some(self.0[found].1)
    }
}
