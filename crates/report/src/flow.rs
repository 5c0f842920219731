//! What came in, was set aside, and was scored: as a diagram and as a list.

use crate::figure::Figure;
use crate::svg::{FlowBox, FlowStage, draw_flow};
use crate::text::count_text;
use ecgfm_artifacts::evaluation::{Flow, Metrics};
use serde::Serialize;

/// File of the diagram.
const FILE: &str = "flow.svg";

/// Most labels whose unknown truth the diagram counts one by one; the list counts all.
const DRAWN_LABELS: usize = 6;

/// Line of the flow.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct FlowLine {
    count: String,
    words: String,
}

/// Step of the flow: what is there, and what leaves before the next.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct FlowStep {
    there: Vec<FlowLine>,
    leaves: Vec<FlowLine>,
}

fn line(count: u64, words: impl Into<String>) -> FlowLine {
    FlowLine {
        count: count_text(count),
        words: words.into(),
    }
}

/// Steps from the archive's exams to the ECGs scored.
fn flow_steps(flow: &Flow, subset: &str) -> Vec<FlowStep> {
    let unpredicted = flow.segments_unpredicted.filter(|n| *n > 0);
    let words = format!("segments of split “{subset}” without a prediction");
    let mut unpredicted = unpredicted.map(|n| line(n, words));
    let mut steps = exam_steps(flow);
    if let Some(kept) = steps.last_mut() {
        kept.leaves.extend(unpredicted.take());
    }
    let without_truth = [
        line(flow.ecgs_without_truth, "ECGs without truth"),
        line(flow.segments_without_truth, "segments of them"),
    ];
    steps.push(FlowStep {
        there: vec![
            line(
                flow.ecgs_predicted,
                format!("ECGs predicted, of split “{subset}”"),
            ),
            line(flow.segments_predicted, "segments of them"),
        ],
        leaves: without_truth.into_iter().chain(unpredicted).collect(),
    });
    let mut scored = vec![
        line(flow.ecgs_scored, "ECGs scored"),
        line(flow.segments_scored, "segments of them"),
    ];
    scored.extend(flow.patients_scored.map(|n| line(n, "patients among them")));
    let nameless = flow.ecgs_without_patient.filter(|n| *n > 0);
    scored.extend(nameless.map(|n| line(n, "ECGs that name no patient")));
    let unknown = flow.ecgs_without_label.iter();
    steps.push(FlowStep {
        there: scored,
        leaves: unknown
            .map(|(label, n)| line(*n, format!("ECGs not scored on {label}: truth not known")))
            .collect(),
    });
    steps
}

/// Steps before prediction, where the exams of the archive were counted.
fn exam_steps(flow: &Flow) -> Vec<FlowStep> {
    let (Some(read), Some(kept)) = (flow.exams_read, flow.exams_kept) else {
        return Vec::new();
    };
    let mut rejected = vec![line(flow.exams_rejected.values().sum(), "exams set aside")];
    let reasons = flow.exams_rejected.iter();
    rejected.extend(reasons.map(|(reason, n)| line(*n, reason.replace('_', " "))));
    let others = kept.checked_sub(flow.ecgs_predicted);
    let others = others.map(|n| line(n, "exams of other splits, or without a prediction"));
    vec![
        FlowStep {
            there: vec![line(read, "exams read")],
            leaves: rejected,
        },
        FlowStep {
            there: vec![line(kept, "exams kept, of all splits")],
            leaves: others.into_iter().collect(),
        },
    ]
}

/// The flow as steps, and as a diagram of them.
pub(crate) struct DrawnFlow {
    /// Steps, from the first.
    pub(crate) steps: Vec<FlowStep>,
    /// The diagram.
    pub(crate) figure: Figure,
}

/// The flow as a diagram: what is drawn, without how.
pub(crate) struct FlowDiagram {
    /// Title and description.
    pub(crate) words: (String, String),
    /// Meaning of the dashes.
    pub(crate) key: &'static str,
    /// Boxes, from the first.
    pub(crate) stages: Vec<FlowStage>,
}

/// Counts the flow and draws it.
pub(crate) fn draw_flow_of_ecgs(metrics: &Metrics) -> DrawnFlow {
    let steps = flow_steps(&metrics.flow, &metrics.subset);
    let figure = draw_diagram(diagram_of(&steps));
    DrawnFlow { steps, figure }
}

