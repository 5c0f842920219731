//! Lines, circles and text of a chart, before anything says how they look: classes of CSS on the page, ink on paper.

use crate::text::escape;
use std::fmt::Write;

/// A place on a drawing, from its upper left corner.
pub(crate) type Place = (f64, f64);

/// Part of a drawing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shape {
    /// A straight line.
    Line { role: Role, from: Place, to: Place },
    /// A line through places; `right_angles` where each step is level or upright.
    Path {
        role: Role,
        places: Vec<Place>,
        right_angles: bool,
    },
    /// A disc, with words for a reader who points at it.
    Circle {
        role: Role,
        centre: Place,
        radius: Radius,
        words: Option<String>,
    },
    /// A rectangle by its upper left corner.
    Rectangle {
        role: Role,
        corner: Place,
        size: (f64, f64),
    },
    /// Text on one line.
    Text {
        role: Role,
        at: Place,
        anchor: Anchor,
        /// Read from bottom to top.
        upright: bool,
        text: String,
    },
}

/// Radius of a disc.
pub(crate) type Radius = f64;

/// Meaning of a part of a drawing, which decides how it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Lines behind the values.
    Grid,
    /// What knowing nothing would give.
    Chance,
    /// The same as a curve.
    ChanceCurve,
    /// A value to compare with.
    Threshold,
    /// An interval.
    Whisker(Series),
    /// Place of the values; not seen.
    Area,
    /// Values.
    Curve(Series),
    /// A value.
    Point(Series),
    /// Bar of the ECGs that have a label.
    BarPresent,
    /// Bar of those that do not.
    BarAbsent,
    /// Name of an axis, or of rows.
    Axis,
    /// A number or name beside a value.
    Tick,
    /// Words in the place of values.
    Nothing,
    /// Box of what is on the way.
    FlowBox,
    /// Box of what leaves it.
    FlowBeside,
    /// Way from a box to the next.
    FlowWay,
    /// Head of its arrow.
    FlowHead,
    /// Count of a line in a box.
    FlowCount,
    /// Name of one of several charts.
    Title,
    /// Notice to every reader.
    Notice,
}

/// Origin of values that are drawn together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Series {
    /// Of ECGs.
    Ecg,
    /// Of segments.
    Segment,
    /// Of ECGs of a run, by its number among several.
    Run(usize),
}

/// End of a text that is at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

impl Shape {
    /// A text from left to right.
    pub(crate) fn text(role: Role, at: Place, anchor: Anchor, text: &str) -> Self {
        Self::Text {
            role,
            at,
            anchor,
            upright: false,
            text: text.to_owned(),
        }
    }

    /// The same, further right and further down.
    pub(crate) fn moved(mut self, (right, down): (f64, f64)) -> Self {
        let shift = |place: &mut Place| *place = (place.0 + right, place.1 + down);
        match &mut self {
            Self::Line { from, to, .. } => [from, to].into_iter().for_each(shift),
            Self::Path { places, .. } => places.iter_mut().for_each(shift),
            Self::Circle { centre: place, .. }
            | Self::Rectangle { corner: place, .. }
            | Self::Text { at: place, .. } => shift(place),
        }
        self
    }
}

impl Role {
    /// Classes of the page's style sheet.
    fn css(self) -> &'static str {
        match self {
            Self::Grid => "grid",
            Self::Chance => "chance",
            Self::ChanceCurve => "curve chance",
            Self::Threshold => "threshold",
            Self::Whisker(_) => "whisker",
            Self::Area => "area",
            Self::Curve(Series::Segment) => "curve segment",
            Self::Curve(_) => "curve ecg",
            Self::Point(Series::Segment) => "point segment",
            Self::Point(_) => "point ecg",
            Self::BarPresent => "bar present",
            Self::BarAbsent => "bar absent",
            Self::FlowBox => "flow-box",
            Self::FlowBeside => "flow-box flow-beside",
            Self::FlowWay => "flow-way",
            Self::FlowHead => "flow-head",
            Self::FlowCount => "flow-count",
            Self::Axis | Self::Title => "axis",
            Self::Tick => "tick",
            Self::Nothing => "nothing",
            Self::Notice => "notice",
        }
    }
}

impl Anchor {
    /// Share of a text that lies before its place.
    pub(crate) fn share(self) -> f64 {
        match self {
            Self::Start => 0.0,
            Self::Middle => 0.5,
            Self::End => 1.0,
        }
    }

    /// Value of SVG's `text-anchor`.
    pub(crate) fn svg(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Middle => "middle",
            Self::End => "end",
        }
    }
}

/// Shapes as elements of SVG, with classes of the page's style sheet.
pub(crate) fn svg_elements(shapes: &[Shape]) -> String {
    let mut out = String::new();
    for shape in shapes {
        // Writing to a String does not fail.
        let _ = write_element(&mut out, shape);
    }
    out
}

fn write_element(out: &mut String, shape: &Shape) -> std::fmt::Result {
    match shape {
        Shape::Line { role, from, to } => write!(
            out,
            "<line class=\"{}\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
            role.css(),
            from.0,
            from.1,
            to.0,
            to.1
        ),
        Shape::Path {
            role,
            places,
            right_angles,
        } => write!(
            out,
            "<path class=\"{}\" d=\"{}\"/>",
            role.css(),
            path_data(places, *right_angles)
        ),
        Shape::Circle {
            role,
            centre,
            radius,
            words,
        } => write_circle(out, *role, (*centre, *radius), words.as_deref()),
        Shape::Rectangle { role, corner, size } => write!(
            out,
            "<rect class=\"{}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"{}/>",
            role.css(),
            corner.0,
            corner.1,
            size.0,
            size.1,
            if *role == Role::Area { " fill=\"none\"" } else { "" }
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

fn write_circle(
    out: &mut String,
    role: Role,
    ((x, y), radius): (Place, Radius),
    words: Option<&str>,
) -> std::fmt::Result {
    let class = role.css();
    write!(
        out,
        "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\""
    )?;
    match words {
        Some(words) => write!(out, "><title>{}</title></circle>", escape(words)),
        None => out.write_str("/>"),
    }
}

fn write_text(
    out: &mut String,
    (role, anchor): (Role, Anchor),
    ((x, y), upright): (Place, bool),
    text: &str,
) -> std::fmt::Result {
    let (class, anchor, text) = (role.css(), anchor.svg(), escape(text));
    match upright {
        false => write!(
            out,
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>"
        ),
        true => write!(
            out,
            "<text class=\"{class}\" text-anchor=\"{anchor}\" transform=\"translate({x} {y:.1}) rotate(-90)\">{text}</text>"
        ),
    }
}

/// Steps of an SVG path through places.
pub(crate) fn path_data(places: &[Place], right_angles: bool) -> String {
    let mut data = String::new();
    let mut last: Option<Place> = None;
    for &(x, y) in places {
        let _ = match last {
            None => write!(data, "M{x:.1} {y:.1}"),
            Some((_, before)) if right_angles && before == y => write!(data, "H{x:.1}"),
            Some(_) if right_angles => write!(data, "V{y:.1}"),
            Some(_) => write!(data, "L{x:.1} {y:.1}"),
        };
        last = Some((x, y));
    }
    data
}
