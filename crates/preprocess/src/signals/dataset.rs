//! What a CODE-15 release looks like. Source: Ribeiro et al., *CODE-15%*, Zenodo 4916206.

use ecgfm_artifacts::pandas::Cell;

/// Name by which parameters refer to it.
pub(super) const NAME: &str = "code15";
/// Name that tables give it, and start of the file names made from it.
pub(super) const SOURCE: &str = "code_15";
/// Files that lie in an archive of synthetic ECGs, as `ecgfm synth` writes them.
pub(super) const SYNTHETIC: [&str; 2] = ["SYNTHETIC.md", "synth.json"];
/// The table of exams.
pub(super) const EXAMS_FILE: &str = "exams.csv";
/// Sample rate of every recording, in Hz.
pub(super) const SAMPLE_RATE: u32 = 400;
/// Start of the parts' names; the rest is a number and [`PART_EXTENSION`].
pub(super) const PART_PREFIX: &str = "exams_part";
/// End of the parts' names.
pub(super) const PART_EXTENSION: &str = ".hdf5";
/// What to do when there is nothing to read.
pub(super) const HOW_TO_GET: &str = "get CODE-15% (https://zenodo.org/records/4916206) with `ecgfm fetch code15`, or by hand: unpack its \
     .zip files beside exams.csv; or generate a synthetic release with `ecgfm synth`";

/// File name of an exam's recording.
pub(super) fn save_file(exam_id: i64) -> String {
    format!("{SOURCE}_{exam_id}.mat")
}

/// What a cell of `exams.csv` must hold, where a later stage relies on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cells {
    /// True or False.
    Bool,
    /// True, False or nothing.
    OptionalBool,
    /// A number or nothing.
    OptionalNumber,
    /// An integer or nothing.
    OptionalInteger,
}

/// The columns that are looked at where the table has them; any other may hold anything.
pub(super) const COLUMNS: [(&str, Cells); 13] = [
    ("age", Cells::OptionalNumber),
    ("is_male", Cells::Bool),
    ("nn_predicted_age", Cells::OptionalNumber),
    ("1dAVb", Cells::Bool),
    ("RBBB", Cells::Bool),
    ("LBBB", Cells::Bool),
    ("SB", Cells::Bool),
    ("ST", Cells::Bool),
    ("AF", Cells::Bool),
    ("patient_id", Cells::OptionalInteger),
    ("death", Cells::OptionalBool),
    ("timey", Cells::OptionalNumber),
    ("normal_ecg", Cells::Bool),
];

impl Cells {
    /// Whether `value` is what the column promises.
    pub(super) fn accept(self, value: &str) -> bool {
        let value = value.trim();
        match self {
            Self::Bool => is_bool(value),
            Self::OptionalBool => value.is_empty() || is_bool(value),
            Self::OptionalNumber => value.is_empty() || value.parse::<f64>().is_ok(),
            Self::OptionalInteger => value.is_empty() || integer(value).is_some(),
        }
    }

    /// One text for one value, whatever blanks are around it and whatever pandas made of its column: later stages compare
    /// texts, and ` 7`, `7.0` and `7` are one patient. A number keeps its digits, as the Python scripts copy them.
    pub(super) fn canonical(self, value: &str) -> Cell<'_> {
        let value = value.trim();
        match self {
            _ if value.is_empty() => Cell::Missing,
            Self::Bool | Self::OptionalBool => Cell::Bool(is_true(value)),
            Self::OptionalNumber => Cell::Text(value),
            Self::OptionalInteger => integer(value).map_or(Cell::Text(value), Cell::Int),
        }
    }

    /// The words for it in a message.
    pub(super) fn wanted(self) -> &'static str {
        match self {
            Self::Bool => "True or False",
            Self::OptionalBool => "True, False or empty",
            Self::OptionalNumber => "a number or empty",
            Self::OptionalInteger => "an integer or empty",
        }
    }
}

fn is_true(value: &str) -> bool {
    ["True", "true", "TRUE", "1", "1.0"].contains(&value)
}

fn is_bool(value: &str) -> bool {
    is_true(value) || ["False", "false", "FALSE", "0", "0.0"].contains(&value)
}

/// An integer, also where pandas has turned its column into floats (`7.0`).
pub(super) fn integer(value: &str) -> Option<i64> {
    let value = value.trim();
    value.strip_suffix(".0").unwrap_or(value).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_has_one_text_and_a_clean_cell_stays_as_it_is() {
        for (cells, texts, wanted) in [
            (
                Cells::OptionalInteger,
                &["7", " 7", "7 ", "7.0", " 7.0 "][..],
                Cell::Int(7),
            ),
            (Cells::OptionalInteger, &["", "  "], Cell::Missing),
            (
                Cells::Bool,
                &["True", " True", "true", "TRUE", "1", "1.0"],
                Cell::Bool(true),
            ),
            (
                Cells::OptionalBool,
                &["False", "False ", "false", "FALSE", "0", "0.0"],
                Cell::Bool(false),
            ),
            (Cells::OptionalBool, &["", " "], Cell::Missing),
            (Cells::OptionalNumber, &["51.50", " 51.50"], Cell::Text("51.50")),
        ] {
            for text in texts {
                assert!(cells.accept(text), "`{text}`");
                assert_eq!(cells.canonical(text), wanted, "`{text}`");
            }
        }
    }
}
