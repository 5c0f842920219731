//! Values with their intervals, row by row in groups: a forest plot.

use super::chart::Chart;
use crate::text::{escape, number_text};
use std::fmt::Write;

/// Rows of one heading.
pub(crate) struct ForestGroup {
    /// Text above the rows.
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
}

const WIDTH: f64 = 680.0;
const LEFT: f64 = 190.0;
const RIGHT: f64 = 150.0;
const ROW: f64 = 18.0;
const HEADING: f64 = 24.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 44.0;

/// A chart of the groups, one below the other, on one axis that ends at 1 and begins at the tenth below the least value.
pub(crate) fn draw_forest(
    (title, description): (String, String),
    axis: &str,
    groups: &[ForestGroup],
) -> Chart {
    let rows = groups.iter().flat_map(|group| &group.rows);
    let least = rows.filter_map(|row| row.interval.map(|(lo, _)| lo).or(row.value));
    let least = least.fold(0.9, f64::min);
    let start = ((least * 10.0 + 1e-9).floor() / 10.0).clamp(0.0, 0.9);
    let height = groups
        .iter()
        .map(|group| HEADING + ROW * group.rows.len() as f64)
        .sum::<f64>();
    let mut forest = Forest {
        start,
        bottom: TOP + height + 4.0,
        body: String::new(),
    };
    forest.draw_axis(axis);
    let mut y = TOP;
    for group in groups {
        y += HEADING;
        forest.text("axis", (4.0, y - 6.0), "start", &group.heading);
        for row in &group.rows {
            forest.draw_row(row, y + ROW / 2.0);
            y += ROW;
        }
    }
    Chart {
        title,
        description,
        size: (WIDTH, forest.bottom + BOTTOM),
        millimetres: false,
        body: forest.body,
    }
}

struct Forest {
    /// Value at the left end of the axis.
    start: f64,
    bottom: f64,
    body: String,
}

impl Forest {
    fn x(&self, value: f64) -> f64 {
        let part = (value - self.start) / (1.0 - self.start);
        LEFT + part.clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT)
    }

    fn draw_axis(&mut self, name: &str) {
        let steps = ((1.0 - self.start) * 10.0).round() as usize;
        for step in 0..=steps {
            let value = self.start + step as f64 / 10.0;
            let x = self.x(value);
            self.line("grid", (x, TOP), (x, self.bottom));
            self.text("tick", (x, self.bottom + 15.0), "middle", &format!("{value:.1}"));
        }
        let middle = self.x(f64::midpoint(self.start, 1.0));
        self.text("axis", (middle, self.bottom + 34.0), "middle", name);
    }

    fn draw_row(&mut self, row: &ForestRow, y: f64) {
        self.text("tick", (LEFT - 10.0, y + 4.0), "end", &row.name);
        let right = WIDTH - RIGHT + 10.0;
        let Some(value) = row.value else {
            self.text("nothing", (right, y + 4.0), "start", "n/a");
            return;
        };
        let mut words = number_text(value);
        if let Some((lo, hi)) = row.interval {
            self.line("whisker", (self.x(lo), y), (self.x(hi), y));
            let _ = write!(words, " ({}–{})", number_text(lo), number_text(hi));
        }
        let x = self.x(value);
        let _ = write!(
            self.body,
            "<circle class=\"point ecg\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4.5\"/>"
        );
        self.text("tick", (right, y + 4.0), "start", &words);
    }

    fn line(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        let _ = write!(
            self.body,
            "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
        );
    }

    fn text(&mut self, class: &str, (x, y): (f64, f64), anchor: &str, text: &str) {
        let _ = write!(
            self.body,
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>",
            escape(text)
        );
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
}
