//! `tripod.json`: which items of the TRIPOD+AI checklist a run can attest, and by what.
//!
//! Numbers are those of G. S. Collins et al., BMJ 2024;385:e078378; the words are short ones of our own. Most of what a report
//! of a prediction model owes its readers is not in a run: why, on whom, with whose consent. Those items say so.

use ecgfm_artifacts::evaluation::{Flow, Metrics};
use serde::Serialize;

/// File name inside the evaluation's directory.
pub(crate) const FILE: &str = "tripod.json";

/// Extent to which a run attests an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Attestation {
    Yes,
    Partly,
    No,
}

/// Item of the checklist.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct ChecklistItem {
    item: &'static str,
    topic: &'static str,
    attested: Attestation,
    /// Place of the evidence in the run, or words on what is missing.
    evidence: String,
}

/// Items that every run attests in the same way.
const ALWAYS_ATTESTED: [(&str, &str, Attestation, &str); 14] = [
    (
        "5a",
        "source of the data",
        Attestation::Partly,
        "lock.json: the archive's path, size and hash",
    ),
    (
        "7",
        "preparation of the data",
        Attestation::Yes,
        "lock.json: every parameter of signals and splits",
    ),
    (
        "8a",
        "outcome",
        Attestation::Partly,
        "metrics.json mapping: labels of the archive and of the model",
    ),
    (
        "9b",
        "definition of predictors",
        Attestation::Partly,
        "model.json: leads, sampling rate, length of the signal",
    ),
    (
        "12b",
        "handling of predictors",
        Attestation::Yes,
        "lock.json: resampling, standardising, cutting into segments",
    ),
    (
        "12c",
        "type of model",
        Attestation::Partly,
        "model.json: architecture and sizes; it was trained elsewhere",
    ),
    (
        "12e",
        "measures of performance",
        Attestation::Yes,
        "metrics.json: discrimination, calibration, classification",
    ),
    (
        "12f",
        "updating after evaluation",
        Attestation::Yes,
        "none: the hash of the model that ran is in lock.json",
    ),
    (
        "12g",
        "how predictions were calculated",
        Attestation::Yes,
        "model.ts, infer.json, predictions.json",
    ),
    (
        "13",
        "class imbalance",
        Attestation::Partly,
        "metrics.json: prevalence of every label; nothing is reweighted here",
    ),
    (
        "18f",
        "availability of code",
        Attestation::Partly,
        "lock.json: versions and parameters that reproduce the run",
    ),
    (
        "20b",
        "characteristics of participants",
        Attestation::Partly,
        "subgroups.csv: numbers by sex and age, where known",
    ),
    (
        "21",
        "participants and outcomes in each analysis",
        Attestation::Yes,
        "metrics.csv: n and positives of every label",
    ),
    (
        "22",
        "the full model",
        Attestation::Yes,
        "export/model.ts and model.json",
    ),
];

/// Items that no run attests.
const NEVER_ATTESTED: [(&str, &str); 30] = [
    ("1", "title"),
    ("2", "abstract"),
    ("3a", "clinical context"),
    ("3b", "target population, users and purpose"),
    ("3c", "known health inequalities"),
    ("4", "objectives"),
    ("5b", "dates of the data"),
    ("6a", "setting"),
    ("6b", "eligibility"),
    ("6c", "treatments received"),
    ("8b", "who assessed the outcome"),
    ("8c", "blinding of that assessment"),
    ("9a", "choice of predictors"),
    ("9c", "who assessed predictors"),
    ("10", "sample size"),
    ("12d", "heterogeneity between places"),
    ("16", "differences between training and evaluation data"),
    ("17", "ethical approval"),
    ("18a", "funding"),
    ("18b", "conflicts of interest"),
    ("18c", "protocol"),
    ("18d", "registration"),
    ("18e", "availability of data"),
    ("19", "involvement of patients and the public"),
    ("20c", "comparison with development data"),
    ("24", "results of updating"),
    ("25", "interpretation"),
    ("26", "limitations"),
    ("27a", "use: inputs of poor quality or missing"),
    ("27b", "use: interaction of users"),
];

