//! Cutting a recording into segments of equal length, without overlap; what is left at the end is dropped.

use std::ops::Range;

/// Number of whole segments of `length` samples in `n` samples; none of length 0.
///
/// ```
/// assert_eq!(ecgfm_recipe::segment::count(5120, 2500), 2);
/// ```
pub fn count(n: usize, length: usize) -> usize {
    n.checked_div(length).unwrap_or(0)
}

/// Samples of each segment, in order.
///
/// ```
/// let cuts: Vec<_> = ecgfm_recipe::segment::ranges(7, 3).collect();
/// assert_eq!(cuts, [0..3, 3..6]);
/// ```
pub fn ranges(n: usize, length: usize) -> impl ExactSizeIterator<Item = Range<usize>> {
    (0..count(n, length)).map(move |i| i * length..(i + 1) * length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn segments_follow_each_other_and_leave_less_than_one_over(n in 0usize..10_000, length in 0usize..3000) {
            let cuts: Vec<_> = ranges(n, length).collect();
            let mut end = 0;
            for cut in &cuts {
                prop_assert_eq!((cut.start, cut.len()), (end, length));
                end = cut.end;
            }
            prop_assert!(end <= n && (length == 0 || n - end < length));
        }
    }
}
