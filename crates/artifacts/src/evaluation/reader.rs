//! A reader's verdicts beside the model's decisions and the truth, by label.

use super::confusion_matrix::ConfusionMatrix;
use serde::{Deserialize, Serialize};

/// Agreement with a reader on the ECGs that they chose to judge. It says nothing of the others: a reader looks first at those
/// that are in doubt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReaderAgreement {
    /// Verdicts of the file, those of exams that were set aside included; notes without a verdict are none.
    pub verdicts: u64,
    /// Verdicts on the reason why an exam was set aside.
    pub on_set_aside: u64,
    /// Verdicts on ECGs or labels that were not scored.
    pub not_scored: u64,
    /// By mapped label, in mapping order.
    pub labels: Vec<ReaderLabel>,
}

/// Agreement with a reader on one label, by ECG.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReaderLabel {
    /// The mapped label.
    pub label: String,
    /// ECGs of which the reader is unsure; they are in neither table below.
    pub unsure: u64,
    /// Decisions of the model, where what the reader says stands for the truth.
    pub model: ConfusionMatrix,
    /// The truth that is scored, in the place of decisions, where what the reader says stands for the truth.
    pub truth: ConfusionMatrix,
}
