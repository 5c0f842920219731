//! Differences that another model, threshold or preprocessing makes: two evaluations of the same ECGs, pair by pair.
//!
//! Both are resampled together, the same patients in the same resample, so that what makes ECGs hard or easy for both does
//! not widen the interval of the difference.

use crate::error::{Error, Result};
use crate::estimate::LabelStatistics;
use crate::evaluations::{
    Evaluation, same_split, same_truth, shared_clusters, shared_rows, unit_of_resampling,
};
use crate::known::KnownRows;
use crate::metrics::LabelRows;
use crate::metrics::bootstrap::{Resampled, ResampledRows, ResamplingPlan};
use crate::metrics::interval::percentile_interval;
use crate::metrics::multilabel::weighted_mean;
use crate::scored_rows::unknown_rows;
use ecgfm_artifacts::evaluation::{ShownIn, Statistic, shown_in};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// The name under which means over labels stand.
pub const MACRO: &str = "macro";

/// Two evaluations, compared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The first.
    pub a: PathBuf,
    /// The second.
    pub b: PathBuf,
    /// The split that both scored.
    pub subset: String,
    /// ECGs that both scored, and that are compared.
    pub ecgs: u64,
    /// ECGs that only the first scored.
    pub only_a: u64,
    /// ECGs that only the second scored.
    pub only_b: u64,
    /// Patients among the compared ECGs, or ECGs where patients are not known; an ECG that names none counts as one.
    pub clusters: u64,
    /// Unit of resampling: `patient` or `ecg`.
    pub cluster: &'static str,
    /// Resamples of these.
    pub replicates: u64,
    /// Seed of the resampling.
    pub seed: u64,
    /// Notices of either that every reader must know.
    pub notices: Vec<String>,
    /// A row a label and statistic; then the means over labels.
    pub differences: Vec<Difference>,
}

/// Difference in a statistic of a label.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// The mapped label, or [`MACRO`].
    pub label: String,
    /// Name of one of those that are [shown in comparisons](ecgfm_artifacts::evaluation::ShownIn::Comparison).
    pub statistic: &'static str,
    /// In the first.
    pub a: Option<f64>,
    /// In the second.
    pub b: Option<f64>,
    /// Second minus first.
    pub difference: Option<f64>,
    /// Lower end of its 95 % percentile interval.
    pub lo: Option<f64>,
    /// Upper end.
    pub hi: Option<f64>,
}

/// Compares the second evaluation with the first, on the ECGs that both scored. Each is a directory that `evaluate` wrote,
/// or a run with one.
///
/// # Errors
/// A directory has no evaluation; they scored other splits, other labels, or the same ECGs against another truth; they do
/// not agree on which ECGs are of one patient; no ECG was scored by both.
pub fn compare_evaluations(a: &Path, b: &Path, plan: ResamplingPlan) -> Result<Comparison> {
    let (a, b) = (Evaluation::read(a)?, Evaluation::read(b)?);
    same_question(&a, &b)?;
    let shared = shared_rows(&[&a, &b])?;
    let [rows_a, rows_b] = [&shared[0], &shared[1]];
    let ((truth, scores_a), (_, scores_b)) = (a.rows(rows_a), b.rows(rows_b));
    same_truth((&a, rows_a), (&b, rows_b))?;
    let clusters = shared_clusters(&[(&a, rows_a), (&b, rows_b)])?;
    let sides = [(&scores_a, a.thresholds()), (&scores_b, b.thresholds())];
    let holds: Vec<Vec<bool>> = truth
        .iter()
        .map(|column| column.iter().map(|truth| *truth == Some(true)).collect())
        .collect();
    let unknown: Vec<Vec<u32>> = truth.iter().map(|column| unknown_rows(column)).collect();
    let known: Vec<KnownRows<'_>> = (sides.iter())
        .flat_map(|(scores, thresholds)| {
            let columns = holds.iter().zip(&unknown).zip(scores.iter()).zip(thresholds);
            columns.map(|(((holds, unknown), scores), &threshold)| {
                KnownRows::new((holds, scores, &clusters.of_row), unknown, threshold)
            })
        })
        .collect();
    let labels: Vec<LabelRows<'_>> = known.iter().map(KnownRows::label).collect();
    let drawn = ResampledRows::of_labels(labels.clone(), clusters.count)
        .resample(plan)
        .labels;
    let count = |of: &Evaluation| (of.scored.idx.len() - rows_a.len()) as u64;
    let notices = [&a, &b]
        .into_iter()
        .filter_map(|side| side.metrics.notice.clone());
    let mut notices: Vec<String> = notices.collect();
    notices.dedup();
    Ok(Comparison {
        subset: a.metrics.subset.clone(),
        ecgs: rows_a.len() as u64,
        only_a: count(&a),
        only_b: count(&b),
        clusters: clusters.count as u64,
        cluster: unit_of_resampling(&[&a, &b]),
        replicates: plan.replicates as u64,
        seed: plan.seed,
        notices,
        differences: differences(&a.scored.labels, &labels, &drawn),
        a: a.dir,
        b: b.dir,
    })
}

