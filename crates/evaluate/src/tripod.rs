//! `tripod.json`: which items of the TRIPOD+AI checklist a run can attest, and by what. The items are data:
//! `configs/checklists/tripod_ai.yaml`.

use crate::error::{Error, Result};
use ecgfm_artifacts::evaluation::{Flow, Metrics};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// File name inside the evaluation's directory.
const FILE: &str = "tripod.json";

/// Items, and what every run attests of them.
const CHECKLIST: &str = include_str!("../../../configs/checklists/tripod_ai.yaml");

/// Extent to which a run attests an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Attestation {
    Yes,
    Partly,
    No,
}

/// Extent to which runs attest an item.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum AttestedByRuns {
    /// Each to its own extent.
    ByRun,
    Yes,
    Partly,
    #[default]
    No,
}

/// The checklist as the configuration has it, its items in order.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Checklist {
    /// Name and source.
    checklist: String,
    /// Evidence of an item that no run attests.
    unattested: String,
    items: Vec<ChecklistItem>,
}

/// Item of the checklist.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChecklistItem {
    item: String,
    topic: String,
    #[serde(default)]
    attested: AttestedByRuns,
    /// Place of the evidence in every run.
    evidence: Option<String>,
}

/// Item as a run attests it.
#[derive(Debug, Serialize)]
struct AttestedItem {
    item: String,
    topic: String,
    attested: Attestation,
    /// Place of the evidence in the run, or words on what is missing.
    evidence: String,
}

/// Writes the checklist, as this run attests it, into `dir`.
///
/// # Errors
/// I/O.
pub(crate) fn write_checklist(dir: &Path, metrics: &Metrics) -> Result<()> {
    let path = dir.join(FILE);
    let invalid = |what: String| Error::keys(&path, what);
    let checklist = read_checklist().map_err(|e| invalid(e.to_string()))?;
    let attest = |item: ChecklistItem| attest_item(item, &checklist.unattested, metrics);
    let items: Option<Vec<AttestedItem>> = checklist.items.into_iter().map(attest).collect();
    let items = items.ok_or_else(|| invalid("an item `by_run` that no run attests".to_owned()))?;
    let mut text = serde_json::to_vec_pretty(&serde_json::json!({
        "checklist": checklist.checklist,
        "notice": metrics.notice,
        "items": items,
    }))
    .map_err(|e| invalid(e.to_string()))?;
    text.push(b'\n');
    Ok(ecgfm_artifacts::atomic::write_bytes(&path, &text)?)
}

fn read_checklist() -> serde_yaml::Result<Checklist> {
    serde_yaml::from_str(CHECKLIST)
}

/// An item as a run attests it; none where it is the run's own, and unknown.
fn attest_item(item: ChecklistItem, unattested: &str, metrics: &Metrics) -> Option<AttestedItem> {
    let evidence = item.evidence.unwrap_or_else(|| unattested.to_owned());
    let (attested, evidence) = match item.attested {
        AttestedByRuns::ByRun => attest_by_run(&item.item, metrics)?,
        AttestedByRuns::Yes => (Attestation::Yes, evidence),
        AttestedByRuns::Partly => (Attestation::Partly, evidence),
        AttestedByRuns::No => (Attestation::No, evidence),
    };
    Some(AttestedItem {
        item: item.item,
        topic: item.topic,
        attested,
        evidence,
    })
}

/// Extent and evidence of an item that depends on the run.
fn attest_by_run(item: &str, metrics: &Metrics) -> Option<(Attestation, String)> {
    use Attestation::{No, Partly, Yes};
    let (flow, thresholds) = (&metrics.flow, &metrics.thresholds);
    let yes_if = |yes: bool, otherwise| if yes { Yes } else { otherwise };
    let (exams, groups) = (flow.exams_read.is_some(), metrics.subgroups.len());
    let by_group = || format!("metrics.json subgroups: {groups} groups");
    Some(match item {
        // Missing data.
        "11" => {
            let rejected: u64 = flow.exams_rejected.values().sum();
            let evidence = format!("metrics.json flow: {rejected} exams set aside by reason");
            (yes_if(exams, Partly), evidence)
        }
        // Use of the data.
        "12a" => {
            let evidence = format!("split `{}` was scored; metrics.json flow", metrics.subset);
            (Yes, evidence)
        }
        // Fairness, and heterogeneity of performance.
        "14" | "23b" => (yes_if(groups > 0, No), by_group()),
        // Output and thresholds.
        "15" => {
            let (source, by) = (&thresholds.source, &thresholds.by);
            (Yes, format!("probabilities; thresholds {source}: {by}"))
        }
        // Flow of participants.
        "20a" => (yes_if(exams, Partly), participants_text(flow)),
        // Performance with intervals.
        "23a" => {
            let attested = yes_if(metrics.intervals.replicates > 0, Partly);
            (attested, metrics.intervals.ranking.clone())
        }
        _ => return None,
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_stand_in_the_order_of_the_checklist() {
        let items = read_checklist().unwrap().items;
        let order = |item: &ChecklistItem| {
            let letter = item.item.trim_start_matches(|c: char| c.is_ascii_digit());
            let number = item.item.trim_end_matches(letter).parse::<u32>().unwrap();
            (number, letter.to_owned())
        };
        assert!(items.windows(2).all(|pair| order(&pair[0]) < order(&pair[1])));
        assert_eq!(items.len(), 52);
    }

    #[test]
    fn every_item_is_attested_by_every_run_by_the_run_or_by_none() {
        let items = read_checklist().unwrap().items;
        for item in &items {
            let by_every = matches!(item.attested, AttestedByRuns::Yes | AttestedByRuns::Partly);
            assert_eq!(by_every, item.evidence.is_some(), "{}", item.item);
        }
        let by_run = items.iter().filter(|item| item.attested == AttestedByRuns::ByRun);
        let by_run: Vec<&str> = by_run.map(|item| item.item.as_str()).collect();
        assert_eq!(by_run, ["11", "12a", "14", "15", "20a", "23a", "23b"]);
    }
}
