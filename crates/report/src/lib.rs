//! The report of a run: one HTML page and its figures, drawn from what evaluation computed.
//!
//! [`report`] is the stage. It computes nothing but where to draw: every number on the page is in
//! `metrics.json`, which the page also carries inside itself, for machines.

mod checks;
mod cohort;
mod error;
mod example_facts;
mod examples;
mod figure;
mod figures;
mod flow;
mod keyed_rows;
mod methods;
pub mod model_segments;
mod operating_points;
mod page;
mod panel;
pub mod paper;
mod params;
pub mod print_figure;
pub mod published_table;
pub mod published_text;
mod reader;
pub mod report;
mod results;
mod run_card;
pub mod saliency_overlay;
pub mod sensitivity;
mod subgroup_figures;
mod svg;
mod tables;
mod text;

pub use error::{Error, Result};
pub use methods::pooling_sentence;
