//! Forest plots of the page: a chart, which a sheet of paper or a narrow window shows in another form.

use super::chart::{Chart, ChartPart, Drawing, PageDrawings};
use super::forest::{ForestFrame, forest_height, plot_forest};
use super::forest_parts::divide_groups;
use super::forest_rows::{ForestAxis, ForestGroup};
use super::narrow_forest::plot_narrow_forest;
use super::shape::svg_elements;

const WIDTH: f64 = 680.0;
const LEFT: f64 = 190.0;
/// Room for a value with its interval, and with signs.
const RIGHT: f64 = 150.0;
const RIGHT_SIGNED: f64 = 185.0;
/// Highest chart on paper, in millimetres: less than half of a sheet of A4, so that little of one is empty where the next does not fit it.
const HIGHEST: f64 = 130.0;

/// Width of a chart on a printed sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PrintedWidth {
    /// That of the sheet's text.
    Whole,
    /// Half of it: two charts stand side by side.
    Half,
}

impl PrintedWidth {
    /// Millimetres that the style of the page leaves to a chart.
    fn millimetres(self) -> f64 {
        match self {
            Self::Whole => 179.0,
            Self::Half => 89.0,
        }
    }

    /// Height of the highest chart in its own units.
    fn highest(self) -> f64 {
        HIGHEST / self.millimetres() * WIDTH
    }
}

/// A chart of the groups, one below the other, on one axis that ends at 1 and begins at the tenth below the least value.
pub(crate) fn draw_forest(
    words: (String, String),
    name: &str,
    groups: &[ForestGroup],
    printed: PrintedWidth,
) -> Chart {
    let axis = (name, ForestAxis::of_shares(groups));
    page_chart(words, axis, (RIGHT, printed), groups)
}

/// A chart of differences, one below the other, with 0 in the middle.
pub(crate) fn draw_difference_forest(
    words: (String, String),
    name: &str,
    groups: &[ForestGroup],
    printed: PrintedWidth,
) -> Chart {
    let axis = (name, ForestAxis::of_differences(groups));
    page_chart(words, axis, (RIGHT_SIGNED, printed), groups)
}

fn page_chart(
    (title, description): (String, String),
    axis: (&str, ForestAxis),
    (right, printed): (f64, PrintedWidth),
    groups: &[ForestGroup],
) -> Chart {
    let frame = ForestFrame {
        width: WIDTH,
        left: LEFT,
        right,
        disc: 4.5,
    };
    let plot = |groups: &[ForestGroup]| Drawing {
        size: (WIDTH, forest_height(groups)),
        body: svg_elements(&plot_forest(frame, axis, groups)),
    };
    let whole = plot(groups);
    let part = |groups: Vec<ForestGroup>| ChartPart {
        of: ends(&groups),
        drawing: plot(&groups),
    };
    Chart {
        title,
        description,
        size: whole.size,
        millimetres: false,
        body: whole.body,
        on_page: Some(PageDrawings {
            parts: divide_groups(groups.to_vec(), 1, printed.highest())
                .into_iter()
                .map(part)
                .collect(),
            narrow: plot_narrow_forest(axis, groups),
        }),
    }
}

/// First and last heading.
fn ends(groups: &[ForestGroup]) -> String {
    match groups {
        [] => String::new(),
        [only] => only.heading.clone(),
        [first, .., last] => format!("{} to {}", first.heading, last.heading),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::svg::{ForestRow, Series};

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
        let svg = draw_forest(
            (String::new(), String::new()),
            "AUROC",
            &groups,
            PrintedWidth::Whole,
        )
        .body;
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
        let svg = draw_difference_forest(
            (String::new(), String::new()),
            "difference",
            &groups,
            PrintedWidth::Whole,
        )
        .body;
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
