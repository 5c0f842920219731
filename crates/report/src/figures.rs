//! The figures of a run: per label a ROC curve, a precision–recall curve and the spread of the scores.

use crate::figure::Figure;
use crate::operating_points::{LabelOperatingPoints, label_operating_points};
use crate::svg::{
    Chart, Curve, HistogramBars, ReferenceLine, Series, draw_calibration, draw_curves, draw_histogram,
};
use crate::text::{count_text, estimate_text, number_text, slug};
use ecgfm_artifacts::evaluation::{EvaluationUnit, LabelMetrics, Metrics, UnitMetrics};
use std::collections::HashSet;

/// Names of the axes.
pub(crate) const ROC_AXES: (&str, &str) = ("1 − specificity", "sensitivity");
/// Names of the axes.
pub(crate) const PRECISION_RECALL_AXES: (&str, &str) = ("sensitivity (recall)", "PPV (precision)");

/// The figures of one label.
pub(crate) struct LabelFigures {
    /// The mapped label.
    pub(crate) label: String,
    /// Meaning of the figure in words.
    pub(crate) title: String,
    /// ROC, precision–recall, scores.
    pub(crate) figures: Vec<Figure>,
    /// What other thresholds would predict, where the metrics say.
    pub(crate) operating_points: Option<LabelOperatingPoints>,
}

/// A label scored by ECG and by segment.
struct LabelByUnit<'a> {
    ecg: &'a LabelMetrics,
    segment: Option<&'a LabelMetrics>,
}

impl<'a> LabelByUnit<'a> {
    /// Segments first, so that ECGs are drawn over them.
    fn by_unit(&self) -> impl Iterator<Item = (EvaluationUnit, &'a LabelMetrics)> {
        let segment = self.segment.map(|label| (EvaluationUnit::Segment, label));
        segment.into_iter().chain([(EvaluationUnit::Ecg, self.ecg)])
    }

    /// A sentence on a statistic in label units.
    fn sentence(&self, name: &str, words: &str) -> String {
        let of = |label: &LabelMetrics| estimate_text(label.estimates.get(name));
        let segment = self
            .segment
            .map(|s| format!("; of segments {}", of(s)))
            .unwrap_or_default();
        format!("{words} of ECGs {}{segment}.", of(self.ecg))
    }
}

/// Draws everything.
pub(crate) fn draw_figures(metrics: &Metrics) -> Vec<LabelFigures> {
    let Some(ecg) = metrics.unit(EvaluationUnit::Ecg) else {
        return Vec::new();
    };
    let segment = metrics.unit(EvaluationUnit::Segment);
    let mut taken = HashSet::new();
    ecg.labels
        .iter()
        .map(|label| label_figures(label, segment, &mut taken))
        .collect()
}

fn label_figures(
    ecg: &LabelMetrics,
    segments: Option<&UnitMetrics>,
    taken: &mut HashSet<String>,
) -> LabelFigures {
    let segment = segments.and_then(|unit| unit.labels.iter().find(|s| s.label == ecg.label));
    let by_unit = LabelByUnit { ecg, segment };
    let name = unique_name(slug(&ecg.label), taken);
    let figure = |kind: &str, (chart, caption)| Figure {
        file: format!("{kind}_{name}.svg"),
        chart,
        caption,
    };
    LabelFigures {
        label: ecg.label.clone(),
        title: ecg.title.clone(),
        figures: vec![
            figure("roc", roc_figure(&by_unit)),
            figure("pr", precision_recall_figure(&by_unit)),
            figure("calibration", calibration_figure(&by_unit)),
            figure("scores", score_figure(&by_unit)),
        ],
        operating_points: label_operating_points(ecg, format!("decision_{name}.svg")),
    }
}

/// Two labels may differ only in what a file name cannot hold.
fn unique_name(name: String, taken: &mut HashSet<String>) -> String {
    let mut out = name.clone();
    let mut n = 2;
    while !taken.insert(out.to_lowercase()) {
        out = format!("{name}-{n}");
        n += 1;
    }
    out
}

fn series_of(unit: EvaluationUnit) -> Series {
    match unit {
        EvaluationUnit::Ecg => Series::Ecg,
        EvaluationUnit::Segment => Series::Segment,
    }
}

fn value_of(label: &LabelMetrics, name: &str) -> Option<f64> {
    label.estimates.get(name).and_then(|e| e.value)
}

