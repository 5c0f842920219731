//! Numbers of exams and segments of every stage: measured, and in the run.

use super::measure::{MeasuredRun, MeasuredStage, measured_exams};
use super::small_stage::{count_rows, counts};
use ecgfm_artifacts::manifests;
use ecgfm_pipeline::{Graph, LockFile, Stage};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What a stage's cost grows with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemUnit {
    /// Exams of an archive.
    Exams,
    /// Segments that a model runs on.
    Segments,
}

impl ItemUnit {
    /// The word for it, in the plural.
    pub fn word(self) -> &'static str {
        match self {
            Self::Exams => "exams",
            Self::Segments => "segments",
        }
    }
}

/// Items of a stage in the run, and in each measurement of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Workload {
    pub unit: ItemUnit,
    pub items: f64,
    /// By the number of the measurement; none where the stage was not part of it.
    pub measured: Vec<Option<f64>>,
}

/// Finds the items of all stages.
pub struct Workloads<'a> {
    graph: &'a Graph,
    /// Stages that run.
    runs: &'a BTreeSet<&'a str>,
    lock: &'a LockFile,
    measured: &'a [MeasuredRun],
}

impl<'a> Workloads<'a> {
    pub fn new(
        graph: &'a Graph,
        runs: &'a BTreeSet<&'a str>,
        lock: &'a LockFile,
        measured: &'a [MeasuredRun],
    ) -> Self {
        Self {
            graph,
            runs,
            lock,
            measured,
        }
    }

    /// Workloads by stage; none of a stage whose cost does not grow, or whose items are not known.
    pub fn all(&self) -> BTreeMap<String, Workload> {
        let mut found: BTreeMap<String, Workload> = BTreeMap::new();
        let mut models: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for stage in self.graph.stages() {
            let before: Vec<&str> = stage
                .upstream()
                .iter()
                .map(|before| before.stage.as_str())
                .collect();
            let mut of_models: BTreeSet<&str> = before
                .iter()
                .filter_map(|name| models.get(name))
                .flatten()
                .copied()
                .collect();
            let workload = match stage.kind().name() {
                "synth" | "signals" => self.of_source(stage, &found),
                "infer" => {
                    of_models = BTreeSet::from([stage.name()]);
                    self.of_model(stage, &found)
                }
                _ if !of_models.is_empty() => self.sum(of_models.iter().filter_map(|name| found.get(*name))),
                _ => self.largest(before.iter().filter_map(|name| found.get(*name))),
            };
            models.insert(stage.name(), of_models);
            if let Some(workload) = workload {
                found.insert(stage.name().to_owned(), workload);
            }
        }
        found
    }

    /// Measurements of a stage, in order.
    fn measurements(&self, stage: &str) -> impl Iterator<Item = Option<&MeasuredStage>> {
        let stage = stage.to_owned();
        self.measured.iter().map(move |run| run.stages.get(&stage))
    }

    /// The largest measurement of a stage.
    fn last(&self, stage: &str) -> Option<&MeasuredStage> {
        self.measured.iter().rev().find_map(|run| run.stages.get(stage))
    }

    fn of_source(&self, stage: &Stage, before: &BTreeMap<String, Workload>) -> Option<Workload> {
        let last = self.last(stage.name())?;
        let (few, of) = measured_exams(last)?;
        let recorded = self.lock.stages.get(stage.name());
        let kept = recorded.filter(|_| !self.runs.contains(stage.name()));
        let made = stage
            .upstream()
            .iter()
            .find_map(|upstream| before.get(&upstream.stage));
        let items = match (kept, made) {
            (Some(record), _) if record.counts.contains_key("segments") => {
                // As many exams as there are segments in it, by the measured number of segments an exam.
                let segments = record.counts["segments"] as f64;
                few * segments / last.count("segments").filter(|n| *n > 0.0)?
            }
            (_, Some(made)) => made.items,
            _ => of,
        };
        let measured = self.measurements(stage.name());
        let measured = measured.map(|stage| Some(measured_exams(stage?)?.0)).collect();
        Some(Workload {
            unit: ItemUnit::Exams,
            items,
            measured,
        })
    }

    fn of_model(&self, stage: &Stage, before: &BTreeMap<String, Workload>) -> Option<Workload> {
        // A later measurement may be of more exams and without models.
        let number = self
            .measured
            .iter()
            .rposition(|run| run.stages.contains_key(stage.name()))?;
        let last = &self.measured[number].stages[stage.name()];
        let measured = self.measurements(stage.name());
        let measured = measured.map(|stage| stage?.count(counts::SEGMENTS)).collect();
        let workload = |items| {
            Some(Workload {
                unit: ItemUnit::Segments,
                items,
                measured,
            })
        };
        if let Some(rows) = self.rows_on_disk(stage) {
            return workload(rows);
        }
        let manifests = stage
            .upstream()
            .iter()
            .find_map(|upstream| before.get(&upstream.stage))?;
        let scale = manifests.items / (*manifests.measured.get(number)?)?;
        let rows = match self.share_of_split(stage) {
            Some(share) => last.count(counts::OF_ALL_SEGMENTS)? * share,
            None => last.count(counts::OF_SEGMENTS)?,
        };
        workload(rows * scale)
    }

