//! Probability against what happened: a reliability diagram.

use super::chart::Chart;
use super::plane::{Plane, PlaneFrame, page_chart};
use super::shape::{Role, Series, Shape};
use ecgfm_artifacts::evaluation::CalibrationBin;

/// Radius that a disc at least has.
const SMALLEST_DISC: f64 = 2.5;

/// Names of its axes.
pub(crate) const CALIBRATION_AXES: (&str, &str) = ("mean probability of the bin", "share with the label");

/// Draws each bin as a point at its mean probability and its share of positives, with the share's interval, as large as it has
/// rows.
pub(crate) fn draw_calibration(words: (String, String), bins: &[CalibrationBin]) -> Chart {
    page_chart(
        words,
        &plot_calibration(PlaneFrame::PAGE, CALIBRATION_AXES, &[(Series::Ecg, bins)]),
    )
}

/// Bins of one series or of several, whose bins lines connect.
pub(crate) fn plot_calibration(
    frame: PlaneFrame,
    axes: (&str, &str),
    series: &[(Series, &[CalibrationBin])],
) -> Vec<Shape> {
    let mut plane = Plane::new(frame, axes, 1.0);
    plane.line(
        Role::Chance,
        (plane.x(0.0), plane.y(0.0)),
        (plane.x(1.0), plane.y(1.0)),
    );
    for (name, bins) in series {
        if series.len() > 1 {
            let places = bins.iter().map(|bin| (plane.x(bin.mean), plane.y(bin.observed)));
            let places = places.collect();
            plane.push(Shape::Path {
                role: Role::Curve(*name),
                places,
                right_angles: false,
            });
        }
        draw_bins(&mut plane, *name, bins);
    }
    if series.iter().all(|(_, bins)| bins.is_empty()) {
        plane.explain_empty("no rows");
    }
    plane.into_shapes()
}

fn draw_bins(plane: &mut Plane, series: Series, bins: &[CalibrationBin]) {
    let most = bins.iter().map(|bin| bin.count).max().unwrap_or(1).max(1) as f64;
    for bin in bins {
        let (x, y) = (plane.x(bin.mean), plane.y(bin.observed));
        plane.line(Role::Whisker(series), (x, plane.y(bin.lo)), (x, plane.y(bin.hi)));
        plane.push(Shape::Circle {
            role: Role::Point(series),
            centre: (x, y),
            // By area, and never too small to see.
            radius: SMALLEST_DISC + (plane.largest_disc() - SMALLEST_DISC) * (bin.count as f64 / most).sqrt(),
            words: Some(format!("{} ECGs", bin.count)),
        });
    }
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
