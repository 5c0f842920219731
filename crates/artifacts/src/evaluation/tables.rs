//! Rows and columns of the tables that [`Metrics`](super::Metrics) is written as.

use super::metrics::{Counts, Estimate, Subgroup, TutorialClass, UnitMetrics};
use super::statistics::{FURTHER_STATISTICS, FURTHER_WITH_INTERVALS, STATISTICS};
use crate::pandas::Cell;

/// Columns of `metrics.csv`: unit, label, n, positives, the statistics, their interval ends, the 2×2 table, the further
/// statistics, their interval ends, the threshold.
pub fn metric_columns() -> Vec<String> {
    let ends = |of: &[&str]| -> Vec<String> {
        of.iter()
            .flat_map(|s| [format!("{s}_lo"), format!("{s}_hi")])
            .collect()
    };
    let lead = ["unit", "label", "n", "positives"]
        .iter()
        .chain(&STATISTICS)
        .map(ToString::to_string);
    lead.chain(ends(&STATISTICS))
        .chain(["tp", "fp", "fn", "tn"].map(str::to_owned))
        .chain(FURTHER_STATISTICS.map(str::to_owned))
        .chain(ends(&FURTHER_WITH_INTERVALS))
        .chain(std::iter::once("threshold".to_owned()))
        .collect()
}

pub(super) fn unit_rows(unit: &UnitMetrics) -> impl Iterator<Item = Vec<Cell<'_>>> {
    unit.labels.iter().map(|label| {
        let estimates = |of: &'static [&str]| of.iter().map(|s| label.estimates.get(*s));
        let value = |e: Option<&Estimate>| float(e.and_then(|e| e.value));
        let ends = |e: Option<&Estimate>| [float(e.and_then(|e| e.lo)), float(e.and_then(|e| e.hi))];
        let mut row = vec![
            Cell::Text(unit.unit.name()),
            Cell::Text(&label.label),
            int(unit.n - label.unknown.min(unit.n)),
            int(label.positives),
        ];
        row.extend(estimates(&STATISTICS).map(value));
        row.extend(estimates(&STATISTICS).flat_map(ends));
        let Counts { tp, fp, r#fn, tn } = label.counts;
        row.extend([tp, fp, r#fn, tn].map(int));
        row.extend(estimates(&FURTHER_STATISTICS).map(value));
        row.extend(estimates(&FURTHER_WITH_INTERVALS).flat_map(ends));
        row.push(Cell::Float(label.threshold));
        row
    })
}

/// Rows of `averages.csv`; `lists` are the labels that went in and that were left out, of every average, as text.
pub(super) fn average_rows<'a>(
    unit: &'a UnitMetrics,
    lists: &'a [[String; 2]],
) -> impl Iterator<Item = Vec<Cell<'a>>> {
    unit.averages.iter().zip(lists).map(|(average, lists)| {
        let estimate = &average.estimate;
        let mut row = vec![
            Cell::Text(unit.unit.name()),
            Cell::Text(&average.average),
            Cell::Text(&average.statistic),
        ];
        row.extend([estimate.value, estimate.lo, estimate.hi].map(float));
        row.extend(lists.iter().map(|list| Cell::Text(list)));
        row
    })
}

/// Statistics of a subgroup, in the order of their columns.
pub const SUBGROUP_STATISTICS: [&str; 4] = ["auroc", "sensitivity", "specificity", "ppv"];

pub(super) fn subgroup_columns() -> Vec<String> {
    let lead = ["by", "group", "n", "label", "positives"].map(str::to_owned);
    let statistics = SUBGROUP_STATISTICS.iter();
    lead.into_iter()
        .chain(statistics.flat_map(|s| [(*s).to_owned(), format!("{s}_lo"), format!("{s}_hi")]))
        .collect()
}

pub(super) fn subgroup_rows(group: &Subgroup) -> impl Iterator<Item = Vec<Cell<'_>>> {
    group.labels.iter().map(|label| {
        let mut row = vec![
            Cell::Text(&group.by),
            Cell::Text(&group.group),
            int(group.n),
            Cell::Text(&label.label),
            label.positives.map_or(Cell::Missing, int),
        ];
        for name in SUBGROUP_STATISTICS {
            let e = label.estimates.get(name);
            row.extend(
                [
                    e.and_then(|e| e.value),
                    e.and_then(|e| e.lo),
                    e.and_then(|e| e.hi),
                ]
                .map(float),
            );
        }
        row
    })
}

pub(super) fn tutorial_row(class: &TutorialClass) -> Vec<Cell<'_>> {
    std::iter::once(Cell::Text(&class.class))
        .chain(class.values.iter().map(|v| float(*v)))
        .collect()
}

fn int(v: u64) -> Cell<'static> {
    Cell::Int(v as i64)
}

fn float(v: Option<f64>) -> Cell<'static> {
    v.map_or(Cell::Missing, Cell::Float)
}
