//! Checks that a reader should know of before believing a number.

use crate::error::Result;
use crate::params::Params;
use crate::text::count_text;
use ecgfm_artifacts::evaluation::{EvaluationUnit, Metrics};
use ecgfm_artifacts::presence::is_dir;
use ecgfm_artifacts::store::{MAT_DIR, PACKED_DIR, StoreInfo};
use serde::Serialize;

/// Fewer positives than this make sensitivity, PPV and AUROC hardly more than anecdote.
const FEW_POSITIVES: u64 = 10;

/// The outcome of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct ReportCheck {
    /// `ok`, `warn` or `unknown`: a CSS class.
    pub(crate) state: &'static str,
    /// The state as a word, for those who do not see colours.
    pub(crate) word: &'static str,
    /// The finding, in a sentence.
    pub(crate) finding: String,
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
    }
}

fn warn(finding: String) -> ReportCheck {
    ReportCheck {
        state: "warn",
        word: "look",
        finding,
    }
}

fn unknown(finding: String) -> ReportCheck {
    ReportCheck {
        state: "unknown",
        word: "not checked",
        finding,
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
    let labels = metrics.flow.ecgs_without_label.iter();
    let parts: Vec<String> = labels
        .map(|(label, n)| format!("{label} ({})", count_text(*n)))
        .collect();
    (!parts.is_empty()).then(|| {
        warn(format!(
            "ECGs of which the truth of a label is not known, and which are left out of its figures: {}.",
            parts.join(", ")
        ))
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
    Some(warn(format!(
        "Fewer than {FEW_POSITIVES} positive ECGs: {}. Their figures say little.",
        few.join(", ")
    )))
}

/// Undefined statistics of ECGs, by reason.
fn check_undefined(metrics: &Metrics) -> Option<ReportCheck> {
    let mut by_reason: Vec<(&str, Vec<&str>)> = Vec::new();
    for label in &metrics.unit(EvaluationUnit::Ecg)?.labels {
        for reason in label.estimates.values().filter_map(|e| e.reason.as_deref()) {
            match by_reason.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, labels)) if labels.last() == Some(&label.label.as_str()) => {}
                Some((_, labels)) => labels.push(&label.label),
                None => by_reason.push((reason, vec![&label.label])),
            }
        }
    }
    if by_reason.is_empty() {
        return Some(ok("Every statistic of every label is defined.".to_owned()));
    }
    let parts: Vec<String> = by_reason
        .iter()
        .map(|(why, labels)| format!("{why}: {}", labels.join(", ")))
        .collect();
    Some(warn(format!(
        "Some statistics are undefined and shown as n/a ({}).",
        parts.join("; ")
    )))
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
