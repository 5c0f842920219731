//! ROC and precision–recall curves.

use super::chart::Chart;
use super::plane::{Plane, PlaneFrame, page_chart};
use super::shape::{Role, Series, Shape};

/// Curve with its operating point.
pub(crate) struct Curve<'a> {
    /// Origin of its values.
    pub(crate) series: Series,
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
    words: (String, String),
    axes: (&str, &str),
    curves: &[Curve<'_>],
    reference: &ReferenceLine,
    why_empty: &str,
) -> Chart {
    let references = std::slice::from_ref(reference);
    page_chart(
        words,
        &plot_curves(PlaneFrame::PAGE, axes, (curves, references), why_empty),
    )
}

/// Curves on the unit square, over what they are compared with.
pub(crate) fn plot_curves(
    frame: PlaneFrame,
    axes: (&str, &str),
    (curves, references): (&[Curve<'_>], &[ReferenceLine]),
    why_empty: &str,
) -> Vec<Shape> {
    let mut plane = Plane::new(frame, axes, 1.0);
    if curves.iter().all(|c| c.x.is_empty()) {
        plane.explain_empty(why_empty);
        return plane.into_shapes();
    }
    for reference in references {
        let (from, to) = match *reference {
            ReferenceLine::Diagonal => (0.0, 1.0),
            ReferenceLine::Level(v) => (v, v),
            ReferenceLine::None => continue,
        };
        plane.line(
            Role::Chance,
            (plane.x(0.0), plane.y(from)),
            (plane.x(1.0), plane.y(to)),
        );
    }
    for curve in curves.iter().filter(|c| !c.x.is_empty()) {
        let path = curve_path(&plane, curve);
        plane.push(path);
        if let Some((x, y)) = curve.operating {
            plane.push(Shape::Circle {
                role: Role::Point(curve.series),
                centre: (plane.x(x), plane.y(y)),
                radius: 4.5,
                words: None,
            });
        }
    }
    plane.into_shapes()
}

fn curve_path(plane: &Plane, curve: &Curve<'_>) -> Shape {
    let mut places = Vec::with_capacity(2 * curve.x.len());
    let mut last_x = plane.x(0.0);
    for (&x, &y) in curve.x.iter().zip(curve.y) {
        let (x, y) = (plane.x(x), plane.y(y));
        if curve.steps {
            places.push((last_x, y));
            last_x = x;
        }
        places.push((x, y));
    }
    places.dedup();
    Shape::Path {
        role: Role::Curve(curve.series),
        places,
        right_angles: curve.steps,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(x: &[f64], y: &[f64], steps: bool) -> Chart {
        let curve = Curve {
            series: Series::Ecg,
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
