//! What is fresh, what is not and why, and what a run would do about it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Serialize;

use crate::disk::Disk;
use crate::error::Result;
use crate::fingerprint::{Facts, facts};
use crate::graph::{Graph, Stage};
use crate::journal::{self, Reached};
use crate::lock::LockFile;
use crate::partial;
use crate::reason::Reason;

/// The state of a stage's outputs on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// They are what the pipeline would make now.
    Fresh,
    /// They are there, but the pipeline would make others, or might.
    Stale,
    /// They are not there.
    Missing,
    /// An interrupted run left a part that the next goes on from.
    Partial,
}

impl State {
    /// The word for it: `fresh`, `stale`, `missing`, `partial`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Stale => "stale",
            Self::Missing => "missing",
            Self::Partial => "partial",
        }
    }
}

/// What a run does with a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Runs it.
    Run,
    /// Leaves it: it is fresh.
    Keep,
    /// Leaves it: it was not chosen.
    Exclude,
}

/// A stage in a plan or a status.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlannedStage {
    /// The stage.
    pub stage: String,
    /// Its kind.
    pub kind: String,
    /// The state of its outputs.
    pub state: State,
    /// Why it is not fresh; empty when it is.
    pub reasons: Vec<Reason>,
    /// What a run does with it.
    pub action: Action,
}

/// The state of every stage of a pipeline.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// The pipeline's name.
    pub pipeline: String,
    /// The profile.
    pub profile: String,
    /// The run's directory.
    pub run_dir: std::path::PathBuf,
    /// Every stage, in running order.
    pub stages: Vec<PlannedStage>,
}

impl Status {
    /// Whether a run would do nothing.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        self.stages.iter().all(|s| s.state == State::Fresh)
    }

    /// A line a stage: state, name, reasons.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!(
            "{}, profile {}, in {}\n",
            self.pipeline,
            self.profile,
            self.run_dir.display()
        );
        let width = self.stages.iter().map(|s| s.stage.len()).max().unwrap_or(0);
        for stage in &self.stages {
            let line = format!("  {:7}  {:width$}  ", stage.state.word(), stage.stage);
            let indent = " ".repeat(line.chars().count());
            let reasons: Vec<String> = stage.reasons.iter().map(ToString::to_string).collect();
            let _ = writeln!(
                text,
                "{}",
                format!("{line}{}", reasons.join(&format!("\n{indent}"))).trim_end()
            );
        }
        text
    }
}

impl Graph {
    /// What of the pipeline is fresh, stale, missing or partial, and why. Takes no lock and changes nothing.
    ///
    /// # Errors
    /// When `lock.json` is unusable, or a stage's files cannot be looked at.
    pub fn status(&self) -> Result<Status> {
        let view = View::read(self)?;
        let everything = self.stages.iter().map(|s| s.name().to_owned()).collect();
        let stages = view
            .plan(&everything, false)?
            .into_iter()
            .map(|e| e.planned)
            .collect();
        Ok(Status {
            pipeline: self.pipeline.clone(),
            profile: self.profile.clone(),
            run_dir: self.run_dir.clone(),
            stages,
        })
    }
}

/// A pipeline with what its run's directory holds.
pub(crate) struct View<'a> {
    pub(crate) graph: &'a Graph,
    pub(crate) lock: LockFile,
    pub(crate) disks: BTreeMap<String, Disk>,
    /// A stage that a crash cut off when it was complete and not yet in place, with its fingerprint.
    unpublished: Option<(String, String)>,
}

/// A stage looked at.
pub(crate) struct Examined {
    pub(crate) planned: PlannedStage,
    /// None where stages before it run first, so that its inputs are not known yet.
    pub(crate) facts: Option<Facts>,
}

impl<'a> View<'a> {
    /// The run's directory as the next run will find it: a publication that was cut off counts as far as it came.
    pub(crate) fn read(graph: &'a Graph) -> Result<Self> {
        let lock = LockFile::read(&graph.run_dir)?;
        let mut lock = lock.unwrap_or_else(|| LockFile::new(&graph.pipeline, &graph.profile, &graph.vars));
        let mut unpublished = None;
        if let Some(publishing) = journal::pending(&graph.run_dir) {
            match publishing.reached(&graph.run_dir)? {
                Reached::Place(record) => {
                    lock.put(graph, &publishing.vars, &publishing.stage, *record);
                }
                Reached::Temporary => unpublished = Some((publishing.stage, publishing.record.fingerprint)),
                Reached::Nowhere => {}
            }
        }
        Ok(Self {
            unpublished,
            ..Self::with(graph, lock)?
        })
    }

    pub(crate) fn with(graph: &'a Graph, lock: LockFile) -> Result<Self> {
        let mut disks = BTreeMap::new();
        for stage in &graph.stages {
            if let Some(record) = lock.stages.get(stage.name()) {
                let disk = Disk::look(&graph.stage_dir(stage.name()), record)?;
                disks.insert(stage.name().to_owned(), disk);
            }
        }
        Ok(Self {
            graph,
            lock,
            disks,
            unpublished: None,
        })
    }

