//! Stage `predict`: logits → probabilities, labels, mapped labels, and segments pooled into ECGs.

pub(crate) mod params;
pub(crate) mod resolved;

use crate::ecgs::EcgGroups;
use crate::error::{Error, Result};
use crate::logit_survey::LogitSurvey;
use crate::predicted_rows::PredictedRows;
use crate::predicted_tables::PredictedTables;
use crate::returns;
pub use crate::scored_rows::OnMissing;
use crate::thresholds::Thresholds;
pub use crate::thresholds::check_params;
use ecgfm_artifacts::columns::{IDX, SEGMENT};
use ecgfm_artifacts::logits::{InferenceRecord, LogitsFile, ManifestRows};
use ecgfm_artifacts::predictions::PredictionsInfo;
use ecgfm_artifacts::stage::{Context, Outcome};
use ecgfm_artifacts::{key, manifests, table};
pub use params::{OnNonFinite, Params, PerLabel};
use polars::prelude::{Column, DataFrame};
use resolved::ResolvedLabels;
use std::path::Path;

/// Writes `predictions.csv`, `.parquet`, `mapped.csv`, `ecg.csv` and `predictions.json` into `ctx.out`.
///
/// Probabilities are the logistic function of the logits, as float32, or what the model returned where these are probabilities.
/// Here it is decided, once for a whole run, from which probability on a label holds. An ECG's probability is pooled from those of
/// its segments as the label set says. Rows keep the order of the logits; ECGs are in the order of their first
/// segments. Keys are held in memory, everything else for the rows of one row group of `predictions.parquet` at a time.
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
    let logits = LogitsFile::open(&params.logits, &params.subset, manifest)?;
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
    let survey = LogitSurvey::read(&logits)?;
    let returns = returns::find_returns(params, &logits, &survey, &names)?;
    let read = logits.rows();
    ctx.progress.begin(read as u64, "segments");
    check_finite(params, &logits, &survey, &names)?;
    require_unique_segments(&params.logits, &logits.index)?;
    let rows = PredictedRows::new(&logits, &names, returns, &survey.rows_not_finite)?;
    let groups = EcgGroups::of(&params.logits, &rows.keys)?;
    let thresholds = Thresholds::find(params, &set, &rows.keys)?;
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
    about.write(ctx.out)?;
    let tables = PredictedTables {
        path: &params.logits,
        rows: &rows,
        groups: &groups,
        about: &about,
        thresholds: &thresholds.values,
    };
    tables.write(ctx)?;
    ctx.progress.advance((read - rows.len()) as u64);
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
        .count("segments_predicted", rows.len())
        .count("segments_non_finite", read - rows.len())
        .count("ecgs_predicted", groups.len())
        .fact("threshold", about.thresholds.by)
        .fact("returns", returns.name())
        .fact("labels", names.len()))
}

/// Tells of segments that nothing can be joined to.
fn note_without_idx(logits: &LogitsFile, ctx: &Context<'_>) {
    let without = logits.index.column(IDX).map_or(0, Column::null_count);
    if without > 0 {
        let rows = logits.index.height();
        ctx.progress.note(&manifests::note_without_idx(without, rows));
    }
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

/// Checks that all logits are finite, or that those that are not may be left out and others are left.
fn check_finite(params: &Params, logits: &LogitsFile, survey: &LogitSurvey, names: &[&str]) -> Result<()> {
    let (rows, bad) = (logits.rows(), survey.rows_not_finite.len());
    if let Some(first) = survey.not_finite
        && params.on_non_finite == OnNonFinite::Error
    {
        let segments = table::str_column(&params.logits, &logits.index, SEGMENT)?;
        return Err(Error::NonFinite {
            path: params.logits.clone(),
            segment: segments.get(first.row).unwrap_or_default().to_owned(),
            label: names[first.label].to_owned(),
            value: first.value,
            count: bad,
            rows,
        });
    }
    if bad == rows {
        let what = format!(
            "subset `{}` has no segment with finite logits ({rows} were read)",
            params.subset
        );
        return Err(Error::keys(&params.logits, what));
    }
    Ok(())
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
