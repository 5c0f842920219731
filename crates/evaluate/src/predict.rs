//! Stage `predict`: logits → probabilities, labels, mapped labels, and segments pooled into ECGs.

use crate::ecgs::{Ecgs, extend};
use crate::error::{Error, Result};
use crate::named::joined;
use crate::sigmoid::{above, sigmoid};
use ecgfm_artifacts::columns::{IDX, LABELS, PREDICTED, SAVE_FILE, SEGMENT, SEGMENTS, SPLIT};
use ecgfm_artifacts::labelset::{How, LabelSet, Mapping, Pair, Pool};
use ecgfm_artifacts::logits::{Logits, labels_recorded, notices_recorded};
use ecgfm_artifacts::predictions::{self, About, PROBABILITY};
use ecgfm_artifacts::stage::{Context, Outcome};
use ecgfm_artifacts::{atomic, key, table};
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
    /// The subset whose logits to read.
    #[serde(default = "default_subset")]
    pub subset: String,
    /// The model's label set: a built-in name or a file.
    pub labels: String,
    /// Which of the model's labels stand for which of the data set's: a built-in name or a file. Without one there
    /// is no `mapped.csv`.
    #[serde(default)]
    pub mapping: Option<String>,
    /// A label holds where its probability is strictly above this.
    #[schemars(range(min = 0, max = 1))]
    #[serde(default = "default_threshold")]
    pub threshold: f64,
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

fn default_threshold() -> f64 {
    0.5
}

/// Writes `predictions.csv`, `.parquet`, `mapped.csv`, `ecg.csv` and `predictions.json` into `ctx.out`.
///
/// Probabilities are the logistic function of the logits, as float32. An ECG's probability is pooled from those of
/// its segments as the label set says. Rows keep the order of the logits; ECGs stand in the order of their first
/// segments.
///
/// # Errors
/// Inputs cannot be read; the label set has another number of labels than the logits; a logit is not finite (unless
/// they are to be dropped); keys contradict each other; no segment is left.
pub fn run(params: &Params, ctx: &Context<'_>) -> Result<Outcome> {
    let about = about(params)?;
    let logits = Logits::read(&params.logits, &params.subset)?;
    let names = about.labels.names();
    if names.len() != logits.labels {
        return Err(Error::LabelCount {
            path: params.logits.clone(),
            logits: logits.labels,
            labels: names.len(),
            set: params.labels.clone(),
        });
    }
    bound(params, &names)?;
    let read = logits.index.height();
    ctx.progress.begin(read as u64, "segments");
    let kept = finite_rows(params, &logits, &names)?;
    let keys = keys(params, &logits, &kept)?;
    let (ecgs, (unique, scores)) = rayon::join(
        || Ecgs::of(&params.logits, &keys),
        || {
            let unique = unique(&params.logits, &logits.index);
            (unique, probabilities(&logits, &kept))
        },
    );
    unique?;
    let ecgs = ecgs?;
    if ctx.cancel.is_cancelled() {
        return Err(Error::Cancelled);
    }
    write(ctx, &about, &keys, &scores, &ecgs)?;
    ctx.progress.advance(read as u64);
    Ok(Outcome::default()
        .count("segments_read", read)
        .count("segments_predicted", kept.len())
        .count("segments_non_finite", read - kept.len())
        .count("ecgs_predicted", ecgs.len())
        .fact("threshold", about.threshold)
        .fact("labels", names.len()))
}

/// Writes all tables at once.
fn write(ctx: &Context<'_>, about: &About, keys: &DataFrame, scores: &[Scores], ecgs: &Ecgs) -> Result<()> {
    let names = about.labels.names();
    let mapped = |mapping| -> Result<()> {
        let frame = mapped_frame(keys, &names, scores, mapping, about.threshold)?;
        Ok(predictions::write_mapped(ctx.out, &frame)?)
    };
    atomic::together(vec![
        Box::new(|| {
            let frame = predictions_frame(keys, &names, scores, about.threshold)?;
            Ok(predictions::write(ctx.out, &frame)?)
        }),
        Box::new(|| {
            let frame = ecg_frame(&about.labels, scores, ecgs)?;
            Ok(predictions::write_ecg(ctx.out, &frame)?)
        }),
        Box::new(|| about.mapping.as_ref().map_or(Ok(()), mapped)),
        Box::new(|| Ok(about.write(ctx.out)?)),
    ])
}

/// The labels must be those that the model was exported with, where that is recorded beside its logits.
fn bound(params: &Params, names: &[&str]) -> Result<()> {
    let Some(recorded) = labels_recorded(&params.logits)? else {
        return Ok(());
    };
    match recorded.labels.iter().zip(names).position(|(a, b)| a != b) {
        None => Ok(()),
        Some(at) => Err(Error::Parameter {
            name: "labels",
            what: format!(
                "the model was exported with label set `{}`, and `{}` is another: label {} is `{}` there and `{}` here",
                recorded.name,
                params.labels,
                at + 1,
                recorded.labels[at],
                names[at]
            ),
        }),
    }
}

