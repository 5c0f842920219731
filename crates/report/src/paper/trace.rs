//! Traces, their names, and what is drawn with them.

use super::ecg::{Ecg, LEADS};
use super::layout::{Layout, LeadRow, MARGIN, Strip, strip_range, strip_samples};
use std::fmt::{self, Write};

/// Height of a lead's name above zero, at most, in millimetres.
const NAME_HEIGHT: f64 = 9.0;

/// Opacity of the strongest shade.
pub(super) const SHADE: f64 = 0.5;

/// Height of the bar of the model's segments, in millimetres.
pub(super) const SEGMENT_BAR: f64 = 1.2;

/// Gap between the bars of two segments that follow each other, in millimetres.
const SEGMENT_GAP: f64 = 0.4;

/// Weaker shades are left away: they would only tint the paper.
const FAINT: f64 = 0.1;

/// Draws a strip with its lead's name.
pub(super) fn draw_strip(body: &mut String, ecg: &Ecg, strip: &Strip, row: &LeadRow, layout: &Layout) {
    let (from, _) = strip_range(ecg, strip, ecg.leads.get(strip.lead).map_or(0, Vec::len));
    let mut trace = TracePath::default();
    for (at, &value) in strip_samples(ecg, strip).iter().enumerate() {
        if !value.is_finite() {
            trace.lift();
            continue;
        }
        let x = layout.x(strip.at - strip.from + (from + at) as f64 / ecg.rate);
        trace.draw_to(x, row.zero - layout.above(strip.lead, value));
    }
    let path = trace.path;
    let x = layout.x(strip.at);
    if strip.at > 0.0 {
        let _ = write!(
            body,
            "<path class=\"paper-mark\" d=\"M{x:.2} {:.2}v3\"/>",
            row.zero - 1.5
        );
    }
    let name = LEADS[strip.lead];
    let absent = if is_without_values(ecg, strip.lead) {
        " <tspan class=\"paper-text\">no values</tspan>"
    } else {
        ""
    };
    let _ = write!(
        body,
        "<text class=\"paper-lead\" x=\"{:.2}\" y=\"{:.2}\">{name}{absent}</text>",
        x + 1.0,
        // Beside its own trace, also where rows are close together.
        (row.top + 3.8).max(row.zero - NAME_HEIGHT)
    );
    if !path.is_empty() {
        let _ = write!(
            body,
            "<path class=\"paper-trace\" data-lead=\"{name}\" d=\"{path}\"/>"
        );
    }
}

/// The path of a trace, in steps of hundredths of a millimetre from point to point: a third of the length of the points themselves.
#[derive(Default)]
struct TracePath {
    path: String,
    /// The last point, in hundredths; none where the pen is up.
    last: Option<(i64, i64)>,
    /// True where the last point was drawn to by a step.
    steps: bool,
}

impl TracePath {
    fn lift(&mut self) {
        self.last = None;
    }

    fn draw_to(&mut self, x: f64, y: f64) {
        let (x, y) = ((x * 100.0).round() as i64, (y * 100.0).round() as i64);
        let (command, (dx, dy)) = match self.last {
            None => ('M', (x, y)),
            // One letter is for all steps up to the next.
            Some(before) => (if self.steps { ' ' } else { 'l' }, (x - before.0, y - before.1)),
        };
        let _ = write!(self.path, "{command}{} {}", Hundredths(dx), Hundredths(dy));
        (self.steps, self.last) = (self.last.is_some(), Some((x, y)));
    }
}

/// A number of hundredths as a decimal fraction without what SVG does not need: `.05`, `-1.3`, `12`.
struct Hundredths(i64);

impl fmt::Display for Hundredths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0.abs() / 100, self.0.abs() % 100);
        if self.0 < 0 {
            f.write_str("-")?;
        }
        match (whole, part) {
            (whole, 0) => write!(f, "{whole}"),
            (0, part) if part % 10 == 0 => write!(f, ".{}", part / 10),
            (0, part) => write!(f, ".{part:02}"),
            (whole, part) if part % 10 == 0 => write!(f, "{whole}.{}", part / 10),
            (whole, part) => write!(f, "{whole}.{part:02}"),
        }
    }
}

