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
const LEAST: f64 = 8.0;
/// Room above a row for the names of its leads.
const NAME: f64 = 5.0;
/// Between rows.
const BETWEEN: f64 = 3.0;
/// Highest drawing before its rows are moved together and then its gain is halved: it fits on A4 landscape, between a heading and what is
/// known of the ECG.
const HIGHEST: f64 = 162.0;
/// Least distance of two rows, as a share of what keeps their traces apart. Below it the traces of neighbours would be hard to tell.
const CLOSEST: f64 = 0.5;
/// Most halvings: what is higher still gets the height it needs.
const HALVINGS: u32 = 12;

/// Leads of the rows of a recording that fills the paper: four columns, one after the other in time, as on a usual printout.
const FOUR_COLUMNS: [&[usize]; 3] = [&[0, 3, 6, 9], &[1, 4, 7, 10], &[2, 5, 8, 11]];
/// Leads of the rows of a shorter recording: two columns of the same seconds.
const TWO_COLUMNS: [&[usize]; 6] = [&[0, 6], &[1, 7], &[2, 8], &[3, 9], &[4, 10], &[5, 11]];
/// Lead II.
const RHYTHM: usize = 1;
/// A recording that is shorter by less than this fills the paper: half a second of its last column is missing.
const NEARLY: f64 = 0.5;

/// A piece of one lead.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Strip {
    pub(super) lead: usize,
    /// Seconds of the recording, from and to.
    pub(super) from: f64,
    pub(super) to: f64,
    /// Second of the paper at which it begins.
    pub(super) at: f64,
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
        let strips = arrange_strips(duration_seconds(ecg));
        for halving in 0..=HALVINGS {
            layout.gain = paper.gain / f64::from(1u32 << halving);
            let extents: Vec<RowExtent> = strips.iter().map(|row| layout.extent(ecg, row)).collect();
            layout.stack(&strips, &extents);
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

    /// Seconds of a column.
    pub(super) fn column_seconds(&self) -> f64 {
        let first = self.rows.first().and_then(|row| row.strips.first());
        first.map_or(SECONDS, |strip| strip.to - strip.from)
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

    /// Heights that a row needs above and below its zero, in whole millimetres, so that zero stands on a line of the grid.
    fn extent(&self, ecg: &Ecg, strips: &[Strip]) -> RowExtent {
        let (mut up, mut down) = (LEAST, LEAST);
        for strip in strips {
            for &value in strip_samples(ecg, strip).iter().filter(|v| v.is_finite()) {
                let above = self.above(strip.lead, value);
                up = up.max(above);
                down = down.max(-above);
            }
        }
        RowExtent {
            up: (up + NAME).ceil(),
            down: (down + 1.0).ceil(),
        }
    }

    /// Puts the rows below each other: apart where there is room, else as close as there must and may be.
    fn stack(&mut self, rows: &[Vec<Strip>], extents: &[RowExtent]) {
        let apart: Vec<f64> = extents
            .windows(2)
            .map(|pair| pair[0].down + BETWEEN + pair[1].up)
            .collect();
        let ends =
            extents.first().map_or(0.0, |row| row.up) + extents.last().map_or(0.0, |row| row.down + BETWEEN);
        let room = HIGHEST - FOOTER - MARGIN - ends;
        let closeness = (room / apart.iter().sum::<f64>()).clamp(CLOSEST, 1.0);
        let mut zero = MARGIN + extents.first().map_or(0.0, |row| row.up);
        self.rows.clear();
        for (at, (strips, extent)) in rows.iter().zip(extents).enumerate() {
            if let Some(distance) = at.checked_sub(1).and_then(|before| apart.get(before)) {
                zero += (distance * closeness).floor();
            }
            self.rows.push(LeadRow {
                zero,
                top: zero - extent.up,
                bottom: zero + extent.down,
                strips: strips.clone(),
            });
        }
        self.paper_bottom = self.rows.last().map_or(MARGIN, |row| row.bottom + BETWEEN);
    }
}

/// Heights of a row above and below its zero.
struct RowExtent {
    up: f64,
    down: f64,
}

/// Strips of every row of a recording. One that fills the paper has the leads in four columns, one after the other in time; a shorter
/// one would lose its last leads so, and has the same seconds of all twelve in two columns. Lead II runs below, where a column does not show
/// all of it.
fn arrange_strips(duration: f64) -> Vec<Vec<Strip>> {
    let four = duration > SECONDS - NEARLY;
    let (rows, columns): (&[&[usize]], f64) = match four {
        true => (&FOUR_COLUMNS, 4.0),
        false => (&TWO_COLUMNS, 2.0),
    };
    let width = SECONDS / columns;
    let row = |leads: &&[usize]| -> Vec<Strip> {
        let strip = |(column, &lead): (usize, &usize)| {
            let at = column as f64 * width;
            let from = if four { at } else { 0.0 };
            Strip {
                lead,
                from,
                to: from + width,
                at,
            }
        };
        leads.iter().enumerate().map(strip).collect()
    };
    let rhythm = Strip {
        lead: RHYTHM,
        from: 0.0,
        to: SECONDS,
        at: 0.0,
    };
    let further = (duration > width).then(|| vec![rhythm]);
    rows.iter().map(row).chain(further).collect()
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
