//! Splits by a published column of folds.

use crate::error::Result;
use crate::params::{Fold, Params};
use crate::records::ExamRecords;
use ecgfm_artifacts::records::normalize_key;
use std::collections::{BTreeMap, HashMap};

/// Folds that a message lists.
const LISTED: usize = 10;

/// Exams that have no split, as their fold is none of those named.
#[derive(Debug, Default)]
pub(crate) struct LeftOutFolds {
    /// Exams of each fold that no split names.
    pub(crate) unnamed: BTreeMap<String, usize>,
    /// Exams whose fold is empty.
    pub(crate) without_fold: usize,
    /// Folds that are named and have no exam.
    unused: Vec<String>,
}

/// The split of each exam by its fold, as a number among the splits by name.
pub(crate) fn assign_folds(
    exams: &ExamRecords,
    params: &Params,
) -> Result<(Vec<Option<usize>>, LeftOutFolds)> {
    let mut named: HashMap<String, (usize, usize)> = HashMap::new();
    for (split, folds) in params.folds.values().enumerate() {
        named.extend(folds.iter().map(|fold| (Fold::key(fold), (split, 0))));
    }
    let mut left_out = LeftOutFolds::default();
    let mut split_of = Vec::with_capacity(exams.frame.height());
    for cell in exams.text(params.column.as_deref().unwrap_or_default())?.iter() {
        let fold = normalize_key(cell.unwrap_or_default());
        split_of.push(match named.get_mut(fold) {
            Some((split, exams)) => {
                *exams += 1;
                Some(*split)
            }
            None if fold.is_empty() => {
                left_out.without_fold += 1;
                None
            }
            None => {
                *left_out.unnamed.entry(fold.to_owned()).or_default() += 1;
                None
            }
        });
    }
    let unused = named.into_iter().filter(|(_, (_, exams))| *exams == 0);
    left_out.unused = unused.map(|(fold, _)| fold).collect();
    left_out.unused.sort();
    Ok((split_of, left_out))
}

impl LeftOutFolds {
    /// Number of exams whose fold no split names.
    pub(crate) fn exams(&self) -> usize {
        self.unnamed.values().sum()
    }

    /// Messages about exams left out, and about folds without exams.
    pub(crate) fn notes(&self, column: &str) -> Vec<String> {
        let mut notes = Vec::new();
        if self.without_fold > 0 {
            let exams = self.without_fold;
            notes.push(format!(
                "column `{column}` is empty for {exams} exams; they are in no split"
            ));
        }
        if !self.unnamed.is_empty() {
            let folds = self
                .unnamed
                .iter()
                .map(|(fold, exams)| format!("{} ({exams} exams)", fold.escape_debug()));
            let folds = list(folds.collect());
            notes.push(format!(
                "column `{column}`: no split names the folds {folds}; their exams are in no split"
            ));
        }
        if !self.unused.is_empty() {
            let folds = list(self.unused.clone());
            notes.push(format!(
                "column `{column}`: no exam is of the folds {folds}, which `folds` names"
            ));
        }
        notes
    }
}

/// A list in words, cut off where it is long.
fn list(mut all: Vec<String>) -> String {
    let more = all.len().saturating_sub(LISTED);
    all.truncate(LISTED);
    match more {
        0 => all.join(", "),
        more => format!("{}, and {more} more", all.join(", ")),
    }
}
