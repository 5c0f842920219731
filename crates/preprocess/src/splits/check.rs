//! What can be said of the parameters without data.

use super::{Params, Strategy, fractions};
use crate::error::{Error, Result};
use ecgfm_artifacts::manifests;

impl Params {
    /// Checks everything that can be checked without data.
    ///
    /// # Errors
    /// Fractions and names do not fit, or a strategy lacks its column.
    pub fn check(&self) -> Result<()> {
        fractions::complete(&self.fractions, self.names.len())?;
        names(&self.names)?;
        if self.is_temporal() && self.date.is_none() {
            return Err(no_date());
        }
        Ok(())
    }

    /// The columns of the records that are read, by the parameter that names each.
    pub fn columns(&self) -> Vec<(String, &str)> {
        let mut columns = list("filter_cols", &self.filter_cols);
        columns.extend(list("keep_cols", &self.keep_cols));
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

    pub(super) fn is_grouped(&self) -> bool {
        matches!(self.strategy, Strategy::Grouped | Strategy::GroupedTemporal)
    }

    pub(super) fn is_temporal(&self) -> bool {
        matches!(self.strategy, Strategy::Temporal | Strategy::GroupedTemporal)
    }
}

/// The names of a list with the place of each.
fn list<'a>(parameter: &str, names: &'a [String]) -> Vec<(String, &'a str)> {
    let numbered = names.iter().enumerate();
    numbered
        .map(|(at, name)| (format!("{parameter}.{at}"), name.as_str()))
        .collect()
}

/// The column that `dataset_subset` is about.
pub(super) const DATASET: &str = "dataset";

pub(super) fn no_date() -> Error {
    Error::parameter("date", "is needed: the column that orders exams in time")
}

/// A split's name becomes a file's name.
pub(super) fn names(names: &[String]) -> Result<()> {
    for (i, name) in names.iter().enumerate() {
        if !manifests::is_plain(name) || names[..i].contains(name) {
            let what =
                format!("holds `{name}`: names are unique and made of letters, digits, `-`, `_` and `.`");
            return Err(Error::parameter("names", what));
        }
    }
    Ok(())
}
