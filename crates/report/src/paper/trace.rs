//! Traces, their names, and what is drawn with them.

use super::ecg::{Ecg, LEADS};
use super::layout::{Layout, LeadRow, MARGIN, Strip, strip_range, strip_samples};
use std::fmt::Write;

/// Height of a lead's name above zero, at most, in millimetres.
const NAME_HEIGHT: f64 = 9.0;

/// Weaker shades are left away: they would only tint the paper.
const FAINT: f64 = 0.1;

/// Draws a strip with its lead's name.
pub(super) fn draw_strip(body: &mut String, ecg: &Ecg, strip: &Strip, row: &LeadRow, layout: &Layout) {
    let (from, _) = strip_range(ecg, strip, ecg.leads.get(strip.lead).map_or(0, Vec::len));
    let mut path = String::new();
    let mut pen_down = false;
    for (at, &value) in strip_samples(ecg, strip).iter().enumerate() {
        if !value.is_finite() {
            pen_down = false;
            continue;
        }
        let x = layout.x(strip.at - strip.from + (from + at) as f64 / ecg.rate);
        let y = row.zero - layout.above(strip.lead, value);
        let command = if pen_down { 'L' } else { 'M' };
        let _ = write!(path, "{command}{x:.2} {y:.2}");
        pen_down = true;
    }
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

/// Shaded spans behind every strip.
pub(super) fn draw_shades(body: &mut String, ecg: &Ecg, layout: &Layout) {
    let strips = layout
        .rows
        .iter()
        .flat_map(|row| row.strips.iter().map(move |strip| (row, strip)));
    for (row, strip) in strips {
        let (y, height) = (row.top, row.bottom - row.top);
        for shade in ecg.shades.iter().filter(|shade| shade.weight >= FAINT) {
            let (from, to) = (shade.from.max(strip.from), shade.to.min(strip.to));
            if from >= to {
                continue;
            }
            let (x, width) = (layout.x(strip.at - strip.from + from), (to - from) * layout.speed);
            let _ = write!(
                body,
                "<rect class=\"paper-shade\" x=\"{x:.2}\" y=\"{y:.2}\" width=\"{width:.2}\" height=\"{height:.2}\" opacity=\"{:.2}\"/>",
                0.5 * shade.weight
            );
        }
    }
}
