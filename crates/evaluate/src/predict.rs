//! Stage `predict`: logits → probabilities, labels, mapped labels, and segments pooled into ECGs.

pub use crate::compare::OnMissing;
use crate::ecgs::Ecgs;
use crate::error::{Error, Result};
use crate::metrics::threshold::Criterion;
use crate::returned;
use crate::sigmoid::sigmoid;
use crate::tables::{self, Scores};
pub use crate::thresholds::PerLabel;
use crate::thresholds::{self, Thresholds};
use ecgfm_artifacts::choices::Returns;
use ecgfm_artifacts::columns::{IDX, SAVE_FILE, SEGMENT, SPLIT};
use ecgfm_artifacts::labels::MissingLabel;
use ecgfm_artifacts::labelset::{LabelSet, Mapping, Pool};
use ecgfm_artifacts::logits::{Logits, ManifestRows, labels_recorded, notices_recorded};
use ecgfm_artifacts::predictions::{self, About};
use ecgfm_artifacts::stage::{Context, Outcome};
use ecgfm_artifacts::{atomic, key, manifests, table};
use polars::prelude::*;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What to predict, from what.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Directory that the infer stage wrote.
    pub logits: PathBuf,
    /// Directory of the manifest that the logits were computed from: its lines are their rows. Only for logits that have no
    /// index beside them, as the reference's inference writes them.
    #[serde(default)]
    pub manifest: Option<PathBuf>,
    /// Where the segments of that manifest are; where its first line says if absent. Their files say `idx` where the manifest
    /// has no index.
    #[serde(default)]
    pub segments: Option<PathBuf>,
    /// The subset whose logits to read.
    #[serde(default = "default_subset")]
    pub subset: String,
    /// The model's label set: a built-in name or a file.
    pub labels: String,
    /// Which of the model's labels stand for which of the data set's: a built-in name or a file. Without one there
    /// is no `mapped.csv`.
    #[serde(default)]
    pub mapping: Option<String>,
    /// What the model returned: `logits`, or `probabilities` where it ends in a sigmoid or a softmax. As the inference's
    /// record says if not given; where nobody says it and every value is from 0 to 1, the stage stops.
    #[serde(default)]
    pub returns: Option<Returns>,
    /// A label holds where its probability is strictly above this; 0.5 if not given. With `thresholds` or `choose_on`, those
    /// labels only that have no threshold of their own.
    #[schemars(range(min = 0, max = 1))]
    #[serde(default)]
    pub threshold: Option<f64>,
    /// Thresholds label by label: `{AF: 0.3, SB: 0.6}`, or a table `label,threshold`. A name is that of a mapped label, or
    /// of one of the model's. Without `threshold`, every mapped label must have one (every label, without a mapping).
    #[serde(default)]
    pub thresholds: Option<PerLabel>,
    /// Directory that predict wrote for another split, with the same model: the thresholds of the mapped labels are chosen
    /// on its ECGs.
    #[serde(default)]
    pub choose_on: Option<PathBuf>,
    /// What they are chosen by; Youden's index if not given.
    #[serde(default)]
    pub choose_by: Option<Criterion>,
    /// The truth of the ECGs that thresholds are chosen on: `labels.csv`.
    #[serde(default)]
    pub truth: Option<PathBuf>,
    /// What to do with an ECG to choose on that has no truth.
    #[serde(default)]
    pub missing_truth: OnMissing,
    /// What to do with an ECG to choose on of which the truth of a label is not known.
    #[serde(default)]
    pub missing_label: MissingLabel,
    /// How segments of an ECG are pooled, for all labels; as the label set says for each if not given.
    #[serde(default)]
    pub pool: Option<Pool>,
    /// What to do with a segment that has a NaN or infinite logit.
    #[serde(default)]
    pub on_non_finite: OnNonFinite,
}

/// What to do with a segment that has a NaN or infinite logit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnNonFinite {
    /// Stop and name it.
    #[default]
    Error,
    /// Leave it out and count it (`segments_non_finite`).
    Drop,
}

/// Rows whose probabilities are computed at a time.
const BLOCK: usize = 2048;

fn default_subset() -> String {
    "test".to_owned()
}

impl Params {
    /// Checks what can be checked without data.
    ///
    /// # Errors
    /// A parameter that makes no sense, or that another one contradicts.
    pub fn check(&self) -> Result<()> {
        thresholds::check(self)
    }
}

/// Names of configurations, resolved.
pub(crate) struct Resolved {
    pub(crate) labels: LabelSet,
    /// What messages call the label set, before its pooling is overruled.
    described: String,
    pub(crate) mapping: Option<Mapping>,
}

