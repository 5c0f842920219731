//! Heart rate, width of QRS and time from R to T: durations of a recording by which its sample rate can be held against
//! the signal.
//!
//! A beat is where all leads change fastest at once. Each lead counts in units of its own steepness, so that neither the
//! unit of the recording nor one noisy lead matters.

use crate::excerpt::Excerpt;

/// Time over which a change is measured, in seconds.
const LAG: f64 = 0.008;
/// Steepness of one lead in units of its root mean square, above which more does not count: a step of an electrode.
const STEEPEST: f32 = 8.0;
/// Time over which steepness is averaged to find beats, in seconds: a little less than a QRS complex lasts.
const SMOOTHING: f64 = 0.06;
/// Share of the way from the usual steepness to that of the steepest moment of a second, above which a beat is.
const BEAT: f32 = 0.4;
/// Least time between two beats, in seconds.
const REFRACTORY: f64 = 0.16;
/// Time before and after the middle of a beat in which all of QRS is, in seconds.
const QRS: f64 = 0.12;
/// Time before R of which the mean is the baseline of a beat: from the first to the second, in seconds.
const BASELINE: (f64, f64) = (0.15, 0.07);
/// Time over which the vector of the leads is averaged to find the peak of T, in seconds.
const T_SMOOTHING: f64 = 0.03;
/// Times after R between which the peak of T is, in seconds at 60 beats a minute; they go with the root of the interval
/// between beats (Bazett 1920).
const T_PEAK: (f64, f64) = (0.16, 0.47);
/// Share of the interval between beats after which T is over, and P of the next beat near.
const T_OVER: f64 = 0.7;
/// Fewest beats of which a median says something.
const FEWEST_BEATS: usize = 4;

/// Durations of the beats of one recording, medians over its beats.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BeatTiming {
    /// Beats a minute.
    pub heart_rate: f64,
    /// Effective width of QRS, in milliseconds: (Σ v)² / Σ v² of the leads' steepness v. Less than its duration from the
    /// first deflection to the last.
    pub qrs: f64,
    /// Time from R to the peak of T, in milliseconds, divided by the root of the interval between beats in seconds.
    pub r_to_t: f64,
}

impl BeatTiming {
    /// Measures the beats of a recording as if it were of `sample_rate` Hz. None where fewer than four beats are found, or
    /// no T.
    pub fn measure(excerpt: &Excerpt, sample_rate: f64) -> Option<Self> {
        let steepness = steepness(excerpt, count(LAG, sample_rate))?;
        let beats = find_beats(&steepness, sample_rate);
        if beats.len() < FEWEST_BEATS {
            return None;
        }
        let mut intervals: Vec<f64> = beats
            .windows(2)
            .map(|pair| (pair[1] - pair[0]) as f64 / sample_rate)
            .collect();
        let interval = median(&mut intervals)?;
        Some(Self {
            heart_rate: 60.0 / interval,
            qrs: 1000.0 * qrs_width(&steepness, &beats, sample_rate)?,
            r_to_t: 1000.0 * r_to_t(excerpt, &beats, interval, sample_rate)? / interval.sqrt(),
        })
    }
}

/// Number of samples of a duration, at least one.
fn count(seconds: f64, sample_rate: f64) -> usize {
    ((seconds * sample_rate).round() as usize).max(1)
}

/// Median of values without NaN; the upper one of two.
fn median<T: PartialOrd + Copy>(values: &mut [T]) -> Option<T> {
    quantile(values, 1, 2)
}

/// The value above `share / of` of the values.
fn quantile<T: PartialOrd + Copy>(values: &mut [T], share: usize, of: usize) -> Option<T> {
    let at = values.len() * share / of;
    let order = |a: &T, b: &T| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal);
    (at < values.len()).then(|| *values.select_nth_unstable_by(at, order).1)
}

/// Mean over all leads of their change in `lag` samples, each in units of its root mean square. Leads that are flat or not
/// finite are left out; none where all are.
fn steepness(excerpt: &Excerpt, lag: usize) -> Option<Vec<f32>> {
    let length = excerpt.samples().checked_sub(lag).filter(|n| *n > 0)?;
    let (mut sum, mut leads) = (vec![0f32; length], 0);
    let squares = sums_of_squares(excerpt, lag, length);
    for (lead, squares) in excerpt.leads().iter().zip(squares) {
        let changes = || {
            lead[lag..]
                .iter()
                .zip(lead)
                .map(|(later, value)| (later - value).abs())
        };
        let scale = (length as f32 / squares).sqrt();
        if scale.is_finite() && scale > 0.0 {
            leads += 1;
            sum.iter_mut()
                .zip(changes())
                .for_each(|(sum, change)| *sum += (change * scale).min(STEEPEST));
        }
    }
    let share = 1.0 / leads as f32;
    sum.iter_mut().for_each(|sum| *sum *= share);
    (leads > 0).then_some(sum)
}

/// Sum of the squares of the changes in `lag` samples of every lead, each taken in order.
fn sums_of_squares(excerpt: &Excerpt, lag: usize, length: usize) -> Vec<f32> {
    let leads: Vec<&[f32]> = excerpt.leads().iter().map(Vec::as_slice).collect();
    let (some, rest) = leads.as_chunks();
    let together = some
        .iter()
        .flat_map(|leads| sums_side_by_side::<4>(leads, lag, length));
    let alone = rest
        .iter()
        .flat_map(|lead| sums_side_by_side(&[lead], lag, length));
    together.chain(alone).collect()
}

