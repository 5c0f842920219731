//! The state of a pipeline's stages, as it is told.

use std::fmt::Write as _;

use serde::Serialize;

use crate::plan::reason::StaleReason;
use crate::store::record::Accepted;
use crate::store::stage_chunks::ChunkCount;

/// The state of a stage's outputs on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StageState {
    /// The outputs are what the pipeline would make now.
    Fresh,
    /// The outputs exist, but the pipeline would make others, or might.
    Stale,
    /// The outputs do not exist.
    Missing,
    /// An interrupted run left a part that the next goes on from.
    Partial,
    /// The outputs exist, and whether they are what the pipeline would make depends on what stages before it leave, which
    /// run first.
    Undecided,
    /// The outputs are what the pipeline would make now, and some were removed, to be made again when a stage needs them.
    Cleaned,
}

impl StageState {
    /// The word for it: `fresh`, `stale`, `missing`, `partial`, `undecided`, `cleaned`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Stale => "stale",
            Self::Missing => "missing",
            Self::Partial => "partial",
            Self::Undecided => "undecided",
            Self::Cleaned => "cleaned",
        }
    }
}

/// Action of a run on a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StageAction {
    /// Runs it.
    Run,
    /// Runs it if the stages before it leave something else than it read the last time, or, where what it left was removed,
    /// if a stage that reads it runs.
    RunIfChanged,
    /// Leaves it: it is fresh.
    Keep,
    /// Leaves it: it was not chosen.
    Exclude,
}

/// A stage in a plan or a status.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlannedStage {
    /// The stage.
    pub stage: String,
    /// Kind of the stage.
    pub kind: String,
    /// The state of its outputs.
    pub state: StageState,
    /// Reasons why it is not fresh; empty when it is.
    pub reasons: Vec<StaleReason>,
    /// Action of a run on the stage.
    pub action: StageAction,
    /// Number of its chunks that are there, of a partial stage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chunks: Option<ChunkCount>,
    /// Set where somebody accepted outputs of an older version of the code for the present one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Accepted>,
}

/// The state of every stage of a pipeline.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PipelineStatus {
    /// The pipeline's name.
    pub pipeline: String,
    /// The profile.
    pub profile: String,
    /// The run's directory.
    pub run_dir: std::path::PathBuf,
    /// Every stage, in running order.
    pub stages: Vec<PlannedStage>,
}

impl PipelineStatus {
    /// Says if a run would do nothing.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        self.stages
            .iter()
            .all(|s| matches!(s.state, StageState::Fresh | StageState::Cleaned))
    }

    /// A line a stage: state, name, reasons.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!(
            "{}, profile {}, in {}\n",
            self.pipeline,
            self.profile,
            self.run_dir.display()
        );
        let width = self.stages.iter().map(|s| s.stage.len()).max().unwrap_or(0);
        let words = self.stages.iter().map(|s| s.state.word().len());
        let state = words.max().unwrap_or(0).max("missing".len());
        for stage in &self.stages {
            let line = format!("  {:state$}  {:width$}  ", stage.state.word(), stage.stage);
            let indent = " ".repeat(line.chars().count());
            let chunks = stage.chunks.iter();
            let chunks = chunks.map(|count| format!("{} of {} chunks are there", count.there, count.of));
            let reasons = stage.reasons.iter().map(ToString::to_string).chain(chunks);
            let reasons: Vec<String> = reasons
                .chain(stage.accepted.iter().map(ToString::to_string))
                .collect();
            let _ = writeln!(
                text,
                "{}",
                format!("{line}{}", reasons.join(&format!("\n{indent}"))).trim_end()
            );
        }
        let acceptable: Vec<&str> = self
            .stages
            .iter()
            .filter(|s| s.acceptable_version().is_some())
            .map(|s| s.stage.as_str())
            .collect();
        if !acceptable.is_empty() {
            let stages = acceptable.join(" ");
            let _ = writeln!(
                text,
                "help: to keep what an older version of the code left: ecgfm accept {} {stages}",
                self.pipeline
            );
        }
        text
    }
}

impl PlannedStage {
    /// The version of the code for which its outputs can be accepted as they are: the version is all that has changed.
    pub(crate) fn acceptable_version(&self) -> Option<u32> {
        match self.certain_reasons().as_slice() {
            [StaleReason::CodeVersion { to, .. }] => Some(*to),
            _ => None,
        }
    }

    /// Reasons to run whatever the stages before it leave.
    pub(crate) fn certain_reasons(&self) -> Vec<&StaleReason> {
        let certain =
            |reason: &&StaleReason| !matches!(reason, StaleReason::PartsKept | StaleReason::Upstream { .. });
        self.reasons.iter().filter(certain).collect()
    }
}
