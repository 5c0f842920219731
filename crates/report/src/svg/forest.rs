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
    /// Words in the place of a value that is undefined.
    pub(crate) absent: &'static str,
}

/// Values along a chart, and how they are written.
struct Axis {
    start: f64,
    end: f64,
    step: f64,
    signed: bool,
}

impl Axis {
    /// Of shares: ends at 1 and begins at the tenth below the least value.
    fn of_shares(groups: &[ForestGroup]) -> Self {
        let least = all_ends(groups).fold(0.9, f64::min);
        Self {
            start: ((least * 10.0 + 1e-9).floor() / 10.0).clamp(0.0, 0.9),
            end: 1.0,
            step: 0.1,
            signed: false,
        }
    }

    /// Of differences: as far below 0 as above it.
    fn of_differences(groups: &[ForestGroup]) -> Self {
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

    /// Right end of the axis.
    fn right(&self) -> f64 {
        WIDTH - if self.signed { RIGHT_SIGNED } else { RIGHT }
    }

    fn value_text(&self, value: f64) -> String {
        match self.signed {
            true => signed_text(value, 3),
            false => number_text(value),
        }
    }

    fn tick_text(&self, value: f64) -> String {
        match self.signed {
            true => signed_text(value, if self.step < 0.1 { 3 } else { 2 }),
            false => format!("{value:.1}"),
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

/// A chart of the groups, one below the other, on one axis that ends at 1 and begins at the tenth below the least value.
pub(crate) fn draw_forest(words: (String, String), name: &str, groups: &[ForestGroup]) -> Chart {
    draw_on_axis(words, (name, Axis::of_shares(groups)), groups)
}

/// A chart of differences, one below the other, with 0 in the middle.
pub(crate) fn draw_difference_forest(words: (String, String), name: &str, groups: &[ForestGroup]) -> Chart {
    draw_on_axis(words, (name, Axis::of_differences(groups)), groups)
}

fn draw_on_axis(
    (title, description): (String, String),
    (name, axis): (&str, Axis),
    groups: &[ForestGroup],
) -> Chart {
    let height = groups
        .iter()
        .map(|group| HEADING + ROW * group.rows.len() as f64)
        .sum::<f64>();
    let mut forest = Forest {
        axis,
        bottom: TOP + height + 4.0,
        body: String::new(),
    };
    forest.draw_axis(name);
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
    axis: Axis,
    bottom: f64,
    body: String,
}

impl Forest {
    fn x(&self, value: f64) -> f64 {
        let part = (value - self.axis.start) / (self.axis.end - self.axis.start);
        LEFT + part.clamp(0.0, 1.0) * (self.axis.right() - LEFT)
    }

    fn draw_axis(&mut self, name: &str) {
        let (start, end, step) = (self.axis.start, self.axis.end, self.axis.step);
        let steps = ((end - start) / step).round() as usize;
        for at in 0..=steps {
            let value = start + at as f64 * step;
            let x = self.x(value);
            self.line("grid", (x, TOP), (x, self.bottom));
            self.text(
                "tick",
                (x, self.bottom + 15.0),
                "middle",
                &self.axis.tick_text(value),
            );
        }
        if self.axis.signed {
            self.line("threshold", (self.x(0.0), TOP), (self.x(0.0), self.bottom));
        }
        let middle = self.x(f64::midpoint(start, end));
        self.text("axis", (middle, self.bottom + 34.0), "middle", name);
    }

    fn draw_row(&mut self, row: &ForestRow, y: f64) {
        self.text("tick", (LEFT - 10.0, y + 4.0), "end", &row.name);
        let right = self.axis.right() + 10.0;
        let Some(value) = row.value else {
            self.text("nothing", (right, y + 4.0), "start", row.absent);
            return;
        };
        let mut words = self.axis.value_text(value);
        if let Some((lo, hi)) = row.interval {
            self.line("whisker", (self.x(lo), y), (self.x(hi), y));
            let to = if self.axis.signed { " to " } else { "–" };
            let (lo, hi) = (self.axis.value_text(lo), self.axis.value_text(hi));
            let _ = write!(words, " ({lo}{to}{hi})");
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
            absent: "n/a",
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
