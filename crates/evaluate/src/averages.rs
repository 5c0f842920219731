//! Averages of statistics over labels.

use crate::estimate::{estimate, estimates, set_interval};
use crate::known::KnownRows;
use crate::metrics::bootstrap::Resampled;
use crate::metrics::multilabel::mean;
use crate::metrics::probability::{brier, log_loss};
use crate::metrics::{Confusion, Ranking};
use crate::resampled::Resamples;
use ecgfm_artifacts::evaluation::{Average, Estimate, FURTHER_STATISTICS, LabelMetrics, STATISTICS};

/// Macro, weighted and micro averages of every statistic.
pub(crate) fn averages(
    labels: &[LabelMetrics],
    known: &[KnownRows<'_>],
    resamples: Option<&Resamples>,
) -> Vec<Average> {
    let mut all = Vec::new();
    for statistic in STATISTICS.into_iter().chain(FURTHER_STATISTICS) {
        all.push(over_labels(
            "macro",
            statistic,
            labels,
            &vec![1.0; labels.len()],
            resamples,
        ));
        let weights: Vec<f64> = labels.iter().map(|label| label.positives as f64).collect();
        all.push(over_labels("weighted", statistic, labels, &weights, resamples));
    }
    all.extend(micro(labels, known, resamples));
    all
}

/// The weighted mean over the labels for which the statistic is defined. Resamples keep the weights of the data.
fn over_labels(
    average: &str,
    statistic: &str,
    labels: &[LabelMetrics],
    weights: &[f64],
    resamples: Option<&Resamples>,
) -> Average {
    let values: Vec<Option<f64>> = labels
        .iter()
        .map(|label| label.estimates.get(statistic).and_then(|e| e.value))
        .collect();
    let used: Vec<f64> = (values.iter().zip(weights))
        .map(|(value, weight)| if value.is_some() { *weight } else { 0.0 })
        .collect();
    let mut result = estimate(mean(&values, &used), "undefined for every label that counts");
    let resampled = |all: &[Vec<Resampled>], at: usize| {
        let values: Vec<Option<f64>> = all.iter().map(|label| label[at].get(statistic)).collect();
        let gap = values
            .iter()
            .zip(&used)
            .any(|(value, used)| *used > 0.0 && value.is_none());
        if gap { None } else { mean(&values, &used) }
    };
    if let Some(interval) = resamples.and_then(|r| r.of(result.value, resampled)) {
        set_interval(&mut result, interval);
    }
    let names = |defined: bool| {
        let of = labels
            .iter()
            .zip(&values)
            .filter(move |(_, value)| value.is_some() == defined);
        of.map(|(label, _)| label.label.clone()).collect()
    };
    Average {
        average: average.to_owned(),
        statistic: statistic.to_owned(),
        estimate: result,
        over: names(true),
        left_out: names(false),
    }
}

/// All pairs of row and label as the rows of one label.
fn micro(labels: &[LabelMetrics], known: &[KnownRows<'_>], resamples: Option<&Resamples>) -> Vec<Average> {
    let table = labels.iter().fold(Confusion::default(), |sum, label| {
        let c = label.counts;
        sum.plus(Confusion {
            tp: c.tp,
            fp: c.fp,
            r#fn: c.r#fn,
            tn: c.tn,
        })
    });
    let truth: Vec<bool> = known
        .iter()
        .flat_map(|label| label.truth.iter().copied())
        .collect();
    let scores: Vec<f32> = known
        .iter()
        .flat_map(|label| label.scores.iter().copied())
        .collect();
    let mut values = estimates(&table, &Ranking::new(&truth, &scores));
    values.insert("brier".to_owned(), estimate(brier(&truth, &scores), "no rows"));
    values.insert(
        "log_loss".to_owned(),
        estimate(log_loss(&truth, &scores), "no rows"),
    );
    let average = |(statistic, mut value): (String, Estimate)| {
        let resampled = |all: &[Vec<Resampled>], at: usize| {
            let sum = all
                .iter()
                .fold(Confusion::default(), |sum, label| sum.plus(label[at].table));
            sum.get(&statistic)
        };
        if let Some(interval) = resamples.and_then(|r| r.of(value.value, resampled)) {
            set_interval(&mut value, interval);
        }
        Average {
            average: "micro".to_owned(),
            statistic,
            estimate: value,
            over: labels.iter().map(|label| label.label.clone()).collect(),
            left_out: Vec::new(),
        }
    };
    values.into_iter().map(average).collect()
}