/// Returns true for a lead that has samples, none of which is a value.
fn is_without_values(ecg: &Ecg, lead: usize) -> bool {
    let samples = ecg.leads.get(lead).map_or(&[][..], Vec::as_slice);
    !samples.is_empty() && !samples.iter().any(|value| value.is_finite())
}

/// Draws the calibration pulse: one millivolt, for a fifth of a second.
pub(super) fn draw_calibration(body: &mut String, row: &LeadRow, layout: &Layout) {
    let (x, zero, height) = (MARGIN + 1.5, row.zero, layout.gain);
    let _ = write!(
        body,
        "<path class=\"paper-pulse\" d=\"M{x} {zero}h1v-{height}h{}v{height}h1\"/>",
        0.2 * layout.speed
    );
}

/// Upper and lower end of the paper that is a row's own: where rows overlap, each has half of what they share.
fn own_paper(rows: &[LeadRow], at: usize) -> Option<(f64, f64)> {
    let row = rows.get(at)?;
    let above = at.checked_sub(1).and_then(|above| rows.get(above));
    let below = rows.get(at + 1);
    let top = above.map_or(row.top, |above| row.top.max((above.bottom + row.top) / 2.0));
    let bottom = below.map_or(row.bottom, |below| row.bottom.min((row.bottom + below.top) / 2.0));
    (top < bottom).then_some((top, bottom))
}

/// Shaded spans behind every strip. They do not overlap: what is darker is what the model attends to more.
pub(super) fn draw_shades(body: &mut String, ecg: &Ecg, layout: &Layout) {
    let strips = layout.rows.iter().enumerate().flat_map(|(at, row)| {
        let own = own_paper(&layout.rows, at);
        row.strips.iter().filter_map(move |strip| Some((own?, strip)))
    });
    for ((y, bottom), strip) in strips {
        let height = bottom - y;
        for shade in ecg.shades.iter().filter(|shade| shade.weight >= FAINT) {
            let (from, to) = (shade.from.max(strip.from), shade.to.min(strip.to));
            if from >= to {
                continue;
            }
            let (x, width) = (layout.x(strip.at - strip.from + from), (to - from) * layout.speed);
            let _ = write!(
                body,
                "<rect class=\"paper-shade\" x=\"{x:.2}\" y=\"{y:.2}\" width=\"{width:.2}\" height=\"{height:.2}\" opacity=\"{:.2}\"/>",
                SHADE * shade.weight
            );
        }
    }
}

/// Bars along the time axis, below the last row: the segments that the model reads.
pub(super) fn draw_segments(body: &mut String, ecg: &Ecg, layout: &Layout) {
    let Some(row) = layout.rows.last() else { return };
    let y = row.bottom + 0.8;
    for strip in &row.strips {
        for segment in &ecg.segments {
            let (from, to) = (segment.start.max(strip.from), segment.end.min(strip.to));
            let width = (to - from) * layout.speed - SEGMENT_GAP;
            if width <= 0.0 {
                continue;
            }
            let x = layout.x(strip.at - strip.from + from);
            let _ = write!(
                body,
                "<rect class=\"paper-segment\" x=\"{x:.2}\" y=\"{y:.2}\" width=\"{width:.2}\" height=\"{SEGMENT_BAR}\"/>"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_add_up_to_the_points_without_error_and_a_gap_begins_anew() {
        let mut trace = TracePath::default();
        for step in 0..1000 {
            trace.draw_to(f64::from(step) / 3.0, -f64::from(step) / 7.0);
        }
        let (_, steps) = trace.path.split_once('l').unwrap();
        let numbers: Vec<f64> = steps.split_whitespace().map(|n| n.parse().unwrap()).collect();
        let sum: f64 = numbers.iter().step_by(2).sum();
        assert!((sum - 333.0).abs() < 1e-9, "{sum}");
        let mut trace = TracePath::default();
        trace.draw_to(15.0, 20.5);
        trace.draw_to(15.05, 20.3);
        trace.lift();
        trace.draw_to(15.5, 20.0);
        trace.lift();
        trace.draw_to(16.0, 0.07);
        trace.draw_to(17.0, -1.25);
        trace.draw_to(17.0, -1.3);
        assert_eq!(trace.path, "M15 20.5l.05 -.2M15.5 20M16 .07l1 -1.32 0 -.05");
    }
}
