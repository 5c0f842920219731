//! Filters of zero phase with scipy's semantics: design, start, and the way forth and back.

mod coefficients;
mod complex;
mod elimination;
mod fir;
mod initial;
mod lanes;
mod poles;
mod zero_phase;

pub use coefficients::{Fraction, MAX_ORDER, Sections};
pub use fir::{band_pass_taps, low_pass_taps};
pub use poles::Band;
pub use zero_phase::ZeroPhase;
