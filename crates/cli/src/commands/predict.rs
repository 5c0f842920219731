//! `ecgfm predict`: what a model says of a few files, without a pipeline of one's own.
//!
//! The files are laid out as an archive, or as prepared segments, in a temporary directory, and the stages of a pipeline
//! run on them: the numbers are those that a run gives.

mod given;
mod said;
mod segment;

use super::print_json;
use crate::args::Predict;
use crate::errors::refused;
use crate::failure::Failure;
use crate::{kinds, observer::Human, torch};
use ecgfm_artifacts::labelset::LabelSet;
use ecgfm_pipeline::{
    Cancel, Environment, Error, ErrorKind, Event, Observer, Pipeline, RunOptions, Settings,
};
use ecgfm_system::{Fault, exists};
use given::Given;
use said::Said;
use serde_json::Value;
use std::path::Path;

/// The last stages; `given` says what comes before them.
const STAGES: &str = "
  infer:
    uses: infer
    needs: NEEDS
    with: { manifest: 'MANIFESTS', subset: test, model: '${vars.model}', labels: '${vars.labels}', returns: '${vars.returns}',
            device: '${vars.device}', precision: '${vars.precision}' }
  predict:
    uses: predict
    with: { logits: '${infer.dir}', subset: test, labels: '${vars.labels}', threshold: '${vars.threshold}',
            thresholds: '${vars.thresholds}', on_non_finite: drop }
";

/// Predicts and prints.
pub fn predict(args: &Predict, quiet: bool, cancel: &Cancel) -> Result<(), Failure> {
    torch::required()?;
    let model = Model::of(args)?;
    if let Some(output) = &args.output {
        free(args, output)?;
    }
    let place = tempfile::tempdir().map_err(|e| {
        let message = format!("cannot make a temporary directory: {e}");
        Error::new(ErrorKind::StageFailed, message).help("set TMPDIR to a directory that can be written to")
    })?;
    let brief = Brief(Human::new(quiet));
    let (mut said, mut first) = (Said::default(), None);
    for group in Given::gather(args, &model, place.path())? {
        let run = run(args, &model, &group, &brief, cancel);
        brief.0.clear();
        match run.map_err(|error| group.name(error)) {
            Ok(dir) => said.read(&dir, &group)?,
            // Nothing of these files can be used; others may.
            Err(error) if error.kind() == ErrorKind::BadInput => {
                said.nothing_of(&group, error.message());
                first.get_or_insert(error);
            }
            Err(error) => return Err(about_the_disk(error, place.path()).into()),
        }
    }
    match first.filter(|_| said.is_empty()) {
        Some(error) => Err(Failure::with(error, said.json(&args.model))),
        None => Ok(finish(args, quiet, &said)?),
    }
}

/// Whether the table may be written where it is asked for.
fn free(args: &Predict, output: &Path) -> Result<(), Error> {
    let refused = |what: &str| {
        let message = format!("cannot write the table to `{}`: {what}", output.display());
        Err(Error::new(ErrorKind::Config, message).help("choose another file"))
    };
    let parent = output.parent().filter(|parent| !parent.as_os_str().is_empty());
    if parent.is_some_and(|parent| !parent.is_dir()) {
        return refused("there is no such directory");
    }
    if output.is_dir() {
        return refused("it is a directory");
    }
    let card = args.model.with_extension("json");
    let read = args
        .files
        .iter()
        .chain([&args.model, &card])
        .chain(&args.thresholds);
    let real = output.canonicalize().ok();
    let mut same = read.filter(|path| real.is_some() && path.canonicalize().ok() == real);
    match same.next() {
        Some(_) => refused("it is among the files that are read"),
        None => Ok(()),
    }
}

fn finish(args: &Predict, quiet: bool, said: &Said) -> Result<(), Error> {
    for notice in said.notices.iter().filter(|_| !quiet) {
        crate::out::errln!("{notice}");
    }
    for (file, ecg, why) in &said.rejected {
        let ecg = ecg
            .as_ref()
            .map_or_else(String::new, |ecg| format!(", ECG {ecg}"));
        crate::out::errln!("set aside: {}{ecg}: {why}", file.display());
    }
    if let Some(path) = &args.output {
        std::fs::write(path, said.csv()).map_err(|e| {
            let message = format!("cannot write `{}`: {e}", path.display());
            Error::new(ErrorKind::StageFailed, message)
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
    brief: &Brief,
    cancel: &Cancel,
) -> Result<std::path::PathBuf, Error> {
    let model_path = std::path::absolute(&args.model).unwrap_or_else(|_| args.model.clone());
    let thresholds = args
        .thresholds
        .as_ref()
        .map(|path| literal(&std::path::absolute(path).unwrap_or_else(|_| path.clone())));
    let vars = serde_json::json!({
        "root": literal(group.root())?,
        "store": group.store(),
        "model": literal(&model_path)?,
        "labels": model.labels.replace("${", "$${"),
        "sample_rate": model.sample_rate,
        "segment_seconds": model.segment_seconds,
        "device": args.device,
        "precision": args.precision,
        "returns": args.returns,
        "threshold": args.threshold,
        "thresholds": thresholds.transpose()?,
    });
    let (before, manifests, needs) = group.stages();
    let last = STAGES.replace("MANIFESTS", manifests).replace("NEEDS", needs);
    let text = format!("name: predict\nvars: {vars}\nstages:\n{before}{last}");
    let settings = Settings {
        workdir: group.root().with_extension("run"),
        environment: Environment::Fixed([].into()),
        ..Settings::default()
    };
    let graph = Pipeline::parse("predict", &text)?.graph(&kinds::all(), &settings)?;
    graph.run(&RunOptions::default(), brief, cancel)?;
    Ok(graph.run_dir().to_owned())
}

/// A path as a pipeline's text, in which nothing is a reference.
fn literal(path: &Path) -> Result<String, Error> {
    let text = path.to_str().map(|text| text.replace("${", "$${"));
    text.ok_or_else(|| {
        let message = format!("`{}`: its name is not UTF-8 text", path.display());
        Error::new(ErrorKind::Config, message).help("rename it, or set TMPDIR to another directory")
    })
}

/// Advice that fits a disk that takes no more: what is computed here lies where temporary files do.
fn about_the_disk(error: Error, place: &Path) -> Error {
    match Fault::in_text(error.message()) {
        Some(Fault::DiskFull | Fault::QuotaUsedUp | Fault::ReadOnly) => error.help(format!(
            "free some space on the disk of {}, or set TMPDIR to a directory on another disk",
            place.display()
        )),
        _ => error,
    }
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
        let there = exists(&args.model).map_err(|e| refused("read", &args.model, &e))?;
        if !there || args.model.is_dir() {
            let message = format!("`{}`: no such model file", args.model.display());
            return Err(Error::new(ErrorKind::BadInput, message)
                .help("make one: `ecgfm export CHECKPOINT.pt --labels SET -o MODEL.ts`"));
        }
        let bad = |what: String| Error::new(ErrorKind::BadInput, format!("{}: {what}", path.display()));
        let card: Value = match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text)
                .map_err(|e| bad(format!("not a model card: {e}; export again, or remove it")))?,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Value::Null,
            Err(e) => return Err(refused("read", &path, &e)),
        };
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
