//! Checks that a reader should know of before believing a number.

use crate::error::Result;
use crate::params::Params;
use crate::text::count_text;
use ecgfm_artifacts::evaluation::{EvaluationUnit, Metrics};
use ecgfm_artifacts::presence::is_dir;
use ecgfm_artifacts::store::{MAT_DIR, PACKED_DIR, StoreInfo};
use serde::Serialize;
use std::collections::BTreeSet;

/// Fewer positives than this make sensitivity, PPV and AUROC hardly more than anecdote.
const FEW_POSITIVES: u64 = 10;

/// The outcome of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct ReportCheck {
    /// `ok`, `warn` or `unknown`: a CSS class.
    pub(crate) state: &'static str,
    /// The state as a word, for those who do not see colours.
    pub(crate) word: &'static str,
    /// The finding, in a sentence or two.
    pub(crate) finding: String,
    /// Labels that it is about, with what is said of each; empty where it is about no labels of their own.
    pub(crate) labels: String,
}

/// Runs all checks; those that found something come first.
/// `warnings` are those of the signals stage about the archive.
pub(crate) fn run_checks(metrics: &Metrics, warnings: &[String]) -> Vec<ReportCheck> {
    let mut all: Vec<ReportCheck> = warnings.iter().map(|text| warn(format!("{text}."))).collect();
    all.extend([check_truth(metrics), check_coverage(metrics)]);
    all.extend(check_unknown_labels(metrics));
    all.extend(check_few_positives(metrics));
    all.extend(check_undefined(metrics));
    all.push(check_independence(metrics));
    all.sort_by_key(|check| {
        ["warn", "unknown", "ok"]
            .iter()
            .position(|state| *state == check.state)
    });
    all
}

/// Warnings of the signals stage about the archive, where its directory is given.
pub(crate) fn read_archive_warnings(params: &Params) -> Result<Vec<String>> {
    let stores = params.signals.iter();
    let stores = stores.flat_map(|dir| [PACKED_DIR, MAT_DIR].map(|name| dir.join(name)));
    let mut all = Vec::new();
    for store in stores {
        if is_dir(&store)? {
            all.extend(
                StoreInfo::read(&store)?
                    .into_iter()
                    .flat_map(|info| info.warnings),
            );
        }
    }
    Ok(all)
}

fn ok(finding: String) -> ReportCheck {
    ReportCheck {
        state: "ok",
        word: "passed",
        finding,
        labels: String::new(),
    }
}

fn warn(finding: String) -> ReportCheck {
    ReportCheck {
        state: "warn",
        word: "look",
        finding,
        labels: String::new(),
    }
}

/// A finding about labels: how many, in a sentence, and which.
fn warn_of_labels(finding: String, labels: String) -> ReportCheck {
    ReportCheck {
        labels,
        ..warn(finding)
    }
}

fn unknown(finding: String) -> ReportCheck {
    ReportCheck {
        state: "unknown",
        word: "not checked",
        finding,
        labels: String::new(),
    }
}

fn check_truth(metrics: &Metrics) -> ReportCheck {
    let flow = &metrics.flow;
    if flow.segments_without_truth == 0 {
        return ok("Every predicted segment was joined with its own ECG's truth by key.".to_owned());
    }
    warn(format!(
        "{} of {} predicted segments ({} ECGs) have no truth. They were left out, not scored as “no label”.",
        count_text(flow.segments_without_truth),
        count_text(flow.segments_predicted),
        count_text(flow.ecgs_without_truth)
    ))
}

fn check_coverage(metrics: &Metrics) -> ReportCheck {
    match metrics.flow.segments_unpredicted {
        Some(0) => ok(format!(
            "Every segment of split “{}” has a prediction.",
            metrics.subset
        )),
        Some(n) => warn(format!(
            "{} segments of split “{}” have no prediction. They were left out, not scored as “no label”.",
            count_text(n),
            metrics.subset
        )),
        None => unknown(format!(
            "Whether every segment of split “{}” was predicted: no table of splits was given to the evaluation.",
            metrics.subset
        )),
    }
}

