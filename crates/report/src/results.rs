//! The results that stand first on the page: a sentence, and a row a label with its interval as a number and as a drawing.

use crate::tables::{StatisticCell, statistic_cell};
use crate::text::{count_text, estimate_text, number_text};
use ecgfm_artifacts::evaluation::{Estimate, EvaluationUnit, LabelMetrics, Metrics, UnitMetrics};
use serde::Serialize;
use std::fmt::Write;

/// Statistics of the table behind the AUROC, each with its heading.
const COLUMNS: [(&str, &str); 4] = [
    ("auprc", "AUPRC"),
    ("sensitivity", "Sensitivity"),
    ("specificity", "Specificity"),
    ("ppv", "PPV"),
];

/// Width and height of a drawn interval, in pixels.
const WIDTH: f64 = 180.0;
const HEIGHT: f64 = 26.0;
/// Room at both ends of the axis.
const END: f64 = 16.0;

/// Results of a run at a glance.
#[derive(Debug, Serialize)]
pub(crate) struct ResultsView {
    sentence: String,
    heading: &'static str,
    columns: [&'static str; 4],
    /// Axis of the drawn intervals.
    axis: String,
    rows: Vec<ResultRow>,
    average: Option<ResultRow>,
}

#[derive(Debug, Serialize)]
struct ResultRow {
    label: String,
    title: String,
    n: String,
    positives: String,
    threshold: String,
    auroc: StatisticCell,
    interval: String,
    cells: Vec<StatisticCell>,
}

/// Results by ECG; by segment where ECGs were not scored.
pub(crate) fn results_view(metrics: &Metrics) -> Option<ResultsView> {
    let unit = metrics
        .unit(EvaluationUnit::Ecg)
        .or_else(|| metrics.unit(EvaluationUnit::Segment))?;
    let axis = ForestAxis::of(unit);
    Some(ResultsView {
        sentence: result_sentence(metrics, unit),
        heading: match unit.unit {
            EvaluationUnit::Ecg => "by ECG",
            EvaluationUnit::Segment => "by segment",
        },
        columns: COLUMNS.map(|(_, heading)| heading),
        axis: axis.draw(),
        rows: unit
            .labels
            .iter()
            .map(|label| result_row(unit, label, &axis))
            .collect(),
        average: average_row(unit, &axis),
    })
}

/// What was measured, on whom, and how well the model did.
fn result_sentence(metrics: &Metrics, unit: &UnitMetrics) -> String {
    let of = match unit.unit {
        EvaluationUnit::Ecg => "ECGs",
        EvaluationUnit::Segment => "segments",
    };
    let patients = metrics
        .flow
        .patients_scored
        .map_or_else(String::new, |n| format!(" of {} patients", count_text(n)));
    let mut text = format!(
        "{} {of}{patients} in split “{}”, {} labels",
        count_text(unit.n),
        metrics.subset,
        unit.labels.len()
    );
    if let Some(mean) = macro_average(unit, "auroc") {
        let _ = write!(text, ": mean AUROC {}", estimate_text(Some(mean)));
    }
    if let Some(value) = unit.exact_match.value {
        let _ = write!(
            text,
            "; {:.1} % of them get exactly their true labels at the thresholds",
            100.0 * value
        );
    }
    text.push('.');
    text
}

fn macro_average<'a>(unit: &'a UnitMetrics, statistic: &str) -> Option<&'a Estimate> {
    let mut all = unit.averages.iter();
    let found = all.find(|average| average.average == "macro" && average.statistic == statistic);
    found.map(|average| &average.estimate)
}

fn result_row(unit: &UnitMetrics, label: &LabelMetrics, axis: &ForestAxis) -> ResultRow {
    let of = |name: &str| label.estimates.get(name);
    ResultRow {
        label: label.label.clone(),
        title: label.title.clone(),
        n: count_text(unit.n.saturating_sub(label.unknown)),
        positives: count_text(label.positives),
        threshold: number_text(label.threshold),
        auroc: statistic_cell(of("auroc")),
        interval: axis.draw_interval(of("auroc")),
        cells: COLUMNS.iter().map(|(name, _)| statistic_cell(of(name))).collect(),
    }
}

