//! A forest plot for a telephone: two lines a row, name and numbers, and the value drawn below them.

use super::chart::Drawing;
use super::forest_rows::{ForestAxis, ForestGroup, ForestRow};
use super::shape::{Anchor, Place, Role, Shape, svg_elements};

const WIDTH: f64 = 340.0;
/// Ends of the axis; the numbers at its ends reach beyond them.
const LEFT: f64 = 22.0;
const RIGHT: f64 = 318.0;
const ROW: f64 = 34.0;
/// Height of a row without a value, which has one line.
const EMPTY_ROW: f64 = 18.0;
const HEADING: f64 = 24.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 48.0;

/// The groups, one below the other.
pub(super) fn plot_narrow_forest((name, axis): (&str, ForestAxis), groups: &[ForestGroup]) -> Drawing {
    let mut forest = NarrowForest {
        axis,
        y: TOP,
        shapes: Vec::new(),
    };
    for group in groups {
        if !group.heading.is_empty() {
            forest.y += HEADING;
            let place = (4.0, forest.y - 6.0);
            forest.text(Role::Title, place, Anchor::Start, &group.heading);
        }
        for row in &group.rows {
            forest.draw_row(row);
            forest.y += if row.value.is_some() { ROW } else { EMPTY_ROW };
        }
    }
    forest.draw_axis(name);
    Drawing {
        size: (WIDTH, forest.y + BOTTOM),
        body: svg_elements(&forest.shapes),
    }
}

struct NarrowForest {
    axis: ForestAxis,
    /// Where the next row begins.
    y: f64,
    shapes: Vec<Shape>,
}

impl NarrowForest {
    fn x(&self, value: f64) -> f64 {
        let part = (value - self.axis.start) / (self.axis.end - self.axis.start);
        LEFT + part.clamp(0.0, 1.0) * (RIGHT - LEFT)
    }

    fn draw_axis(&mut self, name: &str) {
        let marked = self.axis.ticks(RIGHT - LEFT).filter(|(_, has_room)| *has_room);
        for (value, _) in marked {
            let (place, number) = ((self.x(value), self.y + 15.0), self.axis.tick_text(value));
            self.text(Role::Tick, place, Anchor::Middle, &number);
        }
        let middle = self.x(f64::midpoint(self.axis.start, self.axis.end));
        self.text(Role::Axis, (middle, self.y + 36.0), Anchor::Middle, name);
    }

    fn draw_row(&mut self, row: &ForestRow) {
        let (line, middle) = (self.y + 11.0, self.y + 23.0);
        self.text(Role::Tick, (10.0, line), Anchor::Start, &row.name);
        let words = self.axis.row_text(row);
        let role = if row.value.is_some() {
            Role::Tick
        } else {
            Role::Nothing
        };
        self.text(role, (WIDTH - 4.0, line), Anchor::End, &words);
        let Some(value) = row.value else { return };
        self.draw_grid(middle);
        if let Some((lo, hi)) = row.interval {
            let (from, to) = ((self.x(lo), middle), (self.x(hi), middle));
            self.shapes.push(Shape::Line {
                role: Role::Whisker(row.series),
                from,
                to,
            });
        }
        self.shapes.push(Shape::Circle {
            role: Role::Point(row.series),
            centre: (self.x(value), middle),
            radius: 4.5,
            words: None,
        });
    }

    /// A short line a tick behind a row's value, and that of no difference.
    fn draw_grid(&mut self, middle: f64) {
        let ticks = self
            .axis
            .ticks(RIGHT - LEFT)
            .map(|(value, _)| (Role::Grid, value));
        let none = self.axis.signed.then_some((Role::Threshold, 0.0));
        for (role, value) in ticks.chain(none) {
            let x = self.x(value);
            self.shapes.push(Shape::Line {
                role,
                from: (x, middle - 7.0),
                to: (x, middle + 7.0),
            });
        }
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
    fn every_row_has_its_numbers_and_a_place_of_its_own() {
        let row = |value: Option<f64>| ForestRow {
            name: "a <model>".to_owned(),
            value,
            interval: value.map(|value| (value - 0.1, value + 0.1)),
            absent: "n/a",
            series: Series::Ecg,
        };
        let group = |heading: &str| ForestGroup {
            heading: heading.to_owned(),
            rows: vec![row(Some(0.8)), row(None), row(Some(0.7))],
        };
        let groups = [group("AF"), group("")];
        let drawing = plot_narrow_forest(("AUROC", ForestAxis::of_shares(&groups)), &groups);
        let svg = &drawing.body;
        assert_eq!(svg.matches("point ecg").count(), 4);
        for (words, wanted) in [
            ("0.800 (0.700–0.900)", 2),
            ("0.700 (0.600–0.800)", 2),
            (">n/a<", 2),
            ("a &lt;model&gt;", 6),
        ] {
            assert_eq!(svg.matches(words).count(), wanted, "{words}: {svg}");
        }
        let heights: Vec<&str> = svg
            .split(" cy=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap())
            .collect();
        assert!(heights.windows(2).all(|pair| pair[0] != pair[1]), "{heights:?}");
        assert_eq!(
            drawing.size,
            (WIDTH, TOP + HEADING + 4.0 * ROW + 2.0 * EMPTY_ROW + BOTTOM)
        );
    }
}
