//! Reading and writing tables, with errors that name the line and the column.

use crate::error::{Error, Result};
use crate::pandas::{Cell, RowWriter};
use polars::prelude::*;

pub use polars::prelude::DataFrame;
use polars_io::SerReader;
use polars_io::csv::read::{CsvParseOptions, CsvReadOptions};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

/// What the cells of a column hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A 64-bit integer.
    Int,
    /// A 64-bit float; empty is missing.
    Float,
    /// `True` or `False`, in any case, or `1` and `0`.
    Bool,
    /// Any text; empty is the empty text.
    Text,
}

/// A column that a reader asks for.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name in the header.
    pub name: &'static str,
    /// What its cells hold.
    pub kind: Kind,
    /// Whether a cell may be empty (text may always be).
    pub missing: bool,
}

impl Column {
    /// A column whose every cell must be filled.
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            missing: false,
        }
    }

    /// A column whose cells may be empty.
    pub const fn optional(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            missing: true,
        }
    }
}

/// What to do with the columns nobody asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// Leave them in the file.
    Ignore,
    /// Read them as this kind, after the asked ones; cells must be filled.
    As(Kind),
}

/// Reads the asked columns of a CSV file, in the asked order.
///
/// # Errors
/// The file cannot be read; it is no rectangular CSV; a column is missing; a cell is not of its column's kind.
pub fn read(path: &Path, columns: &[Column], others: Others) -> Result<DataFrame> {
    let header = header(path)?;
    let asked = |h: &&String| !columns.iter().any(|c| c.name == h.as_str());
    let (others, kind) = match others {
        Others::Ignore => (Vec::new(), Kind::Text),
        Others::As(kind) => (header.iter().filter(asked).cloned().collect(), kind),
    };
    read_known(path, &header, columns, &others, kind)
}

/// Reads the asked columns and then those `named` at run time, all of one kind.
///
/// # Errors
/// As [`read`].
pub fn read_named(path: &Path, columns: &[Column], named: &[String], kind: Kind) -> Result<DataFrame> {
    read_known(path, &header(path)?, columns, named, kind)
}

fn read_known(
    path: &Path,
    header: &[String],
    columns: &[Column],
    named: &[String],
    kind: Kind,
) -> Result<DataFrame> {
    let mut specs: Vec<(&str, Kind, bool)> = columns.iter().map(|c| (c.name, c.kind, c.missing)).collect();
    specs.extend(named.iter().map(|n| (n.as_str(), kind, kind == Kind::Float)));
    for (name, ..) in &specs {
        require(path, header, name)?;
    }
    let raw = read_text(path, &specs.iter().map(|s| s.0).collect::<Vec<_>>())?;
    let cast = specs
        .iter()
        .map(|&(name, kind, missing)| cast(path, &raw, name, kind, missing));
    frame(path, cast.collect::<Result<Vec<_>>>()?)
}

/// Reads every column as text; empty cells are empty text.
///
/// # Errors
/// As [`read`].
pub fn read_all_text(path: &Path) -> Result<DataFrame> {
    read(path, &[], Others::As(Kind::Text))
}

/// The column names of a CSV file.
///
/// # Errors
/// The file cannot be read or has no header.
pub fn header(path: &Path) -> Result<Vec<String>> {
    std::fs::File::open(path).map_err(Error::io("read", path))?;
    let options = text_options().with_n_rows(Some(0));
    let frame = run_reader(path, options)?;
    Ok(frame.get_column_names().iter().map(ToString::to_string).collect())
}

fn require(path: &Path, header: &[String], column: &str) -> Result<()> {
    if header.iter().any(|h| h == column) {
        return Ok(());
    }
    Err(Error::MissingColumn {
        path: path.to_owned(),
        column: column.to_owned(),
        found: header.join(", "),
    })
}

