//! Subgroups as forest plots: an attribute two charts, a label a group, a row a group of ECGs.

use crate::figure::Figure;
use crate::svg::{ForestGroup, ForestRow, PrintedWidth, Series, draw_difference_forest, draw_forest};
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

/// Forest plots of one attribute, or of two that are crossed: what is drawn, without how.
pub(crate) struct SubgroupForests {
    by: String,
    crossed: bool,
    /// Values, and differences where there is a group to compare with.
    pub(crate) forests: Vec<SubgroupForest>,
}

/// Forest plot of subgroups, a label a group of rows.
pub(crate) struct SubgroupForest {
    /// Name of its file, without an ending.
    pub(crate) name: String,
    /// Title and description.
    pub(crate) words: (String, String),
    /// Name of its axis.
    pub(crate) axis: &'static str,
    /// Rows.
    pub(crate) groups: Vec<ForestGroup>,
    /// Values are differences.
    pub(crate) signed: bool,
}

/// Forest plots of each attribute that ECGs are grouped by, and of each pair; none where no group has enough ECGs for a figure.
pub(crate) fn subgroup_forests(metrics: &Metrics) -> Vec<SubgroupForests> {
    let parts = [(&metrics.subgroups, false), (&metrics.subgroup_pairs, true)];
    let of_part = |(groups, crossed): (&Vec<Subgroup>, bool)| -> Vec<SubgroupForests> {
        let attributes = groups.chunk_by(|a, b| a.by == b.by);
        let attributes = attributes.filter(|groups| groups.iter().any(has_value));
        attributes
            .map(|groups| attribute_forests(groups, crossed))
            .collect()
    };
    parts.into_iter().flat_map(of_part).collect()
}

/// Charts of those forest plots.
pub(crate) fn draw_subgroups(metrics: &Metrics) -> Vec<SubgroupFigures> {
    let attributes = subgroup_forests(metrics).into_iter();
    let figures = attributes.map(|attribute| {
        let printed = match attribute.forests.len() {
            1 => PrintedWidth::Whole,
            _ => PrintedWidth::Half,
        };
        let forests = attribute.forests.into_iter();
        SubgroupFigures {
            by: attribute.by,
            figures: forests.map(|forest| draw_figure(forest, printed)).collect(),
            crossed: attribute.crossed,
        }
    });
    figures.collect()
}

fn draw_figure(forest: SubgroupForest, printed: PrintedWidth) -> Figure {
    let draw = if forest.signed {
        draw_difference_forest
    } else {
        draw_forest
    };
    Figure {
        file: format!("{}.svg", forest.name),
        caption: forest.words.1.clone(),
        chart: draw(forest.words, forest.axis, &forest.groups, printed),
    }
}

/// Says if a group has a value of what is drawn, for any label.
fn has_value(group: &Subgroup) -> bool {
    group.labels.iter().any(is_drawn)
}

fn is_drawn(label: &SubgroupLabel) -> bool {
    let estimate = label.estimates.get(DRAWN);
    estimate.is_some_and(|estimate| estimate.value.is_some())
}

/// The places of the labels that have a value in some group, and the names of the others: their rows would say nothing.
fn drawn_labels(groups: &[Subgroup]) -> (Vec<usize>, Vec<&str>) {
    let labels = groups.first().map_or(&[][..], |group| group.labels.as_slice());
    let in_any = |at: usize| {
        groups
            .iter()
            .any(|group| group.labels.get(at).is_some_and(is_drawn))
    };
    let (drawn, others): (Vec<usize>, Vec<usize>) = (0..labels.len()).partition(|at| in_any(*at));
    (
        drawn,
        others.into_iter().map(|at| labels[at].label.as_str()).collect(),
    )
}

fn attribute_forests(groups: &[Subgroup], crossed: bool) -> SubgroupForests {
    let by = groups.first().map_or("", |group| group.by.as_str());
    let name = slug(&by.replace(" × ", "_by_"));
    let (drawn, others) = drawn_labels(groups);
    let few = "n/a where few ECGs have the label, or few have not";
    let left_out = match others.is_empty() {
        true => String::new(),
        false => format!(", which leaves out {}", others.join(", ")),
    };
    let mut forests = vec![SubgroupForest {
        name: format!("subgroups_{name}"),
        words: (
            format!("AUROC by {by}"),
            format!("AUROC of each label by {by}, with 95 % intervals; {few}{left_out}."),
        ),
        axis: "AUROC",
        groups: forest_groups(groups, &drawn, |label| &label.estimates, |_| "n/a"),
        signed: false,
    }];
    if let Some(reference) = groups.iter().find_map(|group| group.reference.as_deref()) {
        let absent = |group: &Subgroup| {
            if group.reference.is_none() {
                "reference"
            } else {
                "n/a"
            }
        };
        forests.push(SubgroupForest {
            name: format!("subgroup_differences_{name}"),
            words: (
                format!("Difference of AUROC by {by}"),
                format!(
                    "AUROC of each label less that of the largest group, {reference}, with 95 % intervals from the same resamples; \
                     {few}. The intervals are not corrected for their number."
                ),
            ),
            axis: "difference of AUROC",
            groups: forest_groups(groups, &drawn, |label| &label.differences, absent),
            signed: true,
        });
    }
    SubgroupForests {
        by: by.to_owned(),
        crossed,
        forests,
    }
}

type Estimates = std::collections::BTreeMap<String, Estimate>;

fn forest_groups(
    groups: &[Subgroup],
    drawn: &[usize],
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
            series: Series::Ecg,
        }
    };
    let group = |&at: &usize| ForestGroup {
        heading: labels[at].label.clone(),
        rows: groups.iter().map(|group| row(group, at)).collect(),
    };
    drawn.iter().map(group).collect()
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

    /// A group with the labels AF and SB.
    fn group(values: [Option<f64>; 2]) -> Subgroup {
        let estimate = |value| Estimate {
            value,
            ..Estimate::default()
        };
        let label = |(name, value): (&str, Option<f64>)| SubgroupLabel {
            label: name.to_owned(),
            positives: None,
            estimates: [(DRAWN.to_owned(), estimate(value))].into(),
            differences: Estimates::new(),
        };
        Subgroup {
            by: "sex".to_owned(),
            group: "female".to_owned(),
            n: 3,
            reference: None,
            labels: ["AF", "SB"].into_iter().zip(values).map(label).collect(),
        }
    }

    #[test]
    fn groups_without_a_figure_for_any_label_are_not_drawn() {
        assert!(!has_value(&group([None, None])));
        assert!(has_value(&group([None, Some(0.7)])));
    }

    #[test]
    fn labels_without_a_figure_in_any_group_are_not_drawn_and_are_named() {
        let groups = [group([None, None]), group([None, Some(0.7)])];
        let forests = attribute_forests(&groups, false).forests;
        let headings: Vec<&str> = forests[0]
            .groups
            .iter()
            .map(|group| group.heading.as_str())
            .collect();
        assert_eq!(headings, ["SB"]);
        assert_eq!(forests[0].groups[0].rows.len(), 2);
        assert!(
            forests[0].words.1.ends_with(", which leaves out AF."),
            "{}",
            forests[0].words.1
        );
    }
}
