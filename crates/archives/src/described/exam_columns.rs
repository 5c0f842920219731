//! The columns that every table of exams gets, whatever its archive calls them: exam, file, patient, age, sex.

use super::description::{DatasetDescription, SexRule};
use crate::column::{CellFormat, ColumnRole, ColumnRule};
use crate::table::{ExamTable, TableColumn, TableRules};
use ecgfm_artifacts::columns::{AGE, EXAM_ID, IDX, IS_MALE, PATIENT_ID, TRACE_FILE};
use ecgfm_artifacts::records;
use ecgfm_artifacts::table::FileTable;
use ecgfm_artifacts::table::cell::{is_missing, parse_number};
use std::sync::Arc;

/// Column of dates and times of recordings that the files state.
pub(super) const ACQUIRED_AT: &str = "acquired_at";

/// Rules for these columns; others may hold anything.
const RULES: TableRules = TableRules {
    columns: &[
        ColumnRule::new(EXAM_ID, CellFormat::Text, ColumnRole::ExamId),
        ColumnRule::new(TRACE_FILE, CellFormat::Text, ColumnRole::RecordingFile),
        ColumnRule::new(PATIENT_ID, CellFormat::Text, ColumnRole::Patient),
        ColumnRule::new(AGE, CellFormat::Number, ColumnRole::Unused),
        ColumnRule::new(IS_MALE, CellFormat::Bool, ColumnRole::Unused),
    ],
    help: "correct the description of the dataset",
};

/// Columns of a table of exams in the making.
#[derive(Default)]
pub(super) struct ExamColumns {
    columns: Vec<(String, TableColumn)>,
    /// The file of the columns that are not in memory.
    file: Option<Arc<FileTable>>,
}

impl ExamColumns {
    /// Sets the file that columns are of whose cells are not in memory.
    pub(super) fn set_file(&mut self, file: Arc<FileTable>) {
        self.file = Some(file);
    }

    /// Adds a column that every archive has.
    pub(super) fn add(&mut self, name: &str, cells: TableColumn) {
        self.columns.push((name.to_owned(), cells));
    }

    /// Adds a column of the archive's own. One whose name is taken, by a column above or by one that the stage adds, is called
    /// `raw_` and its name.
    pub(super) fn add_raw(&mut self, name: &str, cells: TableColumn) {
        let taken = |name: &str| {
            let added = name == IDX || records::ADDED.contains(&name) || records::is_statistic(name);
            added || self.columns.iter().any(|(known, _)| known == name)
        };
        let mut name = name.trim().to_owned();
        while taken(&name) {
            name = format!("raw_{name}");
        }
        self.columns.push((name, cells));
    }

    /// Adds patient, age and sex, each where the description says which of `cells` it is.
    pub(super) fn add_patient(
        &mut self,
        description: &DatasetDescription,
        cells: impl Fn(&str) -> Option<TableColumn>,
    ) {
        if let Some(patients) = description.patient.as_deref().and_then(&cells) {
            self.add(
                PATIENT_ID,
                patients.map(|cell| records::normalize_key(cell).to_owned()),
            );
        }
        if let Some(ages) = description.age.as_deref().and_then(&cells) {
            self.add(AGE, ages.map(age_in_years));
        }
        let sexes = description.sex.as_ref().map(|rule| (rule, cells(&rule.column)));
        if let Some((rule, Some(sexes))) = sexes {
            let rule = rule.clone();
            self.add(IS_MALE, sexes.map(move |sex| rule.is_male(sex).to_owned()));
        }
    }

    /// The table; `path` is where its exams are listed or found, `of_lines` says that its rows are those of that file.
    pub(super) fn into_table(self, path: &std::path::Path, of_lines: bool) -> crate::Result<ExamTable> {
        ExamTable::from_columns(path, (self.columns, self.file), of_lines, &RULES)
    }
}

impl SexRule {
    /// `True`, `False`, or nothing where the text is neither.
    fn is_male(&self, text: &str) -> &'static str {
        let is = |known: &Vec<String>| {
            known
                .iter()
                .any(|k| k.eq_ignore_ascii_case(records::normalize_key(text)))
        };
        match (is(&self.male), is(&self.female)) {
            (true, false) => "True",
            (false, true) => "False",
            _ => "",
        }
    }
}

/// An age as a number of years, or nothing where it is none: `56`, `56.0`, `56 YEARS`, `18 MONTHS`.
fn age_in_years(text: &str) -> String {
    let mut words = text.split_whitespace();
    let (number, unit) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if is_missing(number) || parse_number(number).is_none_or(|n| !n.is_finite()) {
        return String::new();
    }
    let per_year = match unit.to_ascii_lowercase().as_str() {
        "" | "y" | "yr" | "year" | "years" => return number.to_owned(),
        "m" | "month" | "months" => 12.0,
        "w" | "week" | "weeks" => 365.25 / 7.0,
        "d" | "day" | "days" => 365.25,
        _ => return String::new(),
    };
    parse_number(number).map_or_else(String::new, |n| (n / per_year).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_become_years_or_nothing() {
        let years = ["56", " 56.0", "18 MONTHS", "NaN", "old", "3 moons", ""].map(age_in_years);
        assert_eq!(years, ["56", "56.0", "1.5", "", "", "", ""]);
    }

    #[test]
    fn names_that_the_stage_gives_are_not_taken() {
        let mut columns = ExamColumns::default();
        columns.add(EXAM_ID, TableColumn::of_file(0));
        for name in ["path", "exam_id", "mean_3", "exam_id", "age "] {
            columns.add_raw(name, TableColumn::of_file(0));
        }
        let names: Vec<&str> = columns.columns.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "exam_id",
                "raw_path",
                "raw_exam_id",
                "raw_mean_3",
                "raw_raw_exam_id",
                "age"
            ]
        );
    }
}
