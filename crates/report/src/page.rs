//! The page: everything the template shows, as text.

use crate::checks::{ReportCheck, read_archive_warnings, run_checks};
use crate::cohort::{CohortPart, describe_cohort};
use crate::error::Result;
use crate::examples::DrawnExample;
use crate::figure::Figure;
use crate::figures::LabelFigures;
use crate::flow::{DrawnFlow, FlowStep};
use crate::methods::pooling_sentence;
use crate::operating_points::{OperatingPointsView, operating_point_views};
use crate::panel::PanelView;
use crate::params::Params;
use crate::reader::{ReaderView, reader_view};
use crate::results::{ResultsView, results_view};
use crate::run_card::{self, Fact, RejectionCount, RunStage};
use crate::subgroup_figures::{SubgroupFigureView, SubgroupFigures, subgroup_figure_views};
use crate::svg::STYLE;
use crate::tables::{ClassView, GroupView, UnitView, class_view, group_view, unit_view};
use crate::text::count_text;
use base64::prelude::{BASE64_STANDARD, Engine};
use ecgfm_artifacts::evaluation::{
    EvaluationUnit, Metrics, STATISTICS, ShownIn, TUTORIAL_STATISTICS, shown_in,
};
use minijinja::Environment;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::path::Path;

#[derive(Debug, Serialize)]
struct FigureView {
    file: String,
    svg: String,
    caption: String,
}

#[derive(Debug, Serialize)]
struct LabelView {
    label: String,
    title: String,
    figures: Vec<FigureView>,
}

#[derive(Debug, Serialize)]
struct Page<'a> {
    title: &'a str,
    notice: Option<&'a str>,
    style: &'a str,
    script: &'a str,
    /// What allows that script and no other.
    script_hash: String,
    chart_style: &'a str,
    metrics: &'a Metrics,
    card: Vec<Fact>,
    model: Vec<Fact>,
    inference: Vec<Fact>,
    stages: Vec<RunStage>,
    results: Option<ResultsView>,
    cohort: Vec<CohortPart>,
    /// Checks that found something.
    warnings: usize,
    checks: Vec<ReportCheck>,
    flow: &'a [FlowStep],
    flow_figure: FigureView,
    rejected: Option<Vec<RejectionCount>>,
    tutorial_columns: [&'a str; 7],
    tutorial: Vec<ClassView>,
    tutorial_rows: String,
    exact_match: String,
    statistics: Vec<&'a str>,
    units: Vec<UnitView>,
    subgroup_statistics: Vec<&'a str>,
    subgroups: Vec<GroupView>,
    subgroup_figures: Vec<SubgroupFigureView>,
    reader: Option<ReaderView>,
    examples: &'a [DrawnExample],
    examples_inside: usize,
    examples_printed: usize,
    labels: Vec<LabelView>,
    operating_points: Vec<OperatingPointsView<'a>>,
    panel: Option<PanelView>,
    pooling: String,
    numbers: String,
}

const TEMPLATE: &str = include_str!("../templates/report.html");
const SCRIPT: &str = include_str!("../templates/page.js");
const PAGE_STYLE: &str = include_str!("../templates/page.css");

/// Facts of a JSON file, if there is one.
fn read_facts(path: Option<&Path>) -> Result<Vec<Fact>> {
    path.map_or_else(|| Ok(Vec::new()), run_card::read_facts)
}

/// Everything that is drawn on the page.
pub(crate) struct DrawnFigures<'a> {
    pub(crate) flow: &'a DrawnFlow,
    pub(crate) labels: &'a [LabelFigures],
    pub(crate) subgroups: &'a [SubgroupFigures],
    pub(crate) examples: &'a [DrawnExample],
    pub(crate) panel: Option<PanelView>,
}

