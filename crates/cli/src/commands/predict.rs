//! `ecgfm predict`: what a model says of a few files, without a pipeline of one's own.
//!
//! The files are laid out as an archive, or as prepared segments, in a temporary directory, and the stages of a pipeline
//! run on them: the numbers are those that a run gives.

mod given;
mod said;

use super::print_json;
use crate::args::Predict;
use crate::{kinds, observer::Human, torch};
use ecgfm_artifacts::labelset::LabelSet;
use ecgfm_pipeline::{
    Cancel, Environment, Error, ErrorKind, Event, Observer, Pipeline, RunOptions, Settings,
};
use given::Given;
use said::Said;
use serde_json::Value;
use std::path::Path;

/// The last stages; `given` says what comes before them.
const STAGES: &str = "
  infer:
    uses: infer
    needs: NEEDS
    with: { manifest: 'MANIFESTS', subset: test, model: '${vars.model}', labels: '${vars.labels}',
            device: '${vars.device}', precision: '${vars.precision}' }
  predict:
    uses: predict
    with: { logits: '${infer.dir}', subset: test, labels: '${vars.labels}', threshold: '${vars.threshold}' }
";

/// Predicts and prints.
pub fn predict(args: &Predict, quiet: bool, cancel: &Cancel) -> Result<(), Error> {
    torch::required()?;
    let model = Model::of(args)?;
    let place = tempfile::tempdir().map_err(|e| {
        Error::new(
            ErrorKind::StageFailed,
            format!("cannot make a temporary directory: {e}"),
        )
        .help("set TMPDIR to a directory that can be written to")
    })?;
    let given = Given::gather(args, &model, place.path())?;
    let brief = Brief(Human::new(quiet));
    let mut said = Said::default();
    for group in given {
        let run = run(args, &model, &group, place.path(), &brief, cancel);
        brief.0.clear();
        let dir = run.map_err(|error| group.name(error))?;
        said.read(&dir, &group, args.threshold)?;
    }
    finish(args, quiet, &said)
}

fn finish(args: &Predict, quiet: bool, said: &Said) -> Result<(), Error> {
    for notice in said.notices.iter().filter(|_| !quiet) {
        crate::out::errln!("{notice}");
    }
    for (file, ecg, why) in &said.rejected {
        crate::out::errln!("set aside: {}, ECG {ecg}: {why}", file.display());
    }
    if let Some(path) = &args.output {
        std::fs::write(path, said.csv()).map_err(|e| {
            Error::new(
                ErrorKind::StageFailed,
                format!("cannot write `{}`: {e}", path.display()),
            )
        })?;
    }
    match (args.json, &args.output) {
        (true, _) => print_json(&said.json(&args.model)),
        (false, None) => {
            crate::out::out!("{}", said.csv());
            Ok(())
        }
        (false, Some(_)) => Ok(()),
    }
}

/// Runs the stages on a group of files; the directory of the run.
fn run(
    args: &Predict,
    model: &Model,
    group: &Given,
    place: &Path,
    brief: &Brief,
    cancel: &Cancel,
) -> Result<std::path::PathBuf, Error> {
    let vars = serde_json::json!({
        "root": group.root(),
        "store": group.store(),
        "model": std::path::absolute(&args.model).unwrap_or_else(|_| args.model.clone()),
        "labels": model.labels,
        "sample_rate": model.sample_rate,
        "segment_seconds": model.segment_seconds,
        "device": args.device,
        "precision": args.precision,
        "threshold": args.threshold,
    });
    let (before, manifests, needs) = group.stages();
    let last = STAGES.replace("MANIFESTS", manifests).replace("NEEDS", needs);
    let text = format!("name: predict\nvars: {vars}\nstages:\n{before}{last}");
    let settings = Settings {
        workdir: place.join(group.kind()),
        environment: Environment::Fixed([].into()),
        ..Settings::default()
    };
    let graph = Pipeline::parse("predict", &text)?.graph(&kinds::all(), &settings)?;
    graph.run(&RunOptions::default(), brief, cancel)?;
    Ok(graph.run_dir().to_owned())
}

/// What the model expects, by its card.
struct Model {
    labels: String,
    sample_rate: u32,
    segment_seconds: f64,
}

impl Model {
    /// A model without a card is taken to expect what ECG-FM does; its labels must then be named.
    fn of(args: &Predict) -> Result<Self, Error> {
        let path = args.model.with_extension("json");
        let card: Value = std::fs::read(&path)
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok())
            .unwrap_or_default();
        let named = card["label_set"]["name"].as_str();
        let labels = match (&args.labels, named) {
            (Some(labels), _) => labels.clone(),
            (None, Some(name)) if LabelSet::load(name).is_ok() => name.to_owned(),
            (None, named) => {
                let what = named.map_or_else(
                    || "does not say what its labels are".to_owned(),
                    |name| format!("has the labels of `{name}`, which is not built in"),
                );
                let message = format!("the model `{}` {what}", args.model.display());
                return Err(Error::new(ErrorKind::Config, message)
                    .help("name them: `--labels physionet2021`, or a label set's file"));
            }
        };
        let rate = card["input"]["sample_rate_hz"].as_f64();
        let whole = rate.filter(|rate| (1.0..=1e6).contains(rate) && rate.fract() == 0.0);
        Ok(Self {
            labels,
            sample_rate: whole.map_or(500, |rate| rate as u32),
            segment_seconds: card["input"]["segment_seconds"].as_f64().unwrap_or(5.0),
        })
    }
}

/// Tells progress and warnings only: what runs is no pipeline to the user.
struct Brief(Human);

impl Observer for Brief {
    fn event(&self, event: &Event) {
        match event {
            Event::ProgressBegan { .. }
            | Event::ProgressAdvanced { .. }
            | Event::Warning { .. }
            | Event::Note { .. } => self.0.event(event),
            Event::StageFinished { .. } | Event::StageFailed { .. } => self.0.clear(),
            _ => {}
        }
    }
}
