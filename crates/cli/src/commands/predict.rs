//! `ecgfm predict`: predictions for a few files, without a pipeline of one's own.
//!
//! The files are laid out as an archive, or as prepared segments, in a temporary directory, and the stages of a pipeline
//! run on them: the numbers are those that a run gives.

mod collect;
mod drawings;
mod inputs;
mod model_input;
mod parts;
mod ranking;
mod recordings;
mod results;
mod segment_file;
mod segments;
mod user_paths;

use super::print_json;
use crate::args::PredictArgs;
use crate::errors::file_error;
use crate::failure::CommandFailure;
use crate::{kinds, observer::ConsoleReporter, torch};
use collect::collect_inputs;
use drawings::DrawingDirectory;
use ecgfm_pipeline::{
    Cancel, Environment, Error, ErrorKind, Pipeline, RunEvent, RunObserver, RunOptions, RunSettings,
};
use ecgfm_recipe::steps::RecipeSteps;
use ecgfm_system::Fault;
use ecgfm_system::presence::is_dir;
use inputs::InputFiles;
use model_input::ExpectedInput;
use results::PredictionResults;
use std::io::IsTerminal;
use std::path::Path;

/// The last stages; [`InputFiles::stages`] gives those before them.
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
pub fn predict(args: &PredictArgs, quiet: bool, cancel: &Cancel) -> Result<(), CommandFailure> {
    torch::require_torch()?;
    let model = ExpectedInput::read(args)?;
    if let Some(output) = &args.output {
        check_output_path(args, output)?;
    }
    let place = tempfile::tempdir().map_err(|e| {
        let message = format!("cannot make a temporary directory: {e}");
        Error::new(ErrorKind::StageFailed, message).help("set TMPDIR to a directory that can be written to")
    })?;
    let observer = CompactObserver::new(quiet);
    let (mut results, mut first) = (PredictionResults::default(), None);
    let mut drawings = DrawingDirectory::create(args)?;
    let (groups, refused) = collect_inputs(args, &model, place.path())?;
    for (file, error) in refused {
        results.add_refused(&file, &error);
        first.get_or_insert(error);
    }
    for group in groups {
        let run = run_stages(args, &model, &group, &observer, cancel);
        observer.clear_bar();
        match run.map_err(|error| group.restore_user_paths(error)) {
            Ok(dir) => {
                let known = results.rows.len();
                results.add_run(&dir, &group)?;
                if let Some(drawings) = &mut drawings {
                    drawings.draw_group(&results, known, &group)?;
                }
            }
            // None of these files can be used; others may be.
            Err(error) if error.kind() == ErrorKind::BadInput => {
                results.add_failure(&group, error.message());
                first.get_or_insert(error);
            }
            Err(error) => return Err(advise_on_full_disk(error, place.path()).into()),
        }
    }
    match first.filter(|_| results.is_empty()) {
        Some(error) => Err(CommandFailure::with_output(error, results.json(&args.model))),
        None => Ok(print_results(args, quiet, &results)?),
    }
}

/// Checks that the table can be written where it is asked for, and that no input is there.
fn check_output_path(args: &PredictArgs, output: &Path) -> Result<(), Error> {
    let is_dir = |path: &Path| is_dir(path).map_err(|e| file_error("look for", path, &e));
    let not_writable = |what: &str| {
        let message = format!("cannot write the table to `{}`: {what}", output.display());
        Err(Error::new(ErrorKind::Config, message).help("choose another file"))
    };
    let parent = output.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent
        && !is_dir(parent)?
    {
        return not_writable("there is no such directory");
    }
    if is_dir(output)? {
        return not_writable("it is a directory");
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
        Some(_) => not_writable("it is among the files that are read"),
        None => Ok(()),
    }
}

/// Prints notices, rejected ECGs and the table, or writes the table to the file that was asked for.
fn print_results(args: &PredictArgs, quiet: bool, results: &PredictionResults) -> Result<(), Error> {
    for notice in results.notices.iter().filter(|_| !quiet) {
        crate::console::println_stderr!("{notice}");
    }
    for (file, ecg, why) in &results.rejected {
        let ecg = ecg
            .as_ref()
            .map_or_else(String::new, |ecg| format!(", ECG {ecg}"));
        crate::console::println_stderr!("set aside: {}{ecg}: {why}", file.display());
    }
    for row in &results.rows {
        for doubt in row.facts.iter().flat_map(|facts| &facts.doubts) {
            crate::console::println_stderr!("doubtful: {}: {doubt}", row.file.display());
        }
    }
    if let Some(path) = &args.output {
        std::fs::write(path, results.csv()).map_err(|e| {
            let message = format!("cannot write `{}`: {e}", path.display());
            Error::new(ErrorKind::StageFailed, message)
        })?;
    }
    match (args.json, &args.output) {
        (true, _) => print_json(&results.json(&args.model)),
        (false, None) if std::io::stdout().is_terminal() => {
            crate::console::print_stdout!("{}", ranking::table(results));
            if !quiet {
                crate::console::println_stderr!(
                    "* above the threshold. Probabilities of all labels: -o FILE.csv"
                );
            }
            Ok(())
        }
        (false, None) => {
            crate::console::print_stdout!("{}", results.csv());
            Ok(())
        }
        (false, Some(_)) => Ok(()),
    }
}

