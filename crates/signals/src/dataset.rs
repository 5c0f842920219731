//! What a CODE-15 release looks like. Source: Ribeiro et al., *CODE-15%*, Zenodo 4916206.

use ecgfm_artifacts::pandas::Cell;
use ecgfm_artifacts::table::cell::{boolean, integer, is_missing, number};

/// Name by which parameters refer to it.
pub(crate) const NAME: &str = "code15";
/// Name that tables give it, and start of the file names made from it.
pub(crate) const SOURCE: &str = "code_15";
/// Files that lie in an archive of synthetic ECGs, as `ecgfm synth` writes them.
pub(crate) const SYNTHETIC: [&str; 2] = ["SYNTHETIC.md", "synth.json"];
/// The table of exams.
pub(crate) const EXAMS_FILE: &str = "exams.csv";
/// Sample rate of every recording, in Hz.
pub(crate) const SAMPLE_RATE: u32 = 400;
/// Start of the parts' names; the rest is a number and [`PART_EXTENSION`].
pub(crate) const PART_PREFIX: &str = "exams_part";
/// End of the parts' names.
pub(crate) const PART_EXTENSION: &str = ".hdf5";
/// What to do when there is nothing to read.
pub(crate) const HOW_TO_GET: &str = "get CODE-15% (https://zenodo.org/records/4916206) with `ecgfm fetch code15`, or by hand: unpack its \
     .zip files beside exams.csv; or generate a synthetic release with `ecgfm synth`";

/// File name of an exam's recording.
pub(crate) fn save_file(exam_id: i64) -> String {
    format!("{SOURCE}_{exam_id}.mat")
}

/// What a cell of `exams.csv` holds, where it holds anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cells {
    /// True or False.
    Bool,
    /// A number.
    Number,
    /// An integer.
    Integer,
}

/// The columns whose values are written in one form where the table has them; any other may hold anything.
pub(crate) const COLUMNS: [(&str, Cells); 13] = [
    ("age", Cells::Number),
    ("is_male", Cells::Bool),
    ("nn_predicted_age", Cells::Number),
    ("1dAVb", Cells::Bool),
    ("RBBB", Cells::Bool),
    ("LBBB", Cells::Bool),
    ("SB", Cells::Bool),
    ("ST", Cells::Bool),
    ("AF", Cells::Bool),
    ("patient_id", Cells::Integer),
    ("death", Cells::Bool),
    ("timey", Cells::Number),
    ("normal_ecg", Cells::Bool),
];

/// Those of [`COLUMNS`] that no stage reads. What is wrong with such a value costs no exam: it is copied as it stands.
pub(crate) const UNUSED: [&str; 4] = ["nn_predicted_age", "death", "timey", "normal_ecg"];

impl Cells {
    /// Whether `value` is what the column promises, or nothing at all.
    pub(crate) fn accept(self, value: &str) -> bool {
        let read = match self {
            Self::Bool => boolean(value).is_some(),
            Self::Number => number(value).is_some(),
            Self::Integer => integer(value).is_some(),
        };
        read || is_missing(value)
    }

    /// One text for one value, whatever blanks are around it, whatever pandas made of its column and however a missing
    /// value is written: later stages compare texts, and ` 7`, `7.0` and `7` are one patient. A number keeps its digits,
    /// as the Python scripts copy them; what is none of these stays as it stands.
    pub(crate) fn canonical(self, value: &str) -> Cell<'_> {
        let value = value.trim();
        if is_missing(value) {
            return Cell::Missing;
        }
        match self {
            Self::Bool => boolean(value).map_or(Cell::Text(value), Cell::Bool),
            Self::Number => Cell::Text(value),
            Self::Integer => integer(value).map_or(Cell::Text(value), Cell::Int),
        }
    }

    /// The words for it in a message.
    pub(crate) fn wanted(self) -> &'static str {
        match self {
            Self::Bool => "True, False or empty",
            Self::Number => "a number or empty",
            Self::Integer => "an integer or empty",
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
                Cells::Integer,
                &["7", " 7", "7 ", "7.0", " 7.0 "][..],
                Cell::Int(7),
            ),
            (Cells::Integer, &["", "  ", "NA", "NaN"], Cell::Missing),
            (
                Cells::Bool,
                &["True", " True", "true", "TRUE", "1", "1.0"],
                Cell::Bool(true),
            ),
            (
                Cells::Bool,
                &["False", "False ", "false", "FALSE", "0", "0.0"],
                Cell::Bool(false),
            ),
            (Cells::Bool, &["", " ", "NA", "None"], Cell::Missing),
            (Cells::Number, &["", ".", "nan", "null"], Cell::Missing),
            (Cells::Number, &["51.50", " 51.50"], Cell::Text("51.50")),
        ] {
            for text in texts {
                assert!(cells.accept(text), "`{text}`");
                assert_eq!(cells.canonical(text), wanted, "`{text}`");
            }
        }
    }

    #[test]
    fn a_column_that_no_stage_reads_is_one_of_the_columns() {
        assert!(
            UNUSED
                .iter()
                .all(|name| COLUMNS.iter().any(|(column, _)| column == name))
        );
    }
}
