//! Rows of a dataset that is stored in blocks.

use super::decode::{BlockFilters, DecodeBuffers, with_buffers};
use super::placement::{BlockTable, CUT_SHORT, Compression, MAX_ROW_BYTES, StoredBlock, VALUES};
use crate::error::{Error, Result};
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of decoded rows that are cached where a block holds several rows.
const CACHE_BYTES: usize = 256 << 20;

/// A dataset in blocks.
#[derive(Debug)]
pub(super) struct BlockReader {
    /// Rows, samples, leads of the dataset.
    shape: [usize; 3],
    pub(super) table: BlockTable,
    cache: ChunkCache,
}

/// Number of a block along rows, samples, leads.
type BlockPlace = [usize; 3];
/// Decoded rows that the same blocks hold, as (rows, samples, leads).
type ChunkRows = Arc<Vec<f32>>;
/// Place in the cache. Its lock lets one thread decode the rows while others wait for them.
type CacheSlot = Arc<Mutex<Option<ChunkRows>>>;

/// Decoded rows that were used last, each with its block's number along rows.
#[derive(Debug, Default)]
pub(super) struct ChunkCache(Mutex<VecDeque<(usize, CacheSlot)>>);

impl ChunkCache {
    /// Slot of the blocks of number `number`. It takes the place of the one unused for longest where all `capacity` are taken.
    fn slot(&self, number: usize, capacity: usize) -> CacheSlot {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = slots
            .iter()
            .position(|(n, _)| *n == number)
            .and_then(|i| slots.remove(i));
        let (_, slot) = known.unwrap_or_else(|| (number, CacheSlot::default()));
        if slots.len() >= capacity {
            slots.pop_front();
        }
        slots.push_back((number, Arc::clone(&slot)));
        slot
    }
}

impl BlockReader {
    /// Checks the table against the dataset's `shape` and the `file_size`.
    pub(super) fn new(path: &Path, shape: [usize; 3], table: BlockTable, file_size: u64) -> Result<Self> {
        let bytes = decoded_bytes(shape, table.shape);
        if bytes > MAX_ROW_BYTES {
            let what = format!("one row takes {bytes} bytes to decode; at most {MAX_ROW_BYTES} are");
            let help = "store it in smaller chunks, or in none";
            return Err(Error::unsupported(path, VALUES, what, help));
        }
        let outside = |b: &&StoredBlock| b.at.checked_add(b.size).is_none_or(|end| end > file_size);
        if let Some(StoredBlock { at, size, .. }) = table.blocks.iter().find(outside) {
            let what = format!("a block of {size} bytes at byte {at} of a file of {file_size}");
            return Err(Error::malformed(path, VALUES, what, CUT_SHORT));
        }
        if !table.blocks.is_sorted_by(|a, b| a.place < b.place) {
            let help = "list them by place, each once";
            return Err(Error::malformed(
                path,
                VALUES,
                "blocks that are out of order",
                help,
            ));
        }
        Ok(Self {
            shape,
            table,
            cache: ChunkCache::default(),
        })
    }

    /// Reads one row.
    pub(super) fn read_row(&self, path: &Path, file: &File, row: usize, out: &mut [f32]) -> Result<()> {
        let height = self.table.shape[0];
        if height == 1 {
            return self.read_rows(path, file, row, out);
        }
        let slot = self.cache.slot(row / height, self.cache_slots());
        let rows = {
            let mut held = slot.lock().unwrap_or_else(PoisonError::into_inner);
            match held.as_ref() {
                Some(rows) => Arc::clone(rows),
                None => Arc::clone(held.insert(self.decode_rows(path, file, row / height)?)),
            }
        };
        let at = row % height * out.len();
        out.copy_from_slice(&rows[at..at + out.len()]);
        Ok(())
    }

    fn cache_slots(&self) -> usize {
        let bytes = self.table.shape[0] * self.shape[1] * self.shape[2] * size_of::<f32>();
        (CACHE_BYTES / bytes.max(1)).clamp(2, 64)
    }

    fn decode_rows(&self, path: &Path, file: &File, number: usize) -> Result<ChunkRows> {
        let height = self.table.shape[0].min(self.shape[0] - number * self.table.shape[0]);
        let mut rows = vec![0.0; height * self.shape[1] * self.shape[2]];
        self.read_rows(path, file, number, &mut rows)?;
        Ok(Arc::new(rows))
    }

