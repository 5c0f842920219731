//! Predictions and rejected ECGs, by the names of the user's files.

use super::inputs::{InputFiles, RecordingFacts};
use crate::errors::file_error;
use ecgfm_artifacts::columns::{
    DETAIL, EXAM_ID, IDX, REASON, SAVE_FILE, SEGMENT, SEGMENTS, TRACE_FILE, quote_label,
};
use ecgfm_artifacts::evaluation::exceeds;
use ecgfm_artifacts::pandas::{Cell, RowWriter};
use ecgfm_artifacts::predictions::{CSV_FILE, ECG_FILE, INFO_FILE, PredictionsInfo};
use ecgfm_artifacts::{logits, rejected, table};
use ecgfm_pipeline::{Error, ErrorKind};
use ecgfm_system::presence::exists;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Prediction for one ECG.
pub(super) struct EcgPrediction {
    pub(super) file: PathBuf,
    pub(super) ecg: String,
    pub(super) segments: String,
    /// In the order of the labels, digits as the tables of a run have them.
    pub(super) probabilities: Vec<String>,
    /// Names of the labels above their thresholds.
    pub(super) holds: Vec<String>,
    /// Facts about its recording, where they are known.
    pub(super) facts: Option<RecordingFacts>,
}

/// Predictions for all files, notices, and ECGs without a prediction.
#[derive(Default)]
pub(super) struct PredictionResults {
    pub(super) labels: Vec<String>,
    pub(super) rows: Vec<EcgPrediction>,
    /// File, ECG (none for the whole file) and reason why there is no prediction.
    pub(super) rejected: Vec<(PathBuf, Option<String>, String)>,
    pub(super) notices: Vec<String>,
}

fn stage_failed(error: impl ToString) -> Error {
    Error::new(ErrorKind::StageFailed, error.to_string())
}

impl PredictionResults {
    /// Adds the results of a run in the directory `dir` on a group of files.
    pub(super) fn add_run(&mut self, dir: &Path, group: &InputFiles) -> Result<(), Error> {
        let predictions = dir.join("predict");
        let about =
            PredictionsInfo::read(&predictions).map_err(|e| stage_failed(format!("{INFO_FILE}: {e}")))?;
        self.labels = about.labels.names().iter().map(|&name| name.to_owned()).collect();
        for notice in about.notices {
            if !self.notices.contains(&notice) {
                self.notices.push(notice);
            }
        }
        let path = predictions.join(ECG_FILE);
        let frame = table::read_all_text(&path).map_err(stage_failed)?;
        let column = |name: &str| table::str_column(&path, &frame, name).map_err(stage_failed);
        let cell =
            |name: &str, row: usize| Ok::<_, Error>(column(name)?.get(row).unwrap_or_default().to_owned());
        for row in 0..frame.height() {
            let idx = cell(IDX, row)?;
            let (file, ecg) = group.origin(&idx, &cell(SAVE_FILE, row)?);
            let probabilities = self.labels.iter().map(|label| cell(label, row));
            let probabilities: Vec<String> = probabilities.collect::<Result<_, _>>()?;
            let threshold = |label: &String| about.threshold_of.get(label).copied();
            let above = |label: &String, text: &str| {
                let probability = text.parse().ok();
                probability
                    .zip(threshold(label))
                    .is_some_and(|(p, threshold)| exceeds(p, threshold))
            };
            let holds = self
                .labels
                .iter()
                .zip(&probabilities)
                .filter(|(label, p)| above(label, p));
            self.rows.push(EcgPrediction {
                file,
                ecg,
                segments: cell(SEGMENTS, row)?,
                holds: holds.map(|(label, _)| label.clone()).collect(),
                probabilities,
                facts: group.facts(&idx).cloned(),
            });
        }
        self.add_rejected_exams(&dir.join("signals").join(rejected::FILE), group)?;
        self.add_non_finite_segments(dir, group)
    }

    /// Adds segments without a prediction because the output of the model is not finite.
    fn add_non_finite_segments(&mut self, dir: &Path, group: &InputFiles) -> Result<(), Error> {
        let text = |path: &Path, name: &str| {
            let frame = table::read_all_text(path).map_err(stage_failed)?;
            let column = table::str_column(path, &frame, name).map_err(stage_failed)?;
            let cells = column.iter().map(|cell| cell.unwrap_or_default().to_owned());
            Ok::<Vec<String>, Error>(cells.collect())
        };
        let index = dir.join("infer").join(logits::index_file("test"));
        let predicted: BTreeSet<String> = text(&dir.join("predict").join(CSV_FILE), SEGMENT)?
            .into_iter()
            .collect();
        let all = text(&index, SEGMENT)?.into_iter().zip(text(&index, IDX)?);
        for ((segment, idx), save_file) in all.zip(text(&index, SAVE_FILE)?) {
            if !predicted.contains(&segment) {
                let (file, ecg) = group.origin(&idx, &save_file);
                let why = format!("segment {segment}: the model's answer is not finite; look for NaN in it");
                self.rejected.push((file, Some(ecg), why));
            }
        }
        Ok(())
    }

