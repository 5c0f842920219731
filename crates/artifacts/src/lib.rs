//! The files that stages hand to each other.
//!
//! Every arrow of the pipeline is a file defined here once: its columns, its writer and its reader side by side.
//! Stages know these artifacts and never each other. Rows carry their key all the way: `idx` (the exam's row
//! number in the raw table) and `segment` (file stem of the recording plus `_i`), so nothing is joined by position.
//!
//! | artifact | module | files |
//! |---|---|---|
//! | records | [`records`] | `meta.csv` |
//! | rejected exams | [`rejected`] | `rejected.csv` |
//! | doubts about kept exams | [`quality`] | `quality.csv` |
//! | segment store | [`segments`], [`store`] | `segmented.csv`, `segments/` or `org/ preprocessed/ segmented/` |
//! | labels | [`labels`] | `labels.csv`, `label_def.csv`, `y.npy`, `pos_weight.txt` |
//! | splits | [`splits`] | `meta_split.csv`, `segmented_split.csv` |
//! | manifests | [`manifests`] | `<subset>.tsv`, `index.csv` |
//! | logits | [`logits`] | `outputs_<subset>.npy`, `_header.pkl`, `_index.csv` |
//! | predictions | [`predictions`] | `predictions.csv`, `.parquet`, `mapped.csv`, `ecg.csv` |
//! | evaluation | [`evaluation`] | `comparison.csv`, `tutorial_table.csv`, `metrics.csv`, `metrics.json` |
//! | a reader's verdicts | [`review`] | `review.csv` |
//!
//! The crates below are re-exported, so that a stage needs one arrow only.

pub use ecgfm_formats as formats;
pub use ecgfm_recipe as recipe;
pub use ecgfm_recordings as recordings;
pub use ecgfm_stage as stage;
pub use ecgfm_stage_params as stage_params;

pub mod atomic;
pub mod chunks;
pub mod columns;
mod error;
pub mod evaluation;
pub mod extra_outputs;
mod json;
pub mod key;
pub mod labels;
pub mod labelset;
pub mod logits;
pub mod manifests;
pub mod notices;
pub mod pandas;
pub mod parallel;
pub mod predictions;
pub mod presence;
pub mod quality;
pub mod records;
pub mod rejected;
pub mod review;
pub mod segments;
pub mod splits;
pub mod store;
pub mod table;

pub use error::{Error, Result};
