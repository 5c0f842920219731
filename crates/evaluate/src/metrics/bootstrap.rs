//! Resampling of whole clusters (patients, ECGs) with replacement.
//!
//! Rows of one cluster resemble each other, so a resample takes a cluster with all its rows or not at all. Every
//! replicate has a random stream of its own, so the result does not depend on the number of threads, and all labels
//! of a replicate see the same resample: differences between labels, and between models scored on the same rows, are
//! paired.

use super::cluster_errors::ClusterErrors;
use super::cluster_sums::ClusterSums;
use super::draws::{DRAWN_AT_ONCE, draw_resamples};
use super::label_rows::LabelRows;
use super::ranked_rows::{LANES, LaneWeights, RankedRows, ResampleStatistics};
use ecgfm_artifacts::evaluation::{ComputedFrom, ConfusionMatrix, Statistic};
use rayon::prelude::*;

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

/// What is computed in every resample: the statistics of labels, and sums of columns over rows.
///
/// One draw serves all of it: drawing takes longer than the statistics of a label.
pub struct ResampledRows<'a> {
    /// Labels, each with rows of its own.
    pub labels: Vec<LabelRows<'a>>,
    /// Whether errors of the labels are computed, too: they take a pass over all clusters, however few rows a label has.
    pub errors: bool,
    /// Columns that are summed.
    pub sums: Vec<ClusterSums>,
    /// Number of clusters, of which the rows name those from 0 to one less.
    pub clusters: usize,
}

/// What was computed in every resample, or without every group of clusters.
#[derive(Debug, Clone, PartialEq)]
pub struct Replicates {
    /// Of each label: `[label][replicate]`.
    pub labels: Vec<Vec<Resampled>>,
    /// Of each [`ClusterSums`]: `[which][column][replicate]`.
    pub sums: Vec<Vec<Vec<f64>>>,
}

impl<'a> ResampledRows<'a> {
    /// Labels alone, with their errors.
    pub fn of_labels(labels: Vec<LabelRows<'a>>, clusters: usize) -> Self {
        Self {
            labels,
            errors: true,
            sums: Vec::new(),
            clusters,
        }
    }

    /// Draws resamples, each of as many clusters as there are, and computes everything in each of them.
    pub fn resample(&self, plan: ResamplingPlan) -> Replicates {
        self.weigh(plan.replicates, fill_with_resamples(plan))
    }

    /// Computes everything without each of `groups` groups of clusters. Cluster i is in group i mod `groups`, which leaves one
    /// cluster out at a time where there are no more clusters than groups.
    pub fn leave_out(&self, groups: usize) -> Replicates {
        self.weigh(groups, fill_with_groups_left_out(groups))
    }

    /// Computes everything under each of `replicates` sets of weights, [`LANES`] at a time.
    fn weigh(&self, replicates: usize, fill: impl Fn(usize, &mut [LaneWeights]) + Sync) -> Replicates {
        let ranked: Vec<RankedRows> = self.labels.par_iter().map(RankedRows::new).collect();
        let errors = self
            .errors
            .then(|| ClusterErrors::new(&self.labels, self.clusters));
        let blocks = for_each_block(self.clusters, replicates, fill, |weights| {
            let means = match &errors {
                Some(errors) => errors.means(weights),
                None => vec![[[None; LANES]; 2]; ranked.len()],
            };
            let scanned = ranked.iter().map(|label| label.scan(weights));
            let labels: Vec<Vec<Resampled>> = (scanned.zip(&means))
                .map(|(scanned, means)| zip_lanes(scanned, means))
                .collect();
            let sums: Vec<_> = self.sums.iter().map(|sums| sums.weigh(weights)).collect();
            (labels, sums)
        });
        let of_label = |label: usize| {
            let all = blocks
                .iter()
                .flat_map(move |(labels, _)| labels[label].iter().copied());
            all.take(replicates).collect()
        };
        let of_column = |which: usize, column: usize| {
            let all = blocks.iter().flat_map(move |(_, sums)| sums[which][column]);
            all.take(replicates).collect()
        };
        let of_sums = |(which, sums): (usize, &ClusterSums)| {
            (0..sums.width()).map(|column| of_column(which, column)).collect()
        };
        Replicates {
            labels: (0..self.labels.len()).map(of_label).collect(),
            sums: self.sums.iter().enumerate().map(of_sums).collect(),
        }
    }
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

#[cfg(test)]
mod tests;
