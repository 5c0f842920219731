//! Charts as SVG, written by hand: text stays text, colours follow the reader's theme, and every chart says in
//! words what it shows.

mod calibration;
mod chart;
mod curve;
mod decision;
mod flow;
mod forest;
mod forest_parts;
mod forest_rows;
mod histogram;
mod narrow_forest;
mod page_forest;
mod plane;
mod shape;

pub(crate) use calibration::{CALIBRATION_AXES, draw_calibration, plot_calibration};
pub(crate) use chart::{Chart, STYLE, first_sentence};
pub(crate) use curve::{Curve, ReferenceLine, draw_curves, plot_curves};
pub(crate) use decision::{DECISION_AXES, NetBenefit, draw_decision_curve, plot_decision_curves};
pub(crate) use flow::{FlowBox, FlowFrame, FlowLetters, FlowStage, draw_flow, plot_flow};
pub(crate) use forest::{ForestFrame, forest_height, group_height, plot_forest};
pub(crate) use forest_parts::divide_groups;
pub(crate) use forest_rows::{ForestAxis, ForestGroup, ForestRow};
pub(crate) use histogram::{HistogramBars, draw_histogram};
pub(crate) use page_forest::{PrintedWidth, draw_difference_forest, draw_forest};
pub(crate) use plane::PlaneFrame;
pub(crate) use shape::{Anchor, Place, Role, Series, Shape, path_data};
