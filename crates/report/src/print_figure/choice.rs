//! Which figures runs have.

use super::drawn_runs::DrawnRuns;
use super::error::PrintError;
use super::figure::{FigureChoice, FigureSet};
use super::layout::Surround;
use super::typeface::Typeface;
use crate::published_table::NamedMetrics;
use crate::svg::first_sentence;

/// Every figure that the runs have.
pub(super) fn draw_all(
    typeface: &Typeface,
    runs: &[NamedMetrics],
    choice: &FigureChoice,
) -> Result<FigureSet, PrintError> {
    let drawn = DrawnRuns::of(runs, &choice.labels)?;
    let mut notices: Vec<String> = (runs.iter())
        .filter_map(|run| run.metrics.notice.as_deref())
        .map(|notice| first_sentence(notice).to_owned())
        .collect();
    notices.dedup();
    let names = runs.iter().map(|run| run.name.clone());
    let surround = Surround {
        typeface,
        width: choice.width,
        legend: names.filter(|_| runs.len() > 1).collect(),
        notices,
    };
    let mut set = FigureSet {
        figures: Vec::new(),
        left_out: Vec::new(),
    };
    drawn.draw_curves(&surround, &mut set);
    drawn.draw_calibration(&surround, &mut set);
    drawn.draw_decision(&surround, &mut set);
    drawn.draw_forest(&surround, &mut set);
    drawn.draw_subgroups(&surround, &mut set);
    Ok(set)
}
