//! Figures: what is asked for, and what is drawn.

use super::style::INKS;
use crate::svg::Shape;

/// Points of print a unit of a drawing: the report's smallest letters, 11 units, are 6.6 points.
pub(super) const POINTS: f64 = 0.6;
pub(super) const POINTS_PER_INCH: f64 = 72.0;
pub(super) const MILLIMETRES_PER_INCH: f64 = 25.4;

/// Most runs that a figure compares.
pub const MOST_RUNS: usize = INKS.len();

/// Choice of figures.
#[derive(Debug, Clone)]
pub struct FigureChoice {
    /// Width of the column that they fill.
    pub width: ColumnWidth,
    /// Labels by name, in the order of the panels; all where it is empty.
    pub labels: Vec<String>,
}

/// Figures of runs, and what there is none of.
#[derive(Debug)]
pub struct FigureSet {
    /// Figures, by name.
    pub figures: Vec<PrintFigure>,
    /// Kinds of figures that the metrics have nothing for, and why.
    pub left_out: Vec<(&'static str, String)>,
}

/// Figure at its size in print.
#[derive(Debug)]
pub struct PrintFigure {
    /// Name of its files, without their endings.
    pub name: String,
    /// A few words.
    pub title: String,
    /// What it shows, for below the figure.
    pub caption: String,
    pub(super) drawing: Drawing,
}

/// Shapes on a sheet.
#[derive(Debug)]
pub(super) struct Drawing {
    /// Width and height in units.
    pub(super) size: (f64, f64),
    /// In the order in which they are inked.
    pub(super) shapes: Vec<Shape>,
}

/// Width of a column of a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnWidth {
    /// One column, 85 mm.
    Single,
    /// Two columns, 178 mm.
    Double,
}

impl ColumnWidth {
    /// Width in millimetres.
    pub fn millimetres(self) -> f64 {
        match self {
            Self::Single => 85.0,
            Self::Double => 178.0,
        }
    }

    /// Width in units of a drawing.
    pub(super) fn units(self) -> f64 {
        units(self.millimetres())
    }
}

/// Length in units of a drawing.
pub(super) fn units(millimetres: f64) -> f64 {
    millimetres / MILLIMETRES_PER_INCH * POINTS_PER_INCH / POINTS
}

impl PrintFigure {
    /// Width and height in millimetres.
    pub fn size_mm(&self) -> (f64, f64) {
        let millimetres = |units: f64| units * POINTS / POINTS_PER_INCH * MILLIMETRES_PER_INCH;
        (millimetres(self.drawing.size.0), millimetres(self.drawing.size.1))
    }
}

impl FigureSet {
    /// Adds a figure, of several sheets as several figures.
    pub(super) fn add(&mut self, name: &str, (title, caption): (String, String), sheets: Vec<Drawing>) {
        let several = sheets.len() > 1;
        for (at, drawing) in sheets.into_iter().enumerate() {
            let number = at + 1;
            self.figures.push(PrintFigure {
                name: match several {
                    true => format!("{name}_{number}"),
                    false => name.to_owned(),
                },
                title: title.clone(),
                caption: caption.clone(),
                drawing,
            });
        }
    }
}
