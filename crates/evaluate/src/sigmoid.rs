//! From a logit to a probability.

/// The logistic function 1 / (1 + e^−x) of a float32 logit, evaluated in float32.
///
/// PyTorch evaluates the same way, so most results are equal to the last bit and the rest differ there only.
/// Below about −88.7 the result is 0: e^−x is beyond float32.
///
/// ```
/// assert_eq!(ecgfm_evaluate::sigmoid(0.0), 0.5);
/// assert_eq!(ecgfm_evaluate::sigmoid(-1000.0), 0.0);
/// ```
pub fn sigmoid(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tails_end_at_zero_and_one() {
        assert_eq!(sigmoid(f32::MAX), 1.0);
        assert_eq!(sigmoid(f32::MIN), 0.0);
        assert!(sigmoid(-80.0) > 0.0);
    }

    proptest::proptest! {
        #[test]
        fn sigmoid_is_a_probability_and_odd_about_a_half(x in -60.0f32..60.0) {
            let (p, q) = (sigmoid(x), sigmoid(-x));
            proptest::prop_assert!((0.0..=1.0).contains(&p));
            proptest::prop_assert!((p + q - 1.0).abs() <= 2.0 * f32::EPSILON);
        }
    }
}
