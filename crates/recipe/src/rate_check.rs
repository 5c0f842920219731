//! Sample rates held against the signal: whether the recordings of an archive look as if they were of another rate.
//!
//! At another rate everything lasts too long or too short. One heart may beat at 45 or at 180 a minute, and one QRS may be
//! wide; the middle ones of an archive hardly are, and least of all does the time from R to T depend on the archive, once
//! the heart rate is taken out of it. So the medians of three durations ([`BeatTiming`]) are compared with what archives
//! have, at the rate that is stated and at other common ones. Another rate is named where it fits much better, and well. The
//! line of the mains says more, where recorders did not filter it out ([`MainsLine`]).

use crate::beats::BeatTiming;
use crate::common_rates::{COMMON_RATES, is_near};
use crate::mains::MainsLine;
use std::collections::BTreeMap;

/// Heart rates, in beats a minute, that hearts have: an idioventricular rhythm is not below 20, and atria that flutter do
/// not drive ventricles faster than 300.
pub const HEART_RATES: std::ops::RangeInclusive<f64> = 20.0..=300.0;

/// Fewest recordings of which an archive's rate is judged by their durations.
const FEWEST: usize = 10;
/// Usual medians of heart rate, effective width of QRS and time from R to T: those of 29 real ECGs of eight recorders.
const USUAL: [f64; 3] = [70.0, 67.0, 270.0];
/// Standard deviations of the logarithm of an archive's median among archives: patients of a ward, children, filters.
const AMONG_ARCHIVES: [f64; 3] = [0.15, 0.07, 0.04];
/// Standard deviations of the logarithm among the recordings of an archive; measured on the same ECGs.
const AMONG_RECORDINGS: [f64; 3] = [0.33, 0.26, 0.12];
/// Variance of a median as a multiple of that of a mean.
const OF_MEDIAN: f64 = std::f64::consts::FRAC_PI_2;
/// Largest misfit of one duration: an archive of bundle branch blocks has wide QRS at any rate.
const MOST: f64 = 4.0;
/// Logarithm of the likelihood by which another rate fits better, if it is to be named.
const BETTER: f64 = 4.0;
/// Misfit that the other rate may have.
const WELL: f64 = 3.5;
/// Misfits between which the more common rate is named.
const ALIKE: f64 = 1.0;
/// Logarithm of the likelihood that another rate gains where recordings of one length last a round time at it, and do not at
/// the rate that is stated.
const ROUND_LENGTH: f64 = 2.0;
/// Share of the recordings that have one length where an archive's recordings have one.
const OF_ONE_LENGTH: f64 = 0.9;
/// Fewest recordings whose line of the mains is elsewhere, if this is to tell of a rate.
const FEWEST_LINES: usize = 3;
/// Recordings with such a line for each that has it where it should be.
const LINES_EACH: usize = 4;

/// Measurements on one recording at the rate that is stated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateEvidence {
    /// Durations of its beats; none where they cannot be measured.
    pub timing: Option<BeatTiming>,
    /// The line of the mains.
    pub mains: MainsLine,
    /// Number of samples of a lead.
    pub samples: usize,
}

/// A rate that fits recordings better than the one that is stated.
#[derive(Debug, Clone, PartialEq)]
pub struct BetterRate {
    /// The rate that is stated, in Hz.
    pub stated: f64,
    /// The rate that fits, in Hz.
    pub sample_rate: u32,
    /// Number of recordings that were measured.
    pub measured: usize,
    /// Number of those in which the line of the mains is where this rate puts it.
    pub lines: usize,
    /// Medians of the durations at the rate that is stated.
    pub timing: Option<BeatTiming>,
    /// Medians of the durations at the rate that fits.
    pub better_timing: Option<BeatTiming>,
}

/// Returns the rate that fits the recordings of an archive much better than `stated`, in Hz, which all of them are stated to
/// have; none where there is no such rate. `remeasure` measures the durations of the same recordings as if they had each of
/// some rates, one list of them a rate; it is called only where something is odd.
///
/// # Errors
/// Those of `remeasure`.
pub fn find_better_rate<E>(
    stated: f64,
    recordings: &[RateEvidence],
    remeasure: impl FnOnce(&[u32]) -> Result<Vec<Vec<Option<BeatTiming>>>, E>,
) -> Result<Option<BetterRate>, E> {
    let lines = MainsLines::count(recordings);
    let here = Misfit::of(recordings.iter().map(|r| r.timing));
    let found = |sample_rate: u32, timing| BetterRate {
        stated,
        sample_rate,
        measured: recordings.len(),
        lines: lines.at(sample_rate),
        timing: here.medians,
        better_timing: timing,
    };
    let by_lines = lines.displaced();
    let by_length = |rate: u32| length_evidence(recordings, stated, f64::from(rate));
    let others: Vec<u32> = COMMON_RATES
        .into_iter()
        .filter(|rate| !is_near(f64::from(*rate), stated))
        .collect();
    let is_odd = |rate: &u32| here.total + by_length(*rate) >= BETTER;
    let by_beats = recordings.len() >= FEWEST && !lines.confirm() && others.iter().any(is_odd);
    if by_lines.is_none() && !by_beats {
        return Ok(None);
    }
    let there: Vec<Misfit> = remeasure(&others)?
        .into_iter()
        .map(|all| Misfit::of(all.into_iter()))
        .collect();
    let least = there.iter().map(|misfit| misfit.total).fold(here.total, f64::min);
    let mut candidates = others.iter().zip(&there);
    // Where durations are far from what the lines would have, these are of something else than the mains.
    let by_lines =
        candidates.find(|(rate, misfit)| by_lines == Some(**rate) && misfit.total < least + BETTER);
    if let Some((rate, misfit)) = by_lines {
        return Ok(Some(found(*rate, misfit.medians)));
    }
    if !by_beats {
        return Ok(None);
    }
    let gain = |(rate, misfit): &(&u32, &Misfit)| here.total - misfit.total + by_length(**rate);
    let fits = |candidate: &(&u32, &Misfit)| candidate.1.total < WELL && gain(candidate) >= BETTER;
    let fitting: Vec<_> = others.iter().zip(&there).filter(fits).collect();
    let best = fitting.iter().map(gain).fold(f64::MIN, f64::max);
    let named = fitting
        .into_iter()
        .find(|candidate| gain(candidate) > best - ALIKE);
    Ok(named.map(|(rate, misfit)| found(*rate, misfit.medians)))
}

