//! Sums of columns over the rows of clusters.

use super::ranked_rows::{LANES, LaneWeights};

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
    pub(super) fn weigh(&self, weights: &[LaneWeights]) -> Vec<[f64; LANES]> {
        let mut total = vec![[0.0; LANES]; self.width];
        for (weights, sums) in weights.iter().zip(self.sums.chunks_exact(self.width.max(1))) {
            for (total, sum) in total.iter_mut().zip(sums) {
                for (total, weight) in total.iter_mut().zip(&weights.0) {
                    *total += sum * f64::from(*weight);
                }
            }
        }
        total
    }
}
