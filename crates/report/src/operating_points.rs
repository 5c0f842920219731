//! What other thresholds would predict: a table and a decision curve a label.

use crate::figure::Figure;
use crate::svg::{Chart, NetBenefit, draw_decision_curve};
use crate::text::{count_text, number_text};
use ecgfm_artifacts::evaluation::{ConfusionMatrix, LabelMetrics};
use serde::Serialize;

/// Thresholds of the table beside the label's own.
const SHOWN: [f64; 8] = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9];

/// Operating points of a label.
pub(crate) struct LabelOperatingPoints {
    label: String,
    title: String,
    rows: Vec<OperatingPointRow>,
    prevalence: String,
    /// The decision curve.
    pub(crate) figure: Figure,
}

/// Operating points of a label, as the page shows them.
#[derive(Debug, Serialize)]
pub(crate) struct OperatingPointsView<'a> {
    label: &'a str,
    title: &'a str,
    prevalence: &'a str,
    rows: &'a [OperatingPointRow],
    file: &'a str,
    svg: String,
    caption: &'a str,
}

#[derive(Debug, Serialize)]
struct OperatingPointRow {
    threshold: String,
    /// The threshold that this page's results are at.
    in_use: bool,
    /// Sensitivity, specificity, PPV, NPV, and predictions in a thousand ECGs.
    cells: [String; 5],
}

/// Operating points of a label, its decision curve to be kept as `file`; none where the metrics do not have them.
pub(crate) fn label_operating_points(label: &LabelMetrics, file: String) -> Option<LabelOperatingPoints> {
    let points = counts_at_thresholds(label);
    if points.is_empty() {
        return None;
    }
    let (chart, caption) = decision_figure(label);
    let shown = |&&(threshold, _): &&(f64, ConfusionMatrix)| {
        threshold == label.threshold || SHOWN.contains(&threshold)
    };
    let rows = points
        .iter()
        .filter(shown)
        .map(|(threshold, counts)| OperatingPointRow {
            threshold: threshold.to_string(),
            in_use: *threshold == label.threshold,
            cells: statistics_of(counts),
        });
    Some(LabelOperatingPoints {
        label: label.label.clone(),
        title: label.title.clone(),
        rows: rows.collect(),
        prevalence: ratio_text(label.counts.prevalence()),
        figure: Figure { file, chart, caption },
    })
}

/// As the page shows them.
pub(crate) fn operating_point_views<'a>(
    labels: impl Iterator<Item = &'a LabelOperatingPoints>,
) -> Vec<OperatingPointsView<'a>> {
    let view = |(at, points): (usize, &'a LabelOperatingPoints)| OperatingPointsView {
        label: &points.label,
        title: &points.title,
        prevalence: &points.prevalence,
        rows: &points.rows,
        file: &points.figure.file,
        svg: points.figure.chart.inline(&format!("net{at}")),
        caption: &points.figure.caption,
    };
    labels.enumerate().map(view).collect()
}

/// The 2×2 table at every threshold.
fn counts_at_thresholds(label: &LabelMetrics) -> Vec<(f64, ConfusionMatrix)> {
    let points = &label.operating_points;
    let (positives, negatives) = (label.counts.positives(), label.counts.negatives());
    let counts = points
        .tp
        .iter()
        .zip(&points.fp)
        .map(|(&tp, &fp)| ConfusionMatrix {
            tp,
            fp,
            r#fn: positives.saturating_sub(tp),
            tn: negatives.saturating_sub(fp),
        });
    points.threshold.iter().copied().zip(counts).collect()
}

fn statistics_of(counts: &ConfusionMatrix) -> [String; 5] {
    let alerts = 1000.0 * (counts.tp + counts.fp) as f64 / counts.n().max(1) as f64;
    [
        ratio_text(counts.sensitivity()),
        ratio_text(counts.specificity()),
        ratio_text(counts.ppv()),
        ratio_text(counts.npv()),
        format!("{alerts:.1}"),
    ]
}

