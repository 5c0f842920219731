//! The statistics, on plain slices: no files, no tables, no names.
//!
//! A statistic that its counts do not define (no positives, nothing predicted positive, …) is `None`, never 0 and
//! never NaN.
//!
//! They do not use polars: a resample is one pass over rows that were ranked once, 128 resamples at a time, where a table's operations
//! would gather and sort the rows of every resample anew; and a formula on slices can be held against its definition.

pub mod bootstrap;
pub mod challenge;
mod cluster_errors;
pub mod cluster_sums;
mod draws;
pub mod histogram;
pub mod interval;
mod label_rows;
mod lane_weights;
mod large_buffer;
pub mod multilabel;
mod part_sums;
mod prefetch;
pub mod probability;
mod ranked_rows;
pub mod ranking;
pub mod row_parts;
mod sort_descending;
pub mod threshold;

pub use ecgfm_artifacts::evaluation::ConfusionMatrix;
pub use interval::Interval;
pub use label_rows::LabelRows;
pub use ranking::Ranking;
