//! Whole hashes of what a run read from outside.
//!
//! A run knows its raw data by size, time and a sample of the content, for reading an archive twice would double the time
//! of many a run. A bit that rots in the middle of a file is not seen so. Here files are read whole, and what is found is
//! kept in `inputs.json` beside `lock.json`: the first time there is nothing to compare with, every later time there is.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::store::checksum;
use crate::store::files::record_input_files;
use crate::store::layout::{self, engine_dirs};
use crate::store::lock_file::LockFile;
use crate::store::publish;
use crate::store::record::{FileRecord, InputRecord, InputState, StageRecord};
use crate::store::sample;
use ecgfm_stage::{Cancel, Progress};

/// Version of its format.
const FORMAT: u32 = 1;

/// Result of [`hash_inputs`]. Files by their paths; a directory of very many files ends in `/` and counts as one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct InputHashes {
    /// Files whose content is what it was when it was recorded.
    pub intact: usize,
    /// Files that are recorded now, with nothing before to compare with.
    pub recorded: usize,
    /// Recorded and gone.
    pub missing: Vec<String>,
    /// With other content than recorded.
    pub changed: Vec<String>,
    /// There but not recorded, in a directory that is.
    pub extra: Vec<String>,
    /// Inputs that were never recorded and are not what the run read: too late to record them.
    pub unknown: Vec<String>,
}

impl InputHashes {
    /// Says if nothing is known to have changed.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        [&self.missing, &self.changed, &self.extra, &self.unknown]
            .iter()
            .all(|list| list.is_empty())
    }
}

/// `inputs.json`.
#[derive(Debug, Default, Serialize, Deserialize)]
struct InputsFile {
    version: u32,
    /// By the input's path as the parameter gave it.
    inputs: BTreeMap<String, RecordedInput>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct RecordedInput {
    /// The run's record of the input to which the hashes belong; a run on other data outdates them.
    read: InputRecord,
    /// By path inside the input; empty where the input is a file.
    files: BTreeMap<String, FileRecord>,
}

/// Reads every input from outside of a run whole, and compares with the last time or, the first time, records it.
///
/// # Errors
/// [`ErrorKind::BadInput`] without a usable `lock.json`, or with an `inputs.json` that is damaged;
/// [`ErrorKind::Interrupted`] when cancelled; errors of the system.
pub fn hash_inputs(run_dir: &Path, progress: &dyn Progress, cancel: &Cancel) -> Result<InputHashes> {
    let lock = LockFile::of_run(run_dir)?;
    let mut recorded = InputsFile::read(run_dir)?;
    let own = engine_dirs(run_dir);
    let outside: Vec<(&StageRecord, &InputRecord)> = lock
        .stages
        .values()
        .flat_map(|stage| stage.inputs.values().map(move |input| (stage, input)))
        .filter(|(_, input)| input.stage.is_none() && input.state == InputState::Present)
        .collect();
    progress.begin(outside.iter().map(|(_, input)| input.size).sum(), "bytes");
    let (mut found, mut added) = (InputHashes::default(), false);
    let mut seen: Vec<&InputRecord> = Vec::new();
    for (stage, input) in outside {
        if seen.contains(&input) {
            progress.advance(input.size);
            continue;
        }
        seen.push(input);
        let known = recorded
            .inputs
            .get(&input.path)
            .filter(|known| known.read == *input);
        let place = stage.locate(run_dir, &input.path);
        let unchanged =
            || sample::fingerprint_input(&input.path, &place, &own).identity() == input.identity();
        if known.is_none() && !unchanged() {
            found.unknown.push(input.path.clone());
            continue;
        }
        let files = hash_input(&place, &own, progress, cancel)?;
        // Hashes of something that changed while it was read would stand for what the run read.
        if known.is_none() && !unchanged() {
            found.unknown.push(input.path.clone());
            continue;
        }
        if let Some(known) = known {
            found.compare(&input.path, &known.files, &files);
        } else {
            found.recorded += files.len();
            let read = input.clone();
            recorded
                .inputs
                .insert(input.path.clone(), RecordedInput { read, files });
            added = true;
        }
    }
    if added {
        recorded.write(run_dir)?;
    }
    Ok(found)
}

/// Hashes of all files of an input; empty where it is gone.
fn hash_input(
    path: &Path,
    own: &[PathBuf],
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<BTreeMap<String, FileRecord>> {
    let begin = |bytes: u64| {
        if cancel.is_cancelled() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        progress.advance(bytes);
        Ok(())
    };
    match record_input_files(path, own, begin) {
        Ok(files) => Ok(files),
        Err(_) if cancel.is_cancelled() => Err(Error::new(ErrorKind::Interrupted, "interrupted")),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(e) => Err(Error::io("read", path, &e)),
    }
}

impl InputHashes {
    fn compare(
        &mut self,
        path: &str,
        before: &BTreeMap<String, FileRecord>,
        now: &BTreeMap<String, FileRecord>,
    ) {
        let full = |name: &str| match name {
            "" => path.to_owned(),
            _ => format!("{}/{name}", path.trim_end_matches('/')),
        };
        for (name, was) in before {
            match now.get(name) {
                None => self.missing.push(full(name)),
                // Not the time: who copies an archive back has not changed it.
                Some(is) if (is.size, &is.blake3) == (was.size, &was.blake3) => self.intact += 1,
                Some(_) => self.changed.push(full(name)),
            }
        }
        self.extra.extend(
            now.keys()
                .filter(|name| !before.contains_key(*name))
                .map(|name| full(name)),
        );
    }
}

impl InputsFile {
    fn read(run_dir: &Path) -> Result<Self> {
        let path = run_dir.join(layout::INPUTS_FILE);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(e) => return Err(Error::io("read", &path, &e)),
        };
        let text = String::from_utf8(bytes)
            .ok()
            .filter(|text| checksum::checksum_matches(text));
        let usable = text.and_then(|text| serde_json::from_str(&text).ok());
        usable.filter(|found: &Self| found.version == FORMAT).ok_or_else(|| {
            let message = format!("`{}` was changed or damaged after it was written", path.display());
            Error::new(ErrorKind::BadInput, message)
                .help("put it back, or remove it: the inputs are then recorded as they are now, compared with nothing")
        })
    }

    fn write(mut self, run_dir: &Path) -> Result<()> {
        self.version = FORMAT;
        let path = run_dir.join(layout::INPUTS_FILE);
        let bytes = checksum::append_checksum(publish::json(&path, &self)?);
        publish::replace(&path, &bytes, None)
    }
}
