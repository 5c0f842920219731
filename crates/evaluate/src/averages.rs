//! Averages of statistics over labels.

use crate::estimate::{LabelStatistics, estimate, set_interval};
use crate::known::KnownRows;
use crate::metrics::ConfusionMatrix;
use crate::metrics::bootstrap::Resampled;
use crate::metrics::multilabel::weighted_mean;
use crate::resampled::Resamples;
use ecgfm_artifacts::evaluation::{
    Average, ComputedFrom, LabelMetrics, STATISTICS, ShownIn, Statistic, shown_in,
};

/// Macro, weighted and micro averages of every statistic.
pub(crate) fn average_labels(
    labels: &[LabelMetrics],
    known: &[KnownRows<'_>],
    resamples: Option<&Resamples>,
) -> Vec<Average> {
    let mut all = Vec::new();
    for statistic in &STATISTICS {
        all.push(average_over_labels(
            "macro",
            statistic,
            labels,
            &vec![1.0; labels.len()],
            resamples,
        ));
        let weights: Vec<f64> = labels.iter().map(|label| label.positives as f64).collect();
        all.push(average_over_labels(
            "weighted", statistic, labels, &weights, resamples,
        ));
    }
    all.extend(micro_averages(labels, known, resamples));
    all
}

/// The weighted mean over the labels for which the statistic is defined. Resamples keep the weights of the data.
fn average_over_labels(
    average: &str,
    statistic: &Statistic,
    labels: &[LabelMetrics],
    weights: &[f64],
    resamples: Option<&Resamples>,
) -> Average {
    let values: Vec<Option<f64>> = labels
        .iter()
        .map(|label| label.estimates.get(statistic.name).and_then(|e| e.value))
        .collect();
    let used: Vec<f64> = (values.iter().zip(weights))
        .map(|(value, weight)| if value.is_some() { *weight } else { 0.0 })
        .collect();
    let mut result = estimate(
        weighted_mean(&values, &used),
        "undefined for every label that counts",
    );
    let resampled = |all: &[Vec<Resampled>], at: usize| {
        let values: Vec<Option<f64>> = all.iter().map(|label| label[at].value(statistic)).collect();
        let gap = values
            .iter()
            .zip(&used)
            .any(|(value, used)| *used > 0.0 && value.is_none());
        if gap { None } else { weighted_mean(&values, &used) }
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
        statistic: statistic.name.to_owned(),
        estimate: result,
        over: names(true),
        left_out: names(false),
    }
}

/// Averages over all pairs of row and label, taken as the rows of one label.
fn micro_averages(
    labels: &[LabelMetrics],
    known: &[KnownRows<'_>],
    resamples: Option<&Resamples>,
) -> Vec<Average> {
    let sum = |sum: ConfusionMatrix, counts| sum.plus(counts);
    let counts = (labels.iter().map(|label| label.counts)).fold(ConfusionMatrix::default(), sum);
    let truth: Vec<bool> = (known.iter().flat_map(|label| label.truth.iter().copied())).collect();
    let scores: Vec<f32> = (known.iter().flat_map(|label| label.scores.iter().copied())).collect();
    let statistics = LabelStatistics::new(&truth, &scores, counts);
    let average = |statistic: &Statistic| {
        let mut estimate = statistics.estimate(statistic);
        // What is not computed from the counts would need all pairs of a resample in one order: it has no interval.
        if let (ComputedFrom::Counts(of), Some(resamples)) = (statistic.computed_from, resamples) {
            let resampled = |all: &[Vec<Resampled>], at: usize| {
                of(&(all.iter().map(|label| label[at].counts)).fold(ConfusionMatrix::default(), sum))
            };
            if let Some(interval) = resamples.of(estimate.value, resampled) {
                set_interval(&mut estimate, interval);
            }
        }
        Average {
            average: "micro".to_owned(),
            statistic: statistic.name.to_owned(),
            estimate,
            over: labels.iter().map(|label| label.label.clone()).collect(),
            left_out: Vec::new(),
        }
    };
    let mut averages: Vec<Average> = shown_in(ShownIn::MicroAverage).map(average).collect();
    // Rows of `averages.csv` have always been in the order of these names.
    averages.sort_by(|a, b| a.statistic.cmp(&b.statistic));
    averages
}