/// Resolves names of configurations, and checks the threshold.
fn about(params: &Params) -> Result<About> {
    crate::settings::check_threshold(params.threshold)?;
    let mut labels = LabelSet::load(&params.labels)?;
    if let Some(pool) = params.pool {
        labels.labels.iter_mut().for_each(|label| label.pool = pool);
    }
    let mapping = params.mapping.as_deref().map(Mapping::load).transpose()?;
    if let (Some(mapping), Some(origin)) = (&mapping, &params.mapping) {
        mapping.check_from(origin, &labels)?;
    }
    Ok(About {
        subset: params.subset.clone(),
        threshold: params.threshold,
        labels,
        mapping,
        notices: notices_recorded(&params.logits)?,
    })
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

/// The probabilities of a label, in memory that tables can share: one piece, nothing missing.
struct Scores(Float32Chunked);

impl Scores {
    fn values(&self) -> &[f32] {
        self.0.cont_slice().unwrap_or(&[])
    }

    fn column(&self, name: &str) -> Column {
        self.0.clone().with_name(name.into()).into_column()
    }
}

/// The probabilities of the kept rows: one column a label. Rows are taken in blocks that fit a core's cache.
fn probabilities(logits: &Logits, kept: &[usize]) -> Vec<Scores> {
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
                column[i] = sigmoid(*logit);
            }
        }
    });
    let shared = |column| Scores(Float32Chunked::from_vec(PlSmallStr::EMPTY, column));
    columns.into_iter().map(shared).collect()
}

fn decisions(scores: &[f32], threshold: f64) -> Vec<bool> {
    scores.iter().map(|&p| above(p, threshold)).collect()
}

fn predictions_frame(
    keys: &DataFrame,
    names: &[&str],
    scores: &[Scores],
    threshold: f64,
) -> Result<DataFrame> {
    let decided: Vec<Vec<bool>> = scores
        .iter()
        .map(|column| decisions(column.values(), threshold))
        .collect();
    let labels = joined(names, &decided, keys.height());
    let probabilities = names.iter().zip(scores).map(|(name, column)| column.column(name));
    extend(
        keys,
        probabilities.chain([labels.with_name(LABELS.into()).into_column()]),
    )
}

fn mapped_frame(
    keys: &DataFrame,
    names: &[&str],
    scores: &[Scores],
    mapping: &Mapping,
    threshold: f64,
) -> Result<DataFrame> {
    let column_of = |from: &String| names.iter().position(|n| n == from).map(|i| scores[i].values());
    let combined = |pair: &Pair| -> Option<Vec<f32>> {
        let columns = pair
            .from
            .names()
            .iter()
            .map(column_of)
            .collect::<Option<Vec<_>>>()?;
        Some(combine(pair.how, &columns))
    };
    let pairs: Vec<(&str, Vec<f32>)> = mapping
        .map
        .iter()
        .filter_map(|pair| Some((pair.to.as_str(), combined(pair)?)))
        .collect();
    let targets: Vec<&str> = pairs.iter().map(|p| p.0).collect();
    let decided: Vec<Vec<bool>> = pairs
        .iter()
        .map(|(_, column)| decisions(column, threshold))
        .collect();
    let predicted = joined(&targets, &decided, keys.height());
    let flags = targets
        .iter()
        .zip(&decided)
        .map(|(to, column)| Column::new((*to).into(), column));
    let probabilities = pairs
        .iter()
        .map(|(to, column)| Column::new(format!("{to}{PROBABILITY}").into(), column));
    extend(
        keys,
        flags
            .chain([predicted.with_name(PREDICTED.into()).into_column()])
            .chain(probabilities),
    )
}

/// One column out of those of the labels that stand for the same.
pub(crate) fn combine(how: How, columns: &[&[f32]]) -> Vec<f32> {
    match columns {
        [one] => one.to_vec(),
        _ => (0..columns.first().map_or(0, |column| column.len()))
            .map(|row| how.combined(columns.iter().map(|column| column[row])))
            .collect(),
    }
}

/// The ECGs, with the probability of every label.
fn ecg_frame(labels: &LabelSet, scores: &[Scores], ecgs: &Ecgs) -> Result<DataFrame> {
    let pooled = labels.labels.par_iter().zip(scores);
    let pooled: Vec<Column> = pooled
        .map(|(label, column)| ecgs.pool(label, column.values()))
        .collect();
    let sizes = Column::new(SEGMENTS.into(), ecgs.sizes());
    extend(&ecgs.keys, std::iter::once(sizes).chain(pooled))
}
