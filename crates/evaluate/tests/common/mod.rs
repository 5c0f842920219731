//! What the tests of this crate's stages share.
#![allow(dead_code, clippy::print_stderr, clippy::unwrap_used)]

use ecgfm_artifacts::labels::MissingLabel;
use ecgfm_artifacts::logits::LogitsWriter;
use ecgfm_artifacts::manifests::SegmentKey;
use ecgfm_artifacts::stage::{Cancel, Context, NoProgress, Outcome};
use ecgfm_artifacts::stage_params::Returns;
use ecgfm_evaluate::{Error, evaluate, predict};
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
        chunks: None,
    })
}

/// Writes logits with their keys as the infer stage does.
pub(crate) fn write_logits(dir: &Path, subset: &str, labels: usize, rows: &[(SegmentKey, Vec<f32>)]) {
    std::fs::create_dir_all(dir).unwrap();
    let mut writer = LogitsWriter::create(dir, subset, labels).unwrap();
    for (_, logits) in rows {
        writer.push(logits).unwrap();
    }
    writer.finish(rows.iter().map(|(key, _)| key)).unwrap();
}

/// The key of segment `i` of exam `idx`.
pub(crate) fn key(idx: i64, i: usize) -> SegmentKey {
    let save_file = format!("exam_{idx}.mat");
    SegmentKey {
        segment: ecgfm_artifacts::key::segment_key(&save_file, i),
        idx: Some(idx),
        save_file,
    }
}

/// Predict's parameters with the tutorial's labels and mapping.
pub(crate) fn predict_params(logits: &Path) -> predict::Params {
    predict::Params {
        logits: logits.to_owned(),
        manifest: None,
        segments: None,
        subset: "test".into(),
        labels: "physionet2021".into(),
        mapping: Some("physionet2021_to_code15".into()),
        returns: Some(Returns::Logits),
        threshold: Some(0.5),
        thresholds: None,
        choose_on: None,
        choose_by: None,
        truth: None,
        missing_truth: predict::OnMissing::Error,
        missing_label: MissingLabel::Exclude,
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
        choose_by: None,
        splits: None,
        records: None,
        rejected: None,
        review: None,
        subgroups: evaluate::Subgroups::default(),
        examples: 1,
        challenge: "physionet2021".into(),
        interval: ecgfm_evaluate::metrics::interval::IntervalEstimator::Percentile,
        missing_truth: evaluate::OnMissing::Error,
        missing_label: MissingLabel::Exclude,
        missing_prediction: evaluate::OnMissing::Error,
        bootstrap: 50,
        seed: 1,
        notice: None,
    }
}

/// Labels of the model.
pub(crate) const LABELS: usize = 26;

/// A few predictions and their truth.
pub(crate) struct Bench {
    dir: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new(rows: &[(SegmentKey, Vec<f32>)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        write_logits(&dir.path().join("infer"), "test", rows[0].1.len(), rows);
        std::fs::write(
            dir.path().join("labels.csv"),
            "idx,RBBB,LBBB,SB,ST,AF\n0,False,False,False,False,True\n1,True,False,False,False,False\n",
        )
        .unwrap();
        Self { dir }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn predict(&self, change: impl FnOnce(&mut predict::Params)) -> Result<Outcome, Error> {
        let mut params = predict_params(&self.path("infer"));
        change(&mut params);
        stage(&self.path("predict"), |ctx| predict::run(&params, ctx))
    }

    pub(crate) fn evaluate(&self, change: impl FnOnce(&mut evaluate::Params)) -> Result<Outcome, Error> {
        let mut params = evaluate_params(&self.path("predict"), &self.path("labels.csv"));
        change(&mut params);
        stage(&self.path("evaluate"), |ctx| evaluate::run(&params, ctx))
    }
}

/// The logits of segment `i` of exam `idx`, unsure of nothing but AF.
pub(crate) fn row(idx: i64, i: usize, af: f32) -> (SegmentKey, Vec<f32>) {
    let mut logits = vec![-3.0; LABELS];
    logits[0] = af;
    (key(idx, i), logits)
}

/// The stage fails, and its message has all of these.
pub(crate) fn says(result: Result<Outcome, Error>, wanted: &[&str]) {
    let message = result.unwrap_err().to_string();
    assert!(wanted.iter().all(|part| message.contains(part)), "{message}");
}
