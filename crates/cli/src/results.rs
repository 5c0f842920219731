//! What a finished run of an evaluation says, on standard output.

use ecgfm_artifacts::evaluation::{METRICS_FILE, Metrics, ShownIn, shown_in};
use ecgfm_artifacts::logits::InferenceRecord;
use ecgfm_artifacts::{notices, predictions, store, table};
use ecgfm_pipeline::{Graph, RunSummary, Stage};
use ecgfm_stage_params::ModelCard;
use ecgfm_system::presence::exists;
use std::path::{Path, PathBuf};

/// Columns of `metrics.csv` that are shown, before the statistics.
const FIRST_COLUMNS: [&str; 4] = ["unit", "label", "n", "positives"];

/// The metrics of the run's evaluation as a table, and where to read on; nothing where there is none. What an earlier run
/// left is no result of one that stopped before it.
pub fn metrics_text(graph: &Graph, summary: &RunSummary) -> Option<String> {
    let evaluation = finished_stage(graph, summary, "evaluate")?;
    let dir = graph.run_dir().join(evaluation.name());
    let mut text = String::new();
    if let Some(notice) = results_notice(graph, summary) {
        text.push_str(&format!("\n{notice}\n"));
    }
    for warning in archive_warnings(graph, summary) {
        text.push_str(&format!("\nwarning: {warning}\n"));
    }
    text.push_str(&format!("\n{}", format_metrics(&dir.join(METRICS_FILE))?));
    let page = finished_stage(graph, summary, "report")
        .map(|r| graph.run_dir().join(r.name()).join("report.html"))
        .filter(|page| exists(page).unwrap_or(true));
    let more = page.unwrap_or(dir);
    text.push_str(&format!("\nmore in {}\n", more.display()));
    Some(text)
}

/// Warnings about the archive whose segments the run used: that its sample rate looks wrong, for one.
pub fn archive_warnings(graph: &Graph, summary: &RunSummary) -> Vec<String> {
    let stage = finished_stage(graph, summary, "signals");
    let dir = stage.map(|stage| graph.run_dir().join(stage.name()));
    let infos = stores(dir).filter_map(|root| store::StoreInfo::read(&root).ok().flatten());
    infos.flat_map(|info| info.warnings).collect()
}

/// Stores that may be in a directory of the signals stage: its own, or those of its recipes.
fn stores(dir: Option<PathBuf>) -> impl Iterator<Item = PathBuf> {
    let names = [store::PACKED_DIR, store::MAT_DIR];
    let of_recipes = dir.iter().flat_map(std::fs::read_dir).flatten().flatten();
    let of_recipes: Vec<PathBuf> = of_recipes
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    let dirs = dir.into_iter().chain(of_recipes);
    dirs.flat_map(move |dir| names.map(|name| dir.join(name)))
}

/// Notice to every reader of the run's results on its data and its model, as far as the run came.
pub fn results_notice(graph: &Graph, summary: &RunSummary) -> Option<String> {
    notice_of(graph.run_dir(), |kind| {
        finished_stage(graph, summary, kind).map(Stage::name)
    })
}

/// Notice to every reader of the results in a run's directory; `stage` names the stage of a kind that is done. The
/// furthest stage knows it from those before.
pub fn notice_of<'a>(run_dir: &Path, stage: impl Fn(&str) -> Option<&'a str>) -> Option<String> {
    let dir = |kind: &str| stage(kind).map(|name| run_dir.join(name));
    if let Some(metrics) = dir("evaluate").and_then(|dir| Metrics::read(&dir).ok()) {
        return metrics.notice;
    }
    if let Some(about) = dir("predict").and_then(|dir| predictions::PredictionsInfo::read(&dir).ok()) {
        return notices::join(&about.notices, "");
    }
    if let Some(record) = dir("infer").and_then(|dir| InferenceRecord::read(&dir).ok()) {
        return notices::join(&record.notices.unwrap_or_default(), "");
    }
    let of_store = |root: PathBuf| store::StoreInfo::read(&root).ok().flatten()?.notice;
    let card: Option<ModelCard> =
        dir("export").and_then(|dir| ModelCard::read(&dir.join("model.json")).ok().flatten());
    let of_model = card.and_then(|card| card.notice);
    let all: Vec<String> = stores(dir("signals"))
        .filter_map(of_store)
        .chain(of_model)
        .collect();
    notices::join(&all, "")
}

/// Device and precision of each inference of the run: `infer ran on cpu in float32`.
pub fn inference_devices(graph: &Graph, summary: &RunSummary) -> Vec<String> {
    let stages = graph
        .stages()
        .iter()
        .filter(|stage| stage.kind().name() == "infer");
    let ran = stages.filter(|stage| summary.ran.iter().any(|ran| ran == stage.name()));
    let line = |stage: &Stage| {
        let record = InferenceRecord::read(&graph.run_dir().join(stage.name())).ok()?;
        let (device, precision) = (record.device?, record.precision?);
        Some(format!("{} ran on {device} in {precision}", stage.name()))
    };
    ran.filter_map(line).collect()
}

/// The stage of a kind, where the run did it or found it done.
fn finished_stage<'a>(graph: &'a Graph, summary: &RunSummary, kind: &str) -> Option<&'a Stage> {
    let is_done = |name: &str| summary.ran.iter().chain(&summary.fresh).any(|done| done == name);
    let mut stages = graph.stages().iter();
    stages.find(|stage| stage.kind().name() == kind && is_done(stage.name()))
}

fn format_metrics(path: &Path) -> Option<String> {
    let frame = table::read_all_text(path).ok()?;
    let statistics = shown_in(ShownIn::RunText).map(|statistic| statistic.name);
    let names: Vec<&str> = FIRST_COLUMNS.into_iter().chain(statistics).collect();
    let mut rows = vec![names.iter().map(ToString::to_string).collect::<Vec<String>>()];
    let columns: Option<Vec<_>> = names
        .iter()
        .map(|name| table::str_column(path, &frame, name).ok())
        .collect();
    let columns = columns?;
    for row in 0..frame.height() {
        rows.push(
            columns
                .iter()
                .map(|c| format_cell(c.get(row).unwrap_or_default()))
                .collect(),
        );
    }
    let width = |i: usize| rows.iter().map(|r| r[i].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..names.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate();
        let cells = cells.map(|(i, (cell, w))| {
            if i < 2 {
                format!("{cell:w$}")
            } else {
                format!("{cell:>w$}")
            }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    Some(rows.iter().map(line).collect())
}

/// Three decimals for a number with a fraction, a dash for what is undefined.
fn format_cell(cell: &str) -> String {
    match cell.parse::<f64>() {
        _ if cell.is_empty() => "–".to_owned(),
        Ok(v) if cell.contains(['.', 'e']) => format!("{v:.3}"),
        _ => cell.to_owned(),
    }
}
