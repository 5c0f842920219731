//! Figures of a row an estimate: AUROC by label, and of subgroups.

use super::drawn_runs::DrawnRuns;
use super::figure::FigureSet;
use super::forests::Forest;
use super::layout::Surround;
use crate::published_table::intervals_in_words;
use crate::subgroup_figures::subgroup_forests;
use crate::svg::{ForestGroup, ForestRow, Series};
use ecgfm_artifacts::evaluation::Estimate;

const FOREST: &str = "auroc";

impl DrawnRuns<'_> {
    pub(super) fn draw_forest(&self, surround: &Surround<'_>, set: &mut FigureSet) {
        let row = |series, name: &str, estimate: Option<&Estimate>| ForestRow {
            name: name.to_owned(),
            value: estimate.and_then(|estimate| estimate.value),
            interval: estimate.and_then(|estimate| estimate.lo.zip(estimate.hi)),
            absent: "n/a",
            series,
        };
        let mut groups: Vec<ForestGroup> = Vec::new();
        for label in &self.labels {
            let rows = self.scored.iter().enumerate().map(|(run, unit)| {
                let series = Series::Run(run);
                let name = self.row_name(series, label);
                match unit.labels.iter().find(|known| known.label == *label) {
                    Some(found) => row(series, name, found.estimates.get(FOREST)),
                    None => ForestRow {
                        absent: "no such label",
                        ..row(series, name, None)
                    },
                }
            });
            self.push_rows(&mut groups, label, rows.collect());
        }
        // The mean is over all labels; it is not of those that are drawn where some are left out.
        let all = self
            .scored
            .iter()
            .all(|unit| unit.labels.len() == self.labels.len());
        if all && self.labels.len() > 1 {
            let name = "mean over labels";
            let rows = self.scored.iter().enumerate().map(|(run, unit)| {
                let mut averages = unit.averages.iter();
                let mean = averages.find(|a| a.average == "macro" && a.statistic == FOREST);
                let series = Series::Run(run);
                row(
                    series,
                    self.row_name(series, name),
                    mean.map(|mean| &mean.estimate),
                )
            });
            self.push_rows(&mut groups, name, rows.collect());
        }
        let words = self.words("AUROC by label", "", true);
        let forest = Forest {
            axis: "AUROC",
            signed: false,
            groups,
        };
        set.add("auroc", words, surround.lay_out_forest(forest));
    }

    /// Name of a row: of its run where there are several, else of its label.
    fn row_name<'n>(&'n self, series: Series, label: &'n str) -> &'n str {
        match series {
            Series::Run(run) if self.runs.len() > 1 => &self.runs[run].name,
            _ => label,
        }
    }

    /// Rows under their label where there are several runs, else all below each other.
    fn push_rows(&self, groups: &mut Vec<ForestGroup>, label: &str, mut rows: Vec<ForestRow>) {
        match groups.last_mut() {
            Some(group) if self.runs.len() == 1 => group.rows.append(&mut rows),
            _ => groups.push(ForestGroup {
                heading: match self.runs.len() {
                    1 => String::new(),
                    _ => label.to_owned(),
                },
                rows,
            }),
        }
    }

    pub(super) fn draw_subgroups(&self, surround: &Surround<'_>, set: &mut FigureSet) {
        let [run] = self.runs else {
            let why = "drawn of one run at a time";
            set.left_out.push(("subgroups", why.to_owned()));
            return;
        };
        let attributes = subgroup_forests(&run.metrics);
        if attributes.is_empty() {
            let why = "no group has enough ECGs with a label and without";
            set.left_out.push(("subgroups", why.to_owned()));
        }
        for mut forest in attributes.into_iter().flat_map(|attribute| attribute.forests) {
            forest
                .groups
                .retain(|group| self.labels.contains(&group.heading.as_str()));
            let empty = |group: &ForestGroup| group.rows.iter().all(|row| row.value.is_none());
            let (empty, drawn) = forest.groups.into_iter().partition(empty);
            forest.groups = drawn;
            let intervals = intervals_in_words(&run.metrics);
            let mut caption = format!("{} {} ({intervals}).", forest.words.1, self.scored_in_words());
            if !empty.is_empty() {
                let names: Vec<String> = empty
                    .into_iter()
                    .map(|group: ForestGroup| group.heading)
                    .collect();
                caption.push_str(&format!(
                    " Not drawn, as no group has a value: {}.",
                    names.join(", ")
                ));
            }
            if forest.groups.is_empty() {
                set.left_out
                    .push(("subgroups", format!("{}: no group has a value", forest.name)));
                continue;
            }
            let sheets = surround.lay_out_forest(Forest {
                axis: forest.axis,
                signed: forest.signed,
                groups: forest.groups,
            });
            set.add(&forest.name, (forest.words.0, caption), sheets);
        }
    }
}
