//! Estimates of a run, out of measurements of its stages.

use super::accelerator;
use super::growth::{CostOfItems, Growth};
use super::measure::{MeasuredRun, MeasuredStage};
use super::room;
use super::run_estimate::{RunEstimate, StageEstimate};
use super::stages_to_run::stages_to_run;
use super::workload::{Workload, Workloads};
use ecgfm_pipeline::{Error, Graph, LockFile, PlannedStage};
use std::collections::BTreeMap;

/// Kinds whose cost does not grow, or hardly.
const FIXED: [&str; 3] = ["export", "demo_model", "report"];
/// Kinds each of whose items costs the same, so that one measurement tells something.
const PROPORTIONAL: [&str; 2] = ["synth", "signals"];

/// A stage of so many times the items may cost more than the one that was measured.
const MORE: f64 = 1.5;
/// Bytes a second at which outputs are hashed and on disk, whatever a few of them seem to say.
const SLOWEST_DISK: f64 = 200e6;
const FASTEST_DISK: f64 = 2e9;

/// Estimates the stages of a plan that run.
///
/// # Errors
/// The record of the run cannot be read.
pub fn predict_run(
    graph: &Graph,
    plan: &[PlannedStage],
    measured: &[MeasuredRun],
) -> Result<RunEstimate, Error> {
    let runs = stages_to_run(plan);
    let lock = LockFile::read(graph.run_dir())?.unwrap_or_default();
    let workloads = Workloads::new(graph, &runs, &lock, measured).all();
    let mut sizes = StageSizes::recorded(&lock, measured);
    let mut run = RunEstimate {
        run_dir: graph.run_dir().to_owned(),
        complete: true,
        measured_seconds: measured.iter().map(|run| run.seconds).sum(),
        ..RunEstimate::default()
    };
    for planned in plan
        .iter()
        .filter(|planned| runs.contains(planned.stage.as_str()))
    {
        let estimate = estimate_stage(planned, workloads.get(&planned.stage), measured, &sizes);
        if let Some(bytes) = estimate.writes_bytes {
            sizes.in_run.insert(planned.stage.clone(), bytes as f64);
        }
        run.add(estimate);
    }
    run.segments = count_segments(plan, &workloads, measured);
    run.needs_bytes = room::peak_bytes(&run.stages, &lock);
    run.free_bytes = ecgfm_system::disk::free_bytes(graph.run_dir()).ok();
    run.accelerator = accelerator::advise(&run, measured);
    Ok(run)
}

/// Bytes of the outputs of stages, in the run and in the largest measurement.
struct StageSizes {
    in_run: BTreeMap<String, f64>,
    measured: BTreeMap<String, f64>,
}

impl StageSizes {
    fn recorded(lock: &LockFile, measured: &[MeasuredRun]) -> Self {
        let of_record =
            |record: &ecgfm_pipeline::StageRecord| record.outputs.values().map(|file| file.size as f64).sum();
        let in_run = lock
            .stages
            .iter()
            .map(|(name, record)| (name.clone(), of_record(record)));
        let stages = measured.iter().flat_map(|run| &run.stages);
        Self {
            in_run: in_run.collect(),
            measured: stages
                .map(|(name, stage)| (name.clone(), stage.bytes as f64))
                .collect(),
        }
    }

    /// Bytes that a stage reads: what others leave is as many times larger as they are; what comes from outside is what it is.
    fn bytes_read(&self, stage: &MeasuredStage) -> u64 {
        let size = |(from, size): &(Option<String>, u64)| {
            let from = from.as_ref();
            let grown =
                from.and_then(|from| Some(self.in_run.get(from)? / self.measured.get(from)?.max(1.0)));
            *size as f64 * grown.unwrap_or(1.0)
        };
        stage.inputs.iter().map(size).sum::<f64>() as u64
    }
}

fn estimate_stage(
    planned: &PlannedStage,
    workload: Option<&Workload>,
    measured: &[MeasuredRun],
    sizes: &StageSizes,
) -> StageEstimate {
    let named = StageEstimate {
        stage: planned.stage.clone(),
        kind: planned.kind.clone(),
        ..StageEstimate::default()
    };
    let points = points_of(&planned.stage, workload, measured);
    let is_fixed = FIXED.contains(&planned.kind.as_str());
    let why_not = match points.is_empty() {
        true => Some(why_not_measured(&planned.stage, measured)),
        false if workload.is_none() && !is_fixed => {
            Some("the number of its exams or segments is not known".to_owned())
        }
        false => None,
    };
    let Some((measured_items, last)) = points.last().filter(|_| why_not.is_none()) else {
        return StageEstimate {
            not_estimated: why_not,
            ..named
        };
    };
    let items = workload.map_or(1.0, |workload| workload.items);
    let cost = StageCost::of(&planned.kind, &points, items * share_to_do(planned));
    StageEstimate {
        unit: workload.map(|workload| workload.unit),
        items: workload.map(|workload| workload.items.round() as u64),
        measured_items: workload.map(|_| *measured_items as u64),
        reads_bytes: Some(sizes.bytes_read(last)),
        writes_bytes: Some(cost.bytes.round() as u64),
        seconds: Some(cost.seconds),
        at_least: !cost.grows && !is_fixed && items > measured_items * MORE,
        ..named
    }
}

