//! Shares of a run: processes on any machines do some of the chunks each, without a lock and without publishing anything.
//!
//! A share looks at what is on disk as every run does, and does its chunks of each chosen stage that works in chunks, is not fresh and
//! whose inputs are there. It changes nothing else. A run without a share does what is missing then, and goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;

use crate::config::graph::{Graph, Stage};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::examine::{ExaminedStage, RunOnDisk};
use crate::plan::fingerprint::FingerprintInputs;
use crate::plan::gather::{self, reads_removed};
use crate::plan::look_ahead::look_ahead;
use crate::plan::selection::StageSelection;
use crate::plan::status::{StageAction, StageState};
use crate::run::event::{RunEvent, RunObserver, SkipReason};
use crate::run::invocation::{StageInvocation, input_changed};
use crate::store::publish;
use crate::store::stage_chunks;
use ecgfm_stage::{Cancel, ChunkWork, Shard, UNFINISHED};

/// What a share of a run did with a stage that works in chunks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShareOfStage {
    /// The stage.
    pub stage: String,
    /// State of the stage for the share.
    pub state: ShareState,
    /// Numbers that account for the share's work.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub counts: BTreeMap<String, u64>,
}

/// State of a stage for a share of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ShareState {
    /// The chunks are there.
    Done,
    /// Chunks are to be done.
    Unfinished,
    /// The outputs of the whole stage are in place.
    Fresh,
    /// Stages before it are not done: its inputs are not known yet.
    Waiting,
}

/// Result of a share of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShareSummary {
    /// The share, as in `3/8`.
    pub shard: String,
    /// The chosen stages that work in chunks, in running order.
    pub stages: Vec<ShareOfStage>,
    /// Seconds that it took.
    pub seconds: f64,
}

/// Chunks of one stage that are still to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MissingChunks {
    /// The stage.
    pub stage: String,
    /// State of the stage.
    pub state: ShareState,
    /// Numbers of the shares that have work, from 1.
    pub shares: Vec<usize>,
}

impl Graph {
    /// Does a share of the chunks of the chosen stages that work in chunks. Takes no lock, publishes nothing.
    ///
    /// # Errors
    /// As [`Graph::run`], but for [`ErrorKind::Locked`].
    pub fn run_share(
        &self,
        shard: Shard,
        selection: &StageSelection,
        observer: &dyn RunObserver,
        cancel: &Cancel,
    ) -> Result<ShareSummary> {
        let began = Instant::now();
        let chosen = self.select(selection)?;
        let view = RunOnDisk::read(self)?;
        let plan = view.plan(&chosen, false)?;
        look_ahead(self, &plan)?;
        let mut share = ShareRun {
            view,
            shard,
            observer,
            cancel,
        };
        let mut stages = Vec::new();
        for (stage, examined) in chunked_stages(self, plan) {
            let done = share.run_stage(stage, examined).inspect_err(|error| {
                observer.event(&RunEvent::failed(stage.name(), error));
            })?;
            stages.push(done);
        }
        let seconds = began.elapsed().as_secs_f64();
        Ok(ShareSummary {
            shard: shard.to_string(),
            stages,
            seconds,
        })
    }

    /// The shares, of `count`, that still have chunks to do, of every chosen stage that works in chunks. Changes nothing.
    ///
    /// # Errors
    /// As [`Graph::status`].
    pub fn missing_shares(&self, count: usize, selection: &StageSelection) -> Result<Vec<MissingChunks>> {
        let chosen = self.select(selection)?;
        let view = RunOnDisk::read(self)?;
        let plan = view.plan(&chosen, false)?;
        let missing = |(stage, examined): (&Stage, ExaminedStage)| {
            let mut state = share_state(&view, &examined);
            let shares = match examined.facts.filter(|_| state == ShareState::Unfinished) {
                Some(facts) => {
                    let dir = self.stage_dir(stage.name());
                    stage_chunks::missing_shares(&dir, &facts.fingerprint(), count)
                        .map_err(|e| Error::io("look for the chunks of", &dir, &e))?
                }
                None => Vec::new(),
            };
            if state == ShareState::Unfinished && shares.is_empty() {
                state = ShareState::Done;
            }
            Ok(MissingChunks {
                stage: stage.name().to_owned(),
                state,
                shares,
            })
        };
        chunked_stages(self, plan).map(missing).collect()
    }
}

/// The stages of a plan that work in chunks and were chosen.
fn chunked_stages(graph: &Graph, plan: Vec<ExaminedStage>) -> impl Iterator<Item = (&Stage, ExaminedStage)> {
    let chosen = plan
        .into_iter()
        .filter(|examined| examined.planned.action != StageAction::Exclude);
    chosen.filter_map(|examined| {
        let stage = graph.stages.iter().find(|s| s.name() == examined.planned.stage)?;
        stage.kind.chunked().then_some((stage, examined))
    })
}

/// State of a stage before a share does anything. What clean removed of its inputs, a run without a share makes again.
fn share_state(view: &RunOnDisk<'_>, examined: &ExaminedStage) -> ShareState {
    let removed =
        |stage: &Stage| reads_removed(view.graph, &view.outputs_on_disk, &examined.inputs, stage.name());
    match (examined.planned.state, &examined.facts) {
        (StageState::Fresh | StageState::Cleaned, _) => ShareState::Fresh,
        (_, None) => ShareState::Waiting,
        (_, Some(_)) if view.graph.stages.iter().any(removed) => ShareState::Waiting,
        (_, Some(_)) => ShareState::Unfinished,
    }
}