/// Sums of several leads at once: one alone would wait for itself.
fn sums_side_by_side<const LEADS: usize>(leads: &[&[f32]; LEADS], lag: usize, length: usize) -> [f32; LEADS] {
    let (earlier, later) = (
        leads.map(|lead| &lead[..length]),
        leads.map(|lead| &lead[lag..][..length]),
    );
    let mut sums = [0f32; LEADS];
    for at in 0..length {
        for lead in 0..LEADS {
            let change = later[lead][at] - earlier[lead][at];
            sums[lead] += change * change;
        }
    }
    sums
}

/// Mean of `width` values around each value; at the ends, the nearest such mean.
fn moving_mean(values: &[f32], width: usize) -> Vec<f32> {
    let width = width.min(values.len()).max(1);
    let mut sum: f64 = values.iter().take(width).map(|v| f64::from(*v)).sum();
    let mut means = Vec::with_capacity(values.len());
    means.resize(width / 2, (sum / width as f64) as f32);
    for (i, value) in values.iter().enumerate().skip(width) {
        means.push((sum / width as f64) as f32);
        sum += f64::from(*value) - f64::from(values[i - width]);
    }
    means.resize(values.len(), (sum / width as f64) as f32);
    means
}

/// Positions of the beats, in order.
fn find_beats(steepness: &[f32], sample_rate: f64) -> Vec<usize> {
    let smooth = moving_mean(steepness, count(SMOOTHING, sample_rate));
    let highest = |second: &[f32]| second.iter().copied().fold(0.0, f32::max);
    let second = count(1.0, sample_rate).min(smooth.len());
    let mut peaks: Vec<f32> = smooth.chunks_exact(second).map(highest).collect();
    let (Some(high), Some(usual)) = (median(&mut peaks), median(&mut smooth.clone())) else {
        return Vec::new();
    };
    let (limit, apart) = (usual + BEAT * (high - usual), count(REFRACTORY, sample_rate));
    let mut beats: Vec<usize> = Vec::new();
    let mut at = 0;
    for run in smooth.chunk_by(|a, b| (*a > limit) == (*b > limit)) {
        let start = at;
        at += run.len();
        if run[0] <= limit {
            continue;
        }
        let steepest = run
            .iter()
            .enumerate()
            .fold(0, |best, (i, value)| if *value > run[best] { i } else { best });
        let beat = start + steepest;
        match beats.last_mut() {
            Some(last) if beat - *last < apart => {
                if smooth[beat] > smooth[*last] {
                    *last = beat;
                }
            }
            _ => beats.push(beat),
        }
    }
    beats
}

/// Effective width of the median beat's steepness above its usual level, in seconds.
fn qrs_width(steepness: &[f32], beats: &[usize], sample_rate: f64) -> Option<f64> {
    let half = (QRS * sample_rate) as usize;
    let whole = |beat: &&usize| **beat >= half && **beat + half < steepness.len();
    let beats: Vec<usize> = beats.iter().filter(whole).map(|beat| beat - half).collect();
    let mut room = Vec::with_capacity(beats.len());
    let mut typical = Vec::with_capacity(2 * half + 1);
    for i in 0..=2 * half {
        room.clear();
        room.extend(beats.iter().map(|start| steepness[start + i]));
        typical.push(median(&mut room)?);
    }
    let usual = quantile(&mut typical.clone(), 1, 5)?;
    let above = typical.iter().map(|value| f64::from((value - usual).max(0.0)));
    let (sum, squares) = above.fold((0.0, 0.0), |(sum, squares), v| (sum + v, squares + v * v));
    (squares > 0.0).then(|| sum * sum / squares / sample_rate)
}

/// Median time from R to the peak of T, in seconds. `interval` is the time between beats.
fn r_to_t(excerpt: &Excerpt, beats: &[usize], interval: f64, sample_rate: f64) -> Option<f64> {
    let samples = |seconds: f64| (seconds * sample_rate) as usize;
    let (before, level) = (samples(BASELINE.0), samples(BASELINE.1).max(1));
    let (from, to) = (
        samples(T_PEAK.0 * interval.sqrt()),
        samples((T_PEAK.1 * interval.sqrt()).min(T_OVER * interval)),
    );
    let whole = |beat: &&usize| **beat >= before && **beat + to <= excerpt.samples();
    let mut energy = Vec::new();
    let peaks = beats.iter().filter(whole).filter_map(|beat| {
        energy.clear();
        energy.resize(to.saturating_sub(from), 0f32);
        for lead in excerpt.leads() {
            let base = &lead[beat - before..][..level];
            let base = base.iter().sum::<f32>() / level as f32;
            for (sum, value) in energy.iter_mut().zip(&lead[beat + from..]) {
                *sum += (value - base) * (value - base);
            }
        }
        energy.iter_mut().for_each(|sum| *sum = sum.sqrt());
        let smooth = moving_mean(&energy, count(T_SMOOTHING, sample_rate));
        let highest = smooth.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
        highest
            .filter(|(_, v)| v.is_finite())
            .map(|(at, _)| (from + at) as f64)
    });
    let mut peaks: Vec<f64> = peaks.collect();
    median(&mut peaks).map(|peak| peak / sample_rate)
}
