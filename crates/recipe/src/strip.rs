//! Dropping the zero padding that CODE-15 adds to fill its fixed length.

use crate::sample::Sample;
use std::ops::Range;

/// Range of samples that is left of `samples` (sample-major, `leads` values a sample) without the leading and trailing
/// samples in which every lead is 0. A recording of nothing but zeros is kept whole, as the Python scripts do: whoever
/// does not want it must ask for that. NaN is not 0. Values beyond the last whole sample are not looked at.
///
/// ```
/// use ecgfm_recipe::strip::strip;
/// assert_eq!(strip(&[0f32, 0.0, 0.0, 1.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0], 2), 1..4);
/// assert_eq!(strip(&[0f64; 6], 2), 0..3);
/// ```
pub fn strip<S: Sample>(samples: &[S], leads: usize) -> Range<usize> {
    let leads = leads.max(1);
    let whole = samples.len() / leads;
    let samples = &samples[..whole * leads];
    match (first_nonzero(samples), last_nonzero(samples)) {
        (Some(first), Some(last)) => first / leads..last / leads + 1,
        _ => 0..whole,
    }
}

/// Values that are looked at together: zeros, of which there may be thousands, are passed over a register at a time.
const RUN: usize = 64;

/// NaN is not 0: it has bits besides the sign.
fn is_zero<S: Sample>(run: &[S; RUN]) -> bool {
    let mut bits = S::Bits::default();
    run.iter().for_each(|v| bits |= v.to_bits());
    S::are_zero(bits)
}

fn first_nonzero<S: Sample>(values: &[S]) -> Option<usize> {
    let (runs, _) = values.as_chunks::<RUN>();
    let zeros = runs.iter().take_while(|run| is_zero(run)).count() * RUN;
    Some(zeros + values[zeros..].iter().position(|v| *v != S::default())?)
}

fn last_nonzero<S: Sample>(values: &[S]) -> Option<usize> {
    let (_, runs) = values.as_rchunks::<RUN>();
    let zeros = runs.iter().rev().take_while(|run| is_zero(run)).count() * RUN;
    values[..values.len() - zeros]
        .iter()
        .rposition(|v| *v != S::default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn negative_zero_is_padding_and_nan_is_not() {
        assert_eq!(strip(&[-0.0, 0.0, f32::NAN, 0.0, 0.0, -0.0], 2), 1..2);
    }

    #[test]
    fn no_sample_and_no_lead_are_no_trouble() {
        assert_eq!(strip::<f32>(&[], 12), 0..0);
        assert_eq!(strip(&[1f32], 0), 0..1);
        assert_eq!(strip(&[1f64], 12), 0..0);
    }

    proptest! {
        #[test]
        fn what_is_left_starts_and_ends_with_signal_and_is_not_stripped_again(
            cells in prop::collection::vec(prop_oneof![3 => Just(0f32), 1 => -1f32..1.0], 0..120),
            leads in 1usize..13,
        ) {
            let range = strip(&cells, leads);
            let left = &cells[range.start * leads..range.end * leads];
            let again = strip(left, leads);
            prop_assert_eq!(again, 0..range.len());
            let wide: Vec<f64> = cells.iter().map(|v| f64::from(*v)).collect();
            prop_assert_eq!(strip(&wide, leads), range.clone());
            if left.iter().any(|v| *v != 0.0) {
                prop_assert!(left[..leads].iter().any(|v| *v != 0.0));
                prop_assert!(left[left.len() - leads..].iter().any(|v| *v != 0.0));
                prop_assert!(cells[..range.start * leads].iter().all(|v| *v == 0.0));
                let whole = cells.len() / leads * leads;
                prop_assert!(cells[range.end * leads..whole].iter().all(|v| *v == 0.0));
            }
        }
    }
}
