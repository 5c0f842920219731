//! Frames of a table: built from columns, and taken apart into them.

use crate::error::{Error, Result};
use polars::prelude::*;
use std::path::Path;

/// Builds a frame from columns of one length.
///
/// # Errors
/// Lengths or names clash.
pub fn build_frame(path: &Path, columns: Vec<Column>) -> Result<DataFrame> {
    DataFrame::new_infer_height(columns)
        .map_err(|e| Error::invalid(path, format!("columns do not fit together: {e}")))
}

/// A text column of a frame that was read from `path`.
///
/// # Errors
/// There is none of that name and type.
pub fn str_column<'a>(path: &Path, frame: &'a DataFrame, name: &str) -> Result<&'a StringChunked> {
    typed_column(path, frame, name, |c| c.str())
}

/// An integer column of a frame that was read from `path`.
///
/// # Errors
/// There is none of that name and type.
pub fn int_column<'a>(path: &Path, frame: &'a DataFrame, name: &str) -> Result<&'a Int64Chunked> {
    typed_column(path, frame, name, |c| c.i64())
}

/// A boolean column of a frame that was read from `path`.
///
/// # Errors
/// There is none of that name and type.
pub fn bool_column<'a>(path: &Path, frame: &'a DataFrame, name: &str) -> Result<&'a BooleanChunked> {
    typed_column(path, frame, name, |c| c.bool())
}

/// A column of float32 probabilities of a frame that was read from `path`. A row is named by its text in column `key`.
///
/// # Errors
/// There is none of that name and type, or a value is NaN, is missing, or is not within 0 and 1: a table may come from elsewhere, and a
/// rank or a mean would hide such a value.
pub fn probability_column<'a>(
    path: &Path,
    frame: &'a DataFrame,
    name: &str,
    key: &str,
) -> Result<&'a Float32Chunked> {
    let column = typed_column(path, frame, name, |c| c.f32())?;
    let is_probability = |p: Option<f32>| p.is_some_and(|p| (0.0..=1.0).contains(&p));
    let Some(row) = column.iter().position(|p| !is_probability(p)) else {
        return Ok(column);
    };
    let found = column.get(row).map_or("nothing".to_owned(), |p| p.to_string());
    let of = str_column(path, frame, key)?.get(row).unwrap_or_default();
    let what = format!(
        "{key} `{of}`, column `{name}`: {found} where a probability, 0 to 1, is expected; make the table again, or leave the row out"
    );
    Err(Error::invalid(path, what))
}

fn typed_column<'a, T>(
    path: &Path,
    frame: &'a DataFrame,
    name: &str,
    view: impl Fn(&'a Column) -> PolarsResult<&'a T>,
) -> Result<&'a T> {
    let found = || {
        frame
            .get_column_names()
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let column = frame.column(name).map_err(|_| Error::MissingColumn {
        path: path.to_owned(),
        column: name.to_owned(),
        found: found(),
    })?;
    view(column).map_err(|e| Error::invalid(path, format!("column `{name}`: {e}")))
}
