//! From a pipeline file with one profile to its graph: kinds, edges, order, references, parameters.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::config::check;
use crate::config::document::{Document, Name, ProfiledDocument, StageEntry};
use crate::config::graph::{Graph, Stage, Upstream};
use crate::config::interpolate::{EnvironmentLookup, Scope, output_references};
use crate::config::node::{Node, NodeData};
use crate::config::order;
use crate::config::outputs::output_paths;
use crate::config::paths::{PathBases, PlacedParams};
use crate::config::source::Span;
use crate::config::suggest::suggest_name;
use crate::error::{Error, Result};
use crate::kind::{StageKind, StageKinds};

/// A stage whose kind and edges are known.
struct ResolvedStage<'a> {
    text: &'a StageEntry,
    kind: &'a Arc<dyn StageKind>,
    upstream: Vec<(Upstream, Span)>,
}

pub(crate) fn build_graph(
    document: &Document,
    effective: &ProfiledDocument,
    kinds: &StageKinds,
    (workdir, base): (&Path, &Path),
    environment: EnvironmentLookup<'_>,
) -> Result<Graph> {
    // Every variable's references are checked, but a missing environment variable matters only to those used.
    let mut trial = Scope::new(&effective.vars, &effective.profile, &|_| Some(String::new()));
    for var in &effective.vars {
        trial.variable(var)?;
    }
    let resolved = resolve_stages(effective, kinds)?;
    let order = running_order(&resolved)?;
    let run_dir = workdir.join(&document.name.text).join(&effective.profile);
    if run_dir.to_str().is_none() {
        let message = format!(
            "the working directory's name `{}` is not UTF-8",
            run_dir.display()
        );
        return Err(Error::new(crate::ErrorKind::Config, message).help("choose another --workdir"));
    }
    let mut scope = Scope::new(&effective.vars, &effective.profile, environment);
    let mut stages: Vec<Stage> = Vec::new();
    let places = PathBases {
        base,
        run_dir: &run_dir,
        environment,
    };
    for at in order {
        let stage = check_stage(&resolved[at], &mut scope, &stages, &places)?;
        stages.push(stage);
    }
    let vars = effective
        .vars
        .iter()
        .filter_map(|v| Some((v.key.clone(), scope.variable(v).ok()?.to_json())));
    Ok(Graph {
        pipeline: document.name.text.clone(),
        description: document.description.clone(),
        profile: effective.profile.clone(),
        vars: vars.collect(),
        base: base.to_owned(),
        run_dir,
        stages,
    })
}

fn running_order(resolved: &[ResolvedStage<'_>]) -> Result<Vec<usize>> {
    let names: Vec<&Name> = resolved.iter().map(|s| &s.text.name).collect();
    let target = |(upstream, span): &(Upstream, Span)| {
        let at = names.iter().position(|n| n.text == upstream.stage)?;
        Some((at, span.clone()))
    };
    let edges: Vec<Vec<(usize, Span)>> = resolved
        .iter()
        .map(|s| s.upstream.iter().filter_map(target).collect())
        .collect();
    order::running_order(&names, &edges)
}

fn resolve_stages<'a>(
    effective: &'a ProfiledDocument,
    kinds: &'a StageKinds,
) -> Result<Vec<ResolvedStage<'a>>> {
    let with_kind = effective
        .stages
        .iter()
        .map(|text| Ok((text, kind_of(text, kinds)?)));
    let with_kind: Vec<_> = with_kind.collect::<Result<_>>()?;
    let known: BTreeMap<&str, &Arc<dyn StageKind>> = with_kind
        .iter()
        .map(|(text, kind)| (text.name.text.as_str(), *kind))
        .collect();
    with_kind
        .iter()
        .map(|(text, kind)| {
            Ok(ResolvedStage {
                text,
                kind,
                upstream: stage_edges(text, effective, &known)?,
            })
        })
        .collect()
}

fn kind_of<'a>(stage: &StageEntry, kinds: &'a StageKinds) -> Result<&'a Arc<dyn StageKind>> {
    let Some(uses) = &stage.uses else {
        let meant = kinds
            .get(&stage.name.text)
            .map(|_| stage.name.text.as_str())
            .unwrap_or("KIND");
        return Err(Error::config(
            &stage.name.span,
            format!("stage `{}` has no kind", stage.name.text),
        )
        .help(format!("add `uses: {meant}`")));
    };
    kinds.get(&uses.text).ok_or_else(|| {
        let message = format!(
            "unknown stage kind `{}` in stage `{}`",
            uses.text, stage.name.text
        );
        Error::config(&uses.span, message).help(suggest_name(&uses.text, "kinds", kinds.names()))
    })
}

