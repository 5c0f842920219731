//! Measurement of a pipeline's stages: the pipeline itself, run in small in a directory that is removed again.

use super::small_stage::{SmallSizes, counts, small_kinds};
use crate::args::PipelineArgs;
use crate::kinds;
use crate::pipelines::graph_in;
use ecgfm_pipeline::{
    Cancel, Error, Graph, LockFile, RunEvent, RunObserver, RunOptions, StageRecord, StageSelection,
};
use ecgfm_stage_params::ModelCard;
use ecgfm_system::disk::nearest_directory;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Exams of a first measurement.
pub const FIRST_EXAMS: usize = 16;
/// Time that a measurement may take: one that takes longer is stopped.
pub const MOST_TIME: Duration = Duration::from_secs(20);
/// Time that measuring is to take in all.
pub const WANTED_TIME: Duration = Duration::from_secs(8);

/// A stage that ran in small.
#[derive(Debug, Clone, Default)]
pub struct MeasuredStage {
    /// Counts that it returned.
    pub counts: BTreeMap<String, u64>,
    /// Seconds that it took.
    pub seconds: f64,
    /// Bytes that it left.
    pub bytes: u64,
    /// Bytes of its inputs, with the stage that left them; none for those from outside.
    pub inputs: Vec<(Option<String>, u64)>,
    /// Segments a second, without what a model costs once.
    pub segments_per_second: Option<f64>,
    /// Parameters of the model that it ran, and the family of networks.
    pub model: Option<(u64, String)>,
}

impl MeasuredStage {
    /// A count of the stage.
    pub fn count(&self, name: &str) -> Option<f64> {
        self.counts.get(name).map(|count| *count as f64)
    }

    /// Seconds of its own work, without what its outputs take to be put in place.
    pub fn work(&self) -> Option<f64> {
        self.count(counts::WORK).map(|microseconds| microseconds / 1e6)
    }

    fn with_record(mut self, record: &StageRecord) -> Self {
        self.bytes = record.outputs.values().map(|file| file.size).sum();
        let inputs = record.inputs.values();
        self.inputs = inputs.map(|input| (input.stage.clone(), input.size)).collect();
        let rate = record.facts.get("segments_per_second").and_then(Value::as_f64);
        self.segments_per_second = rate.filter(|rate| *rate > 0.0);
        self
    }
}

/// Stages that ran in small, and why others did not.
#[derive(Debug, Default)]
pub struct MeasuredRun {
    /// Stages that ran.
    pub stages: BTreeMap<String, MeasuredStage>,
    /// Stages that failed, with the message.
    pub failed: BTreeMap<String, String>,
    /// Seconds of all.
    pub seconds: f64,
    /// Directory of the run, which is removed with this.
    dir: Option<(TempDir, PathBuf)>,
}

impl MeasuredRun {
    /// Directory of a stage that ran in small.
    pub fn stage_dir(&self, stage: &str) -> Option<PathBuf> {
        let (_, run_dir) = self.dir.as_ref()?;
        self.stages.contains_key(stage).then(|| run_dir.join(stage))
    }
}

/// Runs these stages of a pipeline in small, for so long at most. Whatever goes wrong is a reason why a stage was not measured.
///
/// # Errors
/// Interruption.
pub fn measure_stages(
    target: &PipelineArgs,
    run_dir: &Path,
    stages: Vec<String>,
    sizes: &SmallSizes,
    limit: Duration,
    cancel: &Cancel,
) -> Result<MeasuredRun, Error> {
    let began = Instant::now();
    let collected = Collected::default();
    let tried = run_in_small(target, run_dir, &stages, sizes, &collected, (limit, cancel));
    if cancel.is_cancelled() {
        return Err(Error::new(
            ecgfm_pipeline::ErrorKind::Interrupted,
            "interrupted while measuring",
        ));
    }
    let mut measured = collected.0.into_inner().unwrap_or_else(PoisonError::into_inner);
    measured.seconds = began.elapsed().as_secs_f64();
    match tried {
        Ok(dir) => measured.dir = Some(dir),
        Err(error) => {
            let unmeasured = stages
                .into_iter()
                .filter(|stage| !measured.stages.contains_key(stage));
            for stage in unmeasured.collect::<Vec<_>>() {
                measured
                    .failed
                    .entry(stage)
                    .or_insert_with(|| error.message().to_owned());
            }
        }
    }
    Ok(measured)
}

