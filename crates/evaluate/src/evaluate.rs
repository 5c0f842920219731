//! Stage `evaluate`: predictions and truth, joined by key → metrics.
//!
//! Nothing is joined by position: a segment's truth is that of the ECG whose `idx` it carries. A prediction without
//! truth, and a segment of the subset without a prediction, stop the stage or are counted; they are never scored as
//! "no label".

pub(crate) mod params;

use crate::by_unit::UnitScores;
use crate::clusters::{Clusters, Patients};
use crate::ecgs::{extend_keys, pool_segments};
use crate::error::{Error, Result};
use crate::label_text::label_text;
use crate::probabilities::decide;
use crate::reader::compare_with_reader;
pub use crate::scored_rows::OnMissing;
use crate::scored_rows::{ScoredRows, join_truth};
use crate::scoring::ScoringSettings;
use crate::settings::EvaluationSettings;
use crate::subgroup_scores::SubgroupScoring;
pub use crate::subgroups::Subgroups;
use crate::subgroups::{AllSubgroupRows, subgroup_rows};
use crate::truth::Truth;
use crate::{flow, tripod, tutorial};
use ecgfm_artifacts::columns::{ACTUAL, IDX, PREDICTED, SEGMENT, UNKNOWN};
use ecgfm_artifacts::evaluation::{
    EvaluationUnit, Flow, Metrics, SCHEMA, Tutorial, write_comparison, write_examples,
};
use ecgfm_artifacts::stage::{Context, Outcome};
use ecgfm_artifacts::{notices, predictions};
pub use params::Params;
use polars::prelude::*;

/// Writes `comparison.csv`, `scored.parquet`, `examples.csv`, `metrics.json` and the tables that are parts of it into
/// `ctx.out`.
///
/// # Errors
/// Inputs cannot be read or contradict each other; a counterpart is missing (unless these are to be dropped); no row
/// is left to score.
pub fn run(params: &Params, ctx: &Context<'_>) -> Result<Outcome> {
    let settings = EvaluationSettings::resolve(params)?;
    ctx.progress.begin(4, "steps");
    let rows = JoinedRows::read(params, &settings)?;
    for note in rows.notes() {
        ctx.progress.note(&note);
    }
    ctx.progress.advance(1);
    let metrics = compute_metrics(params, &settings, &rows, ctx)?;
    metrics.write(ctx.out)?;
    tripod::write_checklist(ctx.out, &metrics)?;
    Ok(report_outcome(&metrics))
}

/// Everything that is scored, joined with its truth.
struct JoinedRows {
    segments: ScoredRows,
    ecgs: ScoredRows,
    /// Every label of the truth table.
    truth_labels: Vec<String>,
    flow: Flow,
}

impl JoinedRows {
    fn read(params: &Params, settings: &EvaluationSettings) -> Result<Self> {
        let (dir, labels, mapping) = (&params.predictions, &params.labels, &settings.mapping);
        let from = mapping.from_names();
        let (predicted, truth) = rayon::join(
            || predictions::read(dir, &from),
            || Truth::read(labels, mapping, params.missing_label),
        );
        let predicted = predicted?;
        let unpredicted = params.splits.as_ref().map(|path| {
            flow::count_unpredicted(
                path,
                &settings.about.subset,
                &predicted,
                params.missing_prediction,
            )
        });
        let unpredicted = unpredicted.transpose()?;
        let truth = truth?;
        let join = |frame: &DataFrame| join_truth(frame, &truth, mapping, params.missing_truth);
        let (segments, ecgs) = rayon::join(
            || join(&predicted),
            // As predict pools them for ecg.csv, which takes longer to read.
            || join(&pool_segments(dir, &predicted, &settings.about.labels, &from)?),
        );
        let (segments, ecgs) = (segments?, ecgs?);
        if segments.len() == 0 {
            return Err(Error::keys(
                labels,
                "none of the predicted segments has a truth; nothing can be scored",
            ));
        }
        let exams = flow::count_exams(params.rejected.as_deref(), params.records.as_deref())?;
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
            ecgs_without_label: ecgs.without_label(&mapping.map),
            segments_without_label: segments.without_label(&mapping.map),
            ..Flow::default()
        };
        Ok(Self {
            segments,
            ecgs,
            truth_labels: truth.labels,
            flow,
        })
    }

    /// A word a label that is not known of every ECG.
    fn notes(&self) -> Vec<String> {
        let note = |(label, ecgs): (&String, &u64)| {
            format!(
                "`{label}`: its truth is not known of {ecgs} of {} ECGs, which are left out of its figures (`missing_label`)",
                self.ecgs.len()
            )
        };
        self.flow.ecgs_without_label.iter().map(note).collect()
    }

    /// The flow, with whose the scored ECGs are.
    fn of_patients(&self, patients: Option<&Patients>, clusters: &Clusters) -> Result<Flow> {
        let mut flow = self.flow.clone();
        if let Some(patients) = patients {
            let without = patients.count_without_patient(&self.ecgs)?;
            flow.ecgs_without_patient = Some(without);
            flow.patients_scored = Some(clusters.count as u64 - without);
        }
        Ok(flow)
    }
}

