//! `lock.json`: what each stage of a run was made from, and what it left.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::config::graph::Graph;
use crate::error::{Error, ErrorKind, Result};
use crate::failpoint;
use crate::store::checksum;
use crate::store::layout::LOCK_FILE;
use crate::store::publish;
use crate::store::record::StageRecord;

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
            FORMAT if checksum::checksum_matches(&text) => {}
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
        let bytes = checksum::append_checksum(publish::json(&path, self)?);
        publish::replace(&path, &bytes, Some(failpoint::LOCK))
    }
}
