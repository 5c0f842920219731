//! Mean errors of labels in resamples, from sums over the rows of clusters.

use super::label_rows::LabelRows;
use super::probability::{log_error, squared_error};
use super::ranked_rows::{LANES, LaneWeights};

/// Clusters whose errors are summed in float32 before they are added up in float64.
const CHUNK: usize = 256;

/// Mean squared and mean logarithmic error of a label in each lane; none where a lane has no rows.
pub(super) type MeanErrors = [[Option<f64>; LANES]; 2];

/// Errors of all labels.
pub(super) struct ClusterErrors {
    /// Of labels that have the same rows.
    of_rows: Vec<ErrorSums>,
}

impl ClusterErrors {
    /// Sums the errors of every label. Those of labels with the same rows are summed together if the labels follow each other.
    pub(super) fn new(labels: &[LabelRows<'_>], count: usize) -> Self {
        let same_rows = labels.chunk_by(|a, b| a.clusters == b.clusters);
        Self {
            of_rows: same_rows.map(|labels| ErrorSums::new(labels, count)).collect(),
        }
    }

    /// Mean errors of every label.
    pub(super) fn means(&self, weights: &[LaneWeights]) -> Vec<MeanErrors> {
        self.of_rows.iter().flat_map(|sums| sums.means(weights)).collect()
    }
}

/// Sums of squared and logarithmic errors over the rows of each cluster, of labels that have the same rows.
struct ErrorSums {
    /// Twice the number of labels.
    width: usize,
    /// `[cluster][2 · label + which]`.
    sums: Vec<f32>,
    /// Number of rows of each cluster.
    rows: Vec<u32>,
}

impl ErrorSums {
    fn new(labels: &[LabelRows<'_>], count: usize) -> Self {
        let clusters = labels.first().map_or(&[][..], |label| label.clusters);
        let width = 2 * labels.len();
        let mut rows = vec![0; count];
        clusters.iter().for_each(|&cluster| rows[cluster as usize] += 1);
        let mut sums = vec![0.0; count * width];
        for (at, label) in labels.iter().enumerate() {
            for (row, &cluster) in clusters.iter().enumerate() {
                let (truth, score) = (label.truth[row], label.scores[row]);
                let place = &mut sums[cluster as usize * width + 2 * at..][..2];
                place[0] += squared_error(truth, score) as f32;
                place[1] += log_error(truth, score) as f32;
            }
        }
        Self { width, sums, rows }
    }

    /// Mean errors of every label in every lane.
    fn means(&self, weights: &[LaneWeights]) -> Vec<MeanErrors> {
        let mut total = vec![[0.0f64; LANES]; self.width];
        let mut part = vec![[0.0f32; LANES]; self.width];
        let mut rows = [0u64; LANES];
        for (chunk, weights) in weights.chunks(CHUNK).enumerate() {
            part.fill([0.0; LANES]);
            for (at, weights) in weights.iter().enumerate() {
                let cluster = chunk * CHUNK + at;
                let weights: [f32; LANES] = std::array::from_fn(|lane| {
                    rows[lane] += u64::from(weights.0[lane]) * u64::from(self.rows[cluster]);
                    f32::from(weights.0[lane])
                });
                let errors = &self.sums[cluster * self.width..][..self.width];
                for (sum, error) in part.iter_mut().zip(errors) {
                    for (sum, weight) in sum.iter_mut().zip(&weights) {
                        *sum += error * weight;
                    }
                }
            }
            for (total, part) in total.iter_mut().zip(&part) {
                for (total, part) in total.iter_mut().zip(part) {
                    *total += f64::from(*part);
                }
            }
        }
        let mean = |sums: &[f64; LANES]| {
            std::array::from_fn(|lane| (rows[lane] > 0).then(|| sums[lane] / rows[lane] as f64))
        };
        let pairs = total.chunks_exact(2);
        pairs.map(|pair| [mean(&pair[0]), mean(&pair[1])]).collect()
    }
}
