//! Rows of a dataset that lies in blocks.

use super::decode::{Encoding, Scratch, with_scratch};
use super::{Block, BlockTable, CUT_SHORT, Compression, MAX_BAND_BYTES, VALUES};
use crate::error::{Error, Result};
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Decoded rows that are kept, in bytes, where a block holds several.
const KEPT_BYTES: usize = 256 << 20;

/// A dataset in blocks.
#[derive(Debug)]
pub(super) struct Blocks {
    /// Rows, samples, leads of the dataset.
    shape: [usize; 3],
    pub(super) table: BlockTable,
    /// Bands that were decoded last.
    kept: Kept,
}

/// Number of a block along rows, samples, leads.
type Place = [usize; 3];
/// All rows that the same blocks hold, as (rows, samples, leads).
type Band = Arc<Vec<f32>>;
/// A band that is being decoded or is there. Its lock lets one thread decode while others wait for it.
type Slot = Arc<Mutex<Option<Band>>>;

/// The bands that were used last, by number.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<VecDeque<(usize, Slot)>>);

impl Kept {
    /// The slot of band `number`; the one unused for longest makes room.
    fn slot(&self, number: usize, capacity: usize) -> Slot {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = slots
            .iter()
            .position(|(n, _)| *n == number)
            .and_then(|i| slots.remove(i));
        let (_, slot) = known.unwrap_or_else(|| (number, Slot::default()));
        if slots.len() >= capacity {
            slots.pop_front();
        }
        slots.push_back((number, Arc::clone(&slot)));
        slot
    }
}

