//! The stage `infer`: logits of every segment of a manifest, in its order, keyed.

mod labels;
mod precision;
mod tally;
mod writers;

use crate::backend::{Backend, Shape};
use crate::card::{Card, LabelNames};
use crate::choice::{BatchSize, DeviceChoice, Output, Precision, SaliencyHeads, Wanted};
use crate::device::Placement;
use crate::prefetch::{Batch, Batches, Plan, with_batches};
use crate::torchscript::TorchScript;
use crate::workers::{Crew, in_order};
use crate::{Error, Result, version};
use ecgfm_artifacts::logits;
use ecgfm_artifacts::manifests::{self, Subset};
use ecgfm_artifacts::stage::{Context, Outcome};
use ecgfm_artifacts::store::SegmentReader;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;
use tally::{Tally, outcome};
use writers::Writers;

/// Threads that read ahead, and batches held in memory.
const READERS: usize = 2;
const BUFFERS: usize = 4;

/// What to run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Directory of the manifests.
    pub manifest: PathBuf,
    /// Name of the manifest, as in `test`.
    pub subset: String,
    /// Segment store; where the manifest's first line says if absent.
    #[serde(default)]
    pub segments: Option<PathBuf>,
    /// TorchScript file. A card beside it (`model.json`) is checked.
    pub model: PathBuf,
    /// Label set by name or file; it must be the model's, by length and by what the model's card says.
    #[serde(default)]
    pub labels: Option<String>,
    /// What to ask the model for. Logits are always written, unless the model is an encoder.
    #[serde(default = "logits_only")]
    pub outputs: Vec<Output>,
    /// Whether saliency is the mean over the heads, or each head's.
    #[serde(default)]
    pub saliency_heads: SaliencyHeads,
    /// Where to run.
    #[serde(default)]
    pub device: DeviceChoice,
    /// What to compute in.
    #[serde(default)]
    pub precision: Precision,
    /// A precision below float32 that changes a probability by more than this brings a warning.
    #[serde(default = "default_bound")]
    pub precision_bound: f64,
    /// Segments at once.
    #[serde(default)]
    pub batch_size: BatchSize,
    /// CPU threads in all, one a batch where there are enough batches; one a core if absent.
    #[serde(default)]
    pub threads: Option<usize>,
}

fn default_bound() -> f64 {
    0.01
}

fn logits_only() -> Vec<Output> {
    vec![Output::Logits]
}

/// Runs the model on every segment of the subset and writes its logits into `ctx.out`.
///
/// # Errors
/// When the manifest, a segment, the model or the device cannot be used, the model does not suit the segments or the label
/// set, or somebody asks to stop.
pub fn run(params: &Params, ctx: &Context<'_>) -> Result<Outcome> {
    let source = Source::open(params)?;
    let placement = Placement::find(params.device, params.precision)?;
    let batch_size = params.batch_size.resolved(placement.suitable_batch());
    let batches = source.subset.rows.len().div_ceil(batch_size);
    let crew = Crew::new(threads(params.threads)?, placement.device, batches);
    let _threads = Threads::set(crew.threads_each);
    if let Some(warning) = version::warning() {
        ctx.progress.note(&warning);
        tracing::warn!("{warning}");
    }
    let Loaded {
        model,
        sha256,
        label_set,
    } = load(params, &source, placement)?;
    let change = precision::check(params, &source, &model, placement, batch_size, ctx)?;
    let tally = score(&source, &model, batch_size, crew, ctx)?;
    let done = outcome(&source, &model, &tally);
    let done = match change {
        None => done,
        Some(change) => change.record(done, params.precision_bound),
    };
    let mut done = done.fact("model_sha256", sha256);
    if let Some(set) = label_set {
        done = done.fact("label_set", set.name).fact("label_names", set.labels);
    }
    let mut record = done.facts.clone();
    // What changes from run to run is for the lock file; the same run should leave the same bytes.
    record.remove(tally::RATE);
    logits::write_record(ctx.out, &record)?;
    Ok(done.fact("threads", crew.threads()).fact("workers", crew.workers))
}

/// The segments of a subset.
struct Source {
    manifest: PathBuf,
    subset: Subset,
    reader: SegmentReader,
    shape: Shape,
}

impl Source {
    fn open(params: &Params) -> Result<Self> {
        let manifest = params.manifest.join(manifests::file(&params.subset));
        let subset = manifests::read(&params.manifest, &params.subset)?;
        let refused = |what: String| Error::Segments {
            path: manifest.clone(),
            what,
        };
        let reader = SegmentReader::open(params.segments.as_deref().unwrap_or(&subset.root))?;
        let first = subset
            .rows
            .first()
            .ok_or_else(|| refused("no segments: there is nothing to run".to_owned()))?;
        let (leads, samples) = reader.shape(&first.path)?;
        if let Some(odd) = subset.rows.iter().find(|row| row.samples != samples) {
            let key = &odd.key.segment;
            let what = format!(
                "segment `{key}` has {} samples where the first has {samples}; all must be of one length",
                odd.samples
            );
            return Err(refused(what));
        }
        Ok(Self {
            manifest,
            subset,
            reader,
            shape: Shape { leads, samples },
        })
    }

    fn refused(&self, what: String) -> Error {
        Error::Segments {
            path: self.manifest.clone(),
            what,
        }
    }
}

/// A model that suits the segments.
struct Loaded {
    model: TorchScript,
    sha256: String,
    /// What its labels are, by its card or by configuration.
    label_set: Option<LabelNames>,
}

