//! Stage `evaluate`: predictions and truth, joined by key → metrics.
//!
//! Nothing is joined by position: a segment's truth is that of the ECG whose `idx` it carries. A prediction without
//! truth, and a segment of the subset without a prediction, stop the stage or are counted; they are never scored as
//! "no label".

use crate::clusters::{Clusters, Patients};
pub use crate::compare::OnMissing;
use crate::compare::{Compared, with_truth};
use crate::ecgs::pooled;
use crate::error::{Error, Result};
use crate::metrics::interval::Method;
use crate::metrics::threshold::Criterion;
use crate::named::joined;
use crate::score::{Scoring, decide};
use crate::settings::Settings;
pub use crate::subgroups::Subgroups;
use crate::subgroups::{members, subgroups};
use crate::thresholds::Thresholds;
use crate::truth::Truth;
use crate::units::Both;
use crate::{flow, thresholds, tripod, tutorial};
use ecgfm_artifacts::columns::{ACTUAL, IDX, PREDICTED, SEGMENT};
use ecgfm_artifacts::evaluation::{Flow, Metrics, SCHEMA, Tutorial, Unit, write_comparison, write_examples};
use ecgfm_artifacts::predictions;
use ecgfm_artifacts::stage::{Context, Outcome};
use polars::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What to score, against what.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Directory that the predict stage wrote.
    pub predictions: PathBuf,
    /// The truth: `labels.csv`.
    pub labels: PathBuf,
    /// The model's label set, to be checked against the one that the predictions name; theirs if not given.
    #[serde(default)]
    pub label_set: Option<String>,
    /// Which of the model's labels stand for which of the truth's; that of the predictions if not given.
    #[serde(default)]
    pub mapping: Option<String>,
    /// A label is predicted where its probability is strictly above this; that of the predictions if not given.
    #[schemars(range(min = 0, max = 1))]
    #[serde(default)]
    pub threshold: Option<f64>,
    /// A table of thresholds, one a label: `label,threshold`.
    #[serde(default)]
    pub thresholds: Option<PathBuf>,
    /// Directory that predict wrote for another split, with the same model: thresholds are chosen on its ECGs.
    #[serde(default)]
    pub choose_on: Option<PathBuf>,
    /// What thresholds are chosen by, with `choose_on`; Youden's index if not given.
    #[serde(default)]
    pub choose_by: Option<Criterion>,
    /// `segmented_split.csv`: with it, the whole subset must have been predicted, and nothing else.
    #[serde(default)]
    pub splits: Option<PathBuf>,
    /// `meta.csv`: with it there are subgroups, and where it has a column `patient_id`, intervals resample patients
    /// instead of ECGs.
    #[serde(default)]
    pub records: Option<PathBuf>,
    /// `rejected.csv` of the signals stage: with it and the records, the flow begins with the exams that were read.
    #[serde(default)]
    pub rejected: Option<PathBuf>,
    /// Which groups of ECGs are also scored alone.
    #[serde(default)]
    pub subgroups: Subgroups,
    /// How many ECGs to show for each label and kind of decision.
    #[serde(default = "default_examples")]
    pub examples: usize,
    /// Rewards that the Challenge's score is computed with: a built-in name or a file.
    #[serde(default = "default_challenge")]
    pub challenge: String,
    /// What to do with a prediction whose ECG has no truth.
    #[serde(default)]
    pub missing_truth: OnMissing,
    /// What to do with a segment of the subset that has no prediction.
    #[serde(default)]
    pub missing_prediction: OnMissing,
    /// Resamples for the intervals; 0 for none.
    #[schemars(range(max = crate::settings::MAX_BOOTSTRAP))]
    #[serde(default = "default_bootstrap")]
    pub bootstrap: u32,
    /// How intervals are read off them.
    #[serde(default)]
    pub interval: Method,
    /// Seed of the resampling.
    #[serde(default = "default_seed")]
    pub seed: u64,
    /// Something every reader must know; it goes wherever the figures go. What the predictions themselves say is
    /// added to it: that the ECGs are synthetic, that the model is a demonstration.
    #[serde(default)]
    pub notice: Option<String>,
}

impl Params {
    /// Checks what can be checked without data.
    ///
    /// # Errors
    /// A parameter that makes no sense, or that another one contradicts.
    pub fn check(&self) -> Result<()> {
        self.subgroups.check()?;
        thresholds::check(self)
    }
}

fn default_bootstrap() -> u32 {
    1000
}

fn default_seed() -> u64 {
    42
}

fn default_examples() -> usize {
    1
}

fn default_challenge() -> String {
    "physionet2021".to_owned()
}

