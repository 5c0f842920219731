//! What every stage is given and what it gives back.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Where a long stage says how far it is. Called from any thread.
pub trait Progress: Sync {
    /// A countable piece of work starts; `unit` is a plural noun, as in "exams".
    fn begin(&self, total: u64, unit: &'static str);
    /// `n` more units are done.
    fn advance(&self, n: u64);
    /// Something a person should know, once.
    fn note(&self, message: &str);
}

/// Says nothing; for tests and for callers that do not care.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn begin(&self, _total: u64, _unit: &'static str) {}
    fn advance(&self, _n: u64) {}
    fn note(&self, _message: &str) {}
}

/// A flag that asks a stage to stop at its next safe point.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Shares a flag that somebody else raises.
    pub fn from_flag(flag: Arc<AtomicBool>) -> Self {
        Self(flag)
    }

    /// Asks to stop.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether stopping was asked for.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// Directory in a stage's own in which it may note what of it is complete, to go on from there after an interruption.
/// It is no part of what the stage leaves: whoever publishes that removes it.
pub const COMPLETE: &str = ".complete";

/// What the name of a file begins with while it is written. What an interrupted stage left of them is removed before it
/// goes on.
pub const UNFINISHED: &str = ".tmp-";

/// What a stage is given besides its parameters.
pub struct Context<'a> {
    /// Existing directory to write into. It is published under another name once the stage is complete.
    pub out: &'a Path,
    /// Where `out` will be once published; the directory that absolute paths written into artifacts must name.
    pub home: &'a Path,
    /// Where to report progress.
    pub progress: &'a dyn Progress,
    /// Whether to stop.
    pub cancel: &'a Cancel,
}

/// What a finished stage reports: numbers that add up, and facts about how it ran.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Counts of what flowed through, by name (`read`, `kept`, `rejected`, …).
    pub counts: BTreeMap<String, u64>,
    /// Device, precision, rate and the like.
    pub facts: BTreeMap<String, serde_json::Value>,
}

impl Outcome {
    /// Adds a count.
    pub fn count(mut self, name: &str, n: usize) -> Self {
        self.counts.insert(name.to_owned(), n as u64);
        self
    }

    /// Adds a fact.
    pub fn fact(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        self.facts.insert(name.to_owned(), value.into());
        self
    }
}
