//! Figures as PDF: a page of the figure's size, text as text, the typeface inside.

use super::deflate::compress;
use super::error::PrintError;
use super::figure::{POINTS, PrintFigure};
use super::style::{Ink, Stroke, Weight, fill_of, stroke_of, text_style};
use super::typeface::Typeface;
use crate::svg::{Anchor, Place, Shape};
use pdf_writer::types::{CidFontType, FontFlags, LineJoinStyle, SystemInfo, UnicodeCmap};
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use std::collections::BTreeMap;

/// Length of the handles of the four curves that make a circle, in radii.
const HANDLE: f32 = 0.552_285;
const CATALOG: Ref = Ref::new(1);
const PAGES: Ref = Ref::new(2);
const PAGE: Ref = Ref::new(3);
const CONTENT: Ref = Ref::new(4);
const INFO: Ref = Ref::new(5);
const FIRST_FONT: i32 = 6;
const OBJECTS_OF_FONT: i32 = 5;
const CID_SYSTEM: SystemInfo<'_> = SystemInfo {
    registry: Str(b"Adobe"),
    ordering: Str(b"Identity"),
    supplement: 0,
};

pub(super) fn write_pdf(figure: &PrintFigure, typeface: &Typeface) -> Result<Vec<u8>, PrintError> {
    let (width, height) = figure.drawing.size;
    let (width, height) = ((width * POINTS) as f32, (height * POINTS) as f32);
    let mut page = PageContent {
        typeface,
        content: Content::new(),
        used: Weight::ALL.map(|_| BTreeMap::new()),
    };
    let points = POINTS as f32;
    page.content.transform([points, 0.0, 0.0, -points, 0.0, height]);
    page.content.set_line_join(LineJoinStyle::RoundJoin);
    for shape in &figure.drawing.shapes {
        page.draw(shape);
    }
    let PageContent { content, used, .. } = page;
    let mut pdf = Pdf::new();
    pdf.catalog(CATALOG).pages(PAGES).lang(TextStr("en"));
    pdf.pages(PAGES).kids([PAGE]).count(1);
    let mut page = pdf.page(PAGE);
    page.media_box(Rect::new(0.0, 0.0, width, height));
    page.parent(PAGES).contents(CONTENT);
    let mut resources = page.resources();
    let mut fonts = resources.fonts();
    for weight in Weight::ALL {
        if !used[weight as usize].is_empty() {
            fonts.pair(Name(weight.name().as_bytes()), font_object(weight, 0));
        }
    }
    fonts.finish();
    resources.finish();
    page.finish();
    let content = compress(&content.finish());
    pdf.stream(CONTENT, &content).filter(Filter::FlateDecode);
    pdf.document_info(INFO)
        .title(TextStr(&figure.title))
        .subject(TextStr(&figure.caption))
        .creator(TextStr(concat!("ecgfm ", env!("CARGO_PKG_VERSION"))));
    for weight in Weight::ALL {
        if !used[weight as usize].is_empty() {
            embed_font(&mut pdf, typeface, weight, &used[weight as usize]);
        }
    }
    Ok(pdf.finish())
}

/// One of the objects of a font: font, its glyphs, descriptor, letters of glyphs, file.
fn font_object(weight: Weight, part: i32) -> Ref {
    Ref::new(FIRST_FONT + OBJECTS_OF_FONT * weight as i32 + part)
}

/// The font with all its glyphs; widths and letters of those that are used.
fn embed_font(pdf: &mut Pdf, typeface: &Typeface, weight: Weight, used: &BTreeMap<u16, char>) {
    let [font, glyphs, descriptor, letters, file] = [0, 1, 2, 3, 4].map(|part| font_object(weight, part));
    let name = Name(weight.name().as_bytes());
    pdf.type0_font(font)
        .base_font(name)
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(glyphs)
        .to_unicode(letters);
    let mut cid = pdf.cid_font(glyphs);
    cid.subtype(CidFontType::Type2)
        .base_font(name)
        .system_info(CID_SYSTEM);
    cid.font_descriptor(descriptor)
        .cid_to_gid_map_predefined(Name(b"Identity"));
    let mut widths = cid.widths();
    for glyph in used.keys() {
        let width = 1000.0 * typeface.advance(weight, ttf_parser::GlyphId(*glyph));
        widths.same(*glyph, *glyph, width as f32);
    }
    widths.finish();
    cid.finish();
    describe_font(pdf, typeface, weight, (descriptor, file));
    let mut map = UnicodeCmap::new(Name(b"Letters"), CID_SYSTEM);
    for (glyph, letter) in used {
        map.pair(*glyph, *letter);
    }
    let map = compress(&map.finish());
    pdf.cmap(letters, &map).filter(Filter::FlateDecode);
    let bytes = compress(weight.file());
    let mut stream = pdf.stream(file, &bytes);
    stream.filter(Filter::FlateDecode);
    stream.pair(Name(b"Length1"), weight.file().len() as i32);
}