/// Writes `comparison.csv`, `scored.parquet`, `examples.csv`, `metrics.json` and the tables that are parts of it into
/// `ctx.out`.
///
/// # Errors
/// Inputs cannot be read or contradict each other; a counterpart is missing (unless these are to be dropped); no row
/// is left to score; the threshold is no probability.
pub fn run(params: &Params, ctx: &Context<'_>) -> Result<Outcome> {
    let settings = Settings::resolve(params)?;
    ctx.progress.begin(4, "steps");
    let rows = Rows::read(params, &settings)?;
    let thresholds = Thresholds::find(params, &settings.about, &settings.mapping, &rows.ecgs.keys)?;
    ctx.progress.advance(1);
    let metrics = metrics(params, &settings, &rows, thresholds, ctx)?;
    metrics.write(ctx.out)?;
    let path = ctx.out.join(tripod::FILE);
    let text = tripod::checklist(&metrics).map_err(|e| Error::keys(&path, e.to_string()))?;
    ecgfm_artifacts::atomic::write_bytes(&path, &text)?;
    Ok(outcome(&metrics))
}

/// Everything that is scored, joined with its truth.
struct Rows {
    segments: Compared,
    ecgs: Compared,
    /// Every label of the truth table.
    truth_labels: Vec<String>,
    flow: Flow,
}

impl Rows {
    fn read(params: &Params, settings: &Settings) -> Result<Self> {
        let (dir, labels, mapping) = (&params.predictions, &params.labels, &settings.mapping);
        let from = mapping.from_names();
        let (predicted, truth) =
            rayon::join(|| predictions::read(dir, &from), || Truth::read(labels, mapping));
        let predicted = predicted?;
        let unpredicted = params.splits.as_ref().map(|path| {
            flow::unpredicted(
                path,
                &settings.about.subset,
                &predicted,
                params.missing_prediction,
            )
        });
        let unpredicted = unpredicted.transpose()?;
        let truth = truth?;
        let join = |frame: &DataFrame| with_truth(frame, &truth, mapping, params.missing_truth);
        let (segments, ecgs) = rayon::join(
            || join(&predicted),
            // As predict pools them for ecg.csv, which takes longer to read.
            || join(&pooled(dir, &predicted, &settings.about.labels, &from)?),
        );
        let (segments, ecgs) = (segments?, ecgs?);
        if segments.len() == 0 {
            return Err(Error::keys(
                labels,
                "none of the predicted segments has a truth; nothing can be scored",
            ));
        }
        let exams = flow::exams(params.rejected.as_deref(), params.records.as_deref())?;
        let flow = Flow {
            exams_read: exams.as_ref().map(|e| e.read),
            exams_kept: exams.as_ref().map(|e| e.kept),
            exams_rejected: exams.map(|e| e.rejected).unwrap_or_default(),
            segments_predicted: predicted.height() as u64,
            segments_without_truth: segments.without_truth as u64,
            segments_scored: segments.len() as u64,
            segments_unpredicted: unpredicted.map(|n| n as u64),
            ecgs_predicted: (ecgs.len() + ecgs.without_truth) as u64,
            ecgs_without_truth: ecgs.without_truth as u64,
            ecgs_scored: ecgs.len() as u64,
            ..Flow::default()
        };
        Ok(Self {
            segments,
            ecgs,
            truth_labels: truth.labels,
            flow,
        })
    }

    /// The flow, with whose the scored ECGs are.
    fn of_patients(&self, patients: Option<&Patients>, clusters: &Clusters) -> Result<Flow> {
        let mut flow = self.flow.clone();
        if let Some(patients) = patients {
            let nameless = patients.nameless(&self.ecgs)?;
            flow.ecgs_without_patient = Some(nameless);
            flow.patients_scored = Some(clusters.count as u64 - nameless);
        }
        Ok(flow)
    }
}

/// Writes `comparison.csv`; computes the tutorial's table.
fn compare_segments(
    segments: &Compared,
    settings: &Settings,
    thresholds: &[f64],
    ctx: &Context<'_>,
) -> Result<Tutorial> {
    let names: Vec<&str> = settings.mapping.map.iter().map(|pair| pair.to.as_str()).collect();
    let decided = decide(&segments.scores, thresholds);
    let rows = segments.len();
    let columns = [
        joined(&names, &decided, rows)
            .with_name(PREDICTED.into())
            .into_column(),
        joined(&names, &segments.truth, rows)
            .with_name(ACTUAL.into())
            .into_column(),
    ];
    let mut comparison = segments
        .keys
        .select([SEGMENT, IDX])
        .map_err(Error::table("keying the comparison"))?;
    for column in columns {
        comparison
            .with_column(column)
            .map_err(Error::table("filling the comparison"))?;
    }
    write_comparison(ctx.out, &comparison)?;
    ctx.progress.advance(1);
    Ok(tutorial::table(&names, &segments.truth, &decided, rows))
}

