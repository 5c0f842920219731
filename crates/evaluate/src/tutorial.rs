//! The tutorial's table: exact matches, and per class the statistics of its 2×2 table, to 3 decimals.
//!
//! Same formulas as the tutorial, on rows joined by key. A class that holds in no row is listed too (the tutorial
//! listed classes of the truth only); "no mapped label" is the class with the empty name.

use crate::known::{KnownRows, complete_rows};
use crate::metrics::ConfusionMatrix;
use crate::metrics::multilabel::Agreement;
use crate::scored_rows::ScoredRows;
use crate::scoring::decide_labels;
use ecgfm_artifacts::evaluation::{TUTORIAL_STATISTICS, Tutorial, TutorialClass};
use std::borrow::Cow;

/// Builds the table. A class is counted on the segments of which its truth is known; exact matches, and the class without a
/// mapped label, on those of which all is known.
pub(crate) fn tutorial_table(names: &[&str], segments: &ScoredRows, thresholds: &[f64]) -> Tutorial {
    let complete = complete_rows(segments);
    let whole = match &complete {
        None => Cow::Borrowed(segments),
        Some(rows) => Cow::Owned(segments.part(rows)),
    };
    let decided = decide_labels(&whole.scores, thresholds);
    let rows = whole.len();
    let none = |columns: &[Vec<bool>]| {
        (0..rows)
            .map(|row| columns.iter().all(|c| !c[row]))
            .collect::<Vec<bool>>()
    };
    let mut classes = vec![class_row("", &none(&whole.truth), &none(&decided))];
    classes.extend(
        names
            .iter()
            .zip(thresholds)
            .enumerate()
            .map(|(at, (name, threshold))| {
                let columns = (&segments.truth[at][..], &segments.scores[at][..]);
                let clusters = vec![0; segments.len()];
                let known = KnownRows::new(
                    (columns.0, columns.1, &clusters),
                    &segments.unknown[at],
                    *threshold,
                );
                class_row(name, &known.truth, &known.decided())
            }),
    );
    // scikit-learn sorts classes as Python sorts text: by code point, as Rust does.
    classes.sort_by(|a, b| a.class.cmp(&b.class));
    let agreement = Agreement::count(&whole.truth, &decided, rows);
    Tutorial {
        rows: rows as u64,
        matches: agreement.exact,
        exact_match: agreement.exact_match(),
        classes,
    }
}

fn class_row(name: &str, truth: &[bool], decided: &[bool]) -> TutorialClass {
    let counts = ConfusionMatrix::count(truth.iter().copied().zip(decided.iter().copied()));
    TutorialClass {
        class: name.to_owned(),
        counts,
        values: std::array::from_fn(|at| TUTORIAL_STATISTICS[at].1(&counts).map(round3)),
    }
}

/// Rounds as numpy's `round(3)`: scaled, to the nearest integer, halves to even.
fn round3(v: f64) -> f64 {
    (v * 1000.0).round_ties_even() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::df;

    #[test]
    fn classes_are_the_empty_one_and_every_mapped_label_in_text_order() {
        let segments = ScoredRows {
            keys: df!("idx" => [0i64, 1, 2]).unwrap(),
            truth: vec![vec![true, false, false], vec![false, false, false]],
            unknown: vec![vec![], vec![]],
            scores: vec![vec![0.9, 0.1, 0.9], vec![0.1, 0.1, 0.1]],
            without_truth: 0,
        };
        let got = tutorial_table(&["SB", "AF"], &segments, &[0.5, 0.5]);
        assert_eq!(
            got.classes.iter().map(|c| c.class.as_str()).collect::<Vec<_>>(),
            ["", "AF", "SB"]
        );
        assert_eq!(
            got.classes[0].counts,
            ConfusionMatrix {
                tp: 1,
                fp: 0,
                r#fn: 1,
                tn: 1
            }
        );
        assert_eq!(
            got.classes[2].counts,
            ConfusionMatrix {
                tp: 1,
                fp: 1,
                r#fn: 0,
                tn: 1
            }
        );
        assert_eq!((got.matches, got.exact_match), (2, Some(2.0 / 3.0)));
        assert_eq!(got.classes[2].values[..2], [Some(0.333), Some(1.0)]);
        assert_eq!(
            got.classes[1].values[1], None,
            "no positives: recall is undefined"
        );
    }

    #[test]
    fn rounding_is_numpys() {
        assert_eq!(
            [0.0005, 0.0015, 0.9049999, 2.0 / 3.0].map(round3),
            [0.0, 0.002, 0.905, 0.667]
        );
    }
}
