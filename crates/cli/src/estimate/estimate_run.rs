//! The two measurements of a run's stages, and the estimate that they give.

use super::measure::{
    FIRST_EXAMS, MOST_TIME, MeasuredRun, MeasuredStage, WANTED_TIME, measure_stages, measured_exams,
};
use super::predicted::predict_run;
use super::run_estimate::RunEstimate;
use super::small_stage::SmallSizes;
use super::stages_to_run::{stages_to_run, with_stages_before};
use crate::args::PipelineArgs;
use ecgfm_pipeline::{Cancel, Error, Graph, PlannedStage, StageState};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

/// The most exams of the second.
const MOST_EXAMS: usize = 768;
/// Seconds that a second measurement may always take, of all but models.
const LEAST_SECONDS: f64 = 1.5;
/// Segments of the first measurement, for each core: a batch.
const SEGMENTS_A_CORE: usize = 8;
/// Seconds for which a model may run in the second measurement.
const MODEL_SECONDS: f64 = 2.0;
/// Measures the stages that will run, and estimates what the run takes.
///
/// # Errors
/// Interruption; the record of the run cannot be read.
pub fn estimate_run(
    target: &PipelineArgs,
    graph: &Graph,
    plan: &[PlannedStage],
    cancel: &Cancel,
) -> Result<RunEstimate, Error> {
    let names = stages_to_run(plan);
    if names.is_empty() {
        return Ok(RunEstimate::default());
    }
    let stages = with_stages_before(graph, &names);
    let first_sizes = SmallSizes {
        exams: FIRST_EXAMS,
        segments: SEGMENTS_A_CORE * cores(),
        finished: kept_models(graph, plan),
    };
    let first = measure_stages(
        target,
        graph.run_dir(),
        stages.clone(),
        &first_sizes,
        MOST_TIME,
        cancel,
    )?;
    let mut runs = vec![first];
    if let Some((stages, sizes)) = second_measurement(graph, stages, &runs[0], &first_sizes) {
        let left = MOST_TIME.saturating_sub(Duration::from_secs_f64(runs[0].seconds));
        runs.push(measure_stages(
            target,
            graph.run_dir(),
            stages,
            &sizes,
            left,
            cancel,
        )?);
    }
    predict_run(graph, plan, &runs)
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Directories of models that the run keeps: they are used as they are.
fn kept_models(graph: &Graph, plan: &[PlannedStage]) -> Vec<(String, PathBuf)> {
    let kept = plan.iter().filter(|planned| {
        planned.state == StageState::Fresh && matches!(planned.kind.as_str(), "export" | "demo_model")
    });
    kept.map(|planned| (planned.stage.clone(), graph.run_dir().join(&planned.stage)))
        .collect()
}

/// Stages and sizes of a second measurement; none where there is no time for one, or nothing more to measure.
fn second_measurement(
    graph: &Graph,
    stages: Vec<String>,
    first: &MeasuredRun,
    sizes: &SmallSizes,
) -> Option<(Vec<String>, SmallSizes)> {
    let look = FirstLook { graph, first };
    let models = look.of_kinds(&stages, &["infer"]);
    let left = WANTED_TIME.as_secs_f64() - first.seconds;
    // A model's own cost is paid again.
    let for_models = look.seconds(&models) + MODEL_SECONDS * models.len() as f64;
    let with_models = for_models <= left / 2.0;
    let exams = look.exams(
        &stages,
        sizes.exams,
        match with_models {
            true => left - for_models,
            false => left.max(LEAST_SECONDS),
        },
    );
    if exams < sizes.exams * 2 {
        return None;
    }
    let mut finished = sizes.finished.clone();
    for name in look.of_kinds(&stages, &ONCE) {
        if !finished.iter().any(|(there, _)| *there == name) {
            finished.extend(first.stage_dir(&name).map(|dir| (name, dir)));
        }
    }
    let sizes = SmallSizes {
        exams,
        segments: look.segments(&models).unwrap_or(0).max(sizes.segments),
        finished,
    };
    let stages = match with_models {
        true => stages,
        false => without(graph, stages, &models),
    };
    Some((stages, sizes))
}

/// Kinds of stage that are measured once.
const ONCE: [&str; 2] = ["export", "demo_model"];

/// A first measurement, from which the second is planned.
struct FirstLook<'a> {
    graph: &'a Graph,
    first: &'a MeasuredRun,
}

impl FirstLook<'_> {
    /// The stages of these kinds.
    fn of_kinds(&self, stages: &[String], kinds: &[&str]) -> Vec<String> {
        let is = |name: &&String| {
            self.graph
                .stage(name)
                .is_ok_and(|stage| kinds.contains(&stage.kind().name()))
        };
        stages.iter().filter(is).cloned().collect()
    }

    fn measured<'s>(&'s self, stages: &'s [String]) -> impl Iterator<Item = &'s MeasuredStage> {
        stages.iter().filter_map(|name| self.first.stages.get(name))
    }

    fn seconds(&self, stages: &[String]) -> f64 {
        self.measured(stages).map(|stage| stage.seconds).sum()
    }

    /// Exams that all stages but models and those that are measured once can do in so many seconds, as if all their cost grew.
    fn exams(&self, stages: &[String], measured: usize, seconds: f64) -> usize {
        let once = self.of_kinds(stages, &["infer", "export", "demo_model"]);
        let growing = (self.seconds(stages) - self.seconds(&once)).max(0.02);
        let exams = (measured as f64 * seconds / growing).clamp(0.0, MOST_EXAMS as f64) as usize;
        let there = self.measured(stages).filter_map(measured_exams);
        exams.min(there.map(|(_, of)| of as usize).max().unwrap_or(0))
    }

    /// Segments that the slowest model does in the time for a model; none where no model was measured.
    fn segments(&self, models: &[String]) -> Option<usize> {
        let rates = self
            .measured(models)
            .filter_map(|stage| stage.segments_per_second);
        rates.reduce(f64::min).map(|rate| (rate * MODEL_SECONDS) as usize)
    }
}

/// The stages without some and all that depend on those.
fn without(graph: &Graph, mut stages: Vec<String>, some: &[String]) -> Vec<String> {
    let mut left_out: BTreeSet<&str> = some.iter().map(String::as_str).collect();
    for stage in graph.stages() {
        if stage
            .upstream()
            .iter()
            .any(|before| left_out.contains(before.stage.as_str()))
        {
            left_out.insert(stage.name());
        }
    }
    stages.retain(|name| !left_out.contains(name.as_str()));
    stages
}
