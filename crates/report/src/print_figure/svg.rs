//! Figures as SVG: everything is said in attributes that drawing programs read, letters are text, and the typeface is inside.

use super::figure::PrintFigure;
use super::style::{Ink, Weight, fill_of, stroke_of, text_style};
use super::typeface::FAMILIES;
use crate::svg::{Anchor, Place, Role, Shape, path_data};
use crate::text::escape;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write;

pub(super) fn write_svg(figure: &PrintFigure) -> String {
    let (width_mm, height_mm) = figure.size_mm();
    let (width, height) = figure.drawing.size;
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width_mm:.3}mm\" \
         height=\"{height_mm:.3}mm\" viewBox=\"0 0 {width:.3} {height:.3}\" role=\"img\" aria-labelledby=\"title caption\">\
         <title id=\"title\">{}</title><desc id=\"caption\">{}</desc>",
        escape(&figure.title),
        escape(&figure.caption)
    );
    out.push_str("<style>");
    for weight in Weight::ALL {
        let uses =
            |shape: &Shape| matches!(shape, Shape::Text { role, .. } if text_style(*role).weight == weight);
        if figure.drawing.shapes.iter().any(uses) {
            // Writing to a String does not fail.
            let _ = write!(
                out,
                "@font-face{{font-family:Arimo;font-weight:{};src:url(data:font/ttf;base64,{})}}",
                weight.css(),
                STANDARD.encode(weight.file())
            );
        }
    }
    let _ = write!(
        out,
        "</style><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/><g font-family=\"{FAMILIES}\" stroke-linejoin=\"round\">"
    );
    for shape in &figure.drawing.shapes {
        let _ = write_shape(&mut out, shape);
    }
    out.push_str("</g></svg>\n");
    out
}

fn write_shape(out: &mut String, shape: &Shape) -> std::fmt::Result {
    match shape {
        Shape::Line { role, from, to } => write!(
            out,
            "<line x1=\"{:.2}\" y1=\"{:.2}\" x2=\"{:.2}\" y2=\"{:.2}\"{}/>",
            from.0,
            from.1,
            to.0,
            to.1,
            ink_text(*role)
        ),
        Shape::Path {
            role,
            places,
            right_angles,
        } => write!(
            out,
            "<path d=\"{}\"{}/>",
            path_data(places, *right_angles),
            ink_text(*role)
        ),
        Shape::Circle {
            role,
            centre: (x, y),
            radius,
            ..
        } => write!(
            out,
            "<circle cx=\"{x:.2}\" cy=\"{y:.2}\" r=\"{radius:.2}\"{}/>",
            ink_text(*role)
        ),
        Shape::Rectangle { role, corner, size } => write!(
            out,
            "<rect x=\"{:.2}\" y=\"{:.2}\" width=\"{:.2}\" height=\"{:.2}\"{}/>",
            corner.0,
            corner.1,
            size.0,
            size.1,
            ink_text(*role)
        ),
        Shape::Text {
            role,
            at,
            anchor,
            upright,
            text,
        } => write_text(out, (*role, *anchor), (*at, *upright), text),
    }
}

fn write_text(
    out: &mut String,
    (role, anchor): (Role, Anchor),
    ((x, y), upright): (Place, bool),
    text: &str,
) -> std::fmt::Result {
    let style = text_style(role);
    let turn = if upright { " rotate(-90)" } else { "" };
    write!(
        out,
        "<text transform=\"translate({x:.2} {y:.2}){turn}\" text-anchor=\"{}\" font-size=\"{}\" font-weight=\"{}\" \
         fill=\"{}\">{}</text>",
        anchor.svg(),
        style.size,
        style.weight.css(),
        hex(style.ink),
        escape(text)
    )
}

fn hex([red, green, blue]: Ink) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// Attributes of ink.
fn ink_text(role: Role) -> String {
    let mut out = format!(" fill=\"{}\"", fill_of(role).map_or("none".to_owned(), hex));
    if let Some(stroke) = stroke_of(role) {
        // Writing to a String does not fail.
        let _ = write!(
            out,
            " stroke=\"{}\" stroke-width=\"{}\"",
            hex(stroke.ink),
            stroke.width
        );
        if !stroke.dashes.is_empty() {
            let dashes: Vec<String> = stroke.dashes.iter().map(f64::to_string).collect();
            let _ = write!(out, " stroke-dasharray=\"{}\"", dashes.join(" "));
        }
    }
    out
}
