//! What a network says of its tokens, laid over the signal they came from.

/// Values at every one of `samples` samples from values at tokens.
///
/// Token `t` is read from `width` samples that begin at sample `t · stride`; its value is that of their middle. Between
/// two middles values are interpolated linearly; before the first and after the last they stay. Without tokens there is
/// nothing to lay out and every value is 0. For ECG-FM, four convolutions of kernel 2 and stride 2, both are 16.
///
/// ```
/// let laid = ecgfm_recipe::saliency::at_samples(&[0.0, 1.0], 4, 4, 8);
/// assert_eq!(laid, [0.0, 0.0, 0.125, 0.375, 0.625, 0.875, 1.0, 1.0]);
/// ```
pub fn at_samples(tokens: &[f32], stride: usize, width: usize, samples: usize) -> Vec<f32> {
    let Some(last) = tokens.len().checked_sub(1) else {
        return vec![0.0; samples];
    };
    let middle = (width as f64 - 1.0) / 2.0;
    let at = |sample: usize| {
        let place = ((sample as f64 - middle) / stride.max(1) as f64).clamp(0.0, last as f64);
        let low = place as usize;
        let (a, b) = (f64::from(tokens[low]), f64::from(tokens[(low + 1).min(last)]));
        (a + (b - a) * (place - low as f64)) as f32
    };
    (0..samples).map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_token_has_its_value_at_its_middle_and_nothing_is_beyond_the_extremes(
            tokens in prop::collection::vec(0f32..1.0, 1..40), odd in 0usize..9,
        ) {
            let width = 2 * odd + 1;
            let samples = tokens.len() * width + 5;
            let laid = at_samples(&tokens, width, width, samples);
            for (t, value) in tokens.iter().enumerate() {
                prop_assert!((laid[t * width + odd] - value).abs() < 1e-6);
            }
            let (low, high) = tokens.iter().fold((1f32, 0f32), |(l, h), v| (l.min(*v), h.max(*v)));
            prop_assert!(laid.iter().all(|v| (low..=high).contains(v)));
        }

        #[test]
        fn a_constant_stays_one(value in 0f32..1.0, n in 1usize..20, stride in 1usize..20, samples in 0usize..300) {
            prop_assert!(at_samples(&vec![value; n], stride, stride + 3, samples).iter().all(|v| *v == value));
        }
    }

    #[test]
    fn without_tokens_there_is_nothing() {
        assert_eq!(at_samples(&[], 16, 16, 3), [0.0; 3]);
    }
}