fn same_question(a: &Evaluation, b: &Evaluation) -> Result<()> {
    let differ = |what: String| Err(Error::keys(&b.dir, what));
    same_split(a, b)?;
    if a.scored.labels != b.scored.labels {
        return differ(format!(
            "scored {} (mapping `{}`), and {} scored {} (mapping `{}`); only the same labels can be compared",
            b.scored.labels.join(", "),
            b.metrics.mapping.name,
            a.dir.display(),
            a.scored.labels.join(", "),
            a.metrics.mapping.name
        ));
    }
    Ok(())
}

/// Differences of every label and of the means over labels; `labels` and `drawn` hold the first evaluation's labels and then the
/// second's.
fn differences(names: &[String], labels: &[LabelRows<'_>], drawn: &[Vec<Resampled>]) -> Vec<Difference> {
    let statistics: Vec<LabelStatistics<'_>> = labels.iter().map(LabelStatistics::of_label).collect();
    let n = names.len();
    let mut all = Vec::new();
    for (at, name) in names.iter().enumerate() {
        for statistic in shown_in(ShownIn::Comparison) {
            let values = [at, n + at].map(|at| statistics[at].value(statistic));
            let change = |r: usize| Some(drawn[n + at][r].value(statistic)? - drawn[at][r].value(statistic)?);
            all.push(difference(
                name,
                statistic,
                values,
                (0..replicate_count(drawn)).map(change),
            ));
        }
    }
    all.extend(
        shown_in(ShownIn::Comparison).map(|statistic| macro_difference(statistic, &statistics, drawn)),
    );
    all
}

/// The difference of the means over labels. Labels that either evaluation leaves undefined are left out of both means.
fn macro_difference(
    statistic: &'static Statistic,
    statistics: &[LabelStatistics<'_>],
    drawn: &[Vec<Resampled>],
) -> Difference {
    let n = statistics.len() / 2;
    let values: Vec<Option<f64>> = statistics.iter().map(|label| label.value(statistic)).collect();
    let used: Vec<usize> = (0..n)
        .filter(|at| values[*at].and(values[n + at]).is_some())
        .collect();
    let over = |of: &dyn Fn(usize) -> Option<f64>, evaluation: usize| -> Option<f64> {
        let values: Option<Vec<f64>> = used.iter().map(|at| of(evaluation * n + at)).collect();
        let values: Vec<Option<f64>> = values?.into_iter().map(Some).collect();
        weighted_mean(&values, &vec![1.0; values.len()])
    };
    let means = [0, 1].map(|evaluation| over(&|at| values[at], evaluation));
    let change = |r: usize| {
        let of = |at: usize| drawn[at][r].value(statistic);
        Some(over(&of, 1)? - over(&of, 0)?)
    };
    difference(MACRO, statistic, means, (0..replicate_count(drawn)).map(change))
}

fn replicate_count(drawn: &[Vec<Resampled>]) -> usize {
    drawn.first().map_or(0, Vec::len)
}

fn difference(
    label: &str,
    statistic: &'static Statistic,
    [a, b]: [Option<f64>; 2],
    drawn: impl Iterator<Item = Option<f64>>,
) -> Difference {
    let difference = a.zip(b).map(|(a, b)| b - a);
    let interval = difference.and_then(|_| percentile_interval(drawn));
    Difference {
        label: label.to_owned(),
        statistic: statistic.name,
        a,
        b,
        difference,
        lo: interval.map(|i| i.lo),
        hi: interval.map(|i| i.hi),
    }
}
