//! Columns that a reader asks for.

/// Type of the cells of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// A 64-bit integer.
    Int,
    /// A 64-bit float.
    Float,
    /// `True` or `False`, in any case, or `1` and `0`.
    Bool,
    /// Any text; empty is the empty text.
    Text,
}

/// A column that a reader asks for.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Name in the header.
    pub name: &'static str,
    /// Type of its cells.
    pub kind: ColumnKind,
    /// True where a cell may hold nothing ([`super::cell::is_missing`]). Text may always be empty.
    pub missing: bool,
}

impl Column {
    /// A column whose every cell must be filled.
    pub const fn new(name: &'static str, kind: ColumnKind) -> Self {
        Self {
            name,
            kind,
            missing: false,
        }
    }

    /// A column whose cells may hold nothing.
    pub const fn optional(name: &'static str, kind: ColumnKind) -> Self {
        Self {
            name,
            kind,
            missing: true,
        }
    }
}

/// Treatment of the columns that a reader does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtherColumns {
    /// Other columns are not read.
    Ignore,
    /// Other columns are read as this kind, after the named ones; cells must be filled.
    Read(ColumnKind),
    /// Other columns are read as this kind, after the named ones; cells may hold nothing.
    ReadOptional(ColumnKind),
}
