//! One label's rows by falling score, scanned once for many resamples and for many parts of the rows at a time.

use super::label_rows::LabelRows;
use super::lane_weights::{LANES, LaneWeights};
use super::part_sums::{PassSums, ResampleStatistics};
use super::prefetch::prefetch;
use super::row_parts::PartsOfPass;
use super::sort_descending::sort_descending;
use multiversion::multiversion;
use rayon::prelude::*;
use std::ops::Range;

/// Sums of bytes that fit in sixteen bits, which are added up twice as fast as thirty-two: 257 · 255 is the most.
const SHORT: usize = 257;

/// Rows that memory is asked for ahead of their use. The rows of one score or of neighbouring ones are of patients from anywhere, so
/// that without it every row waits for memory as soon as the weights do not fit in the cache.
const AHEAD: usize = 128;

/// Rows by falling score, so that a resample is one pass without sorting.
pub(super) struct RankedRows {
    /// The clusters of the rows.
    clusters: Vec<u32>,
    /// The rows, in runs that are summed at once.
    runs: Vec<RowRun>,
    /// The parts of each set of rows, by their places in `parts`.
    parts_of_set: Vec<Vec<usize>>,
    /// The parts that are scored.
    parts: Vec<usize>,
}

/// Consecutive rows of one set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct RowRun {
    /// The first row after it.
    end: u32,
    set: u16,
    kind: RunKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RunKind {
    /// Negatives only, of whatever scores: between two positives their order does not matter.
    Negatives,
    /// The rows of a score, all of them positive.
    Positives,
    /// Rows of a score that some positives and other rows have.
    TiedPositives,
    TiedNegatives,
    /// No rows: ends those of such a score.
    TiesEnd,
    /// No rows: what comes before is predicted, what follows is not.
    Threshold,
}

/// Consecutive rows, of all sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ScoreRun {
    /// Negatives of whatever scores, up to this row.
    Negatives(usize),
    /// Rows of one score, some of them positive, up to this row.
    Ties(usize),
    Threshold,
}

/// What is needed of a row: set, truth and cluster, by which the rows of a run are put in order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct RowKey(u64);

impl RowKey {
    fn new(set: u16, truth: bool, cluster: u32) -> Self {
        Self(u64::from(set) << 33 | u64::from(truth) << 32 | u64::from(cluster))
    }

    fn set(self) -> u16 {
        (self.0 >> 33) as u16
    }

    fn truth(self) -> bool {
        self.0 >> 32 & 1 == 1
    }

    fn cluster(self) -> u32 {
        self.0 as u32
    }
}

impl RankedRows {
    /// Ranks the rows that are in parts of a pass. `sets` has the set of each row; none where all rows are in set 0.
    pub(super) fn new(label: &LabelRows<'_>, pass: &PartsOfPass, sets: &[u16]) -> Self {
        let set = |row: usize| sets.get(row).copied().unwrap_or_default();
        // All that is needed of a row in one place, so that memory is waited for once a row where the order leads here and there.
        let key = |row: usize| RowKey::new(set(row), label.truth[row], label.clusters[row]);
        let of_rows: Vec<RowKey> = (0..label.scores.len()).map(key).collect();
        // Equal scores in row order: the sums are the same in any, and this one is always the same.
        let mut order = sort_descending(label.scores, |row| row as u32);
        if pass.parts_of_set.iter().any(Vec::is_empty) {
            let is_scored = |row: u32| {
                let set = of_rows[row as usize].set();
                !pass.parts_of_set[usize::from(set)].is_empty()
            };
            order.retain(|(_, row)| is_scored(*row));
        }
        let mut keys = in_order(&of_rows, &order);
        drop(of_rows);
        let score_runs = score_runs(&order, &keys, label.threshold);
        drop(order);
        sort_within(&mut keys, &score_runs);
        let mut parts: Vec<usize> = pass.parts_of_set.concat();
        parts.sort_unstable();
        parts.dedup();
        let places = |of_set: &Vec<usize>| {
            let places = of_set.iter().map(|part| parts.partition_point(|p| p < part));
            places.collect()
        };
        Self {
            runs: row_runs(&keys, &score_runs),
            clusters: keys.into_iter().map(RowKey::cluster).collect(),
            parts_of_set: pass.parts_of_set.iter().map(places).collect(),
            parts,
        }
    }

    /// The parts that are scored.
    pub(super) fn parts(&self) -> &[usize] {
        &self.parts
    }

