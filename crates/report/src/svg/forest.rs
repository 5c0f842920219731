//! Values with their intervals, row by row in groups: a forest plot.

use super::chart::Chart;
use super::shape::{Anchor, Place, Role, Series, Shape, svg_elements};
use crate::text::number_text;
use std::fmt::Write;

/// Rows of one heading.
pub(crate) struct ForestGroup {
    /// Text above the rows; none where it is empty.
    pub(crate) heading: String,
    /// Rows, from top to bottom.
    pub(crate) rows: Vec<ForestRow>,
}

/// A named value with its interval.
pub(crate) struct ForestRow {
    /// Name at the left.
    pub(crate) name: String,
    /// Value; none where it is undefined.
    pub(crate) value: Option<f64>,
    /// Ends of the interval.
    pub(crate) interval: Option<(f64, f64)>,
    /// Words in the place of a value that is undefined.
    pub(crate) absent: &'static str,
    /// Origin of the value.
    pub(crate) series: Series,
}

/// Values along a chart, and how they are written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ForestAxis {
    start: f64,
    end: f64,
    step: f64,
    signed: bool,
}

impl ForestAxis {
    /// Of shares: ends at 1 and begins at the tenth below the least value.
    pub(crate) fn of_shares(groups: &[ForestGroup]) -> Self {
        let least = all_ends(groups).fold(0.9, f64::min);
        let start = ((least * 10.0 + 1e-9).floor() / 10.0).clamp(0.0, 0.9);
        Self {
            start,
            end: 1.0,
            step: if start > 0.85 { 0.05 } else { 0.1 },
            signed: false,
        }
    }

    /// Of differences: as far below 0 as above it.
    pub(crate) fn of_differences(groups: &[ForestGroup]) -> Self {
        let most = all_ends(groups).map(f64::abs).fold(0.0, f64::max);
        let reach = [0.02, 0.05, 0.1, 0.2, 0.5]
            .into_iter()
            .find(|reach| most <= *reach);
        let reach = reach.unwrap_or(1.0);
        Self {
            start: -reach,
            end: reach,
            step: reach / 2.0,
            signed: true,
        }
    }

    /// Value of a row with its interval, or the words in its place.
    pub(crate) fn row_text(&self, row: &ForestRow) -> String {
        let Some(value) = row.value else {
            return row.absent.to_owned();
        };
        let mut words = self.value_text(value);
        if let Some((lo, hi)) = row.interval {
            let to = if self.signed { " to " } else { "–" };
            // Writing to a String does not fail.
            let _ = write!(words, " ({}{to}{})", self.value_text(lo), self.value_text(hi));
        }
        words
    }

    fn value_text(&self, value: f64) -> String {
        match self.signed {
            true => signed_text(value, 3),
            false => number_text(value),
        }
    }

    /// Room that the number of a tick needs.
    fn tick_room(&self) -> f64 {
        if self.signed { 40.0 } else { 26.0 }
    }

    fn tick_text(&self, value: f64) -> String {
        match self.signed {
            true => signed_text(value, if self.step < 0.1 { 3 } else { 2 }),
            false => format!("{value:.0$}", if self.step < 0.1 { 2 } else { 1 }),
        }
    }
}

/// A number with its sign; 0 has none.
fn signed_text(value: f64, digits: usize) -> String {
    let text = format!("{:.digits$}", value.abs());
    let zero = text.bytes().all(|b| matches!(b, b'0' | b'.'));
    match value {
        _ if zero => text,
        v if v < 0.0 => format!("−{text}"),
        _ => format!("+{text}"),
    }
}

/// Ends of every interval, and values that have none.
fn all_ends(groups: &[ForestGroup]) -> impl Iterator<Item = f64> {
    let rows = groups.iter().flat_map(|group| &group.rows);
    rows.flat_map(|row| match row.interval {
        Some((lo, hi)) => [Some(lo), Some(hi)],
        None => [row.value, None],
    })
    .flatten()
}

const WIDTH: f64 = 680.0;
const LEFT: f64 = 190.0;
/// Room for a value with its interval, and with signs.
const RIGHT: f64 = 150.0;
const RIGHT_SIGNED: f64 = 185.0;
const ROW: f64 = 18.0;
const HEADING: f64 = 24.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 44.0;

/// Width of a forest plot, and room for names and for numbers beside its axis.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ForestFrame {
    pub(crate) width: f64,
    pub(crate) left: f64,
    pub(crate) right: f64,
    /// Radius of the discs.
    pub(crate) disc: f64,
}

/// A chart of the groups, one below the other, on one axis that ends at 1 and begins at the tenth below the least value.
pub(crate) fn draw_forest(words: (String, String), name: &str, groups: &[ForestGroup]) -> Chart {
    page_chart(words, (name, ForestAxis::of_shares(groups), RIGHT), groups)
}

/// A chart of differences, one below the other, with 0 in the middle.
pub(crate) fn draw_difference_forest(words: (String, String), name: &str, groups: &[ForestGroup]) -> Chart {
    page_chart(
        words,
        (name, ForestAxis::of_differences(groups), RIGHT_SIGNED),
        groups,
    )
}

fn page_chart(
    (title, description): (String, String),
    (name, axis, right): (&str, ForestAxis, f64),
    groups: &[ForestGroup],
) -> Chart {
    let frame = ForestFrame {
        width: WIDTH,
        left: LEFT,
        right,
        disc: 4.5,
    };
    Chart {
        title,
        description,
        size: (WIDTH, forest_height(groups)),
        millimetres: false,
        body: svg_elements(&plot_forest(frame, (name, axis), groups)),
    }
}

/// Height of a group.
pub(crate) fn group_height(group: &ForestGroup) -> f64 {
    heading_height(group) + ROW * group.rows.len() as f64
}