fn average_row(unit: &UnitMetrics, axis: &ForestAxis) -> Option<ResultRow> {
    let auroc = macro_average(unit, "auroc")?;
    let cells = COLUMNS
        .iter()
        .map(|(name, _)| statistic_cell(macro_average(unit, name)));
    Some(ResultRow {
        label: "mean".to_owned(),
        title: "macro average over the labels".to_owned(),
        n: String::new(),
        positives: String::new(),
        threshold: String::new(),
        auroc: statistic_cell(Some(auroc)),
        interval: axis.draw_interval(Some(auroc)),
        cells: cells.collect(),
    })
}

/// Axis on which all intervals of AUROC are drawn: from the tenth below the least end, but no more than 0.5, to 1.
struct ForestAxis {
    start: f64,
}

impl ForestAxis {
    fn of(unit: &UnitMetrics) -> Self {
        let estimates = unit
            .labels
            .iter()
            .filter_map(|label| label.estimates.get("auroc"));
        let least = estimates
            .filter_map(|estimate| estimate.lo.or(estimate.value))
            .fold(0.5, f64::min);
        Self {
            start: ((least * 10.0 + 1e-9).floor() / 10.0).clamp(0.0, 0.5),
        }
    }

    fn x(&self, value: f64) -> f64 {
        let part = (value - self.start) / (1.0 - self.start);
        END + part.clamp(0.0, 1.0) * (WIDTH - 2.0 * END)
    }

    /// The numbers along the axis.
    fn draw(&self) -> String {
        let mut body = String::new();
        for value in [self.start, f64::midpoint(self.start, 1.0), 1.0] {
            let x = self.x(value);
            let _ = write!(
                body,
                "<text class=\"tick\" x=\"{x:.1}\" y=\"10\" text-anchor=\"middle\">{value:.2}</text>\
                 <line class=\"grid\" x1=\"{x:.1}\" y1=\"13\" x2=\"{x:.1}\" y2=\"18\"/>"
            );
        }
        frame(18.0, &body)
    }

    /// A point with its whiskers; nothing where there is no value. The numbers beside it say the same.
    fn draw_interval(&self, estimate: Option<&Estimate>) -> String {
        let middle = HEIGHT / 2.0;
        let mut body = String::new();
        for value in [self.start, f64::midpoint(self.start, 1.0), 1.0] {
            let x = self.x(value);
            let _ = write!(
                body,
                "<line class=\"grid\" x1=\"{x:.1}\" y1=\"0\" x2=\"{x:.1}\" y2=\"{HEIGHT}\"/>"
            );
        }
        if let Some((lo, hi)) = estimate.and_then(|e| e.lo.zip(e.hi)) {
            let (from, to) = (self.x(lo), self.x(hi));
            let _ = write!(
                body,
                "<path class=\"whisker\" d=\"M{from:.1} {middle}H{to:.1}M{from:.1} {0}V{1}M{to:.1} {0}V{1}\"/>",
                middle - 4.0,
                middle + 4.0
            );
        }
        if let Some(value) = estimate.and_then(|e| e.value) {
            let x = self.x(value);
            let _ = write!(
                body,
                "<circle class=\"point ecg\" cx=\"{x:.1}\" cy=\"{middle}\" r=\"4.5\"/>"
            );
        }
        frame(HEIGHT, &body)
    }
}

/// A drawing that repeats what stands beside it as text.
fn frame(height: f64, body: &str) -> String {
    format!(
        "<svg class=\"chart forest\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" aria-hidden=\"true\">{body}</svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(value: f64, lo: f64, hi: f64) -> Estimate {
        Estimate {
            value: Some(value),
            lo: Some(lo),
            hi: Some(hi),
            ..Estimate::default()
        }
    }

    #[test]
    fn an_interval_is_drawn_to_scale_and_an_undefined_value_is_not_drawn() {
        let axis = ForestAxis { start: 0.5 };
        let svg = axis.draw_interval(Some(&estimate(0.75, 0.5, 1.0)));
        assert!(svg.contains("cx=\"90.0\""), "{svg}");
        assert!(svg.contains("M16.0 13H164.0"), "{svg}");
        let nothing = axis.draw_interval(Some(&Estimate::default()));
        assert!(
            !nothing.contains("circle") && !nothing.contains("whisker"),
            "{nothing}"
        );
        assert!(axis.draw().contains(">0.50<") && axis.draw().contains(">1.00<"));
    }
}