/// Labels whose truth is not known of every ECG.
fn check_unknown_labels(metrics: &Metrics) -> Option<ReportCheck> {
    let unknown = &metrics.flow.ecgs_without_label;
    let all = metrics.unit(EvaluationUnit::Ecg)?.labels.len();
    let parts = unknown
        .iter()
        .map(|(label, n)| format!("{label} ({})", count_text(*n)));
    let labels: Vec<String> = parts.collect();
    (!labels.is_empty()).then(|| {
        let finding = format!(
            "The truth of {} of {all} labels is not known of every ECG; such ECGs are left out of the label’s figures.",
            labels.len()
        );
        warn_of_labels(finding, labels.join(", "))
    })
}

fn check_few_positives(metrics: &Metrics) -> Option<ReportCheck> {
    let labels = &metrics.unit(EvaluationUnit::Ecg)?.labels;
    let few: Vec<String> = (labels.iter())
        .filter(|label| label.positives < FEW_POSITIVES)
        .map(|label| format!("{} ({})", label.label, label.positives))
        .collect();
    if few.is_empty() {
        return Some(ok(format!(
            "Every label has at least {FEW_POSITIVES} positive ECGs."
        )));
    }
    let finding = format!(
        "{} of {} labels have fewer than {FEW_POSITIVES} positive ECGs: their figures say little.",
        few.len(),
        labels.len()
    );
    Some(warn_of_labels(finding, few.join(", ")))
}

/// Undefined statistics of ECGs. Labels with the same reasons stand together, so that each is named once.
fn check_undefined(metrics: &Metrics) -> Option<ReportCheck> {
    let labels = &metrics.unit(EvaluationUnit::Ecg)?.labels;
    let mut by_reasons: Vec<(BTreeSet<&str>, Vec<&str>)> = Vec::new();
    for label in labels {
        let reasons = label.estimates.values().filter_map(|e| e.reason.as_deref());
        let reasons: BTreeSet<&str> = reasons.collect();
        match by_reasons.iter_mut().find(|(known, _)| *known == reasons) {
            _ if reasons.is_empty() => {}
            Some((_, labels)) => labels.push(&label.label),
            None => by_reasons.push((reasons, vec![&label.label])),
        }
    }
    if by_reasons.is_empty() {
        return Some(ok("Every statistic of every label is defined.".to_owned()));
    }
    let count: usize = by_reasons.iter().map(|(_, labels)| labels.len()).sum();
    let parts = by_reasons.iter().map(|(reasons, labels)| {
        let reasons: Vec<&str> = reasons.iter().copied().collect();
        format!("{} ({})", labels.join(", "), reasons.join(", "))
    });
    let finding = format!(
        "{count} of {} labels have statistics that are undefined, shown as n/a.",
        labels.len()
    );
    Some(warn_of_labels(finding, parts.collect::<Vec<_>>().join("; ")))
}

fn check_independence(metrics: &Metrics) -> ReportCheck {
    let flow = &metrics.flow;
    match (flow.patients_scored, flow.ecgs_without_patient.unwrap_or(0)) {
        (Some(patients), nameless) if nameless > 0 => warn(format!(
            "{} of {} ECGs name no patient, the others {}. Each of them is resampled by itself; where several are of one \
             patient, intervals are too narrow.",
            count_text(nameless),
            count_text(flow.ecgs_scored),
            count_text(patients)
        )),
        (Some(patients), _) => ok(format!(
            "Patients are known ({}); resampling keeps each in one piece.",
            count_text(patients)
        )),
        (None, _) => unknown(
            "Whether ECGs come from different patients: no table of records that names them was given to the evaluation, so \
             intervals take ECGs as independent."
                .to_owned(),
        ),
    }
}