    /// Rows of a manifest that the run reads as it is.
    fn rows_on_disk(&self, stage: &Stage) -> Option<f64> {
        let dir = stage.params()["manifest"].as_str()?;
        let subset = stage.params()["subset"].as_str()?;
        let is_made = stage.upstream().iter().any(|upstream| {
            self.runs.contains(upstream.stage.as_str())
                && Path::new(dir).starts_with(self.graph.run_dir().join(&upstream.stage))
        });
        if is_made {
            return None;
        }
        let rows = count_rows(&Path::new(dir).join(manifests::file_name(subset)));
        rows.ok().map(|rows| rows as f64)
    }

    /// Share of the segments that the subset is to have, where the splits are drawn at random: few exams would not tell.
    fn share_of_split(&self, stage: &Stage) -> Option<f64> {
        let splits = self
            .stages_before(stage)
            .into_iter()
            .find(|stage| stage.kind().name() == "splits")?;
        let params = splits.params();
        if params["strategy"].as_str()? == "column" {
            return None;
        }
        let names = params["names"].as_array()?;
        let at = names.iter().position(|name| *name == stage.params()["subset"])?;
        params["fractions"].as_array()?.get(at).and_then(Value::as_f64)
    }

    /// All stages before one, nearest first.
    fn stages_before(&self, stage: &Stage) -> Vec<&Stage> {
        let mut wanted: BTreeSet<&str> = stage
            .upstream()
            .iter()
            .map(|before| before.stage.as_str())
            .collect();
        let mut found = Vec::new();
        for other in self.graph.stages().iter().rev() {
            if wanted.contains(other.name()) {
                wanted.extend(other.upstream().iter().map(|before| before.stage.as_str()));
                found.push(other);
            }
        }
        found
    }

    fn sum<'w>(&self, of: impl Iterator<Item = &'w Workload>) -> Option<Workload> {
        of.cloned().reduce(|sum, next| Workload {
            unit: sum.unit,
            items: sum.items + next.items,
            measured: sum
                .measured
                .iter()
                .zip(&next.measured)
                .map(|(a, b)| Some((*a)? + (*b)?))
                .collect(),
        })
    }

    fn largest<'w>(&self, of: impl Iterator<Item = &'w Workload>) -> Option<Workload> {
        of.cloned().max_by(|a, b| a.items.total_cmp(&b.items))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::PipelineArgs;
    use crate::kinds::all_kinds;
    use crate::pipelines::graph_in;

    /// A stage that returned these counts.
    fn stage(name: &str, returned: &[(&str, u64)]) -> (String, MeasuredStage) {
        let counts = returned.iter().map(|(count, n)| ((*count).to_owned(), *n));
        let measured = MeasuredStage {
            counts: counts.collect(),
            ..MeasuredStage::default()
        };
        (name.to_owned(), measured)
    }

    #[test]
    fn segments_of_a_model_grow_from_the_measurement_that_it_was_part_of() {
        let dir = tempfile::tempdir().unwrap();
        let target = PipelineArgs {
            pipeline: Some("code15".to_owned()),
            profile: None,
            set: Vec::new(),
            workdir: dir.path().to_owned(),
            json: false,
        };
        let graph = graph_in(&target, &all_kinds(), dir.path()).unwrap();
        let of_exams = |exams| [(counts::EXAMS, exams), (counts::OF_EXAMS, 4000)];
        let measured = |exams, further: Option<(String, MeasuredStage)>| {
            let both = ["synth", "signals"].map(|name| stage(name, &of_exams(exams)));
            let mut run = MeasuredRun::default();
            run.stages.extend(both.into_iter().chain(further));
            run
        };
        let of_model = [
            (counts::SEGMENTS, 16),
            (counts::OF_SEGMENTS, 20),
            (counts::OF_ALL_SEGMENTS, 24),
        ];
        // The second is of more exams and without a model.
        let runs = [measured(16, Some(stage("infer", &of_model))), measured(400, None)];
        let names: BTreeSet<&str> = graph.stages().iter().map(Stage::name).collect();
        let all = Workloads::new(&graph, &names, &LockFile::default(), &runs).all();
        assert_eq!(all["signals"].items, 4000.0);
        // The sample's split `test` has 0.8 of them.
        assert_eq!(all["infer"].items.round(), 4800.0, "24 · 0.8 · 4000 / 16");
        assert_eq!(all["infer"].measured, [Some(16.0), None]);
    }
}
