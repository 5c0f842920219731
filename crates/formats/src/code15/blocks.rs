//! Rows of a chunked dataset, decoded here.

use super::chunks::{Chunk, Chunks, Place};
use super::decode::{Encoding, Scratch, with_scratch};
use crate::error::{Error, Result};
use std::collections::VecDeque;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Decoded rows that are kept, in bytes, where a block holds several.
const KEPT_BYTES: usize = 256 << 20;

/// A chunked dataset of float32.
#[derive(Debug)]
pub(super) struct Blocks {
    /// Rows, samples, leads of the dataset.
    pub(super) shape: [usize; 3],
    /// Rows, samples, leads of a block.
    pub(super) block: [usize; 3],
    /// Which filters each block went through.
    pub(super) encoding: Encoding,
    /// Where the blocks are.
    pub(super) chunks: Chunks,
    /// Value of what was never written.
    pub(super) fill: f32,
    /// Bands that were decoded last.
    pub(super) kept: Kept,
}

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
    /// Reads one row.
    pub(super) fn read_row(&self, path: &Path, file: &File, row: usize, out: &mut [f32]) -> Result<()> {
        let height = self.block[0];
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
        let bytes = self.block[0] * self.shape[1] * self.shape[2] * size_of::<f32>();
        (KEPT_BYTES / bytes.max(1)).clamp(2, 64)
    }

    fn decode_band(&self, path: &Path, file: &File, number: usize) -> Result<Band> {
        let rows = self.block[0].min(self.shape[0] - number * self.block[0]);
        let mut band = vec![0.0; rows * self.shape[1] * self.shape[2]];
        self.read_band(path, file, number, &mut band)?;
        Ok(Arc::new(band))
    }

    /// Decodes all blocks of band `number` into `out`, (rows, samples, leads).
    fn read_band(&self, path: &Path, file: &File, number: usize, out: &mut [f32]) -> Result<()> {
        let [_, samples, leads] = self.shape;
        for j in 0..samples.div_ceil(self.block[1]) {
            for k in 0..leads.div_ceil(self.block[2]) {
                with_scratch(|scratch| self.read_block(file, [number, j, k], scratch, out)).map_err(
                    |what| {
                        let place = format!("{}, block {:?}", super::TRACINGS, [number, j, k]);
                        Error::malformed(
                            path,
                            place,
                            what,
                            "the file is damaged: download or copy it again",
                        )
                    },
                )?;
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
    ) -> Result<(), String> {
        let Some(chunk) = self.chunks.get(place) else {
            self.each_run(place, band.len(), |_, to| band[to].fill(self.fill));
            return Ok(());
        };
        scratch.stored.resize(chunk.size as usize, 0);
        file.read_exact_at(&mut scratch.stored, chunk.at)
            .map_err(|e| e.to_string())?;
        let encoding = self.encoding_of(chunk);
        let values = self.block.iter().product();
        if band.len() == values && self.block[1..] == self.shape[1..] {
            return scratch.decode(encoding, band);
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
        decoded
    }

    fn encoding_of(&self, chunk: Chunk) -> Encoding {
        let Encoding { shuffled, deflated } = self.encoding;
        // Filters are numbered in the order they were applied: shuffle, where there is one, comes first.
        let applied = |number: u32| chunk.left_out & (1 << number) == 0;
        Encoding {
            shuffled: shuffled && applied(0),
            deflated: deflated && applied(u32::from(shuffled)),
        }
    }

    /// Calls `each` with every run of leads that the block at `place` and a band of `band_len` values share: where it
    /// starts in the block, and where it is in the band.
    fn each_run(&self, place: Place, band_len: usize, mut each: impl FnMut(usize, std::ops::Range<usize>)) {
        let [_, samples, leads] = self.shape;
        let [_, block_samples, block_leads] = self.block;
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