/// Writes `comparison.csv`; computes the tutorial's table.
fn compare_segments(
    segments: &ScoredRows,
    settings: &EvaluationSettings,
    ctx: &Context<'_>,
) -> Result<Tutorial> {
    let names: Vec<&str> = settings.mapping.map.iter().map(|pair| pair.to.as_str()).collect();
    let text = |column: &str, holds: &[Vec<bool>]| -> Result<Column> {
        let labels: Vec<_> = names.iter().copied().zip(holds).collect();
        let text = label_text(segments.len(), &labels)?;
        Ok(text.with_name(column.into()).into_column())
    };
    let decided = segments.scores.iter().zip(&settings.thresholds);
    let decided: Vec<_> = decided
        .map(|(scores, threshold)| decide(scores, *threshold))
        .collect();
    let mut columns = vec![text(PREDICTED, &decided)?, text(ACTUAL, &segments.truth)?];
    if segments.unknown.iter().any(|rows| !rows.is_empty()) {
        columns.push(text(UNKNOWN, &segments.is_unknown())?);
    }
    let keys = segments.keys.select([SEGMENT, IDX]);
    let keys = keys.map_err(Error::table("keying the comparison"))?;
    write_comparison(ctx.out, &extend_keys(&keys, columns.into_iter())?)?;
    ctx.progress.advance(1);
    Ok(tutorial::tutorial_table(&names, segments, &settings.thresholds))
}

fn compute_metrics(
    params: &Params,
    settings: &EvaluationSettings,
    rows: &JoinedRows,
    ctx: &Context<'_>,
) -> Result<Metrics> {
    let patients = params.records.as_deref().map(Patients::read).transpose()?;
    let patients = patients.flatten();
    let grouped = match &params.records {
        None => AllSubgroupRows::default(),
        Some(records) => subgroup_rows(&params.subgroups, records, &rows.ecgs)?,
    };
    let mapping = settings.mapping_used(&rows.truth_labels);
    let scoring = ScoringSettings {
        pairs: &mapping.pairs,
        thresholds: &settings.thresholds,
        sampling: settings.sampling,
        challenge: &settings.challenge,
    };
    let patients = patients.as_ref();
    let (both, tutorial) = rayon::join(
        || {
            UnitScores::score(
                (&rows.segments, &rows.ecgs),
                &grouped.parts(rows.ecgs.len()),
                patients,
                &scoring,
                params.examples,
                ctx,
            )
        },
        || compare_segments(&rows.segments, settings, ctx),
    );
    let (mut both, tutorial) = (both?, tutorial?);
    let mut resamples = std::mem::take(&mut both.group_resamples).into_iter();
    let subgroups = SubgroupScoring {
        rows: &rows.ecgs,
        clusters: &both.clusters,
        scoring: &scoring,
        min_cell: params.subgroups.min_cell,
    };
    let (subgroups, subgroup_pairs) = (
        subgroups.score(&grouped.single, &mut resamples),
        subgroups.score(&grouped.crossed, &mut resamples),
    );
    let read = |path| compare_with_reader(path, &rows.ecgs, &scoring);
    let reader = params.review.as_deref().map(read).transpose()?;
    write_examples(ctx.out, &both.shown)?;
    Ok(Metrics {
        notice: notices::join(
            &settings.about.notices,
            params.notice.as_deref().unwrap_or_default(),
        ),
        schema: SCHEMA,
        subset: settings.about.subset.clone(),
        thresholds: settings.about.thresholds.clone(),
        intervals: settings.interval_method(params, patients.is_some()),
        mapping,
        flow: rows.of_patients(patients, &both.clusters)?,
        tutorial,
        units: vec![both.segments, both.ecgs],
        subgroups,
        subgroup_pairs,
        reader,
    })
}

fn report_outcome(metrics: &Metrics) -> Outcome {
    let flow = &metrics.flow;
    let auroc: serde_json::Map<String, serde_json::Value> = (metrics.unit(EvaluationUnit::Ecg).into_iter())
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
    if !flow.ecgs_without_label.is_empty() {
        let sum = flow.ecgs_without_label.values().sum::<u64>();
        out = out
            .count("labels_unknown", sum as usize)
            .fact("ecgs_without_label", serde_json::json!(flow.ecgs_without_label));
    }
    let further = [
        (
            "reader_verdicts",
            metrics.reader.as_ref().map(|reader| reader.verdicts),
        ),
        ("segments_unpredicted", flow.segments_unpredicted),
        (
            "ecgs_without_patient",
            flow.ecgs_without_patient.filter(|n| *n > 0),
        ),
    ];
    for (name, count) in further {
        if let Some(count) = count {
            out = out.count(name, count as usize);
        }
    }
    out
}
