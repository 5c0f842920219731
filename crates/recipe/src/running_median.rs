//! Running median of an odd number of samples, zeros beyond both ends: `scipy.signal.medfilt` of one lead.
//!
//! Values fall into buckets of equal width over the middle of the lead's range. As the window moves on, one value enters its
//! bucket and one leaves; the bucket that holds the median moves to a neighbour at most, most of the time. A bucket with one
//! value gives it away as the exclusive or of the values it holds; only of a bucket with more is the window searched. NaN
//! counts as larger than any number.

use std::cmp::Ordering;

/// Buckets; the first and the last take what is beyond the middle of the range. A power of two.
const BUCKETS: usize = 8192;
const WORD: usize = 64;

/// Buffers of a running median, to be used again for lead after lead.
#[derive(Debug, Clone, Default)]
pub struct RunningMedian {
    padded: Vec<f64>,
    places: Vec<u16>,
    sorted: Vec<f64>,
    buckets: Buckets,
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
        out.clear();
        let half = width / 2;
        self.pad(values, half);
        self.place(values);
        self.buckets.clear();
        let width = 2 * half + 1;
        for (v, place) in self.padded.iter().zip(&self.places).take(width) {
            self.buckets.add(*v, *place);
        }
        let mut known = Known::default();
        for i in 0..values.len() {
            if i > 0 {
                let (old, new) = (i - 1, i + width - 1);
                self.buckets.remove(self.padded[old], self.places[old]);
                self.buckets.add(self.padded[new], self.places[new]);
                known.forget_if_in([self.places[old], self.places[new]]);
            }
            self.buckets.find(half);
            let window = i..i + width;
            let (values, places) = (&self.padded[window.clone()], &self.places[window]);
            out.push(
                self.buckets
                    .value(values, places, half, &mut known, &mut self.sorted),
            );
        }
    }

    fn pad(&mut self, values: &[f64], half: usize) {
        self.padded.clear();
        self.padded.resize(half, 0.0);
        self.padded.extend_from_slice(values);
        self.padded.resize(half + values.len() + half, 0.0);
    }

    /// Finds the bucket of every value.
    fn place(&mut self, values: &[f64]) {
        let (low, scale) = self.middle(values);
        let top = (BUCKETS - 1) as f64;
        let place = |v: &f64| {
            let at = (v - low) * scale + 1.0;
            // A bucket that is beyond the last for what is no number.
            let at = if at.is_nan() { top } else { at.clamp(0.0, top) };
            at as u16
        };
        self.places.clear();
        self.places.extend(self.padded.iter().map(place));
    }

    /// Lower end of the middle of the range, and buckets per unit, from some of the values.
    fn middle(&mut self, values: &[f64]) -> (f64, f64) {
        self.sorted.clear();
        let some = values.iter().step_by(values.len().div_ceil(96).max(1));
        self.sorted.extend(some.filter(|v| v.is_finite()));
        self.sorted.sort_unstable_by(f64::total_cmp);
        let last = self.sorted.len().saturating_sub(1);
        let at = |share: f64| self.sorted.get((last as f64 * share) as usize).copied();
        let (low, high) = (at(0.04).unwrap_or(0.0), at(0.96).unwrap_or(0.0));
        let scale = (BUCKETS - 2) as f64 / (high - low);
        (low, if scale.is_finite() { scale } else { 0.0 })
    }
}

/// The last median, while the bucket that held it stays as it is.
#[derive(Debug, Default)]
struct Known {
    at: Option<(usize, usize)>,
    value: f64,
}

impl Known {
    fn forget_if_in(&mut self, places: [u16; 2]) {
        if self
            .at
            .is_some_and(|(bucket, _)| places.contains(&(bucket as u16)))
        {
            self.at = None;
        }
    }
}

/// The values of a window by bucket.
#[derive(Debug, Clone)]
struct Buckets {
    counts: Box<[u16; BUCKETS]>,
    /// Exclusive or of the bits of the values in each bucket.
    mixed: Box<[u64; BUCKETS]>,
    /// A bit for every bucket that is not empty.
    occupied: Box<[u64; BUCKETS / WORD]>,
    /// The bucket that holds the median, once found.
    median: usize,
    /// Values in the buckets before it.
    below: usize,
}

impl Default for Buckets {
    fn default() -> Self {
        Self {
            counts: Box::new([0; BUCKETS]),
            mixed: Box::new([0; BUCKETS]),
            occupied: Box::new([0; BUCKETS / WORD]),
            median: 0,
            below: 0,
        }
    }
}

