//! Intervals by resampling whole clusters (patients, ECGs) with replacement.
//!
//! Rows of one cluster resemble each other, so a resample takes a cluster with all its rows or not at all. Every
//! replicate has a random stream of its own, so the result does not depend on the number of threads, and all labels
//! of a replicate see the same resample.

use super::interval::Interval;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// A statistic is given an interval when at least this share of the replicates defines it.
pub const MIN_DEFINED: f64 = 0.95;

/// How to resample.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Number of resamples.
    pub replicates: usize,
    /// Seed of the random streams.
    pub seed: u64,
}

/// One label, one entry a row.
#[derive(Debug, Clone, Copy)]
pub struct Label<'a> {
    /// Whether the label is present.
    pub truth: &'a [bool],
    /// Scores, finite.
    pub scores: &'a [f32],
    /// Predicted where the score is above it.
    pub threshold: f32,
}

/// 95 % percentile intervals of one label; none where fewer than [`MIN_DEFINED`] of the replicates define the statistic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Intervals {
    /// Of the area under the ROC curve.
    pub auroc: Option<Interval>,
    /// Of the average precision.
    pub auprc: Option<Interval>,
    /// Of F1 at the threshold.
    pub f1: Option<Interval>,
}

/// Intervals of every label. `clusters` numbers each row's cluster, 0 … `count` − 1.
pub fn intervals(labels: &[Label<'_>], clusters: &[u32], count: usize, plan: Plan) -> Vec<Intervals> {
    let ordered: Vec<Ordered> = labels
        .par_iter()
        .map(|label| Ordered::new(label, clusters))
        .collect();
    let replicates: Vec<Vec<Statistics>> = (0..plan.replicates as u64)
        .into_par_iter()
        .map_init(
            || vec![0u16; count],
            |weights, replicate| {
                draw(weights, plan.seed, replicate);
                ordered.iter().map(|label| label.statistics(weights)).collect()
            },
        )
        .collect();
    (0..labels.len())
        .map(|i| {
            let of = |get: fn(&Statistics) -> Option<f64>| percentile(replicates.iter().map(|r| get(&r[i])));
            Intervals {
                auroc: of(|s| s.auroc),
                auprc: of(|s| s.auprc),
                f1: of(|s| s.f1),
            }
        })
        .collect()
}

/// How often each cluster is in the resample: as many draws as there are clusters.
fn draw(weights: &mut [u16], seed: u64, replicate: u64) {
    weights.fill(0);
    let count = weights.len() as u32;
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(replicate);
    for _ in 0..count {
        let cluster = random.random_range(0..count) as usize;
        weights[cluster] = weights[cluster].saturating_add(1);
    }
}

/// One label's rows by falling score, so that a replicate is one pass without sorting.
struct Ordered {
    rows: Vec<Row>,
    /// Leading rows that are predicted.
    predicted: usize,
}

/// A row: its cluster, and in the two lowest bits whether it is positive and whether its score is a new one.
#[derive(Clone, Copy)]
struct Row(u32);

impl Row {
    fn new(cluster: u32, truth: bool, new_score: bool) -> Self {
        Self(cluster << 2 | u32::from(new_score) << 1 | u32::from(truth))
    }

    fn cluster(self) -> usize {
        (self.0 >> 2) as usize
    }

    fn truth(self) -> bool {
        self.0 & 1 == 1
    }

    fn new_score(self) -> bool {
        self.0 & 2 == 2
    }
}

#[derive(Debug, Clone, Copy)]
struct Statistics {
    auroc: Option<f64>,
    auprc: Option<f64>,
    f1: Option<f64>,
}

/// Running sums over falling scores; a run of equal scores is closed as one step.
#[derive(Default)]
struct Pass {
    tp: u64,
    fp: u64,
    run_tp: u64,
    run_fp: u64,
    twice_won: u64,
    precision: f64,
}

impl Pass {
    fn add(&mut self, truth: bool, weight: u64) {
        let gain = u64::from(truth) * weight;
        self.run_tp += gain;
        self.run_fp += weight - gain;
    }

    fn close_run(&mut self) {
        self.twice_won += self.run_fp * (2 * self.tp + self.run_tp);
        self.tp += self.run_tp;
        self.fp += self.run_fp;
        if self.run_tp > 0 {
            self.precision += self.run_tp as f64 * self.tp as f64 / (self.tp + self.fp) as f64;
        }
        (self.run_tp, self.run_fp) = (0, 0);
    }
}

impl Ordered {
    fn new(label: &Label<'_>, clusters: &[u32]) -> Self {
        let mut order: Vec<u32> = (0..label.scores.len() as u32).collect();
        // Equal scores in row order: the sums are the same in any, and this one is always the same.
        order.par_sort_unstable_by(|&a, &b| {
            label.scores[b as usize]
                .total_cmp(&label.scores[a as usize])
                .then(a.cmp(&b))
        });
        let mut last = None;
        let rows = order.iter().map(|&row| {
            let (row, score) = (row as usize, label.scores[row as usize]);
            let new_score = last.replace(score) != Some(score);
            Row::new(clusters[row], label.truth[row], new_score)
        });
        let rows = rows.collect();
        Self {
            rows,
            predicted: label.scores.iter().filter(|s| **s > label.threshold).count(),
        }
    }

    fn statistics(&self, weights: &[u16]) -> Statistics {
        let mut pass = Pass::default();
        let (head, tail) = self.rows.split_at(self.predicted);
        walk(&mut pass, head, weights);
        // The threshold never splits a run of equal scores, so closing here changes nothing.
        pass.close_run();
        let (tp, fp) = (pass.tp, pass.fp);
        walk(&mut pass, tail, weights);
        pass.close_run();
        let (positives, negatives) = (pass.tp, pass.fp);
        let pairs = positives as f64 * negatives as f64;
        Statistics {
            auroc: (pairs > 0.0).then(|| pass.twice_won as f64 / (2.0 * pairs)),
            auprc: (positives > 0).then(|| pass.precision / positives as f64),
            f1: (positives + tp + fp > 0).then(|| 2.0 * tp as f64 / (positives + tp + fp) as f64),
        }
    }
}

fn walk(pass: &mut Pass, rows: &[Row], weights: &[u16]) {
    for row in rows {
        if row.new_score() {
            pass.close_run();
        }
        pass.add(row.truth(), u64::from(weights[row.cluster()]));
    }
}

/// The 2.5 % and 97.5 % quantiles, interpolated linearly between order statistics.
fn percentile(values: impl ExactSizeIterator<Item = Option<f64>>) -> Option<Interval> {
    let all = values.len();
    let mut defined: Vec<f64> = values.flatten().collect();
    if defined.is_empty() || (defined.len() as f64) < MIN_DEFINED * all as f64 {
        return None;
    }
    defined.sort_unstable_by(f64::total_cmp);
    Some(Interval {
        lo: quantile(&defined, 0.025),
        hi: quantile(&defined, 0.975),
    })
}

fn quantile(sorted: &[f64], q: f64) -> f64 {
    let at = q * (sorted.len() - 1) as f64;
    let (below, part) = (at.floor() as usize, at.fract());
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * part
}

#[cfg(test)]
mod tests {
    use super::super::{Confusion, Ranking};
    use super::*;

    /// Rows in clusters of one or two, scores with ties.
    fn example(n: usize, seed: u64) -> (Vec<bool>, Vec<f32>, Vec<u32>) {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let truth: Vec<bool> = (0..n).map(|_| random.random_range(0..4) == 0).collect();
        let scores = truth
            .iter()
            .map(|&t| (random.random_range(0..80) + 20 * u32::from(t)) as f32 / 100.0)
            .collect();
        let clusters = (0..n as u32).map(|i| i / 2).collect();
        (truth, scores, clusters)
    }

    #[test]
    fn weights_of_one_reproduce_the_statistics_of_the_data() {
        let (truth, scores, clusters) = example(301, 1);
        let label = Label {
            truth: &truth,
            scores: &scores,
            threshold: 0.5,
        };
        let ours = Ordered::new(&label, &clusters).statistics(&vec![1; 151]);
        let ranking = Ranking::new(&truth, &scores);
        let table = Confusion::count(truth.iter().zip(&scores).map(|(&t, &s)| (t, s > 0.5)));
        assert_eq!(ours.auroc, ranking.auroc());
        assert!((ours.auprc.unwrap() - ranking.auprc().unwrap()).abs() < 1e-12);
        assert_eq!(ours.f1, table.f1());
    }

    #[test]
    fn a_weight_of_two_is_the_cluster_twice() {
        let (truth, scores, clusters) = example(60, 2);
        let weights: Vec<u16> = (0..30).map(|i| i % 3).collect();
        let label = Label {
            truth: &truth,
            scores: &scores,
            threshold: 0.4,
        };
        let ours = Ordered::new(&label, &clusters).statistics(&weights);
        let copies = (0..60).flat_map(|i| std::iter::repeat_n(i, usize::from(weights[i / 2])));
        let (truth, scores): (Vec<bool>, Vec<f32>) = copies.map(|i| (truth[i], scores[i])).unzip();
        let ranking = Ranking::new(&truth, &scores);
        assert_eq!(ours.auroc, ranking.auroc());
        assert!((ours.auprc.unwrap() - ranking.auprc().unwrap()).abs() < 1e-12);
    }

    #[test]
    fn the_same_seed_gives_the_same_intervals_on_any_number_of_threads() {
        let (truth, scores, clusters) = example(400, 3);
        let label = [Label {
            truth: &truth,
            scores: &scores,
            threshold: 0.5,
        }];
        let plan = Plan {
            replicates: 200,
            seed: 7,
        };
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| intervals(&label, &clusters, 200, plan))
        };
        assert_eq!(run(1), run(3));
        let other = intervals(&label, &clusters, 200, Plan { seed: 8, ..plan });
        assert_ne!(run(1), other);
    }

    #[test]
    fn a_statistic_that_resamples_seldom_define_has_no_interval() {
        let truth = [true, false, false, false];
        let label = [Label {
            truth: &truth,
            scores: &[0.9, 0.1, 0.2, 0.3],
            threshold: 0.5,
        }];
        let got = intervals(
            &label,
            &[0, 1, 2, 3],
            4,
            Plan {
                replicates: 500,
                seed: 1,
            },
        );
        assert_eq!(
            got[0].auroc, None,
            "the one positive is missing from (3/4)^4 of the resamples"
        );
    }

    #[test]
    fn intervals_cover_the_true_auroc_at_about_their_level() {
        // Positives uniform on 0.25 … 1.25, negatives on 0 … 1: AUROC = 1 − 0.75²/2.
        let (rounds, n, truth_value) = (200, 300, 1.0 - 0.75f64 * 0.75 / 2.0);
        let mut covered = 0;
        for round in 0..rounds {
            let mut random = ChaCha8Rng::seed_from_u64(1000 + round);
            let truth: Vec<bool> = (0..n).map(|i| i % 3 == 0).collect();
            let scores: Vec<f32> = truth
                .iter()
                .map(|&t| random.random::<f32>() + if t { 0.25 } else { 0.0 })
                .collect();
            let clusters: Vec<u32> = (0..n as u32).collect();
            let label = [Label {
                truth: &truth,
                scores: &scores,
                threshold: 0.5,
            }];
            let plan = Plan {
                replicates: 200,
                seed: round,
            };
            let auroc = intervals(&label, &clusters, n, plan)[0].auroc.unwrap();
            covered += usize::from(auroc.lo <= truth_value && truth_value <= auroc.hi);
        }
        // 95 % of 200 with a standard error of 3; percentile intervals run a little short on 100 positives.
        assert!((178..=199).contains(&covered), "{covered} of {rounds}");
    }
}
