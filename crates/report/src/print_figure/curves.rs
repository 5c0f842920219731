//! Figures of a panel a label: ROC and precision–recall curves, calibration, decision curves.

use super::drawn_runs::DrawnRuns;
use super::figure::FigureSet;
use super::layout::{Panel, Surround};
use crate::figures::{
    PRECISION_RECALL_AXES, ROC_AXES, precision_recall_curve, prevalence_line, roc_curve, why_undefined,
};
use crate::operating_points::decision_curve;
use crate::published_table::{estimate_cell, heading};
use crate::svg::{
    CALIBRATION_AXES, Curve, DECISION_AXES, NetBenefit, PlaneFrame, ReferenceLine, Series, Shape,
    plot_calibration, plot_curves, plot_decision_curves,
};
use ecgfm_artifacts::evaluation::{CalibrationBin, Estimate, LabelMetrics};

/// Digits behind the point.
const DIGITS: usize = 3;

impl<'a> DrawnRuns<'a> {
    /// A panel a label, with its numbers where there is one run.
    fn panels<'p>(
        &'p self,
        value: impl Fn(&LabelMetrics) -> String,
        draw: impl Fn(&[(Series, &'a LabelMetrics)], PlaneFrame) -> Vec<Shape> + Copy + 'p,
    ) -> Vec<Panel<'p>> {
        let panel = |label: &&'a str| {
            let found = self.of_label(label);
            Panel {
                title: (*label).to_owned(),
                value: match (&found[..], self.runs_without(label)) {
                    ([(_, only)], _) if self.runs.len() == 1 => value(only),
                    (_, without) if without.is_empty() => String::new(),
                    (_, without) => format!("not in {}", without.join(", ")),
                },
                draw: Box::new(move |frame| draw(&found, frame)),
            }
        };
        self.labels.iter().map(panel).collect()
    }

    pub(super) fn draw_curves(&self, surround: &Surround<'_>, set: &mut FigureSet) {
        let roc = self.panels(
            |label| named_value(label, "auroc"),
            |found, frame| {
                let curves: Vec<Curve<'_>> = (found.iter())
                    .map(|(series, label)| roc_curve(*series, label))
                    .collect();
                let why = why_empty(found, "auroc");
                plot_curves(frame, ("", ""), (&curves, &[ReferenceLine::Diagonal]), &why)
            },
        );
        let words = self.words(
            "ROC curves",
            "Discs: the thresholds in use. Dotted: chance.",
            true,
        );
        set.add("roc", words, surround.lay_out_panels(ROC_AXES, &roc));
        let pr = self.panels(
            |label| named_value(label, "auprc"),
            |found, frame| {
                let curves: Vec<Curve<'_>> = (found.iter())
                    .map(|(series, label)| precision_recall_curve(*series, label))
                    .collect();
                let levels: Vec<ReferenceLine> =
                    found.iter().map(|(_, label)| prevalence_line(label)).collect();
                plot_curves(frame, ("", ""), (&curves, &levels), &why_empty(found, "auprc"))
            },
        );
        let words = self.words(
            "Precision–recall curves",
            "Discs: the thresholds in use. Dotted: the prevalence. AUPRC is average precision.",
            true,
        );
        set.add("pr", words, surround.lay_out_panels(PRECISION_RECALL_AXES, &pr));
    }

    pub(super) fn draw_calibration(&self, surround: &Surround<'_>, set: &mut FigureSet) {
        let panels = self.panels(
            |label| {
                let value =
                    |name| estimate_cell(label.estimates.get(name).map(without_interval).as_ref(), DIGITS);
                format!("Brier {}, ECE {}", value("brier"), value("ece"))
            },
            |found, frame| {
                let bins: Vec<(Series, &[CalibrationBin])> = (found.iter())
                    .map(|(series, label)| (*series, label.calibration.as_slice()))
                    .collect();
                plot_calibration(frame, ("", ""), &bins)
            },
        );
        let words = self.words(
            "Calibration",
            "ECGs in tenths of probability; discs by their number, with 95 % intervals (Wilson). ECE: expected calibration error.",
            false,
        );
        set.add(
            "calibration",
            words,
            surround.lay_out_panels(CALIBRATION_AXES, &panels),
        );
    }

    pub(super) fn draw_decision(&self, surround: &Surround<'_>, set: &mut FigureSet) {
        let labels = self.labels.iter().flat_map(|label| self.of_label(label));
        if labels
            .into_iter()
            .all(|(_, label)| decision_curve(label).is_empty())
        {
            let why = "metrics.json has no counts at other thresholds; evaluate again";
            set.left_out.push(("decision", why.to_owned()));
            return;
        }
        let panels = self.panels(
            |label| {
                let share = label.counts.prevalence();
                share.map_or_else(String::new, |share| format!("prevalence {share:.DIGITS$}"))
            },
            |found, frame| {
                let curves: Vec<(Series, Vec<NetBenefit>)> = (found.iter())
                    .map(|(series, label)| (*series, decision_curve(label)))
                    .collect();
                let curves: Vec<(Series, &[NetBenefit])> = (curves.iter())
                    .map(|(series, curve)| (*series, curve.as_slice()))
                    .collect();
                let shares = found.iter().filter_map(|(_, label)| label.counts.prevalence());
                plot_decision_curves(frame, ("", ""), &curves, shares.fold(0.0, f64::max))
            },
        );
        let words = self.words(
            "Decision curves",
            "Net benefit is tp/n − fp/n · t/(1 − t) at threshold t. Dotted: predicting every ECG. What is below 0 lies on the axis.",
            false,
        );
        set.add("decision", words, surround.lay_out_panels(DECISION_AXES, &panels));
    }
}

/// `AUROC 0.912 (0.880–0.940)`
fn named_value(label: &LabelMetrics, statistic: &str) -> String {
    let value = estimate_cell(label.estimates.get(statistic), DIGITS);
    format!("{} {value}", heading(statistic))
}

fn without_interval(estimate: &Estimate) -> Estimate {
    Estimate {
        lo: None,
        hi: None,
        ..estimate.clone()
    }
}

fn why_empty(found: &[(Series, &LabelMetrics)], statistic: &str) -> String {
    let first = found.first();
    first.map_or_else(String::new, |(_, label)| why_undefined(label, statistic))
}
