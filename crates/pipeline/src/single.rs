//! One stage on explicit files, without a pipeline.

use std::fs;
use std::path::Path;

use crate::check;
use crate::document::Name;
use crate::error::{Error, ErrorKind, Result};
use crate::event::Observer;
use crate::kind::{Cancel, StageKind, StageOutcome};
use crate::node::{Data, Node};
use crate::outputs;
use crate::partial;
use crate::publish;
use crate::set::{nested, parse};
use crate::source::{Source, Span};
use crate::stage_run::Job;

/// What the directory of a stage that ran alone is known by, and what it was made from.
const RECORD: &str = ".stage.json";

/// Runs one stage of a kind with parameters given as `k=v` arguments (values are YAML, `a.b=v` nests) and puts
/// what it leaves at `out`, with a record in `.stage.json`. An `out` that already holds such a stage is replaced
/// with `force`; one that holds anything else never is.
///
/// # Errors
/// As a run's stage; [`ErrorKind::Config`] when `out` is not empty.
pub fn run_stage(
    kind: &dyn StageKind,
    with: &[String],
    out: &Path,
    force: bool,
    observer: &dyn Observer,
    cancel: &Cancel,
) -> Result<StageOutcome> {
    let (name, node) = arguments(kind, with)?;
    let params = kind
        .check(&node.to_json())
        .map_err(|e| check::refused(&name, &node, e))?;
    let outputs =
        outputs::outputs(kind.outputs(), &params, out).map_err(|m| Error::new(ErrorKind::Config, m))?;
    vacant(out, force)?;
    let io = |e: std::io::Error| Error::io("write", out, &e);
    let (temporary, resumed) = partial::prepare(out, None).map_err(io)?;
    let job = Job {
        stage: kind.name(),
        kind,
        params: &params,
        outputs: &outputs,
        out: &temporary,
        home: out,
        resumed,
    };
    let outcome = job.run(observer, cancel).inspect_err(|_| {
        let _ = publish::remove(&temporary);
    })?;
    let record = serde_json::json!({
        "kind": kind.name(), "code_version": kind.version(), "parameters": params,
        "counts": outcome.counts, "facts": outcome.facts,
    });
    let record = publish::json(&temporary.join(RECORD), &record)?;
    partial::unmark(&temporary)
        .and_then(|()| fs::write(temporary.join(RECORD), record))
        .and_then(|()| publish::sync_tree(&temporary))
        .and_then(|()| publish::replace_dir(&temporary, out))
        .map_err(io)?;
    Ok(outcome)
}

fn arguments(kind: &dyn StageKind, with: &[String]) -> Result<(Name, Node)> {
    let span = Span::start_of(&Source::argument("--with"));
    let mut node = Node::new(Data::Map(Vec::new()), span.clone());
    for argument in with {
        let assignment = parse("--with", argument)?;
        node.merge(nested(&assignment.path, assignment.value, &assignment.span));
    }
    Ok((
        Name {
            text: kind.name().to_owned(),
            span,
        },
        node,
    ))
}

/// Only what a stage left here before is ever replaced: `out` may have been mistyped.
fn vacant(out: &Path, force: bool) -> Result<()> {
    let refused = |what: &str, help: &str| {
        Err(Error::new(ErrorKind::Config, format!("`{}` {what}", out.display())).help(help))
    };
    let occupied = fs::read_dir(out).map_or_else(|_| out.exists(), |mut entries| entries.next().is_some());
    let ours = out.join(RECORD).is_file();
    if out.file_name().is_none() {
        return refused("cannot be replaced", "give a directory by its name");
    }
    match (occupied, force, ours) {
        (false, ..) | (_, true, true) => Ok(()),
        (_, _, true) => refused(
            "is not empty",
            "choose another directory, or add --force to replace it",
        ),
        _ => refused("holds files that no stage left", "choose another directory"),
    }
}
