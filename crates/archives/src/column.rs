//! Rules for the columns of a table of exams.

use ecgfm_artifacts::pandas::Cell;
use ecgfm_artifacts::table::cell::{is_missing, parse_boolean, parse_integer, parse_number};

/// Rule for a column that a table of exams may have. A column without a rule may hold anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnRule {
    /// Name of the column.
    pub name: &'static str,
    /// What its cells hold.
    pub format: CellFormat,
    /// What the column is for.
    pub role: ColumnRole,
}

impl ColumnRule {
    /// Rule for the column `name`.
    pub const fn new(name: &'static str, format: CellFormat, role: ColumnRole) -> Self {
        Self { name, format, role }
    }
}

/// What a column is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnRole {
    /// Number of the exam.
    ExamId,
    /// File that holds the exam's recording.
    RecordingFile,
    /// Number of the patient. No message shows one.
    Patient,
    /// Truth of a label.
    Label,
    /// A fact that later stages read.
    Fact,
    /// A fact that no stage reads: what is wrong with its value costs no exam, the value is copied as it is.
    Unused,
}

/// What the cells of a column hold, where they hold anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellFormat {
    /// True or False.
    Bool,
    /// A number.
    Number,
    /// An integer.
    Integer,
    /// Text, in which blanks at the ends mean nothing.
    Text,
    /// Text as it is.
    Verbatim,
}

impl CellFormat {
    /// Whether `value` is of this format, or nothing at all.
    pub fn accepts(self, value: &str) -> bool {
        let read = match self {
            Self::Bool => parse_boolean(value).is_some(),
            Self::Number => parse_number(value).is_some(),
            Self::Integer => parse_integer(value).is_some(),
            Self::Text | Self::Verbatim => true,
        };
        read || is_missing(value)
    }

    /// One text for one value, whatever blanks are around it, whatever pandas made of its column and however a missing
    /// value is written: later stages compare texts, and ` 7`, `7.0` and `7` are one patient. A number keeps its digits,
    /// as the Python scripts copy them; a value of another format stays as it is.
    pub fn canonical(self, value: &str) -> Cell<'_> {
        let trimmed = value.trim();
        match self {
            Self::Verbatim => Cell::Text(value),
            Self::Text => Cell::Text(trimmed),
            _ if is_missing(trimmed) => Cell::Missing,
            Self::Bool => parse_boolean(trimmed).map_or(Cell::Text(trimmed), Cell::Bool),
            Self::Number => Cell::Text(trimmed),
            Self::Integer => parse_integer(trimmed).map_or(Cell::Text(trimmed), Cell::Int),
        }
    }

    /// Words for the format in a message.
    pub(crate) fn expected(self) -> &'static str {
        match self {
            Self::Bool => "True, False or empty",
            Self::Number => "a number or empty",
            Self::Integer => "an integer or empty",
            Self::Text | Self::Verbatim => "text",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_has_one_text_and_a_clean_cell_stays_as_it_is() {
        for (cells, texts, wanted) in [
            (
                CellFormat::Integer,
                &["7", " 7", "7 ", "7.0", " 7.0 "][..],
                Cell::Int(7),
            ),
            (CellFormat::Integer, &["", "  ", "NA", "NaN"], Cell::Missing),
            (
                CellFormat::Bool,
                &["True", " True", "true", "TRUE", "1", "1.0"],
                Cell::Bool(true),
            ),
            (
                CellFormat::Bool,
                &["False", "False ", "false", "FALSE", "0", "0.0"],
                Cell::Bool(false),
            ),
            (CellFormat::Bool, &["", " ", "NA", "None"], Cell::Missing),
            (CellFormat::Number, &["", ".", "nan", "null"], Cell::Missing),
            (CellFormat::Number, &["51.50", " 51.50"], Cell::Text("51.50")),
            (CellFormat::Text, &["a b", " a b "], Cell::Text("a b")),
            (CellFormat::Verbatim, &[" a b "], Cell::Text(" a b ")),
        ] {
            for text in texts {
                assert!(cells.accepts(text), "`{text}`");
                assert_eq!(cells.canonical(text), wanted, "`{text}`");
            }
        }
    }
}
