//! From a finished stage's temporary directory to its recorded place.

use std::collections::BTreeMap;
use std::time::{Instant, SystemTime};

use crate::disk::Disk;
use crate::error::{Error, Result};
use crate::files;
use crate::fingerprint::Facts;
use crate::graph::Stage;
use crate::journal;
use crate::kind::StageOutcome;
use crate::lock::StageRecord;
use crate::partial;
use crate::plan::View;
use crate::publish;
use crate::time::rfc3339;

/// What came of a stage.
pub(crate) struct Settled {
    pub(crate) seconds: f64,
    /// Whether its outputs differ from the last time's.
    pub(crate) changed: bool,
}

/// Hashes and syncs what the stage left, puts it in place and records it.
pub(crate) fn settle(
    view: &mut View<'_>,
    stage: &Stage,
    facts: &Facts,
    outcome: StageOutcome,
    (started, clock): (SystemTime, Instant),
    versions: &BTreeMap<String, String>,
) -> Result<Settled> {
    let target = view.graph.stage_dir(stage.name());
    let out = partial::temporary(&target);
    let io = |e: std::io::Error| Error::io("put in place", &target, &e).in_stage(stage.name());
    let outputs = files::records(&out).map_err(io)?;
    publish::sync_tree(&out).map_err(io)?;
    let record = StageRecord {
        fingerprint: facts.fingerprint(),
        kind: facts.kind.clone(),
        code_version: facts.code_version,
        parameters: facts.parameters.clone(),
        inputs: facts.inputs.clone(),
        extra: facts.extra.clone(),
        outputs,
        versions: versions.clone(),
        counts: outcome.counts,
        facts: outcome.facts,
        started: rfc3339(started),
        finished: rfc3339(SystemTime::now()),
        seconds: clock.elapsed().as_secs_f64(),
    };
    journal::write(&view.graph.run_dir, stage.name(), &record)?;
    // As late as can be: until here a crash costs a resumable stage nothing.
    publish::remove(&out.join(partial::FINGERPRINT)).map_err(io)?;
    publish::replace_dir(&out, &target).map_err(io)?;
    put_on_record(view, stage, record)
}

fn put_on_record(view: &mut View<'_>, stage: &Stage, record: StageRecord) -> Result<Settled> {
    let (graph, lock) = (view.graph, &mut view.lock);
    let before = lock.stages.insert(stage.name().to_owned(), record.clone());
    lock.vars = graph.vars.clone();
    lock.stages
        .retain(|name, _| graph.stages.iter().any(|s| s.name() == name));
    lock.write(&graph.run_dir)?;
    journal::clear(&graph.run_dir)?;
    let changed = before.is_none_or(|before| before.output("") != record.output(""));
    let seconds = record.seconds;
    view.disks.insert(stage.name().to_owned(), Disk::intact(record));
    Ok(Settled { seconds, changed })
}
