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
