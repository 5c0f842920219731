//! Figures as PNG: shapes and outlines of letters as dots.

use super::deflate::compress;
use super::error::PrintError;
use super::figure::{MILLIMETRES_PER_INCH, POINTS, POINTS_PER_INCH, PrintFigure};
use super::style::{Ink, PAPER, Stroke, Weight, fill_of, stroke_of, text_style};
use super::typeface::Typeface;
use crate::svg::{Anchor, Place, Shape};
use ttf_parser::OutlineBuilder;
use zeno::{Cap, Command, Fill, Join, Mask, PathBuilder, Placement, Style};

const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];

pub(super) fn write_png(figure: &PrintFigure, typeface: &Typeface, dpi: u16) -> Result<Vec<u8>, PrintError> {
    let (width_mm, height_mm) = figure.size_mm();
    let dots = |millimetres: f64| (millimetres / MILLIMETRES_PER_INCH * f64::from(dpi)).round() as u32;
    let mut canvas = Canvas {
        dots: Dots::new(dots(width_mm), dots(height_mm))?,
        typeface,
        scale: POINTS / POINTS_PER_INCH * f64::from(dpi),
    };
    for shape in &figure.drawing.shapes {
        canvas.draw(shape);
    }
    Ok(canvas.dots.encode(dpi))
}

/// Red, green and blue of every dot, row by row.
struct Dots {
    width: u32,
    height: u32,
    bytes: Vec<u8>,
}

impl Dots {
    fn new(width: u32, height: u32) -> Result<Self, PrintError> {
        let mut bytes = Vec::new();
        let len = 3 * width as usize * height as usize;
        let no_room = |_| PrintError::TooLarge { width, height };
        bytes.try_reserve_exact(len).map_err(no_room)?;
        bytes.extend(PAPER.iter().cycle().take(len));
        Ok(Self { width, height, bytes })
    }

    /// Lays ink over dots, as thick as a mask says.
    fn lay(&mut self, ink: Ink, mask: &[u8], at: Placement) {
        for (row, shares) in mask.chunks_exact(at.width.max(1) as usize).enumerate() {
            let y = i64::from(at.top) + row as i64;
            for (column, &share) in shares.iter().enumerate() {
                let x = i64::from(at.left) + column as i64;
                let inside =
                    (0..i64::from(self.width)).contains(&x) && (0..i64::from(self.height)).contains(&y);
                if share == 0 || !inside {
                    continue;
                }
                let start = 3 * (y * i64::from(self.width) + x) as usize;
                let share = u32::from(share);
                for (under, over) in self.bytes[start..start + 3].iter_mut().zip(ink) {
                    let mixed = u32::from(*under) * (255 - share) + u32::from(over) * share;
                    *under = ((mixed + 127) / 255) as u8;
                }
            }
        }
    }

    /// Eight bits a colour, no transparency.
    fn encode(&self, dpi: u16) -> Vec<u8> {
        let mut head = [self.width.to_be_bytes(), self.height.to_be_bytes()].concat();
        head.extend([8, 2, 0, 0, 0]);
        let per_metre = (f64::from(dpi) / MILLIMETRES_PER_INCH * 1000.0).round() as u32;
        let mut density = [per_metre.to_be_bytes(), per_metre.to_be_bytes()].concat();
        density.push(1);
        let mut rows = Vec::with_capacity(self.bytes.len() + self.height as usize);
        for row in self.bytes.chunks_exact(3 * self.width.max(1) as usize) {
            // Every row as it is: there are few colours, in long runs.
            rows.push(0);
            rows.extend(row);
        }
        let mut out = SIGNATURE.to_vec();
        for (name, data) in [
            (b"IHDR", head),
            (b"pHYs", density),
            (b"IDAT", compress(&rows)),
            (b"IEND", Vec::new()),
        ] {
            out.extend((data.len() as u32).to_be_bytes());
            let start = out.len();
            out.extend(name);
            out.extend(data);
            let sum = crc32fast::hash(&out[start..]);
            out.extend(sum.to_be_bytes());
        }
        out
    }
}

struct Canvas<'a> {
    dots: Dots,
    typeface: &'a Typeface,
    /// Dots a unit.
    scale: f64,
}

