//! ECGs on ECG paper: twelve leads in three rows of four, of a recording shorter than ten seconds in six rows of two, and lead II as
//! a rhythm strip below where that shows more.
//!
//! A drawing is in millimetres, so that a print of it is to scale: 25 mm a second across, 10 mm a millivolt up. Nothing is cut
//! off: a row is as high as its signal needs. Where that would be higher than a sheet, rows are moved together, as on a usual printout,
//! and where they would come too close the gain is halved for the whole ECG, and the drawing says so.

mod ecg;
mod footer;
mod grid;
mod layout;
mod trace;

use crate::svg::Chart;
pub use ecg::{Ecg, LEADS, PaperScale, SECONDS, ShadedSpan, SignalUnit};
use layout::Layout;

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
    let footer = footer::footer_lines(ecg, &layout);
    layout.fit_footer(footer.len());
    let mut body = grid::draw_grid(&layout, id);
    trace::draw_shades(&mut body, ecg, &layout);
    for row in &layout.rows {
        trace::draw_calibration(&mut body, row, &layout);
        for strip in &row.strips {
            trace::draw_strip(&mut body, ecg, strip, row, &layout);
        }
    }
    trace::draw_segments(&mut body, ecg, &layout);
    footer::draw_footer(&mut body, &footer, &layout);
    let footer: Vec<String> = footer.into_iter().map(|line| line.text).collect();
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
            on_page: None,
            body,
        },
        footer,
    }
}

#[cfg(test)]
mod tests;