impl Resolved {
    /// # Errors
    /// A label set or mapping cannot be found, or they do not belong together.
    pub(crate) fn load(params: &Params) -> Result<Self> {
        let mut labels = LabelSet::load(&params.labels)?;
        let described = labels.described();
        let mapping = params.mapping.as_deref().map(Mapping::load).transpose()?;
        if let (Some(mapping), Some(origin)) = (&mapping, &params.mapping) {
            mapping.check_from(origin, &labels)?;
        }
        if let Some(pool) = params.pool {
            labels.labels.iter_mut().for_each(|label| label.pool = pool);
        }
        Ok(Self {
            labels,
            described,
            mapping,
        })
    }
}

/// Writes `predictions.csv`, `.parquet`, `mapped.csv`, `ecg.csv` and `predictions.json` into `ctx.out`.
///
/// Probabilities are the logistic function of the logits, as float32, or what the model returned where these are probabilities.
/// Here it is decided, once for a whole run, from which probability on a label holds. An ECG's probability is pooled from those of
/// its segments as the label set says. Rows keep the order of the logits; ECGs stand in the order of their first
/// segments.
///
/// # Errors
/// Inputs cannot be read; the label set has another number of labels than the logits; a logit is not finite (unless
/// they are to be dropped); nobody says whether they are logits or probabilities, and they may be either; keys contradict
/// each other; no segment is left; thresholds are missing, or cannot be chosen.
pub fn run(params: &Params, ctx: &Context<'_>) -> Result<Outcome> {
    params.check()?;
    let set = Resolved::load(params)?;
    let manifest = params.manifest.as_deref().map(|dir| ManifestRows {
        dir,
        segments: params.segments.as_deref(),
    });
    let logits = Logits::read_keyed(&params.logits, &params.subset, manifest)?;
    note_without_idx(&logits, ctx);
    let names = set.labels.names();
    if names.len() != logits.labels {
        return Err(Error::LabelCount {
            path: params.logits.clone(),
            logits: logits.labels,
            labels: names.len(),
            set: params.labels.clone(),
        });
    }
    bound(params, &names, &set.described)?;
    let returns = returned::find(params, &logits, &names)?;
    let read = logits.index.height();
    ctx.progress.begin(read as u64, "segments");
    let kept = finite_rows(params, &logits, &names)?;
    let keys = keys(params, &logits, &kept)?;
    let (ecgs, (unique, scores)) = rayon::join(
        || Ecgs::of(&params.logits, &keys),
        || {
            let unique = unique(&params.logits, &logits.index);
            (unique, probabilities(&logits, &kept, returns))
        },
    );
    unique?;
    let ecgs = ecgs?;
    if ctx.cancel.is_cancelled() {
        return Err(Error::Cancelled);
    }
    let thresholds = Thresholds::find(params, &set, &ecgs.keys)?;
    if let Some(note) = thresholds.note(&set) {
        ctx.progress.note(&note);
    }
    let about = About {
        subset: params.subset.clone(),
        returns,
        thresholds: thresholds.used.clone(),
        threshold_of: thresholds.named(&names),
        labels: set.labels.clone(),
        mapping: set.mapping.clone(),
        notices: notices_recorded(&params.logits)?,
    };
    write(ctx, &about, &thresholds.values, (&keys, &scores), &ecgs)?;
    ctx.progress.advance(read as u64);
    let mut outcome = Outcome::default();
    let chosen_on = [
        ("ecgs_chosen_on", about.thresholds.ecgs),
        (
            "ecgs_chosen_on_without_truth",
            about.thresholds.ecgs_without_truth,
        ),
    ];
    for (name, count) in chosen_on {
        if let Some(count) = count {
            outcome = outcome.count(name, count as usize);
        }
    }
    Ok(outcome
        .count("segments_read", read)
        .count("segments_predicted", kept.len())
        .count("segments_non_finite", read - kept.len())
        .count("ecgs_predicted", ecgs.len())
        .fact("threshold", about.thresholds.by)
        .fact("returns", returns.name())
        .fact("labels", names.len()))
}

/// Tells of segments that nothing can be joined to.
fn note_without_idx(logits: &Logits, ctx: &Context<'_>) {
    let without = logits.index.column(IDX).map_or(0, Column::null_count);
    if without > 0 {
        let rows = logits.index.height();
        ctx.progress.note(&manifests::note_without_idx(without, rows));
    }
}

/// Writes all tables at once; `thresholds` are those of the model's labels.
fn write(
    ctx: &Context<'_>,
    about: &About,
    thresholds: &[f64],
    (keys, scores): (&DataFrame, &[Scores]),
    ecgs: &Ecgs,
) -> Result<()> {
    let names = about.labels.names();
    let mapped = |mapping: &Mapping| -> Result<()> {
        let of_pairs = thresholds::of_pairs(mapping, &about.threshold_of)?;
        let frame = tables::mapped(keys, &names, scores, mapping, &of_pairs)?;
        Ok(predictions::write_mapped(ctx.out, &frame)?)
    };
    atomic::together(vec![
        Box::new(|| {
            let frame = tables::predictions(keys, &names, scores, thresholds)?;
            Ok(predictions::write(ctx.out, &frame)?)
        }),
        Box::new(|| {
            let frame = tables::ecgs(&about.labels, scores, ecgs, thresholds)?;
            Ok(predictions::write_ecg(ctx.out, &frame)?)
        }),
        Box::new(|| about.mapping.as_ref().map_or(Ok(()), mapped)),
        Box::new(|| Ok(about.write(ctx.out)?)),
    ])
}

