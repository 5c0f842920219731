//! Values with their intervals, row by row in groups: a forest plot.

use super::forest_rows::{ForestAxis, ForestGroup, ForestRow};
use super::shape::{Anchor, Place, Role, Shape};

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

/// Height of a group.
pub(crate) fn group_height(group: &ForestGroup) -> f64 {
    heading_height(group) + ROW * group.rows.len() as f64
}

fn heading_height(group: &ForestGroup) -> f64 {
    if group.heading.is_empty() { 0.0 } else { HEADING }
}

/// Number of rows of a group that fit a height below its heading; one at least.
pub(super) fn rows_that_fit(group: &ForestGroup, height: f64) -> usize {
    (((height - heading_height(group)) / ROW).floor() as usize).max(1)
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
