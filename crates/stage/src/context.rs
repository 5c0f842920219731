//! What a stage is given besides its parameters, and what it gives back.

use crate::shard::Shard;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Receiver of a stage's progress. Called from any of its threads.
pub trait Progress: Sync {
    /// Begins a countable piece of work: `total` units, 0 where that is not known; `unit` is a plural noun, as in "exams".
    fn begin(&self, total: u64, unit: &'static str);
    /// Reports `n` more units as done.
    fn advance(&self, n: u64);
    /// Reports something that a person should know, once.
    fn note(&self, message: &str);
    /// Reports something that makes results doubtful, with advice on what to do. Shown where notes are not.
    fn warn(&self, message: &str, help: &str) {
        self.note(&format!("{message}; {help}"));
    }
}

/// Ignores all progress.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn begin(&self, _total: u64, _unit: &'static str) {}
    fn advance(&self, _n: u64) {}
    fn note(&self, _message: &str) {}
}

/// Flag that asks a stage to stop at its next safe point. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Shares a flag that somebody else raises, such as a signal handler.
    #[must_use]
    pub fn from_flag(flag: Arc<AtomicBool>) -> Self {
        Self(flag)
    }

    /// Asks for the stop.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Says if a stop was asked for.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// The shared flag itself.
    #[must_use]
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }
}

/// Begins the name of a file that is being written; it gets its own name when it is whole.
pub const UNFINISHED: &str = ".tmp-";

/// Directory, progress and cancellation that a running stage is given besides its parameters.
pub struct Context<'a> {
    /// Existing, empty directory to write into. It is published under another name once the stage is complete.
    pub out: &'a Path,
    /// Name of `out` once it is published: the directory that absolute paths written into outputs must name.
    pub home: &'a Path,
    /// Receiver of progress.
    pub progress: &'a dyn Progress,
    /// Looked at between units of work.
    pub cancel: &'a Cancel,
    /// Place of the chunks of a stage that works in chunks, and its share of them; without one, the stage does all of its work, and keeps
    /// its chunks inside `out` until it is done.
    pub chunks: Option<ChunkWork<'a>>,
}

/// Place of a stage's chunks, which several processes may fill at the same time, and the share of them that this one does.
#[derive(Debug, Clone, Copy)]
pub struct ChunkWork<'a> {
    /// Existing directory, named after the fingerprint of the stage: what is in it was made of the same parameters and inputs.
    pub dir: &'a Path,
    /// Share of the chunks to do. A stage that is given one writes its chunks and nothing else; without one it does what is
    /// missing, and then its outputs from all chunks.
    pub shard: Option<Shard>,
}

/// Report of a finished stage: numbers that add up, and facts about how it ran.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Counts of what flowed through, by name (`read`, `kept`, `rejected`, …).
    pub counts: BTreeMap<String, u64>,
    /// Device, precision, rate and the like.
    pub facts: BTreeMap<String, Value>,
}

impl Outcome {
    /// Adds a count.
    #[must_use]
    pub fn count(mut self, name: &str, n: usize) -> Self {
        self.counts.insert(name.to_owned(), n as u64);
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn fact(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name.to_owned(), value.into());
        self
    }
}