/// Words in the place of a statistic that is undefined.
pub(crate) fn why_undefined(label: &LabelMetrics, name: &str) -> String {
    let reason = label.estimates.get(name).and_then(|e| e.reason.clone());
    reason.unwrap_or_else(|| "no points".to_owned())
}

/// ROC curve of a label, with the point of its threshold.
pub(crate) fn roc_curve(series: Series, label: &LabelMetrics) -> Curve<'_> {
    Curve {
        series,
        x: &label.roc.fpr,
        y: &label.roc.tpr,
        operating: value_of(label, "specificity")
            .zip(value_of(label, "sensitivity"))
            .map(|(s, t)| (1.0 - s, t)),
        steps: false,
    }
}

/// Precision–recall curve of a label, with the point of its threshold.
pub(crate) fn precision_recall_curve(series: Series, label: &LabelMetrics) -> Curve<'_> {
    Curve {
        series,
        x: &label.pr.recall,
        y: &label.pr.precision,
        operating: value_of(label, "sensitivity").zip(value_of(label, "ppv")),
        steps: true,
    }
}

/// Precision that knowing nothing would give.
pub(crate) fn prevalence_line(label: &LabelMetrics) -> ReferenceLine {
    value_of(label, "prevalence").map_or(ReferenceLine::None, ReferenceLine::Level)
}

fn roc_figure(label: &LabelByUnit<'_>) -> (Chart, String) {
    let threshold = label.ecg.threshold;
    let drawn: Vec<Curve<'_>> = (label.by_unit())
        .map(|(unit, label)| roc_curve(series_of(unit), label))
        .collect();
    let caption = format!(
        "{} At {threshold}, {}",
        label.sentence("auroc", "AUROC"),
        label.sentence("sensitivity", "sensitivity")
    );
    let words = (
        format!("ROC curve, {}", label.ecg.label),
        format!(
            "Sensitivity against 1 − specificity for {}. {caption}",
            label.ecg.title
        ),
    );
    let chart = draw_curves(
        words,
        ROC_AXES,
        &drawn,
        &ReferenceLine::Diagonal,
        &why_undefined(label.ecg, "auroc"),
    );
    (chart, caption)
}

fn precision_recall_figure(label: &LabelByUnit<'_>) -> (Chart, String) {
    let threshold = label.ecg.threshold;
    let drawn: Vec<Curve<'_>> = (label.by_unit())
        .map(|(unit, label)| precision_recall_curve(series_of(unit), label))
        .collect();
    let prevalence = value_of(label.ecg, "prevalence");
    let caption = format!(
        "{} At {threshold}, {} Prevalence among ECGs {}.",
        label.sentence("auprc", "Average precision"),
        label.sentence("ppv", "PPV"),
        prevalence.map_or("undefined".to_owned(), number_text)
    );
    let words = (
        format!("Precision–recall curve, {}", label.ecg.label),
        format!(
            "Positive predictive value against sensitivity for {}. {caption}",
            label.ecg.title
        ),
    );
    let chart = draw_curves(
        words,
        PRECISION_RECALL_AXES,
        &drawn,
        &prevalence_line(label.ecg),
        &why_undefined(label.ecg, "auprc"),
    );
    (chart, caption)
}

fn score_figure(label: &LabelByUnit<'_>) -> (Chart, String) {
    let threshold = label.ecg.threshold;
    let counts = &label.ecg.histogram;
    let (with, without) = (counts.positives.iter().sum(), counts.negatives.iter().sum());
    let caption = format!(
        "{} ECGs with the label and {} without; threshold {threshold}.",
        count_text(with),
        count_text(without)
    );
    let words = (
        format!("Scores, {}", label.ecg.label),
        format!(
            "How the probabilities of ECGs are spread, for {}. {caption}",
            label.ecg.title
        ),
    );
    let chart = draw_histogram(
        words,
        &HistogramBars {
            positives: &counts.positives,
            negatives: &counts.negatives,
            threshold,
        },
    );
    (chart, caption)
}

fn calibration_figure(label: &LabelByUnit<'_>) -> (Chart, String) {
    let caption = format!(
        "{} {}",
        label.sentence("brier", "Brier score"),
        label.sentence("ece", "Expected calibration error")
    );
    let words = (
        format!("Calibration, {}", label.ecg.label),
        format!(
            "How often {} was there among ECGs of about the same probability. {caption}",
            label.ecg.title
        ),
    );
    (draw_calibration(words, &label.ecg.calibration), caption)
}
