//! Stages in small: the kinds of stage with their own code, on fewer exams and fewer segments.

use super::some_exams::SomeExams;
use ecgfm_artifacts::manifests;
use ecgfm_formats::manifest::Manifest;
use ecgfm_pipeline::{
    CodeChange, Context, LookAheadContext, LookAheadFindings, NamedOrPath, NoProgress, Outcome, OutputSpec,
    ParamError, StageError, StageKind, StageKinds, parse_params,
};
use ecgfm_stage_params::{ExportParams, InferParams};
use serde_json::Value;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Counts that a stage in small adds to its own.
pub mod counts {
    /// Exams that were measured.
    pub const EXAMS: &str = "measured_exams";
    /// Exams that there are.
    pub const OF_EXAMS: &str = "of_exams";
    /// Segments that were measured.
    pub const SEGMENTS: &str = "measured_segments";
    /// Segments of the same subset that the stages before left.
    pub const OF_SEGMENTS: &str = "of_segments";
    /// Segments of all subsets that the stages before left.
    pub const OF_ALL_SEGMENTS: &str = "of_all_segments";
    /// Microseconds of the stage's own work, without what its outputs take to be put in place.
    pub const WORK: &str = "work_microseconds";
}

/// A checkpoint that is larger takes longer to export than measuring may.
const LARGEST_CHECKPOINT: u64 = 100 << 20;

/// Sizes of a run in small.
#[derive(Debug, Clone)]
pub struct SmallSizes {
    /// The most exams.
    pub exams: usize,
    /// The most segments for a model.
    pub segments: usize,
    /// Directories of stages whose outputs are there to be used as they are: those that the run keeps, and models.
    pub finished: Vec<(String, PathBuf)>,
}

/// All kinds of stage, in small.
pub fn small_kinds(all: &StageKinds, sizes: &SmallSizes) -> StageKinds {
    let kinds = all.iter().map(|kind| SmallStage {
        kind: Arc::clone(kind),
        sizes: sizes.clone(),
    });
    kinds.fold(StageKinds::new(), StageKinds::with)
}

/// Work that is shorter is repeated: other programs may have disturbed it.
const SHORT: Duration = Duration::from_millis(100);
/// Times that short work is done, at most.
const REPETITIONS: usize = 4;

/// Kind of stage that does less.
struct SmallStage {
    kind: Arc<dyn StageKind>,
    sizes: SmallSizes,
}

impl StageKind for SmallStage {
    fn name(&self) -> &'static str {
        self.kind.name()
    }

    fn about(&self) -> &'static str {
        self.kind.about()
    }

    fn version(&self) -> u32 {
        self.kind.version()
    }

    fn changes(&self) -> &'static [CodeChange] {
        self.kind.changes()
    }

    fn outputs(&self) -> &'static [OutputSpec] {
        self.kind.outputs()
    }

    fn inputs(&self) -> &'static [&'static str] {
        self.kind.inputs()
    }

    fn parameters(&self) -> Value {
        self.kind.parameters()
    }

    fn idle_parameters(&self) -> &'static [&'static str] {
        self.kind.idle_parameters()
    }

    fn separate_parameters(&self) -> &'static [&'static str] {
        self.kind.separate_parameters()
    }

    fn further_inputs(&self, with: &Value) -> Vec<(&'static str, PathBuf)> {
        self.kind.further_inputs(with)
    }

    fn points_at(&self, with: &Value) -> &'static [&'static str] {
        self.kind.points_at(with)
    }

    fn names_or_paths(&self) -> &'static [NamedOrPath] {
        self.kind.names_or_paths()
    }

    fn check(&self, with: &Value) -> Result<Value, ParamError> {
        self.kind.check(with)
    }

    fn look_ahead(&self, with: &Value, ahead: &LookAheadContext<'_>) -> LookAheadFindings {
        self.kind.look_ahead(with, ahead)
    }

    fn extra(&self, with: &Value) -> Result<Vec<(String, String)>, StageError> {
        self.kind.extra(with)
    }

    fn versions(&self) -> Vec<(String, String)> {
        self.kind.versions()
    }

    fn run(&self, with: &Value, ctx: &Context<'_>) -> Result<Outcome, StageError> {
        let name = ctx.home.file_name().and_then(|name| name.to_str());
        let finished = self.sizes.finished.iter();
        if let Some((_, dir)) = finished.clone().find(|(stage, _)| Some(stage.as_str()) == name) {
            return use_finished(dir, ctx.out);
        }
        let began = Instant::now();
        let done = match self.name() {
            "synth" => self.run_synth(with, ctx),
            "signals" => self.run_signals(with, ctx),
            "export" => self.run_export(with, ctx),
            "infer" => self.run_infer(with, ctx),
            "demo_model" => self.kind.run(with, ctx),
            _ => return self.run_on_tables(with, ctx),
        };
        let work = began.elapsed().as_micros();
        done.map(|done| done.count(counts::WORK, work as usize))
    }
}

/// Reads typed parameters.
fn params_of<P: serde::de::DeserializeOwned>(with: &Value) -> Result<P, StageError> {
    parse_params(with).map_err(|error| StageError::config(error.to_string()))
}

fn io_error(doing: &str, path: &Path, error: &io::Error) -> StageError {
    StageError::failed(format!("cannot {doing} {}: {error}", path.display()))
}

/// Puts the files of a finished stage where a stage writes.
fn use_finished(dir: &Path, out: &Path) -> Result<Outcome, StageError> {
    let refused = |error: io::Error| io_error("use", dir, &error);
    for entry in fs::read_dir(dir).map_err(refused)? {
        let entry = entry.map_err(refused)?;
        let to = out.join(entry.file_name());
        if entry.file_type().map_err(refused)?.is_file() && fs::hard_link(entry.path(), &to).is_err() {
            fs::copy(entry.path(), &to).map_err(refused)?;
        }
    }
    Ok(Outcome::default())
}