/// The labels must be those that the model was exported with, where that is recorded beside its logits. `described` is what
/// messages call the configured ones.
fn bound(params: &Params, names: &[&str], described: &str) -> Result<()> {
    let Some(recorded) = labels_recorded(&params.logits)? else {
        return Ok(());
    };
    match recorded.labels.iter().zip(names).position(|(a, b)| a != b) {
        None => Ok(()),
        Some(at) => Err(Error::Parameter {
            name: "labels",
            what: format!(
                "{described} is not the one that the model was exported with, {}: label {} is `{}` there and `{}` here",
                recorded.described(),
                at + 1,
                recorded.labels[at],
                names[at]
            ),
        }),
    }
}

/// Rows whose logits are all finite.
fn finite_rows(params: &Params, logits: &Logits, names: &[&str]) -> Result<Vec<usize>> {
    let rows = logits.index.height();
    let row_of = |row: usize| &logits.values[row * logits.labels..][..logits.labels];
    let finite = |row: &usize| row_of(*row).iter().all(|v| v.is_finite());
    // Most often all are, which is quickly seen.
    if logits
        .values
        .par_chunks(1 << 16)
        .all(|some| some.iter().all(|v| v.is_finite()))
        && rows > 0
    {
        return Ok((0..rows).collect());
    }
    let (kept, bad): (Vec<usize>, Vec<usize>) = (0..rows).partition(finite);
    if let (Some(&row), OnNonFinite::Error) = (bad.first(), params.on_non_finite) {
        let label = row_of(row).iter().position(|v| !v.is_finite()).unwrap_or(0);
        return Err(Error::NonFinite {
            path: params.logits.clone(),
            segment: table::str_column(&params.logits, &logits.index, SEGMENT)?
                .get(row)
                .unwrap_or("")
                .to_owned(),
            label: names[label].to_owned(),
            value: row_of(row)[label],
            count: bad.len(),
            rows,
        });
    }
    if kept.is_empty() {
        let what = format!(
            "subset `{}` has no segment with finite logits ({rows} were read)",
            params.subset
        );
        return Err(Error::keys(&params.logits, what));
    }
    Ok(kept)
}

/// No segment may stand in more than one row.
fn unique(path: &Path, index: &DataFrame) -> Result<()> {
    let segments = table::str_column(path, index, SEGMENT)?;
    match key::repeated(|| segments.iter().flatten()) {
        None => Ok(()),
        Some(twice) => Err(Error::keys(
            path,
            format!("segment `{twice}` stands in more than one row; a key must be unique"),
        )),
    }
}

/// The keys of the kept rows: segment, idx, save_file, split.
fn keys(params: &Params, logits: &Logits, kept: &[usize]) -> Result<DataFrame> {
    let index = logits.index.select([SEGMENT, IDX, SAVE_FILE]);
    let mut keys = if kept.len() == logits.index.height() {
        index
    } else {
        let rows = IdxCa::from_vec("row".into(), kept.iter().map(|&r| r as IdxSize).collect());
        index.and_then(|index| index.take(&rows))
    }
    .map_err(Error::table("keying the logits"))?;
    keys.with_column(Column::new_scalar(
        SPLIT.into(),
        PlSmallStr::from(params.subset.as_str()).into(),
        kept.len(),
    ))
    .map_err(Error::table("keying the logits"))?;
    Ok(keys)
}

/// The probabilities of the kept rows: one column a label. Rows are taken in blocks that fit a core's cache.
fn probabilities(logits: &Logits, kept: &[usize], returns: Returns) -> Vec<Scores> {
    let probability = match returns {
        Returns::Logits => sigmoid,
        Returns::Probabilities => |p: f32| p.clamp(0.0, 1.0),
    };
    let mut columns = vec![vec![0.0; kept.len()]; logits.labels];
    let mut of_columns: Vec<_> = columns.iter_mut().map(|c| c.chunks_mut(BLOCK)).collect();
    let blocks: Vec<(&[usize], Vec<&mut [f32]>)> = kept
        .chunks(BLOCK)
        .map(|rows| (rows, of_columns.iter_mut().filter_map(Iterator::next).collect()))
        .collect();
    blocks.into_par_iter().for_each(|(rows, mut columns)| {
        for (i, row) in rows.iter().enumerate() {
            let logits = &logits.values[row * logits.labels..][..logits.labels];
            for (column, logit) in columns.iter_mut().zip(logits) {
                column[i] = probability(*logit);
            }
        }
    });
    columns.into_iter().map(Scores::new).collect()
}