/// The checklist as text.
pub(crate) fn checklist_json(metrics: &Metrics) -> serde_json::Result<Vec<u8>> {
    let item = |(item, topic, attested, evidence)| ChecklistItem {
        item,
        topic,
        attested,
        evidence,
    };
    let same = ALWAYS_ATTESTED
        .map(|(number, topic, attested, evidence)| (number, topic, attested, evidence.to_owned()));
    let missing = "not in a run: to be written by the authors";
    let others = NEVER_ATTESTED.map(|(number, topic)| (number, topic, Attestation::No, missing.to_owned()));
    let further = [(
        "27c",
        "next steps of research",
        Attestation::No,
        missing.to_owned(),
    )];
    let all = items_of_run(metrics)
        .into_iter()
        .chain(same)
        .chain(others)
        .chain(further);
    let mut items: Vec<ChecklistItem> = all.map(item).collect();
    items.sort_by_key(|item| item_order(item.item));
    let mut text = serde_json::to_vec_pretty(&serde_json::json!({
        "checklist": "TRIPOD+AI, BMJ 2024;385:e078378",
        "notice": metrics.notice,
        "items": items,
    }))?;
    text.push(b'\n');
    Ok(text)
}

/// 3b stands after 3a, and 10 after 9.
fn item_order(item: &str) -> (u32, &str) {
    let digits = item.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    (digits.parse().unwrap_or(u32::MAX), &item[digits.len()..])
}

/// ECGs and patients that were scored, as far as they are known.
fn participants_text(flow: &Flow) -> String {
    let patients = match (flow.patients_scored, flow.ecgs_without_patient.unwrap_or(0)) {
        (None, _) => "unknown patients".to_owned(),
        (Some(n), 0) => format!("{n} patients"),
        (Some(n), nameless) => format!("{n} patients; {nameless} of them name none"),
    };
    format!("{} ECGs of {patients}", flow.ecgs_scored)
}

/// Items whose evidence is this run's own.
fn items_of_run(metrics: &Metrics) -> [(&'static str, &'static str, Attestation, String); 7] {
    use Attestation::{No, Partly, Yes};
    let (flow, thresholds) = (&metrics.flow, &metrics.thresholds);
    let given = |yes: bool, otherwise| if yes { Yes } else { otherwise };
    let (exams, groups) = (flow.exams_read.is_some(), metrics.subgroups.len());
    let rejected: u64 = flow.exams_rejected.values().sum();
    let by_group = format!("metrics.json subgroups: {groups} groups");
    [
        (
            "11",
            "missing data",
            given(exams, Partly),
            format!("metrics.json flow: {rejected} exams set aside by reason"),
        ),
        (
            "12a",
            "use of the data",
            Yes,
            format!("split `{}` was scored; metrics.json flow", metrics.subset),
        ),
        ("14", "fairness", given(groups > 0, No), by_group.clone()),
        (
            "15",
            "output and thresholds",
            Yes,
            format!(
                "probabilities; thresholds {}: {}",
                thresholds.source, thresholds.by
            ),
        ),
        (
            "20a",
            "flow of participants",
            given(exams, Partly),
            participants_text(flow),
        ),
        (
            "23a",
            "performance with intervals",
            given(metrics.intervals.replicates > 0, Partly),
            metrics.intervals.ranking.clone(),
        ),
        (
            "23b",
            "heterogeneity of performance",
            given(groups > 0, No),
            by_group,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_stand_in_the_order_of_the_checklist() {
        let mut all: Vec<&str> = NEVER_ATTESTED
            .iter()
            .map(|o| o.0)
            .chain(ALWAYS_ATTESTED.iter().map(|s| s.0))
            .collect();
        all.sort_by_key(|item| item_order(item));
        let place = |item: &str| all.iter().position(|i| *i == item).unwrap();
        assert!(place("3a") < place("3b") && place("9b") < place("10") && place("5a") < place("5b"));
        assert!(all.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