fn ratio_text(ratio: Option<f64>) -> String {
    ratio.map_or("n/a".to_owned(), number_text)
}

/// Net benefit, tp/n − fp/n · t/(1 − t) at threshold t (A. J. Vickers and E. B. Elkin, Medical Decision Making 26, 2006).
fn net_benefit(threshold: f64, tp: u64, fp: u64, n: u64) -> f64 {
    let n = n as f64;
    tp as f64 / n - fp as f64 / n * threshold / (1.0 - threshold)
}

/// Net benefit of a label at every threshold below 1; empty where the metrics do not have it.
pub(crate) fn decision_curve(label: &LabelMetrics) -> Vec<NetBenefit> {
    let (n, negatives) = (label.counts.n(), label.counts.negatives());
    (counts_at_thresholds(label).iter())
        .filter(|(threshold, _)| n > 0 && (0.0..1.0).contains(threshold))
        .map(|(threshold, counts)| NetBenefit {
            threshold: *threshold,
            model: net_benefit(*threshold, counts.tp, counts.fp, n),
            all: net_benefit(*threshold, label.positives, negatives, n),
        })
        .collect()
}

fn decision_figure(label: &LabelMetrics) -> (Chart, String) {
    let n = label.counts.n();
    let curve = decision_curve(label);
    let useful = useful_range(&curve);
    let caption = format!(
        "{} of {} ECGs have the label. {useful}",
        count_text(label.positives),
        count_text(n)
    );
    let words = (
        format!("Decision curve, {}", label.label),
        format!(
            "Net benefit against the threshold for {}, beside that of predicting every ECG. {caption}",
            label.title
        ),
    );
    let prevalence = label.counts.prevalence().unwrap_or(0.0);
    (draw_decision_curve(words, &curve, prevalence), caption)
}

/// Thresholds at which the model has more net benefit than predicting every ECG and than none: how many, the lowest and the highest.
fn useful_range(curve: &[NetBenefit]) -> String {
    let useful = |point: &&NetBenefit| point.model > point.all.max(0.0) + 1e-12;
    let inside: Vec<f64> = curve.iter().filter(useful).map(|point| point.threshold).collect();
    match (inside.first(), inside.last()) {
        (Some(first), Some(last)) => format!(
            "Better than predicting every ECG or none at {} of the {} thresholds counted, from {first} to {last}.",
            inside.len(),
            curve.len()
        ),
        _ => "At no threshold counted better than predicting every ECG or none.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn net_benefit_is_that_of_its_definition() {
        // 20 of 100 have it; at 0.2 a false alarm costs a quarter of what a case gains.
        assert!((net_benefit(0.2, 15, 20, 100) - (0.15 - 0.2 * 0.25)).abs() < 1e-12);
        assert!(
            (net_benefit(0.2, 20, 80, 100)).abs() < 1e-12,
            "at the prevalence, all and none are equal"
        );
    }

    #[test]
    fn a_ratio_of_nothing_is_not_a_number() {
        let nothing = ConfusionMatrix {
            tp: 0,
            fp: 0,
            r#fn: 5,
            tn: 15,
        };
        assert_eq!(statistics_of(&nothing), ["0.000", "1.000", "n/a", "0.750", "0.0"]);
        let some = ConfusionMatrix {
            tp: 4,
            fp: 1,
            r#fn: 1,
            tn: 14,
        };
        assert_eq!(statistics_of(&some)[4], "250.0");
    }

    #[test]
    fn where_the_model_helps_is_said() {
        let point = |threshold, model, all| NetBenefit {
            threshold,
            model,
            all,
        };
        let said = useful_range(&[point(0.1, 0.1, 0.2), point(0.2, 0.1, 0.0), point(0.3, -0.1, -0.2)]);
        assert_eq!(
            said,
            "Better than predicting every ECG or none at 1 of the 3 thresholds counted, from 0.2 to 0.2."
        );
        assert!(useful_range(&[point(0.1, 0.1, 0.1)]).starts_with("At no threshold"));
    }
}
