//! `ecgfm kinds`: what a pipeline may use.

use super::{models, print_json, recipe_steps};
use crate::args::KindsArgs;
use crate::parameters::{list_parameters, parameter_table};
use ecgfm_pipeline::{Error, ErrorKind, StageKind};
use serde_json::json;

/// Lists stage kinds.
pub fn kinds(args: &KindsArgs) -> Result<(), Error> {
    if args.kind.as_deref() == Some("model") {
        return models::list(args.json);
    }
    if args.kind.as_deref() == Some(recipe_steps::NAME) {
        return recipe_steps::explain(args.json);
    }
    let all = crate::kinds::all_kinds();
    if let Some(name) = args.kind.as_deref().filter(|name| all.get(name).is_none()) {
        let names: Vec<&str> = all.names().collect();
        let help = format!(
            "there are {}; `model`, which lists models, and `{}`, for the steps of recipes",
            names.join(", "),
            recipe_steps::NAME
        );
        return Err(Error::new(ErrorKind::Config, format!("no stage kind `{name}`")).help(help));
    }
    let chosen = || {
        all.iter()
            .filter(|kind| args.kind.as_deref().is_none_or(|name| name == kind.name()))
    };
    if args.json {
        return print_json(&chosen().map(|kind| kind_json(kind.as_ref())).collect::<Vec<_>>());
    }
    for kind in chosen() {
        crate::console::println_stdout!("{}: {}", kind.name(), kind.about());
        if !kind.inputs().is_empty() {
            crate::console::println_stdout!("  reads the paths in: {}", kind.inputs().join(", "));
        }
        for output in kind.outputs() {
            let path = if output.path.is_empty() { "." } else { output.path };
            crate::console::println_stdout!("  ${{<stage>.{}}}  {path}  {}", output.name, output.about);
        }
        if args.kind.is_some() {
            crate::console::println_stdout!("");
            crate::console::print_stdout!("{}", parameters_text(kind.as_ref()));
        }
    }
    if args.kind.is_none() {
        crate::console::println_stdout!(
            "\n`ecgfm kinds KIND` explains the parameters of one kind, `ecgfm kinds recipe` the steps of recipes; \
             `ecgfm kinds model` lists models."
        );
    }
    Ok(())
}

/// The parameters in words.
fn parameters_text(kind: &dyn StageKind) -> String {
    let all = list_parameters(&kind.parameters(), kind.inputs());
    if all.is_empty() {
        return "no parameters\n".to_owned();
    }
    format!("parameters, under `with:`\n{}", parameter_table(&all))
}

fn kind_json(kind: &dyn StageKind) -> serde_json::Value {
    let output = |o: &ecgfm_pipeline::OutputSpec| json!({ "name": o.name, "path": o.path, "about": o.about, "required": o.required });
    let outputs: Vec<_> = kind.outputs().iter().map(output).collect();
    json!({ "kind": kind.name(), "about": kind.about(), "version": kind.version(), "inputs": kind.inputs(), "outputs": outputs,
        "parameters": kind.parameters() })
}
