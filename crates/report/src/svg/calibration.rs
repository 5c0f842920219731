//! Probability against what happened: a reliability diagram.

use super::chart::Chart;
use super::plane::Plane;
use ecgfm_artifacts::evaluation::CalibrationBin;

/// Draws each bin as a point at its mean probability and its share of positives, with the share's interval, as large as it has
/// rows.
pub(crate) fn draw_calibration((title, description): (String, String), bins: &[CalibrationBin]) -> Chart {
    let mut plane = Plane::new("mean probability of the bin", "share with the label", 1.0);
    plane.line(
        "chance",
        (plane.x(0.0), plane.y(0.0)),
        (plane.x(1.0), plane.y(1.0)),
    );
    let most = bins.iter().map(|bin| bin.count).max().unwrap_or(1).max(1) as f64;
    for bin in bins {
        let (x, y) = (plane.x(bin.mean), plane.y(bin.observed));
        plane.line("whisker", (x, plane.y(bin.lo)), (x, plane.y(bin.hi)));
        // By area, and never too small to see.
        let radius = 2.5 + 5.5 * (bin.count as f64 / most).sqrt();
        plane.write_element(format_args!(
            "<circle class=\"point ecg\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\"><title>{} ECGs</title></circle>",
            bin.count
        ));
    }
    if bins.is_empty() {
        plane.explain_empty("no rows");
    }
    plane.chart((title, description))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bin_has_a_point_with_its_interval() {
        let bin = |mean: f64, count: u64| CalibrationBin {
            from: 0.1,
            count,
            mean,
            observed: 0.5,
            lo: 0.4,
            hi: 0.6,
        };
        let svg = draw_calibration((String::new(), String::new()), &[bin(0.15, 4), bin(0.95, 1)]).inline("c");
        assert_eq!(
            (svg.matches("<circle").count(), svg.matches("whisker").count()),
            (2, 2)
        );
        assert!(svg.contains("r=\"8.0\"") && svg.contains("r=\"5.2\""), "{svg}");
    }
}
