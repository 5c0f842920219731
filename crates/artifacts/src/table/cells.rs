//! Cells of a column, read one after the other, into a column of a frame.

use super::cell::{is_missing, parse_boolean, parse_integer};
use super::column::ColumnKind;
use polars::prelude::*;

/// Column being read.
pub(super) struct CellReader {
    missing: bool,
    values: ColumnBuilder,
}

enum ColumnBuilder {
    Int(PrimitiveChunkedBuilder<Int64Type>),
    Float(PrimitiveChunkedBuilder<Float64Type>),
    Bool(BooleanChunkedBuilder),
    Text(StringChunkedBuilder),
}

impl CellReader {
    /// A column named `name` of `kind`, whose cells may hold nothing if `missing`; room for `rows`.
    pub(super) fn new(name: &str, kind: ColumnKind, missing: bool, rows: usize) -> Self {
        let name: PlSmallStr = name.into();
        let values = match kind {
            ColumnKind::Int => ColumnBuilder::Int(PrimitiveChunkedBuilder::new(name, rows)),
            ColumnKind::Float => ColumnBuilder::Float(PrimitiveChunkedBuilder::new(name, rows)),
            ColumnKind::Bool => ColumnBuilder::Bool(BooleanChunkedBuilder::new(name, rows)),
            ColumnKind::Text => ColumnBuilder::Text(StringChunkedBuilder::new(name, rows)),
        };
        Self { missing, values }
    }

    /// Adds a cell; the error is what it should have been.
    pub(super) fn push(&mut self, cell: &str) -> std::result::Result<(), &'static str> {
        if let ColumnBuilder::Text(values) = &mut self.values {
            values.append_value(cell);
            return Ok(());
        }
        // Nearly every cell holds a value, so that it is read as one before it is held against the texts of nothing.
        let missing = || self.missing && is_missing(cell);
        match &mut self.values {
            ColumnBuilder::Int(values) => match parse_integer(cell) {
                None if missing() => values.append_null(),
                value => values.append_value(value.ok_or("an integer")?),
            },
            ColumnBuilder::Float(values) => match cell.trim().parse::<f64>() {
                Ok(value) if !(value.is_nan() && self.missing) => values.append_value(value),
                Err(_) if !missing() => return Err("a number"),
                _ => values.append_null(),
            },
            ColumnBuilder::Bool(values) => match parse_boolean(cell) {
                None if missing() => values.append_null(),
                value => values.append_value(value.ok_or("True or False")?),
            },
            ColumnBuilder::Text(_) => {}
        }
        Ok(())
    }

    /// The finished column.
    pub(super) fn finish(self) -> Series {
        match self.values {
            ColumnBuilder::Int(values) => values.finish().into_series(),
            ColumnBuilder::Float(values) => values.finish().into_series(),
            ColumnBuilder::Bool(values) => values.finish().into_series(),
            ColumnBuilder::Text(values) => values.finish().into_series(),
        }
    }
}
