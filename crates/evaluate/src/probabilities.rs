//! Probabilities and decisions of labels, column by column.

use crate::error::{Error, Result};
use crate::sigmoid::sigmoid;
use ecgfm_artifacts::evaluation::exceeds;
use ecgfm_artifacts::labelset::LabelPair;
use ecgfm_artifacts::stage_params::Returns;
use polars::prelude::DataFrame;

/// Computes the probability behind a value that the model returned: the sigmoid of a logit, or the value itself, held within 0
/// and 1.
pub(crate) fn value_to_probability(returns: Returns) -> fn(f32) -> f32 {
    match returns {
        Returns::Logits => sigmoid,
        Returns::Probabilities => |p: f32| p.clamp(0.0, 1.0),
    }
}

/// The float32 probabilities of a label, one a row; NaN where there is none.
pub(crate) fn label_probabilities(frame: &DataFrame, label: &str) -> Result<Vec<f32>> {
    let column = frame.column(label).and_then(|column| column.f32());
    let column = column.map_err(Error::table("reading probabilities"))?;
    Ok(column.iter().map(|p| p.unwrap_or(f32::NAN)).collect())
}

/// The probabilities of a mapped label, out of those of the model's labels that stand for it.
pub(crate) fn combine_labels(frame: &DataFrame, pair: &LabelPair) -> Result<Vec<f32>> {
    if let [only] = pair.from.names() {
        return label_probabilities(frame, only);
    }
    let names = pair.from.names().iter();
    let columns: Vec<Vec<f32>> = names
        .map(|name| label_probabilities(frame, name))
        .collect::<Result<_>>()?;
    let of_row = |row: usize| pair.how.combine(columns.iter().map(|column| column[row]));
    Ok((0..frame.height()).map(of_row).collect())
}

/// Whether a label is predicted, of each probability.
pub(crate) fn decide(probabilities: &[f32], threshold: f64) -> Vec<bool> {
    probabilities.iter().map(|&p| exceeds(p, threshold)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ecgfm_artifacts::labelset::{Combination, LabelSource};
    use polars::prelude::df;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn columns_are_combined_as_single_probabilities_are(
            rows in prop::collection::vec((0.0f32..=1.0, 0.0f32..=1.0, 0.0f32..=1.0), 1..40),
        ) {
            let columns = ["a", "b", "c"];
            let frame = df!(
                "a" => rows.iter().map(|r| r.0).collect::<Vec<_>>(),
                "b" => rows.iter().map(|r| r.1).collect::<Vec<_>>(),
                "c" => rows.iter().map(|r| r.2).collect::<Vec<_>>(),
            ).unwrap();
            for how in [Combination::Max, Combination::Any] {
                let from = LabelSource::Many(columns.map(str::to_owned).to_vec());
                let pair = LabelPair { from, how, to: "t".into() };
                let expected: Vec<u32> = rows.iter().map(|r| how.combine([r.0, r.1, r.2].into_iter()).to_bits()).collect();
                let combined = combine_labels(&frame, &pair).unwrap();
                prop_assert_eq!(combined.into_iter().map(f32::to_bits).collect::<Vec<_>>(), expected);
            }
        }

        #[test]
        fn a_column_is_decided_as_single_probabilities_are(
            scores in prop::collection::vec(prop_oneof![0.0f32..=1.0, Just(f32::NAN), Just(0.3)], 1..40),
            threshold in prop_oneof![0.0f64..1.0, Just(0.3)],
        ) {
            let frame = df!("p" => &scores).unwrap();
            let decided = decide(&label_probabilities(&frame, "p").unwrap(), threshold);
            prop_assert_eq!(decided, scores.iter().map(|&p| exceeds(p, threshold)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn values_become_probabilities_by_what_the_model_returned() {
        let of = |returns| [0.0f32, -1000.0, 2.0].map(|value| value_to_probability(returns)(value).to_bits());
        assert_eq!(of(Returns::Logits), [0.5, 0.0, sigmoid(2.0)].map(f32::to_bits));
        assert_eq!(of(Returns::Probabilities), [0.0f32, 0.0, 1.0].map(f32::to_bits));
    }
}
