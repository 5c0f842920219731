//! Probabilities, decisions and pooling, as expressions of polars.

use crate::sigmoid::sigmoid;
use ecgfm_artifacts::labelset::{Combination, LabelPair};
use ecgfm_artifacts::stage_params::Returns;
use polars::lazy::dsl::max_horizontal;
use polars::prelude::*;

/// Computes the probability behind a value that the model returned: the sigmoid of a logit, or the value itself, held within 0
/// and 1.
pub(crate) fn value_to_probability(returns: Returns) -> fn(f32) -> f32 {
    match returns {
        Returns::Logits => sigmoid,
        Returns::Probabilities => |p: f32| p.clamp(0.0, 1.0),
    }
}

/// True where a float32 probability is above a threshold, as [`exceeds`](ecgfm_artifacts::evaluation::exceeds) has it.
pub(crate) fn is_above(probability: Expr, threshold: f64) -> Expr {
    // Polars orders NaN above all numbers; here nothing is above or below it.
    let is_number = probability.clone().is_not_nan();
    probability.gt(lit(threshold as f32)).and(is_number)
}

/// The probability of a mapped label, out of those of the model's labels that stand for it; their columns have their names.
pub(crate) fn combine_labels(pair: &LabelPair) -> Expr {
    let columns: Vec<Expr> = pair.from.names().iter().map(|name| col(name.as_str())).collect();
    match (pair.how, &columns[..]) {
        (_, [only]) => only.clone(),
        (Combination::Max, _) => {
            max_horizontal(&columns).unwrap_or_else(|_| lit(NULL).cast(DataType::Float32))
        }
        (Combination::Any, _) => {
            let none = columns
                .into_iter()
                .map(complement)
                .fold(lit(1.0), |product, factor| product * factor);
            (lit(1.0) - none).cast(DataType::Float32)
        }
    }
}

/// The probability, in float64, that a label does not hold.
fn complement(probability: Expr) -> Expr {
    lit(1.0) - probability.cast(DataType::Float64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ecgfm_artifacts::evaluation::exceeds;
    use ecgfm_artifacts::labelset::LabelSource;
    use proptest::prelude::*;

    /// The values of an expression on a frame, bit by bit.
    fn bits(frame: &DataFrame, expression: Expr) -> Vec<u32> {
        let frame = frame.clone().lazy().select([expression.alias("out")]);
        let frame = frame.collect().unwrap();
        let values = frame.column("out").unwrap().f32().unwrap().clone();
        values.into_no_null_iter().map(f32::to_bits).collect()
    }

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
                prop_assert_eq!(bits(&frame, combine_labels(&pair)), expected);
            }
        }

        #[test]
        fn a_column_is_decided_as_single_probabilities_are(
            scores in prop::collection::vec(prop_oneof![0.0f32..=1.0, Just(f32::NAN), Just(0.3)], 1..40),
            threshold in prop_oneof![0.0f64..1.0, Just(0.3)],
        ) {
            let frame = df!("p" => &scores).unwrap().lazy().select([is_above(col("p"), threshold)]).collect().unwrap();
            let decided: Vec<bool> = frame.column("p").unwrap().bool().unwrap().iter().flatten().collect();
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
