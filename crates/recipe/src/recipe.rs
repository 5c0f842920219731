//! The whole way of one recording: strip, choose leads, measure, resample, standardise, cut.

use crate::error::{Error, Result};
use crate::leads;
use crate::processed::Processed;
use crate::standardize::ConstantLeads;
use crate::strip::strip;
use crate::trimmed::{Resampler, Trimmed};
use serde::{Deserialize, Serialize};

/// Largest sample rate accepted, in Hz; above what any electrocardiograph records, so a rate beyond it is a slip.
pub const MAX_SAMPLE_RATE: u32 = 100_000;
/// Largest segment accepted, in samples.
pub const MAX_SEGMENT_SAMPLES: usize = 1 << 24;

/// What is to be done. The default is the ECG-FM tutorial's: CODE-15 at 400 Hz to segments of 5 s at 500 Hz.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// Sample rate of the recordings, in Hz.
    pub source_rate: u32,
    /// Sample rate of the output, in Hz.
    pub target_rate: u32,
    /// Length of a segment, in seconds; a whole number of output samples.
    pub segment_seconds: f64,
    /// Positions of the leads to keep, as [`leads::select`] gives them; none keeps all twelve.
    pub leads: Option<Vec<usize>>,
    /// What becomes of constant leads.
    pub constant_leads: ConstantLeads,
    /// Whether leads are standardised at all.
    pub standardize: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            source_rate: 400,
            target_rate: 500,
            segment_seconds: 5.0,
            leads: None,
            constant_leads: ConstantLeads::Zero,
            standardize: true,
        }
    }
}

/// [`Options`] that were checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe {
    options: Options,
    segment_samples: usize,
    leads: Vec<usize>,
}

/// Buffers that are used again for recording after recording; one a thread.
#[derive(Debug, Clone, Default)]
pub struct Scratch {
    chosen: Vec<f32>,
    resampler: Resampler,
}

impl Recipe {
    /// Checks the options.
    ///
    /// # Errors
    /// A rate of 0 or above [`MAX_SAMPLE_RATE`], a segment that is not a whole number of samples, leads that are not
    /// twelve or fewer different ones.
    pub fn new(options: Options) -> Result<Self> {
        for (name, value) in [
            ("source_rate", options.source_rate),
            ("sample_rate", options.target_rate),
        ] {
            if value == 0 || value > MAX_SAMPLE_RATE {
                return Err(Error::SampleRate {
                    name,
                    value,
                    most: MAX_SAMPLE_RATE,
                });
            }
        }
        let segment_samples = segment_samples(options.segment_seconds, options.target_rate)?;
        let leads = match &options.leads {
            None => (0..leads::COUNT).collect(),
            Some(chosen) => {
                let names: Vec<_> = chosen
                    .iter()
                    .map(|l| leads::NAMES.get(*l).copied().unwrap_or("?"))
                    .collect();
                leads::select(&names)?
            }
        };
        Ok(Self {
            options,
            segment_samples,
            leads,
        })
    }

    /// What it was made from.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Samples per lead of a segment.
    pub fn segment_samples(&self) -> usize {
        self.segment_samples
    }

    /// Positions of the leads that are kept, ascending.
    pub fn leads(&self) -> &[usize] {
        &self.leads
    }

