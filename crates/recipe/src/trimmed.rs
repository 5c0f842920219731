//! A recording without its padding, before anything is computed on it: what a recipe starts from.

use crate::processed::Processed;
use crate::quality::{self, Quality};
use crate::recipe::Recipe;
use crate::resample::{Plan, resampled_len};
use crate::segment;
use crate::standardize::{Moments, Scale, centre};
use std::ops::Range;

/// Plans that are kept: most archives have recordings of a few lengths only.
const PLANS: usize = 4;

/// What is used again from one recording to the next.
#[derive(Debug, Clone, Default)]
pub(crate) struct Resampler {
    samples: Vec<f64>,
    /// Those used last, the last one first.
    plans: Vec<Plan>,
}

impl Resampler {
    /// Resamples; returns the sum of every lead.
    fn apply(&mut self, input: &[f32], leads: usize, (from, to): (u32, u32)) -> Vec<f64> {
        let n = input.len() / leads;
        let known = self.plans.iter().position(|p| p.is_for(n, from, to));
        let known = known.unwrap_or_else(|| {
            self.plans.truncate(PLANS - 1);
            self.plans.push(Plan::new(n, from, to));
            self.plans.len() - 1
        });
        self.plans[..=known].rotate_right(1);
        self.plans[0].apply_and_sum(input, leads, &mut self.samples)
    }
}

/// A recording without its padding, all in the leads of the recipe. Made by [`Recipe::trim`].
#[derive(Debug)]
pub struct Trimmed<'a> {
    pub(crate) recipe: &'a Recipe,
    pub(crate) kept: Range<usize>,
    pub(crate) org: &'a [f32],
    pub(crate) resampler: &'a mut Resampler,
}

impl<'a> Trimmed<'a> {
    /// The samples of the tracing that were kept.
    pub fn kept(&self) -> Range<usize> {
        self.kept.clone()
    }

    /// The recording at its own rate, sample-major.
    pub fn org(&self) -> &[f32] {
        self.org
    }

    /// Samples per lead of [`Self::org`].
    pub fn org_samples(&self) -> usize {
        self.kept.len()
    }

    /// Measures [`Self::org`].
    pub fn measure(&self) -> Quality {
        quality::measure(self.org, self.leads())
    }

    /// Number of leads.
    pub fn leads(&self) -> usize {
        self.recipe.leads().len()
    }

    /// Samples per lead after resampling.
    pub fn samples(&self) -> usize {
        let options = self.recipe.options();
        if options.source_rate == options.target_rate {
            return self.org_samples();
        }
        resampled_len(self.org_samples(), options.source_rate, options.target_rate)
    }

    /// Number of segments.
    pub fn segment_count(&self) -> usize {
        segment::count(self.samples(), self.recipe.segment_samples())
    }

    /// Resamples and standardises, in float64. `quality` is what [`Self::measure`] found.
    pub fn process(mut self, quality: Quality) -> Processed<'a> {
        let leads = self.leads();
        let (moments, scale) = self.centre();
        let preprocessed = &mut self.resampler.samples;
        if moments.is_some() {
            scale.in_place(preprocessed);
        }
        Processed {
            leads,
            kept: self.kept,
            org: self.org,
            quality,
            preprocessed,
            moments,
            segment_samples: self.recipe.segment_samples(),
        }
    }

    /// Writes all segments into `out`, one after another, each lead-major, rounded to the nearest float32: the values
    /// of [`Processed::segments`] without the way through a standardised recording in memory. `out` has room for
    /// [`Self::segment_count`] segments; what is beyond its end is left out.
    pub fn write_segments(mut self, out: &mut [f32]) {
        let (leads, length) = (self.leads(), self.recipe.segment_samples());
        let (_, scale) = self.centre();
        let samples = &self.resampler.samples;
        let cuts = segment::ranges(samples.len() / leads, length);
        for (cut, out) in cuts.zip(out.chunks_exact_mut(leads * length)) {
            scale.lead_major(&samples[cut.start * leads..cut.end * leads], out);
        }
    }

    /// Resamples, and takes out the mean where the recipe standardises. Returns what that took out, and what is left to
    /// divide by.
    fn centre(&mut self) -> (Option<Moments>, Scale) {
        let (options, leads) = (self.recipe.options(), self.leads());
        let rates = (options.source_rate, options.target_rate);
        let sum = self.resampler.apply(self.org, leads, rates);
        if !options.standardize {
            return (None, Scale::none(leads));
        }
        let moments = centre(&mut self.resampler.samples, leads, &sum);
        let scale = Scale::new(&moments.std, options.constant_leads);
        (Some(moments), scale)
    }
}
