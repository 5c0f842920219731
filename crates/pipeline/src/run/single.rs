//! One stage on explicit files, without a pipeline.

use std::fs;
use std::io;
use std::path::Path;

use crate::config::assignment::{nested_mapping, parse_assignment};
use crate::config::check;
use crate::config::document::Name;
use crate::config::node::{Node, NodeData};
use crate::config::outputs::{self, StageOutput};
use crate::config::paths::PathBases;
use crate::config::source::{SourceText, Span};
use crate::error::{Error, ErrorKind, Result};
use crate::kind::StageKind;
use crate::plan::fingerprint::FingerprintInputs;
use crate::plan::gather::fingerprint_inputs_alone;
use crate::plan::look_ahead::look_ahead_alone;
use crate::run::event::{RunEvent, RunObserver};
use crate::run::invocation::{StageInvocation, input_changed, prepare_dirs};
use crate::store::layout::{self, LONE_STAGE_FILE};
use crate::store::publish;
use crate::store::run_lock;
use crate::store::stage_chunks;
use ecgfm_stage::{Cancel, Outcome};
use ecgfm_system::presence;
use serde_json::Value;

/// Runs one stage of a kind with parameters given as `k=v` arguments (values are YAML, `a.b=v` nests) and puts
/// what it leaves at `out`, with a record in `.stage.json`. An `out` that already holds such a stage is replaced
/// with `force`; one that holds anything else never is. A stage that works in chunks and was interrupted goes on with
/// those that are missing.
///
/// # Errors
/// As a run's stage; [`ErrorKind::Config`] when `out` is not empty; [`ErrorKind::Locked`] while another process
/// writes it.
pub fn run_stage(
    kind: &dyn StageKind,
    with: &[String],
    out: &Path,
    force: bool,
    observer: &dyn RunObserver,
    cancel: &Cancel,
) -> Result<Outcome> {
    let stage = LoneStage::parse(kind, with, out)?;
    require_empty(out, force)?;
    let _lock = run_lock::lock_target(out)?;
    // Another process may have been at it until now.
    require_empty(out, force)?;
    let outcome = stage.run(observer, cancel)?;
    stage.publish(&outcome)?;
    Ok(outcome)
}

/// Stage with checked parameters and explicit files, outside a pipeline.
struct LoneStage<'a> {
    kind: &'a dyn StageKind,
    params: Value,
    outputs: Vec<StageOutput>,
    out: &'a Path,
}

impl<'a> LoneStage<'a> {
    /// Reads `k=v` arguments, and checks all that can be known before the stage runs.
    fn parse(kind: &'a dyn StageKind, with: &[String], out: &'a Path) -> Result<Self> {
        let (name, node) = parse_arguments(kind, with)?;
        let refused = |e| check::refused_param(&name, &node, e);
        let params = kind.check(&node.to_json()).map_err(refused)?;
        let bases = PathBases {
            base: Path::new(""),
            run_dir: Path::new(""),
            environment: &|name| std::env::var(name).ok(),
        };
        let params = bases.placed(kind, params, &node).map_err(refused)?.params;
        look_ahead_alone(kind, &params, &name, &node)?;
        let outputs = outputs::output_paths(kind.outputs(), &params, out)
            .map_err(|message| Error::new(ErrorKind::Config, message))?;
        Ok(Self {
            kind,
            params,
            outputs,
            out,
        })
    }

    /// Hashes of what the stage reads; of what it writes itself, none.
    fn fingerprint_inputs(&self) -> Result<FingerprintInputs> {
        let own = [
            self.out.to_owned(),
            layout::temporary_dir(self.out),
            layout::chunks_dir(self.out),
        ];
        fingerprint_inputs_alone(self.kind, &self.params, &own)
    }

    /// Runs the stage into its temporary directory, or goes on there.
    fn run(&self, observer: &dyn RunObserver, cancel: &Cancel) -> Result<Outcome> {
        let name = self.kind.name();
        let inputs = self.fingerprint_inputs()?;
        let dirs = prepare_dirs(self.kind, self.out, &inputs.fingerprint(), false)
            .map_err(|e| Error::io("write", self.out, &e))?;
        if dirs.resumed {
            observer.event(&RunEvent::Note {
                stage: name.to_owned(),
                message: "resuming where it was interrupted".to_owned(),
            });
        }
        let invocation = StageInvocation {
            stage: name,
            kind: self.kind,
            params: &self.params,
            outputs: &self.outputs,
            out: &dirs.out,
            home: self.out,
            chunks: dirs.chunks(),
        };
        let ran = invocation.run(observer, cancel, || self.require_unchanged_inputs(&inputs));
        ran.map_err(
            |error| match error.kind() == ErrorKind::Interrupted && self.kind.chunked() {
                true => error.help("run the same command again to resume"),
                false => error,
            },
        )
    }

    fn require_unchanged_inputs(&self, before: &FingerprintInputs) -> Result<()> {
        let now = self.fingerprint_inputs();
        let changed = now.map_or_else(|_| vec![], |now| before.changed_since(&now));
        let help = "run again when nothing writes to it any more";
        changed
            .first()
            .map_or(Ok(()), |input| Err(input_changed(self.kind.name(), input, help)))
    }

    /// Records what the stage left in its temporary directory, has it on disk and puts it in place.
    fn publish(&self, outcome: &Outcome) -> Result<()> {
        let temporary = layout::temporary_dir(self.out);
        let record = serde_json::json!({
            "kind": self.kind.name(), "code_version": self.kind.version(), "parameters": self.params,
            "counts": outcome.counts, "facts": outcome.facts,
        });
        let record = publish::json(&temporary.join(LONE_STAGE_FILE), &record)?;
        fs::write(temporary.join(LONE_STAGE_FILE), record)
            .and_then(|()| publish::sync_tree(&temporary))
            .and_then(|()| publish::replace_dir(&temporary, self.out))
            .and_then(|()| stage_chunks::remove_chunks(self.out))
            .map_err(|e| Error::io("write", self.out, &e))
    }
}

fn parse_arguments(kind: &dyn StageKind, with: &[String]) -> Result<(Name, Node)> {
    let span = Span::start_of(&SourceText::argument("--with"));
    let mut node = Node::new(NodeData::Map(Vec::new()), span.clone());
    for argument in with {
        let assignment = parse_assignment("--with", argument)?;
        node.merge(nested_mapping(
            &assignment.path,
            assignment.value,
            &assignment.span,
        ));
    }
    Ok((
        Name {
            text: kind.name().to_owned(),
            span,
        },
        node,
    ))
}

/// Refuses an `out` that holds anything but what a stage left here before: `out` may have been mistyped.
fn require_empty(out: &Path, force: bool) -> Result<()> {
    let refused = |what: &str, help: &str| {
        Err(Error::new(ErrorKind::Config, format!("`{}` {what}", out.display())).help(help))
    };
    let io = |e: io::Error| Error::io("look for what is in", out, &e);
    let occupied = match presence::is_dir(out).map_err(io)? {
        true => fs::read_dir(out).map_err(io)?.next().is_some(),
        false => presence::exists(out).map_err(io)?,
    };
    let ours = presence::is_file(&out.join(LONE_STAGE_FILE)).map_err(io)?;
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
