//! Resampling of whole clusters (patients, ECGs) with replacement.
//!
//! Rows of one cluster resemble each other, so a resample takes a cluster with all its rows or not at all. Every
//! replicate has a random stream of its own, so the result does not depend on the number of threads, and all labels
//! of a replicate see the same resample: differences between labels, and between models scored on the same rows, are
//! paired.

use super::cluster_errors::{ClusterErrors, MeanErrors};
use super::cluster_sums::ClusterSums;
pub use super::draws::ResamplingPlan;
use super::draws::{WeightBuffers, WeightTooLarge, Weighting};
use super::label_rows::LabelRows;
use super::lane_weights::{LANES, LaneWeights};
use super::part_sums::ResampleStatistics;
use super::ranked_rows::RankedRows;
use super::row_parts::{PartsOfPass, RowParts};
use ecgfm_artifacts::evaluation::{ComputedFrom, ConfusionMatrix, Statistic};
use rayon::prelude::*;
use std::sync::{Mutex, MutexGuard, PoisonError};

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
    /// Of no rows.
    const UNDEFINED: Self = Self {
        auroc: None,
        auprc: None,
        brier: None,
        log_loss: None,
        counts: ConfusionMatrix {
            tp: 0,
            fp: 0,
            r#fn: 0,
            tn: 0,
        },
    };

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

/// A label whose statistics are computed in every resample.
#[derive(Debug, Clone, Copy)]
pub struct ResampledLabel<'a> {
    /// The rows of the label.
    pub rows: LabelRows<'a>,
    /// Parts of the rows, of which the statistics are computed, too, but for errors; none for all rows alone.
    pub parts: Option<&'a RowParts>,
    /// Rows of `parts` that are none of the label's, ascending.
    pub left_out: &'a [u32],
}

/// What is computed in every resample: the statistics of labels, and sums of columns over rows.
///
/// One draw serves all of it: drawing takes longer than the statistics of a label.
pub struct ResampledRows<'a> {
    /// Labels, each with rows of its own.
    pub labels: Vec<ResampledLabel<'a>>,
    /// Columns that are summed.
    pub sums: Vec<ClusterSums>,
    /// Number of clusters, of which the rows name those from 0 to one less.
    pub clusters: usize,
}

/// What was computed in every resample, or without every group of clusters.
#[derive(Debug, Clone, PartialEq)]
pub struct Replicates {
    /// Of all rows of each label: `[label][replicate]`.
    pub labels: Vec<Vec<Resampled>>,
    /// Of each group of the rows of each label: `[label][group][replicate]`.
    pub groups: Vec<Vec<Vec<Resampled>>>,
    /// Of each [`ClusterSums`]: `[which][column][replicate]`.
    pub sums: Vec<Vec<Vec<f64>>>,
}

impl<'a> ResampledRows<'a> {
    /// All rows of labels, and no sums.
    pub fn of_labels(labels: Vec<LabelRows<'a>>, clusters: usize) -> Self {
        let of_all_rows = |rows| ResampledLabel {
            rows,
            parts: None,
            left_out: &[],
        };
        Self {
            labels: labels.into_iter().map(of_all_rows).collect(),
            sums: Vec::new(),
            clusters,
        }
    }

    /// Draws resamples, each of as many clusters as there are, and computes everything in each of them.
    pub fn resample(&self, plan: ResamplingPlan) -> Replicates {
        self.weigh(Weighting::Resampled(plan))
    }

    /// Computes everything without each of `groups` groups of clusters. Cluster i is in group i mod `groups`, which leaves one
    /// cluster out at a time where there are no more clusters than groups.
    pub fn leave_out(&self, groups: usize) -> Replicates {
        self.weigh(Weighting::GroupsLeftOut(groups))
    }

    /// Computes everything under each set of weights, [`LANES`] at a time.
    fn weigh(&self, weighting: Weighting<'_>) -> Replicates {
        let all_rows: Vec<_> = self.labels.iter().map(|label| label.rows).collect();
        let prepared = PreparedRows {
            labels: self.labels.par_iter().map(RankedLabel::new).collect(),
            errors: ClusterErrors::new(&all_rows, self.clusters),
            sums: &self.sums,
        };
        let replicates = weighting.replicates();
        let blocks = prepared.compute_blocks(self.clusters, weighting);
        let of_part = |label: usize, part: usize| {
            let all = (blocks.iter()).flat_map(move |block| block.labels[label][part].iter().copied());
            all.take(replicates).collect()
        };
        let of_groups = |(label, ranked): (usize, &RankedLabel)| {
            (1..ranked.parts).map(|part| of_part(label, part)).collect()
        };
        let of_column = |which: usize, column: usize| {
            let all = blocks.iter().flat_map(move |block| block.sums[which][column]);
            all.take(replicates).collect()
        };
        let of_sums = |(which, sums): (usize, &ClusterSums)| {
            (0..sums.width()).map(|column| of_column(which, column)).collect()
        };
        Replicates {
            labels: (0..self.labels.len()).map(|label| of_part(label, 0)).collect(),
            groups: prepared.labels.iter().enumerate().map(of_groups).collect(),
            sums: self.sums.iter().enumerate().map(of_sums).collect(),
        }
    }
}

