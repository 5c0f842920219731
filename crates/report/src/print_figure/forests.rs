//! Forest plots in columns, on as many sheets as they need.

use super::figure::{ColumnWidth, Drawing};
use super::layout::{LINE, Sheet, Surround};
use crate::svg::{
    Anchor, ForestAxis, ForestFrame, ForestGroup, ForestRow, Role, divide_groups, forest_height,
    group_height, plot_forest,
};

const GUTTER: f64 = 18.0;
/// Height from which a forest plot goes over two columns, where there are two.
const DIVIDED: f64 = 500.0;
/// Room between names and the axis.
const NAME_GAP: f64 = 16.0;
/// Largest share of a column that names take.
const NAMES: f64 = 0.42;

/// Rows of a forest plot, and how its numbers are named.
pub(super) struct Forest<'a> {
    /// Name of the axis.
    pub(super) axis: &'a str,
    /// Values are differences.
    pub(super) signed: bool,
    pub(super) groups: Vec<ForestGroup>,
}

impl Surround<'_> {
    /// A forest plot, its groups kept whole but where one is higher than a page.
    pub(super) fn lay_out_forest(&self, forest: Forest<'_>) -> Vec<Drawing> {
        let axis = match forest.signed {
            true => ForestAxis::of_differences(&forest.groups),
            false => ForestAxis::of_shares(&forest.groups),
        };
        let room = self.room() - LINE;
        let total: f64 = forest.groups.iter().map(group_height).sum();
        let several = forest.groups.len() > 1;
        let columns = match self.width {
            ColumnWidth::Double if several && total > DIVIDED => 2,
            _ => 1,
        };
        let width = (self.width.units() - GUTTER * (columns - 1) as f64) / columns as f64;
        let (heading, frame) = self.frame_of(&forest, &axis, width);
        let parts = divide_groups(
            self.fit_names(forest.groups, frame.left - NAME_GAP, width),
            columns,
            room,
        );
        let sheet = |parts: &[Vec<ForestGroup>]| {
            let mut sheet = Sheet::new(self);
            sheet.finish_legend();
            let top = sheet.y;
            let mut bottom = top;
            for (column, groups) in parts.iter().enumerate() {
                let x = column as f64 * (width + GUTTER);
                let place = (x + width - frame.right + 10.0, top + LINE - 3.0);
                sheet.text(Role::Tick, place, Anchor::Start, &heading);
                sheet.place(plot_forest(frame, (forest.axis, axis), groups), (x, top + LINE));
                bottom = f64::max(bottom, top + LINE + forest_height(groups));
            }
            sheet.y = bottom;
            sheet.finish()
        };
        parts.chunks(columns).map(sheet).collect()
    }

    /// Heading of the numbers, and the room for names and numbers in a column.
    fn frame_of(&self, forest: &Forest<'_>, axis: &ForestAxis, width: f64) -> (String, ForestFrame) {
        let rows = || forest.groups.iter().flat_map(|group| &group.rows);
        let name = short_name(forest);
        let heading = match rows().any(|row| row.interval.is_some()) {
            true => format!("{name} (95 % interval)"),
            false => name.to_owned(),
        };
        let text_width = |text: &str| self.text_width(Role::Tick, text);
        let numbers = rows().map(|row| text_width(&axis.row_text(row)));
        let names = rows().map(|row| text_width(&row.name)).fold(0.0, f64::max);
        let frame = ForestFrame {
            width,
            left: names.min(NAMES * width) + NAME_GAP,
            right: numbers.fold(text_width(&heading), f64::max) + 14.0,
            disc: 3.6,
        };
        (heading, frame)
    }

    fn fit_names(&self, groups: Vec<ForestGroup>, names: f64, width: f64) -> Vec<ForestGroup> {
        let fit_row = |row: ForestRow| ForestRow {
            name: self.shorten(Role::Tick, &row.name, names),
            ..row
        };
        let fit = |group: ForestGroup| ForestGroup {
            heading: self.shorten(Role::Title, &group.heading, width - 8.0),
            rows: group.rows.into_iter().map(fit_row).collect(),
        };
        groups.into_iter().map(fit).collect()
    }
}

/// Name above the numbers, which a long name of the axis leaves no room for.
fn short_name<'a>(forest: &Forest<'a>) -> &'a str {
    if forest.signed { "difference" } else { forest.axis }
}