/// Fills in the page.
pub(crate) fn render_page(params: &Params, metrics: &Metrics, drawn: DrawnFigures<'_>) -> Result<String> {
    let (model, inference) = (
        read_facts(params.model.as_deref())?,
        read_facts(params.inference.as_deref())?,
    );
    let examples = drawn.examples;
    let count = |has: fn(&DrawnExample) -> bool| examples.iter().filter(|e| has(e)).count();
    let checks = run_checks(metrics, &read_archive_warnings(params)?);
    let page = Page {
        title: params
            .title
            .as_deref()
            .filter(|t| !t.trim().is_empty())
            .unwrap_or("ECG-FM evaluation"),
        notice: metrics.notice.as_deref(),
        style: PAGE_STYLE,
        script: SCRIPT,
        script_hash: script_hash(SCRIPT),
        chart_style: STYLE,
        metrics,
        card: result_facts(metrics, &model, &inference),
        model,
        inference,
        stages: params
            .lock
            .as_deref()
            .map(run_card::read_stages)
            .transpose()?
            .unwrap_or_default(),
        results: results_view(metrics),
        cohort: describe_cohort(metrics),
        warnings: checks.iter().filter(|check| check.state == "warn").count(),
        checks,
        flow: &drawn.flow.steps,
        flow_figure: figure_view(&drawn.flow.figure, "flow"),
        rejected: params
            .rejected
            .as_deref()
            .map(run_card::count_rejections)
            .transpose()?,
        tutorial_columns: TUTORIAL_STATISTICS.map(|(name, _)| name),
        tutorial: metrics.tutorial.classes.iter().map(class_view).collect(),
        tutorial_rows: count_text(metrics.tutorial.rows),
        exact_match: metrics
            .tutorial
            .exact_match
            .map_or("n/a".to_owned(), |v| format!("{:.2} %", 100.0 * v)),
        statistics: STATISTICS.iter().map(|statistic| statistic.name).collect(),
        units: [EvaluationUnit::Ecg, EvaluationUnit::Segment]
            .iter()
            .filter_map(|u| metrics.unit(*u))
            .map(unit_view)
            .collect(),
        subgroup_statistics: shown_in(ShownIn::Subgroups)
            .map(|statistic| statistic.name)
            .collect(),
        subgroups: metrics.subgroups.iter().map(group_view).collect(),
        subgroup_figures: subgroup_figure_views(drawn.subgroups, drawn.labels.len()),
        reader: reader_view(metrics),
        examples,
        examples_inside: count(|e| e.inline.is_some()),
        examples_printed: count(|e| e.printed),
        labels: drawn.labels.iter().enumerate().map(label_view).collect(),
        operating_points: operating_point_views(
            drawn
                .labels
                .iter()
                .filter_map(|label| label.operating_points.as_ref()),
        ),
        panel: drawn.panel,
        pooling: pooling_sentence(&metrics.mapping),
        numbers: metrics_json(metrics),
    };
    let mut environment = Environment::new();
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    environment.add_template("report.html", TEMPLATE)?;
    Ok(environment
        .get_template("report.html")?
        .render(minijinja::value::Serde(&page))?)
}

/// The source of a script in a Content-Security-Policy.
fn script_hash(script: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(script)))
}

/// The metrics as JSON for inside a script element: no `<`, so nothing in it can end the element.
fn metrics_json(metrics: &Metrics) -> String {
    serde_json::to_string(metrics)
        .unwrap_or_default()
        .replace('<', "\\u003c")
}

fn text_fact(name: &str, value: impl Into<String>) -> Fact {
    Fact {
        name: name.to_owned(),
        value: value.into(),
    }
}

