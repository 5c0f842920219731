//! The labels of all exams, in order.

use crate::error::{Error, Result};
use ecgfm_artifacts::columns::IDX;
use ecgfm_artifacts::labels::{self, MissingLabel};
use ecgfm_artifacts::{Error as ArtifactError, table};
use polars::prelude::*;
use rayon::prelude::*;
use std::path::Path;

/// The labels of all exams, sorted by idx.
pub(crate) struct LabelTable {
    pub(crate) names: Vec<String>,
    pub(crate) idx: Vec<i64>,
    /// Truth of each label, `[label][exam]`; none where it is not known.
    pub(crate) values: Vec<Vec<Option<bool>>>,
    pub(crate) frame: DataFrame,
    /// Keys of exams that are among the records and get no labels, sorted.
    pub(crate) others: Vec<i64>,
}

impl LabelTable {
    /// The table of `frame`, which has idx and one boolean column a label, in the order of the records at `path`; `others` are the
    /// exams of these that get no labels.
    ///
    /// # Errors
    /// An idx is in more than one row; a truth is not known where that is an error.
    pub(crate) fn of(
        path: &Path,
        (mut frame, others): (DataFrame, Vec<i64>),
        missing: MissingLabel,
    ) -> Result<Self> {
        let names = labels::label_columns(&frame);
        if !table::int_column(path, &frame, IDX)?.iter().is_sorted() {
            let sorted = frame.sort([IDX], SortMultipleOptions::default().with_maintain_order(true));
            frame = sorted.map_err(|e| ArtifactError::invalid(path, e.to_string()))?;
        }
        let idx: Vec<i64> = table::int_column(path, &frame, IDX)?.iter().flatten().collect();
        if let Some(pair) = idx.windows(2).find(|w| w[0] == w[1]) {
            return Err(Error::bad_input(
                path,
                format!("idx {} is in more than one row", pair[0]),
            ));
        }
        let column = |n: &String| Ok(labels::truth_column(path, &frame, n, missing)?);
        let values: Vec<Vec<Option<bool>>> = names.par_iter().map(column).collect::<Result<_>>()?;
        if missing == MissingLabel::Negative {
            for (name, values) in names.iter().zip(&values) {
                let filled = BooleanChunked::from_iter_options(name.as_str().into(), values.iter().copied());
                let replaced = frame.with_column(filled.into_column());
                replaced.map_err(|e| ArtifactError::invalid(path, e.to_string()))?;
            }
        }
        Ok(Self {
            names,
            idx,
            values,
            frame,
            others,
        })
    }

    /// Labels that are not known of every exam, and of how many they are not.
    pub(crate) fn unknown(&self) -> impl Iterator<Item = (&String, usize)> {
        let unknown = |values: &Vec<Option<bool>>| values.iter().filter(|value| value.is_none()).count();
        let all = self.names.iter().zip(&self.values);
        all.map(move |(name, values)| (name, unknown(values)))
            .filter(|(_, unknown)| *unknown > 0)
    }

    /// Messages, one for each label that is not known of more exams than is said elsewhere: `told` tells how many, by the number
    /// of the label.
    pub(crate) fn notes(&self, told: impl Fn(usize) -> usize) -> Vec<String> {
        let note = |(name, unknown)| {
            format!(
                "label `{name}`: {unknown} of {} exams have no truth of it; they are left out of this label \
                 (`missing_label: negative` takes them as exams without it)",
                self.idx.len()
            )
        };
        let number = |name: &String| self.names.iter().position(|known| known == name);
        let unknown = self
            .unknown()
            .filter(|(name, unknown)| *unknown > number(name).map_or(0, &told));
        unknown.map(note).collect()
    }

    /// The row of an exam. Most tables hold every idx from 0 on, so that it is the row.
    pub(crate) fn row(&self, idx: i64) -> Option<usize> {
        let guess = usize::try_from(idx)
            .ok()
            .filter(|&row| self.idx.get(row) == Some(&idx));
        guess.or_else(|| self.idx.binary_search(&idx).ok())
    }
}
