//! Parameters of the stage, and the checks of them that need no data.

use crate::error::{Error, Result};
use crate::fractions;
use ecgfm_artifacts::columns::{IDX, PATIENT_ID, SAVE_FILE};
use ecgfm_artifacts::manifests;
use ecgfm_artifacts::records::normalize_key;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
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
    /// Exams by a published column of folds; `folds` says which split each fold is. An exam of another fold, or of none, is left out.
    Column,
}

/// Fold of a published split: a number or a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a fold: a whole number or a text")]
pub enum Fold {
    /// Number.
    Number(i64),
    /// Text.
    Text(String),
}

impl Fold {
    /// The text of the fold, as a cell of the column has it.
    pub(crate) fn key(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => normalize_key(text).to_owned(),
        }
    }
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
    /// Share of each split, for all strategies but `column`. A sum below 1 gets the remainder as one more split, a sum above 1 is
    /// normalised.
    #[schemars(inner(range(min = 0)))]
    #[serde(default)]
    pub fractions: Vec<f64>,
    /// Names of the splits, one a fraction (and one for the remainder).
    #[serde(default)]
    pub names: Vec<String>,
    /// Column of published folds, for the strategy `column`, such as PTB-XL's `strat_fold`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Folds of each split, for the strategy `column`, by the split's name: `{train: [1, 2], test: [10]}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub folds: BTreeMap<String, Vec<Fold>>,
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
    /// The columns of the records that go into the tables, each once: the group's, the date's, the folds', and those to keep.
    pub(crate) fn carried(&self) -> Vec<&str> {
        let group = self.is_grouped().then_some(self.group.as_str());
        let date = self.date.as_deref().filter(|_| self.is_temporal());
        let mut carried = Vec::new();
        for column in group
            .into_iter()
            .chain(date)
            .chain(self.fold_column())
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
    /// Fractions and names do not fit, a strategy lacks its column, or `column` and another strategy's parameters are mixed.
    pub fn check(&self) -> Result<()> {
        if self.strategy == Strategy::Column {
            return self.check_folds();
        }
        let of_column = [
            ("column", self.column.is_some()),
            ("folds", !self.folds.is_empty()),
        ];
        if let Some((name, _)) = of_column.into_iter().find(|(_, given)| *given) {
            let what = "is for `strategy: column` only; another strategy is asked for";
            return Err(Error::parameter(name, what));
        }
        for (name, missing) in [
            ("fractions", self.fractions.is_empty()),
            ("names", self.names.is_empty()),
        ] {
            if missing {
                return Err(Error::parameter(name, "is needed by every strategy but `column`"));
            }
        }
        self.shares()?;
        check_names("names", &self.names)?;
        if self.is_temporal() && self.date.is_none() {
            return Err(missing_date());
        }
        Ok(())
    }

    fn check_folds(&self) -> Result<()> {
        if self.column.is_none() {
            return Err(Error::parameter(
                "column",
                "is needed: the column of the records that holds the folds",
            ));
        }
        for (name, given) in [
            ("fractions", !self.fractions.is_empty()),
            ("names", !self.names.is_empty()),
        ] {
            if given {
                let what = "contradicts `strategy: column`, whose splits are those of `folds`; leave it out";
                return Err(Error::parameter(name, what));
            }
        }
        if self.folds.is_empty() {
            let what = "is needed: the folds of each split, as in {train: [1, 2, 3], test: [10]}";
            return Err(Error::parameter("folds", what));
        }
        check_names("folds", &self.split_names())?;
        let mut split_of: BTreeMap<String, &str> = BTreeMap::new();
        for (split, folds) in &self.folds {
            if folds.is_empty() {
                return Err(Error::parameter("folds", format!("names no fold of `{split}`")));
            }
            for fold in folds.iter().map(Fold::key) {
                if fold.is_empty() {
                    return Err(Error::parameter(
                        "folds",
                        format!("names an empty fold of `{split}`"),
                    ));
                }
                if let Some(other) = split_of.insert(fold.clone(), split) {
                    let what = format!(
                        "names fold {fold} for `{other}` and for `{split}`; a fold is in one split, once"
                    );
                    return Err(Error::parameter("folds", what));
                }
            }
        }
        Ok(())
    }

    /// Names of the splits: those of `names`, or of `folds` in alphabetical order.
    pub fn split_names(&self) -> Vec<String> {
        match self.strategy {
            Strategy::Column => self.folds.keys().cloned().collect(),
            _ => self.names.clone(),
        }
    }

    /// Share of each split by `fractions`; empty for the strategy `column`.
    pub(crate) fn shares(&self) -> Result<Vec<f64>> {
        match self.strategy {
            Strategy::Column => Ok(Vec::new()),
            _ => fractions::complete_fractions(&self.fractions, self.names.len()),
        }
    }

    /// The column of folds, for the strategy `column`.
    pub(crate) fn fold_column(&self) -> Option<&str> {
        self.column
            .as_deref()
            .filter(|_| self.strategy == Strategy::Column)
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
        if let Some(column) = self.fold_column() {
            columns.push(("column".to_owned(), column));
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
fn check_names(parameter: &'static str, names: &[String]) -> Result<()> {
    for (i, name) in names.iter().enumerate() {
        if !manifests::is_plain(name) || names[..i].contains(name) {
            let what =
                format!("holds `{name}`: names are unique and made of letters, digits, `-`, `_` and `.`");
            return Err(Error::parameter(parameter, what));
        }
    }
    Ok(())
}
