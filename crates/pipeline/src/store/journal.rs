//! Bridges the moment between a stage being complete and `lock.json` saying so.
//!
//! The journal is written when all that the stage left is on disk. From then on the stage is done: whatever a
//! crash cuts off after that, the next run completes.

use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::config::graph::Graph;
use crate::error::{Error, Result};
use crate::failpoint::{self, Point};
use crate::store::layout::{self, JOURNAL_FILE};
use crate::store::lock_file::LockFile;
use crate::store::outputs_on_disk::OutputsOnDisk;
use crate::store::publish;
use crate::store::record::StageRecord;
use ecgfm_system::presence::entry_exists;

/// A stage that was about to be put in place.
#[derive(Serialize, Deserialize)]
pub(crate) struct PendingPublication {
    pub(crate) stage: String,
    pub(crate) record: StageRecord,
    /// The variables of the run that made it.
    #[serde(default)]
    pub(crate) vars: Map<String, Value>,
}

/// Progress of a publication that was cut off.
pub(crate) enum PublishProgress {
    /// The stage's directory is in place; the record is as it is on disk now.
    Published(Box<StageRecord>),
    /// The stage's directory is complete under its temporary name.
    Staged,
    /// Neither directory holds what the journal says.
    NotStarted,
}

/// Writes down which stage is about to be put in place.
pub(crate) fn write(graph: &Graph, stage: &str, record: &StageRecord) -> Result<()> {
    let publishing = PendingPublication {
        stage: stage.to_owned(),
        record: record.clone(),
        vars: graph.vars.clone(),
    };
    publish::replace_json(&graph.run_dir.join(JOURNAL_FILE), &publishing, failpoint::JOURNAL)
}

/// The stage is in place and recorded.
pub(crate) fn clear(run_dir: &Path) -> Result<()> {
    let path = run_dir.join(JOURNAL_FILE);
    failpoint::at(Point::JournalClear, &path)
        .and_then(|()| publish::remove(&path))
        .map_err(|e| Error::io("remove", &path, &e))
}

/// The publication that a crash cut off, if any. A spoilt journal proves nothing: the stage then runs again.
pub(crate) fn read_pending(run_dir: &Path) -> Result<Option<PendingPublication>> {
    let path = run_dir.join(JOURNAL_FILE);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(Error::io("read", &path, &e)),
    };
    let publishing = serde_json::from_slice(&bytes).ok();
    Ok(publishing.filter(|PendingPublication { stage, .. }| {
        !stage.is_empty() && !stage.contains(['/', '\\']) && !stage.starts_with('.')
    }))
}

impl PendingPublication {
    /// Finds how far the publication came. Changes nothing.
    pub(crate) fn progress(&self, run_dir: &Path) -> Result<PublishProgress> {
        let target = run_dir.join(&self.stage);
        let disk = OutputsOnDisk::scan(&target, &self.record)?;
        if disk.is_unchanged() {
            return Ok(PublishProgress::Published(Box::new(disk.record)));
        }
        let aside = OutputsOnDisk::scan(&layout::temporary_dir(&target), &self.record)?;
        Ok(if aside.is_unchanged() {
            PublishProgress::Staged
        } else {
            PublishProgress::NotStarted
        })
    }
}

/// After a crash: puts in place and records the stage that was complete.
pub(crate) fn recover(graph: &Graph, lock: &mut LockFile) -> Result<()> {
    let run_dir = &graph.run_dir;
    if let Some(publishing) = read_pending(run_dir)? {
        let target = run_dir.join(&publishing.stage);
        if let PublishProgress::Staged = publishing.progress(run_dir)? {
            let complete = layout::temporary_dir(&target);
            publish::replace_dir(&complete, &target).map_err(|e| Error::io("put in place", &target, &e))?;
        }
        if let PublishProgress::Published(record) = publishing.progress(run_dir)? {
            lock.put(graph, &publishing.vars, &publishing.stage, *record);
            lock.write(run_dir)?;
        }
    }
    let path = run_dir.join(JOURNAL_FILE);
    match entry_exists(&path).map_err(|e| Error::io("look for", &path, &e))? {
        true => clear(run_dir),
        false => Ok(()),
    }
}