    /// Names of the leads that are kept, in order.
    pub fn lead_names(&self) -> Vec<&'static str> {
        self.leads.iter().map(|l| leads::NAMES[*l]).collect()
    }

    /// Values of one segment: leads × samples.
    pub fn segment_values(&self) -> usize {
        self.leads.len() * self.segment_samples
    }

    /// Takes the padding and the other leads off one recording of twelve leads (sample-major). The result borrows from
    /// `tracing` and `scratch`.
    ///
    /// # Errors
    /// `tracing` does not hold whole samples of twelve leads.
    pub fn trim<'a>(&'a self, tracing: &'a [f32], scratch: &'a mut Scratch) -> Result<Trimmed<'a>> {
        if !tracing.len().is_multiple_of(leads::COUNT) {
            return Err(Error::Shape {
                len: tracing.len(),
                leads: leads::COUNT,
            });
        }
        let kept = strip(tracing, leads::COUNT);
        let stripped = &tracing[kept.start * leads::COUNT..kept.end * leads::COUNT];
        Ok(Trimmed {
            recipe: self,
            kept,
            org: self.choose(stripped, &mut scratch.chosen),
            resampler: &mut scratch.resampler,
        })
    }

    /// Works on one recording of twelve leads (sample-major). The result borrows from `tracing` and `scratch`.
    ///
    /// # Errors
    /// As [`Self::trim`].
    pub fn apply<'a>(&'a self, tracing: &'a [f32], scratch: &'a mut Scratch) -> Result<Processed<'a>> {
        let trimmed = self.trim(tracing, scratch)?;
        let quality = trimmed.measure();
        Ok(trimmed.process(quality))
    }

    fn choose<'a>(&self, stripped: &'a [f32], chosen: &'a mut Vec<f32>) -> &'a [f32] {
        if self.leads.len() == leads::COUNT {
            return stripped;
        }
        chosen.clear();
        for sample in stripped.chunks_exact(leads::COUNT) {
            chosen.extend(self.leads.iter().map(|l| sample[*l]));
        }
        chosen
    }
}

