//! Refusal of a run for which there is certainly not enough room on disk, before it starts.

use super::measure::{FIRST_EXAMS, MOST_TIME, measure_stages};
use super::predicted::predict_run;
use super::room::refuse_room;
use super::small_stage::SmallSizes;
use super::stages_to_run::{stages_to_run, with_stages_before};
use crate::args::PipelineArgs;
use ecgfm_pipeline::{Cancel, Error, Graph, PlannedStage, Stage};
use ecgfm_system::disk::free_bytes;
use serde_json::Value;
use std::collections::BTreeSet;

/// Kinds of stage that may fill a disk, and need nothing but an archive.
const WRITERS: [&str; 2] = ["synth", "signals"];
/// Bytes that no exam takes: where there is so much for each, nothing is measured.
const MORE_THAN_AN_EXAM: u64 = 16 << 20;

/// Refuses a run whose segments certainly do not fit on the disk, before any of its stages starts. Measures a few exams where that is in
/// doubt, and nothing where there is plenty of room.
///
/// # Errors
/// There is not enough room; interruption. What cannot be found out is no reason to refuse.
pub fn check_room(
    target: &PipelineArgs,
    graph: &Graph,
    plan: &[PlannedStage],
    cancel: &Cancel,
) -> Result<(), Error> {
    let runs = stages_to_run(plan);
    let writers = graph
        .stages()
        .iter()
        .filter(|stage| is_writer(stage) && runs.contains(stage.name()));
    let writers: Vec<&Stage> = writers.collect();
    let (Some(exams), Ok(free)) = (most_exams(graph, &writers), free_bytes(graph.run_dir())) else {
        return Ok(());
    };
    let stages = with_stages_before(
        graph,
        &writers.iter().map(|stage| stage.name()).collect::<BTreeSet<_>>(),
    );
    let alone = stages.iter().all(|name| graph.stage(name).is_ok_and(is_writer));
    if !alone || free / MORE_THAN_AN_EXAM >= exams {
        return Ok(());
    }
    let sizes = SmallSizes {
        exams: FIRST_EXAMS,
        segments: 1,
        finished: Vec::new(),
    };
    let measured = measure_stages(target, graph.run_dir(), stages, &sizes, MOST_TIME, cancel)?;
    let estimate = predict_run(graph, plan, &[measured])?;
    refuse_room(&estimate).map_or(Ok(()), Err)
}

fn is_writer(stage: &Stage) -> bool {
    WRITERS.contains(&stage.kind().name())
}

/// The most exams that one of the stages makes or reads; none where nothing is known.
fn most_exams(graph: &Graph, writers: &[&Stage]) -> Option<u64> {
    let known = writers.iter().filter_map(|stage| match stage.kind().name() {
        "synth" => stage.params()["exams"].as_u64(),
        _ => made_exams(graph, stage).or_else(|| archived_exams(stage.params())),
    });
    known.max()
}

/// Exams of the archive that a stage before this one makes.
fn made_exams(graph: &Graph, stage: &Stage) -> Option<u64> {
    let mut before = stage
        .upstream()
        .iter()
        .filter_map(|upstream| graph.stage(&upstream.stage).ok());
    before.find(|stage| stage.kind().name() == "synth")?.params()["exams"].as_u64()
}

/// Exams of an archive from outside. The stage itself says why one cannot be opened.
fn archived_exams(params: &Value) -> Option<u64> {
    let params: ecgfm_signals::Params = serde_json::from_value(params.clone()).ok()?;
    Some(params.open_archive().ok()?.exams().len() as u64)
}
