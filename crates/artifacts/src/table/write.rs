//! Writing a frame as CSV: rows are formatted by all threads while those before them are written.

use super::DataFrame;
use crate::error::{Error, Result};
use crate::pandas::{Cell, RowWriter, put_float32s, write_cell};
use polars::prelude::*;
use rayon::prelude::*;
use std::io::{self, Write};
use std::ops::Range;
use std::path::Path;

/// Rows that one thread formats at a time.
const ROWS_AT_ONCE: usize = 512;

/// Writes a frame as CSV in pandas' dialect.
///
/// # Errors
/// I/O, or a column of a type that these tables do not use.
pub fn write(path: &Path, frame: &DataFrame) -> Result<()> {
    write_parts(path, [frame.clone()])
}

/// Writes a table that comes in parts of consecutive rows, at least one, all of the same columns.
///
/// # Errors
/// As [`write()`].
pub fn write_parts(path: &Path, parts: impl IntoIterator<Item = DataFrame>) -> Result<()> {
    crate::atomic::write(path, |out| {
        let mut parts = parts.into_iter().enumerate();
        parts.try_for_each(|(at, part)| write_part(path, &part, at == 0, out))
    })
}

/// Writes the rows of a frame, below the names of its columns where it is the `first` part.
fn write_part(path: &Path, frame: &DataFrame, first: bool, out: &mut (impl Write + Send)) -> Result<()> {
    let frame = rechunk_columns(frame);
    let columns: Vec<TypedColumn<'_>> = frame
        .columns()
        .iter()
        .map(|c| TypedColumn::of(path, c))
        .collect::<Result<_>>()?;
    let format = |rows: Range<usize>, text: &mut Vec<u8>| format_rows(&columns, rows, text);
    let mut write = || -> io::Result<()> {
        if first {
            let names = frame.get_column_names();
            RowWriter::new(&mut *out, names.iter().map(|n| n.as_str()))?.finish()?;
        }
        write_in_order(frame.height(), &format, out)
    };
    write().map_err(Error::io("write", path))
}

/// The frame with every column in one piece, so that a row is found at once.
fn rechunk_columns(frame: &DataFrame) -> DataFrame {
    let mut frame = frame.clone();
    frame.rechunk_mut_par();
    frame
}

/// Writes what `format` makes of all `rows`, in their order, whatever the number of threads.
///
/// # Errors
/// Those of `out`.
pub(crate) fn write_in_order<W: Write + Send>(
    rows: usize,
    format: &(impl Fn(Range<usize>, &mut Vec<u8>) + Sync),
    out: &mut W,
) -> io::Result<()> {
    let at_once = 2 * rayon::current_num_threads();
    let fill = |from: usize, texts: &mut Vec<Vec<u8>>| {
        texts.par_iter_mut().enumerate().for_each(|(i, text)| {
            let start = (from + i * ROWS_AT_ONCE).min(rows);
            text.clear();
            format(start..(start + ROWS_AT_ONCE).min(rows), text);
        });
    };
    let (mut ready, mut next) = (vec![Vec::new(); at_once], vec![Vec::new(); at_once]);
    fill(0, &mut ready);
    for from in (0..rows).step_by(at_once * ROWS_AT_ONCE) {
        let write = || ready.iter().try_for_each(|text| out.write_all(text));
        let (written, ()) = rayon::join(write, || fill(from + at_once * ROWS_AT_ONCE, &mut next));
        written?;
        std::mem::swap(&mut ready, &mut next);
    }
    Ok(())
}

/// Columns of float32 that are formatted together.
const FLOATS_AT_ONCE: usize = 8;

/// Columns side by side, formatted in the way that is quickest for them.
enum ColumnGroup<'a> {
    One(&'a TypedColumn<'a>),
    Floats([&'a [f32]; FLOATS_AT_ONCE]),
}

fn group_columns<'a>(columns: &'a [TypedColumn<'a>]) -> Vec<ColumnGroup<'a>> {
    let mut parts = Vec::new();
    let mut rest = columns;
    while let [first, others @ ..] = rest {
        let floats: Vec<&[f32]> = rest
            .iter()
            .map_while(TypedColumn::float32s)
            .take(FLOATS_AT_ONCE)
            .collect();
        let part = <[&[f32]; FLOATS_AT_ONCE]>::try_from(floats);
        rest = if part.is_ok() {
            &rest[FLOATS_AT_ONCE..]
        } else {
            others
        };
        parts.push(part.map_or(ColumnGroup::One(first), ColumnGroup::Floats));
    }
    parts
}

fn format_rows(columns: &[TypedColumn<'_>], rows: Range<usize>, out: &mut Vec<u8>) {
    let parts = group_columns(columns);
    for row in rows {
        for part in &parts {
            match part {
                ColumnGroup::One(column) => {
                    write_cell(out, column.get(row));
                    out.push(b',');
                }
                ColumnGroup::Floats(columns) => put_float32s(out, columns.map(|column| column[row])),
            }
        }
        if let Some(last) = out.last_mut() {
            *last = b'\n';
        }
    }
}

/// Typed access to one column, row by row.
enum TypedColumn<'a> {
    Int(&'a Int64Chunked),
    Float(&'a Float64Chunked),
    /// A column of float32 without missing cells, as most are.
    Float32s(&'a [f32]),
    Float32(&'a Float32Chunked),
    Bool(&'a BooleanChunked),
    Text(&'a StringChunked),
}

impl<'a> TypedColumn<'a> {
    fn of(path: &Path, column: &'a polars::prelude::Column) -> Result<Self> {
        let view = match column.dtype() {
            DataType::Int64 => column.i64().map(TypedColumn::Int),
            DataType::Float64 => column.f64().map(TypedColumn::Float),
            DataType::Float32 => column.f32().map(|c| {
                c.cont_slice()
                    .map_or(TypedColumn::Float32(c), TypedColumn::Float32s)
            }),
            DataType::Boolean => column.bool().map(TypedColumn::Bool),
            _ => column.str().map(TypedColumn::Text),
        };
        view.map_err(|e| Error::invalid(path, format!("column `{}` cannot be written: {e}", column.name())))
    }

    fn float32s(&self) -> Option<&'a [f32]> {
        match self {
            TypedColumn::Float32s(values) => Some(values),
            _ => None,
        }
    }

    #[inline]
    fn get(&self, i: usize) -> Cell<'a> {
        match self {
            TypedColumn::Float32s(c) => c.get(i).copied().map(Cell::Float32),
            TypedColumn::Int(c) => c.get(i).map(Cell::Int),
            TypedColumn::Float(c) => c.get(i).map(Cell::Float),
            TypedColumn::Float32(c) => c.get(i).map(Cell::Float32),
            TypedColumn::Bool(c) => c.get(i).map(Cell::Bool),
            TypedColumn::Text(c) => c.get(i).map(Cell::Text),
        }
        .unwrap_or(Cell::Missing)
    }
}
