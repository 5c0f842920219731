//! The mapping of a model whose labels are those of the truth.

use crate::error::{Error, Result};
use ecgfm_artifacts::columns::IDX;
use ecgfm_artifacts::labelset::{LabelSet, Mapping};
use ecgfm_artifacts::table;
use std::path::Path;

/// The mapping of the model's labels onto themselves, for a truth that has all of them.
///
/// # Errors
/// The truth lacks a label of the model.
pub(crate) fn same_labels(truth: &Path, labels: &LabelSet) -> Result<Mapping> {
    let found = table::read_header(truth)?;
    match labels
        .names()
        .into_iter()
        .find(|name| !found.iter().any(|f| f == name))
    {
        None => Ok(Mapping::identity(labels)),
        Some(name) => Err(Error::Parameter {
            name: "mapping",
            what: format!(
                "needed, since `{}` does not have the labels of `{}`: it lacks `{name}`, and has {}; name the mapping in \
                 predict",
                truth.display(),
                labels.name,
                found
                    .into_iter()
                    .filter(|name| name != IDX)
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        }),
    }
}
