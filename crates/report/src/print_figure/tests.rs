use super::figure::{Drawing, POINTS};
use super::style::{INKS, Weight, fill_of, stroke_of, text_style};
use super::*;
use crate::svg::{Anchor, Role, Series, Shape};

fn text(role: Role, text: &str) -> Shape {
    Shape::Text {
        role,
        at: (100.0, 50.0),
        anchor: Anchor::Middle,
        upright: false,
        text: text.to_owned(),
    }
}

fn figure(shapes: Vec<Shape>) -> PrintFigure {
    PrintFigure {
        name: "a".to_owned(),
        title: "A <figure>".to_owned(),
        caption: "What it shows.".to_owned(),
        drawing: Drawing {
            size: (ColumnWidth::Single.units(), 100.0),
            shapes,
        },
    }
}

#[test]
fn a_figure_has_the_width_of_its_column_in_every_form() {
    let printer = FigurePrinter::new().unwrap();
    let figure = figure(vec![text(Role::Tick, "AUROC ≥ 0.9 – −1")]);
    assert!((figure.size_mm().0 - 85.0).abs() < 1e-9);
    assert!(
        printer.svg(&figure).contains("width=\"85.000mm\""),
        "{}",
        printer.svg(&figure)
    );
    let png = printer.png(&figure, 600).unwrap();
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    // 85 mm are 3.3465 inches; the picture says 600 dots an inch in dots a metre.
    assert_eq!((number(16), number(41)), (2008, 23622));
    let pdf = printer.pdf(&figure).unwrap();
    let said = String::from_utf8_lossy(&pdf);
    let box_of_page = said.split_once("/MediaBox [0 0 ").unwrap().1;
    let points: f64 = box_of_page.split(' ').next().unwrap().parse().unwrap();
    assert!((points - 85.0 / 25.4 * 72.0).abs() < 0.01, "{points}");
    assert!(said.contains("/FontFile2") && said.contains("/ToUnicode"));
}

#[test]
fn a_letter_that_the_typeface_lacks_is_told_and_not_left_out() {
    let printer = FigurePrinter::new().unwrap();
    let figure = figure(vec![text(Role::Title, "心房 AF")]);
    for error in [
        printer.pdf(&figure).unwrap_err(),
        printer.png(&figure, 72).unwrap_err(),
    ] {
        let said = error.to_string();
        assert!(said.ends_with("has no letter `心`, `房`"), "{said}");
    }
    assert!(printer.svg(&figure).contains("心房"));
}

#[test]
fn the_typeface_has_every_letter_that_figures_write_of_themselves() {
    let typeface = Typeface::read().unwrap();
    for weight in Weight::ALL {
        let letters = "≥≤<×−–·…|%().,/ \u{202f}ßéñçãøłžμΔЖя";
        let missing: Vec<char> = (typeface.glyphs(weight, letters))
            .filter(|(_, glyph)| glyph.0 == 0)
            .map(|(letter, _)| letter)
            .collect();
        assert!(missing.is_empty(), "{weight:?}: {missing:?}");
    }
}

#[test]
fn no_letter_is_smaller_than_six_points() {
    for role in [
        Role::Tick,
        Role::Axis,
        Role::Title,
        Role::FlowCount,
        Role::Notice,
        Role::Nothing,
    ] {
        assert!(text_style(role).size * POINTS >= 6.0, "{role:?}");
    }
}

#[test]
fn runs_are_told_apart_without_colour() {
    // Relative luminance (WCAG): how light an ink is as a grey.
    let light = |ink: [u8; 3]| {
        let linear = ink.map(|part| (f64::from(part) / 255.0).powf(2.2));
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    };
    let inks = INKS.map(light);
    assert!(inks.windows(2).all(|pair| pair[1] > 1.25 * pair[0]), "{inks:?}");
    let dashes: Vec<_> = (0..INKS.len())
        .map(|run| stroke_of(Role::Curve(Series::Run(run))).unwrap().dashes)
        .collect();
    for (at, dash) in dashes.iter().enumerate() {
        assert!(!dashes[..at].contains(dash), "{dashes:?}");
    }
}

#[test]
fn texts_are_broken_between_words_and_shortened_where_a_word_is_too_long() {
    let typeface = Typeface::read().unwrap();
    let font = (Weight::Regular, 11.0);
    let lines = typeface.wrap(font, "left bundle branch block", 80.0);
    assert_eq!(lines.join(" "), "left bundle branch block");
    assert!(
        lines.len() > 1 && lines.iter().all(|line| typeface.width(font, line) <= 80.0),
        "{lines:?}"
    );
    let short = typeface.shorten(font, "pseudopseudohypoparathyroidism", 80.0);
    assert!(
        short.ends_with('…') && typeface.width(font, &short) <= 80.0,
        "{short}"
    );
}

#[test]
fn ink_is_where_the_shapes_are() {
    let printer = FigurePrinter::new().unwrap();
    let dark = |shapes: Vec<Shape>| printer.png(&figure(shapes), 100).unwrap().len();
    let empty = dark(Vec::new());
    let line = Shape::Line {
        role: Role::Curve(Series::Run(0)),
        from: (10.0, 10.0),
        to: (300.0, 90.0),
    };
    assert!(dark(vec![line]) > empty);
    assert!(dark(vec![text(Role::Tick, "AF")]) > empty);
    // What lies off the sheet is left out.
    let outside = Shape::Circle {
        role: Role::Point(Series::Run(0)),
        centre: (-50.0, 500.0),
        radius: 4.0,
        words: None,
    };
    assert_eq!(dark(vec![outside]), empty);
}

#[test]
fn the_flow_is_inked_without_colour_and_its_arrows_have_heads() {
    for role in [
        Role::FlowBox,
        Role::FlowBeside,
        Role::FlowWay,
        Role::FlowHead,
        Role::FlowCount,
    ] {
        let inks = [stroke_of(role).map(|stroke| stroke.ink), fill_of(role)];
        for [red, green, blue] in inks.into_iter().flatten() {
            assert!(red == green && green == blue, "{role:?}");
        }
    }
    let dashes = |role| stroke_of(role).unwrap().dashes;
    assert_ne!(dashes(Role::FlowBox), dashes(Role::FlowBeside));
    let printer = FigurePrinter::new().unwrap();
    let head = |places: Vec<(f64, f64)>| Shape::Path {
        role: Role::FlowHead,
        places,
        right_angles: false,
    };
    let picture = |shape| printer.png(&figure(vec![shape]), 100).unwrap();
    let corners = vec![(10.0, 10.0), (90.0, 10.0), (50.0, 90.0)];
    assert!(
        picture(head(corners)) != picture(head(Vec::new())),
        "the head is filled, and has no line"
    );
}
