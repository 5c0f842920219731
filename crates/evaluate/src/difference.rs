//! Differences that another model, threshold or preprocessing makes: two evaluations of the same ECGs, pair by pair.
//!
//! Both are resampled together, the same patients in the same resample, so that what makes ECGs hard or easy for both does
//! not widen the interval of the difference.

use crate::clusters::Clusters;
use crate::error::{Error, Result};
use crate::estimate::LabelStatistics;
use crate::joins::left_join;
use crate::known::KnownRows;
use crate::metrics::bootstrap::{Resampled, ResamplingPlan, resample_labels};
use crate::metrics::interval::percentile_interval;
use crate::metrics::multilabel::weighted_mean;
use crate::metrics::{ConfusionMatrix, LabelRows};
use crate::resampled::resample_each;
use crate::scored_rows::{take_rows, unknown_rows};
use crate::sigmoid::exceeds;
use ecgfm_artifacts::columns::{IDX, SAVE_FILE};
use ecgfm_artifacts::evaluation::{Metrics, SCORED_FILE, ScoredEcgs, ShownIn, Statistic, shown_in};
use ecgfm_artifacts::presence;
use polars::prelude::*;
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

/// [`IntervalMethod::cluster`](ecgfm_artifacts::evaluation::IntervalMethod::cluster) where patients are known.
const PATIENT: &str = "patient";

/// Results of an evaluation, as read back from its directory.
struct Evaluation {
    dir: PathBuf,
    scored: ScoredEcgs,
    metrics: Metrics,
}

impl Evaluation {
    /// From an evaluation's directory, or from that of a run which has one.
    fn read(dir: &Path) -> Result<Self> {
        let inside = dir.join("evaluate");
        let dir = if presence::exists(&dir.join(SCORED_FILE))? {
            dir
        } else {
            &inside
        };
        Ok(Self {
            metrics: Metrics::read(dir)?,
            scored: ScoredEcgs::read(dir)?,
            dir: dir.to_owned(),
        })
    }

    /// True where its ECGs are grouped by patient.
    fn knows_patients(&self) -> bool {
        self.metrics.intervals.cluster == PATIENT
    }

    /// The thresholds of the labels, in order.
    fn thresholds(&self) -> Vec<f64> {
        let unit = self.metrics.units.first();
        unit.map(|unit| unit.labels.iter().map(|label| label.threshold).collect())
            .unwrap_or_default()
    }