fn text_options() -> CsvReadOptions {
    CsvReadOptions::default()
        .with_has_header(true)
        .with_infer_schema_length(Some(0))
        .with_parse_options(CsvParseOptions::default().with_truncate_ragged_lines(false))
}

fn run_reader(path: &Path, options: CsvReadOptions) -> Result<DataFrame> {
    let bad = |e: PolarsError| Error::invalid(path, format!("not a readable CSV table: {e}"));
    options
        .try_into_reader_with_file_path(Some(path.to_owned()))
        .map_err(bad)?
        .finish()
        .map_err(bad)
}

fn read_text(path: &Path, names: &[&str]) -> Result<DataFrame> {
    let names: Arc<[PlSmallStr]> = names.iter().map(|n| PlSmallStr::from(*n)).collect();
    run_reader(path, text_options().with_columns(Some(names)).with_rechunk(true))
}

fn cast(
    path: &Path,
    raw: &DataFrame,
    name: &str,
    kind: Kind,
    missing: bool,
) -> Result<polars::prelude::Column> {
    let text = str_column(path, raw, name)?;
    let name: PlSmallStr = name.into();
    let wrong = |row: usize, wanted: &'static str| Error::Cell {
        path: path.to_owned(),
        line: row + 2,
        column: name.to_string(),
        value: text.get(row).unwrap_or("").to_owned(),
        wanted,
    };
    Ok(match kind {
        Kind::Text => text
            .iter()
            .map(|v| Some(v.unwrap_or("")))
            .collect::<StringChunked>()
            .with_name(name)
            .into_column(),
        Kind::Int => parse(text, missing, parse_int, |row| wrong(row, "an integer"))?
            .collect::<Int64Chunked>()
            .with_name(name)
            .into_column(),
        Kind::Float => parse(text, missing, parse_float, |row| wrong(row, "a number"))?
            .collect::<Float64Chunked>()
            .with_name(name)
            .into_column(),
        Kind::Bool => parse(text, missing, parse_bool, |row| wrong(row, "True or False"))?
            .collect::<BooleanChunked>()
            .with_name(name)
            .into_column(),
    })
}

fn parse<T>(
    text: &StringChunked,
    missing: bool,
    parse: impl Fn(&str) -> Option<T>,
    wrong: impl Fn(usize) -> Error,
) -> Result<std::vec::IntoIter<Option<T>>> {
    let mut out = Vec::with_capacity(text.len());
    for (row, value) in text.iter().enumerate() {
        match value.map(str::trim).filter(|v| !v.is_empty()) {
            None if missing => out.push(None),
            None => return Err(wrong(row)),
            Some(v) => out.push(Some(parse(v).ok_or_else(|| wrong(row))?)),
        }
    }
    Ok(out.into_iter())
}

/// An integer, also where pandas has turned the column into floats (`7.0`).
fn parse_int(v: &str) -> Option<i64> {
    v.parse().ok().or_else(|| v.strip_suffix(".0")?.parse().ok())
}

fn parse_float(v: &str) -> Option<f64> {
    v.parse().ok()
}

fn parse_bool(v: &str) -> Option<bool> {
    match v {
        "True" | "true" | "TRUE" | "1" | "1.0" => Some(true),
        "False" | "false" | "FALSE" | "0" | "0.0" => Some(false),
        _ => None,
    }
}

/// Builds a frame from columns of one length.
///
/// # Errors
/// Lengths or names clash.
pub fn frame(path: &Path, columns: Vec<polars::prelude::Column>) -> Result<DataFrame> {
    DataFrame::new_infer_height(columns)
        .map_err(|e| Error::invalid(path, format!("columns do not fit together: {e}")))
}

/// A text column of a frame that was read from `path`.
///
/// # Errors
/// There is none of that name and type.
pub fn str_column<'a>(path: &Path, frame: &'a DataFrame, name: &str) -> Result<&'a StringChunked> {
    typed(path, frame, name, |c| c.str())
}

