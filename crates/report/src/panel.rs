//! The section of several models side by side, out of the stage panel's `panel.json`.

use crate::figure::Figure;
use crate::svg::{ForestGroup, ForestRow, PrintedWidth, Series, draw_forest};
use crate::tables::{StatisticCell, statistic_cell};
use crate::text::count_text;
use ecgfm_artifacts::evaluation::{Estimate, Panel, PanelDifference, ShownIn, shown_in};
use serde::Serialize;

/// File name of the chart inside `plots/`.
const CHART_FILE: &str = "panel_auroc.svg";
/// Statistic of the chart and of the differences that stand outside of the folded table.
const CHARTED: &str = "auroc";

/// What the page shows of a panel.
#[derive(Debug, Serialize)]
pub(crate) struct PanelView {
    ecgs: String,
    unit: String,
    units: String,
    replicates: String,
    seed: u64,
    notices: Vec<String>,
    models: Vec<ModelRow>,
    names: Vec<String>,
    tables: Vec<StatisticTable>,
    not_in_mean: String,
    pairs: Vec<PairRow>,
    further_pairs: Vec<PairRow>,
    chart: String,
    chart_file: &'static str,
    chart_description: String,
}

#[derive(Debug, Serialize)]
struct ModelRow {
    name: String,
    ecgs: String,
    left_out: String,
    files: String,
}

/// One statistic: a row a label, a column a model.
#[derive(Debug, Serialize)]
struct StatisticTable {
    statistic: &'static str,
    rows: Vec<PanelLabelRow>,
}

#[derive(Debug, Serialize)]
struct PanelLabelRow {
    label: String,
    n: String,
    positives: String,
    cells: Vec<StatisticCell>,
}

/// Difference of two models.
#[derive(Debug, Serialize)]
struct PairRow {
    pair: String,
    label: String,
    statistic: String,
    difference: String,
    interval: String,
    /// True where the interval leaves out 0.
    clear: bool,
}

/// Figure of a panel: every model's AUROC, label by label.
pub(crate) fn draw_panel(panel: &Panel) -> Figure {
    let groups: Vec<ForestGroup> = labels_and_mean(panel)
        .map(|label| forest_group(panel, label))
        .collect();
    let words = (
        "AUROC of every model, label by label".to_owned(),
        format!(
            "AUROC of {} for each label, with 95 % intervals, on the {} ECGs that all of them scored; the mean over labels last.",
            model_names(panel).join(", "),
            count_text(panel.ecgs)
        ),
    );
    Figure {
        file: CHART_FILE.to_owned(),
        caption: words.1.clone(),
        chart: draw_forest(words, "AUROC", &groups, PrintedWidth::Whole),
    }
}

fn labels_and_mean(panel: &Panel) -> impl Iterator<Item = &str> {
    panel.labels.iter().map(String::as_str).chain([Panel::MEAN])
}

fn model_names(panel: &Panel) -> Vec<String> {
    panel.models.iter().map(|model| model.name.clone()).collect()
}

fn estimate_of<'a>(panel: &'a Panel, model: &str, label: &str, statistic: &str) -> Option<&'a Estimate> {
    panel.value(model, label)?.estimates.get(statistic)
}

fn forest_group(panel: &Panel, label: &str) -> ForestGroup {
    let row = |name: String| {
        let estimate = estimate_of(panel, &name, label, CHARTED);
        ForestRow {
            value: estimate.and_then(|e| e.value),
            interval: estimate.and_then(|e| e.lo.zip(e.hi)),
            name,
            absent: "n/a",
            series: Series::Ecg,
        }
    };
    ForestGroup {
        heading: heading_of(label),
        rows: model_names(panel).into_iter().map(row).collect(),
    }
}

fn heading_of(label: &str) -> String {
    match label {
        Panel::MEAN => "mean over labels".to_owned(),
        label => label.to_owned(),
    }
}

/// Everything that the page shows of a panel; `figure` is its chart.
pub(crate) fn panel_view(panel: &Panel, figure: &Figure) -> PanelView {
    let model = |model: &ecgfm_artifacts::evaluation::PanelModel| ModelRow {
        name: model.name.clone(),
        ecgs: count_text(model.ecgs),
        left_out: count_text(model.left_out),
        files: model.left_out_files.join(", "),
    };
    let (pairs, further): (Vec<_>, Vec<_>) = panel.differences.iter().partition(|d| d.statistic == CHARTED);
    PanelView {
        ecgs: count_text(panel.ecgs),
        unit: panel.cluster.clone(),
        units: count_text(panel.clusters),
        replicates: count_text(panel.replicates),
        seed: panel.seed,
        notices: panel.notices.clone(),
        models: panel.models.iter().map(model).collect(),
        names: model_names(panel),
        tables: shown_in(ShownIn::Panel)
            .map(|s| statistic_table(panel, s.name))
            .collect(),
        not_in_mean: panel.not_in_mean.join(", "),
        pairs: pairs.into_iter().map(pair_row).collect(),
        further_pairs: further.into_iter().map(pair_row).collect(),
        chart: figure.chart.inline("panel"),
        chart_file: CHART_FILE,
        chart_description: figure.chart.description.clone(),
    }
}

fn statistic_table(panel: &Panel, statistic: &'static str) -> StatisticTable {
    let row = |label: &str| {
        // Models share the truth of a label, so that any that has it knows its counts.
        let counts = panel
            .models
            .iter()
            .find_map(|model| panel.value(&model.name, label));
        let cells = panel.models.iter();
        PanelLabelRow {
            label: heading_of(label),
            n: counts.map_or(String::new(), |value| count_text(value.n)),
            positives: counts
                .and_then(|value| value.positives)
                .map_or(String::new(), count_text),
            cells: cells
                .map(|model| statistic_cell(estimate_of(panel, &model.name, label, statistic)))
                .collect(),
        }
    };
    StatisticTable {
        statistic,
        rows: labels_and_mean(panel).map(row).collect(),
    }
}

fn pair_row(difference: &PanelDifference) -> PairRow {
    let signed = |v: f64| format!("{v:+.4}");
    let ends = difference.lo.zip(difference.hi);
    PairRow {
        pair: format!("{} − {}", difference.b, difference.a),
        label: heading_of(&difference.label),
        statistic: difference.statistic.clone(),
        difference: difference.difference.map_or("n/a".to_owned(), signed),
        interval: ends.map_or(String::new(), |(lo, hi)| {
            format!("{} to {}", signed(lo), signed(hi))
        }),
        clear: ends.is_some_and(|(lo, hi)| lo > 0.0 || hi < 0.0),
    }
}
