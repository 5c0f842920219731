//! Time and memory of all statistics at the size of the whole of CODE-15%: 477,310 segments, 26 labels, 345,779 ECGs of
//! 233,770 patients; all of them synthetic.
//!
//! `cargo run --release -p ecgfm-evaluate --example full_size -- [ROWS [LABELS [REPLICATES]]]`

#![allow(clippy::print_stdout, clippy::unwrap_used)] // A measurement for people; it stops where it cannot go on.

use ecgfm_evaluate::metrics::LabelRows;
use ecgfm_evaluate::metrics::bootstrap::{ResampledRows, ResamplingPlan};
use ecgfm_evaluate::metrics::interval::percentile_interval;
use ecgfm_evaluate::metrics::multilabel::Agreement;
use ecgfm_evaluate::metrics::probability::{
    brier_score, calibration_curve, expected_calibration_error, log_loss,
};
use ecgfm_evaluate::metrics::{ConfusionMatrix, Ranking};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use std::time::Instant;

/// Share of rows to patients, as in CODE-15%.
const ROWS_PER_PATIENT: f64 = 477_310.0 / 233_770.0;

fn main() {
    let arguments: Vec<usize> = std::env::args().skip(1).map(|a| a.parse().unwrap()).collect();
    let at = |i: usize, otherwise: usize| arguments.get(i).copied().unwrap_or(otherwise);
    let (rows, labels, replicates) = (at(0, 477_310), at(1, 26), at(2, 1000));
    let patients = (rows as f64 / ROWS_PER_PATIENT) as u32;
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let clusters: Vec<u32> = (0..rows).map(|_| random.random_range(0..patients)).collect();
    let data: Vec<(Vec<bool>, Vec<f32>)> = (0..labels)
        .into_par_iter()
        .map(|label| {
            let mut random = ChaCha8Rng::seed_from_u64(100 + label as u64);
            let share = 0.005 + 0.02 * label as f64 / labels as f64;
            let truth: Vec<bool> = (0..rows).map(|_| random.random_bool(share)).collect();
            let score = |t: &bool| (random.random::<f32>() * 0.8 + if *t { 0.2 } else { 0.0 }).powi(3);
            let scores = truth.iter().map(score).collect();
            (truth, scores)
        })
        .collect();
    println!(
        "{rows} rows, {labels} labels, {patients} patients (synthetic), {} threads",
        rayon::current_num_threads()
    );
    let started = Instant::now();
    let macro_auroc: f64 = data
        .par_iter()
        .map(|(truth, scores)| one(truth, scores))
        .sum::<f64>()
        / labels as f64;
    let (truth, scores): (Vec<Vec<bool>>, Vec<Vec<f32>>) = data.into_iter().unzip();
    let decided: Vec<Vec<bool>> = scores
        .iter()
        .map(|s| s.iter().map(|p| *p > 0.5).collect())
        .collect();
    let agreement = Agreement::count(&truth, &decided, rows);
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "all metrics: {seconds:.2} s (macro AUROC {macro_auroc:.4}, exact match {:.4})",
        agreement.exact_match().unwrap()
    );
    let labels: Vec<LabelRows<'_>> = (truth.iter().zip(&scores))
        .map(|(truth, scores)| LabelRows {
            truth,
            scores,
            clusters: &clusters,
            threshold: 0.5,
        })
        .collect();
    let started = Instant::now();
    let plan = ResamplingPlan { replicates, seed: 42 };
    let drawn = ResampledRows::of_labels(labels, patients as usize)
        .resample(plan)
        .labels;
    let seconds = started.elapsed().as_secs_f64();
    let auroc = percentile_interval(drawn[0].iter().map(|r| r.auroc)).unwrap();
    println!(
        "{replicates} resamples of patients, all resampled statistics of all labels: {seconds:.2} s (first AUROC {:.4} to {:.4})",
        auroc.lo, auroc.hi
    );
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap_or_default();
    println!("peak memory: {}", peak.trim_start_matches("VmHWM:").trim());
}

/// Every statistic of one label; AUROC, so that nothing is optimised away.
fn one(truth: &[bool], scores: &[f32]) -> f64 {
    let table = ConfusionMatrix::count(truth.iter().zip(scores).map(|(&t, &s)| (t, s > 0.5)));
    let ranking = Ranking::new(truth, scores);
    let bins = calibration_curve(truth, scores);
    let rest = [
        ranking.auprc(),
        brier_score(truth, scores),
        log_loss(truth, scores),
        expected_calibration_error(&bins),
        table.f1(),
        table.mcc(),
    ];
    assert!(rest.iter().flatten().all(|v| v.is_finite()));
    assert!(!ranking.roc(200).is_empty() && !ranking.precision_recall(200).is_empty());
    ranking.auroc().unwrap()
}
