//! Tables as the page shows them: every number as text, every gap with its reason.

use crate::text::{count_text, estimate_text, number_text};
use ecgfm_artifacts::evaluation::{
    Average, Estimate, EvaluationUnit, STATISTICS, ShownIn, Subgroup, TutorialClass, UnitMetrics, shown_in,
};
use serde::Serialize;

/// A cell of a table: a value with its interval, or why there is none.
#[derive(Debug, Serialize)]
pub(crate) struct StatisticCell {
    value: String,
    interval: String,
    reason: String,
}

#[derive(Debug, Serialize)]
struct LabelRow {
    label: String,
    title: String,
    positives: String,
    threshold: String,
    cells: Vec<StatisticCell>,
    counts: [String; 4],
}

#[derive(Debug, Serialize)]
pub(crate) struct UnitView {
    plural: &'static str,
    heading: &'static str,
    n: String,
    /// Rows in which every label is known, where not all are.
    complete: Option<String>,
    exact_match: String,
    hamming: String,
    jaccard: String,
    challenge: String,
    averages: Vec<AverageRow>,
    /// Labels that averages leave out, a sentence for the averages that leave out the same.
    left_out: Vec<String>,
    rows: Vec<LabelRow>,
    labels: Vec<String>,
    matrix: Vec<Vec<String>>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ClassView {
    class: String,
    values: Vec<StatisticCell>,
    counts: [String; 4],
}

/// Averages over labels, a row a kind of average.
#[derive(Debug, Serialize)]
struct AverageRow {
    average: String,
    cells: Vec<StatisticCell>,
}

/// A group of ECGs.
#[derive(Debug, Serialize)]
pub(crate) struct GroupView {
    by: String,
    group: String,
    n: String,
    rows: Vec<GroupRow>,
}

#[derive(Debug, Serialize)]
struct GroupRow {
    label: String,
    positives: String,
    cells: Vec<StatisticCell>,
}

pub(crate) fn statistic_cell(estimate: Option<&Estimate>) -> StatisticCell {
    let value = estimate
        .and_then(|e| e.value)
        .map_or("n/a".to_owned(), number_text);
    let ends = estimate.and_then(|e| e.lo.zip(e.hi));
    StatisticCell {
        value,
        interval: ends.map_or(String::new(), |(lo, hi)| {
            format!("{}–{}", number_text(lo), number_text(hi))
        }),
        reason: estimate.and_then(|e| e.reason.clone()).unwrap_or_default(),
    }
}

pub(crate) fn class_view(class: &TutorialClass) -> ClassView {
    let cell = |v: &Option<f64>| StatisticCell {
        value: v.map_or("n/a".to_owned(), number_text),
        interval: String::new(),
        reason: if v.is_none() {
            "a count it is divided by is 0".to_owned()
        } else {
            String::new()
        },
    };
    let c = class.counts;
    ClassView {
        class: if class.class.is_empty() {
            "(no mapped label)".to_owned()
        } else {
            class.class.clone()
        },
        values: class.values.iter().map(cell).collect(),
        counts: [c.tp, c.fp, c.r#fn, c.tn].map(count_text),
    }
}

pub(crate) fn unit_view(unit: &UnitMetrics) -> UnitView {
    let rows = unit.labels.iter().map(|label| LabelRow {
        label: label.label.clone(),
        title: label.title.clone(),
        positives: count_text(label.positives),
        threshold: number_text(label.threshold),
        cells: STATISTICS
            .iter()
            .map(|statistic| statistic_cell(label.estimates.get(statistic.name)))
            .collect(),
        counts: [
            label.counts.tp,
            label.counts.fp,
            label.counts.r#fn,
            label.counts.tn,
        ]
        .map(count_text),
    });
    let (plural, heading) = match unit.unit {
        EvaluationUnit::Ecg => ("ECGs", "By ECG, segments pooled"),
        EvaluationUnit::Segment => ("segments", "By segment"),
    };
    let both = &unit.co_occurrence;
    let matrix = both.actual_predicted.iter().chain([&both.none_predicted]);
    UnitView {
        plural,
        heading,
        n: count_text(unit.n),
        complete: unit.complete.map(count_text),
        exact_match: estimate_text(Some(&unit.exact_match)),
        hamming: estimate_text(Some(&unit.hamming)),
        jaccard: estimate_text(Some(&unit.jaccard)),
        challenge: estimate_text(Some(&unit.challenge)),
        averages: AVERAGES.map(|name| average_row(unit, name)).into(),
        left_out: left_out_of_averages(unit),
        rows: rows.collect(),
        labels: unit.labels.iter().map(|label| label.label.clone()).collect(),
        matrix: matrix
            .map(|row| row.iter().map(|n| count_text(*n)).collect())
            .collect(),
    }
}

/// Kinds of averages, in the order of the rows.
const AVERAGES: [&str; 3] = ["macro", "weighted", "micro"];

/// The average of a kind and a statistic, where there is one.
fn average_of<'a>(unit: &'a UnitMetrics, name: &str, statistic: &str) -> Option<&'a Average> {
    let mut all = unit.averages.iter();
    all.find(|average| average.average == name && average.statistic == statistic)
}

