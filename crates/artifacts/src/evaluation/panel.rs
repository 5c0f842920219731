//! `panel.json`, `panel.csv`, `panel_differences.csv`: several models on the same ECGs, label by label, and their differences.

use super::metrics::Estimate;
use super::rows::write_rows;
use super::statistic::{ShownIn, shown_in};
use super::tables::{count_cell, statistic_cell};
use crate::error::{Error, Result};
use crate::json::{read_json, write_json};
use crate::pandas::Cell;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// Everything that was compared, for machines: a [`Panel`].
pub const PANEL_FILE: &str = "panel.json";
/// Table of a row a model and label: model, label, n, positives, statistics with their interval ends.
pub const PANEL_TABLE_FILE: &str = "panel.csv";
/// Table of a row a pair of models, label and statistic: a, b, label, statistic, value_a, value_b, difference, lo, hi.
pub const PANEL_DIFFERENCES_FILE: &str = "panel_differences.csv";

/// Form of `panel.json` that this version writes and reads.
const PANEL_SCHEMA: u32 = 1;

/// Several models, scored on the ECGs that all of them have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Panel {
    /// Form of the file.
    pub schema: u32,
    /// The split that was scored.
    pub subset: String,
    /// ECGs that every model scored.
    pub ecgs: u64,
    /// Unit of resampling: `patient` or `ecg`.
    pub cluster: String,
    /// Number of these units.
    pub clusters: u64,
    /// Resamples; every model is in the same ones.
    pub replicates: u64,
    /// Seed of the resampling.
    pub seed: u64,
    /// Notices to every reader, of any model.
    pub notices: Vec<String>,
    /// The models, by name.
    pub models: Vec<PanelModel>,
    /// The labels, each of one model at least; without the mean over labels.
    pub labels: Vec<String>,
    /// Labels that are not in the mean over labels: not every model has them, or the ECGs define no statistic of theirs.
    pub not_in_mean: Vec<String>,
    /// A row a model and label that it has, then its mean over labels.
    pub values: Vec<PanelValue>,
    /// A row a pair of models, label that both have, and statistic.
    pub differences: Vec<PanelDifference>,
}

/// A model of a panel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PanelModel {
    /// Name in the panel.
    pub name: String,
    /// ECGs that it scored.
    pub ecgs: u64,
    /// Those of them that another model lacks; they are left out.
    pub left_out: u64,
    /// Files of the first of those.
    pub left_out_files: Vec<String>,
}

/// Statistics of one model for one label, on the ECGs that all models have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PanelValue {
    /// The model.
    pub model: String,
    /// The label, or [`Panel::MEAN`].
    pub label: String,
    /// ECGs of which the truth is known.
    pub n: u64,
    /// ECGs with the label; none for the mean.
    pub positives: Option<u64>,
    /// By name, as in [`STATISTICS`](super::STATISTICS).
    pub estimates: BTreeMap<String, Estimate>,
}

/// Difference of two models in one statistic of a label, in the same resamples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PanelDifference {
    /// The first model.
    pub a: String,
    /// The second.
    pub b: String,
    /// The label, or [`Panel::MEAN`].
    pub label: String,
    /// Name of the statistic.
    pub statistic: String,
    /// In the first.
    pub value_a: Option<f64>,
    /// In the second.
    pub value_b: Option<f64>,
    /// Second minus first.
    pub difference: Option<f64>,
    /// Lower end of its 95 % percentile interval.
    pub lo: Option<f64>,
    /// Upper end.
    pub hi: Option<f64>,
}

impl Panel {
    /// The form that this version writes.
    pub const SCHEMA: u32 = PANEL_SCHEMA;
    /// Name under which means over labels stand.
    pub const MEAN: &'static str = "macro";

    /// Writes the three files in `dir`.
    ///
    /// # Errors
    /// I/O.
    pub fn write(&self, dir: &Path) -> Result<()> {
        write_json(&dir.join(PANEL_FILE), self)?;
        let values = self.values.iter().map(value_row);
        write_rows(&dir.join(PANEL_TABLE_FILE), value_columns(), values)?;
        let columns = [
            "a",
            "b",
            "label",
            "statistic",
            "value_a",
            "value_b",
            "difference",
            "lo",
            "hi",
        ];
        let differences = self.differences.iter().map(difference_row);
        write_rows(
            &dir.join(PANEL_DIFFERENCES_FILE),
            columns.map(str::to_owned).to_vec(),
            differences,
        )
    }

