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
    let names = runs.iter().map(|run| run.name.clone());
    let surround = Surround {
        typeface,
        width: choice.width,
        legend: names.filter(|_| runs.len() > 1).collect(),
        notices: foot_notices(runs),
    };
    let mut set = FigureSet {
        figures: Vec::new(),
        left_out: Vec::new(),
    };
    drawn.draw_flow(&surround, &mut set);
    drawn.draw_curves(&surround, &mut set);
    drawn.draw_calibration(&surround, &mut set);
    drawn.draw_decision(&surround, &mut set);
    drawn.draw_forest(&surround, &mut set);
    drawn.draw_subgroups(&surround, &mut set);
    Ok(set)
}

/// First sentences of notices; with the name of a run where it is not a notice of all.
fn foot_notices(runs: &[NamedMetrics]) -> Vec<String> {
    let first = |run: &NamedMetrics| {
        run.metrics
            .notice
            .as_deref()
            .map(first_sentence)
            .map(str::to_owned)
    };
    let notices: Vec<Option<String>> = runs.iter().map(first).collect();
    match notices.windows(2).all(|pair| pair[0] == pair[1]) {
        true => notices.into_iter().take(1).flatten().collect(),
        false => {
            let named = runs.iter().zip(notices);
            named
                .filter_map(|(run, notice)| notice.map(|notice| format!("{}: {notice}", run.name)))
                .collect()
        }
    }
}
