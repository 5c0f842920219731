//! What the tests of this crate's stages share.
#![allow(dead_code, clippy::print_stderr, clippy::unwrap_used)]

use ecgfm_artifacts::logits::LogitsWriter;
use ecgfm_artifacts::manifests::Key;
use ecgfm_artifacts::stage::{Cancel, Context, NoProgress, Outcome};
use ecgfm_evaluate::{evaluate, predict};
use std::path::{Path, PathBuf};

/// The reference data, or none with a word about it.
pub(crate) fn reference() -> Option<PathBuf> {
    let shared = std::env::var_os("ECGFM_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"));
    let reference = shared.join("reference");
    if !reference.is_dir() {
        eprintln!("SKIPPED: no reference data at {}", reference.display());
        return None;
    }
    Some(reference)
}

/// Runs a stage into `out`, which is made.
pub(crate) fn stage<E>(
    out: &Path,
    run: impl FnOnce(&Context<'_>) -> Result<Outcome, E>,
) -> Result<Outcome, E> {
    std::fs::create_dir_all(out).unwrap();
    run(&Context {
        out,
        home: out,
        progress: &NoProgress,
        cancel: &Cancel::default(),
    })
}

/// Writes logits with their keys as the infer stage does.
pub(crate) fn write_logits(dir: &Path, subset: &str, labels: usize, rows: &[(Key, Vec<f32>)]) {
    std::fs::create_dir_all(dir).unwrap();
    let mut writer = LogitsWriter::create(dir, subset, labels).unwrap();
    for (_, logits) in rows {
        writer.push(logits).unwrap();
    }
    writer.finish(rows.iter().map(|(key, _)| key)).unwrap();
}

/// The key of segment `i` of exam `idx`.
pub(crate) fn key(idx: i64, i: usize) -> Key {
    let save_file = format!("exam_{idx}.mat");
    Key {
        segment: ecgfm_artifacts::key::segment(&save_file, i),
        idx: Some(idx),
        save_file,
    }
}

/// Predict's parameters with the tutorial's labels and mapping.
pub(crate) fn predict_params(logits: &Path) -> predict::Params {
    predict::Params {
        logits: logits.to_owned(),
        subset: "test".into(),
        labels: "physionet2021".into(),
        mapping: Some("physionet2021_to_code15".into()),
        threshold: 0.5,
        pool: None,
        on_non_finite: predict::OnNonFinite::Error,
    }
}

/// Evaluate's parameters with their defaults, and few resamples.
pub(crate) fn evaluate_params(predictions: &Path, labels: &Path) -> evaluate::Params {
    evaluate::Params {
        predictions: predictions.to_owned(),
        labels: labels.to_owned(),
        label_set: None,
        mapping: None,
        threshold: None,
        thresholds: None,
        choose_on: None,
        choose_by: ecgfm_evaluate::metrics::threshold::Criterion::Youden,
        splits: None,
        records: None,
        rejected: None,
        subgroups: evaluate::Subgroups::default(),
        examples: 1,
        challenge: "physionet2021".into(),
        interval: ecgfm_evaluate::metrics::interval::Method::Percentile,
        missing_truth: evaluate::OnMissing::Error,
        missing_prediction: evaluate::OnMissing::Error,
        bootstrap: 50,
        seed: 1,
        notice: None,
    }
}
