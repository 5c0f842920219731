//! How far an interrupted run came, so that the next one goes on there.
//!
//! One note, replaced after a batch's answers have been handed to the operating system. It counts for a run only that would
//! compute batches of the same shapes in the same way on the same machine, so that what it ends with is the same to the last
//! bit.

use super::batch_size::Batching;
use super::tally::Tally;
use crate::backend::Backend;
use crate::workers::Crew;
use crate::{Error, Result};
use ecgfm_artifacts::Error as ArtifactError;
use ecgfm_artifacts::notes::Notes;
use ecgfm_stage_params::Range;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::{Duration, Instant};

/// Name of the note.
const FILE: &str = "batches.json";

/// It is not replaced more often than this.
const EVERY: Duration = Duration::from_millis(100);

/// What a batch's answers depend on beside the stage's inputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Conditions {
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

impl Conditions {
    pub(super) fn new(model: &impl Backend, segments: usize, batching: Batching, crew: Crew) -> Self {
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
            threads_each: crew.threads_each,
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    conditions: Conditions,
    batches: usize,
    non_finite: usize,
    non_finite_keys: Vec<String>,
    range: Range,
}

/// The note of one stage directory.
pub(super) struct Journal {
    notes: Notes,
    found: Option<Entry>,
    noted: Option<Instant>,
}

impl Journal {
    /// The journal of the stage directory `out`, with what an interrupted run left of it.
    pub(super) fn open(out: &Path) -> Result<Self> {
        let notes = Notes::open(out)?;
        Ok(Self {
            found: notes.read(FILE),
            notes,
            noted: None,
        })
    }

    /// The batch size of the interrupted run: where a sweep would find one, this one saves it, and what it computed.
    pub(super) fn batch_size(&self) -> Option<usize> {
        self.found.as_ref().map(|entry| entry.conditions.batch_size)
    }

    /// How far the interrupted run came, if this one would do as it did.
    pub(super) fn reached(&self, conditions: &Conditions) -> Option<Tally> {
        let entry = self.found.as_ref().filter(|e| e.conditions == *conditions)?;
        let segments = entry.batches.checked_mul(conditions.batch_size)?;
        Some(Tally {
            segments: segments.min(conditions.segments),
            batches: entry.batches,
            non_finite: entry.non_finite,
            non_finite_keys: entry.non_finite_keys.clone(),
            range: entry.range,
            ..Tally::default()
        })
    }

    /// Whether it is time for a note.
    pub(super) fn due(&self) -> bool {
        self.noted.is_none_or(|noted| noted.elapsed() >= EVERY)
    }

    /// Notes that the answers to so many batches are written.
    pub(super) fn note(&mut self, conditions: &Conditions, tally: &Tally) -> Result<()> {
        let entry = Entry {
            conditions: conditions.clone(),
            batches: tally.batches,
            non_finite: tally.non_finite,
            non_finite_keys: tally.non_finite_keys.clone(),
            range: tally.range,
        };
        let note = self.notes.note(FILE, entry)?;
        let failed = ArtifactError::io("write", note.path());
        note.keep().map_err(|error| Error::Artifact(failed(error)))?;
        self.noted = Some(Instant::now());
        Ok(())
    }
}
