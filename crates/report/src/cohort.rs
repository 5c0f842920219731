//! Table 1: who was scored. ECGs, patients, groups and labels, with counts and shares.

use crate::text::count_text;
use ecgfm_artifacts::evaluation::{EvaluationUnit, Metrics};
use serde::Serialize;

/// Rows under one heading.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct CohortPart {
    heading: String,
    rows: Vec<CohortRow>,
}

#[derive(Debug, PartialEq, Serialize)]
struct CohortRow {
    name: String,
    #[serde(skip)]
    count: u64,
    /// The count as the page shows it.
    n: String,
    /// Share of the ECGs scored; empty where it is no share of them.
    share: String,
}

impl CohortPart {
    /// Heading, name, and count with share of every row.
    pub(crate) fn cells(&self) -> impl Iterator<Item = (&str, &str, String)> {
        self.rows.iter().map(|row| {
            let value = match row.share.as_str() {
                "" => row.count.to_string(),
                share => format!("{} ({})", row.count, share.trim_end_matches(" %")),
            };
            (self.heading.as_str(), row.name.as_str(), value)
        })
    }
}

/// Who was scored: ECGs and patients, the groups of every attribute, the labels of the truth.
pub(crate) fn describe_cohort(metrics: &Metrics) -> Vec<CohortPart> {
    let all = metrics.flow.ecgs_scored;
    let row = |name: &str, n: u64, of: u64| CohortRow {
        name: name.to_owned(),
        count: n,
        n: count_text(n),
        share: match of {
            0 => String::new(),
            of => format!("{:.1} %", 100.0 * n as f64 / of as f64),
        },
    };
    let mut scored = vec![row("ECGs scored", all, 0)];
    scored.extend(metrics.flow.patients_scored.map(|n| row("patients", n, 0)));
    let mut parts = vec![CohortPart {
        heading: String::new(),
        rows: scored,
    }];
    for group in &metrics.subgroups {
        let new = row(&group.group, group.n, all);
        match parts.iter_mut().find(|part| part.heading == group.by) {
            Some(part) => part.rows.push(new),
            None => parts.push(CohortPart {
                heading: group.by.clone(),
                rows: vec![new],
            }),
        }
    }
    if let Some(unit) = metrics.unit(EvaluationUnit::Ecg) {
        let labels = unit.labels.iter();
        parts.push(CohortPart {
            heading: "label (of the ECGs of which it is known)".to_owned(),
            rows: labels
                .map(|label| {
                    row(
                        &label.label,
                        label.positives,
                        unit.n.saturating_sub(label.unknown),
                    )
                })
                .collect(),
        });
    }
    parts
}