/// Bytes of weights, of all threads together, above which fewer threads work at once.
const MOST_WEIGHTS: usize = 2 << 30;

/// Rows in the order in which resamples are computed.
struct PreparedRows<'a> {
    labels: Vec<RankedLabel>,
    errors: ClusterErrors,
    sums: &'a [ClusterSums],
}

/// What was computed in [`LANES`] resamples.
struct Block {
    /// `[label][part][lane]`.
    labels: Vec<Vec<Vec<Resampled>>>,
    /// `[which][column][lane]`.
    sums: Vec<Vec<[f64; LANES]>>,
}

impl PreparedRows<'_> {
    /// All blocks of resamples of `count` clusters, in order.
    fn compute_blocks(&self, count: usize, weighting: Weighting<'_>) -> Vec<Block> {
        let blocks: Vec<usize> = (0..weighting.replicates().div_ceil(LANES)).collect();
        let at_once = MOST_WEIGHTS / WeightBuffers::bytes(count.max(1));
        // Where blocks do not come out even, threads without one draw and scan for the others.
        let even = blocks.len().is_multiple_of(rayon::current_num_threads());
        let apiece = if even { usize::MAX } else { 1 };
        // As many as are filled at once, each for one block after another.
        let unused = Mutex::new(Vec::new());
        let one = |&block: &usize| {
            let taken = lock(&unused).pop();
            let mut buffers = taken.unwrap_or_else(|| WeightBuffers::new(count));
            let computed = match weighting.fill(block, &mut buffers, apiece) {
                Ok(()) => self.compute(&buffers.weights, apiece),
                Err(WeightTooLarge) => self.compute(&weighting.large(block, count), usize::MAX),
            };
            lock(&unused).push(buffers);
            computed
        };
        let some = |blocks: &[usize]| -> Vec<Block> { blocks.par_iter().map(one).collect() };
        blocks.chunks(at_once.max(1)).flat_map(some).collect()
    }

    /// One block. Each thread scans `apiece` labels or more.
    fn compute<W: LaneWeights>(&self, weights: &[W], apiece: usize) -> Block {
        let means = self.errors.means(weights);
        let labels = self.labels.par_iter().with_min_len(apiece).zip(&means);
        Block {
            labels: labels.map(|(label, means)| label.scan(weights, means)).collect(),
            sums: self.sums.iter().map(|sums| sums.weigh(weights)).collect(),
        }
    }
}

/// A label's rows, ranked for every pass over them.
struct RankedLabel {
    passes: Vec<RankedRows>,
    /// Number of parts of the rows.
    parts: usize,
}

impl RankedLabel {
    fn new(label: &ResampledLabel<'_>) -> Self {
        let rank =
            |pass: &PartsOfPass| RankedRows::new(&label.rows, pass, &pass.sets_without(label.left_out));
        let whole = RowParts::whole();
        let parts = label.parts.unwrap_or(&whole);
        Self {
            passes: parts.passes.iter().map(rank).collect(),
            parts: parts.count,
        }
    }

    /// What is computed of every part: `[part][lane]`. `errors` are those of all rows.
    fn scan<W: LaneWeights>(&self, weights: &[W], errors: &MeanErrors) -> Vec<Vec<Resampled>> {
        let mut scanned = vec![vec![Resampled::UNDEFINED; LANES]; self.parts];
        for pass in &self.passes {
            for (&part, statistics) in pass.parts().iter().zip(pass.scan(weights)) {
                scanned[part] = zip_lanes(statistics, if part == 0 { errors } else { &NO_ERRORS });
            }
        }
        scanned
    }
}

/// Errors of rows of which none are computed.
const NO_ERRORS: MeanErrors = [[None; LANES]; 2];

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn zip_lanes(scanned: Vec<ResampleStatistics>, means: &MeanErrors) -> Vec<Resampled> {
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
