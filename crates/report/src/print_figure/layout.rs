//! Sheets: panels in a grid, with what belongs to all of them around it.

use super::figure::{ColumnWidth, Drawing, units};
use super::style::{Weight, text_style};
use super::typeface::Typeface;
use crate::svg::{Anchor, Place, PlaneFrame, Role, Series, Shape};

/// Height of a page's text in millimetres; what is higher becomes several figures.
const PAGE_MILLIMETRES: f64 = 235.0;

/// Height of a line of text.
pub(super) const LINE: f64 = 14.0;
const GUTTER: f64 = 12.0;
/// Room for the name of an axis beside all panels.
const AXIS_NAME: f64 = 18.0;
const SWATCH: f64 = 26.0;
/// Room around the values of a panel: ticks at the left and below.
const PANEL: PlaneFrame = PlaneFrame {
    width: 0.0,
    height: 0.0,
    left: 32.0,
    right: 8.0,
    top: 6.0,
    bottom: 22.0,
    largest_disc: 5.5,
};
/// Highest plane: a square one is too high for two columns.
const HIGHEST_PLANE: f64 = 420.0;

/// One of several charts.
pub(super) struct Panel<'a> {
    /// Name above it.
    pub(super) title: String,
    /// Numbers below the name.
    pub(super) value: String,
    /// Draws it in a frame.
    pub(super) draw: Box<dyn Fn(PlaneFrame) -> Vec<Shape> + 'a>,
}

/// What is around the charts of a sheet.
pub(super) struct Surround<'a> {
    pub(super) typeface: &'a Typeface,
    pub(super) width: ColumnWidth,
    /// Names of runs that are compared; none for a single one.
    pub(super) legend: Vec<String>,
    /// Notices to every reader.
    pub(super) notices: Vec<String>,
}

impl Surround<'_> {
    fn font(&self, role: Role) -> (Weight, f64) {
        let style = text_style(role);
        (style.weight, style.size)
    }

    /// Width of a text.
    pub(super) fn text_width(&self, role: Role, text: &str) -> f64 {
        self.typeface.width(self.font(role), text)
    }

    /// A text no wider than `width`.
    pub(super) fn shorten(&self, role: Role, text: &str, width: f64) -> String {
        self.typeface.shorten(self.font(role), text, width)
    }

    /// A text as lines no wider than `width`.
    pub(super) fn wrap(&self, role: Role, text: &str, width: f64) -> Vec<String> {
        self.typeface.wrap(self.font(role), text, width)
    }

    /// Room for charts on a page.
    pub(super) fn room(&self) -> f64 {
        let mut empty = Sheet::new(self);
        empty.finish_legend();
        units(PAGE_MILLIMETRES) - empty.finish().size.1
    }

    /// Panels in rows, on as many sheets as they need.
    pub(super) fn lay_out_panels(&self, axes: (&str, &str), panels: &[Panel<'_>]) -> Vec<Drawing> {
        let columns = columns_of(self.width, panels.len());
        let width = (self.width.units() - AXIS_NAME - GUTTER * (columns - 1) as f64) / columns as f64;
        let title_width = width - 4.0;
        let titles: Vec<Vec<String>> = (panels.iter())
            .map(|panel| self.wrap(Role::Title, &panel.title, title_width))
            .collect();
        let values: Vec<Vec<String>> = (panels.iter())
            .map(|panel| self.wrap(Role::Tick, &panel.value, title_width))
            .collect();
        let most = |lines: &[Vec<String>]| lines.iter().map(Vec::len).max().unwrap_or(0);
        let head = (most(&titles) + most(&values)) as f64 * LINE;
        let plane = (width - PANEL.left - PANEL.right).min(HIGHEST_PLANE);
        let frame = PlaneFrame {
            width,
            height: PANEL.top + plane + PANEL.bottom,
            ..PANEL
        };
        let row_height = head + frame.height + 6.0;
        let rows = panels.len().div_ceil(columns);
        let fit = (((self.room() - AXIS_NAME) / row_height).floor() as usize).max(1);
        let rows_of_sheet = rows.div_ceil(rows.div_ceil(fit).max(1)).max(1);
        let numbers: Vec<usize> = (0..panels.len()).collect();
        let sheet = |on_it: &[usize]| {
            let mut sheet = Sheet::new(self);
            sheet.finish_legend();
            let top = sheet.y;
            for (at, &number) in on_it.iter().enumerate() {
                let x = AXIS_NAME + (at % columns) as f64 * (width + GUTTER);
                let y = top + (at / columns) as f64 * row_height;
                let lines = titles[number].iter().map(|line| (Role::Title, line));
                let lines = lines.chain(values[number].iter().map(|line| (Role::Tick, line)));
                for (k, (role, line)) in lines.enumerate() {
                    let place = (x + 2.0, y + (k + 1) as f64 * LINE - 3.0);
                    sheet.text(role, place, Anchor::Start, line);
                }
                sheet.place((panels[number].draw)(frame), (x, y + head));
            }
            sheet.y = top + on_it.len().div_ceil(columns) as f64 * row_height;
            sheet.name_axes(axes, top, columns.min(on_it.len()) as f64 * (width + GUTTER));
            sheet.finish()
        };
        numbers.chunks(rows_of_sheet * columns).map(sheet).collect()
    }
}