impl Canvas<'_> {
    fn draw(&mut self, shape: &Shape) {
        let mut path = Vec::new();
        match shape {
            Shape::Line { role, from, to } => {
                self.trace(&mut path, &[*from, *to]);
                self.ink(&path, None, stroke_of(*role));
            }
            Shape::Path { role, places, .. } => {
                self.trace(&mut path, places);
                self.ink(&path, fill_of(*role), stroke_of(*role));
            }
            Shape::Circle {
                role, centre, radius, ..
            } => {
                path.add_circle(self.dot(*centre), (*radius * self.scale) as f32);
                self.ink(&path, fill_of(*role), stroke_of(*role));
            }
            Shape::Rectangle {
                role,
                corner,
                size: (width, height),
            } => {
                let side = |length: &f64| (length * self.scale) as f32;
                path.add_rect(self.dot(*corner), side(width), side(height));
                self.ink(&path, fill_of(*role), stroke_of(*role));
            }
            Shape::Text {
                role,
                at,
                anchor,
                upright,
                text,
            } => {
                let style = text_style(*role);
                let font = (style.weight, style.size);
                self.trace_text(&mut path, font, text, (*at, *anchor, *upright));
                self.ink(&path, Some(style.ink), None);
            }
        }
    }

    fn dot(&self, (x, y): Place) -> [f32; 2] {
        [(x * self.scale) as f32, (y * self.scale) as f32]
    }

    fn trace(&self, path: &mut Vec<Command>, places: &[Place]) {
        for (at, place) in places.iter().enumerate() {
            match at {
                0 => path.move_to(self.dot(*place)),
                _ => path.line_to(self.dot(*place)),
            };
        }
    }

    fn trace_text(
        &self,
        path: &mut Vec<Command>,
        (weight, size): (Weight, f64),
        text: &str,
        ((x, y), anchor, upright): (Place, Anchor, bool),
    ) {
        let mut along = -anchor.share() * self.typeface.width((weight, size), text);
        let face = self.typeface.face(weight);
        for (_, glyph) in self.typeface.glyphs(weight, text) {
            let at = if upright { (x, y - along) } else { (x + along, y) };
            let mut outline = Outline {
                path,
                at: self.dot(at),
                scale: (size * self.scale / f64::from(face.units_per_em())) as f32,
                upright,
            };
            face.outline_glyph(glyph, &mut outline);
            along += size * self.typeface.advance(weight, glyph);
        }
    }

    /// Paints a path.
    fn ink(&mut self, path: &[Command], fill: Option<Ink>, stroke: Option<Stroke>) {
        if let Some(ink) = fill {
            self.lay(path, ink, Fill::NonZero.into());
        }
        if let Some(stroke) = stroke {
            let dots = |length: &f64| (length * self.scale) as f32;
            let dashes: Vec<f32> = stroke.dashes.iter().map(dots).collect();
            let mut line = zeno::Stroke::new(dots(&stroke.width));
            line.cap(Cap::Butt).join(Join::Round).dash(&dashes, 0.0);
            self.lay(path, stroke.ink, line.into());
        }
    }

    fn lay(&mut self, path: &[Command], ink: Ink, style: Style<'_>) {
        let (mask, at) = Mask::new(path).style(style).render();
        self.dots.lay(ink, &mask, at);
    }
}

/// Outline of a glyph, whose heights are measured upwards, where it stands among dots, which are counted downwards.
struct Outline<'a> {
    path: &'a mut Vec<Command>,
    at: [f32; 2],
    scale: f32,
    upright: bool,
}

impl Outline<'_> {
    fn dot(&self, x: f32, y: f32) -> [f32; 2] {
        let (x, y) = (x * self.scale, y * self.scale);
        let [left, base] = self.at;
        match self.upright {
            true => [left - y, base - x],
            false => [left + x, base - y],
        }
    }
}

impl OutlineBuilder for Outline<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        let to = self.dot(x, y);
        self.path.move_to(to);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let to = self.dot(x, y);
        self.path.line_to(to);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let (control, to) = (self.dot(x1, y1), self.dot(x, y));
        self.path.quad_to(control, to);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let (first, second, to) = (self.dot(x1, y1), self.dot(x2, y2), self.dot(x, y));
        self.path.curve_to(first, second, to);
    }

    fn close(&mut self) {
        self.path.close();
    }
}
