//! What a recipe makes of one recording.

use crate::quality::Quality;
use crate::segment;
use crate::standardize::Moments;
use multiversion::multiversion;
use std::ops::Range;

/// A recording after the recipe, with what it was at each step. Arrays are sample-major.
#[derive(Debug)]
pub struct Processed<'a, S> {
    pub(crate) leads: usize,
    pub(crate) kept: Range<usize>,
    pub(crate) org: &'a [S],
    pub(crate) quality: Quality<S>,
    pub(crate) preprocessed: &'a [f64],
    pub(crate) moments: Option<Moments>,
    pub(crate) segment_samples: usize,
}

impl<S> Processed<'_, S> {
    /// Number of leads.
    pub fn leads(&self) -> usize {
        self.leads
    }

    /// The samples of the tracing that were kept.
    pub fn kept(&self) -> Range<usize> {
        self.kept.clone()
    }

    /// The trimmed recording at its own rate: [`Self::org_samples`] by leads.
    pub fn org(&self) -> &[S] {
        self.org
    }

    /// Samples per lead of [`Self::org`].
    pub fn org_samples(&self) -> usize {
        self.kept.len()
    }

    /// What was measured on [`Self::org`].
    pub fn quality(&self) -> &Quality<S> {
        &self.quality
    }

    /// The recording resampled and standardised: [`Self::samples`] by leads.
    pub fn preprocessed(&self) -> &[f64] {
        self.preprocessed
    }

    /// Samples per lead of [`Self::preprocessed`].
    pub fn samples(&self) -> usize {
        self.preprocessed.len() / self.leads
    }

    /// What standardising took out; none if it was not asked for.
    pub fn moments(&self) -> Option<&Moments> {
        self.moments.as_ref()
    }

    /// Number of segments.
    pub fn segment_count(&self) -> usize {
        segment::count(self.samples(), self.segment_samples)
    }

    /// Each segment, a part of [`Self::preprocessed`].
    pub fn segments(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        let leads = self.leads;
        segment::ranges(self.samples(), self.segment_samples)
            .map(move |r| &self.preprocessed[r.start * leads..r.end * leads])
    }
}

/// Writes a segment (sample-major float64) lead-major into `out`, each value rounded to the nearest float32.
///
/// ```
/// let mut out = [0f32; 6];
/// ecgfm_recipe::processed::lead_major(&[1.0, -1.0, 2.0, -2.0, 3.0, -3.0], 2, &mut out);
/// assert_eq!(out, [1.0, 2.0, 3.0, -1.0, -2.0, -3.0]);
/// ```
pub fn lead_major(segment: &[f64], leads: usize, out: &mut [f32]) {
    if leads == crate::leads::COUNT {
        lead_major_twelve(segment, out);
    } else {
        transpose(segment, leads.max(1), out);
    }
}

#[multiversion(targets("x86_64+avx+avx2"))]
fn lead_major_twelve(segment: &[f64], out: &mut [f32]) {
    transpose(segment, crate::leads::COUNT, out);
}

/// Samples that are turned at a time: what is read of them stays in the fastest cache while each lead takes its part.
const TILE: usize = 32;

#[inline(always)]
fn transpose(segment: &[f64], leads: usize, out: &mut [f32]) {
    let samples = segment.len() / leads;
    for (number, tile) in segment.chunks(TILE * leads).enumerate() {
        let start = number * TILE;
        for (lead, row) in out.chunks_exact_mut(samples.max(1)).take(leads).enumerate() {
            for (v, sample) in row[start..].iter_mut().zip(tile.chunks_exact(leads)) {
                *v = sample[lead] as f32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn lead_major_holds_every_value_once(samples in 0usize..40, leads in 1usize..14) {
            let segment: Vec<f64> = (0..samples * leads).map(|i| i as f64).collect();
            let mut out = vec![-1f32; samples * leads];
            lead_major(&segment, leads, &mut out);
            for (i, v) in out.iter().enumerate() {
                let (lead, sample) = (i / samples, i % samples);
                prop_assert_eq!(*v, (sample * leads + lead) as f32);
            }
        }
    }
}
