//! A recording without its padding, before anything is computed on it.

use crate::columns::sum;
use crate::processed::Processed;
use crate::quality::{self, Quality};
use crate::recipe::Recipe;
use crate::resample::resampled_len;
use crate::resampler::Resampler;
use crate::sample::Sample;
use crate::segment;
use crate::standardize::{
    ConstantLeads, Moments, Scale, centre, centre_from, moments, moments_of_known_means,
};
use crate::step::Step;
use std::ops::Range;

/// A recording without its padding, all in the leads of the recipe. Made by [`Recipe::trim`].
#[derive(Debug)]
pub struct Trimmed<'a, S> {
    pub(crate) recipe: &'a Recipe,
    /// Sample rate of the recording, in Hz.
    pub(crate) sample_rate: f64,
    pub(crate) kept: Range<usize>,
    pub(crate) org: &'a [S],
    pub(crate) resampler: &'a mut Resampler,
}

impl<'a, S: Sample> Trimmed<'a, S> {
    /// The samples of the tracing that were kept.
    pub fn kept(&self) -> Range<usize> {
        self.kept.clone()
    }

    /// The recording at its own rate, sample-major.
    pub fn org(&self) -> &[S] {
        self.org
    }

    /// Sample rate of the recording, in Hz.
    pub fn sample_rate(&self) -> f64 {
        self.sample_rate
    }

    /// Samples per lead of [`Self::org`].
    pub fn org_samples(&self) -> usize {
        self.kept.len()
    }

    /// Measures [`Self::org`].
    pub fn measure(&self) -> Quality<S> {
        quality::measure(self.org, self.leads())
    }

    /// Number of leads.
    pub fn leads(&self) -> usize {
        self.recipe.leads().len()
    }

    /// Samples per lead after all steps but the cut.
    pub fn samples(&self) -> usize {
        let resampled = self.recipe.computing().iter().filter_map(|step| match step {
            Step::Resample { sample_rate } => Some(*sample_rate),
            _ => None,
        });
        let start = (self.org_samples(), self.sample_rate);
        let resample = |(samples, from), to: u32| match from == f64::from(to) {
            true => (samples, from),
            false => (resampled_len(samples, from, to), f64::from(to)),
        };
        resampled.fold(start, resample).0
    }

    /// Number of segments.
    pub fn segment_count(&self) -> usize {
        segment::count(self.samples(), self.recipe.segment_samples())
    }

    /// Resamples and standardises, in float64. `quality` is what [`Self::measure`] found.
    pub fn process(mut self, quality: Quality<S>) -> Processed<'a, S> {
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
    pub fn write_segments(self, out: &mut [f32]) {
        self.write(|trimmed| moments(trimmed.org, trimmed.leads()), out);
    }

    /// As [`Self::write_segments`], in less time: `quality` is what [`Self::measure`] found.
    pub fn write_measured_segments(self, quality: &Quality<S>, out: &mut [f32]) {
        self.write(|trimmed| trimmed.measured_moments(quality), out);
    }

    /// Moments of [`Self::org`], of which sums in float64 are measured already.
    fn measured_moments(&self, quality: &Quality<S>) -> Moments {
        if quality.left.len() != self.leads() {
            return moments(self.org, self.leads());
        }
        let mean = quality.mean.iter().map(|mean| mean.to_f64()).collect();
        moments_of_known_means(self.org, mean, &quality.left)
    }

    fn write(mut self, find_moments: impl FnOnce(&Self) -> Moments, out: &mut [f32]) {
        if let Some(constant_leads) = self.only_standardizes() {
            let moments = find_moments(&self);
            let scale = Scale::new(&moments.std, constant_leads);
            return self.cut_segments(self.org, (&moments.mean, &scale), out);
        }
        let (_, scale) = self.centre();
        let none = vec![0.0; self.leads()];
        self.cut_segments(&self.resampler.samples, (&none, &scale), out);
    }

    /// What becomes of constant leads, where nothing but one standardising stands between the recording and the cut.
    fn only_standardizes(&self) -> Option<ConstantLeads> {
        let keeps = |step: &&Step| matches!(step, Step::Resample { sample_rate } if self.sample_rate == f64::from(*sample_rate));
        match self.recipe.computing() {
            [rest @ .., Step::Standardize { constant_leads }] if rest.iter().all(|step| keeps(&step)) => {
                Some(*constant_leads)
            }
            _ => None,
        }
    }

    /// Writes all segments of `samples` (sample-major) into `out`, without the means and divided.
    fn cut_segments<T: Sample>(&self, samples: &[T], (means, scale): (&[f64], &Scale), out: &mut [f32]) {
        let (leads, length) = (self.leads(), self.recipe.segment_samples());
        let cuts = segment::ranges(samples.len() / leads, length);
        for (cut, out) in cuts.zip(out.chunks_exact_mut(leads * length)) {
            scale.lead_major(&samples[cut.start * leads..cut.end * leads], means, out);
        }
    }

    /// Applies the steps before the cut, but for the division of the last standardising, of which the means are taken out.
    /// Returns what it took out, and what is left to divide by.
    fn centre(&mut self) -> (Option<Moments>, Scale) {
        let leads = self.leads();
        let (mut rate, mut sums) = (self.sample_rate, None);
        let (mut last, mut undivided) = (None, None::<Scale>);
        for step in self.recipe.computing() {
            // Each step takes what the one before it left whole.
            if let Some(scale) = undivided.take() {
                scale.in_place(&mut self.resampler.samples);
                sums = Some(sum(&self.resampler.samples, leads));
            }
            match step {
                // Equal rates leave a recording as it is.
                Step::Resample { sample_rate } if sums.is_none() && rate == f64::from(*sample_rate) => {}
                Step::Resample { sample_rate } => {
                    sums = Some(self.resample(sums.is_some(), (rate, *sample_rate)));
                    rate = f64::from(*sample_rate);
                }
                Step::Standardize { constant_leads } => {
                    let samples = &mut self.resampler.samples;
                    let moments = match sums.take() {
                        Some(sums) => centre(samples, leads, &sums),
                        None => centre_from(self.org, leads, samples),
                    };
                    undivided = Some(Scale::new(&moments.std, *constant_leads));
                    last = Some(moments);
                }
                Step::TrimPadding | Step::SelectLeads { .. } | Step::Cut { .. } => {}
            }
        }
        if sums.is_none() && last.is_none() {
            let samples = &mut self.resampler.samples;
            samples.clear();
            samples.extend(self.org.iter().map(|v| v.to_f64()));
        }
        (last, undivided.unwrap_or_else(|| Scale::none(leads)))
    }

    /// Resamples the recording, or what the steps so far `began` to make of it, rounded to the type of the recording.
    fn resample(&mut self, began: bool, rates: (f64, u32)) -> Vec<f64> {
        let leads = self.leads();
        if !began {
            return self.resampler.apply(self.org, leads, rates);
        }
        let made: Vec<S> = self.resampler.samples.iter().map(|v| S::nearest(*v)).collect();
        self.resampler.apply(&made, leads, rates)
    }
}
