//! `labels.csv`, `label_def.csv`, `y.npy` and `pos_weight.txt`: the truth, per exam.

use crate::columns::IDX;
use crate::error::{Error, Result};
use crate::formats::npy;
use crate::table::{self, Column, ColumnKind, OtherColumns};
use polars::prelude::DataFrame;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::path::Path;

/// The truth table: idx, then one boolean column a label; a cell is empty where the truth is not known.
pub const FILE: &str = "labels.csv";
/// Names, counts, shares and positive weights of the labels.
pub const DEFINITION_FILE: &str = "label_def.csv";
/// float64 (max idx + 1, labels), zeros where there is no such exam, NaN where a label's truth is not known.
pub const ARRAY_FILE: &str = "y.npy";
/// `[a,b,…]` with six decimals, in label order.
pub const WEIGHT_FILE: &str = "pos_weight.txt";

/// Rows of `y.npy` that are written at a time.
const BLOCK: usize = 1 << 12;

/// Treatment of an exam of which a label's truth is not known: its cell holds nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissingLabel {
    /// Leave it out of everything about that label, and count it.
    #[default]
    Exclude,
    /// Take it as an exam without that label.
    Negative,
    /// Stop and name the first.
    Error,
}

/// Reads `labels.csv`: idx, then every label as a boolean, null where its truth is not known.
///
/// # Errors
/// As [`table::read`], and an exam in more than one row.
pub fn read(path: &Path) -> Result<DataFrame> {
    let frame = table::read(
        path,
        &[Column::new(IDX, ColumnKind::Int)],
        OtherColumns::ReadOptional(ColumnKind::Bool),
    )?;
    let idx = table::int_column(path, &frame, IDX)?;
    if let Some(twice) = crate::key::find_duplicate(|| idx.iter().flatten()) {
        return Err(Error::invalid(
            path,
            format!("idx {twice} is in more than one row; each exam has one truth"),
        ));
    }
    Ok(frame)
}

/// A label's truth as `missing` has it: false for what is unknown with [`MissingLabel::Negative`].
///
/// # Errors
/// The column is none of truths; a truth is unknown with [`MissingLabel::Error`].
pub fn truth_column(
    path: &Path,
    frame: &DataFrame,
    label: &str,
    missing: MissingLabel,
) -> Result<Vec<Option<bool>>> {
    let values = table::bool_column(path, frame, label)?;
    match missing {
        MissingLabel::Exclude => Ok(values.iter().collect()),
        MissingLabel::Negative => Ok(values.iter().map(|value| Some(value == Some(true))).collect()),
        MissingLabel::Error => match values.iter().position(|value| value.is_none()) {
            None => Ok(values.iter().collect()),
            Some(row) => {
                let idx = table::int_column(path, frame, IDX)?.get(row).unwrap_or_default();
                let what = format!(
                    "exam idx {idx} has no truth of `{label}`, and {} of {} exams have none; with `missing_label: exclude` \
                     they are left out of that label and counted, with `negative` they count as exams without it",
                    values.iter().filter(Option::is_none).count(),
                    frame.height()
                );
                Err(Error::invalid(path, what))
            }
        },
    }
}

/// Names of the label columns, in order.
pub fn label_columns(labels: &DataFrame) -> Vec<String> {
    labels
        .get_column_names()
        .iter()
        .map(ToString::to_string)
        .filter(|n| n != IDX)
        .collect()
}

/// Writes `y.npy`: `fill` is given a range of rows and their values, row by row, all of them 0, and puts in what is not.
///
/// # Errors
/// I/O.
pub fn write_array(
    path: &Path,
    (rows, labels): (usize, usize),
    mut fill: impl FnMut(Range<usize>, &mut [f64]),
) -> Result<()> {
    let header = npy::NpyHeader {
        dtype: npy::NpyDtype::F64,
        shape: vec![rows, labels],
        fortran_order: false,
    };
    crate::atomic::write(path, |out| {
        let mut write_blocks = || -> std::io::Result<()> {
            npy::write_header(out, &header)?;
            let mut values = vec![0.0; BLOCK * labels];
            for first in (0..rows).step_by(BLOCK) {
                let block = first..(first + BLOCK).min(rows);
                let values = &mut values[..block.len() * labels];
                values.fill(0.0);
                fill(block, values);
                npy::write_values(out, values)?;
            }
            Ok(())
        };
        write_blocks().map_err(Error::io("write", path))
    })
}

/// Text of `pos_weight.txt`.
///
/// ```
/// assert_eq!(ecgfm_artifacts::labels::weight_text(&[1.0, 2.5]), "[1.000000,2.500000]");
/// ```
pub fn weight_text(weights: &[f64]) -> String {
    let parts: Vec<String> = weights.iter().map(|w| format!("{w:.6}")).collect();
    format!("[{}]", parts.join(","))
}
