//! Times of heart beats: rate, variability, respiration, fibrillation and premature beats.

use std::f64::consts::TAU;

use crate::cohort::ExamPlan;
use crate::labels::{Finding, Rhythm};
use crate::random::RandomStream;

/// Origin of a beat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BeatOrigin {
    /// The sinus node, or the fibrillating atria.
    Usual,
    /// Elsewhere in the atria: early, with another P wave.
    Atrial,
    /// In a ventricle: early, wide, without P wave.
    Ventricular,
}

/// Heart beat.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Beat {
    /// Start of the QRS, seconds from the recording's start; may be negative.
    pub onset: f64,
    pub origin: BeatOrigin,
    /// RR in seconds that repolarisation has adapted to: it follows the rate with a lag.
    pub adapted_rr: f64,
}

/// Breathing, which changes rate, voltage and axis together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Respiration {
    frequency: f64,
    phase: f64,
}

impl Respiration {
    pub(crate) fn draw(stream: &mut RandomStream) -> Self {
        Self {
            frequency: stream.between(0.18, 0.33),
            phase: stream.between(0.0, TAU),
        }
    }

    /// −1 breathed out, 1 breathed in.
    pub(crate) fn at(&self, t: f64) -> f64 {
        (TAU * self.frequency * t + self.phase).sin()
    }
}

/// Mean rate in beats a minute. Without overlap, gaps between the rhythms' ranges keep labels true in any
/// part of a recording.
fn mean_rate(plan: &ExamPlan, stream: &mut RandomStream) -> f64 {
    let apart = match plan.rhythm {
        Rhythm::Sinus if plan.normal => stream.normal_within(73.0, 9.0, 63.0, 94.0),
        Rhythm::Sinus => stream.normal_within(75.0, 10.0, 62.0, 95.0),
        Rhythm::SinusBradycardia => stream.normal_within(49.5, 4.0, 38.0, 54.0),
        // A first-degree block at a fast rate leaves the P wave on the T wave; much faster it does not conduct.
        Rhythm::SinusTachycardia if plan.first_degree_block => stream.between(105.0, 118.0),
        Rhythm::SinusTachycardia => stream.normal_within(112.0, 13.0, 105.0, 165.0),
        Rhythm::AtrialFibrillation => stream.normal_within(87.0, 19.0, 55.0, 132.0),
    };
    plan.borderline.moved(apart, plan.borderline.rate)
}

/// Successive RR intervals.
struct RrIntervals {
    mean: f64,
    /// Depth of respiratory sinus arrhythmia.
    respiratory: f64,
    /// Spread of the slower variability, or of all of it in fibrillation.
    spread: f64,
    fibrillating: bool,
    slow: f64,
}

impl RrIntervals {
    fn draw(plan: &ExamPlan, stream: &mut RandomStream) -> Self {
        let mean = 60.0 / mean_rate(plan, stream);
        let fibrillating = plan.rhythm == Rhythm::AtrialFibrillation;
        // Heart-rate variability falls with age and with the rate.
        let young = ((75.0 - f64::from(plan.age)) / 50.0).clamp(0.1, 1.0);
        let respiratory = match plan.rhythm {
            _ if plan.has(Finding::SinusArrhythmia) => stream.between(0.15, 0.2),
            Rhythm::SinusTachycardia => 0.006,
            _ => young * stream.between(0.015, 0.055),
        };
        let spread = match plan.rhythm {
            Rhythm::AtrialFibrillation => stream.between(0.19, 0.29),
            Rhythm::SinusTachycardia => 0.005,
            _ => stream.between(0.008, 0.022),
        };
        let spread = plan
            .borderline
            .moved(spread, plan.borderline.atria.map(|atria| atria.spread));
        Self {
            mean,
            respiratory,
            spread,
            fibrillating,
            slow: 0.0,
        }
    }

