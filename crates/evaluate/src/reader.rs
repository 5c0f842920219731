//! A reader's verdicts as a second truth.

use crate::by_number::ByNumber;
use crate::error::{Error, Result};
use crate::scored_rows::ScoredRows;
use crate::scoring::ScoringSettings;
use ecgfm_artifacts::columns::SAVE_FILE;
use ecgfm_artifacts::evaluation::{ConfusionMatrix, PairUsed, ReaderAgreement, ReaderLabel, exceeds};
use ecgfm_artifacts::presence::exists;
use ecgfm_artifacts::review::{self, Review, Subject};
use std::collections::HashSet;
use std::path::Path;

/// Counts how often the model, and the truth that is scored, say of an ECG what a reader says in the `review.csv` at `path`.
///
/// # Errors
/// The file is not there or cannot be read, or has two verdicts on a label of an ECG.
pub(crate) fn compare_with_reader(
    path: &Path,
    ecgs: &ScoredRows,
    scoring: &ScoringSettings<'_>,
) -> Result<ReaderAgreement> {
    if !exists(path)? {
        return Err(Error::keys(path, "there is no such file; `ecgfm view` writes it"));
    }
    let reviews = review::read(path)?;
    let rows = EcgRows::new(ecgs);
    let mut found = ReaderAgreement {
        verdicts: 0,
        on_set_aside: 0,
        not_scored: 0,
        labels: scoring.pairs.iter().map(without_verdicts).collect(),
    };
    let mut seen = HashSet::new();
    for review in reviews.iter().filter(|review| review.verdict.is_some()) {
        found.verdicts += 1;
        if review.about == Subject::Rejection {
            found.on_set_aside += 1;
            continue;
        }
        let label = scoring.pairs.iter().position(|pair| pair.to == review.label);
        let Some((at, row)) = label.zip(rows.of(review)) else {
            found.not_scored += 1;
            continue;
        };
        if !seen.insert((at, row)) {
            let what = format!(
                "two verdicts on `{}` of `{}`; give the verdicts of one reader",
                review.label, review.save_file
            );
            return Err(Error::keys(path, what));
        }
        let label = &mut found.labels[at];
        let Some(holds) = review.says() else {
            label.unsure += 1;
            continue;
        };
        let decided = exceeds(ecgs.scores[at][row], scoring.thresholds[at]);
        label.model.add(holds, decided, 1);
        if ecgs.unknown[at].binary_search(&(row as u32)).is_err() {
            label.truth.add(holds, ecgs.truth[at][row], 1);
        }
    }
    Ok(found)
}

fn without_verdicts(pair: &PairUsed) -> ReaderLabel {
    ReaderLabel {
        label: pair.to.clone(),
        unsure: 0,
        model: ConfusionMatrix::default(),
        truth: ConfusionMatrix::default(),
    }
}

/// The scored ECGs, by what a review names them by.
struct EcgRows<'a> {
    row_of: ByNumber<u32>,
    ecgs: &'a ScoredRows,
}

impl<'a> EcgRows<'a> {
    fn new(ecgs: &'a ScoredRows) -> Self {
        let row_of = ecgs.idx().zip(0..).collect();
        Self { row_of, ecgs }
    }

    /// The row of the ECG that a review is of: idx and recording are both its own, so that a verdict of another archive is none here.
    fn of(&self, review: &Review) -> Option<usize> {
        let row = self.row_of.find(review.idx?)? as usize;
        let files = self.ecgs.keys.column(SAVE_FILE).ok()?.str().ok()?;
        (files.get(row) == Some(&review.save_file)).then_some(row)
    }
}
