//! From logits to figures: the stages predict and evaluate.
//!
//! - [`predict`]: logits → probabilities, labels, mapped labels; segments pooled into ECGs.
//! - [`evaluate`]: predictions and truth, joined by key → metrics.
//!
//! The statistics themselves are in [`metrics`], on plain slices.

mod clusters;
mod compare;
mod error;
pub mod evaluate;
mod flow;
mod groups;
pub mod metrics;
mod named;
pub mod predict;
mod score;
mod settings;
mod sigmoid;
mod tutorial;

pub use error::{Error, Result};
pub use sigmoid::{above, sigmoid};