fn heading_height(group: &ForestGroup) -> f64 {
    if group.heading.is_empty() { 0.0 } else { HEADING }
}

/// Height of a forest plot.
pub(crate) fn forest_height(groups: &[ForestGroup]) -> f64 {
    TOP + groups.iter().map(group_height).sum::<f64>() + 4.0 + BOTTOM
}

/// Groups, one below the other.
pub(crate) fn plot_forest(
    frame: ForestFrame,
    (name, axis): (&str, ForestAxis),
    groups: &[ForestGroup],
) -> Vec<Shape> {
    let mut forest = Forest {
        axis,
        frame,
        bottom: forest_height(groups) - BOTTOM,
        shapes: Vec::new(),
    };
    forest.draw_axis(name);
    let mut y = TOP;
    for group in groups {
        y += heading_height(group);
        if !group.heading.is_empty() {
            forest.text(Role::Title, (4.0, y - 6.0), Anchor::Start, &group.heading);
        }
        for row in &group.rows {
            forest.draw_row(row, y + ROW / 2.0);
            y += ROW;
        }
    }
    forest.shapes
}

struct Forest {
    axis: ForestAxis,
    frame: ForestFrame,
    bottom: f64,
    shapes: Vec<Shape>,
}

impl Forest {
    /// Right end of the axis.
    fn right(&self) -> f64 {
        self.frame.width - self.frame.right
    }

    fn x(&self, value: f64) -> f64 {
        let part = (value - self.axis.start) / (self.axis.end - self.axis.start);
        self.frame.left + part.clamp(0.0, 1.0) * (self.right() - self.frame.left)
    }

    fn draw_axis(&mut self, name: &str) {
        let (start, end, step) = (self.axis.start, self.axis.end, self.axis.step);
        let steps = ((end - start) / step).round() as usize;
        let apart = (self.right() - self.frame.left) / steps.max(1) as f64;
        let every = (self.axis.tick_room() / apart).ceil().max(1.0) as usize;
        for at in 0..=steps {
            let value = start + at as f64 * step;
            let x = self.x(value);
            self.line(Role::Grid, (x, TOP), (x, self.bottom));
            if (steps - at).is_multiple_of(every) {
                let tick = self.axis.tick_text(value);
                self.text(Role::Tick, (x, self.bottom + 15.0), Anchor::Middle, &tick);
            }
        }
        if self.axis.signed {
            self.line(Role::Threshold, (self.x(0.0), TOP), (self.x(0.0), self.bottom));
        }
        let middle = self.x(f64::midpoint(start, end));
        self.text(Role::Axis, (middle, self.bottom + 34.0), Anchor::Middle, name);
    }

    fn draw_row(&mut self, row: &ForestRow, y: f64) {
        let name = (self.frame.left - 10.0, y + 4.0);
        self.text(Role::Tick, name, Anchor::End, &row.name);
        let (right, words) = ((self.right() + 10.0, y + 4.0), self.axis.row_text(row));
        let Some(value) = row.value else {
            self.text(Role::Nothing, right, Anchor::Start, &words);
            return;
        };
        if let Some((lo, hi)) = row.interval {
            self.line(Role::Whisker(row.series), (self.x(lo), y), (self.x(hi), y));
        }
        let centre = (self.x(value), y);
        self.shapes.push(Shape::Circle {
            role: Role::Point(row.series),
            centre,
            radius: self.frame.disc,
            words: None,
        });
        self.text(Role::Tick, right, Anchor::Start, &words);
    }

    fn line(&mut self, role: Role, from: Place, to: Place) {
        self.shapes.push(Shape::Line { role, from, to });
    }

    fn text(&mut self, role: Role, at: Place, anchor: Anchor, text: &str) {
        self.shapes.push(Shape::Text {
            role,
            at,
            anchor,
            upright: false,
            text: text.to_owned(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_a_point_on_an_axis_that_holds_all_intervals_and_a_gap_says_so() {
        let row = |value, interval| ForestRow {
            name: "a <model>".to_owned(),
            value,
            interval,
            absent: "n/a",
            series: Series::Ecg,
        };
        let groups = [ForestGroup {
            heading: "AF".to_owned(),
            rows: vec![row(Some(0.8), Some((0.43, 0.9))), row(None, None)],
        }];
        let svg = draw_forest((String::new(), String::new()), "AUROC", &groups).inline("f");
        assert_eq!(svg.matches("point ecg").count(), 1);
        assert_eq!(svg.matches("whisker").count(), 1);
        assert!(svg.contains(">0.4</text>") && svg.contains("n/a") && svg.contains("a &lt;model&gt;"));
        assert!(svg.contains("0.800 (0.430–0.900)"));
    }

    #[test]
    fn differences_have_signs_on_an_axis_about_zero_and_the_reference_says_so() {
        let row = |value, interval, absent| ForestRow {
            name: "male".to_owned(),
            value,
            interval,
            absent,
            series: Series::Ecg,
        };
        let groups = [ForestGroup {
            heading: "AF".to_owned(),
            rows: vec![
                row(Some(-0.08), Some((-0.15, 0.01)), ""),
                row(None, None, "reference"),
            ],
        }];
        let svg = draw_difference_forest((String::new(), String::new()), "difference", &groups).inline("f");
        assert!(svg.contains("−0.080 (−0.150 to +0.010)"), "{svg}");
        for tick in [
            ">−0.20<",
            ">−0.10<",
            ">0.00<",
            ">+0.10<",
            ">+0.20<",
            ">reference<",
        ] {
            assert!(svg.contains(tick), "{tick}: {svg}");
        }
        // 0 is in the middle of the axis.
        assert!(svg.contains("class=\"threshold\" x1=\"342.5\""), "{svg}");
    }
}
