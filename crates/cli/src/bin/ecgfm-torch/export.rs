//! A checkpoint to TorchScript, as a stage and outside a pipeline.

use crate::described;
use ecgfm_artifacts::labelset::LabelSet;
use ecgfm_artifacts::stage::{Context, Outcome};
use ecgfm_cli::args::ExportArgs;
use ecgfm_cli::errors::{file_error, of_stage};
use ecgfm_cli::kinds::{BUNDLED_DEMOS, BundledDemo};
use ecgfm_cli::print_json;
use ecgfm_model::export::{CARD_FILE, RECIPE_FILE, write_recipe};
use ecgfm_model::{Card, Params, export as make};
use ecgfm_pipeline::{Error, ErrorKind, StageError};
use ecgfm_stage_params::golden::GoldenVectors;
use ecgfm_stage_params::{CardRecipe, ExportParams, LabelNames, ModelDescription, PositionalForm};
use ecgfm_system::presence::{exists, is_dir};
use serde_json::Value;
use std::path::Path;

/// The names of a label set, for a model's card.
fn label_names(set: &str) -> Result<LabelNames, ecgfm_artifacts::Error> {
    let set = LabelSet::load(set)?;
    let labels = set.names().iter().map(|&name| name.to_owned()).collect();
    Ok(LabelNames {
        hash: Some(set.hash()),
        name: set.name,
        labels,
    })
}

/// The bundled demo model that a checkpoint is. A file that cannot be read is the export's business.
fn bundled_demo(checkpoint: &Path) -> Option<&'static BundledDemo> {
    let length = std::fs::metadata(checkpoint).map(|meta| meta.len()).ok()?;
    let is_it = |demo: &&BundledDemo| {
        length == demo.checkpoint.len() as u64
            && std::fs::read(checkpoint).is_ok_and(|bytes| bytes == demo.checkpoint)
    };
    BUNDLED_DEMOS.iter().find(is_it)
}

/// Notice on the results of a bundled demo model.
fn demo_notice(checkpoint: &Path) -> Option<String> {
    bundled_demo(checkpoint).map(|demo| demo.notice.to_owned())
}

/// Recipe that a bundled demo model was trained on.
fn demo_recipe(checkpoint: &Path) -> Option<CardRecipe> {
    bundled_demo(checkpoint).and_then(|demo| CardRecipe::built_in(demo.recipe).ok())
}

/// The label set that is named, or that of the model that is named.
fn labels_of<'a>(named: Option<&'a str>, model: Option<&'a ModelDescription>) -> Option<&'a str> {
    named.or_else(|| model.and_then(|model| model.labels.as_deref()))
}

/// Exports into a directory; the card says what the model's description does.
fn make_described(params: &Params, model: Option<&ModelDescription>, out: &Path) -> Result<Card, StageError> {
    let card = match model {
        Some(model) if model.family.is_none() => {
            described::adopt_torchscript(&params.checkpoint, model, params.labels.clone(), out)?
        }
        _ => make(params, out)?,
    };
    let Some(model) = model else { return Ok(card) };
    let mut card = card;
    if model.family.is_some() {
        described::complete_card(&mut card, model)?;
    }
    if let Some(recipe) = &card.recipe {
        write_recipe(&out.join(RECIPE_FILE), recipe)?;
    }
    let path = out.join(CARD_FILE);
    let mut text = serde_json::to_vec_pretty(&card)
        .map_err(|e| StageError::failed(format!("{}: {e}", path.display())))?;
    text.push(b'\n');
    std::fs::write(&path, text).map_err(ecgfm_artifacts::Error::io("write", &path))?;
    Ok(card)
}

/// The stage `export`.
pub fn run_stage(params: &ExportParams, ctx: &Context<'_>) -> Result<Outcome, StageError> {
    let model = described::load(params.model.as_deref())?;
    let labels = labels_of(params.labels.as_deref(), model.as_ref())
        .map(label_names)
        .transpose();
    let params = Params {
        checkpoint: params.checkpoint.clone(),
        config: params.config.clone(),
        head: params.head.clone(),
        sha256: params.sha256.clone(),
        labels: labels?,
        positions_on_cuda: params.positions_on_cuda,
        recipe: demo_recipe(&params.checkpoint),
        notice: demo_notice(&params.checkpoint),
    };
    let card = make_described(&params, model.as_ref(), ctx.out)?;
    let outcome = Outcome::default()
        .count("labels", card.labels)
        .fact("parameters", card.parameters);
    Ok(outcome
        .fact("checkpoint_sha256", card.source.sha256)
        .fact("model_sha256", card.model.sha256))
}

