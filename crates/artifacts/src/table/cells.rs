//! Cells of a column, read one after the other, into a column of a frame.

use super::Kind;
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
    /// A column named `name` of `kind`, whose cells may be empty if `missing`; room for `rows`.
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
        let cell = cell.trim();
        let missing = cell.is_empty() && self.missing;
        match &mut self.values {
            Values::Int(values) if missing => values.append_null(),
            Values::Float(values) if missing => values.append_null(),
            Values::Bool(values) if missing => values.append_null(),
            Values::Int(values) => values.append_value(int(cell).ok_or("an integer")?),
            Values::Float(values) => values.append_value(cell.parse().map_err(|_| "a number")?),
            Values::Bool(values) => values.append_value(truth(cell).ok_or("True or False")?),
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

/// An integer, also where pandas has turned the column into floats (`7.0`).
fn int(v: &str) -> Option<i64> {
    v.parse().ok().or_else(|| v.strip_suffix(".0")?.parse().ok())
}

fn truth(v: &str) -> Option<bool> {
    match v {
        "True" | "true" | "TRUE" | "1" | "1.0" => Some(true),
        "False" | "false" | "FALSE" | "0" | "0.0" => Some(false),
        _ => None,
    }
}