/// Row of a kind of average of every statistic.
fn average_row(unit: &UnitMetrics, name: &str) -> AverageRow {
    let cells = STATISTICS.iter().map(|statistic| {
        let found = average_of(unit, name, statistic.name);
        statistic_cell(found.map(|average| &average.estimate))
    });
    AverageRow {
        average: name.to_owned(),
        cells: cells.collect(),
    }
}

/// Labels that averages leave out. Statistics that leave out the same stand together, and so do kinds of averages.
fn left_out_of_averages(unit: &UnitMetrics) -> Vec<String> {
    let kinds = AVERAGES.into_iter().filter_map(|name| {
        let statistics = STATISTICS.iter().filter_map(|statistic| {
            let average = average_of(unit, name, statistic.name)?;
            (!average.left_out.is_empty()).then(|| (average.left_out.join(", "), statistic.name))
        });
        let parts = together(statistics).into_iter();
        let parts: Vec<String> = parts
            .map(|(labels, statistics)| format!("{} without {labels}", statistics.join(", ")))
            .collect();
        (!parts.is_empty()).then(|| (parts.join("; "), name))
    });
    let sentences = together(kinds).into_iter();
    sentences
        .map(|(what, names)| format!("{} average: {what}.", names.join(" and ")))
        .collect()
}

/// Values of the same key, in the order in which keys come first.
fn together<'a>(pairs: impl Iterator<Item = (String, &'a str)>) -> Vec<(String, Vec<&'a str>)> {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for (key, value) in pairs {
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, values)) => values.push(value),
            None => groups.push((key, vec![value])),
        }
    }
    groups
}

/// View of a group of ECGs.
pub(crate) fn group_view(group: &Subgroup) -> GroupView {
    let rows = group.labels.iter().map(|label| GroupRow {
        label: label.label.clone(),
        positives: label.positives.map_or("few".to_owned(), count_text),
        cells: shown_in(ShownIn::Subgroups)
            .map(|statistic| statistic_cell(label.estimates.get(statistic.name)))
            .collect(),
    });
    GroupView {
        by: group.by.clone(),
        group: group.group.clone(),
        n: count_text(group.n),
        rows: rows.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stand_once_in_the_order_in_which_they_come() {
        let pairs = [("AFL, PR", "auroc"), ("PR", "ppv"), ("AFL, PR", "f1")];
        let groups = together(pairs.into_iter().map(|(key, value)| (key.to_owned(), value)));
        let wanted = [("AFL, PR", vec!["auroc", "f1"]), ("PR", vec!["ppv"])];
        assert_eq!(groups, wanted.map(|(key, values)| (key.to_owned(), values)));
    }
}
