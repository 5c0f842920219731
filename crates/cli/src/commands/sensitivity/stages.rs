//! The stages that prepare a sample by several recipes, and predict.

use super::wanted::Wanted;
use crate::args::SensitivityArgs;
use crate::commands::predict::{CompactObserver, escape_references};
use crate::errors::file_error;
use crate::kinds;
use ecgfm_pipeline::{Cancel, Environment, Error, ErrorKind, Pipeline, RunOptions, RunSettings};
use ecgfm_recipe::steps::RecipeSteps;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// Name of the recipe itself among its departures.
pub(super) const GIVEN: &str = "as_the_recipe_says";

/// Recipes by name.
type NamedRecipes = [(&'static str, RecipeSteps)];

/// Directory in which the predictions of a recipe are.
pub(super) fn predictions_of(run: &Path, recipe: &str) -> PathBuf {
    run.join(format!("predict_{recipe}"))
}

/// Runs the stages on the archive at `raw`; returns the directory of the run, and why some of it failed.
///
/// # Errors
/// The recipe itself leaves no predictions, or the run was interrupted.
pub(super) fn run_stages(
    args: &SensitivityArgs,
    wanted: &Wanted,
    recipes: &NamedRecipes,
    raw: &Path,
    place: &Path,
    observer: &CompactObserver,
    cancel: &Cancel,
) -> Result<(PathBuf, Option<String>), Error> {
    let files = write_recipes(recipes, place)?;
    let model = link_model(args, place)?;
    let stages = all_stages(args, wanted, (&escape_references(raw)?, &model), &files)?;
    let pipeline = json!({ "name": "sensitivity", "stages": stages });
    let settings = RunSettings {
        workdir: place.join("run"),
        set: args
            .from
            .iter()
            .map(|rule| format!("labels.from={rule}"))
            .collect(),
        environment: Environment::Fixed([].into()),
        ..RunSettings::default()
    };
    let graph =
        Pipeline::parse("sensitivity", &pipeline.to_string())?.graph(&kinds::all_kinds(), &settings)?;
    let options = RunOptions {
        keep_going: true,
        ..RunOptions::default()
    };
    let failure = match graph.run(&options, observer, cancel) {
        Ok(_) => None,
        Err(error) if error.kind() == ErrorKind::Interrupted => return Err(error),
        Err(error) => Some(error),
    };
    let run = graph.run_dir().to_owned();
    match failure {
        Some(error) if !predictions_of(&run, GIVEN).is_dir() => Err(error),
        failure => Ok((run, failure.map(|error| error.message().to_owned()))),
    }
}

/// A stage by its name, kind and parameters.
fn stage(uses: &str, needs: &[&str], with: Value) -> Value {
    json!({ "uses": uses, "needs": needs, "with": with })
}

fn all_stages(
    args: &SensitivityArgs,
    wanted: &Wanted,
    (raw, model): (&str, &str),
    recipes: &Map<String, Value>,
) -> Result<Map<String, Value>, Error> {
    let mut stages = Map::new();
    let signals = json!({ "dataset": args.dataset.replace("${", "$${"), "raw": raw, "store": "packed", "recipes": recipes });
    stages.insert("signals".to_owned(), stage("signals", &[], signals));
    if let Some(truth) = &args.truth {
        let with = json!({ "records": format!("${{signals.dir}}/{GIVEN}/meta.csv"), "label_set": truth });
        stages.insert("labels".to_owned(), stage("labels", &[], with));
    }
    let thresholds = args
        .thresholds
        .as_ref()
        .map(|path| escape_references(&std::path::absolute(path).unwrap_or_else(|_| path.clone())))
        .transpose()?;
    for name in recipes.keys() {
        let of = |stage: &str| format!("{stage}_{name}");
        let dir = format!("${{signals.dir}}/{name}");
        let splits = json!({ "records": format!("{dir}/meta.csv"), "segments": format!("{dir}/segmented.csv"),
            "strategy": "random", "fractions": [1], "names": ["test"], "seed": 0 });
        stages.insert(of("splits"), stage("splits", &[], splits));
        let manifests = json!({ "splits": format!("${{splits_{name}.segmented}}") });
        stages.insert(of("manifests"), stage("manifests", &[], manifests));
        let infer = json!({ "manifest": format!("${{manifests_{name}.dir}}"), "subset": "test", "model": model,
            "labels": wanted.labels, "returns": wanted.returns, "device": args.device });
        stages.insert(of("infer"), stage("infer", &["signals"], infer));
        let predict = json!({ "logits": format!("${{infer_{name}.dir}}"), "subset": "test", "labels": wanted.labels,
            "threshold": args.threshold, "thresholds": thresholds, "on_non_finite": "drop" });
        stages.insert(of("predict"), stage("predict", &[], predict));
    }
    Ok(stages)
}

/// Writes each recipe into a file; returns the files by the recipes' names.
fn write_recipes(recipes: &NamedRecipes, place: &Path) -> Result<Map<String, Value>, Error> {
    let dir = place.join("recipes");
    std::fs::create_dir(&dir).map_err(|e| file_error("write", &dir, &e))?;
    let mut files = Map::new();
    for (name, steps) in recipes {
        let path = dir.join(format!("{name}.yaml"));
        // JSON is YAML.
        let text =
            serde_json::to_vec(steps).map_err(|e| Error::new(ErrorKind::StageFailed, e.to_string()))?;
        std::fs::write(&path, text).map_err(|e| file_error("write", &path, &e))?;
        files.insert((*name).to_owned(), escape_references(&path)?.into());
    }
    Ok(files)
}

/// Links the model without its card, which would refuse what another recipe made.
fn link_model(args: &SensitivityArgs, place: &Path) -> Result<String, Error> {
    let model = std::path::absolute(&args.model).unwrap_or_else(|_| args.model.clone());
    let link = place.join("model.ts");
    std::os::unix::fs::symlink(&model, &link).map_err(|e| file_error("write", &link, &e))?;
    escape_references(&link)
}
