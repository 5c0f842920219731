//! Cells of a column, read one after the other, into a column of a frame.

use super::cell::{boolean, integer, is_missing};
use super::column::Kind;
use polars::prelude::*;

/// One column being read.
pub(super) struct Cells {
    missing: bool,
    values: Values,
}

enum Values {
    Int(PrimitiveChunkedBuilder<Int64Type>),
    Float(PrimitiveChunkedBuilder<Float64Type>),
    Bool(BooleanChunkedBuilder),
    Text(StringChunkedBuilder),
}

impl Cells {
    /// A column named `name` of `kind`, whose cells may hold nothing if `missing`; room for `rows`.
    pub(super) fn new(name: &str, kind: Kind, missing: bool, rows: usize) -> Self {
        let name: PlSmallStr = name.into();
        let values = match kind {
            Kind::Int => Values::Int(PrimitiveChunkedBuilder::new(name, rows)),
            Kind::Float => Values::Float(PrimitiveChunkedBuilder::new(name, rows)),
            Kind::Bool => Values::Bool(BooleanChunkedBuilder::new(name, rows)),
            Kind::Text => Values::Text(StringChunkedBuilder::new(name, rows)),
        };
        Self { missing, values }
    }

    /// Adds a cell; the error is what it should have been.
    pub(super) fn push(&mut self, cell: &str) -> std::result::Result<(), &'static str> {
        if let Values::Text(values) = &mut self.values {
            values.append_value(cell);
            return Ok(());
        }
        // Nearly every cell holds a value, so that it is read as one before it is held against the texts of nothing.
        let missing = || self.missing && is_missing(cell);
        match &mut self.values {
            Values::Int(values) => match integer(cell) {
                None if missing() => values.append_null(),
                value => values.append_value(value.ok_or("an integer")?),
            },
            Values::Float(values) => match cell.trim().parse::<f64>() {
                Ok(value) if !(value.is_nan() && self.missing) => values.append_value(value),
                Err(_) if !missing() => return Err("a number"),
                _ => values.append_null(),
            },
            Values::Bool(values) => match boolean(cell) {
                None if missing() => values.append_null(),
                value => values.append_value(value.ok_or("True or False")?),
            },
            Values::Text(_) => {}
        }
        Ok(())
    }

    /// The finished column.
    pub(super) fn finish(self) -> Series {
        match self.values {
            Values::Int(values) => values.finish().into_series(),
            Values::Float(values) => values.finish().into_series(),
            Values::Bool(values) => values.finish().into_series(),
            Values::Text(values) => values.finish().into_series(),
        }
    }
}
