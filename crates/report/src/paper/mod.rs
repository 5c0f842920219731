//! ECGs on ECG paper: twelve leads in three rows of four, of a recording shorter than ten seconds in six rows of two, and lead II as
//! a rhythm strip below where that shows more.
//!
//! A drawing is in millimetres, so that a print of it is to scale: 25 mm a second across, 10 mm a millivolt up. Nothing is cut
//! off: a row is as high as its signal needs. Where that would be higher than a sheet, rows are moved together, as on a usual printout,
//! and where they would come too close the gain is halved for the whole ECG, and the drawing says so.

mod ecg;
mod grid;
mod layout;
mod trace;

use crate::svg::Chart;
pub use ecg::{Ecg, LEADS, PaperScale, SECONDS, ShadedSpan, SignalUnit};
use layout::Layout;
use std::fmt::Write;

/// A drawing of an ECG, in millimetres.
#[derive(Debug, Clone)]
pub struct Drawing {
    chart: Chart,
    /// Text below the traces: speed, gain, filters, rate, duration, unit.
    pub footer: Vec<String>,
}

impl Drawing {
    /// The drawing as a file of its own, with a notice at its foot where there is one.
    pub fn file(&self, notice: Option<&str>) -> String {
        self.chart.file(notice)
    }

    /// For inside the page. `id` is unique there.
    pub(crate) fn inline(&self, id: &str) -> String {
        self.chart.inline(id)
    }

    /// Width and height in millimetres.
    pub fn size(&self) -> (f64, f64) {
        self.chart.size
    }
}

/// Draws an ECG; `id` makes the drawing's own names unique where several stand on one page.
pub fn draw_ecg(ecg: &Ecg, paper: PaperScale, id: &str) -> Drawing {
    let mut layout = Layout::of(ecg, paper);
    let footer = footer_lines(ecg, &layout);
    layout.fit_footer(footer.len());
    let mut body = grid::draw_grid(&layout, id);
    trace::draw_shades(&mut body, ecg, &layout);
    for row in &layout.rows {
        trace::draw_calibration(&mut body, row, &layout);
        for strip in &row.strips {
            trace::draw_strip(&mut body, ecg, strip, row, &layout);
        }
    }
    for (line, text) in footer.iter().enumerate() {
        let y = layout.paper_bottom + 3.5 + layout::LINE_HEIGHT * line as f64;
        let _ = write!(
            body,
            "<text class=\"paper-text\" x=\"{}\" y=\"{y:.1}\">{}</text>",
            layout::MARGIN,
            crate::text::escape(text)
        );
    }
    let description = format!(
        "Twelve-lead ECG, {}. {}",
        match layout.rows.len() {
            4 => "three rows of four leads one after the other, and a rhythm strip of lead II",
            6 => "six rows of two leads of the same seconds",
            _ => "six rows of two leads of the same seconds, and a rhythm strip of lead II",
        },
        footer.join(". ")
    );
    Drawing {
        chart: Chart {
            title: format!("ECG {}", ecg.record),
            description,
            size: (layout.width, layout.height),
            millimetres: true,
            body,
        },
        footer,
    }
}

fn footer_lines(ecg: &Ecg, layout: &Layout) -> Vec<String> {
    let duration = layout::duration_seconds(ecg);
    let column = layout.column_seconds();
    let shown = if duration > SECONDS {
        format!("the first {SECONDS:.0} s of {duration:.1} s")
    } else if layout.rows.len() > 4 && duration > column {
        format!("{duration:.1} s, the first {column:.0} s in both columns")
    } else {
        format!("{duration:.1} s")
    };
    let gain = if layout.gain < layout.asked {
        format!(
            "{} mm/mV instead of {} for its height",
            number_text(layout.gain),
            number_text(layout.asked)
        )
    } else {
        format!("{} mm/mV", number_text(layout.gain))
    };
    let mut lines = vec![
        format!(
            "{} · {} mm/s · {gain} · filters: {} · {} Hz · {shown}",
            ecg.record,
            number_text(layout.speed),
            ecg.filters,
            number_text(ecg.rate)
        ),
        format!("{}; each lead about its median", ecg.unit.scale_text()),
    ];
    if !ecg.shades.is_empty() {
        lines.push(format!("shaded: {}", ecg.shades_meaning));
    }
    lines.extend(ecg.notes.iter().flat_map(|note| wrap(note)));
    lines
}

/// Letters that a line of text below the traces has room for.
const LINE_LETTERS: usize = 165;

/// Lines of a text, broken between words.
fn wrap(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= LINE_LETTERS => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn number_text(v: f64) -> String {
    let text = format!("{v:.*}", if v < 0.1 { 5 } else { 2 });
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests;