    /// Scans all rows; `weights` are the clusters'. Returns the statistics of every part, a lane each: `[part][lane]`.
    pub(super) fn scan<W: LaneWeights>(&self, weights: &[W]) -> Vec<Vec<ResampleStatistics>> {
        let mut sums = PassSums::new(&self.parts_of_set, self.parts.len());
        let mut start = 0;
        for run in &self.runs {
            let rows = start..run.end as usize;
            start = run.end as usize;
            let set = usize::from(run.set);
            match run.kind {
                RunKind::Negatives => add_rows(sums.negatives(set), &self.clusters, rows, weights),
                RunKind::Positives => {
                    let mut positives = [0; LANES];
                    add_rows(&mut positives, &self.clusters, rows, weights);
                    sums.rank_positives(set, &positives);
                }
                RunKind::TiedPositives => {
                    add_rows(sums.tied_positives(set), &self.clusters, rows, weights);
                }
                RunKind::TiedNegatives => {
                    add_rows(sums.tied_negatives(set), &self.clusters, rows, weights);
                }
                RunKind::TiesEnd => sums.rank_ties(),
                RunKind::Threshold => sums.end_of_predicted(),
            }
        }
        sums.statistics()
    }
}

/// The keys of rows in this order.
fn in_order(of_rows: &[RowKey], order: &[(f32, u32)]) -> Vec<RowKey> {
    let key = |at: usize| {
        if let Some((_, row)) = order.get(at + AHEAD) {
            prefetch(of_rows, *row as usize);
        }
        of_rows[order[at].1 as usize]
    };
    (0..order.len()).map(key).collect()
}

/// Divides rows by falling score into runs.
fn score_runs(order: &[(f32, u32)], keys: &[RowKey], threshold: f32) -> Vec<ScoreRun> {
    let mut runs: Vec<ScoreRun> = Vec::new();
    let mut predicted = true;
    let mut end = 0;
    // 0.0 and −0.0 are one score, as `==` has it.
    for rows in order.chunk_by(|a, b| a.0 == b.0) {
        if predicted && rows[0].0 <= threshold {
            predicted = false;
            runs.push(ScoreRun::Threshold);
        }
        let start = end;
        end += rows.len();
        let tied = keys[start..end].iter().any(|key| key.truth());
        match runs.last_mut() {
            _ if tied => runs.push(ScoreRun::Ties(end)),
            Some(ScoreRun::Negatives(until)) => *until = end,
            _ => runs.push(ScoreRun::Negatives(end)),
        }
    }
    runs
}

/// Puts the rows of each run in order: by sets, which are summed one after the other, and then by clusters, so that the weights are
/// read in passes over memory instead of here and there.
fn sort_within(keys: &mut [RowKey], runs: &[ScoreRun]) {
    let mut rest = keys;
    let mut start = 0;
    let mut of_runs = Vec::new();
    for run in runs {
        if let ScoreRun::Negatives(end) | ScoreRun::Ties(end) = *run {
            let (rows, after) = rest.split_at_mut(end - start);
            (rest, start) = (after, end);
            of_runs.extend(Some(rows).filter(|rows| rows.len() > 1));
        }
    }
    of_runs.into_par_iter().for_each(|rows| rows.sort_unstable());
}

/// Divides the runs into those of one set.
fn row_runs(keys: &[RowKey], score_runs: &[ScoreRun]) -> Vec<RowRun> {
    let mut runs = Vec::new();
    let mut start = 0;
    for run in score_runs {
        let (end, ties) = match *run {
            ScoreRun::Negatives(end) => (end, false),
            ScoreRun::Ties(end) => (end, true),
            ScoreRun::Threshold => (start, false),
        };
        let alike = |a: &RowKey, b: &RowKey| (a.set(), a.truth()) == (b.set(), b.truth());
        let first = runs.len();
        for rows in keys[start..end].chunk_by(alike) {
            start += rows.len();
            let alone = start == end && runs.len() == first;
            let kind = match (ties, rows[0].truth()) {
                (false, _) => RunKind::Negatives,
                (true, true) if alone => RunKind::Positives,
                (true, true) => RunKind::TiedPositives,
                (true, false) => RunKind::TiedNegatives,
            };
            runs.push(RowRun {
                end: start as u32,
                set: rows[0].set(),
                kind,
            });
        }
        let end = start as u32;
        let without_rows = |kind| RowRun { end, set: 0, kind };
        match run {
            ScoreRun::Threshold => runs.push(without_rows(RunKind::Threshold)),
            ScoreRun::Ties(_) if runs.last().is_some_and(|last| last.kind != RunKind::Positives) => {
                runs.push(without_rows(RunKind::TiesEnd));
            }
            _ => {}
        }
    }
    runs
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
fn add_rows<W: LaneWeights>(sums: &mut [u32; LANES], clusters: &[u32], rows: Range<usize>, weights: &[W]) {
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
