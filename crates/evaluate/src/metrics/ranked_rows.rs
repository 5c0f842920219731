//! One label's rows by falling score, scanned once for many resamples at a time.

use super::label_rows::LabelRows;
use super::lane_weights::{LANES, LaneWeights};
use super::prefetch::prefetch;
use super::sort_descending::sort_descending;
use ecgfm_artifacts::evaluation::ConfusionMatrix;
use multiversion::multiversion;
use rayon::prelude::*;
use std::ops::Range;

/// Sums of bytes that fit in sixteen bits, which are added up twice as fast as thirty-two: 257 · 255 is the most.
const SHORT: usize = 257;

/// Rows that the weights are asked for ahead of their use. The rows of one score or of neighbouring ones are of patients from anywhere, so
/// that without it every row waits for memory as soon as the weights do not fit in the cache.
const AHEAD: usize = 24;

/// Rows by falling score, so that a resample is one pass without sorting.
pub(super) struct RankedRows {
    /// The clusters of the rows.
    clusters: Vec<u32>,
    truth: Vec<bool>,
    /// The rows, in runs that are summed at once.
    runs: Vec<RowRun>,
}

/// Consecutive rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct RowRun {
    /// The first row after it.
    end: u32,
    kind: RunKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RunKind {
    /// Negatives only, of whatever scores: between two positives their order does not matter.
    Negatives,
    /// Rows of one score, some of them positive.
    Ties,
    /// No rows: what comes before is predicted, what follows is not.
    Threshold,
}

/// Statistics of one label in one resample, by the order of its scores and by its threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ResampleStatistics {
    pub(super) auroc: Option<f64>,
    pub(super) auprc: Option<f64>,
    pub(super) counts: ConfusionMatrix,
}

impl RankedRows {
    pub(super) fn new(label: &LabelRows<'_>) -> Self {
        // Equal scores in row order: the sums are the same in any, and this one is always the same.
        let order = sort_descending(label.scores, |row| row as u32);
        let score = |at: usize| order[at].0;
        let row = |at: usize| order[at].1 as usize;
        let positive = |at: usize| label.truth[row(at)];
        let mut runs: Vec<RowRun> = Vec::new();
        let (mut at, mut predicted) = (0, true);
        while at < order.len() {
            if predicted && score(at) <= label.threshold {
                predicted = false;
                runs.push(RowRun {
                    end: at as u32,
                    kind: RunKind::Threshold,
                });
            }
            let mut end = at + 1;
            // 0.0 and −0.0 are one score, as `==` has it.
            while end < order.len() && score(end) == score(at) {
                end += 1;
            }
            let kind = if (at..end).any(positive) {
                RunKind::Ties
            } else {
                RunKind::Negatives
            };
            match runs.last_mut() {
                Some(last) if last.kind == RunKind::Negatives && kind == RunKind::Negatives => {
                    last.end = end as u32
                }
                _ => runs.push(RowRun {
                    end: end as u32,
                    kind,
                }),
            }
            at = end;
        }
        let mut clusters: Vec<u32> = (0..order.len()).map(|at| label.clusters[row(at)]).collect();
        sort_negatives(&mut clusters, &runs);
        Self {
            clusters,
            truth: (0..order.len()).map(positive).collect(),
            runs,
        }
    }

    /// Scans all rows; `weights` are the clusters'.
    pub(super) fn scan<W: LaneWeights>(&self, weights: &[W]) -> Vec<ResampleStatistics> {
        let mut sums = Sums::default();
        let mut predicted = None;
        let mut start = 0;
        for row_run in &self.runs {
            let rows = start..row_run.end as usize;
            start = row_run.end as usize;
            match row_run.kind {
                RunKind::Negatives => {
                    add_negatives(&mut sums.pending, &self.clusters, rows, weights);
                }
                RunKind::Ties => {
                    sums.rank_pending();
                    let mut run = ([0u32; LANES], [0u32; LANES]);
                    for row in rows {
                        let sum = if self.truth[row] { &mut run.0 } else { &mut run.1 };
                        add_weights(sum, &weights_of(row, &self.clusters, weights).all());
                    }
                    sums.add_ties(&run.0, &run.1);
                }
                RunKind::Threshold => {
                    sums.rank_pending();
                    predicted = Some((sums.tp, sums.fp));
                }
            }
        }
        sums.rank_pending();
        // Without a threshold on the way, every row is predicted.
        let (tp, fp) = predicted.unwrap_or((sums.tp, sums.fp));
        (0..LANES)
            .map(|lane| sums.statistics(lane, tp[lane], fp[lane]))
            .collect()
    }
}

