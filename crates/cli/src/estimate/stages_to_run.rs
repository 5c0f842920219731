//! Stages that a run comes to, and what lies before them.

use ecgfm_pipeline::{Graph, PlannedStage, StageAction};
use std::collections::BTreeSet;

/// Stages that will run, or may.
pub fn stages_to_run(plan: &[PlannedStage]) -> BTreeSet<&str> {
    let runs =
        |planned: &&PlannedStage| matches!(planned.action, StageAction::Run | StageAction::RunIfChanged);
    plan.iter()
        .filter(runs)
        .map(|planned| planned.stage.as_str())
        .collect()
}

/// Stages of these names and all before them, in running order.
pub fn with_stages_before(graph: &Graph, names: &BTreeSet<&str>) -> Vec<String> {
    let mut wanted: BTreeSet<&str> = names.clone();
    for stage in graph.stages().iter().rev() {
        if wanted.contains(stage.name()) {
            wanted.extend(stage.upstream().iter().map(|before| before.stage.as_str()));
        }
    }
    let stages = graph.stages().iter().map(|stage| stage.name().to_owned());
    stages.filter(|name| wanted.contains(name.as_str())).collect()
}