/// An integer column of a frame that was read from `path`.
///
/// # Errors
/// There is none of that name and type.
pub fn int_column<'a>(path: &Path, frame: &'a DataFrame, name: &str) -> Result<&'a Int64Chunked> {
    typed(path, frame, name, |c| c.i64())
}

/// A boolean column of a frame that was read from `path`.
///
/// # Errors
/// There is none of that name and type.
pub fn bool_column<'a>(path: &Path, frame: &'a DataFrame, name: &str) -> Result<&'a BooleanChunked> {
    typed(path, frame, name, |c| c.bool())
}

fn typed<'a, T>(
    path: &Path,
    frame: &'a DataFrame,
    name: &str,
    view: impl Fn(&'a polars::prelude::Column) -> PolarsResult<&'a T>,
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

/// Writes a frame as CSV in pandas' dialect.
///
/// # Errors
/// I/O, or a column of a type that these tables do not use.
pub fn write(path: &Path, frame: &DataFrame) -> Result<()> {
    let columns: Vec<View<'_>> = frame
        .columns()
        .iter()
        .map(|c| View::of(path, c))
        .collect::<Result<_>>()?;
    crate::atomic::write(path, |out| {
        let names = frame.get_column_names();
        let mut rows =
            RowWriter::new(out, names.iter().map(|n| n.as_str())).map_err(Error::io("write", path))?;
        for i in 0..frame.height() {
            rows.row(columns.iter().map(|c| c.get(i)))
                .map_err(Error::io("write", path))?;
        }
        rows.finish().map(drop).map_err(Error::io("write", path))
    })
}

/// Typed access to one column, row by row.
enum View<'a> {
    Int(&'a Int64Chunked),
    Float(&'a Float64Chunked),
    Float32(&'a Float32Chunked),
    Bool(&'a BooleanChunked),
    Text(&'a StringChunked),
}

impl<'a> View<'a> {
    fn of(path: &Path, column: &'a polars::prelude::Column) -> Result<Self> {
        let view = match column.dtype() {
            DataType::Int64 => column.i64().map(View::Int),
            DataType::Float64 => column.f64().map(View::Float),
            DataType::Float32 => column.f32().map(View::Float32),
            DataType::Boolean => column.bool().map(View::Bool),
            _ => column.str().map(View::Text),
        };
        view.map_err(|e| Error::invalid(path, format!("column `{}` cannot be written: {e}", column.name())))
    }

    fn get(&self, i: usize) -> Cell<'a> {
        match self {
            View::Int(c) => c.get(i).map(Cell::Int),
            View::Float(c) => c.get(i).map(Cell::Float),
            View::Float32(c) => c.get(i).map(Cell::Float32),
            View::Bool(c) => c.get(i).map(Cell::Bool),
            View::Text(c) => c.get(i).map(Cell::Text),
        }
        .unwrap_or(Cell::Missing)
    }
}

/// Writes a frame as Parquet.
///
/// # Errors
/// I/O or a type that Parquet lacks.
pub fn write_parquet(path: &Path, frame: &DataFrame) -> Result<()> {
    let mut frame = frame.clone();
    crate::atomic::write(path, |out| {
        polars_io::parquet::write::ParquetWriter::new(out as &mut dyn Write)
            .finish(&mut frame)
            .map(drop)
            .map_err(|e| Error::invalid(path, format!("cannot be written as Parquet: {e}")))
    })
}

/// Reads a Parquet file whole.
///
/// # Errors
/// The file cannot be read or is no Parquet.
pub fn read_parquet(path: &Path) -> Result<DataFrame> {
    let file = std::fs::File::open(path).map_err(Error::io("read", path))?;
    polars_io::parquet::read::ParquetReader::new(file)
        .finish()
        .map_err(|e| Error::invalid(path, format!("not a readable Parquet file: {e}")))
}

#[cfg(test)]
mod tests;
