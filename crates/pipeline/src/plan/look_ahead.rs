//! Checks before the first stage runs: what stages promise to leave, and what is wrong with their parameters.
//!
//! Every kind of stage looks for itself ([`StageKind::look_ahead`]); the engine carries promises along the graph, and turns
//! mistakes into errors at their places in the pipeline file.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::config::check;
use crate::config::document::Name;
use crate::config::graph::{Graph, Stage};
use crate::config::node::Node;
use crate::error::{Error, Result};
use crate::kind::StageKind;
use crate::plan::examine::ExaminedStage;
use crate::plan::status::StageAction;
use crate::promises::{LookAheadContext, ParamMistake, Promises};
use ecgfm_system::presence;

/// Has every stage look ahead that a run reaches, and those before them.
///
/// # Errors
/// All mistakes in the stages that will run, as one error.
pub(crate) fn look_ahead(graph: &Graph, plan: &[ExaminedStage]) -> Result<()> {
    let runs: BTreeSet<&str> = plan
        .iter()
        .filter(|examined| {
            matches!(
                examined.planned.action,
                StageAction::Run | StageAction::RunIfChanged
            )
        })
        .map(|examined| examined.planned.stage.as_str())
        .collect();
    if runs.is_empty() {
        return Ok(());
    }
    let mut looked = runs.clone();
    for stage in graph.stages.iter().rev() {
        if looked.contains(stage.name()) {
            looked.extend(stage.upstream.iter().map(|u| u.stage.as_str()));
        }
    }
    let mut promises: BTreeMap<&str, Promises> = BTreeMap::new();
    let mut errors = Vec::new();
    for stage in graph.stages.iter().filter(|stage| looked.contains(stage.name())) {
        let runs = runs.contains(stage.name());
        let context = context_of(graph, stage, runs, &promises)?;
        let found = stage.kind.look_ahead(&stage.params, &context);
        if runs {
            errors.extend(mistake_errors(&stage.name, &stage.with, found.mistakes));
        }
        promises.insert(stage.name(), found.promises);
    }
    Error::together(errors).map_or(Ok(()), Err)
}

fn context_of<'a>(
    graph: &Graph,
    stage: &Stage,
    runs: bool,
    promises: &'a BTreeMap<&str, Promises>,
) -> Result<LookAheadContext<'a>> {
    let before = stage.upstream.iter();
    let before = before.filter_map(|u| Some((graph.stage_dir(&u.stage), promises.get(u.stage.as_str())?)));
    let left = graph.stage_dir(stage.name());
    let is_left = !runs && presence::is_dir(&left).map_err(|e| Error::io("look for", &left, &e))?;
    Ok(LookAheadContext::new(is_left.then_some(left), before.collect()))
}

/// Has a stage look ahead that runs alone: all it reads comes from outside.
pub(crate) fn look_ahead_alone(kind: &dyn StageKind, params: &Value, name: &Name, with: &Node) -> Result<()> {
    let found = kind.look_ahead(params, &LookAheadContext::default());
    Error::together(mistake_errors(name, with, found.mistakes).collect()).map_or(Ok(()), Err)
}

fn mistake_errors<'a>(
    name: &'a Name,
    with: &'a Node,
    mistakes: Vec<ParamMistake>,
) -> impl Iterator<Item = Error> + use<'a> {
    mistakes
        .into_iter()
        .map(move |mistake| check::refused_param(name, with, mistake.error).of_class(mistake.class))
}
