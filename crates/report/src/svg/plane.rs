//! A plane with axes, on which curves and bars are drawn.

use super::chart::Chart;
use crate::text::escape;
use std::fmt::Write;

const WIDTH: f64 = 340.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 50.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 46.0;

/// Horizontal from 0 to 1, vertical from 0 to `top`.
pub(super) struct Plane {
    top: f64,
    /// SVG elements so far.
    pub(super) body: String,
}

impl Plane {
    /// Draws grid, ticks and axis names.
    pub(super) fn new(x_name: &str, y_name: &str, top: f64) -> Self {
        let mut plane = Self {
            top,
            body: String::new(),
        };
        for i in 0..=4 {
            let part = f64::from(i) / 4.0;
            let (x, y) = (plane.x(part), plane.y(part * top));
            let (left, right, bottom, ceiling) = (plane.x(0.0), plane.x(1.0), plane.y(0.0), plane.y(top));
            plane.line("grid", (x, bottom), (x, ceiling));
            plane.line("grid", (left, y), (right, y));
            plane.text("tick", (x, bottom + 15.0), "middle", &tick_label(part));
            plane.text("tick", (left - 6.0, y + 3.5), "end", &tick_label(part * top));
        }
        plane.area();
        plane.text("axis", (plane.x(0.5), HEIGHT - 10.0), "middle", x_name);
        let (x, y) = (13.0, plane.y(top / 2.0));
        plane.write_element(format_args!(
            "<text class=\"axis\" text-anchor=\"middle\" transform=\"translate({x} {y:.1}) rotate(-90)\">{}</text>",
            escape(y_name)
        ));
        plane
    }

    /// Where values lie, for the page's script, which moves a threshold.
    fn area(&mut self) {
        let (x, y) = (self.x(0.0), self.y(self.top));
        let (width, height) = (self.x(1.0) - x, self.y(0.0) - y);
        self.write_element(format_args!(
            "<rect class=\"area\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"none\"/>"
        ));
    }

    /// The drawing, done.
    pub(super) fn chart(self, (title, description): (String, String)) -> Chart {
        Chart {
            title,
            description,
            size: (WIDTH, HEIGHT),
            millimetres: false,
            body: self.body,
        }
    }

    /// Horizontal position of a value.
    pub(super) fn x(&self, v: f64) -> f64 {
        LEFT + v * (WIDTH - LEFT - RIGHT)
    }

    /// Vertical position of a value.
    pub(super) fn y(&self, v: f64) -> f64 {
        HEIGHT - BOTTOM - v / self.top * (HEIGHT - TOP - BOTTOM)
    }

    /// Appends elements.
    pub(super) fn write_element(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing to a String does not fail.
        let _ = self.body.write_fmt(element);
    }

    /// A line between two places of the drawing.
    pub(super) fn line(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        self.write_element(format_args!(
            "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
        ));
    }

    /// Text at a place of the drawing.
    pub(super) fn text(&mut self, class: &str, (x, y): (f64, f64), anchor: &str, text: &str) {
        self.write_element(format_args!(
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>",
            escape(text)
        ));
    }

    /// Says in the middle why there is nothing to draw.
    pub(super) fn explain_empty(&mut self, why: &str) {
        let place = (self.x(0.5), self.y(self.top / 2.0));
        self.text("nothing", place, "middle", why);
    }
}

/// At most three decimals, and no more than needed.
fn tick_label(v: f64) -> String {
    let text = format!("{v:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