/// Numbers of recordings by where the line of the mains is.
struct MainsLines {
    as_stated: usize,
    /// By the rate that would put it right.
    displaced: BTreeMap<u32, usize>,
}

impl MainsLines {
    fn count(recordings: &[RateEvidence]) -> Self {
        let (mut as_stated, mut displaced) = (0, BTreeMap::new());
        for recording in recordings {
            match recording.mains {
                MainsLine::Absent => {}
                MainsLine::AsStated => as_stated += 1,
                MainsLine::Displaced { sample_rate, .. } => *displaced.entry(sample_rate).or_insert(0) += 1,
            }
        }
        Self { as_stated, displaced }
    }

    /// Number of recordings in which this rate would put the line right.
    fn at(&self, sample_rate: u32) -> usize {
        self.displaced.get(&sample_rate).copied().unwrap_or(0)
    }

    /// The rate that would put nearly all lines right.
    fn displaced(&self) -> Option<u32> {
        let (rate, lines) = self.displaced.iter().max_by_key(|(_, lines)| **lines)?;
        let others: usize = self.displaced.values().sum::<usize>() - lines + self.as_stated;
        (*lines >= FEWEST_LINES && *lines >= LINES_EACH * others).then_some(*rate)
    }

    /// Lines at 50 or 60 Hz show that the rate is what is stated.
    fn confirm(&self) -> bool {
        self.as_stated >= FEWEST_LINES && self.as_stated > self.displaced.values().sum()
    }
}

/// How badly the median durations fit those of archives.
struct Misfit {
    /// Sum over the durations of minus the logarithm of the likelihood, up to a constant.
    total: f64,
    medians: Option<BeatTiming>,
}

impl Misfit {
    /// Of recordings; those that could not be measured are none. Where these are more than half, nothing fits.
    fn of(timings: impl Iterator<Item = Option<BeatTiming>>) -> Self {
        let (mut all, mut durations) = (0, [const { Vec::<f64>::new() }; 3]);
        for timing in timings {
            all += 1;
            if let Some(timing) = timing {
                let values = [timing.heart_rate, timing.qrs, timing.r_to_t];
                durations.iter_mut().zip(values).for_each(|(to, v)| to.push(v));
            }
        }
        let measured = durations[0].len();
        if measured == 0 || measured * 2 < all {
            let total = MOST * USUAL.len() as f64;
            return Self { total, medians: None };
        }
        let medians = durations.each_mut().map(|values| {
            values.sort_by(f64::total_cmp);
            (values[measured / 2] + values[(measured - 1) / 2]) / 2.0
        });
        let misfit = |i: usize| {
            let variance =
                AMONG_ARCHIVES[i].powi(2) + OF_MEDIAN * AMONG_RECORDINGS[i].powi(2) / measured as f64;
            ((medians[i] / USUAL[i]).ln().powi(2) / variance / 2.0).min(MOST)
        };
        let [heart_rate, qrs, r_to_t] = medians;
        Self {
            total: (0..USUAL.len()).map(misfit).sum(),
            medians: Some(BeatTiming {
                heart_rate,
                qrs,
                r_to_t,
            }),
        }
    }
}

/// Logarithm of the likelihood that another rate gains by the length of the recordings: archives cut these to a round time.
fn length_evidence(recordings: &[RateEvidence], stated: f64, rate: f64) -> f64 {
    let mut lengths = BTreeMap::new();
    for recording in recordings {
        *lengths.entry(recording.samples).or_insert(0usize) += 1;
    }
    let Some((length, count)) = lengths.into_iter().max_by_key(|(_, count)| *count) else {
        return 0.0;
    };
    let is_whole = |seconds: f64| seconds.fract() == 0.0;
    let seconds = |rate: f64| length as f64 / rate;
    let one_length = count as f64 >= OF_ONE_LENGTH * recordings.len() as f64;
    match one_length && is_whole(seconds(rate) / 5.0) && !is_whole(seconds(stated)) {
        true => ROUND_LENGTH,
        false => 0.0,
    }
}