    /// Returns true where no ECG has a prediction.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Records why a file cannot be used.
    pub(super) fn add_refused(&mut self, file: &Path, error: &Error) {
        let place = format!("{}: ", file.display());
        let why = error.message();
        let why = why.strip_prefix(&place).unwrap_or(why);
        let help = error
            .help_text()
            .map_or_else(String::new, |help| format!("; {help}"));
        self.rejected
            .push((file.to_owned(), None, format!("{why}{help}")));
    }

    /// Records why none of the files of a group could be used.
    pub(super) fn add_failure(&mut self, group: &InputFiles, why: &str) {
        let files = group.files().into_iter();
        self.rejected
            .extend(files.map(|file| (file.to_owned(), None, why.to_owned())));
    }

    /// Adds the exams that the signals stage rejected.
    fn add_rejected_exams(&mut self, path: &Path, group: &InputFiles) -> Result<(), Error> {
        if !exists(path).map_err(|e| file_error("look for", path, &e))? {
            return Ok(());
        }
        let frame = table::read_all_text(path).map_err(stage_failed)?;
        let cell = |name: &str, row: usize| {
            let column = table::str_column(path, &frame, name).map_err(stage_failed)?;
            Ok::<_, Error>(column.get(row).unwrap_or_default().to_owned())
        };
        for row in 0..frame.height() {
            let detail = group.user_paths_in(&cell(DETAIL, row)?);
            let why = format!("{}: {detail}", cell(REASON, row)?);
            let (file, ecg) = group.origin_of_exam(&cell(TRACE_FILE, row)?, &cell(EXAM_ID, row)?);
            self.rejected.push((file, Some(ecg), why));
        }
        Ok(())
    }

    /// Table as CSV: a header, and a line for each ECG.
    pub(super) fn csv(&self) -> String {
        let mut table = Vec::new();
        // Writing into memory does not fail.
        let _ = self.write_csv(&mut table);
        String::from_utf8_lossy(&table).into_owned()
    }

    fn write_csv(&self, out: &mut Vec<u8>) -> std::io::Result<()> {
        let labels = self.labels.iter().map(String::as_str);
        let header = ["file", "ecg", "segments"]
            .into_iter()
            .chain(labels)
            .chain(["labels"]);
        let mut table = RowWriter::new(out, header)?;
        for row in &self.rows {
            let holds = row.holds.iter().map(|label| quote_label(label));
            let (file, holds) = (row.file.to_string_lossy(), holds.collect::<Vec<_>>().join(", "));
            for text in [&*file, &row.ecg, &row.segments]
                .into_iter()
                .chain(row.probabilities.iter().map(String::as_str))
                .chain([holds.as_str()])
            {
                table.cell(Cell::Text(text));
            }
            table.end_row()?;
        }
        Ok(())
    }

    /// Predictions, notices and rejected ECGs as JSON.
    pub(super) fn json(&self, model: &Path) -> Value {
        let ecg = |row: &EcgPrediction| {
            let pairs = self.labels.iter().zip(&row.probabilities);
            let number = |text: &String| text.parse::<f64>().ok();
            let probabilities: serde_json::Map<_, _> = pairs
                .map(|(label, p)| (label.clone(), json!(number(p))))
                .collect();
            let mut described = json!({
                "file": row.file.to_string_lossy(), "ecg": row.ecg, "segments": row.segments.parse::<u64>().ok(),
                "probabilities": probabilities, "labels": row.holds,
            });
            if let Some(facts) = &row.facts {
                described["doubts"] = json!(facts.doubts);
                described["computed_leads"] = json!(facts.leads.computed);
                described["absent_leads"] = json!(facts.leads.absent);
            }
            described
        };
        let set_aside = |(file, ecg, why): &(PathBuf, Option<String>, String)| json!({ "file": file.to_string_lossy(), "ecg": ecg, "why": why });
        json!({
            "model": model.to_string_lossy(),
            "notices": self.notices,
            "ecgs": self.rows.iter().map(ecg).collect::<Vec<_>>(),
            "rejected": self.rejected.iter().map(set_aside).collect::<Vec<_>>(),
        })
    }
}
