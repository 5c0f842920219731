//! The figures of a run: per label a ROC curve, a precision–recall curve and the spread of the scores.

use crate::svg::{Bars, Chart, Curve, Reference, calibration, curves, histogram};
use crate::text::{count, estimate, number, slug};
use ecgfm_artifacts::evaluation::{LabelMetrics, Metrics, Unit, UnitMetrics};
use std::collections::HashSet;

/// A figure and where it is kept.
pub(crate) struct Figure {
    /// File name inside `plots/`.
    pub(crate) file: String,
    /// The chart.
    pub(crate) chart: Chart,
}

/// The figures of one label.
pub(crate) struct LabelFigures {
    /// The mapped label.
    pub(crate) label: String,
    /// What it means.
    pub(crate) title: String,
    /// ROC, precision–recall, scores.
    pub(crate) figures: Vec<Figure>,
}

/// The same label in both units.
struct Both<'a> {
    ecg: &'a LabelMetrics,
    segment: Option<&'a LabelMetrics>,
}

impl<'a> Both<'a> {
    /// Segments first, so that ECGs are drawn over them.
    fn drawn(&self) -> impl Iterator<Item = (Unit, &'a LabelMetrics)> {
        let segment = self.segment.map(|label| (Unit::Segment, label));
        segment.into_iter().chain([(Unit::Ecg, self.ecg)])
    }

    fn value(label: &LabelMetrics, name: &str) -> Option<f64> {
        label.estimates.get(name).and_then(|e| e.value)
    }

    fn why_undefined(&self, name: &str) -> String {
        self.ecg
            .estimates
            .get(name)
            .and_then(|e| e.reason.clone())
            .unwrap_or_else(|| "no points".to_owned())
    }

    /// A sentence on a statistic in both units.
    fn sentence(&self, name: &str, words: &str) -> String {
        let of = |label: &LabelMetrics| estimate(label.estimates.get(name));
        let segment = self
            .segment
            .map(|s| format!("; of segments {}", of(s)))
            .unwrap_or_default();
        format!("{words} of ECGs {}{segment}.", of(self.ecg))
    }
}

/// Draws everything.
pub(crate) fn figures(metrics: &Metrics) -> Vec<LabelFigures> {
    let Some(ecg) = metrics.unit(Unit::Ecg) else {
        return Vec::new();
    };
    let segment = metrics.unit(Unit::Segment);
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
    let both = Both { ecg, segment };
    let name = unique(slug(&ecg.label), taken);
    let figure = |kind: &str, chart| Figure {
        file: format!("{kind}_{name}.svg"),
        chart,
    };
    LabelFigures {
        label: ecg.label.clone(),
        title: ecg.title.clone(),
        figures: vec![
            figure("roc", roc(&both)),
            figure("pr", precision_recall(&both)),
            figure("calibration", reliability(&both)),
            figure("scores", scores(&both)),
        ],
    }
}

/// Two labels may differ only in what a file name cannot hold.
fn unique(name: String, taken: &mut HashSet<String>) -> String {
    let mut out = name.clone();
    let mut n = 2;
    while !taken.insert(out.to_lowercase()) {
        out = format!("{name}-{n}");
        n += 1;
    }
    out
}

fn roc(both: &Both<'_>) -> Chart {
    let threshold = both.ecg.threshold;
    let drawn: Vec<Curve<'_>> = (both.drawn())
        .map(|(unit, label)| Curve {
            class: unit.name(),
            x: &label.roc.fpr,
            y: &label.roc.tpr,
            operating: Both::value(label, "specificity")
                .zip(Both::value(label, "sensitivity"))
                .map(|(s, t)| (1.0 - s, t)),
            steps: false,
        })
        .collect();
    let words = (
        format!("ROC curve, {}", both.ecg.label),
        format!(
            "Sensitivity against 1 − specificity for {}. {} The point marks the threshold {threshold}: {}",
            both.ecg.title,
            both.sentence("auroc", "AUROC"),
            both.sentence("sensitivity", "sensitivity")
        ),
    );
    curves(
        words,
        ("1 − specificity", "sensitivity"),
        &drawn,
        &Reference::Diagonal,
        &both.why_undefined("auroc"),
    )
}

fn precision_recall(both: &Both<'_>) -> Chart {
    let threshold = both.ecg.threshold;
    let drawn: Vec<Curve<'_>> = (both.drawn())
        .map(|(unit, label)| Curve {
            class: unit.name(),
            x: &label.pr.recall,
            y: &label.pr.precision,
            operating: Both::value(label, "sensitivity").zip(Both::value(label, "ppv")),
            steps: true,
        })
        .collect();
    let prevalence = Both::value(both.ecg, "prevalence");
    let words = (
        format!("Precision–recall curve, {}", both.ecg.label),
        format!(
            "Positive predictive value against sensitivity for {}. {} The point marks the threshold {threshold}: {} \
             The dotted line is the prevalence among ECGs, {}.",
            both.ecg.title,
            both.sentence("auprc", "Average precision"),
            both.sentence("ppv", "PPV"),
            prevalence.map_or("undefined".to_owned(), number)
        ),
    );
    let reference = prevalence.map_or(Reference::None, Reference::Level);
    curves(
        words,
        ("sensitivity (recall)", "PPV (precision)"),
        &drawn,
        &reference,
        &both.why_undefined("auprc"),
    )
}

fn scores(both: &Both<'_>) -> Chart {
    let threshold = both.ecg.threshold;
    let counts = &both.ecg.histogram;
    let (with, without) = (counts.positives.iter().sum(), counts.negatives.iter().sum());
    let words = (
        format!("Scores, {}", both.ecg.label),
        format!(
            "How the probabilities of ECGs are spread, for {}: {} ECGs with the label and {} without, each class in \
             shares of its own. The dashed line is the threshold {threshold}.",
            both.ecg.title,
            count(with),
            count(without)
        ),
    );
    histogram(
        words,
        &Bars {
            positives: &counts.positives,
            negatives: &counts.negatives,
            threshold,
        },
    )
}

fn reliability(both: &Both<'_>) -> Chart {
    let words = (
        format!("Calibration, {}", both.ecg.label),
        format!(
            "How often {} was there among ECGs of about the same probability, with 95 % intervals; larger points stand for \
             more ECGs, and on the dotted line a probability is what it says. {} {}",
            both.ecg.title,
            both.sentence("brier", "Brier score"),
            both.sentence("ece", "Expected calibration error")
        ),
    );
    calibration(words, &both.ecg.calibration)
}