    /// Decodes all blocks whose number along rows is `number` into `out`, (rows, samples, leads).
    fn read_rows(&self, path: &Path, file: &File, number: usize, out: &mut [f32]) -> Result<()> {
        let [_, samples, leads] = self.shape;
        for j in 0..samples.div_ceil(self.table.shape[1]) {
            for k in 0..leads.div_ceil(self.table.shape[2]) {
                let read = with_buffers(|buffers| self.read_block(file, [number, j, k], buffers, out));
                read.map_err(|error| error.into_error(path, [number, j, k]))?;
            }
        }
        Ok(())
    }

    /// Decodes the block at `place` into its part of `rows`, the rows of the dataset that it covers.
    fn read_block(
        &self,
        file: &File,
        place: BlockPlace,
        buffers: &mut DecodeBuffers,
        rows: &mut [f32],
    ) -> Result<(), BlockError> {
        let found = self.table.blocks.binary_search_by_key(&place, |b| b.place);
        let Some(stored) = found.ok().map(|i| self.table.blocks[i]) else {
            self.for_each_run(place, rows.len(), |_, to| rows[to].fill(self.table.fill));
            return Ok(());
        };
        buffers.stored.resize(stored.size as usize, 0);
        file.read_exact_at(&mut buffers.stored, stored.at)
            .map_err(BlockError::Io)?;
        let encoding = self.encoding_of(stored);
        let values = self.table.shape.iter().product();
        if rows.len() == values && self.table.shape[1..] == self.shape[1..] {
            return buffers.decode(encoding, rows).map_err(BlockError::Damaged);
        }
        let mut block = std::mem::take(&mut buffers.values);
        block.resize(values, 0.0);
        let decoded = buffers.decode(encoding, &mut block);
        if decoded.is_ok() {
            self.for_each_run(place, rows.len(), |from, to| {
                let length = to.len();
                rows[to].copy_from_slice(&block[from..from + length]);
            });
        }
        buffers.values = block;
        decoded.map_err(BlockError::Damaged)
    }

    fn encoding_of(&self, block: StoredBlock) -> BlockFilters {
        let BlockTable {
            shuffled,
            compression,
            ..
        } = self.table;
        // Filters are numbered in the order they were applied: shuffle, where there is one, comes first.
        let applied = |number: u32| block.skipped_filters & (1 << number) == 0;
        BlockFilters {
            shuffled: shuffled && applied(0),
            compression: if applied(u32::from(shuffled)) {
                compression
            } else {
                Compression::None
            },
        }
    }

    /// Calls `each` with every run of leads that the block at `place` and rows of `rows_len` values share: where it
    /// starts in the block, and where it is in the rows.
    fn for_each_run(
        &self,
        place: BlockPlace,
        rows_len: usize,
        mut each: impl FnMut(usize, std::ops::Range<usize>),
    ) {
        let [_, samples, leads] = self.shape;
        let [_, block_samples, block_leads] = self.table.shape;
        let (first_sample, first_lead) = (place[1] * block_samples, place[2] * block_leads);
        let (height, width) = (
            block_samples.min(samples - first_sample),
            block_leads.min(leads - first_lead),
        );
        for row in 0..rows_len / (samples * leads) {
            for t in 0..height {
                let from = (row * block_samples + t) * block_leads;
                let to = (row * samples + first_sample + t) * leads + first_lead;
                each(from, to..to + width);
            }
        }
    }
}

/// Reason for which a block cannot be read.
enum BlockError {
    /// The system refused.
    Io(io::Error),
    /// The bytes contradict the format.
    Damaged(String),
}

impl BlockError {
    /// Error of the file at `path`. A file that ends inside the block is damaged; other errors are the system's.
    fn into_error(self, path: &Path, place: BlockPlace) -> Error {
        let what = match self {
            Self::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
                return Error::io("read", path)(error);
            }
            Self::Io(error) => error.to_string(),
            Self::Damaged(what) => what,
        };
        let help = "the file is damaged: download or copy it again";
        Error::malformed(path, format!("{VALUES}, block {place:?}"), what, help)
    }
}

/// Bytes decoded at a time: all blocks of a row, as high as a block, and one block, which may reach beyond the dataset. `u64::MAX`
/// where the product overflows or a block has no values, so that such a table is refused.
fn decoded_bytes(shape: [usize; 3], block: [usize; 3]) -> u64 {
    let rows = [block[0], shape[1].max(block[1]), shape[2].max(block[2])];
    let bytes = rows.iter().try_fold(size_of::<f32>(), |n, &d| n.checked_mul(d));
    match bytes {
        Some(bytes) if !block.contains(&0) => bytes as u64,
        _ => u64::MAX,
    }
}