impl Buckets {
    fn clear(&mut self) {
        self.counts.fill(0);
        self.mixed.fill(0);
        self.occupied.fill(0);
        (self.median, self.below) = (0, 0);
    }

    #[inline(always)]
    fn add(&mut self, value: f64, place: u16) {
        let bucket = usize::from(place) % BUCKETS;
        self.counts[bucket] += 1;
        self.mixed[bucket] ^= value.to_bits();
        self.occupied[bucket / WORD] |= 1 << (bucket % WORD);
        self.below += usize::from(bucket < self.median);
    }

    #[inline(always)]
    fn remove(&mut self, value: f64, place: u16) {
        let bucket = usize::from(place) % BUCKETS;
        self.counts[bucket] -= 1;
        self.mixed[bucket] ^= value.to_bits();
        let empty = u64::from(self.counts[bucket] == 0);
        self.occupied[bucket / WORD] &= !(empty << (bucket % WORD));
        self.below -= usize::from(bucket < self.median);
    }

    /// Moves to the bucket that holds the value with `rank` smaller ones.
    #[inline(always)]
    fn find(&mut self, rank: usize) {
        while self.below > rank {
            self.median = self.before(self.median);
            self.below -= usize::from(self.counts[self.median % BUCKETS]);
        }
        loop {
            let here = usize::from(self.counts[self.median % BUCKETS]);
            if self.below + here > rank {
                break;
            }
            self.below += here;
            self.median = self.after(self.median);
        }
    }

    /// The next bucket down that is not empty; the first where there is none.
    #[inline(always)]
    fn before(&self, bucket: usize) -> usize {
        let (mut word, bit) = (bucket / WORD % (BUCKETS / WORD), bucket % WORD);
        let mut bits = self.occupied[word] & ((1 << bit) - 1);
        while bits == 0 && word > 0 {
            word -= 1;
            bits = self.occupied[word];
        }
        word * WORD + bits.checked_ilog2().unwrap_or(0) as usize
    }

    /// The next bucket up that is not empty; the last where there is none.
    #[inline(always)]
    fn after(&self, bucket: usize) -> usize {
        let (mut word, bit) = (bucket / WORD % (BUCKETS / WORD), bucket % WORD);
        let mut bits = self.occupied[word] & (u64::MAX << bit << 1);
        while bits == 0 && word + 1 < BUCKETS / WORD {
            word += 1;
            bits = self.occupied[word];
        }
        (word * WORD + bits.trailing_zeros() as usize).min(BUCKETS - 1)
    }

    /// The median of the window, which is in the bucket found.
    #[inline(always)]
    fn value(
        &self,
        values: &[f64],
        places: &[u16],
        rank: usize,
        known: &mut Known,
        sorted: &mut Vec<f64>,
    ) -> f64 {
        let bucket = self.median % BUCKETS;
        if self.counts[bucket] == 1 {
            return f64::from_bits(self.mixed[bucket]);
        }
        let at = Some((bucket, rank - self.below));
        if known.at != at {
            gather(values, places, bucket as u16, sorted);
            let order = |a: &f64, b: &f64| match a.partial_cmp(b) {
                Some(order) => order,
                None if a.is_nan() == b.is_nan() => Ordering::Equal,
                None => a.is_nan().cmp(&b.is_nan()),
            };
            let (_, median, _) = sorted.select_nth_unstable_by(rank - self.below, order);
            (known.at, known.value) = (at, *median);
        }
        known.value
    }
}

/// The values of the window that are in this bucket.
#[inline(never)]
fn gather(values: &[f64], places: &[u16], bucket: u16, found: &mut Vec<f64>) {
    found.clear();
    let (runs, rest) = places.as_chunks::<16>();
    let (value_runs, value_rest) = values.as_chunks::<16>();
    for (run, values) in runs.iter().zip(value_runs) {
        let here: [bool; 16] = std::array::from_fn(|k| run[k] == bucket);
        if here.contains(&true) {
            found.extend(
                here.iter()
                    .zip(values)
                    .filter(|(here, _)| **here)
                    .map(|(_, v)| *v),
            );
        }
    }
    let rest = rest.iter().zip(value_rest).filter(|(place, _)| **place == bucket);
    found.extend(rest.map(|(_, v)| *v));
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

    proptest! {
        #[test]
        fn medians_are_those_of_sorted_windows(
            values in prop::collection::vec(prop_oneof![-1.0..1.0, Just(0.25), -1e9..1e9, Just(-0.0)], 0..400),
            half in 0usize..60,
        ) {
            let mut out = Vec::new();
            RunningMedian::default().medians(&values, 2 * half + 1, &mut out);
            prop_assert_eq!(out, by_sorting(&values, 2 * half + 1));
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
}
