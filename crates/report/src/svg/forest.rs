//! Values with their intervals, row by row in groups: a forest plot.

use super::chart::Chart;
use super::forest_rows::{ForestAxis, ForestGroup, ForestRow};
use super::narrow_forest::plot_narrow_forest;
use super::shape::{Anchor, Place, Role, Shape, svg_elements};

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
        narrow: Some(plot_narrow_forest((name, axis), groups)),
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
        for (value, has_room) in self.axis.ticks(self.right() - self.frame.left) {
            let x = self.x(value);
            self.line(Role::Grid, (x, TOP), (x, self.bottom));
            if has_room {
                let tick = self.axis.tick_text(value);
                self.text(Role::Tick, (x, self.bottom + 15.0), Anchor::Middle, &tick);
            }
        }
        if self.axis.signed {
            self.line(Role::Threshold, (self.x(0.0), TOP), (self.x(0.0), self.bottom));
        }
        let middle = self.x(f64::midpoint(self.axis.start, self.axis.end));
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
        self.shapes.push(Shape::text(role, at, anchor, text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::svg::Series;

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
        let svg = draw_forest((String::new(), String::new()), "AUROC", &groups).body;
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
        let svg = draw_difference_forest((String::new(), String::new()), "difference", &groups).body;
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
