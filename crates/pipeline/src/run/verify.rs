//! Hashes a finished run's outputs again and compares them with its record.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde::Serialize;

use crate::error::{Error, ErrorKind, Result};
use crate::store::files::summarize_dir;
use crate::store::layout::{
    COMMANDS_FILE, INPUTS_FILE, LOCK_FILE, LOG_FILE, RUN_LOCK_FILE, engine_dirs, inside_run,
};
use crate::store::lock_file::LockFile;
use crate::store::record::{Accepted, StageRecord};
use crate::store::sample;
use ecgfm_stage::{Cancel, Progress};
use ecgfm_system::presence;

/// Result of [`verify_outputs`]. Paths are relative to the run's directory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// Entries whose content is as recorded.
    pub intact: usize,
    /// Entries that clean removed, to be made again when they are needed.
    pub cleaned: usize,
    /// Recorded and gone.
    pub missing: Vec<String>,
    /// With other content than recorded.
    pub changed: Vec<String>,
    /// There but not recorded. A directory ends in `/`.
    pub extra: Vec<String>,
    /// Inputs from outside that are no longer what the run read (by their cheap fingerprint). They say
    /// nothing about the outputs.
    pub inputs_changed: Vec<String>,
    /// Stages whose outputs an older version of the code made and somebody accepted, with that.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub accepted: BTreeMap<String, Accepted>,
}

impl Verification {
    /// Says if the directory holds what the run left, and nothing else. A stage that reads a whole directory
    /// would read an extra file too.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        self.missing.is_empty() && self.changed.is_empty() && self.extra.is_empty()
    }
}

/// Reads every recorded output in `run_dir` whole.
///
/// # Errors
/// [`ErrorKind::BadInput`] without a usable `lock.json`; [`ErrorKind::Interrupted`] when cancelled.
pub fn verify_outputs(run_dir: &Path, progress: &dyn Progress, cancel: &Cancel) -> Result<Verification> {
    let lock = LockFile::of_run(run_dir)?;
    let total = lock
        .stages
        .values()
        .flat_map(|s| s.outputs.values())
        .map(|f| f.size)
        .sum();
    progress.begin(total, "bytes");
    let mut found = Verification::default();
    let own = engine_dirs(run_dir);
    for (stage, record) in &lock.stages {
        found.outputs(run_dir, stage, record, progress, cancel)?;
        let accepted = record.accepted.iter();
        found
            .accepted
            .extend(accepted.map(|accepted| (stage.clone(), accepted.clone())));
        for input in record.inputs.values().filter(|input| input.stage.is_none()) {
            let place = record.locate(run_dir, &input.path);
            let same = sample::fingerprint_input(&input.path, &place, &own).identity() == input.identity();
            if !same && !found.inputs_changed.contains(&input.path) {
                found.inputs_changed.push(input.path.clone());
            }
        }
    }
    found.find_unexpected_files(run_dir, &lock)?;
    Ok(found)
}

impl Verification {
    /// Finds files beside the stages' directories that no run left.
    fn find_unexpected_files(&mut self, run_dir: &Path, lock: &LockFile) -> Result<()> {
        let io = |e: std::io::Error| Error::io("list", run_dir, &e);
        // Data that the run was given from inside its own directory.
        let given: BTreeSet<&str> = lock
            .stages
            .values()
            .flat_map(|stage| stage.inputs.values())
            .filter(|input| input.stage.is_none())
            .filter_map(|input| inside_run(&input.path)?.split('/').next())
            .collect();
        for entry in fs::read_dir(run_dir).map_err(io)? {
            let entry = entry.map_err(io)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let directory = presence::is_dir(&entry.path()).map_err(io)?;
            let known = match directory {
                _ if given.contains(name.as_str()) => true,
                true => lock.stages.contains_key(&name),
                false => {
                    [LOCK_FILE, INPUTS_FILE, RUN_LOCK_FILE, COMMANDS_FILE, LOG_FILE].contains(&name.as_str())
                }
            };
            if !known {
                self.extra.push(if directory { name + "/" } else { name });
            }
        }
        self.extra.sort_unstable();
        Ok(())
    }

    fn outputs(
        &mut self,
        run_dir: &Path,
        stage: &str,
        record: &StageRecord,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<()> {
        let dir = run_dir.join(stage);
        let mut now = match presence::is_dir(&dir).map_err(|e| Error::io("look for", &dir, &e))? {
            true => summarize_dir(&dir).map_err(|e| Error::io("list", &dir, &e))?,
            false => BTreeMap::new(),
        };
        for (name, recorded) in &record.outputs {
            if cancel.is_cancelled() {
                return Err(Error::new(ErrorKind::Interrupted, "interrupted"));
            }
            let path = format!("{stage}/{name}");
            if record
                .cleaned
                .as_ref()
                .is_some_and(|cleaned| cleaned.covers(name))
            {
                now.remove(name);
                self.cleaned += 1;
                progress.advance(recorded.size);
                continue;
            }
            match now.remove(name).map(|outline| outline.hash()).transpose() {
                Ok(None) => self.missing.push(path),
                Ok(Some(hash)) if hash == recorded.blake3 => self.intact += 1,
                Ok(Some(_)) => self.changed.push(path),
                Err(e) => return Err(Error::io("read", &dir.join(name), &e)),
            }
            progress.advance(recorded.size);
        }
        self.extra
            .extend(now.into_keys().map(|name| format!("{stage}/{name}")));
        Ok(())
    }
}
