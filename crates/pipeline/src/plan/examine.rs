//! Plan of a run, from what is on disk.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::graph::{Graph, Stage};
use crate::error::{Error, Result};
use crate::plan::fingerprint::FingerprintInputs;
use crate::plan::gather::{fingerprint_inputs, reads_removed};
use crate::plan::reason::StaleReason;
use crate::plan::status::{PipelineStatus, PlannedStage, StageAction, StageState};
use crate::store::journal::{self, PublishProgress};
use crate::store::lock_file::LockFile;
use crate::store::outputs_on_disk::OutputsOnDisk;
use crate::store::record::InputRecord;
use crate::store::stage_chunks::{self, ChunkCount};

/// A pipeline with what its run's directory holds.
pub(crate) struct RunOnDisk<'a> {
    pub(crate) graph: &'a Graph,
    pub(crate) lock: LockFile,
    pub(crate) outputs_on_disk: BTreeMap<String, OutputsOnDisk>,
    /// A stage that a crash cut off when it was complete and not yet in place, with its fingerprint.
    unpublished: Option<(String, String)>,
}

/// A stage looked at.
pub(crate) struct ExaminedStage {
    pub(crate) planned: PlannedStage,
    /// Inputs of the stage, as far as they are known.
    pub(crate) inputs: BTreeMap<String, InputRecord>,
    /// Inputs of the fingerprint; none where stages before this one run first, so that they are not known yet.
    pub(crate) facts: Option<FingerprintInputs>,
}

impl<'a> RunOnDisk<'a> {
    /// The run's directory as the next run will find it: a publication that was cut off counts as far as it came.
    pub(crate) fn read(graph: &'a Graph) -> Result<Self> {
        let lock = LockFile::read(&graph.run_dir)?;
        let mut lock = lock.unwrap_or_else(|| LockFile::new(&graph.pipeline, &graph.profile, &graph.vars));
        let mut unpublished = None;
        if let Some(publishing) = journal::read_pending(&graph.run_dir)? {
            match publishing.progress(&graph.run_dir)? {
                PublishProgress::Published(record) => {
                    lock.put(graph, &publishing.vars, &publishing.stage, *record);
                }
                PublishProgress::Staged => {
                    unpublished = Some((publishing.stage, publishing.record.fingerprint))
                }
                PublishProgress::NotStarted => {}
            }
        }
        Ok(Self {
            unpublished,
            ..Self::with(graph, lock)?
        })
    }

    pub(crate) fn with(graph: &'a Graph, lock: LockFile) -> Result<Self> {
        let mut outputs_on_disk = BTreeMap::new();
        for stage in &graph.stages {
            if let Some(record) = lock.stages.get(stage.name()) {
                let disk = OutputsOnDisk::scan(&graph.stage_dir(stage.name()), record)?;
                outputs_on_disk.insert(stage.name().to_owned(), disk);
            }
        }
        Ok(Self {
            graph,
            lock,
            outputs_on_disk,
            unpublished: None,
        })
    }

    /// Examines every stage, in running order, as a run of the `chosen` ones would find it.
    pub(crate) fn plan(&self, chosen: &BTreeSet<String>, force: bool) -> Result<Vec<ExaminedStage>> {
        let (mut open, mut stale) = (BTreeSet::new(), BTreeSet::new());
        let mut plan = Vec::new();
        for stage in &self.graph.stages {
            let is_chosen = chosen.contains(stage.name());
            // What is not chosen is judged as it is, so that one knows how far behind it is.
            let before = if is_chosen { &open } else { &stale };
            let mut examined = self.examine(stage, before, force && is_chosen)?;
            // What was removed will be the same when it is made again.
            let stands = matches!(examined.planned.state, StageState::Fresh | StageState::Cleaned);
            if !stands {
                stale.insert(stage.name().to_owned());
            }
            if !is_chosen {
                examined.planned.action = StageAction::Exclude;
            } else if !stands {
                open.insert(stage.name().to_owned());
            }
            plan.push(examined);
        }
        self.make_again(&mut plan);
        Ok(plan)
    }

    /// Plans to make again what was removed and stages that run, or may, read; last stages first, for what is made again may
    /// need others.
    fn make_again(&self, plan: &mut [ExaminedStage]) {
        for at in (0..plan.len()).rev() {
            let (before, after) = plan.split_at_mut(at + 1);
            let planned = &mut before[at].planned;
            if planned.state != StageState::Cleaned || planned.action != StageAction::Keep {
                continue;
            }
            let reads = |other: &ExaminedStage| {
                reads_removed(self.graph, &self.outputs_on_disk, &other.inputs, &planned.stage)
                    || (other.facts.is_none()
                        && self.graph.after(&planned.stage).contains(&other.planned.stage))
            };
            let runs = |other: &&ExaminedStage| {
                matches!(other.planned.action, StageAction::Run | StageAction::RunIfChanged)
            };
            let readers: Vec<&ExaminedStage> =
                after.iter().filter(runs).filter(|other| reads(other)).collect();
            if readers.is_empty() {
                continue;
            }
            let sure =
                |other: &&ExaminedStage| other.planned.action == StageAction::Run && other.facts.is_some();
            planned.action = match readers.iter().any(sure) {
                true => StageAction::Run,
                false => StageAction::RunIfChanged,
            };
            let by = readers.iter().map(|other| other.planned.stage.clone()).collect();
            planned.reasons.push(StaleReason::Needed { by });
        }
    }

