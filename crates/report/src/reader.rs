//! Agreement with a reader, where their verdicts were given to the evaluation.

use crate::text::{count_text, number_text};
use ecgfm_artifacts::evaluation::{ConfusionMatrix, Metrics, ReaderLabel};
use serde::Serialize;

/// The section about a reader.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct ReaderView {
    /// Verdicts, and what became of them, in sentences.
    counts: String,
    rows: Vec<ReaderRow>,
    /// All labels as one, where verdicts are on several.
    all: Option<ReaderRow>,
    /// Labels without a verdict.
    unjudged: String,
}

#[derive(Debug, PartialEq, Serialize)]
struct ReaderRow {
    label: String,
    judged: String,
    unsure: String,
    model: String,
    /// Of the model and the reader: both say yes, the model alone, the reader alone, neither.
    cells: [String; 4],
    truth: String,
}

/// The section, where there is a reader.
pub(crate) fn reader_view(metrics: &Metrics) -> Option<ReaderView> {
    let reader = metrics.reader.as_ref()?;
    let (judged, unjudged): (Vec<&ReaderLabel>, Vec<&ReaderLabel>) =
        reader.labels.iter().partition(|label| count_verdicts(label) > 0);
    let on_scored: u64 = judged.iter().map(|label| count_verdicts(label)).sum();
    let counts = format!(
        "Verdicts: {}; on labels of ECGs that were scored {}, on ECGs or labels that were not {}, on exams set aside {}.",
        count_text(reader.verdicts),
        count_text(on_scored),
        count_text(reader.not_scored),
        count_text(reader.on_set_aside)
    );
    let names: Vec<&str> = unjudged.iter().map(|label| label.label.as_str()).collect();
    Some(ReaderView {
        counts,
        rows: judged.iter().map(|label| reader_row(label)).collect(),
        all: (judged.len() > 1).then(|| reader_row(&sum_of(&judged))),
        unjudged: names.join(", "),
    })
}

fn count_verdicts(label: &ReaderLabel) -> u64 {
    label.model.n() + label.unsure
}

fn sum_of(labels: &[&ReaderLabel]) -> ReaderLabel {
    let sum = |of: fn(&ReaderLabel) -> ConfusionMatrix| {
        let tables = labels.iter().map(|label| of(label));
        tables.fold(ConfusionMatrix::default(), ConfusionMatrix::plus)
    };
    ReaderLabel {
        label: "all".to_owned(),
        unsure: labels.iter().map(|label| label.unsure).sum(),
        model: sum(|label| label.model),
        truth: sum(|label| label.truth),
    }
}

fn reader_row(label: &ReaderLabel) -> ReaderRow {
    let ReaderLabel { model, truth, .. } = label;
    ReaderRow {
        label: label.label.clone(),
        judged: count_text(model.n()),
        unsure: count_text(label.unsure),
        model: agreement_text(model),
        cells: [model.tp, model.fp, model.r#fn, model.tn].map(count_text),
        truth: agreement_text(truth),
    }
}

/// `12 of 15 (0.800)`, or `n/a` where nothing was judged.
fn agreement_text(table: &ConfusionMatrix) -> String {
    table.accuracy().map_or("n/a".to_owned(), |share| {
        let same = count_text(table.tp + table.tn);
        format!("{same} of {} ({})", count_text(table.n()), number_text(share))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(tp: u64, tn: u64, unsure: u64) -> ReaderLabel {
        let of = |fp| ConfusionMatrix { tp, fp, r#fn: 0, tn };
        ReaderLabel {
            label: "AF".to_owned(),
            unsure,
            model: of(1),
            truth: ConfusionMatrix::default(),
        }
    }

    #[test]
    fn agreement_has_its_counts_and_that_of_nothing_is_no_number() {
        let row = reader_row(&label(3, 4, 2));
        assert_eq!(
            (row.model.as_str(), row.truth.as_str()),
            ("7 of 8 (0.875)", "n/a")
        );
        assert_eq!((row.judged.as_str(), row.unsure.as_str()), ("8", "2"));
        assert_eq!(row.cells, ["3", "1", "0", "4"]);
    }

    #[test]
    fn all_labels_are_the_sum_of_each() {
        let (one, two) = (label(3, 4, 2), label(10, 1, 0));
        let all = reader_row(&sum_of(&[&one, &two]));
        assert_eq!((all.judged.as_str(), all.unsure.as_str()), ("20", "2"));
        assert_eq!(all.model, "18 of 20 (0.900)");
    }
}