fn stage_edges(
    stage: &StageEntry,
    effective: &ProfiledDocument,
    known: &BTreeMap<&str, &Arc<dyn StageKind>>,
) -> Result<Vec<(Upstream, Span)>> {
    let mut edges: Vec<(Upstream, Span)> = Vec::new();
    let mut edge = |to: &str, output: Option<&str>, span: &Span| {
        let at = edges.iter().position(|(u, _)| u.stage == to).unwrap_or_else(|| {
            let upstream = Upstream {
                stage: to.to_owned(),
                outputs: Vec::new(),
                needed: false,
            };
            edges.push((upstream, span.clone()));
            edges.len() - 1
        });
        match output {
            None => edges[at].0.needed = true,
            Some(output) if edges[at].0.outputs.iter().any(|o| o == output) => {}
            Some(output) => edges[at].0.outputs.push(output.to_owned()),
        }
    };
    if let Some(with) = &stage.with {
        output_references(with, &mut |to, output, span| {
            let Some(kind) = known.get(to) else {
                let message = format!("`${{{to}.{output}}}` refers to stage `{to}`, which does not exist");
                return Err(dangling_reference(message, to, &span, effective, known));
            };
            if !kind.outputs().iter().any(|o| o.name == output) {
                let outputs = kind.outputs().iter().map(|o| o.name);
                let message = format!("`${{{to}.{output}}}`: stage `{to}` has no output `{output}`");
                return Err(Error::config(&span, message).help(suggest_name(output, "outputs", outputs)));
            }
            edge(to, Some(output), &span);
            Ok(())
        })?;
    }
    for need in stage.needs.iter().flatten() {
        if !known.contains_key(need.text.as_str()) {
            let message = format!(
                "stage `{}` needs stage `{}`, which does not exist",
                stage.name.text, need.text
            );
            return Err(dangling_reference(
                message, &need.text, &need.span, effective, known,
            ));
        }
        edge(&need.text, None, &need.span);
    }
    Ok(edges)
}

fn dangling_reference(
    message: String,
    stage: &str,
    span: &Span,
    effective: &ProfiledDocument,
    known: &BTreeMap<&str, &Arc<dyn StageKind>>,
) -> Error {
    if effective.removed.iter().any(|r| r == stage) {
        let help = format!(
            "profile `{}` removes `{stage}`; replace the reference there too",
            effective.profile
        );
        return Error::config(span, message).help(help);
    }
    if effective.vars.iter().any(|v| v.key == stage)
        && crate::config::suggest::nearest_name(stage, known.keys().copied()).is_none()
    {
        return Error::config(span, message).help(format!("did you mean the variable `${{vars.{stage}}}`?"));
    }
    Error::config(span, message).help(suggest_name(stage, "stages", known.keys().copied()))
}

fn check_stage(
    stage: &ResolvedStage<'_>,
    scope: &mut Scope<'_>,
    done: &[Stage],
    places: &PathBases<'_>,
) -> Result<Stage> {
    let name = &stage.text.name;
    let path_of = |stage: &str, output: &str, span: &Span| {
        let found = done.iter().find(|s| s.name.text == stage);
        let found = found.and_then(|s| s.outputs.iter().find(|o| o.name == output));
        let path = found.and_then(|o| o.path.to_str()).map(str::to_owned);
        path.ok_or_else(|| Error::config(span, format!("stage `{stage}` has no output `{output}`")))
    };
    let empty = Node::new(NodeData::Map(Vec::new()), name.span.clone());
    let with = scope
        .resolve(stage.text.with.as_ref().unwrap_or(&empty), Some(&path_of))
        .map_err(|e| e.in_stage(&name.text))?;
    let params = stage
        .kind
        .check(&with.to_json())
        .map_err(|e| check::refused_param(name, &with, e))?;
    let PlacedParams { params, recorded } = places
        .placed(stage.kind.as_ref(), params, &with)
        .map_err(|e| check::refused_param(name, &with, e))?;
    let dir = places.run_dir.join(&name.text);
    Ok(Stage {
        outputs: output_paths(stage.kind.outputs(), &params, &dir)
            .map_err(|message| Error::config(&name.span, format!("stage `{}`: {message}", name.text)))?,
        name: name.clone(),
        kind: Arc::clone(stage.kind),
        with,
        params,
        recorded,
        upstream: stage.upstream.iter().map(|(u, _)| u.clone()).collect(),
    })
}