    /// Examines one stage, where the stages in `open` run before it, or may.
    pub(crate) fn examine(
        &self,
        stage: &Stage,
        open: &BTreeSet<String>,
        force: bool,
    ) -> Result<ExaminedStage> {
        let name = stage.name();
        let waits_for: Vec<String> = stage
            .upstream
            .iter()
            .map(|u| u.stage.clone())
            .filter(|u| open.contains(u))
            .collect();
        let known = waits_for.is_empty();
        let facts = fingerprint_inputs(self.graph, stage, &self.outputs_on_disk, open)?;
        let mut reasons = self.reasons(stage, &facts, open);
        if force {
            reasons.push(StaleReason::Forced);
        }
        if !known && reasons.is_empty() {
            reasons.push(StaleReason::Upstream { stages: waits_for });
        }
        let mut kept = self.kept_work(stage)?;
        kept.retain(|_| !force && !reasons.is_empty());
        if !kept.is_empty() && !known {
            reasons.push(StaleReason::PartsKept);
        } else if !kept.is_empty() && kept.contains(&facts.fingerprint()) {
            reasons.retain(|reason| *reason != StaleReason::NeverRan);
            reasons.insert(0, StaleReason::Partial);
        }
        let cleaned = self
            .lock
            .stages
            .get(name)
            .is_some_and(|record| record.cleaned.is_some());
        let state = match self.state(name, &reasons) {
            StageState::Fresh if cleaned => StageState::Cleaned,
            state => state,
        };
        let action = match state {
            StageState::Fresh | StageState::Cleaned => StageAction::Keep,
            StageState::Undecided => StageAction::RunIfChanged,
            StageState::Stale | StageState::Missing | StageState::Partial => StageAction::Run,
        };
        let chunks = match state {
            StageState::Partial => self.chunks(stage, &facts.fingerprint())?,
            _ => None,
        };
        let planned = PlannedStage {
            chunks,
            stage: name.to_owned(),
            kind: stage.kind.name().to_owned(),
            state,
            reasons,
            action,
            accepted: self
                .lock
                .stages
                .get(name)
                .and_then(|record| record.accepted.clone()),
        };
        Ok(ExaminedStage {
            planned,
            inputs: facts.inputs.clone(),
            facts: known.then_some(facts),
        })
    }

    /// The fingerprints of the work on a stage from which the next run may go on.
    fn kept_work(&self, stage: &Stage) -> Result<Vec<String>> {
        let complete = self.unpublished.iter().find(|(name, _)| name == stage.name());
        match complete {
            Some((_, fingerprint)) => Ok(vec![fingerprint.clone()]),
            None if stage.kind.chunked() => {
                let dir = self.graph.stage_dir(stage.name());
                stage_chunks::kept_fingerprints(&dir)
                    .map_err(|e| Error::io("read the chunks that are kept for", &dir, &e))
            }
            None => Ok(Vec::new()),
        }
    }

    /// Number of the chunks of a stage that are there, where it was begun.
    fn chunks(&self, stage: &Stage, fingerprint: &str) -> Result<Option<ChunkCount>> {
        let dir = self.graph.stage_dir(stage.name());
        stage_chunks::count(&dir, fingerprint)
            .map_err(|e| Error::io("count the chunks that are kept for", &dir, &e))
    }

    fn state(&self, stage: &str, reasons: &[StaleReason]) -> StageState {
        let there = self.outputs_on_disk.get(stage).is_some_and(|disk| !disk.gone);
        match reasons.first() {
            None => StageState::Fresh,
            Some(StaleReason::Partial) => StageState::Partial,
            Some(StaleReason::Upstream { .. }) => StageState::Undecided,
            Some(_) if there => StageState::Stale,
            Some(_) => StageState::Missing,
        }
    }

    fn reasons(&self, stage: &Stage, facts: &FingerprintInputs, open: &BTreeSet<String>) -> Vec<StaleReason> {
        let (Some(record), Some(disk)) = (
            self.lock.stages.get(stage.name()),
            self.outputs_on_disk.get(stage.name()),
        ) else {
            return vec![StaleReason::NeverRan];
        };
        let mut reasons = facts.differences(record, &|upstream| open.contains(upstream));
        if let Some(path) = disk.missing.first() {
            let (path, more) = if disk.gone {
                ("", 0)
            } else {
                (path.as_str(), disk.missing.len() - 1)
            };
            reasons.push(StaleReason::OutputMissing {
                path: format!("{}/{path}", stage.name()),
                more,
            });
        } else if disk.gone {
            reasons.push(StaleReason::OutputMissing {
                path: format!("{}/", stage.name()),
                more: 0,
            });
        }
        if let Some(path) = disk.changed.first() {
            let path = format!("{}/{path}", stage.name());
            reasons.push(StaleReason::OutputChanged {
                path,
                more: disk.changed.len() - 1,
            });
        }
        if reasons.is_empty() && !record.outdated_by.is_empty() {
            let stages = record.outdated_by.iter().cloned().collect();
            reasons.push(StaleReason::Outdated { stages });
        }
        reasons
    }
}

impl Graph {
    /// State of every stage, and why it is not fresh. Takes no lock and changes nothing.
    ///
    /// # Errors
    /// When `lock.json` is unusable, or a stage's files cannot be looked at.
    pub fn status(&self) -> Result<PipelineStatus> {
        let view = RunOnDisk::read(self)?;
        let everything = self.stages.iter().map(|s| s.name().to_owned()).collect();
        let stages = view
            .plan(&everything, false)?
            .into_iter()
            .map(|e| e.planned)
            .collect();
        Ok(PipelineStatus {
            pipeline: self.pipeline.clone(),
            profile: self.profile.clone(),
            run_dir: self.run_dir.clone(),
            stages,
        })
    }
}
