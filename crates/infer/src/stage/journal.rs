//! Progress of a run on disk, so that the next run continues an interrupted one.
//!
//! One note, replaced after a batch's answers have been handed to the operating system. It counts for a run only that would
//! compute batches of the same shapes in the same way on the same machine, so that what it ends with is the same to the last
//! bit.

use super::batch_size::Batching;
use super::run_stats::RunStats;
use crate::backend::Backend;
use crate::worker_pool::WorkerPool;
use crate::{Error, Result};
use ecgfm_artifacts::Error as ArtifactError;
use ecgfm_artifacts::checkpoint::Checkpoints;
use ecgfm_stage_params::ValueRange;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::{Duration, Instant};

/// Name of the note.
const FILE: &str = "batches.json";

/// Shortest time between two records.
const EVERY: Duration = Duration::from_millis(100);

/// Conditions of a run that decide the bits of its outputs, beside the stage's inputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RunConditions {
    backend: String,
    device: String,
    precision: String,
    runtime: Option<String>,
    labels: usize,
    extras: Vec<Vec<usize>>,
    segments: usize,
    batch_size: usize,
    threads_each: usize,
}

impl RunConditions {
    pub(super) fn new(model: &impl Backend, segments: usize, batching: Batching, pool: WorkerPool) -> Self {
        let description = model.describe();
        Self {
            backend: description.name.to_owned(),
            device: description.device,
            precision: description.precision.to_owned(),
            runtime: description.runtime,
            labels: model.labels(),
            extras: model.extras().iter().map(|extra| extra.shape.clone()).collect(),
            segments,
            batch_size: batching.size,
            threads_each: pool.threads_each,
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct JournalEntry {
    conditions: RunConditions,
    batches: usize,
    non_finite: usize,
    non_finite_keys: Vec<String>,
    range: ValueRange,
}

/// The note of one stage directory.
pub(super) struct ScoringJournal {
    checkpoints: Checkpoints,
    found: Option<JournalEntry>,
    noted: Option<Instant>,
}

impl ScoringJournal {
    /// The journal of the stage directory `out`, with what an interrupted run left of it.
    pub(super) fn open(out: &Path) -> Result<Self> {
        let checkpoints = Checkpoints::open(out)?;
        Ok(Self {
            found: checkpoints.read(FILE),
            checkpoints,
            noted: None,
        })
    }

    /// The batch size of the interrupted run: where a sweep would find one, this one saves it, and what it computed.
    pub(super) fn batch_size(&self) -> Option<usize> {
        self.found.as_ref().map(|entry| entry.conditions.batch_size)
    }

    /// Returns the progress of the interrupted run, if this run would compute the same.
    pub(super) fn progress_of(&self, conditions: &RunConditions) -> Option<RunStats> {
        let entry = self.found.as_ref().filter(|e| e.conditions == *conditions)?;
        let segments = entry.batches.checked_mul(conditions.batch_size)?;
        Some(RunStats {
            segments: segments.min(conditions.segments),
            batches: entry.batches,
            non_finite: entry.non_finite,
            non_finite_keys: entry.non_finite_keys.clone(),
            range: entry.range,
            ..RunStats::default()
        })
    }

    /// Returns true where the last record is old enough for another one.
    pub(super) fn is_due(&self) -> bool {
        self.noted.is_none_or(|noted| noted.elapsed() >= EVERY)
    }

    /// Records that the outputs of so many batches are written.
    pub(super) fn record(&mut self, conditions: &RunConditions, stats: &RunStats) -> Result<()> {
        let entry = JournalEntry {
            conditions: conditions.clone(),
            batches: stats.batches,
            non_finite: stats.non_finite,
            non_finite_keys: stats.non_finite_keys.clone(),
            range: stats.range,
        };
        let note = self.checkpoints.write(FILE, entry)?;
        let failed = ArtifactError::io("write", note.path());
        note.commit().map_err(|error| Error::Artifact(failed(error)))?;
        self.noted = Some(Instant::now());
        Ok(())
    }
}
