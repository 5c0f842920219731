//! Matrices of scores.

use super::definition::{Definition, config_error, parse_yaml};
use super::label_set::LabelSet;
use crate::error::Result;
use serde::{Deserialize, Serialize};

/// Matrix of a score: the reward of deciding one label where another holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RewardMatrix {
    /// Name by which configurations refer to it.
    pub name: String,
    /// Description, for people.
    pub title: String,
    /// The label set of its rows and columns.
    pub labels: String,
    /// The label that a model without findings decides.
    pub normal: String,
    /// A row a true label; its entries are in the order of the label set.
    pub weights: std::collections::BTreeMap<String, Vec<f64>>,
    /// Names of the label set, in order.
    #[serde(skip)]
    names: Vec<String>,
}

impl RewardMatrix {
    /// Loads a built-in matrix by name, or one from a file.
    ///
    /// # Errors
    /// The matrix cannot be found or read, or is not square over its label set.
    pub fn load(name_or_path: &str) -> Result<Self> {
        let mut matrix: Self = parse_yaml(name_or_path, &Definition::Score.text(name_or_path)?)?;
        let labels = LabelSet::load(&matrix.labels)?;
        matrix.names = labels.labels.into_iter().map(|label| label.name).collect();
        let names = &matrix.names;
        let row = |name: &String| {
            matrix
                .weights
                .get(name)
                .is_some_and(|row| row.len() == names.len())
        };
        if matrix.weights.len() != names.len() || !names.iter().all(row) || !names.contains(&matrix.normal) {
            let what = format!(
                "has no row of {} weights for every label of `{}`",
                names.len(),
                matrix.labels
            );
            return Err(config_error(name_or_path, what));
        }
        Ok(matrix)
    }

    /// The labels of rows and columns, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Returns the reward of deciding `decided` where `holds` holds; none for a label that the matrix does not have.
    pub fn reward(&self, holds: &str, decided: &str) -> Option<f64> {
        let column = self.names.iter().position(|name| name == decided)?;
        self.weights.get(holds)?.get(column).copied()
    }
}
