//! Runs a pipeline.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Instant, SystemTime};

use serde::Serialize;

use crate::config::graph::{Graph, Stage};
use crate::error::{Error, ErrorKind, Result};
use crate::failpoint::{self, Point};
use crate::plan::examine::{ExaminedStage, RunOnDisk};
use crate::plan::fingerprint::FingerprintInputs;
use crate::plan::gather;
use crate::plan::look_ahead::look_ahead;
use crate::plan::reason::StaleReason;
use crate::plan::selection::StageSelection;
use crate::plan::status::{PlannedStage, StageAction, StageState};
use crate::run::event::{RunEvent, RunObserver, SkipReason};
use crate::run::invocation::{StageInvocation, input_changed, prepare_dirs};
use crate::run::publish_stage::publish_stage;
use crate::store::journal;
use crate::store::layout::{self, LOCK_FILE, inside_run};
use crate::store::lock_file::LockFile;
use crate::store::outputs_on_disk::OutputsOnDisk;
use crate::store::publish;
use crate::store::run_lock;
use crate::store::stage_chunks;
use ecgfm_stage::Cancel;

/// Options of a run.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// Stages to run.
    pub selection: StageSelection,
    /// Run the selected stages even where they are fresh, from their beginning.
    pub force: bool,
    /// After a failure go on with what does not depend on it.
    pub keep_going: bool,
    /// Report the plan, and run nothing.
    pub dry_run: bool,
    /// Versions of the program, recorded with each stage beside those that its kind names.
    pub versions: BTreeMap<String, String>,
}

/// Result of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RunSummary {
    /// Plan of the run; every stage in running order.
    pub plan: Vec<PlannedStage>,
    /// Stages that ran.
    pub ran: Vec<String>,
    /// Stages that were fresh.
    pub fresh: Vec<String>,
    /// Stages that failed.
    pub failed: Vec<String>,
    /// Stages that could not run because of those.
    pub blocked: Vec<String>,
    /// Seconds that the run took.
    pub seconds: f64,
}

impl Graph {
    /// Runs the selected stages that are not fresh, one after the other, and tells `observer` what happens.
    ///
    /// Each stage's outputs are in place, and recorded in `lock.json`, as soon as it is done.
    ///
    /// # Errors
    /// The first stage's error ([`ErrorKind::StageFailed`], [`ErrorKind::BadInput`], [`ErrorKind::Config`]), after
    /// the rest has run where `keep_going` is set; [`ErrorKind::Interrupted`] after a cancellation;
    /// [`ErrorKind::Locked`] when another run is at work here.
    pub fn run(
        &self,
        options: &RunOptions,
        observer: &dyn RunObserver,
        cancel: &Cancel,
    ) -> Result<RunSummary> {
        let began = Instant::now();
        let chosen = self.select(&options.selection)?;
        let held = if options.dry_run {
            None
        } else {
            Some(run_lock::lock_run_dir(&self.run_dir)?)
        };
        let view = if held.is_some() {
            pass_point(Point::RunBegin, self)?;
            self.recover()?
        } else {
            RunOnDisk::read(self)?
        };
        let plan = view.plan(&chosen, options.force)?;
        look_ahead(self, &plan)?;
        let mut run = Run::new(view, options, observer, cancel, chosen);
        run.announce(&plan);
        run.warn_of_stale(&plan)?;
        if options.dry_run {
            return Ok(run.summary);
        }
        let result = plan.into_iter().try_for_each(|examined| run.run_step(examined));
        let summary = run.finish(began, result)?;
        pass_point(Point::RunEnd, self)?;
        Ok(summary)
    }

    /// The run's directory after what a crash may have left is put right.
    pub(crate) fn recover(&self) -> Result<RunOnDisk<'_>> {
        for stage in &self.stages {
            let dir = self.stage_dir(stage.name());
            publish::recover_dir(&dir).map_err(|e| Error::io("put back", &dir, &e))?;
        }
        let lock = LockFile::read(&self.run_dir)?;
        let mut lock = lock.unwrap_or_else(|| LockFile::new(&self.pipeline, &self.profile, &self.vars));
        journal::recover(self, &mut lock)?;
        for stage in &self.stages {
            let dir = self.stage_dir(stage.name());
            let published = stage_chunks::published_whole(&dir, lock.stages.get(stage.name()))?;
            stage_chunks::remove_leftovers(&dir, published)
                .map_err(|e| Error::io("remove", &layout::temporary_dir(&dir), &e))?;
        }
        for name in [LOCK_FILE, layout::JOURNAL_FILE] {
            let half = layout::temporary_file(&self.run_dir.join(name));
            publish::remove(&half).map_err(|e| Error::io("remove", &half, &e))?;
        }
        pass_point(Point::Recovered, self)?;
        RunOnDisk::with(self, lock)
    }
}

