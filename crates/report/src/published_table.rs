//! Tables for a paper, out of the metrics of one run or of several: results by label, and who was scored.

mod formats;

pub use formats::TableFormat;
pub(crate) use formats::escape_latex;

use crate::cohort::describe_cohort;
use ecgfm_artifacts::evaluation::{Estimate, EvaluationUnit, LabelMetrics, Metrics, UnitMetrics};
use serde::Serialize;

/// Results of a run, with the name that tables give it.
#[derive(Debug, Clone)]
pub struct NamedMetrics {
    /// Name of the run.
    pub name: String,
    /// Its metrics.
    pub metrics: Metrics,
}

/// A table as text, cell by cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PublishedTable {
    /// What it shows, in a sentence or two.
    pub caption: String,
    /// Notices to every reader of the numbers: that ECGs are synthetic, that a model is a demonstration.
    pub notices: Vec<String>,
    /// Headings.
    pub columns: Vec<String>,
    /// Number of columns at the left that hold names; the others hold numbers.
    pub names: usize,
    /// Rows, each as wide as the headings.
    pub rows: Vec<Vec<String>>,
}

/// Choice of the numbers of a table of results.
#[derive(Debug, Clone)]
pub struct ResultsChoice {
    /// Rows that were scored: ECGs or segments.
    pub unit: EvaluationUnit,
    /// Statistics by name, in the order of the columns.
    pub statistics: Vec<String>,
    /// Digits behind the point.
    pub digits: usize,
}

impl PublishedTable {
    fn new(caption: String, runs: &[NamedMetrics], columns: &[&str]) -> Self {
        let mut notices: Vec<String> = runs.iter().filter_map(|run| run.metrics.notice.clone()).collect();
        notices.sort();
        notices.dedup();
        Self {
            caption,
            notices,
            columns: columns.iter().map(|name| (*name).to_owned()).collect(),
            names: columns.len(),
            rows: Vec::new(),
        }
    }
}

