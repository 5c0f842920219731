//! The parts of `lock.json`: what a stage was made from, and what it left.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::store::layout::inside_run;
use crate::time::push_number;
use ecgfm_system::presence;

/// The record of one stage's last complete run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageRecord {
    /// BLAKE3 over kind, code version, parameters, inputs and extra facts.
    pub fingerprint: String,
    /// The stage kind.
    pub kind: String,
    /// The version of the kind's code.
    pub code_version: u32,
    /// A later version of the code for which the outputs were accepted as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Accepted>,
    /// Parameters in canonical form; `${run}` stands for the run's own directory.
    pub parameters: Value,
    /// Inputs that the stage read, by parameter.
    pub inputs: BTreeMap<String, InputRecord>,
    /// Directory in which the run was started: relative paths of inputs begin there. Empty in older records.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub directory: String,
    /// Further facts that decide the outputs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: BTreeMap<String, String>,
    /// Outputs of the stage, by path inside its directory.
    pub outputs: BTreeMap<String, FileRecord>,
    /// Versions of the program and its libraries, for the record.
    #[serde(default)]
    pub versions: BTreeMap<String, String>,
    /// Outputs that were removed, to be made again when it is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cleaned: Option<Cleaned>,
    /// Stages before it that had run since and left something else, so that it must run again. Of older records only:
    /// what a stage read of others is compared instead.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub outdated_by: BTreeSet<String>,
    /// Numbers that account for the flow.
    #[serde(default)]
    pub counts: BTreeMap<String, u64>,
    /// Device, precision, rates, ...
    #[serde(default)]
    pub facts: BTreeMap<String, Value>,
    /// RFC 3339, UTC.
    pub started: String,
    /// RFC 3339, UTC.
    pub finished: String,
    /// Seconds that the stage ran; an interrupted part before a resume is not counted.
    pub seconds: f64,
}

/// A file in a stage's outputs, or a directory of very many files (its path then ends in `/`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Bytes, of all files together for a directory.
    pub size: u64,
    /// BLAKE3 of the content, in hex; for a directory of its files' names, sizes and hashes.
    pub blake3: String,
    /// When it was last modified (the latest of its files for a directory), RFC 3339.
    pub modified: String,
    /// Number of files in a directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<u64>,
}

/// An input of a stage, as it was when the stage began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputRecord {
    /// The path as the parameter gave it; `${run}` stands for the run's own directory.
    pub path: String,
    /// The stage whose output it is; none for inputs from outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// State of the input.
    pub state: InputState,
    /// Bytes.
    #[serde(default)]
    pub size: u64,
    /// Number of files in a directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<u64>,
    /// BLAKE3 of the whole content, where all of it was read (always so for other stages' outputs).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blake3: Option<String>,
    /// Otherwise BLAKE3 of size, modification time and a sample of the content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<String>,
}

/// State of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputState {
    /// The input existed.
    Present,
    /// The input did not exist.
    Absent,
    /// The input existed, but could not be read.
    Unreadable,
}

/// Acceptance of the outputs of an older version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The version of the code for which they were accepted.
    pub version: u32,
    /// The version that made them.
    pub made_by: u32,
    /// When, RFC 3339, UTC.
    pub at: String,
}

/// Outputs of a stage that were removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cleaned {
    /// Paths inside the stage's directory; empty: all of it.
    pub paths: Vec<String>,
    /// When, RFC 3339, UTC.
    pub at: String,
}

impl StageRecord {
    /// The version of the code for which the outputs stand: the one that made them, or a later one for which they were
    /// accepted.
    pub(crate) fn stands_for_version(&self) -> u32 {
        self.accepted
            .as_ref()
            .map_or(self.code_version, |accepted| accepted.version)
    }

    /// Path of an input of the stage, by its path in the record: inside `run_dir` if it is the run's own, else from
    /// where the run was started, or from here if that directory is no longer there.
    #[must_use]
    pub fn locate(&self, run_dir: &Path, path: &str) -> PathBuf {
        if let Some(inside) = inside_run(path) {
            return run_dir.join(inside);
        }
        let started = Path::new(&self.directory);
        // A directory that cannot be looked for is still there: who opens the path says why.
        if presence::is_dir(started).unwrap_or(true) {
            return started.join(path);
        }
        PathBuf::from(path)
    }

