//! The line of the mains in the spectrum of a recording: at 50 or 60 Hz, or where another sample rate would put it.

use crate::common_rates::{COMMON_RATES, is_near};
use crate::excerpt::Excerpt;
use realfft::RealFftPlanner;
use realfft::num_complex::Complex;
use std::f64::consts::TAU;

/// Frequencies of the mains, in Hz.
const MAINS: [f64; 2] = [50.0, 60.0];
/// Share by which a line may be beside its frequency: the mains' own 0.2 %, and clocks of old recorders.
const TOLERANCE: f64 = 0.004;
/// Factor by which the power of a line is above all others near it. Among 29 real ECGs of eight recorders a third have a line
/// of the mains at 5 or more, and none has another one where a common sample rate would put the mains.
const PROMINENCE: f32 = 5.0;
/// Distances in Hz between which other frequencies are near: from where the line itself ends.
const NEAR: (f64, f64) = (0.6, 5.0);
/// Multiples of the mains' frequency that its hum also has.
const HARMONICS: u32 = 5;
/// Distance in Hz from another frequency at which a line is not mistaken for it.
const CLEAR: f64 = 1.2;
/// Frequency in Hz above which lines are looked for: QRS is below.
const LOWEST: f64 = 18.0;
/// Seconds of the recording that a spectrum is of, at least, where there are as many.
const SECONDS: f64 = 8.0;
/// Fewest seconds of which the lines are narrow enough.
const FEWEST_SECONDS: f64 = 4.0;
/// Leads that are looked at: I and V1, which together have hum of all electrodes but the left leg.
const LEADS: [usize; 2] = [0, 6];

/// Finding about the mains in the spectrum of one recording.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MainsLine {
    /// No line that tells anything.
    Absent,
    /// A line at 50 or 60 Hz, as it should be.
    AsStated,
    /// A line elsewhere, where another sample rate would make it the mains'.
    Displaced {
        /// Frequency of the line, in Hz.
        frequency: f64,
        /// Sample rate at which it would be the mains' frequency, in Hz.
        sample_rate: u32,
        /// That frequency, in Hz.
        mains: u32,
    },
}

/// Finds lines in spectra; one a thread, as it keeps plans and buffers for recording after recording.
pub struct MainsFinder {
    planner: RealFftPlanner<f32>,
    window: Vec<f32>,
    input: Vec<f32>,
    bins: Vec<Complex<f32>>,
    power: Vec<f32>,
}

impl Default for MainsFinder {
    fn default() -> Self {
        Self {
            planner: RealFftPlanner::new(),
            window: Vec::new(),
            input: Vec::new(),
            bins: Vec::new(),
            power: Vec::new(),
        }
    }
}

impl std::fmt::Debug for MainsFinder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MainsFinder").finish_non_exhaustive()
    }
}

impl MainsFinder {
    /// Looks for the mains in a recording of `sample_rate` Hz.
    pub fn find(&mut self, excerpt: &Excerpt, sample_rate: f64) -> MainsLine {
        let Some(spectrum) = self.spectrum(excerpt, sample_rate) else {
            return MainsLine::Absent;
        };
        if MAINS.iter().any(|mains| spectrum.line_at(*mains).is_some()) {
            return MainsLine::AsStated;
        }
        let others = COMMON_RATES
            .iter()
            .filter(|rate| !is_near(f64::from(**rate), sample_rate));
        let lines = others.flat_map(|rate| MAINS.map(|mains| (*rate, mains)));
        let found = lines.filter_map(|(rate, mains)| {
            let wanted = mains * sample_rate / f64::from(rate);
            let (frequency, prominence) = spectrum
                .line_at(wanted)
                .filter(|_| !is_explained(wanted, sample_rate))?;
            let line = MainsLine::Displaced {
                frequency,
                sample_rate: rate,
                mains: mains as u32,
            };
            Some((line, prominence))
        });
        // The first of those that are equal: the more common rate.
        let highest = found.reduce(|best, line| if line.1 > best.1 { line } else { best });
        highest.map_or(MainsLine::Absent, |(line, _)| line)
    }

    /// Power of the changes from sample to sample of the middle of the recording, over the leads that are looked at.
    fn spectrum(&mut self, excerpt: &Excerpt, sample_rate: f64) -> Option<Spectrum<'_>> {
        let size = ((SECONDS * sample_rate) as usize).next_power_of_two();
        let length = excerpt.samples().min(size);
        if (length as f64) < FEWEST_SECONDS * sample_rate {
            return None;
        }
        let start = (excerpt.samples() - length) / 2;
        if self.window.len() != length {
            let hann = |i: usize| (0.5 - 0.5 * (TAU * i as f64 / length as f64).cos()) as f32;
            self.window = (0..length).map(hann).collect();
        }
        let plan = self.planner.plan_fft_forward(size);
        self.bins.resize(plan.complex_len(), Complex::default());
        self.power.clear();
        self.power.resize(plan.complex_len(), 0.0);
        for lead in LEADS {
            let lead = &excerpt.leads().get(lead)?[start..start + length];
            let changes = lead.windows(2).zip(&self.window[1..]);
            self.input.clear();
            self.input
                .extend(changes.map(|(pair, window)| window * (pair[1] - pair[0])));
            self.input.resize(size, 0.0);
            plan.process(&mut self.input, &mut self.bins).ok()?;
            let sums = self.power.iter_mut().zip(&self.bins);
            sums.for_each(|(sum, bin)| *sum += bin.norm_sqr());
        }
        Some(Spectrum {
            power: &self.power,
            step: sample_rate / size as f64,
        })
    }
}

/// Returns true for a line that may be where it should be at this sample rate: near a multiple of the mains, folded at half
/// the rate, or near a quarter of the rate, at which converters and filters leave lines.
fn is_explained(frequency: f64, sample_rate: f64) -> bool {
    let multiples = MAINS
        .into_iter()
        .flat_map(|mains| (1..=HARMONICS).map(move |k| mains * f64::from(k)));
    let folded = multiples.map(|f| {
        let f = f % sample_rate;
        f.min(sample_rate - f)
    });
    folded
        .chain([sample_rate / 4.0])
        .any(|known| (known - frequency).abs() < CLEAR)
}

/// Power at multiples of a frequency.
struct Spectrum<'a> {
    power: &'a [f32],
    /// That frequency, in Hz.
    step: f64,
}

impl Spectrum<'_> {
    /// The line at a frequency: where it is, and by which factor its power is above all others near it.
    fn line_at(&self, frequency: f64) -> Option<(f64, f32)> {
        let index = |f: f64| f / self.step;
        let first = index(frequency * (1.0 - TOLERANCE)).ceil() as usize;
        let last = index(frequency * (1.0 + TOLERANCE)) as usize;
        let (near, far) = (index(NEAR.0).round() as usize, index(NEAR.1).round() as usize);
        if frequency < LOWEST || last + 2 * near >= self.power.len() || first <= far {
            return None;
        }
        let at = (first..=last).max_by(|a, b| self.power[*a].total_cmp(&self.power[*b]))?;
        let line = self.power[at];
        let beyond = (at + far).min(self.power.len() - 1);
        let others = self.power[at - far..=at - near]
            .iter()
            .chain(&self.power[at + near..=beyond]);
        let highest = others.copied().fold(0.0, f32::max);
        let is_peak = line >= self.power[at - 1] && line >= self.power[at + 1];
        let prominence = line / highest;
        (is_peak && line.is_finite() && prominence >= PROMINENCE)
            .then_some((at as f64 * self.step, prominence))
    }
}
