//! Giving back the space of outputs that can be made again.
//!
//! First `lock.json` says what is removed, then it is removed: a crash in between leaves files that count as removed, and the
//! next `clean` takes them. What is removed keeps its hashes, so that nothing becomes stale by it; a stage that needs the files
//! has them made again first.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use serde::Serialize;

use crate::config::graph::{Graph, Stage};
use crate::error::{Error, Result};
use crate::failpoint::{self, Point};
use crate::plan::examine::RunOnDisk;
use crate::plan::status::StageState;
use crate::store::files::list;
use crate::store::layout;
use crate::store::publish;
use crate::store::record::{Cleaned, StageRecord};
use crate::store::run_lock;
use crate::time::rfc3339;
use ecgfm_system::presence;

/// Result of [`Graph::clean`] for a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CleanedStage {
    /// The stage.
    pub stage: String,
    /// Bytes given back.
    pub bytes: u64,
    /// Files removed.
    pub files: u64,
    /// Reason why nothing was removed, where something could have been.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<String>,
}

impl Graph {
    /// Removes what its stages can make again, and makes nothing stale by it. Stages that are not fresh are left alone: what they
    /// were made of may be gone. `only` names the stages; all where it is empty. A dry run removes nothing.
    ///
    /// # Errors
    /// A stage does not exist; [`ErrorKind::Locked`](crate::ErrorKind::Locked) while a run is at work here; errors of the system.
    pub fn clean(&self, only: &[String], dry_run: bool) -> Result<Vec<CleanedStage>> {
        for name in only {
            self.stage(name)?;
        }
        let _lock = match dry_run {
            true => None,
            false => Some(run_lock::lock_run_dir(&self.run_dir)?),
        };
        let mut view = match dry_run {
            true => RunOnDisk::read(self)?,
            false => self.recover()?,
        };
        let everything: BTreeSet<String> = self.stages.iter().map(|s| s.name().to_owned()).collect();
        let plan = view.plan(&everything, false)?;
        let mut done = Vec::new();
        for (stage, examined) in self.stages.iter().zip(&plan) {
            let asked = only.is_empty() || only.iter().any(|name| name == stage.name());
            if !asked
                || stage.kind.made_again(stage.params()).is_empty()
                || !view.lock.stages.contains_key(stage.name())
            {
                continue;
            }
            let state = examined.planned.state;
            let cleaned = match state {
                StageState::Fresh | StageState::Cleaned => self.clean_stage(&mut view, stage, dry_run)?,
                other => CleanedStage {
                    stage: stage.name().to_owned(),
                    bytes: 0,
                    files: 0,
                    kept: Some(format!(
                        "it is {}, and may not be made again as it is",
                        other.word()
                    )),
                },
            };
            done.push(cleaned);
        }
        Ok(done)
    }

    fn clean_stage(&self, view: &mut RunOnDisk<'_>, stage: &Stage, dry_run: bool) -> Result<CleanedStage> {
        let dir = self.stage_dir(stage.name());
        let io = |doing: &'static str| {
            let dir = dir.clone();
            move |e: io::Error| Error::io(doing, &dir, &e)
        };
        let mut found = CleanedStage {
            stage: stage.name().to_owned(),
            bytes: 0,
            files: 0,
            kept: None,
        };
        let mut paths = Vec::new();
        for path in stage.kind.made_again(stage.params()) {
            let place = dir.join(&path);
            if presence::is_dir(&place).map_err(io("look for files in"))? {
                let files = list(&place).map_err(io("list"))?;
                found.bytes += files.iter().map(|file| file.size).sum::<u64>();
                found.files += files.len() as u64;
                paths.push(path);
            }
        }
        if dry_run || found.files == 0 {
            return Ok(found);
        }
        if let Some(record) = view.lock.stages.get_mut(stage.name()) {
            mark_cleaned(record, &paths);
            view.lock.write(&self.run_dir)?;
        }
        paths
            .iter()
            .try_for_each(|path| remove_output(&dir, path))
            .map_err(io("remove files in"))?;
        Ok(found)
    }
}

fn mark_cleaned(record: &mut StageRecord, paths: &[String]) {
    let before = record
        .cleaned
        .take()
        .map(|cleaned| cleaned.paths)
        .unwrap_or_default();
    let paths: BTreeSet<String> = before.into_iter().chain(paths.iter().cloned()).collect();
    record.cleaned = Some(Cleaned {
        paths: paths.into_iter().collect(),
        at: rfc3339(SystemTime::now()),
    });
}

/// Takes a directory away in one step, and then removes it; the next run removes what a crash leaves of it.
fn remove_output(dir: &Path, path: &str) -> io::Result<()> {
    let aside = layout::backup_dir(dir);
    publish::remove(&aside)?;
    if path.is_empty() {
        failpoint::at(Point::StageAside, dir)?;
        fs::rename(dir, &aside)?;
        fs::create_dir(dir)?;
    } else {
        fs::create_dir(&aside)?;
        failpoint::at(Point::StageAside, dir)?;
        fs::rename(dir.join(path), aside.join(path.replace('/', "-")))?;
    }
    failpoint::at(Point::OldRemove, &aside)?;
    publish::remove(&aside)
}
