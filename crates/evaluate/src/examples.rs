//! The ECGs that the model was surest about, right and wrong.

use crate::scored_rows::ScoredRows;
use ecgfm_artifacts::columns::SAVE_FILE;
use ecgfm_artifacts::evaluation::exceeds;
use ecgfm_artifacts::evaluation::{DecisionOutcome, Example, PairUsed};
use rayon::prelude::*;

/// `count` ECGs a label and kind of decision, the surest first; equally sure ones by idx.
pub(crate) fn choose_examples(
    rows: &ScoredRows,
    pairs: &[PairUsed],
    thresholds: &[f64],
    count: usize,
) -> Vec<Example> {
    let idx: Vec<i64> = rows.idx().collect();
    let files = rows
        .keys
        .column(SAVE_FILE)
        .and_then(|column| column.str().cloned())
        .ok();
    let of_label = |(at, pair): (usize, &PairUsed)| {
        let mut all = Vec::new();
        let (truth, scores) = (&rows.truth[at], &rows.scores[at]);
        for verdict in DecisionOutcome::ALL {
            let unknown = |row: usize| rows.unknown[at].binary_search(&(row as u32)).is_ok();
            let of = |row: &usize| {
                verdict == self::decision_outcome(truth[*row], exceeds(scores[*row], thresholds[at]))
                    && !unknown(*row)
            };
            let mut found: Vec<usize> = (0..rows.len()).filter(of).collect();
            let predicted = matches!(
                verdict,
                DecisionOutcome::TruePositive | DecisionOutcome::FalsePositive
            );
            let surest = |&a: &usize, &b: &usize| {
                let by_score = scores[a].total_cmp(&scores[b]);
                let surest = if predicted { by_score.reverse() } else { by_score };
                surest.then(idx[a].cmp(&idx[b]))
            };
            if count < found.len() {
                found.select_nth_unstable_by(count, surest);
                found.truncate(count);
            }
            found.sort_by(surest);
            all.extend(found.iter().enumerate().map(|(rank, &row)| {
                Example {
                    label: pair.to.clone(),
                    verdict,
                    rank: rank as u64 + 1,
                    idx: idx[row],
                    save_file: files
                        .as_ref()
                        .and_then(|f| f.get(row))
                        .unwrap_or_default()
                        .to_owned(),
                    probability: scores[row],
                }
            }));
        }
        all
    };
    pairs.par_iter().enumerate().flat_map_iter(of_label).collect()
}

fn decision_outcome(truth: bool, decided: bool) -> DecisionOutcome {
    match (truth, decided) {
        (true, true) => DecisionOutcome::TruePositive,
        (false, true) => DecisionOutcome::FalsePositive,
        (true, false) => DecisionOutcome::FalseNegative,
        (false, false) => DecisionOutcome::TrueNegative,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::df;

    #[test]
    fn the_surest_of_each_kind_come_first_and_ties_by_idx() {
        let rows = ScoredRows {
            keys: df!("idx" => [9i64, 5, 7, 1], SAVE_FILE => ["i", "e", "g", "a"]).unwrap(),
            truth: vec![vec![true, true, false, true]],
            unknown: vec![vec![]],
            scores: vec![vec![0.9, 0.9, 0.2, 0.1]],
            without_truth: 0,
        };
        let pair = PairUsed {
            from: "AF".into(),
            to: "AF".into(),
            title: String::new(),
            pool: vec![],
        };
        let found = choose_examples(&rows, &[pair], &[0.5], 1);
        let told: Vec<(&str, i64, &str)> = found
            .iter()
            .map(|e| (e.verdict.name(), e.idx, e.save_file.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("true_positive", 5, "e"),
                ("false_negative", 1, "a"),
                ("true_negative", 7, "g")
            ]
        );
    }
}
