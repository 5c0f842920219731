//! What a run tells while it goes on. Serialised, the events are the lines of `--json`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use crate::error::{Error, ErrorKind};
use crate::plan::reason::Reason;
use crate::plan::status::PlannedStage;
use ecgfm_stage::Progress;

/// Receives the events of a run, possibly from several threads.
pub trait Observer: Sync {
    /// Something happened.
    fn event(&self, event: &Event);
}

/// Ignores every event.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn event(&self, _event: &Event) {}
}

/// Something that happened in a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// What the run is going to do.
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
        /// Its kind.
        kind: String,
        /// Its number among the chosen stages, from 1.
        number: usize,
        /// How many stages are chosen.
        of: usize,
        /// Why it runs.
        reasons: Vec<Reason>,
        /// Whether it goes on from the parts of an interrupted run.
        resumed: bool,
    },
    /// A task inside a stage begins.
    ProgressBegan {
        /// The stage.
        stage: String,
        /// Units in all; 0 when unknown.
        total: u64,
        /// What is counted.
        unit: &'static str,
    },
    /// Units are done.
    ProgressAdvanced {
        /// The stage.
        stage: String,
        /// How many more.
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
        /// How long it ran.
        seconds: f64,
        /// Whether its outputs differ from the last time's.
        changed: bool,
    },
    /// A stage does not run.
    StageSkipped {
        /// The stage.
        stage: String,
        /// Why not.
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
        /// What to do about it.
        help: Option<String>,
        /// Whether the program is to blame.
        bug: bool,
    },
    /// Something the user should know that stops nothing.
    Warning {
        /// The stage it is about.
        stage: Option<String>,
        /// The message.
        message: String,
        /// What to do about it.
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
        /// How long it took.
        seconds: f64,
    },
}

/// Why a stage does not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// What it left is up to date.
    Fresh,
    /// What it left is up to date, and some of it removed; it is made again when a stage that reads it runs.
    Cleaned,
    /// A stage that it reads from failed.
    UpstreamFailed,
}

impl Event {
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
    pub(crate) observer: &'a dyn Observer,
}

impl Progress for ProgressEvents<'_> {
    fn begin(&self, total: u64, unit: &'static str) {
        self.observer.event(&Event::ProgressBegan {
            stage: self.stage.to_owned(),
            total,
            unit,
        });
    }

    fn advance(&self, n: u64) {
        self.observer.event(&Event::ProgressAdvanced {
            stage: self.stage.to_owned(),
            by: n,
        });
    }

    fn note(&self, message: &str) {
        self.observer.event(&Event::Note {
            stage: self.stage.to_owned(),
            message: message.to_owned(),
        });
    }
}
