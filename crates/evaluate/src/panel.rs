//! The stage `panel`: evaluations of several models → one table of models and labels, and the differences of every pair.
//!
//! All models are scored on the ECGs that each of them scored, and resampled together, the same patients in the same resample.

use crate::error::{Error, Result};
use crate::estimate::{LabelStatistics, estimate, set_interval};
use crate::evaluate::params::MAX_BOOTSTRAP;
use crate::evaluations::{
    Evaluation, same_split, same_truth, shared_clusters, shared_rows, unit_of_resampling,
};
use crate::known::KnownRows;
use crate::metrics::bootstrap::{Resampled, ResampledRows, ResamplingPlan};
use crate::metrics::interval::percentile_interval;
use crate::metrics::multilabel::weighted_mean;
use crate::scored_rows::unknown_rows;
use ecgfm_artifacts::evaluation::{
    Estimate, Panel, PanelDifference, PanelModel, PanelValue, ShownIn, Statistic, shown_in,
};
use ecgfm_artifacts::stage::{Context, Outcome};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Files of ECGs that are named, of those that not every model scored.
const NAMED: usize = 20;

/// Parameters of the stage panel: the models to compare.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The models by name, each with the directory that the evaluate stage wrote for it.
    #[schemars(extend("minProperties" = 1))]
    pub models: BTreeMap<String, PathBuf>,
    /// Resamples for the intervals; 0 for none.
    #[schemars(range(max = MAX_BOOTSTRAP))]
    #[serde(default = "default_bootstrap")]
    pub bootstrap: u32,
    /// Seed of the resampling.
    #[serde(default = "default_seed")]
    pub seed: u64,
}

fn default_bootstrap() -> u32 {
    1000
}

fn default_seed() -> u64 {
    42
}

impl Params {
    /// Checks what can be checked without data.
    ///
    /// # Errors
    /// No model, a model without a name, or more resamples than are allowed.
    pub fn check(&self) -> Result<()> {
        if self.models.is_empty() {
            return Err(Error::parameter(
                "models",
                "none is given; name each with the directory of its evaluation, `models: {a: \"${evaluate.dir}\"}`",
            ));
        }
        if self.models.keys().any(|name| name.trim().is_empty()) {
            return Err(Error::parameter("models", "a model has no name"));
        }
        if self.bootstrap > MAX_BOOTSTRAP {
            let what = format!(
                "{} resamples are too many; at most {MAX_BOOTSTRAP}",
                self.bootstrap
            );
            return Err(Error::parameter("bootstrap", what));
        }
        Ok(())
    }
}

/// Compares the models and writes the panel into `ctx.out`.
///
/// # Errors
/// A parameter is refused; a directory has no evaluation; models scored other splits, another truth, or no ECG that all have;
/// I/O.
pub fn run(params: &Params, ctx: &Context<'_>) -> Result<Outcome> {
    params.check()?;
    let plan = ResamplingPlan {
        replicates: params.bootstrap as usize,
        seed: params.seed,
    };
    let panel = compare_models(&params.models, plan)?;
    for model in panel.models.iter().filter(|model| model.left_out > 0) {
        ctx.progress.note(&format!(
            "{}: {} of its {} ECGs were not scored by every model, and are left out: {}{}",
            model.name,
            model.left_out,
            model.ecgs,
            model.left_out_files.join(", "),
            if model.left_out > NAMED as u64 {
                ", …"
            } else {
                ""
            }
        ));
    }
    panel.write(ctx.out)?;
    let left_out: u64 = panel.models.iter().map(|model| model.left_out).sum();
    Ok(Outcome::default()
        .count("models", panel.models.len())
        .count("ecgs", panel.ecgs as usize)
        .count("labels", panel.labels.len())
        .count("left_out", left_out as usize))
}

/// One model's statistics of one label, on the data and in every resample.
struct Series {
    model: usize,
    label: String,
    n: u64,
    positives: Option<u64>,
    /// In the order of the panel's statistics.
    estimates: Vec<Estimate>,
    /// `[statistic][replicate]`.
    drawn: Vec<Vec<Option<f64>>>,
}

