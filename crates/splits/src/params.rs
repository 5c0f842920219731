//! Parameters of the stage, and the checks of them that need no data.

use crate::error::{Error, Result};
use crate::fractions;
use ecgfm_artifacts::columns::{IDX, PATIENT_ID, SAVE_FILE};
use ecgfm_artifacts::manifests;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Assignment of exams to splits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Exams at random; a patient may be in several splits.
    #[default]
    Random,
    /// Groups (patients) at random; fractions are of groups, and a group is in one split.
    Grouped,
    /// Exams by date, the oldest first.
    Temporal,
    /// Exams by date; then each group goes where most of its exams are, the earlier split at a tie.
    GroupedTemporal,
}

/// Treatment by `grouped_temporal` of an exam whose own date is in another split than its group's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutOfPeriod {
    /// The exam goes with its group.
    #[default]
    Keep,
    /// The exam is left out, so that every split holds exams of its own period only.
    Drop,
}

/// Parameters of the stage.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// `meta.csv` of the signals stage.
    pub records: PathBuf,
    /// `segmented.csv` of the signals stage.
    #[serde(default)]
    pub segments: Option<PathBuf>,
    /// Assignment of exams to splits.
    #[serde(default)]
    pub strategy: Strategy,
    /// Share of each split. A sum below 1 gets the remainder as one more split, a sum above 1 is normalised.
    #[schemars(inner(range(min = 0)))]
    pub fractions: Vec<f64>,
    /// Names of the splits, one a fraction (and one for the remainder).
    pub names: Vec<String>,
    /// Seed of the random strategies.
    #[serde(default)]
    pub seed: u64,
    /// Column that groups exams, for the grouped strategies. An exam that it is empty for is a group of its own.
    #[serde(default = "default_group")]
    pub group: String,
    /// Column that orders exams in time, for the temporal strategies: all numbers, or all text that sorts by time.
    #[serde(default)]
    pub date: Option<String>,
    /// Boolean columns; an exam is left out where any of them is true.
    #[serde(default)]
    pub filter_cols: Vec<String>,
    /// Values of the column `dataset`; exams of other data sets are left out. Empty: all are kept.
    #[serde(default)]
    pub dataset_subset: Vec<String>,
    /// Columns of the records to carry along.
    #[serde(default)]
    pub keep_cols: Vec<String>,
    /// Treatment by `grouped_temporal` of an exam whose own date is in another split than its group's.
    #[serde(default)]
    pub out_of_period: OutOfPeriod,
}

fn default_group() -> String {
    PATIENT_ID.to_owned()
}

impl Params {
    /// The columns of the records that go into the tables, each once: the group's, the date's, and those to keep.
    pub(crate) fn carried(&self) -> Vec<&str> {
        let group = self.is_grouped().then_some(self.group.as_str());
        let date = self.date.as_deref().filter(|_| self.is_temporal());
        let mut carried = Vec::new();
        for column in group
            .into_iter()
            .chain(date)
            .chain(self.keep_cols.iter().map(String::as_str))
        {
            if ![IDX, SAVE_FILE].contains(&column) && !carried.contains(&column) {
                carried.push(column);
            }
        }
        carried
    }

    /// Checks everything that can be checked without data.
    ///
    /// # Errors
    /// Fractions and names do not fit, or a strategy lacks its column.
    pub fn check(&self) -> Result<()> {
        fractions::complete_fractions(&self.fractions, self.names.len())?;
        check_names(&self.names)?;
        if self.is_temporal() && self.date.is_none() {
            return Err(missing_date());
        }
        Ok(())
    }

    /// The columns of the records that are read, by the parameter that names each.
    pub fn columns(&self) -> Vec<(String, &str)> {
        let mut columns = numbered_columns("filter_cols", &self.filter_cols);
        columns.extend(numbered_columns("keep_cols", &self.keep_cols));
        if self.is_grouped() {
            columns.push(("group".to_owned(), &self.group));
        }
        if let Some(date) = self.date.as_deref().filter(|_| self.is_temporal()) {
            columns.push(("date".to_owned(), date));
        }
        if !self.dataset_subset.is_empty() {
            columns.push(("dataset_subset".to_owned(), DATASET));
        }
        columns
    }

    pub(crate) fn is_grouped(&self) -> bool {
        matches!(self.strategy, Strategy::Grouped | Strategy::GroupedTemporal)
    }

    pub(crate) fn is_temporal(&self) -> bool {
        matches!(self.strategy, Strategy::Temporal | Strategy::GroupedTemporal)
    }
}

/// The names of a list with the place of each.
fn numbered_columns<'a>(parameter: &str, names: &'a [String]) -> Vec<(String, &'a str)> {
    let numbered = names.iter().enumerate();
    numbered
        .map(|(at, name)| (format!("{parameter}.{at}"), name.as_str()))
        .collect()
}

/// The column that `dataset_subset` is about.
pub(crate) const DATASET: &str = "dataset";

pub(crate) fn missing_date() -> Error {
    Error::parameter("date", "is needed: the column that orders exams in time")
}

/// A split's name becomes a file's name.
pub(crate) fn check_names(names: &[String]) -> Result<()> {
    for (i, name) in names.iter().enumerate() {
        if !manifests::is_plain(name) || names[..i].contains(name) {
            let what =
                format!("holds `{name}`: names are unique and made of letters, digits, `-`, `_` and `.`");
            return Err(Error::parameter("names", what));
        }
    }
    Ok(())
}