/// Table of results: a row a label, and its mean over labels; of several runs a row a label and run.
///
/// # Errors
/// A run was not scored by that unit; its name is given.
pub fn results_table(runs: &[NamedMetrics], choice: &ResultsChoice) -> Result<PublishedTable, String> {
    let several = runs.len() > 1;
    let scored = runs
        .iter()
        .map(|run| {
            let unit = run.metrics.unit(choice.unit);
            unit.map(|unit| (run.name.as_str(), unit))
                .ok_or_else(|| format!("{} was not scored by {}", run.name, choice.unit.name()))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let names: &[&str] = if several { &["Label", "Run"] } else { &["Label"] };
    let mut table = PublishedTable::new(results_caption(runs, choice), runs, names);
    table.columns.extend(["n", "Positives"].map(str::to_owned));
    table
        .columns
        .extend(choice.statistics.iter().map(|name| heading(name)));
    let mut labels: Vec<&str> = Vec::new();
    for label in scored.iter().flat_map(|(_, unit)| &unit.labels) {
        if !labels.contains(&label.label.as_str()) {
            labels.push(&label.label);
        }
    }
    for name in labels {
        for (run, unit) in &scored {
            if let Some(label) = unit.labels.iter().find(|label| label.label == name) {
                let first = [name, run].into_iter().take(table.names).map(str::to_owned);
                table
                    .rows
                    .push(first.chain(label_cells(unit, label, choice)).collect());
            }
        }
    }
    for (run, unit) in &scored {
        let first = ["Mean over labels", run]
            .into_iter()
            .take(table.names)
            .map(str::to_owned);
        table.rows.push(first.chain(mean_cells(unit, choice)).collect());
    }
    Ok(table)
}

fn label_cells(unit: &UnitMetrics, label: &LabelMetrics, choice: &ResultsChoice) -> Vec<String> {
    let n = unit.n.saturating_sub(label.unknown);
    let estimates = choice.statistics.iter().map(|name| label.estimates.get(name));
    let cells = estimates.map(|estimate| estimate_cell(estimate, choice.digits));
    [n.to_string(), label.positives.to_string()]
        .into_iter()
        .chain(cells)
        .collect()
}

fn mean_cells(unit: &UnitMetrics, choice: &ResultsChoice) -> Vec<String> {
    let of = |statistic: &String| {
        let mut all = unit.averages.iter();
        let found = all.find(|average| average.average == "macro" && average.statistic == *statistic);
        estimate_cell(found.map(|average| &average.estimate), choice.digits)
    };
    [String::new(), String::new()]
        .into_iter()
        .chain(choice.statistics.iter().map(of))
        .collect()
}

/// `0.912 (0.880–0.940)`; a dash where there is no value.
pub(crate) fn estimate_cell(estimate: Option<&Estimate>, digits: usize) -> String {
    let number = |value: f64| format!("{value:.digits$}");
    let Some(value) = estimate.and_then(|estimate| estimate.value) else {
        return "–".to_owned();
    };
    match estimate.and_then(|estimate| estimate.lo.zip(estimate.hi)) {
        Some((lo, hi)) => format!("{} ({}–{})", number(value), number(lo), number(hi)),
        None => number(value),
    }
}

/// Heading of a statistic: abbreviations in capitals.
pub(crate) fn heading(statistic: &str) -> String {
    match statistic {
        "auroc" | "auprc" | "ppv" | "npv" | "mcc" | "ece" => statistic.to_uppercase(),
        "f1" => "F1".to_owned(),
        _ => {
            let words = statistic.replace('_', " ");
            let mut letters = words.chars();
            letters
                .next()
                .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
        }
    }
}

fn results_caption(runs: &[NamedMetrics], choice: &ResultsChoice) -> String {
    let of = match choice.unit {
        EvaluationUnit::Ecg => "ECGs",
        EvaluationUnit::Segment => "segments",
    };
    let mut splits: Vec<&str> = runs.iter().map(|run| run.metrics.subset.as_str()).collect();
    splits.dedup();
    let mut intervals: Vec<String> = runs.iter().map(|run| intervals_in_words(&run.metrics)).collect();
    intervals.dedup();
    format!(
        "Results by label on {of} of split {}. In brackets 95 % intervals ({}).",
        splits.join(", "),
        intervals.join("; ")
    )
}

/// How intervals were made.
pub(crate) fn intervals_in_words(metrics: &Metrics) -> String {
    let method = &metrics.intervals;
    match method.replicates {
        0 => format!("of proportions: {}", method.proportions),
        n => format!(
            "of proportions: {}; of all others: {}, {n} resamples, seed {}",
            method.proportions, method.ranking, method.seed
        ),
    }
}

/// Table 1: ECGs, patients, groups and labels of every run.
pub fn cohort_table(runs: &[NamedMetrics]) -> PublishedTable {
    let caption =
        "Who was scored. Shares are of the ECGs scored; of a label, of the ECGs of which it is known."
            .to_owned();
    let mut table = PublishedTable::new(caption, runs, &["", ""]);
    table.columns.extend(runs.iter().map(|run| match runs.len() {
        1 => "n (%)".to_owned(),
        _ => format!("{}, n (%)", run.name),
    }));
    for (at, run) in runs.iter().enumerate() {
        for (heading, name, value) in describe_cohort(&run.metrics)
            .iter()
            .flat_map(crate::cohort::CohortPart::cells)
        {
            let known = table
                .rows
                .iter_mut()
                .find(|row| row[0] == heading && row[1] == name);
            match known {
                Some(row) => row[table.names + at] = value,
                None => {
                    let mut row = vec![heading.to_owned(), name.to_owned()];
                    row.extend((0..runs.len()).map(|_| "–".to_owned()));
                    row[table.names + at] = value;
                    table.rows.push(row);
                }
            }
        }
    }
    // In the order of their headings, as later runs may have added rows.
    let mut order: Vec<String> = Vec::new();
    for row in &table.rows {
        if !order.contains(&row[0]) {
            order.push(row[0].clone());
        }
    }
    table
        .rows
        .sort_by_key(|row| order.iter().position(|heading| *heading == row[0]));
    table
}

#[cfg(test)]
mod tests;
