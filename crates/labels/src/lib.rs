//! Stage `labels`: the truth of every kept exam, its counts and the weights for training.
//!
//! Reads the records; writes `labels.csv`, `label_def.csv`, `y.npy`, `pos_weight.txt` (see
//! [`ecgfm_artifacts::labels`]). Counts per split appear in `label_def.csv` where splits are given; positive weights
//! are then those of the split named `train`, otherwise those of all exams. As in the Python scripts, splits are in the
//! order of their names, and `all` counts the exams that are in a split, where splits are given.
//!
//! The truth is in one column a label, or is made of one column of codes, of SCP-ECG statements or of text, by one rule or by one
//! for each source of the records: [`TruthReader`].

mod cells;
mod codes;
mod error;
mod exam_groups;
mod label_table;
mod leftovers;
mod origin;
mod outputs;
mod params;
mod reports;
mod scp_statements;
mod stage;
mod truth_reader;

pub use error::{Error, Result};
pub use params::{Negation, Params, TruthOrigin, Uncertain};
pub use stage::run;
pub use truth_reader::TruthReader;

#[cfg(test)]
mod tests;
