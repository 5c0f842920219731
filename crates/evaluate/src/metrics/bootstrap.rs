//! Resampling of whole clusters (patients, ECGs) with replacement.
//!
//! Rows of one cluster resemble each other, so a resample takes a cluster with all its rows or not at all. Every
//! replicate has a random stream of its own, so the result does not depend on the number of threads, and all labels
//! of a replicate see the same resample: differences between labels, and between models scored on the same rows, are
//! paired.

use super::label_rows::LabelRows;
use super::probability::{log_error, squared_error};
use super::ranked_rows::{LANES, LaneWeights, RankedRows, ResampleStatistics};
use ecgfm_artifacts::evaluation::{ComputedFrom, ConfusionMatrix, Statistic};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use std::ops::Range;

/// Number and seed of resamples.
#[derive(Debug, Clone, Copy)]
pub struct ResamplingPlan {
    /// Number of resamples.
    pub replicates: usize,
    /// Seed of the random streams.
    pub seed: u64,
}

/// Statistics of one label in one resample; none where the resample does not define it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resampled {
    /// Area under the ROC curve.
    pub auroc: Option<f64>,
    /// Average precision.
    pub auprc: Option<f64>,
    /// Brier score.
    pub brier: Option<f64>,
    /// Log loss.
    pub log_loss: Option<f64>,
    /// The 2×2 table.
    pub counts: ConfusionMatrix,
}

impl Resampled {
    /// The value of a statistic; none for one that is not resampled.
    pub fn value(&self, statistic: &Statistic) -> Option<f64> {
        match statistic.computed_from {
            _ if !statistic.resampled => None,
            ComputedFrom::Counts(of) => of(&self.counts),
            ComputedFrom::RocCurve => self.auroc,
            ComputedFrom::PrecisionRecallCurve => self.auprc,
            ComputedFrom::SquaredErrors => self.brier,
            ComputedFrom::LogErrors => self.log_loss,
            ComputedFrom::CalibrationBins => None,
        }
    }
}

