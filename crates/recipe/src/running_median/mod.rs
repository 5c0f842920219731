//! Running median of an odd number of samples, zeros beyond both ends: `scipy.signal.medfilt` of one lead.
//!
//! A lead is cut into stretches, eight at a time, that are gone through side by side, a lane each. The values of a stretch are
//! sorted once; a window is then a set of ranks. NaN counts as larger than any number.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod known_ranks;
mod lanes;
mod moving_window;
mod rank_order;
mod sorting_network;

use lanes::{LANES, Lanes};
use rank_order::RankOrders;

/// Values of a stretch, at most if windows are short: few enough for their ranks to be near each other.
const STRETCH: usize = 1024;

/// Buffers of a running median, to be used again for lead after lead.
#[derive(Debug, Clone, Default)]
pub struct RunningMedian {
    padded: Vec<f64>,
    orders: RankOrders,
    /// Ranks of the medians of each stretch.
    ranks: Vec<Lanes>,
}

impl RunningMedian {
    /// Medians of the windows of `width` samples around each value. An even width is taken as one more.
    ///
    /// ```
    /// use ecgfm_recipe::running_median::RunningMedian;
    /// let mut medians = Vec::new();
    /// RunningMedian::default().medians(&[5.0, 1.0, 9.0, 2.0], 3, &mut medians);
    /// assert_eq!(medians, [1.0, 5.0, 2.0, 2.0]); // beyond the ends are zeros
    /// ```
    pub fn medians(&mut self, values: &[f64], width: usize, out: &mut Vec<f64>) {
        self.medians_by(values, width, out, |orders, stretches, width, ranks| {
            #[cfg(target_arch = "x86_64")]
            if avx2::rank_medians(orders, stretches, width, ranks) {
                return;
            }
            rank_medians(orders, stretches, width, ranks);
        });
    }

    /// Medians, of which `rank` finds the ranks.
    fn medians_by(
        &mut self,
        values: &[f64],
        width: usize,
        out: &mut Vec<f64>,
        rank: impl Fn(&mut RankOrders, &[&[f64]; LANES], usize, &mut [Lanes]),
    ) {
        // A window of more zeros than values needs no more of them.
        let half = (width / 2).min(values.len());
        let most = STRETCH.max(8 * half) - 2 * half;
        let rounds = values.len().div_ceil(most * LANES).max(1);
        let medians = values.len().div_ceil(LANES * rounds).max(1);
        let made = rounds * LANES * medians;
        self.padded.clear();
        self.padded.resize(half, 0.0);
        self.padded.extend_from_slice(values);
        self.padded.resize(half + made + half, 0.0);
        self.ranks.resize(medians, Lanes::default());
        out.resize(made, 0.0);
        for (round, out) in out.chunks_exact_mut(LANES * medians).enumerate() {
            let starts = |lane: usize| (round * LANES + lane) * medians;
            let stretches =
                std::array::from_fn(|lane| &self.padded[starts(lane)..starts(lane + 1) + 2 * half]);
            rank(&mut self.orders, &stretches, 2 * half + 1, &mut self.ranks);
            for (lane, out) in out.chunks_exact_mut(medians).enumerate() {
                let sorted = &self.orders.sorted[lane][..];
                for (out, ranks) in out.iter_mut().zip(&self.ranks) {
                    *out = sorted[ranks.0[lane] as usize];
                }
            }
        }
        out.truncate(values.len());
    }
}

