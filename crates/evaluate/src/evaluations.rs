//! Evaluations of several models, read back from their directories, and what they share: ECGs, truth, patients.

use crate::clusters::Clusters;
use crate::error::{Error, Result};
use crate::scored_rows::take_rows;
use ecgfm_artifacts::evaluation::{Metrics, ScoredEcgs, evaluation_dir};
use hashbrown::HashMap;
use std::path::{Path, PathBuf};

/// [`IntervalMethod::cluster`](ecgfm_artifacts::evaluation::IntervalMethod::cluster) where patients are known.
const PATIENT: &str = "patient";

/// Results of an evaluation, as read back from its directory.
pub(crate) struct Evaluation {
    pub(crate) dir: PathBuf,
    pub(crate) scored: ScoredEcgs,
    pub(crate) metrics: Metrics,
}

impl Evaluation {
    /// From an evaluation's directory, or from that of a run which has one.
    pub(crate) fn read(dir: &Path) -> Result<Self> {
        let dir = evaluation_dir(dir)?;
        Ok(Self {
            metrics: Metrics::read(&dir)?,
            scored: ScoredEcgs::read(&dir)?,
            dir,
        })
    }

    /// True where its ECGs are grouped by patient.
    fn knows_patients(&self) -> bool {
        self.metrics.intervals.cluster == PATIENT
    }

    /// The thresholds of the labels, in order.
    pub(crate) fn thresholds(&self) -> Vec<f64> {
        let unit = self.metrics.units.first();
        unit.map(|unit| unit.labels.iter().map(|label| label.threshold).collect())
            .unwrap_or_default()
    }

    /// The rows of an evaluation in another order, or some of them.
    pub(crate) fn rows(&self, rows: &[usize]) -> (Vec<Vec<Option<bool>>>, Vec<Vec<f32>>) {
        (
            self.scored
                .truth
                .iter()
                .map(|column| take_rows(column, rows))
                .collect(),
            self.scored
                .scores
                .iter()
                .map(|column| take_rows(column, rows))
                .collect(),
        )
    }
}

/// Unit that is resampled: `patient` where any of the evaluations knows patients, or else `ecg`.
pub(crate) fn unit_of_resampling(evaluations: &[&Evaluation]) -> &'static str {
    match evaluations.iter().any(|evaluation| evaluation.knows_patients()) {
        true => PATIENT,
        false => "ecg",
    }
}

/// Refuses evaluations of two splits.
pub(crate) fn same_split(a: &Evaluation, b: &Evaluation) -> Result<()> {
    if a.metrics.subset == b.metrics.subset {
        return Ok(());
    }
    let what = format!(
        "scored split `{}`, and {} scored split `{}`; only the same split can be compared",
        b.metrics.subset,
        a.dir.display(),
        a.metrics.subset
    );
    Err(Error::keys(&b.dir, what))
}

/// The key of each ECG, idx and file, with its row.
fn keys(of: &Evaluation) -> impl Iterator<Item = ((i64, &str), usize)> {
    let scored = &of.scored;
    scored.idx.iter().copied().zip(scored.save_file.iter()).zip(0..)
}

/// Rows of the ECGs that all evaluations scored, in the order of the first: `[evaluation][ECG]`.
pub(crate) fn shared_rows(evaluations: &[&Evaluation]) -> Result<Vec<Vec<usize>>> {
    let Some((first, others)) = evaluations.split_first() else {
        return Ok(Vec::new());
    };
    let rows_of: Vec<HashMap<_, usize>> = others.iter().map(|other| keys(other).collect()).collect();
    let mut shared = vec![Vec::new(); evaluations.len()];
    let mut rows = Vec::new();
    for (key, row) in keys(first) {
        rows.clear();
        rows.push(row);
        rows.extend(rows_of.iter().filter_map(|rows| rows.get(&key)));
        if rows.len() == shared.len() {
            let shared = shared.iter_mut().zip(&rows);
            shared.for_each(|(of, row)| of.push(*row));
        }
    }
    match evaluations.split_last() {
        Some((last, others)) if shared.iter().all(Vec::is_empty) => {
            let others: Vec<String> = others
                .iter()
                .map(|other| other.dir.display().to_string())
                .collect();
            let what = format!("no ECG of it was scored in {} too", others.join(", "));
            Err(Error::keys(&last.dir, what))
        }
        _ => Ok(shared),
    }
}

/// Clusters of the compared ECGs, which are resampled together: those of one patient, where any evaluation knows patients.
/// Each evaluation comes with its rows of these ECGs.
pub(crate) fn shared_clusters(sides: &[(&Evaluation, &Vec<usize>)]) -> Result<Clusters> {
    let knowing: Vec<_> = sides.iter().filter(|(of, _)| of.knows_patients()).collect();
    let Some(&&first) = knowing.first().or(sides.first().as_ref()) else {
        return Err(Error::parameter("models", "none is given"));
    };
    let grouped = |(evaluation, rows): (&Evaluation, &Vec<usize>)| {
        let clusters = take_rows(&evaluation.scored.cluster, rows);
        let keys: Vec<i64> = clusters.into_iter().map(i64::from).collect();
        Clusters::by_key(&keys)
    };
    let clusters = grouped(first);
    for &&other in knowing.iter().skip(1) {
        // Clusters are numbered in the order of their first rows, so that the same clusters have the same numbers.
        let theirs = grouped(other);
        let mut pairs = clusters.of_row.iter().zip(&theirs.of_row);
        if let Some(at) = pairs.position(|(a, b)| a != b) {
            let what = format!(
                "the ECGs that share a patient with ECG idx {} are others here than in {}; evaluate both runs with the same \
                 `records`",
                first.0.scored.idx[first.1[at]],
                first.0.dir.display()
            );
            return Err(Error::keys(&other.0.dir, what));
        }
    }
    Ok(clusters)
}

/// Refuses evaluations of the same ECGs against another truth of a label that both have. Each comes with its rows of these ECGs.
pub(crate) fn same_truth(
    (a, rows_a): (&Evaluation, &[usize]),
    (b, rows_b): (&Evaluation, &[usize]),
) -> Result<()> {
    let word = |truth: Option<bool>| truth.map_or("unknown".to_owned(), |holds| holds.to_string());
    for (label, ours) in a.scored.labels.iter().zip(&a.scored.truth) {
        let Some(place) = b.scored.labels.iter().position(|other| other == label) else {
            continue;
        };
        let theirs = &b.scored.truth[place];
        let differs = |at: &usize| ours[rows_a[*at]] != theirs[rows_b[*at]];
        if let Some(at) = (0..rows_a.len()).find(differs) {
            let what = format!(
                "ECG idx {}: the truth of `{label}` is {} here and {} in {}; both must be scored against the same truth",
                a.scored.idx[rows_a[at]],
                word(theirs[rows_b[at]]),
                word(ours[rows_a[at]]),
                a.dir.display()
            );
            return Err(Error::keys(&b.dir, what));
        }
    }
    Ok(())
}
