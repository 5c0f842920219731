//! Predictions of a sample, ECG by ECG.

use ecgfm_artifacts::columns::{IDX, SAVE_FILE};
use ecgfm_artifacts::predictions::{ECG_FILE, PredictionsInfo};
use ecgfm_artifacts::table;
use ecgfm_pipeline::{Error, ErrorKind};
use std::collections::BTreeMap;
use std::path::Path;

/// Probabilities of one ECG.
pub(super) struct PredictedEcg {
    /// Row of the exam in the archive's table.
    pub(super) idx: i64,
    /// One a label.
    pub(super) probabilities: Vec<f64>,
}

/// Probabilities of all ECGs, by the names of their recordings.
pub(super) struct PredictedEcgs {
    pub(super) labels: Vec<String>,
    /// Probability above which each label is predicted.
    pub(super) thresholds: Vec<f64>,
    pub(super) ecgs: BTreeMap<String, PredictedEcg>,
    pub(super) notices: Vec<String>,
}

fn stage_failed(error: impl ToString) -> Error {
    Error::new(ErrorKind::StageFailed, error.to_string())
}

impl PredictedEcgs {
    /// Reads what the stage predict left; none where it left nothing.
    pub(super) fn read_if_there(dir: &Path) -> Result<Option<Self>, Error> {
        match dir.join(ECG_FILE).is_file() {
            true => Self::read(dir).map(Some),
            false => Ok(None),
        }
    }

    /// Reads what the stage predict left.
    pub(super) fn read(dir: &Path) -> Result<Self, Error> {
        let about = PredictionsInfo::read(dir).map_err(stage_failed)?;
        let labels: Vec<String> = about.labels.names().iter().map(|&name| name.to_owned()).collect();
        let path = dir.join(ECG_FILE);
        let frame = table::read_all_text(&path).map_err(stage_failed)?;
        let column = |name: &str| table::str_column(&path, &frame, name).map_err(stage_failed);
        let (idx, files) = (column(IDX)?, column(SAVE_FILE)?);
        let columns = labels.iter().map(|label| column(label));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let number = |text: Option<&str>| text.and_then(|text| text.parse::<f64>().ok());
        let mut ecgs = BTreeMap::new();
        for row in 0..frame.height() {
            let probabilities = columns.iter().map(|column| number(column.get(row)));
            let (Some(probabilities), Some(idx)) =
                (probabilities.collect(), idx.get(row).and_then(|i| i.parse().ok()))
            else {
                continue;
            };
            let name = files.get(row).unwrap_or_default().to_owned();
            ecgs.insert(name, PredictedEcg { idx, probabilities });
        }
        let threshold = |label: &String| about.threshold_of.get(label).copied().unwrap_or(0.5);
        Ok(Self {
            thresholds: labels.iter().map(threshold).collect(),
            labels,
            ecgs,
            notices: about.notices,
        })
    }
}
