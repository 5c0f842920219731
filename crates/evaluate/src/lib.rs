//! From logits to figures: the stages predict and evaluate.
//!
//! - [`predict`]: logits → probabilities, labels, mapped labels; segments pooled into ECGs.
//! - [`evaluate`]: predictions and truth, joined by key → metrics.
//! - [`panel`]: evaluations of several models → one table, and the differences of every pair.
//! - [`difference`]: two evaluations of the same ECGs → what changed, with intervals.
//!
//! The statistics themselves are in [`metrics`], on plain slices.

mod averages;
mod by_number;
mod by_unit;
mod challenge;
mod clusters;
mod curves;
pub mod difference;
mod ecgs;
mod error;
mod estimate;
pub mod evaluate;
mod evaluations;
mod examples;
mod flow;
mod intervals;
mod known;
mod label_sets;
mod label_text;
mod logit_survey;
pub mod metrics;
pub mod panel;
pub mod predict;
mod predicted_rows;
mod predicted_tables;
mod probabilities;
mod reader;
mod resampled;
mod returns;
mod same_labels;
mod score;
mod scored_rows;
mod scoring;
mod settings;
mod sigmoid;
mod subgroup_scores;
mod subgroups;
mod tables;
mod thresholds;
mod tripod;
mod truth;
mod tutorial;

pub use error::{Error, Result};
pub use sigmoid::sigmoid;
