//! ROC and precision–recall curves.

use super::chart::Chart;
use super::plane::Plane;
use std::fmt::Write;

/// Curve with its operating point.
pub(crate) struct Curve<'a> {
    /// CSS class of its colour and dash: `ecg` or `segment`.
    pub(crate) class: &'a str,
    /// Horizontal values, never falling.
    pub(crate) x: &'a [f64],
    /// Vertical values.
    pub(crate) y: &'a [f64],
    /// The point of the threshold in use, if defined.
    pub(crate) operating: Option<(f64, f64)>,
    /// True where a value holds from the point before it on, as precision does; otherwise it changes evenly between points.
    pub(crate) steps: bool,
}

/// A line to compare with, as what chance would give.
pub(crate) enum ReferenceLine {
    /// The diagonal.
    Diagonal,
    /// A horizontal line.
    Level(f64),
    /// Nothing known.
    None,
}

/// A chart of curves on the unit square; `why_empty` is written where none has a point.
pub(crate) fn draw_curves(
    (title, description): (String, String),
    (x_name, y_name): (&str, &str),
    curves: &[Curve<'_>],
    reference: &ReferenceLine,
    why_empty: &str,
) -> Chart {
    let mut plane = Plane::new(x_name, y_name, 1.0);
    match *reference {
        ReferenceLine::Diagonal => plane.line(
            "chance",
            (plane.x(0.0), plane.y(0.0)),
            (plane.x(1.0), plane.y(1.0)),
        ),
        ReferenceLine::Level(v) => {
            plane.line("chance", (plane.x(0.0), plane.y(v)), (plane.x(1.0), plane.y(v)))
        }
        ReferenceLine::None => {}
    }
    for curve in curves.iter().filter(|c| !c.x.is_empty()) {
        let path = curve_path(&plane, curve);
        plane.write_element(format_args!(
            "<path class=\"curve {}\" d=\"{path}\"/>",
            curve.class
        ));
        if let Some((x, y)) = curve.operating {
            let (x, y) = (plane.x(x), plane.y(y));
            plane.write_element(format_args!(
                "<circle class=\"point {}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4.5\"/>",
                curve.class
            ));
        }
    }
    if curves.iter().all(|c| c.x.is_empty()) {
        plane.explain_empty(why_empty);
    }
    plane.chart((title, description))
}

fn curve_path(plane: &Plane, curve: &Curve<'_>) -> String {
    let mut path = String::new();
    for (i, (&x, &y)) in curve.x.iter().zip(curve.y).enumerate() {
        let (px, py) = (plane.x(x), plane.y(y));
        // Writing to a String does not fail.
        let _ = match (i, curve.steps) {
            (0, true) => write!(path, "M{:.1} {py:.1}H{px:.1}", plane.x(0.0)),
            (0, false) => write!(path, "M{px:.1} {py:.1}"),
            (_, true) => write!(path, "V{py:.1}H{px:.1}"),
            (_, false) => write!(path, "L{px:.1} {py:.1}"),
        };
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(x: &[f64], y: &[f64], steps: bool) -> Chart {
        let curve = Curve {
            class: "ecg",
            x,
            y,
            operating: Some((0.25, 0.75)),
            steps,
        };
        let names = ("ROC <AF>".to_owned(), "words".to_owned());
        draw_curves(
            names,
            ("x", "y"),
            &[curve],
            &ReferenceLine::Diagonal,
            "no positives",
        )
    }

    #[test]
    fn a_chart_has_its_words_its_curve_and_its_operating_point() {
        let svg = chart(&[0.0, 0.5, 1.0], &[0.0, 0.9, 1.0], false).file(None);
        assert!(
            svg.contains("<title id=\"chart-t\">ROC &lt;AF&gt;</title>"),
            "{svg}"
        );
        assert!(svg.contains("d=\"M50.0 254.0L188.0 39.8L326.0 16.0\""), "{svg}");
        assert_eq!(svg.matches("<circle").count(), 1);
    }

    #[test]
    fn precision_holds_back_to_the_point_before() {
        let svg = chart(&[0.5, 1.0], &[1.0, 0.5], true).inline("a");
        assert!(svg.contains("d=\"M50.0 16.0H188.0V135.0H326.0\""), "{svg}");
    }

    #[test]
    fn a_curve_that_is_undefined_says_so() {
        let svg = chart(&[], &[], false).inline("a");
        assert!(
            svg.contains(">no positives</text>") && !svg.contains("<path"),
            "{svg}"
        );
    }
}
