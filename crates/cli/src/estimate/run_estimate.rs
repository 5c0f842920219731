//! Estimate of a run, stage by stage.

use super::workload::ItemUnit;
use serde::Serialize;
use std::path::PathBuf;

/// Estimate of one stage that will run, or may.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct StageEstimate {
    /// The stage.
    pub stage: String,
    /// Kind of the stage.
    pub kind: String,
    /// What its cost grows with; none where that is not known, or nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<ItemUnit>,
    /// Number of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<u64>,
    /// Number of them in the largest measurement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measured_items: Option<u64>,
    /// Bytes of its inputs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reads_bytes: Option<u64>,
    /// Bytes that it leaves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub writes_bytes: Option<u64>,
    /// Seconds on this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// Set where only one measurement could be made and the stage may take longer: what each further item costs is not known.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub at_least: bool,
    /// Reason why nothing is estimated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_estimated: Option<String>,
}

/// Estimate of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RunEstimate {
    /// Stages that will run, or may, in running order.
    pub stages: Vec<StageEstimate>,
    /// Segments that the stages of kind `signals` leave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segments: Option<u64>,
    /// Seconds of all stages that are estimated.
    pub seconds: f64,
    /// Bytes read by them.
    pub reads_bytes: u64,
    /// Bytes that they leave.
    pub writes_bytes: u64,
    /// The most room on disk that is taken at a time, beyond what is taken now.
    pub needs_bytes: u64,
    /// Bytes that are free there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free_bytes: Option<u64>,
    /// Directory of the run.
    pub run_dir: PathBuf,
    /// Set where every stage is estimated, whole.
    pub complete: bool,
    /// What GPUs would change, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accelerator: Option<String>,
    /// Seconds that measuring took.
    pub measured_seconds: f64,
}

impl RunEstimate {
    /// Adds a stage, and its figures to those of all.
    pub fn add(&mut self, stage: StageEstimate) {
        self.seconds += stage.seconds.unwrap_or_default();
        self.reads_bytes += stage.reads_bytes.unwrap_or_default();
        self.writes_bytes += stage.writes_bytes.unwrap_or_default();
        self.complete &= stage.not_estimated.is_none() && !stage.at_least;
        self.stages.push(stage);
    }
}
