//! The statistics, on plain slices: no files, no tables, no names.
//!
//! A statistic that its counts do not define (no positives, nothing predicted positive, …) is `None`, never 0 and
//! never NaN.

pub mod bootstrap;
pub mod challenge;
mod falling;
pub mod histogram;
pub mod interval;
mod label_rows;
pub mod multilabel;
mod ordered;
pub mod probability;
pub mod ranking;
pub mod threshold;

pub use ecgfm_artifacts::evaluation::ConfusionMatrix;
pub use interval::Interval;
pub use label_rows::LabelRows;
pub use ranking::Ranking;