fn compare_models(models: &BTreeMap<String, PathBuf>, plan: ResamplingPlan) -> Result<Panel> {
    let read: Vec<Evaluation> = models
        .values()
        .map(|dir| Evaluation::read(dir))
        .collect::<Result<_>>()?;
    let evaluations: Vec<&Evaluation> = read.iter().collect();
    for other in &evaluations {
        same_split(evaluations[0], other)?;
    }
    let rows = shared_rows(&evaluations)?;
    for (b, other) in evaluations.iter().enumerate() {
        for (a, earlier) in evaluations[..b].iter().enumerate() {
            same_truth((earlier, &rows[a]), (other, &rows[b]))?;
        }
    }
    let mut series = label_series(&evaluations, &rows, plan)?;
    let names: Vec<&String> = models.keys().collect();
    let (means, not_in_mean) = mean_series(&series, names.len(), rows[0].len());
    let labels = distinct(series.iter().map(|one| one.label.clone()));
    series.extend(means);
    let notices = evaluations.iter().filter_map(|of| of.metrics.notice.clone());
    let model = |(at, name): (usize, &&String)| panel_model(name, evaluations[at], &rows[at]);
    Ok(Panel {
        schema: Panel::SCHEMA,
        subset: evaluations[0].metrics.subset.clone(),
        ecgs: rows[0].len() as u64,
        cluster: unit_of_resampling(&evaluations).to_owned(),
        clusters: cluster_count(&evaluations, &rows)?,
        replicates: plan.replicates as u64,
        seed: plan.seed,
        notices: distinct(notices),
        models: names.iter().enumerate().map(model).collect(),
        labels,
        not_in_mean,
        values: series
            .iter()
            .map(|one| panel_value(names[one.model], one))
            .collect(),
        differences: pair_differences(&names, &series),
    })
}

fn cluster_count(evaluations: &[&Evaluation], rows: &[Vec<usize>]) -> Result<u64> {
    let sides: Vec<_> = evaluations.iter().copied().zip(rows).collect();
    Ok(shared_clusters(&sides)?.count as u64)
}

/// Each value once, in the order of its first appearance.
fn distinct(values: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    values.filter(|value| seen.insert(value.clone())).collect()
}

fn panel_model(name: &str, evaluation: &Evaluation, rows: &[usize]) -> PanelModel {
    let shared: BTreeSet<usize> = rows.iter().copied().collect();
    let files = evaluation.scored.save_file.iter().enumerate();
    let left_out = files
        .filter(|(row, _)| !shared.contains(row))
        .map(|(_, file)| file.to_owned());
    PanelModel {
        name: name.to_owned(),
        ecgs: evaluation.scored.idx.len() as u64,
        left_out: (evaluation.scored.idx.len() - rows.len()) as u64,
        left_out_files: left_out.take(NAMED).collect(),
    }
}