/// Sorts the stretches and finds the ranks of the medians of all windows of `width`, on any processor.
fn rank_medians(orders: &mut RankOrders, stretches: &[&[f64]; LANES], width: usize, ranks: &mut [Lanes]) {
    orders.sort(stretches, lanes::exchange);
    moving_window::find_medians(orders, width, ranks, known_ranks::advance, known_ranks::members);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn by_sorting(values: &[f64], width: usize) -> Vec<f64> {
        let half = (width / 2) as isize;
        let at = |i: isize| usize::try_from(i).ok().and_then(|i| values.get(i)).copied();
        let median = |i: isize| {
            let mut window: Vec<f64> = (i - half..=i + half).map(|k| at(k).unwrap_or(0.0)).collect();
            window.sort_unstable_by(f64::total_cmp);
            window[half as usize]
        };
        (0..values.len() as isize).map(median).collect()
    }

    fn on_any_processor(values: &[f64], width: usize) -> Vec<f64> {
        let mut out = Vec::new();
        RunningMedian::default().medians_by(values, width, &mut out, rank_medians);
        out
    }

    proptest! {
        #[test]
        fn medians_are_those_of_sorted_windows(
            values in prop::collection::vec(prop_oneof![-1.0..1.0, Just(0.25), -1e9..1e9, Just(-0.0)], 0..400),
            half in 0usize..60,
        ) {
            let mut out = Vec::new();
            RunningMedian::default().medians(&values, 2 * half + 1, &mut out);
            prop_assert_eq!(&out, &by_sorting(&values, 2 * half + 1));
            prop_assert_eq!(&out, &on_any_processor(&values, 2 * half + 1));
        }

        #[test]
        fn medians_of_long_leads_are_those_of_sorted_windows(
            seed in 1u32.., samples in 1usize..30_000, half in 0usize..120, levels in 1u32..3000, far in prop::bool::ANY,
        ) {
            let mut state = seed;
            let mut values: Vec<f64> = (0..samples).map(|i| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                f64::from((state >> 8) % levels) + 300.0 * (i as f64 * 0.01).sin()
            }).collect();
            if far {
                // All others have one key.
                values[samples / 2] = 1e300;
            }
            let mut out = Vec::new();
            RunningMedian::default().medians(&values, 2 * half + 1, &mut out);
            prop_assert_eq!(&out, &on_any_processor(&values, 2 * half + 1));
            for at in (0..samples).step_by(1 + samples / 40) {
                let (start, end) = (at.saturating_sub(half), (at + half + 1).min(samples));
                let mut window = vec![0.0; 2 * half + 1 - (end - start)];
                window.extend_from_slice(&values[start..end]);
                window.sort_unstable_by(f64::total_cmp);
                prop_assert_eq!(out[at], window[half]);
            }
        }

        #[test]
        fn buffers_that_were_used_change_nothing(seed in 0u32..1000) {
            let wave = |k: u32| (0..700).map(|i| (f64::from(i * (seed + k)) * 0.01).sin()).collect::<Vec<_>>();
            let (mut used, mut out, mut again) = (RunningMedian::default(), Vec::new(), Vec::new());
            used.medians(&wave(3), 51, &mut out);
            used.medians(&wave(5), 201, &mut again);
            RunningMedian::default().medians(&wave(5), 201, &mut out);
            prop_assert_eq!(out, again);
        }
    }

    #[test]
    fn constants_and_values_that_are_no_numbers_end() {
        let mut out = Vec::new();
        RunningMedian::default().medians(&[2.5; 50], 11, &mut out);
        assert_eq!(out[10..40], [2.5; 30]);
        RunningMedian::default().medians(&[f64::NAN, 1.0, f64::INFINITY, 2.0, f64::NAN], 3, &mut out);
        assert_eq!(out[1..4], [f64::INFINITY, 2.0, f64::INFINITY]);
    }

    #[test]
    fn windows_longer_than_the_lead_hold_mostly_zeros() {
        let values: Vec<f64> = (1..=9000).map(f64::from).collect();
        for half in [4499, 4500, 8999, 9000, usize::MAX / 4] {
            let mut out = Vec::new();
            RunningMedian::default().medians(&values, 2 * half + 1, &mut out);
            let zeros = |at: usize| (2 * half + 1) - ((at + half + 1).min(9000) - at.saturating_sub(half));
            for at in [0usize, 1, 4498, 4500, 8999] {
                let first = at.saturating_sub(half) as f64 + 1.0;
                let wanted = if zeros(at) > half {
                    0.0
                } else {
                    first + (half - zeros(at)) as f64
                };
                assert_eq!(out[at], wanted, "{half} {at}");
            }
        }
    }
}