/// Runs the stages on a group of files; returns the directory of the run.
fn run_stages(
    args: &PredictArgs,
    model: &ExpectedInput,
    group: &InputFiles,
    observer: &CompactObserver,
    cancel: &Cancel,
) -> Result<std::path::PathBuf, Error> {
    let model_path = std::path::absolute(&args.model).unwrap_or_else(|_| args.model.clone());
    let thresholds = args
        .thresholds
        .as_ref()
        .map(|path| escape_references(&std::path::absolute(path).unwrap_or_else(|_| path.clone())));
    let recipe = model
        .recipe
        .as_ref()
        .map(|steps| write_recipe(group, steps))
        .transpose()?;
    let vars = serde_json::json!({
        "recipe": recipe.as_deref().map(escape_references).transpose()?,
        "root": escape_references(group.root())?,
        "store": group.store(),
        "model": escape_references(&model_path)?,
        "labels": model.labels.replace("${", "$${"),
        "sample_rate": model.sample_rate,
        "segment_seconds": model.segment_seconds,
        "missing_leads": args.missing_leads,
        "device": args.device,
        "precision": args.precision,
        "returns": args.returns,
        "threshold": args.threshold,
        "thresholds": thresholds.transpose()?,
    });
    let (before, manifests, needs) = group.stages(recipe.is_some());
    let last = STAGES.replace("MANIFESTS", manifests).replace("NEEDS", needs);
    let text = format!("name: predict\nvars: {vars}\nstages:\n{before}{last}");
    let settings = RunSettings {
        workdir: group.root().with_extension("run"),
        environment: Environment::Fixed([].into()),
        ..RunSettings::default()
    };
    let graph = Pipeline::parse("predict", &text)?.graph(&kinds::all_kinds(), &settings)?;
    graph.run(&RunOptions::default(), observer, cancel)?;
    Ok(graph.run_dir().to_owned())
}

/// Writes the recipe of a group beside its directory; returns the file.
fn write_recipe(group: &InputFiles, steps: &RecipeSteps) -> Result<std::path::PathBuf, Error> {
    let path = group.root().with_extension("recipe.yaml");
    // JSON is YAML.
    let text = serde_json::to_string(steps).map_err(|e| Error::new(ErrorKind::StageFailed, e.to_string()))?;
    std::fs::write(&path, text).map_err(|e| file_error("write", &path, &e))?;
    Ok(path)
}

/// Text of a path for a pipeline file, in which nothing is a reference.
pub(super) fn escape_references(path: &Path) -> Result<String, Error> {
    let text = path.to_str().map(|text| text.replace("${", "$${"));
    text.ok_or_else(|| {
        let message = format!("`{}`: its name is not UTF-8 text", path.display());
        Error::new(ErrorKind::Config, message).help("rename it, or set TMPDIR to another directory")
    })
}

/// Adds advice for a full disk: results of this command are computed where temporary files are.
pub(super) fn advise_on_full_disk(error: Error, place: &Path) -> Error {
    match Fault::in_text(error.message()) {
        Some(Fault::DiskFull | Fault::QuotaUsedUp | Fault::ReadOnly) => error.help(format!(
            "free some space on the disk of {}, or set TMPDIR to a directory on another disk",
            place.display()
        )),
        _ => error,
    }
}

/// Shows progress and warnings only: the user has asked for no pipeline.
pub(super) struct CompactObserver {
    console: ConsoleReporter,
    /// False where notes of the stages are not shown either.
    notes: bool,
}

impl CompactObserver {
    pub(super) fn new(quiet: bool) -> Self {
        let console = ConsoleReporter::new(quiet);
        Self { console, notes: true }
    }

    /// Shows no notes.
    pub(super) fn without_notes(self) -> Self {
        Self { notes: false, ..self }
    }

    /// Takes the progress bar away.
    pub(super) fn clear_bar(&self) {
        self.console.clear_bar();
    }
}

impl RunObserver for CompactObserver {
    fn event(&self, event: &RunEvent) {
        match event {
            RunEvent::Note { .. } if !self.notes => {}
            RunEvent::ProgressBegan { .. }
            | RunEvent::ProgressAdvanced { .. }
            | RunEvent::Warning { .. }
            | RunEvent::Note { .. } => self.console.event(event),
            RunEvent::StageFinished { .. } | RunEvent::StageFailed { .. } => self.console.clear_bar(),
            _ => {}
        }
    }
}