/// Writes the model where it was asked for, and its card beside it.
pub fn run_command(args: &ExportArgs) -> Result<(), Error> {
    let model = described::load(args.model.as_deref()).map_err(Error::from)?;
    let labels = labels_of(args.labels.as_deref(), model.as_ref())
        .map(label_names)
        .transpose();
    let labels = labels.map_err(|e| of_stage(&e))?;
    check_targets(args)?;
    let place = args
        .output
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let io =
        |e: std::io::Error| Error::new(ErrorKind::StageFailed, format!("{}: {e}", args.output.display()));
    std::fs::create_dir_all(place).map_err(io)?;
    let temporary = place.join(format!(".{}.export", std::process::id()));
    std::fs::create_dir_all(&temporary).map_err(io)?;
    let params = Params {
        checkpoint: args.checkpoint.clone(),
        config: args.config.clone(),
        head: args.head.clone(),
        sha256: None,
        labels,
        positions_on_cuda: PositionalForm::Spectrum,
        recipe: demo_recipe(&args.checkpoint),
        notice: demo_notice(&args.checkpoint),
    };
    let made = make_described(&params, model.as_ref(), &temporary)
        .map_err(Error::from)
        .and_then(|mut card| {
            let golden = GoldenVectors::path_beside(&args.output);
            let made_golden = GoldenVectors::path_beside(&temporary.join("model.ts"));
            card.model.file = file_name(&args.output);
            if let Some(file) = &mut card.golden {
                file.file = file_name(&golden);
                std::fs::rename(made_golden, &golden).map_err(io)?;
            }
            let text = serde_json::to_vec_pretty(&card).unwrap_or_default();
            std::fs::write(temporary.join("model.json"), text).map_err(io)?;
            std::fs::rename(temporary.join("model.json"), args.output.with_extension("json")).map_err(io)?;
            std::fs::rename(temporary.join("model.ts"), &args.output).map_err(io)?;
            Ok(card)
        });
    let _ = std::fs::remove_dir_all(&temporary);
    let card = made?;
    if args.json {
        return print_json(&card);
    }
    let what = match (card.labels, &card.label_set) {
        (0, _) => "an encoder".to_owned(),
        (labels, None) => format!("{labels} labels (which, `--labels SET` would tell)"),
        (labels, Some(set)) => format!("{labels} labels of {}", set.name),
    };
    let names: Vec<&str> = card.outputs.iter().map(|output| output.name.as_str()).collect();
    let given = names.iter().filter(|name| !name.starts_with("saliency_per_"));
    let given: Vec<&str> = given.copied().collect();
    ecgfm_cli::write_stdout(format_args!(
        "{}: {} of family {}, {what}, {} parameters; gives {}\n",
        args.output.display(),
        card.architecture,
        card.family.as_deref().unwrap_or("unknown"),
        card.parameters,
        given.join(", ")
    ));
    Ok(())
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Refuses to write model, card and golden vectors over anything but what was exported before.
fn check_targets(args: &ExportArgs) -> Result<(), Error> {
    let model = &args.output;
    let card = model.with_extension("json");
    let golden = GoldenVectors::path_beside(model);
    let not_free = |what: String| {
        Err(Error::new(ErrorKind::Config, what).help("choose another name, for example `-o model.ts`"))
    };
    if model.extension().is_some_and(|extension| extension == "json") {
        return not_free(format!("`{}` is where the model's card goes", model.display()));
    }
    let real = |path: &Path| path.canonicalize().ok();
    let checkpoint = real(&args.checkpoint);
    for path in [model, &card, &golden] {
        if is_dir(path).map_err(|e| file_error("look for", path, &e))? {
            return not_free(format!("`{}` is a directory", path.display()));
        }
        if checkpoint.is_some() && real(path) == checkpoint {
            return not_free(format!(
                "`{}` would replace the checkpoint itself",
                path.display()
            ));
        }
    }
    // A card of an earlier version may have other fields.
    let known = match std::fs::read(&card) {
        Ok(text) => serde_json::from_slice::<Value>(&text).ok(),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => None,
        Err(e) => return Err(file_error("read", &card, &e)),
    };
    let ours = known.is_some_and(|card| {
        let file = card["model"]["file"].as_str().map(std::ffi::OsStr::new);
        card["exporter"]["name"] == "ecgfm" && file == model.file_name()
    });
    for path in [&card, model, &golden] {
        if !ours && exists(path).map_err(|e| file_error("look for", path, &e))? {
            let path = path.display();
            return not_free(format!("`{path}` is there and no model that was exported"));
        }
    }
    Ok(())
}
