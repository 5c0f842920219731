//! Groups of exams whose labels are counted together.

use crate::error::{Error, Result};
use crate::label_table::LabelTable;
use ecgfm_artifacts::columns::{IDX, SPLIT};
use ecgfm_artifacts::{splits, table};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;

/// Exams that are counted together.
pub(crate) struct ExamGroup {
    pub(crate) name: String,
    /// Exams of which each label's truth is known.
    known: Vec<usize>,
    /// Number of these exams that have each label.
    pub(crate) positives: Vec<usize>,
}

impl ExamGroup {
    fn of_rows(name: &str, rows: &[usize], truth: &LabelTable) -> Self {
        let count = |values: &Vec<Option<bool>>| count_known(rows.iter().map(|&row| values[row]));
        Self::new(name, truth.values.par_iter().map(count).collect())
    }

    /// Every exam.
    fn of_all(name: &str, truth: &LabelTable) -> Self {
        let count = |values: &Vec<Option<bool>>| count_known(values.iter().copied());
        Self::new(name, truth.values.par_iter().map(count).collect())
    }

    fn new(name: &str, counts: Vec<(usize, usize)>) -> Self {
        let (known, positives) = counts.into_iter().unzip();
        Self {
            name: name.to_owned(),
            known,
            positives,
        }
    }

    pub(crate) fn share(&self, label: usize) -> f64 {
        self.positives[label] as f64 / self.known[label] as f64
    }

    /// (1 − p) / p, infinite for a label that never occurs.
    pub(crate) fn weight(&self, label: usize) -> f64 {
        let share = self.share(label);
        (1.0 - share) / share
    }
}

/// Counts the values that are known, and those of them that hold.
fn count_known(values: impl Iterator<Item = Option<bool>>) -> (usize, usize) {
    values.flatten().fold((0, 0), |(known, positives), holds| {
        (known + 1, positives + usize::from(holds))
    })
}

/// Group that is counted as `all`: the exams of all splits, or every exam where no splits are given.
pub(crate) fn group_of_all(truth: &LabelTable, groups: &[ExamGroup]) -> ExamGroup {
    if groups.is_empty() {
        return ExamGroup::of_all("all", truth);
    }
    let sum = |label: usize| {
        let sum = |of: fn(&ExamGroup) -> &Vec<usize>| groups.iter().map(|group| of(group)[label]).sum();
        (sum(|group| &group.known), sum(|group| &group.positives))
    };
    ExamGroup::new("all", (0..truth.names.len()).map(sum).collect())
}

/// The exams of each split, splits in the order of their names.
pub(crate) fn groups_by_split(path: &Path, truth: &LabelTable) -> Result<Vec<ExamGroup>> {
    let frame = splits::read_meta(path)?;
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let names = table::str_column(path, &frame, SPLIT)?;
    for (idx, name) in table::int_column(path, &frame, IDX)?
        .iter()
        .flatten()
        .zip(names.iter().flatten())
    {
        if truth.others.binary_search(&idx).is_ok() {
            continue;
        }
        let row = truth.row(idx).ok_or_else(|| {
            Error::bad_input(
                path,
                format!("idx {idx} is not among the records; run splits again on these records"),
            )
        })?;
        groups.entry(name).or_default().push(row);
    }
    let groups = groups
        .iter()
        .map(|(name, rows)| ExamGroup::of_rows(name, rows, truth));
    Ok(groups.collect())
}