    /// Examines every stage, in running order, as a run of the `chosen` ones would find it.
    pub(crate) fn plan(&self, chosen: &BTreeSet<String>, force: bool) -> Result<Vec<Examined>> {
        let (mut reruns, mut stale) = (BTreeSet::new(), BTreeSet::new());
        let mut plan = Vec::new();
        for stage in &self.graph.stages {
            let is_chosen = chosen.contains(stage.name());
            // What is not chosen is judged as it is, so that one knows how far behind it is.
            let before = if is_chosen { &reruns } else { &stale };
            let mut examined = self.examine(stage, before, force && is_chosen)?;
            if examined.planned.state != State::Fresh {
                stale.insert(stage.name().to_owned());
            }
            if !is_chosen {
                examined.planned.action = Action::Exclude;
            } else if examined.planned.state != State::Fresh {
                reruns.insert(stage.name().to_owned());
            }
            plan.push(examined);
        }
        Ok(plan)
    }

    /// Examines one stage, where the stages in `reruns` run before it.
    pub(crate) fn examine(&self, stage: &Stage, reruns: &BTreeSet<String>, force: bool) -> Result<Examined> {
        let name = stage.name();
        let before: Vec<String> = stage
            .upstream
            .iter()
            .map(|u| u.stage.clone())
            .filter(|u| reruns.contains(u))
            .collect();
        let facts = facts(self.graph, stage, &self.disks)?;
        let mut reasons = self.reasons(stage, &facts, reruns);
        if force {
            reasons.push(Reason::Forced);
        }
        if !before.is_empty() && self.lock.stages.contains_key(name) {
            reasons.push(Reason::Upstream {
                stages: before.clone(),
            });
        }
        let fingerprint = before.is_empty().then(|| facts.fingerprint());
        if !reasons.is_empty() && !force && self.goes_on(stage, fingerprint.as_deref()) {
            reasons.retain(|reason| *reason != Reason::NeverRan);
            reasons.insert(0, Reason::Partial);
        }
        let state = self.state(name, &reasons);
        let action = match state {
            State::Fresh => Action::Keep,
            _ => Action::Run,
        };
        let planned = PlannedStage {
            stage: name.to_owned(),
            kind: stage.kind.name().to_owned(),
            state,
            reasons,
            action,
        };
        Ok(Examined {
            planned,
            facts: before.is_empty().then_some(facts),
        })
    }

    /// Whether parts of an interrupted run are there to go on from; with a fingerprint that is not known yet
    /// they might be.
    fn goes_on(&self, stage: &Stage, fingerprint: Option<&str>) -> bool {
        let complete = self.unpublished.iter().find(|(name, _)| name == stage.name());
        let kept = match complete {
            Some((_, fingerprint)) => Some(fingerprint.clone()),
            None => partial::kept(&self.graph.stage_dir(stage.name())).filter(|_| stage.kind.resumable()),
        };
        kept.is_some_and(|kept| fingerprint.is_none_or(|fingerprint| kept == fingerprint))
    }

    fn state(&self, stage: &str, reasons: &[Reason]) -> State {
        let there = self.disks.get(stage).is_some_and(|disk| !disk.gone);
        match reasons.first() {
            None => State::Fresh,
            Some(Reason::Partial) => State::Partial,
            Some(_) if there => State::Stale,
            Some(_) => State::Missing,
        }
    }

    fn reasons(&self, stage: &Stage, facts: &Facts, reruns: &BTreeSet<String>) -> Vec<Reason> {
        let (Some(record), Some(disk)) = (self.lock.stages.get(stage.name()), self.disks.get(stage.name()))
        else {
            return vec![Reason::NeverRan];
        };
        let mut reasons = facts.differences(record, &|upstream| reruns.contains(upstream));
        if let Some(path) = disk.missing.first() {
            let (path, more) = if disk.gone {
                ("", 0)
            } else {
                (path.as_str(), disk.missing.len() - 1)
            };
            reasons.push(Reason::OutputMissing {
                path: format!("{}/{path}", stage.name()),
                more,
            });
        } else if disk.gone {
            reasons.push(Reason::OutputMissing {
                path: format!("{}/", stage.name()),
                more: 0,
            });
        }
        if let Some(path) = disk.changed.first() {
            let path = format!("{}/{path}", stage.name());
            reasons.push(Reason::OutputChanged {
                path,
                more: disk.changed.len() - 1,
            });
        }
        // A stage that follows one that runs now says that.
        let follows = stage.upstream.iter().any(|u| reruns.contains(&u.stage));
        if reasons.is_empty() && !follows && !record.outdated_by.is_empty() {
            let stages = record.outdated_by.iter().cloned().collect();
            reasons.push(Reason::Outdated { stages });
        }
        reasons
    }
}