fn metrics(
    params: &Params,
    settings: &Settings,
    rows: &Rows,
    thresholds: Thresholds,
    ctx: &Context<'_>,
) -> Result<Metrics> {
    let patients = params.records.as_deref().map(Patients::read).transpose()?;
    let patients = patients.flatten();
    let grouped = match &params.records {
        None => Vec::new(),
        Some(records) => members(&params.subgroups, records, &rows.ecgs)?,
    };
    let mapping = settings.mapping_used(&rows.truth_labels);
    let scoring = Scoring {
        pairs: &mapping.pairs,
        thresholds: &thresholds.values,
        sampling: settings.sampling,
        challenge: &settings.challenge,
    };
    let patients = patients.as_ref();
    let (both, tutorial) = rayon::join(
        || {
            Both::score(
                (&rows.segments, &rows.ecgs),
                patients,
                &scoring,
                params.examples,
                ctx,
            )
        },
        || compare_segments(&rows.segments, settings, &thresholds.values, ctx),
    );
    let (both, tutorial) = (both?, tutorial?);
    let subgroups = subgroups(&params.subgroups, &grouped, &rows.ecgs, &both.clusters, &scoring);
    write_examples(ctx.out, &both.shown)?;
    Ok(Metrics {
        notice: notice(params, &settings.about.notices),
        schema: SCHEMA,
        subset: settings.about.subset.clone(),
        thresholds: thresholds.used,
        intervals: settings.interval_method(params, patients.is_some()),
        mapping,
        flow: rows.of_patients(patients, &both.clusters)?,
        tutorial,
        units: vec![both.segments, both.ecgs],
        subgroups,
    })
}

fn outcome(metrics: &Metrics) -> Outcome {
    let flow = &metrics.flow;
    let auroc: serde_json::Map<String, serde_json::Value> = (metrics.unit(Unit::Ecg).into_iter())
        .flat_map(|unit| &unit.labels)
        .map(|label| {
            (
                label.label.clone(),
                label.estimates.get("auroc").and_then(|e| e.value).into(),
            )
        })
        .collect();
    let mut out = Outcome::default()
        .count("segments_predicted", flow.segments_predicted as usize)
        .count("segments_without_truth", flow.segments_without_truth as usize)
        .count("segments_scored", flow.segments_scored as usize)
        .count("ecgs_scored", flow.ecgs_scored as usize)
        .count("ecgs_without_truth", flow.ecgs_without_truth as usize)
        .fact("exact_match", metrics.tutorial.exact_match)
        .fact("auroc_ecg", auroc)
        .fact("threshold", metrics.thresholds.by.clone());
    let further = [
        ("segments_unpredicted", flow.segments_unpredicted),
        (
            "ecgs_without_patient",
            flow.ecgs_without_patient.filter(|n| *n > 0),
        ),
        ("ecgs_chosen_on", metrics.thresholds.ecgs),
        (
            "ecgs_chosen_on_without_truth",
            metrics.thresholds.ecgs_without_truth,
        ),
    ];
    for (name, count) in further {
        if let Some(count) = count {
            out = out.count(name, count as usize);
        }
    }
    out
}

/// What every reader must know: what was given, and of what the predictions say that whose first words are not there.
fn notice(params: &Params, of_predictions: &[String]) -> Option<String> {
    let given = params.notice.clone().unwrap_or_default();
    let mut parts = vec![given.trim()];
    let unsaid = |notice: &&String| {
        let words = notice.split(':').next().unwrap_or_default();
        !given.contains(words)
    };
    parts.extend(of_predictions.iter().filter(unsaid).map(String::as_str));
    let whole = parts.join(" ").trim().to_owned();
    (!whole.is_empty()).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_predictions_want_to_be_known_is_added_to_what_was_given() {
        let params = |notice: &str| {
            let json = serde_json::json!({"predictions": "p", "labels": "l", "notice": notice});
            serde_json::from_value::<Params>(json).unwrap()
        };
        let said = [
            "SYNTHETIC: made by a program.".to_owned(),
            "DEMO MODEL: small.".to_owned(),
        ];
        let joined = |given: &str| notice(&params(given), &said).unwrap();
        assert_eq!(joined(" "), "SYNTHETIC: made by a program. DEMO MODEL: small.");
        assert_eq!(
            joined("Study X."),
            "Study X. SYNTHETIC: made by a program. DEMO MODEL: small."
        );
        let all = "SYNTHETIC SAMPLE, DEMO MODEL. No patients.";
        assert_eq!(joined(all), all);
        assert_eq!(notice(&params(""), &[]), None);
    }
}
