//! The page: everything the template shows, as text.

use crate::checks::{Check, checks};
use crate::error::Result;
use crate::figures::LabelFigures;
use crate::report::Params;
use crate::run_card::{self, Fact, RejectedFor, Stage};
use crate::svg::STYLE;
use crate::text::{count, estimate, number};
use ecgfm_artifacts::evaluation::{
    Estimate, Metrics, STATISTICS, TUTORIAL_COLUMNS, TutorialClass, Unit, UnitMetrics,
};
use minijinja::Environment;
use serde::Serialize;
use std::path::Path;

/// A cell of a table: a value with its interval, or why there is none.
#[derive(Debug, Serialize)]
struct Cell {
    value: String,
    interval: String,
    reason: String,
}

#[derive(Debug, Serialize)]
struct Row {
    label: String,
    title: String,
    positives: String,
    cells: Vec<Cell>,
    counts: [String; 4],
}

#[derive(Debug, Serialize)]
struct UnitView {
    plural: &'static str,
    heading: &'static str,
    n: String,
    exact_match: String,
    rows: Vec<Row>,
    labels: Vec<String>,
    matrix: Vec<Vec<String>>,
}

#[derive(Debug, Serialize)]
struct ClassView {
    class: String,
    values: Vec<Cell>,
    counts: [String; 4],
}

#[derive(Debug, Serialize)]
struct FigureView {
    file: String,
    svg: String,
    description: String,
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
    chart_style: &'a str,
    metrics: &'a Metrics,
    card: Vec<Fact>,
    model: Vec<Fact>,
    inference: Vec<Fact>,
    stages: Vec<Stage>,
    checks: Vec<Check>,
    flow: Vec<Fact>,
    rejected: Option<Vec<RejectedFor>>,
    tutorial_columns: &'a [&'a str],
    tutorial: Vec<ClassView>,
    tutorial_rows: String,
    exact_match: String,
    statistics: [&'a str; 9],
    units: Vec<UnitView>,
    labels: Vec<LabelView>,
    numbers: String,
}

const TEMPLATE: &str = include_str!("../templates/report.html");
const PAGE_STYLE: &str = include_str!("../templates/page.css");

/// What a JSON file says, if there is one.
fn facts(path: Option<&Path>) -> Result<Vec<Fact>> {
    path.map_or_else(|| Ok(Vec::new()), run_card::facts)
}

/// Fills in the page.
pub(crate) fn html(params: &Params, metrics: &Metrics, figures: &[LabelFigures]) -> Result<String> {
    let page = Page {
        title: params
            .title
            .as_deref()
            .filter(|t| !t.trim().is_empty())
            .unwrap_or("ECG-FM evaluation"),
        notice: metrics.notice.as_deref(),
        style: PAGE_STYLE,
        chart_style: STYLE,
        metrics,
        card: card(metrics),
        model: facts(params.model.as_deref())?,
        inference: facts(params.inference.as_deref())?,
        stages: params
            .lock
            .as_deref()
            .map(run_card::stages)
            .transpose()?
            .unwrap_or_default(),
        checks: checks(metrics),
        flow: flow(metrics),
        rejected: params.rejected.as_deref().map(run_card::rejected).transpose()?,
        tutorial_columns: &TUTORIAL_COLUMNS[1..],
        tutorial: metrics.tutorial.classes.iter().map(class).collect(),
        tutorial_rows: count(metrics.tutorial.rows),
        exact_match: metrics
            .tutorial
            .exact_match
            .map_or("n/a".to_owned(), |v| format!("{:.2} %", 100.0 * v)),
        statistics: STATISTICS,
        units: [Unit::Ecg, Unit::Segment]
            .iter()
            .filter_map(|u| metrics.unit(*u))
            .map(unit)
            .collect(),
        labels: figures.iter().enumerate().map(label).collect(),
        numbers: numbers(metrics),
    };
    let mut environment = Environment::new();
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    environment.add_template("report.html", TEMPLATE)?;
    Ok(environment
        .get_template("report.html")?
        .render(minijinja::value::Serde(&page))?)
}

/// The numbers as JSON that can stand inside a script element: no `<`, so nothing in it can end the element.
fn numbers(metrics: &Metrics) -> String {
    serde_json::to_string(metrics)
        .unwrap_or_default()
        .replace('<', "\\u003c")
}

fn fact(name: &str, value: impl Into<String>) -> Fact {
    Fact {
        name: name.to_owned(),
        value: value.into(),
    }
}