/// Measures of a font, and where its file is.
fn describe_font(pdf: &mut Pdf, typeface: &Typeface, weight: Weight, (descriptor, file): (Ref, Ref)) {
    let face = typeface.face(weight);
    let thousandths = |units: i16| f32::from(units) * 1000.0 / f32::from(face.units_per_em());
    let bounds = face.global_bounding_box();
    pdf.font_descriptor(descriptor)
        .name(Name(weight.name().as_bytes()))
        .flags(FontFlags::NON_SYMBOLIC)
        .bbox(Rect::new(
            thousandths(bounds.x_min),
            thousandths(bounds.y_min),
            thousandths(bounds.x_max),
            thousandths(bounds.y_max),
        ))
        .italic_angle(0.0)
        .ascent(thousandths(face.ascender()))
        .descent(thousandths(face.descender()))
        .cap_height(thousandths(
            face.capital_height().unwrap_or_else(|| face.ascender()),
        ))
        // No font file says it; readers that have the font do without.
        .stem_v(if weight == Weight::Bold { 140.0 } else { 90.0 })
        .font_file2(file);
}

struct PageContent<'a> {
    typeface: &'a Typeface,
    content: Content,
    /// Glyphs that are used and the letters that they show, by weight.
    used: [BTreeMap<u16, char>; 2],
}

impl PageContent<'_> {
    fn draw(&mut self, shape: &Shape) {
        match shape {
            Shape::Line { role, from, to } => {
                self.trace(&[*from, *to]);
                self.ink(None, stroke_of(*role));
            }
            Shape::Path { role, places, .. } => {
                self.trace(places);
                self.ink(fill_of(*role), stroke_of(*role));
            }
            Shape::Circle {
                role, centre, radius, ..
            } => {
                self.trace_circle(*centre, *radius as f32);
                self.ink(fill_of(*role), stroke_of(*role));
            }
            Shape::Rectangle { role, corner, size } => {
                let (x, y) = (corner.0 as f32, corner.1 as f32);
                self.content.rect(x, y, size.0 as f32, size.1 as f32);
                self.ink(fill_of(*role), stroke_of(*role));
            }
            Shape::Text {
                role,
                at,
                anchor,
                upright,
                text,
            } => {
                let style = text_style(*role);
                let [red, green, blue] = style.ink.map(share);
                self.content.set_fill_rgb(red, green, blue);
                self.write(text, (style.weight, style.size), (*at, *anchor, *upright));
            }
        }
    }

    fn trace(&mut self, places: &[Place]) {
        for (at, (x, y)) in places.iter().enumerate() {
            match at {
                0 => self.content.move_to(*x as f32, *y as f32),
                _ => self.content.line_to(*x as f32, *y as f32),
            };
        }
    }

    fn trace_circle(&mut self, (x, y): Place, r: f32) {
        let (x, y, h) = (x as f32, y as f32, r * HANDLE);
        self.content.move_to(x + r, y);
        self.content.cubic_to(x + r, y + h, x + h, y + r, x, y + r);
        self.content.cubic_to(x - h, y + r, x - r, y + h, x - r, y);
        self.content.cubic_to(x - r, y - h, x - h, y - r, x, y - r);
        self.content.cubic_to(x + h, y - r, x + r, y - h, x + r, y);
        self.content.close_path();
    }

    /// Paints what was traced.
    fn ink(&mut self, fill: Option<Ink>, stroke: Option<Stroke>) {
        if let Some([red, green, blue]) = fill.map(|ink| ink.map(share)) {
            self.content.set_fill_rgb(red, green, blue);
        }
        if let Some(stroke) = stroke {
            let [red, green, blue] = stroke.ink.map(share);
            self.content.set_stroke_rgb(red, green, blue);
            self.content.set_line_width(stroke.width as f32);
            let dashes = stroke.dashes.iter().map(|length| *length as f32);
            self.content.set_dash_pattern(dashes, 0.0);
        }
        match (fill, stroke) {
            (Some(_), Some(_)) => self.content.fill_nonzero_and_stroke(),
            (Some(_), None) => self.content.fill_nonzero(),
            (None, Some(_)) => self.content.stroke(),
            (None, None) => self.content.end_path(),
        };
    }

    fn write(
        &mut self,
        text: &str,
        (weight, size): (Weight, f64),
        ((x, y), anchor, upright): (Place, Anchor, bool),
    ) {
        let before = -anchor.share() * self.typeface.width((weight, size), text);
        let mut bytes = Vec::with_capacity(2 * text.len());
        for (letter, glyph) in self.typeface.glyphs(weight, text) {
            bytes.extend(glyph.0.to_be_bytes());
            self.used[weight as usize].insert(glyph.0, letter);
        }
        // Letters rise from their line; the drawing is measured from above.
        let matrix = match upright {
            false => [1.0, 0.0, 0.0, -1.0, (x + before) as f32, y as f32],
            true => [0.0, -1.0, -1.0, 0.0, x as f32, (y - before) as f32],
        };
        self.content.begin_text();
        self.content
            .set_font(Name(weight.name().as_bytes()), size as f32)
            .set_text_matrix(matrix);
        self.content.show(Str(&bytes)).end_text();
    }
}

fn share(part: u8) -> f32 {
    f32::from(part) / 255.0
}
