//! From a finished stage's temporary directory to its recorded place.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Instant, SystemTime};

use crate::config::graph::Stage;
use crate::error::{Error, Result};
use crate::failpoint::{self, Point};
use crate::plan::examine::RunOnDisk;
use crate::plan::fingerprint::FingerprintInputs;
use crate::store::files;
use crate::store::journal;
use crate::store::layout;
use crate::store::outputs_on_disk::OutputsOnDisk;
use crate::store::publish;
use crate::store::record::{FileRecord, StageRecord};
use crate::store::stage_chunks;
use crate::time::rfc3339;
use ecgfm_stage::Outcome;

/// A stage whose outputs are in place and recorded.
pub(crate) struct PublishedStage {
    pub(crate) seconds: f64,
    /// Set where its outputs differ from the last time's.
    pub(crate) changed: bool,
}

/// Hashes and syncs what the stage left, puts it in place and records it.
pub(crate) fn publish_stage(
    view: &mut RunOnDisk<'_>,
    stage: &Stage,
    facts: &FingerprintInputs,
    outcome: Outcome,
    (started, clock): (SystemTime, Instant),
    versions: BTreeMap<String, String>,
) -> Result<PublishedStage> {
    let target = view.graph.stage_dir(stage.name());
    let out = layout::temporary_dir(&target);
    let io = |e: std::io::Error| Error::io("put in place", &target, &e).in_stage(stage.name());
    let outputs = hash_and_sync(&out).map_err(|e| {
        // What could not be synced may be damaged, and nobody would know: not even parts of it are kept.
        let _ = publish::remove(&out);
        io(e)
    })?;
    let record = StageRecord {
        fingerprint: facts.fingerprint(),
        kind: facts.kind.clone(),
        code_version: facts.code_version,
        accepted: None,
        parameters: facts.parameters.clone(),
        inputs: facts.inputs.clone(),
        directory: base_dir(&view.graph.base),
        extra: facts.extra.clone(),
        outputs,
        versions,
        cleaned: None,
        outdated_by: BTreeSet::new(),
        counts: outcome.counts,
        facts: outcome.facts,
        started: rfc3339(started),
        finished: rfc3339(SystemTime::now()),
        seconds: clock.elapsed().as_secs_f64(),
    };
    journal::write(view.graph, stage.name(), &record)?;
    publish::replace_dir(&out, &target).map_err(io)?;
    let published = record_stage(view, stage, record)?;
    stage_chunks::remove_chunks(&target)
        .map_err(|e| Error::io("remove", &layout::chunks_dir(&target), &e))?;
    failpoint::at(Point::StagePublished, &target).map_err(io)?;
    Ok(published)
}

/// Directory that relative paths of inputs begin in, in full.
fn base_dir(base: &Path) -> String {
    let current = std::env::current_dir().map(|current| match base.as_os_str().is_empty() {
        true => current,
        false => current.join(base),
    });
    current.map_or_else(|_| String::new(), |dir| dir.to_string_lossy().into_owned())
}

/// Hashes what the stage left and has it on disk.
fn hash_and_sync(out: &Path) -> std::io::Result<BTreeMap<String, FileRecord>> {
    failpoint::at(Point::StageEnd, out)?;
    let outputs = files::record_outputs(out)?;
    publish::sync_tree(out)?;
    Ok(outputs)
}

fn record_stage(view: &mut RunOnDisk<'_>, stage: &Stage, record: StageRecord) -> Result<PublishedStage> {
    let (graph, lock) = (view.graph, &mut view.lock);
    let changed = lock.put(graph, &graph.vars, stage.name(), record.clone());
    lock.write(&graph.run_dir)?;
    journal::clear(&graph.run_dir)?;
    let seconds = record.seconds;
    view.outputs_on_disk
        .insert(stage.name().to_owned(), OutputsOnDisk::as_recorded(record));
    Ok(PublishedStage { seconds, changed })
}