/// Diagram of the flow.
pub(crate) fn flow_diagram(metrics: &Metrics) -> FlowDiagram {
    diagram_of(&flow_steps(&metrics.flow, &metrics.subset))
}

fn draw_diagram(diagram: FlowDiagram) -> Figure {
    Figure {
        file: FILE.to_owned(),
        chart: draw_flow(diagram.words, &diagram.stages),
        caption: diagram.key.to_owned(),
    }
}

fn diagram_of(steps: &[FlowStep]) -> FlowDiagram {
    let text = |lines: &[FlowLine]| {
        let all: Vec<String> = lines.iter().map(|l| format!("{} {}", l.count, l.words)).collect();
        all.join(", ")
    };
    let said = steps.iter().map(|step| match step.leaves.as_slice() {
        [] => format!("{}.", text(&step.there)),
        leaves => format!("{}; aside: {}.", text(&step.there), text(leaves)),
    });
    let words = (
        "From the archive to the ECGs scored".to_owned(),
        said.collect::<Vec<_>>().join(" "),
    );
    let flow_box = |lines: &[FlowLine]| FlowBox {
        lines: lines.iter().map(|l| (l.count.clone(), l.words.clone())).collect(),
    };
    let beside = |at: usize, leaves: &[FlowLine]| match leaves.len() {
        0 => None,
        labels if at + 1 == steps.len() && labels > DRAWN_LABELS => {
            let words = "labels are not scored on all of these ECGs, for their truth is not known of each";
            Some(flow_box(&[line(labels as u64, words)]))
        }
        _ => Some(flow_box(leaves)),
    };
    let stages = steps.iter().enumerate().map(|(at, step)| FlowStage {
        on_the_way: flow_box(&step.there),
        beside: beside(at, &step.leaves),
    });
    FlowDiagram {
        words,
        key: "Dashed: what is left out, and why.",
        stages: stages.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn counts(text: &str) -> u64 {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        digits.parse().unwrap_or_default()
    }

    fn flow() -> Flow {
        Flow {
            exams_read: Some(3000),
            exams_rejected: [("all_zero".to_owned(), 12), ("flat_lead".to_owned(), 8)].into(),
            exams_kept: Some(2980),
            segments_predicted: 2600,
            segments_without_truth: 8,
            segments_scored: 2592,
            segments_unpredicted: Some(7),
            ecgs_predicted: 1280,
            ecgs_without_truth: 4,
            ecgs_scored: 1276,
            ecgs_without_label: BTreeMap::new(),
            segments_without_label: BTreeMap::new(),
            patients_scored: Some(1200),
            ecgs_without_patient: None,
        }
    }

    #[test]
    fn a_count_less_what_leaves_is_the_next_count() {
        let steps = flow_steps(&flow(), "test");
        assert_eq!(steps.len(), 4);
        for pair in steps.windows(2) {
            let (before, left, after) = (&pair[0].there[0], &pair[0].leaves[0], &pair[1].there[0]);
            assert_eq!(
                counts(&before.count) - counts(&left.count),
                counts(&after.count),
                "{pair:?}"
            );
        }
        assert_eq!(steps[0].leaves[1].words, "all zero");
    }

    #[test]
    fn what_was_not_predicted_is_said_also_where_no_exams_were_counted() {
        let unpredicted = |flow: &Flow| {
            let steps = flow_steps(flow, "test");
            let at = steps
                .iter()
                .position(|step| step.leaves.iter().any(|l| l.count == "7"));
            (steps.len(), at)
        };
        let uncounted = Flow {
            exams_read: None,
            ..flow()
        };
        assert_eq!(
            (unpredicted(&flow()), unpredicted(&uncounted)),
            ((4, Some(1)), (2, Some(0)))
        );
    }

    #[test]
    fn many_labels_of_unknown_truth_are_counted_in_the_diagram_and_named_in_the_list() {
        let ecgs_without_label = (0..20).map(|at| (format!("label{at}"), 31)).collect();
        let steps = flow_steps(
            &Flow {
                ecgs_without_label,
                ..flow()
            },
            "test",
        );
        let svg = draw_diagram(diagram_of(&steps)).chart.body;
        assert!(
            svg.contains(">20</text>") && svg.contains(">labels are not scored") && !svg.contains("label7"),
            "{svg}"
        );
        assert!(steps[3].leaves.iter().any(|l| l.words.contains("label7")));
    }
}
