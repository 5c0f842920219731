//! Figures for a journal: the report's curves and forest plots at the width of a column, as SVG, PDF and PNG with the typeface inside.
//!
//! Everything is drawn from `metrics.json`, by the code that draws the report's charts; here is how it is laid out and inked.

mod choice;
mod curves;
mod deflate;
mod drawn_runs;
mod error;
mod estimates;
mod figure;
mod flow;
mod forests;
mod layout;
mod pdf;
mod png;
mod style;
mod svg;
mod typeface;
mod words;

pub use error::PrintError;
pub use figure::{ColumnWidth, FigureChoice, FigureSet, MOST_RUNS, PrintFigure};

use crate::published_table::NamedMetrics;
use typeface::Typeface;

/// Writer of figures, with its typeface read.
pub struct FigurePrinter {
    typeface: Typeface,
}

impl FigurePrinter {
    /// Reads the typeface.
    ///
    /// # Errors
    /// The typeface in the program is broken.
    pub fn new() -> Result<Self, PrintError> {
        Ok(Self {
            typeface: Typeface::read()?,
        })
    }

    /// Figures of one run, or of several in the same panels.
    ///
    /// # Errors
    /// A label is unknown; a run has no results by ECG; the runs are too many.
    pub fn figures(&self, runs: &[NamedMetrics], choice: &FigureChoice) -> Result<FigureSet, PrintError> {
        choice::draw_all(&self.typeface, runs, choice)
    }

    /// The figure as SVG, sized in millimetres.
    pub fn svg(&self, figure: &PrintFigure) -> String {
        svg::write_svg(figure)
    }

    /// The figure as a page of PDF of its size.
    ///
    /// # Errors
    /// The typeface lacks a letter.
    pub fn pdf(&self, figure: &PrintFigure) -> Result<Vec<u8>, PrintError> {
        self.typeface.check_letters(&figure.drawing.shapes)?;
        pdf::write_pdf(figure, &self.typeface)
    }

    /// The figure as PNG with so many dots an inch.
    ///
    /// # Errors
    /// The typeface lacks a letter; there is no memory for the picture.
    pub fn png(&self, figure: &PrintFigure, dpi: u16) -> Result<Vec<u8>, PrintError> {
        self.typeface.check_letters(&figure.drawing.shapes)?;
        png::write_png(figure, &self.typeface, dpi)
    }
}

#[cfg(test)]
mod tests;
