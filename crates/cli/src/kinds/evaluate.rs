//! Stages predict, evaluate, report.

use super::ahead;
use super::binding::{
    StageBinding, holds_all_inputs, no_extra_facts, no_further_inputs, nothing_made_again, refused_parameters,
};
use super::definitions::{CHALLENGE, LABEL_SET, LABELS, LOCK, MAPPING, config_fact};
use ecgfm_artifacts::labelset::{Definition, RewardMatrix};
use ecgfm_evaluate::{Error, evaluate as scoring, panel as side_by_side, predict as prediction};
use ecgfm_pipeline::{CodeChange, OutputSpec, ParamError};
use ecgfm_report::report as report_stage;

/// A parameter that makes no sense, at its place in the pipeline file.
fn refused_param(error: Error) -> ParamError {
    match error {
        Error::Parameter { name, what } => ParamError::invalid(name, format!("is refused: {what}")),
        other => refused_parameters(&other),
    }
}

pub fn predict() -> StageBinding<prediction::Params> {
    const OUTPUTS: &[OutputSpec] = &[
        OutputSpec::new("dir", "", "the whole directory"),
        OutputSpec::new(
            "predictions",
            "predictions.parquet",
            "a probability a segment and model label",
        ),
        OutputSpec::new("table", "predictions.csv", "the same as CSV"),
        OutputSpec::new("mapped", "mapped.csv", "labels of the data set, a segment").optional(),
        OutputSpec::new("ecg", "ecg.csv", "a probability an ECG and model label"),
    ];
    StageBinding {
        name: "predict",
        about: "logits to probabilities and labels",
        version: 7,
        changes: &[
            CodeChange(2, "facts of the pooling and of ECGs are recorded"),
            CodeChange(
                3,
                "numbers with two shortest texts are written as Python writes them",
            ),
            CodeChange(4, "tables are compressed with Snappy"),
            CodeChange(5, "synthetic ECGs and the demo model are named"),
            CodeChange(6, "thresholds are decided here, label by label"),
            CodeChange(
                7,
                "labels with commas are in quotation marks where they are joined",
            ),
        ],
        outputs: OUTPUTS,
        inputs: &[
            "logits",
            "manifest",
            "segments",
            "thresholds",
            "choose_on",
            "truth",
        ],
        idle: &[],
        separate: &[],
        further: no_further_inputs,
        points_at: holds_all_inputs,
        made_again: nothing_made_again,
        named: &[LABELS, MAPPING],
        check: |params| prediction::check_params(params).map_err(refused_param),
        look_ahead: ahead::predict,
        extra: |params| {
            let mapping = params
                .mapping
                .iter()
                .map(|m| config_fact("mapping", Definition::Mapping, m));
            let labels = config_fact("labels", Definition::Labels, &params.labels);
            Ok(std::iter::once(labels).chain(mapping).collect())
        },
        chunked: false,
        run: |params, ctx| Ok(prediction::run(params, ctx)?),
    }
}

pub fn evaluate() -> StageBinding<scoring::Params> {
    const OUTPUTS: &[OutputSpec] = &[
        OutputSpec::new("dir", "", "the whole directory"),
        OutputSpec::new("metrics", "metrics.csv", "one row a unit and label"),
        OutputSpec::new("comparison", "comparison.csv", "predicted and actual, a segment"),
        OutputSpec::new(
            "tutorial_table",
            "tutorial_table.csv",
            "the tutorial's table, joined by key",
        ),
        OutputSpec::new("json", "metrics.json", "everything that was computed"),
        OutputSpec::new("averages", "averages.csv", "averages over labels"),
        OutputSpec::new(
            "subgroups",
            "subgroups.csv",
            "by sex, age or any column of the records",
        ),
        OutputSpec::new("thresholds", "thresholds.csv", "the threshold of every label"),
        OutputSpec::new(
            "examples",
            "examples.csv",
            "the ECGs the model was surest about, right and wrong",
        ),
        OutputSpec::new(
            "tripod",
            "tripod.json",
            "what the run attests of the TRIPOD+AI checklist",
        ),
        OutputSpec::new(
            "scored",
            "scored.parquet",
            "truth and probability of every ECG, for `ecgfm compare`",
        ),
    ];
    StageBinding {
        name: "evaluate",
        about: "predictions against the truth, by key",
        version: 9,
        changes: &[
            CodeChange(
                2,
                "calibration, averages, subgroups, thresholds and intervals are added",
            ),
            CodeChange(
                3,
                "numbers with two shortest texts are written as Python writes them",
            ),
            CodeChange(4, "tables are compressed with Snappy"),
            CodeChange(5, "synthetic ECGs and the demo model are named"),
            CodeChange(
                6,
                "thresholds are those of predict; unknown labels are left out; f1 is one in every table",
            ),
            CodeChange(
                7,
                "labels with commas are in quotation marks where they are joined",
            ),
            CodeChange(8, "metrics.json counts what other thresholds would predict"),
            CodeChange(
                9,
                "subgroups are compared with the largest, and crossed; they share the resamples of the cohort",
            ),
        ],
        outputs: OUTPUTS,
        inputs: &["predictions", "labels", "splits", "records", "rejected", "review"],
        idle: &[],
        separate: &[],
        further: no_further_inputs,
        points_at: holds_all_inputs,
        made_again: nothing_made_again,
        named: &[LABEL_SET, MAPPING, CHALLENGE],
        check: |params| params.check().map_err(refused_param),
        look_ahead: ahead::evaluate,
        extra: |params| {
            let set = params.label_set.iter();
            let set = set.map(|m| config_fact("label_set", Definition::Labels, m));
            let mapping = params.mapping.iter();
            let mapping = mapping.map(|m| config_fact("mapping", Definition::Mapping, m));
            Ok(set.chain(mapping).chain(score_facts(&params.challenge)).collect())
        },
        chunked: false,
        run: |params, ctx| Ok(scoring::run(params, ctx)?),
    }
}