/// Columns in which panels are wide enough to read and no row is nearly empty.
fn columns_of(width: ColumnWidth, panels: usize) -> usize {
    match (width, panels) {
        (ColumnWidth::Single, _) => panels.clamp(1, 2),
        (ColumnWidth::Double, 0..=3) => panels.max(1),
        (ColumnWidth::Double, 4) => 2,
        (ColumnWidth::Double, 5 | 6 | 9) => 3,
        (ColumnWidth::Double, 7..=16) => 4,
        (ColumnWidth::Double, _) => 5,
    }
}

/// A sheet that grows downwards.
pub(super) struct Sheet<'a> {
    surround: &'a Surround<'a>,
    /// Place of what comes next.
    pub(super) y: f64,
    shapes: Vec<Shape>,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(surround: &'a Surround<'a>) -> Self {
        Self {
            surround,
            y: 2.0,
            shapes: Vec::new(),
        }
    }

    /// Shapes with their upper left corner at a place.
    pub(super) fn place(&mut self, shapes: Vec<Shape>, at: Place) {
        self.shapes
            .extend(shapes.into_iter().map(|shape| shape.moved(at)));
    }

    pub(super) fn text(&mut self, role: Role, at: Place, anchor: Anchor, text: &str) {
        self.shapes.push(Shape::text(role, at, anchor, text));
    }

    /// Names of runs, with their lines.
    pub(super) fn finish_legend(&mut self) {
        let width = self.surround.width.units();
        let mut x = 4.0;
        let names = &self.surround.legend;
        for (run, name) in names.iter().enumerate() {
            let name = self.surround.shorten(Role::Tick, name, width - SWATCH - 12.0);
            let needs = SWATCH + 6.0 + self.surround.text_width(Role::Tick, &name) + 16.0;
            if x > 4.0 && x + needs - 16.0 > width {
                x = 4.0;
                self.y += LINE + 2.0;
            }
            let middle = self.y + LINE / 2.0;
            self.shapes.push(Shape::Line {
                role: Role::Curve(Series::Run(run)),
                from: (x, middle),
                to: (x + SWATCH, middle),
            });
            self.shapes.push(Shape::Circle {
                role: Role::Point(Series::Run(run)),
                centre: (x + SWATCH / 2.0, middle),
                radius: 4.5,
                words: None,
            });
            self.text(Role::Tick, (x + SWATCH + 6.0, middle + 4.0), Anchor::Start, &name);
            x += needs;
        }
        if !names.is_empty() {
            self.y += LINE + 6.0;
        }
    }

    fn name_axes(&mut self, (x_name, y_name): (&str, &str), top: f64, width: f64) {
        let middle = AXIS_NAME + PANEL.left / 2.0 + (width - GUTTER) / 2.0;
        self.text(Role::Axis, (middle, self.y + 8.0), Anchor::Middle, x_name);
        self.shapes.push(Shape::Text {
            role: Role::Axis,
            at: (12.0, f64::midpoint(top, self.y)),
            anchor: Anchor::Middle,
            upright: true,
            text: y_name.to_owned(),
        });
        self.y += AXIS_NAME;
    }

    /// The sheet with its notices at the foot.
    pub(super) fn finish(mut self) -> Drawing {
        let width = self.surround.width.units();
        for notice in &self.surround.notices {
            for line in self.surround.wrap(Role::Notice, notice, width - 8.0) {
                self.y += LINE;
                self.text(Role::Notice, (width / 2.0, self.y - 2.0), Anchor::Middle, &line);
            }
        }
        Drawing {
            size: (width, self.y + 3.0),
            shapes: self.shapes,
        }
    }
}
