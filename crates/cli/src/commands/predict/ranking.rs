//! Predictions for people: the labels of the highest probabilities.

use super::results::{EcgPrediction, PredictionResults};
use ecgfm_artifacts::columns::quote_label;

/// Labels that are shown of every ECG, and all above the threshold.
const SHOWN: usize = 3;

/// A label of an ECG.
pub(super) struct RankedLabel<'a> {
    pub(super) name: &'a str,
    pub(super) probability: f64,
    /// True above the threshold.
    pub(super) holds: bool,
}

/// The labels to show of an ECG, by falling probability: a few, and all above the threshold.
pub(super) fn top_labels<'a>(labels: &'a [String], row: &EcgPrediction) -> Vec<RankedLabel<'a>> {
    let pairs = labels.iter().zip(&row.probabilities);
    let mut ranked: Vec<RankedLabel<'a>> = pairs
        .filter_map(|(name, probability)| {
            Some(RankedLabel {
                name,
                probability: probability.parse().ok()?,
                holds: row.holds.contains(name),
            })
        })
        .collect();
    ranked.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    let shown = ranked.iter().enumerate();
    let last = shown
        .filter(|(at, label)| *at < SHOWN || label.holds)
        .map(|(at, _)| at)
        .next_back();
    ranked.truncate(last.map_or(0, |at| at + 1));
    ranked
}

/// Text below a drawing: what the model says of the ECG.
pub(super) fn caption(labels: &[String], row: &EcgPrediction, model: &str) -> String {
    let (above, below): (Vec<_>, Vec<_>) = top_labels(labels, row).into_iter().partition(|label| label.holds);
    let list = |labels: &[RankedLabel<'_>]| {
        let texts = labels
            .iter()
            .map(|label| format!("{} {:.3}", quote_label(label.name), label.probability));
        texts.collect::<Vec<_>>().join(", ")
    };
    let above = match above.as_slice() {
        [] => "no label above its threshold".to_owned(),
        above => format!("above the threshold: {}", list(above)),
    };
    match below.as_slice() {
        [] => format!("{model}: {above}"),
        below => format!("{model}: {above}; below: {}", list(below)),
    }
}

/// Table for a terminal: a line an ECG, with the labels of the highest probabilities in columns.
pub(super) fn table(results: &PredictionResults) -> String {
    let mut lines: Vec<Vec<String>> = Vec::with_capacity(results.rows.len());
    for row in &results.rows {
        let mut cells = vec![row.ecg.clone()];
        cells.extend(top_labels(&results.labels, row).iter().map(|label| {
            let mark = if label.holds { '*' } else { ' ' };
            format!("{:.3}{mark} {}", label.probability, label.name)
        }));
        lines.push(cells);
    }
    let columns = lines.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|cells| cells.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for cells in &lines {
        let padded = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"));
        text.push_str(padded.collect::<Vec<_>>().join("   ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prediction(ecg: &str, probabilities: &[&str], holds: &[&str]) -> EcgPrediction {
        EcgPrediction {
            file: ecg.into(),
            ecg: ecg.to_owned(),
            segments: "2".to_owned(),
            holds: holds.iter().map(|&label| label.to_owned()).collect(),
            probabilities: probabilities.iter().map(|&p| p.to_owned()).collect(),
            facts: None,
        }
    }

    #[test]
    fn every_label_above_the_threshold_is_shown_and_marked() {
        let results = PredictionResults {
            labels: ["AF", "SB", "ST", "RBBB", "LBBB"].map(str::to_owned).to_vec(),
            rows: vec![
                prediction(
                    "E1",
                    &["0.1", "0.9", "0.2", "0.7", "0.6"],
                    &["SB", "RBBB", "LBBB", "ST"],
                ),
                prediction("long", &["0.01", "0.02", "0.03", "0.04", ""], &[]),
            ],
            ..PredictionResults::default()
        };
        assert_eq!(
            table(&results),
            "E1     0.900* SB     0.700* RBBB   0.600* LBBB   0.200* ST\n\
             long   0.040  RBBB   0.030  ST     0.020  SB\n"
        );
        assert_eq!(
            caption(&results.labels, &results.rows[1], "model.ts"),
            "model.ts: no label above its threshold; below: RBBB 0.040, ST 0.030, SB 0.020"
        );
        assert_eq!(
            caption(&results.labels, &results.rows[0], "m"),
            "m: above the threshold: SB 0.900, RBBB 0.700, LBBB 0.600, ST 0.200"
        );
    }
}
