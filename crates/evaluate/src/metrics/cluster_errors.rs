//! Mean errors of labels in resamples, from sums over the rows of clusters.

use super::label_rows::LabelRows;
use super::lane_weights::{LANES, LaneWeights, multipliers};
use super::probability::{log_error, squared_error};
use multiversion::multiversion;

/// Clusters whose errors are summed in float32 before they are added up in float64.
const CHUNK: usize = 256;

/// Lanes whose sums stay in the processor's registers while clusters pass.
const AT_ONCE: usize = 32;

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
    pub(super) fn means<W: LaneWeights>(&self, weights: &[W]) -> Vec<MeanErrors> {
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
    fn means<W: LaneWeights>(&self, weights: &[W]) -> Vec<MeanErrors> {
        let mut total = vec![[0.0f64; LANES]; self.width];
        let mut rows = [0u64; LANES];
        let chunks = self.sums.chunks(CHUNK * self.width.max(1));
        for ((weights, errors), of_clusters) in weights.chunks(CHUNK).zip(chunks).zip(self.rows.chunks(CHUNK))
        {
            add_rows(&mut rows, weights, of_clusters);
            add_errors(&mut total, weights, errors);
        }
        let mean = |sums: &[f64; LANES]| {
            std::array::from_fn(|lane| (rows[lane] > 0).then(|| sums[lane] / rows[lane] as f64))
        };
        let pairs = total.chunks_exact(2);
        pairs.map(|pair| [mean(&pair[0]), mean(&pair[1])]).collect()
    }
}

/// Adds the rows of clusters.
#[multiversion(targets("x86_64+avx+avx2"))]
fn add_rows<W: LaneWeights>(sums: &mut [u64; LANES], weights: &[W], rows: &[u32]) {
    for (weights, rows) in weights.iter().zip(rows) {
        for (sum, weight) in sums.iter_mut().zip(&weights.all()) {
            *sum += u64::from(*weight) * u64::from(*rows);
        }
    }
}

/// Adds the errors of [`CHUNK`] clusters or fewer, `[cluster][column]`.
#[multiversion(targets("x86_64+avx+avx2"))]
fn add_errors<W: LaneWeights>(total: &mut [[f64; LANES]], weights: &[W], errors: &[f32]) {
    let width = total.len();
    let mut some = [[0.0f32; AT_ONCE]; CHUNK];
    for first in (0..LANES).step_by(AT_ONCE) {
        multipliers(&mut some, weights, first);
        for (column, total) in total.iter_mut().enumerate() {
            let mut sums = [0.0f32; AT_ONCE];
            for (weights, errors) in some[..weights.len()].iter().zip(errors.chunks_exact(width)) {
                for (sum, weight) in sums.iter_mut().zip(weights) {
                    *sum += errors[column] * weight;
                }
            }
            for (total, sum) in total[first..].iter_mut().zip(&sums) {
                *total += f64::from(*sum);
            }
        }
    }
}
