//! A recipe applied to one recording.

use crate::error::{Error, Result};
use crate::leads;
use crate::processed::Processed;
use crate::recipe::Recipe;
use crate::resampler::Resampler;
use crate::sample::{Sample, SampleBuffers};
use crate::step::check_rate;
use crate::strip::strip;
use crate::trimmed::Trimmed;

/// Buffers that are used again for recording after recording; one a thread.
#[derive(Debug, Clone, Default)]
pub struct Scratch {
    chosen: SampleBuffers,
    resampler: Resampler,
}

impl Recipe {
    /// Takes the padding and the other leads off one recording of twelve leads (sample-major) of `sample_rate` Hz. The
    /// result borrows from `tracing` and `scratch`.
    ///
    /// # Errors
    /// `tracing` does not hold whole samples of twelve leads; `sample_rate` is none of an ECG.
    pub fn trim<'a, S: Sample>(
        &'a self,
        tracing: &'a [S],
        sample_rate: f64,
        scratch: &'a mut Scratch,
    ) -> Result<Trimmed<'a, S>> {
        if !tracing.len().is_multiple_of(leads::COUNT) {
            return Err(Error::Shape {
                len: tracing.len(),
                leads: leads::COUNT,
            });
        }
        check_rate(sample_rate)?;
        let kept = match self.trims_padding() {
            true => strip(tracing, leads::COUNT),
            false => 0..tracing.len() / leads::COUNT,
        };
        let stripped = &tracing[kept.start * leads::COUNT..kept.end * leads::COUNT];
        Ok(Trimmed {
            recipe: self,
            sample_rate,
            kept,
            org: self.choose(stripped, S::buffer(&mut scratch.chosen)),
            resampler: &mut scratch.resampler,
        })
    }

    /// Applies all steps to one recording of twelve leads (sample-major) of `sample_rate` Hz. The result borrows from
    /// `tracing` and `scratch`.
    ///
    /// # Errors
    /// As [`Self::trim`].
    pub fn apply<'a, S: Sample>(
        &'a self,
        tracing: &'a [S],
        sample_rate: f64,
        scratch: &'a mut Scratch,
    ) -> Result<Processed<'a, S>> {
        let trimmed = self.trim(tracing, sample_rate, scratch)?;
        let quality = trimmed.measure();
        Ok(trimmed.process(quality))
    }

    fn choose<'a, S: Sample>(&self, stripped: &'a [S], chosen: &'a mut Vec<S>) -> &'a [S] {
        if self.leads().len() == leads::COUNT {
            return stripped;
        }
        chosen.clear();
        for sample in stripped.chunks_exact(leads::COUNT) {
            chosen.extend(self.leads().iter().map(|l| sample[*l]));
        }
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecg_fm::EcgFm;
    use crate::processed::lead_major;
    use crate::resample::Plan;
    use crate::standardize::{ConstantLeads, standardize};
    use crate::step::Step;
    use proptest::prelude::*;

    fn named(leads: &[usize]) -> Option<Vec<String>> {
        Some(EcgFm::lead_names(leads))
    }

    fn tracing(samples: usize, pad: usize) -> Vec<f32> {
        let wave = (0..samples * 12).map(|i| ((i * i) as f32 * 0.37).sin() + 1.5);
        let zeros = std::iter::repeat_n(0f32, pad * 12);
        zeros.clone().chain(wave).chain(zeros).collect()
    }

    #[test]
    fn what_cannot_be_done_is_said_when_the_recipe_is_made() {
        let refused = |change: fn(&mut EcgFm)| {
            let mut settings = EcgFm::default();
            change(&mut settings);
            settings.recipe().unwrap_err().to_string()
        };
        assert_eq!(
            refused(|o| o.sample_rate = 0),
            "sample_rate: 0 Hz is not a sample rate; give 1 to 100000"
        );
        assert!(refused(|o| o.segment_seconds = 0.0015).contains("give a multiple of 1/500 s"));
        assert!(refused(|o| o.leads = named(&[])).contains("the list is empty"));
        assert!(refused(|o| o.leads = named(&[3, 3])).contains("aVR appears twice"));
        assert!(refused(|o| o.leads = named(&[12])).contains("is not a lead"));
    }

    #[test]
    fn the_default_gives_segments_of_2500_samples() {
        assert_eq!(EcgFm::default().recipe().unwrap().segment_samples(), 2500);
    }

    #[test]
    fn a_scratch_that_was_used_changes_nothing() {
        let recipe = EcgFm {
            segment_seconds: 0.2,
            ..EcgFm::default()
        }
        .recipe()
        .unwrap();
        let mut used = Scratch::default();
        for (samples, pad) in [(300, 3), (200, 0), (300, 9), (0, 5)] {
            let input = tracing(samples, pad);
            let mut fresh = Scratch::default();
            let wanted = recipe.apply(&input, 400.0, &mut fresh).unwrap();
            let again = recipe.apply(&input, 400.0, &mut used).unwrap();
            assert_eq!(wanted.preprocessed(), again.preprocessed());
            assert_eq!(wanted.moments(), again.moments());
            assert_eq!(wanted.quality(), again.quality());
        }
        // The same length at another rate must not meet the plan made before.
        let other = EcgFm {
            sample_rate: 250,
            segment_seconds: 0.2,
            ..EcgFm::default()
        }
        .recipe()
        .unwrap();
        let input = tracing(300, 0);
        recipe.apply(&input, 400.0, &mut used).unwrap();
        assert_eq!(other.apply(&input, 400.0, &mut used).unwrap().samples(), 187);
    }

    #[test]
    fn what_was_measured_before_changes_no_segment() {
        let float32 = tracing(610, 4);
        let float64: Vec<f64> = float32.iter().map(|v| f64::from(*v) * 1.1).collect();
        let mut scratch = Scratch::default();
        for (sample_rate, leads) in [(500, None), (400, None), (400, named(&[0, 5, 7]))] {
            let options = EcgFm {
                segment_seconds: 0.25,
                sample_rate,
                leads,
                ..EcgFm::default()
            };
            let recipe = options.recipe().unwrap();
            macro_rules! assert_same {
                ($input:expr) => {{
                    let trimmed = recipe.trim($input, 400.0, &mut scratch).unwrap();
                    let quality = trimmed.measure();
                    let mut written = vec![7.0; trimmed.segment_count() * recipe.segment_values()];
                    let mut measured = written.clone();
                    trimmed.write_segments(&mut written);
                    let trimmed = recipe.trim($input, 400.0, &mut scratch).unwrap();
                    trimmed.write_measured_segments(&quality, &mut measured);
                    assert_eq!(measured, written);
                }};
            }
            assert_same!(&float32);
            assert_same!(&float64);
        }
    }

    #[test]
    fn segments_written_at_once_are_those_of_the_recording_rounded() {
        let mut input = tracing(610, 4);
        input.iter_mut().skip(5).step_by(12).for_each(|v| *v = 0.25);
        for options in [
            EcgFm::default(),
            EcgFm {
                standardize: false,
                ..EcgFm::default()
            },
            EcgFm {
                leads: named(&[0, 5, 7]),
                ..EcgFm::default()
            },
            EcgFm {
                constant_leads: ConstantLeads::Nan,
                ..EcgFm::default()
            },
            EcgFm {
                sample_rate: 400,
                ..EcgFm::default()
            },
        ] {
            let recipe = EcgFm {
                segment_seconds: 0.25,
                ..options
            }
            .recipe()
            .unwrap();
            let mut scratch = Scratch::default();
            let trimmed = recipe.trim(&input, 400.0, &mut scratch).unwrap();
            let mut written = vec![7.0; trimmed.segment_count() * recipe.segment_values()];
            trimmed.write_segments(&mut written);
            let made = recipe.apply(&input, 400.0, &mut scratch).unwrap();
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
        let all = EcgFm::default().recipe().unwrap();
        let some = EcgFm {
            leads: named(&[6, 1]),
            ..EcgFm::default()
        }
        .recipe()
        .unwrap();
        assert_eq!(some.lead_names(), ["II", "V1"]);
        let (mut a, mut b) = (Scratch::default(), Scratch::default());
        let (all, some) = (
            all.apply(&input, 400.0, &mut a).unwrap(),
            some.apply(&input, 400.0, &mut b).unwrap(),
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
        let options = EcgFm {
            sample_rate: 400,
            standardize: false,
            ..EcgFm::default()
        };
        let recipe = options.recipe().unwrap();
        let input = tracing(50, 2);
        let mut scratch = Scratch::default();
        let out = recipe.apply(&input, 400.0, &mut scratch).unwrap();
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
        let recipe = EcgFm::default().recipe().unwrap();
        let error = recipe
            .apply(&[0f64; 13], 400.0, &mut Scratch::default())
            .unwrap_err();
        assert_eq!(error, Error::Shape { len: 13, leads: 12 });
    }

    #[test]
    fn steps_are_applied_in_the_order_in_which_they_are_given() {
        let input = tracing(300, 3);
        let (resample, standardized) = (
            |sample_rate| Step::Resample { sample_rate },
            Step::Standardize {
                constant_leads: ConstantLeads::Zero,
            },
        );
        let recipe = Recipe::new(vec![
            standardized.clone(),
            resample(250),
            standardized,
            resample(500),
            Step::Cut { seconds: 0.1 },
        ])
        .unwrap();
        let rounded = |values: &[f64]| values.iter().map(|v| *v as f32).collect::<Vec<_>>();
        let (mut wanted, mut made): (Vec<f64>, _) =
            (input.iter().map(|v| f64::from(*v)).collect(), Vec::new());
        for rates in [(400, 250), (250, 500)] {
            standardize(&mut wanted, 12, ConstantLeads::Zero);
            Plan::new(wanted.len() / 12, f64::from(rates.0), rates.1).apply(&rounded(&wanted), 12, &mut made);
            std::mem::swap(&mut wanted, &mut made);
        }
        let mut scratch = Scratch::default();
        let processed = recipe.apply(&input, 400.0, &mut scratch).unwrap();
        assert_eq!(processed.org_samples(), 306, "padding is part of the recording");
        assert_eq!(processed.preprocessed(), wanted);
        assert_eq!(processed.segment_count(), wanted.len() / 12 / 50);
        let segments = processed.segment_count();
        let mut written = vec![0f32; segments * 12 * 50];
        let trimmed = recipe.trim(&input, 400.0, &mut scratch).unwrap();
        assert_eq!(
            (trimmed.samples(), trimmed.segment_count()),
            (wanted.len() / 12, segments)
        );
        trimmed.write_segments(&mut written);
        let mut first = vec![0f32; 12 * 50];
        lead_major(&wanted[..12 * 50], 12, &mut first);
        assert_eq!(written[..12 * 50], first);
    }

    proptest! {
        #[test]
        fn segments_are_the_start_of_the_recording_in_order(samples in 1usize..900, pad in 0usize..20) {
            let recipe = EcgFm { segment_seconds: 0.5, ..EcgFm::default() }.recipe().unwrap();
            let input = tracing(samples, pad);
            let mut scratch = Scratch::default();
            let out = recipe.apply(&input, 400.0, &mut scratch).unwrap();
            prop_assert_eq!(out.kept(), pad..pad + samples);
            let joined: Vec<f64> = out.segments().flatten().copied().collect();
            prop_assert_eq!(joined.len(), out.segment_count() * 250 * 12);
            prop_assert_eq!(&joined[..], &out.preprocessed()[..joined.len()]);
        }
    }
}