/// Rows on the model and its inference, out of the model's card and the record of the inference.
fn model_facts(model: &[Fact], inference: &[Fact]) -> Vec<Fact> {
    let of = |facts: &[Fact], name: &str| facts.iter().find(|f| f.name == name).map(|f| f.value.clone());
    let mut rows = Vec::new();
    let architecture = of(model, "architecture").or_else(|| of(inference, "backend"));
    let sha256 = of(inference, "model_sha256").or_else(|| of(model, "model.sha256"));
    if let Some(architecture) = architecture {
        let mut words = vec![architecture];
        words.extend(of(model, "parameters").map(|n| format!("{n} parameters")));
        words.extend(of(model, "source.file").map(|file| format!("from {file}")));
        words.extend(sha256.map(|sha256| format!("SHA-256 of the model file {sha256}")));
        rows.push(text_fact("Model", words.join(", ")));
    }
    if let Some(device) = of(inference, "device") {
        let mut words = vec![format!("on {device}")];
        words.extend(of(inference, "precision").map(|precision| format!("in {precision}")));
        words.extend(of(inference, "libtorch").map(|version| format!("libtorch {version}")));
        words.extend(
            of(inference, "against_float32.largest_probability_change")
                .map(|change| format!("largest change of a probability against float32 {change}")),
        );
        rows.push(text_fact("Computed", words.join(", ")));
    }
    rows
}

/// The name of the model's label set, with the hash that tells a copy that was edited from the original.
fn labels_of_model(name: &str, model: &[Fact], inference: &[Fact]) -> String {
    let of = |facts: &[Fact], name: &str| {
        let found = facts.iter().find(|fact| fact.name == name);
        found.map(|fact| fact.value.clone())
    };
    match of(inference, "label_set_hash").or_else(|| of(model, "label_set.hash")) {
        Some(hash) => format!("{name} (hash {hash})"),
        None => name.to_owned(),
    }
}

fn result_facts(metrics: &Metrics, model: &[Fact], inference: &[Fact]) -> Vec<Fact> {
    let mapping = &metrics.mapping;
    let pairs: Vec<String> = mapping
        .pairs
        .iter()
        .map(|p| format!("{} → {}", p.from, p.to))
        .collect();
    let method = &metrics.intervals;
    let resampling = if method.replicates == 0 {
        String::new()
    } else {
        format!(
            ", {} resamples, seed {}",
            count_text(method.replicates),
            method.seed
        )
    };
    let mut rows = model_facts(model, inference);
    rows.extend([
        text_fact("Split scored", &metrics.subset),
        text_fact(
            "Labels of the model",
            labels_of_model(&mapping.from, model, inference),
        ),
        text_fact("Labels of the truth", &mapping.to),
        text_fact("Mapping", format!("{}: {}", mapping.name, pairs.join(", "))),
        text_fact("Model labels not compared", name_list(&mapping.unmapped)),
        text_fact("True labels not compared", name_list(&mapping.unmapped_truth)),
        text_fact("Threshold", threshold_words(metrics)),
        text_fact("95 % intervals, proportions", &method.proportions),
        text_fact(
            "95 % intervals, everything else",
            format!("{}{resampling}", method.ranking),
        ),
    ]);
    rows
}

fn threshold_words(metrics: &Metrics) -> String {
    let used = &metrics.thresholds;
    match (used.source.as_str(), &used.chosen_on) {
        ("fixed", _) => format!("a label is predicted where its probability is above {}", used.by),
        (_, Some(split)) => {
            let ecgs = used.ecgs.map(|n| format!(", {} ECGs", count_text(n)));
            let left_out = used.ecgs_without_truth.filter(|n| *n > 0);
            let left_out = left_out.map(|n| format!("; {} without truth were left out", count_text(n)));
            let (ecgs, left_out) = (ecgs.unwrap_or_default(), left_out.unwrap_or_default());
            format!(
                "one a label, chosen on split “{split}”{ecgs}, by {}{left_out}",
                used.by
            )
        }
        _ => format!("one a label, from {}", used.by),
    }
}

fn name_list(names: &[String]) -> String {
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

/// A figure for inside the page; `id` is unique there.
fn figure_view(figure: &Figure, id: &str) -> FigureView {
    FigureView {
        file: figure.file.clone(),
        svg: figure.chart.inline(id),
        caption: figure.caption.clone(),
    }
}

fn label_view((i, label): (usize, &LabelFigures)) -> LabelView {
    let figures = label.figures.iter().enumerate();
    let figures = figures.map(|(k, figure)| figure_view(figure, &format!("f{i}-{k}")));
    LabelView {
        label: label.label.clone(),
        title: label.title.clone(),
        figures: figures.collect(),
    }
}