pub fn panel() -> StageBinding<side_by_side::Params> {
    const OUTPUTS: &[OutputSpec] = &[
        OutputSpec::new("dir", "", "the whole directory"),
        OutputSpec::new("table", "panel.csv", "one row a model and label"),
        OutputSpec::new(
            "differences",
            "panel_differences.csv",
            "one row a pair of models, label and statistic",
        ),
        OutputSpec::new("json", "panel.json", "everything that was compared"),
    ];
    StageBinding {
        name: "panel",
        about: "several models on the same ECGs, and their differences",
        version: 1,
        changes: &[],
        outputs: OUTPUTS,
        inputs: &["models.*"],
        idle: &[],
        further: no_further_inputs,
        points_at: holds_all_inputs,
        made_again: nothing_made_again,
        named: &[],
        separate: &[],
        check: |params| params.check().map_err(refused_param),
        look_ahead: ahead::panel,
        extra: no_extra_facts,
        chunked: false,
        run: |params, ctx| Ok(side_by_side::run(params, ctx)?),
    }
}

/// A score is defined by its matrix and by the label set of that matrix.
fn score_facts(name: &str) -> Vec<(String, String)> {
    let mut facts = vec![config_fact("challenge", Definition::Score, name)];
    if let Ok(matrix) = RewardMatrix::load(name) {
        facts.push(config_fact(
            "labels of challenge",
            Definition::Labels,
            &matrix.labels,
        ));
    }
    facts
}

pub fn report() -> StageBinding<report_stage::Params> {
    const OUTPUTS: &[OutputSpec] = &[
        OutputSpec::new("dir", "", "the whole directory"),
        OutputSpec::new("report", "report.html", "the page"),
        OutputSpec::new("plots", "plots", "the charts as SVG"),
    ];
    StageBinding {
        name: "report",
        about: "what evaluate computed, drawn on one page",
        version: 13,
        changes: &[
            CodeChange(2, "the layout and the figures of the first page"),
            CodeChange(3, "calibration, subgroups and example ECGs are added"),
            CodeChange(4, "ECGs are drawn at the store's own sample rate"),
            CodeChange(5, "results stand first, and short ECGs show all leads"),
            CodeChange(
                6,
                "other thresholds, a script of the page, and what is known of each drawn ECG",
            ),
            CodeChange(7, "differences of subgroups, and crossed subgroups, are drawn"),
            CodeChange(8, "shades of saliency do not overlap"),
            CodeChange(9, "columns and regions of tables have names of their own"),
            CodeChange(10, "the flow of ECGs is drawn as a diagram"),
            CodeChange(11, "a reader's verdicts are shown where they were given"),
            CodeChange(12, "forest plots are drawn for narrow windows too"),
            CodeChange(
                13,
                "forest plots of many rows are parts that fit a sheet; counts of the flow stand in a column",
            ),
        ],
        outputs: OUTPUTS,
        inputs: &[
            "metrics",
            "model",
            "inference",
            "rejected",
            "signals",
            "saliency",
            "panel",
        ],
        idle: &[],
        separate: &[],
        further: no_further_inputs,
        points_at: holds_all_inputs,
        made_again: nothing_made_again,
        named: &[LOCK],
        check: |params| {
            let refused = params.why_invalid();
            refused.map_or(Ok(()), |(name, what)| {
                Err(ParamError::invalid(name, format!("is refused: {what}")))
            })
        },
        look_ahead: ahead::report,
        extra: no_extra_facts,
        chunked: false,
        run: |params, ctx| Ok(report_stage::run(params, ctx)?),
    }
}
