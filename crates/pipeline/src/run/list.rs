//! The runs in a working directory.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::{Error, ErrorKind, Result};
use crate::store::files::list;
use crate::store::layout::{self, COMMANDS_FILE, LOCK_FILE};
use crate::store::lock_file::LockFile;
use crate::store::run_lock;
use crate::time::rfc3339;
use ecgfm_system::presence;

/// A run on disk, without a look at the pipeline's file: whether it is fresh is for [`Graph::status`](crate::Graph::status).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunInfo {
    /// The pipeline's name.
    pub pipeline: String,
    /// The profile.
    pub profile: String,
    /// Directory of the run.
    pub run_dir: PathBuf,
    /// Bytes of all files.
    pub bytes: u64,
    /// Bytes by stage.
    pub stages: BTreeMap<String, u64>,
    /// Time at which something in it was last written, RFC 3339, UTC.
    pub last_used: String,
    /// State of the run.
    pub state: RunState,
    /// Stages of whose outputs clean removed some.
    pub cleaned: Vec<String>,
    /// Reason for which the run, or its `lock.json`, cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// State of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// A process is at work in it.
    Running,
    /// The run was cut off; the next one resumes.
    Interrupted,
    /// The `lock.json` of the run cannot be used.
    Damaged,
    /// The system does not let this program read the run.
    Unreadable,
    /// The run holds no finished stage.
    Empty,
    /// Nothing is at work and nothing half done.
    Idle,
}

impl RunState {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Interrupted => "interrupted",
            Self::Damaged => "damaged",
            Self::Unreadable => "unreadable",
            Self::Empty => "empty",
            Self::Idle => "idle",
        }
    }
}

/// The runs below a working directory, `<workdir>/<pipeline>/<profile>/`, by pipeline and profile. Takes no lock that a run
/// would wait for, and changes nothing. What cannot be read is [`RunState::Unreadable`], and the others are listed.
///
/// # Errors
/// The working directory cannot be listed. One that does not exist holds none.
pub fn list_runs(workdir: &Path) -> Result<Vec<RunInfo>> {
    let mut found = Vec::new();
    for (pipeline, looked_at) in list_directories(workdir)? {
        match looked_at.and_then(|()| list_directories(&pipeline)) {
            Ok(run_dirs) => {
                let runs = run_dirs.into_iter().filter_map(|(run_dir, looked_at)| {
                    let info = looked_at.and_then(|()| find_run(&pipeline, &run_dir));
                    info.unwrap_or_else(|error| Some(unreadable(&pipeline, Some(&run_dir), &error)))
                });
                found.extend(runs);
            }
            Err(error) => found.push(unreadable(&pipeline, None, &error)),
        }
    }
    Ok(found)
}

/// The run in `run_dir`, if there is one.
fn find_run(pipeline: &Path, run_dir: &Path) -> Result<Option<RunInfo>> {
    for name in [LOCK_FILE, layout::RUN_LOCK_FILE, COMMANDS_FILE] {
        if is_there(presence::is_file, &run_dir.join(name))? {
            return run_info(pipeline, run_dir).map(Some);
        }
    }
    Ok(None)
}

/// Row for a run, or for all runs of a pipeline, that cannot be read.
fn unreadable(pipeline: &Path, run_dir: Option<&Path>, error: &Error) -> RunInfo {
    RunInfo {
        pipeline: name_of(pipeline),
        profile: run_dir.map(name_of).unwrap_or_default(),
        run_dir: run_dir.unwrap_or(pipeline).to_owned(),
        bytes: 0,
        stages: BTreeMap::new(),
        last_used: String::new(),
        state: RunState::Unreadable,
        cleaned: Vec::new(),
        problem: Some(error.message().to_owned()),
    }
}

/// Paths of the directories in `dir`, and of what cannot be looked at, with the reason.
fn list_directories(dir: &Path) -> Result<Vec<(PathBuf, Result<()>)>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(Error::io("list", dir, &e)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(|e| Error::io("list", dir, &e))?.path();
        match is_there(presence::is_dir, &path) {
            Ok(true) => found.push((path, Ok(()))),
            Ok(false) => {}
            Err(error) => found.push((path, Err(error))),
        }
    }
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(found)
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn is_there(presence: fn(&Path) -> io::Result<bool>, path: &Path) -> Result<bool> {
    presence(path).map_err(|e| Error::io("look for", path, &e))
}

fn run_info(pipeline: &Path, run_dir: &Path) -> Result<RunInfo> {
    let files = list(run_dir).map_err(|e| Error::io("list", run_dir, &e))?;
    let mut stages = BTreeMap::new();
    for file in &files {
        if let Some((stage, _)) = file.name.split_once('/') {
            *stages.entry(stage.to_owned()).or_insert(0) += file.size;
        }
    }
    let lock = match LockFile::read(run_dir) {
        // What the system does not let this program read is not damaged.
        Err(error) if error.kind() != ErrorKind::BadInput => return Err(error),
        lock => lock,
    };
    let half_done = stages.keys().any(|name| name.starts_with('.'))
        || is_there(presence::exists, &run_dir.join(layout::JOURNAL_FILE))?;
    let state = match &lock {
        _ if run_lock::is_held(run_dir)? => RunState::Running,
        Err(_) => RunState::Damaged,
        Ok(_) if half_done => RunState::Interrupted,
        Ok(None) => RunState::Empty,
        Ok(Some(lock)) if lock.stages.is_empty() => RunState::Empty,
        Ok(Some(_)) => RunState::Idle,
    };
    let problem = lock.as_ref().err().map(|error| error.message().to_owned());
    let lock = lock.ok().flatten().unwrap_or_default();
    let cleaned = lock.stages.iter().filter(|(_, record)| record.cleaned.is_some());
    let times = files.iter().map(|file| file.modified);
    let begun = || {
        fs::metadata(run_dir)
            .and_then(|meta| meta.modified())
            .map(rfc3339)
    };
    Ok(RunInfo {
        pipeline: name_of(pipeline),
        profile: name_of(run_dir),
        run_dir: run_dir.to_owned(),
        bytes: files.iter().map(|file| file.size).sum(),
        cleaned: cleaned.map(|(name, _)| name.clone()).collect(),
        last_used: times
            .max()
            .map(rfc3339)
            .or_else(|| begun().ok())
            .unwrap_or_default(),
        stages,
        state,
        problem,
    })
}
