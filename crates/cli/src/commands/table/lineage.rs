//! The stages that an evaluation comes from, as the run's `lock.json` records them.

use crate::errors::{file_error, of_stage};
use ecgfm_artifacts::store::StoreInfo;
use ecgfm_pipeline::{Error, ErrorKind, LockFile, StageRecord};
use ecgfm_stage_params::{CardError, ModelCard};
use serde::de::IgnoredAny;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

/// An evaluation's stage and those it was made from.
#[derive(Debug)]
pub(super) struct Lineage {
    run_dir: PathBuf,
    lock: LockFile,
    /// Names of the stages, the evaluation's first, then what it read, and so on.
    nearest: Vec<String>,
}

impl Lineage {
    /// The stages that made the evaluation in `dir`; none where no `lock.json` beside it has it.
    ///
    /// # Errors
    /// The file is damaged, or cannot be read.
    pub(super) fn of_evaluation(dir: &Path) -> Result<Option<Self>, Error> {
        let dir = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
        let (Some(run_dir), Some(stage)) = (dir.parent(), dir.file_name().and_then(|name| name.to_str()))
        else {
            return Ok(None);
        };
        let lock = LockFile::read(run_dir)?;
        Ok(lock.and_then(|lock| Self::of_stage(run_dir, lock, stage)))
    }

    /// The stage of that name and those it was made from; none where the record has no such stage.
    pub(super) fn of_stage(run_dir: &Path, lock: LockFile, stage: &str) -> Option<Self> {
        lock.stages.get(stage)?;
        let mut nearest: Vec<String> = Vec::new();
        let mut waiting = VecDeque::from([stage.to_owned()]);
        while let Some(name) = waiting.pop_front() {
            let Some(record) = lock.stages.get(&name).filter(|_| !nearest.contains(&name)) else {
                continue;
            };
            waiting.extend(record.inputs.values().filter_map(|input| input.stage.clone()));
            nearest.push(name);
        }
        Some(Self {
            run_dir: run_dir.to_owned(),
            lock,
            nearest,
        })
    }

    /// Pipeline and profile.
    pub(super) fn pipeline(&self) -> (&str, &str) {
        (&self.lock.pipeline, &self.lock.profile)
    }

    /// The nearest stage of a kind.
    pub(super) fn stage(&self, kind: &str) -> Option<&StageRecord> {
        self.named_stage(kind).map(|(_, record)| record)
    }

    fn named_stage(&self, kind: &str) -> Option<(&str, &StageRecord)> {
        let mut stages = self
            .nearest
            .iter()
            .filter_map(|name| self.lock.stages.get_key_value(name));
        let found = stages.find(|(_, record)| record.kind == kind);
        found.map(|(name, record)| (name.as_str(), record))
    }

    /// Archives that the signals were read from: name of the dataset, and whether this program made it up.
    pub(super) fn archives(&self) -> Vec<(String, bool)> {
        let Some(signals) = self.stage("signals") else {
            return Vec::new();
        };
        let made_up = |raw: &Value| {
            let input = signals.inputs.values().find(|input| raw == &input.path);
            let stage = input.and_then(|input| self.lock.stages.get(input.stage.as_ref()?));
            stage.is_some_and(|record| record.kind == "synth")
        };
        let archive = |of: &Value| Some((of["dataset"].as_str()?.to_owned(), made_up(&of["raw"])));
        match signals.parameters["sources"].as_array() {
            Some(sources) if !sources.is_empty() => sources.iter().filter_map(archive).collect(),
            _ => archive(&signals.parameters).into_iter().collect(),
        }
    }

    /// What the signals stage says of its segments; none where it left no such file, or the file is gone.
    pub(super) fn segments(&self) -> Result<Option<StoreInfo>, Error> {
        match self
            .named_stage("signals")
            .map(|(name, _)| self.run_dir.join(name))
        {
            Some(dir) if dir.is_dir() => StoreInfo::read(&dir.join("segments")).map_err(|e| of_stage(&e)),
            _ => Ok(None),
        }
    }

    /// The card of the model that inference ran; none where there is none, or it is gone.
    pub(super) fn model_card(&self) -> Result<Option<ModelCard>, Error> {
        let Some((infer, model)) = self
            .stage("infer")
            .and_then(|infer| Some((infer, infer.inputs.get("model")?)))
        else {
            return Ok(None);
        };
        let path = ModelCard::<IgnoredAny>::path_beside(&infer.locate(&self.run_dir, &model.path));
        let card = ModelCard::read(&path).map_err(|error| match error {
            CardError::Io(error) => file_error("read", &path, &error),
            CardError::Invalid(_) => Error::new(ErrorKind::BadInput, format!("{}: {error}", path.display())),
        })?;
        // Another file may lie there by now.
        let ran = infer.facts.get("model_sha256").and_then(Value::as_str);
        Ok(card.filter(|card: &ModelCard| ran.is_none_or(|ran| ran == card.model.sha256)))
    }

    /// Versions of this program and its libraries, of all stages.
    pub(super) fn versions(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut all: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for record in self.nearest.iter().filter_map(|name| self.lock.stages.get(name)) {
            for (name, version) in &record.versions {
                all.entry(name).or_default().insert(version);
            }
        }
        all
    }
}
