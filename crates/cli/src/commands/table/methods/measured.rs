//! How predictions became figures: truth and labels, thresholds, statistics with their intervals.

use super::words::{counted, join, not_recorded};
use crate::commands::table::lineage::Lineage;
use ecgfm_artifacts::evaluation::{EvaluationUnit, Metrics};
use ecgfm_report::pooling_sentence;

pub(super) fn truth(metrics: &Metrics, lineage: Option<&Lineage>) -> Vec<String> {
    let mapping = &metrics.mapping;
    let pairs = mapping.pairs.iter().map(|pair| match pair.from == pair.to {
        true => pair.to.clone(),
        false => format!("{} (the model’s {})", pair.to, pair.from),
    });
    let mut said = vec![format!(
        "{} of the truth’s label set `{}` were scored, out of the model’s label set `{}` (mapping `{}`): {}.",
        counted(mapping.pairs.len() as u64, "label"),
        mapping.to,
        mapping.from,
        mapping.name,
        join(pairs, ", ")
    )];
    let missing = lineage.and_then(|lineage| lineage.stage("evaluate")?.parameters["missing_label"].as_str());
    said.push(match missing {
        Some(missing) => format!("ECGs of which a label is not known: `missing_label: {missing}`."),
        None => not_recorded("treatment of labels that are not known"),
    });
    said.push(pooling_sentence(mapping));
    said
}

pub(super) fn thresholds(metrics: &Metrics) -> Vec<String> {
    let used = &metrics.thresholds;
    let values = || {
        let labels = metrics
            .unit(EvaluationUnit::Ecg)
            .map(|unit| unit.labels.as_slice())
            .unwrap_or_default();
        join(
            labels
                .iter()
                .map(|label| format!("{} {}", label.label, label.threshold)),
            ", ",
        )
    };
    let rule = "A label was predicted where its probability was above its threshold.".to_owned();
    let origin = match (used.source.as_str(), &used.chosen_on) {
        ("fixed", _) => format!(
            "It was {} for all labels, and chosen on no data of this run.",
            used.by
        ),
        ("given", _) => format!(
            "Thresholds were given label by label (`{}`): {}.",
            used.by,
            values()
        ),
        ("file", _) => format!("Thresholds were read from the file `{}`: {}.", used.by, values()),
        (_, Some(split)) => {
            let ecgs = used.ecgs.map_or_else(
                || "an unrecorded number of ECGs".to_owned(),
                |n| counted(n, "ECG"),
            );
            let without = used.ecgs_without_truth.filter(|n| *n > 0);
            let without = without.map_or_else(String::new, |n| format!(" ({n} without truth left out)"));
            format!(
                "Thresholds were chosen on {ecgs} of the split `{split}`{without}, which is not the one scored, by {}: {}.",
                used.by,
                values()
            )
        }
        (source, None) => format!("Thresholds are `{source}`, {}: {}.", used.by, values()),
    };
    vec![rule, origin]
}

pub(super) fn statistics(metrics: &Metrics, lineage: Option<&Lineage>) -> Vec<String> {
    let method = &metrics.intervals;
    // A share of one, in per cent without the last bit of its product.
    let level = (method.level * 1000.0).round() / 10.0;
    let mut said = vec![format!(
        "Statistics are of {}.",
        match metrics.unit(EvaluationUnit::Ecg) {
            Some(_) => "ECGs, whose segments are pooled, and of segments",
            None => "segments",
        }
    )];
    said.push(match method.replicates {
        0 => "No intervals were resampled.".to_owned(),
        n => format!(
            "Intervals of {level} % are from a {}: {n} resamples, seed {}, each of {}.",
            method.ranking,
            method.seed,
            match method.cluster.as_str() {
                "ecg" => "single ECGs".to_owned(),
                cluster => format!("whole {cluster}s"),
            }
        ),
    });
    said.push(format!("Intervals of proportions: {}.", method.proportions));
    said.extend(subgroups(metrics, lineage));
    said
}

fn subgroups(metrics: &Metrics, lineage: Option<&Lineage>) -> Option<String> {
    let mut by: Vec<&str> = metrics.subgroups.iter().map(|group| group.by.as_str()).collect();
    by.dedup();
    if by.is_empty() {
        return None;
    }
    let least = lineage.and_then(|lineage| {
        let parameters = &lineage.stage("evaluate")?.parameters["subgroups"];
        parameters["min_cell"].as_u64()
    });
    let least = least.map_or_else(
        || not_recorded("least number of ECGs below which figures of a group are left out"),
        |n| format!("Figures of a label are left out in groups with fewer than {n} ECGs that have it, or have not."),
    );
    Some(format!(
        "Subgroups by {} were compared with the largest group of each; intervals are not corrected for their number. {least}",
        join(by, ", ")
    ))
}
