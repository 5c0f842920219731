//! What the model should say of a synthetic ECG: PhysioNet's labels out of what is known about it.

use ecgfm_artifacts::labelset::LabelSet;
use ecgfm_synth::{ExamTruth, Finding, Rhythm};

/// Returns true where an ECG has a label.
pub(super) type LabelRule = fn(&ExamTruth) -> bool;

/// Labels that a synthetic ECG can have, and when it has them. All others are never positive.
const KNOWN: [(&str, LabelRule); 17] = [
    ("AF", |t| t.labels.af),
    ("CLBBB|LBBB", |t| t.labels.lbbb),
    ("CRBBB|RBBB", |t| t.labels.rbbb),
    ("IAVB", |t| t.labels.first_degree_block),
    ("IRBBB", |t| has_finding(t, Finding::IncompleteRbbb)),
    ("LAD", |t| t.axis_deg < -30.0),
    ("LQRSV", |t| has_finding(t, Finding::LowVoltage)),
    ("LQT", |t| has_finding(t, Finding::LongQt)),
    ("NSR", |t| t.rhythm == Rhythm::Sinus),
    ("PAC|SVPB", |t| has_finding(t, Finding::PrematureAtrial)),
    ("PVC|VPB", |t| has_finding(t, Finding::PrematureVentricular)),
    ("QAb", |t| {
        has_finding(t, Finding::InferiorQ) || has_finding(t, Finding::AnteriorQ)
    }),
    ("RAD", |t| t.axis_deg > 90.0),
    ("SA", |t| has_finding(t, Finding::SinusArrhythmia)),
    ("SB", |t| t.labels.sb),
    ("STach", |t| t.labels.st),
    ("TInv", |t| has_finding(t, Finding::TInversion)),
];

fn has_finding(truth: &ExamTruth, finding: Finding) -> bool {
    truth.findings.contains(&finding)
}

/// The rules of a label set's labels in its order; none where no synthetic ECG has the label.
pub(super) fn label_rules(labels: &LabelSet) -> Vec<Option<LabelRule>> {
    let rule = |name: &str| KNOWN.iter().find(|(known, _)| *known == name).map(|k| k.1);
    labels.names().into_iter().map(rule).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_for_a_label_of_the_set() {
        let labels = LabelSet::load(super::super::LABELS).unwrap();
        assert_eq!(label_rules(&labels).iter().flatten().count(), KNOWN.len());
    }
}
