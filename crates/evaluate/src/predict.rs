//! Stage `predict`: logits → probabilities, labels, mapped labels, and segments pooled into ECGs.

pub(crate) mod params;
pub(crate) mod resolved;

pub use crate::compare::OnMissing;
use crate::ecgs::Ecgs;
use crate::error::{Error, Result};
use crate::returned;
use crate::sigmoid::sigmoid;
use crate::tables::{self, Scores};
pub use crate::thresholds::check_params;
use crate::thresholds::{self, Thresholds};
use ecgfm_artifacts::columns::{IDX, SAVE_FILE, SEGMENT, SPLIT};
use ecgfm_artifacts::labelset::Mapping;
use ecgfm_artifacts::logits::{Logits, ManifestRows, labels_recorded, notices_recorded};
use ecgfm_artifacts::predictions::{self, About};
use ecgfm_artifacts::stage::{Context, Outcome};
use ecgfm_artifacts::stage_params::Returns;
use ecgfm_artifacts::{atomic, key, manifests, table};
pub use params::{OnNonFinite, Params, PerLabel};
use polars::prelude::*;
use rayon::prelude::*;
use resolved::Resolved;
use std::path::Path;

/// Rows whose probabilities are computed at a time.
const BLOCK: usize = 2048;

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
    check_params(params)?;
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
