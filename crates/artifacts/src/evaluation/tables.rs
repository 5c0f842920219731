//! Rows and columns of the tables that [`Metrics`](super::Metrics) is written as.

use super::confusion_matrix::ConfusionMatrix;
use super::metrics::{Estimate, Subgroup, TutorialClass, UnitMetrics};
use super::reader::ReaderLabel;
use super::statistic::{STATISTICS, ShownIn, Statistic, TUTORIAL_STATISTICS, shown_in};
use crate::pandas::Cell;
use std::collections::BTreeMap;

/// Statistics whose columns in `metrics.csv` are before those of the 2×2 table, or after them.
fn statistics_placed(after_counts: bool) -> impl Iterator<Item = &'static Statistic> {
    STATISTICS
        .iter()
        .filter(move |statistic| statistic.after_counts == after_counts)
}

/// Names of the columns of some statistics, then those of the ends of their intervals.
fn statistic_columns(after_counts: bool) -> impl Iterator<Item = String> {
    let names = statistics_placed(after_counts).map(|statistic| statistic.name.to_owned());
    let with_interval = statistics_placed(after_counts).filter(|statistic| statistic.resampled);
    names.chain(with_interval.flat_map(|Statistic { name, .. }| [format!("{name}_lo"), format!("{name}_hi")]))
}

/// Columns of `metrics.csv`: unit, label, n, positives, statistics, their interval ends, the 2×2 table, further statistics, their
/// interval ends, the threshold.
pub fn metric_columns() -> Vec<String> {
    let texts = |names: [&str; 4]| names.map(str::to_owned);
    texts(["unit", "label", "n", "positives"])
        .into_iter()
        .chain(statistic_columns(false))
        .chain(texts(["tp", "fp", "fn", "tn"]))
        .chain(statistic_columns(true))
        .chain(["threshold".to_owned()])
        .collect()
}

/// Rows of `metrics.csv`, one a label.
pub(super) fn unit_rows(unit: &UnitMetrics) -> impl Iterator<Item = Vec<Cell<'_>>> {
    unit.labels.iter().map(|label| {
        let estimate = |statistic: &Statistic| label.estimates.get(statistic.name);
        let cells = |after_counts: bool| -> Vec<Cell<'_>> {
            let values =
                statistics_placed(after_counts).map(|s| statistic_cell(estimate(s).and_then(|e| e.value)));
            let with_interval = statistics_placed(after_counts).filter(|statistic| statistic.resampled);
            let ends = with_interval.flat_map(|s| interval_ends(estimate(s)));
            values.chain(ends).collect()
        };
        let mut row = vec![
            Cell::Text(unit.unit.name()),
            Cell::Text(&label.label),
            count_cell(unit.n - label.unknown.min(unit.n)),
            count_cell(label.positives),
        ];
        row.extend(cells(false));
        let ConfusionMatrix { tp, fp, r#fn, tn } = label.counts;
        row.extend([tp, fp, r#fn, tn].map(count_cell));
        row.extend(cells(true));
        row.push(Cell::Float(label.threshold));
        row
    })
}

fn interval_ends(estimate: Option<&Estimate>) -> [Cell<'static>; 2] {
    [
        statistic_cell(estimate.and_then(|e| e.lo)),
        statistic_cell(estimate.and_then(|e| e.hi)),
    ]
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
        row.extend([estimate.value, estimate.lo, estimate.hi].map(statistic_cell));
        row.extend(lists.iter().map(|list| Cell::Text(list)));
        row
    })
}

/// Columns of `subgroups.csv`.
pub(super) fn subgroup_columns() -> Vec<String> {
    let first = ["by", "group", "n", "label", "positives"].map(str::to_owned);
    let of_statistic =
        |Statistic { name, .. }: &Statistic| [(*name).to_owned(), format!("{name}_lo"), format!("{name}_hi")];
    let statistics = shown_in(ShownIn::Subgroups).flat_map(of_statistic);
    let of_difference =
        |Statistic { name, .. }: &Statistic| ["", "_lo", "_hi"].map(|end| format!("{name}_difference{end}"));
    let differences = shown_in(ShownIn::Subgroups).flat_map(of_difference);
    let reference = std::iter::once("reference".to_owned());
    (first.into_iter().chain(statistics))
        .chain(reference.chain(differences))
        .collect()
}

/// Rows of `subgroups.csv`, one a label.
pub(super) fn subgroup_rows(group: &Subgroup) -> impl Iterator<Item = Vec<Cell<'_>>> {
    group.labels.iter().map(|label| {
        let mut row = vec![
            Cell::Text(&group.by),
            Cell::Text(&group.group),
            count_cell(group.n),
            Cell::Text(&label.label),
            label.positives.map_or(Cell::Missing, count_cell),
        ];
        let add = |estimates: &BTreeMap<String, Estimate>, row: &mut Vec<Cell<'_>>| {
            for statistic in shown_in(ShownIn::Subgroups) {
                let estimate = estimates.get(statistic.name);
                row.push(statistic_cell(estimate.and_then(|e| e.value)));
                row.extend(interval_ends(estimate));
            }
        };
        add(&label.estimates, &mut row);
        row.push(group.reference.as_deref().map_or(Cell::Missing, Cell::Text));
        add(&label.differences, &mut row);
        row
    })
}

/// Columns of `tutorial_table.csv`.
pub(super) fn tutorial_columns() -> Vec<String> {
    let names = TUTORIAL_STATISTICS.iter().map(|(name, _)| *name);
    std::iter::once("class").chain(names).map(str::to_owned).collect()
}

/// A row of `tutorial_table.csv`.
pub(super) fn tutorial_row(class: &TutorialClass) -> Vec<Cell<'_>> {
    std::iter::once(Cell::Text(&class.class))
        .chain(class.values.iter().map(|v| statistic_cell(*v)))
        .collect()
}

/// Columns of `reader.csv`.
pub(super) fn reader_columns() -> Vec<String> {
    let of = |who: &str| ["tp", "fp", "fn", "tn", "agreement"].map(|name| format!("{who}_{name}"));
    let first = ["label", "judged", "unsure"].map(str::to_owned);
    first.into_iter().chain(of("model")).chain(of("truth")).collect()
}

/// A row of `reader.csv`.
pub(super) fn reader_row(label: &ReaderLabel) -> Vec<Cell<'_>> {
    let ReaderLabel { model, truth, .. } = label;
    let mut row = vec![Cell::Text(&label.label)];
    row.extend([model.n(), label.unsure].map(count_cell));
    for table in [model, truth] {
        row.extend([table.tp, table.fp, table.r#fn, table.tn].map(count_cell));
        row.push(statistic_cell(table.accuracy()));
    }
    row
}

pub(super) fn count_cell(v: u64) -> Cell<'static> {
    Cell::Int(v as i64)
}

pub(super) fn statistic_cell(v: Option<f64>) -> Cell<'static> {
    v.map_or(Cell::Missing, Cell::Float)
}