fn run_in_small(
    target: &PipelineArgs,
    run_dir: &Path,
    stages: &[String],
    sizes: &SmallSizes,
    collected: &Collected,
    (limit, cancel): (Duration, &Cancel),
) -> Result<(TempDir, PathBuf), Error> {
    let place = temporary_directory(run_dir).map_err(|error| {
        Error::new(
            ecgfm_pipeline::ErrorKind::StageFailed,
            format!("no place to measure in: {error}"),
        )
    })?;
    let graph = graph_in(target, &small_kinds(&kinds::all_kinds(), sizes), place.path())?;
    let options = RunOptions {
        selection: StageSelection {
            only: stages.to_vec(),
            ..StageSelection::default()
        },
        keep_going: true,
        ..RunOptions::default()
    };
    let stop = Cancel::default();
    let done = AtomicBool::new(false);
    let began = Instant::now();
    let ran = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                if cancel.is_cancelled() || began.elapsed() > limit {
                    stop.cancel();
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        let ran = graph.run(&options, collected, &stop);
        done.store(true, Ordering::SeqCst);
        ran
    });
    collected.add_records(&graph, stages);
    if began.elapsed() > limit && stop.is_cancelled() {
        let message = format!("measuring it takes longer than {} s", limit.as_secs());
        collected.fail_unmeasured(stages, &message);
    } else if let Err(error) = ran {
        collected.fail_unmeasured(stages, error.message());
    }
    collected.leave_out(graph.run_dir());
    collected.leave_out(place.path());
    Ok((place, graph.run_dir().to_owned()))
}

/// A directory in the file system of the run, or, where nothing may be written there, in that for temporary files.
fn temporary_directory(run_dir: &Path) -> std::io::Result<TempDir> {
    let named = || {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".ecgfm-measured-");
        builder
    };
    named()
        .tempdir_in(nearest_directory(run_dir))
        .or_else(|_| named().tempdir())
}

/// Collects what stages say of themselves.
#[derive(Default)]
struct Collected(Mutex<MeasuredRun>);

impl Collected {
    fn change(&self, change: impl FnOnce(&mut MeasuredRun)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Adds what the run's record and the models' cards say.
    fn add_records(&self, graph: &Graph, stages: &[String]) {
        let lock = LockFile::read(graph.run_dir()).ok().flatten().unwrap_or_default();
        self.change(|measured| {
            for name in stages {
                let (Some(stage), Some(record)) = (measured.stages.get_mut(name), lock.stages.get(name))
                else {
                    continue;
                };
                *stage = std::mem::take(stage).with_record(record);
                let kind = graph
                    .stage(name)
                    .ok()
                    .filter(|stage| stage.kind().name() == "infer");
                let model = kind.and_then(|stage| stage.params()["model"].as_str());
                let card = model.map(|model| ModelCard::path_beside(Path::new(model)));
                let card: Option<ModelCard<Value>> =
                    card.and_then(|path| ModelCard::read(&path).ok().flatten());
                stage.model = card.and_then(|card| Some((card.parameters, card.family?)));
            }
        });
    }

    /// Says of stages that were not measured why: the message, where no stage failed itself.
    fn fail_unmeasured(&self, stages: &[String], message: &str) {
        self.change(|measured| {
            let none_failed = measured.failed.is_empty();
            let mut unmeasured = stages.iter().filter(|name| !measured.stages.contains_key(*name));
            if let Some(first) = unmeasured.next().filter(|_| none_failed) {
                measured.failed.insert(first.clone(), message.to_owned());
            }
        });
    }

    /// Leaves the directory out of messages, which is not there any more when they are read.
    fn leave_out(&self, directory: &Path) {
        let directory = format!("{}/", directory.display());
        self.change(|measured| {
            for message in measured.failed.values_mut() {
                *message = message.replace(&directory, "");
            }
        });
    }
}

impl RunObserver for Collected {
    fn event(&self, event: &RunEvent) {
        match event {
            RunEvent::StageFinished {
                stage,
                counts,
                seconds,
                ..
            } => self.change(|measured| {
                let stage = measured.stages.entry(stage.clone()).or_default();
                (stage.counts, stage.seconds) = (counts.clone(), *seconds);
            }),
            RunEvent::StageFailed { stage, message, .. } => self.change(|measured| {
                let message = message.trim_start_matches(&format!("stage `{stage}`: "));
                measured.failed.insert(stage.clone(), message.to_owned());
            }),
            _ => {}
        }
    }
}

/// Exams, or segments, of a stage that was measured, as (measured, there are).
pub fn measured_exams(stage: &MeasuredStage) -> Option<(f64, f64)> {
    Some((stage.count(counts::EXAMS)?, stage.count(counts::OF_EXAMS)?))
}