/// The weights of a row's cluster; asks for those of a row further on.
#[inline(always)]
fn weights_of<'w, W: LaneWeights>(row: usize, clusters: &[u32], weights: &'w [W]) -> &'w W {
    if let Some(&cluster) = clusters.get(row + AHEAD) {
        prefetch(weights, cluster as usize);
    }
    &weights[clusters[row] as usize]
}

/// Adds up the weights of rows.
#[multiversion(targets("x86_64+avx+avx2"))]
fn add_negatives<W: LaneWeights>(
    sums: &mut [u32; LANES],
    clusters: &[u32],
    rows: Range<usize>,
    weights: &[W],
) {
    // So many rows' weights add up to a byte at most.
    let bytes = usize::from(u8::MAX / W::MOST);
    for first in rows.clone().step_by(bytes * SHORT) {
        let rows = first..rows.end.min(first + bytes * SHORT);
        let mut short = [0u16; LANES];
        for first in rows.clone().step_by(bytes) {
            let mut byte = [0u8; LANES];
            for row in first..rows.end.min(first + bytes) {
                let weights = weights_of(row, clusters, weights).all();
                for (sum, weight) in byte.iter_mut().zip(&weights) {
                    *sum += *weight;
                }
            }
            for (sum, byte) in short.iter_mut().zip(&byte) {
                *sum += u16::from(*byte);
            }
        }
        for (sum, short) in sums.iter_mut().zip(&short) {
            *sum += u32::from(*short);
        }
    }
}

/// Puts the clusters of each run of negatives in order: the weights are read in passes over memory instead of here and there.
fn sort_negatives(clusters: &mut [u32], runs: &[RowRun]) {
    let mut rest = clusters;
    let mut start = 0;
    let mut of_runs = Vec::new();
    for run in runs {
        let (rows, after) = rest.split_at_mut((run.end - start) as usize);
        (rest, start) = (after, run.end);
        if run.kind == RunKind::Negatives {
            of_runs.push(rows);
        }
    }
    of_runs.into_par_iter().for_each(|rows| rows.sort_unstable());
}

fn add_weights(sums: &mut [u32; LANES], weights: &[u8; LANES]) {
    for (sum, weight) in sums.iter_mut().zip(weights) {
        *sum += u32::from(*weight);
    }
}

/// Sums over falling scores, a lane a resample.
struct Sums {
    tp: [u32; LANES],
    fp: [u32; LANES],
    /// Negatives since the last positive.
    pending: [u32; LANES],
    twice_won: [u64; LANES],
    precision: [f64; LANES],
}

impl Default for Sums {
    fn default() -> Self {
        Self {
            tp: [0; LANES],
            fp: [0; LANES],
            pending: [0; LANES],
            twice_won: [0; LANES],
            precision: [0.0; LANES],
        }
    }
}

impl Sums {
    /// Negatives are ranked below the positives so far.
    fn rank_pending(&mut self) {
        for lane in 0..LANES {
            let pending = std::mem::take(&mut self.pending[lane]);
            // Pairs are counted twice so that a tie, half a pair, stays a whole number and the sum is exact.
            self.twice_won[lane] += u64::from(pending) * 2 * u64::from(self.tp[lane]);
            self.fp[lane] += pending;
        }
    }

    /// Rows of one score, as one step.
    fn add_ties(&mut self, run_tp: &[u32; LANES], run_fp: &[u32; LANES]) {
        for lane in 0..LANES {
            let (gain, alarms) = (run_tp[lane], run_fp[lane]);
            let before = 2 * u64::from(self.tp[lane]) + u64::from(gain);
            self.twice_won[lane] += u64::from(alarms) * before;
            self.tp[lane] += gain;
            self.fp[lane] += alarms;
            let (tp, all) = (f64::from(self.tp[lane]), f64::from(self.tp[lane] + self.fp[lane]));
            // Where nothing has been drawn yet, nothing is gained either.
            self.precision[lane] += f64::from(gain) * tp / all.max(1.0);
        }
    }

    fn statistics(&self, lane: usize, tp: u32, fp: u32) -> ResampleStatistics {
        let (positives, negatives) = (u64::from(self.tp[lane]), u64::from(self.fp[lane]));
        let pairs = positives as f64 * negatives as f64;
        let (tp, fp) = (u64::from(tp), u64::from(fp));
        ResampleStatistics {
            auroc: (pairs > 0.0).then(|| self.twice_won[lane] as f64 / (2.0 * pairs)),
            auprc: (positives > 0).then(|| self.precision[lane] / positives as f64),
            counts: ConfusionMatrix {
                tp,
                fp,
                r#fn: positives - tp,
                tn: negatives - fp,
            },
        }
    }
}
