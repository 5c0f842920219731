//! Twelve leads out of the eight that electrocardiographs store, sample by sample.

use super::waveform::MISSING;
use crate::standard_leads::BY_I_AND_II;
use ecgfm_recipe::leads::COUNT;
use multiversion::multiversion;

/// Number of leads that are stored: I, II, V1 to V6.
pub(super) const STORED: usize = 8;
/// Number of leads that follow from I and II, and stand between II and V1.
pub(super) const DERIVED: usize = COUNT - STORED;
/// Samples that are turned at a time: as many as leads, so that counts fill whole registers before and after.
const TILE: usize = 8;

/// Counts of a tile, lead by lead or sample by sample.
type Tile = [[i16; STORED]; TILE];

/// Leads I, II, V1 to V6 as they are stored.
pub(super) struct UsualLeads<'a> {
    /// Counts, as many of every lead, each as its two bytes.
    pub(super) counts: [&'a [[u8; 2]]; STORED],
    /// Millivolts of a count of 1.
    pub(super) scales: [f64; STORED],
}

impl UsualLeads<'_> {
    /// Fills `samples` with millivolts of the twelve leads of each, up to the first few samples of which a value is missing and to the
    /// last few; number of samples that were filled.
    pub(super) fn interleave(&self, samples: &mut [f64]) -> usize {
        interleave_tiles(&self.counts, &self.scales, samples) * TILE
    }
}

/// Fills whole tiles; returns their number. Loops instead of closures: those would be compiled for any processor.
#[multiversion(targets("x86_64+avx+avx2"))]
#[allow(
    clippy::needless_range_loop,
    reason = "the numbers are places in several arrays"
)]
fn interleave_tiles(counts: &[&[[u8; 2]]; STORED], scales: &[f64; STORED], samples: &mut [f64]) -> usize {
    let leads = counts.map(|lead| lead.as_chunks::<TILE>().0);
    let (rows, _) = samples.as_chunks_mut::<COUNT>();
    let (tiles, _) = rows.as_chunks_mut::<TILE>();
    let (mut of_first, mut of_second) = ([0.0; DERIVED], [0.0; DERIVED]);
    for (at, weights) in BY_I_AND_II[2..].iter().enumerate() {
        [of_first[at], of_second[at]] = *weights;
    }
    let scales = *scales;
    for (number, rows) in tiles.iter_mut().enumerate() {
        let (mut tile, mut is_missing): (Tile, bool) = ([[0; STORED]; TILE], false);
        for lead in 0..STORED {
            let Some(counts) = leads[lead].get(number) else {
                return number;
            };
            for at in 0..TILE {
                let count = i16::from_le_bytes(counts[at]);
                tile[lead][at] = count;
                is_missing |= count == MISSING;
            }
        }
        if is_missing {
            return number;
        }
        let tile = turn(&tile);
        for (row, counts) in rows.iter_mut().zip(&tile) {
            let mut stored = [0.0; STORED];
            for lead in 0..STORED {
                stored[lead] = f64::from(counts[lead]) * scales[lead];
            }
            let [first, second, ..] = stored;
            (row[0], row[1]) = (first, second);
            for lead in 0..DERIVED {
                row[2 + lead] = of_first[lead] * first + of_second[lead] * second;
            }
            row[2 + DERIVED..].copy_from_slice(&stored[2..]);
        }
    }
    tiles.len()
}

/// Rows as columns.
#[inline(always)]
#[allow(clippy::needless_range_loop, reason = "the numbers are places in two arrays")]
fn turn(tile: &Tile) -> Tile {
    let mut turned = [[0; STORED]; TILE];
    for row in 0..TILE {
        for column in 0..STORED {
            turned[column][row] = tile[row][column];
        }
    }
    turned
}
