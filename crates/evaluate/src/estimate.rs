//! Estimates: values with their intervals, or why there is none.

use crate::metrics::interval::{Interval, wilson};
use crate::metrics::{Confusion, Ranking};
use ecgfm_artifacts::evaluation::Estimate;
use std::collections::{BTreeMap, HashSet};

/// Statistics that are shares of rows.
pub(crate) const PROPORTIONS: [&str; 6] = [
    "prevalence",
    "sensitivity",
    "specificity",
    "ppv",
    "npv",
    "accuracy",
];

/// Wilson's interval for a proportion of independent ECGs, and for any that is 0 or 1, where resampling gives none: then
/// with as many rows as there are patients among them, as if each had one.
pub(crate) fn proportion(
    name: &str,
    estimate: &mut Estimate,
    (truth, decided): (&[bool], &[bool]),
    clusters: &[u32],
    independent: bool,
) {
    let Some(value) = estimate.value else { return };
    let unresolved = (value == 0.0 || value == 1.0) && estimate.lo.is_none();
    if !(independent || unresolved) {
        return;
    }
    let counts = |row: usize| match name {
        "sensitivity" => truth[row],
        "specificity" => !truth[row],
        "ppv" => decided[row],
        "npv" => !decided[row],
        _ => true,
    };
    let rows = (0..truth.len()).filter(|&row| counts(row));
    let whole = if independent {
        rows.count()
    } else {
        let patients: HashSet<u32> = rows.map(|row| clusters[row]).collect();
        patients.len()
    };
    if let Some(interval) = wilson((value * whole as f64).round() as u64, whole as u64) {
        set_interval(estimate, interval);
    }
}

/// What the order of the scores and the 2×2 table give.
pub(crate) fn estimates(table: &Confusion, ranking: &Ranking) -> BTreeMap<String, Estimate> {
    let one_class = match table.positives() {
        0 => "no positives",
        _ => "no negatives",
    };
    let all = [
        ("prevalence", table.prevalence(), "no rows"),
        ("auroc", ranking.auroc(), one_class),
        ("auprc", ranking.auprc(), "no positives"),
        ("sensitivity", table.sensitivity(), "no positives"),
        ("specificity", table.specificity(), "no negatives"),
        ("ppv", table.ppv(), "nothing predicted positive"),
        ("npv", table.npv(), "nothing predicted negative"),
        ("f1", table.f1(), "no positives and nothing predicted positive"),
        ("accuracy", table.accuracy(), "no rows"),
        ("mcc", table.mcc(), "truth or prediction is the same in every row"),
    ];
    let named = |(name, value, reason): (&str, _, _)| (name.to_owned(), estimate(value, reason));
    all.into_iter().map(named).collect()
}

/// A value, or why there is none.
pub(crate) fn estimate(value: Option<f64>, reason: &str) -> Estimate {
    let reason = value.is_none().then(|| reason.to_owned());
    Estimate {
        value,
        lo: None,
        hi: None,
        reason,
    }
}

/// Puts an interval into an estimate.
pub(crate) fn set_interval(estimate: &mut Estimate, interval: Interval) {
    (estimate.lo, estimate.hi) = (Some(interval.lo), Some(interval.hi));
}
