//! Subgroups as forest plots: an attribute a chart, a label a group, a row a group of ECGs.

use crate::figure::Figure;
use crate::svg::{ForestGroup, ForestRow, draw_forest};
use crate::text::{count_text, slug};
use ecgfm_artifacts::evaluation::{Metrics, Subgroup};
use serde::Serialize;

/// Statistic that is drawn.
const DRAWN: &str = "auroc";

/// Most labels of a chart that stands open on the page.
const OPEN_LABELS: usize = 8;

/// Chart of one attribute, as the page shows it.
#[derive(Debug, Serialize)]
pub(crate) struct SubgroupFigureView {
    by: String,
    file: String,
    svg: String,
    caption: String,
    open: bool,
}

/// A chart of each attribute that ECGs are grouped by.
pub(crate) fn draw_subgroups(metrics: &Metrics) -> Vec<(String, Figure)> {
    let mut attributes: Vec<&str> = Vec::new();
    for group in &metrics.subgroups {
        if !attributes.contains(&group.by.as_str()) {
            attributes.push(&group.by);
        }
    }
    let figure = |by: &str| {
        let groups: Vec<&Subgroup> = metrics.subgroups.iter().filter(|group| group.by == by).collect();
        (by.to_owned(), draw_attribute(by, &groups))
    };
    attributes.into_iter().map(figure).collect()
}

fn draw_attribute(by: &str, groups: &[&Subgroup]) -> Figure {
    let labels = groups.first().map_or(&[][..], |group| group.labels.as_slice());
    let forest = labels.iter().enumerate().map(|(at, label)| ForestGroup {
        heading: label.label.clone(),
        rows: groups.iter().map(|group| forest_row(group, at)).collect(),
    });
    let words = (
        format!("AUROC by {by}"),
        format!(
            "AUROC of each label by {by}, with 95 % intervals; n/a where few ECGs have the label, or few have not."
        ),
    );
    Figure {
        file: format!("subgroups_{}.svg", slug(by)),
        caption: words.1.clone(),
        chart: draw_forest(words, "AUROC", &forest.collect::<Vec<_>>()),
    }
}

fn forest_row(group: &Subgroup, label: usize) -> ForestRow {
    let estimate = group
        .labels
        .get(label)
        .and_then(|label| label.estimates.get(DRAWN));
    ForestRow {
        name: format!("{} (n {})", group.group, count_text(group.n)),
        value: estimate.and_then(|estimate| estimate.value),
        interval: estimate.and_then(|estimate| estimate.lo.zip(estimate.hi)),
    }
}

/// The charts as the page shows them.
pub(crate) fn subgroup_figure_views(figures: &[(String, Figure)], labels: usize) -> Vec<SubgroupFigureView> {
    let view = |(at, (by, figure)): (usize, &(String, Figure))| SubgroupFigureView {
        by: by.clone(),
        file: figure.file.clone(),
        svg: figure.chart.inline(&format!("s{at}")),
        caption: figure.caption.clone(),
        open: labels <= OPEN_LABELS,
    };
    figures.iter().enumerate().map(view).collect()
}
