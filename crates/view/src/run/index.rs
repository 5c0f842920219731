//! What every ECG of a run is found by.

use super::categories::Categories;
use ecgfm_artifacts::evaluation::exceeds;
use ecgfm_artifacts::quality::QualityCheck;
use ecgfm_artifacts::table::TextColumn;
use hashbrown::HashMap;

/// A label with what is true and what the model says of every ECG.
#[derive(Debug, Default)]
pub(crate) struct LabelColumn {
    pub(crate) name: String,
    /// Meaning of the label.
    pub(crate) title: String,
    /// The label is predicted where its probability is above this; none where the run predicts nothing.
    pub(crate) threshold: Option<f64>,
    /// Truth of each row; none where it is not known, and of exams that were set aside.
    pub(crate) truth: Vec<Option<bool>>,
    /// Probability of each row; NaN where the model was not asked.
    pub(crate) probability: Vec<f32>,
}

// Each check has a bit of `flags`.
const _: () = assert!(QualityCheck::ALL.len() <= u16::BITS as usize);

/// The exams of a run: first those that were kept, in the order of the records, then those that were set aside.
#[derive(Debug, Default)]
pub(crate) struct RunIndex {
    /// Number of exams that were kept.
    pub(crate) kept: usize,
    /// Row number in the raw table of each that was kept.
    pub(crate) idx: Vec<i64>,
    /// Files of the recordings that were kept.
    pub(crate) save_file: TextColumn,
    /// Number of each exam.
    pub(crate) exam_id: TextColumn,
    /// Row here by row number in the raw table.
    pub(crate) row_of_idx: HashMap<i64, u32>,
    pub(crate) source: Categories,
    pub(crate) split: Categories,
    /// Reasons of those that were set aside.
    pub(crate) reason: Categories,
    /// Checks that those that were kept failed, a bit each in the order of [`QualityCheck::ALL`].
    pub(crate) flags: Vec<u16>,
    /// Attributes by name, with the group of each ECG that was kept.
    pub(crate) groups: Vec<(String, Categories)>,
    pub(crate) labels: Vec<LabelColumn>,
    /// The split that was scored or predicted.
    pub(crate) subset: Option<String>,
}

impl RunIndex {
    /// Number of exams, those set aside included.
    pub(crate) fn rows(&self) -> usize {
        self.exam_id.len()
    }

    /// True for an exam that was set aside.
    pub(crate) fn is_set_aside(&self, row: usize) -> bool {
        row >= self.kept
    }

    /// Checks that a recording failed.
    pub(crate) fn flags_of(&self, row: usize) -> impl Iterator<Item = QualityCheck> {
        let flags = self.flags.get(row).copied().unwrap_or_default();
        let all = QualityCheck::ALL.into_iter().enumerate();
        all.filter_map(move |(bit, check)| (flags >> bit & 1 == 1).then_some(check))
    }
}

impl LabelColumn {
    /// Truth of a row.
    pub(crate) fn truth(&self, row: usize) -> Option<bool> {
        self.truth.get(row).copied().flatten()
    }

    /// Probability of a row.
    pub(crate) fn probability(&self, row: usize) -> Option<f32> {
        self.probability.get(row).copied().filter(|p| !p.is_nan())
    }

    /// Decision of the model on a row.
    pub(crate) fn predicted(&self, row: usize) -> Option<bool> {
        let threshold = self.threshold?;
        self.probability(row).map(|p| exceeds(p, threshold))
    }

    /// True where truth and decision are both known, and differ.
    pub(crate) fn is_wrong(&self, row: usize) -> bool {
        matches!((self.truth(row), self.predicted(row)), (Some(truth), Some(predicted)) if truth != predicted)
    }
}