    /// Reads `panel.json` in `dir`.
    ///
    /// # Errors
    /// The file cannot be read, or has another form.
    pub fn read(dir: &Path) -> Result<Self> {
        let path = dir.join(PANEL_FILE);
        let panel: Self = read_json(&path)?;
        if panel.schema != PANEL_SCHEMA {
            let what = format!(
                "schema {} where this program reads {PANEL_SCHEMA}; run the panel again",
                panel.schema
            );
            return Err(Error::invalid(&path, what));
        }
        Ok(panel)
    }

    /// What a model has for a label; none where it does not have the label.
    pub fn value(&self, model: &str, label: &str) -> Option<&PanelValue> {
        let mut values = self.values.iter();
        values.find(|value| value.model == model && value.label == label)
    }
}

fn value_columns() -> Vec<String> {
    let statistics =
        shown_in(ShownIn::Panel).flat_map(|s| ["", "_lo", "_hi"].map(|end| format!("{}{end}", s.name)));
    let first = ["model", "label", "n", "positives"].map(str::to_owned);
    first.into_iter().chain(statistics).collect()
}

fn value_row(value: &PanelValue) -> Vec<Cell<'_>> {
    let mut row = vec![
        Cell::Text(&value.model),
        Cell::Text(&value.label),
        count_cell(value.n),
    ];
    row.push(value.positives.map_or(Cell::Missing, count_cell));
    for statistic in shown_in(ShownIn::Panel) {
        let estimate = value.estimates.get(statistic.name);
        let of = |end: fn(&Estimate) -> Option<f64>| statistic_cell(estimate.and_then(end));
        row.extend([of(|e| e.value), of(|e| e.lo), of(|e| e.hi)]);
    }
    row
}

fn difference_row(difference: &PanelDifference) -> Vec<Cell<'_>> {
    let d = difference;
    let texts = [&d.a, &d.b, &d.label, &d.statistic].map(|text| Cell::Text(text));
    let numbers = [d.value_a, d.value_b, d.difference, d.lo, d.hi].map(statistic_cell);
    texts.into_iter().chain(numbers).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panel_comes_back_and_its_tables_hold_a_row_a_model_and_a_pair() {
        let dir = tempfile::tempdir().unwrap();
        let estimate = Estimate {
            value: Some(0.75),
            lo: Some(0.5),
            hi: Some(1.0),
            reason: None,
        };
        let value = |model: &str| PanelValue {
            model: model.to_owned(),
            label: "AF".to_owned(),
            n: 8,
            positives: Some(3),
            estimates: BTreeMap::from([("auroc".to_owned(), estimate.clone())]),
        };
        let model = |name: &str| PanelModel {
            name: name.to_owned(),
            ecgs: 9,
            left_out: 1,
            left_out_files: vec!["a.mat".to_owned()],
        };
        let panel = Panel {
            schema: Panel::SCHEMA,
            subset: "test".to_owned(),
            ecgs: 8,
            cluster: "patient".to_owned(),
            clusters: 7,
            replicates: 100,
            seed: 42,
            notices: vec!["SYNTHETIC".to_owned()],
            models: vec![model("one"), model("two")],
            labels: vec!["AF".to_owned()],
            not_in_mean: Vec::new(),
            values: vec![value("one"), value("two")],
            differences: vec![PanelDifference {
                a: "one".to_owned(),
                b: "two".to_owned(),
                label: "AF".to_owned(),
                statistic: "auroc".to_owned(),
                value_a: Some(0.75),
                value_b: Some(0.75),
                difference: Some(0.0),
                lo: None,
                hi: None,
            }],
        };
        panel.write(dir.path()).unwrap();
        assert_eq!(Panel::read(dir.path()).unwrap(), panel);
        let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
        assert_eq!(
            read(PANEL_TABLE_FILE).lines().nth(1).unwrap(),
            "one,AF,8,3,0.75,0.5,1.0,,,,,,"
        );
        assert_eq!(
            read(PANEL_DIFFERENCES_FILE).lines().nth(1).unwrap(),
            "one,two,AF,auroc,0.75,0.75,0.0,,"
        );
        let other = Panel { schema: 9, ..panel };
        write_json(&dir.path().join(PANEL_FILE), &other).unwrap();
        assert!(
            Panel::read(dir.path())
                .unwrap_err()
                .to_string()
                .contains("schema 9")
        );
    }
}
