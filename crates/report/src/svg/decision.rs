//! Decision curves.

use super::chart::Chart;
use super::plane::{Plane, PlaneFrame, page_chart};
use super::shape::{Role, Series, Shape};

/// Net benefit at a threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct NetBenefit {
    /// The threshold, below 1.
    pub(crate) threshold: f64,
    /// Net benefit of what the model predicts.
    pub(crate) model: f64,
    /// Net benefit of predicting every ECG.
    pub(crate) all: f64,
}

/// Names of its axes.
pub(crate) const DECISION_AXES: (&str, &str) = ("threshold", "net benefit");

/// A chart of net benefit, from 0, which predicting nothing has, to a little above the prevalence, the most there can be.
pub(crate) fn draw_decision_curve(words: (String, String), curve: &[NetBenefit], prevalence: f64) -> Chart {
    let series = [(Series::Ecg, curve)];
    page_chart(
        words,
        &plot_decision_curves(PlaneFrame::PAGE, DECISION_AXES, &series, prevalence),
    )
}

/// Decision curves of one series or of several, each with that of predicting every ECG, up to a little above the highest prevalence.
pub(crate) fn plot_decision_curves(
    frame: PlaneFrame,
    axes: (&str, &str),
    series: &[(Series, &[NetBenefit])],
    prevalence: f64,
) -> Vec<Shape> {
    let top = if prevalence > 0.0 {
        ceiling(prevalence)
    } else {
        1.0
    };
    let mut plane = Plane::new(frame, axes, top);
    let path = |plane: &Plane, role, curve: &[NetBenefit], of: fn(&NetBenefit) -> f64| {
        let place = |point: &NetBenefit| (plane.x(point.threshold), plane.y(of(point).clamp(0.0, top)));
        Shape::Path {
            role,
            places: curve.iter().map(place).collect(),
            right_angles: false,
        }
    };
    for (name, curve) in series.iter().filter(|(_, curve)| !curve.is_empty()) {
        if prevalence > 0.0 {
            let all = path(&plane, Role::ChanceCurve, curve, |p| p.all);
            let model = path(&plane, Role::Curve(*name), curve, |p| p.model);
            plane.push(all);
            plane.push(model);
        }
    }
    if prevalence <= 0.0 || series.iter().all(|(_, curve)| curve.is_empty()) {
        plane.explain_empty("no positives");
    }
    plane.into_shapes()
}

/// The least of 1, 2, 4 and 8 times a power of ten that is above a share and a tenth of it; 1 at most. Below 0.1 not of 1, whose quarters
/// are long numbers.
fn ceiling(share: f64) -> f64 {
    let wanted = share * 1.1;
    let mut unit = 1e-4;
    while unit < 1.0 {
        for times in [1.0, 2.0, 4.0, 8.0] {
            if unit * times >= wanted && (times > 1.0 || unit > 0.05) {
                return f64::min(unit * times, 1.0);
            }
        }
        unit *= 10.0;
    }
    1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_holds_the_prevalence() {
        for (share, top) in [
            (0.0, 2e-4),
            (0.087, 0.1),
            (0.008, 0.02),
            (0.02, 0.04),
            (0.1, 0.2),
            (0.3, 0.4),
            (0.8, 1.0),
            (1.0, 1.0),
        ] {
            assert!((ceiling(share) - top).abs() < 1e-9, "{share}: {}", ceiling(share));
        }
    }

    #[test]
    fn what_is_below_nothing_lies_on_the_axis() {
        let point = |threshold, model, all| NetBenefit {
            threshold,
            model,
            all,
        };
        let words = || ("t".to_owned(), "d".to_owned());
        let curve = [point(0.0, 0.1, 0.1), point(0.5, 0.05, -0.8)];
        let svg = draw_decision_curve(words(), &curve, 0.1).inline("a");
        assert!(
            svg.contains("curve chance\" d=\"M50.0 135.0L188.0 254.0\""),
            "{svg}"
        );
        assert!(svg.contains("curve ecg\" d=\"M50.0 135.0L188.0 194.5\""), "{svg}");
        assert!(
            draw_decision_curve(words(), &[], 0.0)
                .inline("a")
                .contains(">no positives<")
        );
    }
}
