//! A plane with axes, on which curves and bars are drawn.

use super::chart::Chart;
use super::shape::{Anchor, Place, Role, Shape, svg_elements};

/// Size of a plane and room around its values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlaneFrame {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) top: f64,
    pub(crate) bottom: f64,
    /// Radius of the largest disc of a chart whose discs say how many.
    pub(crate) largest_disc: f64,
}

impl PlaneFrame {
    /// That of the page's charts.
    pub(crate) const PAGE: Self = Self {
        width: 340.0,
        height: 300.0,
        left: 50.0,
        right: 14.0,
        top: 16.0,
        bottom: 46.0,
        largest_disc: 8.0,
    };
}

/// Horizontal from 0 to 1, vertical from 0 to `top`.
pub(super) struct Plane {
    frame: PlaneFrame,
    top: f64,
    shapes: Vec<Shape>,
}

impl Plane {
    /// Draws grid, ticks and axis names; an axis without a name is named elsewhere.
    pub(super) fn new(frame: PlaneFrame, (x_name, y_name): (&str, &str), top: f64) -> Self {
        let mut plane = Self {
            frame,
            top,
            shapes: Vec::new(),
        };
        for i in 0..=4 {
            let part = f64::from(i) / 4.0;
            let (x, y) = (plane.x(part), plane.y(part * top));
            let (left, right, bottom, ceiling) = (plane.x(0.0), plane.x(1.0), plane.y(0.0), plane.y(top));
            plane.line(Role::Grid, (x, bottom), (x, ceiling));
            plane.line(Role::Grid, (left, y), (right, y));
            plane.text(Role::Tick, (x, bottom + 15.0), Anchor::Middle, &tick_label(part));
            plane.text(
                Role::Tick,
                (left - 6.0, y + 3.5),
                Anchor::End,
                &tick_label(part * top),
            );
        }
        plane.shapes.push(Shape::Rectangle {
            role: Role::Area,
            corner: (plane.x(0.0), plane.y(top)),
            size: (plane.x(1.0) - plane.x(0.0), plane.y(0.0) - plane.y(top)),
        });
        plane.name_axes(x_name, y_name);
        plane
    }

    fn name_axes(&mut self, x_name: &str, y_name: &str) {
        if !x_name.is_empty() {
            let place = (self.x(0.5), self.frame.height - 10.0);
            self.text(Role::Axis, place, Anchor::Middle, x_name);
        }
        if !y_name.is_empty() {
            self.shapes.push(Shape::Text {
                role: Role::Axis,
                at: (13.0, self.y(self.top / 2.0)),
                anchor: Anchor::Middle,
                upright: true,
                text: y_name.to_owned(),
            });
        }
    }

    /// What was drawn.
    pub(super) fn into_shapes(self) -> Vec<Shape> {
        self.shapes
    }

    /// Horizontal position of a value.
    pub(super) fn x(&self, v: f64) -> f64 {
        self.frame.left + v * (self.frame.width - self.frame.left - self.frame.right)
    }

    /// Vertical position of a value.
    pub(super) fn y(&self, v: f64) -> f64 {
        let bottom = self.frame.height - self.frame.bottom;
        bottom - v / self.top * (bottom - self.frame.top)
    }

    /// Radius of the largest disc.
    pub(super) fn largest_disc(&self) -> f64 {
        self.frame.largest_disc
    }

    /// Appends a shape.
    pub(super) fn push(&mut self, shape: Shape) {
        self.shapes.push(shape);
    }

    /// A line between two places of the drawing.
    pub(super) fn line(&mut self, role: Role, from: Place, to: Place) {
        self.push(Shape::Line { role, from, to });
    }

    /// Text at a place of the drawing.
    pub(super) fn text(&mut self, role: Role, at: Place, anchor: Anchor, text: &str) {
        self.push(Shape::text(role, at, anchor, text));
    }

    /// Says in the middle why there is nothing to draw.
    pub(super) fn explain_empty(&mut self, why: &str) {
        let place = (self.x(0.5), self.y(self.top / 2.0));
        self.text(Role::Nothing, place, Anchor::Middle, why);
    }
}

/// A chart of the page out of what was drawn in its frame.
pub(super) fn page_chart((title, description): (String, String), shapes: &[Shape]) -> Chart {
    Chart {
        title,
        description,
        size: (PlaneFrame::PAGE.width, PlaneFrame::PAGE.height),
        millimetres: false,
        on_page: None,
        body: svg_elements(shapes),
    }
}

/// As many decimals as are needed.
fn tick_label(v: f64) -> String {
    let text = format!("{v:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
