//! Stage `splits`: every kept exam into one split, every segment after its exam.
//!
//! Reads the records and the segment table; writes `meta_split.csv` in the records' order and `segmented_split.csv` in
//! the segments' (see [`ecgfm_artifacts::splits`]). The same records, parameters and seed give the same splits.

mod assign;
mod error;
mod folds;
mod fractions;
mod params;
mod records;
mod segments;
mod shuffle;
mod stage;

pub use error::{Error, Result};
pub use params::{Fold, OutOfPeriod, Params, Strategy};
pub use stage::run;
