//! Stage `predict`: logits → probabilities, labels, mapped labels, and segments pooled into ECGs.

pub(crate) mod params;
pub(crate) mod resolved;

use crate::ecgs::{extend_keys, pool_segments};
use crate::error::{Error, Result};
use crate::expressions::probability;
use crate::returns;
pub use crate::scored_rows::OnMissing;
use crate::tables;
pub use crate::thresholds::check_params;
use crate::thresholds::{self, Thresholds};
use ecgfm_artifacts::columns::{IDX, SAVE_FILE, SEGMENT, SPLIT};
use ecgfm_artifacts::labelset::Mapping;
use ecgfm_artifacts::logits::{InferenceRecord, Logits, ManifestRows};
use ecgfm_artifacts::predictions::{self, PredictionsInfo};
use ecgfm_artifacts::stage::{Context, Outcome};
use ecgfm_artifacts::{key, manifests, parallel, table};
pub use params::{OnNonFinite, Params, PerLabel};
use polars::prelude::*;
use rayon::prelude::*;
use resolved::ResolvedLabels;
use std::path::Path;

/// Rows of logits that one thread turns into columns at a time.
const BLOCK: usize = 2048;

/// Writes `predictions.csv`, `.parquet`, `mapped.csv`, `ecg.csv` and `predictions.json` into `ctx.out`.
///
/// Probabilities are the logistic function of the logits, as float32, or what the model returned where these are probabilities.
/// Here it is decided, once for a whole run, from which probability on a label holds. An ECG's probability is pooled from those of
/// its segments as the label set says. Rows keep the order of the logits; ECGs are in the order of their first
/// segments.
///
/// # Errors
/// Inputs cannot be read; the label set has another number of labels than the logits; a logit is not finite (unless
/// they are to be dropped); nobody says whether they are logits or probabilities, and they may be either; keys contradict
/// each other; no segment is left; thresholds are missing, or cannot be chosen.
pub fn run(params: &Params, ctx: &Context<'_>) -> Result<Outcome> {
    check_params(params)?;
    let set = ResolvedLabels::load(params)?;
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
    check_label_names(params, &names, &set.described)?;
    let returns = returns::find_returns(params, &logits, &names)?;
    let read = logits.index.height();
    ctx.progress.begin(read as u64, "segments");
    let index = logits.index.clone();
    let logits = logit_table(&params.subset, logits, &names)?;
    let logits = without_non_finite(params, logits, &names)?;
    require_unique_segments(&params.logits, &index)?;
    let probabilities = names.iter().map(|name| probability(col(*name), returns));
    let segments = logits
        .lazy()
        .with_columns(probabilities.collect::<Vec<_>>())
        .collect();
    let segments = segments.map_err(Error::table("computing probabilities"))?;
    let ecgs = pool_segments(&params.logits, &segments, &set.labels, &names)?;
    if ctx.cancel.is_cancelled() {
        return Err(Error::Cancelled);
    }
    let thresholds = Thresholds::find(params, &set, &ecgs)?;
    if let Some(note) = thresholds.unused_notice(&set) {
        ctx.progress.note(&note);
    }
    let about = PredictionsInfo {
        subset: params.subset.clone(),
        returns,
        thresholds: thresholds.used.clone(),
        threshold_of: thresholds.by_label(&names),
        labels: set.labels.clone(),
        mapping: set.mapping.clone(),
        notices: InferenceRecord::read(&params.logits)?.notices.unwrap_or_default(),
    };
    write_tables(ctx, &about, &thresholds.values, &segments, &ecgs)?;
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
        .count("segments_predicted", segments.height())
        .count("segments_non_finite", read - segments.height())
        .count("ecgs_predicted", ecgs.height())
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
fn write_tables(
    ctx: &Context<'_>,
    about: &PredictionsInfo,
    thresholds: &[f64],
    segments: &DataFrame,
    ecgs: &DataFrame,
) -> Result<()> {
    let names = about.labels.names();
    let mapped = |mapping: &Mapping| -> Result<()> {
        let thresholds_of_pairs = thresholds::thresholds_of_pairs(mapping, &about.threshold_of)?;
        let frame = tables::mapped_table(segments, mapping, &thresholds_of_pairs)?;
        Ok(predictions::write_mapped(ctx.out, &frame)?)
    };
    parallel::run_parallel(vec![
        Box::new(|| {
            let frame = tables::with_labels(segments, &names, thresholds)?;
            Ok(predictions::write(ctx.out, &frame)?)
        }),
        Box::new(|| {
            let frame = tables::with_labels(ecgs, &names, thresholds)?;
            Ok(predictions::write_ecg(ctx.out, &frame)?)
        }),
        Box::new(|| about.mapping.as_ref().map_or(Ok(()), mapped)),
        Box::new(|| Ok(about.write(ctx.out)?)),
    ])
}

/// Checks that the labels are those that the model was exported with, where that is recorded beside its logits. `described` is what
/// messages call the configured ones.
fn check_label_names(params: &Params, names: &[&str], described: &str) -> Result<()> {
    let Some(recorded) = InferenceRecord::read(&params.logits)?.labels_by_name() else {
        return Ok(());
    };
    match recorded.labels.iter().zip(names).position(|(a, b)| a != b) {
        None => Ok(()),
        Some(at) => Err(Error::Parameter {
            name: "labels",
            what: format!(
                "{described} is not the one that the model was exported with, {}: label {} is `{}` there and `{}` here",
                recorded.describe(),
                at + 1,
                recorded.labels[at],
                names[at]
            ),
        }),
    }
}

/// Table of a row a segment: segment, idx, save_file, split, then the logits of every label.
fn logit_table(subset: &str, logits: Logits, names: &[&str]) -> Result<DataFrame> {
    let failed = || Error::table("keying the logits");
    let rows = logits.index.height();
    let mut keys = logits.index.select([SEGMENT, IDX, SAVE_FILE]).map_err(failed())?;
    let split = Column::new_scalar(SPLIT.into(), PlSmallStr::from(subset).into(), rows);
    keys.with_column(split).map_err(failed())?;
    let columns = transpose(&logits.values, rows, names.len());
    let named =
        |(name, values): (&&str, Vec<f32>)| Float32Chunked::from_vec((*name).into(), values).into_column();
    extend_keys(&keys, names.iter().zip(columns).map(named))
}

/// The columns of a row-major array. Rows are taken in blocks that fit a core's cache.
fn transpose(values: &[f32], rows: usize, width: usize) -> Vec<Vec<f32>> {
    let mut columns = vec![vec![0.0; rows]; width];
    let mut of_columns: Vec<_> = columns.iter_mut().map(|c| c.chunks_mut(BLOCK)).collect();
    let blocks: Vec<(&[f32], Vec<&mut [f32]>)> = values
        .chunks(BLOCK * width.max(1))
        .map(|block| (block, of_columns.iter_mut().filter_map(Iterator::next).collect()))
        .collect();
    blocks.into_par_iter().for_each(|(block, mut columns)| {
        for (i, row) in block.chunks_exact(width.max(1)).enumerate() {
            for (column, value) in columns.iter_mut().zip(row) {
                column[i] = *value;
            }
        }
    });
    columns
}

/// The segments whose logits are all finite.
fn without_non_finite(params: &Params, segments: DataFrame, names: &[&str]) -> Result<DataFrame> {
    let failed = || Error::table("looking for logits that are not finite");
    let rows = segments.height();
    let finite = names.iter().map(|name| col(*name).is_finite());
    let finite = finite.fold(lit(true), Expr::and);
    let bad = segments.clone().lazy().filter(finite.clone().not());
    let bad = bad.collect().map_err(failed())?;
    if bad.height() == 0 && rows > 0 {
        return Ok(segments);
    }
    if bad.height() > 0 && params.on_non_finite == OnNonFinite::Error {
        return Err(non_finite(params, &bad, names, rows).map_err(failed())?);
    }
    let kept = segments.lazy().filter(finite).collect().map_err(failed())?;
    if kept.height() == 0 {
        let what = format!(
            "subset `{}` has no segment with finite logits ({rows} were read)",
            params.subset
        );
        return Err(Error::keys(&params.logits, what));
    }
    Ok(kept)
}

/// An error about the first of the segments `bad`, each of which has a logit that is not finite.
fn non_finite(params: &Params, bad: &DataFrame, names: &[&str], rows: usize) -> PolarsResult<Error> {
    let logit = |name: &str| Ok(bad.column(name)?.f32()?.get(0).unwrap_or(f32::NAN));
    let logits = names
        .iter()
        .map(|name| logit(name))
        .collect::<PolarsResult<Vec<f32>>>()?;
    let label = logits.iter().position(|v| !v.is_finite()).unwrap_or(0);
    Ok(Error::NonFinite {
        path: params.logits.clone(),
        segment: bad.column(SEGMENT)?.str()?.get(0).unwrap_or_default().to_owned(),
        label: names[label].to_owned(),
        value: logits[label],
        count: bad.height(),
        rows,
    })
}

/// Checks that no segment is in more than one row.
fn require_unique_segments(path: &Path, index: &DataFrame) -> Result<()> {
    let segments = table::str_column(path, index, SEGMENT)?;
    match key::find_duplicate(|| segments.iter().flatten()) {
        None => Ok(()),
        Some(twice) => Err(Error::keys(
            path,
            format!("segment `{twice}` is in more than one row; a key must be unique"),
        )),
    }
}