fn card(metrics: &Metrics) -> Vec<Fact> {
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
        format!(", {} resamples, seed {}", count(method.replicates), method.seed)
    };
    vec![
        fact("Split scored", &metrics.subset),
        fact("Labels of the model", &mapping.from),
        fact("Labels of the truth", &mapping.to),
        fact("Mapping", format!("{}: {}", mapping.name, pairs.join(", "))),
        fact("Model labels not compared", list(&mapping.unmapped)),
        fact("True labels not compared", list(&mapping.unmapped_truth)),
        fact("Threshold", thresholds(metrics)),
        fact("95 % intervals, proportions", &method.proportions),
        fact(
            "95 % intervals, AUROC, AUPRC, F1",
            format!("{}{resampling}", method.ranking),
        ),
    ]
}

fn thresholds(metrics: &Metrics) -> String {
    let used = &metrics.thresholds;
    match (used.source.as_str(), &used.chosen_on) {
        ("fixed", _) => format!("a label is predicted where its probability is above {}", used.by),
        (_, Some(split)) => format!("one a label, chosen on split “{split}” by {}", used.by),
        _ => format!("one a label, from {}", used.by),
    }
}

fn list(names: &[String]) -> String {
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

fn flow(metrics: &Metrics) -> Vec<Fact> {
    let flow = &metrics.flow;
    let mut rows = vec![
        fact("Segments predicted", count(flow.segments_predicted)),
        fact("– without truth, left out", count(flow.segments_without_truth)),
        fact("= segments scored", count(flow.segments_scored)),
        fact("ECGs predicted", count(flow.ecgs_predicted)),
        fact("– without truth, left out", count(flow.ecgs_without_truth)),
        fact("= ECGs scored", count(flow.ecgs_scored)),
    ];
    if let Some(n) = flow.segments_unpredicted {
        rows.insert(0, fact("Segments of the split without a prediction", count(n)));
    }
    if let Some(n) = flow.patients_scored {
        rows.push(fact("Patients among them", count(n)));
    }
    rows
}

fn cell(estimate: Option<&Estimate>) -> Cell {
    let value = estimate.and_then(|e| e.value).map_or("n/a".to_owned(), number);
    let ends = estimate.and_then(|e| e.lo.zip(e.hi));
    Cell {
        value,
        interval: ends.map_or(String::new(), |(lo, hi)| format!("{}–{}", number(lo), number(hi))),
        reason: estimate.and_then(|e| e.reason.clone()).unwrap_or_default(),
    }
}

fn class(class: &TutorialClass) -> ClassView {
    let cell = |v: &Option<f64>| Cell {
        value: v.map_or("n/a".to_owned(), number),
        interval: String::new(),
        reason: if v.is_none() {
            "a count it is divided by is 0".to_owned()
        } else {
            String::new()
        },
    };
    let c = class.counts;
    ClassView {
        class: if class.class.is_empty() {
            "(no mapped label)".to_owned()
        } else {
            class.class.clone()
        },
        values: class.values.iter().map(cell).collect(),
        counts: [c.tp, c.fp, c.r#fn, c.tn].map(count),
    }
}

fn unit(unit: &UnitMetrics) -> UnitView {
    let rows = unit.labels.iter().map(|label| Row {
        label: label.label.clone(),
        title: label.title.clone(),
        positives: count(label.positives),
        cells: STATISTICS
            .iter()
            .map(|name| cell(label.estimates.get(*name)))
            .collect(),
        counts: [
            label.counts.tp,
            label.counts.fp,
            label.counts.r#fn,
            label.counts.tn,
        ]
        .map(count),
    });
    let (plural, heading) = match unit.unit {
        Unit::Ecg => ("ECGs", "By ECG, segments pooled"),
        Unit::Segment => ("segments", "By segment"),
    };
    let both = &unit.co_occurrence;
    let matrix = both.actual_predicted.iter().chain([&both.none_predicted]);
    UnitView {
        plural,
        heading,
        n: count(unit.n),
        exact_match: estimate(Some(&unit.exact_match)),
        rows: rows.collect(),
        labels: unit.labels.iter().map(|label| label.label.clone()).collect(),
        matrix: matrix
            .map(|row| row.iter().map(|n| count(*n)).collect())
            .collect(),
    }
}

fn label((i, label): (usize, &LabelFigures)) -> LabelView {
    let figures = label.figures.iter().enumerate().map(|(k, figure)| FigureView {
        file: figure.file.clone(),
        svg: figure.chart.inline(&format!("f{i}-{k}")),
        description: figure.chart.description.clone(),
    });
    LabelView {
        label: label.label.clone(),
        title: label.title.clone(),
        figures: figures.collect(),
    }
}
