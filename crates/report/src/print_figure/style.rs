//! Ink of figures: what each part of a drawing looks like on white paper, also where colours are printed as greys.

use crate::svg::{Role, Series};

/// Weight of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

/// Red, green, blue.
pub(super) type Ink = [u8; 3];

pub(super) const PAPER: Ink = [255, 255, 255];
const BLACK: Ink = [17, 17, 17];
const GREY: Ink = [85, 85, 85];
const RULE: Ink = [222, 222, 222];
const BAR: Ink = [190, 190, 190];

/// Inks of runs that are compared, from dark to light.
pub(super) const INKS: [Ink; 4] = [[11, 60, 125], [192, 80, 10], [30, 150, 120], [150, 150, 150]];
/// Dashes of their curves, in units: drawn and left out in turn.
const DASHES: [&[f64]; 4] = [&[], &[7.0, 3.0], &[2.0, 2.0], &[9.0, 3.0, 2.0, 3.0]];

/// A line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stroke {
    pub(super) ink: Ink,
    pub(super) width: f64,
    /// Lengths that are drawn and left out in turn; none where it is whole.
    pub(super) dashes: &'static [f64],
}

/// Letters.
#[derive(Debug, Clone, Copy)]
pub(super) struct TextStyle {
    pub(super) ink: Ink,
    pub(super) weight: Weight,
    /// Height of the type in units.
    pub(super) size: f64,
}

/// Line of lines and paths, and around discs and rectangles.
pub(super) fn stroke_of(role: Role) -> Option<Stroke> {
    let line = |ink, width, dashes| Some(Stroke { ink, width, dashes });
    match role {
        Role::Grid => line(RULE, 0.8, &[][..]),
        Role::Chance | Role::ChanceCurve => line(GREY, 1.0, &[2.0, 3.0]),
        Role::Threshold => line(BLACK, 1.0, &[5.0, 3.0]),
        Role::Whisker(series) => line(INKS[number(series)], 1.4, &[]),
        Role::Curve(series) => line(INKS[number(series)], 1.8, DASHES[number(series)]),
        Role::Point(_) => line(PAPER, 1.2, &[]),
        Role::Area => line(GREY, 0.8, &[]),
        Role::FlowBox | Role::FlowWay => line(BLACK, 1.0, &[]),
        Role::FlowBeside => line(BLACK, 1.0, &[4.0, 3.0]),
        Role::BarPresent
        | Role::BarAbsent
        | Role::FlowHead
        | Role::FlowCount
        | Role::Axis
        | Role::Tick
        | Role::Nothing
        | Role::Title
        | Role::Notice => None,
    }
}

/// Ink inside discs and rectangles.
pub(super) fn fill_of(role: Role) -> Option<Ink> {
    match role {
        Role::Point(series) => Some(INKS[number(series)]),
        Role::BarPresent => Some(INKS[0]),
        Role::BarAbsent => Some(BAR),
        Role::FlowHead => Some(BLACK),
        _ => None,
    }
}

/// Letters of a text.
pub(super) fn text_style(role: Role) -> TextStyle {
    let (weight, size, ink) = match role {
        Role::Title | Role::FlowCount => (Weight::Bold, 12.0, BLACK),
        Role::Notice => (Weight::Bold, 11.0, BLACK),
        Role::Nothing => (Weight::Regular, 11.0, GREY),
        Role::Tick => (Weight::Regular, 11.0, BLACK),
        _ => (Weight::Regular, 12.0, BLACK),
    };
    TextStyle { ink, weight, size }
}

/// Number of an ink; ECGs of one run have the first.
fn number(series: Series) -> usize {
    match series {
        Series::Ecg => 0,
        Series::Segment => 1,
        Series::Run(run) => run % INKS.len(),
    }
}