impl SmallStage {
    fn run_synth(&self, with: &Value, ctx: &Context<'_>) -> Result<Outcome, StageError> {
        let mut options: ecgfm_synth::SynthOptions = params_of(with)?;
        let (all, few) = (options.exams, options.exams.min(self.sizes.exams as u64));
        if few < all {
            options.exams = few;
            options.parts = None;
            options.faults = ecgfm_synth::FaultCounts::default();
        }
        let with = serde_json::to_value(&options).map_err(|error| StageError::failed(error.to_string()))?;
        let done = self.kind.run(&with, ctx)?;
        Ok(done
            .count(counts::EXAMS, few as usize)
            .count(counts::OF_EXAMS, all as usize))
    }

    fn run_signals(&self, with: &Value, ctx: &Context<'_>) -> Result<Outcome, StageError> {
        let params: ecgfm_signals::Params = params_of(with)?;
        let some = SomeExams::of(params.open_archive()?, self.sizes.exams);
        let done = ecgfm_signals::run_on(&some, &params, ctx)?;
        Ok(done
            .count(counts::EXAMS, some.taken())
            .count(counts::OF_EXAMS, some.found()))
    }

    fn run_export(&self, with: &Value, ctx: &Context<'_>) -> Result<Outcome, StageError> {
        let params: ExportParams = params_of(with)?;
        let size = checkpoint_size(&params.checkpoint);
        if size > LARGEST_CHECKPOINT {
            let size = crate::number_format::format_size(size);
            return Err(StageError::failed(format!(
                "a checkpoint of {size} takes longer to export than measuring may; `ecgfm run … --until {}` exports it, and this can be measured",
                ctx.home.file_name().unwrap_or_default().display()
            )));
        }
        self.kind.run(with, ctx)
    }

    /// Runs a stage that works on tables alone, several times where it is short: the fastest tells most.
    fn run_on_tables(&self, with: &Value, ctx: &Context<'_>) -> Result<Outcome, StageError> {
        let with = &with_segments_missing(self.name(), with);
        let began = Instant::now();
        let done = self.kind.run(with, ctx)?;
        let mut fastest = began.elapsed();
        let again = ctx.home.with_file_name(".again");
        let refused = |error: io::Error| io_error("write", &again, &error);
        for _ in 1..REPETITIONS {
            if fastest > SHORT || ctx.cancel.is_cancelled() {
                break;
            }
            fs::create_dir_all(&again).map_err(refused)?;
            let context = Context {
                out: &again,
                home: ctx.home,
                progress: &NoProgress,
                cancel: ctx.cancel,
                chunks: None,
            };
            let began = Instant::now();
            self.kind.run(with, &context)?;
            fastest = fastest.min(began.elapsed());
            fs::remove_dir_all(&again).map_err(refused)?;
        }
        Ok(done.count(counts::WORK, fastest.as_micros() as usize))
    }

    /// Runs the model on the first segments of the subset.
    fn run_infer(&self, with: &Value, ctx: &Context<'_>) -> Result<Outcome, StageError> {
        let mut params: InferParams = params_of(with)?;
        let (from, file) = (params.manifest.clone(), manifests::file_name(&params.subset));
        let mut manifest =
            Manifest::read(&from.join(&file)).map_err(|error| StageError::failed(error.to_string()))?;
        let rows = manifest.entries.len();
        let few = rows.min(self.sizes.segments);
        let all = count_segments(&from).map_err(|error| io_error("read", &from, &error))?;
        if few < rows {
            let short = ctx.home.with_file_name(".few_segments");
            let refused = |error: io::Error| io_error("write", &short, &error);
            manifest.entries.truncate(few);
            manifest.root = std::path::absolute(from.join(&manifest.root)).map_err(refused)?;
            fs::create_dir_all(&short).map_err(refused)?;
            let written = manifest.write(&short.join(&file));
            written.map_err(|error| StageError::failed(error.to_string()))?;
            let index = from.join(manifests::INDEX_FILE);
            if index.is_file() {
                fs::copy(&index, short.join(manifests::INDEX_FILE)).map_err(refused)?;
            }
            params.manifest = short;
        }
        let with = serde_json::to_value(&params).map_err(|error| StageError::failed(error.to_string()))?;
        let done = self.kind.run(&with, ctx)?;
        Ok(done
            .count(counts::SEGMENTS, few)
            .count(counts::OF_SEGMENTS, rows)
            .count(counts::OF_ALL_SEGMENTS, all))
    }
}

/// Parameters under which an evaluation does with fewer segments than the splits have.
fn with_segments_missing(kind: &str, with: &Value) -> Value {
    let mut with = with.clone();
    if kind == "evaluate" {
        with["missing_prediction"] = "drop".into();
    }
    with
}

/// Bytes of a checkpoint, or of the files of its folder.
fn checkpoint_size(path: &Path) -> u64 {
    let size = |path: &Path| fs::metadata(path).map_or(0, |meta| meta.len());
    match fs::read_dir(path) {
        Ok(entries) => entries.flatten().map(|entry| size(&entry.path())).sum(),
        Err(_) => size(path),
    }
}

/// Number of lines of all manifests of a directory, their first lines apart.
fn count_segments(dir: &Path) -> io::Result<usize> {
    let mut all = 0;
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "tsv") {
            all += count_rows(&path)?;
        }
    }
    Ok(all)
}

/// Number of segments that a manifest lists.
pub fn count_rows(manifest: &Path) -> io::Result<usize> {
    let text = fs::read(manifest)?;
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    Ok(lines.count().saturating_sub(1))
}
