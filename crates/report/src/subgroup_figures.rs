//! Subgroups as forest plots: an attribute two charts, a label a group, a row a group of ECGs.

use crate::figure::Figure;
use crate::svg::{ForestGroup, ForestRow, draw_difference_forest, draw_forest};
use crate::text::{count_text, slug};
use ecgfm_artifacts::evaluation::{Estimate, Metrics, Subgroup, SubgroupLabel};
use serde::Serialize;

/// Statistic that is drawn.
const DRAWN: &str = "auroc";

/// Most labels of a chart that stands open on the page.
const OPEN_LABELS: usize = 8;

/// Charts of one attribute, or of two that are crossed.
pub(crate) struct SubgroupFigures {
    by: String,
    /// Values, and differences where there is a group to compare with.
    pub(crate) figures: Vec<Figure>,
    crossed: bool,
}

/// Charts of one attribute, as the page shows them.
#[derive(Debug, Serialize)]
pub(crate) struct SubgroupFigureView {
    by: String,
    charts: Vec<ChartView>,
    open: bool,
    crossed: bool,
}

#[derive(Debug, Serialize)]
struct ChartView {
    title: String,
    file: String,
    svg: String,
    caption: String,
}

/// Charts of each attribute that ECGs are grouped by, and of each pair; none where no group has enough ECGs for a figure.
pub(crate) fn draw_subgroups(metrics: &Metrics) -> Vec<SubgroupFigures> {
    let parts = [(&metrics.subgroups, false), (&metrics.subgroup_pairs, true)];
    let of_part = |(groups, crossed): (&Vec<Subgroup>, bool)| -> Vec<SubgroupFigures> {
        let attributes = groups.chunk_by(|a, b| a.by == b.by);
        let attributes = attributes.filter(|groups| groups.iter().any(has_value));
        attributes.map(|groups| draw_attribute(groups, crossed)).collect()
    };
    parts.into_iter().flat_map(of_part).collect()
}

/// Says if a group has a value of what is drawn, for any label.
fn has_value(group: &Subgroup) -> bool {
    let values = (group.labels.iter()).filter_map(|label| label.estimates.get(DRAWN));
    values.into_iter().any(|estimate| estimate.value.is_some())
}

fn draw_attribute(groups: &[Subgroup], crossed: bool) -> SubgroupFigures {
    let by = groups.first().map_or("", |group| group.by.as_str());
    let name = slug(&by.replace(" × ", "_by_"));
    let few = "n/a where few ECGs have the label, or few have not";
    let values = (
        format!("AUROC by {by}"),
        format!("AUROC of each label by {by}, with 95 % intervals; {few}."),
    );
    let chart = |words: (String, String),
                 file: String,
                 draw: &dyn Fn((String, String)) -> crate::svg::Chart| Figure {
        file,
        caption: words.1.clone(),
        chart: draw(words),
    };
    let forest = forest_groups(groups, |label| &label.estimates, |_| "n/a");
    let mut figures = vec![chart(values, format!("subgroups_{name}.svg"), &|words| {
        draw_forest(words, "AUROC", &forest)
    })];
    if let Some(reference) = groups.iter().find_map(|group| group.reference.as_deref()) {
        let words = (
            format!("Difference of AUROC by {by}"),
            format!(
                "AUROC of each label less that of the largest group, {reference}, with 95 % intervals from the same resamples; {few}. \
                 The intervals are not corrected for their number."
            ),
        );
        let absent = |group: &Subgroup| {
            if group.reference.is_none() {
                "reference"
            } else {
                "n/a"
            }
        };
        let forest = forest_groups(groups, |label| &label.differences, absent);
        figures.push(chart(
            words,
            format!("subgroup_differences_{name}.svg"),
            &|words| draw_difference_forest(words, "difference of AUROC", &forest),
        ));
    }
    SubgroupFigures {
        by: by.to_owned(),
        figures,
        crossed,
    }
}

type Estimates = std::collections::BTreeMap<String, Estimate>;

fn forest_groups(
    groups: &[Subgroup],
    of: impl Fn(&SubgroupLabel) -> &Estimates,
    absent: impl Fn(&Subgroup) -> &'static str,
) -> Vec<ForestGroup> {
    let labels = groups.first().map_or(&[][..], |group| group.labels.as_slice());
    let row = |group: &Subgroup, at: usize| {
        let label = group.labels.get(at);
        let estimate = label.and_then(|label| of(label).get(DRAWN));
        ForestRow {
            name: format!("{} (n {})", group.group, count_text(group.n)),
            value: estimate.and_then(|estimate| estimate.value),
            interval: estimate.and_then(|estimate| estimate.lo.zip(estimate.hi)),
            absent: absent(group),
        }
    };
    let group = |(at, label): (usize, &SubgroupLabel)| ForestGroup {
        heading: label.label.clone(),
        rows: groups.iter().map(|group| row(group, at)).collect(),
    };
    labels.iter().enumerate().map(group).collect()
}

/// The charts as the page shows them: those of single attributes open where there are few labels.
pub(crate) fn subgroup_figure_views(
    attributes: &[SubgroupFigures],
    labels: usize,
) -> Vec<SubgroupFigureView> {
    let view = |(at, attribute): (usize, &SubgroupFigures)| {
        let charts = attribute.figures.iter().enumerate().map(|(k, figure)| ChartView {
            title: figure.chart.title.clone(),
            file: figure.file.clone(),
            svg: figure.chart.inline(&format!("s{at}-{k}")),
            caption: figure.caption.clone(),
        });
        SubgroupFigureView {
            by: attribute.by.clone(),
            charts: charts.collect(),
            open: labels <= OPEN_LABELS && !attribute.crossed,
            crossed: attribute.crossed,
        }
    };
    attributes.iter().enumerate().map(view).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_without_a_figure_for_any_label_are_not_drawn() {
        let group = |value: Option<f64>| Subgroup {
            by: "sex".to_owned(),
            group: "female".to_owned(),
            n: 3,
            reference: None,
            labels: vec![SubgroupLabel {
                label: "AF".to_owned(),
                positives: None,
                estimates: [(
                    DRAWN.to_owned(),
                    Estimate {
                        value,
                        ..Estimate::default()
                    },
                )]
                .into(),
                differences: Estimates::new(),
            }],
        };
        assert!(!has_value(&group(None)));
        assert!(has_value(&group(Some(0.7))));
    }
}