fn pass_point(point: Point, graph: &Graph) -> Result<()> {
    failpoint::at(point, &graph.run_dir).map_err(|e| Error::io("use", &graph.run_dir, &e))
}

pub(super) struct Run<'a> {
    pub(super) view: RunOnDisk<'a>,
    pub(super) options: &'a RunOptions,
    pub(super) observer: &'a dyn RunObserver,
    pub(super) cancel: &'a Cancel,
    pub(super) chosen: BTreeSet<String>,
    pub(super) summary: RunSummary,
    pub(super) first_error: Option<Error>,
}

impl<'a> Run<'a> {
    fn new(
        view: RunOnDisk<'a>,
        options: &'a RunOptions,
        observer: &'a dyn RunObserver,
        cancel: &'a Cancel,
        chosen: BTreeSet<String>,
    ) -> Self {
        Self {
            view,
            options,
            observer,
            cancel,
            chosen,
            summary: RunSummary::default(),
            first_error: None,
        }
    }

    fn announce(&mut self, plan: &[ExaminedStage]) {
        self.summary.plan = plan.iter().map(|e| e.planned.clone()).collect();
        let graph = self.view.graph;
        self.observer.event(&RunEvent::Plan {
            pipeline: graph.pipeline.clone(),
            profile: graph.profile.clone(),
            run_dir: graph.run_dir.clone(),
            stages: self.summary.plan.clone(),
        });
    }

    fn run_step(&mut self, examined: ExaminedStage) -> Result<()> {
        let graph = self.view.graph;
        let Some(stage) = graph.stages.iter().find(|s| s.name() == examined.planned.stage) else {
            return Ok(());
        };
        if examined.planned.action == StageAction::Exclude {
            return Ok(());
        }
        if self.cancel.is_cancelled() {
            return Err(interrupted_at(stage.name()));
        }
        let stopped =
            |name: &String| self.summary.failed.contains(name) || self.summary.blocked.contains(name);
        if stage.upstream.iter().any(|u| stopped(&u.stage)) {
            self.summary.blocked.push(stage.name().to_owned());
            self.report_skip(stage, SkipReason::UpstreamFailed);
            return Ok(());
        }
        // A stage that waited for others is looked at again: what they left may be what it read the last time.
        let examined = match examined.planned.state {
            StageState::Fresh => examined,
            _ => self.view.examine(stage, &BTreeSet::new(), self.options.force)?,
        };
        let (PlannedStage { state, reasons, .. }, Some(facts)) = (examined.planned, examined.facts) else {
            return Ok(());
        };
        if matches!(state, StageState::Fresh | StageState::Cleaned) {
            // Chunks of an interrupted run with other inputs: nothing goes on from them any more.
            let chunks = layout::chunks_dir(&graph.stage_dir(stage.name()));
            publish::remove(&chunks).map_err(|e| Error::io("remove", &chunks, &e))?;
            self.record_new_times(stage)?;
            self.summary.fresh.push(stage.name().to_owned());
            self.report_skip(
                stage,
                if state == StageState::Fresh {
                    SkipReason::Fresh
                } else {
                    SkipReason::Cleaned
                },
            );
            return Ok(());
        }
        let ran = match self.make_again_for(stage, &facts) {
            Ok(true) => self.remake_and_run(stage),
            Ok(false) => self.run_stage(stage, &facts, reasons),
            Err(error) => Err(error),
        };
        ran.or_else(|error| self.record_failure(stage, error))
    }

    fn record_failure(&mut self, stage: &Stage, error: Error) -> Result<()> {
        if error.kind() == ErrorKind::Interrupted {
            return Err(interrupted_at(stage.name()));
        }
        let record = self.view.lock.stages.get(stage.name());
        let error = match record.and_then(|record| record.cleaned.as_ref()) {
            Some(cleaned) => error.note(cleaned.explanation()),
            None => error,
        };
        self.summary.failed.push(stage.name().to_owned());
        self.observer.event(&RunEvent::failed(stage.name(), &error));
        if !self.options.keep_going {
            return Err(error);
        }
        self.first_error.get_or_insert(error);
        Ok(())
    }

    fn report_skip(&self, stage: &Stage, because: SkipReason) {
        self.observer.event(&RunEvent::StageSkipped {
            stage: stage.name().to_owned(),
            because,
        });
    }

    /// Records new times of unchanged files, so that they need not be read again.
    fn record_new_times(&mut self, stage: &Stage) -> Result<()> {
        let Some(disk) = self
            .view
            .outputs_on_disk
            .get_mut(stage.name())
            .filter(|disk| disk.touched)
        else {
            return Ok(());
        };
        disk.touched = false;
        self.view
            .lock
            .stages
            .insert(stage.name().to_owned(), disk.record.clone());
        self.view.lock.write(&self.view.graph.run_dir)
    }

