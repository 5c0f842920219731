//! Charts as SVG, written by hand: text stays text, colours follow the reader's theme, and every chart says in
//! words what it shows.

mod calibration;
mod chart;
mod curve;
mod decision;
mod flow;
mod forest;
mod histogram;
mod plane;

pub(crate) use calibration::draw_calibration;
pub(crate) use chart::{Chart, STYLE};
pub(crate) use curve::{Curve, ReferenceLine, draw_curves};
pub(crate) use decision::{NetBenefit, draw_decision_curve};
pub(crate) use flow::{FlowBox, FlowStage, draw_flow};
pub(crate) use forest::{ForestGroup, ForestRow, draw_difference_forest, draw_forest};
pub(crate) use histogram::{HistogramBars, draw_histogram};