/// Every label of every model, model by model, all in the same resamples.
fn label_series(
    evaluations: &[&Evaluation],
    rows: &[Vec<usize>],
    plan: ResamplingPlan,
) -> Result<Vec<Series>> {
    let sides: Vec<_> = evaluations.iter().copied().zip(rows).collect();
    let clusters = shared_clusters(&sides)?;
    let mut columns = Vec::new();
    for (model, (evaluation, rows)) in sides.iter().enumerate() {
        let (truth, scores) = evaluation.rows(rows);
        let labels = evaluation.scored.labels.iter().zip(evaluation.thresholds());
        for ((label, threshold), (truth, scores)) in labels.zip(truth.into_iter().zip(scores)) {
            let holds: Vec<bool> = truth.iter().map(|truth| *truth == Some(true)).collect();
            columns.push((model, label, threshold, holds, unknown_rows(&truth), scores));
        }
    }
    let known: Vec<KnownRows<'_>> = columns
        .iter()
        .map(|(_, _, threshold, holds, unknown, scores)| {
            KnownRows::new((holds, scores, &clusters.of_row), unknown, *threshold)
        })
        .collect();
    let labels = known.iter().map(KnownRows::label).collect();
    let drawn = ResampledRows::of_labels(labels, clusters.count)
        .resample(plan)
        .labels;
    let one =
        |((column, known), drawn): ((&(usize, &String, _, _, _, _), &KnownRows<'_>), &Vec<Resampled>)| {
            let (model, label, ..) = column;
            series_of_label(*model, label, known, drawn)
        };
    Ok(columns.iter().zip(&known).zip(&drawn).map(one).collect())
}

fn series_of_label(model: usize, label: &str, known: &KnownRows<'_>, drawn: &[Resampled]) -> Series {
    let rows = known.label();
    let statistics = LabelStatistics::of_label(&rows);
    let drawn: Vec<Vec<Option<f64>>> = shown_in(ShownIn::Panel)
        .map(|statistic| drawn.iter().map(|one| one.value(statistic)).collect())
        .collect();
    let estimates = shown_in(ShownIn::Panel).zip(&drawn);
    let estimates = estimates.map(|(statistic, drawn)| with_interval(statistics.estimate(statistic), drawn));
    Series {
        model,
        label: label.to_owned(),
        n: rows.truth.len() as u64,
        positives: Some(rows.truth.iter().filter(|holds| **holds).count() as u64),
        estimates: estimates.collect(),
        drawn,
    }
}

/// The estimate with the interval of its resamples. Where every resample gives the same, they cannot tell how sure it is.
fn with_interval(mut estimate: Estimate, drawn: &[Option<f64>]) -> Estimate {
    let interval = estimate
        .value
        .and_then(|_| percentile_interval(drawn.iter().copied()));
    if let Some(interval) = interval.filter(|interval| interval.lo < interval.hi) {
        set_interval(&mut estimate, interval);
    }
    estimate
}

/// Each model's means over the labels that every model has and that are defined for each; and the labels that are left out.
fn mean_series(series: &[Series], models: usize, ecgs: usize) -> (Vec<Series>, Vec<String>) {
    let labels = distinct(series.iter().map(|one| one.label.clone()));
    let of = |label: &String| {
        series
            .iter()
            .filter(|one| one.label == **label)
            .collect::<Vec<_>>()
    };
    let is_common = |label: &String| {
        let all = of(label);
        let defined = |one: &&Series| one.estimates.iter().all(|estimate| estimate.value.is_some());
        all.len() == models && all.iter().all(defined)
    };
    let (common, left_out): (Vec<String>, Vec<String>) = labels.into_iter().partition(is_common);
    let mean = |model: usize| {
        let own: Vec<&Series> = common
            .iter()
            .filter_map(|label| of(label).into_iter().find(|one| one.model == model))
            .collect();
        let statistics = 0..shown_in(ShownIn::Panel).count();
        let drawn: Vec<Vec<Option<f64>>> = statistics.clone().map(|at| mean_drawn(&own, at)).collect();
        let estimates = statistics.map(|at| {
            let values: Vec<Option<f64>> = own.iter().map(|one| one.estimates[at].value).collect();
            let value = weighted_mean(&values, &vec![1.0; values.len()]);
            with_interval(estimate(value, "no label that every model has"), &drawn[at])
        });
        Series {
            model,
            label: Panel::MEAN.to_owned(),
            n: ecgs as u64,
            positives: None,
            estimates: estimates.collect(),
            drawn,
        }
    };
    ((0..models).map(mean).collect(), left_out)
}

/// Mean over series in every resample; none where one of them is not defined there.
fn mean_drawn(series: &[&Series], statistic: usize) -> Vec<Option<f64>> {
    let replicates = series.first().map_or(0, |one| one.drawn[statistic].len());
    let mean = |at: usize| {
        let values: Option<Vec<f64>> = series.iter().map(|one| one.drawn[statistic][at]).collect();
        let values = values?;
        Some(values.iter().sum::<f64>() / values.len() as f64)
    };
    (0..replicates).map(mean).collect()
}

fn panel_value(model: &str, series: &Series) -> PanelValue {
    let names = shown_in(ShownIn::Panel).map(|statistic| statistic.name.to_owned());
    PanelValue {
        model: model.to_owned(),
        label: series.label.clone(),
        n: series.n,
        positives: series.positives,
        estimates: names.zip(series.estimates.iter().cloned()).collect(),
    }
}

/// Differences of every pair of models, label by label.
fn pair_differences(names: &[&String], series: &[Series]) -> Vec<PanelDifference> {
    let mut all = Vec::new();
    for b in 0..names.len() {
        for a in 0..b {
            for first in series.iter().filter(|one| one.model == a) {
                let second = series
                    .iter()
                    .find(|one| one.model == b && one.label == first.label);
                let Some(second) = second else { continue };
                let statistics = shown_in(ShownIn::Panel).enumerate();
                all.extend(
                    statistics.map(|(at, s)| difference(at, s, (names[a], first), (names[b], second))),
                );
            }
        }
    }
    all
}

fn difference(
    at: usize,
    statistic: &Statistic,
    (a, first): (&str, &Series),
    (b, second): (&str, &Series),
) -> PanelDifference {
    let [value_a, value_b] = [first, second].map(|series| series.estimates[at].value);
    let difference = value_a.zip(value_b).map(|(a, b)| b - a);
    let drawn = first.drawn[at].iter().zip(&second.drawn[at]);
    let drawn = drawn.map(|(a, b)| Some((*b)? - (*a)?));
    let interval = difference.and_then(|_| percentile_interval(drawn));
    PanelDifference {
        a: a.to_owned(),
        b: b.to_owned(),
        label: first.label.clone(),
        statistic: statistic.name.to_owned(),
        value_a,
        value_b,
        difference,
        lo: interval.map(|interval| interval.lo),
        hi: interval.map(|interval| interval.hi),
    }
}
