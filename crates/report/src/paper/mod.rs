//! ECGs on ECG paper: twelve leads in three rows of four, and lead II as a rhythm strip below.
//!
//! A drawing is in millimetres, so that a print of it is to scale: 25 mm a second across, 10 mm a millivolt up. Nothing is cut
//! off: a row is as high as its signal needs. Where that would need too high a drawing the gain is halved for the whole
//! ECG, and the drawing says so.

mod grid;
mod layout;
mod trace;

use crate::svg::Chart;
use layout::Layout;
use std::fmt::Write;

/// The leads in their usual order.
pub const LEADS: [&str; 12] = [
    "I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6",
];

/// Seconds across the paper.
pub const SECONDS: f64 = 10.0;

/// What a value of the recording is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Unit {
    /// So many of them are a millivolt.
    PerMillivolt(f64),
    /// The archive does not say; one is drawn as a millivolt.
    NotStated,
    /// Standard deviations of the lead; one is drawn as half a millivolt.
    Standardized,
}

impl Unit {
    /// Millivolts that a value is drawn as.
    fn millivolts(self) -> f64 {
        match self {
            Self::PerMillivolt(units) => 1.0 / units,
            Self::NotStated => 1.0,
            Self::Standardized => 0.5,
        }
    }

    fn words(self) -> String {
        match self {
            Self::PerMillivolt(1.0) => "in mV".to_owned(),
            Self::PerMillivolt(units) => format!("{units} units a mV"),
            Self::NotStated => "unit not stated by the archive: 1 unit drawn as 1 mV".to_owned(),
            Self::Standardized => "standardised, no unit: 1 standard deviation drawn as 0.5 mV".to_owned(),
        }
    }
}

/// Something laid behind the traces, from `from` to `to` seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shade {
    /// Where it begins, in seconds.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
    /// How strong, 0 … 1.
    pub weight: f64,
}

/// A recording to draw.
#[derive(Debug, Clone, PartialEq)]
pub struct Ecg {
    /// What it is called.
    pub record: String,
    /// [`LEADS`], each of the same number of samples; values that are not finite leave a gap.
    pub leads: Vec<Vec<f32>>,
    /// Samples a second.
    pub rate: f64,
    /// What a value is.
    pub unit: Unit,
    /// What was done to the signal, such as `none` or `resampled from 400 Hz`.
    pub filters: String,
    /// What the model looked at, where that is known.
    pub shades: Vec<Shade>,
    /// What the shades are, in a few words.
    pub shades_are: String,
}

/// How to draw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Paper {
    /// Millimetres a second.
    pub speed: f64,
    /// Millimetres a millivolt.
    pub gain: f64,
}

impl Default for Paper {
    fn default() -> Self {
        Self {
            speed: 25.0,
            gain: 10.0,
        }
    }
}

/// A drawing of an ECG, in millimetres.
#[derive(Debug, Clone)]
pub struct Drawing {
    chart: Chart,
    /// What it says below the traces: speed, gain, filters, rate, duration, unit.
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
pub fn draw(ecg: &Ecg, paper: Paper, id: &str) -> Drawing {
    let layout = Layout::of(ecg, paper);
    let mut body = grid::paper(&layout, id);
    trace::shades(&mut body, ecg, &layout);
    for row in &layout.rows {
        trace::calibration(&mut body, row, &layout);
        for strip in &row.strips {
            trace::strip(&mut body, ecg, strip, row, &layout);
        }
    }
    let footer = footer(ecg, &layout);
    for (line, text) in footer.iter().enumerate() {
        let y = layout.height - layout::FOOTER + 3.5 + 3.6 * line as f64;
        let _ = write!(
            body,
            "<text class=\"paper-text\" x=\"{}\" y=\"{y:.1}\">{}</text>",
            layout::MARGIN,
            crate::text::escape(text)
        );
    }
    let description = format!(
        "Twelve-lead ECG in three rows of four leads and a rhythm strip of lead II. {}",
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

fn footer(ecg: &Ecg, layout: &Layout) -> Vec<String> {
    let duration = layout::seconds(ecg);
    let shown = if duration > SECONDS {
        format!("the first {SECONDS:.0} s of {duration:.1} s")
    } else {
        format!("{duration:.1} s")
    };
    let gain = if layout.gain < layout.asked {
        format!(
            "{} mm/mV instead of {} for its height",
            number(layout.gain),
            number(layout.asked)
        )
    } else {
        format!("{} mm/mV", number(layout.gain))
    };
    let mut lines = vec![
        format!(
            "{} · {} mm/s · {gain} · filters: {} · {} Hz · {shown}",
            ecg.record,
            number(layout.speed),
            ecg.filters,
            number(ecg.rate)
        ),
        format!("{}; each lead about its median", ecg.unit.words()),
    ];
    if !ecg.shades.is_empty() {
        lines.push(format!("shaded: {}", ecg.shades_are));
    }
    lines
}

fn number(v: f64) -> String {
    let text = format!("{v:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests;