/// Cost of a stage in the run.
struct StageCost {
    seconds: f64,
    bytes: f64,
    /// Set where its growth is part of the seconds.
    grows: bool,
}

impl StageCost {
    /// Cost of so many items, by measurements of a stage of a kind, of which there is one at least.
    fn of(kind: &str, points: &[(f64, &MeasuredStage)], items: f64) -> Self {
        // A stage that is finished uses in the second measurement what the first made.
        let timed = if FIXED.contains(&kind) {
            points.first()
        } else {
            points.last()
        };
        let timed = timed.map(|(_, stage)| (stage.seconds, stage.bytes as f64));
        let (seconds, bytes) = timed.unwrap_or_default();
        let bytes = growth_of(kind, points, |stage| Some(stage.bytes as f64))
            .map_or(bytes, |growth| growth.cost(items));
        let work = match kind {
            "infer" => growth_of_model(points),
            _ => growth_of(kind, points, MeasuredStage::work),
        };
        Self {
            seconds: work.map_or(seconds, |work| {
                work.cost(items) + seconds_to_publish(points, bytes)
            }),
            bytes,
            grows: work.is_some(),
        }
    }
}

/// Measurements of a stage with the number of its items, the smallest first.
fn points_of<'a>(
    stage: &str,
    workload: Option<&Workload>,
    measured: &'a [MeasuredRun],
) -> Vec<(f64, &'a MeasuredStage)> {
    let point = |(number, run): (usize, &'a MeasuredRun)| {
        let items = match workload {
            Some(workload) => (*workload.measured.get(number)?)?,
            None => 1.0,
        };
        Some((items, run.stages.get(stage)?))
    };
    measured.iter().enumerate().filter_map(point).collect()
}

/// Growth of a cost of a stage; none where the measurements do not tell it.
fn growth_of(
    kind: &str,
    points: &[(f64, &MeasuredStage)],
    cost: impl Fn(&MeasuredStage) -> Option<f64>,
) -> Option<Growth> {
    if FIXED.contains(&kind) {
        return None;
    }
    let of = |(items, stage): &(f64, &MeasuredStage)| {
        let (items, cost) = (*items, cost(stage)?);
        Some(CostOfItems { items, cost })
    };
    let (first, last) = (of(points.first()?)?, of(points.last()?)?);
    let single = || (PROPORTIONAL.contains(&kind) || kind == "infer").then(|| Growth::proportional(last));
    Growth::between(first, last).or_else(single)
}

/// Growth of the work of a model: its rate is known without what it costs once.
fn growth_of_model(points: &[(f64, &MeasuredStage)]) -> Option<Growth> {
    let (items, last) = points.last()?;
    let (items, cost) = (*items, last.work()?);
    let rate = last.segments_per_second?;
    Some(Growth::through(CostOfItems { items, cost }, 1.0 / rate))
}

/// Seconds that pass until so many bytes of outputs are hashed, on disk and in place. A disk that is busy for a moment delays a small
/// stage as much as a large one.
fn seconds_to_publish(points: &[(f64, &MeasuredStage)], bytes: f64) -> f64 {
    let point = |(_, stage): &(f64, &MeasuredStage)| {
        let cost = (stage.seconds - stage.work()?).max(0.0);
        let items = stage.bytes as f64;
        Some(CostOfItems { items, cost })
    };
    let points: Vec<CostOfItems> = points.iter().filter_map(point).collect();
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return 0.0;
    };
    let each = match Growth::between(*first, *last) {
        Some(growth) => growth.each.clamp(1.0 / FASTEST_DISK, 1.0 / SLOWEST_DISK),
        None => 1.0 / FASTEST_DISK,
    };
    let once = points
        .iter()
        .map(|point| (point.cost - each * point.items).max(0.0));
    once.fold(f64::INFINITY, f64::min) + each * bytes
}

/// Share of a stage's chunks that are not there yet.
fn share_to_do(planned: &PlannedStage) -> f64 {
    planned
        .chunks
        .as_ref()
        .filter(|count| count.of > 0)
        .map_or(1.0, |count| 1.0 - count.there as f64 / count.of as f64)
}

fn why_not_measured(stage: &str, measured: &[MeasuredRun]) -> String {
    let why = measured.iter().find_map(|run| run.failed.get(stage));
    why.cloned()
        .unwrap_or_else(|| "a stage before it was not measured".to_owned())
}

/// Segments that the stages leave which make them.
fn count_segments(
    plan: &[PlannedStage],
    workloads: &BTreeMap<String, Workload>,
    measured: &[MeasuredRun],
) -> Option<u64> {
    let of = |planned: &PlannedStage| {
        let workload = workloads.get(&planned.stage)?;
        let points = points_of(&planned.stage, Some(workload), measured);
        let (items, last) = points.last()?;
        Some(last.count("segments")? / items.max(1.0) * workload.items)
    };
    let signals = plan.iter().filter(|planned| planned.kind == "signals");
    let segments: Vec<f64> = signals.filter_map(of).collect();
    (!segments.is_empty()).then(|| segments.iter().sum::<f64>().round() as u64)
}
