//! Columns that a reader asks for.

/// What the cells of a column hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
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
    /// Its name in the header.
    pub name: &'static str,
    /// What its cells hold.
    pub kind: Kind,
    /// Whether a cell may hold nothing ([`super::cell::is_missing`]). Text may always be empty.
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

    /// A column whose cells may hold nothing.
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
pub enum OtherColumns {
    /// Leave them in the file.
    Ignore,
    /// Read them as this kind, after the asked ones; cells must be filled.
    Read(Kind),
    /// The same, and cells may hold nothing.
    ReadOptional(Kind),
}
