//! Drawing of resamples.

use super::ranked_rows::{LANES, LaneWeights};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::ops::Range;

/// Resamples that are drawn together, each into bytes that stand together: drawn straight into the weights, whose bytes of one
/// resample are [`LANES`] apart, every draw would wait for memory.
pub(super) const DRAWN_AT_ONCE: usize = 16;

/// Draws the resamples of some lanes: as many clusters as there are, each with equal probability. `first` is the replicate of lane 0.
pub(super) fn draw_resamples(weights: &mut [LaneWeights], lanes: Range<usize>, seed: u64, first: u64) {
    let count = weights.len();
    let mut drawn = vec![0u8; count * lanes.len()];
    for (lane, times) in lanes.clone().zip(drawn.chunks_exact_mut(count.max(1))) {
        draw_resample(times, seed, first + lane as u64);
    }
    for (block, weights) in weights.chunks_mut(LANES).enumerate() {
        for (lane, times) in lanes.clone().zip(drawn.chunks_exact(count.max(1))) {
            for (weights, times) in weights.iter_mut().zip(&times[block * LANES..]) {
                weights.0[lane] = *times;
            }
        }
    }
}

/// Draws one resample: how many times each cluster is in it.
fn draw_resample(times: &mut [u8], seed: u64, replicate: u64) {
    let count = times.len() as u32;
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(replicate);
    for _ in 0..count {
        let times = &mut times[random.random_range(0..count) as usize];
        *times = times.saturating_add(1);
    }
}
