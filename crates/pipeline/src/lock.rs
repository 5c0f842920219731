//! `lock.json`: what each stage of a run was made from, and what it left.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::accept::Accepted;
use crate::clean::Cleaned;
use crate::error::{Error, ErrorKind, Result};
use crate::failpoint;
pub use crate::files::FileRecord;
use crate::fingerprint::inside_run;
use crate::graph::Graph;
use crate::publish;
pub use crate::sample::{InputRecord, InputState};
use crate::sealed;

/// Name of the file in the run's directory.
pub const LOCK_FILE: &str = "lock.json";
/// Version of its format.
const FORMAT: u32 = 2;
/// The version before, which had no checksum.
const WITHOUT_CHECKSUM: u32 = 1;

/// The record of a run. One writer (the engine), one reader: [`LockFile::read`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LockFile {
    /// Version of this format.
    pub version: u32,
    /// The pipeline's name.
    pub pipeline: String,
    /// The profile.
    pub profile: String,
    /// The variables, references replaced.
    pub vars: Map<String, Value>,
    /// Per stage, what it was made from and what it left.
    pub stages: BTreeMap<String, StageRecord>,
}

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
    /// What it read, by parameter.
    pub inputs: BTreeMap<String, InputRecord>,
    /// Directory in which the run was started: relative paths of inputs begin there. Empty in older records.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub directory: String,
    /// Further facts that decide the outputs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: BTreeMap<String, String>,
    /// What it left, by path inside its directory.
    pub outputs: BTreeMap<String, FileRecord>,
    /// Versions of the program and its libraries, for the record.
    #[serde(default)]
    pub versions: BTreeMap<String, String>,
    /// What of the outputs was removed, to be made again when it is needed.
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
    /// How long it ran; an interrupted part before a resume is not counted.
    pub seconds: f64,
}

impl LockFile {
    /// Reads the record of a run; `None` where the directory holds none.
    ///
    /// # Errors
    /// When the file cannot be read or is not what this version writes.
    pub fn read(run_dir: &Path) -> Result<Option<Self>> {
        let path = run_dir.join(LOCK_FILE);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(e) => return Err(Error::io("read", &path, &e)),
        };
        let unusable = |why: String| {
            let message = format!("`{}` cannot be used: {why}", path.display());
            Error::new(ErrorKind::BadInput, message)
                .help("remove it to run every stage again, or put back the file this program wrote")
        };
        let text = String::from_utf8(bytes).map_err(|e| unusable(e.to_string()))?;
        let lock: Self = serde_json::from_str(&text).map_err(|e| unusable(e.to_string()))?;
        match lock.version {
            WITHOUT_CHECKSUM => {}
            FORMAT if sealed::holds(&text) => {}
            FORMAT => {
                return Err(unusable(
                    "its checksum does not fit: it was changed or damaged after it was written".to_owned(),
                ));
            }
            other => {
                return Err(unusable(format!(
                    "it has format version {other}, known is {FORMAT}"
                )));
            }
        }
        Ok(Some(Self {
            version: FORMAT,
            ..lock
        }))
    }

    /// The record of a directory that must be a run's.
    ///
    /// # Errors
    /// As [`LockFile::read`], and where there is none.
    pub(crate) fn of_run(run_dir: &Path) -> Result<Self> {
        Self::read(run_dir)?.ok_or_else(|| {
            let message = format!("`{}` holds no {LOCK_FILE}", run_dir.display());
            Error::new(ErrorKind::BadInput, message)
                .help("give the directory of a run: <workdir>/<pipeline>/<profile>")
        })
    }

    /// An empty record of the current format.
    pub(crate) fn new(pipeline: &str, profile: &str, vars: &Map<String, Value>) -> Self {
        Self {
            version: FORMAT,
            pipeline: pipeline.to_owned(),
            profile: profile.to_owned(),
            vars: vars.clone(),
            stages: BTreeMap::new(),
        }
    }

    /// Records a stage that has just been put in place. Whether it left something else than the last time. `vars` are
    /// those of the run that made it.
    pub(crate) fn put(
        &mut self,
        graph: &Graph,
        vars: &Map<String, Value>,
        stage: &str,
        record: StageRecord,
    ) -> bool {
        self.vars = vars.clone();
        let now = record.output("");
        let before = self.stages.insert(stage.to_owned(), record);
        let changed = before.is_none_or(|before| before.output("") != now);
        self.stages
            .retain(|name, _| graph.stages.iter().any(|s| s.name() == name));
        changed
    }

    pub(crate) fn write(&self, run_dir: &Path) -> Result<()> {
        let path = run_dir.join(LOCK_FILE);
        let bytes = sealed::seal(publish::json(&path, self)?);
        publish::replace(&path, &bytes, Some(failpoint::LOCK))
    }
}

impl StageRecord {
    /// The version of the code for which the outputs stand: the one that made them, or a later one for which they were
    /// accepted.
    pub(crate) fn stands_for_version(&self) -> u32 {
        self.accepted
            .as_ref()
            .map_or(self.code_version, |accepted| accepted.version)
    }

    /// Where an input of the stage lies, by its path in the record: inside `run_dir` if it is the run's own, else from
    /// where the run was started, or from here if that directory is no longer there.
    #[must_use]
    pub fn locate(&self, run_dir: &Path, path: &str) -> PathBuf {
        if let Some(inside) = inside_run(path) {
            return run_dir.join(inside);
        }
        let started = Path::new(&self.directory);
        if started.is_dir() {
            return started.join(path);
        }
        PathBuf::from(path)
    }

    /// The hash of an output by its path inside the stage's directory: of the file, or of all files under it.
    /// `None` when nothing is recorded there.
    pub(crate) fn output(&self, relative: &str) -> Option<InputRecord> {
        let mut record = InputRecord::nothing("", InputState::Present);
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
        record.blake3 = Some(crate::files::combined(parts));
        Some(record)
    }
}