/// Loads the model after its card, if there is one, has been held against the segments.
fn load(params: &Params, source: &Source, placement: Placement) -> Result<Loaded> {
    let sha256 = if params.model.is_file() {
        sha256(&params.model)?
    } else {
        String::new()
    };
    let card = Card::beside(&params.model, &sha256)?;
    if let Some(card) = &card {
        suits(card, source)?;
    }
    let mut model = TorchScript::load(
        &params.model,
        placement,
        Wanted::of(&params.outputs, params.saliency_heads),
    )?;
    let batch_size = params.batch_size.resolved(placement.suitable_batch());
    model.prepare(source.shape, &sizes(source.subset.rows.len(), batch_size))?;
    let labels = model.labels();
    if labels == 0 && params.outputs.contains(&Output::Logits) {
        let what = "it is an encoder without a head and gives no logits; ask for `outputs: [embedding]`";
        return Err(Error::model(&params.model, what.to_owned()));
    }
    if let Some(card) = card.as_ref().filter(|card| card.labels != labels) {
        let what = format!(
            "the model has {labels} labels and its card says {}; export it again",
            card.labels
        );
        return Err(Error::model(&params.model, what));
    }
    let label_set = labels::bound(params, card.and_then(|card| card.label_set), labels)?;
    Ok(Loaded {
        model,
        sha256,
        label_set,
    })
}

/// Holds a card against the segments.
fn suits(card: &Card, source: &Source) -> Result<()> {
    let (leads, samples) = (source.shape.leads, source.shape.samples);
    if card.input.leads != leads {
        return Err(source.refused(format!(
            "segments have {leads} leads, and the model takes {}",
            card.input.leads
        )));
    }
    if card.input.min_samples > samples {
        let needed = card.input.min_samples;
        return Err(source.refused(format!(
            "segments have {samples} samples, and the model needs {needed} at least"
        )));
    }
    Ok(())
}

/// The batch sizes that a run meets: the full one and the rest.
fn sizes(segments: usize, batch_size: usize) -> Vec<usize> {
    let (full, rest) = (segments / batch_size, segments % batch_size);
    [(full > 0).then_some(batch_size), (rest > 0).then_some(rest)]
        .into_iter()
        .flatten()
        .collect()
}

/// Runs a prepared model on all segments.
fn score(
    source: &Source,
    model: &impl Backend,
    batch_size: usize,
    crew: Crew,
    ctx: &Context<'_>,
) -> Result<Tally> {
    let rows = &source.subset.rows;
    let plan = Plan {
        segments: rows.len(),
        batch_size,
        segment_len: source.shape.len(),
        readers: READERS,
        buffers: BUFFERS + crew.workers,
    };
    let mut writer = Writers::create(ctx.out, &source.subset.name, model)?;
    ctx.progress.begin(rows.len() as u64, "segments");
    let read = |segment: usize, values: &mut [f32]| {
        source
            .reader
            .read(&rows[segment].path, values)
            .map_err(Error::from)
    };
    let started = Instant::now();
    let mut tally = with_batches(plan, read, |batches| {
        consume(source, model, crew, batches, &mut writer, ctx)
    })?;
    writer.finish()?;
    tally.elapsed = started.elapsed();
    tally.batch_size = batch_size;
    if tally.non_finite > 0 {
        let keys = tally.non_finite_keys.join(", ");
        let note = format!(
            "{} segments have infinite or NaN logits: {keys}",
            tally.non_finite
        );
        ctx.progress.note(&note);
        tracing::warn!("{note}");
    }
    Ok(tally)
}

fn consume(
    source: &Source,
    model: &impl Backend,
    crew: Crew,
    batches: &mut Batches<Error>,
    writer: &mut Writers,
    ctx: &Context<'_>,
) -> Result<Tally> {
    let (rows, labels) = (&source.subset.rows, model.labels());
    let mut tally = Tally::default();
    let run = |batch: &Batch| {
        let count = batch.segments.len();
        model.run(&batch.values, count, source.shape)
    };
    let go_on = || {
        if ctx.cancel.is_cancelled() {
            Err(Error::Cancelled)
        } else {
            Ok(())
        }
    };
    in_order(crew, batches, run, go_on, |batch, answer| {
        let rows = &rows[batch.segments.clone()];
        let answer = answer.map_err(|source| Error::Torch {
            segment: rows
                .first()
                .map_or_else(String::new, |row| row.key.segment.clone()),
            action: "run the model",
            source,
        })?;
        for (at, row) in rows.iter().enumerate() {
            let logits = &answer.logits[at * labels..][..labels];
            tally.see(&row.key.segment, logits);
            writer.push(row.key.clone(), logits)?;
        }
        writer.push_extras(&answer)?;
        tally.batches += 1;
        ctx.progress.advance(rows.len() as u64);
        Ok(())
    })?;
    Ok(tally)
}

/// Threads to share out.
fn threads(wanted: Option<usize>) -> Result<usize> {
    match wanted {
        None => Ok(usize::try_from(tch::get_num_threads()).unwrap_or(1)),
        Some(n) if (1..=1024).contains(&n) => Ok(n),
        Some(n) => Err(Error::device(format!("threads {n}; a number from 1 to 1024"))),
    }
}

/// Sets libtorch's threads for a run, and sets them back.
struct Threads(i32);

impl Threads {
    fn set(threads: usize) -> Self {
        let before = tch::get_num_threads();
        tch::set_num_threads(i32::try_from(threads).unwrap_or(i32::MAX));
        Self(before)
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        tch::set_num_threads(self.0);
    }
}

fn sha256(path: &Path) -> Result<String> {
    let failed = |error: std::io::Error| Error::model(path, error.to_string());
    let mut file = std::fs::File::open(path).map_err(failed)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer).map_err(failed)? {
            0 => break,
            read => hash.update(&buffer[..read]),
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests;
