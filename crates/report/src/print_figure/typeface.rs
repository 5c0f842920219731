//! Arimo, the typeface of figures: widths of texts, glyphs, and letters that it lacks.

use super::error::PrintError;
use super::style::{Weight, text_style};
use crate::svg::Shape;
use ttf_parser::{Face, GlyphId};

/// Family that files name, and families that are used where it is not read: Arial's letters are as wide.
pub(super) const FAMILIES: &str = "Arimo, Arial, Helvetica, sans-serif";

impl Weight {
    pub(super) const ALL: [Self; 2] = [Self::Regular, Self::Bold];

    /// The font as a file.
    pub(super) fn file(self) -> &'static [u8] {
        match self {
            Self::Regular => include_bytes!("../../fonts/Arimo-Regular.ttf"),
            Self::Bold => include_bytes!("../../fonts/Arimo-Bold.ttf"),
        }
    }

    /// Its name in PostScript and PDF.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Regular => "Arimo-Regular",
            Self::Bold => "Arimo-Bold",
        }
    }

    /// Its value of CSS's `font-weight`.
    pub(super) fn css(self) -> u16 {
        match self {
            Self::Regular => 400,
            Self::Bold => 700,
        }
    }
}

/// Both weights, read.
pub(super) struct Typeface {
    regular: Face<'static>,
    bold: Face<'static>,
}

impl Typeface {
    pub(super) fn read() -> Result<Self, PrintError> {
        Ok(Self {
            regular: Face::parse(Weight::Regular.file(), 0)?,
            bold: Face::parse(Weight::Bold.file(), 0)?,
        })
    }

    pub(super) fn face(&self, weight: Weight) -> &Face<'static> {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }

    /// Glyphs of a text.
    pub(super) fn glyphs(&self, weight: Weight, text: &str) -> impl Iterator<Item = (char, GlyphId)> {
        let face = self.face(weight);
        text.chars()
            .map(|letter| (letter, face.glyph_index(letter).unwrap_or_default()))
    }

    /// Width of a glyph at size 1.
    pub(super) fn advance(&self, weight: Weight, glyph: GlyphId) -> f64 {
        let face = self.face(weight);
        f64::from(face.glyph_hor_advance(glyph).unwrap_or(0)) / f64::from(face.units_per_em())
    }

    /// Width of a text.
    pub(super) fn width(&self, (weight, size): (Weight, f64), text: &str) -> f64 {
        let glyphs = self.glyphs(weight, text);
        size * glyphs.map(|(_, glyph)| self.advance(weight, glyph)).sum::<f64>()
    }

    /// Refuses shapes with a letter that would be a gap.
    pub(super) fn check_letters(&self, shapes: &[Shape]) -> Result<(), PrintError> {
        let mut letters = Vec::new();
        for shape in shapes {
            if let Shape::Text { role, text, .. } = shape {
                let face = self.face(text_style(*role).weight);
                letters.extend(text.chars().filter(|letter| face.glyph_index(*letter).is_none()));
            }
        }
        letters.sort_unstable();
        letters.dedup();
        match letters.is_empty() {
            true => Ok(()),
            false => Err(PrintError::MissingLetters { letters }),
        }
    }
}
