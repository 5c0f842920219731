//! What the model said, by the names of the user's files.

use super::given::Given;
use ecgfm_artifacts::columns::{IDX, SAVE_FILE, SEGMENTS};
use ecgfm_artifacts::predictions::{ABOUT_FILE, About, ECG_FILE};
use ecgfm_artifacts::{rejected, table};
use ecgfm_pipeline::{Error, ErrorKind};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// One ECG.
struct Row {
    file: PathBuf,
    ecg: String,
    segments: String,
    /// In the order of the labels, digits as the tables of a run have them.
    probabilities: Vec<String>,
    /// Names of the labels above the threshold.
    holds: Vec<String>,
}

/// All that is to be printed.
#[derive(Default)]
pub(super) struct Said {
    labels: Vec<String>,
    rows: Vec<Row>,
    /// File, ECG and why it has no prediction.
    pub(super) rejected: Vec<(PathBuf, String, String)>,
    pub(super) notices: Vec<String>,
}

fn failed(error: impl ToString) -> Error {
    Error::new(ErrorKind::StageFailed, error.to_string())
}

impl Said {
    /// Takes in what a run in `dir` on a group of files left.
    pub(super) fn read(&mut self, dir: &Path, group: &Given, threshold: f64) -> Result<(), Error> {
        let predictions = dir.join("predict");
        let about = About::read(&predictions).map_err(|e| failed(format!("{ABOUT_FILE}: {e}")))?;
        self.labels = about.labels.names().iter().map(|&name| name.to_owned()).collect();
        self.notices.extend(about.notices);
        self.notices.dedup();
        let path = predictions.join(ECG_FILE);
        let frame = table::read_all_text(&path).map_err(failed)?;
        let column = |name: &str| table::str_column(&path, &frame, name).map_err(failed);
        let cell =
            |name: &str, row: usize| Ok::<_, Error>(column(name)?.get(row).unwrap_or_default().to_owned());
        for row in 0..frame.height() {
            let (file, ecg) = group.origin(&cell(IDX, row)?, &cell(SAVE_FILE, row)?);
            let probabilities = self.labels.iter().map(|label| cell(label, row));
            let probabilities: Vec<String> = probabilities.collect::<Result<_, _>>()?;
            let above = |text: &str| text.parse().is_ok_and(|p: f32| f64::from(p) > threshold);
            let holds = self.labels.iter().zip(&probabilities).filter(|(_, p)| above(p));
            self.rows.push(Row {
                file,
                ecg,
                segments: cell(SEGMENTS, row)?,
                holds: holds.map(|(label, _)| label.clone()).collect(),
                probabilities,
            });
        }
        self.set_aside(&dir.join("signals").join(rejected::FILE), group)
    }

    fn set_aside(&mut self, path: &Path, group: &Given) -> Result<(), Error> {
        if !path.exists() {
            return Ok(());
        }
        let frame = table::read_all_text(path).map_err(failed)?;
        let cell = |name: &str, row: usize| {
            let column = table::str_column(path, &frame, name).map_err(failed)?;
            Ok::<_, Error>(column.get(row).unwrap_or_default().to_owned())
        };
        for row in 0..frame.height() {
            let why = format!("{}: {}", cell("reason", row)?, cell("detail", row)?);
            let file = group.file(&cell("trace_file", row)?);
            self.rejected.push((file, cell("exam_id", row)?, why));
        }
        Ok(())
    }

    /// A header, and a line an ECG.
    pub(super) fn csv(&self) -> String {
        let line = |cells: &mut dyn Iterator<Item = String>| cells.collect::<Vec<_>>().join(",") + "\n";
        let fixed = ["file", "ecg", "segments"].map(str::to_owned);
        let named = self.labels.iter().map(|label| quoted(label));
        let mut text = line(&mut fixed.into_iter().chain(named).chain(["labels".to_owned()]));
        for row in &self.rows {
            let fixed = [
                quoted(&row.file.to_string_lossy()),
                quoted(&row.ecg),
                row.segments.clone(),
            ];
            let last = quoted(&row.holds.join(", "));
            text += &line(
                &mut fixed
                    .into_iter()
                    .chain(row.probabilities.iter().cloned())
                    .chain([last]),
            );
        }
        text
    }

    /// The same and what has no prediction.
    pub(super) fn json(&self, model: &Path) -> Value {
        let ecg = |row: &Row| {
            let pairs = self.labels.iter().zip(&row.probabilities);
            let number = |text: &String| text.parse::<f64>().ok();
            let probabilities: serde_json::Map<_, _> = pairs
                .map(|(label, p)| (label.clone(), json!(number(p))))
                .collect();
            json!({
                "file": row.file, "ecg": row.ecg, "segments": row.segments.parse::<u64>().ok(),
                "probabilities": probabilities, "labels": row.holds,
            })
        };
        let set_aside =
            |(file, ecg, why): &(PathBuf, String, String)| json!({ "file": file, "ecg": ecg, "why": why });
        json!({
            "model": model,
            "notices": self.notices,
            "ecgs": self.rows.iter().map(ecg).collect::<Vec<_>>(),
            "rejected": self.rejected.iter().map(set_aside).collect::<Vec<_>>(),
        })
    }
}

/// A cell of a CSV table.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
}
