//! Filters and baselines of rows.

use super::cut::Rows;
use super::step::{FilterForm, PassBand, RecipeStep, Rounding};
use super::workspace::Workspace;
use crate::error::{Error, Result};
use crate::filter::{Band, Fraction, Sections, ZeroPhase, band_pass_taps};

impl PassBand {
    /// The band with these edges, if they are as many as it has.
    pub(super) fn band(self, hz: &[f64]) -> Option<Band> {
        match (self, hz) {
            (Self::Low, [edge]) => Some(Band::Low(*edge)),
            (Self::High, [edge]) => Some(Band::High(*edge)),
            (Self::Band, [low, high]) => Some(Band::Between(*low, *high)),
            _ => None,
        }
    }
}

/// The filter of a step at `rate` Hz.
pub(super) fn design(step: &RecipeStep, rate: f64) -> Result<ZeroPhase> {
    match step {
        RecipeStep::Notch { hz, q } => Ok(ZeroPhase::fraction(Fraction::notch(*hz, *q, rate)?)),
        RecipeStep::Butterworth {
            pass,
            order,
            hz,
            form,
        } => {
            let band = pass.band(hz).ok_or_else(|| Error::StepValue {
                step: "butterworth",
                problem: "hz: give one edge, for `pass: band` two".to_owned(),
            })?;
            match form {
                FilterForm::Ba => Fraction::butterworth(*order, band, rate).map(ZeroPhase::fraction),
                FilterForm::Sos => Sections::butterworth(*order, band, rate).map(ZeroPhase::sections),
            }
        }
        RecipeStep::Fir { seconds, hz } => {
            let taps = (seconds * rate) as usize | 1;
            band_pass_taps(taps, hz[0], hz[1], rate).map(ZeroPhase::taps)
        }
        _ => Err(Error::StepValue {
            step: step.name(),
            problem: "is no filter".to_owned(),
        }),
    }
}

/// Subtracts running medians of these widths, each taken of the one before.
pub(super) fn subtract_baseline(
    rows: &mut Rows,
    seconds: &[f64],
    round: Rounding,
    rate: f64,
    work: &mut Workspace,
) {
    for row in rows {
        let mut baseline = row.clone();
        for seconds in seconds {
            let samples = seconds * rate;
            let width = match round {
                Rounding::Down => samples as usize,
                Rounding::Nearest => samples.round_ties_even() as usize,
            };
            work.median.medians(&baseline, width | 1, &mut work.row);
            std::mem::swap(&mut baseline, &mut work.row);
        }
        for (v, base) in row.iter_mut().zip(&baseline) {
            *v -= base;
        }
    }
}
