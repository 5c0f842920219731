//! Events of a run. Serialised, the events are the lines of `--json`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use crate::error::{Error, ErrorKind};
use crate::plan::reason::StaleReason;
use crate::plan::status::PlannedStage;
use ecgfm_stage::Progress;

/// Receives the events of a run, possibly from several threads.
pub trait RunObserver: Sync {
    /// Something happened.
    fn event(&self, event: &RunEvent);
}

/// Ignores every event.
#[derive(Debug, Clone, Copy, Default)]
pub struct SilentObserver;

impl RunObserver for SilentObserver {
    fn event(&self, _event: &RunEvent) {}
}

/// Something that happened in a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum RunEvent {
    /// The plan of the run.
    Plan {
        /// The pipeline's name.
        pipeline: String,
        /// The profile.
        profile: String,
        /// The run's directory.
        run_dir: PathBuf,
        /// Every stage in running order.
        stages: Vec<PlannedStage>,
    },
    /// A stage begins.
    StageStarted {
        /// The stage.
        stage: String,
        /// Kind of the stage.
        kind: String,
        /// Number of the stage among the chosen stages, from 1.
        number: usize,
        /// Number of chosen stages.
        of: usize,
        /// Reasons to run.
        reasons: Vec<StaleReason>,
        /// Set where it resumes from the parts of an interrupted run.
        resumed: bool,
    },
    /// A task inside a stage begins.
    ProgressBegan {
        /// The stage.
        stage: String,
        /// Units in all; 0 when unknown.
        total: u64,
        /// Unit that is counted, in the plural.
        unit: &'static str,
    },
    /// Units are done.
    ProgressAdvanced {
        /// The stage.
        stage: String,
        /// Units done since the last such event.
        by: u64,
    },
    /// A line worth telling a person.
    Note {
        /// The stage.
        stage: String,
        /// The line.
        message: String,
    },
    /// A stage is done and its outputs are in place.
    StageFinished {
        /// The stage.
        stage: String,
        /// Numbers that account for the flow.
        counts: BTreeMap<String, u64>,
        /// Seconds that it ran.
        seconds: f64,
        /// Set where its outputs differ from the last time's.
        changed: bool,
    },
    /// A stage does not run.
    StageSkipped {
        /// The stage.
        stage: String,
        /// Reason to skip it.
        because: SkipReason,
    },
    /// A stage failed.
    StageFailed {
        /// The stage.
        stage: String,
        /// The class of the error.
        kind: ErrorKind,
        /// The message.
        message: String,
        /// Advice on what to do.
        help: Option<String>,
        /// Set where the program is to blame.
        bug: bool,
    },
    /// Something the user should know that stops nothing.
    Warning {
        /// The stage it is about.
        stage: Option<String>,
        /// The message.
        message: String,
        /// Advice on what to do.
        help: Option<String>,
    },
    /// The run is over.
    RunFinished {
        /// Stages that ran.
        ran: Vec<String>,
        /// Stages that were fresh.
        fresh: Vec<String>,
        /// Stages that failed.
        failed: Vec<String>,
        /// Stages that could not run because of those.
        blocked: Vec<String>,
        /// Seconds that the run took.
        seconds: f64,
    },
}

/// Reason why a stage does not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// The stage's outputs are up to date.
    Fresh,
    /// The stage's outputs are up to date, and some removed; they are made again when a stage that reads it runs.
    Cleaned,
    /// A stage that it reads from failed.
    UpstreamFailed,
    /// Stages that it reads from are not done, and a share of a run does not do them.
    InputsMissing,
}

impl RunEvent {
    pub(crate) fn failed(stage: &str, error: &Error) -> Self {
        Self::StageFailed {
            stage: stage.to_owned(),
            kind: error.kind(),
            message: error.message().to_owned(),
            help: error.help_text().map(str::to_owned),
            bug: error.is_bug(),
        }
    }
}

/// Turns a stage's progress into events.
pub(crate) struct ProgressEvents<'a> {
    pub(crate) stage: &'a str,
    pub(crate) observer: &'a dyn RunObserver,
}

impl Progress for ProgressEvents<'_> {
    fn begin(&self, total: u64, unit: &'static str) {
        self.observer.event(&RunEvent::ProgressBegan {
            stage: self.stage.to_owned(),
            total,
            unit,
        });
    }

    fn advance(&self, n: u64) {
        self.observer.event(&RunEvent::ProgressAdvanced {
            stage: self.stage.to_owned(),
            by: n,
        });
    }

    fn note(&self, message: &str) {
        self.observer.event(&RunEvent::Note {
            stage: self.stage.to_owned(),
            message: message.to_owned(),
        });
    }

    fn warn(&self, message: &str, help: &str) {
        self.observer.event(&RunEvent::Warning {
            stage: Some(self.stage.to_owned()),
            message: message.to_owned(),
            help: Some(help.to_owned()),
        });
    }
}