fn segment_samples(seconds: f64, rate: u32) -> Result<usize> {
    let exact = seconds * f64::from(rate);
    let whole = exact.round();
    let most = MAX_SEGMENT_SAMPLES;
    let fits = exact.is_finite() && whole >= 1.0 && whole <= most as f64 && (exact - whole).abs() < 1e-6;
    if fits {
        Ok(whole as usize)
    } else {
        Err(Error::SegmentLength { seconds, rate, most })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::processed::lead_major;
    use proptest::prelude::*;

    fn tracing(samples: usize, pad: usize) -> Vec<f32> {
        let wave = (0..samples * 12).map(|i| ((i * i) as f32 * 0.37).sin() + 1.5);
        let zeros = std::iter::repeat_n(0f32, pad * 12);
        zeros.clone().chain(wave).chain(zeros).collect()
    }

    #[test]
    fn what_cannot_be_done_is_said_when_the_recipe_is_made() {
        let refused = |change: fn(&mut Options)| {
            let mut options = Options::default();
            change(&mut options);
            Recipe::new(options).unwrap_err().to_string()
        };
        assert_eq!(
            refused(|o| o.target_rate = 0),
            "sample_rate: 0 Hz is not a sample rate; give 1 to 100000"
        );
        assert!(refused(|o| o.segment_seconds = 0.0015).contains("give a multiple of 1/500 s"));
        for bad in [0.0, -5.0, f64::NAN, f64::INFINITY, 1e9] {
            assert!(segment_samples(bad, 500).is_err(), "{bad}");
        }
        assert!(refused(|o| o.leads = Some(vec![])).contains("the list is empty"));
        assert!(refused(|o| o.leads = Some(vec![3, 3])).contains("aVR stands there twice"));
        assert!(refused(|o| o.leads = Some(vec![12])).contains("is not a lead"));
    }

    #[test]
    fn the_default_gives_segments_of_2500_samples() {
        assert_eq!(Recipe::new(Options::default()).unwrap().segment_samples(), 2500);
        assert_eq!(segment_samples(0.1, 500), Ok(50));
    }

    #[test]
    fn a_scratch_that_was_used_changes_nothing() {
        let recipe = Recipe::new(Options {
            segment_seconds: 0.2,
            ..Options::default()
        })
        .unwrap();
        let mut used = Scratch::default();
        for (samples, pad) in [(300, 3), (200, 0), (300, 9), (0, 5)] {
            let input = tracing(samples, pad);
            let mut fresh = Scratch::default();
            let wanted = recipe.apply(&input, &mut fresh).unwrap();
            let again = recipe.apply(&input, &mut used).unwrap();
            assert_eq!(wanted.preprocessed(), again.preprocessed());
            assert_eq!(wanted.moments(), again.moments());
            assert_eq!(wanted.quality(), again.quality());
        }
        // The same length at another rate must not meet the plan made before.
        let other = Recipe::new(Options {
            target_rate: 250,
            segment_seconds: 0.2,
            ..Options::default()
        })
        .unwrap();
        let input = tracing(300, 0);
        recipe.apply(&input, &mut used).unwrap();
        assert_eq!(other.apply(&input, &mut used).unwrap().samples(), 187);
    }

    #[test]
    fn segments_written_at_once_are_those_of_the_recording_rounded() {
        let mut input = tracing(610, 4);
        input.iter_mut().skip(5).step_by(12).for_each(|v| *v = 0.25);
        for options in [
            Options::default(),
            Options {
                standardize: false,
                ..Options::default()
            },
            Options {
                leads: Some(vec![0, 5, 7]),
                ..Options::default()
            },
            Options {
                constant_leads: ConstantLeads::Nan,
                ..Options::default()
            },
            Options {
                target_rate: 400,
                ..Options::default()
            },
        ] {
            let recipe = Recipe::new(Options {
                segment_seconds: 0.25,
                ..options
            })
            .unwrap();
            let mut scratch = Scratch::default();
            let trimmed = recipe.trim(&input, &mut scratch).unwrap();
            let mut written = vec![7.0; trimmed.segment_count() * recipe.segment_values()];
            trimmed.write_segments(&mut written);
            let made = recipe.apply(&input, &mut scratch).unwrap();
            let mut wanted = vec![7.0; made.segment_count() * recipe.segment_values()];
            for (segment, out) in made
                .segments()
                .zip(wanted.chunks_exact_mut(recipe.segment_values()))
            {
                lead_major(segment, recipe.leads().len(), out);
            }
            let bits = |v: &[f32]| v.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            assert!(!wanted.is_empty());
            assert_eq!(bits(&written), bits(&wanted));
        }
    }

    #[test]
    fn chosen_leads_are_the_same_as_among_all_twelve() {
        let input = tracing(600, 4);
        let all = Recipe::new(Options::default()).unwrap();
        let some = Recipe::new(Options {
            leads: Some(vec![6, 1]),
            ..Options::default()
        })
        .unwrap();
        assert_eq!(some.lead_names(), ["II", "V1"]);
        let (mut a, mut b) = (Scratch::default(), Scratch::default());
        let (all, some) = (
            all.apply(&input, &mut a).unwrap(),
            some.apply(&input, &mut b).unwrap(),
        );
        for (place, lead) in [(0, 1), (1, 6)] {
            let one: Vec<f64> = all
                .preprocessed()
                .iter()
                .skip(lead)
                .step_by(12)
                .copied()
                .collect();
            let two: Vec<f64> = some
                .preprocessed()
                .iter()
                .skip(place)
                .step_by(2)
                .copied()
                .collect();
            assert_eq!(one, two);
            assert_eq!(all.quality().std[lead], some.quality().std[place]);
        }
    }

    #[test]
    fn without_standardising_values_keep_their_unit_and_equal_rates_their_digits() {
        let options = Options {
            target_rate: 400,
            standardize: false,
            ..Options::default()
        };
        let recipe = Recipe::new(options).unwrap();
        let input = tracing(50, 2);
        let mut scratch = Scratch::default();
        let out = recipe.apply(&input, &mut scratch).unwrap();
        assert!(out.moments().is_none());
        assert_eq!(out.kept(), 2..52);
        assert!(
            out.preprocessed()
                .iter()
                .zip(out.org())
                .all(|(a, b)| *a == f64::from(*b))
        );
    }

    #[test]
    fn a_tracing_of_broken_samples_is_refused() {
        let recipe = Recipe::new(Options::default()).unwrap();
        let error = recipe.apply(&[0.0; 13], &mut Scratch::default()).unwrap_err();
        assert_eq!(error, Error::Shape { len: 13, leads: 12 });
    }

    proptest! {
        #[test]
        fn segments_are_the_start_of_the_recording_in_order(samples in 1usize..900, pad in 0usize..20) {
            let recipe = Recipe::new(Options { segment_seconds: 0.5, ..Options::default() }).unwrap();
            let input = tracing(samples, pad);
            let mut scratch = Scratch::default();
            let out = recipe.apply(&input, &mut scratch).unwrap();
            prop_assert_eq!(out.kept(), pad..pad + samples);
            let joined: Vec<f64> = out.segments().flatten().copied().collect();
            prop_assert_eq!(joined.len(), out.segment_count() * 250 * 12);
            prop_assert_eq!(&joined[..], &out.preprocessed()[..joined.len()]);
        }
    }
}
