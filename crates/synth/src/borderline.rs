//! Exams near the cut of a label: the overlap of the classes, and noise that grows with it.
//!
//! Without overlap a label follows from its measure. With it, some exams of each class are drawn near the cut, from
//! distributions of which each reaches beyond it, as readers of ECGs disagree there. Everything comes from a
//! stream of its own, so that exams without overlap are the same whatever this draws.

use crate::diagnosis::Diagnosis;
use crate::labels::{Conduction, Rhythm};
use crate::options::SynthOptions;
use crate::random::{Purpose, RandomStream};

/// Share of the exams that are near a cut by rate, by PR, by QRS and by what the atria do.
const NEAR: [f64; 4] = [0.35, 0.3, 0.35, 0.35];
/// Age in years from which tremor makes a recording noisier.
pub(crate) const TREMOR_AGE: u32 = 75;
/// Noise of a recording with tremor as a multiple of that of others, at full overlap.
pub(crate) const TREMOR_NOISE: f64 = 4.0;
/// Share of recordings with loose electrodes, and their noise as a multiple of that of others, at full overlap.
const LOOSE: (f64, f64) = (0.1, 3.0);

/// Measures of an exam that are near the cut of a label, as they are at full overlap, and its noise.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Borderline {
    /// 0: as if nothing were near a cut; 1: at the values here.
    overlap: f64,
    /// Beats a minute.
    pub rate: Option<f64>,
    /// Seconds from P to QRS.
    pub pr: Option<f64>,
    pub block: Option<PartialBlock>,
    pub atria: Option<Atria>,
    /// Noise as a multiple of that of the options.
    noise: Option<f64>,
}

/// Block of a bundle branch between none and a full one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PartialBlock {
    /// The bundle branch; never [`Conduction::Normal`].
    pub side: Conduction,
    /// 0 none, 1 full.
    pub degree: f64,
    /// QRS duration, seconds.
    pub seconds: f64,
}

/// Atria between sinus rhythm and fibrillation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Atria {
    /// Spread of the RR intervals, as a share of their mean.
    pub spread: f64,
    /// Height of the P waves, or of the fibrillatory waves, as a share of the usual.
    pub height: f64,
}

impl Borderline {
    /// What is near a cut in exam `index`; nothing without overlap.
    pub(crate) fn draw(options: &SynthOptions, index: u64, diagnosis: &Diagnosis, age: u32) -> Self {
        if options.overlap == 0.0 {
            return Self::default();
        }
        let mut stream = RandomStream::new(options.seed, Purpose::Borderline, index);
        let near = NEAR.map(|share| stream.chance(share));
        Self {
            overlap: options.overlap,
            rate: near_rate(diagnosis, &mut stream).filter(|_| near[0]),
            pr: near_pr(diagnosis, &mut stream).filter(|_| near[1]),
            block: near[2].then(|| PartialBlock::draw(diagnosis, &mut stream)),
            atria: near[3].then(|| Atria::draw(diagnosis, &mut stream)),
            noise: Some(noise(age, &mut stream)),
        }
    }

    /// `apart`, the value without overlap, moved towards `near`, if there is one.
    pub(crate) fn moved(&self, apart: f64, near: Option<f64>) -> f64 {
        near.map_or(apart, |near| apart + self.overlap * (near - apart))
    }

    /// Degree of `block` where the exam's conduction without overlap is `apart`: 0 none, 1 full.
    pub(crate) fn block_degree(&self, block: &PartialBlock, apart: Conduction) -> f64 {
        let apart = if apart == Conduction::Normal { 0.0 } else { 1.0 };
        self.moved(apart, Some(block.degree))
    }

    /// Height of the P waves, or of the fibrillatory waves, as a share of the usual.
    pub(crate) fn atria_height(&self) -> f64 {
        self.moved(1.0, self.atria.map(|atria| atria.height))
    }

    /// Noise of the exam as a multiple of that of the options.
    pub(crate) fn noise(&self) -> f64 {
        self.noise.map_or(1.0, |noise| noise.powf(self.overlap))
    }
}

/// Beats a minute near 58 or 100.
fn near_rate(diagnosis: &Diagnosis, stream: &mut RandomStream) -> Option<f64> {
    let slow = stream.chance(0.5);
    let (mean, sd) = match diagnosis.rhythm {
        Rhythm::SinusBradycardia => (56.5, 3.0),
        Rhythm::Sinus if slow => (59.5, 3.0),
        Rhythm::Sinus => (97.5, 4.0),
        Rhythm::SinusTachycardia => (102.5, 4.0),
        Rhythm::AtrialFibrillation => return None,
    };
    Some(stream.normal_within(mean, sd, mean - 3.0 * sd, mean + 3.0 * sd))
}

/// PR near 200 ms.
fn near_pr(diagnosis: &Diagnosis, stream: &mut RandomStream) -> Option<f64> {
    let mean = match (diagnosis.rhythm, diagnosis.slow) {
        (Rhythm::AtrialFibrillation, _) => return None,
        (_, true) => 0.209,
        (_, false) => 0.190,
    };
    Some(stream.normal_within(mean, 0.009, mean - 0.027, mean + 0.027))
}

impl PartialBlock {
    fn draw(diagnosis: &Diagnosis, stream: &mut RandomStream) -> Self {
        let side = match diagnosis.conduction {
            Conduction::Normal if stream.chance(0.5) => Conduction::RightBlock,
            Conduction::Normal => Conduction::LeftBlock,
            blocked => blocked,
        };
        let blocked = diagnosis.conduction != Conduction::Normal;
        let (degree, seconds) = if blocked { (0.62, 0.122) } else { (0.38, 0.116) };
        Self {
            side,
            degree: stream.normal_within(degree, 0.15, 0.0, 1.0),
            seconds: stream.normal_within(seconds, 0.006, 0.1, 0.138),
        }
    }
}

impl Atria {
    fn draw(diagnosis: &Diagnosis, stream: &mut RandomStream) -> Self {
        let fibrillating = diagnosis.rhythm == Rhythm::AtrialFibrillation;
        let (spread, height) = if fibrillating { (0.1, 0.4) } else { (0.06, 0.4) };
        Self {
            spread: stream.normal_within(spread, 0.025, 0.02, 0.16),
            height: stream.normal_within(height, 0.1, 0.1, 0.7),
        }
    }
}

/// Noise of an exam as a multiple of that of the options, at full overlap.
fn noise(age: u32, stream: &mut RandomStream) -> f64 {
    let loose = stream.chance(LOOSE.0);
    let own = stream.normal(0.0, 0.35).exp();
    let tremor = if age >= TREMOR_AGE { TREMOR_NOISE } else { 1.0 };
    own * tremor * if loose { LOOSE.1 } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measure_moves_as_far_as_the_overlap_says() {
        let at = |overlap| Borderline {
            overlap,
            noise: Some(4.0),
            ..Borderline::default()
        };
        assert_eq!(at(0.0).moved(70.0, Some(58.0)), 70.0);
        assert_eq!(at(0.5).moved(70.0, Some(58.0)), 64.0);
        assert_eq!(at(1.0).moved(70.0, Some(58.0)), 58.0);
        assert_eq!(at(1.0).moved(70.0, None), 70.0);
        assert_eq!(
            [at(0.0).noise(), at(0.5).noise(), at(1.0).noise()],
            [1.0, 2.0, 4.0]
        );
        assert_eq!(Borderline::default().noise(), 1.0);
    }
}