    fn report_start(&self, stage: &Stage, reasons: Vec<StaleReason>, resumed: bool) {
        let chosen: Vec<&PlannedStage> = self
            .summary
            .plan
            .iter()
            .filter(|p| p.action != StageAction::Exclude)
            .collect();
        let at = chosen.iter().position(|p| p.stage == stage.name());
        self.observer.event(&RunEvent::StageStarted {
            stage: stage.name().to_owned(),
            kind: stage.kind.name().to_owned(),
            number: at.map_or(1, |at| at + 1),
            of: chosen.len(),
            reasons,
            resumed,
        });
    }

    pub(super) fn run_stage(
        &mut self,
        stage: &Stage,
        facts: &FingerprintInputs,
        reasons: Vec<StaleReason>,
    ) -> Result<()> {
        let target = self.view.graph.stage_dir(stage.name());
        let fingerprint = facts.fingerprint();
        let io = |e: std::io::Error| Error::io("prepare", &layout::temporary_dir(&target), &e);
        let prepared = prepare_dirs(stage.kind.as_ref(), &target, &fingerprint, self.options.force);
        let dirs = prepared.map_err(io)?;
        failpoint::at(Point::StageBegin, &dirs.out).map_err(io)?;
        self.report_start(stage, reasons, dirs.resumed);
        let (started, clock) = (SystemTime::now(), Instant::now());
        let invocation = StageInvocation {
            stage: stage.name(),
            kind: stage.kind.as_ref(),
            params: &stage.params,
            outputs: &stage.outputs,
            out: &dirs.out,
            home: &target,
            chunks: dirs.chunks(),
        };
        let unchanged = || self.require_unchanged_inputs(stage, facts);
        let outcome = invocation.run(self.observer, self.cancel, unchanged)?;
        let counts = outcome.counts.clone();
        let mut versions = self.options.versions.clone();
        versions.extend(stage.kind.versions());
        let published = publish_stage(&mut self.view, stage, facts, outcome, (started, clock), versions)?;
        self.summary.ran.push(stage.name().to_owned());
        self.observer.event(&RunEvent::StageFinished {
            stage: stage.name().to_owned(),
            counts,
            seconds: published.seconds,
            changed: published.changed,
        });
        Ok(())
    }

    /// Fails where an input is no longer what it was when the stage began. Then, nobody knows what of it the
    /// stage saw, so that nothing it made can be kept, parts included.
    fn require_unchanged_inputs(&self, stage: &Stage, facts: &FingerprintInputs) -> Result<()> {
        let run_dir = &self.view.graph.run_dir;
        let now = gather::fingerprint_inputs(
            self.view.graph,
            stage,
            &self.view.outputs_on_disk,
            &BTreeSet::new(),
        )?;
        let mut moved: Vec<String> = facts.changed_since(&now);
        moved
            .iter_mut()
            .for_each(|path| *path = readable_path(path, run_dir));
        let read = facts.inputs.values().filter_map(|input| input.stage.as_ref());
        let read: BTreeSet<&String> = read.chain(stage.upstream.iter().map(|u| &u.stage)).collect();
        for upstream in read {
            let Some(before) = self.view.outputs_on_disk.get(upstream) else {
                continue;
            };
            let dir = self.view.graph.stage_dir(upstream);
            let now = OutputsOnDisk::scan(&dir, &before.record)?;
            let names = now.missing.iter().chain(&now.changed);
            moved.extend(names.map(|name| dir.join(name).display().to_string()));
        }
        let Some(first) = moved.first() else { return Ok(()) };
        Err(input_changed(
            stage.name(),
            first,
            "run again when nothing writes to it any more; finished stages stay",
        ))
    }

    fn finish(mut self, began: Instant, result: Result<()>) -> Result<RunSummary> {
        self.summary.seconds = began.elapsed().as_secs_f64();
        let RunSummary {
            ran,
            fresh,
            failed,
            blocked,
            seconds,
            ..
        } = self.summary.clone();
        self.observer.event(&RunEvent::RunFinished {
            ran,
            fresh,
            failed,
            blocked,
            seconds,
        });
        result?;
        match self.first_error {
            None => Ok(self.summary),
            Some(error) => match self.summary.failed.len() - 1 {
                0 => Err(error),
                more => Err(error.note(format!(
                    "{more} more failed: {}",
                    self.summary.failed[1..].join(", ")
                ))),
            },
        }
    }
}

/// A recorded path as people know it.
fn readable_path(path: &str, run_dir: &Path) -> String {
    inside_run(path).map_or_else(
        || path.to_owned(),
        |inside| run_dir.join(inside).display().to_string(),
    )
}

fn interrupted_at(stage: &str) -> Error {
    Error::new(ErrorKind::Interrupted, format!("interrupted at stage `{stage}`"))
        .help("run the same command again to resume; finished stages stay")
        .in_stage(stage)
}
