//! Decision curves.

use super::chart::Chart;
use super::plane::Plane;
use std::fmt::Write;

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

/// A chart of net benefit, from 0, which predicting nothing has, to a little above the prevalence, the most there can be.
pub(crate) fn draw_decision_curve(words: (String, String), curve: &[NetBenefit], prevalence: f64) -> Chart {
    let top = ceiling(prevalence);
    let mut plane = Plane::new("threshold", "net benefit", top);
    let path = |plane: &Plane, of: fn(&NetBenefit) -> f64| {
        let mut path = String::new();
        for point in curve {
            let step = if path.is_empty() { 'M' } else { 'L' };
            let (x, y) = (plane.x(point.threshold), plane.y(of(point).clamp(0.0, top)));
            // Writing to a String does not fail.
            let _ = write!(path, "{step}{x:.1} {y:.1}");
        }
        path
    };
    if prevalence > 0.0 && !curve.is_empty() {
        let (all, model) = (path(&plane, |p| p.all), path(&plane, |p| p.model));
        plane.write_element(format_args!("<path class=\"curve chance\" d=\"{all}\"/>"));
        plane.write_element(format_args!("<path class=\"curve ecg\" d=\"{model}\"/>"));
    } else {
        plane.explain_empty("no positives");
    }
    plane.chart(words)
}

/// The least of 1, 2, 4 and 8 times a power of ten that is above a share and a tenth of it; 1 at most.
fn ceiling(share: f64) -> f64 {
    let wanted = share * 1.1;
    let mut unit = 1e-4;
    while unit < 1.0 {
        for times in [1.0, 2.0, 4.0, 8.0] {
            if unit * times >= wanted {
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
            (0.0, 1e-4),
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