    /// The rows of an evaluation in another order, or some of them.
    fn rows(&self, rows: &[usize]) -> (Vec<Vec<Option<bool>>>, Vec<Vec<f32>>) {
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

/// Compares the second evaluation with the first, on the ECGs that both scored. Each is a directory that `evaluate` wrote,
/// or a run with one.
///
/// # Errors
/// A directory has no evaluation; they scored other splits, other labels, or the same ECGs against another truth; they do
/// not agree on which ECGs are of one patient; no ECG was scored by both.
pub fn compare_evaluations(a: &Path, b: &Path, plan: ResamplingPlan) -> Result<Comparison> {
    let (a, b) = (Evaluation::read(a)?, Evaluation::read(b)?);
    same_question(&a, &b)?;
    let shared = shared_rows(&a, &b)?;
    let (rows_a, rows_b): (Vec<usize>, Vec<usize>) = shared.iter().copied().unzip();
    let ((truth, scores_a), (truth_b, scores_b)) = (a.rows(&rows_a), b.rows(&rows_b));
    same_truth(&a, &b, &rows_a, &truth, &truth_b)?;
    let clusters = shared_clusters((&a, &rows_a), (&b, &rows_b))?;
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
    let drawn = resample_each(&known, shared.len(), |labels, of_row| {
        resample_labels(labels, of_row, clusters.count, plan)
    });
    let labels: Vec<LabelRows<'_>> = known.iter().map(KnownRows::label).collect();
    let count = |of: &Evaluation| (of.scored.idx.len() - shared.len()) as u64;
    let notices = [&a, &b]
        .into_iter()
        .filter_map(|side| side.metrics.notice.clone());
    let mut notices: Vec<String> = notices.collect();
    notices.dedup();
    Ok(Comparison {
        subset: a.metrics.subset.clone(),
        ecgs: shared.len() as u64,
        only_a: count(&a),
        only_b: count(&b),
        clusters: clusters.count as u64,
        cluster: match a.knows_patients() || b.knows_patients() {
            true => PATIENT,
            false => "ecg",
        },
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
    if a.metrics.subset != b.metrics.subset {
        return differ(format!(
            "scored split `{}`, and {} scored split `{}`; only the same split can be compared",
            b.metrics.subset,
            a.dir.display(),
            a.metrics.subset
        ));
    }
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

/// Rows of the same ECGs in both, in the order of the first.
fn shared_rows(a: &Evaluation, b: &Evaluation) -> Result<Vec<(usize, usize)>> {
    let rows = |of: &Evaluation, name: &str| -> PolarsResult<LazyFrame> {
        let keys = df!(IDX => &of.scored.idx, SAVE_FILE => &of.scored.save_file)?;
        Ok(keys.lazy().with_row_index(name, None))
    };
    let joined = || -> PolarsResult<Vec<(usize, usize)>> {
        let joined = left_join(rows(a, "a")?, rows(b, "b")?, &[col(IDX), col(SAVE_FILE)]);
        let shared = joined.filter(col("b").is_not_null()).collect()?;
        let rows = |name: &str| -> PolarsResult<Vec<usize>> {
            Ok(shared
                .column(name)?
                .u32()?
                .iter()
                .flatten()
                .map(|row| row as usize)
                .collect())
        };
        Ok(rows("a")?.into_iter().zip(rows("b")?).collect())
    };
    let shared = joined().map_err(Error::table("joining the ECGs of both evaluations"))?;
    if shared.is_empty() {
        let what = format!("no ECG of it was scored in {} too", a.dir.display());
        return Err(Error::keys(&b.dir, what));
    }
    Ok(shared)
}

/// Clusters of the compared ECGs, which are resampled together: those of one patient, where either evaluation knows patients.
fn shared_clusters(
    (a, rows_a): (&Evaluation, &[usize]),
    (b, rows_b): (&Evaluation, &[usize]),
) -> Result<Clusters> {
    let of = |evaluation: &Evaluation, rows: &[usize]| {
        let clusters = take_rows(&evaluation.scored.cluster, rows);
        Clusters::by_key(vec![Column::new("cluster".into(), clusters)])
    };
    let (of_a, of_b) = (of(a, rows_a)?, of(b, rows_b)?);
    match (a.knows_patients(), b.knows_patients()) {
        (true, true) => {}
        (false, true) => return Ok(of_b),
        _ => return Ok(of_a),
    }
    // Clusters are numbered in the order of their first rows, so that the same clusters have the same numbers.
    let differs = of_a.of_row.iter().zip(&of_b.of_row).position(|(a, b)| a != b);
    match differs {
        None => Ok(of_a),
        Some(at) => {
            let what = format!(
                "the ECGs that share a patient with ECG idx {} are others here than in {}; evaluate both runs with the same \
                 `records`",
                a.scored.idx[rows_a[at]],
                a.dir.display()
            );
            Err(Error::keys(&b.dir, what))
        }
    }
}

fn same_truth(
    a: &Evaluation,
    b: &Evaluation,
    rows: &[usize],
    ours: &[Vec<Option<bool>>],
    theirs: &[Vec<Option<bool>>],
) -> Result<()> {
    let word = |truth: Option<bool>| truth.map_or("unknown".to_owned(), |holds| holds.to_string());
    for (label, (ours, theirs)) in a.scored.labels.iter().zip(ours.iter().zip(theirs)) {
        if let Some(at) = (0..rows.len()).find(|&at| ours[at] != theirs[at]) {
            let what = format!(
                "ECG idx {}: the truth of `{label}` is {} here and {} in {}; both must be scored against the same truth",
                a.scored.idx[rows[at]],
                word(theirs[at]),
                word(ours[at]),
                a.dir.display()
            );
            return Err(Error::keys(&b.dir, what));
        }
    }
    Ok(())
}

/// Differences of every label and of the means over labels; `labels` and `drawn` hold the first evaluation's labels and then the
/// second's.
fn differences(names: &[String], labels: &[LabelRows<'_>], drawn: &[Vec<Resampled>]) -> Vec<Difference> {
    let statistics: Vec<LabelStatistics<'_>> = labels.iter().map(rank_label).collect();
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

/// A label's rows, counted at its threshold and ranked.
fn rank_label<'a>(label: &LabelRows<'a>) -> LabelStatistics<'a> {
    let decided = (label.scores.iter()).map(|&score| exceeds(score, f64::from(label.threshold)));
    let counts = ConfusionMatrix::count(label.truth.iter().copied().zip(decided));
    LabelStatistics::new(label.truth, label.scores, counts)
}