    fn next(&mut self, t: f64, respiration: &Respiration, stream: &mut RandomStream) -> f64 {
        if self.fibrillating {
            let rr = self.mean * stream.normal(-self.spread * self.spread / 2.0, self.spread).exp();
            return rr.clamp(0.32, 2.2);
        }
        self.slow = 0.8 * self.slow + 0.6 * stream.normal(0.0, self.spread);
        // Breathing in quickens the heart.
        self.mean * (1.0 - self.respiratory * respiration.at(t) + self.slow).clamp(0.72, 1.3)
    }
}

/// The beats that show in the first `seconds` of a recording, and one or more before it, in order.
pub(crate) fn draw_beats(
    plan: &ExamPlan,
    respiration: &Respiration,
    seconds: f64,
    stream: &mut RandomStream,
) -> Vec<Beat> {
    let mut intervals = RrIntervals::draw(plan, stream);
    let mean = intervals.mean;
    let mut onset = -mean * stream.between(1.0, 2.0);
    let mut beats = Vec::with_capacity(32);
    let mut adapted_rr = mean;
    // The P wave of the first beat after the end may still be visible.
    while onset < seconds + 0.4 {
        beats.push(Beat {
            onset,
            origin: BeatOrigin::Usual,
            adapted_rr,
        });
        let rr = intervals.next(onset, respiration, stream);
        adapted_rr += 0.2 * (rr - adapted_rr);
        onset += rr;
    }
    if plan.has(Finding::PrematureVentricular) {
        add_extrasystoles(&mut beats, BeatOrigin::Ventricular, seconds, mean, stream);
    }
    if plan.has(Finding::PrematureAtrial) {
        add_extrasystoles(&mut beats, BeatOrigin::Atrial, seconds, mean, stream);
    }
    beats
}

/// Makes one beat in every three or more premature, and at least one that is well inside the recording.
fn add_extrasystoles(
    beats: &mut [Beat],
    origin: BeatOrigin,
    seconds: f64,
    mean: f64,
    stream: &mut RandomStream,
) {
    let inside = |beat: &Beat| beat.onset > 0.6 && beat.onset < seconds - 0.8;
    let Some(first) = beats.iter().position(inside) else {
        return;
    };
    let step = stream.below(4) + 3;
    let mut at = first + stream.below(2);
    let mut early = false;
    while at < beats.len() && inside(&beats[at]) {
        let before = beats[at - 1].onset;
        let coupling = (mean * stream.between(0.58, 0.7)).max(0.34);
        let gain = beats[at].onset - before - coupling;
        // A beat that would not be early (after a short pause in fibrillation) is left alone.
        if gain > 0.08 {
            early = true;
            beats[at].onset = before + coupling;
            beats[at].origin = origin;
            if origin == BeatOrigin::Atrial {
                // An atrial beat resets the sinus node: what follows comes earlier too, after a short pause.
                // A ventricular one does not: the pause compensates fully.
                let shift = gain - 0.12 * mean;
                beats[at + 1..]
                    .iter_mut()
                    .for_each(|beat| beat.onset -= shift.max(0.0));
            }
        }
        at += if early { step } else { 1 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cohort::{ReleasePermutations, plan_exam};
    use crate::mix::Mix;
    use crate::options::SynthOptions;
    use crate::random::Purpose;

    #[test]
    fn beats_are_in_order_and_never_closer_than_a_heart_can() {
        let options = SynthOptions {
            exams: 400,
            mix: Mix::Balanced,
            ..SynthOptions::default()
        };
        let layout = ReleasePermutations::new(&options);
        for index in 0..options.exams {
            let plan = plan_exam(&options, &layout, index);
            let mut stream = RandomStream::new(1, Purpose::Heart, index);
            let respiration = Respiration::draw(&mut stream);
            let beats = draw_beats(&plan, &respiration, 10.24, &mut stream);
            for pair in beats.windows(2) {
                let rr = pair[1].onset - pair[0].onset;
                assert!(rr > 0.3, "exam {index}: RR {rr} s, {:?}", plan.findings);
            }
            let premature = beats.iter().any(|b| b.origin != BeatOrigin::Usual);
            if plan.has(Finding::PrematureAtrial) {
                assert!(premature, "exam {index} shows no premature beat");
            }
        }
    }
}
