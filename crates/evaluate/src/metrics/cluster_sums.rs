//! Sums of columns over the rows of clusters.

use super::lane_weights::{LANES, LaneWeights, multipliers};
use multiversion::multiversion;

/// Sums of columns over the rows of each cluster.
pub struct ClusterSums {
    /// Number of columns.
    width: usize,
    /// `[cluster][column]`.
    sums: Vec<f64>,
}

impl ClusterSums {
    /// Sums what `values_of` gives for each row, a number a column. `clusters` numbers each row's cluster, 0 … `count` − 1.
    pub fn of_rows<V: IntoIterator<Item = f64>>(
        width: usize,
        clusters: &[u32],
        count: usize,
        values_of: impl Fn(usize) -> V,
    ) -> Self {
        let mut sums = vec![0.0; count * width];
        for (row, &cluster) in clusters.iter().enumerate() {
            let sums = &mut sums[cluster as usize * width..][..width];
            sums.iter_mut()
                .zip(values_of(row))
                .for_each(|(sum, value)| *sum += value);
        }
        Self { width, sums }
    }

    /// Number of columns.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// The sums of every column in every lane.
    pub(super) fn weigh<W: LaneWeights>(&self, weights: &[W]) -> Vec<[f64; LANES]> {
        let mut total = vec![[0.0; LANES]; self.width];
        let chunks = self.sums.chunks(CHUNK * self.width.max(1));
        for (weights, sums) in weights.chunks(CHUNK).zip(chunks) {
            add_sums(&mut total, weights, sums);
        }
        total
    }
}

/// Clusters that pass before the next lanes are summed: their weights stay in the cache.
const CHUNK: usize = 256;

/// Lanes whose sums stay in the processor's registers while clusters pass.
const AT_ONCE: usize = 16;

/// Adds the sums of [`CHUNK`] clusters or fewer, `[cluster][column]`.
#[multiversion(targets("x86_64+avx+avx2"))]
fn add_sums<W: LaneWeights>(total: &mut [[f64; LANES]], weights: &[W], sums: &[f64]) {
    let width = total.len();
    let mut some = [[0.0f64; AT_ONCE]; CHUNK];
    for first in (0..LANES).step_by(AT_ONCE) {
        multipliers(&mut some, weights, first);
        for (column, total) in total.iter_mut().enumerate() {
            let total = &mut total[first..first + AT_ONCE];
            let mut added: [f64; AT_ONCE] = std::array::from_fn(|lane| total[lane]);
            for (weights, sums) in some[..weights.len()].iter().zip(sums.chunks_exact(width)) {
                for (total, weight) in added.iter_mut().zip(weights) {
                    *total += sums[column] * weight;
                }
            }
            total.copy_from_slice(&added);
        }
    }
}
