//! Histogram of scores, the two classes over each other.

use super::chart::Chart;
use super::plane::{Plane, PlaneFrame, page_chart};
use super::shape::{Role, Shape};

/// Counts in bins of equal width from 0 to 1.
pub(crate) struct HistogramBars<'a> {
    /// Rows in which the label holds.
    pub(crate) positives: &'a [u64],
    /// Rows in which it does not.
    pub(crate) negatives: &'a [u64],
    /// The threshold in use.
    pub(crate) threshold: f64,
}

/// A chart of each class's share in every bin: the classes are of very different size, and their shapes are compared.
pub(crate) fn draw_histogram(words: (String, String), bars: &HistogramBars<'_>) -> Chart {
    let (positives, negatives) = (bin_shares(bars.positives), bin_shares(bars.negatives));
    let highest = positives.iter().chain(&negatives).copied().fold(0.0, f64::max);
    // Room to the next tenth above the highest bar.
    let top = ((highest * 10.0).ceil() / 10.0).clamp(0.1, 1.0);
    let mut plane = Plane::new(PlaneFrame::PAGE, ("probability", "share of its class"), top);
    draw_bars(&mut plane, Role::BarAbsent, &negatives);
    draw_bars(&mut plane, Role::BarPresent, &positives);
    let x = plane.x(bars.threshold);
    plane.line(Role::Threshold, (x, plane.y(0.0)), (x, plane.y(top)));
    if positives.is_empty() && negatives.is_empty() {
        plane.explain_empty("no rows");
    }
    page_chart(words, &plane.into_shapes())
}

/// Share of each bin in all; nothing where there are none.
fn bin_shares(counts: &[u64]) -> Vec<f64> {
    let all: u64 = counts.iter().sum();
    if all == 0 {
        return Vec::new();
    }
    counts.iter().map(|&n| n as f64 / all as f64).collect()
}

fn draw_bars(plane: &mut Plane, role: Role, shares: &[f64]) {
    let width = 1.0 / shares.len().max(1) as f64;
    for (i, &share) in shares.iter().enumerate().filter(|(_, share)| **share > 0.0) {
        let (x0, x1) = (plane.x(i as f64 * width), plane.x((i + 1) as f64 * width));
        let (y0, y1) = (plane.y(share), plane.y(0.0));
        plane.push(Shape::Rectangle {
            role,
            corner: (x0 + 0.5, y0),
            // A bar too low to see is drawn a hair high, so that no row goes unseen.
            size: (x1 - x0 - 1.0, (y1 - y0).max(0.7)),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bin_that_holds_rows_has_a_bar() {
        let bars = HistogramBars {
            positives: &[0, 0, 5, 1],
            negatives: &[1_000_000, 1, 0, 0],
            threshold: 0.5,
        };
        let svg = draw_histogram((String::new(), String::new()), &bars).inline("h");
        assert_eq!(svg.matches("bar present").count(), 2);
        assert_eq!(svg.matches("bar absent").count(), 2);
        assert_eq!(svg.matches("class=\"threshold\"").count(), 1);
    }

    #[test]
    fn a_class_without_rows_has_no_bars() {
        let bars = HistogramBars {
            positives: &[0, 0],
            negatives: &[1, 1],
            threshold: 0.5,
        };
        let svg = draw_histogram((String::new(), String::new()), &bars).inline("h");
        assert!(!svg.contains("bar present"));
    }
}
