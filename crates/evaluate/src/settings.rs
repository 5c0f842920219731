//! Evaluate's parameters, resolved against what the predictions say about themselves.

use crate::challenge::ChallengeRewards;
use crate::error::{Error, Result};
use crate::evaluate::params::{MAX_BOOTSTRAP, Params};
use crate::metrics::bootstrap::ResamplingPlan;
use crate::metrics::interval::IntervalEstimator;
use crate::resampled::Sampling;
use crate::same_labels::same_labels;
use crate::thresholds::thresholds_of_pairs;
use ecgfm_artifacts::evaluation::{IntervalMethod, MappingUsed, PairUsed};
use ecgfm_artifacts::labelset::{LabelSet, LabelSource, Mapping};
use ecgfm_artifacts::predictions::PredictionsInfo;

/// Everything that evaluation needs to know besides its rows.
pub(crate) struct EvaluationSettings {
    /// Record of how the predictions were made.
    pub(crate) about: PredictionsInfo,
    /// Labels of the model, by those of the truth that they stand for.
    pub(crate) mapping: Mapping,
    /// A mapped label is predicted where its probability is above this; in the order of the mapping.
    pub(crate) thresholds: Vec<f64>,
    /// Resampling; none for no such intervals.
    pub(crate) sampling: Option<Sampling>,
    /// The Challenge's score.
    pub(crate) challenge: ChallengeRewards,
}

impl EvaluationSettings {
    pub(crate) fn resolve(params: &Params) -> Result<Self> {
        params.check()?;
        let about = PredictionsInfo::read(&params.predictions)?;
        if let Some(name) = &params.label_set
            && LabelSet::load(name)?.names() != about.labels.names()
        {
            let what = format!(
                "`{name}` has other labels than `{}`, which was predicted with",
                about.labels.name
            );
            return Err(Error::Parameter {
                name: "label_set",
                what,
            });
        }
        let mapping = load_mapping(params, &about)?;
        Ok(Self {
            challenge: ChallengeRewards::new(&params.challenge, &mapping)?,
            thresholds: thresholds_of_pairs(&mapping, &about.threshold_of)?,
            mapping,
            about,
            sampling: resampling_plan(params)?.map(|plan| Sampling {
                plan,
                method: params.interval,
            }),
        })
    }

    /// The mapping with its titles and with what it leaves out of both label sets.
    pub(crate) fn mapping_used(&self, truth: &[String]) -> MappingUsed {
        let labels = &self.about.labels.labels;
        let title = |from: &LabelSource| {
            let of = |name: &String| labels.iter().find(|l| l.name == *name).map(|l| l.title.as_str());
            let titles: Vec<&str> = from.names().iter().filter_map(of).collect();
            titles.join(" or ")
        };
        let pool = |from: &LabelSource| {
            let of = |name: &String| labels.iter().find(|l| l.name == *name).map(|l| l.pool);
            from.names().iter().filter_map(of).collect()
        };
        let pair = |p: &ecgfm_artifacts::labelset::LabelPair| PairUsed {
            from: p.from.joined(),
            to: p.to.clone(),
            title: title(&p.from),
            pool: pool(&p.from),
        };
        let (from, to) = (
            |name: &str| self.mapping.from_names().contains(&name),
            |name: &str| self.mapping.map.iter().any(|p| p.to == name),
        );
        MappingUsed {
            name: self.mapping.name.clone(),
            from: self.mapping.from.clone(),
            to: self.mapping.to.clone(),
            pairs: self.mapping.map.iter().map(pair).collect(),
            unmapped: labels
                .iter()
                .map(|l| l.name.clone())
                .filter(|name| !from(name))
                .collect(),
            unmapped_truth: truth.iter().filter(|name| !to(name)).cloned().collect(),
        }
    }

    /// Methods of the intervals, in words.
    pub(crate) fn interval_method(&self, params: &Params, patients: bool) -> IntervalMethod {
        let cluster = if patients { "patient" } else { "ecg" };
        let over = if patients { "patients" } else { "ECGs" };
        let ranking = match self.sampling.map(|sampling| sampling.method) {
            Some(IntervalEstimator::Percentile) => format!("percentile bootstrap over {over}"),
            Some(IntervalEstimator::Bca) => format!("BCa bootstrap over {over}"),
            None => "none".to_owned(),
        };
        IntervalMethod {
            level: 0.95,
            proportions:
                "Wilson score where every scored ECG is another patient's, and at 0 and 1; resampled otherwise"
                    .to_owned(),
            ranking,
            cluster: cluster.to_owned(),
            replicates: u64::from(params.bootstrap),
            seed: params.seed,
        }
    }
}

fn load_mapping(params: &Params, about: &PredictionsInfo) -> Result<Mapping> {
    let mapping = match (&params.mapping, &about.mapping) {
        (Some(name), _) => {
            let mapping = Mapping::load(name)?;
            mapping.check_from(name, &about.labels)?;
            mapping
        }
        (None, Some(mapping)) => mapping.clone(),
        (None, None) => same_labels(&params.labels, &about.labels)?,
    };
    if mapping.map.is_empty() {
        return Err(Error::Parameter {
            name: "mapping",
            what: format!("`{}` maps no label", mapping.name),
        });
    }
    Ok(mapping)
}

fn resampling_plan(params: &Params) -> Result<Option<ResamplingPlan>> {
    if params.bootstrap > MAX_BOOTSTRAP {
        let what = format!(
            "{} resamples are too many; at most {MAX_BOOTSTRAP}",
            params.bootstrap
        );
        return Err(Error::Parameter {
            name: "bootstrap",
            what,
        });
    }
    let plan = ResamplingPlan {
        replicates: params.bootstrap as usize,
        seed: params.seed,
    };
    Ok((plan.replicates > 0).then_some(plan))
}