struct ShareRun<'a> {
    view: RunOnDisk<'a>,
    shard: Shard,
    observer: &'a dyn RunObserver,
    cancel: &'a Cancel,
}

impl ShareRun<'_> {
    fn run_stage(&mut self, stage: &Stage, examined: ExaminedStage) -> Result<ShareOfStage> {
        let name = stage.name();
        let skipped = |state, because| {
            self.observer.event(&RunEvent::StageSkipped {
                stage: name.to_owned(),
                because,
            });
            Ok(ShareOfStage {
                stage: name.to_owned(),
                state,
                counts: BTreeMap::new(),
            })
        };
        let state = share_state(&self.view, &examined);
        let reasons = examined.planned.reasons;
        let facts = match (state, examined.facts) {
            (ShareState::Fresh, _) => return skipped(ShareState::Fresh, SkipReason::Fresh),
            (ShareState::Waiting, _) | (_, None) => {
                return skipped(ShareState::Waiting, SkipReason::InputsMissing);
            }
            (_, Some(facts)) => facts,
        };
        if self.cancel.is_cancelled() {
            let help = "run the same command again to resume; finished chunks stay";
            return Err(
                Error::new(ErrorKind::Interrupted, format!("interrupted at stage `{name}`")).help(help),
            );
        }
        self.observer.event(&RunEvent::StageStarted {
            stage: name.to_owned(),
            kind: stage.kind.name().to_owned(),
            number: self.shard.number(),
            of: self.shard.count(),
            reasons,
            resumed: false,
        });
        let clock = Instant::now();
        let counts = match self.run_chunks(stage, &facts) {
            Ok(counts) => counts,
            // Another process has put the stage in place meanwhile, and removed the chunks that this one was writing.
            Err(error) if error.kind() != ErrorKind::Interrupted && self.is_fresh_now(stage) => {
                note_superseded(self.observer, name, &error);
                return skipped(ShareState::Fresh, SkipReason::Fresh);
            }
            Err(error) => return Err(error),
        };
        self.observer.event(&RunEvent::StageFinished {
            stage: name.to_owned(),
            counts: counts.clone(),
            seconds: clock.elapsed().as_secs_f64(),
            changed: false,
        });
        Ok(ShareOfStage {
            stage: name.to_owned(),
            state: ShareState::Done,
            counts,
        })
    }

    /// Does the chunks of the share.
    fn run_chunks(&self, stage: &Stage, facts: &FingerprintInputs) -> Result<BTreeMap<String, u64>> {
        let graph = self.view.graph;
        let target = graph.stage_dir(stage.name());
        let chunks = stage_chunks::place(&target, &facts.fingerprint());
        let io = |e: io::Error| Error::io("prepare", &chunks, &e).in_stage(stage.name());
        fs::create_dir_all(&chunks).map_err(io)?;
        let out = OwnDir::create(&chunks).map_err(io)?;
        let invocation = StageInvocation {
            stage: stage.name(),
            kind: stage.kind.as_ref(),
            params: &stage.params,
            outputs: &stage.outputs,
            out: &out.0,
            home: &target,
            chunks: Some(ChunkWork {
                dir: &chunks,
                shard: Some(self.shard),
            }),
        };
        let unchanged = || {
            let nothing = BTreeSet::new();
            let now = gather::fingerprint_inputs(graph, stage, &self.view.outputs_on_disk, &nothing)?;
            match facts.changed_since(&now).first() {
                None => Ok(()),
                Some(path) => {
                    let help = "run again when nothing writes to it any more; finished stages stay";
                    Err(input_changed(stage.name(), path, help))
                }
            }
        };
        let outcome = invocation.run(self.observer, self.cancel, unchanged)?;
        Ok(outcome.counts)
    }

    /// Says if the stage is in place by now, made of what this share read.
    fn is_fresh_now(&self, stage: &Stage) -> bool {
        let is_fresh = RunOnDisk::read(self.view.graph).and_then(|view| {
            let examined = view.examine(stage, &BTreeSet::new(), false)?;
            Ok(share_state(&view, &examined) == ShareState::Fresh)
        });
        is_fresh.unwrap_or(false)
    }
}

/// Tells what a share met that no longer matters.
fn note_superseded(observer: &dyn RunObserver, stage: &str, error: &Error) {
    observer.event(&RunEvent::Note {
        stage: stage.to_owned(),
        message: format!(
            "another process has completed the stage meanwhile ({})",
            error.message()
        ),
    });
}

/// Directory that only this process uses, for what a stage writes beside chunks; removed in the end.
struct OwnDir(PathBuf);

impl OwnDir {
    fn create(chunks: &Path) -> io::Result<Self> {
        for number in 0.. {
            let dir = chunks.join(format!("{UNFINISHED}share-{}-{number}", std::process::id()));
            match fs::create_dir(&dir) {
                // Of a process of the same number on another machine, or of one that was killed.
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                created => return created.map(|()| Self(dir)),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }
}

impl Drop for OwnDir {
    fn drop(&mut self) {
        let _ = publish::remove(&self.0);
    }
}
