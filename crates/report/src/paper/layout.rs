//! Positions of everything on the paper, in millimetres.

use super::ecg::{Ecg, LEADS, PaperScale, SECONDS};

/// PaperScale around everything.
pub(super) const MARGIN: f64 = 5.0;
/// Room for the calibration pulse, left of the traces.
pub(super) const PULSE: f64 = 10.0;
/// Room for the first three lines of text below the traces.
const FOOTER: f64 = 13.0;
/// Lines of text for which [`FOOTER`] has room.
const FOOTER_LINES: usize = 3;
/// Distance of lines of text.
pub(super) const LINE_HEIGHT: f64 = 3.6;
/// Least height of a row above and below its zero.
const LEAST: f64 = 10.0;
/// Between rows.
const BETWEEN: f64 = 3.0;
/// Highest drawing before the gain is halved.
const HIGHEST: f64 = 260.0;
/// Most halvings: what is higher still gets the height it needs.
const HALVINGS: u32 = 6;

/// The four columns of the three rows.
const ROWS: [[usize; 4]; 3] = [[0, 3, 6, 9], [1, 4, 7, 10], [2, 5, 8, 11]];
/// Lead II.
const RHYTHM: usize = 1;

/// A piece of one lead.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Strip {
    pub(super) lead: usize,
    /// Seconds of the recording, from and to.
    pub(super) from: f64,
    pub(super) to: f64,
}

/// Strips side by side.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LeadRow {
    /// Vertical position of its zero.
    pub(super) zero: f64,
    /// Upper and lower end of the row.
    pub(super) top: f64,
    pub(super) bottom: f64,
    pub(super) strips: Vec<Strip>,
}

/// Positions of everything.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layout {
    pub(super) width: f64,
    pub(super) height: f64,
    /// Lower end of the paper with the traces; text is below.
    pub(super) paper_bottom: f64,
    pub(super) speed: f64,
    /// The gain in use, and the one that was asked for.
    pub(super) gain: f64,
    pub(super) asked: f64,
    pub(super) rows: Vec<LeadRow>,
    /// Median of each lead, which is drawn at its zero.
    pub(super) medians: Vec<f64>,
    /// Millivolts that a value is drawn as.
    pub(super) millivolts: f64,
}

/// Seconds of a recording.
pub(super) fn duration_seconds(ecg: &Ecg) -> f64 {
    ecg.leads.first().map_or(0.0, |lead| lead.len() as f64 / ecg.rate)
}

impl Layout {
    pub(super) fn of(ecg: &Ecg, paper: PaperScale) -> Self {
        let mut layout = Self {
            width: 2.0 * MARGIN + PULSE + SECONDS * paper.speed,
            height: 0.0,
            paper_bottom: 0.0,
            speed: paper.speed,
            gain: paper.gain,
            asked: paper.gain,
            rows: Vec::new(),
            medians: ecg.leads.iter().map(|lead| median(lead)).collect(),
            millivolts: ecg.unit.millivolts(),
        };
        for halving in 0..=HALVINGS {
            layout.gain = paper.gain / f64::from(1u32 << halving);
            layout.stack(ecg);
            if layout.paper_bottom + FOOTER <= HIGHEST {
                break;
            }
        }
        layout
    }

    /// Makes room for lines of text below the traces.
    pub(super) fn fit_footer(&mut self, lines: usize) {
        let further = lines.saturating_sub(FOOTER_LINES);
        self.height = self.paper_bottom + FOOTER + LINE_HEIGHT * further as f64;
    }

    /// Left end of the traces.
    pub(super) fn traces_left(&self) -> f64 {
        MARGIN + PULSE
    }

    /// Horizontal position of a second of the paper.
    pub(super) fn x(&self, seconds: f64) -> f64 {
        self.traces_left() + seconds * self.speed
    }

    /// Height of a value of a lead above zero; negative is below.
    pub(super) fn above(&self, lead: usize, value: f32) -> f64 {
        (f64::from(value) - self.medians[lead]) * self.millivolts * self.gain
    }

    /// Puts the rows below each other, each as high as it needs.
    fn stack(&mut self, ecg: &Ecg) {
        let column = SECONDS / 4.0;
        let columns = |leads: [usize; 4]| -> Vec<Strip> {
            let strip = |(at, lead): (usize, usize)| Strip {
                lead,
                from: at as f64 * column,
                to: (at + 1) as f64 * column,
            };
            leads.into_iter().enumerate().map(strip).collect()
        };
        let rhythm = Strip {
            lead: RHYTHM,
            from: 0.0,
            to: SECONDS,
        };
        let rows = ROWS.map(columns).into_iter().chain([vec![rhythm]]);
        let mut y = MARGIN;
        self.rows = rows
            .map(|strips| {
                let (mut up, mut down) = (LEAST, LEAST);
                for strip in &strips {
                    for &value in strip_samples(ecg, strip).iter().filter(|v| v.is_finite()) {
                        let above = self.above(strip.lead, value);
                        up = up.max(above);
                        down = down.max(-above);
                    }
                }
                // Whole millimetres, so that zero stands on a line of the grid.
                let (top, zero) = (y, y + (up + 5.0).ceil());
                let bottom = zero + (down + 1.0).ceil();
                y = bottom + BETWEEN;
                LeadRow {
                    zero,
                    top,
                    bottom,
                    strips,
                }
            })
            .collect();
        self.paper_bottom = y;
    }
}

/// The samples of a strip, as far as the recording goes.
pub(super) fn strip_samples<'a>(ecg: &'a Ecg, strip: &Strip) -> &'a [f32] {
    let lead = ecg.leads.get(strip.lead).map_or(&[][..], Vec::as_slice);
    let (from, to) = strip_range(ecg, strip, lead.len());
    &lead[from..to]
}

/// The first sample of a strip and the first after it.
pub(super) fn strip_range(ecg: &Ecg, strip: &Strip, length: usize) -> (usize, usize) {
    let at = |seconds: f64| ((seconds * ecg.rate).round() as usize).min(length);
    (at(strip.from), at(strip.to))
}

/// The median of the finite values; 0 without any.
fn median(values: &[f32]) -> f64 {
    let mut finite: Vec<f32> = values.iter().copied().filter(|v| v.is_finite()).collect();
    if finite.is_empty() {
        return 0.0;
    }
    let middle = finite.len() / 2;
    let (_, median, _) = finite.select_nth_unstable_by(middle, f32::total_cmp);
    f64::from(*median)
}

const _: () = assert!(LEADS.len() == 12);
