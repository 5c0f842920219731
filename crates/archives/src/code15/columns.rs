//! The columns of `exams.csv`.

use crate::column::CellFormat::{Bool, Integer, Number, Text};
use crate::column::ColumnRole::{ExamId, Fact, Label, Patient, RecordingFile, Unused};
use crate::column::ColumnRule;
use crate::table::TableRules;
use ecgfm_artifacts::columns::{AGE, EXAM_ID, IS_MALE, PATIENT_ID, TRACE_FILE};

/// Rules for `exams.csv`.
pub const RULES: TableRules = TableRules {
    columns: &[
        ColumnRule::new(EXAM_ID, Integer, ExamId),
        ColumnRule::new(TRACE_FILE, Text, RecordingFile),
        ColumnRule::new(AGE, Number, Fact),
        ColumnRule::new(IS_MALE, Bool, Fact),
        ColumnRule::new("nn_predicted_age", Number, Unused),
        ColumnRule::new("1dAVb", Bool, Label),
        ColumnRule::new("RBBB", Bool, Label),
        ColumnRule::new("LBBB", Bool, Label),
        ColumnRule::new("SB", Bool, Label),
        ColumnRule::new("ST", Bool, Label),
        ColumnRule::new("AF", Bool, Label),
        ColumnRule::new(PATIENT_ID, Integer, Patient),
        ColumnRule::new("death", Bool, Unused),
        ColumnRule::new("timey", Number, Unused),
        ColumnRule::new("normal_ecg", Bool, Unused),
    ],
    help: "give the exams.csv of CODE-15%, or a table with its columns",
};