/// Every label in every resample: `[label][replicate]`. `clusters` numbers each row's cluster, 0 … `count` − 1.
pub fn resample_labels(
    labels: &[LabelRows<'_>],
    clusters: &[u32],
    count: usize,
    plan: ResamplingPlan,
) -> Vec<Vec<Resampled>> {
    evaluate_weights(
        labels,
        clusters,
        count,
        plan.replicates,
        fill_with_resamples(plan),
    )
}

/// Labels of different rows in the same resamples of all `count` clusters: `[label][replicate]`. Each label has the clusters of
/// its rows. Resamples are those of [`resample_labels`]; errors, which take a pass over all clusters a label, are not summed.
pub fn resample_rankings(
    labels: &[(LabelRows<'_>, &[u32])],
    count: usize,
    plan: ResamplingPlan,
) -> Vec<Vec<Resampled>> {
    scan_weights(labels, count, plan.replicates, fill_with_resamples(plan))
}

/// Sums of columns over rows, in every resample: `[column][replicate]`. Resamples are those of [`resample_labels`].
pub fn resample_sums(sums: &ClusterSums, plan: ResamplingPlan) -> Vec<Vec<f64>> {
    sums.weighted(plan.replicates, fill_with_resamples(plan))
}

/// Fills in the weights of a block of resamples.
fn fill_with_resamples(plan: ResamplingPlan) -> impl Fn(usize, &mut [LaneWeights]) + Sync {
    move |block, weights| {
        let first = block * LANES;
        let lanes = LANES.min(plan.replicates - first);
        for lane in (0..lanes).step_by(DRAWN_AT_ONCE) {
            let lanes = lane..lanes.min(lane + DRAWN_AT_ONCE);
            draw_resamples(weights, lanes, plan.seed, first as u64);
        }
    }
}

/// Every label without each of `groups` groups of clusters: `[label][group]`. Cluster i is in group i mod `groups`, which
/// leaves one cluster out at a time where there are no more clusters than groups.
pub fn leave_out(
    labels: &[LabelRows<'_>],
    clusters: &[u32],
    count: usize,
    groups: usize,
) -> Vec<Vec<Resampled>> {
    evaluate_weights(labels, clusters, count, groups, fill_with_groups_left_out(groups))
}

/// Labels of different rows without each of `groups` groups of clusters, as in [`leave_out`] but for the errors:
/// `[label][group]`.
pub fn leave_out_rankings(
    labels: &[(LabelRows<'_>, &[u32])],
    count: usize,
    groups: usize,
) -> Vec<Vec<Resampled>> {
    scan_weights(labels, count, groups, fill_with_groups_left_out(groups))
}

/// Sums of columns over rows, without each of `groups` groups of clusters, as in [`leave_out`]: `[column][group]`.
pub fn leave_out_sums(sums: &ClusterSums, groups: usize) -> Vec<Vec<f64>> {
    sums.weighted(groups, fill_with_groups_left_out(groups))
}

/// Fills in the weights of a block of groups.
fn fill_with_groups_left_out(groups: usize) -> impl Fn(usize, &mut [LaneWeights]) + Sync {
    move |block, weights| {
        for (cluster, weights) in weights.iter_mut().enumerate() {
            *weights = LaneWeights([1; LANES]);
            let group = cluster % groups;
            if (block * LANES..(block + 1) * LANES).contains(&group) {
                weights.0[group - block * LANES] = 0;
            }
        }
    }
}

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

    /// The sums under each of `replicates` sets of weights.
    fn weighted(&self, replicates: usize, fill: impl Fn(usize, &mut [LaneWeights]) + Sync) -> Vec<Vec<f64>> {
        let count = self.sums.len() / self.width.max(1);
        let blocks = for_each_block(count, replicates, fill, |weights| {
            let mut total = vec![[0.0; LANES]; self.width];
            for (weights, sums) in weights.iter().zip(self.sums.chunks_exact(self.width.max(1))) {
                for (total, sum) in total.iter_mut().zip(sums) {
                    for (total, weight) in total.iter_mut().zip(&weights.0) {
                        *total += sum * f64::from(*weight);
                    }
                }
            }
            total
        });
        let column = |at: usize| {
            let all = blocks.iter().flat_map(move |block| block[at]);
            all.take(replicates).collect()
        };
        (0..self.width).map(column).collect()
    }
}

/// Bytes of weights, of all threads together, above which fewer threads work at once.
const MOST_WEIGHTS: usize = 2 << 30;

/// What `compute` makes of each block of [`LANES`] sets of weights of `count` clusters, in order.
fn for_each_block<T: Send>(
    count: usize,
    replicates: usize,
    fill: impl Fn(usize, &mut [LaneWeights]) + Sync,
    compute: impl Fn(&[LaneWeights]) -> T + Sync,
) -> Vec<T> {
    let blocks: Vec<usize> = (0..replicates.div_ceil(LANES)).collect();
    let at_once = MOST_WEIGHTS / ((LANES + DRAWN_AT_ONCE) * count.max(1));
    let compute_block = |weights: &mut Vec<LaneWeights>, &block: &usize| {
        weights.fill(LaneWeights::NONE);
        fill(block, weights);
        compute(weights)
    };
    let some = |blocks: &[usize]| -> Vec<T> {
        let blocks = blocks.par_iter();
        blocks
            .map_init(|| vec![LaneWeights::NONE; count], compute_block)
            .collect()
    };
    blocks.chunks(at_once.max(1)).flat_map(some).collect()
}

/// Every label under each of `replicates` sets of weights, [`LANES`] at a time.
fn evaluate_weights(
    labels: &[LabelRows<'_>],
    clusters: &[u32],
    count: usize,
    replicates: usize,
    fill: impl Fn(usize, &mut [LaneWeights]) + Sync,
) -> Vec<Vec<Resampled>> {
    let ordered: Vec<RankedRows> = labels
        .iter()
        .map(|label| RankedRows::new(label, clusters))
        .collect();
    let errors = ClusterErrors::new(labels, clusters, count);
    let blocks: Vec<Vec<Vec<Resampled>>> = for_each_block(count, replicates, fill, |weights| {
        let means = errors.means(weights);
        let scanned = ordered.iter().map(|label| label.scan(weights));
        scanned
            .zip(&means)
            .map(|(scanned, means)| zip_lanes(scanned, means))
            .collect()
    });
    join_blocks(&blocks, labels.len(), replicates)
}

/// Every label, each of rows of its own, under each of `replicates` sets of weights; without errors.
fn scan_weights(
    labels: &[(LabelRows<'_>, &[u32])],
    count: usize,
    replicates: usize,
    fill: impl Fn(usize, &mut [LaneWeights]) + Sync,
) -> Vec<Vec<Resampled>> {
    let ordered = labels
        .iter()
        .map(|(label, clusters)| RankedRows::new(label, clusters));
    let ordered: Vec<RankedRows> = ordered.collect();
    let blocks = for_each_block(count, replicates, fill, |weights| -> Vec<Vec<Resampled>> {
        let scanned = ordered.iter().map(|label| label.scan(weights));
        scanned
            .map(|lanes| zip_lanes(lanes, &[[None; LANES]; 2]))
            .collect()
    });
    join_blocks(&blocks, labels.len(), replicates)
}

/// Blocks of resamples, `[block][label][lane]`, as `[label][replicate]`.
fn join_blocks(blocks: &[Vec<Vec<Resampled>>], labels: usize, replicates: usize) -> Vec<Vec<Resampled>> {
    let label = |label: usize| {
        let all = blocks.iter().flat_map(|block| block[label].iter().copied());
        all.take(replicates).collect()
    };
    (0..labels).map(label).collect()
}

fn zip_lanes(scanned: Vec<ResampleStatistics>, means: &[[Option<f64>; LANES]; 2]) -> Vec<Resampled> {
    let one = |(lane, scanned): (usize, ResampleStatistics)| Resampled {
        auroc: scanned.auroc,
        auprc: scanned.auprc,
        brier: means[0][lane],
        log_loss: means[1][lane],
        counts: scanned.counts,
    };
    scanned.into_iter().enumerate().map(one).collect()
}

/// Resamples that are drawn together, each into bytes that stand together: drawn straight into the weights, whose bytes of one
/// resample are [`LANES`] apart, every draw would wait for memory.
const DRAWN_AT_ONCE: usize = 16;

/// Draws the resamples of some lanes: as many clusters as there are, each with equal probability. `first` is the replicate of lane 0.
fn draw_resamples(weights: &mut [LaneWeights], lanes: Range<usize>, seed: u64, first: u64) {
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

/// Clusters whose errors are summed in float32 before they are added up in float64.
const CHUNK: usize = 256;

/// Sums of squared and logarithmic errors over the rows of each cluster: `[cluster][2 · label + which]`.
struct ClusterErrors {
    labels: usize,
    sums: Vec<f32>,
    rows: Vec<u32>,
}

impl ClusterErrors {
    fn new(labels: &[LabelRows<'_>], clusters: &[u32], count: usize) -> Self {
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
        Self {
            labels: labels.len(),
            sums,
            rows,
        }
    }

    /// Mean errors of every label in every lane.
    fn means(&self, weights: &[LaneWeights]) -> Vec<[[Option<f64>; LANES]; 2]> {
        let width = 2 * self.labels;
        let mut total = vec![[0.0f64; LANES]; width];
        let mut rows = [0u64; LANES];
        let mut part = vec![[0.0f32; LANES]; width];
        for (chunk, weights) in weights.chunks(CHUNK).enumerate() {
            part.fill([0.0; LANES]);
            for (at, weights) in weights.iter().enumerate() {
                let cluster = chunk * CHUNK + at;
                let weights: [f32; LANES] = std::array::from_fn(|lane| {
                    rows[lane] += u64::from(weights.0[lane]) * u64::from(self.rows[cluster]);
                    f32::from(weights.0[lane])
                });
                for (sum, error) in part.iter_mut().zip(&self.sums[cluster * width..][..width]) {
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
        total
            .chunks_exact(2)
            .map(|pair| [mean(&pair[0]), mean(&pair[1])])
            .collect()
    }
}

#[cfg(test)]
mod tests;