impl Blocks {
    /// Checks the table against the dataset's `shape` and the `file_size`.
    pub(super) fn new(path: &Path, shape: [usize; 3], table: BlockTable, file_size: u64) -> Result<Self> {
        let bytes = band_bytes(shape, table.shape);
        if bytes > MAX_BAND_BYTES {
            let what = format!("one row takes {bytes} bytes to decode; at most {MAX_BAND_BYTES} are");
            let help = "store it in smaller chunks, or in none";
            return Err(Error::unsupported(path, VALUES, what, help));
        }
        let outside = |b: &&Block| b.at.checked_add(b.size).is_none_or(|end| end > file_size);
        if let Some(Block { at, size, .. }) = table.blocks.iter().find(outside) {
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
            kept: Kept::default(),
        })
    }

    /// Reads one row.
    pub(super) fn read_row(&self, path: &Path, file: &File, row: usize, out: &mut [f32]) -> Result<()> {
        let height = self.table.shape[0];
        if height == 1 {
            return self.read_band(path, file, row, out);
        }
        let slot = self.kept.slot(row / height, self.bands_kept());
        let band = {
            let mut held = slot.lock().unwrap_or_else(PoisonError::into_inner);
            match held.as_ref() {
                Some(band) => Arc::clone(band),
                None => Arc::clone(held.insert(self.decode_band(path, file, row / height)?)),
            }
        };
        let at = row % height * out.len();
        out.copy_from_slice(&band[at..at + out.len()]);
        Ok(())
    }

    fn bands_kept(&self) -> usize {
        let bytes = self.table.shape[0] * self.shape[1] * self.shape[2] * size_of::<f32>();
        (KEPT_BYTES / bytes.max(1)).clamp(2, 64)
    }

    fn decode_band(&self, path: &Path, file: &File, number: usize) -> Result<Band> {
        let rows = self.table.shape[0].min(self.shape[0] - number * self.table.shape[0]);
        let mut band = vec![0.0; rows * self.shape[1] * self.shape[2]];
        self.read_band(path, file, number, &mut band)?;
        Ok(Arc::new(band))
    }

    /// Decodes all blocks of band `number` into `out`, (rows, samples, leads).
    fn read_band(&self, path: &Path, file: &File, number: usize, out: &mut [f32]) -> Result<()> {
        let [_, samples, leads] = self.shape;
        for j in 0..samples.div_ceil(self.table.shape[1]) {
            for k in 0..leads.div_ceil(self.table.shape[2]) {
                let read = with_scratch(|scratch| self.read_block(file, [number, j, k], scratch, out));
                read.map_err(|error| error.at(path, [number, j, k]))?;
            }
        }
        Ok(())
    }

    /// Decodes the block at `place` into its part of `band`.
    fn read_block(
        &self,
        file: &File,
        place: Place,
        scratch: &mut Scratch,
        band: &mut [f32],
    ) -> Result<(), BlockError> {
        let found = self.table.blocks.binary_search_by_key(&place, |b| b.place);
        let Some(chunk) = found.ok().map(|i| self.table.blocks[i]) else {
            self.each_run(place, band.len(), |_, to| band[to].fill(self.table.fill));
            return Ok(());
        };
        scratch.stored.resize(chunk.size as usize, 0);
        file.read_exact_at(&mut scratch.stored, chunk.at)
            .map_err(BlockError::Io)?;
        let encoding = self.encoding_of(chunk);
        let values = self.table.shape.iter().product();
        if band.len() == values && self.table.shape[1..] == self.shape[1..] {
            return scratch.decode(encoding, band).map_err(BlockError::Damaged);
        }
        let mut block = std::mem::take(&mut scratch.values);
        block.resize(values, 0.0);
        let decoded = scratch.decode(encoding, &mut block);
        if decoded.is_ok() {
            self.each_run(place, band.len(), |from, to| {
                let length = to.len();
                band[to].copy_from_slice(&block[from..from + length]);
            });
        }
        scratch.values = block;
        decoded.map_err(BlockError::Damaged)
    }

    fn encoding_of(&self, chunk: Block) -> Encoding {
        let BlockTable {
            shuffled,
            compression,
            ..
        } = self.table;
        // Filters are numbered in the order they were applied: shuffle, where there is one, comes first.
        let applied = |number: u32| chunk.left_out & (1 << number) == 0;
        Encoding {
            shuffled: shuffled && applied(0),
            compression: if applied(u32::from(shuffled)) {
                compression
            } else {
                Compression::None
            },
        }
    }

    /// Calls `each` with every run of leads that the block at `place` and a band of `band_len` values share: where it
    /// starts in the block, and where it is in the band.
    fn each_run(&self, place: Place, band_len: usize, mut each: impl FnMut(usize, std::ops::Range<usize>)) {
        let [_, samples, leads] = self.shape;
        let [_, block_samples, block_leads] = self.table.shape;
        let (first_sample, first_lead) = (place[1] * block_samples, place[2] * block_leads);
        let (height, width) = (
            block_samples.min(samples - first_sample),
            block_leads.min(leads - first_lead),
        );
        for row in 0..band_len / (samples * leads) {
            for t in 0..height {
                let from = (row * block_samples + t) * block_leads;
                let to = (row * samples + first_sample + t) * leads + first_lead;
                each(from, to..to + width);
            }
        }
    }
}

/// Why a block cannot be read.
enum BlockError {
    /// The system refused.
    Io(io::Error),
    /// Its bytes are not what they should be.
    Damaged(String),
}

impl BlockError {
    /// As an error of the file at `path`. A file that ends inside the block is damaged; other errors are the system's.
    fn at(self, path: &Path, place: Place) -> Error {
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

/// What is decoded at a time: all blocks of a row, as high as a block, and one block, which may reach beyond. The most a
/// number can say where it overflows, or a block holds nothing.
fn band_bytes(shape: [usize; 3], block: [usize; 3]) -> u64 {
    let band = [block[0], shape[1].max(block[1]), shape[2].max(block[2])];
    let bytes = band.iter().try_fold(size_of::<f32>(), |n, &d| n.checked_mul(d));
    match bytes {
        Some(bytes) if !block.contains(&0) => bytes as u64,
        _ => u64::MAX,
    }
}