    /// The hash of an output by its path inside the stage's directory: of the file, or of all files under it.
    /// `None` when nothing is recorded there.
    pub(crate) fn output(&self, relative: &str) -> Option<InputRecord> {
        let mut record = InputRecord::empty("", InputState::Present);
        if let Some(file) = self.outputs.get(relative) {
            (record.size, record.blake3) = (file.size, Some(file.blake3.clone()));
            return Some(record);
        }
        let prefix = if relative.is_empty() {
            String::new()
        } else {
            format!("{relative}/")
        };
        let under: Vec<_> = self
            .outputs
            .iter()
            .filter(|(name, _)| name.starts_with(&prefix))
            .collect();
        if under.is_empty() {
            // A file inside a directory that is recorded as one entry.
            let folder = format!("{}/", relative.rsplit_once('/').map_or("", |(folder, _)| folder));
            let whole = self.outputs.get(&folder)?;
            (record.size, record.blake3) = (whole.size, Some(whole.blake3.clone()));
            return Some(record);
        }
        record.size = under.iter().map(|(_, f)| f.size).sum();
        record.files = Some(under.iter().map(|(_, f)| f.files.unwrap_or(1)).sum());
        let parts = under
            .iter()
            .map(|(name, f)| (name.as_str(), f.size, f.blake3.as_str()));
        record.blake3 = Some(combined_hash(parts));
        Some(record)
    }
}

impl InputRecord {
    pub(crate) fn empty(path: &str, state: InputState) -> Self {
        Self {
            path: path.to_owned(),
            stage: None,
            state,
            size: 0,
            files: None,
            blake3: None,
            sample: None,
        }
    }

    /// Facts by which two records are of the same input. The path is not among them: it is a parameter's value.
    pub(crate) fn identity(&self) -> (InputState, u64, Option<u64>, Option<&str>, Option<&str>) {
        (
            self.state,
            self.size,
            self.files,
            self.blake3.as_deref(),
            self.sample.as_deref(),
        )
    }
}

impl std::fmt::Display for Accepted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { version, made_by, at } = self;
        let day = at.split('T').next().unwrap_or(at);
        write!(
            f,
            "made by version {made_by} of the code, accepted for version {version} on {day}"
        )
    }
}

impl Cleaned {
    /// Says if an output is among those removed, by its path inside the stage's directory.
    pub(crate) fn covers(&self, name: &str) -> bool {
        self.paths.iter().any(|path| is_below(name, path))
    }

    /// Why what was removed is missed now.
    pub(crate) fn explanation(&self) -> String {
        let day = self.at.split('T').next().unwrap_or_default();
        format!("`ecgfm clean` removed some of its output on {day}, and making it again needs its inputs")
    }

    /// Says if the file or directory at a path held something that was removed.
    pub(crate) fn touches(&self, read: &str) -> bool {
        self.paths
            .iter()
            .any(|path| is_below(read, path) || is_below(path, read))
    }
}

/// Says if a path is the directory `below`, or in it; everything is in the empty one.
fn is_below(path: &str, below: &str) -> bool {
    let rest = path.strip_prefix(below);
    below.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Bytes of text that are hashed at once.
const HASHED_AT_ONCE: usize = 64 << 10;

/// One hash for several files: of their names, sizes and hashes, in the given order.
pub(crate) fn combined_hash<'a>(parts: impl IntoIterator<Item = (&'a str, u64, &'a str)>) -> String {
    let mut hash = CombinedHash::default();
    for (name, size, part) in parts {
        hash.add(name, size, part);
    }
    hash.finish()
}

/// [`combined_hash`] of files that come one by one.
#[derive(Default)]
pub(crate) struct CombinedHash {
    hasher: blake3::Hasher,
    /// What is not hashed yet.
    text: String,
}

impl CombinedHash {
    /// Adds a file by its name, size and hash.
    pub(crate) fn add(&mut self, name: &str, size: u64, hash: &str) {
        self.text.extend([name, "\0"]);
        push_number(&mut self.text, size);
        self.text.extend(["\0", hash, "\n"]);
        // Many small texts one by one take several times as long.
        if self.text.len() >= HASHED_AT_ONCE {
            self.hasher.update(self.text.as_bytes());
            self.text.clear();
        }
    }

    /// The hash of all files.
    pub(crate) fn finish(mut self) -> String {
        self.hasher.update(self.text.as_bytes());
        self.hasher.finalize().to_hex().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_held_against_what_was_removed() {
        let cleaned = |paths: &[&str]| Cleaned {
            paths: paths.iter().map(|&path| path.to_owned()).collect(),
            at: String::new(),
        };
        let segments = cleaned(&["segments"]);
        assert!(segments.covers("segments/part-0.npy") && !segments.covers("segments.store.json"));
        assert!(
            segments.touches("") && segments.touches("segments") && segments.touches("segments/index.csv")
        );
        assert!(!segments.touches("meta.csv") && !segments.touches("segmented.csv"));
        let all = cleaned(&[""]);
        assert!(all.covers("exams.csv") && all.touches("") && all.touches("exams.csv"));
    }
}
